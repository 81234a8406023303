#!/bin/bash
# --defsym makes symbols from expressions, -u and --require-defined pull members out of archives, --entry chooses where
# the program starts.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
extern char fixed[], sum[];
int alias(void), real(void);
extern int moved, array[];
int array[4] = {1, 2, 3, 4};
int real(void) { return 5; }
int main(void) {
	return !((unsigned long)fixed == 0x1234 && (unsigned long)sum == 0x1234 + 6 * 2 && alias() == 5 && moved == 3);
}
END
for cc in $COMPILERS; do
	$cc -fno-pie -no-pie main.c -Wl,--defsym=fixed=0x1234 -Wl,--defsym,sum='fixed + 6*2' -Wl,--defsym=alias=real \
		-Wl,--defsym=moved=array+8 -o prog
	./prog || { echo "$cc: exit $?"; exit 1; }
done
fails link main.c -Wl,--defsym=fixed=nosuch -o bad
# Expressions may name what the linker defines only when it is asked for.
echo 'extern char first[], second[]; int main(void) { return 0; }' >m.c
link m.c -Wl,--defsym=first=etext -Wl,--defsym=second=_GLOBAL_OFFSET_TABLE_ -o prog
for pair in "first etext" "second _GLOBAL_OFFSET_TABLE_"; do
	[ "$(nm prog | grep -wE "${pair/ /|}" | cut -d' ' -f1 | uniq | wc -l)" = 1 ] || fail "--defsym: $pair"
done
fails link -static m.c -Wl,--defsym=first=_DYNAMIC -o bad
assert_contains err.txt "undefined symbol: _DYNAMIC"
link -c m.c
fails "$GILD" -r m.o --defsym=first=etext -o bad

echo 'int pulled(void) { return 1; } int in_member;' >member.c
link -c member.c
ar rcs libm1.a member.o
echo 'int main(void) { return 0; }' >m.c
has() { nm prog | grep -q ' T pulled$'; }
link m.c libm1.a -o prog
if has; then echo "member pulled for nothing"; exit 1; fi
for option in -Wl,-u,pulled -Wl,-upulled -Wl,--undefined=pulled -Wl,--require-defined=pulled; do
	link m.c $option libm1.a -o prog
	./prog
	has || { echo "$option does not pull the member"; exit 1; }
done
# -u of an absent symbol is no error ...
link m.c -Wl,-u,nowhere -o prog
./prog
fails link m.c -Wl,--require-defined=nowhere -o bad # ... --require-defined is
assert_contains err.txt nowhere
[ ! -e bad ]

cat >entry.s <<'END'
	.globl _start, other
_start:	mov $1, %edi
	jmp out
other:	mov $2, %edi
out:	mov $60, %eax
	syscall
	.section .note.GNU-stack,"",@progbits
END
link -c entry.s
code() { "$GILD" entry.o "$@" -o prog 2>err.txt; rc=0; ./prog || rc=$?; echo $rc; }
same 1 "$(code)" "default entry"
same 2 "$(code -e other)" "-e"
same 2 "$(code --entry=other)" "--entry="
same 2 "$(code --entry=$(symbol_value prog other))" "a number"
same 1 "$(code -e nosuch)" "unknown entry: start of .text, with a warning"
assert_contains err.txt nosuch
echo '.globl f; f: ret; .section .note.GNU-stack,"",@progbits' | tr ';' '\n' >f.s
link -c f.s
"$GILD" f.o -o prog 2>err.txt
assert_contains err.txt _start
