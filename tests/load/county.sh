# county.sh -- what both benchmarks stand on; to be sourced: a private cluster, counties of `qinglan demo
# --teachers` in it, each with its service on loopback and its tokens, and wrk.
# shellcheck shell=bash
#
# Wants $program. What was started ends with the script.
#
# shellcheck disable=SC2034,SC2154  # what one of the files sets, another uses

cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
export LC_ALL=C.UTF-8
seconds=${SECONDS_EACH:-4} rounds=${ROUNDS:-3}
workers=${WORKERS:-$(($(nproc) * 2))}
work=$(pwd)/build/bench
sockets=/tmp/qinglan-bench-$(id -u)
# How many check in to how many sessions; the first teachers, who are in the first course.
actors=64 sessions=${SESSIONS:-2000}
data=''
declare -A teachers_of=() schools_of=() number_of=() requirement_of=() address_of=() server_of=() checked_in=() settled=()

say() { printf '%s\n' "$*" >&2; }

# A number as the last twelve digits of an id; see db/queries/growth.sql.
numbered() { printf '0199b0a4-7c0%d-7000-8000-%012d' "$1" "$2"; }

stop() {
	local pid
	for pid in "${server_of[@]}"; do
		kill "$pid" 2>/dev/null || true
		wait "$pid" 2>/dev/null || true
	done
	db/private.sh stop "$data" >/dev/null 2>&1 || true
	rm -rf "$data"
	[ "$data" = "$work/data" ] || rm -rf "$(dirname "$data")"
}

# --- what is measured against ------------------------------------------------------------------

cluster_start() {
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
		max_connections=200 checkpoint_timeout=30min >"$work/cluster.log"
	postmaster=$(head -n 1 "$data/postmaster.pid")
	# Its owner may know where the data are, so that a county too big for the disk is refused.
	psql -Xqh "$sockets" -U postgres -d postgres -v ON_ERROR_STOP=1 -f db/roles.sql \
		-c 'GRANT pg_read_all_settings TO qinglan_owner' >/dev/null
	export QINGLAN_TOKEN_KEYS="$work/keys/tokens" QINGLAN_SEAL_KEYS="$work/keys/seal"
	export QINGLAN_DEVELOPMENT=on QINGLAN_LOG=error QINGLAN_THREADS=$workers
	export QINGLAN_RATE_ADDRESS=0 QINGLAN_RATE_ACTOR=0 QINGLAN_RATE_CLIENT=0
	export QINGLAN_CHECK_IN_SECONDS=3600
	"$program" keys >/dev/null
}

# The database $1 with a county of $2 teachers with $3 entries each, and the service before it.
county_start() {
	local port=$((18080 + 10 * ${#server_of[@]}))
	teachers_of[$1]=$2 checked_in[$1]=0 settled[$1]=1 address_of[$1]=http://127.0.0.1:$port
	psql -Xqh "$sockets" -U postgres -d postgres -v ON_ERROR_STOP=1 \
		-c "CREATE DATABASE $1 OWNER qinglan_owner ENCODING 'UTF8' TEMPLATE template0"
	county_use "$1"
	export QINGLAN_DATABASE_URL="host=$sockets dbname=$1 user=qinglan_app"
	export QINGLAN_GATE_URL="host=$sockets dbname=$1 user=qinglan_gate"
	export QINGLAN_OWNER_URL="host=$sockets dbname=$1 user=qinglan_owner"
	export QINGLAN_LISTEN=127.0.0.1:$port QINGLAN_ADMIN_LISTEN=127.0.0.1:$((port + 1))
	"$program" migrate >/dev/null
	"$program" demo --teachers "$2" --entries "$3" >&2
	sql VACUUM
	sql CHECKPOINT
	number_of[$1]=$(sql 'SELECT county FROM county')
	schools_of[$1]=$(sql 'SELECT count(*) FROM school')
	requirement_of[$1]=$(sql "SELECT id FROM requirement WHERE window_kind = 'calendar_year'")
	tokens
	service_start
	codes
}

# What is measured from now on.
county_use() {
	name=$1 here=$work/$1 address=${address_of[$1]} server=${server_of[$1]:-}
	teachers=${teachers_of[$1]} county=${number_of[$1]:-} schools=${schools_of[$1]:-}
	requirement=${requirement_of[$1]:-}
	officer="Authorization: Bearer $(head -n 1 "$here/county.tokens" 2>/dev/null || true)"
}

# One statement in the county's database, as a superuser.
sql() {
	psql -XAtqh "$sockets" -U postgres -d "$name" -v ON_ERROR_STOP=1 -c 'SET search_path = qinglan' -c "$1"
}

# 64 of the county, of schools by turns, and of the teachers who check in.
tokens() {
	local i codes
	mkdir -p "$here"
	mapfile -t codes < <(sql "SELECT code FROM school ORDER BY id LIMIT $actors")
	for ((i = 0; i < actors; i++)); do
		"$program" token --county 990101 --role county --ttl 7200 >>"$here/county.tokens"
		"$program" token --county 990101 --role school --ttl 7200 \
			--school "${codes[i % ${#codes[@]}]}" >>"$here/school.tokens"
		"$program" token --county 990101 --role teacher --ttl 7200 \
			--person "$(numbered 2 $((i + 1)))" >>"$here/teacher.tokens"
	done
}

service_start() {
	"$program" serve >"$here/serve.log" 2>&1 &
	server_of[$name]=$!
	county_use "$name"
	# Another program's answer on the port does not count.
	for _ in {1..50}; do
		kill -0 "$server" 2>/dev/null || break
		! curl -sf --noproxy '*' "http://$QINGLAN_ADMIN_LISTEN/readyz" >/dev/null || ! kill -0 "$server" || return 0
		sleep 0.1
	done
	say "the service did not start:"
	cat "$here/serve.log" >&2
	exit 1
}

# The code of each of many sessions of the first course that begin now.
codes() {
	sql "INSERT INTO course_session (county, course, shown, starts_at, minutes)
		SELECT c.county, c.id, c.shown, machine_now(), 600 FROM course c, generate_series(1, $sessions)
		WHERE c.id = '$(numbered 5 1)'"
	sql 'ANALYZE course_session'
	sql "SELECT format('url = \"$address/v1/sessions/%s/check-in-code\"', id)
		FROM course_session WHERE course = '$(numbered 5 1)' AND minutes = 600" |
		{ curl -sf --noproxy '*' -H "$officer" -K - && echo; } | sed 's/}{/}\n{/g' |
		sed -n 's/.*"code": *"\([^"]*\)".*"session_id": *"\([^"]*\)".*/\2 \1/p' >"$here/codes"
	[ "$(wc -l <"$here/codes")" -eq "$sessions" ] || { say "no codes to check in with"; exit 1; }
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

# Runs wrk; sets rate, p50, p99, bad, requests, and microseconds of processor per request.
wrk_run() { # operation connections rate seconds
	local who=county before_server before_postgres after_server after_postgres hz
	case $1 in hours_list) who=school ;; check_in) who=teacher ;; esac
	hz=$(getconf CLK_TCK)
	before_server=$(ticks "$server")
	before_postgres=$(ticks "$postmaster")
	TIMEFORMAT='%U %S'
	{ time WRK_OPERATION=$1 WRK_TOKENS=$here/$who.tokens WRK_TEACHERS=$teachers WRK_RATE=$3 \
		WRK_CONNECTIONS=$2 WRK_SCHOOLS=$schools WRK_REQUIREMENT=$requirement \
		WRK_CODES=$here/codes WRK_FIRST=${checked_in[$name]} \
		wrk -t1 -c"$2" -d"$4s" --timeout 10s --latency -s tests/load/bench.lua \
		"$address" >"$work/wrk.log" 2>"$work/wrk.err"; } 2>"$work/wrk.time"
	after_server=$(ticks "$server")
	after_postgres=$(ticks "$postmaster")
	read -r requests rate p50 p99 bad < <(sed -n \
		's/^RESULT requests=\(.*\) seconds=.* rate=\(.*\) p50_ms=\(.*\) p99_ms=\(.*\) bad=\(.*\)$/\1 \2 \3 \4 \5/p' \
		"$work/wrk.log")
	[ -n "${requests:-}" ] || { cat "$work/wrk.log" "$work/wrk.err" >&2; exit 1; }
	# Those still asked for when wrk ended were perhaps entered.
	[ "$1" != check_in ] || checked_in[$name]=$((checked_in[$name] + requests + 2 * $2))
	read -r cpu_wrk cpu_server cpu_postgres < <(awk -v n="$requests" -v hz="$hz" \
		-v s=$((after_server - before_server)) -v p=$((after_postgres - before_postgres)) \
		'{ printf "%.1f %.1f %.1f\n", ($1 + $2) * 1e6 / n, s / hz * 1e6 / n, p / hz * 1e6 / n }' \
		"$work/wrk.time")
}

# Closes the next course of 500 and settles it by its preview; sets $took to the milliseconds of
# the settling. False when there is none left.
settle_next() {
	local plan course
	settled[$name]=$((settled[$name] + 1))
	[ $((settled[$name] * 500)) -le "$teachers" ] || return 1
	course=$address/v1/courses/$(numbered 5 "${settled[$name]}")
	curl -sf --noproxy '*' -o /dev/null -H "$officer" -H 'If-Match: *' -X POST "$course/close"
	plan=$(curl -sf --noproxy '*' -H "$officer" "$course/settlement" |
		sed -n 's/.*"plan" *: *"\([^"]*\)".*/\1/p')
	took=$(curl -sf --noproxy '*' -o "$work/settled" -w '%{time_total}' -H "$officer" \
		-H 'Content-Type: application/json' -H "Idempotency-Key: settle-${settled[$name]}" \
		-d "{\"plan\":\"$plan\"}" "$course/settle" | awk '{ printf "%.1f", $1 * 1000 }')
	grep -q '"credited" *: *500\b' "$work/settled" || { cat "$work/settled" >&2; exit 1; }
}

median() { printf '%s\n' "$@" | sort -g | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }
share() { awk -v a="$1" -v b="$2" 'BEGIN { printf "%.3f", a / b }'; }

ulimit -n 8192 2>/dev/null || true
