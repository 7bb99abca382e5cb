-- Schools, persons and offices as the API gives them.

CREATE VIEW school_view WITH (security_invoker = true) AS
SELECT s.id, s.code, s.name, s.category, s.stages, s.school_system, s.town, s.status, s.ended_on,
	s.successor AS successor_id, s.version,
	instant(s.created_at) AS created_at, instant(s.updated_at) AS updated_at
FROM school s;
GRANT SELECT ON school_view TO qinglan_app;

-- Teachers as they are today. Only for rows of people whom the caller sees today: whom a school sees
-- no longer is in former_teacher_view.
CREATE VIEW teacher_members WITH (security_invoker = true) AS
SELECT p.id, p.name, p.gender, p.birth_on, p.document_type, p.document_masked AS document_number, p.phone,
	p.school AS school_id, p.personnel_school AS personnel_school_id, p.teaching_stage, p.subjects, p.title,
	p.political_status, p.education, p.homeroom_since,
	CASE WHEN p.voided_at IS NOT NULL THEN 'voided' WHEN p.merged_into IS NOT NULL THEN 'merged'
		WHEN p.school IS NULL THEN 'left' ELSE 'current' END AS status,
	p.merged_into AS merged_into_id, p.version,
	instant(p.created_at) AS created_at, instant(p.updated_at) AS updated_at
FROM person p
WHERE p.teacher;
GRANT SELECT ON teacher_members TO qinglan_app;

CREATE VIEW teacher_view WITH (security_invoker = true) AS
SELECT t.* FROM teacher_members t
WHERE (SELECT current_setting('qinglan.sees', true)) <> 'school'
	OR (SELECT this_school()) IN (t.school_id, t.personnel_school_id);
GRANT SELECT ON teacher_view TO qinglan_app;

-- A person as the caller may know her: a school that she left, by what it knew when she did. Written to be
-- inlined.
CREATE FUNCTION person_as_known(p person) RETURNS SETOF person ROWS 1 LANGUAGE sql STABLE AS
$$
SELECT k.*
FROM (SELECT 1) one
LEFT JOIN sight s ON current_setting('qinglan.sees', true) = 'school'
	AND s.county = p.county AND s.person = p.id
	AND s.school = this_school()
CROSS JOIN LATERAL jsonb_populate_record(p, coalesce(s.known, '{}')) k
$$;

-- Teachers who left: to their former school only what it knew when they did.
CREATE VIEW former_teacher_members WITH (security_invoker = true) AS
SELECT p.id, k.name, k.gender, k.birth_on, k.document_type, k.document_masked AS document_number,
	NULL::text AS phone, NULL::uuid AS school_id, NULL::uuid AS personnel_school_id,
	NULL::text AS teaching_stage, '{}'::text[] AS subjects, NULL::text AS title,
	NULL::text AS political_status, NULL::text AS education, NULL::date AS homeroom_since,
	'left' AS status, NULL::uuid AS merged_into_id, k.version,
	instant(k.created_at) AS created_at, instant(k.updated_at) AS updated_at
FROM person p CROSS JOIN LATERAL person_as_known(p) k
WHERE p.teacher AND p.voided_at IS NULL;
GRANT SELECT ON former_teacher_members TO qinglan_app;

CREATE VIEW former_teacher_view WITH (security_invoker = true) AS
SELECT f.* FROM former_teacher_members f JOIN person p ON p.id = f.id
WHERE CASE WHEN (SELECT current_setting('qinglan.sees', true)) = 'school'
	THEN ((SELECT this_school())
		IN (p.school, p.personnel_school)) IS NOT TRUE
	ELSE p.school IS NULL AND p.personnel_school IS NULL END;
GRANT SELECT ON former_teacher_view TO qinglan_app;

-- One who left. A function, so that reading a teacher of today does not pay for its plan.
CREATE FUNCTION former_teacher(its_id uuid) RETURNS json LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN (SELECT row_to_json(f) FROM former_teacher_members f WHERE f.id = its_id);
END
$$;

CREATE VIEW external_person_view WITH (security_invoker = true) AS
SELECT p.id, p.name, p.unit, p.post AS title, p.phone, p.school AS school_id, p.version,
	instant(p.created_at) AS created_at, instant(p.updated_at) AS updated_at
FROM person p
WHERE p.external AND p.voided_at IS NULL AND p.merged_into IS NULL;
GRANT SELECT ON external_person_view TO qinglan_app;

CREATE VIEW office_holder_view WITH (security_invoker = true) AS
SELECT h.id, h.office AS office_id, h.person AS person_id, k.name AS person_name, h.kind,
	lower(h.during) AS started_on, last_day(h.during) AS ended_on, h.version,
	instant(h.created_at) AS created_at, instant(h.updated_at) AS updated_at
FROM office_holder h
LEFT JOIN person p ON p.county = h.county AND p.id = h.person
CROSS JOIN LATERAL person_as_known(p) k;
GRANT SELECT ON office_holder_view TO qinglan_app;

CREATE VIEW office_view WITH (security_invoker = true) AS
SELECT o.id, o.name, o.kind, o.school AS school_id, o.version,
	instant(o.created_at) AS created_at, instant(o.updated_at) AS updated_at
FROM office o;
GRANT SELECT ON office_view TO qinglan_app;

-- Of one who left a school it sees the name that it knew and the offices that she held there.
CREATE VIEW officer_view WITH (security_invoker = true) AS
SELECT p.id, k.name, CASE WHEN t.seen THEN p.phone END AS phone, CASE WHEN t.seen THEN p.unit END AS unit,
	CASE WHEN t.seen THEN p.post END AS title, CASE WHEN t.seen THEN p.school END AS school_id,
	coalesce((SELECT json_agg(json_build_object('office_id', o.id, 'office_name', o.name, 'kind', h.kind,
			'started_on', lower(h.during), 'ended_on', last_day(h.during)) ORDER BY lower(h.during), h.id)
		FROM office_holder h JOIN office o ON o.county = h.county AND o.id = h.office
		WHERE h.person = p.id), '[]') AS offices, k.version,
	instant(k.created_at) AS created_at, instant(k.updated_at) AS updated_at
FROM person p CROSS JOIN LATERAL person_as_known(p) k
CROSS JOIN LATERAL (SELECT is_seen_today(p.id) AS seen OFFSET 0) t
WHERE p.officer AND p.voided_at IS NULL AND p.merged_into IS NULL;
GRANT SELECT ON officer_view TO qinglan_app;

-- To a school that she left, of another school's nothing about an end after her last day with it, nor
-- whether there is one.
CREATE VIEW membership_view WITH (security_invoker = true) AS
SELECT m.id, m.person AS teacher_id, m.school AS school_id, m.kind, lower(m.during) AS started_on,
	CASE WHEN k.known THEN last_day(m.during) END AS ended_on,
	CASE WHEN k.known THEN m.reason ELSE '' END AS reason, CASE WHEN k.known THEN m.version ELSE 1 END AS version,
	instant(m.created_at) AS created_at,
	instant(CASE WHEN k.known THEN m.updated_at ELSE m.created_at END) AS updated_at
FROM membership m
CROSS JOIN LATERAL (SELECT coalesce(subject_is_present()
	OR m.school = this_school()
	OR last_day(m.during) <= nullif(current_setting('qinglan.until_on', true), '')::date, false) AS known) k;
GRANT SELECT ON membership_view TO qinglan_app;

CREATE VIEW title_view WITH (security_invoker = true) AS
SELECT t.id, t.person AS teacher_id, t.name AS title, t.obtained_on, instant(t.voided_at) AS voided_at,
	t.void_reason, t.version,
	instant(t.created_at) AS created_at, instant(t.updated_at) AS updated_at
FROM title t;
GRANT SELECT ON title_view TO qinglan_app;

CREATE VIEW identifier_view WITH (security_invoker = true) AS
SELECT i.id, i.person AS teacher_id, i.source, i.value, i.ended_on, i.version,
	instant(i.created_at) AS created_at, instant(i.updated_at) AS updated_at
FROM identifier i;
GRANT SELECT ON identifier_view TO qinglan_app;
