# layers.awk -- who may include what; reads C files, prints what breaks a rule.
#
#   kernel     never includes resources, commands, api.h or tables.h
#   resources  include api.h, files.h and their own private headers; a helper that needs less
#              than api.h names the kernel headers that api.h offers
#   commands   stand above everything and are included by main.c alone
#
# The libraries and their files are the table below; nobody else includes them.

function library(header, files) { users[header] = files }

BEGIN {
	library("^ulfius\\.h$", "^api/kernel/(http|admin)[a-z_]*\\.[ch]$")
	library("^microhttpd\\.h$", "^api/kernel/(http|admin)[a-z_]*\\.[ch]$")
	library("^jwt\\.h$", "^api/kernel/token[a-z_]*\\.[ch]$")
	library("^libpq-fe\\.h$", "^api/kernel/pg[a-z_]*\\.[ch]$")
	library("^yaml\\.h$", "^api/kernel/yaml[a-z_]*\\.c$")
	library("^sodium(/.*)?\\.h$", "^api/kernel/(seal|fingerprint)[a-z_]*\\.[ch]$")
	library("^openssl/", "^api/kernel/token[a-z_]*\\.[ch]$")
	library("^pcre2\\.h$", "^api/kernel/schema[a-z_]*\\.[ch]$")
	library("^csv\\.h$", "^api/kernel/csv[a-z_]*\\.c$")
	library("^iconv\\.h$", "^api/kernel/csv[a-z_]*\\.c$")
	library("^zlib\\.h$", "^api/kernel/gzip[a-z_]*\\.c$")
	library("^unicode/", "^api/resources/pinyin[a-z_]*\\.c$")
	library("^cmocka\\.h$", "^tests/")
}

function wrong(why) {
	print FILENAME ":" FNR ": " why ": " $0
}

/^[ \t]*#[ \t]*include[ \t]*</ {
	header = $0
	sub(/^[^<]*</, "", header)
	sub(/>.*/, "", header)
	for (pattern in users)
		if (header ~ pattern && FILENAME ~ /^api\// && FILENAME !~ users[pattern])
			wrong("this library has its own file")
	if (FILENAME ~ /^api\/resources\// && header ~ /^(unistd|signal|time|sys\/|fcntl|netdb)/)
		wrong("a resource asks the kernel for this")
}

/^[ \t]*#[ \t]*include[ \t]*"/ {
	header = $0
	sub(/^[^"]*"/, "", header)
	sub(/".*/, "", header)
	if (FILENAME ~ /^api\/kernel\// && header ~ /\//)
		wrong("the kernel includes only itself")
	if (FILENAME ~ /^api\/kernel\// && header ~ /^(api|tables)\.h$/)
		wrong("the kernel knows no resource")
	if (FILENAME ~ /^api\/resources\// && header !~ /^(api|files)\.h$/ &&
	    header !~ /^kernel\/(arena|csv|job|json|request|schema)\.h$/ &&
	    system("test -f api/resources/" header) != 0)
		wrong("resources include api.h and their own headers")
	if (header ~ /^(\.\.\/)?commands\// && FILENAME != "api/main.c" && FILENAME !~ /^tests\//)
		wrong("nothing stands above the commands")
}
