#!/bin/bash
# README.md, done as it says: the database and the settings of a production set-up, its commands,
# tokens signed by somebody else, backup and restore; and the names that it uses.
# shellcheck source=tests/harness/service.sh
. "$(dirname "$0")/../harness/service.sh"

database_make readme
folder=$scratch/etc
mkdir "$folder" "$folder/keys" "$scratch/bin"
ln -s "$program" "$scratch/bin/qinglan"
# What only root can do here, and systemd.
printf '#!/bin/sh\nshift 3\nexec "$@"\n' >"$scratch/bin/runuser"
printf '#!/bin/sh\n' >"$scratch/bin/systemctl"
chmod 755 "$scratch"/bin/*

# The block of README.md that begins with the line $1, for this database and folder.
block() {
	awk -v first="$1" '/^```/ { inside = 0 } before ~ /^```sh/ && index($0, first) == 1 { inside = 1 }
		inside { print } { before = $0 }' README.md |
		sed -e "s#/etc/qinglan#$folder#g; s#host=db dbname=qinglan#host=$cluster dbname=$database#" \
			-e "s#qinglan\.dump#$scratch/&#g; s# qinglan\$# $database#"
}
# Commands of README.md, as a superuser of the cluster.
as_superuser() { PGHOST=$cluster PGUSER=postgres PATH=$scratch/bin:$PATH bash -e -c "$1"; }
# The database as README.md makes it; the roles are there, and other programs use them.
database_created() {
	psql -Xqh "$cluster" -U postgres -d postgres -c "DROP DATABASE $database" &&
		says '^createdb ' block 'psql -f db/roles.sql' &&
		as_superuser "$(block 'psql -f db/roles.sql' | grep '^createdb ')"
}
files_written() {
	block '# /etc/qinglan/qinglan.env' >"$folder/qinglan.env"
	block '# /etc/qinglan/owner.env' >"$folder/owner.env"
	grep -q '^QINGLAN_DATABASE_URL=' "$folder/qinglan.env" &&
		grep -q '^QINGLAN_OWNER_URL=' "$folder/owner.env"
}
# Lines that a shell and systemd read as the same: a comment, one word, or text between quotes.
plain_to_both() {
	! grep -vE "^(#.*|[A-Z_]+=([A-Za-z0-9_./:-]+|'[^'\\\\]*'))\$" "$folder"/*.env
}
# The shell's value is all that stands behind the sign.
values_are_whole() {
	local name text
	while IFS='=' read -r name text; do
		text=${text#\'}
		[ "${!name}" = "${text%\'}" ] || {
			echo "$name is ${!name}"
			return 1
		}
	done < <(cat "$folder"/*.env | grep -v '^#')
}
unit_gets_the_first_alone() {
	says '^EnvironmentFile=/etc/qinglan/qinglan.env$' grep EnvironmentFile docker/qinglan.service &&
		! grep OWNER "$folder/qinglan.env" && ! grep OWNER docker/qinglan.service
}
commands_work() { PATH=$scratch/bin:$PATH bash -e -c "$(block 'runuser -u qinglan')"; }

base64_url() { base64 -w 0 | tr '+/' '-_' | tr -d '='; }
# One of the two numbers of an ECDSA signature, as 32 bytes.
number() {
	printf '%064s' "$(openssl asn1parse -inform DER -in "$scratch/signature" |
		sed -n 's/.*INTEGER *://p' | sed -n "$1p")" | tr ' ' 0 | sed 's/../\\x&/g'
}
# A token of the claims $1, signed by the key of the provider.
signed() {
	local text
	text=$(printf '{"alg":"ES256","typ":"JWT","kid":"county"}' | base64_url).$(printf '%s' "$1" | base64_url)
	printf '%s' "$text" | openssl dgst -sha256 -sign "$scratch/provider.pem" >"$scratch/signature"
	# shellcheck disable=SC2059  # the numbers are the format
	printf '%s.%s' "$text" "$(printf "$(number 1)$(number 2)" | base64_url)"
}
# The folder of keys has nothing but the public key of somebody else.
provider_known() {
	rm -r "$QINGLAN_TOKEN_KEYS" && mkdir -m 700 "$QINGLAN_TOKEN_KEYS" &&
		openssl ecparam -name prime256v1 -genkey -noout -out "$scratch/provider.pem" &&
		openssl ec -in "$scratch/provider.pem" -pubout -out "$QINGLAN_TOKEN_KEYS/county.pub.pem"
}
serves_without_the_owner() {
	unset QINGLAN_OWNER_URL
	service_start
}
# The words of the table for the claim $1.
# shellcheck disable=SC2016  # they are the quotes of Markdown
claim_words() { sed -n "s/^| .*\`$1\`.* | \(.*\) |\$/\1/p" README.md | grep -oE '`[a-z_]+`' | tr -d '`'; }
# The claims of the table, by name.
claims() {
	local now
	now=$(date +%s)
	printf '{"iss":"%s","aud":"qinglan","iat":%d,"exp":%d,"jti":"%s","token_use":"%s","county":%d,%s}' \
		"$QINGLAN_ISSUER" "$now" $((now + 3600)) "$RANDOM$RANDOM" "$(claim_words token_use)" \
		"$(value 'SELECT county FROM county')" "$1"
}
claims_are_those_of_the_table() {
	local claim
	for claim in $(claims '"role":1,"scope":1,"sub":1,"office":1,"client_id":1' |
		grep -oE '"[a-z_]+":' | tr -d '":'); do
		grep -E "^\| .*\`$claim\`.* \|" README.md || return 1
	done
	[ "$(claim_words role | sort | xargs)" = 'client county school teacher' ]
}
asked() { curl -sf --noproxy '*' -H "Authorization: Bearer $(signed "$1")" "http://127.0.0.1:$port$2"; }
first_id() { grep -oE "\"$1\" ?: ?\"[0-9a-f-]{36}\"" | head -n 1 | grep -oE '[0-9a-f-]{36}'; }
# As README.md tells a provider to find out whom --officer named.
officer_found() {
	local client
	client=$(claims '"role":"client","scope":"offices:read","sub":"login","client_id":"login"')
	office=$(asked "$client" /v1/offices | grep -o '{[^{}]*bureau[^{}]*}' | first_id id) &&
		asked "$client" "/v1/offices/$office/holders" | tee "$scratch/holders" &&
		person=$(first_id person_id <"$scratch/holders")
}
officer_enters() {
	says '"name" ?: ?"王芳"' asked \
		"$(claims "\"role\":\"county\",\"scope\":\"me:read\",\"sub\":\"$person\",\"office\":\"$office\"")" /v1/me
}

# Every last word of what matches $1 in README.md is one that standard input lists.
names_known() {
	local name status=0 list names=0
	list=$(cat)
	while read -r name; do
		names=$((names + 1))
		grep -qxF -- "${name##* }" <<<"$list" || {
			echo "$name: there is none"
			status=1
		}
	done < <(grep -oE "$1" README.md | sort -u)
	[ $names -gt 0 ] && return $status
}
settings_known() { "$program" --help | sed -n 's/^  \(QINGLAN_[A-Z_]*\) .*/\1/p' | names_known 'QINGLAN_[A-Z_]+'; }
# What --help says of commands, a line for each: its words and its options.
forms() {
	"$program" --help | awk '/^Settings/ { exit } /^  [a-z-]/ { form = form "\n" $0 }
		/^        \[/ { form = form $0 } END { print form }' | sed 's/^  //'
}
# Each call of the program is of a form that --help tells, with options of that form. In a container
# it is what stands behind the service.
# shellcheck disable=SC2016  # they are the quotes of Markdown
commands_known() {
	local call form name calls=0 status=0
	while read -r call; do
		calls=$((calls + 1))
		name=$(grep -oE '^(--)?[a-z]+( [a-z]+)*' <<<"$call")
		form=$(forms | grep -E "^$name( [^a-z]|\$)") || name=
		for name in ${name:-"$call"} $(grep -oE -- ' --[a-z-]+' <<<"$call"); do
			grep -qE -- "(^|[ [])$name([] ]|\$)" <<<"$form" || {
				echo "$call: there is no $name"
				status=1
			}
		done
	done < <(grep -oE '((^|`|build/|-- )qinglan|run --rm migrate) (--)?[a-z][^`#]*' README.md |
		sed -E 's/^.*(qinglan|run --rm migrate) ((--)?[a-z])/\2/' | sort -u)
	[ $calls -gt 9 ] && return $status
}
# What is told of tokens in development, with what make run begins with.
token_made() {
	export QINGLAN_DEVELOPMENT=on QINGLAN_TOKEN_KEYS=$scratch/keys/tokens
	database_created && "$program" keys && "$program" migrate && "$program" demo && says '^[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+$' \
		as_superuser "$(block '. .qinglan/environment' | sed -n 's#^build/##p')"
}
# Dumped, dropped and restored as README.md says.
# shellcheck disable=SC2016  # they are the quotes of Markdown
restored() {
	# shellcheck source=/dev/null
	. "$folder/owner.env"
	export QINGLAN_OWNER_URL
	as_superuser "$(block 'pg_dump ')" && database_created &&
		as_superuser "$(grep -oE '`pg_restore [^`]*`' README.md | tr -d '`' |
			sed "s# qinglan # $database #; s#qinglan\.dump#$scratch/&#")" &&
		as_superuser "$(block 'qinglan restored')"
}
targets_known() { sed -n 's/^\([a-z]*\):.*/\1/p' Makefile | names_known '(^|`)make [a-z]+'; }
files_there() {
	local file status=0
	while read -r file; do
		[ -e "$file" ] || {
			echo "$file is not there"
			status=1
		}
	done < <(grep -oE '(api|db|docker|tests)/[A-Za-z0-9_./-]*[A-Za-z0-9_]' README.md | sort -u)
	return $status
}

try the_database_is_made database_created
try the_settings_of_production_are_told files_written
try a_shell_and_systemd_read_them_alike plain_to_both
set -a
# shellcheck source=/dev/null
. "$folder/qinglan.env" && . "$folder/owner.env"
set +a
try a_shell_reads_them_whole values_are_whole
try the_service_does_not_get_the_owners_address unit_gets_the_first_alone
try the_commands_work_with_them commands_work
try the_county_is_there says '^示例县$' value 'SELECT name FROM county'
try somebody_elses_public_key_is_enough provider_known
try the_service_starts_without_the_owners_address serves_without_the_owner
try the_claims_are_those_of_the_table claims_are_those_of_the_table
try a_client_finds_the_first_officer officer_found
try the_first_officer_enters officer_enters
try every_setting_named_is_one settings_known
try every_command_is_called_as_it_may_be commands_known
try every_target_named_is_one targets_known
try every_file_named_is_there files_there
try it_ends_well child_stop "${service:-}"
try what_was_dumped_is_restored restored
try the_county_is_there_again says '^示例县$' value 'SELECT name FROM county'
try a_token_is_made_as_it_says token_made
