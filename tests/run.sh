#!/bin/bash
# Runs the built tests and adds them up; `make test` and its like call it.
#
#   tests/run.sh all BUILD FUZZ        every test program and script, then the fuzz targets
#   tests/run.sh tsan BUILD            the programs about what threads share
#   tests/run.sh fuzz FUZZ             the fuzz targets alone
#   tests/run.sh crash BUILD           kill -9 rounds alone (ROUNDS)
#
# One throw-away cluster serves all programs (QINGLAN_CLUSTER, see harness/cluster.h).  Two
# programs run at a time; what one prints is kept whole in BUILD/logs.  The last line is
# "N passed, N failed"; the status is that of the run.
set -u
cd "$(dirname "$0")/.." || exit 2
export LC_ALL=C.UTF-8
export ASAN_OPTIONS=detect_stack_use_after_return=1:strict_string_checks=1
export UBSAN_OPTIONS=print_stacktrace=1
export TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1

# Numbers of passed and failed tests in a program's log: cmocka's summaries, or where there is
# none, one test that is the program itself.
count() {
	awk -v status="$2" '
	/^\[  PASSED  \] [0-9]+ test/ { passed += $4 }
	/^\[  FAILED  \] .*[0-9]+ test\(s\), listed below/ {
		match($0, /[0-9]+ test\(s\)/)
		failed += substr($0, RSTART, RLENGTH) + 0
	}
	/^\[  SKIPPED \] .*[0-9]+ test\(s\), listed below/ {
		match($0, /[0-9]+ test\(s\)/)
		failed += substr($0, RSTART, RLENGTH) + 0
	}
	END {
		if (status != 0 && !failed)
			failed = 1
		if (status == 0 && !passed && !failed)
			passed = 1
		print passed + 0, failed + 0
	}' "$1"
}

# Runs one program or script: its log, and a line for the total.
one() {
	local program=$1 name log status=0 started=$SECONDS passed failed
	name=${program#"$build"/}
	name=${name#tests/}
	log=$build/logs/${name//\//-}.log
	timeout -k 10 900 "$program" >"$log" 2>&1 || status=$?
	read -r passed failed < <(count "$log" "$status")
	echo "$passed $failed $name" >>"$build/logs/totals"
	if [ "$failed" -eq 0 ]; then
		printf '[  PASSED  ] %4d  %-40s %4d s\n' "$passed" "$name" $((SECONDS - started))
	else
		flock "$build/logs/totals" sh -c "
			echo; echo '==== $name (status $status) ===='; cat '$log'"
		printf '[  FAILED  ] %4d  %-40s %4d s\n' "$failed" "$name" $((SECONDS - started))
	fi
}

# Runs one fuzz target for FUZZ_SECONDS from its seeds.
one_fuzz() {
	local program=$1 name seeds corpus log status=0
	name=$(basename "$program")
	seeds=tests/fuzz/${name%_fuzz}.seeds
	corpus=$build/logs/$name.corpus
	log=$build/logs/$name.log
	mkdir -p "$corpus"
	[ -d "$seeds" ] || seeds=$corpus
	"$program" -max_total_time="${FUZZ_SECONDS:-20}" -timeout=10 -rss_limit_mb=2048 \
		-print_final_stats=1 -artifact_prefix="$build/logs/$name-" "$corpus" "$seeds" \
		>"$log" 2>&1 || status=$?
	if [ $status -eq 0 ]; then
		echo "1 0 $name" >>"$build/logs/totals"
		printf '[  PASSED  ]    1  %-40s %s runs\n' "fuzz/$name" \
			"$(sed -n 's/^stat::number_of_executed_units: *//p' "$log")"
	else
		echo "0 1 $name" >>"$build/logs/totals"
		flock "$build/logs/totals" sh -c "
			echo; echo '==== $name (status $status) ===='; tail -n 60 '$log'"
	fi
}

cluster_start() {
	[ -z "${QINGLAN_CLUSTER:-}" ] || return 0
	cluster=$(mktemp -d /tmp/qinglan-test.XXXXXX)
	[ "$(id -u)" -ne 0 ] || chmod 711 "$cluster"
	if ! db/private.sh start "$cluster/data" "$cluster/s" fsync=off synchronous_commit=off \
		full_page_writes=off max_connections=300 >"$cluster/start.log" 2>&1; then
		cat "$cluster/start.log" >&2
		rm -rf "$cluster"
		exit 1
	fi
	psql -Xqh "$cluster/s" -U postgres -d postgres -v ON_ERROR_STOP=1 -f db/roles.sql >/dev/null ||
		exit 1
	export QINGLAN_CLUSTER="$cluster/s"
}

cluster_stop() {
	[ -n "${cluster:-}" ] || return 0
	db/private.sh stop "$cluster/data"
	rm -rf "$cluster"
	cluster=
}

total() {
	awk '$2 { failures = failures sprintf("\n[  FAILED  ] %4d  %s", $2, $3) }
		{ passed += $1; failed += $2 }
		END {
			printf "%s\n%d passed, %d failed\n", failures, passed, failed
			exit failed > 0 || !passed
		}' "$build/logs/totals"
}

begin() {
	build=$(realpath "$1")
	export build BUILD=$build
	rm -rf "$build/logs"
	mkdir -p "$build/logs"
	: >"$build/logs/totals"
	# What was called and how it was answered; contract/coverage_test reads it last.
	export QINGLAN_COVERAGE=$build/logs/coverage
	trap 'cluster_stop' EXIT
	trap 'exit 130' INT TERM
}

# Two at a time.
each() {
	local function=$1
	shift
	[ $# -gt 0 ] || return 0
	export -f one one_fuzz count
	printf '%s\0' "$@" | xargs -0 -P 2 -I{} bash -c "$function {}"
}

programs() {
	find "$build/tests" -type f -name '*_test' ! -name coverage_test -perm -u+x | sort
}

case ${1:-} in
all)
	begin "$2"
	fuzz=$(realpath "$3")
	cluster_start
	mapfile -t list < <(programs; find tests -name node_modules -prune -o -name '*_test.sh' -print | sort)
	each one "${list[@]}"
	one "$build/tests/contract/coverage_test"
	cluster_stop
	mapfile -t list < <(find "$fuzz/tests/fuzz" -type f -name '*_fuzz' 2>/dev/null | sort)
	each one_fuzz "${list[@]}"
	total
	;;
tsan)
	begin "$2"
	cluster_start
	mapfile -t list < <(programs | grep -F -f tests/tsan.list)
	each one "${list[@]}"
	cluster_stop
	total
	;;
fuzz)
	begin "$2"
	mapfile -t list < <(find "$build/tests/fuzz" -type f -name '*_fuzz' | sort)
	each one_fuzz "${list[@]}"
	total
	;;
crash)
	begin "$2"
	mapfile -t list < <(programs | grep /faults/crash)
	each one "${list[@]}"
	total
	;;
*)
	sed -n '4,7s/^# \{0,1\}//p' "$0" >&2
	exit 2
	;;
esac
