#!/bin/bash
# Sections whose names are C identifiers get __start_NAME and __stop_NAME around the whole output section, in programs
# and in every shared library on its own.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >a.c <<'END'
#define IN(s) __attribute__((section(#s), used))
static IN(numbers) int one = 1;
static IN(rodata_set) const int ten = 10;
extern int __start_numbers[], __stop_numbers[];
extern const int __start_rodata_set[], __stop_rodata_set[];
extern char __start_absent[] __attribute__((weak)), __stop_absent[] __attribute__((weak));
int SUM(void) {
	int s = 0;
	for (int *p = __start_numbers; p < __stop_numbers; p++) s += *p;
	for (const int *p = __start_rodata_set; p < __stop_rodata_set; p++) s += *p;
	return __start_absent || __stop_absent ? -1 : s;
}
END
echo '__attribute__((section("numbers"), used)) static int more[] = {2, 3, 4}; __attribute__((section("rodata_set"), used)) static const int x = 20;' >b.c
echo 'int sum(void); int main(void) { return sum() != 40; }' >main.c
echo 'int sum(void), lib_sum(void); int main(void) { return !(sum() == 40 && lib_sum() == 11); }' >two.c
for cc in $COMPILERS; do
	$cc -fPIC -shared -DSUM=lib_sum a.c -o lib.so
	for kind in $KINDS; do
		$cc $(cflags $kind) $(ldflags $kind) -DSUM=sum main.c a.c b.c -o prog
		./prog || { echo "$cc $kind: exit $?"; exit 1; }
	done
	$cc -DSUM=sum two.c a.c b.c ./lib.so -o prog
	./prog || { echo "$cc with library: exit $?"; exit 1; }
done
# They are not exported as dynamic symbols others could bind to (protected or hidden).
readelf --dyn-syms -W lib.so >dynsym
if grep -w __start_numbers dynsym | grep -v PROTECTED; then echo "__start_numbers is interposable"; exit 1; fi
# A user's own definition of such a name stands.
echo 'int __start_mine = 77; __attribute__((section("mine"), used)) static int m = 1; int main(void) { return __start_mine != 77; }' >own.c
link own.c -o own
./own
