# c.awk -- C without its comments, line by line, for the checks that look for words.
#
#   awk -v keep=code    strings and characters are emptied
#   awk -v keep=strings only string literals are left
#
# Output: FILE:LINE:TEXT.

FNR == 1 { state = "code" }

{
	text = ""
	length_of_line = length($0)
	include = $0 ~ /^[ \t]*#[ \t]*include/
	for (i = 1; i <= length_of_line; i++) {
		c = substr($0, i, 1)
		two = substr($0, i, 2)
		if (state == "comment") {
			if (two == "*/") {
				state = "code"
				i++
			}
		} else if (state == "string") {
			if (c == "\\") {
				if (keep == "strings")
					text = text two
				i++
			} else {
				if (keep == "strings" || c == "\"")
					text = text c
				if (c == "\"")
					state = "code"
			}
		} else if (two == "/*") {
			state = "comment"
			i++
		} else if (two == "//") {
			break
		} else if (c == "'") {
			i += substr($0, i + 1, 1) == "\\" ? 3 : 2
		} else if (c == "\"") {
			state = "string"
			text = text c
		} else if (keep == "code") {
			text = text c
		}
	}
	if (state == "string")
		state = "code"
	if (!include && text ~ /[^ \t]/)
		print FILENAME ":" FNR ":" text
}
