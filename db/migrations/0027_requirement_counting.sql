-- How much of each entry counts for a requirement, why not the rest, and what that comes to.

-- An entry in a window of a person, part being the window's place among those of the version.
CREATE TYPE requirement_counted AS (requirement uuid, version uuid, part smallint, during daterange, person uuid,
	entry uuid, seq bigint, activity_on date, level text, module uuid, source_kind text, hours numeric,
	counted numeric, reason text);

-- The limits' most figures that an entry falls under, by what they limit: {"level county": 10}; NULL if none.
CREATE FUNCTION requirement_most(limits jsonb, its_level text, its_module uuid, its_source text) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS
$$
SELECT jsonb_object_agg(concat_ws(' ', CASE WHEN l.level IS NOT NULL THEN 'level' WHEN l.module_id IS NOT NULL
	THEN 'module' ELSE 'source' END, l.level, l.module_id, l.source_kind), l.at_most)
FROM jsonb_to_recordset(limits) AS l(level text, module_id uuid, source_kind text, at_most numeric)
WHERE l.at_most IS NOT NULL
	AND (l.level = its_level OR l.module_id = its_module OR l.source_kind = its_source)
$$;

-- What entries leave of the limits that they fall under, one after another: the aggregate's value after an
-- entry has what is used of each limit, and in the member "" how much of the entry was taken.
CREATE FUNCTION requirement_use_next(used jsonb, hours numeric, most jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS
$$
SELECT used || jsonb_object_agg(m.key, coalesce((used->>m.key)::numeric, 0) + t.taken)
	|| jsonb_build_object('', t.taken)
FROM (SELECT greatest(0, least(hours, min(m.value::numeric - coalesce((used->>m.key)::numeric, 0)))) AS taken
	FROM jsonb_each_text(most) m) t
CROSS JOIN jsonb_each_text(most) m
GROUP BY t.taken
$$;
CREATE AGGREGATE requirement_use(hours numeric, most jsonb) (
	SFUNC = requirement_use_next, STYPE = jsonb, INITCOND = '{}'
);

-- Whether an entry comes from a course that the county has recognised: of the course the reader of the entry may
-- know nothing else.
CREATE FUNCTION hour_entry_recognised(its_person uuid, source_kind text, source_key text) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT EXISTS (SELECT FROM enrolment n JOIN course c ON c.county = n.county AND c.id = n.course
	WHERE n.county = this_county() AND c.recognised_at IS NOT NULL
		AND n.person = its_person
		AND n.id = CASE WHEN source_kind = 'course_enrolment'
				AND source_key ~ '^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$'
			THEN source_key::uuid END)
$$;
CALL engine_owned('hour_entry_recognised(uuid, text, text)', 'qinglan_app');

-- How much of each entry counts, and why not the rest. Entries of PERSONS in their windows for SPAN, and NEAR
-- days around these, for all requirements or one, those judged by plain versions as well or not; counted
-- by activity date, then seq, each the least that its limits leave. An entry and its reversal count nothing.
-- Entries are looked up for each window (OFFSET 0): a plan for many people would read all for one.
CREATE FUNCTION requirement_count(its_county int, persons uuid[], span daterange, near int,
	its_requirement uuid DEFAULT NULL, plain_too boolean DEFAULT true)
RETURNS SETOF requirement_counted LANGUAGE sql STABLE AS
$$
WITH judged AS MATERIALIZED (
	SELECT w.requirement, w.version, p.part::smallint AS part, p.during, w.person, w.limits, w.rules
	FROM requirement_windows_of(its_county, persons, span) w
	CROSS JOIN LATERAL unnest(w.parts) WITH ORDINALITY AS p(during, part)
	WHERE w.requirement = coalesce(its_requirement, w.requirement) AND (plain_too OR NOT w.plain)
), entry AS (
	SELECT w.requirement, w.version, w.part, w.during, e.person, e.id, e.seq, e.activity_on, e.level,
		e.module, e.source_kind, e.hours, m.most,
		CASE
			WHEN e.reverses IS NOT NULL THEN 'reversal'
			WHEN r.id IS NOT NULL THEN 'reversed'
			WHEN NOT w.during @> e.activity_on THEN 'outside_window'
			WHEN w.rules ? 'recognised_levels' AND NOT w.rules->'recognised_levels' ? e.level
				AND NOT hour_entry_recognised(e.person, e.source_kind, e.source_key) THEN 'not_recognised'
			WHEN w.rules ? 'only_modules' AND NOT w.rules->'only_modules' ? coalesce(e.module::text, '')
				OR (m.most->>('module ' || e.module))::numeric = 0 THEN 'module_not_required'
			WHEN (m.most->>('level ' || e.level))::numeric = 0 THEN 'level_mismatch'
		END AS reason
	FROM judged w
	CROSS JOIN LATERAL (SELECT n.* FROM hour_entry n
		WHERE n.county = its_county AND n.person = w.person
			AND n.activity_on >= lower(w.during) - near AND n.activity_on < upper(w.during) + near OFFSET 0) e
	LEFT JOIN LATERAL (SELECT n.id FROM hour_entry n
		WHERE n.county = its_county AND n.reverses = e.id OFFSET 0) r ON true
	CROSS JOIN LATERAL (SELECT requirement_most(w.limits, e.level, e.module, e.source_kind) AS most) m
), run AS (
	SELECT e.*, CASE
		WHEN e.reason IS NOT NULL THEN 0
		WHEN e.most IS NULL THEN e.hours
		ELSE (requirement_use(e.hours, e.most) FILTER (WHERE e.reason IS NULL AND e.most IS NOT NULL)
			OVER (PARTITION BY e.requirement, e.part, e.during, e.person
				ORDER BY e.activity_on, e.seq, e.id ROWS UNBOUNDED PRECEDING)->>'')::numeric
		END AS counted
	FROM entry e
)
SELECT requirement, version, part, during, person, id, seq, activity_on, level, module, source_kind, hours,
	counted, coalesce(reason, CASE WHEN counted < hours THEN 'cap_reached' END)
FROM run
$$;

-- What counted entries come to: together, and by level, module and kind of source ({"county": 4.00}).
CREATE FUNCTION requirement_sum(entries requirement_counted[])
RETURNS TABLE (counted numeric, levels jsonb, modules jsonb, sources jsonb) LANGUAGE sql IMMUTABLE AS
$$
SELECT coalesce(sum(g.counted) FILTER (WHERE g.level IS NOT NULL), 0),
	coalesce(jsonb_object_agg(g.level, g.counted) FILTER (WHERE g.level IS NOT NULL), '{}'),
	coalesce(jsonb_object_agg(g.module, g.counted) FILTER (WHERE g.module IS NOT NULL), '{}'),
	coalesce(jsonb_object_agg(g.source_kind, g.counted) FILTER (WHERE g.source_kind IS NOT NULL), '{}')
FROM (SELECT e.level, e.module, e.source_kind, sum(e.counted) AS counted
	FROM unnest(entries) e WHERE e.during @> e.activity_on
	GROUP BY GROUPING SETS ((e.level), (e.module), (e.source_kind))) g
$$;

-- The choices of a version with how many of each list's modules have their hours, and what is short: the
-- least that would complete as many as are wanted.
CREATE FUNCTION requirement_choices(rules jsonb, modules jsonb)
RETURNS TABLE (module_ids jsonb, different int, hours_each numeric, held int, short numeric)
LANGUAGE sql IMMUTABLE AS
$$
SELECT c.module_ids, c.different, c.hours_each, s.held, s.short
FROM (SELECT j.module_ids, coalesce(j.different, 1) AS different, coalesce(j.hours_each, 0.01) AS hours_each
	FROM jsonb_to_recordset(rules->'choices') AS j(module_ids jsonb, different int, hours_each numeric(7,2))) c
CROSS JOIN LATERAL (
	SELECT count(*) FILTER (WHERE x.short = 0)::int AS held,
		coalesce(sum(x.short) FILTER (WHERE x.place <= c.different), 0) AS short
	FROM (SELECT o.short, row_number() OVER (ORDER BY o.short) AS place
		FROM (SELECT greatest(0, c.hours_each - coalesce((modules->>u.id)::numeric, 0)) AS short
			FROM jsonb_array_elements_text(c.module_ids) AS u(id)) o) x
) s
$$;

-- What is short: hours more without which target, least figures and choices are not met, given what counted
-- by level, module and source. An hour serves a level, a module and a source at once.
CREATE FUNCTION requirement_short(target numeric, limits jsonb, rules jsonb, levels jsonb, modules jsonb,
	sources jsonb) RETURNS numeric LANGUAGE sql IMMUTABLE AS
$$
SELECT greatest(0,
	target - coalesce((SELECT sum(c.value::numeric) FROM jsonb_each_text(levels) c), 0),
	sum(greatest(0, l.at_least - coalesce((levels->>l.level)::numeric, 0))) FILTER (WHERE l.level IS NOT NULL),
	coalesce(sum(greatest(0, l.at_least - coalesce((modules->>l.module_id)::numeric, 0)))
			FILTER (WHERE l.module_id IS NOT NULL), 0)
		+ (SELECT coalesce(sum(c.short), 0) FROM requirement_choices(rules, modules) c),
	sum(greatest(0, l.at_least - coalesce((sources->>l.source_kind)::numeric, 0)))
		FILTER (WHERE l.source_kind IS NOT NULL))
FROM jsonb_to_recordset(limits) AS l(level text, module_id text, source_kind text, at_least numeric)
$$;

-- What requirement_count comes to, by requirement, window and person, for versions that are not plain.
CREATE FUNCTION requirement_tally(its_county int, persons uuid[], span daterange,
	its_requirement uuid DEFAULT NULL, plain_too boolean DEFAULT false)
RETURNS TABLE (requirement uuid, version uuid, part smallint, during daterange, person uuid, needed numeric,
	counted numeric, short numeric, levels jsonb)
LANGUAGE sql STABLE AS
$$
SELECT g.requirement, g.version, g.part, g.during, g.person, v.target, s.counted,
	requirement_short(v.target, v.limits, v.rules, s.levels, s.modules, s.sources), s.levels
FROM (
	SELECT c.requirement, c.version, c.part, c.during, c.person, array_agg(c) AS entries
	FROM requirement_count(its_county, persons, span, 0, its_requirement, plain_too) c
	GROUP BY c.requirement, c.version, c.part, c.during, c.person
) g
JOIN requirement_version v ON v.county = its_county AND v.id = g.version
CROSS JOIN LATERAL requirement_sum(g.entries) s
$$;

-- The same for plain versions, of ITS_REQUIREMENT only, if it is given. Whatever the order, a level counts the
-- least of its hours and its most, and an entry and its reversal, which share level and day, come to
-- nothing: so sums do without the single entries.
CREATE FUNCTION requirement_sums(its_county int, persons uuid[], span daterange,
	its_requirement uuid DEFAULT NULL)
RETURNS TABLE (requirement uuid, version uuid, during daterange, person uuid, needed numeric,
	counted numeric, short numeric, levels jsonb)
LANGUAGE sql STABLE AS
$$
WITH judged AS MATERIALIZED (
	SELECT w.* FROM requirement_windows(its_county, span) w
	WHERE w.requirement = coalesce(its_requirement, w.requirement) AND w.plain
), bound AS MATERIALIZED (
	SELECT j.requirement, j.during, l.level, l.at_most, coalesce(l.at_least, 0) AS at_least
	FROM judged j CROSS JOIN LATERAL
		jsonb_to_recordset(j.limits) AS l(level text, at_most numeric, at_least numeric)
), earned AS MATERIALIZED (
	SELECT d.during, e.person, e.level, sum(e.hours) AS hours
	FROM hour_entry e
	JOIN (SELECT DISTINCT j.during FROM judged j) d
		ON e.activity_on >= lower(d.during) AND e.activity_on < upper(d.during)
	WHERE e.county = its_county AND e.person = ANY (persons)
		-- Of all windows together, once more: this the index can use.
		AND e.activity_on >= (SELECT min(lower(j.during)) FROM judged j)
		AND e.activity_on < (SELECT max(upper(j.during)) FROM judged j)
	GROUP BY d.during, e.person, e.level
), counted AS (
	SELECT j.requirement, e.during, e.person, sum(least(e.hours, m.at_most)) AS counted,
		sum(least(e.hours, m.at_most, m.at_least)) FILTER (WHERE m.at_least > 0) AS met,
		jsonb_object_agg(e.level, least(e.hours, m.at_most)) AS levels
	FROM judged j
	JOIN earned e ON e.during = j.during
	LEFT JOIN bound m ON m.requirement = j.requirement AND m.during = j.during AND m.level = e.level
	GROUP BY j.requirement, e.during, e.person
)
SELECT c.requirement, j.version, c.during, c.person, j.target, c.counted,
	-- As requirement_short, which row by row would be most of the work.
	greatest(0, j.target - c.counted, (SELECT sum(m.at_least) FROM bound m
		WHERE m.requirement = c.requirement AND m.during = c.during) - coalesce(c.met, 0)), c.levels
FROM counted c JOIN judged j ON j.requirement = c.requirement AND j.during = c.during
$$;
