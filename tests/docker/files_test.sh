#!/bin/bash
# The files of docker/ that no engine runs here: what can be seen without one.
# shellcheck source=tests/harness/service.sh
. "$(dirname "$0")/../harness/service.sh"

# Every package of the run stage is one that the program is linked to, and none is missing.
libraries_complete() {
	local library package status=0
	for library in $(ldd "$program" | sed -n 's/.*=> \(\/[^ ]*\).*/\1/p' | grep -E \
		'ulfius|microhttpd|jansson|libpq\.|jwt|yaml|sodium|libssl|libcrypto|pcre2|libcsv|icui18n|icuuc|libz\.'); do
		package=$(dpkg-query -S "$(realpath "$library")" | head -n 1 | cut -d: -f1)
		grep -qE "(^|[[:space:]])$package([[:space:]]|\$)" docker/Dockerfile || {
			echo "$package ($library) is not in the run stage"
			status=1
		}
	done
	return $status
}
copies_exist() {
	local source status=0
	while read -r source; do
		[ -e "$source" ] || case $source in /src/build/*) ;; /src/*) [ -e "${source#/src/}" ] ;; *) false ;; esac || {
			echo "$source is not there"
			status=1
		}
	done < <(sed -n 's/^COPY \(--from=[a-z]* \)\{0,1\}\([^ ]*\) .*/\2/p' docker/Dockerfile)
	return $status
}
# A setting that the program does not know would stop it.
settings_known() {
	local setting status=0
	while read -r setting; do
		"$program" --help | grep -qE "^ +$setting " || {
			echo "$setting is no setting"
			status=1
		}
	done < <(grep -ohE 'QINGLAN_[A-Z_]+' docker/compose.yaml docker/Dockerfile docker/qinglan.service | sort -u)
	return $status
}
not_root() { grep -qE '^USER [1-9][0-9]*:[1-9][0-9]*$' docker/Dockerfile; }
probe_is_the_readiness() { grep -A2 '^HEALTHCHECK' docker/Dockerfile | grep -q '/readyz'; }
secrets_made() {
	docker/secrets.sh "$scratch/secrets" &&
		[ "$(stat -c '%u %a' "$scratch/secrets/pgpass")" = '10001 400' ] &&
		[ "$(stat -c '%u %a' "$scratch/secrets/passwords.sql")" = '999 400' ] &&
		[ "$(stat -c '%u %a' "$scratch/secrets/tls/tls.key")" = '101 600' ] &&
		[ "$(stat -c '%u %a' "$scratch/secrets/keys")" = '10001 700' ]
}
secrets_stay() {
	local before
	before=$(cat "$scratch"/secrets/pg* "$scratch/secrets/tls/tls.key")
	docker/secrets.sh "$scratch/secrets" &&
		[ "$before" = "$(cat "$scratch"/secrets/pg* "$scratch/secrets/tls/tls.key")" ]
}
secrets_named() {
	local file status=0
	while read -r file; do
		[ -e "$scratch/secrets/$file" ] || {
			echo "$file is not made"
			status=1
		}
	done < <(sed -n 's/.*{file: \.\/secrets\/\(.*\)}/\1/p' docker/compose.yaml)
	return $status
}
# The script that the postgres image runs once, against a cluster made for it.
roles_made() {
	local folder=$scratch/pg
	chmod 711 "$scratch"
	mkdir "$folder"
	chmod 755 "$folder"
	db/private.sh start "$folder/data" "$folder/s" fsync=off || return 1
	sed -e "s#/roles.sql#$PWD/db/roles.sql#; s#/run/secrets/passwords_sql#$scratch/secrets/passwords.sql#" \
		docker/roles.sh >"$scratch/roles.sh"
	PGHOST=$folder/s sh "$scratch/roles.sh" &&
		says '^qinglan_owner$' psql -XAtqh "$folder/s" -U postgres -d qinglan -c \
			"SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'qinglan'" &&
		says '^3$' psql -XAtqh "$folder/s" -U postgres -d qinglan -c "SELECT count(*) FROM pg_authid
			WHERE rolname ~ '^qinglan' AND rolpassword LIKE 'SCRAM-SHA-256%'"
	local status=$?
	db/private.sh stop "$folder/data"
	return $status
}
# As an ordinary user without sudo, from a copy that she may read.
packages_of_an_ordinary_user() {
	local tool as=()
	[ "$(id -u)" -ne 0 ] || as=(runuser -u nobody --)
	mkdir -p "$scratch/tools" && chmod 711 "$scratch" && cp docker/packages.sh "$scratch/tools/packages"
	for tool in sh dpkg-query sed grep id; do
		ln -sf "$(command -v "$tool")" "$scratch/tools/$tool"
	done
	chmod 755 "$scratch/tools" "$scratch/tools/packages"
	"${as[@]}" env PATH="$scratch/tools" packages "$@"
}
# What is there already.
nothing_asked() {
	local said
	said=$(packages_of_an_ordinary_user dpkg make 2>&1) && [ -z "$said" ]
}
missing_told() {
	refused 1 '^ +apt-get install -y --no-install-recommends qinglan-none$' \
		packages_of_an_ordinary_user dpkg qinglan-none
}
# What `make install` puts under the prefix $1: the unit starts the program that came with it.
installed() {
	local root=$scratch/root$1 unit
	make -s MODE="$(basename "$(dirname "$program")")" put DESTDIR="$root" PREFIX="$1" || return 1
	unit=$root$1/lib/systemd/system/qinglan.service
	says "^ExecStart=$1/bin/qinglan serve\$" cat "$unit" && says '^qinglan ' "$root$1/bin/qinglan" --version &&
		[ -s "$root$1/share/qinglan/roles.sql" ]
}
# As it is installed, but for the folder that only the test puts before it.
unit_is_valid() {
	sed "s#=$1/bin/#=$scratch/root$1$1/bin/#" "$scratch/root$1$1/lib/systemd/system/qinglan.service" \
		>"$scratch/qinglan.service"
	systemd-analyze verify "$scratch/qinglan.service" 2>&1 | grep -v '^$' | tee "$scratch/unit.log"
	[ ! -s "$scratch/unit.log" ]
}

try the_image_has_every_library libraries_complete
try what_the_image_copies_exists copies_exist
try every_setting_in_these_files_is_one settings_known
try the_image_does_not_run_as_root not_root
try its_health_is_its_readiness probe_is_the_readiness
if [ "$(id -u)" -eq 0 ]; then
	try secrets_are_for_one_user_each secrets_made
	try secrets_are_made_once secrets_stay
	try every_secret_of_the_compose_file_is_made secrets_named
	try the_database_of_the_compose_file_is_made roles_made
else
	echo "left out: docker/secrets.sh, which only root can run"
fi
try packages_that_are_there_need_no_rights nothing_asked
try missing_packages_are_told_to_who_has_no_rights missing_told
for prefix in /usr/local /usr; do
	try "the_installed_unit_starts_the_installed_program${prefix//\//_}" installed $prefix
	! command -v systemd-analyze >/dev/null ||
		try "the_installed_unit_is_valid${prefix//\//_}" unit_is_valid $prefix
done
