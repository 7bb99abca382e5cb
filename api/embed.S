/*
 * embed.S -- files that the program carries, byte for byte, each with a NUL behind it.
 *
 * Declared in tables.h.  Paths are from the top of the tree, where make runs.
 */
	.macro	file symbol, path
	.section .rodata
	.balign	16
	.globl	\symbol
	.type	\symbol, %object
\symbol:
	.incbin	"\path"
.Lend_\symbol:
	.byte	0
	.size	\symbol, . - \symbol
	.balign	8
	.globl	\symbol\()_length
	.type	\symbol\()_length, %object
	.size	\symbol\()_length, 8
\symbol\()_length:
	.quad	.Lend_\symbol - \symbol
	.endm

	file openapi_yaml, "openapi.yaml"
	file docs_html, "build/embed/docs.html"
	file demo_schools_csv, "db/demo/schools.csv"
	file demo_roster_csv, "db/demo/roster-gb18030.csv"

	.section .note.GNU-stack, "", %progbits
