#!/bin/bash
# Ten thousand times dlopen and dlclose of a library with a dependency, thread-local variables and constructors: no
# mapping, no file descriptor, no memory stays behind, and each time everything begins anew.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > library.c <<'EOF'
#include <stdlib.h>
static __thread int counter = 5;
static int *memory;
int bump(void) { return ++counter; }
int dependency(void);
int use(void) { return dependency(); }
__attribute__((constructor)) static void begin(void) { memory = malloc(10); }
__attribute__((destructor)) static void end(void) { free(memory); }
EOF
echo '__thread int many[100] = {1}; int dependency(void) { return many[0]++; }' > dependency.c
cat > main.c <<'EOF'
#include <dirent.h>
#include <dlfcn.h>
#include <stdio.h>
static int lines(const char *path) { FILE *f = fopen(path, "r"); int n = 0, c; while ((c = getc(f)) != EOF) n += c == '\n'; fclose(f); return n; }
static int descriptors(void) { DIR *d = opendir("/proc/self/fd"); int n = 0; while (readdir(d)) n++; closedir(d); return n; }
static long pages(void) { FILE *f = fopen("/proc/self/statm", "r"); long total, resident; if (fscanf(f, "%ld %ld", &total, &resident) != 2) return 0; fclose(f); return total; }
int main(void) {
	int maps = 0, fds = 0;
	long size = 0;
	for (int i = 0; i < 10000; i++) {
		void *handle = dlopen("./library.so", i & 1 ? RTLD_NOW : RTLD_LAZY);
		if (!handle) { puts(dlerror()); return 1; }
		if (((int (*)(void))dlsym(handle, "bump"))() != 6 || ((int (*)(void))dlsym(handle, "use"))() != 1) return 2;
		if (dlclose(handle)) return 3;
		if (i == 100) { maps = lines("/proc/self/maps"); fds = descriptors(); size = pages(); }
	}
	printf("mappings %d, descriptors %d, pages %ld more\n", lines("/proc/self/maps") - maps, descriptors() - fds, pages() - size);
	return 0;
}
EOF
link -shared -fPIC dependency.c -Wl,-soname,libdependency.so -o libdependency.so
link -shared -fPIC library.c ./libdependency.so -Wl,-rpath,'$ORIGIN' -o library.so
link main.c -Wl,--dynamic-linker="$LDSO" -o main
./main > out
assert_contains out "mappings 0, descriptors 0, pages 0 more"
