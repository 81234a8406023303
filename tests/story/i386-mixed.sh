#!/bin/bash
# Files of two targets do not mix: refused when named, passed over when searched for, in GNU ld's words; -m, or else the
# first object, says which target a link is for. What is made of data is of that target.
# packages: gcc-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'int f(void); int main(void) { return f(); }' > main.c
echo 'int f(void) { return 0; }' > f.c
"$CC" -m32 -c main.c -o main32.o
"$CC" -m32 -c f.c -o f32.o
"$CC" -c main.c -o main64.o
"$CC" -c f.c -o f64.o
"$CC" -m32 -shared -fPIC f.c -o f32.so

refused() { # WHAT FILE... : the link says WHAT
	local what=$1
	shift
	rm -f prog
	fails "$GILD" "$@" -o prog
	assert_contains err.txt "$what"
	[ ! -e prog ] || fail "output left: $*"
}
is64="i386:x86-64 architecture of input file \`f64.o' is incompatible with i386 output"
is32="i386 architecture of input file \`f32.o' is incompatible with i386:x86-64 output"
refused "$is64" -m elf_i386 main32.o f64.o
refused "$is64" main32.o f64.o
refused "compile it with -m32, or link without it" main32.o f64.o
refused "$is32" -m elf_x86_64 main64.o f32.o
refused "$is32" main64.o f32.o
refused "\`f32.so' is incompatible with i386:x86-64 output" main64.o f32.so
refused "unrecognised emulation mode: elf_m68k" -m elf_m68k main32.o

mkdir -p other right
ar rcs other/libf.a f64.o
ar rcs right/libf.a f32.o
link -m32 main32.o -Lother -Lright -lf -o prog 2> err.txt
./prog
assert_contains err.txt "skipping incompatible other/libf.a when searching for -lf"
"$CC" -shared -fPIC f.c -o other/libf.so
link -m32 main32.o -Lother -Lright -lf -o prog 2> err.txt
assert_contains err.txt "skipping incompatible other/libf.so when searching for -lf"
link main64.o -Lright -Lother -lf -Wl,-rpath,"$PWD/other" -o prog 2> err.txt
./prog
assert_contains err.txt "skipping incompatible right/libf.a when searching for -lf"
refused "is incompatible with elf32-i386" main32.o other/libf.a --whole-archive
echo "OUTPUT_FORMAT(elf64-x86-64) INPUT($PWD/f32.o)" > script64
refused "OUTPUT_FORMAT(elf64-x86-64) is not the format of this link (elf32-i386)" main32.o script64

# The first object decides; -m says so all the same.
for order in "main32.o f32.o" "right/libf.a main32.o" "f32.so main32.o"; do
	"$GILD" -shared $order -o out.so
	readelf -hW out.so | grep -q 'ELF32' || fail "$order: not ELF32"
done
# Where none is on the command line, a script's format does, or the first file that is named; what -l finds does not.
echo 'INPUT(f32.o)' > names32
echo 'OUTPUT_FORMAT(elf32-i386) INPUT(-lf)' > format32
for inputs in names32 format32 "right/libf.a --whole-archive" "--whole-archive right/libf.a"; do
	"$GILD" -shared -Lother -Lright -u f $inputs -o out.so 2> err.txt
	readelf -hW out.so | grep -q 'ELF32' || fail "$inputs: not ELF32"
done
refused "is not the format of this link" format32 f64.o
refused "skipping incompatible right/libf.a" -shared -Lright -lf
refused "is incompatible with elf64-x86-64" -m elf_x86_64 names32
for format in elf32-i386 elf64-x86-64; do
	case $format in *i386) m=elf_i386 ;; *) m=elf_x86_64 ;; esac
	same $format "$("$GILD" -m $m --print-output-format)" "-m $m --print-output-format"
done
"$GILD" -V > emulations
assert_contains emulations elf_i386

# Data, and symbols of a linked program.
printf 'some data' > data.bin
"$GILD" -m elf_i386 -r -b binary data.bin -o data.o
readelf -hW data.o | grep -q 'ELF32' || fail "data.o: not ELF32"
cat > show.c <<'END'
#include <stdio.h>
extern char _binary_data_bin_start[], _binary_data_bin_end[];
int main(void) { printf("%.*s\n", (int)(_binary_data_bin_end - _binary_data_bin_start), _binary_data_bin_start); return 0; }
END
link -m32 show.c data.o -o prog
same "some data" "$(./prog)" "data of an object"
link -m32 show.c -Wl,-b,binary,data.bin,-b,elf32-i386 -o prog
same "some data" "$(./prog)" "-b binary"
printf '\t.globl _start, there\n_start: mov $1, %%eax\n\tmov $there, %%ebx\n\tint $0x80\n\t.data\nthere: .long 1\n' | as --32 - -o a.o
"$GILD" -m elf_i386 a.o -o first
printf '\t.data\n\t.globl _start\n_start: .long there\n' | as --32 - -o b.o
"$GILD" -m elf_i386 b.o --just-symbols=first -Tdata=0x9000000 -o second
objcopy -O binary -j .data second second.data
same "$((16#$(nm first | awk '$3 == "there" { print $1 }')))" "$(od -An -tu4 -N4 second.data | tr -d ' ')" "--just-symbols"
"$GILD" -m elf_i386 --oformat binary -Ttext=0x1000 a.o -o flat
same "b8 01 00 00 00" "$(od -An -tx1 -N5 flat | sed 's/^ //')" "--oformat binary"
