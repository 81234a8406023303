#!/bin/bash
# Thread-local storage of libraries that are opened while threads run: blocks made on first use, static blocks for the
# initial-exec model, TLS descriptors, stacks used again, alignment.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > dynamic.c <<'EOF'
__thread int a = 7;
__thread char b[5000] = {3};
__thread int aligned __attribute__((aligned(256))) = 9;
int *get_a(void) { return &a; }
int get_b(void) { return b[0] + b[4999]; }
int *get_aligned(void) { return &aligned; }
EOF
echo '__thread int e __attribute__((tls_model("initial-exec"))) = 11; int *get_e(void) { return &e; }' > initial.c
echo '__thread char too_much[100000] __attribute__((tls_model("initial-exec"))); char *get_much(void) { return too_much; }' > much.c
cat > main.c <<'EOF'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
static volatile int go, quit;
static int *(*get_a)(void), (*get_b)(void), *(*get_e)(void), *(*get_aligned)(void);
static void *work(void *argument) {
	while (!go) usleep(100);
	for (int i = 0; i < 100; i++) {
		if (*get_a() != 7 + i || get_b() != 3 || *get_e() != 11 + i) abort();
		if ((unsigned long)get_aligned() % 256 || *get_aligned() != 9) abort();
		++*get_a(), ++*get_e();
	}
	while (!quit) usleep(100);
	return argument;
}
static void *once(void *argument) { if (*get_a() != 7) abort(); *get_a() = 9; return argument; }
static void *open_or_end(const char *name) { void *h = dlopen(name, RTLD_NOW); if (!h) { puts(dlerror()); exit(1); } return h; }
int main(void) {
	pthread_t thread[8], late;
	for (int i = 0; i < 8; i++) pthread_create(&thread[i], NULL, work, NULL);
	void *dynamic = open_or_end("./dynamic.so"), *initial = open_or_end("./initial.so");
	get_a = dlsym(dynamic, "get_a"), get_b = dlsym(dynamic, "get_b"), get_e = dlsym(initial, "get_e"), get_aligned = dlsym(dynamic, "get_aligned");
	if (dlsym(dynamic, "a") != get_a()) return 2;
	go = 1;
	pthread_create(&late, NULL, work, NULL);
	usleep(20000);
	quit = 1;
	for (int i = 0; i < 8; i++) pthread_join(thread[i], NULL);
	pthread_join(late, NULL);
	for (int i = 0; i < 50; i++) { pthread_create(&late, NULL, once, NULL); pthread_join(late, NULL); }
	dlclose(dynamic);
	for (int i = 0; i < 300; i++) {
		dynamic = open_or_end("./dynamic.so");
		if (*((int *(*)(void))dlsym(dynamic, "get_a"))() != 7) return 3;
		dlclose(dynamic);
	}
	puts(dlopen("./much.so", RTLD_NOW) ? "much" : dlerror());
	return 0;
}
EOF
build_all() {
	build -shared -fPIC $1 ../dynamic.c -o dynamic.so
	build -shared -fPIC ../initial.c -o initial.so
	build -shared -fPIC ../much.c -o much.so
	build ../main.c -pthread -o main
}
for dialect in gnu gnu2; do
	each_loader build_all -mtls-dialect=$dialect
	for i in 1 2 3; do same_success ./main; done
done
assert_contains gild.out "cannot allocate memory in static TLS block"

# A PT_TLS without bytes in the file may stand anywhere: Go's linker gives it address 0.
echo '#include <stdio.h>
static __thread int zero; int main(void) { return zero++ || zero != 1; }' > zero.c
zero() {
	build ../zero.c -o zero
	perl -0777 -pi -e 'my $n = unpack("x56v", $_); for my $i (0 .. $n - 1) { my $at = 64 + 56 * $i;
		substr($_, $at + 16, 16) = "\0" x 16 if unpack("V", substr($_, $at, 4)) == 7 }' zero
}
each_loader zero
same_success ./zero
