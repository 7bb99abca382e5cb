#!/bin/sh
# Makes docker/secrets: passwords of the database's roles, a self-signed certificate, a folder
# for keys. Changes nothing that is there. Run as root, for each file belongs to the user that
# reads it in its container: 999 PostgreSQL, 10001 Qinglan, 101 nginx.
#
#   docker/secrets.sh [FOLDER]
#
# A certificate of your own: replace tls/tls.crt and tls/tls.key. Back up keys/ with the
# database: without it sealed values are lost.
set -eu
umask 077

folder=${1:-$(dirname "$0")/secrets}
[ "$(id -u)" -eq 0 ] || {
	echo "docker/secrets.sh: only root can give files to other users" >&2
	exit 1
}
mkdir -p "$folder/tls" "$folder/keys"
# The folder itself may be entered, so that containers reach what is theirs.
chmod 711 "$folder"
cd "$folder"

# give USER FILE: standard input becomes the file, for that user alone.
give() {
	cat >"$2.new"
	chown "$1:$1" "$2.new"
	chmod 400 "$2.new"
	mv "$2.new" "$2"
}
password() { od -An -N24 -tx1 /dev/urandom | tr -d ' \n'; }

if [ ! -e passwords.sql ]; then
	owner=$(password) app=$(password) gate=$(password)
	password | give 999 postgres_password
	{
		printf '%s:5432:qinglan:qinglan_app:%s\n' postgres "$app"
		printf '%s:5432:qinglan:qinglan_gate:%s\n' postgres "$gate"
	} | give 10001 pgpass
	printf '%s:5432:qinglan:qinglan_owner:%s\n' postgres "$owner" | give 10001 pgpass_owner
	give 999 passwords.sql <<-SQL
		ALTER ROLE qinglan_owner PASSWORD '$owner';
		ALTER ROLE qinglan_app PASSWORD '$app';
		ALTER ROLE qinglan_gate PASSWORD '$gate';
	SQL
fi
if [ ! -e tls/tls.key ]; then
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 825 \
		-subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 \
		-keyout tls/tls.key -out tls/tls.crt 2>/dev/null
fi
chown -R 101:101 tls
chown 10001:10001 keys
