#!/bin/bash
# Symbols and their values in corners: absolute ones, a version that moved to another library, RTLD_NEXT with a version, resolver
# functions that call other libraries, protected data and functions, addresses that must be equal, main used by a library;
# arrays of constructors beside DT_INIT; alignment of segments; stack and pointer guards; a program without arguments.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

# --- absolute symbols have no base added, in data, through the GOT, by dlsym; 0 is a value
cat > absolute.s <<'EOF'
	.globl absolute, absolute_zero, absolute_large
	.set absolute, 0x12345
	.set absolute_zero, 0
	.set absolute_large, 0x7766554433221100
	.section .note.GNU-stack,"",@progbits
EOF
cat > absolute.c <<'EOF'
#include <dlfcn.h>
#include <stdio.h>
extern char absolute[], absolute_zero[], absolute_large[];
char *pointers[] = {absolute, absolute_zero, absolute_large, absolute + 5};
int main(void) {
	for (int i = 0; i < 4; i++) printf("%p ", (void *)pointers[i]);
	printf("%p %p %p\n", (void *)absolute, dlsym(RTLD_DEFAULT, "absolute_large"), dlsym(RTLD_DEFAULT, "absolute_zero"));
	return 0;
}
EOF
# --- f@V1 was in libold.so when the program was linked, and is in libnew.so now; libold.so keeps the name of the version
echo 'int moved(void) { return MOVED; } int stays(void) { return 4; }' > moved.c
echo 'int stays(void) { return 4; } ' > stub.c
echo '#include <stdio.h>
int moved(void), stays(void); int main(void) { printf("%d %d\n", moved(), stays()); return 0; }' > moving.c
# --- versions, the next one
cat > versions.c <<'EOF'
int old_f(void) { return NUMBER + 1; }
int new_f(void) { return NUMBER + 2; }
__asm__(".symver old_f, f@OLD; .symver new_f, f@@NEW");
EOF
cat > next.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdio.h>
int f(void), other_f(void);
static int call(int (*function)(void)) { return function ? function() : (printf("[%s] ", dlerror()), -1); }
int main(void) {
	printf("%d %d %d ", f(), call((int (*)(void))dlsym(RTLD_NEXT, "f")), call((int (*)(void))dlsym(RTLD_DEFAULT, "f")));
	printf("%d %d ", call((int (*)(void))dlvsym(RTLD_NEXT, "f", "OLD")), call((int (*)(void))dlvsym(RTLD_DEFAULT, "f", "NEW")));
	printf("%d %d %d\n", call((int (*)(void))dlvsym(RTLD_NEXT, "f", "NONE")), other_f(), call((int (*)(void))dlsym(RTLD_NEXT, "none")));
	return 0;
}
EOF
cat > other.c <<'EOF'
#define _GNU_SOURCE
#include <dlfcn.h>
int main(int, char **);
int other_f(void) { /* what comes behind this library */
	int (*function)(void) = dlvsym(RTLD_NEXT, "f", "OLD");
	return (function ? function() : 0) + 1000 * (main != 0);
}
EOF
# --- resolvers
cat > chosen.c <<'EOF'
static int one(void) { return 1; }
static int two(void) { return 2; }
static int which = 2;
int *which_pointer = &which; /* must be relocated before anybody's resolver asks */
int *choose(void) { return which_pointer; }
static void *pick_here(void) { return which == 2 ? two : one; }
int here(void) __attribute__((ifunc("pick_here")));
__attribute__((visibility("hidden"))) int inside(void) __attribute__((ifunc("pick_here")));
int (*pointer_inside)(void) = inside;
int call_inside(void) { return inside() + pointer_inside() + (pointer_inside == inside ? 10 : 0); }
EOF
cat > resolver.c <<'EOF'
int *choose(void), here(void);
static int three(void) { return 3; }
static int four(void) { return 4; }
static void *pick(void) { return *choose() == 2 ? four : three; }
int there(void) __attribute__((ifunc("pick")));
int (*there_pointer)(void) = there, (*here_pointer)(void) = here;
EOF
cat > resolved.c <<'EOF'
#include <dlfcn.h>
#include <stdio.h>
int here(void), there(void), call_inside(void);
extern int (*there_pointer)(void), (*here_pointer)(void);
int main(void) {
	printf("%d %d %d %d %d ", here(), there(), call_inside(), there_pointer(), here_pointer());
	printf("%d %d ", there == there_pointer, here == here_pointer);
	printf("%d %d\n", ((int (*)(void))dlsym(RTLD_DEFAULT, "there"))(), ((int (*)(void))dlsym(RTLD_DEFAULT, "here"))());
	return 0;
}
EOF
# --- protected, and what the program copies
cat > protected.c <<'EOF'
__attribute__((visibility("protected"))) int number = 5;
__attribute__((visibility("protected"))) int function(void) { return 6; }
int plain = 7;
int *number_here(void) { return &number; }
int (*function_here(void))(void) { return function; }
int *plain_here(void) { return &plain; }
EOF
cat > protecting.c <<'EOF'
#include <stdio.h>
extern int plain, number;
int function(void), *number_here(void), (*function_here(void))(void), *plain_here(void);
int main(void) {
	plain = 8;
	printf("%d %d ", &plain == plain_here(), *plain_here());
	printf("%d %d %d\n", *number_here(), function(), function_here()());
	return 0;
}
EOF
# --- DT_INIT, DT_INIT_ARRAY with priorities, DT_FINI_ARRAY, DT_FINI, and what they are called with
cat > arrays.c <<'EOF'
#include <stdio.h>
#define NOTE(name) __attribute__((used)) static void name(int argc, char **argv, char **envp) { printf(WHERE " " #name " %d %d %d\n", argc, argv != 0 && argv[argc] == 0, envp != 0); }
NOTE(first) NOTE(second) NOTE(third) NOTE(early)
static void last(void) { puts(WHERE " last"); }
static void before_last(void) { puts(WHERE " before last"); }
__attribute__((section(".init_array.00200"), used)) static void (*const b)(int, char **, char **) = second;
__attribute__((section(".init_array"), used)) static void (*const c)(int, char **, char **) = third;
__attribute__((section(".init_array.00101"), used)) static void (*const a)(int, char **, char **) = first;
__attribute__((section(".fini_array"), used)) static void (*const d)(void) = before_last;
__attribute__((section(".fini_array.00105"), used)) static void (*const e)(void) = last;
#ifdef LIBRARY
void my_init(int argc, char **argv, char **envp) { early(argc, argv, envp); }
void my_fini(void) { puts(WHERE " fini"); fflush(stdout); }
#else
__attribute__((section(".preinit_array"), used)) static void (*const p)(int, char **, char **) = early;
int main(void) { puts("main"); return 0; }
#endif
EOF
# --- alignment of a whole segment
cat > align.c <<'EOF'
#include <dlfcn.h>
#include <stdio.h>
static char here[100] __attribute__((aligned(0x40000)));
int main(void) {
	char *there = dlsym(dlopen("./libaligned.so", RTLD_NOW), "there");
	printf("%d %d\n", (int)((unsigned long)here % 0x40000), (int)((unsigned long)there % 0x200000));
	return 0;
}
EOF
# --- guards
cat > guards.c <<'EOF'
#include <setjmp.h>
#include <stdio.h>
#include <unistd.h>
static jmp_buf back;
int main(int argc, char **argv, char **envp) {
	unsigned long stack, pointer;
	__asm__("mov %%fs:0x28, %0; mov %%fs:0x30, %1" : "=r"(stack), "=r"(pointer));
	if (argc > 1) { printf("%lx %lx\n", stack, pointer); return 0; }
	int again = setjmp(back);
	if (again < 3) longjmp(back, again + 1);
	printf("%d %d %d, arguments %d %d\n", again, (stack & 0xff) == 0 && stack, pointer != 0, argc, envp != NULL && argv[argc] == NULL);
	return 0;
}
EOF
echo '#include <unistd.h>
int main(int argc, char **argv) { (void)argc; return execve(argv[1], (char *[]){NULL}, (char *[]){NULL}); }' > without.c

build_all() {
	build -shared ../absolute.s -o libabsolute.so
	build -fPIC ../absolute.c ./libabsolute.so -o absolute
	local way
	for way in old new; do mkdir -p $way; done
	echo 'V1 { global: *; };' > map
	build -shared -fPIC -DMOVED=1 ../moved.c -Wl,--version-script=map -Wl,-soname,libold.so -o old/libold.so
	build ../moving.c -Lold -lold -o moving
	build -shared -fPIC -DMOVED=2 ../moved.c -Wl,--version-script=map -Wl,-soname,libnew.so -o new/libnew.so
	build -shared -fPIC ../stub.c -Wl,--version-script=map -Wl,-soname,libold.so -Wl,--no-as-needed -Lnew -lnew -o new/libold.so
	echo 'OLD { local: *_f; }; NEW { global: f; } OLD;' > map
	build -shared -fPIC -DNUMBER=10 ../versions.c -Wl,--version-script=map -o libfirst.so
	build -shared -fPIC -DNUMBER=20 ../versions.c -Wl,--version-script=map -o libnext.so
	build -shared -fPIC ../other.c -Wl,-z,undefs -o libother.so
	build -rdynamic ../next.c -Wl,--no-as-needed ./libfirst.so ./libother.so ./libnext.so -o next
	build -shared -fPIC ../chosen.c -o libchosen.so
	build -shared -fPIC ../resolver.c ./libchosen.so -o libresolver.so
	build -rdynamic ../resolved.c ./libresolver.so ./libchosen.so -o resolved
	build -no-pie -fno-pie -rdynamic ../resolved.c ./libresolver.so ./libchosen.so -Wl,-z,now -o resolved-fixed
	build -shared -fPIC ../protected.c -o libprotected.so
	build -fPIC ../protecting.c ./libprotected.so -o protecting
	build -shared -fPIC -DLIBRARY -DWHERE='"library"' ../arrays.c -Wl,-init,my_init -Wl,-fini,my_fini -o libarrays.so
	build -DWHERE='"program"' ../arrays.c -Wl,--no-as-needed ./libarrays.so -o arrays
	echo 'char there[100] __attribute__((aligned(0x200000))) = {1};' > there.c
	build -shared -fPIC there.c -o libaligned.so
	build ../align.c -o align
	build ../guards.c -o guards
	build ../without.c -o without
}
each_loader build_all
same_success ./absolute
assert_contains gild.out "0x12345 (nil) ADDRESS 0x1234a 0x12345"
(cd gild && ./absolute) > out
assert_contains out "0x12345 0x7766554433221100"
same_success env LD_LIBRARY_PATH=old ./moving
same_success env LD_LIBRARY_PATH=new ./moving
assert_contains gild.out "2 4"
same_success env LD_LIBRARY_PATH=new LD_BIND_NOW=1 ./moving
same_success ./next
assert_contains gild.out "12 "
# (the system's loader runs a resolver before the PLT of its library is relocated, and the program ends with SIGSEGV)
for program in resolved resolved-fixed; do
	for now in '' 1; do assert_equal "$(cd gild && LD_BIND_NOW=$now ./$program)" "2 4 14 4 2 1 1 4 2"; done
done
same_success ./protecting
assert_contains gild.out "1 8 5 6 6"
same_success ./arrays one two
assert_equal "$(head -n 1 gild.out)" "program early 3 1 1"
same_success ./align
assert_contains gild.out "0 0"
same_success ./guards
same_success ./without ./guards
assert_contains gild.out "3 1 1, arguments"
assert_equal "$(for i in 1 2 3; do gild/guards show; done | sort -u | wc -l)" 3 # they are random

# the system's pldd reads the list of objects of another process
if have pldd; then
	echo '#include <unistd.h>
	int main(void) { alarm(20); return pause(); }' > waits.c
	link waits.c -Wl,--dynamic-linker="$LDSO" -o waits
	./waits & process=$!
	for i in 1 2 3 4 5 6 7 8 9 10; do
		sleep 0.05
		pldd $process > out 2> errors && grep libc.so out > /dev/null && break
	done
	kill $process
	wait $process 2> /dev/null || :
	grep -i 'not permitted' errors > /dev/null || assert_contains out "$LDSO"
fi
