# For the tests of gild explain: what it says of bindings beside what the system's loader does.
# shellcheck shell=bash

# same_bindings PROGRAM [PRELOAD]: every line of gild explain --all is a binding that the system's loader makes, and none is missing. It looks
# up all symbols in its tracing mode, in which nothing of the program runs. Leaves their number in $bindings; fails with the first
# differences. Returns 1 when that loader says nothing (programs with more rights than we).
same_bindings() {
	local program=$1 preload=${2-} log
	rm -f bindings.*
	LD_PRELOAD=$preload LD_TRACE_LOADED_OBJECTS=1 LD_WARN=1 LD_BIND_NOW=1 LD_DEBUG=bindings LD_DEBUG_OUTPUT=$PWD/bindings "$program" > /dev/null 2>&1 < /dev/null || :
	log=$(find . -maxdepth 1 -name 'bindings.*' | head -n 1)
	[ -n "$log" ] || return 1
	# "  PID: binding file A [0] to B [0]: normal symbol `X' [V]"; the vDSO and the loader itself are not the program's business.
	sed -n -E -e "s/^ *[0-9]+:\tbinding file (.*) \[0\] to (.*) \[0\]: [a-z]+ symbol \`(.*)'( \[(.*)\])?$/\1 -> \2: \3@\5/p" "$log" |
		sed -e 's/@$//' | grep -v '^linux-vdso\|^/lib64/ld-linux' | LC_ALL=C sort -u > bindings-theirs || :
	"$GILD" explain --all --preload="$preload" "$program" | sed 's/ ([^()]*)$//' | grep -v -e '-> nobody' | LC_ALL=C sort -u > bindings-ours || :
	rm -f "$log"
	bindings=$(wc -l < bindings-ours)
	cmp -s bindings-theirs bindings-ours ||
		fail "$program: other bindings than the system's loader (<): $(diff bindings-theirs bindings-ours | head -n 10)"
}
