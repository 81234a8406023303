#!/bin/bash
# What a shared object lacks is an error in a program, unless a library that it needs has it: that one is looked for as GNU
# ld looks (-rpath-link, -rpath, LD_RUN_PATH, LD_LIBRARY_PATH, DT_RUNPATH, ld.so.conf, default directories), and does not
# become an input. An object cannot count on it: "DSO missing from command line".
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

mkdir deep
echo 'int c(void) { return 42; }' >c.c
echo 'int c(void); int b(void) { return c(); }' >b.c
echo 'int b(void); int main(void) { return b() != 42; }' >main.c
echo 'int b(void), c(void); int main(void) { return b() - c(); }' >both.c
link -fPIE -c main.c both.c
link -fPIC -c c.c
link -fPIC -shared c.c -Wl,-soname,libc1.so -o deep/libc1.so
link -fPIC -shared b.c deep/libc1.so -Wl,-soname,libb.so -o libb.so
link -fPIC -shared b.c -Wl,-soname,libb.so -o liblacking.so

lacks="undefined reference to \`c'"
not_found="warning: libc1.so, needed by ./libb.so, not found (try using -rpath or -rpath-link)"

# Nobody has it
for kind in $DYNAMIC_KINDS; do
	fails link $(ldflags $kind) main.o ./liblacking.so -o prog
	assert_contains err.txt "./liblacking.so: $lacks"
	assert_lacks err.txt "not found"
	fails link $(ldflags $kind) main.o ./libb.so -o prog
	assert_contains err.txt "./libb.so: $lacks"
	assert_contains err.txt "$not_found"
done
link main.o ./libb.so -Wl,--allow-shlib-undefined -o prog 2>err.txt
same "" "$(cat err.txt)" "--allow-shlib-undefined"
link main.o ./libb.so -Wl,--unresolved-symbols=ignore-in-shared-libs -o prog
link main.o ./libb.so -Wl,--warn-unresolved-symbols -o prog 2>err.txt
assert_contains err.txt "$lacks"
fails link main.o ./liblacking.so -Wl,-z,undefs -o prog

# In a shared object only when asked for
link -fPIC -shared main.o ./libb.so -o out.so 2>err.txt
same "" "$(cat err.txt)" "-shared"
fails link -fPIC -shared main.o ./libb.so -Wl,--no-allow-shlib-undefined -o out.so
assert_contains err.txt "$lacks"
assert_contains err.txt "$not_found"

# Ways to find libc1.so; it is not needed directly
found() {
	link main.o ./libb.so "$@" -o prog 2>err.txt || { cat err.txt; fail "not found by $*"; }
	same "" "$(cat err.txt)" "$*"
	same "libb.so libc.so.6" "$(readelf -d prog | sed -n 's/.*NEEDED.*\[\(.*\)\]/\1/p' | xargs)" "NEEDED with $*"
}
found -Wl,-rpath-link,deep
found -Wl,-rpath-link,nowhere:deep
found -Wl,-rpath,"$PWD/deep"
LD_RUN_PATH=$PWD/deep found
LD_LIBRARY_PATH=deep found
fails link main.o ./libb.so -Ldeep -o prog
assert_contains err.txt "$not_found"
LD_RUN_PATH=$PWD/deep fails link main.o ./libb.so -Wl,-rpath-link,nowhere -o prog
for tag in --enable-new-dtags --disable-new-dtags; do
	link -fPIC -shared b.c deep/libc1.so -Wl,-soname,libb.so -Wl,-rpath,'$ORIGIN/deep',$tag -o libb.so
	found
done
./prog || LD_LIBRARY_PATH=. ./prog

# What the loader takes $LIB and $PLATFORM for is not known when linking: all that it may be are tried
mkdir -p deep/lib64 deep/lib/x86_64-linux-gnu deep/x86_64
for where in '$ORIGIN/deep/$LIB:lib64' '${ORIGIN}/deep/${LIB}:lib/x86_64-linux-gnu' "$PWD/deep/\$PLATFORM:x86_64"; do
	link -fPIC -shared b.c deep/libc1.so -Wl,-soname,libb.so -Wl,-rpath,"${where%:*}" -o libb.so
	fails link main.o ./libb.so -o prog
	assert_contains err.txt "$not_found"
	mv deep/libc1.so "deep/${where##*:}"
	found
	mv "deep/${where##*:}/libc1.so" deep
done
for where in '$ORIGINAL/deep' '$NOSUCH/deep' 'deep$' '${ORIGIN/deep'; do
	link -fPIC -shared b.c deep/libc1.so -Wl,-soname,libb.so -Wl,-rpath,"$where" -o libb.so
	fails link main.o ./libb.so -o prog
	assert_contains err.txt "$not_found"
done

link -fPIC -shared b.c deep/libc1.so -Wl,-soname,libb.so -o libb.so
mkdir -p root/etc/conf.d root/odd
cp deep/libc1.so root/odd
printf '# comment\ninclude conf.d/*.conf\n' >root/etc/ld.so.conf
echo /odd >root/etc/conf.d/odd.conf
"$GILD" main.o ./libb.so -e main --sysroot="$PWD/root" -o prog
mkdir -p root/lib64
mv root/odd/libc1.so root/lib64
"$GILD" main.o ./libb.so -e main --sysroot="$PWD/root" -o prog
rm root/lib64/libc1.so
fails "$GILD" main.o ./libb.so -e main --sysroot="$PWD/root" -o prog

# The program, or a member of an archive, may have it; not when it is hidden
ar rcs libarchive.a c.o
link main.o ./liblacking.so libarchive.a -o prog
LD_LIBRARY_PATH=. readelf --dyn-syms -W prog | grep -q ' c$'
for hide in -DHIDDEN -Wl,--version-script=local.map; do
	echo '{ local: c; };' >local.map
	echo '#ifdef HIDDEN
__attribute__((visibility("hidden")))
#endif
int c(void) { return 42; }' >hidden.c
	fails link main.o hidden.c ./liblacking.so $hide -o prog
	assert_contains err.txt "is referenced by DSO"
done

# A reference that is weak in the library does not count
echo '__attribute__((weak)) int c(void); int b(void) { return c ? c() : 42; }' >weak.c
link -fPIC -shared weak.c -o libweak.so
link main.o ./libweak.so -o prog
./prog

# An object wants it itself
fails link both.o ./libb.so -Wl,-rpath-link,deep -o prog
assert_contains err.txt "undefined reference to symbol 'c'"
assert_contains err.txt "deep/libc1.so: error adding symbols: DSO missing from command line"
fails link both.o ./libb.so -Wl,-rpath-link,deep,--warn-unresolved-symbols -o prog

# --as-needed: what a library asks for without saying where to find it makes the library needed that has it
link main.o ./liblacking.so -Wl,--as-needed deep/libc1.so -o prog
readelf -d prog | grep -q 'NEEDED.*libc1.so'
link main.o ./libb.so -Wl,--as-needed deep/libc1.so -o prog
! readelf -d prog | grep -q 'NEEDED.*libc1.so'

# A library that --as-needed leaves out but another one brings along is looked at, too
echo 'int zz(void); int c(void) { return zz(); }' >hollow.c
link -fPIC -shared hollow.c -Wl,-soname,libc1.so -o libhollow.so
fails link main.o -Wl,--as-needed ./libhollow.so -Wl,--no-as-needed ./libb.so -o prog
assert_contains err.txt "./libhollow.so: undefined reference to \`zz'"
echo 'int b(void); int zz(void) { return 42; } int main(void) { return b() != 42; }' >callback.c
link callback.c -Wl,--as-needed ./libhollow.so -Wl,--no-as-needed ./libb.so -o prog
mkdir run
cp libb.so run
cp libhollow.so run/libc1.so
LD_LIBRARY_PATH=run ./prog
