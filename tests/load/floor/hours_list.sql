-- Twenty rows of an index, the latest first, of the columns that the service answers.
\set n random(1, :teachers)
SELECT e.id, e.account, e.seq, e.person, e.school, e.hours, e.level, e.module, e.activity_on, e.source_kind, e.source_key, e.evidence, e.note, e.reverses, e.reason, e.posted_by, e.office, e.client, e.posted_at, e.chain FROM floor.entry e WHERE e.county = 1 AND e.person = ('0199b0a4-7c00-7000-8000-' || lpad((:n)::text, 12, '0'))::uuid ORDER BY e.activity_on DESC, e.id DESC LIMIT 20;
