#!/bin/bash
# The demonstration county in a size of one's own: what is refused, and that what was written set by set is what
# the service itself would have written.
# shellcheck source=tests/harness/service.sh
. "$(dirname "$0")/../harness/service.sh"

database_make demo_size
"$program" keys >/dev/null && "$program" migrate >/dev/null || exit 2
export QINGLAN_DEVELOPMENT=on
counts() { says "^$1\$" value "SELECT count(*) FROM $2"; }

# A superuser may know where the server keeps its data.
where_the_disk_is_known() {
	env QINGLAN_OWNER_URL="host=$cluster dbname=$database user=postgres options='-c search_path=qinglan'" \
		ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" "$@"
}
a_little_disk() {
	where_the_disk_is_known \
		LD_PRELOAD="$(realpath "${BUILD:-build/asan}/tests/commands/little_disk_preload.so")" "$@"
}

# What is kept of everybody before and after it is counted anew, by rules of today that say the same.
state() {
	value "SELECT md5(string_agg(concat_ws(' ', r.name, s.window_on, s.person, s.needed, s.counted, s.short,
		s.levels), ',' ORDER BY r.name, s.window_on, s.person)), count(*)
		FROM requirement_state s JOIN requirement r ON r.county = s.county AND r.id = s.requirement"
}
the_state_is_what_is_counted_anew() {
	local before after
	before=$(state)
	value "SELECT requirement_refresh_all(1)" >/dev/null || return 1
	after=$(state)
	echo "before $before, after $after"
	[ "$before" = "$after" ] && [ "${before##*|}" -gt 0 ]
}

# By its own post trigger, as the county's officer; a chain that was continued wrongly would not verify.
an_hour_is_posted() {
	local token
	token=$("$program" token --county 990101 --role county) || return 1
	says '"seq": *101,' curl -s -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
		-H 'Idempotency-Key: one' -d '{"teacher_id": "0199b0a4-7c02-7000-8000-000000000777", "hours": 2,
			"level": "county", "activity_on": "2026-01-15", "source": {"kind": "transfer_in", "key": "1"}}' \
		"http://127.0.0.1:$port/v1/hour-entries"
}
stands_somewhere() {
	local token
	token=$("$program" token --county 990101 --role teacher --person 0199b0a4-7c02-7000-8000-000000000777) || return 1
	says '"counted": *[1-9]' curl -s -H "Authorization: Bearer $token" \
		"http://127.0.0.1:$port/v1/teachers/0199b0a4-7c02-7000-8000-000000000777/requirements"
}
settles() {
	local token course plan
	token=$("$program" token --county 990101 --role county) || return 1
	course=http://127.0.0.1:$port/v1/courses/0199b0a4-7c05-7000-8000-000000000002
	curl -s -o "$scratch/closed" -H "Authorization: Bearer $token" -H 'If-Match: *' -X POST "$course/close"
	plan=$(curl -s -H "Authorization: Bearer $token" "$course/settlement" |
		sed -n 's/.*"plan" *: *"\([^"]*\)".*/\1/p')
	says '"credited" *: *277,' curl -s -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
		-H 'Idempotency-Key: settle' -d "{\"plan\": \"$plan\"}" "$course/settle"
}

try a_size_of_nobody_is_refused refused 2 'from 1 to 1000000' "$program" demo --teachers 0
try a_size_below_nobody_is_refused refused 2 'from 1 to 1000000' "$program" demo --teachers -5
try a_size_beyond_a_million_is_refused refused 2 'from 1 to 1000000' "$program" demo --teachers 1000001
try a_size_that_is_no_number_is_refused refused 2 'from 1 to 1000000' "$program" demo --teachers 10k
try an_empty_size_is_refused refused 2 'from 1 to 1000000' "$program" demo --teachers ''
try too_many_entries_are_refused refused 2 'from 1 to 1000' "$program" demo --teachers 5 --entries 1001
try entries_of_the_little_county_are_refused refused 2 usage "$program" demo --entries 5
try a_code_has_no_size refused 2 usage "$program" demo --code --teachers 5
try a_county_that_the_disk_has_no_room_for_is_refused refused 1 'has 0.0 GB left: fewer teachers' \
	a_little_disk "$program" demo --teachers 1000
try nothing_was_begun counts 0 county

# 777 teachers are a part of 500 and one of 277, and a last one who has a class to herself.
try what_it_will_take_is_said_and_it_is_loaded says 'about 0\.1 GB' "$program" demo --teachers 777
try it_has_so_many_teachers counts 777 'person WHERE teacher'
try it_has_schools_in_proportion counts 6 school
try every_school_has_somebody_who_acts counts 0 \
	"school s WHERE NOT EXISTS (SELECT FROM office_holder h WHERE h.school = s.id)"
try every_class_has_a_teacher_who_leads_it counts 389 "homeroom_appointment WHERE kind = 'homeroom'"
try each_has_a_hundred_entries counts 777 \
	"(SELECT FROM hour_entry GROUP BY person HAVING count(*) = 100) AS hers"
try they_are_of_five_years says '^5$' value "SELECT (max(activity_on) - min(activity_on)) / 365 + 1 FROM hour_entry"
try none_is_of_a_day_to_come counts 0 "hour_entry e JOIN county_view v ON e.activity_on > v.today"
try its_ledger_verifies says ' 0 faults' "$program" verify --county 990101
try its_state_is_what_is_counted_anew the_state_is_what_is_counted_anew
try some_meet_the_requirement_and_some_are_short says '^t$' value "SELECT count(*) FILTER (WHERE short = 0)
	BETWEEN 100 AND 677 FROM requirement_state WHERE window_on = date_trunc('year', machine_now()) - interval '1 year'"
try everybody_is_seen_by_her_school_alone counts 777 "sight s JOIN person p ON p.id = s.person AND p.school = s.school"
try it_has_courses counts 2 "course WHERE state = 'open'"
try all_are_in_one counts 777 "enrolment e JOIN attendance a ON a.enrolment = e.id AND e.state = 'admitted'"
try the_triggers_of_the_ledger_are_on_again counts 0 \
	"pg_trigger WHERE tgrelid = 'hour_entry'::regclass AND tgenabled <> 'O'"
try the_service_starts service_start
try an_hour_is_posted_behind_the_hundred an_hour_is_posted
try a_teacher_sees_where_she_stands stands_somewhere
try a_course_settles settles
try the_ledger_still_verifies says ' 0 faults' "$program" verify --county 990101
