#!/bin/bash
# Other tools take the output for what it is: readelf has nothing to warn of, objdump, nm and strip work and the stripped
# program runs, gdb stops at a breakpoint with a backtrace and prints variables, valgrind runs it clean.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >lib.c <<'END'
__thread int per_thread = 31;
int global_array[3] = {1, 2, 3};
int deepest(int n) { per_thread += n; return global_array[n]; }
END
cat >main.c <<'END'
#include <stdio.h>
#include <stdlib.h>
int deepest(int);
static int middle(int n) { return deepest(n + 1) * 2; }
int main(void) { char *p = malloc(10); *p = middle(1); printf("result %d\n", *p); free(p); return 0; }
END
link -g -fPIC -shared lib.c -o lib.so
for kind in $KINDS; do
	link -g -O0 $(cflags $kind) $(ldflags $kind) main.c lib.c -o prog-$kind
done
link -g -O0 main.c ./lib.so -o prog-lib

for prog in prog-* lib.so; do
	readelf -aW $prog >readelf.txt 2>warnings || { echo "readelf fails on $prog"; exit 1; }
	[ ! -s warnings ] || { echo "readelf on $prog:"; cat warnings; exit 1; }
	objdump -dr $prog >objdump.txt 2>warnings
	[ ! -s warnings ] || { echo "objdump on $prog:"; cat warnings; exit 1; }
	assert_contains objdump.txt "<deepest"
	nm $prog >nm.txt 2>warnings
	[ ! -s warnings ] || { echo "nm on $prog:"; cat warnings; exit 1; }
	readelf --debug-dump=info,line,frames,aranges $prog >dwarf.txt 2>warnings
	case $prog in prog-static*) ;; *) [ ! -s warnings ] || { echo "DWARF of $prog:"; cat warnings; exit 1; } ;; esac
done
for prog in prog-*; do
	same "result 6" "$(./$prog)" $prog
	strip $prog -o stripped
	same "result 6" "$(./stripped)" "stripped $prog"
	strip -g $prog -o stripped
	same "result 6" "$(./stripped)" "strip -g $prog"
	objcopy $prog copied
	same "result 6" "$(./copied)" "copied $prog"
	if have eu-strip; then
		eu-strip -f separate.debug $prog -o stripped
		same "result 6" "$(./stripped)" "eu-strip $prog"
	fi
done
same "result 6" "$(strip lib.so && ./prog-lib)" "stripped library"
link -g -fPIC -shared lib.c -o lib.so

if have gdb; then
	for prog in prog-*; do
		gdb -nx -batch -ex 'break deepest' -ex run -ex backtrace -ex 'print global_array' -ex 'print per_thread' $prog >gdb.txt 2>&1 </dev/null || :
		grep -q '#0 .*deepest (n=2) at lib.c:3' gdb.txt || { echo "gdb $prog: no frame of deepest"; cat gdb.txt; exit 1; }
		grep -q '#1 .*middle (n=1) at main.c:4' gdb.txt || { echo "gdb $prog: no frame of middle"; cat gdb.txt; exit 1; }
		grep -q '#2 .*main () at main.c:5' gdb.txt || { echo "gdb $prog: no frame of main"; cat gdb.txt; exit 1; }
		assert_contains gdb.txt "{1, 2, 3}"
		case $prog in prog-static*) ;; *) # needs libthread_db, which does not serve static programs
			grep -q ' = 31$' gdb.txt || grep -q 'Cannot find thread-local' gdb.txt || { echo "gdb $prog: thread-local variable"; cat gdb.txt; exit 1; } ;;
		esac
	done
fi
if have valgrind; then
	for prog in prog-pie prog-no-pie prog-lib; do
		valgrind -q --error-exitcode=9 ./$prog >valgrind.txt 2>&1 || { echo "valgrind $prog:"; cat valgrind.txt; exit 1; }
	done
	valgrind -q ./prog-static >valgrind.txt 2>&1 # malloc of a static program is not replaced: only that it runs
fi
