#!/bin/sh
# The project's own PostgreSQL, and `make run` on top of it.  Touches no other cluster.
#
#   db/private.sh run PROGRAM [FOLDER]      what make run does, until Ctrl-C; all in .qinglan
#   db/private.sh start FOLDER SOCKETS [NAME=VALUE...]   a cluster in FOLDER, made if missing
#   db/private.sh stop FOLDER
#
# Unix socket only, in the folder SOCKETS that nobody else may enter, so that every role may
# connect without a password.  As root the server runs as user postgres, who must be able to
# enter FOLDER; as anybody else it runs as the caller.
set -eu
umask 077

say() { printf 'qinglan: %s\n' "$*"; }
die() {
	printf 'qinglan: %s\n' "$*" >&2
	exit 1
}

# --- the cluster -----------------------------------------------------------------------------

# Runs a command as the user that the server runs as.
as_server() {
	if [ "$(id -u)" -eq 0 ]; then
		(cd / && exec runuser -u postgres -- "$@")
	else
		"$@"
	fi
}

# Prints the folder of PostgreSQL's programs: of version $1, or the newest.
programs() {
	for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -t/ -k5,5nr) \
		"$(pg_config --bindir 2>/dev/null || :)"; do
		[ -x "$folder/initdb" ] || continue
		version=$("$folder/postgres" --version | sed 's/[^0-9]*\([0-9]*\).*/\1/')
		if [ "$version" -ge 15 ] && [ "${1:-$version}" = "$version" ]; then
			printf '%s\n' "$folder"
			return
		fi
	done
	die "PostgreSQL ${1:-15 or newer} is not installed"
}

# Makes an empty cluster in $1, whole or not at all.
cluster_make() {
	say "making a PostgreSQL cluster in $1"
	bin=$(programs)
	rm -rf "$1.new"
	mkdir "$1.new"
	[ "$(id -u)" -ne 0 ] || chown postgres "$1.new"
	as_server "$bin/initdb" -D "$1.new" -U postgres -E UTF8 --locale=C.UTF-8 --auth=trust \
		--no-instructions >"$1.log" 2>&1 || {
		cat "$1.log" >&2
		die "initdb failed"
	}
	mv "$1.new" "$1"
}

# Makes the folder $1 for sockets; refuses one that somebody else may have put there.
sockets_make() {
	[ "${#1}" -le 90 ] || die "the path $1 is too long for a socket"
	mkdir -p "$1"
	if [ -L "$1" ]; then
		die "$1 is a link; remove it"
	fi
	if [ "$(id -u)" -eq 0 ]; then
		chown postgres "$1"
	elif [ ! -O "$1" ]; then
		die "$1 belongs to somebody else"
	fi
	chmod 700 "$1"
}

cluster_start() {
	folder=$1 sockets=$2
	shift 2
	[ -s "$folder/PG_VERSION" ] || cluster_make "$folder"
	bin=$(programs "$(cat "$folder/PG_VERSION")")
	if as_server "$bin/pg_ctl" status -D "$folder" >/dev/null 2>&1; then
		say "a server was left running; stopping it first"
		as_server "$bin/pg_ctl" stop -s -w -m fast -D "$folder"
	fi
	sockets_make "$sockets"
	options="-c listen_addresses= -c unix_socket_directories='$sockets' -c port=5432"
	options="$options -c log_parameter_max_length=0 -c log_parameter_max_length_on_error=0"
	options="$options -c log_error_verbosity=terse -c log_statement=none"
	for option; do
		options="$options -c $option"
	done
	touch "$folder.log"
	[ "$(id -u)" -ne 0 ] || chown postgres "$folder.log"
	as_server "$bin/pg_ctl" start -s -w -t 120 -D "$folder" -l "$folder.log" -o "$options" \
		>/dev/null || {
		tail -n 5 "$folder.log" >&2
		die "PostgreSQL does not start; its log is $folder.log"
	}
}

cluster_stop() {
	bin=$(programs "$(cat "$1/PG_VERSION")")
	as_server "$bin/pg_ctl" stop -s -w -t 120 -m fast -D "$1"
}

# --- make run --------------------------------------------------------------------------------

# Prints where the data are: in the tree, or for a tree that user postgres cannot enter under
# /var/lib, with a link in the tree.
data_folder() {
	data=$home/postgresql
	if [ "$(id -u)" -eq 0 ] && [ ! -e "$data" ]; then
		chmod 711 "$home"
		if ! as_server test -x "$home"; then
			mkdir -p "/var/lib/qinglan/$hash"
			chmod 711 /var/lib/qinglan "/var/lib/qinglan/$hash"
			rm -f "$data"
			ln -s "/var/lib/qinglan/$hash/postgresql" "$data"
		fi
	fi
	if [ -L "$data" ]; then readlink "$data"; else printf '%s\n' "$data"; fi
}

sockets_folder() {
	if [ "$(id -u)" -eq 0 ]; then
		printf '/run/qinglan-%s\n' "$hash"
	elif [ -n "${XDG_RUNTIME_DIR:-}" ] && [ -w "${XDG_RUNTIME_DIR:-}" ] &&
		[ "${#XDG_RUNTIME_DIR}" -lt 60 ]; then
		printf '%s/qinglan-%s\n' "$XDG_RUNTIME_DIR" "$hash"
	else
		printf '/tmp/qinglan-%s-%s\n' "$(id -u)" "$hash"
	fi
}

# The private cluster with its roles, database and settings; exports the three addresses.
database_start() {
	data=$(data_folder)
	sockets=$(sockets_folder)
	cluster_start "$data" "$sockets" max_connections=100
	started=$data
	bin=$(programs "$(cat "$data/PG_VERSION")")
	if [ "$("$bin/psql" -XAtqh "$sockets" -U postgres -d postgres \
		-c "SELECT count(*) FROM pg_database WHERE datname = 'qinglan'")" -eq 0 ]; then
		"$bin/psql" -Xqh "$sockets" -U postgres -d postgres -v ON_ERROR_STOP=1 \
			-f db/roles.sql >"$home/roles.log" 2>&1 || {
			cat "$home/roles.log" >&2
			die "db/roles.sql failed"
		}
		"$bin/createdb" -h "$sockets" -U postgres -O qinglan_owner -E UTF8 -T template0 qinglan
	fi
	QINGLAN_DATABASE_URL="host=$sockets dbname=qinglan user=qinglan_app"
	QINGLAN_GATE_URL="host=$sockets dbname=qinglan user=qinglan_gate"
	QINGLAN_OWNER_URL="host=$sockets dbname=qinglan user=qinglan_owner"
	export QINGLAN_DATABASE_URL QINGLAN_GATE_URL QINGLAN_OWNER_URL
}

# Ends what was started, the service before its database.
finish() {
	status=$?
	# Also when the terminal that would show this is gone.
	trap '' INT TERM HUP PIPE
	if [ -n "$service" ] && kill -TERM "$service" 2>/dev/null; then
		say "draining" || :
		wait "$service" || :
	fi
	if [ -n "$started" ]; then
		cluster_stop "$started" || :
		rmdir "$sockets" 2>/dev/null || :
		say "stopped; the data stay in $started" || :
	fi
	trap - EXIT
	exit $status
}

# Waits until the service is ready; another program's answer on the port does not count.
ready_or_die() {
	tries=0
	while :; do
		answered=0
		curl -sf -o /dev/null --noproxy '*' --max-time 2 "http://$admin/readyz" || answered=$?
		sleep 0.2
		kill -0 "$service" 2>/dev/null || {
			wait "$service" || :
			service=
			die "the service did not start; why is said above"
		}
		[ $answered -ne 0 ] || return 0
		tries=$((tries + 1))
		[ $tries -lt 300 ] || die "the service is not ready after a minute"
	done
}

line() {
	printf "\n  # %s\n  curl -H 'Authorization: Bearer %s' '%s'\n" "$1" "$2" "$3"
}

# The id of a requirement of the demonstration county.
first_requirement() {
	curl -sf --noproxy '*' -H "Authorization: Bearer $1" "$base/v1/requirements?page_size=1" |
		grep -o '"id": *"[0-9a-f-]*"' | head -n 1 | cut -d'"' -f4
}

# Address, contract, reference, and a call for each role.
greeting() {
	base=http://$listen
	cat <<-TEXT

		青蓝 Qinglan   $base
		contract       $base/openapi.yaml
		reference      $base/docs
		health         http://$admin/readyz
	TEXT
	if county=$("$program" demo --code); then
		token=$("$program" token --county "$county" --role county --ttl 86400)
		line 'the county: who is short of hours, school by school' "$token" \
			"$base/v1/reports/compliance?requirement_id=$(first_requirement "$token")"
		line 'a school: its teachers' \
			"$("$program" token --county "$county" --role school --ttl 86400)" \
			"$base/v1/teachers?page_size=5"
		line 'a teacher: who am I' \
			"$("$program" token --county "$county" --role teacher --ttl 86400)" \
			"$base/v1/me"
	fi
	printf '\nCtrl-C stops it.\n'
}

# In one piece: what the service logs meanwhile goes before it or after it.
greet() {
	text=$(greeting)
	printf '%s\n\n' "$text"
}

# What the commands of the program need beside this service, to be sourced by a shell.
environment() {
	for variable in QINGLAN_DATABASE_URL QINGLAN_GATE_URL QINGLAN_OWNER_URL QINGLAN_TOKEN_KEYS \
		QINGLAN_SEAL_KEYS QINGLAN_DEVELOPMENT; do
		eval "value=\${$variable:-}"
		[ -z "$value" ] || printf "export %s='%s'\n" "$variable" "$value"
	done
}

run() {
	program=$(realpath "$1")
	home=${2:-}
	[ -z "$home" ] || home=$(realpath -m "$home")
	cd "$(dirname "$0")/.."
	home=${home:-$(pwd -P)/.qinglan}
	hash=$(printf '%s' "$home" | sha256sum | cut -c1-12)
	mkdir -p "$home" 2>/dev/null || :
	[ -w "$home" ] ||
		die "$home cannot be written by $(id -un): use the user it was made by"
	exec 9>"$home/lock"
	flock -n 9 || die "it is running already (process $(cat "$home/process" 2>/dev/null))"
	echo $$ >"$home/process"

	listen=${QINGLAN_LISTEN:-127.0.0.1:8080}
	admin=${QINGLAN_ADMIN_LISTEN:-127.0.0.1:8081}
	export QINGLAN_TOKEN_KEYS="${QINGLAN_TOKEN_KEYS:-$home/keys/tokens}"
	export QINGLAN_SEAL_KEYS="${QINGLAN_SEAL_KEYS:-$home/keys/seal}"
	export QINGLAN_DEVELOPMENT="${QINGLAN_DEVELOPMENT:-on}"

	# A wrong setting is told here, before anything is started.
	"$program" keys
	addresses=$("$program" check --addresses) || {
		printf '%s\n' "$addresses" | grep '^WRONG' >&2 || :
		die "choose others, as with" \
			"QINGLAN_LISTEN=127.0.0.1:9090 QINGLAN_ADMIN_LISTEN=127.0.0.1:9091 make run"
	}

	service="" started="" sockets=""
	trap finish EXIT
	trap 'exit 0' INT
	trap 'exit 143' TERM HUP
	if [ -z "${QINGLAN_DATABASE_URL:-}" ]; then
		# The server must not hold the lock after this script.
		database_start 9>&-
	fi
	if [ -n "${QINGLAN_OWNER_URL:-}" ]; then
		"$program" migrate
		[ "$QINGLAN_DEVELOPMENT" != on ] || "$program" demo
	else
		say "QINGLAN_OWNER_URL is not set: the schema is taken as it is"
	fi
	environment >"$home/environment"
	setsid "$program" serve 9>&- &
	service=$!
	ready_or_die
	[ "$QINGLAN_DEVELOPMENT" != on ] || greet
	wait "$service" || status=$?
	service=
	exit "${status:-0}"
}

case ${1:-} in
run) shift && run "$@" ;;
start) shift && cluster_start "$@" ;;
stop) shift && cluster_stop "$@" ;;
*) sed -n '2,6s/^# \{0,1\}//p' "$0" >&2 && exit 2 ;;
esac
