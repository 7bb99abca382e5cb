#!/bin/bash
# docker/nginx.conf: nginx takes it, and the service behind it is what it is without it; an
# instance that goes is not noticed, and what nginx refuses by itself is a problem of ours.
# The file is used as it stands, but for addresses, ports and the place of the certificate.
# shellcheck source=tests/harness/service.sh
. "$(dirname "$0")/../harness/service.sh"
# Debian has nginx where an ordinary user's PATH does not look.
PATH=$PATH:/usr/sbin

database_make nginx
export QINGLAN_TRUSTED_PROXIES=127.0.0.1 QINGLAN_DEVELOPMENT=on QINGLAN_RATE_ADDRESS=0
"$program" keys >/dev/null && "$program" migrate >/dev/null || exit 2
"$program" county add 990101 青蓝县 --officer 李明 >/dev/null || exit 2

# A free port: bound and let go.
free_port() {
	local port
	while port=$((20000 + RANDOM % 12000)); do
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

# Two instances: the second is the one that goes.
service_start || exit 2
first=$service
first_port=$port
service_start || exit 2
secure=$(free_port)
chmod 755 "$scratch"
mkdir "$scratch/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$scratch/tls/tls.key" \
	-out "$scratch/tls/tls.crt" 2>/dev/null || exit 2
sed -e "s#/tmp/#$scratch/#; s#/dev/stdout#$scratch/access.log#; s#/etc/nginx/tls#$scratch/tls#" \
	-e "s#qinglan-1:8080#127.0.0.1:$first_port#; s#qinglan-2:8080#127.0.0.1:$port#" \
	-e "s#listen 8443#listen 127.0.0.1:$secure#" docker/nginx.conf >"$scratch/nginx.conf"

base=https://localhost:$secure
fetch() { curl -sS --cacert "$scratch/tls/tls.crt" --max-time 20 --noproxy '*' "$@"; }
token=$("$program" token --county 990101 --role county) || exit 2

starts() {
	nginx -e stderr -c "$scratch/nginx.conf" -g 'daemon off;' 2>"$scratch/nginx.log" &
	nginx=$!
	children+=("$nginx")
	for _ in {1..50}; do
		fetch -o /dev/null "$base/openapi.json" 2>/dev/null && return
		sleep 0.1
	done
	cat "$scratch/nginx.log"
	return 1
}
# The body is that of the service itself.
same_body() {
	cmp <(fetch "$base/openapi.yaml") <(curl -s "http://127.0.0.1:$port/openapi.yaml")
}
# What the service said as its ETag, whatever the case of the name.
etag_of() { "$@" -o /dev/null -D - | tr -d '\r' | sed -n 's/^[Ee][Tt][Aa][Gg]: //p'; }
etag_is_kept() {
	local through direct
	through=$(etag_of fetch "$base/openapi.yaml")
	direct=$(etag_of curl -s "http://127.0.0.1:$port/openapi.yaml")
	echo "through nginx $through, without $direct"
	[ -n "$direct" ] && [ "$through" = "$direct" ]
}
status_of() { fetch -o /dev/null -w '%{http_code}' "$@"; }
is() { says "^$1\$" status_of "${@:2}"; }
# What nginx says by itself: STATUS CODE of a problem whose texts are those of api/problem.def.
problem() {
	local status=$1 code=$2 head=$scratch/head title detail
	fetch -D "$head" -o "$scratch/said" "${@:3}"
	cat "$head" "$scratch/said"
	title=$(value "SELECT j->>'title' FROM (SELECT \$\$$(<"$scratch/said")\$\$::json) AS b(j)
		WHERE j->>'code' = '$code' AND j->>'type' = '/problems/$code' AND j->>'status' = '$status'")
	detail=$(value "SELECT \$\$$(<"$scratch/said")\$\$::json->>'detail'")
	grep -qE "^HTTP/[0-9.]+ $status" "$head" && [ -n "$title" ] && [ -n "$detail" ] &&
		grep -qi '^content-type: application/problem+json' "$head" &&
		grep -qi '^strict-transport-security: ' "$head" &&
		grep -A2 "\"$code\", $status, " api/problem.def | grep -F "\"$title\"" &&
		grep -A2 "\"$code\", $status, " api/problem.def | grep -F "\"$detail\""
}
waits() { problem "$@" && grep -qi '^retry-after: [1-9]' "$scratch/head"; }
in_the_language_asked_for() {
	problem "$@" -H 'Accept-Language: en-GB,en;q=0.9' && grep -q '"title":"The' "$scratch/said" &&
		problem "$@" -H 'Accept-Language: zh-CN' && grep -q '"title":"请' "$scratch/said"
}
# Also those that no request here can bring about.
texts_are_ours() {
	local slug text lines=0
	while read -r slug text; do
		lines=$((lines + 1))
		grep -A2 "\"$slug\", [0-9]*, " api/problem.def | grep -F "$text" || {
			echo "$slug: $text is not in api/problem.def"
			return 1
		}
	done < <(sed -n 's/^\t\t\(zh\|en\):\([a-z-]*\) \(".*"\);$/\2 \3/p' docker/nginx.conf)
	[ $lines -eq 36 ]
}
# Addresses that nginx itself has a meaning for are the service's like all others.
service_says_404() {
	local path
	for path in /v1/reports /problem /v1/reports/none; do
		fetch -D "$scratch/head" -o "$scratch/said" "$base$path"
		cat "$scratch/head" "$scratch/said"
		grep -qE '^HTTP/[0-9.]+ 404' "$scratch/head" &&
			grep -qi '^content-type: application/problem+json' "$scratch/head" || return 1
	done
}
http2() { says '^2$' fetch -o /dev/null -w '%{http_version}' --http2 "$base/openapi.json"; }
too_large() {
	head -c 9800000 /dev/zero >"$scratch/large"
	problem 413 content-too-large --data-binary @"$scratch/large" -H 'Content-Type: text/csv' \
		"$base/v1/teacher-imports"
}
# A line that is longer than the longest that nginx reads.
long=$(printf '%012000d' 0)
# One request a minute: after two of them comes a refusal, however slow they are.
quota() {
	sed -i 's#rate=100r/s#rate=1r/m#; s/burst=200/burst=1/' "$scratch/nginx.conf"
	kill -HUP "$nginx"
	for _ in {1..50}; do
		waits 429 too-many-requests "$base/openapi.json" && return
		sleep 0.1
	done
	return 1
}
module() {
	fetch -o /dev/null -w '%{http_code}\n' -H "Authorization: Bearer $token" \
		-H 'Content-Type: application/json' "$base/v1/modules" \
		-d "{\"code\":\"$1\",\"name_zh\":\"数字素养\",\"name_en\":\"Digital literacy\"}"
}
# Ten reads and ten writes by turns, over both instances as far as there are two.
all_answered() {
	local i
	for i in {1..10}; do
		is 200 -H "Authorization: Bearer $token" "$base/v1/me" || return 1
		says '^201$' module "$1_$i" || return 1
	done
}
log_is_silent() {
	fetch -o /dev/null "$base/v1/teachers?q=王芳" || return 1
	sleep 0.2
	! grep -qE 'teachers|%E7|王芳' "$scratch/access.log"
}

try nginx_takes_the_file nginx -e stderr -t -q -c "$scratch/nginx.conf"
try nginx_starts_with_it starts
try the_contract_comes_through_unchanged same_body
try its_etag_is_not_weakened etag_is_kept
try no_address_is_nginxs_own service_says_404
try http_2_is_spoken http2
try a_token_comes_through is 200 -H "Authorization: Bearer $token" "$base/v1/me"
try without_a_token_nothing_is_told is 401 "$base/v1/me"
try no_path_or_query_is_logged log_is_silent
try a_body_above_all_limits_is_refused too_large
try plain_http_is_a_bad_request problem 400 bad-request "http://localhost:$secure/openapi.json"
try a_method_that_nginx_refuses_is_one_too problem 400 bad-request -X TRACE "$base/openapi.json"
try an_address_too_long_is_refused problem 414 uri-too-long --http1.1 "$base/$long"
try headers_too_large_are_refused problem 431 headers-too-large --http1.1 -H "X: $long" "$base/"
try the_texts_of_its_problems_are_ours texts_are_ours
try its_problems_are_in_the_language_asked_for in_the_language_asked_for 400 bad-request "http://localhost:$secure/"
try two_instances_answer all_answered two
try one_of_them_ends_well child_stop "$service"
try nobody_notices all_answered one
try the_other_one_ends_well child_stop "$first"
try what_cannot_be_read_is_unavailable waits 503 unavailable "$base/openapi.json"
try what_was_written_is_of_unknown_outcome waits 503 outcome-unknown -d '{}' "$base/v1/modules"
try too_many_requests_are_told_to_wait quota
try it_ends_well child_stop "$nginx"
