#!/bin/bash
# Sections with names of their own land in segments of their kind, with their alignment; empty and huge ones are fine.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
#include <stdint.h>
#define IN(s) __attribute__((section(s)))
IN("my_data") int d1 = 1;
IN("my_rodata") const int r1 = 2;
IN("my_text") int t1(void) { return 3; }
IN(".with.dots") int d2 = 4;
IN(".data.sub") int d3 = 5;
IN(".bss.sub") int b1;
__attribute__((aligned(64))) char a64 = 6;
__attribute__((aligned(4096))) char a4096[2] = {7, 8};
__attribute__((aligned(4096))) char b4096;
__attribute__((aligned(16384))) const char r16k = 9;
char empty[0];
__asm__(".pushsection empty_one,\"a\"\n.section .bss.none,\"aw\",@nobits\n.popsection");
char lots[1u << 28];
#define CHECK(c) if (!(c)) return __LINE__;
int main(void) {
	CHECK(d1 + r1 + t1() + d2 + d3 + b1 == 15)
	CHECK((uintptr_t)&a64 % 64 == 0 && (uintptr_t)a4096 % 4096 == 0 && (uintptr_t)&b4096 % 4096 == 0)
#ifndef PIE // the kernel places a PIE by its largest p_align only since 5.10, glibc since 2.35
	CHECK((uintptr_t)&r16k % 16384 == 0)
#endif
	CHECK(a64 == 6 && a4096[1] == 8 && b4096 == 0 && r16k == 9)
	lots[sizeof lots - 1] = 1; lots[0] = 1;
	d1 = b1 = 5;
	return 0;
}
END
for cc in $COMPILERS; do
	for kind in $KINDS; do
		p=
		case $kind in *pie) p=-DPIE ;; esac
		[ $kind = no-pie ] && p=
		$cc -O0 $(cflags $kind) $(ldflags $kind) $p main.c -o prog
		./prog || { echo "$cc $kind: main.c:$?"; exit 1; }
		[ $(stat -c %s prog) -lt 3000000 ] || { echo "bss is in the file"; exit 1; }
	done
done
readelf -SW prog >sections
flags() { sed 's/\[ */[/' sections | awk -v n="$1" '$2 == n { print $8 }'; }
same WA "$(flags my_data)" my_data
same A "$(flags my_rodata)" my_rodata
same AX "$(flags my_text)" my_text
same WA "$(flags .with.dots)" .with.dots
same "" "$(flags .data.sub)$(flags .bss.sub)" ".data.sub and .bss.sub join .data and .bss"

# No segment is both writable and executable, and PT_LOADs ascend without overlap.
end=0
while read -r _ _ address _ _ size flags; do
	case $flags in *W*E*) fail "writable and executable: $address" ;; esac
	[ $((address)) -ge $end ] || fail "PT_LOAD at $address overlaps the one before"
	end=$((address + size))
done < <(readelf -lW prog | grep ' LOAD ')

# Sections of one name and different flags, a writable one among read-only ones
printf '.section .rodata.x,"a"\n.globl x\nx: .long 1\n.section mixed,"a"\n.long 1\n.section .note.GNU-stack,"",@progbits\n' >m1.s
printf '.section mixed,"aw"\n.globl y\ny: .long 2\n.section .note.GNU-stack,"",@progbits\n' >m2.s
echo 'extern int x, y; int main(void) { y = 3; return x != 1; }' >m.c
link -fno-pie -no-pie m.c m1.s m2.s -o mixed 2>/dev/null
./mixed

# More than 2 GiB of zeroes with the medium code model
echo 'static char huge[3ul << 30]; int main(int c, char **v) { huge[(3ul << 30) - c] = 7; return huge[(3ul << 30) - c] - 7; }' >huge.c
link -mcmodel=medium -fno-pie -no-pie huge.c -o huge
./huge
