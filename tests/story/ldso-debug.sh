#!/bin/bash
# LD_DEBUG: every category says what the system's loader says, line by line, but for its own inner bindings, and times: of a
# program and its libraries, of one that opens and closes libraries, of programs of the system; LD_DEBUG_OUTPUT writes to
# a file; LD_SHOW_AUXV.
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
	mkdir -p away
	cp libf.so libg.so away
	build ../main.c libf.so libg.so -lm -Wl,--no-as-needed -Wl,-rpath,'$ORIGIN/none:/nowhere/at/all' -Wl,-rpath-link,. -o nowhere
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
same_success env LD_DEBUG=unused ./main

# search_only: folders of old, which the system's loader still looks into, are no difference
search_only() { grep -vE 'trying file=.*/(tls|haswell|avx512_1|x86_64)/' | sed -E '/search path=/s#[^:= ]*/(tls|haswell|avx512_1|x86_64)(/[^: \t]*)?(:|\t|$)#\3#g; /search path=/s#:+#:#g; /search path=/s#:\t#\t#'; }
in_both env LD_DEBUG=libs LD_LIBRARY_PATH=none:away ./nowhere
diff <(search_only < system.out) <(search_only < gild.out) || fail "LD_DEBUG=libs with a RUNPATH that leads nowhere"
assert_contains gild.out "exit code 0"
in_both env LD_DEBUG=libs ./main
diff <(search_only < system.out) <(search_only < gild.out) || fail "LD_DEBUG=libs"
assert_contains gild.out "find library=libf.so [0]; searching"
assert_contains gild.out "trying file=HERE/libf.so"
assert_contains gild.out "search cache=/etc/ld.so.cache"
assert_contains gild.out "calling init: HERE/libg.so"

# statistics: the same lines; the same number of relative relocations, in all but the loader
in_both env LD_DEBUG=statistics ./main
assert_contains gild.out "number of relative relocations: "
numbers() { sed -E '/relative relocations/!s/[0-9]+/N/g; s/\(\.N%\)/(N.N%)/' "$1"; }
diff <(numbers system.out) <(numbers gild.out) || fail "LD_DEBUG=statistics"

# libraries that come and go
cat > opens.c <<'EOT'
#include <dlfcn.h>
int main(void) {
	void *f = dlopen("./libf.so", RTLD_LAZY | RTLD_GLOBAL), *again = dlopen("./libf.so", RTLD_NOW), *none = dlopen("./none.so", RTLD_NOW);
	int result = ((int (*)(void))dlsym(f, "f"))() - 3 + (again != f) + (none != 0) + (dlsym(f, "no_such_symbol") != 0);
	dlclose(again);
	dlclose(f);
	return result;
}
EOT
opener() { build ../opens.c -o opens; }
each_loader opener
for category in files bindings versions scopes reloc symbols all; do
	in_both env LD_DEBUG=$category ./opens
	diff <(common < system.out | search_only) <(common < gild.out | search_only) || fail "LD_DEBUG=$category of dlopen"
	assert_contains gild.out "exit code 0"
done

# programs of the system, run by a loader as a command
for program in /bin/ls /usr/bin/gpg /usr/bin/perl; do
	[ -x $program ] || continue
	for category in libs files bindings versions scopes reloc symbols unused all; do
		for loader in "$SYSTEM_LDSO" "$LDSO"; do
			LD_BIND_NOW=1 LD_DEBUG=$category "$loader" $program --version 2>&1 | normalize | common | search_only > "${loader##*/}.out" || :
		done
		diff ${SYSTEM_LDSO##*/}.out "${LDSO##*/}.out" > differences || { head -n 40 differences; fail "LD_DEBUG=$category of $program"; }
	done
done

(cd gild && LD_DEBUG=files LD_DEBUG_OUTPUT=log ./main)
cat gild/log.* > out
assert_contains out "calling init"
(cd gild && LD_SHOW_AUXV=1 ./main) > out
for entry in AT_PAGESZ: AT_ENTRY: AT_RANDOM: AT_PLATFORM:; do assert_contains out $entry; done
diff <(cd system && LD_SHOW_AUXV=1 ./main | cut -d: -f1) <(cut -d: -f1 out) || fail LD_SHOW_AUXV
