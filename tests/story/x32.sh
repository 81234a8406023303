#!/bin/bash
# x32, the ABI of x86-64 with addresses of 32 bits: ELF32 with RELA, GOT slots of 64 bits, its own sequences for
# thread-local variables. Code and data are what GNU ld makes of them. Programs run where the kernel runs such.
# packages: gcc-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
have ld.bfd || skip "no ld.bfd to compare with"

cat > code.s <<'END'
	.text
	.globl _start
_start:
	lea gd@tlsgd(%rip), %rdi
	.byte 0x66, 0x66
	rex64
	call __tls_get_addr@PLT
	lea gd@tlsgd(%rip), %rdi
	.byte 0x66
	rex64
	call *__tls_get_addr@GOTPCREL(%rip)
	mov gd@gottpoff(%rip), %eax
	mov gd@gottpoff(%rip), %r9d
	mov gd@gottpoff(%rip), %rax
	mov gd@gottpoff(%rip), %r10
	lea gd@tlsdesc(%rip), %eax
	call *gd@tlscall(%eax)
	lea gd@tlsdesc(%rip), %r11d
	call *foo@GOTPCREL(%rip)
	jmp *foo@GOTPCREL(%rip)
	mov $gd@tpoff, %eax
	.long foo - .
	.globl foo
foo:	ret
	.data
	.globl _data
_data:	.long foo, foo + 4, foo - 0x500000
	.quad foo
	.section .tdata,"awT"
	.long 1
	.globl gd
gd:	.long 2
	.section .note.GNU-stack,"",@progbits
END
as --x32 code.s -o code.o
addresses="-Ttext=0x410000 -Tdata=0x430000 --section-start=.tdata=0x420000 --defsym=__tls_get_addr=0"
for linker in ld.bfd "$GILD"; do
	"$linker" -m elf32_x86_64 $addresses code.o -o out
	{ objdump -d out; objdump -s -j .data out; } | sed 1,3d > "$(basename "$linker").code"
done
diff ld.bfd.code "$(basename "$GILD").code" || fail "code differs from GNU ld's"

# A shared object: what the loader relocates, and that it relocates words.
cat > lib.c <<'END'
int data = 1, *place = &data;
static int own, *own_place = &own;
__thread int gd;
static __thread int ld;
extern int other(int);
int *f(void) { return gd ? &ld : other(data) ? place : own_place; }
END
"$CC" -mx32 -O1 -fPIC -c lib.c
"$GILD" -m elf32_x86_64 -shared lib.o -o lib.so
ld.bfd -m elf32_x86_64 -shared lib.o -o other.so
relocations() { readelf -rW "$1" | awk '/R_X86_64/ { print $3, $3 ~ /RELATIVE|DTPMOD/ && NF < 6 ? "" : $5 }' | sort; }
same "$(relocations other.so)" "$(relocations lib.so)" "dynamic relocations"
readelf -dW lib.so > dynamic
assert_contains dynamic "12 (bytes)"
assert_contains dynamic "16 (bytes)"
readelf -hW lib.so > header
for text in ELF32 X86-64 DYN; do assert_contains header "$text"; done

# Files of the other two targets, and x32's in their links.
for bits in 32 64; do
	"$CC" -m$bits -fPIC -O1 -c lib.c -o lib$bits.o
	fails "$GILD" -m elf32_x86_64 -shared lib.o lib$bits.o -o bad.so
	assert_contains err.txt "is incompatible with"
	fails "$GILD" -shared lib$bits.o lib.o -o bad.so
	assert_contains err.txt "is incompatible with"
done

# Whole programs.
cat > main.c <<'END'
#include <stdio.h>
__thread int counter = 41;
int main(void) { counter++; printf("%d %zu\n", counter, sizeof(void *)); return 0; }
END
"$CC" -mx32 main.c -o probe 2> /dev/null || exit 0 # no C library for it
for kind in $KINDS; do
	link -mx32 $(cflags $kind) $(ldflags $kind) main.c -o prog
	readelf -hW prog | grep -q ELF32 || fail "$kind: not ELF32"
	if ./probe > /dev/null 2>&1; then same "42 4" "$(./prog)" "$kind"; fi
done
readelf -lW prog | grep -q /libx32/ld-linux-x32.so.2 || fail "another interpreter"
