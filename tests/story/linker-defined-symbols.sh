#!/bin/bash
# The symbols a linker provides stand where programs expect them: etext, edata, end, __bss_start, __executable_start,
# __ehdr_start, __dso_handle, array bounds, _DYNAMIC, _GLOBAL_OFFSET_TABLE_; a program's own definitions come first.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
#include <elf.h>
#include <link.h>
#include <stdint.h>
#include <string.h>
#define SYM(x) extern char x[] __attribute__((visibility("hidden")));
extern char etext[], _etext[], __etext[], edata[], _edata[], end[], _end[], __bss_start[], __executable_start[];
SYM(__ehdr_start) SYM(__dso_handle)
extern void (*__init_array_start[])(void) __attribute__((visibility("hidden")));
extern void (*__init_array_end[])(void) __attribute__((visibility("hidden")));
extern Elf64_Dyn _DYNAMIC[] __attribute__((weak, visibility("hidden")));
extern Elf64_Addr _GLOBAL_OFFSET_TABLE_[] __attribute__((visibility("hidden")));
static int ran;
__attribute__((constructor)) static void ctor(void) { ran = 1; }
int data = 1;
char bss[5000];
#define CHECK(c) if (!(c)) return __LINE__;
int main(int argc, char **argv) {
	uintptr_t t = (uintptr_t)etext;
	CHECK(etext == _etext && etext == __etext && edata == _edata && end == _end)
	CHECK((uintptr_t)main < t && t < (uintptr_t)&data)
	CHECK((char *)&data < edata && edata <= __bss_start && __bss_start <= bss && bss + sizeof bss <= end)
	CHECK(!memcmp(__executable_start, ELFMAG, SELFMAG) && __ehdr_start == __executable_start)
	int found = 0;
	for (void (**p)(void) = __init_array_start; p < __init_array_end; p++) found += *p == ctor;
	CHECK(found == 1 && ran)
	CHECK(__dso_handle)
#ifndef STATIC
	CHECK(_DYNAMIC == _r_debug.r_map->l_ld)
#endif
#if !defined STATIC && !defined __clang__ // clang's assembler gives this name a relocation of its own (GOTPC32)
	Elf64_Addr relative = _GLOBAL_OFFSET_TABLE_[0] /* psABI: the address of _DYNAMIC */;
	CHECK(relative == (uintptr_t)_DYNAMIC || relative + _r_debug.r_map->l_addr == (uintptr_t)_DYNAMIC)
#endif
	return 0;
}
END
for cc in $COMPILERS; do
	for kind in $KINDS; do
		d=
		case $kind in static*) d=-DSTATIC ;; esac
		$cc $(cflags $kind) $(ldflags $kind) $d main.c -o prog
		./prog || { echo "$cc $kind: main.c:$?"; exit 1; }
	done
done

# PROVIDEd names do not get in the way of the program's own.
echo 'int end = 3; int etext(void) { return 4; } static int edata = 5; int main(void) { return end + etext() + edata != 12; }' >own.c
link own.c -o own
./own
# In a shared library _end and friends do not interpose others'.
echo 'extern char _end[], __bss_start[]; int x[100]; int f(void) { return (char *)x >= __bss_start && (char *)&x[99] < _end; }' >lib.c
echo 'int f(void); int main(void) { return !f(); }' >user.c
link -O0 -fPIC -shared lib.c -Wl,-Bsymbolic -o lib.so
link user.c ./lib.so -o user
./user
