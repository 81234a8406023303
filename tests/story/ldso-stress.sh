#!/bin/bash
# Nine threads open, use and close libraries, throw exceptions, walk over all objects and make threads, and the process
# forks meanwhile: nothing crashes or hangs, neither in the process nor in its children.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > library.cc <<'EOF'
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <vector>
thread_local std::vector<int> kept;
thread_local int counter = ID;
extern "C" int work(int n) {
	kept.push_back(n);
	counter++;
	try { if (n % 2) throw std::runtime_error("odd"); } catch (std::exception &e) { n += (int)strlen(e.what()); }
	return n + (int)std::fabs((double)-counter) + (int)strtol("3", nullptr, 10);
}
EOF
cat > main.cc <<'EOF'
#include <atomic>
#include <cstdio>
#include <cstdlib>
#include <dlfcn.h>
#include <link.h>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>
static std::atomic<long> rounds;
static std::atomic<bool> stop;
static void once(const char *name, int mode) {
	void *handle = dlopen(name, mode);
	if (!handle) { puts(dlerror()); abort(); }
	auto work = (int (*)(int))dlsym(handle, "work");
	for (int i = 0; i < 3; i++) work(i);
	if (dlclose(handle)) abort();
	rounds++;
}
static void open_and_close(int id) {
	char name[32];
	snprintf(name, sizeof name, "./library%d.so", id % 4);
	while (!stop) once(name, id & 1 ? RTLD_NOW : RTLD_LAZY);
}
static void unwind() {
	while (!stop) {
		try { throw 1; } catch (int) {}
		dl_iterate_phdr([](dl_phdr_info *, size_t, void *) { return 0; }, nullptr);
	}
}
static void make_threads() { while (!stop) std::thread([] { once("./library0.so", RTLD_LAZY); }).join(); }
int main() {
	std::vector<std::thread> threads;
	for (int i = 0; i < 6; i++) threads.emplace_back(open_and_close, i * 3);
	threads.emplace_back(unwind);
	threads.emplace_back(unwind);
	threads.emplace_back(make_threads);
	for (int i = 0; i < 20; i++) {
		usleep(100000);
		pid_t child = fork();
		if (!child) {
			alarm(60);
			void *handle = dlopen("./library1.so", RTLD_NOW);
			_exit(!handle || ((int (*)(int))dlsym(handle, "work"))(2) < 2);
		}
		int status;
		waitpid(child, &status, 0);
		if (status) { printf("child %d: %x\n", i, status); return 1; }
	}
	stop = true;
	for (auto &thread : threads) thread.join();
	return rounds < 10;
}
EOF
for i in 0 1 2 3; do link++ -O1 -fPIC -shared -DID=$i library.cc -Wl,-z,lazy -o library$i.so; done
link++ -O1 main.cc -pthread -Wl,--dynamic-linker="$LDSO" -o main
for i in 1 2 3; do ./main || fail "exit code $?"; done
