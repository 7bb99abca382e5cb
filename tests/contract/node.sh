# Sourced by the scripts beside it: are there tools of Node.js, and which?
# shellcheck shell=sh

export REDOCLY_TELEMETRY=off REDOCLY_SUPPRESS_UPDATE_NOTICE=true NO_COLOR=1

# True with the pinned packages installed; false, with the reason in $reason, where node is
# missing or older than 20.19.  A registry that cannot be reached is an error and no reason.
# shellcheck disable=SC2034  # reason is for the caller
node_ready() {
	reason='node is not installed'
	command -v node >/dev/null && command -v npm >/dev/null || return 1
	reason="node $(node --version) is older than 20.19"
	node -e 'const [a, b] = process.versions.node.split(".").map(Number);
		process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' || return 1
	if ! cmp -s package-lock.json node_modules/.installed-lock; then
		npm ci --ignore-scripts --silent || {
			echo "npm ci failed in tests/contract" >&2
			exit 1
		}
		cp package-lock.json node_modules/.installed-lock
	fi
}
