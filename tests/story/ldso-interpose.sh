#!/bin/bash
# Symbols of preloaded libraries come first: LD_PRELOAD, --preload, RTLD_NEXT, malloc of the program's own; weak
# definitions; what can't be preloaded is only a warning.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > wrap.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
#include <string.h>
int puts(const char *text) {
	int (*next)(const char *) = (int (*)(const char *))dlsym(RTLD_NEXT, "puts");
	printf("[" NAME "] ");
	return next(text);
}
EOF
cat > main.c <<'EOF'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
static char pool[1 << 20];
static size_t used, calls;
void *malloc(size_t n) { calls++; void *p = pool + used; used += (n + 31) & ~15ul; return p; }
void *calloc(size_t n, size_t m) { void *p = malloc(n * m); return memset(p, 0, n * m); }
void *realloc(void *old, size_t n) { void *p = malloc(n); return old ? memcpy(p, old, n) : p; }
void free(void *p) { (void)p; }
int main(void) {
	puts("main");
	char *s = strdup("x");
	printf("own malloc %d %s\n", s > pool && s < pool + sizeof pool && calls > 0, getenv("LD_PRELOAD") ? "preloading" : "plain");
	fflush(stdout);
	return 0;
}
EOF
build_all() {
	build -shared -fPIC -DNAME='"one"' ../wrap.c -o one.so
	build -shared -fPIC -DNAME='"two"' ../wrap.c -o two.so
	build -rdynamic ../main.c -o main
}
each_loader build_all
same_success ./main
for list in ./one.so './one.so ./two.so' './two.so:./one.so' './one.so ./one.so' './none.so ./one.so' libnone.so ../main.c; do
	same_success env LD_PRELOAD="$list" ./main
done
same_success env LD_PRELOAD=./one.so LD_BIND_NOW=1 ./main
assert_equal "$(cd gild && "$LDSO" --preload './two.so ./one.so' ./main | head -n 1)" "[two] [one] main"
