#!/bin/bash
# How long libraries stay: two users of one library, -z nodelete and RTLD_NODELETE, unique symbols, RTLD_GLOBAL given later,
# a dlopen that fails after it loaded other libraries; bindings that outlive a handle; exceptions and dlopen in constructors
# and destructors; _dl_find_object for what is there and what is gone; RPATH of the library that calls dlopen; a chain of
# 300 libraries, and a circle.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > library.c <<'EOF'
#include <stdio.h>
#ifdef UNIQUE
__asm__(".globl unique; .type unique, @gnu_unique_object; .size unique, 4; .data; unique: .long 5; .text");
extern int unique;
int touch(void) { return unique++; }
#endif
int state = 1;
int who(void) { return state++; }
#ifdef USES
int USES(void);
int call(void) { return USES(); }
#endif
#ifdef DEFINES
int DEFINES(void) { return 70 + state; }
#endif
__attribute__((constructor)) static void begin(void) { printf("+%s ", NAME); }
__attribute__((destructor)) static void end(void) { printf("-%s ", NAME); }
EOF
cat > main.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static int count(struct dl_phdr_info *info, size_t size, void *n) {
	*(int *)n += strstr(info->dlpi_name, "./lib") != NULL;
	return size == 0;
}
/* open, close, number: what the words of the command line ask for */
int main(int argc, char **argv) {
	void *handles[200] = {0};
	for (int i = 1; i < argc; i++) {
		char *name = argv[i] + 1, file[40];
		int mode = RTLD_LAZY;
		for (; *name && strchr("NGDO", *name); name++)
			mode = *name == 'N' ? RTLD_NOW | (mode & ~RTLD_LAZY) : mode | (*name == 'G' ? RTLD_GLOBAL : *name == 'D' ? RTLD_NODELETE : RTLD_NOLOAD);
		snprintf(file, sizeof file, "./lib%s.so", name);
		unsigned char slot = (unsigned char)*name;
		int n = 0, (*f)(void) = NULL;
		switch (argv[i][0]) {
		case 'o': {
			void *handle = dlopen(file, mode);
			printf("%s %s\n", argv[i], handle ? "opened" : dlerror());
			if (handle) handles[slot] = handle;
			break;
		}
		case 'c': printf("%s closed %d\n", argv[i], dlclose(handles[slot])); break;
		case 'w': f = (int (*)(void))dlsym(handles[slot], "who"); break;
		case 't': f = (int (*)(void))dlsym(handles[slot], "touch"); break;
		case 'u': f = (int (*)(void))dlsym(handles[slot], "call"); break;
		}
		if (f) printf("%s says %d\n", argv[i], f());
		dl_iterate_phdr(count, &n);
		printf("%d libraries\n", n);
	}
	return 0;
}
EOF
# one NAME ARGS: libNAME.so
one() {
	local name=$1
	shift
	build -shared -fPIC -DNAME="\"$name\"" ../library.c -Wl,--no-as-needed "$@" -Wl,-soname,./lib$name.so -Wl,-z,lazy -Wl,-rpath,'$ORIGIN' -o lib$name.so
}
build_all() {
	one a
	one b ./liba.so
	one e ./liba.so                                   # a has two users
	one k -Wl,-z,nodelete
	one l ./libk.so
	one q -DUNIQUE
	one r -DUNIQUE
	one d -DDEFINES=given
	one g -DUSES=given -Wl,-z,undefs                  # bound to whoever gives it
	one m -DUSES=nobody_gives_it -Wl,-z,undefs ./libk.so ./libe.so
	one n -DUSES=nobody_gives_it -Wl,-z,undefs ./libr.so ./libk.so -Wl,-z,nodelete
	build ../main.c -rdynamic -o main
}
each_loader build_all
same_success ./main ob oe cb we wa ce
same_success ./main oa ob ca wb oa wa ca cb
same_success ./main ol cl ok wk ck oOk
same_success ./main oDa wa ca wa oa wa ca
same_success ./main ob oDOa cb oOa
same_success ./main oq tq tq cq or tr oq tq cr cq
same_runs ./main od og ug
assert_contains gild.out "undefined symbol: given"
same_success ./main oGd og ug cd ug cg
same_success ./main od og oGOd ug cd cg
same_success ./main oNm om cm ok ck
same_success ./main oNn ok wk ck or tr cr oNn on cn
same_success ./main oNg oGd oNg ug cg cd
assert_contains gild.out "0 libraries"

# --- constructors that throw and open, unwinding through them, what a destructor may still do
cat > thrower.cc <<'EOF'
#include <cstdio>
#include <dlfcn.h>
#include <stdexcept>
#include <unwind.h>
static _Unwind_Reason_Code step(_Unwind_Context *, void *n) { ++*(int *)n; return _URC_NO_REASON; }
static int depth() { int n = 0; _Unwind_Backtrace(step, &n); return n; }
struct First {
	First() {
		try { throw std::runtime_error("in a constructor"); } catch (std::exception &e) { printf("%s, deep enough %d\n", e.what(), depth() > 3); }
		void *other = dlopen("./liba.so", RTLD_NOW);
		printf("opened %d, closed %d\n", other != nullptr, dlclose(other));
	}
	~First() {
		try { throw 3; } catch (int n) { printf("thrown %d when closing, %d\n", n, dlopen("./libnone.so", RTLD_NOW) == nullptr); }
	}
} first;
EOF
cat > finds.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>
static void find(const char *what, void *address) {
	struct dl_find_object found;
	int rc = _dl_find_object(address, &found);
	printf("%s: %d", what, rc);
	if (!rc)
		printf(", inside %d, frames %d, %s", found.dlfo_map_start <= address && address < found.dlfo_map_end, found.dlfo_eh_frame != NULL,
		       *found.dlfo_link_map->l_name ? found.dlfo_link_map->l_name : "the program");
	puts("");
}
static int counts(struct dl_phdr_info *info, size_t size, void *first) {
	unsigned long long *before = first;
	if (!before[2]++) printf("added %d, taken away %d\n", (int)(info->dlpi_adds - before[0]), (int)(info->dlpi_subs - before[1]));
	return size == 0;
}
static int remember(struct dl_phdr_info *info, size_t size, void *first) {
	((unsigned long long *)first)[0] = info->dlpi_adds, ((unsigned long long *)first)[1] = info->dlpi_subs;
	return size != 0;
}
__thread int of_thread = 4;
int main(void) {
	int local;
	unsigned long long before[3] = {0};
	dl_iterate_phdr(remember, before);
	size_t module = 0;
	void *data = NULL, *self = dlopen(NULL, RTLD_NOW);
	const ElfW(Phdr) *headers = NULL;
	printf("module %d %zu, ", dlinfo(self, RTLD_DI_TLS_MODID, &module), module);
	printf("data %d %d, ", dlinfo(self, RTLD_DI_TLS_DATA, &data), data == &of_thread);
	printf("headers %d %d\n", dlinfo(self, RTLD_DI_PHDR, &headers) > 3, headers && headers->p_type == PT_PHDR);
	for (int i = 0; i < 2; i++) {
		void *handle = dlopen("./thrower.so", RTLD_NOW), *a = dlopen("./liba.so", RTLD_NOW), *inside = dlsym(a, "who");
		find("main", main), find("printf", dlsym(RTLD_DEFAULT, "printf")), find("library", inside);
		find("stack", &local), find("null", NULL), find("far", (void *)-1), find("thrower", dlsym(handle, "first"));
		printf("%d %d\n", dlclose(handle), dlclose(a));
		find("gone", inside);
		before[2] = 0;
		dl_iterate_phdr(counts, before);
	}
	return 0;
}
EOF
# --- dlopen("libq.so") looks in the RPATH or RUNPATH of the library that calls
echo '#include <dlfcn.h>
#include <stdio.h>
void try(void) { void *h = dlopen("libinner.so", RTLD_NOW); printf("%s\n", h ? "found by its caller" : dlerror()); if (h) dlclose(h); }' > caller.c
echo '#include <dlfcn.h>
void try1(void); int main(void) { ((void (*)(void))dlsym(dlopen("./caller1.so", RTLD_NOW), "try"))(); ((void (*)(void))dlsym(dlopen("./caller2.so", RTLD_NOW), "try"))();
	((void (*)(void))dlsym(dlopen("./caller3.so", RTLD_NOW), "try"))(); return 0; }' > calls.c
build_more() {
	build++ -shared -fPIC ../thrower.cc -o thrower.so
	build ../finds.c -o finds
	mkdir -p inner
	build -shared -fPIC -DNAME='"inner"' ../library.c -o inner/libinner.so
	build -shared -fPIC ../caller.c -Wl,-rpath,'$ORIGIN/inner' -Wl,--enable-new-dtags -o caller1.so
	build -shared -fPIC ../caller.c -Wl,-rpath,inner -Wl,--disable-new-dtags -o caller2.so
	build -shared -fPIC ../caller.c -o caller3.so
	build ../calls.c -o calls
	build ../calls.c -Wl,-rpath,'$ORIGIN/inner' -Wl,--enable-new-dtags -o calls-runpath
	build ../calls.c -Wl,-rpath,'$ORIGIN/inner' -Wl,--disable-new-dtags -o calls-rpath
}
each_loader build_more
same_success ./finds
assert_contains gild.out "in a constructor, deep enough 1"
assert_contains gild.out "gone: -1"
for calls in calls calls-runpath calls-rpath; do same_success ./$calls; done
assert_contains gild.out "found by its caller"

# --- a chain of libraries, each of which needs the next, and the last one the first
cat > chain.s <<'EOF'
	.text
	.globl f
f:	ret
	.section .note.GNU-stack,"",@progbits
EOF
"$CC" -c chain.s -o chain.o
mkdir chain
echo 'int f(void); int main(void) { return 0; }' > first.c
"$CC" -c first.c -o first.o
(
	cd chain
	for ((i = 0; i <= 300; i++)); do "$GILD" -shared ../chain.o -soname libc$i.so -o libc$i.so; done
	for ((i = 0; i < 300; i++)); do "$GILD" -shared ../chain.o -soname libc$i.so --no-as-needed libc$((i + 1)).so --allow-shlib-undefined -o libc$i.so; done
	"$GILD" -shared ../chain.o -soname libc300.so --no-as-needed libc0.so --allow-shlib-undefined -o libc300.so
)
link first.o -Wl,--no-as-needed chain/libc0.so -Wl,--allow-shlib-undefined -Wl,-rpath-link,chain -Wl,--dynamic-linker="$LDSO" -o first
LD_LIBRARY_PATH=chain ./first || fail "a chain of 300 libraries"
assert_equal "$(LD_LIBRARY_PATH=chain "$LDSO" --list ./first | grep -c chain/libc)" 301
rm chain/libc250.so
rc=0; LD_LIBRARY_PATH=chain ./first 2> out || rc=$?
assert_equal $rc 127
assert_contains out "libc250.so: cannot open shared object file"
