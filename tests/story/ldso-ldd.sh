#!/bin/bash
# What ldd shows (LD_TRACE_LOADED_OBJECTS), with -v, -d, -r and -u, and --list: the same as with the system's loader,
# and no code of the program runs.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

echo 'int f(void) { return 1; } int g(void) { return 2; } extern int gone(void); int (*p)(void) = gone;' > lib.c
echo 'int f(void) { return 1; } int g(void) { return 2; } int gone(void) { return 3; }' > whole.c
echo '#include <stdio.h>
int f(void); __attribute__((constructor)) static void never(void) { puts("code has run"); } int main(void) { return f(); }' > main.c
build_all() {
	build -shared -fPIC -nostdlib ../lib.c -Wl,-soname,libx.so -o libx.so
	build -shared -fPIC -nostdlib ../whole.c -Wl,-soname,libunused.so -o libunused.so
	build ../main.c ./libx.so ./libunused.so -Wl,--no-as-needed,--allow-shlib-undefined -Wl,-rpath,'$ORIGIN' -o prog
	build ../main.c ./libx.so ./libunused.so -Wl,--no-as-needed,--allow-shlib-undefined -o lost
}
each_loader build_all
for prog in ./prog ./lost; do
	same_success env LD_TRACE_LOADED_OBJECTS=1 $prog
	same_success env LD_TRACE_LOADED_OBJECTS=2 $prog
	same_success env LD_TRACE_LOADED_OBJECTS=1 LD_VERBOSE=1 $prog
	assert_lacks gild.out "code has run"
done
assert_contains gild.out "libx.so => not found"
same_runs env LD_TRACE_LOADED_OBJECTS=1 LD_WARN=1 ./prog
same_runs env LD_TRACE_LOADED_OBJECTS=1 LD_WARN=1 LD_BIND_NOW=1 ./prog
same_runs env LD_TRACE_LOADED_OBJECTS=1 LD_DEBUG=unused ./prog
assert_contains gild.out "libunused.so"
same_success ldd /bin/bash
(cd gild && "$LDSO" --list ./prog) > out
assert_contains out "libx.so => $PWD/gild/./libx.so"
assert_lacks out "code has run"

# --tree: who needs what, and who said where to look
(cd gild && "$LDSO" --tree ./prog) > out
cat > wanted <<EOF
./prog
├── libx.so => $PWD/gild/./libx.so (RUNPATH of ./prog)
├── libunused.so => $PWD/gild/./libunused.so (RUNPATH of ./prog)
└── libc.so.6 => LIBC (ld.so.cache)
    └── ld-linux-x86-64.so.2 => $LDSO
EOF
diff wanted <(sed 's|=> [^ ]*/libc.so.6|=> LIBC|' out) || fail "--tree"
rc=0; (cd gild && LD_LIBRARY_PATH=.. "$LDSO" --tree ./lost) > out || rc=$?
assert_equal $rc 1
assert_contains out "├── libx.so: not found"
mkdir -p other
cp gild/libx.so other
(cd gild && LD_PRELOAD=./libunused.so LD_LIBRARY_PATH=../other "$LDSO" --tree ./lost) > out
assert_contains out "├── libx.so => ../other/libx.so (LD_LIBRARY_PATH)"
assert_contains out "├── libunused.so => ./libunused.so"
