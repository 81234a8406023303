#!/bin/bash
# DT_FILTER and DT_AUXILIARY: the objects that a library names there ("filtees") are searched right before it, whether it
# comes with the program or by dlopen. Without its filtee, a filter does not load; an auxiliary object may be missing.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

# Each library says who it is, when it begins and ends, and defines a function that all have and one of its own.
cat > library.c <<'EOF'
#include <stdio.h>
const char *who(void) { return NAME; }
#define PASTE_(a, b) a##b
#define PASTE(a, b) PASTE_(a, b)
int PASTE(of_, ID)(void) { return 1; }
__attribute__((constructor)) static void begin(void) { printf("begin %s\n", NAME); }
__attribute__((destructor)) static void end(void) { printf("end %s\n", NAME); }
EOF
cat > main.c <<'EOF'
#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>
#include <string.h>
const char *who(void);
static int show(struct dl_phdr_info *info, size_t size, void *data) {
	const char *slash = strrchr(info->dlpi_name, '/');
	if (strstr(info->dlpi_name, "./lib")) printf(" %s", slash + 1);
	return data || !size;
}
int main(void) { printf("%s;", who()); dl_iterate_phdr(show, NULL); puts(""); return 0; }
EOF
cat > opener.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
int main(int argc, char **argv) {
	for (int i = 1; i < argc; i++) {
		void *handle = dlopen(argv[i], RTLD_NOW);
		if (!handle) { puts(dlerror()); continue; }
		const char *(*who)(void) = dlsym(handle, "who");
		printf("%s: %s\n", argv[i], who ? who() : dlerror());
		if (i % 2) {
			printf("closed %d, ", dlclose(handle));
			handle = dlopen("./libfiltee.so", RTLD_NOW | RTLD_NOLOAD);
			printf("still there %d\n", handle != NULL);
			if (handle) dlclose(handle);
		}
	}
	return 0;
}
EOF
library() { # NAME OPTIONS
	local name=$1
	shift
	build -shared -fPIC -DNAME="\"$name\"" -DID=$name ../library.c -o lib$name.so -Wl,-soname,./lib$name.so -Wl,-z,lazy "$@"
}
build_all() {
	library filtee
	library second
	library gone
	library needer -Wl,--no-as-needed ./libsecond.so
	library filter -Wl,-F,./libfiltee.so
	library auxiliary -Wl,-f,./libfiltee.so -Wl,-f,./libnone.so -Wl,-f,./libsecond.so
	library broken -Wl,-F,./libgone.so
	library deeper -Wl,-f,./libfilter.so
	library circle -Wl,-f,./libcircle2.so
	library circle2 -Wl,-f,./libcircle.so
	library plain
	local first
	for first in filter auxiliary deeper; do
		build ../main.c ./lib$first.so -o uses-$first
		build ../main.c -Wl,--no-as-needed ./libplain.so ./lib$first.so ./libneeder.so ./libfiltee.so -o late-$first
	done
	build ../main.c ./libbroken.so -o uses-broken
	build ../opener.c -o opener
	rm libgone.so
}
each_loader build_all

for first in filter auxiliary deeper; do
	same_success ./uses-$first
	assert_contains gild.out "filtee; libfiltee.so"
	same_success ./late-$first
	same_success env LD_PRELOAD=./libfilter.so ./late-$first
	same_success env LD_TRACE_LOADED_OBJECTS=1 ./late-$first
	same_success env LD_BIND_NOW=1 LD_DEBUG=bindings,files,libs LD_DEBUG_OUTPUT=log ./uses-$first
	for dir in system gild; do
		cat $dir/log.* | normalize | grep -E "auxiliary object|file=.*(dynamically|needed)|binding file .*symbol .who|calling (init|fini)" > $dir.log
		rm $dir/log.*
	done
	diff system.log gild.log || fail "LD_DEBUG of uses-$first"
done
assert_contains gild.log "load auxiliary object=./libfilter.so requested by file=./libdeeper.so"
same_runs ./uses-broken
assert_contains gild.out "libgone.so: cannot open shared object file"
same_success ./opener ./libfilter.so ./libauxiliary.so ./libdeeper.so ./libbroken.so ./libneeder.so ./libfilter.so
assert_contains gild.out "./libfilter.so: filtee"
assert_contains gild.out "closed 0, still there 0"
# (two that filter each other keep the system's loader busy for ever)
(cd gild && timeout 20 ./opener ./libcircle.so) > circle || fail "libraries that filter each other"
assert_contains circle "./libcircle.so: circle"

(cd gild && "$GILD" tree ./uses-auxiliary) > tree
assert_contains tree "├── auxiliary: ./libfiltee.so"
assert_lacks tree "libnone.so"
(cd gild && "$GILD" tree --json ./uses-filter) > tree
assert_contains tree '"filter"'
(cd gild && "$GILD" tree ./uses-broken) > tree && fail "gild tree does not miss libgone.so"
assert_contains tree "library ./libgone.so, needed by ./libbroken.so"
(cd gild && "$GILD" explain --symbol=who ./uses-filter) > explained
assert_contains explained "libfiltee.so"
