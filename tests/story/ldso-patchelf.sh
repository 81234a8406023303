#!/bin/bash
# Programs and libraries that patchelf has changed: tables that begin in one segment and end in the next, strings whose last NUL
# is not counted, segments before the first one and behind the last one. They run as they do under the system's loader.
# packages: patchelf
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"
have patchelf || skip "no patchelf"

echo '#include <stdio.h>
int answer(void); __thread int local = 2; int main(void) { printf("%d %d\n", answer(), local); return 0; }' > main.c
echo 'static __thread int n = 41; int answer(void) { return ++n; }' > lib.c
long=$(printf '/nowhere/at/all%0.s' $(seq 400))
build_all() {
	build -shared -fPIC ../lib.c -Wl,-soname,libanswer.so -o libanswer.so
	build ../main.c ./libanswer.so -Wl,-rpath,'$ORIGIN' -o pie
	build -no-pie -fno-pie ../main.c ./libanswer.so -Wl,-rpath,'$ORIGIN' -o fixed
	for program in pie fixed; do
		cp $program $program-rpath
		patchelf --add-rpath "$long" $program-rpath
		cp $program $program-needed
		patchelf --add-needed libm.so.6 --set-interpreter "$interpreter" $program-needed
		patchelf --replace-needed libanswer.so libother.so $program-needed
		patchelf --add-rpath "$long" $program-needed
	done
	cp libanswer.so libother.so
	patchelf --set-soname libother.so libother.so
	patchelf --add-rpath "$long" libother.so
	cp libanswer.so several.so
	patchelf --add-rpath /a/long/path/that/makes/the/section/grow --set-soname several.so.changed --add-needed libm.so.6 several.so
	echo '#include <dlfcn.h>
	#include <stdio.h>
	int main(void) { void *h = dlopen("./several.so", RTLD_NOW); printf("%d\n", h ? ((int (*)(void))dlsym(h, "answer"))() : -1); return !h; }' > opens.c
	build opens.c -o opens
}
each_loader build_all
for program in pie fixed pie-rpath fixed-rpath pie-needed fixed-needed opens; do same_success ./$program; done
assert_contains gild.out 42
for program in fixed-rpath fixed-needed; do
	(cd gild && "$GILD" tree ./$program) > out || { cat out; fail "gild tree ./$program"; }
	assert_contains out "nothing is missing"
done
