#!/bin/bash
# Thread-local storage in many libraries at once: alignment up to 8,192 in the program and in libraries, hundreds of modules
# opened while threads run and closed again, variables of the program and of one library that others use, static TLS for many
# libraries opened late, and registers that a TLS descriptor leaves alone.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

# --- alignment: every variable, in every thread
cat > aligned.c <<'EOF'
__thread int small = 3;
__thread char page[1] __attribute__((aligned(8192))) = {5};
__thread int zeroes[7] __attribute__((aligned(256)));
int *of_library(int n) { return n == 0 ? &small : n == 1 ? (int *)page : zeroes; }
EOF
cat > align.c <<'EOF'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
extern __thread int small, zeroes[7];
extern __thread char page[1];
int *of_library(int n);
static __thread char odd = 'o';
static __thread long mine __attribute__((aligned(4096))) = 77;
static __thread int cleared[3] __attribute__((aligned(64)));
static int is_at(const void *p, unsigned long align) { return (unsigned long)p % align == 0; }
static void *look(void *argument) {
	if (odd != 'o' || mine != 77 || cleared[2] || small != 3 || page[0] != 5 || zeroes[6]) abort();
	if (!is_at(&mine, 4096) || !is_at(cleared, 64) || !is_at(page, 8192) || !is_at(zeroes, 256)) abort();
	if (of_library(0) != &small || of_library(1) != (int *)page || of_library(2) != zeroes) abort();
	odd = 'x', mine = 1, cleared[2] = 1, small = 1, page[0] = 1, zeroes[6] = 1;
	return argument;
}
int main(void) {
	pthread_t threads[6];
	for (int round = 0; round < 3; round++) {
		for (int i = 0; i < 6; i++) pthread_create(&threads[i], NULL, look, NULL);
		for (int i = 0; i < 6; i++) pthread_join(threads[i], NULL);
	}
	look(NULL);
	puts("aligned");
	return 0;
}
EOF

# --- many modules: module.so is copied; each copy adds to its own variable, and to one of the program and of a library
cat > module.c <<'EOF'
extern __thread int of_program, of_common;
static __thread int local = 40;
__thread char filler[100] = {1};
int step(void) { of_program++; of_common += 2; return ++local + filler[99]; }
EOF
echo 'extern __thread int of_program; __thread int of_common = 1000; int sum(void) { return of_program * 10000 + of_common; }' > common.c
echo 'static __thread int late __attribute__((tls_model("initial-exec"))) = 6; int step(void) { return ++late; }' > late.c
cat > many.c <<'EOF'
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdio.h>
#include <stdlib.h>
enum { MODULES = 100, LATE = 12, THREADS = 4 };
__thread int of_program = 2;
int sum(void);
static int (*steps[MODULES + LATE])(void);
static sem_t ready, go;
static void *work(void *argument) {
	sem_post(&ready);
	sem_wait(&go);
	for (int i = 0; i < MODULES; i++)
		if (steps[i]() != 41 || steps[i]() != 42) abort();
	for (int i = MODULES; i < MODULES + LATE; i++)
		if (steps[i]() != 7 || steps[i]() != 8) abort();
	if (sum() != (2 + 2 * MODULES) * 10000 + 1000 + 4 * MODULES) abort();
	return argument;
}
static void *reuse(void *argument) { /* a stack that had blocks of modules that are gone */
	if (steps[0]() != 41) abort();
	return argument;
}
int main(void) {
	static void *handles[MODULES + LATE];
	for (int round = 0; round < 3; round++) {
		pthread_t threads[THREADS + 1];
		sem_init(&ready, 0, 0), sem_init(&go, 0, 0);
		for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, work, NULL);
		for (int i = 0; i < THREADS; i++) sem_wait(&ready);
		for (int i = 0; i < MODULES + LATE; i++) {
			char name[32];
			snprintf(name, sizeof name, i < MODULES ? "./module%d.so" : "./late%d.so", i < MODULES ? i : i - MODULES);
			handles[i] = dlopen(name, RTLD_NOW);
			if (!handles[i]) { puts(dlerror()); return 1; }
			steps[i] = dlsym(handles[i], "step");
		}
		pthread_create(&threads[THREADS], NULL, work, NULL);
		for (int i = 0; i <= THREADS; i++) sem_post(&go);
		for (int i = 0; i <= THREADS; i++) pthread_join(threads[i], NULL);
		for (int i = 0; i < MODULES; i += 2) dlclose(handles[i]); /* holes in the list of modules */
		handles[0] = dlopen("./module0.so", RTLD_NOW);
		steps[0] = dlsym(handles[0], "step");
		pthread_create(threads, NULL, reuse, NULL);
		pthread_join(*threads, NULL);
		dlclose(handles[0]);
		for (int i = 1; i < MODULES; i += 2) dlclose(handles[i]);
		for (int i = MODULES; i < MODULES + LATE; i++) dlclose(handles[i]);
	}
	printf("all of %d modules\n", MODULES + LATE);
	return 0;
}
EOF

# --- a descriptor is called with all other registers in use; the block is made at the first call
cat > registers.c <<'EOF'
__thread long value = 9;
__asm__(".text; .globl descriptor; .type descriptor, @function; descriptor: push %rbx; lea value@tlsdesc(%rip), %rax\n"
	"call *value@tlscall(%rax); mov %fs:(%rax), %rax; pop %rbx; ret");
EOF
cat > descriptor.c <<'EOF'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
static long (*function)(void);
static void *work(void *bad) {
	long got, general[8];
	_Alignas(64) unsigned char vectors[2][16 * 16];
	for (unsigned i = 0; i < sizeof(vectors[0]); i++) vectors[0][i] = (unsigned char)(i * 7 + 1);
	__asm__ volatile(
		"push %%rbp\n mov %[in], %%rbx\n"
		".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n movdqa 16*\\n(%%rbx), %%xmm\\n\n .endr\n"
		"mov $11, %%rcx; mov $12, %%rdx; mov $13, %%rsi; mov $14, %%rdi; mov $15, %%r8; mov $16, %%r9; mov $17, %%r10; mov $18, %%r11\n"
		"mov %%rsp, %%rbp; and $-16, %%rsp; call *%[function]; mov %%rbp, %%rsp\n"
		"mov %%rcx, (%[general]); mov %%rdx, 8(%[general]); mov %%rsi, 16(%[general]); mov %%rdi, 24(%[general])\n"
		"mov %%r8, 32(%[general]); mov %%r9, 40(%[general]); mov %%r10, 48(%[general]); mov %%r11, 56(%[general])\n"
		".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15\n movdqa %%xmm\\n, 16*\\n(%[out])\n .endr\n pop %%rbp\n"
		: "=&a"(got) : [in] "r"(vectors[0]), [out] "r"(vectors[1]), [function] "r"(function), [general] "r"(general)
		: "rbx", "rcx", "rdx", "rsi", "rdi", "r8", "r9", "r10", "r11", "memory", "cc", "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5",
		  "xmm6", "xmm7", "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14", "xmm15");
	*(int *)bad += got != 9 || memcmp(vectors[0], vectors[1], sizeof vectors[0]);
	for (int i = 0; i < 8; i++) *(int *)bad += general[i] != 11 + i;
	return NULL;
}
int main(void) {
	int bad = 0;
	void *handle = dlopen("./registers.so", RTLD_NOW);
	if (!handle) { puts(dlerror()); return 1; }
	function = dlsym(handle, "descriptor");
	for (int i = 0; i < 3; i++) {
		pthread_t thread;
		pthread_create(&thread, NULL, work, &bad);
		pthread_join(thread, NULL);
	}
	work(&bad), work(&bad);
	printf("%d registers changed\n", bad);
	return bad;
}
EOF
build_all() {
	build -O1 -shared -fPIC $1 ../aligned.c -o libaligned.so
	build -O1 $1 ../align.c ./libaligned.so -pthread -o align
	build -O1 -shared -fPIC $1 ../common.c -o libcommon.so
	build -O1 -shared -fPIC $1 ../module.c ./libcommon.so -Wl,--no-as-needed -o module0.so
	build -O1 -shared -fPIC $1 ../late.c -o late0.so
	for ((i = 1; i < 100; i++)); do cp module0.so module$i.so; done
	for ((i = 1; i < 12; i++)); do cp late0.so late$i.so; done
	build -O1 -rdynamic ../many.c ./libcommon.so -pthread -o many
	build -O1 -shared -fPIC ../registers.c -o registers.so
	build -O1 -mno-red-zone ../descriptor.c -pthread -o descriptor
}
for dialect in gnu gnu2; do
	each_loader build_all -mtls-dialect=$dialect
	same_success ./align
	same_success env GLIBC_TUNABLES=glibc.rtld.optional_static_tls=2048 ./many
	assert_contains gild.out "all of 112 modules"
done
same_success ./descriptor
assert_contains gild.out "0 registers changed"
