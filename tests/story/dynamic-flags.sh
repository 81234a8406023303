#!/bin/bash
# What the dynamic section says because of an option: auditors, flags, spare entries; -z rodynamic; an output without
# section headers; with and without PT_GNU_STACK.
set -eu
. "$GILD_SRC/tests/lib.sh"

echo '#include <stdio.h>
int main(void) { puts("hello"); return 0; }' >main.c
"$CC" -fPIE -c main.c
tags() { readelf -dW "$1" | sed -n 's/.*(\([A-Z_0-9]*\)) *\(.*\)/\1 \2/p'; }

link -pie main.o -Wl,--audit=foo,--audit=bar,--depaudit=one,-P,two -o prog
tags prog >list
assert_contains list "AUDIT Audit library: [foo:bar]"
assert_contains list "DEPAUDIT Dependency audit library: [one:two]"
# what audits a library audits it as a dependency
echo 'int f(void) { return 0; }' >lib.c
link -shared -fPIC lib.c -Wl,--audit=inner -o lib.so
echo 'int f(void); int main(void) { return f(); }' >user.c
link user.c lib.so -o user
tags user >list
assert_contains list "DEPAUDIT Dependency audit library: [inner]"
assert_lacks list "Audit library: [inner:"

link -pie main.o -Wl,-z,nodump,-z,loadfltr,-z,globalaudit -o prog
tags prog >list
grep -q 'FLAGS_1 .*LOADFLTR.*NODUMP.*GLOBAUDIT' list || { cat list; fail "DF_1 flags"; }

entries() { link -pie main.o -Wl,--spare-dynamic-tags=$1 -o prog; readelf -SW prog | awk '{ for (i = 1; i < NF; i++) if ($i == ".dynamic") print $(i + 4) }'; }
assert_equal "$((16#$(entries 7) - 16#$(entries 0)))" 112
./prog >out

# -z rodynamic
link -pie main.o -Wl,-z,rodynamic -o prog
assert_equal "$(./prog)" hello
readelf -SlW prog >headers
grep -q '\.dynamic  *DYNAMIC .* A ' headers || { cat headers; fail ".dynamic is writable"; }
grep -q ' DYNAMIC .* R  *0x8' headers || { cat headers; fail "PT_DYNAMIC is writable"; }
tags prog >list
assert_lacks list DEBUG

# -z nosectionheader
link -pie -g main.o -Wl,-z,nosectionheader -o prog
assert_equal "$(./prog)" hello
readelf -hW prog >header
for wanted in 'Start of section headers: +0 ' 'Size of section headers: +0 ' 'Number of section headers: +0$' \
	'string table index: +0$'; do
	grep -qE "$wanted" header || { cat header; fail "$wanted"; }
done
if grep -aq 'crtstuff' prog; then fail "a symbol table that nobody can find"; fi

# PT_GNU_STACK
stack() { link -pie main.o "$@" -o prog; readelf -lW prog | awk '$1 == "GNU_STACK" { print $7 }'; }
assert_equal "$(stack)" RW
assert_equal "$(stack -Wl,-z,execstack)" RWE
assert_equal "$(stack -Wl,-z,execstack,-z,execstack-if-needed)" RW
assert_equal "$(stack -Wl,-z,nognustack)" ""

# Code that has to be changed when it is loaded is announced
echo 'extern char elsewhere[]; char *where(void) { return elsewhere; }' >absolute.c
link -fno-pic -mcmodel=large -c absolute.c
"$GILD" -shared absolute.o -o absolute.so 2>err.txt
assert_contains err.txt "creating DT_TEXTREL in a shared object"
readelf -dW absolute.so | grep -q TEXTREL
"$GILD" -shared --no-warn-shared-textrel absolute.o -o absolute.so 2>err.txt
[ ! -s err.txt ]
if "$GILD" -shared -z text absolute.o -o absolute.so 2>err.txt; then echo "-z text allows text relocations"; exit 1; fi
