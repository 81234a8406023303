#!/bin/bash
# A variable of a shared library used directly by an executable gets one copy in the executable: every alias moves with
# it, the library sees the same object, and read-only data stays read-only.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >lib.c <<'END'
int value = 7;
extern int strong_alias __attribute__((alias("value")));
extern int weak_alias __attribute__((weak, alias("value")));
const int table[64] __attribute__((aligned(32))) = {1, 2, 3, [63] = 4};
int big[1000] __attribute__((aligned(64))) = {9};
int get_value(void) { return value; }
int *get_alias(void) { return &weak_alias; }
int *get_strong_alias(void) { return &strong_alias; }
const int *get_table(void) { return table; }
END
cat >main.c <<'END'
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
extern char **environ, **__environ;
extern int value, weak_alias, big[1000];
extern const int table[64];
int get_value(void), *get_alias(void);
const int *get_table(void);
static void segv(int s) { _exit(0); }
int main(void) {
	int *volatile value_at = &value, *volatile alias_at = &weak_alias; /* volatile: compilers fold the comparison */
	char ***volatile environ_at = &environ, ***volatile __environ_at = &__environ;
	value = 8;
	if (get_value() != 8 || alias_at != value_at || get_alias() != value_at) return 1;
	if (environ_at != __environ_at || !getenv("PATH") || setenv("NEW", "1", 1) || !*environ) return 2;
	if (get_table() != table || table[63] != 4 || (uintptr_t)table % 32) return 3;
	if (big[0] != 9 || (uintptr_t)big % 64) return 4;
	signal(SIGSEGV, segv);
	*(volatile int *)&table[0] = 5; /* must crash: constants are copied into relro */
	return 5;
}
END
for cc in $COMPILERS; do
	$cc -fPIC -shared lib.c -o liblib.so
	for kind in $DYNAMIC_KINDS; do
		$cc -O1 $(cflags $kind) $(ldflags $kind) main.c ./liblib.so -o prog
		./prog || { echo "$cc $kind: exit $?"; exit 1; }
	done
done

# the copies of the no-pie executable: aliases are exported at the same address, one relocation only
link -O1 -fno-pie -no-pie main.c ./liblib.so -o prog
readelf -rW prog >relocs
same 4 "$(grep -c R_X86_64_COPY relocs)" "copy relocations (value, table, big, environ)"
readelf --dyn-syms -W prog | awk '$8 ~ /^(value|weak_alias)$/ && $7 != "UND" { print $2 }' | sort -u >addresses
same 1 "$(wc -l <addresses)" "addresses of value and its aliases"

# -z nocopyreloc refuses a copy
if link -fno-pie -no-pie -Wl,-z,nocopyreloc main.c ./liblib.so -o nocopy 2>/dev/null; then
	readelf -rW nocopy >relocs
	assert_lacks relocs R_X86_64_COPY
fi

# Stricter than GNU ld, which follows weak aliases only: a strong alias moves as well (as with lld and mold).
cat >strong.c <<'END'
extern int value;
int *get_strong_alias(void);
int main(void) { int *volatile at = &value; return get_strong_alias() != at; }
END
link -O1 -fno-pie -no-pie strong.c ./liblib.so -o prog
./prog || { echo "the strong alias stayed behind"; exit 1; }

# What a library protects it does not look up: a copy, or another address of a function, would not be the library's
cat >protected.c <<'END'
#pragma GCC visibility push(protected)
int variable = 3;
int function(void) { return 1; }
#pragma GCC visibility pop
int *variable_at(void) { return &variable; }
int (*function_at(void))(void) { return function; }
END
echo 'extern int variable; int *variable_at(void); int main(void) { return &variable != variable_at(); }' >variable.c
echo 'int function(void), (*function_at(void))(void); int main(void) { return function_at() != function; }' >function.c
echo 'int function(void); int main(void) { return function() != 1; }' >call.c
for option in '' -mno-direct-extern-access; do
	[ -z "$option" ] || link -fPIC -c $option protected.c 2>/dev/null || continue
	link -fPIC -shared $option protected.c -o libprotected.so
	for kind in $DYNAMIC_KINDS; do
		link $(cflags $kind) -c variable.c function.c call.c
		fails link $(ldflags $kind) variable.o ./libprotected.so -o prog
		assert_contains err.txt "variable.o:(.text"
		assert_contains err.txt "cannot create a copy relocation for protected symbol \`variable' in ./libprotected.so"
		link $(ldflags $kind) call.o ./libprotected.so -o prog
		./prog || fail "$kind: a call of a protected function"
		[ $kind = no-pie ] || continue
		fails link $(ldflags $kind) function.o ./libprotected.so -o prog
		assert_contains err.txt "non-canonical reference to canonical protected function \`function' in ./libprotected.so"
	done
	for kind in $DYNAMIC_KINDS; do
		link -fPIC $(ldflags $kind) variable.c ./libprotected.so -o prog
		./prog || fail "$kind: the address of a protected variable"
		link -fPIC $(ldflags $kind) function.c ./libprotected.so -o prog
		./prog || fail "$kind: the address of a protected function"
	done
done
