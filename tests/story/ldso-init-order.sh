#!/bin/bash
# The order of constructors and destructors is glibc's, with circles, preloads, DT_PREINIT_ARRAY, DF_1_INITFIRST,
# libraries opened later, and dependencies that come from bindings alone.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > lib.c <<'EOF'
#include <stdio.h>
__attribute__((constructor)) static void begin(void) { printf("+%s ", NAME); }
__attribute__((destructor)) static void end(void) { printf("-%s ", NAME); fflush(stdout); }
#define JOIN2(a, b) a##b
#define JOIN(a, b) JOIN2(a, b)
int JOIN(function_, ID)(void) { return 1; }
#ifdef USES
int USES(void);
int JOIN(call_, ID)(void) { return USES(); }
#endif
EOF
cat > main.c <<'EOF'
#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
__attribute__((constructor)) static void begin(void) { printf("+main "); }
__attribute__((destructor)) static void end(void) { printf("-main "); }
static void early(int argc, char **argv, char **envp) { (void)argc, (void)argv; printf("early%d ", envp != NULL); }
__attribute__((section(".preinit_array"), used)) static void (*const preinit)(int, char **, char **) = early;
int main(int argc, char **argv) {
	void *handles[16];
	for (int i = 1; i < argc; i++) {
		handles[i] = dlopen(argv[i], RTLD_LAZY | (i & 1 ? RTLD_GLOBAL : 0));
		printf("%s ", handles[i] ? "opened" : dlerror());
		int (*call)(void) = handles[i] ? (int (*)(void))dlsym(handles[i], "call_f") : NULL;
		if (call) printf("called%d ", call());
	}
	for (int i = 1; i < argc; i += 2)
		if (handles[i]) dlclose(handles[i]);
	puts("");
	return 0;
}
EOF
one() { local id=$1; shift; build -shared -fPIC -DID="$id" -DNAME="\"$id\"" ../lib.c -Wl,--no-as-needed "$@" -Wl,-soname,lib$id.so -Wl,-rpath,'$ORIGIN' -o lib$id.so; }
build_all() {
	one d
	one c libd.so
	one b libc.so -L. 2> /dev/null || one b ./libc.so
	one a ./libb.so ./libd.so
	# e and f need each other
	one e
	one f ./libe.so -DUSES=function_h -Wl,--unresolved-symbols=ignore-all
	one e ./libf.so
	one g -Wl,-z,initfirst
	one h
	build ../main.c -Wl,--no-as-needed ./liba.so ./libc.so -Wl,-rpath,'$ORIGIN' -o main
}
# libc.so is a name of the C library's: this one is libc.so, not libc.so.6
each_loader build_all
same_success ./main
same_success env LD_BIND_NOW=1 ./main
same_success env LD_PRELOAD=./libh.so:./libe.so ./main
same_success ./main ./libh.so ./libd.so ./libe.so
same_success ./main ./libh.so ./libf.so
same_success ./main ./libh.so ./libg.so ./libf.so ./libe.so
same_success ./main ./libh.so ./libe.so ./libg.so ./libf.so ./libe.so ./libh.so
same_success env LD_PRELOAD=./libg.so:./libh.so ./main ./libe.so
