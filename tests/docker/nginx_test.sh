#!/bin/bash
# docker/nginx.conf: nginx takes it, and the service behind it is what it is without it.
# The file is used as it stands, but for addresses, ports and the place of the certificate.
# shellcheck source=tests/harness/service.sh
. "$(dirname "$0")/../harness/service.sh"

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

service_start || exit 2
plain=$(free_port)
secure=$(free_port)
chmod 755 "$scratch"
mkdir "$scratch/tls"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=localhost \
	-addext subjectAltName=DNS:localhost -keyout "$scratch/tls/tls.key" \
	-out "$scratch/tls/tls.crt" 2>/dev/null || exit 2
sed -e "s#/tmp/#$scratch/#; s#/dev/stdout#$scratch/access.log#; s#/etc/nginx/tls#$scratch/tls#" \
	-e "s#qinglan-[12]:8080#127.0.0.1:$port#; s#listen 8080#listen 127.0.0.1:$plain#" \
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
redirected() {
	says "^308 https://" curl -s -o /dev/null -w '%{http_code} %{redirect_url}' \
		"http://127.0.0.1:$plain/openapi.yaml"
}
http2() { says '^2$' fetch -o /dev/null -w '%{http_version}' --http2 "$base/openapi.json"; }
too_large() {
	head -c 9800000 /dev/zero >"$scratch/large"
	is 413 --data-binary @"$scratch/large" -H 'Content-Type: text/csv' "$base/v1/teacher-imports"
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
try plain_http_is_sent_to_tls redirected
try http_2_is_spoken http2
try a_token_comes_through is 200 -H "Authorization: Bearer $token" "$base/v1/me"
try without_a_token_nothing_is_told is 401 "$base/v1/me"
try a_body_above_all_limits_is_refused too_large
try no_path_or_query_is_logged log_is_silent
try it_ends_well child_stop "$nginx"
