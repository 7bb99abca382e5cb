-- Plans (培训方案) of the county and of schools: made, filed, in force unless returned; and the cohorts (分批) that a
-- plan splits a roster into, for instance a third a year. Their courses and promises: 0026_plan_progress.sql.

-- Who sees a plan besides who made it: nobody while it is prepared, then its school or all.
CREATE FUNCTION plan_shown(state text, school uuid) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN state <> 'submitted' THEN 'organiser' WHEN school IS NULL THEN 'county' ELSE 'school' END $$;

-- One of the county has no school. `details` are the members that the contract describes and nothing here asks for:
-- aims, modules, modes, timetable, target hours, responsible people, budget, promises.
CREATE TABLE plan (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	school uuid,
	title text NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
	during daterange NOT NULL
		CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)),
	details jsonb NOT NULL DEFAULT '{}',
	state text NOT NULL DEFAULT 'draft' CHECK (state IN ('draft', 'submitted', 'returned', 'withdrawn')),
	submitted_at timestamptz,
	in_force_on date,
	reason text CHECK (length(reason) <= 500),
	recognised_at timestamptz,
	shown text NOT NULL GENERATED ALWAYS AS (plan_shown(state, school)) STORED,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE INDEX plan_by_day ON plan (county, lower(during), id);
CREATE INDEX plan_by_school ON plan (county, school, lower(during), id);
CREATE INDEX plan_returned ON plan (county, school) WHERE state = 'returned';
CREATE INDEX plan_filed ON plan (county, in_force_on) WHERE state = 'submitted';
CALL wall('plan', reads => '$all OR school = $school OR shown = ''county'' OR shown = ''school'' AND school = $workplace',
	writes => '$all OR school = $school');

-- ---------------------------------------------------------------- rules

-- Its state on a day, and what may be done then: what was filed and not returned is in force.
CREATE FUNCTION plan_state(state text, in_force_on date, day date) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT CASE WHEN state = 'submitted' AND in_force_on <= day THEN 'in_force' ELSE state END $$;
CREATE FUNCTION plan_allows() RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$
SELECT '{"draft": ["patch", "split", "submit", "withdraw"], "returned": ["patch", "submit", "withdraw"],
	"submitted": ["split", "return", "withdraw"], "in_force": ["split", "recognise", "withdraw"]}'::jsonb
$$;

-- The members of a body that are details and not null, after what they name was found.
CREATE FUNCTION plan_details(body jsonb) RETURNS jsonb LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM must_see(EXISTS (SELECT FROM module m WHERE m.id = n.id::uuid), format('#/module_ids/%s', n.n - 1))
	FROM jsonb_array_elements_text(body->'module_ids') WITH ORDINALITY AS n(id, n);
	PERFORM must_see(EXISTS (SELECT FROM mode m WHERE m.id = n.id::uuid), format('#/mode_ids/%s', n.n - 1))
	FROM jsonb_array_elements_text(body->'mode_ids') WITH ORDINALITY AS n(id, n);
	PERFORM must_see(n.promise->>'mode_id' IS NULL
			OR EXISTS (SELECT FROM mode m WHERE m.id = (n.promise->>'mode_id')::uuid),
			format('#/promises/%s/mode_id', n.n - 1)),
		must_be_listed('activity_kind', n.promise->>'activity_kind', format('#/promises/%s/activity_kind', n.n - 1))
	FROM jsonb_array_elements(body->'promises') WITH ORDINALITY AS n(promise, n);
	RETURN (SELECT coalesce(jsonb_object_agg(m.key, m.value), '{}') FROM jsonb_each(body) m
		WHERE m.value <> 'null' AND m.key IN ('aims', 'module_ids', 'mode_ids', 'timetable', 'target_hours',
			'responsible', 'budget', 'promises'));
END
$$;

-- ---------------------------------------------------------------- cohorts

CREATE TABLE cohort (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	plan uuid NOT NULL,
	organiser uuid,
	number int NOT NULL CHECK (number BETWEEN 1 AND 20),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	during daterange NOT NULL
		CHECK (NOT isempty(during) AND NOT lower_inf(during) AND NOT upper_inf(during)),
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT cohort_of_plan UNIQUE (county, id, plan),
	-- So a plan is split once, however many try at the same time.
	CONSTRAINT plan_split_once UNIQUE (county, plan, number),
	FOREIGN KEY (county, plan) REFERENCES plan (county, id)
);
CALL wall('cohort', reads => '$all OR organiser IS NULL OR organiser = $school OR organiser = $workplace',
	writes => '$all OR organiser = $school');

-- In which cohort of a plan a person is. `organiser` is the plan's school, `school` hers when she came into it.
CREATE TABLE cohort_member (
	county int NOT NULL,
	plan uuid NOT NULL,
	person uuid NOT NULL,
	cohort uuid NOT NULL,
	school uuid NOT NULL,
	organiser uuid,
	-- Why she was put there by hand.
	reason text CHECK (length(reason) <= 500),
	PRIMARY KEY (county, plan, person),
	FOREIGN KEY (county, cohort, plan) REFERENCES cohort (county, id, plan),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE INDEX cohort_member_of ON cohort_member (county, cohort);
CREATE INDEX cohort_member_by_school ON cohort_member (county, school);
CREATE INDEX cohort_member_by_person ON cohort_member (county, person);
CALL wall('cohort_member', reads => '$all OR school = $school OR organiser = $school OR person = $person',
	writes => '$all OR organiser = $school');
CREATE TRIGGER cohort_member_of_current_person BEFORE INSERT ON cohort_member
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- Splits who has appointments of `appointment_kinds` on `as_of_on` into as many cohorts as are named: in order of
-- school and person one after the other, so that all are of even size and each has its part of every school. The
-- plan's id.
CREATE FUNCTION plan_split(its_id uuid, if_match text, wish jsonb) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its plan;
	kinds text[] := ARRAY(SELECT jsonb_array_elements_text(coalesce(wish->'appointment_kinds', '["homeroom", "acting"]')));
	cohorts uuid[];
BEGIN
	SELECT * INTO its FROM plan p WHERE p.id = its_id FOR UPDATE;
	PERFORM must_find(FOUND), next_version(its.version, if_match), must_be_in_state(
		plan_state(its.state, its.in_force_on, today()), '{draft,submitted,in_force}', plan_allows());
	PERFORM raise_problem('unprocessable', jsonb_build_object('pointer', format('#/cohorts/%s', w.n - 1),
		'code', 'outside-the-plan'), 'QL422')
	FROM jsonb_array_elements(wish->'cohorts') WITH ORDINALITY AS w(one, n)
	WHERE NOT its.during @> period((w.one->>'started_on')::date, (w.one->>'ended_on')::date);
	WITH made AS (
		INSERT INTO cohort AS c (county, plan, organiser, number, name, during)
		SELECT its.county, its.id, its.school, w.n, w.one->>'name',
			period((w.one->>'started_on')::date, (w.one->>'ended_on')::date)
		FROM jsonb_array_elements(wish->'cohorts') WITH ORDINALITY AS w(one, n)
		RETURNING c.id, c.number
	)
	SELECT array_agg(m.id ORDER BY m.number) INTO cohorts FROM made m;
	INSERT INTO cohort_member (county, plan, person, cohort, school, organiser)
	SELECT its.county, its.id, r.person, cohorts[1 + (row_number() OVER (ORDER BY r.school, r.person) - 1)
		% cardinality(cohorts)], r.school, its.school
	FROM (SELECT DISTINCT ON (a.person) a.person, a.school
		FROM homeroom_appointment a
		JOIN person p ON p.id = a.person AND p.voided_at IS NULL AND p.merged_into IS NULL
		WHERE a.kind = ANY (kinds) AND a.during @> (wish->>'as_of_on')::date
			AND a.school = coalesce(its.school, a.school)
		ORDER BY a.person, a.school) r;
	IF NOT FOUND THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/as_of_on", "code": "nobody-then"}', 'QL422');
	END IF;
	UPDATE plan p SET version = p.version + 1, updated_at = clock_now() WHERE p.id = its.id;
	RETURN its.id;
END
$$;

-- Puts a person into a cohort, by hand: out of the other that she is in, or as one who was in none; the cohort's id.
CREATE FUNCTION cohort_put(its_plan uuid, its_id uuid, its_person uuid, why text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its cohort;
	of plan;
	hers uuid;
BEGIN
	SELECT * INTO of FROM plan p WHERE p.id = its_plan FOR UPDATE;
	PERFORM must_find(FOUND);
	SELECT * INTO its FROM cohort c WHERE c.id = its_id AND c.plan = its_plan;
	PERFORM must_find(FOUND), must_be_in_state(plan_state(of.state, of.in_force_on, today()),
		'{draft,submitted,in_force}', plan_allows());
	SELECT p.school INTO hers FROM person p WHERE p.id = its_person AND p.teacher AND is_seen_today(p.id)
		AND p.school = coalesce(its.organiser, p.school);
	PERFORM must_see(FOUND, '#/teacher_id');
	INSERT INTO cohort_member AS m (county, plan, person, cohort, school, organiser, reason)
	VALUES (its.county, its.plan, its_person, its.id, hers, its.organiser, why)
	ON CONFLICT (county, plan, person) DO UPDATE SET cohort = excluded.cohort, reason = excluded.reason;
	UPDATE cohort c SET version = c.version + 1, updated_at = clock_now() WHERE c.id = its.id;
	RETURN its.id;
END
$$;

-- The members of a cohort, for who judges others by it. Runs as the engine: a school may not see where its people
-- were when they came into it.
CREATE FUNCTION cohort_members(its_cohort uuid) RETURNS SETOF uuid LANGUAGE sql STABLE AS
$$ SELECT m.person FROM cohort_member m WHERE m.county = this_county() AND m.cohort = its_cohort $$;
CALL engine_owned('cohort_members(uuid)', 'qinglan_app');

CREATE VIEW cohort_view WITH (security_invoker = true) AS
SELECT c.id, c.plan AS plan_id, c.number, c.name, lower(c.during) AS started_on, last_day(c.during) AS ended_on,
	(SELECT count(*) FROM cohort_member m WHERE m.county = c.county AND m.cohort = c.id) AS members, c.version,
	instant(c.created_at) AS created_at, instant(c.updated_at) AS updated_at
FROM cohort c;
GRANT SELECT ON cohort_view TO qinglan_app;

CREATE VIEW cohort_member_view WITH (security_invoker = true) AS
SELECT m.plan, m.cohort, m.person, k.sort_key, m.school, json_build_object('teacher_id', m.person, 'name', k.name,
	'school_id', m.school, 'reason', m.reason) AS body
FROM cohort_member m JOIN person p ON p.county = m.county AND p.id = m.person
CROSS JOIN LATERAL person_as_known(p) k;
GRANT SELECT ON cohort_member_view TO qinglan_app;
