#!/bin/sh
# openapi.yaml by Redocly's recommended rules and Spectral's OWASP rules, docker/compose.yaml
# by the schema of compose files: no error and no warning.  Left out, with a notice, only
# where node is missing or too old.
set -u
cd "$(dirname "$0")" || exit 2
. ./node.sh
export PATH="$PWD/node_modules/.bin:$PATH"

if ! node_ready; then
	echo "left out: the contract's rules of Redocly and Spectral, for $reason"
	exit 0
fi

status=0
output=$(redocly lint --config redocly.yaml ../../openapi.yaml 2>&1) || {
	printf '%s\n' "$output"
	status=1
}
output=$(spectral lint --quiet --fail-severity=hint -r .spectral.yaml ../../openapi.yaml 2>&1) || {
	printf '%s\n' "$output"
	status=1
}
node compose.mjs ../../docker/compose.yaml || status=1
exit $status
