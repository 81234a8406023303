#!/bin/bash
# Notes: properties of several objects combine by the rules of their ranges; -z x86-64-vN adds to them; .note.package;
# one PT_NOTE for the notes of one alignment.
set -eu
. "$GILD_SRC/tests/lib.sh"

# properties NAME TYPE:BITS...: an object with a .note.gnu.property of these
properties() {
	local name=$1
	shift
	{
		printf '.section .note.gnu.property,"a",@note\n.p2align 3\n.long 4, 1f - 0f, 5\n.asciz "GNU"\n0:\n'
		for property; do printf '.long %s, 4, %s\n.p2align 3\n' "${property%:*}" "${property#*:}"; done
		printf '1:\n.section .note.GNU-stack,"",@progbits\n'
	} | "$CC" -c -Wa,-mx86-used-note=no -xassembler - -o "$name.o"
}
properties a 0xc0000002:3 0xc0008001:1 0xc0008002:7 0xc0010001:1 0xc0010002:7 0xb0000000:6
properties b 0xc0000002:2 0xc0008001:2 0xc0008002:8 0xc0010001:2 0xc0010002:8 0xb0000000:3
properties c 0xc0000002:1 0xb0008000:1
properties odd 0xc0000000:1 0x12345678:1
printf '.globl _start\n_start: ret\n.section .note.GNU-stack,"",@progbits\n' |
	"$CC" -c -Wa,-mx86-used-note=no -xassembler - -o none.o

# shows OPTIONS INPUTS: TYPE:BITS... of the output's note
shows() {
	"$GILD" -e 0 "$@" -o out
	objcopy --dump-section .note.gnu.property=note out out.copy 2>/dev/null
	od -An -v -tx4 -w16 -j16 note | while read -r type _ bits _; do printf '%s:%x ' "$type" "0x$bits"; done
}
have objcopy || skip "no objcopy"
assert_equal "$(shows a.o b.o)" "b0000000:2 c0000002:2 c0008001:3 c0008002:f c0010001:3 c0010002:f "
assert_equal "$(shows a.o none.o)" "c0008001:1 c0008002:7 "
assert_equal "$(shows a.o c.o)" "b0008000:1 c0000002:1 c0008001:1 c0008002:7 "
assert_equal "$(shows a.o -z x86-64-v4)" "b0000000:6 c0000002:3 c0008001:1 c0008002:f c0010001:1 c0010002:7 "
assert_equal "$(shows none.o -z x86-64-v3 -z shstk)" "c0000002:2 c0008002:4 "
assert_equal "$(shows none.o -z x86-64-baseline -z x86-64-v2)" "c0008002:3 "
"$GILD" -e 0 none.o odd.o -o out
readelf -SW out >sections
assert_lacks sections .note.gnu.property

# --package-metadata
package() {
	"$GILD" -e 0 none.o "$@" -o out
	objcopy --dump-section .note.package=note out out.copy 2>/dev/null || return 0
	od -An -v -tx1 note | tr -d ' \n'
}
note=040000000c0000007e1afeca46444f00 # "FDO", 0xcafe1a7e
text=7b2261223a2262227d000000         # {"a":"b"}
for json in '{"a":"b"}' '%7B%22a%22%3a%22b%22%7d' '%[lbrace]%[quot]a%[quot]:"b"%[rbrace]'; do
	assert_equal "$(package --package-metadata="$json")" "$note$text"
done
for none in "" "="; do
	package --package-metadata='{}' "--package-metadata$none" >/dev/null
	readelf -SW out >sections
	assert_lacks sections .note.package
done
for wrong in 'foo%x' '%' '%7' '%[nobody]'; do
	expect_fail "$GILD" none.o --package-metadata="$wrong" -o no
	assert_contains messages "invalid string: $wrong"
done

# notes of other names: the more aligned first, so that there are two segments and not three
for note in a:3 b:2 c:3; do
	printf '.section .note.%s,"a",@note\n.p2align %s\n.long 4, 0, 1\n.asciz "abc"\n' ${note%:*} ${note#*:} |
		"$CC" -c -Wa,-mx86-used-note=no -xassembler - -o note-${note%:*}.o
done
"$GILD" -e 0 note-a.o note-b.o note-c.o none.o -o out
assert_equal "$(readelf -lW out | awk '$1 == "NOTE" { print $NF }' | tr '\n' ' ')" "0x8 0x4 "
readelf -lW out >segments
assert_contains segments ".note.a .note.c .note.b"

# the kinds of build id
for kind in sha1:20 md5:16 sha256:32 fast:8 tree:20 uuid:16 xx:16 0x12ab34cd:4; do
	"$GILD" -e 0 none.o --build-id=${kind%:*} -o out
	id=$(readelf -nW out | sed -n 's/.*Build ID: //p')
	assert_equal "$((${#id} / 2))" "${kind#*:}"
done
assert_equal "$id" 12ab34cd
