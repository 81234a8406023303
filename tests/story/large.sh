#!/bin/bash
# Size is no obstacle: two thousand objects, one object with more than 65,279 sections (extended section numbers), one
# with a hundred thousand functions in one section, and a symbol name of a megabyte.
# packages: python3
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

mkdir objects
cat >template.s <<'END'
	.globl step_000000
step_000000: add $1, %eax
	jmp step_000001
	.section .note.GNU-stack,"",@progbits
END
as template.s -o template.o
# two thousand objects out of one: the names have a fixed width, so they can be replaced in the bytes
python3 - <<'END'
t = open("template.o", "rb").read()
for i in range(2000):
    o = t.replace(b"step_000001", b"step_%06d" % (i + 1001)).replace(b"step_000000", b"step_%06d" % (i + 1000))
    open(f"objects/{i}.o", "wb").write(o)
END
echo '#include <stdio.h>
__asm__(".globl step_003000\nstep_003000: ret\nstart: xor %eax, %eax\njmp step_001000\n");
int start(void) __asm__("start");
int main(void) { printf("%d\n", start()); return 0; }' >main.c
for kind in no-pie pie; do
	link $(cflags $kind) $(ldflags $kind) main.c objects/*.o -o many
	same 2000 "$(./many)" "$kind: steps through 2000 objects"
done
(cd objects && ar rcs ../libmany.a *.o)
link main.c libmany.a -o many
same 2000 "$(./many)" "through an archive of 2000 members"

# 100,000 functions, in one section and in one each
awk 'BEGIN { for (i = 0; i < 100000; i++) printf ".globl f%d\nf%d: add $1, %%eax\nret\n", i, i
	print ".section .note.GNU-stack,\"\",@progbits" }' >one.s
awk 'BEGIN { for (i = 0; i < 100000; i++) printf ".section .text.g%d,\"ax\"\n.globl g%d\ng%d: add $2, %%eax\nret\n", i, i, i
	print ".section .note.GNU-stack,\"\",@progbits" }' >each.s
as one.s -o one.o
as each.s -o each.o
echo 'int f0(void), f99999(void), g0(void), g70000(void), g99999(void);
#define ADD(f, n) ({ int a = 5; __asm__("call " #f : "+a"(a)); a == 5 + n; })
int main(void) { return !(ADD(f0, 1) && ADD(f99999, 1) && ADD(g0, 2) && ADD(g70000, 2) && ADD(g99999, 2)); }' >calls.c
link -O0 -fno-pie -no-pie calls.c one.o each.o -o big
./big
same 200000 "$(nm big | grep -cE ' T [fg][0-9]+$')" "functions in .symtab"
link -shared one.o -o lib.so
same 100000 "$(nm -D lib.so | grep -c ' T f')" "exports"

long=$(head -c 1000000 /dev/zero | tr '\0' x)
echo ".globl $long; $long: ret; .section .note.GNU-stack,\"\",@progbits" | tr ';' '\n' >long.s
echo 'int main(void) { return 0; }' >m.c
link m.c long.s -o long
./long
[ "$(nm long | grep -c xxxxxxxxxx)" = 1 ]
