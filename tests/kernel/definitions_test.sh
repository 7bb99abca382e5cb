#!/bin/sh
# The three awk programs: what they make is C that says what the file says, and what is wrong
# in a file is refused with its place.
set -eu
cd "$(dirname "$0")/../.."
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

fail() {
	printf 'definitions_test: %s\n' "$*" >&2
	exit 1
}

# refused PROGRAM WORDS FILE...: the program fails and says WORDS.
refused() {
	program=$1 words=$2
	shift 2
	if awk -f "$program" "$@" >"$folder/out" 2>"$folder/err"; then
		fail "$program takes $* ($words)"
	fi
	grep -qF -- "$words" "$folder/err" || fail "$program does not say '$words': $(cat "$folder/err")"
}

# --- queries: lines, quotes, backslashes and what C would take for a trigraph stay as they are

cat >"$folder/a.sql" <<'END'
-- A file begins with a comment.

-- name: school_get :one
-- It's "one" \ of two.
SELECT E'a\n\\' AS "b", '??/ ?? %d & 青蓝', :id::uuid

--? a=b: AND x
-- name: school_list :page
SELECT 2
END
printf -- '-- name: teacher_add :exec\nSELECT 3' >"$folder/b.sql"
awk -f db/queries.awk "$folder/a.sql" "$folder/b.sql" >"$folder/queries.def"
cat >"$folder/main.c" <<'END'
#include <stdio.h>
enum kind { QUERY_ONE = 1, QUERY_PAGE, QUERY_EXEC };
int main(void)
{
#define QUERY(name, kind, text) printf("%s %d\n%s", #name, kind, text);
#include "queries.def"
#define MIGRATION(number, name, text) printf("%d %s\n%s", number, name, text);
#include "migrations.def"
#define OP(name) puts("op " #name);
#define HANDLER(name) puts("handler " #name);
#include "operations.def"
	return 0;
}
END
{
	echo 'school_get 1'
	sed -n '4,7p' "$folder/a.sql"
	echo 'school_list 2'
	sed -n '9p' "$folder/a.sql"
	echo 'teacher_add 3'
	echo 'SELECT 3'
} >"$folder/expected"

# --- migrations

cp "$folder/a.sql" "$folder/0001_a.sql"
printf 'SELECT "1";\n' >"$folder/0002_b_c.sql"
awk -f db/migrations.awk "$folder/0001_a.sql" "$folder/0002_b_c.sql" >"$folder/migrations.def"
{
	echo '1 0001_a'
	cat "$folder/a.sql"
	echo '2 0002_b_c'
	cat "$folder/0002_b_c.sql"
} >>"$folder/expected"

# --- operations

cat >"$folder/openapi.yaml" <<'END'
paths:
  /a:
    get:
      operationId: a_get
      description: no x-handler: true here
    post:
      operationId: a_create
      x-handler: true
  /b:
    get:
      operationId: b_get
END
awk -f api/operations.awk "$folder/openapi.yaml" >"$folder/operations.def"
printf '%s\n' 'op a_get' 'op a_create' 'handler a_create' 'op b_get' >>"$folder/expected"

"${CC:-cc}" -std=c17 -Wall -Wno-trigraphs -I"$folder" -o "$folder/main" "$folder/main.c"
"$folder/main" >"$folder/got"
cmp "$folder/expected" "$folder/got" || fail "the definitions do not say what the files say"

# --- what is wrong

printf -- '-- name: a\nSELECT 1\n' >"$folder/x.sql"
refused db/queries.awk "x.sql:1: " "$folder/x.sql"
printf -- '\n-- name: a :stream\nSELECT 1\n' >"$folder/x.sql"
refused db/queries.awk "x.sql:2: query a has no kind" "$folder/x.sql"
printf -- '-- name: a one\nSELECT 1\n' >"$folder/x.sql"
refused db/queries.awk "no kind" "$folder/x.sql"
printf -- '-- name: A-b :one\nSELECT 1\n' >"$folder/x.sql"
refused db/queries.awk "x.sql:1: " "$folder/x.sql"
printf -- '-- a comment\nSELECT 1\n' >"$folder/x.sql"
refused db/queries.awk "x.sql:2: a statement without a name" "$folder/x.sql"
# A statement before the first name of a second file belongs to no query of the first.
refused db/queries.awk "x.sql:2: a statement without a name" "$folder/a.sql" "$folder/x.sql"
printf -- '-- name: school_get :one\nSELECT 1\n' >"$folder/x.sql"
refused db/queries.awk "school_get is also in $folder/a.sql" "$folder/a.sql" "$folder/x.sql"

refused db/migrations.awk "the next number is 1" "$folder/0002_b_c.sql"
cp "$folder/0002_b_c.sql" "$folder/0004_d.sql"
refused db/migrations.awk "the next number is 3" "$folder/0001_a.sql" "$folder/0002_b_c.sql" \
	"$folder/0004_d.sql"
cp "$folder/0002_b_c.sql" "$folder/0002_d.sql"
refused db/migrations.awk "the next number is 3" "$folder/0001_a.sql" "$folder/0002_b_c.sql" \
	"$folder/0002_d.sql"
cp "$folder/0002_b_c.sql" "$folder/2_e.sql"
refused db/migrations.awk "NNNN_name.sql" "$folder/2_e.sql"

for line in 'operationId: "a_get"' 'operationId: aGet' 'x-handler: true' 'x-handler: false'; do
	printf 'a:\n  %s\n' "$line" >"$folder/x.yaml"
	refused api/operations.awk "x.yaml:2: " "$folder/x.yaml"
done
printf '  operationId: a\n  x-handler: true\n  x-handler: true\n' >"$folder/x.yaml"
refused api/operations.awk "x.yaml:3: " "$folder/x.yaml"
