-- Offices and who holds them, classes and who leads them.

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
	-- The school, or nil for the bureau's: what its holders are held to, for NULL would match no key.
	place uuid NOT NULL GENERATED ALWAYS AS (coalesce(school, '00000000-0000-0000-0000-000000000000')) STORED,
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	CONSTRAINT office_place UNIQUE (county, id, place),
	CONSTRAINT office_name UNIQUE NULLS NOT DISTINCT (county, school, name)
);
CALL wall('office', reads => '$all OR school IS NULL OR school = $school', writes => '$all OR school = $school',
	gate => 'SELECT');

-- A holder's school is her office's, since the wall judges by it.
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
	place uuid NOT NULL GENERATED ALWAYS AS (coalesce(school, '00000000-0000-0000-0000-000000000000')) STORED,
	PRIMARY KEY (county, id),
	CONSTRAINT holder_of_an_office_of_the_school
		FOREIGN KEY (county, office, place) REFERENCES office (county, id, place),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
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
	-- What it is or, from the day after ended_on, will be.
	status text NOT NULL DEFAULT 'active' CHECK (status IN ('active', 'graduated', 'ended')),
	ended_on date,
	end_reason text NOT NULL DEFAULT '',
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT class_of_school UNIQUE (county, id, school),
	CONSTRAINT class_has_ended CHECK ((status = 'active') = (ended_on IS NULL)),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE UNIQUE INDEX class_number_unique ON class (county, school, stage, entry_year, number)
	WHERE status <> 'ended';
CREATE INDEX class_by_entry_year ON class (county, (-entry_year), stage, number, id);
CREATE INDEX class_by_school ON class (county, school, (-entry_year), stage, number, id);
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

-- Who leads or helps to lead a class of the school, or stands by to (a reserve has no class yet). One row from
-- the proposal on; until she is appointed it has no days, so that nothing that asks for a day finds it. What
-- is recorded as it is (by a list, on going over to a school year) was never proposed. How it goes on:
-- 0016_appointments.sql.
CREATE TABLE homeroom_appointment (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	person uuid NOT NULL,
	class uuid,
	school uuid NOT NULL,
	kind text NOT NULL
		CHECK (kind IN ('homeroom', 'acting', 'deputy', 'assistant', 'trainee', 'reserve')),
	during daterange CHECK (NOT isempty(during) AND NOT lower_inf(during)),
	start_reason text NOT NULL DEFAULT '',
	end_reason text NOT NULL DEFAULT '',
	way text NOT NULL DEFAULT 'record' CHECK (way IN ('application', 'nomination', 'record')),
	state text NOT NULL DEFAULT 'appointed'
		CHECK (state IN ('proposed', 'qualified', 'unqualified', 'withdrawn', 'appointed')),
	proposed_on date,
	proposed_by uuid,
	statement text CHECK (length(statement) <= 2000),
	-- The review: [{code, met, note}], who sat on it, and who entered it.
	conditions jsonb NOT NULL DEFAULT '[]',
	reviewers text[] NOT NULL DEFAULT '{}',
	reviewed_at timestamptz,
	reviewed_by uuid,
	appointed_by uuid,
	-- How often it was renewed, and the first day of the time added last.
	renewals int NOT NULL DEFAULT 0,
	renewed_on date,
	-- The letter of duties (责任书), its text and the number of that text; absent while it has none.
	letter text CHECK (length(letter) BETWEEN 1 AND 8000),
	letter_version int NOT NULL DEFAULT 0,
	accepted_at timestamptz,
	accepted_by uuid,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	CONSTRAINT appointed_has_days CHECK ((state = 'appointed') = (during IS NOT NULL)),
	CONSTRAINT recorded_is_appointed CHECK (way <> 'record' OR state IN ('appointed', 'withdrawn')),
	CONSTRAINT qualified_was_reviewed
		CHECK (way = 'record' OR state IN ('proposed', 'withdrawn') OR reviewed_at IS NOT NULL),
	CONSTRAINT nobody_appoints_herself CHECK (person <> ALL (ARRAY[reviewed_by, appointed_by])),
	CONSTRAINT letter_has_a_version CHECK ((letter IS NULL) = (letter_version = 0)),
	CONSTRAINT letter_is_accepted CHECK (accepted_at IS NULL OR letter IS NOT NULL),
	CONSTRAINT appointment_to_a_class_of_the_school
		FOREIGN KEY (county, class, school) REFERENCES class (county, id, school),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	CONSTRAINT appointment_has_a_class CHECK (kind IN ('reserve', 'trainee') OR class IS NOT NULL),
	CONSTRAINT class_has_one_homeroom_teacher
		EXCLUDE USING gist (county WITH =, class WITH =, during WITH &&) WHERE (kind IN ('homeroom', 'acting')),
	CONSTRAINT appointment_once
		-- By the person's text, as with memberships.
		EXCLUDE USING gist (county WITH =, (person::text) WITH =, school WITH =, kind WITH =,
			coalesce(class, '00000000-0000-0000-0000-000000000000') WITH =, during WITH &&)
);
CREATE INDEX homeroom_appointment_by_person ON homeroom_appointment (county, person);
CREATE INDEX homeroom_appointment_by_class ON homeroom_appointment (county, class) WHERE class IS NOT NULL;
CREATE INDEX homeroom_appointment_by_school ON homeroom_appointment (county, school, person);
CREATE INDEX homeroom_appointment_by_state ON homeroom_appointment (county, state, created_at, id);
CREATE INDEX homeroom_appointment_by_day ON homeroom_appointment (county, created_at, id);
CREATE INDEX homeroom_appointment_proposed ON homeroom_appointment (county, school, state)
	WHERE state IN ('proposed', 'qualified');
CREATE INDEX homeroom_appointment_ending ON homeroom_appointment (county, school, upper(during))
	WHERE state = 'appointed' AND end_reason = '';
CREATE INDEX homeroom_appointment_letter ON homeroom_appointment (county, school)
	WHERE letter IS NOT NULL AND accepted_at IS NULL;
CREATE UNIQUE INDEX appointment_proposed_once ON homeroom_appointment (county, person, school, kind,
	coalesce(class, '00000000-0000-0000-0000-000000000000')) WHERE state IN ('proposed', 'qualified');
-- She applies herself, but gives herself no days.
CALL wall('homeroom_appointment',
	reads => '$all OR school = $school OR person = $subject AND lower(during) <= $until_on'
		' OR $sees = ''self'' AND person = $person',
	writes => '$all OR school = $school OR $sees = ''self'' AND person = $person AND during IS NULL');
CREATE TRIGGER homeroom_appointment_of_current_person BEFORE INSERT ON homeroom_appointment
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- Appointments follow the working school.

-- The first spell without a gap, of those that meet DAYS, in which a person works in a school; without an end
-- for who was made for it and has no memberships. NULL: she does not work there then.
CREATE FUNCTION work_spell(its_county int, its_person uuid, its_school uuid, days daterange) RETURNS daterange
LANGUAGE sql STABLE AS
$$
SELECT coalesce(
	(SELECT w.spell
	FROM (SELECT unnest(range_agg(m.during)) AS spell FROM membership m
		WHERE m.county = its_county AND m.person = its_person AND m.school = its_school
			AND m.kind = 'working') w
	WHERE w.spell && days ORDER BY w.spell LIMIT 1),
	(SELECT '(,)'::daterange FROM person p
	WHERE p.county = its_county AND p.id = its_person AND p.school = its_school
		AND NOT EXISTS (SELECT FROM membership m WHERE m.county = p.county AND m.person = p.id)))
$$;

-- An appointment is given to who works in the school, and ends with that spell at the latest. The memberships
-- are held, so that who appoints and who ends one wait for each other.
CREATE FUNCTION appointment_within_work() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	works daterange;
BEGIN
	PERFORM FROM membership m
	WHERE m.county = NEW.county AND m.person = NEW.person AND m.school = NEW.school AND m.kind = 'working'
		AND m.during && NEW.during
	FOR SHARE;
	works := work_spell(NEW.county, NEW.person, NEW.school, NEW.during);
	IF works IS NULL THEN
		PERFORM raise_problem('not-at-work', '{}', 'QL409');
	ELSIF upper(works) < coalesce(upper(NEW.during), 'infinity') THEN
		NEW.during := daterange(lower(NEW.during), upper(works));
		NEW.end_reason := CASE NEW.end_reason WHEN '' THEN '离开学校' ELSE NEW.end_reason END;
	END IF;
	RETURN NEW;
END
$$;
CALL engine_owned('appointment_within_work()');
CREATE TRIGGER appointment_within_work BEFORE INSERT ON homeroom_appointment
	FOR EACH ROW WHEN (NEW.during IS NOT NULL) EXECUTE FUNCTION appointment_within_work();
-- So is one who was proposed, and one that is renewed.
CREATE TRIGGER appointment_given_within_work BEFORE UPDATE OF during ON homeroom_appointment
	FOR EACH ROW WHEN (NEW.during IS NOT NULL AND (OLD.during IS NULL OR NEW.renewals > OLD.renewals))
	EXECUTE FUNCTION appointment_within_work();

-- What becomes of those that she has when a membership is moved or withdrawn: they end with the spell that is
-- left; one that ended with the membership goes on with it, unless another has its place; one that is outside
-- of all her work in the school never was.
CREATE FUNCTION work_moves_appointments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	WITH hers AS MATERIALIZED (
		SELECT a.county, a.id, w.during AS worked,
			work_spell(a.county, a.person, a.school, a.during) AS works
		FROM was w
		JOIN homeroom_appointment a ON a.county = w.county AND a.person = w.person AND a.school = w.school
		WHERE w.kind = 'working' AND a.during IS NOT NULL
	), gone AS (
		DELETE FROM homeroom_appointment a USING hers h
		WHERE a.county = h.county AND a.id = h.id AND h.works IS NULL
	)
	UPDATE homeroom_appointment a SET during = daterange(lower(a.during), upper(h.works)),
		end_reason = CASE WHEN upper_inf(h.works) THEN '' WHEN a.end_reason = '' THEN '离开学校'
			ELSE a.end_reason END,
		version = a.version + 1, updated_at = clock_now()
	FROM hers h
	WHERE a.county = h.county AND a.id = h.id AND (
		upper(h.works) < coalesce(upper(a.during), 'infinity')
		OR upper(a.during) = upper(h.worked) AND a.end_reason = '离开学校'
			AND upper(a.during) < coalesce(upper(h.works), 'infinity')
			AND NOT EXISTS (SELECT FROM homeroom_appointment o
				WHERE o.county = a.county AND o.during && daterange(upper(a.during), upper(h.works))
					AND (o.class = a.class
						AND a.kind IN ('homeroom', 'acting') AND o.kind IN ('homeroom', 'acting')
					OR (o.person, o.school, o.kind) = (a.person, a.school, a.kind)
						AND o.class IS NOT DISTINCT FROM a.class)));
	RETURN NULL;
END
$$;
CALL engine_owned('work_moves_appointments()');
CREATE TRIGGER work_moved AFTER UPDATE ON membership REFERENCING OLD TABLE AS was
	FOR EACH STATEMENT EXECUTE FUNCTION work_moves_appointments();
CREATE TRIGGER work_withdrawn AFTER DELETE ON membership REFERENCING OLD TABLE AS was
	FOR EACH STATEMENT EXECUTE FUNCTION work_moves_appointments();
