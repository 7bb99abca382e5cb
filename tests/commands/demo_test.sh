#!/bin/bash
# The demonstration county, and what the commands do to a county that has people in it.
# shellcheck source=tests/harness/service.sh
. "$(dirname "$0")/../harness/service.sh"

database_make demo
"$program" keys >/dev/null && "$program" migrate >/dev/null || exit 2

counts() { says "^$1\$" value "SELECT count(*) FROM $2"; }
has_some() { says '^t$' value "SELECT count(*) > 0 FROM $1"; }
first_key_only() {
	says '^0$' value "SELECT count(*) FROM person WHERE get_byte(resident_sealed, 1) <> 1"
}
second_key_only() {
	says '^0$' value "SELECT (SELECT count(*) FROM person WHERE get_byte(resident_sealed, 1) <> 2
		OR get_byte(resident_hash, 0) <> 2) + (SELECT count(*) FROM import_row
		WHERE get_byte(document_sealed, 1) <> 2) + (SELECT count(*) FROM file WHERE key_id <> 2)"
}
# A document is read back through the API, so what was resealed is what it was.
document_is() {
	local id token
	id=$(value "SELECT id FROM person WHERE resident_sealed IS NOT NULL ORDER BY id LIMIT 1")
	token=$("$program" token --county 990101 --role county) || return 1
	curl -s -H "Authorization: Bearer $token" \
		"http://127.0.0.1:$port/v1/teachers/$id/resident-id" | grep -o '"document_number": *"[^"]*"'
}
same_document() {
	local now
	now=$(document_is)
	echo "before $document, now $now"
	[ -n "$now" ] && [ "$document" = "$now" ]
}
# The same list again: everybody is known by her document, under whichever key.
import_again() {
	local token import
	token=$("$program" token --county 990101 --role county) || return 1
	import=$(curl -s -H "Authorization: Bearer $token" -H 'Content-Type: text/csv' \
		-H 'Idempotency-Key: again' --data-binary @db/demo/roster-gb18030.csv \
		"http://127.0.0.1:$port/v1/teacher-imports?filename=again.csv" |
		grep -o '"id": *"[^"]*"' | head -n 1 | cut -d'"' -f4)
	for _ in {1..100}; do
		[ "$(value "SELECT state FROM import WHERE id = '$import'")" = reading ] || break
		sleep 0.2
	done
	says '^ready 0$' value "SELECT state || ' ' || coalesce((counts->>'accepted')::int, 0)
		FROM import WHERE id = '$import'"
}
# A posted entry changed behind the service, as only a superuser can.
verify_turns_red() {
	psql -Xqh "$cluster" -U postgres -d "$database" -v ON_ERROR_STOP=1 -c 'SET search_path = qinglan' \
		-c 'SET session_replication_role = replica' -c "UPDATE hour_entry SET hours = hours + 1
			WHERE id = (SELECT id FROM hour_entry ORDER BY id LIMIT 1)" || return 1
	refused 1 'wrong chain' "$program" verify
}
# A dump by a superuser, restored beside it, with the keys there are. It does not carry the rights
# on the database itself: `qinglan restored` gives them again.
restored_from_a_dump() {
	local copy=${database}_copy
	local owner=${QINGLAN_OWNER_URL/$database/$copy} app=${QINGLAN_DATABASE_URL/$database/$copy}
	pg_dump -h "$cluster" -U postgres -Fc -f "$scratch/dump" "$database" &&
		psql -Xqh "$cluster" -U postgres -d postgres -c "CREATE DATABASE $copy
			OWNER qinglan_owner ENCODING 'UTF8' TEMPLATE template0" &&
		pg_restore -h "$cluster" -U postgres -d "$copy" --exit-on-error "$scratch/dump" &&
		refused 1 'WRONG +QINGLAN_DATABASE_URL .*maker of temporary tables' \
			env QINGLAN_OWNER_URL="$owner" QINGLAN_DATABASE_URL="$app" QINGLAN_GATE_URL= "$program" check &&
		env QINGLAN_OWNER_URL="$owner" "$program" restored &&
		refused 1 'permission denied' psql -Xqd "$app" -v ON_ERROR_STOP=1 -c 'CREATE TEMP TABLE t ()' &&
		says ' 0 faults' env QINGLAN_OWNER_URL="$owner" "$program" verify &&
		says 'ok +schema +up to date' env QINGLAN_OWNER_URL="$owner" QINGLAN_DATABASE_URL="$app" \
			QINGLAN_GATE_URL= "$program" check
	local status=$?
	psql -Xqh "$cluster" -U postgres -d postgres -c "DROP DATABASE IF EXISTS $copy WITH (FORCE)"
	return $status
}

try a_demonstration_wants_development_mode refused 1 'development mode' "$program" demo
export QINGLAN_DEVELOPMENT=on
try an_empty_database_has_no_demonstration refused 1 '^$' "$program" demo --code
try the_demonstration_is_loaded says 'loaded the demonstration county' "$program" demo
try its_faulty_rows_are_refused says '^t$' value \
	"SELECT count(*) > 100 FROM import_row WHERE outcome = 'rejected'"
try it_has_every_school counts "$(($(grep -c . db/demo/schools.csv) - 1))" school
try it_has_teachers has_some 'person WHERE teacher'
try it_has_hours has_some hour_entry
try it_has_a_requirement counts 1 requirement
try every_school_has_somebody_who_acts counts 0 \
	"school s WHERE NOT EXISTS (SELECT FROM office_holder h WHERE h.school = s.id)"
try a_second_time_loads_nothing says 'nothing is loaded' "$program" demo
try its_code_is_told says '^990101$' "$program" demo --code
try its_ledger_verifies says ' 0 faults' "$program" verify --county 990101
try its_documents_are_under_the_first_key first_key_only
try a_dump_is_restored restored_from_a_dump

try the_service_starts service_start
document=$(document_is)
try it_drains child_stop "$service"
try a_key_is_added "$program" rekey --new
try everything_is_resealed says 'persons: [1-9][0-9]* resealed under key 2' "$program" rekey
try nothing_is_left_under_the_first_key second_key_only
try a_second_time_reseals_nothing says 'persons: 0 resealed' "$program" rekey
try the_service_starts_with_the_new_key service_start
try a_document_is_what_it_was same_document
try the_same_list_finds_everybody_again import_again
try a_changed_entry_turns_verify_red verify_turns_red
