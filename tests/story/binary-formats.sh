#!/bin/bash
# Raw data: as input (-b binary), as output (--oformat=binary), and a program of which only the addresses of its symbols
# are wanted (-R FILE).
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

# A file's bytes become .data with three symbols; -b default ends that.
mkdir -p some
printf 'raw bytes' >some/file-1.txt
: >empty
cat >main.c <<'END'
#include <string.h>
extern const char start[] __asm__("_binary_some_file_1_txt_start"), end[] __asm__("_binary_some_file_1_txt_end");
extern const char size[] __asm__("_binary_some_file_1_txt_size");
int main(void) { return !(end - start == 9 && (long)size == 9 && !memcmp(start, "raw bytes", 9)); }
END
link -no-pie main.c -Wl,-b,binary some/file-1.txt empty -Wl,--format=default -o prog
./prog
"$GILD" -r -b binary some/file-1.txt empty -z noexecstack -o data.o
link -no-pie main.c data.o -o prog
./prog
ld.bfd -r -b binary some/file-1.txt empty -o reference.o
symbols() { readelf -sW "$1" | awk '/_binary_/ { print $2, $4, $5, $7 == "ABS", $8 }' | sort; }
symbols reference.o >want
symbols data.o | diff want - || fail "other symbols than GNU ld's"
expect_fail "$GILD" -b binary nowhere -o prog
assert_contains messages "cannot open nowhere"
expect_fail "$GILD" -b srec main.c -o prog
assert_contains messages "unknown or unsupported format: srec"

# The flat image is what objcopy makes of the linked file.
cat >boot.c <<'END'
int x = 3, y[100];
const char s[] = "abc";
void _start(void) { x = y[3] + s[1]; }
END
"$CC" -g -fno-pie -c boot.c
for options in "" -Ttext=0x7c00 "-Ttext=0x1000 -Tdata=0x9000 --compress-debug-sections=zlib"; do
	"$GILD" $options boot.o -o boot.elf
	objcopy -O binary boot.elf want
	"$GILD" $options boot.o --oformat=binary -o boot.bin
	cmp want boot.bin || fail "--oformat=binary $options"
done
"$GILD" boot.o --oformat elf64-x86-64 -o same.elf
"$GILD" boot.o -o boot.elf
cmp boot.elf same.elf
: | "$CC" -c -x assembler - -o nothing.o
expect_fail "$GILD" nothing.o --oformat=binary -e 0 -o boot.bin
assert_contains messages "nothing to write"
expect_fail "$GILD" -r boot.o --oformat=binary -o boot.bin
assert_contains messages "may not be used together"

# An overlay is linked against the program that will load it, at the addresses that has.
cat >base.c <<'END'
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
int counter = 5;
int add(int x) { return x + counter; }
int main(int argc, char **argv)
{
	char *code = mmap((void *)0x10000000, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	FILE *file = fopen("overlay.bin", "r");
	return code == MAP_FAILED || !file || fread(code, 1, 4096, file) == 0 || ((int (*)(void))code)() != 12 ||
	       counter != 7;
}
END
cat >overlay.c <<'END'
extern int counter;
int add(int);
int overlay(void) { counter += 2; return ((int (*volatile)(int))add)(5); }
END
link -no-pie base.c -o base
"$CC" -O1 -fno-pie -mcmodel=large -fno-asynchronous-unwind-tables -c overlay.c
for option in "-R base" --just-symbols=base; do
	"$GILD" $option overlay.o -Ttext=0x10000000 -e overlay --oformat=binary -o overlay.bin
	./base || fail "$option: the overlay and the program do not fit"
done
"$GILD" -R base overlay.o -Ttext=0x10000000 -e overlay -o overlay
for name in counter add; do
	[ "$(nm base | awk -v n=$name '$3 == n { print $1 }')" = "$(nm overlay | awk -v n=$name '$3 == n { print $1 }')" ] ||
		fail "$name has another address"
done
if readelf -SW overlay | grep -q '\.interp\|\.dynamic'; then fail "-R brought in more than symbols"; fi
# What the program defines, too, is no duplicate; the first definition counts.
"$GILD" overlay.o -R base --defsym main=0x42 -e overlay -o overlay
nm overlay | grep -q '0042 . main' || fail "the program's own definition does not count"
expect_fail "$GILD" -R base.c overlay.o -o overlay
assert_contains messages "base.c: is not an ELF file"
head -c 3000 base >cut
expect_fail "$GILD" -R cut overlay.o -o overlay
assert_contains messages "cut: malformed file"
mkdir -p libs # a directory: as -rpath
link main.c data.o -no-pie -Wl,-R,libs -o prog
readelf -d prog | grep -q 'RUNPATH.*libs' || fail "-R DIR is not -rpath"
