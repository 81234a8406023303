#!/bin/bash
# dlopen, dlsym, dlclose, dladdr, dlinfo and dlerror: flags, error texts, unloading with destructors, plugins that open
# plugins, a dlopen that fails half-way, handles of what is loaded already.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > plugin.cc <<'EOF'
#include <cstdio>
#include <stdexcept>
struct Noisy { Noisy() { printf("begin %s\n", NAME); } ~Noisy() { printf("end %s\n", NAME); } } noisy;
thread_local int counter = 5;
extern "C" int bump() { return ++counter; }
extern "C" void thrower() { throw std::runtime_error(NAME); }
EOF
cat > host.cc <<'EOF'
#include <dlfcn.h>
#include <link.h>
#include <cstdio>
#include <cstring>
#include <stdexcept>
#include <thread>
#define TELL(call) do { long r = (long)(call); const char *e = dlerror(); printf("%s: %s, %s\n", #call, r ? "something" : "0", e ? e : "no error"); } while (0)
static int count(struct dl_phdr_info *info, size_t, void *n) { *(int *)n += strstr(info->dlpi_name, "plugin") != nullptr; return 0; }
int main() {
	for (const char *name : {"./plugin1.so", "./plugin2.so"}) {
		void *handle = dlopen(name, RTLD_NOW | RTLD_LOCAL);
		if (!handle) { puts(dlerror()); return 1; }
		try { ((void (*)())dlsym(handle, "thrower"))(); } catch (std::exception &e) { printf("caught %s\n", e.what()); }
		auto bump = (int (*)())dlsym(handle, "bump");
		printf("%d", bump());
		std::thread([&] { printf(" %d\n", bump()); }).join();
		int n = 0;
		dl_iterate_phdr(count, &n);
		printf("plugins loaded %d, close %d\n", n, dlclose(handle));
	}
	int n = 0;
	dl_iterate_phdr(count, &n);
	printf("plugins loaded %d\n", n);
	void *h;
	TELL(dlopen("./plugin1.so", RTLD_NOW | RTLD_NOLOAD));
	TELL(dlopen("./none.so", RTLD_NOW));
	TELL(dlopen("libnone.so", RTLD_LAZY));
	TELL(dlopen("./plugin1.so", 0));
	TELL(dlopen("./host", RTLD_NOW));
	TELL(dlopen("../host.cc", RTLD_NOW));
	TELL(dlopen("/", RTLD_NOW));
	TELL(dlsym(RTLD_DEFAULT, "zzz"));
	TELL(dlsym(RTLD_NEXT, "zzz"));
	TELL(dlsym(RTLD_NEXT, "printf"));
	TELL(h = dlopen(NULL, RTLD_NOW));
	TELL(dlsym(h, "zzz"));
	TELL(dlsym(h, "exported"));
	TELL(dlvsym(h, "printf", "GLIBC_9"));
	TELL(dlvsym(h, "printf", "GLIBC_2.2.5"));
	TELL(dlclose(h));
	TELL(h = dlopen("./plugin1.so", RTLD_LAZY));
	TELL(dlsym(h, "zzz"));
	TELL(dlsym(RTLD_DEFAULT, "bump"));
	TELL(dlopen("./plugin1.so", RTLD_LAZY | RTLD_GLOBAL | RTLD_NOLOAD));
	TELL(dlsym(RTLD_DEFAULT, "bump"));
	struct link_map *map;
	char origin[4096];
	size_t module;
	Dl_info info;
	Dl_serinfo search;
	TELL(dlinfo(h, RTLD_DI_LINKMAP, &map));
	printf("%s\n", map->l_name);
	TELL(dlinfo(h, RTLD_DI_ORIGIN, origin));
	TELL(dlinfo(h, RTLD_DI_TLS_MODID, &module));
	TELL(dlinfo(h, RTLD_DI_SERINFOSIZE, &search));
	printf("%u directories, module %zu\n", search.dls_cnt, module);
	TELL(dlinfo(h, 99, origin));
	TELL(dladdr((void *)main, &info));
	printf("%s %s\n", info.dli_fname, info.dli_sname);
	TELL(dladdr((void *)puts, &info));
	printf("%s\n", info.dli_fname);
	TELL(dladdr((void *)3, &info));
	TELL(dlopen("libc.so.6", RTLD_NOW));
	TELL(dlopen("/lib64/ld-linux-x86-64.so.2", RTLD_NOW));
	TELL(dlopen("./needs-none.so", RTLD_NOW));
	TELL(dlopen("./undefined.so", RTLD_NOW));
	TELL(h = dlopen("./undefined.so", RTLD_LAZY));
	if (h) dlclose(h);
	TELL(dlopen("./opener.so", RTLD_NOW));
	TELL(h = dlopen("./keeper.so", RTLD_NOW | RTLD_NODELETE));
	TELL(dlclose(h));
	TELL(dlopen("./keeper.so", RTLD_NOW | RTLD_NOLOAD));
	TELL(h = dlopen("./deep.so", RTLD_NOW | RTLD_DEEPBIND));
	printf("deep %d\n", ((int (*)())dlsym(h, "answer"))());
	TELL(dlclose(h));
	TELL(h = dlopen("./deep.so", RTLD_NOW));
	printf("not deep %d\n", ((int (*)())dlsym(h, "answer"))());
	return 0;
}
extern "C" int exported() { return 1; }
extern "C" int inner() { return 1; }
EOF
echo 'int unknown(void); int f(void) { return unknown(); }' > undefined.c
echo 'int g(void) { return 1; }' > none.c
cat > opener.c <<'EOF'
#include <dlfcn.h>
#include <stdio.h>
static void *handle;
__attribute__((constructor)) static void begin(void) { handle = dlopen("./plugin2.so", RTLD_NOW); printf("opened %d, ", handle != NULL); dlopen("./none.so", RTLD_NOW); puts(dlerror()); }
__attribute__((destructor)) static void end(void) { printf("closing %d\n", dlclose(handle)); }
EOF
echo 'int inner(void) { return 2; } int answer(void) { return inner(); }' > deep.c
build_all() {
	for n in 1 2; do build++ -shared -fPIC -DNAME="\"plugin$n\"" ../plugin.cc -o plugin$n.so; done
	build -shared -fPIC ../undefined.c -o undefined.so
	mkdir -p away
	build -shared -fPIC ../none.c -o away/libgone.so
	build -shared -fPIC ../none.c -Wl,--no-as-needed away/libgone.so -o needs-none.so
	sed -i s/libgone/libg0ne/ needs-none.so
	build -shared -fPIC ../opener.c -o opener.so
	build -shared -fPIC ../none.c -o keeper.so
	build -shared -fPIC ../deep.c -o deep.so
	build++ ../host.cc -pthread -rdynamic -o host
}
each_loader build_all
same_success ./host
same_success env LD_BIND_NOW=1 ./host
assert_contains gild.out "caught plugin2"
assert_contains gild.out "not deep 1"
