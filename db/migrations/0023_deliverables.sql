-- Deliverables (材料): what a teacher writes for a month, a term or a course, handed in and inspected; and the desk
-- that says of whom one is missing.

-- How long a text is: its characters without white space, full-width blanks included.
CREATE FUNCTION text_length(content text) RETURNS int LANGUAGE sql IMMUTABLE AS
$$
SELECT length(regexp_replace(content, U&'[\0009-\000D\0020\0085\00A0\1680\2000-\200B\2028\2029\202F\205F\3000\FEFF]',
	'', 'g'))
$$;

-- `school` is the one in which she worked then. Who entered it for her is told; the text itself stands in no event.
CREATE TABLE deliverable (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	person uuid NOT NULL,
	school uuid NOT NULL,
	type text NOT NULL,
	-- What it is for, one of the three; a month by its first day.
	month date CHECK (date_part('day', month) = 1),
	term uuid,
	course uuid,
	-- The school of that course, which inspects it; NULL for the county's.
	organiser uuid,
	title text NOT NULL CHECK (length(title) BETWEEN 1 AND 100),
	content text CHECK (length(content) <= 20000),
	file uuid,
	length int NOT NULL GENERATED ALWAYS AS (coalesce(text_length(content), 0)) STORED,
	entered boolean NOT NULL,
	entered_by uuid,
	-- What she says to one that was entered for her: NULL until she does.
	confirmed boolean,
	objection text CHECK (length(objection) <= 500),
	state text NOT NULL DEFAULT 'draft'
		CHECK (state IN ('draft', 'submitted', 'returned', 'qualified', 'excellent')),
	submitted_at timestamptz,
	inspected_by uuid,
	inspected_at timestamptz,
	reason text CHECK (length(reason) <= 500),
	made_on date NOT NULL DEFAULT today(),
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	FOREIGN KEY (county, person) REFERENCES person (county, id),
	FOREIGN KEY (county, school) REFERENCES school (county, id),
	FOREIGN KEY (county, term) REFERENCES term (county, id),
	FOREIGN KEY (county, course) REFERENCES course (county, id),
	FOREIGN KEY (county, file) REFERENCES file (county, id),
	CONSTRAINT deliverable_objected_to
		CHECK ((objection IS NOT NULL) = (confirmed IS FALSE) AND (entered OR confirmed IS NULL)),
	CONSTRAINT deliverable_is_for_one CHECK (num_nonnulls(month, term, course) = 1)
);
CREATE INDEX deliverable_by_person ON deliverable (county, person, id);
CREATE INDEX deliverable_by_school ON deliverable (county, school, id);
CREATE INDEX deliverable_submitted ON deliverable (county, school) WHERE state = 'submitted';
CREATE INDEX deliverable_returned ON deliverable (county, person) WHERE state = 'returned';
CREATE INDEX deliverable_unconfirmed ON deliverable (county, person) WHERE entered AND confirmed IS NULL;
CREATE INDEX deliverable_file ON deliverable (county, file) WHERE file IS NOT NULL;
CREATE INDEX deliverable_of_course ON deliverable (county, course) WHERE course IS NOT NULL;
CREATE INDEX deliverable_of_term ON deliverable (county, term, type) WHERE term IS NOT NULL;
CREATE INDEX deliverable_of_month ON deliverable (county, month, type) WHERE month IS NOT NULL;
CALL wall('deliverable',
	reads => '$all OR school = $school OR organiser = $school OR person = $person'
		' OR person = $subject AND made_on <= $until_on',
	writes => '$all OR school = $school OR organiser = $school OR person = $person');
CREATE TRIGGER deliverable_of_current_person BEFORE INSERT ON deliverable
	FOR EACH ROW EXECUTE FUNCTION person_must_be_current();

-- ---------------------------------------------------------------- rules

-- What may be done in each state.
CREATE FUNCTION deliverable_allows() RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$
SELECT '{"draft": ["patch", "submit"], "returned": ["patch", "submit"], "submitted": ["inspect"],
	"qualified": ["inspect"], "excellent": ["inspect"]}'::jsonb
$$;

-- True when it is for just one of month, term and course, and that is there.
CREATE FUNCTION deliverable_is_for(month text, its_term uuid, its_course uuid) RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM must_see(its_term IS NULL OR EXISTS (SELECT FROM term t WHERE t.id = its_term), '#/term_id'),
		must_see(its_course IS NULL OR EXISTS (SELECT FROM course c WHERE c.id = its_course), '#/course_id');
	IF num_nonnulls(month, its_term, its_course) <> 1 THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#", "code": "month-term-or-course"}', 'QL422');
	END IF;
	RETURN true;
END
$$;

-- True when it was entered by somebody else for the one who acts.
CREATE FUNCTION deliverable_entered_for_caller(its deliverable) RETURNS boolean LANGUAGE plpgsql STABLE AS $$
BEGIN
	IF NOT its.entered OR its.person IS DISTINCT FROM this_person() THEN
		PERFORM raise_problem('not-entered-for-you', '{}', 'QL409');
	END IF;
	RETURN true;
END
$$;

-- Keeps a file, sealed already, as that of a deliverable that is not handed in; the one before is purged. Its id.
CREATE FUNCTION deliverable_keep_file(its_id uuid, if_match text, file_id uuid, file_name text, its_type text,
	its_size int, its_hash bytea, its_content bytea, its_key int) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its deliverable;
BEGIN
	SELECT * INTO its FROM deliverable d WHERE d.id = its_id
		AND (d.entered AND organises(d.school) OR d.person = this_person()) FOR UPDATE;
	PERFORM must_find(FOUND), next_version(its.version, if_match),
		must_be_in_state(its.state, '{draft,returned}', deliverable_allows());
	INSERT INTO file (county, id, school, subject, name, media_type, size, content_hash, content, key_id, purge_at)
	VALUES (its.county, file_id, its.school, its.person, file_name, its_type, its_size, its_hash, its_content, its_key,
		'infinity');
	UPDATE file f SET purge_at = machine_now() WHERE f.id = its.file;
	UPDATE deliverable d SET file = file_id, version = d.version + 1, updated_at = clock_now() WHERE d.id = its_id;
	RETURN its_id;
END
$$;

-- Inspects one that was handed in, or inspects it anew; its id. The inspector names the version that she read.
CREATE FUNCTION deliverable_inspect(its_id uuid, read_version int, grade text, its_reason text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its deliverable;
BEGIN
	SELECT * INTO its FROM deliverable d WHERE d.id = its_id FOR UPDATE;
	PERFORM must_see(FOUND, '#/deliverable_id'), must_be_anothers(its.person);
	-- One of a course is for who organises that.
	IF NOT organises(CASE WHEN its.course IS NULL THEN its.school ELSE its.organiser END) THEN
		PERFORM raise_problem('not-yours-to-decide', '{}', 'QL403');
	END IF;
	PERFORM
		next_version(its.version, read_version::text),
		must_be_in_state(its.state, '{submitted,qualified,excellent}', deliverable_allows());
	IF grade = 'returned' AND its_reason IS NULL THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/reason", "code": "required"}', 'QL422');
	END IF;
	UPDATE deliverable d SET state = grade, reason = its_reason, inspected_at = clock_now(),
		inspected_by = this_person(),
		version = d.version + 1, updated_at = clock_now()
	WHERE d.id = its_id;
	RETURN its_id;
END
$$;

-- ---------------------------------------------------------------- the desk

-- The days that a month has.
CREATE FUNCTION month_days(first_on date) RETURNS daterange LANGUAGE sql IMMUTABLE AS
$$ SELECT daterange(first_on, (first_on + interval '1 month')::date) $$;

-- The month or term that the desk is asked about, this month if neither is given: its first day or its id, and its
-- days. No row for a term that is not there.
CREATE FUNCTION desk_period(asked_month text, asked_term uuid)
RETURNS TABLE (month date, term uuid, days daterange) LANGUAGE plpgsql STABLE AS $$
BEGIN
	PERFORM must_go_together(num_nulls(asked_month, asked_term) > 0, 'month', 'month-or-term');
	IF asked_term IS NULL THEN
		month := coalesce((asked_month || '-01')::date, date_trunc('month', today())::date);
		days := month_days(month);
		RETURN NEXT;
	ELSE
		RETURN QUERY SELECT NULL::date, t.id, t.during FROM term t WHERE t.id = asked_term;
	END IF;
END
$$;

-- Of a school: how many have appointments of KINDS on the last of DAYS or today, whichever is earlier; how many of
-- them handed in a deliverable of TYPE, how many of those are inspected, and who did not, or has it back.
CREATE FUNCTION deliverable_desk(its_school uuid, its_type text, its_month date, its_term uuid, days daterange,
	kinds text[], OUT population bigint, OUT handed_in bigint, OUT inspected bigint, OUT missing json)
LANGUAGE sql STABLE AS
$$
SELECT count(*), count(*) FILTER (WHERE g.stand >= 2), count(*) FILTER (WHERE g.stand = 3),
	coalesce(json_agg(json_build_object('teacher_id', k.id, 'name', k.name,
		'state', CASE g.stand WHEN 0 THEN 'draft' WHEN 1 THEN 'returned' END) ORDER BY k.sort_key, k.id)
		FILTER (WHERE coalesce(g.stand, 0) < 2), '[]')
FROM (SELECT DISTINCT a.person FROM homeroom_appointment a
	WHERE a.school = its_school AND a.kind = ANY (kinds) AND a.during @> least(last_day(days), today())) due
JOIN person p ON p.id = due.person
CROSS JOIN LATERAL person_as_known(p) k
LEFT JOIN LATERAL (
	SELECT max(CASE d.state WHEN 'draft' THEN 0 WHEN 'returned' THEN 1 WHEN 'submitted' THEN 2 ELSE 3 END) AS stand
	FROM deliverable d
	WHERE d.person = due.person AND d.type = its_type
		AND (d.month = its_month OR d.term = its_term)
) g ON true
$$;

-- The desk of each school that the caller acts for, of who has appointments of KINDS (homeroom and acting if absent).
CREATE FUNCTION deliverable_desks(its_type text, asked_month text, asked_term uuid, kinds jsonb)
RETURNS TABLE (school uuid, name text, month date, term uuid, population bigint, handed_in bigint, inspected bigint,
	missing json) LANGUAGE sql STABLE AS
$$
SELECT s.id, s.name, p.month, p.term, d.population, d.handed_in, d.inspected, d.missing
FROM desk_period(asked_month, asked_term) p
CROSS JOIN school s
CROSS JOIN LATERAL deliverable_desk(s.id, its_type, p.month, p.term, p.days,
	ARRAY(SELECT jsonb_array_elements_text(coalesce(kinds, '["homeroom", "acting"]')))) d
WHERE d.population > 0 AND organises(s.id)
$$;

-- ---------------------------------------------------------------- views

-- As lists have it, without its text.
CREATE VIEW deliverable_item WITH (security_invoker = true) AS
SELECT d.id, d.person AS teacher_id, d.school AS school_id, d.type, to_char(d.month, 'YYYY-MM') AS month,
	d.term AS term_id, d.course AS course_id, d.title, d.length,
	(SELECT json_build_object('name', f.name, 'media_type', f.media_type, 'size', f.size) FROM file f
		WHERE f.county = d.county AND f.id = d.file) AS file,
	d.state, d.entered, d.entered_by, d.confirmed, d.objection, instant(d.submitted_at) AS submitted_at,
	d.inspected_by, instant(d.inspected_at) AS inspected_at, d.reason, d.version,
	instant(d.created_at) AS created_at, instant(d.updated_at) AS updated_at
FROM deliverable d;
GRANT SELECT ON deliverable_item TO qinglan_app;

CREATE VIEW deliverable_view WITH (security_invoker = true) AS
SELECT i.*, d.content AS text FROM deliverable d JOIN deliverable_item i ON i.id = d.id;
GRANT SELECT ON deliverable_view TO qinglan_app;
