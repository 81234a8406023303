#!/bin/bash
# Programs with sanitizers find the errors they are made to find, and say in which function, file and line: addresses, undefined
# behaviour, threads, leaks; of gcc and of clang, with the sanitizer's library static and shared.
# timeout: 600
# packages: libclang-rt-14-dev llvm-14
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
cat >address.cc <<'END_C'
#include <stdexcept>
#include <cstdio>
int table[10];
char *volatile pointer;
__attribute__((noinline)) int heap_read(int n) { int *p = new int[10]; int v = p[n]; delete[] p; return v; }
__attribute__((noinline)) int global_read(int n) { return table[n]; }
__attribute__((noinline)) int stack_read(int n) { volatile int local[10] = {}; return local[n]; }
__attribute__((noinline)) int lose(int n) { for (int i = 0; i < n; i++) pointer = new char[100]; pointer = nullptr; return 0; }
__attribute__((noinline)) int freed_read(int n) { char *p = new char[4]; delete[] p; return p[n]; }
int main(int argc, char **argv) {
	try { throw std::runtime_error("fine"); } catch (std::exception &e) { puts(e.what()); }
	int n = 9 + (argc > 2);
	switch (argc > 1 ? *argv[1] : 'n') {
	case 'h': return heap_read(n);
	case 'g': return global_read(n);
	case 's': return stack_read(n);
	case 'f': return freed_read(0);
	case 'l': return lose(10);
	}
	return 0;
}
END_C
cat >undefined.cc <<'END_C'
#include <climits>
struct base { virtual ~base() {} virtual int f() { return 1; } };
struct other { virtual ~other() {} virtual int f() { return 2; } };
int main(int argc, char **) {
	int big = INT_MAX - 1 + argc;
	volatile int sum = big + argc;
	volatile int shift = 1 << (31 + argc);
	other o;
	return reinterpret_cast<base *>(&o)->f() == 3 + sum + shift;
}
END_C
cat >thread.cc <<'END_C'
#include <thread>
#include <mutex>
int shared_count;
std::mutex lock;
thread_local int mine;
void racing() { for (int i = 0; i < 1000; i++) shared_count++, mine++; }
void careful() { std::lock_guard<std::mutex> guard(lock); for (int i = 0; i < 1000; i++) shared_count++, mine++; }
int main(int argc, char **) {
	std::thread a(argc > 1 ? racing : careful), b(argc > 1 ? racing : careful);
	a.join();
	b.join();
	return argc == 1 && (shared_count != 2000 || mine);
}
END_C
# How a program is run: without the options that the linker may have been given. The sanitizers cannot place their
# shadow memory when the kernel randomises addresses by many bits.
as_built=(env -u ASAN_OPTIONS -u TSAN_OPTIONS UBSAN_OPTIONS=print_stacktrace=1)
! setarch -R true 2>/dev/null || as_built+=(setarch -R)

# build ARGS: links the program, C++, with the compiler at hand and its arguments for this kind of program.
build() {
	# shellcheck disable=SC2046,SC2086 # they are words
	"${driver[@]}" $language -g -O1 $(cflags $kind) $(ldflags $kind) $library "$@" -o prog || fail "$name: does not link"
	by_gild prog
}
# finds "ARGS" WHAT...: with these arguments, the program ends with an error, and says all that.
finds() {
	local arguments=$1 text
	shift
	if "${as_built[@]}" ./prog $arguments >err.txt 2>&1; then cat err.txt; fail "$name: '$arguments' does not find $1"; fi
	for text; do assert_contains err.txt "$text"; done
}
# says WHAT...: the program says all that, however it ends.
says() {
	local text
	"${as_built[@]}" ./prog >err.txt 2>&1 || :
	for text; do assert_contains err.txt "$text"; done
}
clean() { "${as_built[@]}" ./prog >err.txt 2>&1 || { cat err.txt; fail "$name: finds something in a good program"; }; }

each() {
	local language=-xc++ libraries=("" "-static-libasan -static-libubsan -static-libtsan") kind library name runtime
	if [ "${compile[0]}" = "$CLANG" ]; then
		language=--driver-mode=g++
		runtime=$(dirname "$("${compile[@]}" -print-file-name=libclang_rt.asan-x86_64.so)")
		libraries=("" "-shared-libsan -Wl,-rpath,$runtime")
	fi
	for library in "${libraries[@]}"; do
		for kind in $DYNAMIC_KINDS; do
			name="${compile[0]} $library $kind"
			build -fsanitize=address ../address.cc -lstdc++
			clean
			finds "heap x" heap-buffer-overflow "READ of size 4" "in heap_read(int)" address.cc:5 "0 bytes "
			finds "global x" global-buffer-overflow "in global_read(int)" address.cc:6 "global variable 'table'"
			finds "stack x" stack-buffer-overflow "in stack_read(int)" address.cc:7 "'local' (line 7)"
			finds freed heap-use-after-free "in freed_read(int)" address.cc:9 "freed by thread"
			finds leak "LeakSanitizer: detected memory leaks" "in lose(int)" address.cc:8
			build -fsanitize=undefined ../undefined.cc -lstdc++
			says "signed integer overflow: " undefined.cc:6 "in main" "shift exponent 32" \
				"does not point to an object of type 'base'" "vptr for 'other'"
			# clang's shared library for threads crashes whatever the linker
			if [ $kind != pie ] || [[ $library == -shared* ]]; then continue; fi
			build -fsanitize=thread ../thread.cc -lstdc++
			clean
			finds x "data race" "in racing()" thread.cc:6 "global 'shared_count'"
		done
	done
}
watch_links
each_compiler each
