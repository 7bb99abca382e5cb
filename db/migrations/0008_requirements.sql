-- Requirements: effective-dated rules over the ledger, and how far everybody is.
--
-- The counting is defined once (requirement_count), for one person or all of a county; one
-- person's answer runs it under her reader's row security, lists read what the engine keeps of it
-- in requirement_state. That state speaks of entries only: who is in the population, and what the
-- status is today, is judged when it is read, so no night shift has to move anything.

CREATE TABLE requirement (
	county int NOT NULL REFERENCES county (county),
	id uuid NOT NULL DEFAULT uuid_v7(),
	name text NOT NULL CHECK (length(name) BETWEEN 1 AND 100),
	window_kind text NOT NULL CHECK (window_kind IN ('calendar_year', 'school_year')),
	version int NOT NULL DEFAULT 1,
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	updated_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT requirement_name_is_unique UNIQUE (county, name)
);

-- Limits by level can be met together: no level twice, least ≤ most, the least together ≤ target,
-- and where every level has a most, these together reach the target.
CREATE FUNCTION requirement_limits_fit(limits jsonb, target numeric) RETURNS boolean
LANGUAGE sql IMMUTABLE AS
$$
SELECT count(*) = count(DISTINCT l.level)
	AND count(*) = count(qinglan.hour_level_rank(l.level))
	AND coalesce(bool_and(coalesce(l.at_least, 0) <= coalesce(l.at_most, target)
		AND coalesce(l.at_least, l.at_most) IS NOT NULL
		AND coalesce(l.at_least, 0) >= 0 AND coalesce(l.at_most, 0) >= 0), true)
	AND coalesce(sum(l.at_least), 0) <= target
	AND (count(l.at_most) < 7 OR sum(l.at_most) >= target)
FROM jsonb_to_recordset(limits) AS l(level text, at_least numeric, at_most numeric)
$$;

-- The rules of a requirement from a day on. A window is judged by the version in force on its
-- last day, so a version governs the window that its first day falls in and all later ones.
CREATE TABLE requirement_version (
	county int NOT NULL,
	id uuid NOT NULL DEFAULT uuid_v7(),
	requirement uuid NOT NULL,
	effective_on date NOT NULL CHECK (effective_on BETWEEN '1990-01-01' AND '2099-12-31'),
	kinds text[] NOT NULL CHECK (cardinality(kinds) > 0 AND kinds <@ ARRAY
		['homeroom', 'acting', 'deputy', 'assistant', 'trainee', 'reserve']),
	schools uuid[] CHECK (cardinality(schools) > 0),
	target numeric(7,2) NOT NULL CHECK (target BETWEEN 0.01 AND 9999.99),
	limits jsonb NOT NULL DEFAULT '[]',
	note text CHECK (length(note) <= 1000),
	created_at timestamptz NOT NULL DEFAULT clock_now(),
	PRIMARY KEY (county, id),
	CONSTRAINT requirement_version_day_is_unique UNIQUE (county, requirement, effective_on),
	CONSTRAINT requirement_limits_fit CHECK (requirement_limits_fit(limits, target)),
	FOREIGN KEY (county, requirement) REFERENCES requirement (county, id)
);

-- What somebody's entries come to in a window: kept by the engine, a row for each person who has
-- entries in it. The school sees the person now.
CREATE TABLE requirement_state (
	county int NOT NULL,
	requirement uuid NOT NULL,
	window_on date NOT NULL,
	person uuid NOT NULL,
	ends_on date NOT NULL,
	requirement_version uuid NOT NULL,
	school uuid,
	needed numeric(7,2) NOT NULL,
	counted numeric(9,2) NOT NULL,
	short numeric(9,2) NOT NULL,
	levels jsonb NOT NULL,
	PRIMARY KEY (county, requirement, window_on, person),
	FOREIGN KEY (county, requirement_version) REFERENCES requirement_version (county, id)
) WITH (fillfactor = 70);
CREATE INDEX requirement_state_of_person ON requirement_state (county, person);

CALL wall('requirement', reads => 'true', writes => '$role = ''county''');
CALL wall('requirement_version', reads => 'true', writes => '$role = ''county''');
CALL append_only('requirement_version');
CALL wall('requirement_state', reads => '$all OR school = $school'
	' OR person = $subject AND ends_on <= $until_on', exempt_event => true);

-- The rules of a request's body as columns; the schools in it must be there and stay, for nothing else
-- keeps them.
CREATE FUNCTION requirement_rules(body jsonb)
RETURNS TABLE (effective_on date, kinds text[], schools uuid[], target numeric, limits jsonb, note text)
LANGUAGE sql VOLATILE AS
$$
SELECT b.effective_on, ARRAY(SELECT jsonb_array_elements_text(b.population->'appointment_kinds')),
	s.ids, b.target_hours, coalesce(b.limits, '[]'), b.note
FROM jsonb_to_record(body) AS b(effective_on date, population jsonb, target_hours numeric,
	limits jsonb, note text)
CROSS JOIN LATERAL (SELECT array_agg(i.id::uuid) AS ids
	FROM jsonb_array_elements_text(nullif(b.population->'school_ids', 'null')) i(id)) s
WHERE must_see(schools_held(s.ids), '#/population/school_ids')
$$;

-- ---------------------------------------------------------------- windows

-- The windows of a county's requirements that overlap SPAN, each with the version that judges it;
-- what ended before a requirement's first version has none.
CREATE FUNCTION requirement_windows(its_county int, span daterange)
RETURNS TABLE (requirement uuid, version uuid, during daterange, name text, kinds text[],
	schools uuid[], target numeric, limits jsonb)
LANGUAGE sql STABLE AS
$$
SELECT r.id, v.id, w.during, w.name, v.kinds, v.schools, v.target, v.limits
FROM requirement r
CROSS JOIN LATERAL (
	SELECT daterange(make_date(y, 1, 1), make_date(y + 1, 1, 1)), y::text
	FROM generate_series(date_part('year', lower(span))::int,
		date_part('year', upper(span) - 1)::int) y
	WHERE r.window_kind = 'calendar_year'
	UNION ALL
	SELECT y.during, y.name FROM school_year y
	WHERE r.window_kind = 'school_year' AND y.county = its_county AND y.during && span
) AS w(during, name)
CROSS JOIN LATERAL (
	SELECT * FROM requirement_version v
	WHERE v.county = its_county AND v.requirement = r.id AND v.effective_on < upper(w.during)
	ORDER BY v.effective_on DESC LIMIT 1
) v
WHERE r.county = its_county
$$;

-- ---------------------------------------------------------------- counting

-- How much of each entry counts, and why not the rest. Entries of PERSONS in the windows that
-- overlap SPAN, and NEAR days around these; counted by activity date, then seq, each the least
-- that its limits leave. An entry and its reversal count nothing.
CREATE FUNCTION requirement_count(its_county int, persons uuid[], span daterange, near int)
RETURNS TABLE (requirement uuid, version uuid, during daterange, person uuid, entry uuid,
	seq bigint, activity_on date, level text, hours numeric, counted numeric, reason text)
LANGUAGE sql STABLE AS
$$
WITH judged AS MATERIALIZED (
	SELECT w.requirement, w.version, w.during, w.limits FROM requirement_windows(its_county, span) w
), most AS MATERIALIZED (
	SELECT j.requirement, j.during, l.level, l.at_most
	FROM judged j CROSS JOIN LATERAL
		jsonb_to_recordset(j.limits) AS l(level text, at_most numeric)
	WHERE l.at_most IS NOT NULL
), entry AS (
	SELECT w.requirement, w.version, w.during, e.person, e.id, e.seq, e.activity_on, e.level,
		e.hours, m.at_most,
		CASE
			WHEN e.reverses IS NOT NULL THEN 'reversal'
			WHEN r.id IS NOT NULL THEN 'reversed'
			WHEN NOT w.during @> e.activity_on THEN 'outside_window'
			WHEN m.at_most = 0 THEN 'level_mismatch'
		END AS reason
	FROM judged w
	CROSS JOIN unnest(persons) AS p(person)
	JOIN hour_entry e ON e.county = its_county AND e.person = p.person
		AND e.activity_on >= lower(w.during) - near AND e.activity_on < upper(w.during) + near
		-- Of all windows together, once more: this the index can use.
		AND e.activity_on >= (SELECT min(lower(j.during)) - near FROM judged j)
		AND e.activity_on < (SELECT max(upper(j.during)) + near FROM judged j)
	LEFT JOIN hour_entry r ON r.county = its_county AND r.reverses = e.id
	LEFT JOIN most m ON m.requirement = w.requirement AND m.during = w.during AND m.level = e.level
), run AS (
	SELECT e.*, CASE
		WHEN e.reason IS NOT NULL THEN 0
		WHEN e.at_most IS NULL THEN e.hours
		ELSE least(e.hours, greatest(0, e.at_most - (sum(e.hours) FILTER (WHERE e.reason IS NULL)
			OVER (PARTITION BY e.requirement, e.during, e.person, e.level
				ORDER BY e.activity_on, e.seq, e.id ROWS UNBOUNDED PRECEDING) - e.hours)))
		END AS counted
	FROM entry e
)
SELECT requirement, version, during, person, id, seq, activity_on, level, hours, counted,
	coalesce(reason, CASE WHEN counted < hours THEN 'cap_reached' END)
FROM run
$$;

-- What is short: the fewest hours more that would meet target and least figures, given what
-- counted by level ({"county": 4.00}).
CREATE FUNCTION requirement_short(target numeric, limits jsonb, levels jsonb) RETURNS numeric
LANGUAGE sql IMMUTABLE AS
$$
SELECT greatest(0,
	target - coalesce((SELECT sum(c.value::numeric) FROM jsonb_each_text(levels) c), 0),
	(SELECT sum(greatest(0, l.at_least - coalesce((levels->>l.level)::numeric, 0)))
	FROM jsonb_to_recordset(limits) AS l(level text, at_least numeric)))
$$;

-- The sums of requirement_count, by requirement, window and person; of ITS_REQUIREMENT only, if it is
-- given. Whatever the order, a level counts the least of its hours and its most, and an entry and
-- its reversal, which share level and day, come to nothing: so sums do without the single entries.
CREATE FUNCTION requirement_sums(its_county int, persons uuid[], span daterange,
	its_requirement uuid DEFAULT NULL)
RETURNS TABLE (requirement uuid, version uuid, during daterange, person uuid, needed numeric,
	counted numeric, short numeric, levels jsonb)
LANGUAGE sql STABLE AS
$$
WITH judged AS MATERIALIZED (
	SELECT w.* FROM requirement_windows(its_county, span) w
	WHERE w.requirement = coalesce(its_requirement, w.requirement)
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

-- The status on DAY, from what is short: at risk when the part of the target that is still short
-- is greater than the part of the window that is still left, DAY included.
CREATE FUNCTION requirement_status(short numeric, needed numeric, during daterange, day date)
RETURNS text LANGUAGE sql IMMUTABLE AS
$$
SELECT CASE
	WHEN short = 0 THEN 'met'
	WHEN day >= upper(during) THEN 'overdue'
	WHEN short * (upper(during) - lower(during)) > needed * (upper(during) - day) THEN 'at_risk'
	ELSE 'on_track'
END
$$;

-- ---------------------------------------------------------------- keeping the state

-- Writes the state of PERSONS in the windows that overlap SPAN anew, of one requirement or all. The
-- caller holds the accounts of these people, so that no entry is posted besides.
CREATE FUNCTION requirement_refresh(its_county int, persons uuid[], span daterange,
	its_requirement uuid DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET work_mem = '64MB' AS $$
BEGIN
	INSERT INTO requirement_state AS s (county, requirement, window_on, person, ends_on,
		requirement_version, school, needed, counted, short, levels)
	SELECT its_county, c.requirement, lower(c.during), c.person, upper(c.during) - 1, c.version,
		a.school, c.needed, c.counted, c.short, c.levels
	FROM requirement_sums(its_county, persons, span, its_requirement) c
	JOIN ledger_account a ON a.county = its_county AND a.person = c.person
	ON CONFLICT (county, requirement, window_on, person) DO UPDATE
	SET ends_on = excluded.ends_on, requirement_version = excluded.requirement_version,
		needed = excluded.needed, counted = excluded.counted, short = excluded.short,
		levels = excluded.levels;
END
$$;

-- Writes a county's state anew after a change of rules or of the calendar: of one requirement or
-- all, in the windows that end on FROM_ON or later or all. Under the lock of requirement_lock() it
-- waits for posting account by account, in the order posting locks them; then goes window by window,
-- which needs neither much memory nor a second pass (10,000 people with 20 entries: 0.3 s each).
CREATE FUNCTION requirement_refresh_all(its_county int, its_requirement uuid DEFAULT NULL,
	from_on date DEFAULT NULL) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	everybody uuid[];
	first_on date := (SELECT min(v.effective_on) FROM requirement_version v
		WHERE v.county = its_county AND v.requirement = coalesce(its_requirement, v.requirement));
	judged record;
BEGIN
	SELECT array_agg(a.person) INTO everybody FROM (SELECT a.person FROM ledger_account a
		WHERE a.county = its_county ORDER BY a.id FOR UPDATE) a;
	DELETE FROM requirement_state s
	WHERE s.county = its_county AND s.requirement = coalesce(its_requirement, s.requirement)
		AND s.ends_on >= coalesce(from_on, s.ends_on);
	FOR judged IN
		SELECT w.requirement, w.during
		FROM requirement_windows(its_county, daterange(first_on, greatest(first_on, today()), '[]')) w
		WHERE w.requirement = coalesce(its_requirement, w.requirement)
			AND upper(w.during) > coalesce(from_on, lower(w.during))
	LOOP
		PERFORM requirement_refresh(its_county, everybody, judged.during, judged.requirement);
	END LOOP;
END
$$;

-- Before a change of rules or of the calendar: shuts out other changes and, through their key to
-- the county, new accounts. Taken before anything else of the statement, so that two changes queue.
CREATE FUNCTION requirement_lock() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM FROM county c
	WHERE c.county = CASE WHEN TG_OP = 'DELETE' THEN OLD.county ELSE NEW.county END FOR UPDATE;
	RETURN CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
END
$$;
CREATE TRIGGER requirement_lock BEFORE INSERT ON requirement_version
	FOR EACH ROW EXECUTE FUNCTION requirement_lock();
CREATE TRIGGER requirement_lock BEFORE INSERT OR DELETE OR UPDATE OF during
	ON school_year FOR EACH ROW EXECUTE FUNCTION requirement_lock();

-- After posting: the state of those who were posted to, if the county has requirements at all.
CREATE FUNCTION requirement_follow_entries() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM requirement) THEN
		RETURN NULL;
	END IF;
	PERFORM requirement_refresh(p.county, array_agg(DISTINCT p.person),
		daterange(min(p.activity_on), max(p.activity_on), '[]'))
	FROM posted p
	WHERE EXISTS (SELECT FROM requirement r WHERE r.county = p.county)
	GROUP BY p.county;
	RETURN NULL;
END
$$;
CREATE TRIGGER requirement_follow_entries AFTER INSERT ON hour_entry
	REFERENCING NEW TABLE AS posted
	FOR EACH STATEMENT EXECUTE FUNCTION requirement_follow_entries();

-- A version is dated after those before it, and judges no window that has ended.
CREATE FUNCTION requirement_version_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	last_on date := (SELECT max(v.effective_on) FROM requirement_version v
		WHERE v.county = NEW.county AND v.requirement = NEW.requirement);
BEGIN
	IF last_on IS NULL THEN
		RETURN NEW;
	END IF;
	IF NEW.effective_on <= last_on OR EXISTS (
		SELECT FROM requirement_windows(NEW.county, daterange(NEW.effective_on,
			greatest(NEW.effective_on, today()), '[]')) w
		WHERE w.requirement = NEW.requirement AND upper(w.during) <= today())
	THEN
		PERFORM raise_problem('version-too-early', jsonb_build_object('pointer', '#/effective_on',
			'last_on', last_on), 'QL422');
	END IF;
	RETURN NEW;
END
$$;
CREATE TRIGGER requirement_version_check BEFORE INSERT ON requirement_version
	FOR EACH ROW EXECUTE FUNCTION requirement_version_check();

CREATE FUNCTION requirement_follow_rules() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM requirement_refresh_all(NEW.county, NEW.requirement, NEW.effective_on);
	RETURN NULL;
END
$$;
CREATE TRIGGER requirement_follow_rules AFTER INSERT ON requirement_version
	FOR EACH ROW EXECUTE FUNCTION requirement_follow_rules();

CREATE FUNCTION requirement_follow_calendar() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	its_county int := CASE WHEN TG_OP = 'DELETE' THEN OLD.county ELSE NEW.county END;
	its_requirement uuid;
BEGIN
	FOR its_requirement IN SELECT r.id FROM requirement r
		WHERE r.county = its_county AND r.window_kind = 'school_year'
	LOOP
		PERFORM requirement_refresh_all(its_county, its_requirement,
			CASE TG_OP WHEN 'INSERT' THEN lower(NEW.during) WHEN 'DELETE' THEN lower(OLD.during)
				ELSE least(lower(OLD.during), lower(NEW.during)) END);
	END LOOP;
	RETURN NULL;
END
$$;
CREATE TRIGGER requirement_follow_calendar AFTER INSERT OR DELETE OR UPDATE OF during
	ON school_year FOR EACH ROW EXECUTE FUNCTION requirement_follow_calendar();

CREATE FUNCTION requirement_school_follow() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE requirement_state SET school = NEW.school
	WHERE county = NEW.county AND person = NEW.id;
	RETURN NULL;
END
$$;
CREATE TRIGGER requirement_school_follow AFTER UPDATE OF school ON person
	FOR EACH ROW WHEN (OLD.school IS DISTINCT FROM NEW.school)
	EXECUTE FUNCTION requirement_school_follow();

CALL engine_owned('requirement_lock()');
CALL engine_owned('requirement_follow_entries()');
CALL engine_owned('requirement_version_check()');
CALL engine_owned('requirement_follow_rules()');
CALL engine_owned('requirement_follow_calendar()');
CALL engine_owned('requirement_school_follow()');

-- ---------------------------------------------------------------- reading

-- The members of a version as the API gives them.
CREATE FUNCTION requirement_version_json(v requirement_version) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT json_build_object('id', v.id, 'effective_on', v.effective_on,
	'population', json_build_object('appointment_kinds', v.kinds, 'school_ids', v.schools),
	'target_hours', v.target, 'limits', v.limits, 'note', v.note)
$$;

CREATE VIEW requirement_view WITH (security_invoker = true) AS
SELECT r.id, r.name, r.window_kind AS "window",
	(SELECT json_agg(requirement_version_json(v) ORDER BY v.effective_on DESC)
	FROM requirement_version v WHERE v.county = r.county AND v.requirement = r.id) AS versions,
	instant(r.created_at) AS created_at, instant(r.updated_at) AS updated_at, r.version
FROM requirement r;
GRANT SELECT ON requirement_view TO qinglan_app;

-- The day on which a window is judged: its last, today, or the last day that the caller may see
-- of the person named, whichever is first.
CREATE FUNCTION requirement_judged_on(during daterange) RETURNS date LANGUAGE sql STABLE AS
$$
SELECT least(upper(during) - 1, today(),
	nullif(current_setting('qinglan.until_on', true), '')::date)
$$;

-- The levels of a window with their limits, what counted and what is short of the least.
CREATE FUNCTION requirement_levels(limits jsonb, levels jsonb) RETURNS json LANGUAGE sql STABLE AS
$$
SELECT coalesce(json_agg(row_to_json(x)), '[]')
FROM (
	SELECT coalesce(l.level, c.key) AS level, l.at_least, l.at_most,
		coalesce(c.value::numeric(9,2), 0.00) AS counted,
		greatest(0, l.at_least - coalesce(c.value::numeric(9,2), 0.00)) AS short
	FROM jsonb_to_recordset(limits) AS l(level text, at_least numeric(7,2), at_most numeric(7,2))
	FULL JOIN jsonb_each_text(levels) AS c ON c.key = l.level
	ORDER BY hour_level_rank(coalesce(l.level, c.key))
) x
$$;

-- Where one person stands in the windows that hold DAY, for the requirements whose population she
-- is in; counted from the entries that the caller may see, those of NEAR days around included.
CREATE FUNCTION requirement_of_person(its_person uuid, day date, near int)
RETURNS TABLE (id uuid, name text, body json) LANGUAGE sql STABLE AS
$$
WITH here AS MATERIALIZED (
	SELECT this_county() AS county
), counted AS MATERIALIZED (
	SELECT c.* FROM here CROSS JOIN LATERAL
		requirement_count(here.county, ARRAY[its_person], daterange(day, day, '[]'), near) c
)
SELECT r.id, r.name, row_to_json(b)
FROM here
CROSS JOIN LATERAL requirement_windows(here.county, daterange(day, day, '[]')) w
JOIN requirement r ON r.county = here.county AND r.id = w.requirement
CROSS JOIN LATERAL (
	SELECT coalesce(jsonb_object_agg(l.level, l.counted), '{}') AS levels,
		coalesce(sum(l.counted), 0)::numeric(9,2) AS counted
	FROM (SELECT c.level, sum(c.counted) AS counted FROM counted c
		WHERE c.requirement = w.requirement AND w.during @> c.activity_on GROUP BY c.level) l
) s
CROSS JOIN LATERAL (
	SELECT coalesce(json_agg(row_to_json(x)), '[]') AS entries
	FROM (SELECT c.entry AS entry_id, c.activity_on, c.level, c.hours,
			c.counted::numeric(7,2) AS counted, c.reason
		FROM counted c WHERE c.requirement = w.requirement
		ORDER BY c.activity_on, c.seq, c.entry) x
) e
CROSS JOIN LATERAL (
	SELECT requirement_short(w.target, w.limits, s.levels)::numeric(9,2) AS short
) h
CROSS JOIN LATERAL (
	SELECT r.id AS requirement_id, r.name, w.version AS version_id,
		json_build_object('kind', r.window_kind, 'name', w.name, 'starts_on', lower(w.during),
			'ends_on', upper(w.during) - 1) AS "window",
		w.target::numeric(7,2) AS needed, s.counted, h.short, upper(w.during) - 1 AS due_on,
		requirement_status(h.short, w.target, w.during, today()) AS status,
		requirement_levels(w.limits, s.levels) AS levels, e.entries
) b
WHERE EXISTS (SELECT FROM homeroom_appointment a
	WHERE a.county = here.county AND a.person = its_person
		AND a.during @> requirement_judged_on(w.during)
		AND a.kind = ANY (w.kinds) AND (w.schools IS NULL OR a.school = ANY (w.schools)))
$$;

-- The population of a requirement in the window that holds DAY, and where each stands: who has
-- the appointment on the day it is judged; of several the one where she works on that day, then the
-- latest, so that she counts in one school for it as for the county. The engine's, because the
-- school of a past window sees these people's figures in it but no longer the people; the county
-- gets all, a school its own, anybody else nothing. State and person are looked up for each (OFFSET 0),
-- since a plan made for the county would read all of them for a school.
CREATE FUNCTION requirement_roll(its_requirement uuid, day date)
RETURNS TABLE (during daterange, name text, person uuid, person_name text, sort_key text,
	school uuid, needed numeric, counted numeric, short numeric, status text, levels json)
LANGUAGE sql STABLE AS
$$
SELECT w.during, w.name, a.person, p.name, p.sort_key, a.school, w.target::numeric(7,2),
	coalesce(s.counted, 0.00), coalesce(s.short, w.target)::numeric(9,2),
	requirement_status(coalesce(s.short, w.target), w.target, w.during, today()),
	requirement_levels(w.limits, coalesce(s.levels, '{}'))
FROM (SELECT this_county() AS county,
	current_setting('qinglan.sees', true) AS sees,
	nullif(current_setting('qinglan.school', true), '')::uuid AS school OFFSET 0) here
CROSS JOIN LATERAL requirement_windows(here.county, daterange(day, day, '[]')) w
CROSS JOIN LATERAL (
	SELECT DISTINCT ON (a.person) a.person, a.school
	FROM (
		SELECT e.* FROM homeroom_appointment e WHERE here.sees = 'all' AND e.county = here.county
		UNION ALL
		SELECT e.*
		FROM (SELECT DISTINCT o.person FROM homeroom_appointment o
			WHERE here.sees = 'school' AND o.county = here.county AND o.school = here.school) o
		CROSS JOIN LATERAL (SELECT n.* FROM homeroom_appointment n
			WHERE n.county = here.county AND n.person = o.person OFFSET 0) e
	) a
	WHERE a.during @> least(upper(w.during) - 1, today())
		AND a.kind = ANY (w.kinds) AND (w.schools IS NULL OR a.school = ANY (w.schools))
	ORDER BY a.person, count(*) OVER (PARTITION BY a.person) > 1 AND EXISTS (SELECT FROM membership m
			WHERE m.county = here.county AND m.person = a.person AND m.kind = 'working'
				AND m.school = a.school AND m.during @> least(upper(w.during) - 1, today())) DESC,
		lower(a.during) DESC, a.id
) a
CROSS JOIN LATERAL (SELECT k.name, k.sort_key FROM person n CROSS JOIN LATERAL person_as_known(n) k
	WHERE n.county = here.county AND n.id = a.person OFFSET 0) p
LEFT JOIN LATERAL (SELECT n.counted, n.short, n.levels FROM requirement_state n
	WHERE n.county = here.county AND n.requirement = w.requirement
		AND n.window_on = lower(w.during) AND n.person = a.person OFFSET 0) s ON true
WHERE w.requirement = its_requirement AND (here.sees = 'all' OR a.school = here.school)
$$;
CALL engine_owned('requirement_roll(uuid, date)', 'qinglan_app');
