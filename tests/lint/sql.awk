# sql.awk -- SQL's own rules; reads .sql files without their comments.
#
#   time        comes from clock_now() and today(), machine_now() for leases and expiry; the
#               machine's clock itself is asked in 0001's functions alone
#   IS NULL OR  of a parameter makes one plan for two questions: variants exist for it
#   instants    leave through instant(): an output column or JSON member named ..._at

function wrong(why) {
	print FILENAME ":" FNR ": " why ": " $0
}

{
	text = $0
	# Lines with --? and --sort are part of a query.
	if (text ~ /^[ \t]*--[?]/ || text ~ /^[ \t]*--sort/)
		sub(/--[?]?/, "  ", text)
	sub(/--.*/, "", text)
	bare = tolower(text)
}

bare ~ /(^|[^a-z_])(now\(\)|current_date|current_timestamp|localtimestamp|clock_timestamp\(|statement_timestamp\(|transaction_timestamp\(|timeofday\()/ {
	if (FILENAME !~ /\/0001_foundation\.sql$/)
		wrong("the time comes from clock_now(), today() or machine_now()")
}

FILENAME ~ /db\/queries\// && bare ~ /:[a-z_]+(::[a-z]+)? is null or[^a-z_]/ {
	wrong("use a variant (--?) and not IS NULL OR")
}

FILENAME ~ /db\/queries\// && text ~ /;[ \t]*$/ {
	wrong("a query does not end with a semicolon")
}

{
	json = bare ~ /json/ ? bare : ""
	while (match(json, /'[a-z_]+_at'[ \t]*,[ \t]*[^ \t]*/)) {
		if (substr(json, RSTART, RLENGTH) !~ /,[ \t]*(instant\(|null|coalesce\(instant\()/)
			wrong("an instant leaves through instant()")
		json = substr(json, RSTART + RLENGTH)
	}
}

bare ~ /create (or replace )?view/ { in_view = 1 }
in_view {
	column = bare
	gsub(/instant\([a-z_.]+\)/, "", column)
	gsub(/ as "?[a-z_]+_at"?/, "", column)
	if (column ~ /[ \t,(][a-z]+\.[a-z_]+_at[ \t]*(,|$)/ && column !~ /(where|and|or|on|order by) /)
		wrong("an instant leaves a view through instant()")
	if (bare ~ /;/)
		in_view = 0
}
