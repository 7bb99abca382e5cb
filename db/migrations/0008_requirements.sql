-- Requirements: effective-dated rules over the ledger, and the windows in which they are judged.
--
-- The counting is defined once (0027_requirement_counting.sql), for one person or all of a county; one
-- person's answer runs it under her reader's row security, lists read what the engine keeps of it
-- in requirement_state (0028_requirement_state.sql). That state speaks of entries only: who is in the
-- population, what is counted besides hours, and what the status is today, is judged when it is read
-- (0029_requirement_reading.sql), so no night shift has to move anything.

CREATE TABLE requirement (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	-- fixed: dates that the version gives; appointment: before and after a person's first appointment.
	window_kind text NOT NULL CHECK (window_kind IN
		('calendar_year', 'school_year', 'term', 'month', 'fixed', 'appointment')),
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT requirement_name_is_unique UNIQUE (county, name)
);

-- Limits can be met together. Each is of one level, module or kind of source, none twice; least ≤ most; the
-- least figures of levels, of modules and of sources each together ≤ target; and where every level has a
-- most, these together reach the target.
CREATE FUNCTION requirement_limits_fit(limits jsonb, target numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE AS
$$
SELECT count(*) = count(DISTINCT (l.level, l.module_id, l.source_kind))
	AND count(l.level) = count(qinglan.hour_level_rank(l.level))
	AND coalesce(bool_and(coalesce(l.at_least, 0) <= coalesce(l.at_most, target)
		AND num_nonnulls(l.level, l.module_id, l.source_kind) = 1
		AND coalesce(l.at_least, l.at_most) IS NOT NULL
		AND coalesce(l.at_least, 0) >= 0 AND coalesce(l.at_most, 0) >= 0), true)
	AND coalesce(sum(l.at_least) FILTER (WHERE l.level IS NOT NULL), 0) <= target
	AND coalesce(sum(l.at_least) FILTER (WHERE l.module_id IS NOT NULL), 0) <= target
	AND coalesce(sum(l.at_least) FILTER (WHERE l.source_kind IS NOT NULL), 0) <= target
	AND (count(l.at_most) FILTER (WHERE l.level IS NOT NULL) < 7
		OR sum(l.at_most) FILTER (WHERE l.level IS NOT NULL) >= target)
FROM jsonb_to_recordset(limits)
	AS l(level text, module_id uuid, source_kind text, at_least numeric, at_most numeric)
$$;

-- The rules besides hang together: something is to be reached; several windows are joined, each is of dates
-- with an end or of months around an appointment; of the modules to choose from enough are named, none that
-- must be met anyway, and what is least of them and of the others fits into the target.
CREATE FUNCTION requirement_rules_fit(rules jsonb, limits jsonb, target numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE AS
$$
SELECT (target > 0 OR rules ? 'counts')
	AND (coalesce(jsonb_array_length(rules->'windows'), 0) > 1) = (rules ? 'joined')
	AND NOT EXISTS (
		SELECT FROM jsonb_to_recordset(rules->'windows') AS w(starts_on date, ends_on date, years int,
			event text, months_before int, months_after int)
		WHERE CASE WHEN w.event IS NULL
			THEN w.starts_on IS NULL OR num_nonnulls(w.ends_on, w.years) <> 1 OR w.ends_on < w.starts_on
				OR num_nonnulls(w.months_before, w.months_after) > 0
			ELSE num_nonnulls(w.starts_on, w.ends_on, w.years) > 0
				OR coalesce(w.months_before, 0) + coalesce(w.months_after, 0) = 0 END)
	AND (SELECT count(DISTINCT w.event IS NULL) FROM jsonb_to_recordset(rules->'windows') AS w(event text)) <= 1
	AND (SELECT coalesce(bool_and(jsonb_array_length(c.module_ids) >= coalesce(c.different, 1)), true)
			AND coalesce(sum(coalesce(c.different, 1) * coalesce(c.hours_each, 0.01)), 0) + (
				SELECT coalesce(sum(l.at_least), 0) FROM jsonb_to_recordset(limits)
					AS l(module_id uuid, at_least numeric) WHERE l.module_id IS NOT NULL) <= target
		FROM jsonb_to_recordset(rules->'choices') AS c(module_ids jsonb, different int, hours_each numeric))
	AND (SELECT count(*) = count(DISTINCT m.id) FROM (
			SELECT u.id FROM jsonb_to_recordset(rules->'choices') AS c(module_ids jsonb)
				CROSS JOIN jsonb_array_elements_text(c.module_ids) AS u(id)
			UNION ALL
			SELECT l.module_id FROM jsonb_to_recordset(limits) AS l(module_id text, at_least numeric)
			WHERE l.module_id IS NOT NULL AND l.at_least > 0) m)
$$;

-- The rules of a requirement from a day on. A window is judged by the version in force on its
-- last day, so a version governs the window that its first day falls in and all later ones; the windows
-- around an appointment by that of the appointment's day.
CREATE TABLE requirement_version (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	requirement uuid NOT NULL,
	effective_on date NOT NULL CHECK (effective_on BETWEEN '1990-01-01' AND '2099-12-31'),
	-- NULL: all teachers.
	kinds text[] CHECK (cardinality(kinds) > 0 AND kinds <@ ARRAY
		['homeroom', 'acting', 'deputy', 'assistant', 'trainee', 'reserve']),
	schools uuid[] CHECK (cardinality(schools) > 0),
	-- 0: no hours, counts alone.
	target numeric(7,2) NOT NULL CHECK (target BETWEEN 0 AND 9999.99),
	limits jsonb NOT NULL DEFAULT '[]',
	-- windows, joined, population, only_modules, choices, recognised_levels, counts: as the contract says.
	rules jsonb NOT NULL DEFAULT '{}',
	note text CHECK (length(note) <= 1000),
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	-- Whether what counts follows from the hours of each level: then sums do without the single entries.
	plain boolean NOT NULL GENERATED ALWAYS AS (
		NOT rules ?| ARRAY['windows', 'only_modules', 'choices', 'recognised_levels']
		AND NOT jsonb_path_exists(limits, '$[*] ? (@.module_id != null || @.source_kind != null)')) STORED,
	PRIMARY KEY (county, id),
	CONSTRAINT requirement_version_day_is_unique UNIQUE (county, requirement, effective_on),
	CONSTRAINT requirement_limits_fit CHECK (requirement_limits_fit(limits, target)),
	CONSTRAINT requirement_rules_fit CHECK (requirement_rules_fit(rules, limits, target)),
	FOREIGN KEY (county, requirement) REFERENCES requirement (county, id)
);
CREATE INDEX requirement_version_not_plain ON requirement_version (county) WHERE NOT plain;

-- What somebody's entries come to in a window: kept by the engine, a row for each person who has
-- entries in it. Of windows that are joined, or that are each person's own, one for each: part is its place
-- among those of the version. The school sees the person now.
CREATE TABLE requirement_state (
	county int NOT NULL,
	requirement uuid NOT NULL,
	window_on date NOT NULL,
	person uuid NOT NULL,
	part smallint NOT NULL DEFAULT 1,
	ends_on date NOT NULL,
	requirement_version uuid NOT NULL,
	school uuid,
	needed numeric(7,2) NOT NULL,
	counted numeric(9,2) NOT NULL,
	short numeric(9,2) NOT NULL,
	levels jsonb NOT NULL,
	PRIMARY KEY (county, requirement, window_on, person, part),
	FOREIGN KEY (county, requirement_version) REFERENCES requirement_version (county, id)
) WITH (fillfactor = 70);
CREATE INDEX requirement_state_of_person ON requirement_state (county, person);

CALL wall('requirement', reads => 'true', writes => '$role = ''county''');
CALL wall('requirement_version', reads => 'true', writes => '$role = ''county''');
CALL append_only('requirement_version');
CALL wall('requirement_state', reads => '$all OR school = $school'
	' OR person = $subject AND ends_on <= $until_on', exempt_event => true);

-- ---------------------------------------------------------------- windows

-- The windows that a version gives itself, in its order; those of months around the day ANCHOR, which comes
-- first among the days after.
CREATE FUNCTION requirement_parts(windows jsonb, anchor date) RETURNS daterange[] LANGUAGE sql IMMUTABLE AS
$$
SELECT array_agg(CASE WHEN w.event IS NULL
	THEN daterange(w.starts_on, coalesce(w.ends_on + 1, (w.starts_on + make_interval(years => w.years))::date))
	ELSE daterange((anchor - make_interval(months => coalesce(w.months_before, 0)))::date,
		(anchor + make_interval(months => coalesce(w.months_after, 0)))::date) END ORDER BY e.n)
FROM jsonb_array_elements(windows) WITH ORDINALITY AS e(item, n)
CROSS JOIN LATERAL jsonb_to_record(e.item) AS w(starts_on date, ends_on date, years int, event text,
	months_before int, months_after int)
$$;

-- From the first day of several windows to the last, and how they are called.
CREATE FUNCTION requirement_hull(parts daterange[]) RETURNS daterange LANGUAGE sql IMMUTABLE AS
$$ SELECT daterange(min(lower(p)), max(upper(p))) FROM unnest(parts) AS p $$;
CREATE FUNCTION requirement_window_name(during daterange) RETURNS text LANGUAGE sql IMMUTABLE AS
$$ SELECT to_char(lower(during), 'YYYY-MM-DD') || '/' || to_char(upper(during) - 1, 'YYYY-MM-DD') $$;

-- The windows of a county's requirements that overlap SPAN and are the same for everybody, each with the
-- version that judges it; what ended before a requirement's first version has none. Windows that are
-- joined are one row, DURING from the first day of all to the last.
CREATE FUNCTION requirement_windows(its_county int, span daterange)
RETURNS TABLE (requirement uuid, version uuid, during daterange, parts daterange[], name text, kinds text[],
	schools uuid[], target numeric, limits jsonb, rules jsonb, plain boolean)
LANGUAGE sql STABLE AS
$$
SELECT r.id, v.id, w.during, ARRAY[w.during], w.name, v.kinds, v.schools, v.target, v.limits, v.rules, v.plain
FROM requirement r
CROSS JOIN LATERAL (
	SELECT daterange(make_date(y, 1, 1), make_date(y + 1, 1, 1)), y::text
	FROM generate_series(date_part('year', lower(span))::int,
		date_part('year', upper(span) - 1)::int) y
	WHERE r.window_kind = 'calendar_year'
	UNION ALL
	SELECT y.during, y.name FROM school_year y
	WHERE r.window_kind = 'school_year' AND y.county = its_county AND y.during && span
	UNION ALL
	SELECT t.during, y.name || ' ' || t.name
	FROM term t JOIN school_year y ON y.county = t.county AND y.id = t.school_year
	WHERE r.window_kind = 'term' AND t.county = its_county AND t.during && span
	UNION ALL
	SELECT daterange(m::date, (m + interval '1 month')::date), to_char(m, 'YYYY-MM')
	FROM generate_series(date_trunc('month', lower(span)::timestamp), upper(span)::timestamp - interval '1 day',
		'1 month') m
	WHERE r.window_kind = 'month'
) AS w(during, name)
CROSS JOIN LATERAL (
	SELECT * FROM requirement_version v
	WHERE v.county = its_county AND v.requirement = r.id AND v.effective_on < upper(w.during)
	ORDER BY v.effective_on DESC LIMIT 1
) v
WHERE r.county = its_county
UNION ALL
SELECT r.id, v.id, h.during, p.parts, requirement_window_name(h.during), v.kinds, v.schools, v.target, v.limits,
	v.rules, v.plain
FROM requirement r
JOIN requirement_version v ON v.county = its_county AND v.requirement = r.id
CROSS JOIN LATERAL (SELECT requirement_parts(v.rules->'windows', NULL) AS parts) p
CROSS JOIN LATERAL (SELECT requirement_hull(p.parts) AS during) h
WHERE r.county = its_county AND r.window_kind = 'fixed'
	AND h.during && span AND v.effective_on < upper(h.during)
	AND NOT EXISTS (SELECT FROM requirement_version l WHERE l.county = its_county AND l.requirement = r.id
		AND l.effective_on > v.effective_on AND l.effective_on < upper(h.during))
$$;

-- Since when each of PERSONS has had one of the appointments KINDS (NULL: any), the service before the
-- record included; no day for who has had none.
CREATE FUNCTION requirement_first_appointments(its_county int, persons uuid[], kinds text[])
RETURNS TABLE (person uuid, first_on date) LANGUAGE sql STABLE AS
$$
SELECT p.id, least(CASE WHEN coalesce('homeroom' = ANY (kinds), true) THEN p.homeroom_since END, a.first_on)
FROM person p
LEFT JOIN (
	SELECT a.person, min(lower(a.during)) AS first_on FROM homeroom_appointment a
	WHERE a.county = its_county AND a.person = ANY (persons) AND coalesce(a.kind = ANY (kinds), true)
	GROUP BY a.person
) a ON a.person = p.id
WHERE p.county = its_county AND p.id = ANY (persons)
$$;

-- The windows of PERSONS: those of everybody that overlap SPAN, and their own, around the first appointment
-- (anchor), that began before SPAN ends: who is short when they are over stays so.
CREATE FUNCTION requirement_windows_of(its_county int, persons uuid[], span daterange)
RETURNS TABLE (person uuid, anchor date, requirement uuid, version uuid, during daterange, parts daterange[],
	name text, kinds text[], schools uuid[], target numeric, limits jsonb, rules jsonb, plain boolean)
LANGUAGE sql STABLE AS
$$
SELECT p.person, NULL::date, w.*
FROM requirement_windows(its_county, span) w CROSS JOIN unnest(persons) AS p(person)
UNION ALL
SELECT g.person, g.first_on, g.requirement, g.id, h.during, p.parts, requirement_window_name(h.during),
	g.kinds, g.schools, g.target, g.limits, g.rules, g.plain
FROM (
	SELECT DISTINCT ON (r.id, f.person) f.person, f.first_on, v.*
	FROM requirement r
	CROSS JOIN LATERAL (
		SELECT v.*, lead(v.effective_on, 1, 'infinity') OVER (ORDER BY v.effective_on) AS until_on
		FROM requirement_version v WHERE v.county = its_county AND v.requirement = r.id
	) v
	CROSS JOIN LATERAL requirement_first_appointments(its_county, persons, v.kinds) f
	WHERE r.county = its_county AND r.window_kind = 'appointment'
		AND f.first_on >= v.effective_on AND f.first_on < v.until_on
	ORDER BY r.id, f.person, v.effective_on DESC
) g
CROSS JOIN LATERAL (SELECT requirement_parts(g.rules->'windows', g.first_on) AS parts) p
CROSS JOIN LATERAL (SELECT requirement_hull(p.parts) AS during) h
WHERE daterange(NULL, upper(span)) && h.during
$$;
