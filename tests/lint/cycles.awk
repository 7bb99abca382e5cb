# cycles.awk -- the modules' "uses" as pairs for tsort, which fails on a cycle.
#
# A module is a file's stem without _private, with the header of that name: token.c,
# token.h and token_private.h are one. A header that many files implement belongs to one module.

function module(path) {
	sub(/^.*\//, "", path)
	sub(/\.[ch]$/, "", path)
	sub(/_private$/, "", path)
	# The tree of routes is made of the contract and kept in it.
	if (path == "route")
		path = "contract"
	return path
}

FNR == 1 {
	me = module(FILENAME)
	print me, me
}

/^[ \t]*#[ \t]*include[ \t]*"[^"]*\.h"/ {
	header = $0
	sub(/^[^"]*"/, "", header)
	sub(/".*/, "", header)
	if (module(header) != me)
		print me, module(header)
}
