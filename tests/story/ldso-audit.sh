#!/bin/bash
# Auditing (rtld-audit): libraries named by LD_AUDIT, --audit or DT_AUDIT see and change the same at each checkpoint, in the same
# order, as under the system's loader: searches, objects that come and go, bindings, and calls through a PLT with their
# arguments and results, in general, vector and x87 registers and on the stack. What can't be an auditor is left out.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"
grep -qw avx /proc/cpuinfo || skip "the processor has no AVX"

cat > auditor.c <<'EOF'
#define _GNU_SOURCE
#include <link.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
static const char *cookie_name(uintptr_t *c) { const char *n = ((struct link_map *)*c)->l_name; const char *s = strrchr(n, '/'); if (strstr(n, "/ld-")) return "LOADER"; return *n ? s ? s + 1 : n : "(main)"; }
static char *base(const char *n) { static char b[4][300]; static int i; char *r = b[i++ & 3]; const char *s = strrchr(n, '/'); snprintf(r, 300, "%s", strstr(n, "/ld-") ? "LOADER" : s ? s + 1 : n); return r; }
#define P(...) do { printf("audit: " __VA_ARGS__); fflush(stdout); } while (0)
unsigned la_version(unsigned v) { P("version %u\n", v); return v; }
void la_activity(uintptr_t *c, unsigned f) { P("activity %s %u\n", cookie_name(c), f); }
char *la_objsearch(const char *n, uintptr_t *c, unsigned f) {
	if (strstr(n, "/tls/") || strstr(n, "/haswell/") || strstr(n, "/avx512_1/") || strstr(n, "/x86_64/")) return (char *)n; /* folders of old */
	P("search %s for %s %u\n", base(n), cookie_name(c), f); if (getenv("AUDIT_RENAME") && strstr(n, "libtwo.so") && f == LA_SER_ORIG) return "./libthree.so"; return (char *)n; }
unsigned la_objopen(struct link_map *m, Lmid_t l, uintptr_t *c) { P("open %s in %ld\n", base(m->l_name), l); return getenv("AUDIT_NOBIND") ? 0 : LA_FLG_BINDTO | LA_FLG_BINDFROM; }
void la_preinit(uintptr_t *c) { P("preinit %s\n", cookie_name(c)); }
static int replacement(int x) { return x + 1000; }
uintptr_t la_symbind64(Elf64_Sym *s, unsigned i, uintptr_t *r, uintptr_t *d, unsigned *f, const char *n) {
	if (getenv("THREADS") || strstr(cookie_name(r), "libc.so") || strstr(cookie_name(r), "LOADER")) return s->st_value;
	P("bind %s in %s to %s flags %x\n", n, cookie_name(r), cookie_name(d), *f);
	if (getenv("AUDIT_REPLACE") && !strcmp(n, "add")) return (uintptr_t)replacement;
	return s->st_value; }
unsigned la_objclose(uintptr_t *c) { P("close %s\n", cookie_name(c)); return 0; }
#ifdef PLT
Elf64_Addr la_x86_64_gnu_pltenter(Elf64_Sym *s, unsigned i, uintptr_t *r, uintptr_t *d, La_x86_64_regs *regs, unsigned *f, const char *n, long *size) {
	if (getenv("THREADS")) { *size = 64; return s->st_value; } /* this C library was not told of the program's threads */
	if (strstr(cookie_name(r), "libc.so") || !(strncmp(n, "add", 3) == 0)) return s->st_value;
	P("enter %s %ld\n", n, !strcmp(n, "add") ? (long)regs->lr_rdi : 0);
	if (getenv("AUDIT_CHANGE") && !strcmp(n, "add")) regs->lr_rdi += 7;
	if (getenv("AUDIT_CHANGE") && !strcmp(n, "add_double")) ((double *)&regs->lr_xmm[0])[0] = 50;
	*size = 128;
	return s->st_value; }
unsigned la_x86_64_gnu_pltexit(Elf64_Sym *s, unsigned i, uintptr_t *r, uintptr_t *d, const La_x86_64_regs *in, La_x86_64_retval *out, const char *n) {
	if (getenv("THREADS") || strncmp(n, "add", 3)) return 0;
	P("exit %s rax %d xmm0 %g st0 %Lg\n", n, !strcmp(n, "add") || !strcmp(n, "add_many") ? (int)out->lrv_rax : 0, !strcmp(n, "add_double") ? *(double *)&out->lrv_xmm0 : 0.0, !strcmp(n, "add_long") ? out->lrv_st0 : 0.0L);
	if (getenv("AUDIT_CHANGE") && !strcmp(n, "add_many")) out->lrv_rax += 1;
	if (getenv("AUDIT_CHANGE") && !strcmp(n, "add_long")) out->lrv_st0 = 99;
	return 0; }
#endif
EOF
cat > two.c <<'EOF'
#include <stdarg.h>
#include <stdio.h>
__thread int of_thread = 40;
int add(int x) { return x + ++of_thread; }
double add_double(double x) { return x + 1; }
long double add_long(long double x) { return x + 2; }
int add_many(int a, int b, int c, int d, int e, int f, int g, int h, int i, int j) { return a + b * 2 + c * 3 + d * 4 + e * 5 + f * 6 + g * 7 + h * 8 + i * 9 + j * 10; }
typedef double wide __attribute__((vector_size(32)));
__attribute__((target("avx"))) wide add_wide(wide x) { return x + x; }
EOF
sed 's/x + ++of_thread/x + 3000/' two.c > three.c
cat > main.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
int add(int), add_many(int, int, int, int, int, int, int, int, int, int); double add_double(double); long double add_long(long double);
typedef double wide __attribute__((vector_size(32)));
__attribute__((target("avx"))) wide add_wide(wide x);
__attribute__((target("avx"))) static void wide_call(void) { wide x = {1, 2, 3, 4}; x = add_wide(x); printf("main: %g %g %g %g\n", x[0], x[1], x[2], x[3]); }
__thread int mine = 5;
static void *in_thread(void *x) { for (int i = 0; i < 50; i++) if (add_many(i, 0, 0, 0, 0, 0, 0, 0, 0, 0) < i) return NULL; return x; }
int main(void) {
	printf("main: %d %d\n", add(1), mine); printf("main: %d\n", add(1));
	printf("main: %g %Lg %d\n", add_double(2.5), add_long(3), add_many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10));
	for (int i = 0; i < 20; i++) if (add_long(i) < 0) return 3;
	wide_call();
	fflush(stdout);
	pthread_t threads[4];
	int good = 0;
	for (int i = 0; getenv("THREADS") && i < 4; i++) pthread_create(&threads[i], NULL, in_thread, threads);
	for (int i = 0; getenv("THREADS") && i < 4; i++) { void *result; pthread_join(threads[i], &result); good += result == threads; }
	printf("main: %d threads\n", good);
	void *h = dlopen("./plugin.so", RTLD_LAZY);
	if (!h) puts(dlerror()); else { printf("main: plugin %d\n", ((int (*)(int))dlsym(h, "plug"))(3)); fflush(stdout); dlclose(h); }
	h = dlmopen(-1, "./plugin.so", RTLD_LAZY);
	if (!h) puts(dlerror()); else { printf("main: plugin %d\n", ((int (*)(int))dlsym(h, "plug"))(3)); fflush(stdout); dlclose(h); }
	fflush(stdout);
	return 0; }
EOF
echo 'int add(int); int plug(int x) { return add(x) * 2; }' > plugin.c
build_all() {
	build -shared -fPIC ../two.c -Wl,-soname,libtwo.so -o libtwo.so
	build -shared -fPIC ../three.c -Wl,-soname,libthree.so -o libthree.so
	build -shared -fPIC ../plugin.c ./libtwo.so -Wl,-rpath,'$ORIGIN' -Wl,-z,lazy -o plugin.so
	build ../main.c ./libtwo.so -Wl,-rpath,'$ORIGIN' -Wl,-z,lazy -pthread -o main
	build -shared -fPIC ../auditor.c -o watch.so
	build -shared -fPIC -DPLT ../auditor.c -o calls.so
	echo 'int nothing;' | build -shared -fPIC -x c - -o no-version.so
	echo 'unsigned la_version(unsigned v) { return 0 * v; }' | build -shared -fPIC -x c - -o zero.so
	echo 'unsigned la_version(unsigned v) { return v + 1; }' | build -shared -fPIC -x c - -o newer.so
	# linked by the system's linker: DT_AUDIT and DT_DEPAUDIT
	gcc ../main.c ./libtwo.so -Wl,-rpath,'$ORIGIN' -Wl,-z,lazy -pthread -Wl,--audit,./watch.so -Wl,--dynamic-linker="$interpreter" -o audited
	gcc ../main.c ./libtwo.so -Wl,-rpath,'$ORIGIN' -Wl,-z,lazy -pthread -Wl,--depaudit,./watch.so -Wl,--dynamic-linker="$interpreter" -o depaudited
}
each_loader build_all

# The system's loader looks up malloc and its like for itself, and searches for itself in other namespaces.
but_own() { grep -vE 'bind (malloc|calloc|realloc|free) in [(]main[)] to libc.so.6 flags 8|search (LOADER|ld-linux-x86-64.so.2) for libtwo.so' "$1"; }
same_audit() {
	in_both "$@"
	diff <(but_own system.out) <(but_own gild.out) || fail "differs from the system's loader: $*"
	assert_contains gild.out "exit code 0"
}
for auditor in watch calls; do
	for way in PLAIN AUDIT_RENAME AUDIT_REPLACE AUDIT_CHANGE AUDIT_NOBIND LD_BIND_NOW; do
		same_audit env $way=1 LD_AUDIT=./$auditor.so ./main
		cp gild.out $auditor.$way
	done
done
assert_contains watch.PLAIN "audit: bind add in (main) to libtwo.so flags 0"
assert_contains watch.AUDIT_RENAME "main: 3001 5"
assert_contains watch.AUDIT_REPLACE "main: 1001 5"
assert_contains calls.PLAIN "exit add_many rax 385"
assert_contains calls.AUDIT_CHANGE "main: 51 99 386"
assert_contains calls.AUDIT_CHANGE "main: 49 5"
assert_contains calls.PLAIN "main: 2 4 6 8"
same_audit ./audited
assert_contains gild.out "audit: preinit (main)"
same_audit ./depaudited
assert_contains gild.out "audit: preinit (main)"
# two auditors; several threads
# (under the system's loader, the first one also sees how the second is loaded)
in_both env LD_AUDIT=./watch.so:./calls.so ./main
for folder in system gild; do but_own $folder.out | sed -n '/^audit: open  in 0/,$p' > $folder.two; done
diff system.two gild.two || fail "two auditors"
assert_contains gild.two "exit code 0"
(cd gild && THREADS=1 LD_AUDIT=./calls.so ./main) > out
assert_contains out "main: 4 threads"
# what is no auditor
for auditor in ./none.so ./no-version.so ./zero.so ./newer.so; do
	for folder in system gild; do
		(cd $folder && LD_AUDIT=$auditor ./main) > $folder.out 2>&1 || fail "$folder with $auditor"
	done
	[ $auditor = ./newer.so ] || diff system.out gild.out || fail "$auditor as auditor"
	assert_contains gild.out "main: 42 5"
done
assert_contains gild.out "requires version 3 (maximum supported version 2); ignored."
# by option, and programs of the system
for loader in "$SYSTEM_LDSO" "$LDSO"; do
	"$loader" --audit gild/watch.so /bin/ls gild 2>&1 | normalize > out
	but_own out | sort > "${loader##*/}.out" # indirect functions are bound last here
done
diff ${SYSTEM_LDSO##*/}.out "${LDSO##*/}.out" || fail "auditing ls"
if [ -x /usr/bin/perl ]; then
	LD_AUDIT=$PWD/gild/calls.so "$LDSO" /usr/bin/perl -e 'print join(",", sort { $a <=> $b } map { $_ * 2 } 1..5), "\n"' > out
	assert_contains out "2,4,6,8,10"
fi
