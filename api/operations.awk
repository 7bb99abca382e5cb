# From openapi.yaml to operations.def: OP(operationId) for every operation in order, and
# HANDLER(operationId) behind it for those that say x-handler: true.

function refuse(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what > "/dev/stderr"
	exit 1
}

/^ *operationId:/ {
	if ($2 !~ /^[a-z][a-z0-9_]*$/ || NF > 2)
		refuse("operationId: noun_verb, without quotes")
	operation = $2
	handler = 0
	printf "OP(%s)\n", operation
}

/^ *x-handler:/ {
	if (NF != 2 || $2 != "true" || !operation || handler)
		refuse("x-handler: true stands once, behind the operationId")
	handler = 1
	printf "HANDLER(%s)\n", operation
}
