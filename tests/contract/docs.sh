#!/bin/sh
# Makes the reference as one file without any address to load from: docs.sh OUTPUT.
set -eu
cd "$(dirname "$0")"
output=../../$1
. ./node.sh
export PATH="$PWD/node_modules/.bin:$PATH"

if ! node_ready; then
	echo "qinglan: no reference is made, for $reason; /docs points to the contract" >&2
	exit 0
fi
mkdir -p "$(dirname "$output")"
redocly build-docs ../../openapi.yaml --inlineBundle --config redocly.yaml --lint-config off \
	-o "$output.new" >"$output.log" 2>&1 || {
	cat "$output.log" >&2
	exit 1
}
node local.mjs "$output.new"
mv "$output.new" "$output"
