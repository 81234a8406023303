#!/bin/bash
# Each system call of a small link fails once, or from some point on, does half of its work, or is the last one before a
# signal: the output is the old one or the new one, and nothing is left beside it. tests/long/faults.sh does the same with
# larger links.
# not verify: it counts the system calls of the linker
# not repeat: the same
# not asan: calls of the sanitizer would fail, too
# not tsan: the same
set -eu
. "$GILD_SRC/tests/lib.sh"

"$CC" -std=gnu17 -D_GNU_SOURCE -O1 -Wall -Wextra -Werror -o faults "$GILD_SRC/tests/faults/faults.c"
echo 'int puts(const char *); int main(void) { return puts("hello") < 0; }' >hello.c
printf '.globl _start\n_start: mov $60, %%eax\nxor %%edi, %%edi\nsyscall\n' >small.s
"$CC" -c hello.c small.s
mkdir out
# survives OPTIONS ARGS: the link with ARGS; OPTIONS are of tests/faults/faults.c
survives() {
	local rc=0 options=$1
	shift
	# shellcheck disable=SC2086 # words
	./faults $options -o out/prog "$GILD" --threads=1 "$@" -o out/prog >faults.txt 2>&1 || rc=$?
	[ $rc -ne 2 ] || ! grep -q "Operation not permitted" faults.txt || skip "ptrace is not allowed here"
	[ $rc -eq 0 ] || { cat faults.txt; fail "faults $options: $*"; }
	tail -n 1 faults.txt
}
survives "-e -k" small.o
survives "-e -k -n" small.o # where there are no unnamed files

# The command that links hello, from gcc, without its LTO plugin
"$CC" -B"$GILD_BIN" -fno-use-linker-plugin '-###' hello.o -o ignored 2>&1 | grep collect2 | tail -n 1 | tr -d '"' >command
read -ra words <command
args=()
for ((i = 1; i < ${#words[@]}; i++)); do
	case ${words[i]} in
	-o) i=$((i + 1)) ;;
	*) args+=("${words[i]}") ;;
	esac
done
survives "-e -j 5" "${args[@]}" # every fifth call
survives "-k -j 5" "${args[@]}"
"$GILD" "${args[@]}" -o prog
assert_equal "$(./prog)" hello

# The harness sees what it looks for: a program that writes its output in place leaves a torn one.
cat >careless.c <<'END'
#include <fcntl.h>
#include <unistd.h>
int main(int argc, char **argv)
{
	int fd = open(argv[argc - 1], O_WRONLY | O_TRUNC);
	return write(fd, "the new", 7) != 7 || write(fd, " output", 7) != 7;
}
END
"$CC" -o careless careless.c
! ./faults -k -o out/prog ./careless out/prog >faults.txt || fail "a torn output is not seen"
assert_contains faults.txt "the output is torn"
! ./faults -e -o out/prog ./careless out/prog >faults.txt || fail "a missing message is not seen"
assert_contains faults.txt "exit code 1 without a message"
