#!/bin/bash
# Common symbols (-fcommon) of one name become one zeroed variable with the largest size and alignment; a definition
# beats them, in an object, and an archive member that defines the name is not pulled in for a common one only.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'int shared_name[2]; int defined; char c;' >a.c
echo 'int shared_name[500] __attribute__((aligned(256))); int defined = 33; long b_only;' >b.c
cat >main.c <<'END'
#include <stdint.h>
extern int shared_name[], defined, in_so; extern char c; extern long b_only;
int main(void) {
	for (int i = 0; i < 500; i++) { if (shared_name[i]) return 1; shared_name[i] = i + 1; }
	if ((uintptr_t)shared_name % 256) return 2;
	return defined == 33 && c == 0 && b_only == 0 ? 0 : 3;
}
END
for cc in $COMPILERS; do
	for kind in $KINDS; do
		$cc -fcommon $(cflags $kind) -c a.c b.c main.c
		for order in "a.o b.o" "b.o a.o"; do
			$cc $(ldflags $kind) main.o $order -o prog
			./prog || { echo "$cc $kind $order: exit $?"; exit 1; }
			same "2000 OBJECT" "$(readelf -sW prog | awk '$8 == "shared_name" { print $3, $4; exit }')" "size of shared_name"
		done
	done
done

# A common symbol of the executable takes the place of the shared library's variable of that name.
echo 'int in_so = 4; int get(void) { return in_so; }' >so.c
echo 'int in_so; int get(void); int main(void) { in_so = 9; return get() != 9; }' >exe.c
link -fPIC -shared so.c -o so.so
link -fcommon exe.c ./so.so -o prog
./prog

# Two initialised definitions are still a duplicate.
echo 'int defined = 1;' >dup.c
link -fcommon -c dup.c
fails link main.o a.o b.o dup.o -o prog2
assert_contains err.txt defined
