#!/bin/bash
# Every relocation type of the x86-64 psABI that assembly can ask for computes its formula (psABI table 4.9): the
# program compares what the linker wrote with what it computes itself.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >symbols.s <<'END'
	.globl abs8, abs16, abs32, absneg, sym, func
	abs8 = 0x92
	abs16 = 0x9234
	abs32 = 0x92345678
	absneg = -5
	.data
	.balign 8
	.type sym, @object
	.size sym, 24
	.long 0
sym:	.quad 1, 2, 3
	.text
	.type func, @function
func:	mov $55, %eax
	ret
	.size func, .-func
	.section .note.GNU-stack,"",@progbits
END
cat >relocs.S <<'END'
#define R(name, type, symbol, bytes) .globl at_##name; at_##name: .reloc ., type, symbol; .fill bytes, 1, 0
	.data
R(v64, R_X86_64_64, sym + 8, 8)
	.globl near
R(pc8, R_X86_64_PC8, near + 2, 1)
R(pc16, R_X86_64_PC16, near + 2, 2)
near:
R(pc32, R_X86_64_PC32, sym + 16, 4)
R(pc64, R_X86_64_PC64, sym - 4, 8)
R(plt32, R_X86_64_PLT32, func, 4)
R(gotpcrel, R_X86_64_GOTPCREL, sym, 4)
R(gotpcrel64, R_X86_64_GOTPCREL64, sym + 3, 8)
R(got64, R_X86_64_GOT64, sym, 8)
R(gotoff64, R_X86_64_GOTOFF64, sym + 1, 8)
R(gotpc32, R_X86_64_GOTPC32, _GLOBAL_OFFSET_TABLE_ + 4, 4)
R(gotpc64, R_X86_64_GOTPC64, _GLOBAL_OFFSET_TABLE_, 8)
R(pltoff64, R_X86_64_PLTOFF64, func, 8)
R(size32, R_X86_64_SIZE32, sym + 1, 4)
R(size64, R_X86_64_SIZE64, sym, 8)
#ifdef NOPIE
R(v8, R_X86_64_8, abs8 + 1, 1)
R(v16, R_X86_64_16, abs16 + 1, 2)
R(v32, R_X86_64_32, abs32 + 1, 4)
R(v32s, R_X86_64_32S, absneg - 1, 4)
R(addr32, R_X86_64_32, sym + 1, 4)
R(addr32s, R_X86_64_32S, sym, 4)
#endif
	.globl at_got
at_got:	.reloc ., R_X86_64_GOTPC64, _GLOBAL_OFFSET_TABLE_
	.quad 0
	.section .note.GNU-stack,"",@progbits
END
cat >main.c <<'END'
#include <stdint.h>
#include <stdio.h>
#include <string.h>
extern char sym[], near[], func[], abs8[];
#define FIELD(t, x) extern char at_##x[]; static t x(void) { t v; memcpy(&v, at_##x, sizeof v); return v; }
FIELD(char *, v64)
FIELD(int8_t, pc8) FIELD(int16_t, pc16) FIELD(int32_t, pc32) FIELD(int64_t, pc64) FIELD(int32_t, plt32)
FIELD(int32_t, gotpcrel) FIELD(int64_t, gotpcrel64) FIELD(int64_t, got64) FIELD(int64_t, gotoff64)
FIELD(int32_t, gotpc32) FIELD(int64_t, gotpc64) FIELD(int64_t, pltoff64) FIELD(uint32_t, size32) FIELD(uint64_t, size64)
#ifdef NOPIE
FIELD(uint8_t, v8) FIELD(uint16_t, v16) FIELD(uint32_t, v32) FIELD(int32_t, v32s)
FIELD(uint32_t, addr32) FIELD(int32_t, addr32s)
#endif
FIELD(int64_t, got)
static int bad;
#define EQ(a, b) if ((uint64_t)(a) != (uint64_t)(b)) { printf("%s: %lx, expected %lx\n", #a, (long)(a), (long)(b)); bad = 1; }
int main(void) {
	char *GOT = at_got + got(), *slot;
	EQ(v64(), sym + 8)
	EQ(pc8(), near + 2 - at_pc8) EQ(pc16(), near + 2 - at_pc16) EQ(pc32(), sym + 16 - at_pc32) EQ(pc64(), sym - 4 - at_pc64)
	EQ(((int (*)(void))(at_plt32 + plt32()))(), 55)
	memcpy(&slot, at_gotpcrel + gotpcrel(), 8); EQ(slot, sym)
	memcpy(&slot, at_gotpcrel64 + gotpcrel64() - 3, 8); EQ(slot, sym)
	memcpy(&slot, GOT + got64(), 8); EQ(slot, sym)
	EQ(gotoff64(), sym + 1 - GOT) EQ(gotpc32(), GOT + 4 - at_gotpc32) EQ(gotpc64(), GOT - at_gotpc64)
	EQ(((int (*)(void))(GOT + pltoff64()))(), 55)
	EQ(size32(), 25) EQ(size64(), 24)
#ifdef NOPIE
	EQ(v8(), 0x93) EQ(v16(), 0x9235) EQ(v32(), 0x92345679) EQ(v32s(), -6)
	EQ(addr32(), sym + 1) EQ(addr32s(), sym)
#endif
	return bad;
}
END
for kind in $KINDS; do
	d=
	case $kind in static | no-pie) d=-DNOPIE ;; esac
	link $(cflags $kind) $(ldflags $kind) $d main.c relocs.S symbols.s -o prog
	./prog || { echo "$kind: exit $?"; exit 1; }
done
# the symbols in a shared library
link -shared -fPIC -Wl,-Bsymbolic relocs.S symbols.s -o lib.so
link -fPIC -pie main.c -Wl,--no-as-needed ./lib.so -o prog
./prog || { echo "shared library: exit $?"; exit 1; }
