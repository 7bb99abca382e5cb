-- Schools, the persons who act or are recorded, where they belong and who sees them, their titles and
-- numbers. How they come and change: 0005_people_change.sql.

-- ---------------------------------------------------------------- schools

-- The category that a school's code (学校标识码) begins with; NULL: no such category.
CREATE FUNCTION school_category(code text) RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE left(code, 2) WHEN '11' THEN 'preschool' WHEN '21' THEN 'primary' WHEN '31' THEN 'junior'
	WHEN '34' THEN 'senior' WHEN '36' THEN 'vocational' WHEN '51' THEN 'special' END
$$;

CREATE TABLE school (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	code text COLLATE "C" NOT NULL CONSTRAINT school_code_form CHECK (code ~ '^[0-9]{10}$'),
	name text NOT NULL CHECK (name <> ''),
	category text NOT NULL,
	stages text[] NOT NULL CONSTRAINT school_stages CHECK (cardinality(stages) > 0
		AND stages <@ ARRAY['preschool', 'primary', 'junior', 'senior', 'vocational', 'special']),
	school_system text NOT NULL DEFAULT 'six_three'
		CHECK (school_system IN ('six_three', 'five_four', 'nine_year')),
	town text NOT NULL DEFAULT '',
	status text NOT NULL DEFAULT 'open' CHECK (status IN ('open', 'closed', 'merged')),
	ended_on date,
	successor uuid,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	-- Also of a closed school: a code is never used again.
	CONSTRAINT school_code_unique UNIQUE (county, code),
	CONSTRAINT school_code_category CHECK (category = school_category(code)),
	FOREIGN KEY (county, successor) REFERENCES school (county, id),
	CHECK ((status = 'merged') = (successor IS NOT NULL) AND successor <> id),
	CHECK ((status = 'open') = (ended_on IS NULL))
);
CREATE INDEX school_successor ON school (county, successor) WHERE successor IS NOT NULL;
CREATE INDEX school_name ON school (county, name, id);
CALL wall('school', reads => 'true', writes => '$all');

-- The category follows from the code; the code never changes.
CREATE FUNCTION school_settle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF TG_OP = 'UPDATE' AND NEW.code <> OLD.code THEN
		PERFORM raise_problem('school-code-fixed', '{}', 'QL409');
	END IF;
	NEW.category := school_category(NEW.code);
	IF NEW.category IS NULL THEN
		PERFORM raise_problem('unprocessable',
			'{"pointer": "#/code", "code": "school-code-category"}', 'QL422');
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER school_settle BEFORE INSERT OR UPDATE ON school
	FOR EACH ROW EXECUTE FUNCTION school_settle();

-- True when all of these schools are there, and then they stay until the transaction ends: for rows that
-- name a school without a foreign key. The engine's, since a lock asks for the right to change.
CREATE FUNCTION schools_held(ids uuid[]) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
	held uuid[] := ARRAY(SELECT s.id FROM school s
		WHERE s.county = this_county() AND s.id = ANY (ids) ORDER BY s.id FOR KEY SHARE);
BEGIN
	RETURN coalesce(ids <@ held, true);
END
$$;
CALL engine_owned('schools_held(uuid[])', 'qinglan_app');

-- ---------------------------------------------------------------- persons

-- One table for everybody who acts or is recorded. school (where she works today),
-- personnel_school, schools (all that may see the row) and title are kept by the engine.
-- The number of the document is sealed; see api/resources/document.h.
CREATE TABLE person (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	name text NOT NULL CONSTRAINT person_name_form CHECK (name <> '' AND name = person_name(name)),
	gender text CHECK (gender IN ('male', 'female')),
	birth_on date,
	phone text,
	sort_key text COLLATE "C" NOT NULL,
	tokens text[] NOT NULL DEFAULT '{}',
	school uuid,
	personnel_school uuid,
	schools uuid[] NOT NULL DEFAULT '{}',
	teacher boolean NOT NULL DEFAULT false,
	officer boolean NOT NULL DEFAULT false,
	external boolean NOT NULL DEFAULT false,
	unit text,
	post text,
	document_type text,
	document_masked text,
	resident_sealed bytea,
	resident_hash bytea,
	homeroom_since date,
	teaching_stage text,
	subjects text[] NOT NULL DEFAULT '{}',
	title text,
	political_status text,
	education text,
	merged_into uuid,
	voided_at timestamptz,
	void_reason text,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	FOREIGN KEY (county, personnel_school) REFERENCES school (county, id),
	FOREIGN KEY (county, merged_into) REFERENCES person (county, id),
	CHECK (teacher OR officer OR external),
	CHECK ((resident_sealed IS NULL) = (resident_hash IS NULL)
		AND (resident_sealed IS NULL) = (document_masked IS NULL)
		AND (resident_sealed IS NULL OR document_type IS NOT NULL)),
	CHECK (merged_into <> id)
);
CREATE UNIQUE INDEX person_document_unique ON person (county, resident_hash)
	WHERE merged_into IS NULL AND voided_at IS NULL;
CREATE INDEX person_by_school ON person (county, school, sort_key, id);
CREATE INDEX person_by_name ON person (county, sort_key, id);
CREATE INDEX person_named ON person (county, name, birth_on);
CREATE INDEX person_phone ON person (county, phone) WHERE phone IS NOT NULL;
CREATE INDEX person_merged ON person (county, merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX person_officers ON person (county, sort_key, id) WHERE officer;
CREATE INDEX person_experts ON person (county, sort_key, id) WHERE external;
CREATE INDEX person_personnel ON person (county, personnel_school);
CALL wall('person',
	reads => '$all OR $school = ANY (schools) OR id = $person OR external',
	writes => '$all OR school = $school');

-- Where a person works today; for the settings of a request, before there are any.
CREATE FUNCTION workplace_of(its_county int, its_person uuid) RETURNS uuid LANGUAGE sql STABLE AS
$$ SELECT p.school FROM person p WHERE p.county = its_county AND p.id = its_person $$;
CALL engine_owned('workplace_of(int, uuid)', 'qinglan_app');

-- Texts by which a person is found, by the beginning; written by the engine from person.tokens and
-- the end of her phone number, once for each school that may see her (nil: by the county alone, of who
-- is in no school today).
CREATE TABLE person_token (
	county int NOT NULL,
	school uuid NOT NULL,
	person uuid NOT NULL,
	token text COLLATE "C" NOT NULL,
	PRIMARY KEY (county, person, school, token)
);
CREATE INDEX person_token_by_school ON person_token (county, school, token, person);
CREATE INDEX person_token_by_county ON person_token (county, token, person);
CALL wall('person_token', reads => '$all OR school = $school', exempt_event => true);

-- Written without foreign key: the engine alone writes it, from rows of person. A school that she left finds
-- her by the name that it knew.
CREATE FUNCTION person_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM person_token t USING changed c
	WHERE t.county = c.county AND t.person = c.id
		AND (t.token ~ '^[0-9]{4}$' OR c.merged_into IS NOT NULL OR c.voided_at IS NOT NULL
			OR t.school <> ALL (c.schools) OR t.school IN (c.school, c.personnel_school));
	INSERT INTO person_token (county, school, person, token)
	SELECT DISTINCT c.county, s.school, c.id, t.token
	FROM changed c
	CROSS JOIN LATERAL (
		SELECT u.school FROM unnest(c.schools) AS u(school)
		WHERE NOT EXISTS (SELECT FROM person_token k WHERE k.county = c.county AND k.person = c.id
			AND k.school = u.school)
		UNION ALL
		SELECT '00000000-0000-0000-0000-000000000000'::uuid
		WHERE c.school IS NULL AND c.personnel_school IS NULL
	) s
	CROSS JOIN LATERAL (
		SELECT u.token FROM unnest(c.tokens) AS u(token) WHERE u.token !~ '^[0-9]{4}$' AND u.token <> ''
	) t
	WHERE c.merged_into IS NULL AND c.voided_at IS NULL;
	-- Her number may be new since she left a school, which is then not told it by a search.
	INSERT INTO person_token (county, school, person, token)
	SELECT c.county, s.school, c.id, right(regexp_replace(c.phone, '[^0-9]', '', 'g'), 4)
	FROM changed c
	CROSS JOIN LATERAL (
		SELECT c.school WHERE c.school IS NOT NULL
		UNION
		SELECT c.personnel_school WHERE c.personnel_school IS NOT NULL
		UNION
		SELECT '00000000-0000-0000-0000-000000000000'::uuid
		WHERE c.school IS NULL AND c.personnel_school IS NULL
	) s
	WHERE c.merged_into IS NULL AND c.voided_at IS NULL
		AND length(regexp_replace(c.phone, '[^0-9]', '', 'g')) >= 7
	ON CONFLICT DO NOTHING;
	RETURN NULL;
END
$$;
CALL engine_owned('person_tokens()');
CREATE TRIGGER person_tokens_insert AFTER INSERT ON person REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION person_tokens();
CREATE TRIGGER person_tokens_update AFTER UPDATE ON person REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION person_tokens();

-- Whether a person has on a day one of these ages, each in full years and perhaps of a gender; nobody has whose
-- particular is asked about and not known.
CREATE FUNCTION is_of_ages(ages jsonb, day date, p person) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT EXISTS (SELECT FROM jsonb_to_recordset(ages) AS a(gender text, from_age int, under_age int)
	CROSS JOIN LATERAL (SELECT date_part('year', age(day, p.birth_on)) AS years) y
	WHERE (a.gender IS NULL OR p.gender = a.gender) AND (a.from_age IS NULL OR y.years >= a.from_age)
		AND (a.under_age IS NULL OR y.years < a.under_age))
$$;

-- Nothing more is given to a person who was voided or merged. Who gives and who voids wait for each
-- other at her row, and the one behind sees what the one before committed.
CREATE FUNCTION person_must_be_current() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM person p WHERE p.county = NEW.county AND p.id = NEW.person
		AND p.voided_at IS NULL AND p.merged_into IS NULL FOR KEY SHARE;
	IF NOT FOUND THEN
		PERFORM raise_problem('person-not-current', '{}', 'QL409');
	END IF;
	RETURN NEW;
END
$$;
CALL engine_owned('person_must_be_current()');

-- Reviewed, and not the same person: low is the smaller id.
CREATE TABLE reviewed_pair (
	county int NOT NULL,
	low uuid NOT NULL,
	high uuid NOT NULL,
	reviewed_by uuid DEFAULT this_person(),
	reviewed_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, low, high),
	FOREIGN KEY (county, low) REFERENCES person (county, id),
	FOREIGN KEY (county, high) REFERENCES person (county, id),
	CHECK (low < high)
);
CREATE INDEX reviewed_pair_high ON reviewed_pair (county, high);
CALL wall('reviewed_pair', reads => '$all');

-- ---------------------------------------------------------------- where persons belong

-- Where the personnel record is kept, and where she works: at most one of each at a time.
CREATE TABLE membership (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	person uuid NOT NULL,
	school uuid NOT NULL,
	kind text NOT NULL CHECK (kind IN ('personnel', 'working')),
	during daterange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during)),
	reason text NOT NULL DEFAULT '',
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	CONSTRAINT membership_once_of_a_kind
		EXCLUDE USING gist (county WITH =, (person::text) WITH =, kind WITH =, during WITH &&)
);
CREATE INDEX membership_by_school ON membership (county, school, person);
-- The exclusion is by the person's text, lest the planner look her up by its index, which reads dozens of pages.
CREATE INDEX membership_by_person ON membership (county, person, kind, lower(during));
CALL wall('membership',
	reads => '$all OR school = $school OR person = $subject AND lower(during) <= $until_on',
	writes => '$all OR school = $school');
CREATE TRIGGER membership_of_current_person BEFORE INSERT ON membership
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- Up to which day's record a school sees a person: for ever while she belongs to it, then up to
-- her last day. No row, not seen. What a school knew of her particulars when she left is kept.
CREATE TABLE sight (
	county int NOT NULL,
	school uuid NOT NULL,
	person uuid NOT NULL,
	until_on date NOT NULL,
	known jsonb,
	PRIMARY KEY (county, school, person)
);
CREATE INDEX sight_by_person ON sight (county, person);
CALL wall('sight', reads => '$all OR school = $school OR person = $person', exempt_event => true);

-- Where each person who has memberships belongs today, as person keeps it.
CREATE VIEW membership_today WITH (security_invoker = true) AS
SELECT m.county, m.person,
	min(m.school::text) FILTER (WHERE m.kind = 'working' AND m.during @> (SELECT today()))::uuid AS school,
	min(m.school::text) FILTER (WHERE m.kind = 'personnel' AND m.during @> (SELECT today()))::uuid
		AS personnel_school,
	coalesce(array_agg(DISTINCT m.school) FILTER (WHERE lower(m.during) <= (SELECT today())), '{}') AS schools
FROM membership m
GROUP BY m.county, m.person;
GRANT SELECT ON membership_today TO qinglan_engine;

-- Brings sight and the kept columns of these persons in line with their memberships, as of today.
-- Persons without any keep what they were made with (an external expert's school, for instance).
CREATE FUNCTION membership_settle(its_county int, persons uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	day date := today();
BEGIN
	DELETE FROM sight s
	WHERE s.county = its_county AND s.person = ANY (persons)
		AND NOT EXISTS (SELECT FROM membership m WHERE m.county = s.county AND m.person = s.person
			AND m.school = s.school AND lower(m.during) <= day);
	INSERT INTO sight (county, school, person, until_on)
	SELECT m.county, m.school, m.person, max(coalesce(last_day(m.during), 'infinity'))
	FROM membership m
	WHERE m.county = its_county AND m.person = ANY (persons) AND lower(m.during) <= day
	GROUP BY m.county, m.school, m.person
	ON CONFLICT (county, school, person) DO UPDATE SET until_on = excluded.until_on
	WHERE sight.until_on <> excluded.until_on;
	UPDATE sight s
	SET known = CASE WHEN s.until_on < day THEN jsonb_build_object('name', p.name, 'sort_key', p.sort_key,
		'gender', p.gender, 'birth_on', p.birth_on, 'document_type', p.document_type,
		'document_masked', p.document_masked, 'version', p.version, 'updated_at', p.updated_at) END
	FROM person p
	WHERE s.county = its_county AND s.person = ANY (persons) AND p.county = s.county AND p.id = s.person
		AND (s.until_on < day) = (s.known IS NULL);
	UPDATE person p
	SET school = n.school, personnel_school = n.personnel_school, schools = n.schools
	FROM membership_today n
	WHERE n.county = its_county AND n.person = ANY (persons) AND p.county = n.county AND p.id = n.person
		AND (p.school, p.personnel_school, p.schools)
			IS DISTINCT FROM (n.school, n.personnel_school, n.schools);
END
$$;
REVOKE ALL ON FUNCTION membership_settle(int, uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION membership_settle(int, uuid[]) TO qinglan_engine;

-- After a change: nobody belongs to a school beyond its end. Who hires and who closes wait for each
-- other at the school's row, and the one behind sees what the one before committed.
CREATE FUNCTION membership_changed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	its_county int;
	persons uuid[];
	schools uuid[];
BEGIN
	FOR its_county, persons, schools IN
		SELECT c.county, array_agg(DISTINCT c.person), array_agg(DISTINCT c.school) FROM changed c GROUP BY c.county
	LOOP
		IF TG_OP <> 'DELETE' THEN
			PERFORM FROM school s WHERE s.county = its_county AND s.id = ANY (schools) ORDER BY s.id FOR SHARE;
			IF EXISTS (SELECT FROM changed c JOIN school s ON s.county = c.county AND s.id = c.school
				WHERE c.county = its_county AND coalesce(upper(c.during), 'infinity') > s.ended_on + 1)
			THEN
				PERFORM raise_problem('school-not-open', '{}', 'QL409');
			END IF;
		END IF;
		PERFORM membership_settle(its_county, persons);
	END LOOP;
	RETURN NULL;
END
$$;
CALL engine_owned('membership_changed()');
CREATE TRIGGER membership_inserted AFTER INSERT ON membership REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION membership_changed();
CREATE TRIGGER membership_updated AFTER UPDATE ON membership REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION membership_changed();
CREATE TRIGGER membership_deleted AFTER DELETE ON membership REFERENCING OLD TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION membership_changed();

-- True when a person is in a school today: by a membership, or as somebody who was made for the
-- school and has none.
CREATE FUNCTION is_present(its_person uuid, its_school uuid) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT EXISTS (SELECT FROM membership m WHERE m.county = this_county() AND m.person = its_person
		AND m.school = its_school AND m.during @> today())
	OR EXISTS (SELECT FROM person p WHERE p.county = this_county() AND p.id = its_person AND p.school = its_school)
		AND NOT EXISTS (SELECT FROM membership m WHERE m.county = this_county() AND m.person = its_person)
$$;

-- True when the caller sees a person as she is today: a school only who is present in it.
CREATE FUNCTION is_seen_today(its_person uuid) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT CASE WHEN current_setting('qinglan.sees', true) <> 'school' THEN true
	ELSE is_present(its_person, this_school()) END
$$;

-- The day of each county up to which its people were brought in line with their memberships, and when
-- that was last found to be so, by its clock.
CREATE TABLE people_day (
	county int PRIMARY KEY REFERENCES county (county),
	day date NOT NULL,
	looked_at timestamptz NOT NULL
);
CALL wall('people_day', reads => 'false', exempt_event => true);

-- Where a county's day is another than the one kept for it: memberships that began or ended since move who
-- works and who sees whom, 500 persons at a time. As what was begun the day before goes by that day and may
-- end in the new one, it is looked at again each minute while the longest transaction (a job's, 600 s) may
-- last. The number of persons moved; 0: nothing is left to do, or somebody else does it.
CREATE FUNCTION people_upkeep() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	its_county int;
	its_day date;
	midnight timestamptz;
	astray uuid[];
	free uuid[];
BEGIN
	FOR its_county IN SELECT c.county FROM county c ORDER BY c.county LOOP
		PERFORM set_config('qinglan.county', its_county::text, true), set_config('qinglan.ahead', '', true);
		its_day := today();
		midnight := its_day::timestamp AT TIME ZONE current_setting('qinglan.zone');
		CONTINUE WHEN EXISTS (SELECT FROM people_day d WHERE d.county = its_county AND d.day = its_day
			AND d.looked_at >= least(midnight + interval '11 minutes', clock_now() - interval '1 minute'));
		CONTINUE WHEN NOT pg_try_advisory_xact_lock(hashtextextended('people_upkeep/' || its_county, 0));
		astray := ARRAY(SELECT p.id FROM membership_today n
			JOIN person p ON p.county = n.county AND p.id = n.person
			WHERE n.county = its_county AND (p.school, p.personnel_school, p.schools)
				IS DISTINCT FROM (n.school, n.personnel_school, n.schools));
		IF astray = '{}' THEN
			INSERT INTO people_day (county, day, looked_at) VALUES (its_county, its_day, clock_now())
			ON CONFLICT (county) DO UPDATE SET day = excluded.day, looked_at = excluded.looked_at;
			CONTINUE;
		END IF;
		-- Who is being changed by somebody comes later.
		free := ARRAY(SELECT p.id FROM person p WHERE p.county = its_county AND p.id = ANY (astray)
			ORDER BY p.id LIMIT 500 FOR NO KEY UPDATE SKIP LOCKED);
		CONTINUE WHEN free = '{}';
		BEGIN
			PERFORM membership_settle(its_county, free);
			RETURN cardinality(free);
		EXCEPTION WHEN lock_not_available THEN
			-- Somebody changes what they need besides; the other counties need not wait for it.
			CONTINUE;
		END;
	END LOOP;
	RETURN 0;
END
$$;
CALL engine_owned('people_upkeep()', 'qinglan_gate');

-- ---------------------------------------------------------------- titles and identifiers

-- Titles (职称) with the day they were obtained; school is where she worked when it was recorded. One
-- recorded by mistake is void and stays. One without a day may be of any: a school that she left sees
-- those only that it recorded itself.
CREATE TABLE title (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	person uuid NOT NULL,
	school uuid,
	name text NOT NULL,
	obtained_on date,
	recorded_at timestamptz NOT NULL DEFAULT clock_now(),
	voided_at timestamptz,
	void_reason text,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	CONSTRAINT title_once UNIQUE NULLS NOT DISTINCT (county, person, name, obtained_on, voided_at)
);
CREATE INDEX title_by_school ON title (county, school);
CALL wall('title',
	reads => '$all OR school = $school OR person = $subject AND coalesce(obtained_on, ''infinity'') <= $until_on',
	writes => '$all OR school = $school');
CREATE TRIGGER title_of_current_person BEFORE INSERT ON title
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- The present title is the one obtained last; without dates, the one recorded last (a list may record one
-- again); none if all are void.
CREATE FUNCTION title_settle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE person p SET title = n.name
	FROM (
		SELECT DISTINCT ON (c.county, c.person) c.county, c.person, t.name
		FROM changed c
		LEFT JOIN title t ON t.county = c.county AND t.person = c.person AND t.voided_at IS NULL
		ORDER BY c.county, c.person, t.obtained_on DESC NULLS LAST, t.recorded_at DESC, t.id DESC
	) n
	WHERE p.county = n.county AND p.id = n.person AND p.title IS DISTINCT FROM n.name;
	RETURN NULL;
END
$$;
CALL engine_owned('title_settle()');
CREATE TRIGGER title_inserted AFTER INSERT ON title REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION title_settle();
CREATE TRIGGER title_updated AFTER UPDATE ON title REFERENCING NEW TABLE AS changed
	FOR EACH STATEMENT EXECUTE FUNCTION title_settle();

-- Numbers that others know a person by: a value and who gave it.
CREATE TABLE identifier (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	person uuid NOT NULL,
	school uuid,
	source text NOT NULL CHECK (source <> ''),
	value text NOT NULL CHECK (value <> ''),
	ended_on date,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE UNIQUE INDEX identifier_unique ON identifier (county, source, value) WHERE ended_on IS NULL;
CREATE INDEX identifier_by_person ON identifier (county, person);
CREATE INDEX identifier_by_school ON identifier (county, school);
CALL wall('identifier', reads => '$all OR school = $school OR person = $subject AND $until_on = ''infinity''',
	writes => '$all OR school = $school');
CREATE TRIGGER identifier_of_current_person BEFORE INSERT ON identifier
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();
