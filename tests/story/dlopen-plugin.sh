#!/bin/bash
# A plugin opened with dlopen calls back into the executable: all of it with --export-dynamic, only what a dynamic list
# or --export-dynamic-symbol names otherwise, and what a library on the command line refers to in any case.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
#include <dlfcn.h>
#include <stdio.h>
int host_value = 5;
int host_add(int a, int b) { return a + b + host_value; }
int other(void) { return 0; }
int main(void) {
	void *h = dlopen("./plugin.so", RTLD_NOW);
	if (!h) { fprintf(stderr, "%s\n", dlerror()); return 3; }
	return ((int (*)(void))dlsym(h, "plugin"))() != 8;
}
END
echo 'int host_add(int, int); extern int host_value; int plugin(void) { host_value = 5; return host_add(1, 2); }' >plugin.c
echo '{ host_*; };' >list
exports() { readelf --dyn-syms -W prog | awk '$7 != "UND" && $8 ~ /^(host_|other|main$)/ { print $8 }' | sort | tr '\n' ' '; }
for cc in $COMPILERS; do
	$cc -fPIC -shared plugin.c -o plugin.so
	for kind in $DYNAMIC_KINDS; do
		build() { $cc $(cflags $kind) $(ldflags $kind) main.c "$@" -o prog; }
		build
		same "" "$(exports)" "$kind exports nothing"
		fails ./prog
		build -rdynamic
		./prog
		same "host_add host_value main other " "$(exports)" "$kind -rdynamic"
		build -Wl,-E,--no-export-dynamic
		same "" "$(exports)" "$kind --no-export-dynamic"
		build -Wl,--dynamic-list=list
		./prog
		same "host_add host_value " "$(exports)" "$kind --dynamic-list"
		build -Wl,--export-dynamic-symbol='host_a*' -Wl,--export-dynamic-symbol=host_value
		./prog
		same "host_add host_value " "$(exports)" "$kind --export-dynamic-symbol"
		build -Wl,--no-as-needed ./plugin.so
		./prog
		same "host_add host_value " "$(exports)" "$kind library on the command line refers to them"
	done
done

# In a shared library a dynamic list names what stays interposable.
echo 'int f(void) { return 1; } int g(void) { return 1; } int sum(void) { return f() * 10 + g(); }' >lib.c
echo '#include <stdio.h>
int f(void) { return 2; } int g(void) { return 2; } int sum(void); int main(void) { printf("%d\n", sum()); }' >main.c
echo '{ f; };' >list
link -O0 -fPIC -shared lib.c -Wl,--dynamic-list=list -o lib.so
link main.c ./lib.so -o prog
same 21 "$(./prog)" "dynamic list of a library"
