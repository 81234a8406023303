#!/bin/bash
# Tools that look inside a process know their way: gdb finds libraries, threads and thread-local variables, valgrind runs
# and finds no leak, the address, leak, thread and undefined-behaviour sanitizers work.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > main.c <<'EOF'
#include <dlfcn.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
__thread int value = 41;
int stop_here(int x) { return x + value; }
static void *work(void *argument) { value++; argument = argument ? argument : NULL; printf("%d\n", stop_here(1)); return argument; }
int main(void) {
	void *handle = dlopen("./plugin.so", RTLD_NOW);
	if (!handle) { puts(dlerror()); return 1; }
	((void (*)(void))dlsym(handle, "hold"))();
	pthread_t thread;
	pthread_create(&thread, NULL, work, NULL);
	pthread_join(thread, NULL);
	return 0;
}
EOF
# memory that only a thread-local variable of an opened library points to
echo '#include <stdlib.h>
__thread char pad[3000]; __thread void *keep; void hold(void) { keep = malloc(1234); }' > plugin.c
link -g -shared -fPIC plugin.c -o plugin.so
own=(-g main.c -pthread -Wl,--dynamic-linker="$LDSO")
link "${own[@]}" -o main
./main > out
assert_equal "$(cat out)" 43

if have gdb; then
	gdb -nx -batch -ex 'set breakpoint pending on' -ex 'break stop_here' -ex run -ex bt -ex 'print value' -ex 'info threads' \
		-ex 'info sharedlibrary' -ex 'finish' ./main > out 2>&1 || { cat out; fail "gdb"; }
	assert_contains out "in work (argument=0x0)"
	assert_contains out '$1 = 42'
	assert_contains out "plugin.so"
	assert_contains out "libc.so.6"
	assert_contains out "Value returned is"
	grep -qE '^\* 2 +Thread' out || { cat out; fail "gdb does not see the thread"; }
fi

# gdb stops in a library that is opened later and in one that came with the program, knows a thread-local variable of each, steps
# through a lazily bound call, and notices that a library went away; it attaches to a program that runs
if have gdb; then
	cat > lib.c <<'EOT'
__thread int counter = 7;
int in_library(int x) { counter += x; return counter; }
EOT
	cat > uses.c <<'EOT'
#include <dlfcn.h>
#include <stdio.h>
#include <unistd.h>
int in_library(int);
void closed(void) {}
int main(int argc, char **argv) {
	(void)argv;
	void *handle = dlopen("./plugin.so", RTLD_NOW);
	((void (*)(void))dlsym(handle, "hold"))();
	int result = in_library(3);
	dlclose(handle);
	closed();
	puts("ready");
	fflush(stdout);
	if (argc > 1) pause();
	return result - 10;
}
EOT
	link -g -shared -fPIC lib.c -o libin.so
	link -g uses.c ./libin.so -Wl,-z,lazy -Wl,--dynamic-linker="$LDSO" -o uses
	gdb -nx -batch -ex 'set breakpoint pending on' -ex 'break hold' -ex 'break in_library' -ex 'break closed' -ex run -ex bt -ex next \
		-ex 'print pad[5]' -ex 'print keep == 0' -ex continue -ex 'print counter' -ex bt -ex finish -ex 'print counter' -ex continue \
		-ex 'info sharedlibrary' -ex continue ./uses > out 2>&1 || { cat out; fail "gdb and libraries"; }
	grep -E '^#1 .* in main' out > /dev/null || { cat out; fail "the caller of hold"; }
	assert_contains out "hold () at plugin.c"
	assert_contains out '$1 = 0 '
	assert_contains out '$2 = 0'
	assert_contains out "in_library (x=3) at lib.c"
	assert_contains out '$3 = 7'
	assert_contains out 'Value returned is $4 = 10'
	assert_contains out '$5 = 10'
	sed -n '/closed ()/,$p' out > after
	assert_contains after libin.so
	! grep plugin.so after > /dev/null || { cat out; fail "gdb did not see dlclose"; }
	assert_contains out "exited normally"
	./uses stay > pipe & program=$!
	until grep ready pipe > /dev/null 2>&1; do sleep 0.05; done
	gdb -nx -batch -p $program -ex bt -ex 'print counter' -ex 'info sharedlibrary' > out 2>&1 || :
	kill $program
	wait $program 2> /dev/null || :
	if ! grep -i 'not permitted' out > /dev/null; then
		assert_contains out " main ("
		assert_contains out '$1 = 10'
		assert_contains out libin.so
	fi
fi

if have valgrind; then
	valgrind --error-exitcode=9 --leak-check=full --errors-for-leak-kinds=definite ./main > out 2>&1 || { cat out; fail "valgrind"; }
	assert_contains out "ERROR SUMMARY: 0 errors"
fi

no_random=()
! setarch -R true 2> /dev/null || no_random=(setarch -R)
for sanitizer in address thread undefined leak; do
	link "${own[@]}" -fsanitize=$sanitizer -o san 2> out || continue # this compiler has no such sanitizer
	ASAN_OPTIONS=detect_leaks=1 "${no_random[@]}" ./san > out 2>&1 || { cat out; fail "-fsanitize=$sanitizer"; }
	assert_equal "$(cat out)" 43
done
cat > leak.c <<'EOF'
#include <stdlib.h>
#include <string.h>
void *volatile p;
int main(void) { p = malloc(77); memset(p, 1, 77); p = NULL; return 0; }
EOF
if link -g -fsanitize=address leak.c -Wl,--dynamic-linker="$LDSO" -o leak 2> out; then
	rc=0
	ASAN_OPTIONS=detect_leaks=1 "${no_random[@]}" ./leak > out 2>&1 || rc=$?
	[ $rc -ne 0 ] || fail "a leak was not found"
	assert_contains out "77 byte(s) leaked"
fi
