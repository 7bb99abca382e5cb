# text.awk -- what .editorconfig says, and the size of files.

FNR == 1 {
	if (NR > 1)
		finish()
	name = FILENAME
	lines = 0
}
{
	lines++
	if ($0 ~ /[ \t]$/)
		print FILENAME ":" FNR ": white space at the end"
	if ($0 ~ /\r/)
		print FILENAME ":" FNR ": carriage return"
}
END { finish() }

function finish() {
	if (lines > 400 && name ~ /\.(c|h|sh|awk)$/)
		print name ": " lines " lines; 400 are enough"
}
