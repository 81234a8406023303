#!/bin/bash
# Compressed sections of objects are read as what they were: an output is the same whatever compressed its inputs.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >common.h <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
struct record { struct record *next; const char *name; int number; double values[10]; };
int sum(const struct record *list);
END
cat >main.c <<'END'
#include "common.h"
int main(void) {
	struct record b = {NULL, "b", 40, {0}}, a = {&b, "a", 2, {0}};
	printf("%d\n", sum(&a));
	return 0;
}
END
cat >sum.c <<'END'
#include "common.h"
int sum(const struct record *list) { return list ? list->number + sum(list->next) : 0; }
int unused(const char *text) { return (int)strtol(text, NULL, 10); }
END

compile() { "${compile[@]}" -g -ffunction-sections -c "$@" ../main.c ../sum.c; }

form() { # NAME KIND: the plain objects, compressed, in a folder of that name
	mkdir -p "$1"
	for object in main.o sum.o; do objcopy --compress-debug-sections="$2" "plain/$object" "$1/$object" || return 1; done
}
same_output() { # NAME ARGS...: a link of that folder's objects gives the bytes of one of the plain ones
	local name=$1
	shift
	for folder in plain "$name"; do
		cp $folder/*.o .
		"${driver[@]}" main.o sum.o "$@" -o prog-$folder
		assert_equal "$(./prog-$folder)" 42
	done
	cmp prog-plain "prog-$name" || fail "$name $*: not the same as without compression"
}
story() {
	mkdir plain
	compile -gz=none
	mv *.o plain
	local forms="zlib-gabi zlib-gnu"
	form zlib-gabi zlib-gabi
	form zlib-gnu zlib-gnu
	! form zstd zstd 2>/dev/null || forms="$forms zstd"
	readelf -SW zlib-gabi/main.o | grep -q '\.debug_info .* C ' || fail "objcopy compressed nothing"
	readelf -SW zlib-gnu/main.o | grep -q '\.zdebug_info ' || fail "objcopy compressed nothing"
	for name in $forms; do
		same_output $name
		same_output $name -static -Wl,--gc-sections
		same_output $name -Wl,--threads=3
		same_output $name -Wl,-S
	done
	readelf -SW prog-plain | grep -qE '\.z?debug_info' && fail "-S left debug information"
	same_output zlib-gnu

	# Through an archive, and of several kinds at once
	cp zlib-gnu/sum.o sum.o
	ar rc libsum.a sum.o
	cp zlib-gabi/main.o main.o
	"${driver[@]}" main.o libsum.a -o mixed
	assert_equal "$(./mixed)" 42
	readelf --debug-dump=info,abbrev,line,str mixed >dump 2>warnings
	[ ! -s warnings ] || { cat warnings; fail "readelf finds fault with the debug information"; }
	grep -q 'DW_AT_name .*: sum$' dump || fail "readelf finds no function sum"
	readelf -SW mixed >sections
	assert_lacks sections .zdebug

	# The compiler's own
	compile -gz
	"${driver[@]}" main.o sum.o -o prog
	readelf --debug-dump=info prog >dump 2>&1
	assert_contains dump sum.c
	if "${compile[@]}" -g -gz=zstd -c ../main.c -o zstd.o 2>/dev/null && readelf -SW zstd.o | grep -q '\.debug_info .* C '; then
		"${driver[@]}" zstd.o sum.o -o prog
		readelf --debug-dump=info prog >dump 2>&1
		assert_contains dump main.c
	fi
}
each_compiler story

# A line number out of compressed debug information stands in a message.
"$CC" -g -gz -c -x c - -o undefined.o <<<'void missing(void); int main(void) { missing(); missing(); missing(); return 0; }'
expect_fail link undefined.o -o prog
assert_contains messages '<stdin>:1'
