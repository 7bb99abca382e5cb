-- Files that people send; db/migrations/0006_files_jobs.sql.

-- name: file_id :one
-- The id of a file to be: what it is sealed for.
SELECT uuid_v7() AS id, today() AS today

-- name: file_content :one
-- A file's sealed bytes.
SELECT f.id, f.name, f.media_type, f.size, f.content FROM file f
WHERE f.id = :file_id::uuid AND f.content IS NOT NULL
