-- Lists that the county keeps: modules, modes, reference data; tables: db/migrations/0002_county.sql.

-- name: module_list :page
-- Modules in the county's order.
--sort position: m."position"::int, m.id::uuid
--sort code: m.code::text, m.id::uuid
SELECT row_to_json(m) AS body, :keys FROM module_view m WHERE :after
--? active: AND m.active = :active::boolean
:order

-- name: module_get :one
-- A module, in use or not.
SELECT row_to_json(m) AS body, m.version FROM module_view m
WHERE m.id = :module_id::uuid

-- name: module_create :one
-- A further module; its code stays.
INSERT INTO module AS m (county, code, name_zh, name_en, required, "position")
VALUES (this_county(), :code::text, :name_zh::text, :name_en::text, coalesce(:required::boolean, false),
	coalesce(:position::int, 0))
RETURNING m.id, m.version, body_of('module_view', m.id) AS body

-- name: module_patch :one
-- Names and place of a module, or that it is no longer used.
UPDATE module m
SET name_zh = coalesce(:name_zh::text, m.name_zh), name_en = coalesce(:name_en::text, m.name_en),
	required = coalesce(:required::boolean, m.required), "position" = coalesce(:position::int, m."position"),
	active = coalesce(:active::boolean, m.active),
	version = next_version(m.version, :if_match::text), updated_at = clock_now()
WHERE m.id = :module_id::uuid
RETURNING m.version, body_of('module_view', m.id) AS body

-- name: mode_list :page
-- Modes in the county's order.
--sort position: m."position"::int, m.id::uuid
--sort code: m.code::text, m.id::uuid
SELECT row_to_json(m) AS body, :keys FROM mode_view m WHERE :after
--? active: AND m.active = :active::boolean
:order

-- name: mode_get :one
-- A mode, in use or not.
SELECT row_to_json(m) AS body, m.version FROM mode_view m
WHERE m.id = :mode_id::uuid

-- name: mode_create :one
-- A further mode; its code stays.
INSERT INTO mode AS m (county, code, name_zh, name_en, "position")
VALUES (this_county(), :code::text, :name_zh::text, :name_en::text, coalesce(:position::int, 0))
RETURNING m.id, m.version, body_of('mode_view', m.id) AS body

-- name: mode_patch :one
-- Names and place of a mode, or that it is no longer used.
UPDATE mode m
SET name_zh = coalesce(:name_zh::text, m.name_zh), name_en = coalesce(:name_en::text, m.name_en),
	"position" = coalesce(:position::int, m."position"), active = coalesce(:active::boolean, m.active),
	version = next_version(m.version, :if_match::text), updated_at = clock_now()
WHERE m.id = :mode_id::uuid
RETURNING m.version, body_of('mode_view', m.id) AS body

-- name: reference_data_get :one
-- One list of codes with their labels; a list that does not exist is not found.
SELECT json_build_object('table', r."table", 'items', json_agg(json_build_object('code', r.code,
	'label_zh', r.label_zh, 'label_en', r.label_en, 'active', r.active)
	ORDER BY r."position", r.code)) AS body
FROM reference_item_view r
WHERE r."table" = :table::text
GROUP BY r."table"
