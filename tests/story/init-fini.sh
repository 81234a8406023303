#!/bin/bash
# Initialisation runs in the order: preinit_array, -init or _init, init_array by priority (low first), then by file and
# place; finalisation runs backwards; .ctors run too; libraries before the program.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >say.h <<'END'
#include <string.h>
#include <unistd.h>
#define SAY(s) ((void)!write(1, s " ", strlen(s) + 1))
#define CTOR(name, prio) __attribute__((constructor prio)) static void name(void) { SAY(#name); }
#define DTOR(name, prio) __attribute__((destructor prio)) static void name(void) { SAY(#name); }
END
cat >a.c <<'END'
#include "say.h"
CTOR(a_last, ) CTOR(a_900, (900)) CTOR(a_101, (101)) DTOR(da_last, ) DTOR(da_900, (900)) DTOR(da_101, (101))
int main(void) { SAY("main"); return 0; }
END
cat >b.c <<'END'
#include "say.h"
CTOR(b_last, ) CTOR(b_900, (900)) CTOR(b_200, (200)) CTOR(b_10000, (10000)) DTOR(db_last, )
#ifndef LIB
static void pre(void) { SAY("pre"); }
__attribute__((section(".preinit_array"), used)) static void (*p)(void) = pre;
#endif
END
cat >lib.c <<'END'
#include "say.h"
CTOR(lib, ) DTOR(dlib, ) void my_init(void) { SAY("my_init"); } void my_fini(void) { SAY("my_fini"); } int anchor;
END
for cc in $COMPILERS; do
	for kind in $KINDS; do
		$cc $(cflags $kind) $(ldflags $kind) a.c b.c -o prog
		same "pre a_101 b_200 a_900 b_900 b_10000 a_last b_last main db_last da_last da_900 da_101 " "$(./prog)" "$cc $kind"
		$cc $(cflags $kind) $(ldflags $kind) b.c a.c -o prog
		same "pre a_101 b_200 b_900 a_900 b_10000 b_last a_last main da_last db_last da_900 da_101 " "$(./prog)" "$cc $kind reversed"
	done
	$cc -fPIC -shared lib.c -Wl,-init,my_init -Wl,-fini,my_fini -o lib.so
	$cc a.c b.c -Wl,--no-as-needed ./lib.so -o prog
	same "pre my_init lib a_101 b_200 a_900 b_900 b_10000 a_last b_last main db_last da_last da_900 da_101 dlib my_fini " \
		"$(./prog)" "$cc with library"
done

# Old style tables: .ctors and .dtors of an object still run (crtbegin.o's frame for them is gone, they join
# .init_array in reverse).
cat >old.s <<'END'
	.text
c1:	mov $1, %edi; lea m1(%rip), %rsi; jmp say
c2:	mov $1, %edi; lea m2(%rip), %rsi
say:	mov $3, %edx; mov $1, %eax; syscall; ret
m1:	.ascii "c1 "
m2:	.ascii "c2 "
	.section .ctors,"aw",@progbits
	.quad c1
	.quad c2
	.section .note.GNU-stack,"",@progbits
END
echo 'int main(void) { return 0; }' >m.c
link m.c old.s -o prog
same "c2 c1 " "$(./prog)" ".ctors"
# ... also an odd number of 32-bit ones.
printf '.globl _start\n_start: ret\n.section .ctors, "aw"\n.long 1, 2, 3\n' >three.s
"$CC" -m32 -c three.s
"$GILD" -m elf_i386 three.o -o three
objcopy -O binary --only-section=.init_array three words
same "3 2 1" "$(od -An -v -tu4 words | xargs)" ".ctors of i386"

# preinit_array is for executables only
fails link -fPIC -shared b.c -o bad.so
