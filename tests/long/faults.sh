#!/bin/bash
# Links on a failing machine: every system call fails in every way it may, or is the last one before a signal, for links of
# many kinds, with reports, debug files and threads. See tests/faults/faults.c.
# timeout: 5400
set -eu
. "$GILD_SRC/tests/lib.sh"

"$CC" -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -o faults "$GILD_SRC/tests/faults/faults.c"
mkdir out
total=0
# survives OPTIONS ARGS: the link with ARGS; OPTIONS are of tests/faults/faults.c
survives() {
	local rc=0 options=$1
	shift
	rm -f out/*
	# shellcheck disable=SC2086 # words
	./faults $options -o out/prog "$GILD" "$@" -o out/prog > faults.txt 2>&1 || rc=$?
	[ $rc -ne 2 ] || ! grep -q "Operation not permitted" faults.txt || skip "ptrace is not allowed here"
	[ $rc -eq 0 ] || { tail -n 50 faults.txt; fail "faults $options: $*"; }
	echo "$options: $(tail -n 1 faults.txt)"
	total=$((total + $(tail -n 1 faults.txt | sed 's/.* calls, \([0-9]*\) faults.*/\1/')))
}
# command ARGS: the arguments that gcc gives the linker, in `args`
command() {
	local words i
	"$CC" -B"$GILD_BIN" -fno-use-linker-plugin '-###' "$@" -o ignored 2>&1 | grep collect2 | tail -n 1 | tr -d '"' > command
	read -ra words < command
	args=()
	for ((i = 1; i < ${#words[@]}; i++)); do
		case ${words[i]} in
		-o) i=$((i + 1)) ;;
		*) args+=("${words[i]}") ;;
		esac
	done
}

cat > hello.c <<'END'
#include <stdio.h>
#include <stdlib.h>
__thread int here;
static int unused(void) { return 1; }
int (*keep)(void) = unused;
int main(void) { here = printf("hello\n"); return fflush(stdout); }
END
"$CC" -g -fPIC -ffunction-sections -c hello.c
echo '{ global: main; local: *; };' > version.ver

for kind in -pie -no-pie -static -shared; do
	command $kind hello.o
	survives "-e -k" --threads=1 "${args[@]}"
	survives "-e -k -n" --threads=1 "${args[@]}"
done
command -pie hello.o
"$GILD" "${args[@]}" -o prog
assert_equal "$(./prog)" hello
reports=(-Map=out/map --dependency-file=out/depend --cref --gc-sections --print-gc-sections=out/gc --plan-out=out/plan)
survives "-e -k -a out/map -a out/depend -a out/gc -a out/plan" --threads=1 "${args[@]}" "${reports[@]}" \
	--version-script=version.ver
printf '%s\n' "${args[@]}" > response
survives "-e -k -a out/debug" --threads=1 @response --separate-debug-file=out/debug --compress-debug-sections=zlib
survives "-e -k -n -a out/debug" --threads=1 @response --separate-debug-file=out/debug --gdb-index
survives "-e -k" --threads=1 -r hello.o
survives "-e -k" --threads=1 @response --verify-output
# a link large enough for threads: gild itself
whole=$(dirname "$(realpath "$GILD")")/libgild.a
if [ -e "$whole" ]; then
	command -pie hello.o -Wl,--whole-archive "$whole" -Wl,--no-whole-archive -Wl,--unresolved-symbols=ignore-all
	survives "-e -k -j 2" --threads=2 -w "${args[@]}"
	survives "-e -k -j 3 -n -a out/debug" --threads=3 -w "${args[@]}" --separate-debug-file=out/debug
fi
echo "$total faults"
[ "$total" -ge 15000 ] || fail "only $total faults were tried"
