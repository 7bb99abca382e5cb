-- What comes of a plan: recognition of all its courses at once, and how far it kept its promises.

-- Recognises (认定) the courses that a plan in force has by now, all but those that were cancelled; its id.
CREATE FUNCTION plan_recognise(its_id uuid, if_match text) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	its plan;
BEGIN
	PERFORM must_find(EXISTS (SELECT FROM plan p WHERE p.id = its_id)), must_act_for_county();
	SELECT * INTO its FROM plan p WHERE p.id = its_id FOR UPDATE;
	PERFORM next_version(its.version, if_match),
		must_be_in_state(plan_state(its.state, its.in_force_on, today()), '{in_force}', plan_allows());
	UPDATE course c SET recognised_at = clock_now(), version = c.version + 1, updated_at = clock_now()
	WHERE c.plan = its.id AND c.recognised_at IS NULL AND c.state <> 'cancelled';
	UPDATE plan p SET recognised_at = clock_now(), version = p.version + 1, updated_at = clock_now()
	WHERE p.id = its.id;
	RETURN its.id;
END
$$;

-- ---------------------------------------------------------------- view

CREATE VIEW plan_view WITH (security_invoker = true) AS
SELECT p.id, p.school AS school_id, p.title, lower(p.during) AS started_on, last_day(p.during) AS ended_on,
	p.details->>'aims' AS aims, coalesce(p.details->'module_ids', '[]') AS module_ids,
	coalesce(p.details->'mode_ids', '[]') AS mode_ids, coalesce(p.details->'timetable', '[]') AS timetable,
	(p.details->>'target_hours')::numeric AS target_hours, coalesce(p.details->'responsible', '[]') AS responsible,
	coalesce(p.details->'budget', '[]') AS budget, coalesce(p.details->'promises', '[]') AS promises,
	plan_state(p.state, p.in_force_on, today()) AS state, instant(p.submitted_at) AS submitted_at, p.in_force_on,
	p.reason, instant(p.recognised_at) AS recognised_at,
	(SELECT json_build_object('courses', count(*), 'recognised', count(c.recognised_at)) FROM course c
		WHERE c.county = p.county AND c.plan = p.id) AS courses,
	p.version, instant(p.created_at) AS created_at, instant(p.updated_at) AS updated_at
FROM plan p;
GRANT SELECT ON plan_view TO qinglan_app;

-- ---------------------------------------------------------------- promises

-- The months, terms or school years that meet some days, or these days as one: each with its name, cut to them.
CREATE FUNCTION promise_periods(per text, days daterange) RETURNS TABLE (name text, during daterange)
LANGUAGE sql STABLE AS
$$
SELECT x.name, x.during * days
FROM (
	SELECT to_char(m, 'YYYY-MM') AS name, month_days(m::date) AS during
	FROM generate_series(date_trunc('month', lower(days)), last_day(days), interval '1 month') m WHERE per = 'month'
	UNION ALL
	SELECT y.name || t.name, t.during FROM term t JOIN school_year y ON y.county = t.county AND y.id = t.school_year
	WHERE per = 'term'
	UNION ALL
	SELECT y.name, y.during FROM school_year y WHERE per = 'year'
	UNION ALL
	SELECT lower(days) || '/' || last_day(days), days WHERE per = 'plan'
) x
WHERE x.during && days
$$;

-- How often a plan's organiser held what a promise counts, in some days up to today: activities of the kind, or courses
-- of the mode, which count on the day of their first session.
CREATE FUNCTION promise_held(its_school uuid, promise jsonb, days daterange) RETURNS bigint LANGUAGE sql STABLE AS
$$
SELECT CASE promise->>'of'
	WHEN 'activity' THEN (SELECT count(*) FROM activity a
		WHERE a.school IS NOT DISTINCT FROM its_school AND days @> a.held_on AND a.held_on <= today()
			AND a.cancelled_at IS NULL AND a.kind = coalesce(promise->>'activity_kind', a.kind))
	ELSE (SELECT count(*) FROM (SELECT min(s.starts_at) AS at
			FROM course c
			JOIN course_session s ON s.county = c.county AND s.course = c.id AND s.cancelled_at IS NULL
			WHERE c.school IS NOT DISTINCT FROM its_school AND c.state IN ('open', 'closed', 'settled')
				AND (NOT promise ? 'mode_id' OR (promise->>'mode_id')::uuid = ANY (c.modes))
			GROUP BY c.id) f
		WHERE f.at <= clock_now() AND days @> (f.at AT TIME ZONE (SELECT k.zone FROM county k))::date)
END
$$;

-- Each promise of a plan in each of its periods: promised, held and short.
CREATE FUNCTION plan_progress(its plan) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT coalesce(json_agg(json_build_object('title', w.promise->>'title', 'of', w.promise->>'of',
	'activity_kind', w.promise->>'activity_kind', 'mode_id', w.promise->>'mode_id', 'per', w.promise->>'per',
	'count', (w.promise->>'count')::int, 'periods', g.periods) ORDER BY w.n), '[]')
FROM jsonb_array_elements(its.details->'promises') WITH ORDINALITY AS w(promise, n)
CROSS JOIN LATERAL (
	SELECT coalesce(json_agg(json_build_object('name', p.name, 'started_on', lower(p.during),
		'ended_on', last_day(p.during), 'held', h.held, 'short', greatest((w.promise->>'count')::int - h.held, 0),
		'state', CASE WHEN lower(p.during) > today() THEN 'coming' WHEN last_day(p.during) < today() THEN 'over'
			ELSE 'running' END) ORDER BY p.during), '[]') AS periods
	FROM promise_periods(w.promise->>'per', its.during) p
	CROSS JOIN LATERAL (SELECT promise_held(its.school, w.promise, p.during) AS held OFFSET 0) h
) g
$$;
