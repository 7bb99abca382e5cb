-- Rosters: who leads which class of a school, and what schools report of it when the county asks: each report
-- is kept as it was, and accepted or returned row by row.

-- What the county calls an item of one of its lists; the code itself where it has none.
CREATE FUNCTION reference_label(table_name text, its_code text) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT coalesce((SELECT r.label_zh FROM reference_item r
	WHERE r.county = this_county() AND r."table" = table_name AND r.code = its_code), its_code)
$$;

-- Who leads or helps to lead which class of a school on a day, in the order of its classes.
CREATE FUNCTION school_roster(its_school uuid, day date)
RETURNS TABLE (stage int, entry_year int, number int, kind int, appointment uuid, person uuid, class uuid, body json)
LANGUAGE sql STABLE AS
$$
SELECT coalesce(array_position('{preschool,primary,junior,senior,vocational,special}', c.stage), 9),
	coalesce(c.entry_year, 0), coalesce(c.number, 0),
	array_position('{homeroom,acting,deputy,assistant,trainee,reserve}', a.kind), a.id, a.person, a.class,
	json_build_object('appointment_id', a.id, 'teacher_id', a.person, 'name', n.name, 'kind', a.kind,
		'class_id', a.class, 'class_name', class_name(c.entry_year, c.number),
		'grade', class_grade(c.entry_year, c.stage, s.school_system, day),
		'started_on', lower(a.during), 'ended_on', last_day(a.during))
FROM homeroom_appointment a
JOIN school s ON s.county = a.county AND s.id = a.school
JOIN person p ON p.county = a.county AND p.id = a.person
CROSS JOIN LATERAL person_as_known(p) n
LEFT JOIN class c ON c.county = a.county AND c.id = a.class
WHERE a.county = this_county() AND a.school = its_school AND a.during @> day
$$;

-- True for who acts for the county or for this school.
CREATE FUNCTION must_be_at_school(its_school uuid) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT must_find(EXISTS (SELECT FROM school s WHERE s.id = its_school
	AND organises(s.id)))
$$;

-- The county asks every school for its roster as of a day, to be reported by another.
CREATE TABLE roster_call (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	title text NOT NULL CHECK (title <> ''),
	as_of_on date NOT NULL,
	due_on date NOT NULL,
	note text,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id)
);
CREATE INDEX roster_call_by_due ON roster_call (county, due_on, id);
CALL wall('roster_call', reads => '$all OR $sees = ''school''', writes => '$all');

-- What a school reported; each time anew, and one report at a time waits or is accepted.
CREATE TABLE roster_report (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	call uuid NOT NULL,
	school uuid NOT NULL,
	round int NOT NULL,
	row_count int NOT NULL,
	state text NOT NULL DEFAULT 'reported' CHECK (state IN ('reported', 'replaced', 'returned', 'accepted')),
	note text,
	reported_on date NOT NULL DEFAULT today(),
	reported_by uuid,
	review_note text,
	reviewed_by uuid,
	reviewed_at timestamptz,
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT report_of_school UNIQUE (county, id, school),
	CONSTRAINT roster_report_round UNIQUE (county, call, school, round),
	FOREIGN KEY (county, call) REFERENCES roster_call (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id)
);
CREATE INDEX roster_report_by_school ON roster_report (county, school);
CREATE UNIQUE INDEX roster_report_stands_once ON roster_report (county, call, school)
	WHERE state IN ('reported', 'accepted');
CALL wall('roster_report', reads => '$all OR school = $school', writes => '$all OR school = $school');

-- The roster as it was reported, and what the county says of each row.
CREATE TABLE roster_report_row (
	county int NOT NULL,
	report uuid NOT NULL,
	"row" int NOT NULL,
	school uuid NOT NULL,
	person uuid NOT NULL,
	entry jsonb NOT NULL,
	state text NOT NULL CHECK (state IN ('waiting', 'accepted', 'returned')),
	reason text,
	PRIMARY KEY (county, report, "row"),
	CONSTRAINT row_of_report_of_school FOREIGN KEY (county, report, school) REFERENCES roster_report (county, id, school),
	CONSTRAINT returned_has_a_reason CHECK ((state = 'returned') = (reason IS NOT NULL))
);
CALL wall('roster_report_row', reads => '$all OR school = $school', writes => '$all OR school = $school',
	exempt_event => true);

-- A school reports its roster; what the county accepted before and is as it was stays accepted. Who reports at
-- the same moment waits, and replaces the report of the other.
CREATE FUNCTION roster_report_make(its_call uuid, its_school uuid, its_note text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	c roster_call;
	last roster_report;
	made uuid;
BEGIN
	SELECT * INTO c FROM roster_call k WHERE k.id = its_call;
	PERFORM must_find(FOUND);
	PERFORM must_see(its_school IS NOT NULL, '#/school_id'), must_be_own_school(its_school, '#/school_id');
	PERFORM pg_advisory_xact_lock(hashtextextended('roster/' || its_call || its_school, 0));
	SELECT * INTO last FROM roster_report r WHERE r.call = its_call AND r.school = its_school
	ORDER BY r.round DESC LIMIT 1 FOR UPDATE;
	PERFORM must_be_in_state(last.state, '{reported,returned}', '{}');
	UPDATE roster_report r SET state = 'replaced', version = r.version + 1, updated_at = clock_now()
	WHERE r.id = last.id AND r.state = 'reported';
	WITH roster AS MATERIALIZED (
		SELECT t.person, t.body::jsonb AS entry,
			row_number() OVER (ORDER BY t.stage, t.entry_year DESC, t.number, t.kind, t.appointment) AS "row"
		FROM school_roster(its_school, c.as_of_on) t
	), report AS (
		INSERT INTO roster_report (county, call, school, round, row_count, note, reported_by)
		SELECT this_county(), its_call, its_school, coalesce(last.round, 0) + 1, count(*), its_note, this_person()
		FROM roster
		RETURNING id
	), kept AS (
		INSERT INTO roster_report_row (county, report, "row", school, person, entry, state)
		SELECT this_county(), n.id, t."row", its_school, t.person, t.entry,
			CASE WHEN EXISTS (SELECT FROM roster_report_row o WHERE o.report = last.id AND o.state = 'accepted'
				AND o.entry = t.entry) THEN 'accepted' ELSE 'waiting' END
		FROM roster t, report n
	)
	SELECT n.id INTO made FROM report n;
	RETURN made;
END
$$;

-- The county returns these rows, each with a reason, and accepts the others; the report when it returns none.
CREATE FUNCTION roster_report_review(its_call uuid, its_id uuid, if_match text, its_returned jsonb, its_note text)
RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	r roster_report;
BEGIN
	SELECT * INTO r FROM roster_report t WHERE t.id = its_id AND t.call = its_call FOR UPDATE;
	PERFORM must_find(FOUND), must_act_for_county(), next_version(r.version, if_match);
	PERFORM must_be_in_state(r.state, '{reported}', '{"returned": ["report"]}');
	PERFORM must_be_anothers(w.person) FROM roster_report_row w WHERE w.report = its_id;
	PERFORM must_see(EXISTS (SELECT FROM roster_report_row w WHERE w.report = its_id AND w."row" = (k.given->>'row')::int),
		format('#/returned/%s/row', k.n - 1))
	FROM jsonb_array_elements(its_returned) WITH ORDINALITY AS k(given, n);
	UPDATE roster_report_row w SET state = CASE WHEN k.reason IS NULL THEN 'accepted' ELSE 'returned' END, reason = k.reason
	FROM roster_report_row o
	LEFT JOIN (SELECT (g->>'row')::int AS "row", min(g->>'reason') AS reason
		FROM jsonb_array_elements(its_returned) g GROUP BY 1) k ON k."row" = o."row"
	WHERE w.report = its_id AND o.county = w.county AND o.report = w.report AND o."row" = w."row";
	UPDATE roster_report t SET version = t.version + 1, updated_at = clock_now(), reviewed_at = clock_now(),
		state = CASE WHEN coalesce(its_returned, '[]') = '[]' THEN 'accepted' ELSE 'returned' END,
		reviewed_by = this_person(), review_note = its_note
	WHERE t.id = its_id;
	RETURN its_id;
END
$$;

CREATE VIEW roster_call_view WITH (security_invoker = true) AS
SELECT c.id, c.title, c.as_of_on, c.due_on, c.note, c.version, instant(c.created_at) AS created_at,
	instant(c.updated_at) AS updated_at
FROM roster_call c;
GRANT SELECT ON roster_call_view TO qinglan_app;

CREATE VIEW roster_report_view WITH (security_invoker = true) AS
SELECT r.id, r.call AS roster_call_id, r.school AS school_id, s.name AS school_name, r.round, r.state,
	r.row_count, r.note, r.reported_on, r.reported_on > c.due_on AS late, r.reported_by AS reported_by_id, r.review_note,
	instant(r.reviewed_at) AS reviewed_at, r.reviewed_by AS reviewed_by_id, r.version,
	instant(r.created_at) AS created_at, instant(r.updated_at) AS updated_at
FROM roster_report r
JOIN roster_call c ON c.county = r.county AND c.id = r.call
JOIN school s ON s.county = r.county AND s.id = r.school;
GRANT SELECT ON roster_report_view TO qinglan_app;

-- Where each school that is asked stands: those that are open, and those that reported.
CREATE FUNCTION roster_call_schools(its_call uuid)
RETURNS TABLE (school uuid, code text, name text, state text, body json) LANGUAGE sql STABLE AS
$$
SELECT s.id, s.code, s.name, t.state, json_build_object('school_id', s.id, 'code', s.code, 'name', s.name,
	'state', t.state, 'report_id', r.id, 'round', r.round, 'reported_on', r.reported_on,
	'overdue', t.state IN ('missing', 'returned') AND c.due_on < today())
FROM roster_call c
JOIN school s ON s.county = c.county
LEFT JOIN LATERAL (SELECT o.* FROM roster_report o WHERE o.county = c.county AND o.call = c.id AND o.school = s.id
	ORDER BY o.round DESC LIMIT 1) r ON true
CROSS JOIN LATERAL (SELECT coalesce(r.state, 'missing') AS state) t
WHERE c.id = its_call AND (s.status = 'open' OR r.id IS NOT NULL)
	AND organises(s.id)
$$;
