-- List imports: what each row comes to, for all kinds and for schools and hours. Teachers:
-- 0012_import_decide_teachers.sql. Decided over the list as a whole, again before it is committed.

-- Decides every row of an import anew; the plan, whose id says what was decided: the same decisions
-- have the same id.
CREATE FUNCTION import_decide(import_id uuid) RETURNS uuid LANGUAGE plpgsql
SET enable_nestloop = off AS $$
DECLARE
	its import := import_locked(import_id);
BEGIN
	UPDATE import_row r SET previous = r.digest, problems = r.found, changes = '{}', school = NULL,
		person = NULL, class = NULL, class_stage = NULL, class_entry_year = NULL, class_number = NULL,
		appointment = NULL, module = NULL, start_on = NULL, duplicate_of = NULL,
		outcome = CASE WHEN r.found @> '[{"severity": "error"}]' THEN 'rejected' ELSE 'pending' END
	WHERE r.county = its.county AND r.import = its.id AND r.outcome <> 'skipped';

	-- The same row again changes nothing.
	UPDATE import_row r SET outcome = 'duplicate', duplicate_of = d.first
	FROM (SELECT d.part, d.row, first_value(ARRAY[d.part, d.row]) OVER (PARTITION BY d.row_hash
			ORDER BY d.part, d.row) AS first
		FROM import_row d
		WHERE d.county = its.county AND d.import = its.id AND d.outcome = 'pending') d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	IF its.kind = 'schools' THEN
		PERFORM import_decide_schools(its);
	ELSIF its.kind = 'teachers' THEN
		PERFORM import_decide_teachers(its);
	ELSE
		PERFORM import_decide_hours(its);
	END IF;

	UPDATE import_row r SET digest = md5(concat_ws('|', r.outcome, r.person, r.school, r.class,
		r.class_stage, r.class_entry_year, r.class_number, r.appointment, r.module, r.start_on,
		r.changes, r.problems, r.duplicate_of))
	WHERE r.county = its.county AND r.import = its.id AND r.outcome <> 'skipped';
	UPDATE import i SET version = i.version + 1, updated_at = clock_now(), problem = NULL,
		plan = (SELECT md5(concat_ws('|', its.id, string_agg(r.digest, '' ORDER BY r.part, r.row)))::uuid
			FROM import_row r WHERE r.county = its.county AND r.import = its.id),
		state = CASE i.state WHEN 'reading' THEN 'ready' ELSE i.state END,
		counts = (SELECT coalesce(jsonb_object_agg(c.outcome, c.n), '{}') FROM (SELECT r.outcome, count(*) AS n
			FROM import_row r WHERE r.county = its.county AND r.import = its.id GROUP BY r.outcome) c)
	WHERE i.county = its.county AND i.id = its.id
	RETURNING * INTO its;
	RETURN its.plan;
END
$$;

-- Gives the rows of an import that are left their outcome.
CREATE FUNCTION import_settle(its import) RETURNS void LANGUAGE sql AS
$$
UPDATE import_row r SET outcome = CASE
	WHEN r.problems @> '[{"severity": "error"}]' THEN 'rejected'
	WHEN its.kind = 'teachers' AND r.person IS NOT NULL THEN
		CASE WHEN r.changes = '{}' THEN 'unchanged' ELSE 'changed' END
	WHEN r.problems <> '[]' THEN 'warned'
	ELSE 'accepted' END
WHERE r.county = its.county AND r.import = its.id AND r.outcome IN ('pending', 'rejected')
$$;

-- The value of a change, left out where nothing is given or nothing differs.
CREATE FUNCTION import_change("column" text, old_value jsonb, new_value jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE WHEN new_value IS NULL OR new_value = 'null' OR new_value = '[]' OR new_value = old_value
	THEN '{}'::jsonb
	ELSE jsonb_build_object("column", jsonb_build_object('old', old_value, 'new', new_value)) END
$$;

-- ---------------------------------------------------------------- schools

-- For schools, import_row.person stays NULL and school is the one found by its code.
CREATE FUNCTION import_decide_schools(its import) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
	UPDATE import_row r SET outcome = 'rejected', duplicate_of = d.first,
		problems = r.problems || import_problem('学校标识码', 'school-code-twice', r.parsed->>'school_code')
	FROM (SELECT d.part, d.row, first_value(ARRAY[d.part, d.row]) OVER (PARTITION BY d.parsed->>'school_code'
			ORDER BY d.part, d.row) AS first
		FROM import_row d
		WHERE d.county = its.county AND d.import = its.id AND d.outcome = 'pending') d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	UPDATE import_row r SET outcome = 'rejected',
		problems = r.problems || import_problem('学校标识码', 'school-code-category', r.parsed->>'school_code')
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND school_category(r.parsed->>'school_code') IS NULL;

	UPDATE import_row r SET school = s.id,
		outcome = CASE WHEN s.status <> 'open' THEN 'rejected' WHEN c.changes = '{}' THEN 'unchanged'
			ELSE 'changed' END,
		problems = r.problems || CASE WHEN s.status = 'open' THEN '[]'
			ELSE import_problem('学校标识码', 'school-closed', s.code) END,
		changes = CASE WHEN s.status = 'open' THEN c.changes ELSE '{}' END
	FROM school s, import_row q,
	LATERAL (SELECT import_change('学校名称', to_jsonb(s.name), q.parsed->'name')
		|| import_change('学段', to_jsonb(s.stages), q.parsed->'stages')
		|| import_change('学制', to_jsonb(s.school_system), q.parsed->'school_system')
		|| import_change('乡镇', to_jsonb(s.town), q.parsed->'town') AS changes) c
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row
		AND s.county = r.county AND s.code = r.parsed->>'school_code';

	PERFORM import_settle(its);
END
$$;

-- ---------------------------------------------------------------- hours

-- Finds person, school and module of every row.
CREATE FUNCTION import_resolve_hours(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	UPDATE import_row r SET person = p.id
	FROM person p
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND p.county = r.county AND p.id = (r.parsed->>'teacher_id')::uuid AND p.teacher
		AND p.merged_into IS NULL AND p.voided_at IS NULL;

	WITH d AS MATERIALIZED (
		SELECT q.part, q.row, h.hash FROM import_row q CROSS JOIN LATERAL unnest(q.document_hashes) AS h(hash)
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.parsed->>'teacher_id' IS NULL
	)
	UPDATE import_row r SET person = p.id
	FROM d
	JOIN person p ON p.county = its.county AND p.resident_hash = d.hash AND p.teacher
		AND p.merged_into IS NULL AND p.voided_at IS NULL
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row;

	UPDATE import_row r SET person = m.person
	FROM (
		SELECT q.part, q.row, min(p.id::text)::uuid AS person
		FROM import_row q
		JOIN school s ON s.county = q.county AND s.code = q.parsed->>'school_code'
		JOIN person p ON p.county = q.county AND p.name = q.name AND p.school = s.id AND p.teacher
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending'
			AND q.parsed->>'teacher_id' IS NULL AND q.document_hash IS NULL
			AND p.merged_into IS NULL AND p.voided_at IS NULL
		GROUP BY q.part, q.row
		HAVING count(*) = 1
	) m
	WHERE r.county = its.county AND r.import = its.id AND r.part = m.part AND r.row = m.row;

	UPDATE import_row r SET school = coalesce(s.id, w.school), module = m.id,
		outcome = CASE WHEN f.problems = '[]' THEN r.outcome ELSE 'rejected' END,
		problems = r.problems || f.problems
	FROM import_row q
	LEFT JOIN person p ON p.county = q.county AND p.id = q.person
	LEFT JOIN school s ON s.county = q.county AND s.code = q.parsed->>'school_code'
	LEFT JOIN membership w ON w.county = q.county AND w.person = q.person AND w.kind = 'working'
		AND w.during @> (q.parsed->>'activity_on')::date
	LEFT JOIN LATERAL (SELECT k.id FROM module k WHERE k.county = q.county
		AND lower(q.parsed->>'module') IN (k.code, k.name_zh, lower(k.name_en)) LIMIT 1) m ON true
	CROSS JOIN LATERAL (SELECT
		CASE WHEN p.id IS NULL THEN import_problem(CASE WHEN q.parsed->>'teacher_id' IS NOT NULL THEN '教师编号'
				WHEN q.document_hash IS NOT NULL THEN '身份证号' ELSE '姓名' END, 'unknown-person',
				CASE WHEN q.document_hash IS NULL THEN q.name ELSE q.document_masked END)
			WHEN p.name <> q.name THEN import_problem('姓名', 'name-differs', q.name)
			ELSE '[]' END
		|| CASE WHEN q.parsed->>'school_code' IS NOT NULL AND s.id IS NULL
			THEN import_problem('学校标识码', 'unknown-school', q.parsed->>'school_code') ELSE '[]' END
		|| CASE WHEN q.parsed->>'module' IS NOT NULL AND m.id IS NULL
			THEN import_problem('模块', 'unknown-module', q.parsed->>'module') ELSE '[]' END
		|| CASE WHEN (q.parsed->>'activity_on')::date > today()
			THEN import_problem('日期', 'date-in-future', q.parsed->>'activity_on') ELSE '[]' END
		AS problems) f
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row;
END
$$;

-- A source credits a person once: the same row again is unchanged, another one under the same
-- source is refused, and so is one whose credit was reversed.
CREATE FUNCTION import_decide_hours(its import) RETURNS void LANGUAGE plpgsql
SET enable_nestloop = off AS $$
BEGIN
	PERFORM import_resolve_hours(its);

	UPDATE import_row r SET outcome = 'rejected', duplicate_of = d.first,
		problems = r.problems || import_problem('来源编号', 'source-twice', r.parsed->>'source_key')
	FROM (SELECT q.part, q.row, first_value(ARRAY[q.part, q.row]) OVER (PARTITION BY q.person,
			q.parsed->>'source_kind', plain_source_key(q.parsed->>'source_key')
			ORDER BY q.part, q.row) AS first
		FROM import_row q
		WHERE q.county = its.county AND q.import = its.id AND q.outcome = 'pending') d
	WHERE r.county = its.county AND r.import = its.id AND r.part = d.part AND r.row = d.row
		AND d.first <> ARRAY[d.part, d.row];

	UPDATE import_row r SET outcome = CASE WHEN f.same AND v.id IS NULL THEN 'unchanged' ELSE 'rejected' END,
		problems = r.problems || CASE
			WHEN v.id IS NOT NULL THEN import_problem('来源编号', 'credit-reversed', e.hours || ' / ' || e.activity_on)
			WHEN f.same THEN '[]'
			ELSE import_problem('来源编号', 'already-credited', e.hours || ' / ' || e.activity_on) END
	FROM hour_source s
	JOIN hour_entry e ON e.county = s.county AND e.id = s.entry
	LEFT JOIN hour_entry v ON v.county = e.county AND v.reverses = e.id,
	import_row q,
	LATERAL (SELECT (e.hours, e.level, e.activity_on) IS NOT DISTINCT FROM ((q.parsed->>'hours')::numeric,
		q.parsed->>'level', (q.parsed->>'activity_on')::date) AS same) f
	WHERE r.county = its.county AND r.import = its.id AND r.outcome = 'pending'
		AND q.county = r.county AND q.import = r.import AND q.part = r.part AND q.row = r.row
		AND s.county = r.county AND s.kind = r.parsed->>'source_kind'
		AND s.key = plain_source_key(r.parsed->>'source_key') AND s.person = r.person;

	PERFORM import_settle(its);
END
$$;

CALL engine_owned('import_decide(uuid)', 'qinglan_app');
