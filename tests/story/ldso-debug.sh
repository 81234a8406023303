#!/bin/bash
# LD_DEBUG: the categories files, reloc, bindings, versions, scopes, statistics, unused and help say what the system's
# loader says, but for its own inner bindings; LD_DEBUG_OUTPUT writes to a file; LD_SHOW_AUXV.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

echo 'int g(void); int f(void) { return g(); } extern int data; int *p = &data;' > f.c
echo 'int data = 3; int g(void) { return data; }' > g.c
echo '#include <stdlib.h>
int f(void); int main(void) { free(malloc(3)); return f() - 3; }' > main.c
build_all() {
	build -shared -fPIC ../g.c -Wl,-soname,libg.so -o libg.so
	build -shared -fPIC ../f.c libg.so -Wl,-soname,libf.so -Wl,-rpath,'$ORIGIN' -Wl,-z,lazy -o libf.so
	build ../main.c libf.so -Wl,-rpath,"$PWD" -Wl,-rpath-link,. -Wl,-z,lazy -o main
}
each_loader build_all
# What only one of them does: the system's loader relocates itself, looks up malloc and functions of the vDSO.
common() { grep -vE 'vdso_|(binding file|symbol=|relocation processing: )[^ ]*ld-linux|_dl_|symbol.{1,2}(malloc|calloc|realloc|free)|^PID:.?$' | cat -s; }
for category in files bindings versions scopes reloc symbols; do
	for now in '' 1; do
		in_both env LD_BIND_NOW=$now LD_DEBUG=$category ./main
		diff <(common < system.out) <(common < gild.out) || fail "LD_DEBUG=$category"
		assert_contains gild.out "exit code 0"
	done
done
same_success env LD_DEBUG=help ./main
same_success env LD_DEBUG=nonsense ./main
in_both env LD_DEBUG=statistics ./main
assert_contains gild.out "runtime linker statistics:"
in_both env LD_DEBUG=libs ./main
assert_contains gild.out "find library=libf.so [0]; searching"
assert_contains gild.out "trying file=HERE/libf.so"
assert_contains gild.out "search cache=/etc/ld.so.cache"
assert_contains gild.out "calling init: HERE/libg.so"

(cd gild && LD_DEBUG=files LD_DEBUG_OUTPUT=log ./main)
cat gild/log.* > out
assert_contains out "calling init"
(cd gild && LD_SHOW_AUXV=1 ./main) > out
for entry in AT_PAGESZ: AT_ENTRY: AT_RANDOM: AT_PLATFORM:; do assert_contains out $entry; done
diff <(cd system && LD_SHOW_AUXV=1 ./main | cut -d: -f1) <(cut -d: -f1 out) || fail LD_SHOW_AUXV
