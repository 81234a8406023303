#!/bin/bash
# gild abi with debug information that no compiler writes, made to take all of the time or memory there is: it ends soon, with an answer or
# with one error.
set -eu
. "$GILD_SRC/tests/lib.sh"
[ "$(uname -m)" = x86_64 ] || skip "the objects are those of x86-64"

abbrev() { # CODE TAG HAS-CHILDREN [ATTRIBUTE FORM]...
	printf '.uleb128 %s, %s\n.byte %s\n' "$1" "$2" "$3"
	shift 3
	[ $# = 0 ] || printf '.uleb128 %s, %s\n' "$@"
	echo '.byte 0, 0'
}
# An object with one unit, the children of which come from the standard input, and a function "f" of 16 bytes. Entries that others refer to
# have labels: "ref LABEL" is one.
object() { # NAME, [more abbreviations]
	{
		printf '.macro ref to\n.long \\to - unit\n.endm\n.text\n.globl f\n.type f, @function\nf: .skip 16\n.size f, 16\n'
		printf '.section .debug_abbrev, "", @progbits\nabbrevs:\n'
		abbrev 1 0x11 1                                            # unit
		abbrev 2 0x24 0  3 8  0x0b 0x0f  0x3e 0x0b                 # base type: name, size, encoding
		abbrev 3 0x13 1  3 8  0x0b 0x0f                            # structure: name, size
		abbrev 4 0x13 1  0x0b 0x0f                                 # structure: size
		abbrev 5 0x0d 0  3 8  0x49 0x13  0x38 0x0f                 # member: name, type, offset
		abbrev 6 0x0d 0  0x49 0x13  0x38 0x0f                      # member: type, offset
		abbrev 7 0x0d 0  3 8  0x49 0x13  0x0d 0x0b                 # bit-field: name, type, bits
		abbrev 8 0x2e 1  3 8  0x11 1  0x3f 0x19  0x27 0x19         # function: name, address
		abbrev 9 0x05 0  0x49 0x13                                 # parameter: type
		printf '%s\n' "${2-}"
		printf '.byte 0\n.section .debug_info, "", @progbits\nunit: .long 2f - 1f\n1: .short 5\n.byte 1, 8\n.long abbrevs\n.byte 1\n'
		cat
		printf '.byte 0\n2:\n'
	} >"$1.s"
	gcc -c "$1.s" -o "$1.o" || fail "$1.s is no assembly"
}
# Little memory, and little time: sanitizers take more of both.
seconds=20
! has_sanitizer || seconds=200
gild_abi() { (limit_memory 1500000 && timeout $seconds "$GILD" abi "$@") >out.txt 2>messages; }
passes() { gild_abi "$@" || fail "gild abi $*: status $?"; }
differs() { # OLD NEW
	local status=0
	gild_abi diff "$@" || status=$?
	[ "$status" = 12 ] || fail "gild abi diff $*: status $status"
}
refuses() { # TEXT COMMAND...
	local status=0
	gild_abi "${@:2}" || status=$?
	[ "$status" -gt 0 ] && [ "$status" -lt 124 ] || fail "gild abi ${*:2}: status $status"
	assert_contains messages "$1"
	assert_equal "$(grep -c 'gild: error:' messages)" 1
}

# A bit-field in what has as many bytes as there are no bits for.
for size in 1 2 3; do
	printf 't: .byte 2\n.string "T"\n.uleb128 %s\n.byte 5\n.byte 3\n.string "s"\n.byte 4, 7\n.string "b"\nref t\n.byte 3, 0\n' \
		"$(printf %u $((1 << (60 + size))))" | object bits
	passes layout bits.o s
	assert_contains out.txt 'T                          b:3;'
done

# Entries of one byte with more attributes than can be asked for.
object flags "$(abbrev 10 0x13 0 $(yes '0x2000 0x19' | head -5000))" <<<'.fill 20000, 1, 10'
refuses '.debug_abbrev: offset 0x56: abbreviation has more than 1024 attributes (value 0xa)' dump flags.o

# Structures that are inside of each other 30000 times.
for i in $(seq 30000); do
	printf 's%s: .byte 3\n.string "s%s"\n.byte 4, 5\n.string "m"\nref s%s\n.byte 0, 0\n' "$i" "$i" $((i + 1))
done >deep.txt
echo 's30001: .byte 2; .string "int"; .byte 4, 5' | cat deep.txt - | object deep
passes layout --c-header deep.o s1
assert_contains out.txt '/* s1201 is not defined: it is inside of too many others */'

# Each of 31 types without names has the next one twice.
for name in '.byte 6' '.byte 5; .string "m"'; do
	{
		echo 't31: .byte 2; .string "char"; .byte 1, 6'
		for i in $(seq 0 30); do
			printf 't%s: .byte 4, 4\n' "$i"
			printf "$name\nref t$((i + 1))\n.byte %s\n" 0 2
			echo '.byte 0'
		done
		printf '.byte 3\n.string "s"\n.byte 4\n%b\nref t0\n.byte 0, 0\n' "$name"
	} | object dag
	for how in --c-header --offsets; do
		passes layout $how dag.o s
		assert_contains out.txt '/* cut off: '
	done
done

# One section of the file under 3000 headers: 3 GB.
object same <<<"$(printf '.section .debug_str, "MS", @progbits, 1\n.fill 999999, 1, 97\n.byte 0\n.section .debug_info\n')"
number() { od -An -t "u$3" -j "$2" -N "$3" "$1.o" | tr -d ' '; }
le() { for ((i = 0; i < $2; i++)); do printf '%b' "\\x$(printf %02x $(($1 >> 8 * i & 255)))"; done; }
headers=$(number same 40 8) n=$(number same 60 2)
index=$(readelf -SW same.o | sed -n 's/^ *\[ *\([0-9]*\)\] \.debug_str .*/\1/p')
dd if=same.o of=header bs=1 skip=$((headers + 64 * index)) count=64 2>/dev/null
{
	head -c 40 same.o
	le "$(wc -c <same.o)" 8
	dd if=same.o bs=1 skip=48 count=12 2>/dev/null
	le $((n + 3000)) 2
	tail -c +63 same.o
	dd if=same.o bs=1 skip="$headers" count=$((64 * n)) 2>/dev/null
	cat $(printf 'header %.0s' $(seq 3000))
} >many.o
refuses 'sh_size: the debug sections are larger than the file: some are the same bytes (value 0xf4240)' dump many.o

# A function whose type is spelled with 1000 names of a megabyte; what follows is still spelled.
{
	printf 't: .byte 3\n.fill 1000000, 1, 97\n.byte 0, 4, 0\nc: .byte 2\n.string "char"\n.byte 1, 6\n'
	printf '.byte 8\n.string "f"\n.quad f\n'
	for i in $(seq 1000); do printf '.byte 9\nref t\n'; done
	printf '.byte 0\n.byte 8\n.string "z"\n.quad z\n.byte 9\nref c\n.byte 0\n.text\n.globl z\n.type z, @function\nz: .skip 16\n.size z, 16\n'
	printf '.section .debug_info\n'
} | object spell
passes dump spell.o
[ "$(wc -c <out.txt)" -lt 10000000 ] || fail "a type is spelled with $(wc -c <out.txt) characters"
grep -qF '...)' out.txt || fail 'a type that is cut off does not say so'
grep -qFx 'function z : void (char)' out.txt || fail 'what comes behind a long type is cut off'

# A function with 300000 parameters, of which each is another type.
for size in 4 8; do
	{
		printf 't: .byte 2\n.string "int"\n.byte %s, 5\n.byte 8\n.string "f"\n.quad f\n' $size
		printf '.rept 300000\n.byte 9\nref t\n.endr\n.byte 0\n'
	} | object parameters$size
done
differs parameters4.o parameters8.o
assert_contains out.txt 'parameter 9: int (4 bytes) became int (8 bytes)'

# A structure all of whose members have other names, and an enumeration all of whose constants are others.
for side in a b; do
	{
		printf 'struct s {'
		printf " int ${side}_%s;" $(seq 4000)
		printf ' }; enum e {'
		printf " ${side^}_%s," $(seq 30000)
		printf ' }; void f(struct s *s, enum e e) { s->%s_1 = e; }\n' $side
	} >names_$side.c
	gcc -g -c names_$side.c
done
differs names_a.o names_b.o
assert_contains out.txt "member 'a_1' at 0 is called 'b_1'"
assert_contains out.txt 'A_2 (1) is gone'

# 100000 type units of one signature, and 150000 types that refer to it.
{
	printf '.rept 150000\n.byte 11\n.quad 4660\n.endr\n.byte 0\n2:\n'
	printf '.rept 100000\n.long 2f - 1f\n1: .short 5\n.byte 2, 8\n.long abbrevs\n.quad 4660\n.long 25\n'
	printf '.byte 10, 2\n.string "T"\n.byte 4, 5, 0\n2:\n.endr\n'
	printf '.long 2f - 1f\n1: .short 5\n.byte 1, 8\n.long abbrevs\n.byte 1\n'
} | object signatures "$(abbrev 10 0x41 1; abbrev 11 0x16 0  0x49 0x20)"
passes dump --all signatures.o

# 40000 names of one address, which as many entries have; the type is that of the entry with the symbol's name.
{
	echo 't: .byte 2; .string "char"; .byte 1, 6'
	printf '.byte 8\n.string "g%s"\n.quad f\n.byte 0\n' $(seq 39999)
	printf '.byte 8\n.string "g40000"\n.quad f\n.byte 9\nref t\n.byte 0\n.text\n'
	printf '.globl g%s\n.type g%s, @function\n.set g%s, f\n' $(for i in $(seq 40000); do echo "$i $i $i"; done)
	echo '.section .debug_info'
} | object aliases
passes dump aliases.o
assert_contains out.txt 'function g7 : void (void)'
assert_contains out.txt 'function g40000 : void (char)'

# 30000 types of one name that are declared only, and as many that are defined, in other scopes.
{
	for i in $(seq 30000); do
		printf '.byte 10\n.string "a%s"\nt%s: .byte 11\n.string "T"\n.byte 0\n' $i $i
		printf '.byte 10\n.string "b%s"\n.byte 3\n.string "T"\n.byte 1, 0, 0\n' $i
	done
	printf '.byte 8\n.string "f"\n.quad f\n'
	printf '.byte 9\nref t%s\n' $(seq 30000)
	echo '.byte 0'
} | object scopes "$(abbrev 10 0x39 1  3 8; abbrev 11 0x13 0  3 8  0x3c 0x19)"
passes dump scopes.o

# A description with a type of 60000 qualifiers, for each of 40000 members.
{
	printf '{"format":"gild-abi","version":1,"types_known":true,"pointer_size":8,"types":['
	printf '{"id":1,"kind":"base","name":"int","size":4,"encoding":5}'
	printf ',{"id":%s,"kind":"volatile","type":%s},{"id":%s,"kind":"const","type":%s}' \
		$(for i in $(seq 2 2 60000); do echo "$i $((i - 1)) $((i + 1)) $i"; done)
	printf ',{"id":60002,"kind":"struct","name":"s","definitions":[{"size":4,"members":[{"kind":"field","name":"first","type":1,"bit_offset":0}'
	printf ',{"kind":"field","name":"m%s","type":60001,"bit_offset":0}' $(seq 40000)
	printf ']}]}],"symbols":[{"name":"x","kind":"variable","type":60002}]}'
} >qualifiers.json
passes diff qualifiers.json qualifiers.json
passes dump qualifiers.json
assert_contains out.txt 'm40000'

# A line table with a million files, and 20000 types that say in which file they are.
{
	printf '.byte 0\n2: .long 2f - 1f\n1: .short 5\n.byte 1, 8\n.long abbrevs\n.byte 10\n.long lines\n'
	printf '.byte 11\n.string "s%s"\n.byte 1, 4\n' $(seq 20000)
	printf '.section .debug_line, "", @progbits\nlines: .long 5f - 3f\n3: .short 5\n.byte 8, 0\n.long 5f - 4f\n4: .byte 1, 1, 1, 0xfb, 14, 1\n'
	printf '.byte 1, 1, 8\n.uleb128 1\n.string "d"\n.byte 1, 2, 0x0b\n.uleb128 1000000\n.fill 1000000\n5:\n.section .debug_info\n'
} | object lines "$(abbrev 10 0x11 1  0x10 0x17; abbrev 11 0x13 0  3 8  0x3a 0x0b  0x0b 0x0b)"
passes dump --all lines.o
assert_contains out.txt 'struct s20000, size 4'
