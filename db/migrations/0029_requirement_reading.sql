-- Who is in the population of a requirement, where each stands, and what is told of it.

-- ---------------------------------------------------------------- what is counted besides hours

-- What is counted besides hours: what of whom, of which kind, on which day, with how many characters. Activities that
-- somebody attended; deliverables that were found good, on the day that they were handed in or, within the month or
-- term that they are for, next to it; of settled courses the exams passed and those that gave hours, by their level.
-- It is asked when somebody reads, and never kept. Runs as the engine, for all that a person has counts, whichever
-- school it was in; but a school that she left is told nothing of what came after.
CREATE FUNCTION requirement_counts(its_county int, persons uuid[], span daterange)
RETURNS TABLE (person uuid, what text, kind text, on_date date, characters int) LANGUAGE sql STABLE AS
$$
WITH known AS MATERIALIZED (
	SELECT least(today(), nullif(current_setting('qinglan.until_on', true), '')::date) AS until_on
)
SELECT t.person, 'activity', a.kind, a.held_on, NULL::int
FROM known k CROSS JOIN activity_attendance t JOIN activity a ON a.county = t.county AND a.id = t.activity
WHERE t.county = its_county AND its_county = this_county() AND t.person = ANY (persons)
	AND t.state IN ('present', 'late', 'left_early') AND a.cancelled_at IS NULL
	AND span @> a.held_on AND a.held_on <= k.until_on
UNION ALL
SELECT d.person, 'deliverable', d.type, o.day, d.length
FROM known k CROSS JOIN deliverable d JOIN county c ON c.county = d.county
LEFT JOIN term t ON t.county = d.county AND t.id = d.term
CROSS JOIN LATERAL (SELECT coalesce(t.during, month_days(d.month)) AS days,
	(d.submitted_at AT TIME ZONE c.zone)::date AS handed_in) h
CROSS JOIN LATERAL (SELECT least(greatest(h.handed_in, lower(h.days)), last_day(h.days)) AS day) o
WHERE d.county = its_county AND its_county = this_county() AND d.person = ANY (persons)
	AND d.state IN ('qualified', 'excellent') AND d.confirmed IS NOT FALSE AND span @> o.day AND o.day <= k.until_on
UNION ALL
SELECT e.person, w.what, c.level, o.day, NULL
FROM known k CROSS JOIN enrolment e JOIN course c ON c.county = e.county AND c.id = e.course
CROSS JOIN LATERAL (VALUES ('exam', c.assessment ? 'exam' AND e.result IN ('qualified', 'excellent')),
	('course', e.settled_hours > 0)) AS w(what, done)
CROSS JOIN LATERAL (SELECT course_day(c) AS day) o
WHERE e.county = its_county AND its_county = this_county() AND e.person = ANY (persons)
	AND c.state = 'settled' AND w.done AND span @> o.day AND o.day <= k.until_on
$$;
CALL engine_owned('requirement_counts(int, uuid[], daterange)', 'qinglan_app');

-- The counts that a version asks for, with how many a person has in a window and how many are missing.
CREATE FUNCTION requirement_counts_of(its_county int, its_person uuid, during daterange, rules jsonb)
RETURNS TABLE (what text, kind text, at_least int, characters int, counted int, short int) LANGUAGE sql STABLE AS
$$
SELECT c.what, c.kind, c.at_least, c.characters, s.counted, greatest(0, c.at_least - s.counted)
FROM jsonb_to_recordset(rules->'counts') AS c(what text, kind text, at_least int, characters int)
CROSS JOIN LATERAL (
	SELECT count(*)::int AS counted FROM requirement_counts(its_county, ARRAY[its_person], during) d
	WHERE d.what = c.what AND d.kind = coalesce(c.kind, d.kind) AND during @> d.on_date
		AND coalesce(d.characters, 0) >= coalesce(c.characters, 0)
) s
$$;

-- ---------------------------------------------------------------- population

-- Whether what a version asks of its population besides appointment and school is true of a person, whose
-- appointment began on STARTED_ON, on JUDGED_ON; the window begins on BEGINS_ON. Who lacks the particular
-- that is asked about is not concerned.
CREATE FUNCTION requirement_concerns(its_county int, population jsonb, kinds text[], its_person uuid,
	started_on date, judged_on date, begins_on date) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT coalesce(
	(NOT population ? 'appointed_from' OR f.first_on >= (population->>'appointed_from')::date)
	AND (NOT population ? 'appointed_before' OR f.first_on < (population->>'appointed_before')::date)
	AND (NOT population ? 'appointment' OR (started_on <= f.first_on) = (population->>'appointment' = 'first'))
	AND (NOT population ? 'stages' OR population->'stages' ? p.teaching_stage)
	AND (NOT population ? 'ages'
		OR is_of_ages(population->'ages', coalesce((population->>'ages_on')::date, judged_on), p))
	AND (NOT population ? 'cohort_id'
		OR its_person IN (SELECT cohort_members((population->>'cohort_id')::uuid)))
	AND (NOT population ? 'never_trained' OR NOT EXISTS (
		SELECT FROM requirement_state s WHERE s.county = its_county AND s.person = its_person
			AND s.requirement = (population #>> '{never_trained,requirement_id}')::uuid
			AND s.ends_on < begins_on AND s.counted > 0)
		AND NOT EXISTS (
		SELECT FROM hour_entry e WHERE e.county = its_county AND e.person = its_person
			AND e.activity_on < begins_on AND population #> '{never_trained,levels}' ? e.level
			AND e.reverses IS NULL
			AND NOT EXISTS (SELECT FROM hour_entry r WHERE r.county = its_county AND r.reverses = e.id))),
	false)
FROM requirement_first_appointments(its_county, ARRAY[its_person], kinds) f
JOIN person p ON p.county = its_county AND p.id = f.person
$$;

-- The day on which a window is judged: its last, that of the county, or the last day that the caller may see
-- of the person named, whichever is first; of one around an appointment, not before the appointment (ANCHOR). Whoever
-- judges many takes the county's day once, for it is read from a table.
CREATE FUNCTION requirement_judged_on(during daterange, anchor date, county_day date) RETURNS date LANGUAGE sql STABLE AS
$$
SELECT greatest(anchor, least(upper(during) - 1, county_day,
	nullif(current_setting('qinglan.until_on', true), '')::date))
$$;

-- ---------------------------------------------------------------- where somebody stands

-- The status on DAY, from what is short, of NEEDED hours and of WANTED things counted: at risk when the part
-- that is still short is greater than the part of the window that is still left, DAY included.
CREATE FUNCTION requirement_status(short numeric, needed numeric, during daterange, day date,
	lacking int DEFAULT 0, wanted int DEFAULT 0)
RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE
	WHEN short = 0 AND lacking = 0 THEN 'met'
	WHEN day >= upper(during) THEN 'overdue'
	WHEN short * (upper(during) - lower(during)) > needed * (upper(during) - day)
		OR lacking * (upper(during) - lower(during)) > wanted * (upper(during) - day) THEN 'at_risk'
	ELSE 'on_track'
END
$$;

-- What a person has in one window of hers.
CREATE TYPE requirement_part AS (during daterange, needed numeric, counted numeric, short numeric, levels jsonb,
	counts json, status text);

-- The levels of a window with their limits, what counted and what is short of the least; so of modules, and
-- of sources.
CREATE FUNCTION requirement_levels(limits jsonb, levels jsonb) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT coalesce(json_agg(row_to_json(x)), '[]')
FROM (
	SELECT coalesce(l.level, c.key) AS level, l.at_least, l.at_most,
		coalesce(c.value::numeric(9,2), 0.00) AS counted,
		greatest(0, l.at_least - coalesce(c.value::numeric(9,2), 0.00)) AS short
	FROM (SELECT * FROM jsonb_to_recordset(limits)
		AS l(level text, at_least numeric(7,2), at_most numeric(7,2)) WHERE l.level IS NOT NULL) l
	FULL JOIN jsonb_each_text(levels) AS c ON c.key = l.level
	ORDER BY hour_level_rank(coalesce(l.level, c.key))
) x
$$;
CREATE FUNCTION requirement_modules(limits jsonb, modules jsonb) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT coalesce(json_agg(row_to_json(x)), '[]')
FROM (
	SELECT coalesce(l.module_id, c.key) AS module_id, l.at_least, l.at_most,
		coalesce(c.value::numeric(9,2), 0.00) AS counted,
		greatest(0, l.at_least - coalesce(c.value::numeric(9,2), 0.00)) AS short
	FROM (SELECT * FROM jsonb_to_recordset(limits)
		AS l(module_id text, at_least numeric(7,2), at_most numeric(7,2)) WHERE l.module_id IS NOT NULL) l
	FULL JOIN jsonb_each_text(modules) AS c ON c.key = l.module_id
	ORDER BY coalesce(l.module_id, c.key)
) x
$$;
CREATE FUNCTION requirement_sources(limits jsonb, sources jsonb) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT coalesce(json_agg(row_to_json(x)), '[]')
FROM (
	SELECT l.source_kind, l.at_least, l.at_most,
		coalesce((sources->>l.source_kind)::numeric(9,2), 0.00) AS counted,
		greatest(0, l.at_least - coalesce((sources->>l.source_kind)::numeric(9,2), 0.00)) AS short
	FROM jsonb_to_recordset(limits) AS l(source_kind text, at_least numeric(7,2), at_most numeric(7,2))
	WHERE l.source_kind IS NOT NULL
) x
$$;

-- Where somebody stands in windows that are joined: by "and" in all, by "or" in the best.
CREATE FUNCTION requirement_standing(joined text, parts requirement_part[])
RETURNS TABLE (needed numeric, counted numeric, short numeric, due_on date, status text)
LANGUAGE sql STABLE AS
$$
SELECT CASE joined WHEN 'and' THEN sum(p.needed) ELSE max(p.needed) END::numeric(7,2),
	CASE joined WHEN 'and' THEN sum(p.counted) ELSE max(p.counted) END::numeric(9,2),
	CASE joined WHEN 'and' THEN sum(p.short) ELSE min(p.short) END::numeric(9,2),
	CASE joined WHEN 'and' THEN coalesce(min(upper(p.during) - 1) FILTER (WHERE p.status <> 'met'),
		max(upper(p.during) - 1)) ELSE max(upper(p.during) - 1) END,
	(ARRAY['met', 'on_track', 'at_risk', 'overdue'])[CASE joined WHEN 'and' THEN max(s.place) ELSE min(s.place) END]
FROM unnest(parts) p
CROSS JOIN LATERAL (SELECT array_position(ARRAY['met', 'on_track', 'at_risk', 'overdue'], p.status) AS place) s
$$;

-- What is told of it besides, for who reads it, not for who counts heads: the levels; of several windows these are told
-- with each, as is what is counted besides hours, also with one alone.
CREATE FUNCTION requirement_levels_told(parts requirement_part[], limits jsonb) RETURNS json LANGUAGE sql STABLE AS
$$ SELECT CASE cardinality(parts) WHEN 1 THEN requirement_levels(limits, (parts[1]).levels) ELSE '[]' END $$;
CREATE FUNCTION requirement_windows_told(parts requirement_part[], limits jsonb) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT CASE WHEN cardinality(parts) = 1 AND (parts[1]).counts::text = '[]' THEN '[]' ELSE (
	SELECT json_agg(json_build_object('starts_on', lower(p.during), 'ends_on', upper(p.during) - 1,
		'needed', p.needed::numeric(7,2), 'counted', p.counted::numeric(9,2), 'short', p.short::numeric(9,2),
		'status', p.status, 'levels', requirement_levels(limits, p.levels), 'counts', p.counts))
	FROM unnest(parts) p) END
$$;

-- What is missing besides hours in windows as they are told: 班主任例会2次、论文1份; NULL for nothing.
CREATE FUNCTION requirement_things_missing(windows json) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT string_agg(DISTINCT CASE c.what
	WHEN 'activity' THEN coalesce(reference_label('activity_kind', c.kind), '活动') || c.short || '次'
	WHEN 'deliverable' THEN coalesce(reference_label('deliverable_type', c.kind), '材料') || c.short || '份'
	ELSE coalesce(reference_label('level', c.kind), '') || CASE c.what WHEN 'exam' THEN '考试' ELSE '课程' END
		|| c.short || '门' END, '、')
FROM json_array_elements(windows) w
CROSS JOIN LATERAL json_to_recordset(w->'counts') AS c(what text, kind text, short int)
WHERE w->>'status' <> 'met' AND c.short > 0
$$;
-- The same with the hours: 还差12学时、论文1份.
CREATE FUNCTION requirement_short_words(short numeric, windows json) RETURNS text LANGUAGE sql STABLE AS
$$
SELECT coalesce('还差' || nullif(concat_ws('、', CASE WHEN short > 0 THEN trim_scale(short) || '学时' END,
	requirement_things_missing(windows)), ''), '尚未达标')
$$;

-- ---------------------------------------------------------------- reading

-- The members of a version as the API gives them.
CREATE FUNCTION requirement_version_json(v requirement_version) RETURNS jsonb LANGUAGE sql STABLE AS
$$
SELECT jsonb_build_object('id', v.id, 'effective_on', v.effective_on,
	'population', jsonb_build_object('appointment_kinds', v.kinds, 'school_ids', v.schools)
		|| coalesce(v.rules->'population', '{}'),
	'target_hours', nullif(v.target, 0), 'limits', v.limits, 'note', v.note) || (v.rules - 'population')
$$;

CREATE VIEW requirement_view WITH (security_invoker = true) AS
SELECT r.id, r.name, r.window_kind AS "window",
	(SELECT json_agg(requirement_version_json(v) ORDER BY v.effective_on DESC)
	FROM requirement_version v WHERE v.county = r.county AND v.requirement = r.id) AS versions,
	instant(r.created_at) AS created_at, instant(r.updated_at) AS updated_at, r.version
FROM requirement r;
GRANT SELECT ON requirement_view TO qinglan_app;

-- The window of a requirement that holds DAY, as reports over all people head it; around appointments each
-- has her own, and what has begun by the day is told.
CREATE FUNCTION requirement_window_at(its_requirement uuid, day date)
RETURNS TABLE ("window" json, judged_on date) LANGUAGE sql STABLE AS
$$
SELECT json_build_object('kind', r.window_kind, 'name', w.name, 'starts_on', lower(w.during),
	'ends_on', upper(w.during) - 1), least(upper(w.during) - 1, today())
FROM requirement_windows(this_county(), daterange(day, day, '[]')) w
JOIN requirement r ON r.id = w.requirement
WHERE w.requirement = its_requirement
UNION ALL
SELECT json_build_object('kind', r.window_kind, 'name', to_char(day, 'YYYY-MM-DD'), 'starts_on', NULL,
	'ends_on', NULL), least(day, today())
FROM requirement r
WHERE r.id = its_requirement AND r.window_kind = 'appointment'
	AND EXISTS (SELECT FROM requirement_version v WHERE v.requirement = r.id AND v.effective_on <= day)
$$;

-- Where one person stands in the windows that hold DAY, for the requirements whose population she
-- is in; counted from the entries that the caller may see, those of NEAR days around included. Planned once
-- a connection: planning costs several times what reading one person's entries does.
CREATE FUNCTION requirement_of_person(its_person uuid, day date, near int)
RETURNS TABLE (id uuid, name text, body json) LANGUAGE plpgsql STABLE SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
	RETURN QUERY
	WITH here AS MATERIALIZED (
		SELECT this_county() AS county, today() AS county_day
	), counted AS MATERIALIZED (
		SELECT c.requirement, c.version, c.part, array_agg(c ORDER BY c.activity_on, c.seq, c.entry) AS entries
		FROM here CROSS JOIN LATERAL
			requirement_count(here.county, ARRAY[its_person], daterange(day, day, '[]'), near) c
		GROUP BY c.requirement, c.version, c.part
	)
	SELECT r.id, r.name, row_to_json(b)
	FROM here
	CROSS JOIN LATERAL requirement_windows_of(here.county, ARRAY[its_person], daterange(day, day, '[]')) w
	JOIN requirement r ON r.county = here.county AND r.id = w.requirement
	CROSS JOIN LATERAL (
		SELECT array_agg(n.part ORDER BY n.place) AS parts, json_agg(json_build_object(
				'starts_on', lower((n.part).during), 'ends_on', upper((n.part).during) - 1,
				'needed', w.target::numeric(7,2), 'counted', (n.part).counted::numeric(9,2),
				'short', (n.part).short::numeric(9,2), 'status', (n.part).status,
				'levels', requirement_levels(w.limits, n.levels),
				'modules', requirement_modules(w.limits, n.modules),
				'sources', requirement_sources(w.limits, n.sources), 'choices', (
					SELECT coalesce(json_agg(row_to_json(c)), '[]')
					FROM requirement_choices(w.rules, n.modules) c),
				'counts', (n.part).counts) ORDER BY n.place) AS windows
		FROM (
			SELECT p.place, s.levels, s.modules, s.sources, ROW(p.during, w.target, s.counted, h.short,
				s.levels, c.counts, requirement_status(h.short, w.target, p.during, here.county_day, c.lacking,
				c.wanted))::requirement_part AS part
			FROM unnest(w.parts) WITH ORDINALITY AS p(during, place)
			LEFT JOIN counted e ON e.requirement = w.requirement AND e.version = w.version AND e.part = p.place
			CROSS JOIN LATERAL requirement_sum(e.entries) s
			CROSS JOIN LATERAL (SELECT requirement_short(w.target, w.limits, w.rules, s.levels, s.modules,
				s.sources) AS short) h
			CROSS JOIN LATERAL (
				SELECT coalesce(sum(d.short), 0)::int AS lacking, coalesce(sum(d.at_least), 0)::int AS wanted,
					coalesce(json_agg(row_to_json(d)), '[]') AS counts
				FROM requirement_counts_of(here.county, its_person, p.during, w.rules) d
			) c
		) n
	) t
	CROSS JOIN LATERAL requirement_standing(w.rules->>'joined', t.parts) s
	CROSS JOIN LATERAL (
		SELECT coalesce(json_agg(row_to_json(x)), '[]') AS entries
		FROM (SELECT n.entry AS entry_id, n.activity_on, n.level, n.hours,
				n.counted::numeric(7,2) AS counted, n.reason, n.part AS "window"
			FROM counted c CROSS JOIN LATERAL unnest(c.entries) n
			WHERE c.requirement = w.requirement AND c.version = w.version
			ORDER BY n.part, n.activity_on, n.seq, n.entry) x
	) e
	CROSS JOIN LATERAL (
		SELECT r.id AS requirement_id, r.name, w.version AS version_id,
			json_build_object('kind', r.window_kind, 'name', w.name, 'starts_on', lower(w.during),
				'ends_on', upper(w.during) - 1) AS "window",
			s.needed, s.counted, s.short, s.due_on, s.status,
			requirement_levels_told(t.parts, w.limits) AS levels, e.entries, t.windows
	) b
	WHERE EXISTS (
		SELECT FROM (
			SELECT a.school, a.kind, a.during FROM homeroom_appointment a
			WHERE w.kinds IS NOT NULL AND a.county = here.county AND a.person = its_person
			UNION ALL
			SELECT m.school, NULL, m.during FROM membership m
			WHERE w.kinds IS NULL AND m.county = here.county AND m.person = its_person AND m.kind = 'working'
		) a
		CROSS JOIN LATERAL (SELECT requirement_judged_on(w.during, w.anchor, here.county_day) AS day) j
		WHERE a.during @> j.day AND coalesce(a.kind = ANY (w.kinds), true)
			AND coalesce(a.school = ANY (w.schools), true)
			AND (NOT w.rules ? 'population' OR requirement_concerns(here.county, w.rules->'population', w.kinds,
				its_person, lower(a.during), j.day, lower(w.during))));
END
$$;

-- The population of a requirement in the window that holds DAY, and where each stands: who has
-- the appointment on the day it is judged; of several the one where she works on that day, then the
-- latest, so that she counts in one school for it as for the county; of all teachers, who works. The engine's,
-- because the school of a past window sees these people's figures in it but no longer the people; the county
-- gets all, a school its own, anybody else nothing. State and person are looked up for each (OFFSET 0),
-- since a plan made for the county would read all of them for a school.
CREATE FUNCTION requirement_roll(its_requirement uuid, day date)
RETURNS TABLE (person uuid, person_name text, sort_key text, school uuid, needed numeric, counted numeric,
	short numeric, due_on date, status text, parts requirement_part[], limits jsonb)
LANGUAGE sql STABLE AS
$$
WITH here AS MATERIALIZED (
	SELECT this_county() AS county, today() AS county_day,
		current_setting('qinglan.sees', true) AS sees,
		this_school() AS school,
		EXISTS (SELECT FROM requirement_version v WHERE v.county = this_county()
			AND v.requirement = its_requirement AND v.kinds IS NULL) AS everybody
), held AS MATERIALIZED (
	SELECT e.id, e.person, e.school, e.kind, e.during
	FROM here
	CROSS JOIN LATERAL (SELECT n.* FROM homeroom_appointment n
		WHERE here.sees = 'all' AND n.county = here.county ORDER BY n.person) e
	UNION ALL
	SELECT e.id, e.person, e.school, e.kind, e.during
	FROM here
	CROSS JOIN LATERAL (SELECT DISTINCT o.person FROM homeroom_appointment o
		WHERE here.sees = 'school' AND o.county = here.county AND o.school = here.school) o
	CROSS JOIN LATERAL (SELECT n.* FROM homeroom_appointment n
		WHERE n.county = here.county AND n.person = o.person OFFSET 0) e
	UNION ALL
	SELECT m.id, m.person, m.school, NULL, m.during
	FROM here
	CROSS JOIN LATERAL (SELECT n.* FROM membership n
		WHERE here.everybody AND here.sees = 'all' AND n.county = here.county ORDER BY n.person) m
	WHERE m.kind = 'working'
	UNION ALL
	SELECT m.id, m.person, m.school, NULL, m.during
	FROM here
	CROSS JOIN LATERAL (SELECT n.* FROM membership n WHERE here.everybody AND here.sees = 'school'
		AND n.county = here.county AND n.school = here.school OFFSET 0) m
	WHERE m.kind = 'working'
), asked AS MATERIALIZED (
	SELECT w.*, requirement_judged_on(w.during, w.anchor, here.county_day) AS judged_on
	FROM here CROSS JOIN LATERAL requirement_windows_of(here.county,
		ARRAY(SELECT DISTINCT h.person FROM held h), daterange(day, day, '[]')) w
	WHERE w.requirement = its_requirement
), concerned AS (
	SELECT DISTINCT ON (w.person) w.*, a.school
	FROM here
	CROSS JOIN asked w
	JOIN held a ON a.person = w.person
	WHERE a.during @> w.judged_on
		AND CASE WHEN w.kinds IS NULL THEN a.kind IS NULL ELSE a.kind = ANY (w.kinds) END
		AND coalesce(a.school = ANY (w.schools), true)
		AND (NOT w.rules ? 'population' OR requirement_concerns(here.county, w.rules->'population', w.kinds,
			w.person, lower(a.during), w.judged_on, lower(w.during)))
	ORDER BY w.person, count(*) OVER (PARTITION BY w.person) > 1 AND EXISTS (SELECT FROM membership m
			WHERE m.county = here.county AND m.person = w.person AND m.kind = 'working'
				AND m.school = a.school AND m.during @> w.judged_on) DESC,
		lower(a.during) DESC, a.id
)
SELECT c.person, p.name, p.sort_key, c.school, s.needed, s.counted, s.short, s.due_on, s.status, t.parts, c.limits
FROM here
CROSS JOIN concerned c
CROSS JOIN LATERAL (SELECT k.name, k.sort_key FROM person n CROSS JOIN LATERAL person_as_known(n) k
	WHERE n.county = here.county AND n.id = c.person
		AND (c.kinds IS NOT NULL OR n.teacher AND n.voided_at IS NULL AND n.merged_into IS NULL) OFFSET 0) p
CROSS JOIN LATERAL (
	SELECT array_agg(ROW(w.during, c.target, coalesce(n.counted, 0.00), coalesce(n.short, c.target),
		coalesce(n.levels, '{}'), d.counts, requirement_status(coalesce(n.short, c.target), c.target, w.during,
		here.county_day, d.lacking, d.wanted))::requirement_part ORDER BY w.place) AS parts
	FROM unnest(c.parts) WITH ORDINALITY AS w(during, place)
	LEFT JOIN LATERAL (SELECT n.counted, n.short, n.levels FROM requirement_state n
		WHERE n.county = here.county AND n.requirement = its_requirement AND n.window_on = lower(w.during)
			AND n.person = c.person AND n.part = w.place OFFSET 0) n ON true
	CROSS JOIN LATERAL (
		SELECT coalesce(sum(o.short), 0)::int AS lacking, coalesce(sum(o.at_least), 0)::int AS wanted,
			coalesce(json_agg(row_to_json(o)), '[]') AS counts
		FROM requirement_counts_of(here.county, c.person, w.during, c.rules) o) d
) t
CROSS JOIN LATERAL requirement_standing(c.rules->>'joined', t.parts) s
WHERE here.sees = 'all' OR c.school = here.school
$$;
CALL engine_owned('requirement_roll(uuid, date)', 'qinglan_app');
