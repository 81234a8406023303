#!/bin/bash
# What a link warns about symbols: .gnu.warning sections, common symbols that meet, thread-local and other variables of one
# name (an error). The words are GNU ld's.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

# A library warns of one of its functions
echo 'static const char text[] __attribute__((section(".gnu.warning.risky"), used)) = "the `risky'"'"' function is dangerous";
int risky(void) { return 0; } int safe(void) { return 0; }' >risky.c
echo 'int risky(void);
int main(void) { return risky(); }' >user.c
echo 'int safe(void); int main(void) { return safe(); }' >careful.c
link -g -c user.c careful.c
link -fPIC -c risky.c
ar rcs librisky.a risky.o
link -shared risky.o -o librisky.so
for input in risky.o librisky.a ./librisky.so; do
	link user.o $input -o prog 2>err.txt
	assert_contains err.txt "warning: the \`risky' function is dangerous"
	assert_contains err.txt "user.o:(.text+0x"
	assert_contains err.txt "user.c:2: in function \`main'"
	same 1 "$(grep -c dangerous err.txt)" "warnings with $input"
	fails link user.o $input -Wl,--fatal-warnings -o prog
	link careful.o $input -o prog 2>err.txt
	same "" "$(cat err.txt)" "no reference, no warning ($input)"
done
link user.o risky.o -o prog
./prog
! readelf -SW prog | grep -q 'gnu.warning'
link -shared risky.o -o out.so 2>err.txt
same "" "$(cat err.txt)" "the definition alone"
echo 'static const char text[] __attribute__((section(".gnu.warning"), used)) = "this file is old"; int safe(void) { return 0; }' >old.c
link -c old.c
link careful.o old.o -o prog 2>err.txt
assert_contains err.txt "warning: this file is old"

# Common symbols
echo 'int same_size; int larger[4]; int defined = 3; int later;' >one.c
echo 'int same_size; int larger[8]; int defined; int later = 1; int main(void) { return 0; }' >two.c
link -fcommon -c one.c two.c
link one.o two.o -o prog 2>err.txt
same "" "$(cat err.txt)" "without --warn-common"
link one.o two.o -Wl,--warn-common -o prog 2>err.txt
assert_contains err.txt "two.o and one.o: warning: multiple common of \`same_size'"
assert_contains err.txt "two.o: common of \`larger' overriding smaller common from one.o"
assert_contains err.txt "two.o: common of \`defined' overridden by definition from one.o"
assert_contains err.txt "two.o: definition of \`later' overriding common from one.o"
link two.o one.o -Wl,--warn-common -o prog 2>err.txt
assert_contains err.txt "one.o: common of \`larger' overridden by larger common from two.o"
assert_contains err.txt "one.o: definition of \`defined' overriding common from two.o"
assert_contains err.txt "one.o: common of \`later' overridden by definition from two.o"
echo 'int cc[2];' >small.c
echo 'int cc[4] = {1}; int main(void) { return 0; }' >big.c
link -fcommon -c small.c big.c
link small.o big.o -o prog 2>err.txt
assert_contains err.txt "warning: size of symbol \`cc' changed from 8 in small.o to 16 in big.o"
link big.o small.o -o prog 2>err.txt
same "" "$(cat err.txt)" "a common symbol behind its definition"

# Thread-local and not
echo '__thread int x = 1;' >tls-definition.c
echo 'int x = 1;' >definition.c
echo 'extern __thread int x; int main(void) { return x; }' >tls-reference.c
echo 'extern int x; int main(void) { return x; }' >reference.c
link -fPIC -c definition.c tls-definition.c reference.c tls-reference.c
link -shared definition.o -o libdefinition.so
link -shared tls-definition.o -o libtls-definition.so
for definition in definition.o ./libdefinition.so; do
	fails link tls-reference.o $definition -o prog
	assert_contains err.txt "x: TLS reference in tls-reference.o mismatches non-TLS definition in $definition section .data"
done
for definition in tls-definition.o ./libtls-definition.so; do
	fails link reference.o $definition -o prog
	assert_contains err.txt "x: TLS definition in $definition section .tdata mismatches non-TLS reference in reference.o"
done

# A function that was a variable before: in a library named before it, or as a common symbol
echo 'int changed = 1; __attribute__((weak)) int unsure = 1; int same(void) { return 1; }' >was.c
echo 'int changed(void) { return 1; } int unsure(void) { return 1; } int same(void) { return 2; }' >is.c
link -w -fPIC -shared was.c -Wl,-soname,libwas.so -o libwas.so
link -w -fPIC -c is.c
link -shared -Wl,--no-as-needed ./libwas.so is.o -o both.so 2>err.txt
assert_contains err.txt "warning: type of symbol \`changed' changed from 1 to 2 in is.o"
same 1 "$(grep -c 'type of symbol' err.txt)" "warnings"
link -shared is.o -Wl,--no-as-needed ./libwas.so -o both.so 2>err.txt
same "" "$(cat err.txt)" "a library behind it"
echo 'int changed;' >common.c
link -fcommon -c common.c
link -shared common.o is.o -o both.so 2>err.txt
assert_contains err.txt "warning: type of symbol \`changed' changed from 1 to 2 in is.o"
