#!/bin/bash
# The benchmark: floor, walled and ours by turns on one private cluster; `make bench` calls it.
#
#   tests/load/bench.sh PROGRAM
#
# floor   pgbench as the owner, bare tables without row security, the least SQL that fetches the same
# walled  pgbench as qinglan_app, the service's own settings and statements in pipelines
# ours    wrk over HTTP against PROGRAM serve, with tokens
#
# check_in and settle_500 have no walled: a person checks in to a session once and a course is settled
# once, while pgbench draws with putting back. A settlement is asked for by curl, one after the other, and
# told in milliseconds, its floor 500 rows in one statement. The county's report is asked for by as many
# as the service has workers, everything else by 64.
#
# Writes build/bench.json and prints it.  Quote the ratios: rates are of this machine and day.
# Any answer that is not 2xx voids its row.  WORKERS (of the service, and clients of pgbench; two a
# core), TEACHERS, ENTRIES, SECONDS_EACH and ROUNDS may be set for a quick try.
set -euo pipefail
program=$(realpath "$1")
# shellcheck source=tests/load/county.sh
. "$(dirname "$0")/county.sh"
declare -A query=([teacher_get]=teacher_get [hours_list]=teacher_hours [hour_post]=hour_entry_create
	[requirements_person]=teacher_requirements [compliance_county]=report_compliance)

pgbench_rate() { # role script seconds
	pgbench -n -M prepared -c "$workers" -j 1 -T "$3" -h "$sockets" -U "$1" -f "$2" \
		-D teachers="$teachers" -D schools="$schools" "$name" >"$work/pgbench.log" 2>&1 || {
		cat "$work/pgbench.log" >&2
		exit 1
	}
	sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/pgbench.log"
}

askers() { if [ "$1" = compliance_county ]; then echo "$workers"; else echo 64; fi; }

warm() {
	say "  warming $1"
	if [ -n "${query[$1]:-}" ]; then
		build/release/tests/load/statements "${query[$1]}" "$county" "$requirement" \
			>"$work/$1.walled.sql"
		pgbench_rate qinglan_app "$work/$1.walled.sql" 1 >/dev/null
	fi
	wrk_run "$1" "$(askers "$1")" 0 1
}

measure() { # operation; prints a member of bench.json
	local floor=() walled=() ours=() w=() s=() p=() void=false f m o half
	for _ in $(seq "$rounds"); do
		floor+=("$(pgbench_rate qinglan_owner "tests/load/floor/$1.sql" "$seconds")")
		[ -z "${query[$1]:-}" ] ||
			walled+=("$(pgbench_rate qinglan_app "$work/$1.walled.sql" "$seconds")")
		wrk_run "$1" "$(askers "$1")" 0 "$seconds"
		[ "$bad" -eq 0 ] || void=true
		ours+=("$rate") w+=("$cpu_wrk") s+=("$cpu_server") p+=("$cpu_postgres")
		say "  $1: floor ${floor[*]: -1}, walled ${walled[*]: -1}, ours $rate, not 2xx $bad"
	done
	f=$(median "${floor[@]}") o=$(median "${ours[@]}")
	half=$(awk -v o="$o" 'BEGIN { printf "%d", o / 2 }')
	wrk_run "$1" "$(askers "$1")" "$half" "$seconds"
	[ "$bad" -eq 0 ] || void=true
	if $void; then
		printf '  "%s": {"void": true}' "$1"
		return
	fi
	printf '  "%s": {"floor": %.0f, "ours": %.0f, ' "$1" "$f" "$o"
	if [ ${#walled[@]} -gt 0 ]; then
		m=$(median "${walled[@]}")
		printf '"walled": %.0f, "ours_walled": %s, "walled_floor": %s, ' \
			"$m" "$(share "$o" "$m")" "$(share "$m" "$f")"
	else
		printf '"ours_floor": %s, ' "$(share "$o" "$f")"
	fi
	printf '"cpu_us": {"wrk": %s, "qinglan": %s, "postgres": %s}, "p50_ms": %s, "p99_ms": %s}' \
		"$(median "${w[@]}")" "$(median "${s[@]}")" "$(median "${p[@]}")" "$p50" "$p99"
}

measure_settle() {
	local floor ours=() f o
	floor=$(pgbench_rate qinglan_owner tests/load/floor/settle_500.sql "$seconds")
	while [ ${#ours[@]} -lt 9 ] && settle_next; do
		ours+=("$took")
	done
	f=$(awk -v n="$workers" -v r="$floor" 'BEGIN { printf "%.1f", n * 1000 / r }')
	if [ ${#ours[@]} -eq 0 ]; then
		printf '  "settle_500": {"void": true}'
		return
	fi
	o=$(median "${ours[@]}")
	say "  settle_500: floor $f ms, ours ${ours[*]} ms"
	printf '  "settle_500": {"floor_ms": %s, "ours_ms": %s, "floor_ours": %s, "settled": %d}' \
		"$f" "$o" "$(share "$f" "$o")" "${#ours[@]}"
}

clients_2000() {
	local rss
	wrk_run teacher_get 2000 2000 10
	rss=$(awk '/^VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$server/status")
	printf '  "clients_2000": {"rss_mb": %s, "p99_ms": %s, "failed": %s}' "$rss" "$p99" "$bad"
}

cluster_start
county_start bench "${TEACHERS:-10000}" "${ENTRIES:-100}"
psql -Xqh "$sockets" -U postgres -d bench -v ON_ERROR_STOP=1 -v teachers="$teachers" \
	-v entries="${ENTRIES:-100}" -v schools="$schools" -f tests/load/floor/setup.sql >/dev/null
operations="teacher_get hours_list hour_post check_in requirements_person compliance_county"
for operation in $operations; do
	warm "$operation"
done
{
	echo "{"
	for operation in $operations; do
		measure "$operation"
		echo ","
	done
	measure_settle
	echo ","
	clients_2000
	echo
	echo "}"
} >build/bench.json
cat build/bench.json
