-- What waits for who calls; each room's part of it: db/migrations/0030_tasks.sql.

-- name: me_tasks :page
-- What waits for the caller or her office, of what her scopes let her do; the soonest due first.
--sort due_on: coalesce(t.due_on, 'infinity')::date, t.kind::text COLLATE "C", t.id::uuid
SELECT json_build_object('kind', t.kind, 'title', t.title, 'due_on', t.due_on, 'count', t.count, 'school_id', t.school,
	'about', t.about, 'link', json_build_object('method', t.method, 'path', t.path)) AS body, :keys
FROM my_tasks() t
WHERE t.scope = ANY (string_to_array(:auth_scope::text, ' ')) AND :after
--? kind: AND t.kind = :kind::text
:order
