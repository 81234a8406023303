#!/bin/bash
# A damaged, empty or absent input is a plain error that names the file: never a crash, never an output.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo '#include <string.h>
static const char *t[] = {"a", "b"}; __thread int tls; extern int x;
int main(int c, char **v) { tls = x; return strcmp(t[c & 1], v[0]); } int x = 3;' >good.c
link -g -c good.c
echo 'int main(void) { return 0; }' >main.c
link -c main.c
link good.o -o prog
rm prog

gild=yes # GNU ld sometimes leaves an output of size 0
"$GILD" --version | grep -q gild || gild=no

refused() { # FILE [WORD]: linking FILE alone is an error that names it
	local rc=0
	"$GILD" -m elf_x86_64 "$1" -o out >out.txt 2>err.txt || rc=$?
	if [ $rc = 0 ] || [ $rc -ge 126 ]; then echo "$1: exit status $rc"; cat err.txt; exit 1; fi
	assert_contains err.txt "${2:-$1}"
	[ ! -e out ] || { echo "$1: an output was written"; exit 1; }
}

head -c 3000 /bin/ls | tail -c 2000 >garbage.o
refused garbage.o
mkdir directory.o
refused directory.o
refused missing.o
refused -lnosuchlib "find -lnosuchlib"
printf '\177ELF' >magic.o
refused magic.o
gcc -m32 -c main.c -o m32.o 2>/dev/null && refused m32.o

size=$(stat -c %s good.o)
for keep in 1 4 16 20 40 63 64 65 100 200 500 $((size / 2)) $((size - 64)) $((size - 1)); do
	head -c $keep good.o >cut-$keep.o
	refused cut-$keep.o
done

patch() { # NAME OFFSET BYTES: good.o with bytes (printf escapes) written at OFFSET
	cp good.o $1
	printf "$3" | dd of=$1 bs=1 seek=$2 conv=notrunc status=none
}
patch shoff.o 40 '\377\377\377\377\377\377\377\177'; refused shoff.o
patch shoff1.o 40 '\001\377\377\000'; refused shoff1.o
patch shentsize.o 58 '\007\000'; refused shentsize.o
patch class.o 4 '\011'; refused class.o
patch machine.o 18 '\267\000'; refused machine.o # aarch64

# Global symbols without names: nobody could refer to them
symtab=$(readelf -SW good.o | awk '{ for (i = 1; i <= NF; i++) if ($i == "SYMTAB") print $(i + 2) }')
index=$(readelf -sW good.o | awk '$5 == "GLOBAL" { sub(":", "", $1); print $1; exit }')
patch nameless.o $((16#$symtab + 24 * index)) '\0\0\0\0'; refused nameless.o "st_name is empty"

# Any single field of a section header set to nonsense: a link or an error, no crash
shoff=$(readelf -hW good.o | sed -n 's/.*Start of section headers: *\([0-9]*\).*/\1/p')
sections=$(readelf -hW good.o | sed -n 's/.*Number of section headers: *//p')
for i in $(seq 1 $((sections - 1))); do
	for field in 0 4 24 32 40 44 56; do
		patch field.o $((shoff + 64 * i + field)) '\377\377\377\376'
		rc=0; "$GILD" field.o -o out >out.txt 2>err.txt || rc=$?
		[ $rc -lt 126 ] || { echo "section $i, field $field: exit status $rc"; cat err.txt; exit 1; }
		[ $rc = 0 ] || [ ! -e out ] || [ $gild = no ] || { echo "section $i, field $field: failed but left an output"; exit 1; }
		rm -f out
	done
done

# The same through the compiler, beside a good file
fails link main.o cut-500.o -o prog
assert_contains err.txt cut-500.o
fails link main.o -lnosuchlib -o prog
assert_contains err.txt "cannot find -lnosuchlib"
[ ! -e prog ]
# Stricter than GNU ld, which takes these four with a warning or in silence
[ $gild = yes ] || exit 0
assert_contains err.txt "unable to find library -lnosuchlib"
: >empty.o # to GNU ld an empty linker script
refused empty.o
printf '!<arch>\nbroken header that is long enough to hold one, sixty bytes or more' >broken.a
refused broken.a
patch shstrndx.o 62 '\376\000'; refused shstrndx.o
