-- Appointments: from application or nomination over review to the letter of duties, renewal and end; tenure.
-- Table: 0004_offices_classes.sql. What schools report of them: 0017_rosters.sql.

-- ---------------------------------------------------------------- states

-- The state as it is told. Appointed: her letter of duties waits for her; active: it does not.
CREATE FUNCTION appointment_state(state text, during daterange, letter text, accepted_at timestamptz) RETURNS text
LANGUAGE sql STABLE AS
$$
SELECT CASE WHEN state <> 'appointed' THEN state
	WHEN upper(during) <= today() THEN 'ended'
	WHEN letter IS NOT NULL AND accepted_at IS NULL THEN 'appointed'
	ELSE 'active' END
$$;

-- Refuses what the state of an appointment does not allow.
CREATE FUNCTION appointment_must_be(a homeroom_appointment, states text[]) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT must_be_in_state(appointment_state(a.state, a.during, a.letter, a.accepted_at), states,
	'{"proposed": ["review", "withdraw"], "qualified": ["review", "appoint", "withdraw"],
	"unqualified": ["review", "withdraw"], "appointed": ["accept", "renew", "end"], "active": ["renew", "end"]}'
	|| CASE WHEN lower(a.during) > today() THEN '{"appointed": ["accept", "renew", "end", "withdraw"],
		"active": ["renew", "end", "withdraw"]}'::jsonb ELSE '{}' END)
$$;

-- An appointment that the caller may change, locked, of the version that she read and in one of these states.
CREATE FUNCTION appointment_locked(its_id uuid, if_match text, states text[]) RETURNS homeroom_appointment
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	a homeroom_appointment;
	hers boolean;
BEGIN
	SELECT * INTO a FROM homeroom_appointment h WHERE h.id = its_id FOR UPDATE;
	hers := FOUND;
	IF NOT hers THEN
		SELECT * INTO a FROM homeroom_appointment h WHERE h.id = its_id;
		PERFORM must_find(FOUND);
	END IF;
	PERFORM next_version(a.version, if_match);
	PERFORM appointment_must_be(a, states);
	PERFORM must_find(hers);
	RETURN a;
END
$$;

-- ---------------------------------------------------------------- the path

-- A teacher applies, or is nominated; her school and the county may also enter an application for her.
CREATE FUNCTION appointment_propose(body jsonb) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	herself boolean := current_setting('qinglan.sees') = 'self';
	its_person uuid := coalesce((body->>'teacher_id')::uuid, CASE WHEN herself THEN this_person() END);
	its_class uuid := (body->>'class_id')::uuid;
	its_kind text := body->>'kind';
	its_school uuid;
	c class;
	made uuid;
BEGIN
	SELECT coalesce(this_school(), p.school) INTO its_school FROM person p
	WHERE p.id = its_person AND p.teacher AND p.voided_at IS NULL AND p.merged_into IS NULL
		AND (NOT herself OR p.id = this_person());
	PERFORM must_see(FOUND AND is_present(its_person, its_school), '#/teacher_id');
	IF its_class IS NOT NULL THEN
		SELECT * INTO c FROM class k WHERE k.id = its_class AND k.school = its_school;
		PERFORM must_see(FOUND, '#/class_id'), class_goes_on(c.ended_on);
	ELSIF its_kind NOT IN ('reserve', 'trainee') THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/class_id", "code": "missing"}', 'QL422');
	END IF;
	INSERT INTO homeroom_appointment (county, person, class, school, kind, way, state, proposed_on, proposed_by, statement)
	VALUES (this_county(), its_person, its_class, its_school, its_kind,
		CASE WHEN herself THEN 'application' ELSE coalesce(body->>'way', 'nomination') END,
		'proposed', today(), this_person(), body->>'statement')
	RETURNING id INTO made;
	RETURN made;
END
$$;

-- Each condition met or not; she is qualified when all are. May be done again until she is appointed.
CREATE FUNCTION appointment_review(its_id uuid, if_match text, its_conditions jsonb, its_reviewers jsonb) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	a homeroom_appointment := appointment_locked(its_id, if_match, '{proposed,qualified,unqualified}');
BEGIN
	PERFORM must_be_anothers(a.person);
	PERFORM must_be_listed('appointment_condition', k.condition->>'code', format('#/conditions/%s/code', k.n - 1))
	FROM jsonb_array_elements(its_conditions) WITH ORDINALITY AS k(condition, n);
	PERFORM raise_problem('unprocessable', jsonb_build_object('pointer', format('#/conditions/%s/code', k.n - 1),
		'code', 'named-twice'), 'QL422')
	FROM (SELECT e.n, row_number() OVER (PARTITION BY e.condition->>'code' ORDER BY e.n) AS nth
		FROM jsonb_array_elements(its_conditions) WITH ORDINALITY AS e(condition, n)) k
	WHERE k.nth > 1;
	UPDATE homeroom_appointment h SET version = h.version + 1, updated_at = clock_now(),
		state = CASE WHEN (SELECT bool_and((k->>'met')::boolean) FROM jsonb_array_elements(its_conditions) k)
			THEN 'qualified' ELSE 'unqualified' END,
		conditions = (SELECT jsonb_agg(jsonb_build_object('code', e.condition->'code', 'met', e.condition->'met',
				'note', e.condition->>'note') ORDER BY e.n)
			FROM jsonb_array_elements(its_conditions) WITH ORDINALITY AS e(condition, n)),
		reviewers = ARRAY(SELECT jsonb_array_elements_text(coalesce(its_reviewers, '[]'))),
		reviewed_at = clock_now(), reviewed_by = this_person()
	WHERE h.id = its_id;
	RETURN its_id;
END
$$;

-- Gives who is qualified her days, within her work and the class, and the letter of duties.
CREATE FUNCTION appointment_appoint(its_id uuid, if_match text, started_on date, ended_on date, its_letter text,
	its_reason text) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	a homeroom_appointment := appointment_locked(its_id, if_match, '{qualified}');
BEGIN
	PERFORM must_be_anothers(a.person);
	UPDATE homeroom_appointment h SET state = 'appointed', during = period(started_on, ended_on),
		start_reason = coalesce(its_reason, ''), letter = its_letter,
		letter_version = CASE WHEN its_letter IS NULL THEN 0 ELSE 1 END, appointed_by = this_person(),
		version = h.version + 1, updated_at = clock_now()
	WHERE h.id = its_id;
	RETURN its_id;
END
$$;

-- She accepts the letter of duties, or her school enters that she signed it. The engine's, since a teacher changes
-- nothing else of an appointment that has days.
CREATE FUNCTION appointment_accept(its_id uuid, if_match text) RETURNS uuid LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	a homeroom_appointment;
BEGIN
	SELECT * INTO a FROM homeroom_appointment h
	WHERE h.county = this_county() AND h.id = its_id AND CASE current_setting('qinglan.sees', true)
		WHEN 'all' THEN true WHEN 'school' THEN h.school = this_school()
		WHEN 'self' THEN h.person = this_person() END
	FOR UPDATE;
	PERFORM must_find(FOUND);
	PERFORM next_version(a.version, if_match);
	PERFORM appointment_must_be(a, '{appointed}');
	UPDATE homeroom_appointment h SET accepted_at = clock_now(), accepted_by = this_person(),
		version = h.version + 1, updated_at = clock_now()
	WHERE h.county = a.county AND h.id = a.id;
	RETURN its_id;
END
$$;
CALL engine_owned('appointment_accept(uuid, text)', 'qinglan_app');

-- An application or nomination is taken back; so is an appointment that has not begun.
CREATE FUNCTION appointment_withdraw(its_id uuid, if_match text, reason text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	a homeroom_appointment := appointment_locked(its_id, if_match, '{proposed,qualified,unqualified,appointed,active}');
BEGIN
	IF a.during IS NOT NULL THEN
		IF lower(a.during) <= today() THEN
			PERFORM appointment_must_be(a, '{}');
		END IF;
		PERFORM must_be_anothers(a.person);
	END IF;
	UPDATE homeroom_appointment h SET state = 'withdrawn', during = NULL, end_reason = reason, version = h.version + 1,
		updated_at = clock_now()
	WHERE h.id = its_id;
	RETURN its_id;
END
$$;

-- It ends sooner than was said.
CREATE FUNCTION appointment_end(its_id uuid, if_match text, ended_on date, reason text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	a homeroom_appointment := appointment_locked(its_id, if_match, '{appointed,active}');
BEGIN
	PERFORM must_be_anothers(a.person);
	IF ended_on > last_day(a.during) THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/ended_on", "code": "after-its-end"}', 'QL422');
	END IF;
	UPDATE homeroom_appointment h SET during = period(lower(h.during), ended_on), end_reason = reason,
		version = h.version + 1, updated_at = clock_now()
	WHERE h.id = its_id;
	RETURN its_id;
END
$$;

-- It goes on beyond its last day, to another or without one; a new letter of duties is accepted anew.
CREATE FUNCTION appointment_renew(its_id uuid, if_match text, its_end date, its_letter text) RETURNS uuid
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
	a homeroom_appointment := appointment_locked(its_id, if_match, '{appointed,active}');
BEGIN
	PERFORM must_be_anothers(a.person);
	IF upper_inf(a.during) OR its_end <= last_day(a.during) THEN
		PERFORM raise_problem('unprocessable', '{"pointer": "#/ended_on", "code": "not-after-its-end"}', 'QL422');
	END IF;
	UPDATE homeroom_appointment h SET during = period(lower(h.during), its_end), renewals = h.renewals + 1,
		renewed_on = upper(h.during), end_reason = '', appointed_by = this_person(),
		letter = coalesce(its_letter, h.letter),
		letter_version = h.letter_version + CASE WHEN its_letter IS NULL THEN 0 ELSE 1 END,
		accepted_at = CASE WHEN its_letter IS NULL THEN h.accepted_at END,
		accepted_by = CASE WHEN its_letter IS NULL THEN h.accepted_by END,
		version = h.version + 1, updated_at = clock_now()
	WHERE h.id = its_id;
	RETURN its_id;
END
$$;

-- To a school that she left, of another school's nothing about what came after her last day with it.
CREATE VIEW appointment_view WITH (security_invoker = true) AS
SELECT a.id, a.person AS teacher_id, n.name AS teacher_name, a.school AS school_id, a.class AS class_id,
	class_name(c.entry_year, c.number) AS class_name, a.kind, a.way,
	appointment_state(a.state, d.during, a.letter, a.accepted_at) AS state,
	a.proposed_on, a.proposed_by AS proposed_by_id, a.statement, a.conditions, a.reviewers,
	instant(a.reviewed_at) AS reviewed_at, a.reviewed_by AS reviewed_by_id,
	lower(d.during) AS started_on, last_day(d.during) AS ended_on, a.start_reason,
	CASE WHEN k.known THEN a.end_reason ELSE '' END AS end_reason,
	CASE WHEN k.known THEN a.renewals ELSE 0 END AS renewals, CASE WHEN k.known THEN a.renewed_on END AS renewed_on,
	CASE WHEN k.known AND a.letter IS NOT NULL THEN json_build_object('version', a.letter_version, 'text', a.letter,
		'accepted_at', instant(a.accepted_at), 'accepted_by_id', a.accepted_by) END AS letter,
	CASE WHEN k.known THEN a.version ELSE 1 END AS version, instant(a.created_at) AS created_at,
	instant(CASE WHEN k.known THEN a.updated_at ELSE a.created_at END) AS updated_at
FROM homeroom_appointment a
JOIN person p ON p.county = a.county AND p.id = a.person
CROSS JOIN LATERAL person_as_known(p) n
LEFT JOIN class c ON c.county = a.county AND c.id = a.class
CROSS JOIN LATERAL (SELECT coalesce(subject_is_present()
	OR a.school = this_school()
	OR last_day(a.during) <= nullif(current_setting('qinglan.until_on', true), '')::date, false) AS known) k
CROSS JOIN LATERAL (SELECT CASE WHEN k.known THEN a.during ELSE daterange(lower(a.during), NULL) END AS during) d;
GRANT SELECT ON appointment_view TO qinglan_app;

-- ---------------------------------------------------------------- tenure

-- Whole months from the first day of a period to its end, by anniversary.
CREATE FUNCTION whole_months(during daterange) RETURNS int LANGUAGE sql IMMUTABLE AS
$$ SELECT (12 * date_part('year', a.age) + date_part('month', a.age))::int FROM age(upper(during), lower(during)) AS a(age) $$;

-- How long somebody has led classes (班主任年限), up to a day: her appointments of the kinds that count, and before
-- the first of them the time since she first led one. Those with no longer a gap between them than the county
-- allows are one spell, from its first day to its last.
CREATE FUNCTION tenure(its_person uuid, day date) RETURNS json LANGUAGE sql STABLE AS
$$
WITH policy AS (
	SELECT c.tenure_kinds AS kinds, c.tenure_gap_days AS gap FROM county c WHERE c.county = this_county()
), recorded AS (
	SELECT daterange(lower(a.during), least(upper(a.during), day + 1)) AS during
	FROM homeroom_appointment a, policy
	WHERE a.county = this_county() AND a.person = its_person AND a.kind = ANY (policy.kinds)
		AND lower(a.during) <= day
), before AS (
	SELECT p.homeroom_since AS since, daterange(p.homeroom_since, r.first) AS during
	FROM (SELECT min(lower(r.during)) AS first FROM recorded r) r
	JOIN person p ON p.id = its_person AND p.homeroom_since < r.first AND subject_is_present()
), spell AS (
	SELECT daterange(lower(u.run), upper(u.run) - policy.gap) AS during, policy.gap
	FROM policy, (SELECT unnest(range_agg(daterange(lower(d.during), upper(d.during) + policy.gap))) AS run
		FROM policy, (SELECT r.during FROM recorded r UNION ALL SELECT b.during FROM before b) d) u
), told AS (
	SELECT s.during, whole_months(s.during) AS months, day + 1 - upper(s.during) <= s.gap AS goes_on,
		json_build_object('started_on', lower(s.during), 'ended_on',
			CASE WHEN NOT s.during @> day THEN last_day(s.during) END, 'months', whole_months(s.during)) AS body
	FROM spell s
)
SELECT json_build_object('teacher_id', its_person, 'on', day,
	'months', (SELECT coalesce(sum(t.months), 0) FROM told t),
	'longest', (SELECT t.body FROM told t ORDER BY t.months DESC, t.during DESC LIMIT 1),
	'current', (SELECT t.body FROM told t WHERE t.goes_on ORDER BY t.during DESC LIMIT 1),
	'spells', (SELECT coalesce(json_agg(t.body ORDER BY t.during), '[]') FROM told t),
	'homeroom_since', (SELECT b.since FROM before b),
	'recorded_since', (SELECT min(lower(r.during)) FROM recorded r),
	'policy', (SELECT json_build_object('kinds', y.kinds, 'gap_days', y.gap) FROM policy y))
$$;
