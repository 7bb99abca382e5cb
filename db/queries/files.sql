-- Files that people send; db/migrations/0009_files_jobs.sql.

-- name: file_id :one
-- The id of a file to be: what it is sealed for.
SELECT uuid_v7() AS id, today() AS today
