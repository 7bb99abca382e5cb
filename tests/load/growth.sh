#!/bin/bash
# How the time of the hot operations grows with the county; `make bench-growth` calls it.
#
#   tests/load/growth.sh PROGRAM
#
# Counties of GROWTH (10000 100000) teachers with ENTRIES (100, over five years) hour entries each, and one of
# the first size with ten times the entries, the older ones in the years before, all in one cluster. They are
# asked by turns, so that what else the machine does is the same for all. Of a request: milliseconds, while as
# many clients ask as the service has workers, and microseconds of processor that service and PostgreSQL take,
# the median of ROUNDS; of the county's report and of a settlement of 500 people, asked for one at a time,
# milliseconds, the median of nine, 0.00 when the service gave it up.
#
# What a county report has to look at is everybody in it: between sizes it grows with them, and only
# against entries is it to stay. Writes build/growth.json and prints a table.  A 1000000 in GROWTH
# takes hours and 100 GB; a size that the disk has no room for is refused.
set -euo pipefail
program=$(realpath "$1")
# shellcheck source=tests/load/county.sh
. "$(dirname "$0")/county.sh"
read -ra sizes <<<"${GROWTH:-10000 100000}"
entries=${ENTRIES:-100}
operations="teacher_get hours_list hour_post check_in requirements_person"
declare -A time_of=() cpu_of=() bytes_of=() entries_of=()
points=()

point_start() { # teachers entries
	local point=t$1e$2
	say "making $point"
	county_start "$point" "$1" "$2"
	entries_of[$point]=$2
	bytes_of[$point]=$(sql 'SELECT pg_database_size(current_database())')
	points+=("$point")
}

# Of operation $1 in each county, by turns.
measure() {
	local point round
	declare -A times=() cpus=()
	for round in warm $(seq "$rounds"); do
		for point in "${points[@]}"; do
			county_use "$point"
			wrk_run "$1" "$workers" 0 "$seconds"
			[ "$bad" -eq 0 ] || { say "$1: $bad answers are not 2xx"; exit 1; }
			[ "$round" != warm ] || continue
			times[$point]="${times[$point]:-} $(awk -v n="$workers" -v r="$rate" 'BEGIN { printf "%.3f", n * 1000 / r }')"
			cpus[$point]="${cpus[$point]:-} $(awk -v a="$cpu_server" -v b="$cpu_postgres" 'BEGIN { print a + b }')"
		done
	done
	for point in "${points[@]}"; do
		# shellcheck disable=SC2086
		time_of[$point $1]=$(median ${times[$point]}) cpu_of[$point $1]=$(median ${cpus[$point]})
		say "  $1, $point: ${time_of[$point $1]} ms, ${cpu_of[$point $1]} us of processor"
	done
}

# Asks once for the county's report; sets $took, which stays 0 when the service gave it up.
report_next() {
	took=$(curl -s --noproxy '*' -o "$work/report" -w '%{http_code} %{time_total}' -H "$officer" \
		"$address/v1/reports/compliance?requirement_id=$requirement" |
		awk '{ printf "%.1f", $1 == 200 ? $2 * 1000 : 0 }')
}

# What is asked one at a time: $1 by the function $2, nine times in each county, by turns.
measure_single() {
	local point
	declare -A times=()
	for _ in {1..9}; do
		for point in "${points[@]}"; do
			county_use "$point"
			! "$2" || times[$point]="${times[$point]:-} $took"
		done
	done
	for point in "${points[@]}"; do
		# shellcheck disable=SC2086
		time_of[$point $1]=$(median ${times[$point]:-0}) cpu_of[$point $1]=0
		say "  $1, $point: ${time_of[$point $1]} ms"
	done
}

table() {
	local operation point base=${points[0]}
	printf '| ms, µs of processor |'
	for point in "${points[@]}"; do
		printf ' %d teachers × %d entries |' "${teachers_of[$point]}" "${entries_of[$point]}"
	done
	printf '\n|---|'
	printf -- '---|%.0s' "${points[@]}"
	for operation in $operations compliance_county settle_500; do
		printf '\n| %s |' "$operation"
		for point in "${points[@]}"; do
			awk -v t="${time_of[$point $operation]}" -v b="${time_of[$base $operation]}" \
				-v c="${cpu_of[$point $operation]}" -v d="${cpu_of[$base $operation]}" 'BEGIN {
				printf " %.2f (× %.2f)", t, b ? t / b : 0
				if (d) printf ", %d (× %.2f)", c, c / d
				printf " |"
			}'
		done
	done
	printf '\n| GB |'
	for point in "${points[@]}"; do
		awk -v b="${bytes_of[$point]}" 'BEGIN { printf " %.1f |", b / 1e9 }'
	done
	echo
}

json() {
	local point operation separator=''
	echo "{"
	for point in "${points[@]}"; do
		printf '%s  "%s": {' "$separator" "$point"
		separator=$',\n'
		for operation in $operations compliance_county settle_500; do
			printf '"%s": {"ms": %s, "cpu_us": %s}, ' "$operation" "${time_of[$point $operation]}" \
				"${cpu_of[$point $operation]}"
		done
		printf '"bytes": %s}' "${bytes_of[$point]}"
	done
	printf '\n}\n'
}

cluster_start
point_start "${sizes[0]}" "$entries"
[ $((entries * 10)) -gt 1000 ] || point_start "${sizes[0]}" $((entries * 10))
for size in "${sizes[@]:1}"; do
	point_start "$size" "$entries"
done
for operation in $operations; do
	measure "$operation"
done
measure_single compliance_county report_next
measure_single settle_500 settle_next
json >build/growth.json
table
