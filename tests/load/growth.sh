#!/bin/bash
# How the time of the hot operations grows with the county; `make bench-growth` calls it.
#
#   tests/load/growth.sh PROGRAM
#
# Of each size a county is made, measured over HTTP and removed: GROWTH (10000 100000) teachers with
# ENTRIES (100, over five years) hour entries each; and the first size once more with ten times the entries
# each, the older ones in the years before. Times are of a request while as many clients ask as the service has
# workers, the median of ROUNDS; a settlement's the median of nine, of 500 people each.
#
# What a county report has to look at is everybody in it: between sizes it grows with them, and only
# against entries is it to stay. Writes build/growth.json and prints a table.  A 1000000 in GROWTH
# takes more than an hour and 100 GB; a size that the disk has no room for is refused.
set -euo pipefail
program=$(realpath "$1")
# shellcheck source=tests/load/county.sh
. "$(dirname "$0")/county.sh"
sizes=${GROWTH:-10000 100000} entries=${ENTRIES:-100}
operations="teacher_get hours_list hour_post check_in requirements_person compliance_county"
declare -A times
points=()

# Milliseconds of a request of operation $1.
request_time() {
	local all=()
	wrk_run "$1" "$workers" 0 "$seconds"
	for _ in $(seq "$rounds"); do
		wrk_run "$1" "$workers" 0 "$seconds"
		[ "$bad" -eq 0 ] || { say "$1: $bad answers are not 2xx"; exit 1; }
		all+=("$(awk -v n="$workers" -v r="$rate" 'BEGIN { printf "%.3f", n * 1000 / r }')")
	done
	median "${all[@]}"
}

settle_time() {
	local all=()
	while [ ${#all[@]} -lt 9 ] && settle_next; do
		all+=("$took")
	done
	[ ${#all[@]} -gt 0 ] || all=(0)
	median "${all[@]}"
}

point() { # teachers entries
	local point="$1 x $2" operation
	teachers=$1
	county_start "$1" "$2"
	points+=("$point")
	for operation in $operations; do
		# Not in a subshell, which would forget who has checked in.
		request_time "$operation" >"$work/time"
		times[$point $operation]=$(cat "$work/time")
		say "  $point: $operation ${times[$point $operation]} ms"
	done
	settle_time >"$work/time"
	times[$point settle_500]=$(cat "$work/time")
	say "  $point: settle_500 ${times[$point settle_500]} ms"
	times[$point bytes]=$("${psql[@]}" -c "SELECT pg_database_size('qinglan')")
	county_stop
}

table() {
	local operation point base=${points[0]}
	printf '| ms, and times the first |'
	printf ' %s |' "${points[@]}"
	printf '\n|---|'
	printf -- '---|%.0s' "${points[@]}"
	for operation in $operations settle_500; do
		printf '\n| %s |' "$operation"
		for point in "${points[@]}"; do
			awk -v t="${times[$point $operation]}" -v b="${times[$base $operation]}" \
				'BEGIN { printf " %.2f (%.2f) |", t, b ? t / b : 0 }'
		done
	done
	printf '\n| GB |'
	for point in "${points[@]}"; do
		awk -v b="${times[$point bytes]}" 'BEGIN { printf " %.1f |", b / 1e9 }'
	done
	echo
}

json() {
	local point operation first=true
	echo "{"
	for point in "${points[@]}"; do
		$first || echo ","
		first=false
		printf '  "%s": {' "$point"
		for operation in $operations settle_500; do
			printf '"%s": %s, ' "$operation" "${times[$point $operation]}"
		done
		printf '"bytes": %s}' "${times[$point bytes]}"
	done
	printf '\n}\n'
}

read -r smallest _ <<<"$sizes"
point "$smallest" "$entries"
[ $((entries * 10)) -gt 1000 ] || point "$smallest" $((entries * 10))
for size in ${sizes#"$smallest"}; do
	point "$size" "$entries"
done
json >build/growth.json
table
