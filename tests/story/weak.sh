#!/bin/bash
# An undefined weak symbol is null, a weak definition gives way to a strong one wherever it stands, and a weak definition
# in a shared library serves like a strong one.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
__attribute__((weak)) int missing(void);
__attribute__((weak)) extern int missing_data;
__attribute__((weak)) int choose(void) { return 1; }
__attribute__((weak)) int only_weak(void) { return 5; }
int (*pointer)(void) = missing;
int from_weak(void);
int main(void) {
	if (missing || pointer || &missing_data) return 1;
	if (missing) missing();
	if (choose() != 2 || only_weak() != 5) return 2;
	return from_weak() != 6;
}
END
echo 'int choose(void) { return 2; } __attribute__((weak)) int from_weak(void) { return 6; }' >strong.c
for cc in $COMPILERS; do
	for kind in $KINDS; do
		for O in 0 2; do
			$cc -O$O $(cflags $kind) -c main.c strong.c
			for order in "main.o strong.o" "strong.o main.o"; do
				$cc $(ldflags $kind) $order -o prog
				./prog || { echo "$cc $kind -O$O $order: exit $?"; exit 1; }
			done
		done
	done
	$cc -fPIC -shared strong.c -o libstrong.so
	# the executable's own weak definition comes before the library's strong one (the run-time search order)
	sed 's/choose() != 2/choose() != 1/' main.c >main2.c
	for kind in $DYNAMIC_KINDS; do
		$cc $(cflags $kind) $(ldflags $kind) main2.c ./libstrong.so -o prog
		./prog || { echo "$cc $kind with .so: exit $?"; exit 1; }
	done
done

# A weak reference does not pull a member out of an archive; a strong one does.
echo 'int missing(void) { return 9; } int missing_data;' >member.c
link -c member.c
ar rcs libm1.a member.o
link main.c strong.c libm1.a -o prog
./prog
echo 'int missing(void); int force(void) { return missing(); }' >force.c
link main.c strong.c force.c libm1.a -o prog
rc=0; ./prog || rc=$?
same 1 $rc "missing is there once something needs it"

# A weak undefined symbol of a shared library can be supplied by the program at run time.
echo '__attribute__((weak)) int late(void); int ask(void) { return late ? late() : -1; }' >ask.c
link -fPIC -shared ask.c -o libask.so
echo 'int ask(void); int late(void) { return 3; } int main(void) { return ask() != 3; }' >late.c
echo 'int ask(void); int main(void) { return ask() != -1; }' >never.c
link late.c ./libask.so -o late
./late
link never.c ./libask.so -o never
./never
