-- Enrolments: who takes part in a course, who waits, and the places that schools were allotted.
--
-- A place is taken and given back by the engine alone, under the lock of the course's row, for nobody else sees
-- all who have one. Whoever changes an enrolment locks its course first, so that no two wait for each other.

-- ---------------------------------------------------------------- tables

-- A person in a course, once. The organiser admits; `organiser` is the course's school (NULL: the county), `school`
-- the one in which she worked when she enrolled.
CREATE TABLE enrolment (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	course uuid NOT NULL,
	organiser uuid,
	person uuid NOT NULL,
	school uuid NOT NULL,
	way text NOT NULL CHECK (way IN ('application', 'nomination', 'audience', 'allotment')),
	-- applied: waits for her school; agreed: for the organiser; waiting: for a place, in the order of queue_number;
	-- excepted: named as an exception when the whole audience was enrolled.
	state text NOT NULL CHECK (state IN
		('applied', 'agreed', 'waiting', 'admitted', 'rejected', 'excepted', 'withdrawn', 'cancelled')),
	queued_at timestamptz,
	queue_number bigint,
	admitted_at timestamptz,
	reason text CHECK (length(reason) <= 500),
	-- Who entered it for her; absent when she did herself.
	entered_by uuid,
	-- What came of it, settled once with the course.
	result text CHECK (result IN ('excellent', 'qualified', 'failed')),
	score numeric(6,2) CHECK (score >= 0),
	attempt int NOT NULL DEFAULT 0,
	settled_at timestamptz,
	settled_hours numeric(5,2),
	settled_reason text,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT enrolled_once UNIQUE (county, course, person),
	CONSTRAINT enrolment_of_course UNIQUE (county, id, course),
	CONSTRAINT who_waits_has_a_number CHECK (state <> 'waiting' OR queue_number IS NOT NULL),
	FOREIGN KEY (county, course) REFERENCES course (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE INDEX enrolment_by_person ON enrolment (county, person, id);
CREATE INDEX enrolment_by_course ON enrolment (county, course, id);
CREATE INDEX enrolment_by_school ON enrolment (county, school, id);
CREATE INDEX enrolment_by_organiser ON enrolment (county, organiser, id) WHERE organiser IS NOT NULL;
CREATE INDEX enrolment_by_state ON enrolment (county, state, id);
CREATE INDEX enrolment_places ON enrolment (county, course, school) WHERE state = 'admitted';
CREATE INDEX enrolment_undecided ON enrolment (county, course, state, school) WHERE state IN ('applied', 'agreed');
CREATE UNIQUE INDEX enrolment_waiting ON enrolment (county, course, queue_number) WHERE state = 'waiting';
CALL wall('enrolment',
	reads => '$all OR school = $school OR organiser = $school OR person = $person',
	writes => '$all OR school = $school OR organiser = $school OR person = $person');
CREATE TRIGGER enrolment_of_current_person BEFORE INSERT ON enrolment
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- Places (名额) kept for a school's people; from returns_on on, those not used are free for all. A list that is put
-- again without a school leaves it without places.
CREATE TABLE course_allotment (
	county int NOT NULL,
	course uuid NOT NULL,
	school uuid NOT NULL,
	organiser uuid,
	places int NOT NULL CHECK (places BETWEEN 0 AND 100000),
	-- The school has to fill them.
	duty boolean NOT NULL DEFAULT false,
	returns_on date,
	PRIMARY KEY (county, course, school),
	FOREIGN KEY (county, course) REFERENCES course (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE INDEX course_allotment_by_school ON course_allotment (county, school);
CALL wall('course_allotment', reads => '$all OR school = $school OR organiser = $school',
	writes => '$all OR organiser = $school');

-- The places of schools, with how many each uses and leaves.
CREATE VIEW allotment_use WITH (security_invoker = true) AS
SELECT a.*, n.used, greatest(a.places - n.used, 0) AS unfilled
FROM course_allotment a
CROSS JOIN LATERAL (SELECT count(*) AS used FROM enrolment e WHERE e.county = a.county
	AND e.course = a.course AND e.school = a.school AND e.state = 'admitted') n
WHERE a.places > 0;
GRANT SELECT ON allotment_use TO qinglan_app, qinglan_engine;

-- ---------------------------------------------------------------- audience

-- The engine's, for a teacher does not see her own appointments unless the request names her.
CREATE FUNCTION is_in_audience(its_course uuid, its_person uuid) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN EXISTS (SELECT FROM course c JOIN person p ON p.county = c.county AND p.id = its_person
		WHERE c.county = this_county() AND c.id = its_course AND course_is_for(c, p, today()));
END
$$;
CALL engine_owned('is_in_audience(uuid, uuid)', 'qinglan_app');

-- ---------------------------------------------------------------- places

-- A course, held until the transaction ends: who takes a place and who gives one back wait for each other here.
CREATE FUNCTION course_locked(its_course uuid) RETURNS course LANGUAGE plpgsql AS $$
DECLARE
	c course;
BEGIN
	SELECT * INTO c FROM course k WHERE k.county = this_county() AND k.id = its_course FOR NO KEY UPDATE;
	RETURN c;
END
$$;
CALL engine_owned('course_locked(uuid)', 'qinglan_app');

-- The schools that have not used the places of a course which are kept for them, and how many each has left.
CREATE FUNCTION course_kept(its_course uuid) RETURNS TABLE (school uuid, places bigint) LANGUAGE sql STABLE AS
$$
SELECT a.school, a.unfilled FROM allotment_use a
WHERE a.county = this_county() AND a.course = its_course AND a.unfilled > 0
	AND coalesce(a.returns_on > today(), true)
$$;

-- What is left of a course's places: KEPT of them for the SCHOOLS that have not used theirs, FREE for all (NULL:
-- without limit; below zero when the capacity went down).
CREATE FUNCTION course_room(its_course uuid, OUT kept int, OUT free int, OUT schools uuid[]) LANGUAGE plpgsql STABLE AS $$
DECLARE
	unused int;
BEGIN
	SELECT c.capacity - c.taken INTO unused FROM course c WHERE c.county = this_county() AND c.id = its_course;
	SELECT coalesce(sum(k.places), 0), coalesce(array_agg(k.school), '{}') INTO kept, schools
	FROM course_kept(its_course) k;
	free := unused - kept;
	IF unused <= 0 THEN
		schools := '{}';
	END IF;
END
$$;
CALL engine_owned('course_room(uuid)', 'qinglan_app');

-- Of people who come one after the other, each from her school in COMING, the numbers of those for whom a course
-- has a place: one of those kept for her school while there are some, then one that is free for all.
CREATE FUNCTION course_seats(its_course uuid, coming uuid[]) RETURNS SETOF bigint LANGUAGE sql STABLE AS
$$
SELECT s.n
FROM course_room(its_course) r
CROSS JOIN LATERAL (
	SELECT o.n, o.is_kept, row_number() OVER (PARTITION BY o.is_kept ORDER BY o.n) AS nth
	FROM (SELECT w.n, coalesce(row_number() OVER (PARTITION BY w.school ORDER BY w.n) <= k.places, false) AS is_kept
		FROM unnest(coming) WITH ORDINALITY AS w(school, n)
		LEFT JOIN course_kept(its_course) k ON k.school = w.school) o
) s
WHERE coalesce(s.nth <= r.free + CASE WHEN s.is_kept THEN r.kept ELSE 0 END, true)
$$;

-- The number that the next who waits for a course gets.
CREATE FUNCTION course_queue_end(its_course uuid) RETURNS bigint LANGUAGE sql STABLE AS
$$
SELECT 1 + coalesce(max(e.queue_number), 0) FROM enrolment e
WHERE e.county = this_county() AND e.course = its_course AND e.state = 'waiting'
$$;
REVOKE ALL ON FUNCTION course_kept(uuid), course_seats(uuid, uuid[]), course_queue_end(uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION course_kept(uuid), course_seats(uuid, uuid[]), course_queue_end(uuid) TO qinglan_engine;

-- While a course that is held is open, admits those who wait as far as there are places, the first first.
CREATE FUNCTION course_fill(its_course uuid) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	-- Of a full course the queue need not be read.
	IF NOT (SELECT coalesce(r.free > 0, true) OR r.schools <> '{}' FROM course_room(its_course) r) THEN
		RETURN;
	END IF;
	UPDATE enrolment e SET state = 'admitted', version = e.version + 1, updated_at = clock_now()
	WHERE e.county = this_county() AND e.id IN (
		SELECT q.ids[s.n]
		FROM (SELECT array_agg(w.id ORDER BY w.queue_number) AS ids,
				array_agg(w.school ORDER BY w.queue_number) AS schools
			FROM course c JOIN enrolment w ON w.county = c.county AND w.course = c.id
			WHERE c.county = this_county() AND c.id = its_course AND c.state = 'open' AND w.state = 'waiting'
			HAVING count(*) > 0) q
		CROSS JOIN LATERAL course_seats(its_course, q.schools) AS s(n));
END
$$;
CALL engine_owned('course_fill(uuid)', 'qinglan_app');

-- Who is to be admitted, by hand or because the course does so by itself, gets a place, or joins those who wait
-- when there is none; those who wait already go first. Who waited, or is entered with the time of her admission, has
-- hers from the engine (course_fill, enrolments_put).
CREATE FUNCTION enrolment_takes_its_place() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	its course := course_locked(NEW.course);
	was text := CASE TG_OP WHEN 'UPDATE' THEN OLD.state END;
BEGIN
	IF NEW.state = 'agreed' AND its.admission = 'automatic' THEN
		NEW.state := 'admitted';
	END IF;
	IF NEW.state <> 'admitted' OR was = 'admitted' OR TG_OP = 'INSERT' AND NEW.admitted_at IS NOT NULL THEN
		RETURN NEW;
	ELSIF was IS DISTINCT FROM 'waiting' THEN
		PERFORM course_fill(NEW.course);
		IF NOT EXISTS (SELECT FROM course_seats(NEW.course, ARRAY[NEW.school])) THEN
			NEW.state := 'waiting';
			NEW.queued_at := clock_now();
			NEW.queue_number := course_queue_end(NEW.course);
			RETURN NEW;
		END IF;
	END IF;
	NEW.admitted_at := clock_now();
	RETURN NEW;
END
$$;
CALL engine_owned('enrolment_takes_its_place()');
CREATE TRIGGER enrolment_takes_its_place BEFORE INSERT OR UPDATE OF state ON enrolment
	FOR EACH ROW EXECUTE FUNCTION enrolment_takes_its_place();

-- Counts the places that a statement took; those that it gave back go to the first who wait.
CREATE FUNCTION enrolments_count_places() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	its record;
BEGIN
	IF TG_OP = 'INSERT' THEN
		UPDATE course c SET taken = c.taken + n.gained
		FROM (SELECT e.county, e.course, count(*) AS gained FROM entered e WHERE e.state = 'admitted'
			GROUP BY e.county, e.course) n
		WHERE c.county = n.county AND c.id = n.course;
		RETURN NULL;
	END IF;
	FOR its IN SELECT n.county, n.course, sum(n.gain) AS gained
		FROM (SELECT a.county, a.course, 1 AS gain FROM entered a WHERE a.state = 'admitted'
			UNION ALL SELECT b.county, b.course, -1 FROM replaced b WHERE b.state = 'admitted') n
		GROUP BY n.county, n.course HAVING sum(n.gain) <> 0 ORDER BY n.course
	LOOP
		UPDATE course c SET taken = c.taken + its.gained WHERE c.county = its.county AND c.id = its.course;
		IF its.gained < 0 THEN
			PERFORM course_fill(its.course);
		END IF;
	END LOOP;
	RETURN NULL;
END
$$;
CALL engine_owned('enrolments_count_places()');
CREATE TRIGGER enrolments_entered_count_places AFTER INSERT ON enrolment
	REFERENCING NEW TABLE AS entered FOR EACH STATEMENT EXECUTE FUNCTION enrolments_count_places();
CREATE TRIGGER enrolments_changed_count_places AFTER UPDATE ON enrolment
	REFERENCING NEW TABLE AS entered OLD TABLE AS replaced
	FOR EACH STATEMENT EXECUTE FUNCTION enrolments_count_places();

-- So do places that a course gets by a higher capacity.
CREATE FUNCTION course_gives_places() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM course_fill(NEW.id);
	RETURN NULL;
END
$$;
CALL engine_owned('course_gives_places()');
CREATE TRIGGER course_gives_places AFTER UPDATE OF capacity ON course
	FOR EACH ROW WHEN (NEW.capacity IS DISTINCT FROM OLD.capacity) EXECUTE FUNCTION course_gives_places();

-- With a course that is cancelled its enrolments are.
CREATE FUNCTION course_cancels_enrolments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE enrolment e SET state = 'cancelled', reason = NEW.reason, version = e.version + 1, updated_at = clock_now()
	WHERE e.county = NEW.county AND e.course = NEW.id AND e.state IN ('applied', 'agreed', 'waiting', 'admitted');
	RETURN NULL;
END
$$;
CALL engine_owned('course_cancels_enrolments()');
CREATE TRIGGER course_cancels_enrolments AFTER UPDATE OF state ON course
	FOR EACH ROW WHEN (NEW.state = 'cancelled' AND OLD.state <> 'cancelled')
	EXECUTE FUNCTION course_cancels_enrolments();

-- ---------------------------------------------------------------- to enrol

-- Enters a person in a course that is held, or again who withdrew: the id. The engine's, for the school that she
-- came to does not see where she withdrew in the one before.
CREATE FUNCTION enrolment_put(its_course course, its_person uuid, its_school uuid, its_way text, its_state text,
	its_reason text DEFAULT NULL)
RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	here int := this_county();
	by_another uuid := nullif(this_person(), its_person);
	earlier enrolment;
BEGIN
	SELECT * INTO earlier FROM enrolment e
	WHERE e.county = here AND e.course = its_course.id AND e.person = its_person;
	IF NOT FOUND THEN
		INSERT INTO enrolment (county, course, organiser, person, school, way, state, reason, entered_by)
		VALUES (here, its_course.id, its_course.school, its_person, its_school, its_way, its_state, its_reason,
			by_another)
		RETURNING id INTO earlier.id;
	ELSIF earlier.state <> 'withdrawn' THEN
		PERFORM raise_problem('already-enrolled', jsonb_build_object('enrolment_id', earlier.id), 'QL409');
	ELSE
		UPDATE enrolment e SET school = its_school, way = its_way, state = its_state, reason = its_reason,
			entered_by = by_another, queued_at = NULL, queue_number = NULL, admitted_at = NULL,
			result = NULL, score = NULL, attempt = 0, version = e.version + 1, updated_at = clock_now()
		WHERE e.county = here AND e.id = earlier.id;
	END IF;
	RETURN earlier.id;
END
$$;
CALL engine_owned('enrolment_put(course, uuid, uuid, text, text, text)', 'qinglan_app');

-- Enters many at once in a course that is held, who were never in it: the first first, as far as there are places; who
-- has a reason is excepted. How many of each.
CREATE FUNCTION enrolments_put(its_course course, persons uuid[], schools uuid[], reasons text[], OUT admitted bigint,
	OUT waiting bigint, OUT excepted bigint) LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	queue_end bigint;
BEGIN
	PERFORM course_fill(its_course.id);
	queue_end := course_queue_end(its_course.id);
	WITH who AS (
		SELECT w.*, row_number() OVER (PARTITION BY w.reason IS NULL ORDER BY w.n) AS nth
		FROM unnest(persons, schools, reasons) WITH ORDINALITY AS w(person, school, reason, n)
	), seat AS MATERIALIZED (
		SELECT s.nth FROM course_seats(its_course.id,
			ARRAY(SELECT w.school FROM who w WHERE w.reason IS NULL ORDER BY w.n)) AS s(nth)
	), put AS (
		SELECT w.*, CASE WHEN w.reason IS NOT NULL THEN 'excepted' WHEN s.nth IS NOT NULL THEN 'admitted'
			ELSE 'waiting' END AS state
		FROM who w LEFT JOIN seat s ON s.nth = w.nth AND w.reason IS NULL
	), entered AS (
		INSERT INTO enrolment AS e (county, course, organiser, person, school, way, state, queued_at, queue_number,
			admitted_at, reason, entered_by)
		SELECT this_county(), its_course.id, its_course.school, p.person, p.school, 'audience', p.state,
			CASE p.state WHEN 'waiting' THEN clock_now() END,
			CASE p.state WHEN 'waiting' THEN
				queue_end - 1 + row_number() OVER (PARTITION BY p.state ORDER BY p.n) END,
			CASE p.state WHEN 'admitted' THEN clock_now() END, p.reason,
			this_person()
		FROM put p ORDER BY p.n
		RETURNING e.state
	)
	SELECT count(*) FILTER (WHERE n.state = 'admitted'), count(*) FILTER (WHERE n.state = 'waiting'),
		count(*) FILTER (WHERE n.state = 'excepted') INTO admitted, waiting, excepted
	FROM entered n;
END
$$;
CALL engine_owned('enrolments_put(course, uuid[], uuid[], text[])', 'qinglan_app');

-- True while a course is in one of these states.
CREATE FUNCTION course_must_be(c course, states text[]) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF c.state <> ALL (states) THEN
		PERFORM raise_problem('course-not-open', jsonb_build_object('state', c.state), 'QL409');
	END IF;
	RETURN true;
END
$$;

-- A teacher applies for herself; a school nominates its own people, and within the places allotted to it they are
-- admitted at once; so are all whom the organiser enters. The id.
CREATE FUNCTION enrolment_enter(its_course uuid, its_teacher uuid) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	herself boolean := current_setting('qinglan.sees') = 'self';
	who uuid := CASE WHEN herself THEN coalesce(its_teacher, this_person())
		ELSE its_teacher END;
	is_organiser boolean;
	her_school uuid;
	c course;
	way text;
BEGIN
	SELECT * INTO c FROM course k WHERE k.id = its_course;
	PERFORM must_see(FOUND, '#/course_id');
	SELECT p.school INTO her_school FROM person p WHERE p.id = who AND p.teacher AND CASE WHEN herself
		THEN p.id = this_person() ELSE organises(p.school) END;
	PERFORM must_see(FOUND, '#/teacher_id');
	IF NOT herself THEN
		PERFORM must_be_anothers(who);
	END IF;
	c := course_locked(its_course);
	is_organiser := organises(c.school);
	PERFORM course_must_be(c, '{open}');
	IF NOT is_organiser AND today() NOT BETWEEN coalesce(c.applies_from, '-infinity')
		AND coalesce(c.applies_until, 'infinity') THEN
		PERFORM raise_problem('applications-closed', jsonb_build_object('applies_from', c.applies_from,
			'applies_until', c.applies_until), 'QL409');
	ELSIF NOT is_in_audience(its_course, who) THEN
		PERFORM raise_problem('not-in-audience', '{}', 'QL409');
	END IF;
	way := CASE WHEN herself THEN 'application'
		WHEN NOT is_organiser AND her_school = ANY ((course_room(its_course)).schools) THEN 'allotment'
		ELSE 'nomination' END;
	RETURN enrolment_put(c, who, her_school, way, CASE
		WHEN is_organiser OR way = 'allotment' THEN 'admitted'
		WHEN herself AND c.school IS DISTINCT FROM her_school THEN 'applied'
		ELSE 'agreed' END);
END
$$;

-- Enrols all whom a course is for and who are not in it yet (全员), but for EXCEPTIONS, each with its reason, and
-- the one who acts: how many of each.
CREATE FUNCTION enrol_audience(its_course uuid, exceptions jsonb) RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c course;
	who record;
	before bigint;
BEGIN
	SELECT * INTO c FROM course k WHERE k.id = its_course AND organises(k.school);
	PERFORM must_find(FOUND);
	FOR who IN SELECT x.n - 1 AS place, p.id
		FROM jsonb_array_elements(exceptions) WITH ORDINALITY AS x(item, n)
		LEFT JOIN person p ON p.id = (x.item->>'teacher_id')::uuid AND p.teacher ORDER BY x.n
	LOOP
		PERFORM must_see(who.id IS NOT NULL, format('#/except/%s/teacher_id', who.place));
	END LOOP;
	c := course_locked(its_course);
	PERFORM course_must_be(c, '{open}');
	SELECT count(*) INTO before FROM enrolment e WHERE e.course = its_course;
	RETURN (SELECT json_build_object('course_id', its_course, 'admitted', n.admitted, 'waiting', n.waiting,
			'excepted', n.excepted, 'enrolled_before', before)
		FROM (SELECT array_agg(a.person ORDER BY a.n) AS persons, array_agg(a.school ORDER BY a.n) AS schools,
				array_agg(x.reason ORDER BY a.n) AS reasons
			FROM course_audience(its_course, today()) WITH ORDINALITY AS a(person, school, n)
			LEFT JOIN (SELECT DISTINCT ON (i.item->>'teacher_id') (i.item->>'teacher_id')::uuid AS person,
					i.item->>'reason' AS reason
				FROM jsonb_array_elements(exceptions) WITH ORDINALITY AS i(item, n)
				ORDER BY i.item->>'teacher_id', i.n) x ON x.person = a.person
			WHERE a.person IS DISTINCT FROM this_person()
				AND NOT EXISTS (SELECT FROM enrolment e WHERE e.course = its_course AND e.person = a.person)) w
		CROSS JOIN LATERAL enrolments_put(c, w.persons, w.schools, w.reasons) n);
END
$$;

-- ---------------------------------------------------------------- to decide

-- Takes one step with an enrolment: her school agrees, the organiser admits or rejects, and these and she herself
-- withdraw it. Its id. POINTER is where a body named it; NULL: the address did.
CREATE FUNCTION enrolment_step(its_id uuid, verb text, if_match text, its_reason text, pointer text DEFAULT NULL)
RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	allowed CONSTANT jsonb := '{"applied": ["agree", "reject", "withdraw"], "agreed": ["admit", "reject", "withdraw"],
		"waiting": ["reject", "withdraw"], "admitted": ["reject", "withdraw"], "rejected": ["admit"],
		"excepted": ["admit"], "withdrawn": ["enrol"]}';
	e enrolment;
	is_organiser boolean;
BEGIN
	SELECT * INTO e FROM enrolment n WHERE n.id = its_id;
	PERFORM CASE WHEN pointer IS NULL THEN must_find(FOUND) ELSE must_see(FOUND, pointer) END;
	is_organiser := organises(e.organiser);
	IF verb = 'agree' AND NOT organises(e.school) OR verb IN ('admit', 'reject') AND NOT is_organiser THEN
		PERFORM raise_problem('not-yours-to-decide', '{}', 'QL403');
	END IF;
	IF verb <> 'withdraw' THEN
		PERFORM must_be_anothers(e.person);
	END IF;
	-- What has ended is the organiser's.
	PERFORM course_must_be(course_locked(e.course), CASE WHEN is_organiser THEN '{open, closed}' ELSE '{open}' END::text[]);
	SELECT * INTO e FROM enrolment n WHERE n.id = its_id FOR UPDATE;
	PERFORM next_version(e.version, if_match);
	PERFORM must_be_in_state(e.state, ARRAY(SELECT s.key FROM jsonb_each(allowed) s WHERE s.value ? verb), allowed);
	UPDATE enrolment n SET state = CASE verb WHEN 'agree' THEN 'agreed' WHEN 'admit' THEN 'admitted'
			WHEN 'reject' THEN 'rejected' ELSE 'withdrawn' END,
		reason = its_reason, version = n.version + 1, updated_at = clock_now()
	WHERE n.id = its_id;
	RETURN its_id;
END
$$;

-- One of the organiser's decisions on a list.
CREATE FUNCTION enrolment_decide(its_id uuid, decision text, its_version int, reason text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
BEGIN
	IF decision = 'reject' AND reason IS NULL THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/reason", "code": "required"}', 'QL422');
	END IF;
	RETURN enrolment_step(its_id, decision, coalesce(its_version::text, '*'), reason, '#/enrolment_id');
END
$$;

-- Holds the courses of all these enrolments, in one order for all who do.
CREATE FUNCTION enrolment_courses_held(ids uuid[]) RETURNS bigint LANGUAGE sql VOLATILE AS
$$
SELECT count(course_locked(c.id)) FROM (SELECT DISTINCT e.course AS id FROM enrolment e WHERE e.id = ANY (ids)
	ORDER BY e.course) c
$$;

-- ---------------------------------------------------------------- allotments

-- The schools that have places of a course; of other organisers' a school sees its own.
CREATE FUNCTION allotments_json(its_course uuid) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT json_build_object('course_id', c.id, 'allotments', coalesce((
	SELECT json_agg(json_build_object('school_id', a.school, 'school_name', s.name, 'places', a.places,
		'duty', a.duty, 'returns_on', a.returns_on, 'returned', coalesce(a.returns_on <= today(), false),
		'used', a.used, 'unfilled', a.unfilled) ORDER BY s.code)
	FROM allotment_use a JOIN school s ON s.county = a.county AND s.id = a.school
	WHERE a.county = c.county AND a.course = c.id), '[]'), 'version', c.version)
FROM course c WHERE c.id = its_course
$$;

-- Allots the places of a course anew, and admits who waits for one that is free by it. The course's version goes up.
CREATE FUNCTION allotments_put(its_course uuid, if_match text, wishes jsonb) RETURNS json LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c course;
	wish record;
	free int;
BEGIN
	UPDATE course k SET version = next_version(k.version, if_match), updated_at = clock_now()
	WHERE k.id = its_course RETURNING * INTO c;
	PERFORM must_find(FOUND);
	PERFORM course_must_be(c, '{draft, submitted, returned, approved, open}');
	FOR wish IN SELECT w.n - 1 AS place, s.id, row_number() OVER (PARTITION BY w.item->>'school_id' ORDER BY w.n) AS nth
		FROM jsonb_array_elements(wishes) WITH ORDINALITY AS w(item, n)
		LEFT JOIN school s ON s.id = (w.item->>'school_id')::uuid AND s.status = 'open'
			AND (c.school IS NULL OR c.level = 'cluster' OR s.id = c.school)
		ORDER BY w.n
	LOOP
		PERFORM must_see(wish.id IS NOT NULL, format('#/allotments/%s/school_id', wish.place));
		IF wish.nth > 1 THEN
			PERFORM raise_problem('unprocessable', jsonb_build_object('code', 'named-twice',
				'pointer', format('#/allotments/%s/school_id', wish.place)), 'QL422');
		END IF;
	END LOOP;
	UPDATE course_allotment a SET places = 0
	WHERE a.course = its_course AND a.places > 0
		AND NOT EXISTS (SELECT FROM jsonb_array_elements(wishes) w WHERE (w->>'school_id')::uuid = a.school);
	INSERT INTO course_allotment (county, course, school, organiser, places, duty, returns_on)
	SELECT this_county(), its_course, w.school_id, c.school, w.places, coalesce(w.duty, false), w.returns_on
	FROM jsonb_to_recordset(wishes) AS w(school_id uuid, places int, duty boolean, returns_on date)
	ON CONFLICT (county, course, school) DO UPDATE
		SET places = excluded.places, duty = excluded.duty, returns_on = excluded.returns_on;
	SELECT r.free INTO free FROM course_room(its_course) r;
	IF free < 0 THEN
		PERFORM raise_problem('more-than-its-places',
			jsonb_build_object('capacity', c.capacity, 'short', -free), 'QL409');
	END IF;
	PERFORM course_fill(its_course);
	RETURN allotments_json(its_course);
END
$$;

-- ---------------------------------------------------------------- views

-- What everybody who sees an enrolment is told of its course and its person, seen by her or not.
CREATE FUNCTION enrolment_told(its_course uuid, its_person uuid, OUT title text, OUT name text) LANGUAGE sql STABLE AS
$$
SELECT c.title, p.name FROM course c JOIN person p ON p.county = c.county AND p.id = its_person
WHERE c.county = this_county() AND c.id = its_course
$$;
CALL engine_owned('enrolment_told(uuid, uuid)', 'qinglan_app');

-- A school that she left goes on to call her as it knew her.
CREATE VIEW enrolment_view WITH (security_invoker = true) AS
SELECT e.id, e.course AS course_id, t.title AS course_title, e.person AS teacher_id,
	coalesce((SELECT k.name FROM person p CROSS JOIN LATERAL person_as_known(p) k
		WHERE p.county = e.county AND p.id = e.person), t.name) AS teacher_name,
	e.school AS school_id, e.organiser AS organiser_school_id, e.way, e.state,
	CASE e.state WHEN 'waiting' THEN e.queue_number END AS queue_number,
	instant(CASE e.state WHEN 'waiting' THEN e.queued_at END) AS queued_at,
	instant(CASE e.state WHEN 'admitted' THEN e.admitted_at END) AS admitted_at,
	e.reason, e.entered_by, e.result, e.score, e.attempt,
	CASE WHEN e.settled_at IS NOT NULL THEN json_build_object('settled_at', instant(e.settled_at),
		'hours', e.settled_hours, 'reason', e.settled_reason) END AS settlement,
	e.version, instant(e.created_at) AS created_at, instant(e.updated_at) AS updated_at
FROM enrolment e CROSS JOIN LATERAL enrolment_told(e.course, e.person) t;
GRANT SELECT ON enrolment_view TO qinglan_app;

-- The places of a course, counted for who sees it: TAKEN, for whom schools have ALLOTTED ones left, FREE for all.
CREATE FUNCTION course_places(its_course uuid) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT json_build_object('course_id', c.id, 'capacity', c.capacity, 'taken', c.taken,
	'waiting', (SELECT count(*) FROM enrolment e WHERE e.county = c.county AND e.course = c.id AND e.state = 'waiting'),
	'allotted', r.kept, 'free', greatest(r.free, CASE WHEN r.free IS NOT NULL THEN 0 END))
FROM course c CROSS JOIN LATERAL course_room(c.id) r
WHERE c.county = this_county() AND c.id = its_course
$$;
CALL engine_owned('course_places(uuid)', 'qinglan_app');
