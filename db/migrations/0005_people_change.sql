-- How persons are made, changed and voided, schools end and offices change hands.

-- ---------------------------------------------------------------- making and changing persons

-- True while the person whom the request names is seen as she is today, not as she was when she left,
-- which only a school may come to see.
CREATE FUNCTION subject_is_present() RETURNS boolean LANGUAGE sql STABLE AS
$$ SELECT coalesce(current_setting('qinglan.until_on', true), '') IN ('', 'infinity') $$;

-- What somebody typed into a search box, as tokens are written (api/resources/pinyin.h).
CREATE FUNCTION search_text(typed text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT lower(regexp_replace(translate(normalize(typed, NFC), 'üÜ', 'vv'),
	U&'[\\s''\2019\00B7\2022\30FB\3000]', '', 'g') COLLATE "C")
$$;

-- Who may be the same person already: the same document, the same name and birth date, or the same
-- phone. Looks in the whole county; who is not the caller's to see today has no name here, and nobody is
-- told more of her than her school.
CREATE FUNCTION person_candidates(its_name text, its_birth date, its_phone text, its_hashes bytea[],
	but uuid DEFAULT NULL)
RETURNS TABLE (person uuid, reason text, school uuid, school_name text, name text)
LANGUAGE sql STABLE AS
$$
SELECT p.id, p.reason, s.id, s.name,
	CASE WHEN is_seen_today(p.id) THEN p.name END
FROM (
	SELECT c.*, 'document' AS reason FROM person c
	WHERE c.county = this_county() AND c.resident_hash = ANY (its_hashes)
	UNION ALL
	SELECT c.*, 'name_and_birth' FROM person c
	WHERE c.county = this_county() AND c.name = its_name AND c.birth_on = its_birth
	UNION ALL
	SELECT c.*, 'phone' FROM person c
	WHERE c.county = this_county() AND c.phone = its_phone
) p
LEFT JOIN school s ON s.county = p.county AND s.id = p.school
WHERE p.teacher AND p.merged_into IS NULL AND p.voided_at IS NULL AND p.id IS DISTINCT FROM but
	AND NOT EXISTS (SELECT FROM reviewed_pair r WHERE r.county = p.county
		AND r.low = least(p.id, but) AND r.high = greatest(p.id, but))
$$;
CALL engine_owned('person_candidates(text, date, text, bytea[], uuid)', 'qinglan_app');

-- Held to the end of a transaction that makes or renames people of the county, and taken before any
-- person is locked: by a list alone, so that nobody comes to be whom it has found missing; by single
-- requests together, which must_be_new() tells from one another.
CREATE FUNCTION people_lock(alone boolean) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	key bigint := hashtextextended('people/' || this_county(), 0);
BEGIN
	IF alone THEN
		PERFORM pg_advisory_xact_lock(key);
	ELSE
		PERFORM pg_advisory_xact_lock_shared(key);
	END IF;
END
$$;

-- Raises possible-duplicate with the candidates that are not in REVIEWED, where her school stands for
-- who is not the caller's to see; a document is never waived. Of two who ask for the same name or
-- number at once, one waits and then finds whom the other made.
CREATE FUNCTION must_be_new(its_name text, its_birth date, its_phone text, its_hashes bytea[],
	reviewed uuid[], but uuid DEFAULT NULL)
RETURNS void LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	candidates jsonb;
BEGIN
	PERFORM pg_advisory_xact_lock(k.key) FROM (
		SELECT DISTINCT hashtextextended('person/' || this_county() || '/' || u.asked, 0) AS key
		FROM unnest(ARRAY[its_name, its_phone]) AS u(asked) WHERE u.asked IS NOT NULL ORDER BY 1) k;
	SELECT jsonb_agg(jsonb_strip_nulls(jsonb_build_object('id', c.id, 'name', c.name,
		'school_id', c.school, 'school_name', c.school_name, 'reasons', c.reasons)) ORDER BY c.id, c.school)
	INTO candidates
	FROM (
		SELECT p.id, p.name, p.school, p.school_name, jsonb_agg(DISTINCT p.reason) AS reasons
		FROM (SELECT p.*, CASE WHEN p.name IS NOT NULL THEN p.person END AS id
			FROM person_candidates(its_name, its_birth, its_phone, its_hashes, but) p) p
		WHERE p.reason = 'document' OR (coalesce(p.id, p.school) = ANY (reviewed)) IS NOT TRUE
		GROUP BY 1, 2, 3, 4
		ORDER BY p.id, p.school LIMIT 20
	) c;
	IF candidates IS NOT NULL THEN
		PERFORM raise_problem('possible-duplicate', jsonb_build_object('candidates', candidates), 'QL409');
	END IF;
END
$$;

-- Remembers that a person is none of those in REVIEWED, and nobody who looks like her in a school there;
-- ids of nobody in the county are passed over.
CREATE FUNCTION person_reviewed(its_person uuid, reviewed uuid[]) RETURNS void LANGUAGE sql VOLATILE AS
$$
INSERT INTO reviewed_pair (county, low, high)
SELECT p.county, least(p.id, o.id), greatest(p.id, o.id)
FROM person p JOIN person o ON o.county = p.county
WHERE p.county = this_county() AND p.id = its_person AND o.id <> p.id
	AND (o.id = ANY (reviewed) OR o.school = ANY (reviewed)
		AND ((o.name, o.birth_on) = (p.name, p.birth_on) OR o.phone = p.phone))
	AND (current_setting('qinglan.sees', true) = 'all'
		OR p.school = this_school())
ON CONFLICT DO NOTHING
$$;
CALL engine_owned('person_reviewed(uuid, uuid[])', 'qinglan_app');

-- The school that a body names: visible, the caller's own where she acts for one, and open.
CREATE FUNCTION must_be_own_school(its_school uuid, pointer text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
	its_status text := (SELECT s.status FROM school s WHERE s.id = its_school);
BEGIN
	IF its_school IS NOT NULL THEN
		PERFORM must_see(its_status IS NOT NULL AND (current_setting('qinglan.sees', true) = 'all'
			OR its_school = this_school()), pointer);
		IF its_status <> 'open' THEN
			PERFORM raise_problem('school-not-open', jsonb_build_object('pointer', pointer), 'QL409');
		END IF;
	END IF;
	RETURN true;
END
$$;

-- True when a list's PARAMETER goes with the others that are given; else the violation CODE says why not.
CREATE FUNCTION must_go_together(fits boolean, parameter text, code text) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF NOT fits THEN
		PERFORM raise_problem('invalid-parameters',
			jsonb_build_object('parameter', parameter, 'code', code), 'QL422');
	END IF;
	RETURN true;
END
$$;

-- True when a day that a body names is none to come, by the county's calendar.
CREATE FUNCTION must_not_be_future(day date, pointer text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF day > today() THEN
		PERFORM raise_problem('unprocessable',
			jsonb_build_object('pointer', pointer, 'code', 'date-in-future'), 'QL422');
	END IF;
	RETURN true;
END
$$;

-- Members that must be on the county's lists.
CREATE FUNCTION person_codes_listed(body jsonb) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM must_be_listed('document_type', body->>'document_type', '#/document_type'),
		must_be_listed('teaching_stage', body->>'teaching_stage', '#/teaching_stage'),
		must_be_listed('title', body->>'title', '#/title'),
		must_be_listed('political_status', body->>'political_status', '#/political_status'),
		must_be_listed('education', body->>'education', '#/education');
	PERFORM must_be_listed('subject', u.value, '#/subjects/' || (u.position - 1))
	FROM jsonb_array_elements_text(CASE jsonb_typeof(body->'subjects') WHEN 'array' THEN body->'subjects'
		ELSE '[]' END) WITH ORDINALITY AS u(value, position);
	PERFORM must_not_be_future((body->>'birth_on')::date, '#/birth_on');
END
$$;

-- A new teacher of a school, with her memberships and her title. The texts that PostgreSQL cannot
-- make (sealed and hashed document, pinyin) come from api/resources/teachers.c.
CREATE FUNCTION teacher_add(body jsonb, its_birth date, its_gender text, its_sealed bytea, its_hashes bytea[],
	its_hash bytea, its_mask text, its_sort_key text, its_tokens jsonb)
RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its_school uuid := (body->>'school_id')::uuid;
	its_personnel uuid := coalesce((body->>'personnel_school_id')::uuid, its_school);
	its_start date := coalesce((body->>'started_on')::date, today());
	its_reviewed uuid[] := ARRAY(SELECT jsonb_array_elements_text(coalesce(body->'reviewed_not_same', '[]')));
	its_name text := person_name(body->>'name');
	its_id uuid := uuid_v7();
BEGIN
	PERFORM people_lock(false);
	PERFORM must_be_own_school(its_school, '#/school_id');
	PERFORM must_be_own_school(its_personnel, '#/personnel_school_id');
	PERFORM must_not_be_future(its_start, '#/started_on');
	PERFORM person_codes_listed(body);
	PERFORM must_be_new(its_name, its_birth, body->>'phone', its_hashes, its_reviewed);
	INSERT INTO person (county, id, name, gender, birth_on, phone, sort_key, tokens, school, personnel_school,
		schools, teacher, document_type, document_masked, resident_sealed, resident_hash, homeroom_since,
		teaching_stage, subjects, political_status, education)
	VALUES (this_county(), its_id, its_name, its_gender, its_birth, body->>'phone', its_sort_key,
		ARRAY(SELECT jsonb_array_elements_text(its_tokens)), its_school, its_personnel,
		CASE WHEN its_personnel = its_school THEN ARRAY[its_school] ELSE ARRAY[its_school, its_personnel] END,
		true, body->>'document_type', its_mask, its_sealed, its_hash, (body->>'homeroom_since')::date,
		body->>'teaching_stage', ARRAY(SELECT jsonb_array_elements_text(coalesce(body->'subjects', '[]'))),
		body->>'political_status', body->>'education');
	-- A school records its own membership; where another keeps the file is for the county to say.
	INSERT INTO membership (county, person, school, kind, during)
	SELECT this_county(), its_id, m.school, m.kind, daterange(its_start, NULL)
	FROM (VALUES (its_school, 'working'), (its_personnel, 'personnel')) AS m(school, kind);
	IF body->>'title' IS NOT NULL THEN
		INSERT INTO title (county, person, school, name, obtained_on)
		VALUES (this_county(), its_id, its_school, body->>'title', (body->>'title_obtained_on')::date);
	END IF;
	PERFORM person_reviewed(its_id, its_reviewed);
	RETURN its_id;
END
$$;

-- A merge patch of a teacher; absent members stay. Texts made by C are NULL where nothing changes them.
CREATE FUNCTION teacher_change(its_id uuid, if_match text, patch jsonb, its_birth date, its_gender text,
	its_sealed bytea, its_hashes bytea[], its_hash bytea, its_mask text, its_sort_key text, its_tokens jsonb)
RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	old person;
	new person;
BEGIN
	IF patch ?| ARRAY['name', 'birth_on', 'phone'] OR its_hashes IS NOT NULL THEN
		PERFORM people_lock(false);
	END IF;
	-- Locked before it is read: what is written back is the whole row.
	SELECT * INTO old FROM person p WHERE p.id = its_id AND p.teacher AND subject_is_present() FOR NO KEY UPDATE;
	PERFORM must_find(FOUND);
	IF old.voided_at IS NOT NULL OR old.merged_into IS NOT NULL THEN
		PERFORM raise_problem('person-not-current', '{}', 'QL409');
	END IF;
	PERFORM person_codes_listed(patch);
	new := jsonb_populate_record(old, pick(patch::json, 'gender,birth_on,phone,homeroom_since,teaching_stage,'
		'political_status,education,document_type')::jsonb);
	new.name := coalesce(person_name(patch->>'name'), old.name);
	new.birth_on := coalesce(its_birth, new.birth_on);
	new.gender := coalesce(its_gender, new.gender);
	IF patch ? 'subjects' THEN
		new.subjects := ARRAY(SELECT jsonb_array_elements_text(patch->'subjects'));
	END IF;
	IF (new.name, new.birth_on) IS DISTINCT FROM (old.name, old.birth_on)
		OR new.phone IS DISTINCT FROM old.phone OR its_hashes IS NOT NULL THEN
		PERFORM must_be_new(
			CASE WHEN (new.name, new.birth_on) IS DISTINCT FROM (old.name, old.birth_on) THEN new.name END,
			new.birth_on, nullif(new.phone, old.phone), its_hashes,
			ARRAY(SELECT jsonb_array_elements_text(coalesce(patch->'reviewed_not_same', '[]')))::uuid[], its_id);
	END IF;
	UPDATE person p
	SET name = new.name, gender = new.gender, birth_on = new.birth_on, phone = new.phone,
		homeroom_since = new.homeroom_since, teaching_stage = new.teaching_stage, subjects = new.subjects,
		political_status = new.political_status, education = new.education, document_type = new.document_type,
		document_masked = coalesce(its_mask, p.document_masked),
		resident_sealed = coalesce(its_sealed, p.resident_sealed),
		resident_hash = coalesce(its_hash, p.resident_hash),
		sort_key = coalesce(its_sort_key, p.sort_key),
		tokens = CASE WHEN its_tokens IS NULL THEN p.tokens
			ELSE ARRAY(SELECT jsonb_array_elements_text(its_tokens)) END,
		version = next_version(p.version, if_match), updated_at = clock_now()
	WHERE p.id = its_id;
	PERFORM must_find(FOUND);
	PERFORM person_reviewed(its_id,
		ARRAY(SELECT jsonb_array_elements_text(coalesce(patch->'reviewed_not_same', '[]')))::uuid[]);
	RETURN its_id;
END
$$;

-- Removes a membership that has not begun, for who may change it.
CREATE FUNCTION membership_withdraw(its_id uuid) RETURNS void LANGUAGE sql VOLATILE AS
$$
DELETE FROM membership m
WHERE m.county = this_county() AND m.id = its_id AND lower(m.during) > today()
	AND (current_setting('qinglan.sees', true) = 'all'
		OR m.school = this_school())
$$;
CALL engine_owned('membership_withdraw(uuid)', 'qinglan_app');

-- Ends a membership on its last day; a last day before the first withdraws one that has not begun.
CREATE FUNCTION membership_last(its_id uuid, its_person uuid, if_match text, its_ended_on date, its_reason text)
RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	withdrawn boolean;
	body json;
BEGIN
	UPDATE membership m
	SET during = CASE WHEN its_ended_on < lower(m.during) AND lower(m.during) > today() THEN m.during
			ELSE period(lower(m.during), its_ended_on) END,
		reason = coalesce(its_reason, m.reason),
		version = next_version(m.version, if_match), updated_at = clock_now()
	WHERE m.id = its_id AND m.person = its_person AND is_seen_today(m.person)
	RETURNING its_ended_on < lower(m.during) INTO withdrawn;
	PERFORM must_find(FOUND);
	body := body_of('membership_view', its_id);
	IF withdrawn THEN
		PERFORM membership_withdraw(its_id);
		body := (body::jsonb || jsonb_build_object('ended_on', its_ended_on))::json;
	END IF;
	RETURN body;
END
$$;

-- Columns that name a row of one of the tables, so that it cannot go while they do: every foreign key,
-- also future ones, but those whose rows go with it (an account without entries is nothing that hangs
-- on a person); and the persons of hours and the schools, which are named without one. What a report
-- or the record of events says is not in the way.
CREATE FUNCTION naming_columns(tables regclass[])
RETURNS TABLE (name regclass, "column" name, named regclass, is_list boolean) LANGUAGE sql STABLE AS
$$
SELECT c.conrelid::regclass, a.attname, c.confrelid::regclass, false
FROM pg_constraint c
CROSS JOIN LATERAL unnest(c.conkey, c.confkey) AS k(own, theirs)
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = k.own
JOIN pg_attribute f ON f.attrelid = c.confrelid AND f.attnum = k.theirs AND f.attname = 'id'
WHERE c.contype = 'f' AND c.confdeltype <> 'c' AND c.confrelid = ANY (tables)
UNION
SELECT to_regclass('hour_entry'), 'person', 'person', false WHERE 'person'::regclass = ANY (tables)
UNION
SELECT t.oid::regclass, a.attname, 'school', a.attname = 'schools'
FROM pg_class t
JOIN pg_attribute a ON a.attrelid = t.oid AND a.attname IN ('school', 'schools')
WHERE 'school'::regclass = ANY (tables) AND t.relkind = 'r' AND t.relnamespace = 'qinglan'::regnamespace
	AND t.relname NOT IN ('event', 'import_row')
$$;

-- True when something other than her own particulars refers to a person, in any table there is. It
-- waits for who posts to her account, and keeps others from posting until the transaction ends.
CREATE FUNCTION person_in_use(its_person uuid) RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	reference record;
	used boolean;
BEGIN
	PERFORM FROM ledger_account a WHERE a.county = this_county() AND a.person = its_person FOR UPDATE;
	FOR reference IN
		SELECT c.name, c."column" FROM naming_columns(ARRAY['person'::regclass]) c
		WHERE c.name::text NOT IN ('membership', 'title', 'identifier', 'reviewed_pair')
	LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s WHERE county = $1 AND %I = $2)',
			reference.name, reference."column") INTO used USING this_county(), its_person;
		IF used THEN
			RETURN true;
		END IF;
	END LOOP;
	RETURN false;
END
$$;
CALL engine_owned('person_in_use(uuid)', 'qinglan_app');

-- Declares a person made by mistake; her document may then be recorded again.
CREATE FUNCTION person_void(its_id uuid, if_match text, reason text) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM must_find(subject_is_present());
	-- Against everybody who is about to refer to her: a foreign key's check waits for this lock.
	PERFORM FROM person p WHERE p.id = its_id FOR UPDATE;
	UPDATE person p SET voided_at = clock_now(), void_reason = reason,
		version = next_version(p.version, if_match), updated_at = clock_now()
	WHERE p.id = its_id AND p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL;
	IF NOT FOUND THEN
		PERFORM raise_problem(CASE WHEN EXISTS (SELECT FROM person p WHERE p.id = its_id AND p.teacher)
			THEN 'person-not-current' ELSE 'not-found' END, '{}', 'QL409');
	ELSIF person_in_use(its_id) THEN
		PERFORM raise_problem('person-in-use', '{}', 'QL409');
	END IF;
	RETURN its_id;
END
$$;

-- Declares a title recorded by mistake: it stays, and is nobody's present title.
CREATE FUNCTION title_void(its_id uuid, its_person uuid, if_match text, reason text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	UPDATE title t SET voided_at = clock_now(), void_reason = reason,
		version = next_version(t.version, if_match), updated_at = clock_now()
	WHERE t.id = its_id AND t.person = its_person AND t.voided_at IS NULL AND is_seen_today(t.person);
	IF NOT FOUND THEN
		PERFORM raise_problem(CASE WHEN EXISTS (SELECT FROM title t WHERE t.id = its_id
			AND t.person = its_person AND t.voided_at IS NOT NULL AND is_seen_today(t.person))
			THEN 'title-is-void' ELSE 'not-found' END, '{}', 'QL409');
	END IF;
	RETURN its_id;
END
$$;

-- ---------------------------------------------------------------- schools end, offices change hands

-- Ends a school on its last day. Closing wants nobody to work or to be on file there any more; merging
-- takes everybody over to the successor from the next day on, up to the last day they had. Hours and awards
-- stay where they were earned. Who was voided or merged hinders nothing and goes nowhere.
CREATE FUNCTION school_end(its_id uuid, if_match text, its_ended_on date, its_successor uuid)
RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	people int;
BEGIN
	-- Both at once and in one order, so that no two schools become each other's successor.
	PERFORM FROM school s WHERE s.id IN (its_id, its_successor) ORDER BY s.id FOR NO KEY UPDATE;
	-- Also not there for who may not change it.
	PERFORM must_find(EXISTS (SELECT FROM school s WHERE s.id = its_id FOR NO KEY UPDATE));
	PERFORM must_not_be_future(its_ended_on, '#/ended_on');
	IF its_successor IS NOT NULL THEN
		IF its_successor = its_id THEN
			PERFORM raise_problem('unprocessable',
				'{"pointer": "#/successor_id", "code": "school-itself"}', 'QL422');
		END IF;
		PERFORM must_be_own_school(its_successor, '#/successor_id');
	END IF;
	UPDATE school s SET status = CASE WHEN its_successor IS NULL THEN 'closed' ELSE 'merged' END,
		ended_on = its_ended_on, successor = its_successor,
		version = next_version(s.version, if_match), updated_at = clock_now()
	WHERE s.id = its_id AND s.status = 'open';
	IF NOT FOUND THEN
		PERFORM raise_problem('school-not-open', '{}', 'QL409');
	END IF;
	IF its_successor IS NULL THEN
		SELECT count(DISTINCT m.person) INTO people
		FROM membership m JOIN person p ON p.county = m.county AND p.id = m.person
		WHERE m.school = its_id AND (upper_inf(m.during) OR upper(m.during) > its_ended_on + 1)
			AND p.voided_at IS NULL AND p.merged_into IS NULL;
		IF people > 0 THEN
			PERFORM raise_problem('school-has-people', jsonb_build_object('people', people), 'QL409');
		END IF;
	ELSIF EXISTS (SELECT FROM membership m JOIN person p ON p.county = m.county AND p.id = m.person
		WHERE m.school = its_id AND lower(m.during) > its_ended_on
			AND p.voided_at IS NULL AND p.merged_into IS NULL) THEN
		PERFORM raise_problem('unprocessable',
			'{"pointer": "#/ended_on", "code": "membership-later"}', 'QL422');
	END IF;
	WITH ended AS (
		UPDATE membership m SET during = daterange(lower(m.during), its_ended_on + 1),
			version = m.version + 1, updated_at = clock_now()
		FROM membership o
		WHERE o.county = m.county AND o.id = m.id AND m.school = its_id AND lower(m.during) <= its_ended_on
			AND (upper_inf(m.during) OR upper(m.during) > its_ended_on + 1)
		RETURNING m.county, m.person, m.kind, upper(o.during) AS before_on
	)
	INSERT INTO membership (county, person, school, kind, during, reason)
	SELECT e.county, e.person, its_successor, e.kind, daterange(its_ended_on + 1, e.before_on), 'school merged'
	FROM ended e JOIN person p ON p.county = e.county AND p.id = e.person
	WHERE its_successor IS NOT NULL AND p.voided_at IS NULL AND p.merged_into IS NULL;
	RETURN its_id;
END
$$;

-- The holders of an office end the day before, and a person holds it from a day on.
CREATE FUNCTION office_pass(its_office uuid, if_match text, its_person uuid, its_day date)
RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its_school uuid;
	its_id uuid;
BEGIN
	UPDATE office o SET version = next_version(o.version, if_match), updated_at = clock_now()
	WHERE o.id = its_office RETURNING o.school INTO its_school;
	PERFORM must_find(FOUND);
	PERFORM must_see(EXISTS (SELECT FROM person p WHERE p.id = its_person)
		AND (its_school IS NULL OR is_present(its_person, its_school)), '#/person_id');
	IF EXISTS (SELECT FROM office_holder h WHERE h.office = its_office AND h.kind = 'holder'
		AND lower(h.during) >= its_day) THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/started_on", "code": "holder-later"}', 'QL422');
	END IF;
	UPDATE office_holder h SET during = daterange(lower(h.during), its_day),
		version = h.version + 1, updated_at = clock_now()
	WHERE h.office = its_office AND h.kind = 'holder' AND (upper_inf(h.during) OR upper(h.during) > its_day);
	INSERT INTO office_holder (county, office, school, person, during)
	VALUES (this_county(), its_office, its_school, its_person, daterange(its_day, NULL))
	RETURNING id INTO its_id;
	RETURN its_id;
END
$$;

-- Whoever holds an office is an officer from then on.
CREATE FUNCTION office_holder_is_officer() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE person p SET officer = true WHERE p.county = NEW.county AND p.id = NEW.person AND NOT p.officer;
	RETURN NULL;
END
$$;
CALL engine_owned('office_holder_is_officer()');
CREATE TRIGGER office_holder_is_officer AFTER INSERT ON office_holder
	FOR EACH ROW EXECUTE FUNCTION office_holder_is_officer();
