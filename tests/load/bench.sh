#!/bin/bash
# The benchmark: floor, walled and ours by turns on one private cluster; `make bench` calls it.
#
#   tests/load/bench.sh PROGRAM
#
# floor   pgbench as the owner, bare tables without row security, the least SQL that fetches the same
# walled  pgbench as qinglan_app, the service's own settings and statements in pipelines
# ours    wrk over HTTP against PROGRAM serve, with tokens
#
# Writes build/bench.json and a table.  Quote the ratios: rates are of this machine and day.
# Any answer that is not 2xx voids its row.  WORKERS (of the service, and clients of pgbench; two a
# core), TEACHERS, ENTRIES, SECONDS_EACH and ROUNDS may be set for a quick try.
set -euo pipefail
cd "$(dirname "$0")/../.."
export LC_ALL=C.UTF-8
program=$1
teachers=${TEACHERS:-10000} entries=${ENTRIES:-100} seconds=${SECONDS_EACH:-4} rounds=${ROUNDS:-3}
workers=${WORKERS:-$(($(nproc) * 2))} connections=64
work=$(pwd)/build/bench
sockets=/tmp/qinglan-bench-$(id -u)
operations="teacher_get hours_list hour_post"
declare -A query=([teacher_get]=teacher_get [hours_list]=teacher_hours [hour_post]=hour_entry_create)

say() { printf '%s\n' "$*" >&2; }

stop() {
	[ -z "${server:-}" ] || kill "$server" 2>/dev/null || true
	[ -z "${server:-}" ] || wait "$server" 2>/dev/null || true
	db/private.sh stop "$data" >/dev/null 2>&1 || true
	rm -rf "$data"
	[ "$data" = "$work/data" ] || rm -rf "$(dirname "$data")"
}

# --- what is measured against ------------------------------------------------------------------

prepare() {
	rm -rf "$work"
	mkdir -p "$work"
	data=$work/data
	# As root the server is user postgres, who may not be able to enter this checkout.
	if [ "$(id -u)" -eq 0 ]; then
		data=$(mktemp -d /var/tmp/qinglan-bench.XXXXXX)/data
		chmod 711 "$(dirname "$data")"
	fi
	trap stop EXIT
	db/private.sh start "$data" "$sockets" shared_buffers=1GB max_wal_size=8GB \
		max_connections=100 checkpoint_timeout=30min >"$work/cluster.log"
	psql=(psql -Xqh "$sockets" -U postgres -v ON_ERROR_STOP=1)
	"${psql[@]}" -d postgres -c "DROP DATABASE IF EXISTS qinglan" 2>/dev/null
	"${psql[@]}" -d postgres -f db/roles.sql >/dev/null
	"${psql[@]}" -d postgres -c \
		"CREATE DATABASE qinglan OWNER qinglan_owner ENCODING 'UTF8' TEMPLATE template0"
	export QINGLAN_DATABASE_URL="host=$sockets dbname=qinglan user=qinglan_app"
	export QINGLAN_GATE_URL="host=$sockets dbname=qinglan user=qinglan_gate"
	export QINGLAN_OWNER_URL="host=$sockets dbname=qinglan user=qinglan_owner"
	export QINGLAN_TOKEN_KEYS="$work/keys/tokens" QINGLAN_SEAL_KEYS="$work/keys/seal"
	export QINGLAN_DEVELOPMENT=on QINGLAN_LOG=error QINGLAN_THREADS=$workers
	export QINGLAN_RATE_ADDRESS=0 QINGLAN_RATE_ACTOR=0 QINGLAN_RATE_CLIENT=0
	export QINGLAN_LISTEN=127.0.0.1:18080 QINGLAN_ADMIN_LISTEN=127.0.0.1:18081
	"$program" keys >/dev/null
	"$program" migrate >/dev/null
	say "making $teachers teachers with $entries entries each"
	county=$("${psql[@]}" -d qinglan -At -v teachers="$teachers" -v entries="$entries" \
		-f tests/load/data.sql | tail -n 1)
	"${psql[@]}" -d qinglan -v teachers="$teachers" -v entries="$entries" \
		-f tests/load/floor/setup.sql >/dev/null
	tokens
	"$program" serve >"$work/serve.log" 2>&1 &
	server=$!
	for _ in $(seq 50); do
		curl -sf http://127.0.0.1:18081/readyz >/dev/null && return
		sleep 0.1
	done
	say "the service did not start:"
	cat "$work/serve.log" >&2
	exit 1
}

# 64 actors of the county, and one of each school.
tokens() {
	for i in $(seq 0 63); do
		person=$(printf '0199b0a4-7c03-7000-8000-%012d' "$i")
		"$program" token --county 990101 --role county --person "$person" --ttl 7200 \
			>>"$work/county.tokens"
		"$program" token --county 990101 --role school --person "$person" --ttl 7200 \
			--school "$(printf '21997%05d' "$i")" >>"$work/school.tokens"
	done
}

# --- measuring -----------------------------------------------------------------------------------

# Processor time of a process and its children, in ticks.
ticks() {
	local sum=0 pid line
	for pid in "$1" $(pgrep -P "$1" || true); do
		line=$(cat "/proc/$pid/stat" 2>/dev/null) || continue
		# shellcheck disable=SC2086
		set -- ${line##*) }
		sum=$((sum + ${12} + ${13}))
	done
	echo "$sum"
}

pgbench_rate() { # role script seconds
	pgbench -n -M prepared -c "$workers" -j 1 -T "$3" -h "$sockets" -U "$1" -f "$2" \
		-D teachers="$teachers" qinglan >"$work/pgbench.log" 2>&1 || {
		cat "$work/pgbench.log" >&2
		exit 1
	}
	sed -n 's/^tps = \([0-9.]*\).*/\1/p' "$work/pgbench.log"
}

# Runs wrk; sets rate, p50, p99, bad, requests, and microseconds of processor per request.
wrk_run() { # operation connections rate seconds
	local who=county before_server before_postgres after_server after_postgres hz
	[ "$1" != hours_list ] || who=school
	hz=$(getconf CLK_TCK)
	before_server=$(ticks "$server")
	before_postgres=$(ticks "$postmaster")
	TIMEFORMAT='%U %S'
	{ time WRK_OPERATION=$1 WRK_TOKENS=$work/$who.tokens WRK_TEACHERS=$teachers WRK_RATE=$3 \
		WRK_CONNECTIONS=$2 wrk -t1 -c"$2" -d"$4s" --latency -s tests/load/bench.lua \
		http://127.0.0.1:18080 >"$work/wrk.log" 2>"$work/wrk.err"; } 2>"$work/wrk.time"
	after_server=$(ticks "$server")
	after_postgres=$(ticks "$postmaster")
	read -r requests rate p50 p99 bad < <(sed -n \
		's/^RESULT requests=\(.*\) seconds=.* rate=\(.*\) p50_ms=\(.*\) p99_ms=\(.*\) bad=\(.*\)$/\1 \2 \3 \4 \5/p' \
		"$work/wrk.log")
	[ -n "${requests:-}" ] || { cat "$work/wrk.log" "$work/wrk.err" >&2; exit 1; }
	read -r cpu_wrk cpu_server cpu_postgres < <(awk -v n="$requests" -v hz="$hz" \
		-v s=$((after_server - before_server)) -v p=$((after_postgres - before_postgres)) \
		'{ printf "%.1f %.1f %.1f\n", ($1 + $2) * 1e6 / n, s / hz * 1e6 / n, p / hz * 1e6 / n }' \
		"$work/wrk.time")
}

median() { printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
share() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }

measure() { # operation; prints a member of bench.json
	local floor=() walled=() ours=() w=() s=() p=() void=false f m o half
	for _ in $(seq "$rounds"); do
		floor+=("$(pgbench_rate qinglan_owner "tests/load/floor/$1.sql" "$seconds")")
		walled+=("$(pgbench_rate qinglan_app "$work/$1.walled.sql" "$seconds")")
		wrk_run "$1" "$connections" 0 "$seconds"
		[ "$bad" -eq 0 ] || void=true
		ours+=("$rate") w+=("$cpu_wrk") s+=("$cpu_server") p+=("$cpu_postgres")
		say "  $1: floor ${floor[-1]}, walled ${walled[-1]}, ours $rate, not 2xx $bad"
	done
	f=$(median "${floor[@]}") m=$(median "${walled[@]}") o=$(median "${ours[@]}")
	half=$(awk -v o="$o" 'BEGIN { printf "%d", o / 2 }')
	wrk_run "$1" "$connections" "$half" "$seconds"
	[ "$bad" -eq 0 ] || void=true
	if $void; then
		printf '  "%s": {"void": true}' "$1"
		return
	fi
	printf '  "%s": {"floor": %.0f, "walled": %.0f, "ours": %.0f, "ours_walled": %s, "walled_floor": %s, ' \
		"$1" "$f" "$m" "$o" "$(share "$o" "$m")" "$(share "$m" "$f")"
	printf '"cpu_us": {"wrk": %s, "qinglan": %s, "postgres": %s}, "p50_ms": %s, "p99_ms": %s}' \
		"$(median "${w[@]}")" "$(median "${s[@]}")" "$(median "${p[@]}")" "$p50" "$p99"
}

clients_2000() {
	local rss
	wrk_run teacher_get 2000 2000 10
	rss=$(awk '/^VmHWM/ { printf "%.0f", $2 / 1024 }' "/proc/$server/status")
	printf '  "clients_2000": {"rss_mb": %s, "p99_ms": %s, "failed": %s}' "$rss" "$p99" "$bad"
}

ulimit -n 8192 2>/dev/null || true
prepare
postmaster=$(head -n 1 "$data/postmaster.pid")
for operation in $operations; do
	build/release/tests/load/statements "${query[$operation]}" "$county" \
		>"$work/$operation.walled.sql"
	say "  warming $operation"
	pgbench_rate qinglan_app "$work/$operation.walled.sql" 1 >/dev/null
	wrk_run "$operation" "$connections" 0 1
done
{
	echo "{"
	for operation in $operations; do
		measure "$operation"
		echo ","
	done
	clients_2000
	echo
	echo "}"
} >build/bench.json
cat build/bench.json
