#!/bin/bash
# A program is the same program wherever --plan-in puts its sections: C and C++ with threads, thread-local variables, exceptions,
# IFUNCs, constructors, jump tables, merged strings and aligned data, as every kind of output, and gild itself.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
. "$GILD_SRC/tests/story/plans.bash"
N=${N:-6}
build_plan_shuffle

# --- C: many small sections

{
	echo '#include "c.h"'
	for i in $(seq 150); do
		cat <<-END
			static int counter$i = $i;
			int zero$i[$((i % 7 + 1))];
			static const char *const names$i[] = {"name $((i % 37))", "$i", "common string"};
			int f$i(int x)
			{
				static const struct { double d; char c[$((i % 23 + 1))]; } table[3] = {{$i.5, "$((i % 10))"}, {2, ""}, {$i, ""}};
				switch (x) {
				case 0: return counter$i++;
				case 1: return puts(names$i[0]);
				case 2: return (int)(table[x % 3].d * $i);
				case 3: return names$i[2] == shared_string ? 1 : 100;
				case 4: return zero$i[0]++ + (int)table[0].d;
				case 5: return x * ${i}.25;
				case 6: return table[0].c[0];
				default: return -$i;
				}
			}
		END
	done
	echo 'int (*const functions[])(int) = {'
	for i in $(seq 150); do echo "f$i,"; done
	echo '}; const int n_functions = sizeof(functions) / sizeof(*functions);'
} > many.c
cat > c.h <<'END'
#include <stdint.h>
#include <stdio.h>
#include <string.h>
extern const char *const shared_string;
extern int (*const functions[])(int);
extern const int n_functions;
int chosen(int), via_pointer(int), library(int);
extern __thread int tls_zero[3], tls_five;
int tls_sum(void);
END
cat > tls.c <<'END'
#include "c.h"
__thread int tls_zero[3], tls_five = 5;
static __thread char small = 'x';
static __thread long aligned __attribute__((aligned(64))) = 9;
static __thread char nothing[77];
int tls_sum(void)
{
	if ((uintptr_t)&aligned % 64)
		puts("misaligned thread-local variable");
	nothing[76]++;
	return tls_zero[2]++ + tls_five++ + small++ + (int)aligned++ + nothing[76] + nothing[0];
}
END
cat > ifunc.c <<'END'
#include "c.h"
static int plain(int x) { return x + 1; }
static int fancy(int x) { return x + 2; }
static int (*choose(void))(int) { return __builtin_cpu_init(), __builtin_cpu_supports("sse2") ? fancy : plain; }
int chosen(int) __attribute__((ifunc("choose")));
static int hidden_chosen(int) __attribute__((ifunc("choose")));
int (*pointer)(int) = chosen, (*const hidden_pointer)(int) = hidden_chosen;
int via_pointer(int x) { return pointer(x) + hidden_pointer(x) + hidden_chosen(x); }
END
cat > main.c <<'END'
#include <pthread.h>
#include <stdlib.h>
#include "c.h"
const char *const shared_string = "common string";
/* found by their section's name, in the order of the inputs, without gaps */
#define HOOK(n) static const long hook##n __attribute__((section("hooks"), used)) = n;
HOOK(1) HOOK(2) HOOK(3)
extern const long __start_hooks[], __stop_hooks[];
__attribute__((constructor(201))) static void second(void) { puts("second"); }
__attribute__((constructor(200))) static void first(void) { puts("first"); }
__attribute__((constructor)) static void third(void) { puts("third"); }
__attribute__((destructor)) static void last(void) { puts("last"); }
char page[100] __attribute__((aligned(4096))) = "page", line[10] __attribute__((aligned(64)));
static const char rodata_line[] __attribute__((aligned(128))) = "128";
static __attribute__((aligned(256))) int aligned_code(void) { return 256; }
static __attribute__((cold, noinline)) int unlikely(int x) { return x < 0 ? abort(), 1 : x; }
static __attribute__((hot, noinline)) int likely(int x) { return x + unlikely(x); }
int common[10];
static void *thread(void *argument)
{
	long sum = 0;
	for (int i = 0; i < 100; i++)
		sum += tls_sum() + tls_zero[0] + tls_five;
	return (void *)(sum + (long)argument);
}
static int jump(const char *program)
{
	static const void *const labels[] = {&&end, &&increment, &&twice};
	int x = 1;
next:
	goto *labels[*program++ - '0'];
increment: x++; goto next;
twice: x *= 2; goto next;
end: return x;
}
int main(int argc, char **argv)
{
	unsigned sum = 0;
	for (int x = 0; x < 8 * argc; x++)
		for (int i = 0; i < n_functions; i++)
			sum = sum * 31 + functions[i](x);
	printf("%u %d %d\n", sum, jump("121210"), likely(argc));
	for (const long *hook = __start_hooks; hook < __stop_hooks; hook++)
		printf("hook %ld\n", *hook);
	printf("%d %d %d\n", chosen(1), via_pointer(2), library(3));
	printf("%d\n", (int)(((uintptr_t)page | (uintptr_t)aligned_code) % 256 + (uintptr_t)page % 4096 + (uintptr_t)line % 64 +
			     (uintptr_t)rodata_line % 128));
	pthread_t threads[4];
	for (long i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, thread, (void *)i);
	for (int i = 0; i < 4; i++) {
		void *result;
		pthread_join(threads[i], &result);
		printf("thread %ld\n", (long)result);
	}
	printf("%d %s %s %d %d\n", tls_sum(), page, rodata_line, common[9], aligned_code());
	fflush(stdout);
	return argv[0] && strcmp("equal", "equal") == 0 ? 7 : 1;
}
END
cat > library.c <<'END'
#include "c.h"
const long hook4 __attribute__((section("hooks"), used)) = 4;
static int state[5] = {1, 2, 3, 4, 5};
static int *const inside = &state[3];
static __thread int calls = 40;
static int one(int x) { return x + *inside; }
static int two(int x) { return x - *inside; }
static int (*const table[])(int) = {one, two};
int library(int x) { return table[x & 1](x) + calls++ + (*inside)++; }
END

each_kind_of_c() {
	local kind
	cp ../*.c ../c.h .
	for kind in static static-pie no-pie pie; do
		"${compile[@]}" $(cflags $kind) -O2 -fcommon -ffunction-sections -fdata-sections -c ./*.c
		any_plan $N prog-$kind 7 ./prog-$kind "${driver[@]}" $(ldflags $kind) ./*.o -pthread -Wl,--gc-sections
	done
	any_plan $((N / 2)) prog-few-segments 7 ./prog-few-segments "${driver[@]}" -pie -Wl,-z,norelro,-z,noseparate-code ./*.o -pthread
	# with shared libraries: the program's plan, then the library's
	"${compile[@]}" -fPIC -O1 -fcommon -c ./*.c
	mv main.o main.obj
	for kind in no-pie pie; do
		"${driver[@]}" -shared ./*.o -o libc-$kind.so
		any_plan $((N / 2)) dynamic-$kind 7 "./dynamic-$kind 1" "${driver[@]}" -$kind -Wl,-z,now,-rpath,. main.obj libc-$kind.so -pthread
		any_plan $((N / 2)) libc-$kind.so 7 "./dynamic-$kind 1" "${driver[@]}" -shared ./*.o -Wl,-Bsymbolic-functions
	done
}
each_compiler each_kind_of_c

# --- C++: unwinding, COMDAT, vague linkage

cat > shape.h <<'END'
#include <stdexcept>
#include <string>
struct shape {
	virtual ~shape();
	virtual double area() const = 0;
	virtual std::string name() const { return "shape"; }
};
struct error : std::runtime_error { using std::runtime_error::runtime_error; int code = 42; };
shape *make(int kind);
int call_back(int (*function)(int), int depth);
inline int &count() { static int n = 0; return n; }
template <int N> __attribute__((noinline)) int dig(int x)
{
	std::string guard(N, 'x');
	if constexpr (N == 0) {
		if (x % 3 == 0) throw error("zero " + std::to_string(x));
		if (x % 3 == 1) throw x;
		return x;
	} else {
		try { return dig<N - 1>(x) + (int)guard.size(); }
		catch (const error &e) { if (N % 8) throw; throw error(std::string(e.what()) + "!"); }
	}
}
END
cat > shape.cc <<'END'
#include "shape.h"
shape::~shape() { count()--; }
struct circle : shape { double r = 2; circle() { count()++; } double area() const override { return 3 * r * r; } };
struct square : shape { double a = 3; square() { count()++; } double area() const override { return a * a; } std::string name() const override { return "square"; } };
shape *make(int kind)
{
	switch (kind) {
	case 0: return new circle;
	case 1: return new square;
	}
	throw error("no such kind");
}
int call_back(int (*function)(int), int depth)
{
	std::string guard = "guard";
	if (depth) return call_back(function, depth - 1) + 1;
	try { return function(depth); } catch (int x) { if (x == 7) throw std::out_of_range("seven"); throw; }
}
END
cat > main.cc <<'END'
#include <cstdio>
#include <iostream>
#include <map>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>
#include "shape.h"
struct loud { const char *name; loud(const char *n) : name(n) { std::cout << "+" << name << "\n"; } ~loud() { std::cout << "-" << name << std::endl; } };
static loud global("global");
static const std::map<std::string, int> words{{"one", 1}, {"two", 2}, {"three", 3}};
thread_local std::vector<int> mine{1, 2, 3};
static int boom(int x) { throw x + 7; }
static int fine(int x) { return x; }
static int other(int) { throw error("through the library"); }
int main()
{
	loud local("local");
	for (int kind : {0, 1, 2})
		try { std::unique_ptr<shape> s(make(kind)); std::cout << s->name() << " " << s->area() << " " << count() << "\n"; }
		catch (const error &e) { std::cout << e.what() << " " << e.code << "\n"; }
	for (auto f : {boom, fine, other})
		try { std::cout << call_back(f, 5) << "\n"; }
		catch (const std::exception &e) { std::cout << typeid(e).name() << " " << e.what() << "\n"; }
	for (int x = 0; x < 6; x++)
		try { std::cout << dig<60>(x) << "\n"; }
		catch (const std::exception &e) { std::cout << e.what() << "\n"; }
		catch (int i) { std::cout << "int " << i << "\n"; }
	std::mutex mutex;
	int total = 0;
	std::vector<std::thread> threads;
	for (int i = 0; i < 4; i++)
		threads.emplace_back([&, i] {
			mine.push_back(i);
			try { dig<20>(3 * i); } catch (error &e) { mine.push_back(e.code); }
			std::lock_guard lock(mutex);
			for (int x : mine) total += x;
		});
	for (auto &t : threads) t.join();
	std::cout << total << " " << words.at("three") << " " << mine.size() << std::endl;
	try { return words.at("four"); } catch (const std::out_of_range &) { return 9; }
}
END
each_kind_of_cxx() {
	local kind cxx=(-std=c++17 -O1 -ffunction-sections)
	for kind in static-pie pie; do
		"${compile[@]}" "${cxx[@]}" $(cflags $kind) -c ../main.cc ../shape.cc
		any_plan $N cxx-$kind 9 ./cxx-$kind "${driver[@]}" $(ldflags $kind) main.o shape.o -pthread -lstdc++ -lm
	done
	"${compile[@]}" "${cxx[@]}" -fPIC -c ../shape.cc -o shape.o
	"${driver[@]}" -shared shape.o -lstdc++ -o libshape.so
	any_plan $N cxx-shared 9 ./cxx-shared "${driver[@]}" -pie main.o libshape.so -Wl,-rpath,. -pthread -lstdc++
	any_plan $N libshape.so 9 ./cxx-shared "${driver[@]}" -shared shape.o -lstdc++
}
each_compiler each_kind_of_cxx

# --- gild itself: what it links is the same, too

build=$(dirname "$GILD")
if [ -e "$build/libgild.a" ] && cp "$build/obj/main.o" "$build/libgild.a" .; then
	mkdir self
	sanitize=$(grep -o -m 1 -e '-fsanitize=[a-z,]*' "$build/.flags" || :)
	# shellcheck disable=SC2016,SC2086
	any_plan $((N / 2)) gild 0 'ln -sf ../gild self/ld; ./gild --version; gcc -B self with-gcc/{tls,many,ifunc,shape}.o \
		-shared -nostartfiles -o linked && cksum linked' link $sanitize main.o -Wl,--whole-archive libgild.a -Wl,--no-whole-archive -liberty -pthread
fi
echo "$(wc -l < "$plans") random plans"
