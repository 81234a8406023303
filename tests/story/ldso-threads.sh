#!/bin/bash
# Threads: thread-local variables, keys, cancellation, fork, stacks used again, lazily bound calls in many threads at
# once, C++ exceptions across threads.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > threads.c <<'EOF'
#define _GNU_SOURCE
#include <errno.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
static __thread int value = 5;
static __thread char big[3000];
static pthread_key_t key;
static int destroyed;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static long count;
static void destroy(void *p) { __atomic_fetch_add(&destroyed, 1, __ATOMIC_SEQ_CST); free(p); }
static void *work(void *argument) {
	long n = (long)argument;
	if (value != 5 || big[2999])
		abort();
	value = (int)n;
	pthread_setspecific(key, malloc(10));
	for (int i = 0; i < 1000; i++) {
		pthread_mutex_lock(&mutex);
		count++;
		pthread_mutex_unlock(&mutex);
	}
	errno = (int)n;
	memset(malloc(100), 1, 100);
	usleep(100);
	if (errno != n || value != n || fabs(-(double)n) + cos(0) + strtod("1", NULL) != n + 2.0)
		abort();
	return (void *)(2 * n);
}
static void *wait_for_ever(void *argument) { for (;;) pause(); return argument; }
static void *leave(void *argument) { pthread_exit(argument); }
int main(void) {
	pthread_key_create(&key, destroy);
	for (int round = 0; round < 5; round++) {
		pthread_t thread[20];
		for (long i = 0; i < 20; i++)
			if (pthread_create(&thread[i], NULL, work, (void *)i))
				abort();
		for (long i = 0; i < 20; i++) {
			void *result;
			pthread_join(thread[i], &result);
			if ((long)result != 2 * i)
				abort();
		}
	}
	printf("count %ld destroyed %d\n", count, destroyed);
	pthread_t thread;
	void *result;
	pthread_create(&thread, NULL, wait_for_ever, NULL);
	pthread_cancel(thread);
	pthread_join(thread, &result);
	printf("cancelled %d\n", result == PTHREAD_CANCELED);
	pthread_create(&thread, NULL, leave, (void *)77);
	pthread_join(thread, &result);
	printf("left %ld\n", (long)result);
	fflush(stdout);
	pid_t child = fork();
	if (!child) {
		pthread_create(&thread, NULL, work, (void *)3);
		pthread_join(thread, &result);
		_exit((int)(long)result);
	}
	int status;
	waitpid(child, &status, 0);
	printf("child %d\n", WEXITSTATUS(status));
	pthread_attr_t attr;
	void *stack;
	size_t size;
	pthread_getattr_np(pthread_self(), &attr);
	pthread_attr_getstack(&attr, &stack, &size);
	printf("stack %d\n", (char *)&attr > (char *)stack && (char *)&attr < (char *)stack + size);
	pthread_attr_destroy(&attr);
	return system("exit 3") != 3 << 8;
}
EOF
cat > exceptions.cc <<'EOF'
#include <future>
#include <iostream>
#include <locale>
#include <regex>
#include <stdexcept>
#include <string>
#include <thread>
struct Noisy { int i; ~Noisy() { std::cout << "~" << i << "\n"; } };
thread_local Noisy of_thread{9};
Noisy global{1};
static void deep(int n) { Noisy local{100 + n}; if (!n) throw std::runtime_error("deep"); deep(n - 1); }
int main() {
	try { deep(3); } catch (std::exception &e) { std::cout << "caught " << e.what() << "\n"; }
	std::thread([] { of_thread.i = 10; try { throw 42; } catch (int i) { std::cout << "thread " << i << "\n"; } }).join();
	of_thread.i++;
	auto future = std::async(std::launch::async, [] { throw std::string("future"); return 1; });
	try { future.get(); } catch (std::string &s) { std::cout << s << "\n"; }
	std::cout << std::regex_search("xaab", std::regex("a+b")) << "\n";
	try { std::locale l("no_SUCH"); } catch (std::exception &e) { std::cout << "no locale\n"; }
	std::exit(4);
}
EOF
cat > single.c <<'EOF'
#include <pthread.h>
#include <stdio.h>
#include <sys/single_threaded.h>
static void *work(void *argument) { printf("%d ", __libc_single_threaded); return argument; }
int main(void) {
	pthread_t thread;
	printf("single threaded %d ", __libc_single_threaded);
	pthread_create(&thread, NULL, work, NULL);
	pthread_join(thread, NULL);
	puts("");
	return 0;
}
EOF
build_all() {
	build ../single.c -pthread -o single
	build -O1 ../threads.c -pthread -lm -Wl,-z,lazy -o threads
	build++ ../exceptions.cc -pthread -o exceptions
}
each_loader build_all
for i in 1 2 3; do same_success ./threads; done
same_success env LD_BIND_NOW=1 ./threads
same_success env GLIBC_TUNABLES=glibc.rtld.optional_static_tls=4096:glibc.malloc.tcache_count=0 ./threads
same_success ./single
assert_contains gild.out "single threaded 1 0"
same_runs ./exceptions
assert_contains gild.out "exit code 4"
