# text.awk -- what .editorconfig says, and the size of files. Columns are counted with tabs as eight, by
# characters (LC_ALL=C); what no formatter can break, a line of C with a string or a row of a table, is let be.

FNR == 1 {
	if (NR > 1)
		finish()
	name = FILENAME
	lines = 0
	most = name ~ /\.[ch]$/ ? 100 : name ~ /\.sql$/ ? 128 : name ~ /\.md$/ ? 120 : 0
}
{
	lines++
	if ($0 ~ /[ \t]$/)
		print FILENAME ":" FNR ": white space at the end"
	if ($0 ~ /\r/)
		print FILENAME ":" FNR ": carriage return"
	if (most && columns($0) > most && !unbreakable($0))
		print FILENAME ":" FNR ": " columns($0) " columns; there are " most
}
END { finish() }

function unbreakable(line) {
	return name ~ /\.[ch]$/ ? line ~ /"|\\$/ && line !~ /^[ \t]*\/?\*/ : name ~ /\.md$/ && line ~ /^\|/
}

function columns(line,   parts, count, i, wide) {
	gsub(/[\200-\277]/, "", line)
	count = split(line, parts, "\t")
	for (i = 1; i < count; i++)
		wide += length(parts[i]) + 8 - (wide + length(parts[i])) % 8
	return wide + length(parts[count])
}

function finish() {
	if (lines > 400 && name ~ /\.(c|h|sh|awk)$/)
		print name ": " lines " lines; 400 are enough"
}
