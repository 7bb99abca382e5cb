# From db/migrations/NNNN_name.sql to migrations.def: MIGRATION(number, "NNNN_name", text).
# The files are given in order; numbers begin at 1 and leave nothing out.

function refuse(what) {
	printf "%s: %s\n", FILENAME, what > "/dev/stderr"
	failed = 1
	exit 1
}

FNR == 1 {
	name = FILENAME
	sub(/.*\//, "", name)
	if (name !~ /^[0-9][0-9][0-9][0-9]_[a-z0-9_]+\.sql$/)
		refuse("a migration is named NNNN_name.sql")
	if (substr(name, 1, 4) + 0 != ++number)
		refuse("the next number is " number)
	if (number > 1)
		print ")"
	printf "MIGRATION(%d, \"%s\", \"\"", number, substr(name, 1, length(name) - 4)
}

{
	gsub(/[\\"?]/, "\\\\&")
	printf "\n\t\"%s\\n\"", $0
}

END {
	if (number && !failed)
		print ")"
}
