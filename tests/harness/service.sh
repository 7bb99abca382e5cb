# service.sh -- a database and the program for tests written in shell; to be sourced.
# shellcheck shell=bash
#
# Wants BUILD (a build with the program) and QINGLAN_CLUSTER (the socket folder of a running
# cluster); without the latter a cluster of its own is started. Leaves nothing behind.
# Each `try NAME COMMAND...` is a test, and the end prints what cmocka would.

set -u
cd "$(dirname "${BASH_SOURCE[0]}")/../.." || exit 2
program=$(realpath "${BUILD:-build/asan}/qinglan") || exit 2
scratch=$(mktemp -d /tmp/qinglan-sh.XXXXXX)
tests_passed=0
tests_failed=()
own_cluster=
children=()

if [ -z "${QINGLAN_CLUSTER:-}" ]; then
	own_cluster=$(mktemp -d /tmp/qinglan-pg.XXXXXX)
	chmod 711 "$own_cluster"
	db/private.sh start "$own_cluster/data" "$own_cluster/s" fsync=off >/dev/null || exit 2
	psql -Xqh "$own_cluster/s" -U postgres -d postgres -f db/roles.sql || exit 2
	QINGLAN_CLUSTER=$own_cluster/s
fi
cluster=$QINGLAN_CLUSTER
database=

# Ends a child by TERM and gives its status.
child_stop() {
	kill -TERM "$1" 2>/dev/null
	wait "$1"
}

finish() {
	local child
	for child in "${children[@]}"; do
		kill -KILL "$child" 2>/dev/null && wait "$child" 2>/dev/null
	done
	[ -z "$database" ] || psql -Xqh "$cluster" -U postgres -d postgres \
		-c "DROP DATABASE IF EXISTS $database WITH (FORCE)"
	if [ -n "$own_cluster" ]; then
		db/private.sh stop "$own_cluster/data"
		rm -rf "$own_cluster"
	fi
	rm -rf "$scratch"
	echo "[==========] $((tests_passed + ${#tests_failed[@]})) test(s) run."
	echo "[  PASSED  ] $tests_passed test(s)."
	if [ ${#tests_failed[@]} -gt 0 ]; then
		echo "[  FAILED  ] ${#tests_failed[@]} test(s), listed below:"
		printf '[  FAILED  ] %s\n' "${tests_failed[@]}"
		exit 1
	fi
}
trap finish EXIT
trap 'exit 130' INT TERM

# An empty database with our settings for it; nothing of the caller's environment stays.
database_make() {
	local variable
	for variable in $(env | sed -n 's/^\(QINGLAN_[A-Z_]*\)=.*/\1/p'); do
		unset "$variable"
	done
	database=$1_$$
	psql -Xqh "$cluster" -U postgres -d postgres -v ON_ERROR_STOP=1 \
		-c "CREATE DATABASE $database OWNER qinglan_owner ENCODING 'UTF8' TEMPLATE template0" ||
		exit 2
	export QINGLAN_DATABASE_URL="host=$cluster dbname=$database user=qinglan_app"
	export QINGLAN_GATE_URL="host=$cluster dbname=$database user=qinglan_gate"
	export QINGLAN_OWNER_URL="host=$cluster dbname=$database user=qinglan_owner"
	export QINGLAN_TOKEN_KEYS=$scratch/keys/tokens QINGLAN_SEAL_KEYS=$scratch/keys/seal
	export QINGLAN_LISTEN=127.0.0.1:0 QINGLAN_ADMIN_LISTEN=127.0.0.1:0
}

# Starts the service; sets $service, $port and $admin_port. False when it does not come up.
service_start() {
	local tries=0
	: >"$scratch/serve.log"
	"$program" serve 2>"$scratch/serve.log" &
	service=$!
	children+=("$service")
	until grep -q '"event": *"serving"' "$scratch/serve.log"; do
		tries=$((tries + 1))
		if [ $tries -gt 200 ] || ! kill -0 "$service" 2>/dev/null; then
			cat "$scratch/serve.log"
			return 1
		fi
		sleep 0.1
	done
	# shellcheck disable=SC2034  # for the tests
	port=$(sed -n 's/.*"port": *\([0-9]*\).*/\1/p' "$scratch/serve.log" | head -n 1)
	# shellcheck disable=SC2034
	admin_port=$(sed -n 's/.*"admin_port": *\([0-9]*\).*/\1/p' "$scratch/serve.log" | head -n 1)
}

# A test: its name is a sentence, the command's status its result. Output shows on failure.
try() {
	local name=$1 status=0
	shift
	"$@" >"$scratch/out" 2>&1 || status=$?
	if [ $status -eq 0 ]; then
		echo "[       OK ] $name"
		tests_passed=$((tests_passed + 1))
	else
		sed 's/^/    /' "$scratch/out"
		echo "[  FAILED  ] $name"
		tests_failed+=("$name")
	fi
}

# True when the command fails with status $1 and says a text that holds the pattern $2.
refused() {
	local wanted=$1 pattern=$2 status=0 said
	shift 2
	said=$("$@" 2>&1) || status=$?
	printf '%s\n' "$said"
	[ "$status" -eq "$wanted" ] && grep -qE -- "$pattern" <<<"$said"
}

# True when the command succeeds and says a text that holds the pattern $1.
says() {
	local pattern=$1 status=0 said
	shift
	said=$("$@" 2>&1) || status=$?
	printf '%s\n' "$said"
	[ "$status" -eq 0 ] && grep -qE -- "$pattern" <<<"$said"
}

# One value of the database, seen as the engine sees it.
value() {
	psql -XAtqh "$cluster" -U postgres -d "$database" -c 'SET search_path = qinglan' -c "$1"
}
