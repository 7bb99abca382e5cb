# From db/queries/*.sql to queries.def: QUERY(name, kind, text), in the order of the files.
# A block begins at "-- name: x :kind"; its lines stay lines.  See api/kernel/query.h.

function refuse(what) {
	printf "%s:%d: %s\n", FILENAME, FNR, what > "/dev/stderr"
	failed = 1
	exit 1
}

function finish() {
	if (open)
		print ")"
	open = 0
}

BEGIN {
	kinds["one"]; kinds["maybe"]; kinds["page"]; kinds["many"]; kinds["exec"]
}

FNR == 1 { finish() }

/^-- *name:/ {
	finish()
	if (NF != 4 || $2 != "name:" || $3 !~ /^[a-z][a-z0-9_]*$/)
		refuse("a query begins with \"-- name: teacher_list :page\"")
	kind = substr($4, 2)
	if ($4 !~ /^:/ || !(kind in kinds))
		refuse("query " $3 " has no kind (:one :maybe :page :many :exec)")
	if ($3 in places)
		refuse("query " $3 " is also in " places[$3])
	places[$3] = FILENAME
	printf "QUERY(%s, QUERY_%s, \"\"", $3, toupper(kind)
	open = 1
	next
}

open {
	gsub(/[\\"?]/, "\\\\&")
	printf "\n\t\"%s\\n\"", $0
	next
}

!/^ *(--.*)?$/ { refuse("a statement without a name") }

END {
	if (!failed)
		finish()
}
