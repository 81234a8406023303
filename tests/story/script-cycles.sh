#!/bin/bash
# Scripts that name themselves, and a few short scripts that name each other so often that reading them would take years:
# one error, at once.
set -eu
. "$GILD_SRC/tests/lib.sh"

echo 'int _start(void) { return 0; }' > main.c
$CC -c main.c
# ends PATTERN ARGS: is refused soon
ends() {
	local pattern=$1 rc=0
	shift
	timeout 60 "$GILD" main.o -o out "$@" > said 2>&1 || rc=$?
	[ $rc = 1 ] || fail "$*: exit code $rc"
	assert_contains said "$pattern"
	[ ! -e out ] || fail "$*: there is an output"
}
# twenty WORDS...: the words twenty times
twenty() {
	local i
	for ((i = 0; i < 20; i++)); do printf '%s\n' "$@"; done
}

# ---- INPUT

echo 'INPUT(self.txt)' > self.txt
ends 'self.txt: the script names itself' self.txt
[ "$(grep -c error: said)" = 1 ]
echo "INPUT($(twenty again.txt))" > again.txt
ends 'again.txt: the script names itself' again.txt
mkdir deep
echo 'INPUT(../other.txt)' > deep/one.txt
echo 'INPUT(deep/one.txt)' > other.txt
ends 'one.txt: the script names itself, by way of others' deep/one.txt
ends 'the script names itself' -T deep/one.txt
for ((i = 1; i < 12; i++)); do echo "INPUT($(twenty n$((i + 1)).txt))" > n$i.txt; done
echo 'INPUT(main.o)' > n12.txt
ends 'scripts that name scripts: more than 64 MiB of them' n1.txt
[ "$(grep -c error: said)" = 1 ]
# A script that is named by several others, or often by one, is none of these.
echo "GROUP($(twenty leaf.txt))" > tree.txt
echo "GROUP(leaf.txt tree.txt)" > root.txt
$CC -c main.c -o member.o
ar rc libleaf.a member.o
echo 'INPUT(libleaf.a)' > leaf.txt
"$GILD" main.o root.txt tree.txt -o out
rm out

# ---- INCLUDE

for ((i = 1; i < 9; i++)); do twenty "INCLUDE i$((i + 1)).ld" > i$i.ld; done
: > i9.ld
ends 'INCLUDE in files that are included: more than 64 MiB' -T i1.ld
[ "$(grep -c error: said)" = 1 ]
ends 'INCLUDE in files that are included: more than 64 MiB' -c i1.ld
twenty 'INCLUDE symbol.ld' > often.ld
echo 'a = 1;' > symbol.ld
"$GILD" main.o -T often.ld -o out
rm out

# ---- the names of files in SECTIONS

# It is found beside the script, and was read as one, again and again.
echo 'SECTIONS { .text : { files.ld(.text) *(.text) } }' > deep/files.ld
ends 'files.ld: a script cannot be what SECTIONS says of which file sections are' -T deep/files.ld
