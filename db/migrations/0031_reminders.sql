-- Reminders: who has not yet handed in, met, reported, accepted, enrolled, filled or recorded, school by school and as
-- lines to paste into a message. Nothing is kept; the rules are those of each room.

-- Whom or, without a person, which school it is about, and what is missing.
CREATE TYPE reminder AS (school uuid, person uuid, name text, sort_key text, note text);

-- True when what is ASKED, parameters by name, is there and goes with WHAT.
CREATE FUNCTION reminder_fits(what text, asked jsonb) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
	known CONSTANT jsonb := '{"deliverable": {"type": true, "month": false, "term_id": false, "appointment_kinds": false},
		"requirement": {"requirement_id": true, "on": false}, "roster": {"roster_call_id": true}, "letter": {},
		"enrolment": {"course_id": true}, "places": {"course_id": true}, "attendance": {}}';
BEGIN
	PERFORM must_find(EXISTS (SELECT FROM term t WHERE t.id = (asked->>'term_id')::uuid)) WHERE asked ? 'term_id';
	PERFORM must_find(EXISTS (SELECT FROM course c WHERE c.id = (asked->>'course_id')::uuid)) WHERE asked ? 'course_id';
	PERFORM must_find(EXISTS (SELECT FROM roster_call c WHERE c.id = (asked->>'roster_call_id')::uuid))
	WHERE asked ? 'roster_call_id';
	PERFORM must_find(EXISTS (SELECT FROM requirement_window_at((asked->>'requirement_id')::uuid,
		coalesce((asked->>'on')::date, today())))) WHERE asked ? 'requirement_id';
	PERFORM must_go_together(known->what ? a.name, a.name, 'not-with-what') FROM jsonb_object_keys(asked) AS a(name);
	PERFORM must_go_together(asked ? k.key, k.key, 'parameter-missing') FROM jsonb_each(known->what) k
	WHERE k.value = 'true';
	RETURN true;
END
$$;

-- Everybody who is behind with WHAT, as far as she is the caller's to know.
CREATE FUNCTION reminders(what text, asked jsonb) RETURNS SETOF reminder LANGUAGE sql STABLE AS
$$
SELECT d.school, (m.one->>'teacher_id')::uuid, m.one->>'name', lpad(m.n::text, 6, '0'),
	CASE m.one->>'state' WHEN 'returned' THEN k.words || '被退回' ELSE '缺' || k.words END
FROM deliverable_desks(asked->>'type', asked->>'month', (asked->>'term_id')::uuid, asked->'appointment_kinds') d
CROSS JOIN LATERAL (SELECT coalesce(to_char(d.month, 'FMMM"月"'), (SELECT t.name FROM term t WHERE t.id = d.term))
	|| '的' || reference_label('deliverable_type', asked->>'type') AS words) k
CROSS JOIN LATERAL json_array_elements(d.missing) WITH ORDINALITY AS m(one, n)
WHERE what = 'deliverable'
UNION ALL
SELECT t.school, t.person, t.person_name, t.sort_key,
	requirement_short_words(t.short, requirement_windows_told(t.parts, t.limits))
FROM requirement_roll((asked->>'requirement_id')::uuid, coalesce((asked->>'on')::date, today())) t
WHERE what = 'requirement' AND t.status <> 'met'
UNION ALL
SELECT t.school, NULL, NULL, '', CASE t.state WHEN 'returned' THEN c.title || '被退回' ELSE '未报' || c.title END
FROM roster_call c CROSS JOIN LATERAL roster_call_schools(c.id) t
WHERE what = 'roster' AND c.id = (asked->>'roster_call_id')::uuid AND t.state IN ('missing', 'returned')
UNION ALL
SELECT a.school, a.person, k.name, k.sort_key, '责任书未签收'
FROM homeroom_appointment a
JOIN person p ON p.county = a.county AND p.id = a.person
CROSS JOIN LATERAL person_as_known(p) k
WHERE what = 'letter' AND a.letter IS NOT NULL AND a.accepted_at IS NULL AND organises(a.school)
	AND appointment_state(a.state, a.during, a.letter, a.accepted_at) = 'appointed'
UNION ALL
SELECT u.school, u.person, k.name, k.sort_key, format('未报名《%s》', c.title)
FROM course c
CROSS JOIN LATERAL course_audience(c.id, today()) u
JOIN person p ON p.county = c.county AND p.id = u.person
CROSS JOIN LATERAL person_as_known(p) k
WHERE what = 'enrolment' AND c.id = (asked->>'course_id')::uuid AND NOT EXISTS (SELECT FROM enrolment e
	WHERE e.county = c.county AND e.course = c.id AND e.person = u.person AND e.state <> 'withdrawn')
UNION ALL
SELECT a.school, NULL, NULL, '', format('《%s》%s%s个名额', c.title,
	CASE WHEN a.duty THEN '须报满，还差' ELSE '还有' END, a.unfilled)
FROM course c JOIN allotment_use a ON a.county = c.county AND a.course = c.id
WHERE what = 'places' AND c.id = (asked->>'course_id')::uuid AND a.unfilled > 0
	AND coalesce(a.returns_on > today(), true)
UNION ALL
SELECT c.school, NULL, NULL, instant(s.starts_at), format('%s《%s》未登记考勤',
	to_char(county_time(s.starts_at), 'FMMM"月"FMDD"日"'), c.title)
FROM course c CROSS JOIN LATERAL unrecorded_sessions(c) s
WHERE what = 'attendance' AND c.state IN ('open', 'closed') AND c.school IS NOT NULL AND organises(c.school)
$$;

-- The same by school, with a line to paste: what all lack is said once.
CREATE FUNCTION reminder_schools(what text, asked jsonb)
RETURNS TABLE (school uuid, code text, name text, people json, line text) LANGUAGE sql STABLE AS
$$
SELECT s.id, s.code, s.name, g.people, s.name || CASE
	WHEN g.persons = 0 THEN '：' || g.notes
	WHEN g.different = 1 THEN format('：%s（%s）', g.names, g.note)
	ELSE '：' || g.names_with_notes END
FROM (
	SELECT r.school, count(r.person) AS persons, count(DISTINCT r.note) AS different, min(r.note) AS note,
		string_agg(r.note, '；' ORDER BY r.sort_key) AS notes,
		string_agg(r.name, '、' ORDER BY r.sort_key, r.person) AS names,
		string_agg(format('%s（%s）', r.name, r.note), '、' ORDER BY r.sort_key, r.person) AS names_with_notes,
		coalesce(json_agg(json_build_object('teacher_id', r.person, 'name', r.name, 'note', r.note)
			ORDER BY r.sort_key, r.person) FILTER (WHERE r.person IS NOT NULL), '[]') AS people
	FROM reminders(what, asked) r WHERE (SELECT reminder_fits(what, asked))
	GROUP BY r.school
) g
JOIN school s ON s.county = this_county() AND s.id = g.school
$$;
