#!/bin/bash
# The rules that programs can keep.  Without arguments all of them, else those named.
#
#   tests/lint.sh [text|format|layers|words|sql|tree|scripts|gcc|clang|tidy|cppcheck|contract]...
set -u
cd "$(dirname "$0")/.." || exit 2
export LC_ALL=C.UTF-8

jobs=$(nproc 2>/dev/null || echo 2)
mapfile -t c_files < <(find api tests -name node_modules -prune -o -name '*.c' -print | sort)
mapfile -t h_files < <(find api tests -name node_modules -prune -o -name '*.h' -print | sort)
mapfile -t sql_files < <(find db -name '*.sql' | sort)
mapfile -t scripts < <(find .ci db docker tests -name node_modules -prune -o -type f \
	\( -name '*.sh' -o -path '.ci/*' \) -print | sort)
mapfile -t awks < <(find api db tests -name node_modules -prune -o -name '*.awk' -print | sort)

dialect=(-std=c17 -D_GNU_SOURCE -Iapi -Ibuild -Itests -I/usr/include/postgresql)
warnings=(-Wall -Wextra -Wpedantic -Wmissing-prototypes -Wstrict-prototypes -Wshadow -Wconversion
	-Wno-sign-conversion -Wformat=2 -Wvla -Wno-overlength-strings -Werror)

# A check prints what is wrong; silence is good.  Its status counts where it is a tool's.

check_text() {
	LC_ALL=C awk -f tests/lint/text.awk "${c_files[@]}" "${h_files[@]}" "${sql_files[@]}" "${scripts[@]}" \
		"${awks[@]}" Makefile openapi.yaml README.md api/*.def api/*.S
	for file in "${c_files[@]}" "${h_files[@]}"; do
		head -n 1 "$file" | grep -q '^/\*' || echo "$file: does not say what it is"
		[ -z "$(tail -c 1 "$file")" ] || echo "$file: no newline at the end"
	done
	grep -rnE 'TODO|FIXME' api db docker tests/{harness,kernel,resources,stories} \
		Makefile --include='*.[chS]' --include='*.sql' --include='*_test.sh' --include=Makefile
}

check_format() {
	clang-format --dry-run -Werror "${c_files[@]}" "${h_files[@]}" 2>&1
}

check_layers() {
	awk -f tests/lint/layers.awk "${c_files[@]}" "${h_files[@]}"
	find api/kernel -name '*.[ch]' -print0 | xargs -0 awk -f tests/lint/cycles.awk |
		{ tsort >/dev/null; } 2>&1
}

# Words that no C file may say, or not this one.
check_words() {
	local code=build/lint.code strings=build/lint.strings
	local unsafe='strcpy|strcat|sprintf|vsprintf|strtok|gets|atoi|atol|atof|system|popen|alloca'
	local clocks='time|gettimeofday|clock_gettime|localtime|localtime_r|gmtime|ctime|asctime|mktime'
	local memory='free|malloc|calloc|realloc|reallocarray|strdup|strndup|json_decref|PQclear'
	mkdir -p build
	awk -v keep=code -f tests/lint/c.awk "${c_files[@]}" "${h_files[@]}" >$code
	awk -v keep=strings -f tests/lint/c.awk "${c_files[@]}" >$strings

	grep '^api/' $code | grep -E "(^|[^a-zA-Z0-9_.>])($unsafe|rand|srand) *\(" | sed 's/$/  <- banned/'
	grep '^api/' $code | grep -v '^api/kernel/clock\.c' |
		grep -E "(^|[^a-zA-Z0-9_.>])($clocks) *\(" | sed 's/$/  <- clock.c asks the time/'
	grep '^api/resources/' $code | grep -E "(^|[^a-zA-Z0-9_])($memory) *\(" |
		sed 's/$/  <- the arena frees/'
	grep '^api/' $code | grep -vE '^api/(kernel/log|commands/complaint)\.c' | grep -w stderr |
		sed 's/$/  <- log.c writes to standard error/'
	grep '^api/' $strings | grep -E \
		'"(SELECT|INSERT INTO|UPDATE|DELETE FROM|CREATE|ALTER|DROP|TRUNCATE|GRANT|CALL|WITH) ' |
		grep -vE '^api/kernel/(query|migrate|batch)[a-z_]*\.c:' |
		sed 's/$/  <- SQL lives in .sql files/'
}

check_sql() {
	awk -f tests/lint/sql.awk "${sql_files[@]}"
	for file in "${sql_files[@]}"; do
		head -n 1 "$file" | grep -q '^-- ' || echo "$file: does not say what it is"
	done
	# A migration that is named is there; tests of the migrating itself make up their own.
	grep -rnoE '\b00[0-9]{2}_[a-z_]+' api db tests/{harness,resources,stories} README.md |
		while IFS=: read -r file line name; do
			[ -e "db/migrations/$name.sql" ] || echo "$file:$line: there is no migration $name"
		done
}

check_tree() {
	awk -f tests/lint/tree.awk README.md
}

check_scripts() {
	shellcheck -x -P SCRIPTDIR "${scripts[@]}"
}

# Compiles every file; flow warnings need optimisation.
compile() {
	# shellcheck disable=SC2016  # the inner shell expands
	printf '%s\0' "${c_files[@]}" | xargs -0 -P "$jobs" -n 4 sh -c '
		compiler=$0; status=0
		while [ "$1" != -- ]; do flags="$flags $1"; shift; done; shift
		for file; do
			"$compiler" $flags -O2 -c -o /dev/null "$file" 2>&1 || status=1
		done
		exit $status' "$1" "${dialect[@]}" "${warnings[@]}" --
}

check_gcc() { compile gcc; }
check_clang() { compile clang; }

# One file a process: two in one confuse the checker of va_list.
check_tidy() {
	# shellcheck disable=SC2016  # the inner shell expands
	printf '%s\0' "${c_files[@]}" | xargs -0 -P "$jobs" -n 1 sh -c '
		while [ "$1" != -- ]; do flags="$flags $1"; shift; done; shift
		clang-tidy --quiet "$@" -- $flags 2>/dev/null' sh "${dialect[@]}" --
}

check_cppcheck() {
	cppcheck --quiet --error-exitcode=1 --inline-suppr --std=c11 --library=posix,gnu \
		--enable=warning,performance,portability --suppressions-list=tests/lint/cppcheck.txt \
		-j "$jobs" -Iapi -Ibuild -Itests -D_GNU_SOURCE \
		'-Djson_object_foreach(o,k,v)=for(k="",v=o;v;v=0)' \
		'-Djson_object_foreach_safe(o,n,k,v)=for(k="",v=o;v;v=0)' \
		'-Djson_array_foreach(a,i,v)=for(i=0;(v=json_array_get(a,i));i++)' "${c_files[@]}" 2>&1
}

check_contract() {
	tests/contract/lint.sh 2>&1
}

failed=()
for name in "${@:-text format layers words sql tree scripts gcc clang tidy cppcheck contract}"; do
	for check in $name; do
		status=0
		output=$("check_$check") || status=$?
		case $check in
		text | layers | words | sql | tree) [ -z "$output" ] && status=0 || status=1 ;;
		esac
		[ -z "$output" ] || printf '%s\n' "$output"
		if [ $status -eq 0 ]; then
			echo "lint: $check: good"
		else
			echo "lint: $check: FAILED"
			failed+=("$check")
		fi
	done
done
[ ${#failed[@]} -eq 0 ] || {
	echo "lint: failed: ${failed[*]}"
	exit 1
}
