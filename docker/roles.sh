#!/bin/sh
# Run by the postgres image when its cluster is made: roles, their passwords, the database.
set -eu
psql -X -v ON_ERROR_STOP=1 -U postgres -d postgres -f /roles.sql -f /run/secrets/passwords_sql
createdb -U postgres -O qinglan_owner -E UTF8 -T template0 qinglan
