#!/bin/sh
# Installs those of the named Debian packages that are missing; says nothing when all are there.
# Starts no service that a package brings along: the project runs its own PostgreSQL, and
# none on the machine is used or made.
#
#   docker/packages.sh PACKAGE...
set -eu

if ! command -v dpkg-query >/dev/null; then
	echo "qinglan: this is not Debian; please see to the equivalents of: $*" >&2
	exit 0
fi

installed=$(dpkg-query -W -f '${db:Status-Status} ${Package}\n' "$@" 2>/dev/null |
	sed -n 's/^installed //p')
missing=
for package; do
	printf '%s\n' "$installed" | grep -qxF "$package" || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if [ "$(id -u)" -eq 0 ]; then
	root=
elif command -v sudo >/dev/null; then
	root='sudo'
	echo "qinglan: sudo is asked for the rights to install:$missing"
else
	echo "qinglan: packages are missing and there is no sudo; as root, please run:" >&2
	echo "    apt-get install -y --no-install-recommends$missing" >&2
	exit 1
fi

# While this file is there, Debian's packages do not start what they install.
policy=/usr/sbin/policy-rc.d
# While this one is there, PostgreSQL's package makes no cluster of its own.
cluster=/etc/postgresql-common/createcluster.d/qinglan.conf
made=
restore() {
	# shellcheck disable=SC2086  # a list of paths without white space
	[ -z "$made" ] || $root rm -f $made
}
trap restore EXIT
trap 'exit 130' INT TERM
if [ ! -e $policy ]; then
	made=$policy
	printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
	$root chmod 755 $policy
fi
if [ ! -e $cluster ] && [ ! -d /etc/postgresql ]; then
	made="$made $cluster"
	$root mkdir -p "${cluster%/*}"
	printf "create_main_cluster = false\n" | $root tee $cluster >/dev/null
fi

log=$(mktemp)
install() {
	# shellcheck disable=SC2086  # a list of words
	$root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $missing
}
echo "qinglan: installing$missing"
if ! install >"$log" 2>&1; then
	if ! { $root apt-get update && install; } >"$log" 2>&1; then
		tail -n 20 "$log" >&2
		echo "qinglan: apt-get could not install:$missing" >&2
		rm -f "$log"
		exit 1
	fi
fi
rm -f "$log"

# A web server that came for the tests is not left to start with the machine.
case " $missing " in
*' nginx '*) [ ! -d /run/systemd/system ] || $root systemctl disable --quiet nginx || : ;;
esac
