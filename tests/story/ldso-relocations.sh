#!/bin/bash
# Every kind of dynamic relocation x86-64 has, in libraries with GNU and SysV hash tables, bound lazily and at start.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > lib.c <<'EOF'
int shared_data[4] = {1, 2, 3, 4};
int *data_pointer = &shared_data[2];
__thread int tls_value = 5;
__thread char tls_zeroes[300];
static __thread int tls_local = 6;
int get_tls(void) { return tls_value++ + tls_zeroes[299] + tls_local++; }
static int chosen(void) { return 8; }
static void *resolve(void) { return chosen; }
int indirect(void) __attribute__((ifunc("resolve")));
int (*indirect_pointer)(void) = indirect;
extern int missing_function(void) __attribute__((weak));
extern int missing_data __attribute__((weak));
int missing(void) { return missing_function != 0 || &missing_data != 0; }
int interposed(void) { return 1; }
int call_interposed(void) { return interposed(); }
__attribute__((visibility("protected"))) int guarded(void) { return 3; }
int call_guarded(void) { return guarded(); }
double sum(double a, double b, double c, double d, double e, double f, double g, double h, int n, long m) {
	return a + b + c + d + e + f + g + h + n + m;
}
EOF
cat > main.c <<'EOF'
#include <stdio.h>
extern int shared_data[4], *data_pointer, tls_filler;
extern __thread int tls_value;
int get_tls(void), indirect(void), missing(void), call_interposed(void), call_guarded(void);
extern int (*indirect_pointer)(void);
double sum(double, double, double, double, double, double, double, double, int, long);
int interposed(void) { return 2; }
int guarded(void) { return 4; }
static int (*table[])(void) = {indirect, missing, call_interposed, call_guarded};
int main(void) {
	printf("%d %d %d\n", shared_data[3], *data_pointer, data_pointer == &shared_data[2]);
	printf("%d %d %d\n", get_tls(), tls_value, get_tls());
	printf("%d %d %d\n", indirect(), indirect_pointer(), indirect_pointer == indirect);
	for (int i = 0; i < 4; i++)
		printf("%d ", table[i]());
	printf("\n%g %g\n", sum(1, 2, 3, 4, 5, 6, 7, 8, 9, 10), sum(.5, .25, 0, 0, 0, 0, 0, 0, 0, 0));
	return 0;
}
EOF
build_all() { # LIBRARY-FLAGS -- PROGRAM-FLAGS
	build -shared -fPIC $1 ../lib.c -o lib.so
	build $2 ../main.c ./lib.so -o prog
}
for library in "-Wl,--hash-style=gnu" "-Wl,--hash-style=sysv" "-Wl,--hash-style=both -mtls-dialect=gnu2" "-Wl,-z,pack-relative-relocs" \
	"-Wl,-Bsymbolic" "-ftls-model=initial-exec" "-Wl,-z,now" "-Wl,-z,max-page-size=2097152"; do
	for program in "-Wl,-z,lazy" "-Wl,-z,now" "-no-pie -fno-pie -Wl,-z,lazy"; do
		each_loader build_all "$library" "$program"
		same_success ./prog
	done
done
assert_contains gild.out "55 0.75"
same_success env LD_BIND_NOW=1 ./prog
same_success env LD_BIND_NOT=1 ./prog

# relocations in text
cat > textmain.c <<'EOF'
#include <stdio.h>
extern void *pointer_in_text;
int main(void) { printf("%d\n", pointer_in_text == &pointer_in_text); return 0; }
EOF
echo '.globl pointer_in_text; .type pointer_in_text, @object; .size pointer_in_text, 8; .text; .align 8; pointer_in_text: .quad pointer_in_text
.section .note.GNU-stack,"",@progbits' > textlib.s
build_text() {
	build -shared ../textlib.s -Wl,-z,notext -o libtext.so
	build -fPIC ../textmain.c ./libtext.so -o text
}
each_loader build_text
same_success ./text

# one definition of a unique symbol for the whole process, even through RTLD_LOCAL
cat > unique.cc <<'EOF'
template <class T> struct Counter { static int n; };
template <class T> int Counter<T>::n = 0;
extern "C" int count() { return ++Counter<int>::n; }
EOF
cat > host.c <<'EOF'
#include <dlfcn.h>
#include <stdio.h>
int main(void) {
	int (*a)(void) = dlsym(dlopen("./u1.so", RTLD_NOW), "count"), (*b)(void) = dlsym(dlopen("./u2.so", RTLD_NOW), "count");
	a();
	printf("%d\n", b());
	return 0;
}
EOF
build_unique() {
	build++ -shared -fPIC ../unique.cc -o u1.so
	build++ -shared -fPIC ../unique.cc -o u2.so
	build ../host.c -o host
}
each_loader build_unique
same_success ./host
assert_contains gild.out 2
