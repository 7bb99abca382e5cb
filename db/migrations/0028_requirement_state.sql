-- What the engine keeps of requirements, and what keeps it current: entries, rules as requests bring them, calendar,
-- appointments and the recognition of courses.

-- Writes the state of PERSONS in their windows for SPAN anew, of one requirement or all. The caller holds
-- the accounts of these people, so that no entry is posted besides. Planned once a connection: planning costs
-- several times what the counting of one person does.
CREATE FUNCTION requirement_refresh(its_county int, persons uuid[], span daterange,
	its_requirement uuid DEFAULT NULL) RETURNS void
LANGUAGE plpgsql SET work_mem = '64MB' SET plan_cache_mode = force_generic_plan AS $$
BEGIN
	INSERT INTO requirement_state AS s (county, requirement, window_on, person, ends_on,
		requirement_version, school, needed, counted, short, levels)
	SELECT its_county, c.requirement, lower(c.during), c.person, upper(c.during) - 1, c.version,
		a.school, c.needed, c.counted, c.short, c.levels
	FROM requirement_sums(its_county, persons, span, its_requirement) c
	JOIN ledger_account a ON a.county = its_county AND a.person = c.person
	ON CONFLICT (county, requirement, window_on, person, part) DO UPDATE
	SET ends_on = excluded.ends_on, requirement_version = excluded.requirement_version,
		needed = excluded.needed, counted = excluded.counted, short = excluded.short,
		levels = excluded.levels;
	IF NOT EXISTS (SELECT FROM requirement_version v WHERE v.county = its_county AND NOT v.plain) THEN
		RETURN;
	END IF;
	INSERT INTO requirement_state AS s (county, requirement, window_on, person, part, ends_on,
		requirement_version, school, needed, counted, short, levels)
	SELECT its_county, c.requirement, lower(c.during), c.person, c.part, upper(c.during) - 1, c.version,
		a.school, c.needed, c.counted, c.short, c.levels
	FROM requirement_tally(its_county, persons, span, its_requirement) c
	JOIN ledger_account a ON a.county = its_county AND a.person = c.person
	ON CONFLICT (county, requirement, window_on, person, part) DO UPDATE
	SET ends_on = excluded.ends_on, requirement_version = excluded.requirement_version,
		needed = excluded.needed, counted = excluded.counted, short = excluded.short,
		levels = excluded.levels;
END
$$;

-- Writes a county's state anew after a change of rules or of the calendar: of one requirement or
-- all, in the windows that end on FROM_ON or later or all; always all where versions give windows themselves.
-- Under the lock of requirement_lock() it waits for posting account by account, in the order posting locks
-- them; then goes window by window, which needs neither much memory nor a second pass (10,000 people with
-- 20 entries: 0.3 s each).
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
	DELETE FROM requirement_state s USING requirement r
	WHERE s.county = its_county AND s.requirement = coalesce(its_requirement, s.requirement)
		AND r.county = s.county AND r.id = s.requirement
		AND (s.ends_on >= coalesce(from_on, s.ends_on) OR r.window_kind IN ('fixed', 'appointment'));
	FOR judged IN
		SELECT w.requirement, w.during
		FROM requirement_windows(its_county, daterange(first_on, greatest(first_on, today()), '[]')) w
		WHERE w.requirement = coalesce(its_requirement, w.requirement)
			AND (upper(w.during) > coalesce(from_on, lower(w.during)) OR w.rules ? 'windows')
		UNION ALL
		SELECT r.id, daterange(NULL, NULL) FROM requirement r
		WHERE r.county = its_county AND r.id = coalesce(its_requirement, r.id) AND r.window_kind = 'appointment'
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
CREATE TRIGGER requirement_lock BEFORE INSERT OR DELETE OR UPDATE OF during
	ON term FOR EACH ROW EXECUTE FUNCTION requirement_lock();

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

-- True when the modules that PATH finds in a request's body are there.
CREATE FUNCTION must_see_modules(body jsonb, path jsonpath, pointer text) RETURNS boolean LANGUAGE sql STABLE AS
$$
SELECT must_see(NOT EXISTS (SELECT FROM jsonb_path_query(body, path) AS q(id)
	WHERE NOT EXISTS (SELECT FROM module m WHERE m.id = (q.id #>> '{}')::uuid)), pointer)
$$;

-- The rules of a request's body as columns; what it names must be there, and the schools stay, for nothing
-- else keeps them.
CREATE FUNCTION requirement_rules(body jsonb)
RETURNS TABLE (effective_on date, kinds text[], schools uuid[], target numeric, limits jsonb, rules jsonb,
	note text)
LANGUAGE sql VOLATILE AS
$$
SELECT b.effective_on, k.kinds, s.ids, coalesce(b.target_hours, 0), coalesce(b.limits, '[]'),
	jsonb_strip_nulls(jsonb_build_object('windows', b.windows, 'joined', b.joined,
		'population', nullif(jsonb_strip_nulls(b.population - '{appointment_kinds,school_ids}'::text[]), '{}'),
		'only_modules', b.only_modules, 'choices', b.choices, 'recognised_levels', b.recognised_levels,
		'counts', b.counts)),
	b.note
FROM jsonb_to_record(body) AS b(effective_on date, population jsonb, target_hours numeric,
	limits jsonb, windows jsonb, joined text, only_modules jsonb, choices jsonb, recognised_levels jsonb,
	counts jsonb, note text)
CROSS JOIN LATERAL (SELECT array_agg(e.kind) AS kinds
	FROM jsonb_array_elements_text(nullif(b.population->'appointment_kinds', 'null')) e(kind)) k
CROSS JOIN LATERAL (SELECT array_agg(i.id::uuid) AS ids
	FROM jsonb_array_elements_text(nullif(b.population->'school_ids', 'null')) i(id)) s
WHERE must_see(schools_held(s.ids), '#/population/school_ids')
	AND must_see_modules(body, '$.limits[*].module_id ? (@ != null)', '#/limits')
	AND must_see_modules(body, '$.only_modules[*] ? (@ != null)', '#/only_modules')
	AND must_see_modules(body, '$.choices[*].module_ids[*]', '#/choices')
	AND must_see(b.population->>'cohort_id' IS NULL OR EXISTS (SELECT FROM cohort k
		WHERE k.id = (b.population->>'cohort_id')::uuid), '#/population/cohort_id')
	AND must_see(b.population #>> '{never_trained,requirement_id}' IS NULL OR EXISTS (SELECT FROM requirement r
		WHERE r.id = (b.population #>> '{never_trained,requirement_id}')::uuid),
		'#/population/never_trained/requirement_id')
$$;

-- A version gives itself the windows that the requirement's kind asks for, is dated after those before it,
-- and judges no window that has ended.
CREATE FUNCTION requirement_version_check() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	kind text := (SELECT r.window_kind FROM requirement r
		WHERE r.county = NEW.county AND r.id = NEW.requirement);
	last requirement_version;
BEGIN
	IF (CASE kind WHEN 'fixed' THEN NEW.rules #> '{windows,0,starts_on}' IS NULL
		WHEN 'appointment' THEN NEW.rules #> '{windows,0,event}' IS NULL
		ELSE NEW.rules ? 'windows' END)
	THEN
		PERFORM raise_problem('rules-do-not-fit', '{"pointer": "#/windows"}', 'QL422');
	END IF;
	SELECT v.* INTO last FROM requirement_version v
	WHERE v.county = NEW.county AND v.requirement = NEW.requirement ORDER BY v.effective_on DESC LIMIT 1;
	IF NOT FOUND THEN
		RETURN NEW;
	END IF;
	IF NEW.effective_on <= last.effective_on OR EXISTS (
		SELECT FROM requirement_windows(NEW.county, daterange(NEW.effective_on,
			greatest(NEW.effective_on, today()), '[]')) w
		WHERE w.requirement = NEW.requirement AND upper(w.during) <= today())
		OR kind = 'appointment' AND upper(requirement_hull(requirement_parts(last.rules->'windows',
			NEW.effective_on))) <= today()
	THEN
		PERFORM raise_problem('version-too-early', jsonb_build_object('pointer', '#/effective_on',
			'last_on', last.effective_on), 'QL422');
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
		WHERE r.county = its_county AND r.window_kind = TG_TABLE_NAME
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
CREATE TRIGGER requirement_follow_calendar AFTER INSERT OR DELETE OR UPDATE OF during
	ON term FOR EACH ROW EXECUTE FUNCTION requirement_follow_calendar();

-- Writes the state of PERSONS in the windows around their first appointment anew, if the county has such
-- requirements: it waits for who is making one, as requirement_refresh_all waits for who appoints; then for
-- who posts to these people, or makes their accounts.
CREATE FUNCTION requirement_refresh_appointed(its_county int, persons uuid[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
	its_requirement uuid;
BEGIN
	PERFORM FROM county c WHERE c.county = its_county FOR KEY SHARE;
	IF NOT EXISTS (SELECT FROM requirement r WHERE r.county = its_county AND r.window_kind = 'appointment') THEN
		RETURN;
	END IF;
	PERFORM FROM person p WHERE p.county = its_county AND p.id = ANY (persons) ORDER BY p.id FOR NO KEY UPDATE;
	PERFORM FROM ledger_account a WHERE a.county = its_county AND a.person = ANY (persons)
	ORDER BY a.id FOR UPDATE;
	FOR its_requirement IN SELECT r.id FROM requirement r
		WHERE r.county = its_county AND r.window_kind = 'appointment'
	LOOP
		DELETE FROM requirement_state s WHERE s.county = its_county AND s.person = ANY (persons)
			AND s.requirement = its_requirement;
		PERFORM requirement_refresh(its_county, persons, daterange(NULL, NULL), its_requirement);
	END LOOP;
END
$$;

CREATE FUNCTION requirement_follow_appointments() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM requirement_refresh_appointed(m.county, array_agg(DISTINCT m.person)) FROM moved m GROUP BY m.county;
	RETURN NULL;
END
$$;
CREATE TRIGGER requirement_follow_appointed AFTER INSERT ON homeroom_appointment
	REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION requirement_follow_appointments();
CREATE TRIGGER requirement_follow_moved AFTER UPDATE ON homeroom_appointment
	REFERENCING NEW TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION requirement_follow_appointments();
CREATE TRIGGER requirement_follow_withdrawn AFTER DELETE ON homeroom_appointment
	REFERENCING OLD TABLE AS moved FOR EACH STATEMENT EXECUTE FUNCTION requirement_follow_appointments();

CREATE FUNCTION requirement_follow_service() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	PERFORM requirement_refresh_appointed(NEW.county, ARRAY[NEW.id]);
	RETURN NULL;
END
$$;
CREATE TRIGGER requirement_follow_service AFTER UPDATE OF homeroom_since ON person
	FOR EACH ROW WHEN (OLD.homeroom_since IS DISTINCT FROM NEW.homeroom_since)
	EXECUTE FUNCTION requirement_follow_service();

-- A course is recognised, or no longer, after hours came of it.
CREATE FUNCTION requirement_follow_recognition() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
	persons uuid[];
	days daterange;
BEGIN
	SELECT array_agg(DISTINCT e.person), daterange(min(e.activity_on), max(e.activity_on), '[]')
	INTO persons, days
	FROM enrolment n
	JOIN hour_source s ON s.county = n.county AND s.kind = 'course_enrolment' AND s.key = n.id::text
	JOIN hour_entry e ON e.county = s.county AND e.id = s.entry
	WHERE n.county = NEW.county AND n.course = NEW.id;
	PERFORM FROM ledger_account a WHERE a.county = NEW.county AND a.person = ANY (persons)
	ORDER BY a.id FOR UPDATE;
	PERFORM requirement_refresh(NEW.county, persons, days) WHERE persons IS NOT NULL;
	RETURN NULL;
END
$$;
CREATE TRIGGER requirement_follow_recognition AFTER UPDATE OF recognised_at ON course
	FOR EACH ROW WHEN ((OLD.recognised_at IS NULL) <> (NEW.recognised_at IS NULL))
	EXECUTE FUNCTION requirement_follow_recognition();

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
CALL engine_owned('requirement_follow_appointments()');
CALL engine_owned('requirement_follow_service()');
CALL engine_owned('requirement_follow_recognition()');
