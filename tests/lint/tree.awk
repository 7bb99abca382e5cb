# tree.awk -- the README's tree against the real one.
#
#   awk -f tree.awk README.md       prints what differs
#
# The tree is the code block behind the line <!-- tree -->: two blanks a level, a name, two
# blanks, what it is. A folder ends in a slash; a folder whose content is listed must be listed
# whole, by names or patterns (request*.c). A folder without entries only has to exist.

function wrong(why) { print "README.md:" FNR ": " why }

function quote(text) { return "'" text "'" }

/^<!-- tree -->/ { wanted = 1 }
wanted && /^```/ {
	inside = !inside
	if (!inside)
		wanted = 0
	next
}
inside && NF {
	match($0, /^ */)
	level = RLENGTH / 2
	name = $1
	path = level ? folder[level - 1] name : name
	if (name ~ /\/$/) {
		folder[level] = path
		if (system("test -d " quote(path)) != 0)
			wrong(path " is not there")
		parent = level ? folder[level - 1] : "./"
		entry[parent] = entry[parent] "\n" substr(name, 1, length(name) - 1)
	} else {
		if (system("ls -d " path " >/dev/null 2>&1") != 0)
			wrong(path " is not there")
		parent = level ? folder[level - 1] : "./"
		entry[parent] = entry[parent] "\n" name
	}
}
END {
	if (!(("./") in entry))
		wrong("there is no tree")
	for (parent in entry) {
		count = split(entry[parent], names, "\n")
		command = "git ls-files -co --exclude-standard -- " quote(parent) " 2>/dev/null"
		while ((command | getline file) > 0) {
			if (parent != "./")
				file = substr(file, length(parent) + 1)
			sub(/\/.*/, "", file)
			if ((parent, file) in seen)
				continue
			seen[parent, file] = 1
			found = 0
			for (i = 1; i <= count; i++) {
				pattern = names[i]
				gsub(/\./, "\\.", pattern)
				gsub(/\*/, ".*", pattern)
				if (pattern != "" && file ~ "^" pattern "$")
					found = 1
			}
			if (!found && file !~ /^\./)
				print "README.md: the tree leaves out " parent file
		}
		close(command)
	}
}
