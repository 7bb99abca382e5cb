#!/bin/bash
# The commands of the program, one after the other as somebody would call them who sets it up.
# shellcheck source=tests/harness/service.sh
. "$(dirname "$0")/../harness/service.sh"

database_make commands

every_setting_is_in_the_help() {
	local setting
	while read -r setting; do
		"$program" --help | grep -qF "$setting" || return 1
	done < <(sed -n 's/^\t{"\(QINGLAN_[A-Z_]*\)".*/\1/p' api/kernel/config.c)
	"$program" --help | grep -q '^  restored'
}
private() {
	[ "$(stat -c %a "$scratch/keys/tokens")" = 700 ] &&
		[ "$(stat -c %a "$scratch/keys/seal")" = 600 ] &&
		[ "$(stat -c %a "$scratch"/keys/tokens/*.pem)" = 600 ]
}
keys_unchanged() {
	local before after
	before=$(cat "$scratch/keys/seal" "$scratch"/keys/tokens/*)
	"$program" keys || return 1
	after=$(cat "$scratch/keys/seal" "$scratch"/keys/tokens/*)
	[ "$before" = "$after" ]
}
# The payload of a token.
claims() {
	local part
	part=$(cut -d. -f2 <<<"$1" | tr '_-' '/+')
	while [ $((${#part} % 4)) -ne 0 ]; do part=$part=; done
	base64 -d <<<"$part"
}
token_names() {
	local token
	token=$("$program" token --county 990101 "${@:2}") || return 1
	claims "$token" | tee /dev/stderr | grep -qE "$1"
}
token_of_an_empty_school() {
	value "SELECT set_config('qinglan.county', min(county)::text, false),
			set_config('qinglan.operation', 'test', false), set_config('qinglan.ahead', '', false) FROM county;
		INSERT INTO school (county, code, name, stages, school_system, town)
		VALUES (this_county(), '2199700001', '无人小学', '{primary}', 'six_three', '')" >/dev/null || return 2
	"$program" token --county 990101 --role school --school 2199700001
}
token_of_an_empty_bureau() {
	"$program" county add 990102 空县 >/dev/null || return 2
	"$program" token --county 990102 --role county
}
clock_moves() {
	says '2026-10-15 08:30' "$program" clock --county 990101 --set '2026-10-15 08:30' &&
		says '2026-10-17 08:30' "$program" clock --county 990101 --add '2 days' &&
		says '\(00:00:00 ahead\)' "$program" clock --county 990101 --reset
}
epoch_rises() {
	local before after
	before=$(value "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
		WHERE adrelid = 'event'::regclass AND pg_get_expr(adbin, adrelid) ~ '^[0-9]+$'")
	"$program" restored || return 1
	after=$(value "SELECT pg_get_expr(adbin, adrelid) FROM pg_attrdef
		WHERE adrelid = 'event'::regclass AND pg_get_expr(adbin, adrelid) ~ '^[0-9]+$'")
	[ "$after" -eq $((before + 1)) ]
}
with() { env "$@"; }
# An instance that would need every connection, while somebody else has one: it is called wrong, and
# starts all the same.
too_few_left() {
	local most streams other status=0 tries=0
	most=$(value "SELECT current_setting('max_connections')::int
		- current_setting('superuser_reserved_connections')::int")
	streams=$((most > 200 ? 64 : 1))
	psql -Xqh "$cluster" -U postgres -d "$database" -c 'SELECT pg_sleep(60)' &
	other=$!
	children+=("$other")
	until [ "$(value "SELECT count(*) FROM pg_stat_activity WHERE datname = '$database'
			AND query = 'SELECT pg_sleep(60)'")" = 1 ]; do
		tries=$((tries + 1))
		[ $tries -lt 100 ] || return 1
		sleep 0.1
	done
	export QINGLAN_STREAM_THREADS=$streams QINGLAN_THREADS=$((most - 3 - 2 * streams))
	refused 1 'WRONG +connections +[0-9]+ of [0-9]+ connections are in use' "$program" check &&
		service_start && says '"event": *"few_connections"' cat "$scratch/serve.log" &&
		child_stop "$service" || status=1
	unset QINGLAN_STREAM_THREADS QINGLAN_THREADS
	# Without it the statement would sleep on.
	value "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '$database'
		AND query = 'SELECT pg_sleep(60)'"
	child_stop "$other"
	return $status
}

try help_lists_every_setting_and_command every_setting_is_in_the_help
try version_is_that_of_the_contract says \
	"$(sed -n 's/^  version: //p' openapi.yaml | head -n 1)" "$program" --version
try a_strange_command_is_refused refused 2 'not a command' "$program" dance
try a_wrong_setting_stops_the_start refused 1 'QINGLAN_THREADS="many" is wrong: it must be' \
	with QINGLAN_THREADS=many "$program" serve
try a_misspelt_setting_stops_the_start refused 1 'QINGLAN_THREAD is not a setting' \
	with QINGLAN_THREAD=8 "$program" serve
try a_command_without_its_address_says_which refused 1 'QINGLAN_OWNER_URL is not set' \
	with QINGLAN_OWNER_URL= "$program" migrate
try serving_without_keys_is_refused refused 1 'QINGLAN_TOKEN_KEYS' "$program" serve
try keys_are_made "$program" keys
try keys_are_for_nobody_else private
try keys_are_made_once keys_unchanged
try serving_an_empty_database_is_refused refused 1 'qinglan migrate' "$program" serve
try check_says_what_is_missing refused 1 'WRONG +schema' "$program" check
try migrate_brings_the_schema says 'is in force' "$program" migrate
try migrate_twice_changes_nothing says 'is in force' "$program" migrate
try check_finds_everything_right says 'ok +connections' "$program" check
try check_looks_at_the_queries says 'ok +queries' "$program" check
try a_superuser_is_no_application_role refused 1 'WRONG +QINGLAN_DATABASE_URL.*superuser' \
	with "QINGLAN_DATABASE_URL=host=$cluster dbname=$database user=postgres" "$program" check
try more_workers_than_connections_are_refused refused 1 'too_few_connections' \
	with QINGLAN_THREADS=256 QINGLAN_STREAM_THREADS=64 "$program" serve
try check_and_the_start_tell_when_few_are_left too_few_left
try a_county_code_has_six_digits refused 1 'six digits' "$program" county add 99 青蓝县
try a_county_is_added says 'holds the bureau' "$program" county add 990101 青蓝县 --officer 李明
try a_county_code_is_used_once refused 1 'the code of a county already: 青蓝县' "$program" county add 990101 别县
try tokens_want_development_mode refused 1 'development mode' \
	"$program" token --county 990101 --role county
try the_clock_wants_development_mode refused 1 'development mode' \
	"$program" clock --county 990101
export QINGLAN_DEVELOPMENT=on
try a_token_names_person_and_office token_names '"office": ?"[0-9a-f-]{36}"' --role county
try a_token_is_of_the_role token_names '"role": ?"county"' --role county --person 李明
try a_token_has_the_scopes_asked_for token_names '"scope": ?"schools:read"' --role county \
	--scope schools:read
try a_client_has_its_name token_names '"client_id": ?"robot"' --role client --client robot
try a_token_of_nobody_is_refused refused 1 '无此人 holds no office' \
	"$program" token --county 990101 --role county --person 无此人
try a_token_of_no_county_is_refused refused 1 'no county with the code 990109' \
	"$program" token --county 990109 --role county
try a_token_of_no_school_is_refused refused 1 'no school with the code 2199700009' \
	"$program" token --county 990101 --role school --school 2199700009
try a_token_of_a_school_without_holders_says_what_to_do refused 1 \
	'no office of the school 2199700001 has a holder.*/v1/offices' token_of_an_empty_school
try a_token_of_a_bureau_without_holders_says_what_to_do refused 1 \
	'no office of the bureau has a holder.*/v1/offices' token_of_an_empty_bureau
try a_token_of_a_strange_role_is_refused refused 2 'king is no role.*county, school' \
	"$program" token --county 990101 --role king
try a_token_lasts_a_day_at_most refused 2 '--ttl 999999.*1 to 86400' \
	"$program" token --county 990101 --role county --ttl 999999
try a_client_needs_a_name refused 2 'wants --client' "$program" token --county 990101 --role client
try a_client_is_no_person refused 2 'does not go with' "$program" token --county 990101 \
	--role client --client robot --person 周敏
try the_clock_moves_and_comes_back clock_moves
try the_clock_wants_a_unit refused 2 "wants its unit" "$program" clock --county 990101 --add 2
try an_empty_ledger_verifies says '0 faults' "$program" verify
try a_restore_begins_an_epoch epoch_rises
try a_sealing_key_is_added says 'start every instance again' "$program" rekey --new
try rekey_reseals says 'resealed under key' "$program" rekey
try the_service_starts service_start
try a_token_is_accepted says '"name"' curl -sf "http://127.0.0.1:$port/v1/me" \
	-H "Authorization: Bearer $("$program" token --county 990101 --role county)"
try it_is_ready curl -sf -o /dev/null "http://127.0.0.1:$admin_port/readyz"
try a_taken_port_is_said refused 1 "QINGLAN_LISTEN=127.0.0.1:$port.*taken already" \
	with "QINGLAN_LISTEN=127.0.0.1:$port" "$program" serve
try check_says_it_beforehand refused 1 "WRONG +QINGLAN_LISTEN.*taken already" \
	with "QINGLAN_LISTEN=127.0.0.1:$port" "$program" check --addresses
try check_knows_that_both_addresses_are_one refused 1 'WRONG +QINGLAN_ADMIN_LISTEN.*taken already' \
	with QINGLAN_LISTEN=127.0.0.1:1999 QINGLAN_ADMIN_LISTEN=127.0.0.1:1999 "$program" check --addresses
try check_knows_an_address_of_another_machine refused 1 \
	'WRONG +QINGLAN_ADMIN_LISTEN.*this machine does not have the address' \
	with QINGLAN_ADMIN_LISTEN=203.0.113.7:8081 "$program" check --addresses
try it_ends_well_on_sigterm child_stop "$service"
