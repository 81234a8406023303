#!/bin/bash
# A program that defines a function of its libraries is told of calls that do not reach its definition: under the names that
# _FORTIFY_SOURCE and large files have for it, inside a library that keeps to its own, and of an allocator replaced by
# half. It is true what is said: the programs show it when they run. A program that has a name by chance is left alone.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

# linked ARGS: links; what is said is in err.txt
linked() { link "$@" 2>err.txt || { cat err.txt; fail "does not link: $*"; }; }
silent() {
	linked "$@"
	same "" "$(cat err.txt)" "messages of: $*"
}

# ---- other names of one function
cat >open.c <<'END'
#include <unistd.h>
int opened;
int open(const char *path, int flags, ...) { opened++; return -1; }
END
cat >caller.c <<'END'
#include <fcntl.h>
#include <stdlib.h>
extern int opened;
int flags_of(int);
int main(int argc, char **argv)
{
	open("/dev/null", flags_of(argc));
	return opened != 1; /* was it ours? */
}
int flags_of(int n) { return O_RDONLY + n - 1; }
END
link -c open.c
for options in "" "-D_FILE_OFFSET_BITS=64" "-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2" \
	"-O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 -D_FILE_OFFSET_BITS=64"; do
	# shellcheck disable=SC2086 # words
	link -g $options -fno-inline -c caller.c
	linked caller.o open.o -o prog
	reached=yes
	./prog || reached=no
	said=$(sed -n 's/.* calls \([a-z0-9_]*\) instead, .*/\1/p' err.txt)
	case $said in
	'') same yes $reached "$options: without a warning the call reaches our open" ;;
	*)
		same no $reached "$options: the call of $said reaches our open"
		assert_contains err.txt "open.o: \`open' takes the place of the function of "
		assert_contains err.txt ">>> caller.o:(.text"
		readelf -sW caller.o | grep " $said\$" >/dev/null || fail "$options: caller.o does not call $said"
		;;
	esac
	[ -z "$options" ] || [ -n "$said" ] || fail "$options: no warning"
	linked caller.o open.o -Wl,--no-warn-abi=interposition -o prog
	assert_lacks err.txt "takes the place"
done
link -D_FILE_OFFSET_BITS=64 -c caller.c
fails link caller.o open.o -Wl,--fatal-warnings -o prog
linked caller.o open.o -Wl,--error-format=json -o prog
assert_contains err.txt '"kind":"interposition"'
# with all names there is nothing to say
echo 'int open(const char *, int, ...); int open64(const char *p, int f, ...) { return open(p, f); }' >open64.c
link -c open64.c
silent caller.o open.o open64.o -o prog
./prog
# A library that calls it is named, too.
echo '#define _FILE_OFFSET_BITS 64
#include <stdio.h>
FILE *library_opens(const char *path) { return fopen(path, "r"); }' >library.c
link -shared -fPIC library.c -o liblibrary.so
echo '#include <stdio.h>
FILE *library_opens(const char *);
FILE *fopen(const char *path, const char *mode) { return NULL; }
int main(void) { return library_opens("/dev/null") != NULL; }' >fopen.c
linked fopen.c ./liblibrary.so -o prog
assert_contains err.txt "./liblibrary.so calls fopen64 instead, as with _FILE_OFFSET_BITS=64"
if ./prog; then fail "the library's fopen() reaches ours after all"; fi
# Nobody calls the other names; a variable; a function that has a name of the C library's by chance
echo 'int open(const char *p, int f, ...) { return 3; } int main(void) { return open("", 0) != 3; }' >only.c
silent only.c -o prog
echo 'static int here; int index(int i) { return i + here; } int error(void) { return 0; } int optind = 3;
char *strchr(const char *, int);
int main(int n, char **v) { return strchr(v[0], 1) != 0 || index(error()); }' >chance.c
silent -fno-builtin chance.c -o prog

# ---- a library that keeps to its own
cat >keeps.c <<'END'
#ifdef PROTECTED
__attribute__((visibility("protected")))
#endif
int hook(void) { return 1; }
int call_hook(void) { return hook(); }
END
echo 'int call_hook(void); int hook(void) { return 2; } int main(void) { return call_hook(); }' >hook.c
result() { rc=0; ./prog || rc=$?; same "$1" $rc "which hook() the library calls"; }
link -shared -fPIC keeps.c -o libkeeps.so
silent hook.c ./libkeeps.so -o prog
result 2
link -shared -fPIC -Wl,-Bsymbolic keeps.c -o libkeeps.so
linked hook.c ./libkeeps.so -o prog
assert_contains err.txt "\`hook' takes the place of that of ./libkeeps.so, but not inside it"
assert_contains err.txt "the library was linked with -Bsymbolic"
result 1
for i in 1 2 3; do echo "int twice_$i(void) { return $i; }"; done >twice.c
link -shared -fPIC -Wl,-Bsymbolic keeps.c twice.c -o libkeeps.so
linked hook.c twice.c ./libkeeps.so -o prog
same 1 "$(grep -c 'takes the place' err.txt)" "warnings, one for the whole library"
assert_contains err.txt "and so with 3 more symbols"
link -shared -fPIC -DPROTECTED keeps.c -o libkeeps.so
linked hook.c ./libkeeps.so -o prog
assert_contains err.txt "it is protected there"
result 1

# The same for i386, whose libraries have other tables, if there is a C library for it.
if link -m32 -shared -fPIC keeps.c -o libkeeps32.so 2>err.txt; then
	silent -m32 hook.c ./libkeeps32.so -o prog
	result 2
	link -m32 -shared -fPIC -Wl,-Bsymbolic keeps.c -o libkeeps32.so
	linked -m32 hook.c ./libkeeps32.so -o prog
	assert_contains err.txt "the library was linked with -Bsymbolic"
	result 1
fi

# A library's definition with a version of its own takes no other library's place.
echo 'int open(const char *p, int f, ...) { return 3; } int open_64(const char *p) { extern int open64(const char *, int, ...); return open64(p, 0); }' >versioned.c
echo 'OURS { open; open_64; };' >ours.ver
linked -shared -fPIC versioned.c -o versioned.so
assert_contains err.txt "calls open64 instead"
silent -shared -fPIC versioned.c -Wl,--version-script=ours.ver -o versioned.so

# ---- an allocator by half
cat >malloc.c <<'END'
#include <stddef.h>
static char heap[1 << 20];
static size_t used;
void *malloc(size_t n) { void *at = heap + used; used += (n + 15) & ~15ul; return at; }
void free(void *at) {}
#ifdef WHOLE
void *calloc(size_t n, size_t size) { return malloc(n * size); }
void *realloc(void *at, size_t n) { char *to = malloc(n); for (size_t i = 0; at && i < n; i++) to[i] = ((char *)at)[i]; return to; }
#endif
#ifdef MORE
int posix_memalign(void **at, size_t align, size_t n) { return 12; }
#endif
END
echo 'int main(void) { return 0; }' >main.c
echo '#include <stdlib.h>
int main(void) { void *at; return posix_memalign(&at, 64, 64) != 12; }' >memalign.c
linked main.c malloc.c -o prog
grep -E "takes the place of that of .*, which still serves: calloc, realloc$" err.txt >/dev/null || { cat err.txt; fail "no warning of calloc"; }
same 1 "$(grep -c 'takes the place' err.txt)" "warnings, one for the whole allocator"
silent main.c malloc.c -DWHOLE -o prog
linked memalign.c malloc.c -DWHOLE -o prog
grep -E "which still serves: posix_memalign$" err.txt >/dev/null || { cat err.txt; fail "no warning of posix_memalign"; }
silent memalign.c malloc.c -DWHOLE -DMORE -o prog
# One that passes calls on may leave out what it likes.
echo '#define _GNU_SOURCE
#include <dlfcn.h>
#include <stddef.h>
int calls;
void *malloc(size_t n) { calls++; return ((void *(*)(size_t))dlsym(RTLD_NEXT, "malloc"))(n); }' >counts.c
silent main.c counts.c -o prog
# static: there is nothing to interpose
link -static main.c malloc.c -DWHOLE -o prog 2>err.txt || :
assert_lacks err.txt "takes the place"
