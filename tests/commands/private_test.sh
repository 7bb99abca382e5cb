#!/bin/bash
# db/private.sh: the cluster that `make run` stands on.
# shellcheck source=tests/harness/service.sh
. "$(dirname "$0")/../harness/service.sh"

folder=$scratch/pg
# A copy that anybody may read, wherever the tree is.
script=$scratch/private.sh
cp db/private.sh "$script"
chmod 755 "$script"
chmod 711 "$scratch"

asked() {
	"$@" psql -XAtqh "$folder/s" -U postgres -d postgres -c 'SHOW server_encoding' \
		-c 'SHOW lc_collate' -c 'SHOW listen_addresses' | paste -sd' '
}
start() { "$@" "$script" start "$folder/data" "$folder/s" fsync=off; }
stop() { "$@" "$script" stop "$folder/data"; }
has() { says "$1" asked "${@:2}"; }
data_stay() {
	psql -Xqh "$folder/s" -U postgres -d postgres -c 'CREATE TABLE stays ()' &&
		stop env && start env &&
		psql -Xqh "$folder/s" -U postgres -d postgres -c 'TABLE stays'
}
closed_to_others() {
	[ "$(stat -c %a "$folder/s")" = 700 ] && [ "$(stat -c %a "$folder/data")" = 700 ]
}
link_refused() {
	mkdir "$folder/elsewhere"
	ln -s "$folder/elsewhere" "$folder/link"
	refused 1 'is a link' db/private.sh start "$folder/data" "$folder/link"
}

mkdir "$folder"
chmod 755 "$folder"
try a_cluster_is_made_and_started start env
try it_is_utf8_and_has_no_port has '^UTF8 C.UTF-8 ?$' env
try its_folders_are_closed_to_others closed_to_others
try data_stay_between_runs data_stay
try a_second_start_replaces_what_was_left says 'left running' start env
try it_stops stop env
try a_link_for_sockets_is_refused link_refused
try a_path_too_long_for_a_socket_is_refused refused 1 'too long' \
	db/private.sh start "$folder/data" "$folder/$(printf 'x%.0s' {1..90})"
if [ "$(id -u)" -eq 0 ]; then
	rm -rf "$folder"
	mkdir "$folder"
	chown nobody "$folder"
	try an_ordinary_user_starts_it_too start runuser -u nobody --
	try it_is_her_process says nobody stat -c %U "$folder/data/postmaster.pid"
	try an_ordinary_user_stops_it stop runuser -u nobody --
fi
