-- The hour ledger: accounts, sources, entries, balances.
--
-- An entry is written once and stays. One trigger posts it: takes the account's head, chains the
-- entry to it, takes the source and moves the balance. A correction is a reversing entry. What an
-- entry was made from is checked before by the statement that inserts it: the person and the module
-- under the caller's row security, the school as the engine. It has no foreign keys to account and
-- source: the trigger itself takes the one and writes the other in the same breath, neither of which is
-- ever deleted from then on, and keys that look both up once more cost an eighth of a posting. For the
-- same reason lists and lengths are domains: a table's checks are read and prepared anew for every
-- posting, a domain's once a connection.

-- Levels from the highest down: the place of LEVEL, NULL if there is none of that name.
CREATE FUNCTION hour_level_rank(level text) RETURNS int LANGUAGE sql IMMUTABLE AS
$$
SELECT array_position(ARRAY['national', 'province', 'city', 'county', 'cluster', 'school',
	'self_study'], level)
$$;
CREATE DOMAIN hour_level AS text COLLATE "C" CONSTRAINT hour_level_is_known
	CHECK (hour_level_rank(VALUE) IS NOT NULL);

-- What hours come from.
CREATE FUNCTION hour_source_kinds() RETURNS text[] LANGUAGE sql IMMUTABLE AS
$$
SELECT ARRAY['course_enrolment', 'recognised_claim', 'external_certificate', 'transfer_in',
	'opening_balance', 'adjustment', 'reversal']
$$;
CREATE DOMAIN hour_source_kind AS text COLLATE "C" CONSTRAINT hour_source_kind_is_known
	CHECK (VALUE = ANY (hour_source_kinds()));
CREATE DOMAIN hour_source_key AS text COLLATE "C" CONSTRAINT hour_source_key_is_plain
	CHECK (VALUE <> '' AND VALUE = btrim(VALUE) AND length(VALUE) <= 200);
CREATE DOMAIN hour_amount AS numeric(7,2) CONSTRAINT hour_amount_in_range
	CHECK (abs(VALUE) BETWEEN 0.01 AND 999.99);
CREATE DOMAIN hour_note AS text CONSTRAINT hour_note_fits CHECK (length(VALUE) <= 500);

-- The number of a source as it is kept and compared, however it was typed: full-width and half-width
-- forms, and code points that look the same, are one (NFKC); no blanks at its ends.
CREATE FUNCTION plain_source_key(typed text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT btrim(normalize(typed, NFKC)) $$;

-- The head of a person's chain, which goes with her while it has no entries. The school is where she
-- works now, kept with person.school: requirements count her there, and who moves her to another waits
-- for who posts to her.
CREATE TABLE ledger_account (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	person uuid NOT NULL,
	school uuid,
	head_seq bigint NOT NULL DEFAULT 0,
	head_hash bytea NOT NULL DEFAULT decode(repeat('00', 32), 'hex'),
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT ledger_account_of_person UNIQUE (county, person),
	FOREIGN KEY (county, person) REFERENCES person (county, id) ON DELETE CASCADE
) WITH (fillfactor = 70);

-- What was credited to whom: one source credits one person once. A row is taken before its entry is
-- written and never given back; a merge of two persons moves rows here, since entries never move.
CREATE TABLE hour_source (
	county int NOT NULL,
	kind hour_source_kind NOT NULL,
	key hour_source_key NOT NULL,
	person uuid NOT NULL,
	entry uuid NOT NULL,
	CONSTRAINT hour_source_credits_once PRIMARY KEY (county, kind, key, person)
);

CREATE TABLE hour_entry (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	account uuid NOT NULL,
	seq bigint NOT NULL,
	person uuid NOT NULL,
	school uuid,
	hours hour_amount NOT NULL,
	level hour_level NOT NULL,
	module uuid,
	activity_on date NOT NULL,
	source_kind hour_source_kind NOT NULL,
	source_key hour_source_key NOT NULL,
	evidence hour_note,
	note hour_note,
	reverses uuid,
	reason hour_note,
	posted_by uuid,
	office uuid,
	client text,
	posted_at timestamptz NOT NULL,
	form smallint NOT NULL,
	chain bytea NOT NULL,
	PRIMARY KEY (county, id),
	CONSTRAINT hour_entry_next_in_chain UNIQUE (county, account, seq),
	CONSTRAINT hour_entry_fields CHECK (activity_on >= '1990-01-01'
		AND (reverses IS NULL) = (hours > 0) AND (reverses IS NULL) = (source_kind <> 'reversal')
		AND (reverses IS NULL) = (reason IS NULL) AND reason <> '' AND (posted_by IS NOT NULL OR client IS NOT NULL))
);
CREATE INDEX hour_entry_of_person ON hour_entry (county, person, activity_on, id);
CREATE UNIQUE INDEX hour_entry_reversed_once ON hour_entry (county, reverses)
	WHERE reverses IS NOT NULL;
CREATE INDEX hour_entry_reversals_of_person ON hour_entry (county, person) WHERE reverses IS NOT NULL;
CREATE INDEX hour_entry_of_school ON hour_entry (county, school, id);

-- Hours by ledger year (the calendar year of the activity) and level; the school sees the person.
CREATE TABLE hour_balance (
	county int NOT NULL,
	person uuid NOT NULL,
	year smallint NOT NULL,
	level hour_level NOT NULL,
	school uuid,
	hours numeric(9,2) NOT NULL,
	PRIMARY KEY (county, person, year, level)
) WITH (fillfactor = 70);

-- An account's head speaks of all entries, so only who sees all of them may read it.
CALL wall('ledger_account', reads => '$all OR person = $subject AND $until_on = ''infinity''',
	exempt_event => true);
CALL wall('hour_source', reads => '$all', exempt_event => true);
CALL never_removed('hour_source');
CALL never_removed('ledger_account', kept => 'OLD.head_seq > 0');
CALL wall('hour_entry', reads => '$all OR person = $subject AND activity_on <= $until_on',
	writes => '$all');
CALL append_only('hour_entry');
-- A balance is shown to a school that she left for the years that ended before she did.
CALL wall('hour_balance', reads => '$all OR school = $school'
	' OR person = $subject AND make_date(year, 12, 31) <= $until_on', exempt_event => true);

-- ---------------------------------------------------------------- the chain

-- The members of the chained form that may be absent: free text by the SHA-256 of its UTF-8, an id.
CREATE FUNCTION hour_text_digest(free_text text) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce('"' || encode(sha256(convert_to(free_text, 'UTF8')), 'hex') || '"', 'null') $$;
CREATE FUNCTION hour_id_form(id uuid) RETURNS text LANGUAGE sql STABLE AS
$$ SELECT coalesce('"' || id || '"', 'null') $$;

-- The chained form of an entry, version 1: RFC 8785 (members sorted, no white space). Every
-- string in it is an id, a code, a digest, a date or a decimal, so nothing needs an escape.
CREATE FUNCTION hour_entry_form(e hour_entry, account uuid, seq bigint) RETURNS text
LANGUAGE sql STABLE AS
$$
SELECT concat('{"account":"', account,
	'","activity_on":"', to_char(e.activity_on, 'YYYY-MM-DD'),
	'","client_sha256":', hour_text_digest(e.client),
	',"evidence_sha256":', hour_text_digest(e.evidence),
	',"hours":"', e.hours,
	'","id":"', e.id,
	'","level":"', e.level,
	'","module":', hour_id_form(e.module),
	',"note_sha256":', hour_text_digest(e.note),
	',"office":', hour_id_form(e.office),
	',"person":"', e.person,
	'","posted_at":"', instant(e.posted_at),
	'","posted_by":', hour_id_form(e.posted_by),
	',"reason_sha256":', hour_text_digest(e.reason),
	',"reverses":', hour_id_form(e.reverses),
	',"school":', hour_id_form(e.school),
	',"seq":', seq,
	',"source_key_sha256":', hour_text_digest(e.source_key),
	',"source_kind":"', e.source_kind,
	'","v":1}')
$$;

-- A link of the chain: SHA-256 over the hash before it and the form. The first stands on 32 zeros.
CREATE FUNCTION hour_entry_link(before bytea, form text) RETURNS bytea LANGUAGE sql STABLE AS
$$ SELECT sha256(before || convert_to(form, 'UTF8')) $$;

-- ---------------------------------------------------------------- posting

-- Makes the accounts that teachers among PERSONS lack, then locks all of theirs in the order of their ids:
-- two batches that name the same people wait for each other and never deadlock. Who may not post, as the
-- wall of hour_entry says, locks nobody.
CREATE FUNCTION hour_accounts_lock(persons uuid[]) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
	here int := this_county();
	locked bigint;
BEGIN
	IF current_setting('qinglan.sees', true) IS DISTINCT FROM 'all' THEN
		RETURN 0;
	END IF;
	INSERT INTO ledger_account (county, person, school)
	SELECT p.county, p.id, p.school FROM person p
	WHERE p.county = here AND p.id = ANY (persons)
		AND p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL
		AND NOT EXISTS (SELECT FROM ledger_account a WHERE a.county = here AND a.person = p.id)
	ORDER BY p.id FOR SHARE OF p
	ON CONFLICT (county, person) DO NOTHING;
	SELECT count(*) INTO locked FROM (SELECT FROM ledger_account a
		WHERE a.county = here AND a.person = ANY (persons) ORDER BY a.id FOR UPDATE) a;
	RETURN locked;
END
$$;

-- A reversing entry is the original with its hours negated; whatever else was given is replaced.
CREATE FUNCTION hour_reversal_fill(e hour_entry) RETURNS hour_entry LANGUAGE plpgsql AS $$
DECLARE
	original hour_entry;
BEGIN
	SELECT * INTO original FROM hour_entry o WHERE o.county = e.county AND o.id = e.reverses;
	PERFORM must_find(FOUND);
	IF original.reverses IS NOT NULL THEN
		PERFORM raise_problem('entry-is-reversal', jsonb_build_object('entry_id', original.reverses),
			'QL409');
	END IF;
	e.person := original.person;
	e.school := original.school;
	e.hours := -original.hours;
	e.level := original.level;
	e.module := original.module;
	e.activity_on := original.activity_on;
	e.source_kind := 'reversal';
	e.source_key := original.id::text;
	e.evidence := NULL;
	e.note := NULL;
	RETURN e;
END
$$;

-- Posts NEW: who and when from the request, the school from where she worked on that day unless it
-- is given, sequence and chain from the account's head; source and balance are taken. Runs as the
-- engine, since none of these are the caller's to change.
CREATE FUNCTION hour_entry_post() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	earlier uuid;
BEGIN
	-- Who may not post is refused by the wall, which is asked next: she does not learn here who exists.
	IF current_setting('qinglan.sees', true) IS DISTINCT FROM 'all'
		OR NEW.county IS DISTINCT FROM this_county()
	THEN
		RETURN NEW;
	END IF;
	NEW.form := 1;
	NEW.posted_at := date_trunc('milliseconds', clock_now());
	NEW.posted_by := this_person();
	NEW.office := nullif(current_setting('qinglan.office', true), '')::uuid;
	NEW.client := nullif(current_setting('qinglan.client', true), '');
	IF NEW.reverses IS NOT NULL THEN
		NEW := hour_reversal_fill(NEW);
	ELSE
		NEW.source_key := plain_source_key(NEW.source_key);
		IF NEW.activity_on > today() THEN
			PERFORM raise_problem('activity-in-future', jsonb_build_object('pointer', '#/activity_on',
				'today', today()), 'QL422');
		END IF;
		IF NEW.school IS NULL THEN
			NEW.school := (SELECT CASE WHEN m.during @> NEW.activity_on THEN m.school END
				FROM membership m
				WHERE m.county = NEW.county AND m.person = NEW.person AND m.kind = 'working'
					AND lower(m.during) <= NEW.activity_on
				ORDER BY lower(m.during) DESC LIMIT 1);
		END IF;
	END IF;

	-- The account first: its row lock lets one posting at a time through, and the statements behind
	-- it see what the one before committed.
	FOR turn IN 1..2 LOOP
		UPDATE ledger_account a SET head_seq = a.head_seq + 1,
			head_hash = hour_entry_link(a.head_hash, hour_entry_form(NEW, a.id, a.head_seq + 1))
		WHERE a.county = NEW.county AND a.person = NEW.person
		RETURNING a.id, a.head_seq, a.head_hash INTO NEW.account, NEW.seq, NEW.chain;
		EXIT WHEN FOUND;
		-- Her first entry: she has no account yet.
		IF turn = 2 OR hour_accounts_lock(ARRAY[NEW.person]) = 0 THEN
			PERFORM must_see(false, '#/teacher_id');
		END IF;
	END LOOP;
	INSERT INTO hour_source (county, kind, key, person, entry)
	VALUES (NEW.county, NEW.source_kind, NEW.source_key, NEW.person, NEW.id)
	ON CONFLICT (county, kind, key, person) DO NOTHING;
	IF NOT FOUND THEN
		SELECT s.entry INTO earlier FROM hour_source s WHERE s.county = NEW.county
			AND s.kind = NEW.source_kind AND s.key = NEW.source_key AND s.person = NEW.person;
		PERFORM raise_problem(CASE WHEN NEW.reverses IS NULL THEN 'already-credited'
			ELSE 'already-reversed' END, jsonb_build_object('entry_id', earlier), 'QL409');
	END IF;
	-- Hours are given to a teacher; taken back from anybody who was one.
	INSERT INTO hour_balance AS b (county, person, year, level, school, hours)
	SELECT NEW.county, p.id, date_part('year', NEW.activity_on), NEW.level, p.school, NEW.hours
	FROM person p
	WHERE p.county = NEW.county AND p.id = NEW.person
		AND (p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL OR NEW.reverses IS NOT NULL)
	ON CONFLICT (county, person, year, level) DO UPDATE SET hours = b.hours + excluded.hours;
	IF NOT FOUND THEN
		PERFORM must_see(false, '#/teacher_id');
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER hour_entry_post BEFORE INSERT ON hour_entry
	FOR EACH ROW EXECUTE FUNCTION hour_entry_post();

CALL engine_owned('hour_accounts_lock(uuid[])', 'qinglan_app');
CALL engine_owned('hour_entry_post()');

-- The school of a person's account and balances follows her working school: the account first, so that
-- the balances of a posting that was under way are there to be changed.
CREATE FUNCTION hour_school_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE ledger_account SET school = NEW.school WHERE county = NEW.county AND person = NEW.id;
	UPDATE hour_balance SET school = NEW.school WHERE county = NEW.county AND person = NEW.id;
	RETURN NULL;
END
$$;
CREATE TRIGGER hour_school_follow AFTER UPDATE OF school ON person
	FOR EACH ROW WHEN (OLD.school IS DISTINCT FROM NEW.school)
	EXECUTE FUNCTION hour_school_follow();
CALL engine_owned('hour_school_follow()');

-- ---------------------------------------------------------------- reading

-- An entry as the API gives it; REVERSED_BY is the entry that reverses it. Lists of entries are the
-- service's daily bread, and row_to_json looks every column's type up anew in every row; so the text
-- is put together here, and to_json escapes what somebody typed.
CREATE FUNCTION hour_entry_json(e hour_entry, reversed_by uuid) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT concat('{"id":"', e.id, '","teacher_id":"', e.person, '","account_id":"', e.account,
	'","seq":', e.seq, ',"school_id":', hour_id_form(e.school), ',"hours":', e.hours,
	',"level":"', e.level, '","module_id":', hour_id_form(e.module),
	',"activity_on":"', e.activity_on, '","source":{"kind":"', e.source_kind,
	'","key":', to_json(e.source_key), '},"evidence":', coalesce(to_json(e.evidence)::text, 'null'),
	',"note":', coalesce(to_json(e.note)::text, 'null'), ',"reverses":', hour_id_form(e.reverses),
	',"reversed_by":', hour_id_form(reversed_by), ',"reason":', coalesce(to_json(e.reason)::text, 'null'),
	',"posted_by":', hour_id_form(e.posted_by), ',"posted_for_office":', hour_id_form(e.office),
	',"posted_by_client":', coalesce(to_json(e.client)::text, 'null'),
	',"posted_at":"', instant(e.posted_at), '","chain":"', encode(e.chain, 'hex'), '"}')
$$;

-- One entry by its id as JSON, where the request names no person: the county sees all, a person
-- her own, a school those of the people that it sees, up to the day they left.
CREATE FUNCTION hour_entry_seen(entry_id uuid) RETURNS SETOF text LANGUAGE sql STABLE AS
$$
SELECT hour_entry_json(e, r.id)
FROM hour_entry e
LEFT JOIN hour_entry r ON r.county = e.county AND r.reverses = e.id
WHERE e.county = this_county() AND e.id = entry_id
	AND CASE current_setting('qinglan.sees', true)
		WHEN 'all' THEN true
		WHEN 'self' THEN e.person = this_person()
		WHEN 'school' THEN EXISTS (SELECT FROM sight s
			WHERE s.county = e.county AND s.person = e.person AND e.activity_on <= s.until_on
			AND s.school = this_school())
		ELSE false
	END
$$;
CALL engine_owned('hour_entry_seen(uuid)', 'qinglan_app');

-- True when the school and the module that a body names, if any, are there: the module for the caller, the
-- school in her county, where it stays, since an entry has no key to it. A function, so that a posting that
-- names none does not pay for their plans.
CREATE FUNCTION must_see_named(its_school uuid, its_module uuid) RETURNS boolean LANGUAGE plpgsql AS $$
BEGIN
	IF its_school IS NOT NULL THEN
		PERFORM must_see(schools_held(ARRAY[its_school]), '#/school_id');
	END IF;
	IF its_module IS NOT NULL THEN
		PERFORM must_see(EXISTS (SELECT FROM module m WHERE m.id = its_module), '#/module_id');
	END IF;
	RETURN true;
END
$$;

-- True when the caller may see a person; else she is not there. Whom the settings took from sight
-- needs no second look.
CREATE FUNCTION must_see_person(its_person uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF current_setting('qinglan.sees', true) <> 'all'
		AND current_setting('qinglan.subject', true) = its_person::text
	THEN
		RETURN true;
	END IF;
	RETURN must_find(EXISTS (SELECT FROM person p WHERE p.id = its_person));
END
$$;

-- ---------------------------------------------------------------- verifying

-- Recomputes every chain and balance of a county and gives what does not agree: nothing, unless
-- somebody changed rows behind the service. One pass over the entries in the order of their
-- accounts, one over sources, one over balances.
CREATE FUNCTION ledger_verify(its_county int)
RETURNS TABLE (fault text, account uuid, person uuid, entry uuid, seq bigint) LANGUAGE sql STABLE AS
$$
WITH link AS (
	SELECT e.account, e.person, e.id, e.seq, e.chain, e.hours, e.reverses,
		row_number() OVER chained AS place,
		lead(e.id) OVER chained IS NULL AS is_last,
		hour_entry_link(coalesce(lag(e.chain) OVER chained, decode(repeat('00', 32), 'hex')),
			hour_entry_form(e, e.account, e.seq)) AS recomputed
	FROM hour_entry e WHERE e.county = its_county
	WINDOW chained AS (PARTITION BY e.account ORDER BY e.seq)
)
SELECT f.fault, l.account, l.person, l.id, l.seq
FROM link l
LEFT JOIN ledger_account a ON a.county = its_county AND a.id = l.account
CROSS JOIN LATERAL (VALUES
	('sequence', l.seq <> l.place),
	('chain', l.chain <> l.recomputed),
	('head', l.is_last AND (a.head_seq, a.head_hash) IS DISTINCT FROM (l.seq, l.chain))
) AS f(fault, is_so)
WHERE f.is_so
UNION ALL
SELECT 'head', a.id, a.person, NULL, a.head_seq
FROM ledger_account a
WHERE a.county = its_county AND a.head_seq > 0
	AND NOT EXISTS (SELECT FROM hour_entry e WHERE e.county = its_county AND e.account = a.id)
UNION ALL
SELECT 'source', e.account, coalesce(e.person, s.person), coalesce(e.id, s.entry), e.seq
FROM (SELECT * FROM hour_entry WHERE county = its_county) e
FULL JOIN (SELECT * FROM hour_source WHERE county = its_county) s ON s.entry = e.id
WHERE (e.source_kind, e.source_key) IS DISTINCT FROM (s.kind, s.key)
UNION ALL
SELECT 'reversal', r.account, r.person, r.id, r.seq
FROM hour_entry r
LEFT JOIN hour_entry o ON o.county = r.county AND o.id = r.reverses
WHERE r.county = its_county AND r.reverses IS NOT NULL
	AND (o.account, -o.hours, o.level, o.activity_on, o.reverses IS NULL)
		IS DISTINCT FROM (r.account, r.hours, r.level, r.activity_on, true)
UNION ALL
SELECT 'balance', NULL, coalesce(b.person, e.person), NULL, coalesce(b.year, e.year)
FROM (SELECT * FROM hour_balance WHERE county = its_county) b
FULL JOIN (SELECT person, date_part('year', activity_on)::smallint AS year, level, sum(hours) AS hours
	FROM hour_entry WHERE county = its_county GROUP BY 1, 2, 3) e
	ON (e.person, e.year, e.level) = (b.person, b.year, b.level)
WHERE coalesce(b.hours, 0) <> coalesce(e.hours, 0)
$$;
CALL engine_owned('ledger_verify(int)');

-- The county's digest of DAY: SHA-256 over the heads that the chains had at its end, as lines
-- "account seq chain" in the order of the accounts; with the number of chains and entries.
CREATE FUNCTION ledger_digest(its_county int, day date)
RETURNS TABLE (digest text, accounts bigint, entries numeric) LANGUAGE sql STABLE AS
$$
SELECT encode(sha256(convert_to(coalesce(string_agg(h.account || ' ' || h.seq || ' '
		|| encode(h.chain, 'hex') || E'\n', '' ORDER BY h.account), ''), 'UTF8')), 'hex'),
	count(*), coalesce(sum(h.seq), 0)
FROM (
	SELECT DISTINCT ON (e.account) e.account, e.seq, e.chain
	FROM hour_entry e JOIN county c ON c.county = e.county
	WHERE e.county = its_county AND e.posted_at < ((day + 1)::timestamp AT TIME ZONE c.zone)
	ORDER BY e.account, e.seq DESC
) h
$$;
CALL engine_owned('ledger_digest(int, date)');
