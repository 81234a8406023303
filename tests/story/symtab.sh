#!/bin/bash
# .symtab lists local symbols first, each under its file, then globals, with sh_info between; -s, -S, -x and -X
# leave out what they say; nm finds every function of the program.
# verify
# repeat
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'static int count_a; int pub_a = 1; static int help(void) { return count_a++; } int f(void) { return help(); }' >a.c
echo 'int f(void); static int help(void) { return f(); } __attribute__((weak)) int w; int uninit; int main(void) { return help() + w; }' >b.c
printf '.Lhidden_local:\n.globl s\ns: ret\nkept_local: ret\n.section .note.GNU-stack,"",@progbits\n' >s.s
for kind in $KINDS; do
	link -g -O0 $(cflags $kind) $(ldflags $kind) a.c b.c s.s -o prog
	./prog
	readelf -sW prog | sed 's/<OS specific>: 10/IFUNC/' | sed -n "/'.symtab'/,\$p" | tail -n +4 >symbols
	# locals before globals, sh_info says where
	last_local=$(awk '$5 == "LOCAL" { n = $1 + 0 } END { print n }' symbols)
	first_global=$(awk '$5 != "LOCAL" { print $1 + 0; exit }' symbols)
	same $((last_local + 1)) $first_global "$kind: first global behind last local"
	same $first_global "$(readelf -SW prog | sed 's/\[ */[/' | awk '$2 == ".symtab" { print $(NF - 1) }')" "$kind: sh_info"
	# each local function under its FILE symbol
	awk '$4 == "FILE" { f = $8 } $8 == "help" || $8 == "count_a" { print f, $8 }' symbols | sort >files
	same "a.c count_a a.c help b.c help " "$(tr '\n' ' ' <files)" "$kind: locals and files"
	nm prog >names
	for n in "T f" "T main" "t help" "D pub_a" "b count_a" "B uninit" "V w" "T s" "t kept_local"; do
		grep -q " $n\$" names || { echo "$kind: nm assert_lacks '$n'"; exit 1; }
	done
	assert_lacks names .Lhidden_local
	same 2 "$(grep -c ' t help$' names)" "functions named help"
done

has() { readelf -SW prog | grep -q " \\$1 "; }
link -g a.c b.c s.s -Wl,-s -o prog
./prog
if has .symtab || has .debug_info || has .strtab; then echo "-s keeps symbols"; exit 1; fi
link -g a.c b.c s.s -Wl,-S -o prog
./prog
if ! has .symtab || has .debug_info; then echo "-S"; exit 1; fi
link -g a.c b.c s.s -Wl,-x -o prog
./prog
nm prog >names
assert_lacks names "t help"
assert_lacks names kept_local
assert_contains names "T main"
link a.c b.c s.s -Wl,--discard-none -o prog
./prog
