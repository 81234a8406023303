#!/bin/bash
# The dynamic section says what the options asked: soname, needed libraries in order, rpath or runpath joined, and the
# flags of -z options.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'int f(void) { return 1; }' >lib.c
echo 'int main(void) { return 0; }' >main.c
link -fPIC -c lib.c
dyn() { link "$@" -o out && readelf -dW out >dynamic; }

dyn -shared lib.o -Wl,-soname,libf.so.1
assert_contains dynamic "Library soname: [libf.so.1]"
dyn -shared lib.o -Wl,-h,libg.so
assert_contains dynamic "Library soname: [libg.so]"
dyn -shared lib.o
assert_lacks dynamic SONAME

# what the program needs: the soname, or else the path as given
link -shared lib.o -Wl,-soname,libf.so.1 -o libf.so
link -shared lib.o -o libnoname.so
mkdir -p d
link -shared lib.o -o d/libfound.so
dyn main.c -Wl,--no-as-needed -L. -Ld ./libnoname.so -lf -lfound
same "./libnoname.so libf.so.1 libfound.so libc.so.6 " "$(sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' dynamic | tr '\n' ' ')" "needed"

dyn main.c -Wl,-rpath,/one -Wl,-rpath=/two:/three -Wl,-rpath,/one
assert_contains dynamic "Library runpath: [/one:/two:/three]"
dyn main.c -Wl,-rpath,/one -Wl,--disable-new-dtags
assert_contains dynamic "Library rpath: [/one]"
dyn main.c -Wl,-rpath,'$ORIGIN/../lib' -Wl,-z,origin
assert_contains dynamic '[$ORIGIN/../lib]'
assert_contains dynamic "Flags: ORIGIN"

dyn -shared lib.o -Wl,-z,nodelete,-z,nodlopen,-z,initfirst,-z,interpose,-z,now,-z,defs
grep '(FLAGS_1)' dynamic >flags
for f in NODELETE NOOPEN INITFIRST INTERPOSE NOW; do assert_contains flags $f; done
dyn -pie -fPIE main.c
grep '(FLAGS_1)' dynamic | grep -q PIE || { echo "no DF_1_PIE"; exit 1; }
assert_contains dynamic "(DEBUG)"
dyn -shared lib.o
assert_lacks dynamic "(DEBUG)"
assert_lacks dynamic "TEXTREL"

echo 'int undefined_here(void); int g(void) { return undefined_here(); }' >undef.c
link -fPIC -shared undef.c -o undef.so # allowed in a library ...
fails link -fPIC -shared undef.c -Wl,-z,defs -o undef2.so # ... unless forbidden
assert_contains err.txt undefined_here
fails link -fPIC -shared undef.c -Wl,--no-undefined -o undef2.so
[ ! -e undef2.so ]

dyn main.c -Wl,--dynamic-linker,/my/ld.so
readelf -lW out | grep -q 'interpreter: /my/ld.so' || { echo "--dynamic-linker"; exit 1; }
# GNU ld warns only
link main.c -Wl,-z,nosuchkeyword -o out 2>err.txt
./out
assert_contains err.txt nosuchkeyword
