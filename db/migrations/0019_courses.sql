-- Courses: what is offered, by whom, for whom, and how hours are earned in it.
--
-- A course of the county has no school; one of a school is for its own people, and at level cluster for
-- those of others too. Enrolment: 0020_enrolments.sql; how sessions change: 0021_sessions.sql.

-- ---------------------------------------------------------------- tables

-- Who sees a course besides its organiser: nobody until it is opened, then its school or all.
CREATE FUNCTION course_shown(state text, school uuid, level text, opened_at timestamptz) RETURNS text
LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE WHEN state IN ('draft', 'submitted', 'returned', 'approved')
		OR state = 'cancelled' AND opened_at IS NULL THEN 'organiser'
	WHEN school IS NULL OR level = 'cluster' THEN 'county' ELSE 'school' END
$$;

CREATE TABLE course (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	school uuid,
	title text NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
	description text CHECK (length(description) <= 4000),
	level hour_level NOT NULL,
	required boolean NOT NULL DEFAULT false,
	-- What it is about and how it is held; these lists lose no row, and what is named is looked up before.
	modules uuid[] NOT NULL DEFAULT '{}',
	modes uuid[] NOT NULL DEFAULT '{}',
	-- How its hours are earned: all of them on passing, by result, or for each session attended.
	credit text NOT NULL DEFAULT 'whole' CHECK (credit IN ('whole', 'result', 'session')),
	hours numeric(5,2) CHECK (hours BETWEEN 0.01 AND 999.99),
	result_hours jsonb,
	minutes_per_hour int NOT NULL DEFAULT 45 CHECK (minutes_per_hour BETWEEN 1 AND 240),
	audience jsonb NOT NULL DEFAULT '{}',
	admission text NOT NULL DEFAULT 'manual' CHECK (admission IN ('manual', 'automatic')),
	capacity int CHECK (capacity BETWEEN 1 AND 100000),
	-- Places taken, kept by the engine: nobody else sees all who have one.
	taken int NOT NULL DEFAULT 0,
	applies_from date,
	applies_until date,
	-- At or over it no credit: so many sessions, or such a share of them.
	absent_sessions int CHECK (absent_sessions > 0),
	absent_share numeric(4,3) CHECK (absent_share > 0 AND absent_share <= 1),
	-- Whoever checks in later than so many minutes after the beginning is late.
	late_after int NOT NULL DEFAULT 15 CHECK (late_after BETWEEN 0 AND 240),
	assessment jsonb NOT NULL DEFAULT '{}',
	provider text CHECK (length(provider) <= 200),
	plan uuid,
	copied_from uuid,
	state text NOT NULL DEFAULT 'draft' CHECK (state IN
		('draft', 'submitted', 'returned', 'approved', 'open', 'closed', 'settled', 'cancelled')),
	reason text,
	opened_at timestamptz,
	recognised_at timestamptz,
	shown text NOT NULL GENERATED ALWAYS AS (course_shown(state, school, level, opened_at)) STORED,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT course_is_shown UNIQUE (county, id, shown),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	FOREIGN KEY (county, plan) REFERENCES plan (county, id),
	FOREIGN KEY (county, copied_from) REFERENCES course (county, id),
	CONSTRAINT course_says_its_hours CHECK (CASE credit WHEN 'whole' THEN hours IS NOT NULL AND result_hours IS NULL
		WHEN 'result' THEN hours IS NULL AND result_hours IS NOT NULL ELSE hours IS NULL AND result_hours IS NULL END),
	CONSTRAINT course_has_a_place CHECK (taken BETWEEN 0 AND coalesce(capacity, taken)),
	CONSTRAINT course_applies CHECK (applies_from <= applies_until)
);
CREATE INDEX course_by_school ON course (county, school, id);
CREATE INDEX course_by_title ON course (county, title, id);
CREATE INDEX course_open ON course (county, id) WHERE state = 'open';
CREATE INDEX course_in_work ON course (county, school)
	WHERE state IN ('draft', 'submitted', 'returned', 'approved', 'open', 'closed');
CREATE INDEX course_of_plan ON course (county, plan) WHERE plan IS NOT NULL;
CREATE INDEX course_copies ON course (county, copied_from) WHERE copied_from IS NOT NULL;
CALL wall('course',
	reads => '$all OR school = $school OR shown = ''county'' OR shown = ''school'' AND school = $workplace',
	writes => '$all OR school = $school');

-- When and where it is held. Who sees the course sees its sessions: what that goes by is kept in line by the key.
CREATE TABLE course_session (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	course uuid NOT NULL,
	school uuid,
	shown text NOT NULL,
	starts_at timestamptz NOT NULL,
	minutes int NOT NULL CHECK (minutes BETWEEN 1 AND 1440),
	place text CHECK (length(place) <= 200),
	theme text CHECK (length(theme) <= 200),
	cancelled_at timestamptz,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT session_of_course UNIQUE (county, id, course),
	CONSTRAINT session_of_a_course_as_shown FOREIGN KEY (county, course, shown) REFERENCES course (county, id, shown)
		ON UPDATE CASCADE
);
-- When it is over.
CREATE FUNCTION session_ends_at(s course_session) RETURNS timestamptz LANGUAGE sql STABLE AS
$$ SELECT s.starts_at + make_interval(mins => s.minutes) $$;
CREATE INDEX course_session_of ON course_session (county, course, starts_at);
CREATE INDEX course_session_by_time ON course_session (county, starts_at);
CALL wall('course_session',
	reads => '$all OR school = $school OR shown = ''county'' OR shown = ''school'' AND school = $workplace',
	writes => '$all OR school = $school');

-- Who holds it: a person of the county, or an external expert; as announced, for those who see no more of her.
CREATE TABLE course_instructor (
	county int NOT NULL,
	course uuid NOT NULL,
	person uuid NOT NULL,
	school uuid,
	shown text NOT NULL,
	name text NOT NULL,
	unit text,
	title text,
	PRIMARY KEY (county, course, person),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	CONSTRAINT instructor_of_a_course_as_shown FOREIGN KEY (county, course, shown) REFERENCES course (county, id, shown)
		ON UPDATE CASCADE
);
CREATE INDEX course_instructor_by_person ON course_instructor (county, person);
CALL wall('course_instructor',
	reads => '$all OR school = $school OR shown = ''county'' OR shown = ''school'' AND school = $workplace'
		' OR person = $person',
	writes => '$all OR school = $school');
CREATE TRIGGER course_instructor_of_current_person BEFORE INSERT ON course_instructor
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- Its files (notice, programme, slides): who sees the course sees them, and its organiser adds and removes them.
ALTER TABLE file ADD CONSTRAINT file_of_a_course_as_shown FOREIGN KEY (county, course, shown)
	REFERENCES course (county, id, shown) ON UPDATE CASCADE;
CREATE INDEX file_of_course ON file (county, course, id) WHERE course IS NOT NULL;

-- True when a course, which is held, takes one more file.
CREATE FUNCTION course_takes_file(its_course uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT int := 20;
BEGIN
	IF most <= (SELECT count(*) FROM file f WHERE f.course = its_course AND f.content IS NOT NULL) THEN
		PERFORM raise_problem('too-many-files', jsonb_build_object('most', most), 'QL409');
	END IF;
	RETURN true;
END
$$;

CREATE VIEW course_file_view WITH (security_invoker = true) AS
SELECT f.id, f.course AS course_id, f.name, f.media_type, f.size, f.version, instant(f.created_at) AS created_at,
	instant(f.updated_at) AS updated_at
FROM file f WHERE f.course IS NOT NULL;
GRANT SELECT ON course_file_view TO qinglan_app;

-- ---------------------------------------------------------------- for whom

-- True unless an audience lists values under NAME and VALUE is none of them.
CREATE FUNCTION audience_lists(audience jsonb, name text, value text) RETURNS boolean LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN audience ? name THEN coalesce(audience->name ? value, false) ELSE true END $$;

-- True when a course is for a person as she is on a day; the school is the one where she works today.
CREATE FUNCTION course_is_for(c course, p person, day date) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL AND p.school IS NOT NULL
	AND (c.school IS NULL OR c.level = 'cluster' OR p.school = c.school)
	AND audience_lists(c.audience, 'school_ids', p.school::text)
	AND audience_lists(c.audience, 'stages', p.teaching_stage)
	AND audience_lists(c.audience, 'titles', p.title)
	AND (NOT c.audience ? 'ages' OR is_of_ages(c.audience->'ages', coalesce((c.audience->>'ages_on')::date, day), p))
	AND CASE WHEN c.audience ?| '{appointment_kinds,appointed_from,appointed_until}' THEN EXISTS (
		SELECT FROM homeroom_appointment a
		WHERE a.county = p.county AND a.person = p.id AND a.during @> day
			AND audience_lists(c.audience, 'appointment_kinds', a.kind)
			AND lower(a.during) >= coalesce((c.audience->>'appointed_from')::date, '-infinity')
			AND lower(a.during) <= coalesce((c.audience->>'appointed_until')::date, 'infinity')) ELSE true END
	AND CASE WHEN c.audience ? 'cohort_id'
		THEN EXISTS (SELECT FROM cohort_member m WHERE m.county = p.county AND m.person = p.id
			AND m.cohort = (c.audience->>'cohort_id')::uuid) ELSE true END
$$;

-- Whom a course is for on a day, as far as they are the caller's to know: all, for who organises it; those of
-- her own school; herself.
CREATE FUNCTION course_audience(its_course uuid, day date) RETURNS TABLE (person uuid, school uuid)
LANGUAGE sql STABLE AS
$$
SELECT p.id, p.school
FROM course c JOIN person p ON p.county = c.county
WHERE c.county = this_county() AND c.id = its_course
	AND (organises(c.school) OR organises(p.school)
		OR p.id = this_person())
	AND course_is_for(c, p, day)
ORDER BY p.school, p.sort_key, p.id
$$;
CALL engine_owned('course_audience(uuid, date)', 'qinglan_app');

-- The courses to which the caller may apply today.
CREATE FUNCTION my_open_courses() RETURNS SETOF uuid LANGUAGE sql STABLE AS
$$
SELECT c.id
FROM person p JOIN course c ON c.county = p.county
WHERE p.county = this_county() AND p.id = this_person()
	AND c.state = 'open'
	AND today() BETWEEN coalesce(c.applies_from, '-infinity') AND coalesce(c.applies_until, 'infinity')
	AND course_is_for(c, p, today())
$$;
CALL engine_owned('my_open_courses()', 'qinglan_app');

-- ---------------------------------------------------------------- making and changing courses

-- What may be done with a course of the county, or of a school, by its state.
CREATE FUNCTION course_allows(of_school boolean) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE WHEN of_school
	THEN '{"draft": ["patch", "sessions", "open", "recognise", "cancel"]}'::jsonb
	ELSE '{"draft": ["patch", "sessions", "submit", "recognise", "cancel"],
		"submitted": ["approve", "return", "recognise", "cancel"],
		"returned": ["patch", "sessions", "submit", "recognise", "cancel"],
		"approved": ["sessions", "open", "recognise", "cancel"]}'::jsonb
END || '{"open": ["patch", "sessions", "close", "recognise", "cancel"],
	"closed": ["patch", "sessions", "settle", "recognise", "cancel"],
	"settled": ["recognise"], "cancelled": []}'::jsonb
$$;

-- The course, locked, if it is the caller's to change and IF_MATCH and its state allow the step VERB.
CREATE FUNCTION course_held(its_id uuid, if_match text, verb text) RETURNS course LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its course;
	allows jsonb;
BEGIN
	SELECT * INTO its FROM course c WHERE c.id = its_id FOR UPDATE;
	PERFORM must_find(FOUND);
	PERFORM next_version(its.version, if_match);
	allows := course_allows(its.school IS NOT NULL);
	PERFORM must_be_in_state(its.state, ARRAY(SELECT a.key FROM jsonb_each(allows) a WHERE a.value ? verb), allows);
	RETURN its;
END
$$;

-- A course with the members of BODY, as the API names them; of audience and assessment, what is null goes.
CREATE FUNCTION course_taking(its course, body jsonb) RETURNS course LANGUAGE sql STABLE AS
$$
SELECT jsonb_populate_record(its, body - '{school_id,module_ids,mode_ids,instructor_ids,plan_id}'::text[]
	|| CASE WHEN body ? 'plan_id' THEN jsonb_build_object('plan', body->'plan_id') ELSE '{}' END
	|| jsonb_strip_nulls(jsonb_build_object('modules', body->'module_ids', 'modes', body->'mode_ids',
		'audience', coalesce(its.audience, '{}') || coalesce(body->'audience', '{}'),
		'assessment', coalesce(its.assessment, '{}') || coalesce(body->'assessment', '{}'))))
$$;

-- True when a rule of a course holds or does not concern it; else the member at POINTER breaks it.
CREATE FUNCTION course_must(rule_holds boolean, pointer text, code text) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF NOT rule_holds THEN
		PERFORM raise_problem('unprocessable', jsonb_build_object('pointer', pointer, 'code', code), 'QL422');
	END IF;
	RETURN true;
END
$$;

-- What the contract cannot say of a course: that what it names is there, and that its members go together.
CREATE FUNCTION course_check(its course, instructors uuid[]) RETURNS void LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM must_see(its.modules <@ ARRAY(SELECT m.id FROM module m), '#/module_ids'),
		must_see(its.modes <@ ARRAY(SELECT m.id FROM mode m), '#/mode_ids'),
		must_see(NOT EXISTS (SELECT FROM unnest(instructors) AS i(id) WHERE NOT EXISTS (SELECT FROM person p
			WHERE p.id = i.id AND p.voided_at IS NULL AND p.merged_into IS NULL)), '#/instructor_ids'),
		-- A school's is for its own people, one of level cluster for those of any.
		must_see(NOT EXISTS (SELECT FROM jsonb_array_elements_text(its.audience->'school_ids') AS s(id)
			WHERE NOT EXISTS (SELECT FROM school k WHERE k.id = s.id::uuid
				AND (its.school IS NULL OR its.level = 'cluster' OR k.id = its.school))),
			'#/audience/school_ids'),
		must_see(NOT its.audience ? 'cohort_id' OR EXISTS (SELECT FROM cohort k
			WHERE k.id = (its.audience->>'cohort_id')::uuid), '#/audience/cohort_id'),
		-- A school's course is of its own plan or of one of the county.
		must_see(its.plan IS NULL OR EXISTS (SELECT FROM plan k
			WHERE k.id = its.plan AND (k.school IS NULL OR k.school = its.school)), '#/plan_id');
	PERFORM must_be_listed('title', t.code, '#/audience/titles/' || (t.n - 1))
	FROM jsonb_array_elements_text(its.audience->'titles') WITH ORDINALITY AS t(code, n);
	PERFORM course_must(its.school IS NULL OR its.level IN ('cluster', 'school', 'self_study'),
			'#/level', 'level-of-the-county'),
		course_must((its.credit = 'whole') = (its.hours IS NOT NULL), '#/hours', 'not-with-this-credit'),
		course_must((its.credit = 'result') = (its.result_hours IS NOT NULL),
			'#/result_hours', 'not-with-this-credit'),
		course_must(its.applies_from <= its.applies_until, '#/applies_until', 'period-reversed'),
		course_must(NOT EXISTS (SELECT FROM jsonb_to_recordset(its.audience->'ages') AS a(from_age int, under_age int)
			WHERE a.from_age >= a.under_age), '#/audience/ages', 'range-reversed'),
		course_must((its.audience->>'appointed_from')::date <= (its.audience->>'appointed_until')::date,
			'#/audience/appointed_until', 'period-reversed'),
		course_must((its.assessment->'exam'->>'pass')::numeric <= (its.assessment->'exam'->>'full')::numeric,
			'#/assessment/exam/pass', 'range-reversed'),
		course_must((its.assessment->'exam'->>'excellent')::numeric BETWEEN (its.assessment->'exam'->>'pass')::numeric
			AND (its.assessment->'exam'->>'full')::numeric, '#/assessment/exam/excellent', 'range-reversed');
END
$$;

-- Who holds a course from now on. The engine's, since those who no longer do are removed.
CREATE FUNCTION course_instruct(its_course uuid, persons uuid[]) RETURNS void LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	DELETE FROM course_instructor i USING course c
	WHERE i.county = this_county() AND i.course = its_course AND i.person <> ALL (persons)
		AND c.county = i.county AND c.id = i.course AND organises(c.school);
	INSERT INTO course_instructor (county, course, person, school, shown, name, unit, title)
	SELECT c.county, c.id, p.id, c.school, c.shown, p.name, coalesce(p.unit, s.name), p.post
	FROM course c JOIN person p ON p.county = c.county AND p.id = ANY (persons)
	LEFT JOIN school s ON s.county = p.county AND s.id = p.school
	WHERE c.county = this_county() AND c.id = its_course AND organises(c.school)
	ON CONFLICT DO NOTHING;
END
$$;
CALL engine_owned('course_instruct(uuid, uuid[])', 'qinglan_app');

-- A new course as a draft, with those who hold it; its id.
CREATE FUNCTION course_insert(its course, persons uuid[]) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its_id uuid;
BEGIN
	INSERT INTO course AS c (county, school, title, description, level, required, modules, modes, credit, hours,
		result_hours, minutes_per_hour, audience, admission, capacity, applies_from, applies_until, absent_sessions,
		absent_share, late_after, assessment, provider, plan, copied_from)
	SELECT this_county(), its.school, its.title, its.description, its.level, its.required, its.modules, its.modes,
		its.credit, its.hours, its.result_hours, its.minutes_per_hour, its.audience, its.admission, its.capacity,
		its.applies_from, its.applies_until, its.absent_sessions, its.absent_share, its.late_after, its.assessment,
		its.provider, its.plan, its.copied_from
	RETURNING c.id INTO its_id;
	PERFORM course_instruct(its_id, persons);
	RETURN its_id;
END
$$;

-- A course of a school or, of who acts for the county, its own; its id.
CREATE FUNCTION course_add(body jsonb) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its course := course_taking(NULL, body);
	persons uuid[] := ARRAY(SELECT jsonb_array_elements_text(body->'instructor_ids'));
BEGIN
	its.school := coalesce((body->>'school_id')::uuid, this_school());
	PERFORM must_be_own_school(its.school, '#/school_id');
	PERFORM course_check(its, persons);
	RETURN course_insert(its, persons);
END
$$;

-- A merge patch. Once people may have enrolled, only what changes no promise: else course-fixed names the members.
CREATE FUNCTION course_change(its_id uuid, if_match text, patch jsonb) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	free text[] := '{description,provider,capacity,applies_from,applies_until,instructor_ids,plan_id}';
	its course := course_held(its_id, if_match, 'patch');
	persons uuid[] := ARRAY(SELECT jsonb_array_elements_text(patch->'instructor_ids'));
BEGIN
	IF its.state IN ('open', 'closed') AND patch - free <> '{}' THEN
		PERFORM raise_problem('course-fixed', jsonb_build_object('state', its.state, 'allowed', free), 'QL409');
	END IF;
	its := course_taking(its, patch);
	PERFORM course_check(its, persons);
	IF its.capacity < its.taken THEN
		PERFORM raise_problem('places-taken', jsonb_build_object('taken', its.taken), 'QL409');
	END IF;
	UPDATE course SET (title, description, level, required, modules, modes, credit, hours, result_hours,
		minutes_per_hour, audience, admission, capacity, applies_from, applies_until, absent_sessions, absent_share,
		late_after, assessment, provider, plan, recognised_at, version, updated_at) = ROW (
		its.title, its.description, its.level,
		its.required, its.modules, its.modes, its.credit, its.hours, its.result_hours, its.minutes_per_hour,
		its.audience, its.admission, its.capacity, its.applies_from, its.applies_until, its.absent_sessions,
		its.absent_share, its.late_after, its.assessment, its.provider, its.plan,
		-- What was recognised was another course.
		CASE WHEN patch - free = '{}' THEN its.recognised_at END, its.version + 1, clock_now())
	WHERE id = its_id;
	IF patch ? 'instructor_ids' THEN
		PERFORM course_instruct(its_id, persons);
	END IF;
	RETURN its_id;
END
$$;

-- Takes a course by the step VERB into another state, with the reason that some steps have.
CREATE FUNCTION course_move(its_id uuid, if_match text, verb text, its_reason text DEFAULT NULL) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM course_held(its_id, if_match, verb);
	UPDATE course c SET reason = its_reason, version = c.version + 1, updated_at = clock_now(),
		state = '{"submit": "submitted", "approve": "approved", "return": "returned", "open": "open",
			"close": "closed", "cancel": "cancelled"}'::jsonb->>verb,
		opened_at = CASE verb WHEN 'open' THEN clock_now() ELSE c.opened_at END
	WHERE c.id = its_id;
	RETURN its_id;
END
$$;

-- Recognises a course (认定); a second time changes nothing.
CREATE FUNCTION course_recognise(its_id uuid, if_match text DEFAULT NULL) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	PERFORM course_held(its_id, if_match, 'recognise');
	UPDATE course c SET recognised_at = clock_now(), version = c.version + 1, updated_at = clock_now()
	WHERE c.id = its_id AND c.recognised_at IS NULL;
	RETURN its_id;
END
$$;

-- A course like another, as a draft. With DAYS its sessions and the days of application come so much later,
-- without it they are left out.
CREATE FUNCTION course_copy(its_id uuid, its_title text, days int) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its course;
	copied uuid;
BEGIN
	-- Locked, so that it is found only where the caller may change it.
	SELECT * INTO its FROM course c WHERE c.id = its_id FOR SHARE;
	PERFORM must_find(FOUND);
	PERFORM must_be_own_school(its.school, '#');
	its.title := coalesce(its_title, its.title);
	its.applies_from := its.applies_from + days;
	its.applies_until := its.applies_until + days;
	its.plan := NULL;
	its.copied_from := its_id;
	copied := course_insert(its, ARRAY(SELECT i.person FROM course_instructor i JOIN person p ON p.id = i.person
		WHERE i.course = its_id AND p.voided_at IS NULL AND p.merged_into IS NULL));
	INSERT INTO course_session (county, course, school, shown, starts_at, minutes, place, theme)
	SELECT c.county, c.id, c.school, c.shown, s.starts_at + make_interval(days => days), s.minutes, s.place, s.theme
	FROM course c CROSS JOIN course_session s
	WHERE c.id = copied AND s.course = its_id AND s.cancelled_at IS NULL AND days IS NOT NULL;
	RETURN copied;
END
$$;

CREATE VIEW course_view WITH (security_invoker = true) AS
SELECT c.id, c.school AS school_id, c.title, c.description, c.level, c.required, c.modules AS module_ids,
	c.modes AS mode_ids, c.credit, c.hours, c.result_hours, c.minutes_per_hour, c.audience, c.admission, c.capacity,
	c.taken, c.applies_from, c.applies_until, c.absent_sessions, c.absent_share, c.late_after, c.assessment,
	c.provider,
	coalesce((SELECT json_agg(json_build_object('person_id', i.person, 'name', i.name, 'unit', i.unit,
			'title', i.title) ORDER BY i.name, i.person)
		FROM course_instructor i WHERE i.county = c.county AND i.course = c.id), '[]') AS instructors,
	s.session_count, instant(s.first_start) AS starts_at, instant(s.last_end) AS ends_at,
	c.plan AS plan_id, c.copied_from AS copied_from_id, c.state,
	CASE WHEN c.state IN ('open', 'closed') AND s.first_start <= clock_now() THEN 'running' ELSE c.state END AS status,
	c.reason, instant(c.recognised_at) AS recognised_at, c.version,
	instant(c.created_at) AS created_at, instant(c.updated_at) AS updated_at
FROM course c
CROSS JOIN LATERAL (
	SELECT count(*) AS session_count, min(s.starts_at) AS first_start,
		max(session_ends_at(s)) AS last_end
	FROM course_session s WHERE s.county = c.county AND s.course = c.id AND s.cancelled_at IS NULL
) s;
GRANT SELECT ON course_view TO qinglan_app;
