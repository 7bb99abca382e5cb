#!/bin/bash
# What `make run` starts: it greets with calls that work, and leaves no process behind.
# shellcheck source=tests/harness/service.sh
. "$(dirname "$0")/../harness/service.sh"

home=$scratch/home
said=$scratch/said
run='' service='' postgres=''
# Whose program and script, and as whom: the caller's, or an ordinary user's.
tree=$PWD as=()
chmod 711 "$scratch"
unset QINGLAN_DATABASE_URL QINGLAN_GATE_URL QINGLAN_OWNER_URL QINGLAN_TOKEN_KEYS QINGLAN_SEAL_KEYS

# Two ports that nobody has, below those that the system hands out.
ports_choose() {
	local low tries=0
	read -r low _ </proc/sys/net/ipv4/ip_local_port_range
	until [ $tries -eq 50 ]; do
		port=$((low - 2000 + RANDOM % 1998))
		export QINGLAN_LISTEN=127.0.0.1:$port QINGLAN_ADMIN_LISTEN=127.0.0.1:$((port + 1))
		"$program" check --addresses && return
		tries=$((tries + 1))
	done
	return 1
}
ports_free() { "$program" check --addresses; }

# Waits until it has greeted; sets $run, $service and $postgres.
greeted() {
	local tries=0
	until grep -q 'Ctrl-C stops it' "$said"; do
		tries=$((tries + 1))
		[ $tries -lt 600 ] || { cat "$said" && return 1; }
		sleep 0.1
		run=$(cat "$home/process" 2>/dev/null)
	done
	service=$(awk -v parent="$run" '$2 == "(qinglan)" && $4 == parent { print $1 }' \
		/proc/[0-9]*/stat 2>/dev/null)
	postgres=$(head -n 1 "$home/postgresql/postmaster.pid")
	kill -0 "$service" "$postgres"
}
# Nothing that a run before has left is taken for this one's.
forget() {
	: >"$said"
	rm -f "$home/process"
}
# In a process group of its own, as a shell at a terminal does it.
in_foreground() {
	forget
	set -m
	"${as[@]}" env --default-signal=INT,TERM,HUP "$tree/db/private.sh" run "$program" "$home" \
		>"$said" 2>&1 &
	job=$!
	set +m
	greeted
}
# At a terminal of its own; where none can be had (a bare chroot), in a process group.
terminal=$(script -qfc 'echo yes' /dev/null </dev/null 2>/dev/null | tr -d '\r')
at_a_terminal() {
	if [ "$terminal" != yes ]; then
		in_foreground
		return
	fi
	forget
	env --default-signal=INT,TERM,HUP script -qfc "db/private.sh run '$program' '$home'" \
		/dev/null </dev/null >"$said" 2>&1 &
	job=$!
	greeted
}
in_one_block() {
	sed -n '/青蓝 Qinglan/,/Ctrl-C stops it/p' "$said" >"$scratch/block"
	[ "$(grep -c '^  curl ' "$scratch/block")" -eq 3 ] && ! grep '^{' "$scratch/block"
}
# The three calls, as they would be pasted into a shell.
calls_work() {
	local call pattern
	for pattern in '"schools" ?: ?\[\{' '"data" ?: ?\[\{' '"role" ?: ?"teacher"'; do
		read -r call || return 1
		says "$pattern" sh -c "$call -sf" || return 1
	done < <(tr -d '\r' <"$said" | grep '^  curl ')
}
alive() { [ -n "$1" ] && kill -0 "$1" 2>/dev/null; }
# The run, the service and PostgreSQL have ended.
all_gone() {
	local tries=0
	while alive "$run" || alive "$service" || alive "$postgres"; do
		tries=$((tries + 1))
		[ $tries -lt 300 ] || { cat "$said" && return 1; }
		sleep 0.1
	done
	run='' service='' postgres=''
	[ ! -e "$home/postgresql/postmaster.pid" ]
}
ctrl_c() {
	kill -INT -- "-$job"
	all_gone && wait "$job"
}
# Without a terminal the group is told what the system would tell it.
terminal_closes() {
	[ -n "$run" ] || return 1
	if [ "$terminal" = yes ]; then
		kill -KILL "$job"
	else
		kill -HUP -- "-$job"
	fi
	wait "$job"
	all_gone
}
# As root in a folder that user postgres cannot enter, such as a clone in root's home.
closed_to_postgres() {
	home=$scratch/closed/home
	mkdir -m 700 "$scratch/closed" && in_foreground
}
data_are_elsewhere() {
	local link
	link=$(readlink "$home/postgresql")
	says '^/var/lib/qinglan/[0-9a-f]{12}/postgresql$' echo "$link" || return 1
	[ "$(stat -c '%U %a' "$link")" = 'postgres 700' ]
}
# A copy that she may read, wherever the tree is, and a folder of her own.
by_an_ordinary_user() {
	tree=$scratch/tree home=$scratch/nobody as=(runuser -u nobody --)
	mkdir -p "$tree/db" "$home" && cp "$program" "$tree" && cp db/private.sh db/roles.sql "$tree/db" &&
		chmod -R go+rX "$tree" && chown nobody "$home" || return 1
	program=$tree/qinglan
	in_foreground
}
all_is_hers() {
	local what
	for what in "/proc/$service" "/proc/$postgres" "$home/postgresql" "$home/keys/seal"; do
		says '^nobody$' stat -c %U "$what" || return 1
	done
}
# A test that failed leaves nothing behind either.
run_end() {
	local process elsewhere
	for process in $run $service; do kill -TERM "$process"; done
	[ -z "$postgres" ] || kill -INT "$postgres"
	all_gone
	elsewhere=$(readlink "$scratch/closed/home/postgresql")
	if [[ $elsewhere == /var/lib/qinglan/*/postgresql ]]; then
		rm -r "${elsewhere%/postgresql}"
		rmdir --ignore-fail-on-non-empty /var/lib/qinglan
	fi
	finish
}
trap run_end EXIT

try two_ports_are_free ports_choose
try it_starts_from_nothing_and_greets in_foreground
try no_line_of_the_log_is_within_the_greeting in_one_block
try the_three_calls_work calls_work
try ctrl_c_stops_everything ctrl_c
try its_ports_are_free_again ports_free
try at_a_terminal_it_starts_from_what_was_left at_a_terminal
try the_calls_work_as_before calls_work
try a_terminal_that_closes_stops_everything terminal_closes
try its_ports_are_free_after_that_too ports_free
if [ "$(id -u)" -eq 0 ]; then
	try it_starts_where_postgres_cannot_enter closed_to_postgres
	try its_data_are_elsewhere data_are_elsewhere
	try it_stops_there_too ctrl_c
	try it_starts_from_what_is_elsewhere in_foreground
	try the_calls_work_from_there calls_work
	try it_stops_again ctrl_c
	try an_ordinary_user_starts_it by_an_ordinary_user
	try all_of_it_is_hers all_is_hers
	try the_calls_work_for_her calls_work
	try she_stops_it ctrl_c
else
	echo "left out: where user postgres cannot enter, and another user's, which only root can try"
fi
