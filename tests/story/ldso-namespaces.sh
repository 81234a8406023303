#!/bin/bash
# dlmopen: each namespace has its own copy of a library and of the C library, and knows nothing of the others; names, scopes,
# handles, errors, destructors, threads, exceptions and lists of objects do what they do under the system's loader.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > inner.c <<'EOF'
int shared_name(void) { return 5; }
EOF
cat > plugin.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <iconv.h>
#include <link.h>
#include <netdb.h>
#include <pthread.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
int shared_name(void);
static int counter;
static __thread int of_thread = 100;
int bump(void) { return ++counter; }
int bump_thread(void) { return ++of_thread; }
int of_program(void) { return dlsym(RTLD_DEFAULT, "only_in_program") != NULL; }
int name(void) { return shared_name(); }
static void *run(void *argument) { errno = 7; char *p = malloc(100); free(p); return (char *)argument + bump_thread(); }
long thread(void) { pthread_t t; void *result; pthread_create(&t, NULL, run, NULL); pthread_join(t, &result); return (long)result; }
static int count(struct dl_phdr_info *info, size_t size, void *data) {
	(void)size;
	const char *base = strstr(info->dlpi_name, "/ld-") ? "/the loader" : strrchr(info->dlpi_name, '/');
	printf("  iterates over %s\n", base ? base + 1 : info->dlpi_name);
	return ++*(int *)data == 100;
}
void list(void) { int n = 0; dl_iterate_phdr(count, &n); fflush(stdout); }
void services(void) {
	struct passwd *root = getpwuid(0);
	iconv_t conversion = iconv_open("UTF-16LE", "ISO-8859-1");
	char in[] = "ab", out[8] = "", *from = in, *to = out;
	size_t left = 2, room = 8;
	iconv(conversion, &from, &left, &to, &room);
	printf("root is %s, %d bytes converted, localhost %s\n", root ? root->pw_name : "none", (int)(8 - room), gethostbyname("localhost") ? "found" : "not found");
	iconv_close(conversion);
	fflush(stdout);
}
Lmid_t opens(void) {
	void *handle = dlopen("./other.so", RTLD_NOW);
	Lmid_t id = -7;
	if (!handle || dlinfo(handle, RTLD_DI_LMID, &id)) puts(dlerror());
	int *value = dlsym(handle, "other_value");
	printf("  other_value %d\n", value ? ++*value : -1);
	fflush(stdout);
	return id;
}
__attribute__((constructor)) static void begin(void) { printf("  plugin begins\n"); fflush(stdout); }
__attribute__((destructor)) static void end(void) { printf("  plugin ends, counter %d\n", counter); fflush(stdout); }
EOF
echo 'int other_value = 30;' > other.c
cat > throws.cc <<'EOF'
#include <map>
#include <stdexcept>
#include <string>
extern "C" int throws(int n) {
	try { if (n) throw std::runtime_error("text"); return 0; } catch (const std::exception &e) { return (int)std::string(e.what()).size(); }
}
EOF
cat > main.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
int only_in_program = 3;
int shared_name(void) { return 9; }
static long call(void *handle, const char *name) { long (*f)(void) = (long (*)(void))dlsym(handle, name); return f ? f() : -1; }
static int call_int(void *handle, const char *name) { int (*f)(void) = (int (*)(void))dlsym(handle, name); return f ? f() : -1; }
static void *in_thread(void *handle) { return (void *)(long)call_int(handle, "bump_thread"); }
static void names(void *handle) {
	struct link_map *map = handle;
	while (map->l_prev) map = map->l_prev;
	for (; map; map = map->l_next) { const char *base = strstr(map->l_name, "/ld-") ? "/the loader" : strrchr(map->l_name, '/'); printf("  in the list: %s\n", base ? base + 1 : map->l_name); }
	fflush(stdout);
}
static void error(const char *what) { const char *text = dlerror(); printf("%s: %s\n", what, text ? text : "no error"); fflush(stdout); }
int main(void) {
	Lmid_t id = -1;
	void *base = dlopen("./plugin.so", RTLD_NOW), *first = dlmopen(LM_ID_NEWLM, "./plugin.so", RTLD_NOW), *second = dlmopen(LM_ID_NEWLM, "./plugin.so", RTLD_LAZY);
	if (!base || !first || !second) { error("dlmopen"); return 1; }
	printf("base %d %d, first %d, second %d\n", call_int(base, "bump"), call_int(base, "bump"), call_int(first, "bump"), call_int(second, "bump"));
	printf("names: base %d, first %d; program seen from base %d, from first %d\n", call_int(base, "name"), call_int(first, "name"), call_int(base, "of_program"), call_int(first, "of_program"));
	dlinfo(first, RTLD_DI_LMID, &id);
	printf("first is in %ld", (long)id);
	Lmid_t other = -1;
	dlinfo(second, RTLD_DI_LMID, &other);
	printf(", second in %ld\n", (long)other);
	names(base), names(first);
	call(base, "list"), call(first, "list");
	printf("threads: %ld %ld\n", call(base, "thread"), call(first, "thread"));
	printf("of this thread: %d %d %d\n", call_int(base, "bump_thread"), call_int(first, "bump_thread"), call_int(first, "bump_thread"));
	pthread_t thread;
	void *result;
	pthread_create(&thread, NULL, in_thread, second);
	pthread_join(thread, &result);
	printf("of a thread of the program: %ld\n", (long)result);
	printf("opens in %ld\n", call(first, "opens"));
	printf("opens in %ld\n", call(second, "opens"));
	printf("opens in %ld\n", call(base, "opens"));
	fflush(stdout);
	void *again = dlmopen(id, "./plugin.so", RTLD_NOW), *more = dlmopen(id, "./throws.so", RTLD_NOW);
	printf("again the same: %d\n", again == first);
	if (more) printf("caught %d\n", ((int (*)(int))dlsym(more, "throws"))(1)); else error("throws.so");
	call(base, "services"), call(first, "services");
	Dl_info info;
	printf("dladdr %d %s\n", dladdr(dlsym(first, "bump"), &info), info.dli_sname);
	dlclose(dlopen("./throws.so", RTLD_NOW));
	printf("NULL: %d\n", dlmopen(LM_ID_NEWLM, NULL, RTLD_NOW) == NULL), error("error");
	printf("global: %d\n", dlmopen(LM_ID_NEWLM, "./other.so", RTLD_NOW | RTLD_GLOBAL) == NULL), error("error");
	printf("no such: %d\n", dlmopen(LM_ID_NEWLM, "./none.so", RTLD_NOW) == NULL), error("error");
	printf("wrong: %d\n", dlmopen(14, "./other.so", RTLD_NOW) == NULL), error("error");
	printf("mode: %d\n", dlmopen(LM_ID_NEWLM, "./other.so", 0) == NULL), error("error");
	printf("libc: %d\n", dlmopen(LM_ID_NEWLM, "libc.so.6", RTLD_NOW) != NULL);
	printf("base by dlmopen: %d\n", dlmopen(LM_ID_BASE, "./plugin.so", RTLD_NOW) == base);
	fflush(stdout);
	dlclose(again), dlclose(first), dlclose(more);
	printf("closed\n");
	void *handles[20];
	int n = 0;
	while (n < 20 && (handles[n] = dlmopen(LM_ID_NEWLM, "./other.so", RTLD_NOW))) n++;
	printf("%d more", n), error("");
	for (int i = 0; i < n; i++) dlclose(handles[i]);
	for (int i = 0; i < 300; i++) {
		void *handle = dlmopen(LM_ID_NEWLM, "./other.so", RTLD_NOW);
		if (!handle || ++*(int *)dlsym(handle, "other_value") != 31 || dlclose(handle)) { error("round"); return 1; }
	}
	printf("the end\n");
	fflush(stdout);
	return 0;
}
EOF
build_all() {
	build -shared -fPIC ../inner.c -Wl,-soname,libinner.so -o libinner.so
	build -shared -fPIC ../plugin.c ./libinner.so -Wl,-rpath,'$ORIGIN' -o plugin.so
	build -shared -fPIC ../other.c -o other.so
	build++ -shared -fPIC ../throws.cc -o throws.so
	build -rdynamic ../main.c -o main
}
each_loader build_all
same_success ./main
assert_contains gild.out "base 2 1, first 1, second 1"
assert_contains gild.out "names: base 9, first 5; program seen from base 1, from first 0"
# (the system's loader has crashed here)
(cd gild && LD_BIND_NOW=1 ./main && echo "exit code 0") > now.out 2>&1 || { cat now.out; fail "LD_BIND_NOW=1"; }
diff gild.out now.out || fail "LD_BIND_NOW=1 makes a difference"

assert_contains gild.out "the end"

# LD_DEBUG tells the namespaces apart
in_both env LD_DEBUG=files ./main
for out in system gild; do
	grep -E '\[[1-9]\]' $out.out | grep -vE 'ld-linux' | sort -u > $out.numbers
done
diff system.numbers gild.numbers || fail "LD_DEBUG=files of namespaces"

# a debugger sees the libraries of all of them
if have gdb; then
	(cd gild && gdb -nx -batch -ex 'set breakpoint pending on' -ex 'break services' -ex run -ex 'info sharedlibrary' -ex continue -ex bt ./main) > out 2>&1 < /dev/null
	[ "$(grep -c '^0x.*libc.so.6' out)" -ge 2 ] || { cat out; fail "gdb does not see the C library of each namespace"; }
	grep '^#0 .*services' out > /dev/null || { cat out; fail "no breakpoint in a namespace"; }
fi
