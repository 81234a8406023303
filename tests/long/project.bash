# For tests that build whole projects. Source after lib.sh.
# shellcheck shell=bash

# fetch PACKAGE: its source, in the folder `source`.
fetch() {
	"$GILD_SRC/scripts/fetch-source.sh" "$1" source > fetch.txt 2>&1 || skip "no source of $1: $(tail -n 1 fetch.txt)"
}

# make_cc: writes $PWD/cc, the compiler at hand (see each_compiler) that links with the linker under test; with LINKER=system in
# the environment it links with the system's, so that a project is compiled once and linked by both. While the linker under test
# has no -r, the system's makes relocatable output.
make_cc() {
	local partial=''
	case $("$GILD" -r -o none 2>&1 || :) in
	*"not supported"*) partial='case " $* " in *" -r "*) LINKER=system ;; esac' ;;
	esac
	cat > cc <<-END_CC
		#!/bin/sh
		$partial
		if [ "\${LINKER:-}" = system ]; then exec ${compile[*]} "\$@"; fi
		exec ${driver[*]} "\$@"
	END_CC
	chmod +x cc
	cc=$PWD/cc
}

# logged NAME COMMAND...: runs it, with what it says in the file NAME.txt; when it fails, so does the test, and shows the end.
logged() {
	local log=$PWD/$1.txt
	shift
	"$@" > "$log" 2>&1 || { tail -n 40 "$log"; fail "this failed: $*"; }
}
