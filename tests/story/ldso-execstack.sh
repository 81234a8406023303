#!/bin/bash
# A library that needs an executable stack: the stacks of all threads become so, whether it comes with the program or by
# dlopen, in the first thread, in threads that run, in those that begin later; guard pages stay what they are.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > main.c <<'EOF'
#include <dlfcn.h>
#include <pthread.h>
#include <semaphore.h>
#include <signal.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
static __thread sigjmp_buf back;
static void caught(int signal) { (void)signal; siglongjmp(back, 1); }
static int runs(void) { /* mov $7, %eax; ret */
	volatile unsigned char code[16] = {0xb8, 7, 0, 0, 0, 0xc3};
	int (*volatile function)(void) = (int (*)(void))code;
	if (sigsetjmp(back, 1)) return -1;
	return function();
}
static sem_t ready, go;
static void *waits(void *results) {
	((int *)results)[0] = runs();
	sem_post(&ready);
	sem_wait(&go);
	((int *)results)[1] = runs();
	pthread_attr_t attributes;
	void *stack;
	size_t size, guard;
	pthread_getattr_np(pthread_self(), &attributes);
	pthread_attr_getstack(&attributes, &stack, &size);
	pthread_attr_getguardsize(&attributes, &guard);
	((int *)results)[2] = 1;
	if (sigsetjmp(back, 1)) ((int *)results)[2] = 0; /* the guard page */
	else ((volatile char *)stack)[-1] = 1;
	return results;
}
int main(int argc, char **argv) {
	int results[3], later[3];
	pthread_t thread, gone;
	signal(SIGSEGV, caught);
	sem_init(&ready, 0, 0), sem_init(&go, 0, 0);
	printf("first %d\n", runs());
	pthread_create(&gone, NULL, waits, later); /* its stack is kept */
	sem_wait(&ready), sem_post(&go);
	pthread_join(gone, NULL);
	pthread_create(&thread, NULL, waits, results);
	sem_wait(&ready);
	if (argc > 1 && !dlopen(argv[1], RTLD_NOW)) printf("%s\n", dlerror());
	sem_post(&go);
	pthread_join(thread, NULL);
	printf("first %d, running %d then %d, guard %d\n", runs(), results[0], results[1], results[2]);
	sem_post(&go), sem_post(&go);
	pthread_create(&thread, NULL, waits, later);
	pthread_join(thread, NULL);
	printf("later %d, guard %d\n", later[0], later[2]);
	return 0;
}
EOF
sed -i '1i #define _GNU_SOURCE' main.c
echo 'int needs(void) { return 3; }' > needs.c
build_all() {
	build -shared -fPIC ../needs.c -Wl,-z,execstack -o libneeds.so
	build ../main.c -pthread -o opens
	build ../main.c -pthread -Wl,--no-as-needed ./libneeds.so -Wl,-rpath,'$ORIGIN' -o needs
}
each_loader build_all
same_success ./opens
assert_contains gild.out "first -1, running -1 then -1, guard 0"
same_success ./opens ./libneeds.so
assert_contains gild.out "first 7, running -1 then 7, guard 0"
assert_contains gild.out "later 7, guard 0"
same_success ./needs
assert_contains gild.out "first 7, running 7 then 7, guard 0"
