#!/bin/bash
# The default layout as a script, for every kind of output and for the options that change layouts: what --verbose prints makes
# the same bytes. GNU ld's scripts, for as many, make programs that run.
# packages: binutils gcc-multilib
# timeout: 900
set -eu
. "$GILD_SRC/tests/lib.sh"

cat > main.c << 'END'
#include <stdio.h>
__thread int initialized = 3, zero;
static int big[1000];
const char *const names[] = {"one", "two"};
static int started;
__attribute__((constructor)) static void start(void) { started = 7; }
__attribute__((destructor)) static void stop(void) { puts("stop"); }
#ifndef LIBRARY
int main(void)
{
	printf("%d %d %d %s\n", initialized, zero + big[5], started, names[1]);
	return 0;
}
#else
int shared_value(void) { return initialized + (names[0][0] == 'o') + started; }
#endif
END

# body FILE: the script of --verbose's text.
body() { sed -e '1,/^=====/d' -e '/^=====/,$d' "$1"; }

count=0
# same OPTIONS: links twice.
same() {
	link "$@" -o first -Wl,--verbose > text
	body text > script.ld
	link "$@" -o second -Wl,-T,script.ld
	cmp first second || fail "the default layout and its script make different files: $*"
	count=$((count + 1))
}

# same_object OPTIONS
same_object() {
	"$GILD" -r "$@" -o first --verbose > text
	body text > script.ld
	"$GILD" -r "$@" -o second -T script.ld
	cmp first second || fail "the default layout and its script make different objects: $*"
	count=$((count + 1))
}

layouts=(-Wl,--build-id -Wl,-z,noseparate-code -Wl,-z,separate-loadable-segments -Wl,-z,norelro -Wl,-z,now -Wl,--no-rosegment
	-Wl,--gc-sections -Wl,--emit-relocs -Wl,-z,rodynamic -Wl,--pack-dyn-relocs=relr -Wl,--hash-style=both -Wl,-s
	-Wl,-z,max-page-size=65536,-z,stack-size=0x100000 -Wl,--icf=all)
for bits in 64 32; do
	emulation=elf_x86_64
	[ $bits = 64 ] || emulation=elf_i386
	"$CC" -m$bits -c -O1 -fPIC main.c -o main.o
	"$CC" -m$bits -c -O1 -fPIC -DLIBRARY main.c -o library.o
	for layout in "${layouts[@]}"; do
		for kind in -pie -no-pie -static -static-pie; do
			same -m$bits $kind main.o "$layout"
		done
		same -m$bits -shared library.o "$layout"
	done
	for layout in -Wl,-n -Wl,-N; do
		same -m$bits -static main.o $layout
	done
	for option in -d --unique --force-group-allocation -s -S --relocatable-merge-sections; do
		same_object -m $emulation main.o $option
	done
	same_object -m $emulation main.o --gc-sections -u main
done
[ $count -gt 150 ] || fail "only $count links were made"

# ---- GNU ld's

have ld.bfd || exit 0
# runs COMPILER OPTIONS, OPTIONS OF GNU LD
runs() {
	local options=$1
	shift
	ld.bfd "$@" --verbose > text
	body text > gnu.ld
	# shellcheck disable=SC2086
	link $options -Wl,-T,gnu.ld main.o -o program
	assert_equal "$(./program)" "3 0 7 two
stop"
}
for bits in 64 32; do
	emulation=elf_x86_64
	[ $bits = 64 ] || emulation=elf_i386
	"$CC" -m$bits -c -O1 -fPIC main.c -o main.o
	for layout in "-z separate-code" "-z noseparate-code" "-z relro" "-z norelro" "-z now" "-z combreloc" "-z nocombreloc"; do
		passed=-Wl,${layout// /,}
		# shellcheck disable=SC2086
		for kind in -no-pie -pie -static "-static-pie"; do
			gnu=$kind
			[ $kind != -no-pie ] || gnu=
			[ $kind != -static-pie ] || gnu="-static -pie --no-dynamic-linker"
			runs "-m$bits $kind $passed" -m $emulation $gnu $layout
		done
	done
	# These do not load the headers, which a static program of glibc needs. GNU ld does not link it.
	for layout in -n -N; do
		ld.bfd -m $emulation -static $layout --verbose > text
		body text > gnu.ld
		link -m$bits -static -Wl,$layout,-T,gnu.ld main.o -o program 2> messages
		assert_contains messages "no segment has the ELF header: __ehdr_start, which is used, is 0"
	done
	ld.bfd -m $emulation -r --verbose > text
	body text > gnu.ld
	"$GILD" -m $emulation -r -T gnu.ld main.o -o again.o
	link -m$bits -no-pie again.o -o program
	assert_equal "$(./program)" "3 0 7 two
stop"
done
