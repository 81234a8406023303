#!/bin/bash
# Errors name the source: file, line and function with debug information of any version, file and function without.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
"$GILD" --version | grep -q gild || skip "only gild words it so"

mkdir sub
cat >sub/main.c <<'END'
int missing(int);
int elsewhere(int);
int inner(int x)
{
	return missing(x) +
	       1;
}
int main(int argc, char **argv)
{
	(void)argv;
	if (argc > 7)
		return missing(2) + 2;
	return inner(argc) + elsewhere(1);
}
END
cat >ns.cc <<'END'
namespace ns {
int gone(int, char *);
int f(char) {
	return ns::gone(1, nullptr) + 1;
}
}
int missing_variable_user(void);
extern int missing_variable;
int *pointer = &missing_variable;
END
cat >twice.c <<'END'

int elsewhere(int x) { return x; }
END
cat >again.c <<'END'


int elsewhere(int x) { return x; }
END

has() { grep -qxF -e "$1" err.txt || { cat err.txt; fail "no line: $1"; }; }
lacks() { ! grep -q -e "$1" err.txt || { cat err.txt; fail "there should be no $1"; }; }

with_lines() { # FLAGS
	"${compile[@]}" "$@" -c ../sub/main.c ../ns.cc ../twice.c ../again.c
	fails "${driver[@]}" main.o ns.o twice.o -o prog
	has ">>> ../sub/main.c:5: in function \`inner': undefined reference to \`missing'"
	grep -q '^>>> also referenced at main.o:(.text[.a-z]*+0x[0-9a-f]*) (../sub/main.c:12)$' err.txt ||
		{ cat err.txt; fail "no line of a further reference"; }
	has ">>> ../ns.cc:4: in function \`ns::f(char)': undefined reference to \`ns::gone(int, char*)'"
	has ">>> ns.cc: in variable \`pointer': undefined reference to \`missing_variable'"
	fails "${driver[@]}" main.o twice.o again.o -o prog
	grep -q '^>>> first defined at twice.o:(.text[.a-z]*+0x0) (../twice.c:2)$' err.txt || { cat err.txt; fail "first definition"; }
	grep -q '^>>> ../again.c:3: multiple definition of `elsewhere'"'" err.txt || { cat err.txt; fail "second definition"; }
	rm main.o ns.o twice.o again.o
}

all_formats() {
	local flags
	for flags in -gdwarf-2 -gdwarf-3 -gdwarf-4 -gdwarf-5 "-gdwarf-5 -gdwarf64" "-gdwarf-4 -gdwarf64" "-g -ffunction-sections"; do
		# shellcheck disable=SC2086
		with_lines $flags
	done
}

without_lines() {
	"${compile[@]}" -c ../sub/main.c ../ns.cc ../twice.c ../again.c
	fails "${driver[@]}" main.o ns.o twice.o -o prog
	has ">>> main.c: in function \`inner': undefined reference to \`missing'"
	has ">>> ns.cc: in function \`ns::f(char)': undefined reference to \`ns::gone(int, char*)'"
	lacks '\.c:[0-9]'
	fails "${driver[@]}" ns.o -Wl,--no-demangle -o prog
	has ">>> ns.cc: in function \`_ZN2ns1fEc': undefined reference to \`_ZN2ns4goneEiPc'"
	fails "${driver[@]}" main.o twice.o again.o -o prog
	grep -q '^>>> again.c: multiple definition of `elsewhere'"'" err.txt || { cat err.txt; fail "second definition"; }
}

each_compiler all_formats
each_compiler without_lines

# relocations that cannot be: found while scanning, and while writing
cat >abs.c <<'END'
int variable;
int f(void)
{
	return variable;
}
END
cat >far.c <<'END'
void far_away(void);
int main(void)
{
	far_away();
	return 0;
}
END
relocations() {
	"${compile[@]}" -g -fno-pie -c ../abs.c ../far.c
	"${compile[@]}" -fno-pie -c ../abs.c -o plain.o
	fails "${driver[@]}" -shared abs.o -o abs.so
	has ">>> ../abs.c:4: in function \`f'"
	fails "${driver[@]}" -shared plain.o -o abs.so
	has ">>> abs.c: in function \`f'"
	fails "${driver[@]}" -no-pie far.o -Wl,--defsym=far_away=0x200000000 -o far
	grep -q "^>>> ../far.c:4: in function \`main': relocation truncated to fit: R_X86_64_P[A-Z0-9]* against \`far_away'$" err.txt ||
		{ cat err.txt; fail "no source line of an overflow"; }
}
each_compiler relocations

# assembly: labels without type and size, with and without line table
cat >start.s <<'END'
	.globl _start
first:	nop
_start:	nop
	call nowhere
END
"$CC" -c start.s
fails "$GILD" start.o -o prog
has ">>> in function \`_start': undefined reference to \`nowhere'"
"$CC" -g -c start.s
fails "$GILD" start.o -o prog
has ">>> start.s:4: in function \`_start': undefined reference to \`nowhere'"

# an object of several sources: a local function belongs to the last file before it, of a global one nothing is known
if have ld.bfd; then
	echo 'int nowhere(void); static __attribute__((noinline, used)) int local_one(void) { return nowhere(); }' >one.c
	echo 'int nowhere2(void); static __attribute__((noinline, used)) int local_two(void) { return nowhere2(); }
int nowhere3(void); int global(void) { return nowhere3(); }' >two.c
	for g in "" -g; do
		"$CC" $g -c one.c two.c
		ld.bfd -r one.o two.o -o both.o
		fails link -shared -Wl,-z,defs both.o -o both.so
		has ">>> one.c${g:+:1}: in function \`local_one': undefined reference to \`nowhere'"
		has ">>> two.c${g:+:1}: in function \`local_two': undefined reference to \`nowhere2'"
		has ">>> ${g:+two.c:2: }in function \`global': undefined reference to \`nowhere3'"
	done
fi

# a flood is answered in no time: only what is printed is looked up
for i in $(seq 5000); do echo "void missing_$i(void); void user_$i(void) { missing_$i(); }"; done >flood.c
"$CC" -g -c flood.c
fails timeout 10 "$CC" -B"$GILD_BIN" -shared -Wl,-z,defs flood.o -o flood.so
[ "$(grep -c '^>>> flood.c:[0-9]*: in function `user_' err.txt)" = 20 ] || { cat err.txt; fail "20 errors expected"; }
assert_contains err.txt "too many errors"
