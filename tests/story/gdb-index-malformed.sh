#!/bin/bash
# --gdb-index reads debug information that other links only copy: what is damaged gives one error that names file, section,
# offset and field. Without the option the same objects are linked.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >a.c <<'END'
struct s { int x; };
static int hidden(struct s *s) { return s->x; }
int main(void) { struct s s = {0}; return hidden(&s); }
END

damage() { # SECTION OFFSET BYTES: a.o, damaged, as bad.o
	objcopy --dump-section "$1=bytes" a.o
	printf "$3" | dd of=bytes bs=1 seek="$2" conv=notrunc 2>/dev/null
	objcopy --update-section "$1=bytes" a.o bad.o
}
refuses() { # TEXT
	rm -f out
	link bad.o -o out || fail "$1: does not link without --gdb-index"
	rm -f out
	expect_fail link bad.o -Wl,--gdb-index -o out
	assert_contains messages "$1"
	assert_contains messages '>>> --gdb-index has to read this'
	assert_equal "$(grep -c 'gild: error:' messages)" 1
	[ ! -e out ] || fail "an error, and an output"
}

$CC -g -gdwarf-5 -ffunction-sections -c a.c
damage .debug_info 4 '\11'
refuses 'bad.o:(.debug_info+0x0): version is none of 2, 3, 4 and 5 (value 0x9)'
damage .debug_info 0 '\377\377'
refuses 'bad.o:(.debug_info+0x0): unit_length does not fit into the section'
damage .debug_info 6 '\33'
refuses 'bad.o:(.debug_info+0x0): unit_type is unknown (value 0x1b)'
damage .debug_info 7 '\3'
refuses 'bad.o:(.debug_info+0x0): address_size is neither 4 nor 8 (value 0x3)'
damage .debug_info 12 '\177'
refuses 'bad.o:(.debug_info+0xc): abbreviation code is not in the unit'
damage .debug_abbrev 0 '\1\21\1\3\176'
refuses 'attribute form is unknown (value 0x7e)'
damage .debug_rnglists 12 '\123'
refuses 'bad.o:(.debug_rnglists+0xc): kind of range list entry is unknown (value 0x53)'
$CC -g -gdwarf-4 -ggnu-pubnames -ffunction-sections -c a.c
damage .debug_gnu_pubnames 0 '\377'
refuses 'bad.o:(.debug_gnu_pubnames+0x0): unit_length does not fit into the section'
damage .debug_gnu_pubnames 4 '\3'
refuses '(.debug_gnu_pubnames+0x6): version is not 2 (value 0x3)'

# Names that are longer than any compiler makes them: every enumerator of a namespace with a long name is named by it.
printf 'namespace %s { enum e { %s }; e v; }\n' "$(printf 'n%.0s' $(seq 60000))" "$(seq -f 'e%g,' -s ' ' 2000)" >long.cc
$CXX -g -c long.cc
expect_fail link++ -shared long.o -Wl,--gdb-index -o out
assert_contains messages 'long.o:(.debug_info+0x0): unit has names that are too long for its size'
