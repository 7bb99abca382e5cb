-- Schools, the persons who act or are recorded, where they belong and who sees them, offices and
-- who holds them, classes and who leads them.

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
CREATE INDEX person_personnel ON person (county, personnel_school);
CALL wall('person',
	reads => '$all OR $school = ANY (schools) OR id = $person OR external',
	writes => '$all OR school = $school');

-- Texts by which a person is found, by the beginning; written by the engine from person.tokens and
-- the end of her phone number, once for each school that may see her (nil: seen by the county only).
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

-- Written without foreign key: the engine alone writes it, from rows of person.
CREATE FUNCTION person_tokens() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	DELETE FROM person_token t USING changed c WHERE t.county = c.county AND t.person = c.id;
	INSERT INTO person_token (county, school, person, token)
	SELECT DISTINCT c.county, s.school, c.id, t.token
	FROM changed c
	CROSS JOIN LATERAL (
		SELECT u.school FROM unnest(c.schools) AS u(school)
		UNION ALL
		SELECT '00000000-0000-0000-0000-000000000000'::uuid WHERE c.schools = '{}'
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
	reviewed_by uuid DEFAULT nullif(current_setting('qinglan.person', true), '')::uuid,
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
		EXCLUDE USING gist (county WITH =, person WITH =, kind WITH =, during WITH &&)
);
CREATE INDEX membership_by_school ON membership (county, school, person);
-- The exclusion's index would do, at six times the price.
CREATE INDEX membership_by_person ON membership (county, person, kind, lower(during));
CALL wall('membership',
	reads => '$all OR school = $school OR person = $subject AND lower(during) <= $until_on',
	writes => '$all OR school = $school');
CREATE TRIGGER membership_of_current_person BEFORE INSERT ON membership
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- Up to which day's record a school sees a person: for ever while she belongs to it, then up to
-- her last day. No row, not seen.
CREATE TABLE sight (
	county int NOT NULL,
	school uuid NOT NULL,
	person uuid NOT NULL,
	until_on date NOT NULL,
	PRIMARY KEY (county, school, person)
);
CREATE INDEX sight_by_person ON sight (county, person);
CALL wall('sight', reads => '$all OR school = $school OR person = $person', exempt_event => true);

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
	UPDATE person p
	SET school = n.school, personnel_school = n.personnel_school, schools = n.schools
	FROM (
		SELECT m.person,
			min(m.school::text) FILTER (WHERE m.kind = 'working' AND m.during @> day)::uuid AS school,
			min(m.school::text) FILTER (WHERE m.kind = 'personnel' AND m.during @> day)::uuid
				AS personnel_school,
			coalesce(array_agg(DISTINCT m.school) FILTER (WHERE lower(m.during) <= day), '{}') AS schools
		FROM membership m
		WHERE m.county = its_county AND m.person = ANY (persons)
		GROUP BY m.person
	) n
	WHERE p.county = its_county AND p.id = n.person
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
	ELSE is_present(its_person, nullif(current_setting('qinglan.school', true), '')::uuid) END
$$;

-- Daily: memberships that began or ended with the passing of days. The number of persons moved.
CREATE FUNCTION people_upkeep() RETURNS int LANGUAGE plpgsql AS $$
DECLARE
	its_county int;
	persons uuid[];
	moved int := 0;
BEGIN
	FOR its_county IN SELECT c.county FROM county c ORDER BY c.county LOOP
		PERFORM set_config('qinglan.county', its_county::text, true), set_config('qinglan.ahead', '', true);
		SELECT array_agg(DISTINCT m.person) INTO persons
		FROM membership m
		JOIN person p ON p.county = m.county AND p.id = m.person
		WHERE m.county = its_county
			AND (m.during @> today() AND m.school IS DISTINCT FROM
					CASE m.kind WHEN 'working' THEN p.school ELSE p.personnel_school END
				OR NOT m.during @> today() AND m.kind = 'working' AND m.school = p.school
				OR NOT m.during @> today() AND m.kind = 'personnel' AND m.school = p.personnel_school);
		PERFORM membership_settle(its_county, persons);
		moved := moved + coalesce(cardinality(persons), 0);
	END LOOP;
	RETURN moved;
END
$$;
CALL engine_owned('people_upkeep()', 'qinglan_gate');

-- ---------------------------------------------------------------- titles and identifiers

-- Titles (职称) with the day they were obtained; school is where she worked when it was recorded.
CREATE TABLE title (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	person uuid NOT NULL,
	school uuid,
	name text NOT NULL,
	obtained_on date,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	CONSTRAINT title_once UNIQUE NULLS NOT DISTINCT (county, person, name, obtained_on)
);
CREATE INDEX title_by_school ON title (county, school);
CALL wall('title',
	reads => '$all OR school = $school OR person = $subject AND coalesce(obtained_on, ''-infinity'') <= $until_on',
	writes => '$all OR school = $school');
CREATE TRIGGER title_of_current_person BEFORE INSERT ON title
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- The present title is the one obtained last; without dates, the one recorded last.
CREATE FUNCTION title_settle() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE person p SET title = n.name
	FROM (
		SELECT DISTINCT ON (t.county, t.person) t.county, t.person, t.name
		FROM title t
		WHERE (t.county, t.person) IN (SELECT c.county, c.person FROM changed c)
		ORDER BY t.county, t.person, t.obtained_on DESC NULLS LAST, t.created_at DESC, t.id DESC
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

-- ---------------------------------------------------------------- offices

-- Offices, not persons, do work: tasks wait at an office, whoever holds it.
CREATE TABLE office (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	school uuid,
	kind text NOT NULL,
	name text NOT NULL CHECK (name <> ''),
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	CONSTRAINT office_name UNIQUE NULLS NOT DISTINCT (county, school, name)
);
CALL wall('office', reads => '$all OR school IS NULL OR school = $school', writes => '$all OR school = $school',
	gate => 'SELECT');

CREATE TABLE office_holder (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	office uuid NOT NULL,
	school uuid,
	person uuid NOT NULL,
	kind text NOT NULL DEFAULT 'holder' CHECK (kind IN ('holder', 'deputy')),
	during daterange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during)),
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, office) REFERENCES office (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	-- A deputy acts within dates.
	CONSTRAINT deputy_has_an_end CHECK (kind = 'holder' OR NOT upper_inf(during)),
	CONSTRAINT office_held_once EXCLUDE USING gist (county WITH =, office WITH =, person WITH =, during WITH &&)
);
CREATE INDEX office_holder_by_person ON office_holder (county, person);
CALL wall('office_holder', reads => '$all OR school = $school OR person = $person',
	writes => '$all OR school = $school', gate => 'SELECT');
CREATE TRIGGER office_holder_of_current_person BEFORE INSERT ON office_holder
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- A school begins with its moral-education office, so that somebody can act for it.
CREATE FUNCTION school_office() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	INSERT INTO office (county, school, kind, name) VALUES (NEW.county, NEW.id, 'moral_education', '德育处');
	RETURN NULL;
END
$$;
CALL engine_owned('school_office()');
CREATE TRIGGER school_office AFTER INSERT ON school FOR EACH ROW EXECUTE FUNCTION school_office();

-- ---------------------------------------------------------------- classes

-- The first grade of a stage, how many years it has, and what its grades are called.
CREATE FUNCTION stage_grades(stage text, school_system text, OUT first_grade int, OUT years int, OUT style text)
LANGUAGE sql IMMUTABLE AS
$$
SELECT g.first_grade, g.years, g.style
FROM (VALUES
	('primary', 'six_three', 1, 6, '年级'), ('primary', 'nine_year', 1, 6, '年级'),
	('primary', 'five_four', 1, 5, '年级'),
	('junior', 'six_three', 7, 3, '年级'), ('junior', 'nine_year', 7, 3, '年级'),
	('junior', 'five_four', 6, 4, '年级'),
	('senior', NULL, 1, 3, '高'), ('vocational', NULL, 1, 3, '年级'), ('special', NULL, 1, 9, '年级'),
	('preschool', NULL, 1, 3, '班')
) AS g(its_stage, its_system, first_grade, years, style)
WHERE g.its_stage = stage AND (g.its_system IS NULL OR g.its_system = school_system)
$$;

-- The year in which the school year of a day began; NULL where the county has none.
CREATE FUNCTION school_year_start(day date) RETURNS int LANGUAGE sql STABLE AS
$$ SELECT date_part('year', lower((school_year_of(day)).during))::int $$;

-- The name of the grade that entered in ENTRY_YEAR is in on a day: 四年级, 七年级, 高一; NULL before
-- it entered or after it left, or where the county has no school year.
CREATE FUNCTION class_grade(entry_year int, stage text, school_system text, as_of date) RETURNS text
LANGUAGE sql STABLE AS
$$
SELECT CASE
	WHEN g.nth NOT BETWEEN 1 AND g.years THEN NULL
	WHEN g.style = '高' THEN '高' || substr('一二三', g.nth, 1)
	WHEN g.style = '班' THEN substr('小中大', g.nth, 1) || '班'
	ELSE substr('一二三四五六七八九', g.first_grade + g.nth - 1, 1) || '年级'
END
FROM (SELECT s.*, school_year_start(as_of) - entry_year + 1 AS nth FROM stage_grades(stage, school_system) s) g
$$;

CREATE TABLE class (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	school uuid NOT NULL,
	stage text NOT NULL CHECK (stage IN ('preschool', 'primary', 'junior', 'senior', 'vocational', 'special')),
	entry_year int NOT NULL CHECK (entry_year BETWEEN 1950 AND 2200),
	number int NOT NULL CHECK (number BETWEEN 1 AND 99),
	status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'graduated', 'ended')),
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE UNIQUE INDEX class_number_unique ON class (county, school, stage, entry_year, number)
	WHERE status <> 'ended';
CALL wall('class', reads => '$all OR school = $school OR $sees = ''self''', writes => '$all OR school = $school');

-- A small number written in Chinese (二, 十二, 二十一) or digits; NULL for anything else.
CREATE FUNCTION small_number(text text) RETURNS int LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE
	WHEN text ~ '^[0-9]{1,2}$' THEN text::int
	WHEN text ~ '^[一二三四五六七八九]$' THEN strpos('一二三四五六七八九', text)
	WHEN text ~ '^[一二三四五六七八九]?十[一二三四五六七八九]?$' THEN
		coalesce(nullif(strpos('一二三四五六七八九', split_part(text, '十', 1)), 0), 1) * 10
		+ CASE split_part(text, '十', 2) WHEN '' THEN 0
			ELSE strpos('一二三四五六七八九', split_part(text, '十', 2)) END
END
$$;

-- What a label like 四年级(2)班, 七年级(12)班, 高一(7)班, 初二3班 or 2024级3班 means in a school on a day:
-- stage, entry year, number, and the class if it is there. No row: not readable, or no such grade in
-- the stages of the school.
CREATE FUNCTION class_of_label(its_school uuid, label text, as_of date)
RETURNS TABLE (stage text, entry_year int, number int, class uuid) LANGUAGE plpgsql STABLE AS $$
DECLARE
	plain text := translate(regexp_replace(translate(label, U&'\3000\00A0', '  '), '\s', '', 'g'),
		'０１２３４５６７８９（）〔〕［］[]【】', '0123456789()()()()()');
	part text[];
	its_number int;
	start int := school_year_start(as_of);
BEGIN
	part := regexp_match(plain,
		'^(?:((?:19|20|21)[0-9]{2})级?|(小|初|高|职)([一二三四五六1-6])|([一二三四五六七八九1-9])年级?)'
		'(?:年级)?\(?([0-9]{1,2}|[一二三四五六七八九十]{1,3})\)?班?$');
	its_number := small_number(part[5]);
	IF part IS NULL OR coalesce(its_number, 0) = 0 OR start IS NULL THEN
		RETURN;
	END IF;
	RETURN QUERY
	WITH fits AS (
		SELECT g.stage, e.entry_year, g.years, start - e.entry_year + 1 AS nth
		FROM (
			SELECT u.stage, s.first_grade, s.years
			FROM school k
			CROSS JOIN LATERAL unnest(k.stages) AS u(stage)
			CROSS JOIN LATERAL stage_grades(u.stage, k.school_system) s
			WHERE k.county = this_county() AND k.id = its_school
		) g
		CROSS JOIN LATERAL (SELECT CASE
			WHEN part[1] IS NOT NULL THEN part[1]::int
			WHEN part[2] = '小' AND g.stage = 'primary' OR part[2] = '初' AND g.stage = 'junior'
				OR part[2] = '高' AND g.stage = 'senior' OR part[2] = '职' AND g.stage = 'vocational'
				THEN start - small_number(part[3]) + 1
			WHEN part[4] IS NOT NULL AND g.stage IN ('primary', 'junior', 'vocational', 'special')
				THEN start - (small_number(part[4]) - g.first_grade)
		END AS entry_year) e
	), possible AS (
		SELECT f.stage, f.entry_year FROM fits f WHERE f.nth BETWEEN 1 AND f.years
	)
	SELECT p.stage, p.entry_year, its_number, c.id
	FROM possible p
	LEFT JOIN class c ON c.county = this_county() AND c.school = its_school AND c.stage = p.stage
		AND c.entry_year = p.entry_year AND c.number = its_number AND c.status <> 'ended'
	-- 2024级 of a school with two stages may be either: then it is not for us to say.
	WHERE (SELECT count(*) FROM possible) = 1;
END
$$;

-- Who leads or helps to lead a class, or stands by to (a reserve has no class yet).
CREATE TABLE homeroom_appointment (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	person uuid NOT NULL,
	class uuid,
	school uuid NOT NULL,
	kind text NOT NULL
		CHECK (kind IN ('homeroom', 'acting', 'deputy', 'assistant', 'trainee', 'reserve')),
	during daterange NOT NULL CHECK (NOT isempty(during) AND NOT lower_inf(during)),
	start_reason text NOT NULL DEFAULT '',
	end_reason text NOT NULL DEFAULT '',
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, class) REFERENCES class (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	CONSTRAINT appointment_has_a_class CHECK (kind IN ('reserve', 'trainee') OR class IS NOT NULL),
	CONSTRAINT class_has_one_homeroom_teacher
		EXCLUDE USING gist (county WITH =, class WITH =, during WITH &&) WHERE (kind IN ('homeroom', 'acting')),
	CONSTRAINT appointment_once
		EXCLUDE USING gist (county WITH =, person WITH =, school WITH =, kind WITH =,
			coalesce(class, '00000000-0000-0000-0000-000000000000') WITH =, during WITH &&)
);
CREATE INDEX homeroom_appointment_by_person ON homeroom_appointment (county, person);
CREATE INDEX homeroom_appointment_by_class ON homeroom_appointment (county, class) WHERE class IS NOT NULL;
CREATE INDEX homeroom_appointment_by_school ON homeroom_appointment (county, school, person);
CALL wall('homeroom_appointment',
	reads => '$all OR school = $school OR person = $subject AND lower(during) <= $until_on',
	writes => '$all OR school = $school');
CREATE TRIGGER homeroom_appointment_of_current_person BEFORE INSERT ON homeroom_appointment
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- ---------------------------------------------------------------- making and changing persons

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

-- Raises possible-duplicate with the candidates that are not in REVIEWED, where her school stands for who
-- is not the caller's to see; a document is never waived. Of two who ask for the same name or number at once, one waits and then finds whom the other made.
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
		OR p.school = nullif(current_setting('qinglan.school', true), '')::uuid)
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
			OR its_school = nullif(current_setting('qinglan.school', true), '')::uuid), pointer);
		IF its_status <> 'open' THEN
			PERFORM raise_problem('school-not-open', jsonb_build_object('pointer', pointer), 'QL409');
		END IF;
	END IF;
	RETURN true;
END
$$;

-- For a parameter of a list that does not go with status=left.
CREATE FUNCTION must_not_be_given(value text, parameter text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF value IS NOT NULL THEN
		PERFORM raise_problem('invalid-parameters',
			jsonb_build_object('parameter', parameter, 'code', 'not-with-left'), 'QL422');
	END IF;
	RETURN true;
END
$$;

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
	SELECT * INTO old FROM person p WHERE p.id = its_id AND p.teacher FOR NO KEY UPDATE;
	IF old.id IS NULL THEN
		PERFORM raise_problem('not-found', '{}', 'QL404');
	ELSIF old.voided_at IS NOT NULL OR old.merged_into IS NOT NULL THEN
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
	IF NOT FOUND THEN
		PERFORM raise_problem('not-found', '{}', 'QL404');
	END IF;
	PERFORM person_reviewed(its_id,
		ARRAY(SELECT jsonb_array_elements_text(coalesce(patch->'reviewed_not_same', '[]')))::uuid[]);
	RETURN its_id;
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
JOIN pg_attribute a ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) AND a.attname <> 'county'
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
	-- Against everybody who is about to refer to her: a foreign key's check waits for this lock.
	PERFORM FROM person p WHERE p.id = its_id FOR UPDATE;
	UPDATE person p SET voided_at = clock_now(), void_reason = reason,
		version = next_version(p.version, if_match), updated_at = clock_now()
	WHERE p.id = its_id AND p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL;
	IF NOT FOUND THEN
		PERFORM raise_problem(CASE WHEN EXISTS (SELECT FROM person p WHERE p.id = its_id AND p.teacher)
			AND subject_is_present()
			THEN 'person-not-current' ELSE 'not-found' END, '{}', 'QL409');
	ELSIF person_in_use(its_id) THEN
		PERFORM raise_problem('person-in-use', '{}', 'QL409');
	END IF;
	RETURN its_id;
END
$$;

-- ---------------------------------------------------------------- schools end, offices change hands

-- Ends a school on its last day. Closing wants nobody to work or to be on file there any more; merging
-- takes everybody over to the successor from the next day on. Hours and awards stay where they were earned.
-- Who was voided or merged hinders nothing and goes nowhere.
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
			PERFORM raise_problem('unprocessable', '{"pointer": "#/successor_id", "code": "school-itself"}', 'QL422');
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
		WHERE m.school = its_id AND lower(m.during) <= its_ended_on
			AND (upper_inf(m.during) OR upper(m.during) > its_ended_on + 1)
		RETURNING m.county, m.person, m.kind
	)
	INSERT INTO membership (county, person, school, kind, during, reason)
	SELECT e.county, e.person, its_successor, e.kind, daterange(its_ended_on + 1, NULL), 'school merged'
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
	IF NOT FOUND THEN
		PERFORM raise_problem('not-found', '{}', 'QL404');
	END IF;
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

-- ---------------------------------------------------------------- views

CREATE VIEW school_view WITH (security_invoker = true) AS
SELECT s.id, s.code, s.name, s.category, s.stages, s.school_system, s.town, s.status, s.ended_on,
	s.successor AS successor_id, s.version,
	instant(s.created_at) AS created_at, instant(s.updated_at) AS updated_at
FROM school s;
GRANT SELECT ON school_view TO qinglan_app;

-- Teachers as they are today. Only for rows of people whom the caller sees today: whom a school sees
-- no longer is in former_teacher_view.
CREATE VIEW teacher_members WITH (security_invoker = true) AS
SELECT p.id, p.name, p.gender, p.birth_on, p.document_type, p.document_masked AS document_number, p.phone,
	p.school AS school_id, p.personnel_school AS personnel_school_id, p.teaching_stage, p.subjects, p.title,
	p.political_status, p.education, p.homeroom_since,
	CASE WHEN p.voided_at IS NOT NULL THEN 'voided' WHEN p.merged_into IS NOT NULL THEN 'merged'
		WHEN p.school IS NULL THEN 'left' ELSE 'current' END AS status,
	p.merged_into AS merged_into_id, p.version,
	instant(p.created_at) AS created_at, instant(p.updated_at) AS updated_at
FROM person p
WHERE p.teacher;
GRANT SELECT ON teacher_members TO qinglan_app;

CREATE VIEW teacher_view WITH (security_invoker = true) AS
SELECT t.* FROM teacher_members t
WHERE (SELECT current_setting('qinglan.sees', true)) <> 'school'
	OR (SELECT nullif(current_setting('qinglan.school', true), '')::uuid) IN (t.school_id, t.personnel_school_id);
GRANT SELECT ON teacher_view TO qinglan_app;

-- Teachers who left: to their former school only what it knew and what never changes.
CREATE VIEW former_teacher_members WITH (security_invoker = true) AS
SELECT p.id, p.name, p.gender, p.birth_on, p.document_type, p.document_masked AS document_number,
	NULL::text AS phone, NULL::uuid AS school_id, NULL::uuid AS personnel_school_id,
	NULL::text AS teaching_stage, '{}'::text[] AS subjects, NULL::text AS title,
	NULL::text AS political_status, NULL::text AS education, NULL::date AS homeroom_since,
	'left' AS status, NULL::uuid AS merged_into_id, p.version,
	instant(p.created_at) AS created_at, instant(p.updated_at) AS updated_at
FROM person p
WHERE p.teacher AND p.voided_at IS NULL;
GRANT SELECT ON former_teacher_members TO qinglan_app;

CREATE VIEW former_teacher_view WITH (security_invoker = true) AS
SELECT f.* FROM former_teacher_members f JOIN person p ON p.id = f.id
WHERE CASE WHEN (SELECT current_setting('qinglan.sees', true)) = 'school'
	THEN ((SELECT nullif(current_setting('qinglan.school', true), '')::uuid)
		IN (p.school, p.personnel_school)) IS NOT TRUE
	ELSE p.school IS NULL AND p.personnel_school IS NULL END;
GRANT SELECT ON former_teacher_view TO qinglan_app;

-- True while the person whom the request names is seen as she is today, not as she was when she left,
-- which only a school may come to see.
CREATE FUNCTION subject_is_present() RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT CASE WHEN coalesce(current_setting('qinglan.until_on', true), '') IN ('', 'infinity') THEN true
	ELSE current_setting('qinglan.until_on')::date >= today() END
$$;

-- One who left. A function, so that reading a teacher of today does not pay for its plan.
CREATE FUNCTION former_teacher(its_id uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT row_to_json(f) FROM former_teacher_members f WHERE f.id = its_id);
END
$$;

CREATE VIEW external_person_view WITH (security_invoker = true) AS
SELECT p.id, p.name, p.unit, p.post AS title, p.phone, p.school AS school_id, p.version,
	instant(p.created_at) AS created_at, instant(p.updated_at) AS updated_at
FROM person p
WHERE p.external AND p.voided_at IS NULL AND p.merged_into IS NULL;
GRANT SELECT ON external_person_view TO qinglan_app;

CREATE VIEW office_holder_view WITH (security_invoker = true) AS
SELECT h.id, h.office AS office_id, h.person AS person_id, p.name AS person_name, h.kind,
	lower(h.during) AS started_on, last_day(h.during) AS ended_on, h.version,
	instant(h.created_at) AS created_at, instant(h.updated_at) AS updated_at
FROM office_holder h
LEFT JOIN person p ON p.county = h.county AND p.id = h.person;
GRANT SELECT ON office_holder_view TO qinglan_app;

CREATE VIEW office_view WITH (security_invoker = true) AS
SELECT o.id, o.name, o.kind, o.school AS school_id, o.version,
	instant(o.created_at) AS created_at, instant(o.updated_at) AS updated_at
FROM office o;
GRANT SELECT ON office_view TO qinglan_app;

-- Of one who left a school it sees the name and the offices that she held there.
CREATE VIEW officer_view WITH (security_invoker = true) AS
SELECT p.id, p.name, CASE WHEN t.seen THEN p.phone END AS phone, CASE WHEN t.seen THEN p.unit END AS unit,
	CASE WHEN t.seen THEN p.post END AS title, CASE WHEN t.seen THEN p.school END AS school_id,
	coalesce((SELECT json_agg(json_build_object('office_id', o.id, 'office_name', o.name, 'kind', h.kind,
			'started_on', lower(h.during), 'ended_on', last_day(h.during)) ORDER BY lower(h.during), h.id)
		FROM office_holder h JOIN office o ON o.county = h.county AND o.id = h.office
		WHERE h.person = p.id), '[]') AS offices, p.version,
	instant(p.created_at) AS created_at, instant(p.updated_at) AS updated_at
FROM person p CROSS JOIN LATERAL (SELECT is_seen_today(p.id) AS seen OFFSET 0) t
WHERE p.officer AND p.voided_at IS NULL AND p.merged_into IS NULL;
GRANT SELECT ON officer_view TO qinglan_app;

CREATE VIEW membership_view WITH (security_invoker = true) AS
SELECT m.id, m.person AS teacher_id, m.school AS school_id, m.kind, lower(m.during) AS started_on,
	last_day(m.during) AS ended_on, m.reason, m.version,
	instant(m.created_at) AS created_at, instant(m.updated_at) AS updated_at
FROM membership m;
GRANT SELECT ON membership_view TO qinglan_app;

CREATE VIEW title_view WITH (security_invoker = true) AS
SELECT t.id, t.person AS teacher_id, t.name AS title, t.obtained_on, t.version,
	instant(t.created_at) AS created_at, instant(t.updated_at) AS updated_at
FROM title t;
GRANT SELECT ON title_view TO qinglan_app;

CREATE VIEW identifier_view WITH (security_invoker = true) AS
SELECT i.id, i.person AS teacher_id, i.source, i.value, i.ended_on, i.version,
	instant(i.created_at) AS created_at, instant(i.updated_at) AS updated_at
FROM identifier i;
GRANT SELECT ON identifier_view TO qinglan_app;
