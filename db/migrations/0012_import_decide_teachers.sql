-- List imports of teachers: who and what each row is about, which rows clash with one another or
-- with what is known, and what they would change.

-- Finds school, person and class of every row.
CREATE FUNCTION import_resolve_teachers(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	year_on date := lower((school_year_of(its.as_of_on)).during);
BEGIN
	UPDATE import_row r SET school = s.id,
		start_on = greatest((r.parsed->>'homeroom_since')::date, year_on),
		outcome = CASE WHEN s.id IS NOT NULL AND s.status = 'open' AND s.mine THEN r.outcome ELSE 'rejected' END,
		problems = r.problems || CASE
			WHEN r.problems @> '[{"column": "学校标识码"}]' THEN '[]'
			WHEN s.id IS NULL THEN import_problem('学校标识码', 'unknown-school', r.parsed->>'school_code')
			WHEN NOT s.mine THEN import_problem('学校标识码', 'not-your-school', r.parsed->>'school_code')
			WHEN s.status <> 'open' THEN import_problem('学校标识码', 'school-closed', r.parsed->>'school_code')
			ELSE '[]' END
	FROM import_row q
	LEFT JOIN (SELECT k.*, its.school IS NULL OR k.id = its.school AS mine FROM school k
		WHERE k.county = its.county) s ON s.code = q.parsed->>'school_code'
	WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('pending', 'rejected')
		AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row;

	-- What a label means depends on stages and system alone, so one school asks for all like it.
	WITH named AS (
		SELECT DISTINCT q.school, q.parsed->>'class' AS class FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.parsed->>'class' IS NOT NULL
	), label AS MATERIALIZED (
		SELECT d.stages, d.school_system, d.class, l.stage, l.entry_year, l.number
		FROM (SELECT DISTINCT ON (s.stages, s.school_system, n.class) s.stages, s.school_system, n.class, s.id
			FROM named n JOIN school s ON s.county = its.county AND s.id = n.school) d
		LEFT JOIN LATERAL class_of_label(d.id, d.class, its.as_of_on) l ON true
	), found AS (
		SELECT s.id AS school, l.class, l.stage, l.entry_year, l.number, c.id AS class_id
		FROM label l
		JOIN school s ON s.county = its.county AND s.stages = l.stages AND s.school_system = l.school_system
		LEFT JOIN class c ON c.county = its.county AND c.school = s.id AND c.stage = l.stage
			AND c.entry_year = l.entry_year AND c.number = l.number AND c.status <> 'ended'
	)
	UPDATE import_row r SET class = l.class_id, class_stage = l.stage, class_entry_year = l.entry_year,
		class_number = l.number,
		outcome = CASE WHEN l.number IS NULL THEN 'rejected' ELSE r.outcome END,
		problems = r.problems || CASE WHEN l.number IS NULL
			THEN import_problem('担任班级', 'class-unknown', l.class) ELSE '[]' END
	FROM found l
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND l.school = r.school AND l.class = r.parsed->>'class';

	PERFORM import_match(its);
END
$$;

-- Finds the person of every row that is left: by document, else by name and birth date within the
-- school. Who has the same document under another name is not the same.
CREATE FUNCTION import_match(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	WITH d AS MATERIALIZED (
		SELECT q.part, q.row, h.hash FROM import_row q CROSS JOIN LATERAL unnest(q.document_hashes) AS h(hash)
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
	)
	UPDATE import_row r SET person = p.id
	FROM d
	JOIN person p ON p.county = its.county AND p.resident_hash = d.hash
		AND p.merged_into IS NULL AND p.voided_at IS NULL
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row;

	UPDATE import_row r SET person = CASE WHEN m.n = 1 THEN m.person END,
		outcome = CASE WHEN m.n = 1 THEN r.outcome ELSE 'rejected' END,
		problems = r.problems || CASE WHEN m.n = 1 THEN '[]'
			ELSE import_problem('姓名', 'person-ambiguous', r.name) END
	FROM (
		SELECT q.part, q.row, count(*) AS n, min(p.id::text)::uuid AS person
		FROM import_row q
		JOIN person p ON p.county = q.county AND p.name = q.name AND p.school = q.school
			AND p.birth_on = (q.parsed->>'birth_on')::date
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.person IS NULL AND (q.document_hash IS NULL OR p.resident_hash IS NULL)
			AND p.merged_into IS NULL AND p.voided_at IS NULL
		GROUP BY q.part, q.row
	) m
	WHERE r.county = its.county AND r.import = its.id AND r.part = m.part AND r.row = m.row;

	-- A school learns of whom it does not see today that she is known, and nothing more: not by the right
	-- name either, so this comes before names are compared.
	UPDATE import_row r SET outcome = 'rejected', person = NULL,
		problems = r.problems || import_problem('学校标识码', 'not-your-teacher', r.parsed->>'school_code')
	WHERE its.school IS NOT NULL AND r.county = its.county AND r.import = its.id AND r.person IS NOT NULL
		AND r.outcome = 'pending' AND NOT is_present(r.person, its.school);

	UPDATE import_row r SET outcome = 'rejected',
		problems = r.problems || import_problem('身份证号', 'document-of-another', r.document_masked)
	FROM person p
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND p.county = r.county AND p.id = r.person AND p.name <> r.name;

	UPDATE import_row r SET outcome = 'rejected',
		problems = r.problems || import_problem('学校标识码', 'works-elsewhere', s.name)
	FROM person p JOIN school s ON s.county = p.county AND s.id = p.school
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND p.county = r.county AND p.id = r.person AND p.school <> r.school;
END
$$;

-- Refuses who is known and will not work in the school on the day of the list, or when she would begin, and
-- whom the list does not bring there: who works somewhere, or will this school year, is moved by a transfer.
CREATE FUNCTION import_away(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	year_on date := lower((school_year_of(its.as_of_on)).during);
BEGIN
	UPDATE import_row r SET outcome = 'rejected',
		problems = r.problems || import_problem('学校标识码', 'not-at-work', r.parsed->>'school_code')
	FROM person p
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND p.county = r.county AND p.id = r.person
		AND NOT EXISTS (SELECT FROM membership m
			WHERE m.county = r.county AND m.person = r.person AND m.school = r.school AND m.kind = 'working'
				AND m.during && daterange(greatest(r.start_on, its.as_of_on), NULL))
		AND EXISTS (SELECT FROM membership m
			WHERE m.county = r.county AND m.person = r.person
				AND (p.school IS NOT NULL OR m.kind = 'working' AND m.during && daterange(year_on, NULL)));
END
$$;

-- Rows of one list that cannot both stand: the first one does.
CREATE FUNCTION import_clash_in_list(its import) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE import_row r SET outcome = 'rejected', duplicate_of = d.first,
		problems = r.problems || CASE WHEN d.name <> r.name
			THEN import_problem('身份证号', 'document-of-another', r.document_masked)
			ELSE import_problem('姓名', 'person-twice', r.name) END
	FROM (SELECT q.part, q.row, first_value(ARRAY[q.part, q.row]) OVER same AS first,
			first_value(q.name) OVER same AS name
		FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
		WINDOW same AS (PARTITION BY coalesce(q.document_hash,
			convert_to(concat_ws('|', q.school, q.name, q.parsed->>'birth_on'), 'UTF8'))
			ORDER BY q.part, q.row)) d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	-- Found by document in one row and by name in another.
	UPDATE import_row r SET outcome = 'rejected', duplicate_of = d.first,
		problems = r.problems || import_problem('姓名', 'person-twice', r.name)
	FROM (SELECT q.part, q.row, first_value(ARRAY[q.part, q.row]) OVER (PARTITION BY q.person
			ORDER BY q.part, q.row) AS first
		FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.person IS NOT NULL) d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	UPDATE import_row r SET outcome = 'rejected',
		problems = r.problems || import_problem('担任班级', 'class-has-homeroom-teacher', r.parsed->>'class')
	FROM (SELECT q.part, q.row, row_number() OVER (PARTITION BY q.school, q.class_stage,
			q.class_entry_year, q.class_number ORDER BY q.part, q.row) AS nth
		FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.parsed->>'kind' IN ('homeroom', 'acting')) d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row AND d.nth > 1;
END
$$;

-- Classes that already have a homeroom teacher who keeps them. A row that is refused may be the
-- one that would have freed another's class, so it goes on until nothing moves.
CREATE FUNCTION import_clash_with_known(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	LOOP
		UPDATE import_row r SET outcome = 'rejected',
			problems = r.problems || import_problem('担任班级', 'class-has-homeroom-teacher', r.parsed->>'class')
		FROM homeroom_appointment a
		LEFT JOIN (SELECT * FROM import_row m WHERE m.county = its.county AND m.import = its.id
			AND m.outcome = 'pending') m ON m.person = a.person
		WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
			AND r.parsed->>'kind' IN ('homeroom', 'acting')
			AND a.county = r.county AND a.class = r.class AND a.kind IN ('homeroom', 'acting')
			AND a.during && daterange(r.start_on, NULL) AND a.person IS DISTINCT FROM r.person
			AND (m.person IS NULL OR m.appointment IS DISTINCT FROM a.id
				OR m.class = a.class AND m.parsed->>'kind' IN ('homeroom', 'acting'));
		EXIT WHEN NOT FOUND;
	END LOOP;
END
$$;

-- What a class is called on a day.
CREATE FUNCTION import_class_label(its_class uuid, day date) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT coalesce(class_grade(c.entry_year, c.stage, s.school_system, day), c.entry_year || '级')
	|| '(' || c.number || ')班'
FROM class c JOIN school s ON s.county = c.county AND s.id = c.school
WHERE c.county = this_county() AND c.id = its_class
$$;

-- The appointment that a row speaks of, where its person has one in the school: of its kind and
-- class, else of its kind, else any.
CREATE FUNCTION import_find_appointments(its import) RETURNS void LANGUAGE sql
SET enable_nestloop = off AS
$$
UPDATE import_row r SET appointment = a.id
FROM (
	SELECT DISTINCT ON (q.part, q.row) q.part, q.row, a.id
	FROM import_row q
	JOIN homeroom_appointment a ON a.county = q.county AND a.person = q.person AND a.school = q.school
	WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
		AND (upper_inf(a.during) OR upper(a.during) > its.as_of_on)
	ORDER BY q.part, q.row, (a.kind = q.parsed->>'kind')::int
		+ 2 * (a.kind = q.parsed->>'kind' AND a.class IS NOT DISTINCT FROM q.class)::int DESC,
		lower(a.during), a.id
) a
WHERE r.county = its.county AND r.import = its.id AND r.part = a.part AND r.row = a.row
$$;

-- A title with the day it was obtained stands; a list, which has no such day, does not move it.
CREATE FUNCTION import_has_dated_title(its_county int, its_person uuid) RETURNS boolean
LANGUAGE sql STABLE AS
$$
SELECT EXISTS (SELECT FROM title t
	WHERE t.county = its_county AND t.person = its_person AND t.obtained_on IS NOT NULL
		AND t.voided_at IS NULL)
$$;

-- What a row would change of the person that it is about.
CREATE FUNCTION import_differences(its import) RETURNS void LANGUAGE sql
SET enable_nestloop = off AS
$$
UPDATE import_row r SET changes =
	import_change('性别', to_jsonb(p.gender), r.parsed->'gender')
	|| import_change('出生年月', to_jsonb(p.birth_on), r.parsed->'birth_on')
	|| CASE WHEN import_has_dated_title(p.county, p.id) THEN '{}'
		ELSE import_change('职称', to_jsonb(p.title), r.parsed->'title') END
	|| import_change('联系电话', to_jsonb(p.phone), r.parsed->'phone')
	|| import_change('学段', to_jsonb(p.teaching_stage), r.parsed->'stage')
	|| import_change('任教学科', to_jsonb(p.subjects), r.parsed->'subjects')
	|| import_change('任班主任起始时间', to_jsonb(p.homeroom_since), r.parsed->'homeroom_since')
	|| CASE WHEN p.resident_hash IS NULL
		THEN import_change('身份证号', NULL, to_jsonb(r.document_masked)) ELSE '{}' END
	|| CASE WHEN p.school IS NULL
		THEN import_change('学校标识码', NULL, r.parsed->'school_code') ELSE '{}' END
	|| import_change('任职类型', to_jsonb(a.kind), r.parsed->'kind')
	|| CASE WHEN a.id IS NOT NULL AND a.class IS NOT DISTINCT FROM r.class
			AND (r.class IS NOT NULL OR r.class_number IS NULL) THEN '{}'
		ELSE import_change('担任班级', to_jsonb(import_class_label(a.class, its.as_of_on)),
			to_jsonb(coalesce(r.parsed->>'class', '-'))) END
FROM import_row q
JOIN person p ON p.county = q.county AND p.id = q.person
LEFT JOIN homeroom_appointment a ON a.county = q.county AND a.id = q.appointment
WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
	AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row
$$;

-- Warns of teachers that a new one may be: the same name and birth date elsewhere, or the same phone. As
-- person_candidates() finds them for a single one, or this would tell which name belongs to a phone.
CREATE FUNCTION import_look_alikes(its import) RETURNS void LANGUAGE sql
SET enable_nestloop = off AS
$$
UPDATE import_row r SET problems = r.problems || c.problems
FROM (
	SELECT p.part, p.row, jsonb_agg(p.problem->0 ORDER BY p.nth) AS problems
	FROM (
		SELECT q.part, q.row, 1 AS nth,
			import_problem('姓名', 'may-exist', coalesce(min(s.name), '-'), 'warning') AS problem
		FROM import_row q
		JOIN person p ON p.county = q.county AND p.name = q.name
			AND p.birth_on = (q.parsed->>'birth_on')::date
		LEFT JOIN school s ON s.county = p.county AND s.id = p.school
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending' AND q.person IS NULL
			AND p.teacher AND p.merged_into IS NULL AND p.voided_at IS NULL
		GROUP BY q.part, q.row
		UNION ALL
		SELECT q.part, q.row, 2,
			import_problem('联系电话', 'may-exist', coalesce(min(s.name), '-'), 'warning')
		FROM import_row q
		JOIN person p ON p.county = q.county AND p.phone = q.parsed->>'phone'
		LEFT JOIN school s ON s.county = p.county AND s.id = p.school
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending' AND q.person IS NULL
			AND p.teacher AND p.merged_into IS NULL AND p.voided_at IS NULL
		GROUP BY q.part, q.row
	) p
	GROUP BY p.part, p.row
) c
WHERE r.county = its.county AND r.import = its.id AND r.part = c.part AND r.row = c.row
$$;

CREATE FUNCTION import_decide_teachers(its import) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	PERFORM import_resolve_teachers(its);
	PERFORM import_away(its);
	PERFORM import_clash_in_list(its);
	PERFORM import_find_appointments(its);
	PERFORM import_clash_with_known(its);
	PERFORM import_differences(its);
	PERFORM import_look_alikes(its);
	PERFORM import_settle(its);
END
$$;
