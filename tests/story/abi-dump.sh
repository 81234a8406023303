#!/bin/bash
# gild abi dump: the same text for one source, however its debug information is stored; JSON that reads back as the same; --emit-abi, which
# strip leaves; gild abi lint: quiet on what compilers make, loud on what is damaged.
# packages: dwz libstdc++6-12-dbg
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >lib.c <<'END'
#include <sys/types.h>
enum color { RED, BLUE = 7 };
struct later;
typedef struct { int x; union { int i; float f; }; } pair;
struct shape { pair at; enum color color; unsigned solid : 1, layer : 4; struct shape *next; double area[2]; };
typedef int (*visitor)(struct shape *, void *);
int each(struct shape *first, visitor visit, void *data) { return first ? visit(first, data) : 0; }
char banner[12] = "hello";
struct later *later(off_t from, ...) { return (struct later *)(from ? banner : 0); }
_Thread_local int level;
static int hidden(void) { return 1; }
__attribute__((visibility("hidden"))) int inside(void) { return hidden(); }
int old_each(void) { return inside(); }
__asm__(".symver old_each, each_shape@V1");
__attribute__((alias("each"))) int new_each(struct shape *, visitor, void *);
__asm__(".symver new_each, each_shape@@V2");
END
echo 'V1 { global: each; later; banner; level; local: *; }; V2 { global: each_shape; } V1;' >map
cat >wanted <<'END'
variable banner@@V1, size 12 : char[12]
function each@@V1 : int (struct shape *, visitor, void *)
function each_shape@V1 : int (void)
function each_shape@@V2 : int (struct shape *, visitor, void *)
function later@@V1 : struct later *(off_t, ...)
thread-local level@@V1, size 4 : int

typedef __off_t = long int
typedef off_t = __off_t
typedef pair = struct {...}
    0: int x
    4: union {...}
        4: int i
        4: float f
typedef visitor = int (*)(struct shape *, void *)
struct later, not defined here
struct shape, size 40, align 8
    0: pair at
    8: enum color color
    12.0: unsigned int solid:1
    12.1: unsigned int layer:4
    16: struct shape *next
    24: double area[2]
enum color, size 4
    RED = 0
    BLUE = 7
END
# What compilers spell in their own ways, and lists of versions, left out.
shown() { "$GILD" abi dump "$@" >dump.txt && sed -e '1,/^$/d' -e 's/typedef __off_t = long$/typedef __off_t = long int/' dump.txt | grep -v '^symbol '; }

check() {
	local flags
	for flags in -gdwarf-5 -gdwarf-4 '-gdwarf-4 -fdebug-types-section' '-gdwarf-5 -fdebug-types-section' '-gdwarf-5 -gz' '-gdwarf-5 -O2'; do
		# shellcheck disable=SC2086 # words
		"${driver[@]}" $flags -fPIC -shared -Wl,--version-script=../map -Wl,-soname,libl.so.1 ../lib.c -o lib.so
		shown lib.so >got
		diff ../wanted got || fail "$flags: the dump is not what it should be"
		grep -qx 'soname libl.so.1' dump.txt && grep -qx 'promise sizeof(off_t) = 8' dump.txt && grep -qx 'promise char = signed' dump.txt ||
			{ head -20 dump.txt; fail "$flags: soname or promises are missing"; }
		"$GILD" abi dump --json lib.so >lib.json
		"$GILD" abi dump lib.json >again.txt
		diff dump.txt again.txt || fail "$flags: the JSON does not read as the same"
		"$GILD" abi lint lib.so >lint.txt || { cat lint.txt; fail "$flags: lint complains"; }
	done
	"${compile[@]}" -g -fPIC -c ../lib.c -o lib.o
	"$GILD" abi dump lib.o >object.txt
	grep -q '^function each : int (struct shape \*, visitor, void \*)' object.txt || { cat object.txt; fail "an object has other symbols"; }
	rm -f liba.a && ar rcs liba.a lib.o && "$GILD" abi dump liba.a | diff object.txt - || fail "an archive is not its object"
}
each_compiler check

# Debug information elsewhere: by dwz, by build id, and gone.
if have dwz; then
	cp with-gcc/lib.so 1.so && cp with-gcc/lib.so 2.so
	dwz -m common.debug 1.so 2.so
	shown 1.so | diff wanted - || fail "dwz: the dump differs"
	mv common.debug away.debug
	"$GILD" abi dump 1.so >dump.txt 2>messages
	assert_contains messages ".gnu_debugaltlink"
fi
link -g -fPIC -shared -Wl,--build-id -Wl,--version-script=map -Wl,-soname,libl.so.1 lib.c -o id.so
id=$(readelf -n id.so | sed -n 's/.*Build ID: //p')
mkdir -p "debug/.build-id/${id:0:2}"
objcopy --only-keep-debug id.so "debug/.build-id/${id:0:2}/${id:2}.debug"
strip id.so
shown --debug-dir=debug id.so | diff wanted - || fail "the debug file is not found by its build id"
"$GILD" abi dump id.so >bare.txt
assert_contains bare.txt "There is no debug information"
assert_contains bare.txt "function each@@V1 : ?"

# --emit-abi
link -g -fPIC -shared -Wl,--emit-abi -Wl,--version-script=map -Wl,-soname,libl.so.1 lib.c -o emit.so
"$GILD" abi dump emit.so >before.txt
for command in 'strip' 'strip -g' 'strip --strip-unneeded' 'objcopy --strip-debug'; do
	cp emit.so stripped.so
	$command stripped.so
	! readelf -SW stripped.so | grep -q '\.debug_info' || fail "$command leaves debug information"
	"$GILD" abi dump stripped.so | diff before.txt - || fail "$command: the description says something else"
done
link -g -fPIC -shared -Wl,--emit-abi -Wl,-s -Wl,--version-script=map -Wl,-soname,libl.so.1 lib.c -o s.so
"$GILD" abi dump s.so | diff before.txt - || fail "-s --emit-abi: the description says something else"
size=$(readelf -SW s.so | sed -n 's/.* \.gild\.abi *PROGBITS *[0-9a-f]* [0-9a-f]* \([0-9a-f]*\) .*/\1/p')
[ $((16#$size)) -lt 2000 ] || fail ".gild.abi has 0x$size bytes"
"$GILD" abi diff emit.so s.so >diff.txt || { cat diff.txt; fail "a library differs from itself without debug information"; }
"$CC" -g -fPIC -c lib.c
for threads in 1 4; do link -shared -Wl,--emit-abi,--threads=$threads,--version-script=map,-soname=t lib.o -o t$threads.so; done
cmp t1.so t4.so || fail "--emit-abi depends on the number of threads"
link -fPIC -shared -Wl,--emit-abi -Wl,--version-script=map lib.c -o none.so 2>messages
assert_contains messages "no object has debug information"
! readelf -SW none.so | grep -q 'gild\.abi' || fail "a description of nothing"
"$CC" -g -c lib.c -o lib.o
expect_fail "$GILD" -r --emit-abi lib.o -o r.o
assert_contains messages "may not be used together"

# 32 bits: other sizes, relocations without addends
if "$CC" -m32 -g -fPIC -c lib.c -o lib32.o 2>/dev/null; then
	"$GILD" abi dump lib32.o >object32.txt
	grep -qx 'function each : int (struct shape \*, visitor, void \*)' object32.txt && grep -qx 'struct shape, size 36, align 4' object32.txt &&
		grep -qx 'promise sizeof(void \*) = 4' object32.txt || { cat object32.txt; fail "an object for i386 is misread"; }
	"$GILD" -m elf_i386 -shared --emit-abi --version-script=map lib32.o -o lib32.so
	"$GILD" abi dump lib32.so >before.txt
	strip lib32.so
	"$GILD" abi dump lib32.so | diff before.txt - || fail "i386: the description says something else"
	"$GILD" abi layout --c-header lib32.o shape >shape.h
	"$CC" -m32 -w -x c -c shape.h -o shape.o || fail "i386: the header is not accepted"
fi

# Damage: one error that names file and place, and lint goes on.
cat >mistakes.s <<'END'
	.text
f:	ret
	.section .debug_abbrev, "", @progbits
	.uleb128 1, 0x11	# compile unit, children, name
	.byte 1
	.uleb128 0x03, 0x08, 0, 0
	.uleb128 2, 0x24	# base type: name, size, encoding
	.byte 0
	.uleb128 0x03, 0x08, 0x0b, 0x0b, 0x3e, 0x0b, 0, 0
	.uleb128 3, 0x13	# structure: name, size
	.byte 1
	.uleb128 0x03, 0x08, 0x0b, 0x0b, 0, 0
	.uleb128 4, 0x0d	# member: name, type, offset
	.byte 0
	.uleb128 0x03, 0x08, 0x49, 0x13, 0x38, 0x0b, 0, 0
	.uleb128 5, 0x13	# structure without size
	.byte 0
	.uleb128 0x03, 0x08, 0, 0
	.uleb128 6, 0x04	# enumeration: name, size
	.byte 1
	.uleb128 0x03, 0x08, 0x0b, 0x0b, 0, 0
	.uleb128 7, 0x28	# enumerator without value
	.byte 0
	.uleb128 0x03, 0x08, 0, 0
	.uleb128 8, 0x2e	# function: name, from and to which address
	.byte 0
	.uleb128 0x03, 0x08, 0x11, 0x01, 0x12, 0x01, 0, 0
	.uleb128 9, 0x0f	# pointer: to what
	.byte 0
	.uleb128 0x49, 0x13, 0, 0
	.byte 0
	.section .debug_info, "", @progbits
info:	.long end - begin
begin:	.short 4
	.long .debug_abbrev
	.byte 8
	.uleb128 1
	.asciz "unit"
int:	.uleb128 2
	.asciz "int"
	.byte 4, 5
	.uleb128 3
	.asciz "overlapping"
	.byte 8
	.uleb128 4
	.asciz "a"
	.long int - info
	.byte 0
	.uleb128 4
	.asciz "b"
	.long int - info
	.byte 2
	.uleb128 4
	.asciz "c"
	.long int - info
	.byte 6
	.byte 0
	.uleb128 5
	.asciz "without_size"
	.uleb128 6
	.asciz "values"
	.byte 4
value:	.uleb128 7
	.asciz "NONE"
	.byte 0
	.uleb128 8
	.asciz "f"
	.quad f + 1, f
	.uleb128 9
	.long value - info
	.uleb128 9
	.long int - info + 1
	.uleb128 9
	.long 0x7fffffff
	.byte 0
end:
END
"$CC" -c mistakes.s -o mistakes.o
expect_fail "$GILD" abi lint mistakes.o
for text in "a member at bit 16 overlaps the one before" "a member ends at bit 80 of a type of 8 bytes" "a type is defined, but has no size" \
	"an enumerator has no value" "is below DW_AT_low_pc" "which is no type (tag 0x28)" "DW_AT_type leads to 0x7fffffff, where there is no entry"; do
	assert_contains messages "$text"
done
grep -q 'mistakes\.o: \.debug_info+0x[0-9a-f]*: ' messages || { cat messages; fail "findings do not say where"; }

cat >mistakes.s <<'END'
	.text
f:	ret
	.section .debug_line, "", @progbits
	.byte 0
	.section .debug_abbrev, "", @progbits
	.uleb128 1, 0x11	# compile unit, children, language, line table
	.byte 1
	.uleb128 0x13, 0x0b, 0x10, 0x17, 0, 0
	.uleb128 2, 0x16	# typedef: type
	.byte 0
	.uleb128 0x49, 0x13, 0, 0
	.uleb128 3, 0x26	# const: type
	.byte 0
	.uleb128 0x49, 0x13, 0, 0
	.uleb128 4, 0x13	# structure that is declared
	.byte 0
	.uleb128 0x03, 0x08, 0x3c, 0x19, 0, 0
	.uleb128 5, 0x34	# variable: type
	.byte 0
	.uleb128 0x49, 0x13, 0, 0
	.uleb128 6, 0x34	# variable: specification
	.byte 0
	.uleb128 0x47, 0x13, 0, 0
	.uleb128 7, 0x2e	# function: address
	.byte 0
	.uleb128 0x11, 0x01, 0, 0
	.byte 0
	.section .debug_info, "", @progbits
info:	.long end - begin
begin:	.short 4
	.long .debug_abbrev
	.byte 8
	.uleb128 1
	.byte 12
	.long 0x7777
name:	.uleb128 2
	.long const - info
const:	.uleb128 3
	.long name - info
gone:	.uleb128 4
	.asciz "gone"
variable: .uleb128 5
	.long gone - info
	.uleb128 6
	.long variable - info
	.uleb128 7
	.quad f + 0x100000
	.byte 0
end:
END
"$CC" -nostdlib -shared mistakes.s -o mistakes.so
expect_fail "$GILD" abi lint mistakes.so
for text in "DW_AT_stmt_list 0x7777 is beyond the end of .debug_line" "the type is itself" "is declared but not defined: it has no size" \
	"which declares nothing" "where the file has no code"; do
	assert_contains messages "$text"
done

# Functions of a file that was compiled without -g are no mistake, and are told.
echo 'int described(void) { return 1; }' >one.c
echo 'int forgotten(void) { return 2; }' >two.c
"$CC" -g -fPIC -c one.c && "$CC" -g0 -fPIC -c two.c
"$CC" -shared one.o two.o -o partly.so
"$GILD" abi lint partly.so >lint.txt || { cat lint.txt; fail "lint complains about a file that was compiled without -g"; }
assert_contains lint.txt "note: 1 of 2 exported functions and variables are not described: forgotten"

"$GILD" abi lint two.o >lint.txt
assert_contains lint.txt "two.o: there is no debug information"

offset=$((16#$(readelf -SW with-gcc/lib.so | sed -n 's/.* \.debug_info *PROGBITS *[0-9a-f]* \([0-9a-f]*\) .*/\1/p')))
cp with-gcc/lib.so broken.so
printf '\377\377\377\177' | dd of=broken.so bs=1 seek=$offset conv=notrunc status=none
expect_fail "$GILD" abi dump broken.so
assert_equal "$(wc -l <messages)" 1
assert_contains messages "broken.so: .debug_info: offset 0x0: unit_length does not fit into the section"
echo '{"format":"gild-abi","version":1,"types":[{"id":7}]}' >bad.json
expect_fail "$GILD" abi dump bad.json
assert_contains messages "the ids of types are not 1, 2, 3"
echo '{"format":"gild-abi","version":1,"promises":{"sizeof(long)":"4","sizeof(long)":"8"}}' >bad.json
expect_fail "$GILD" abi diff bad.json bad.json
assert_contains messages "the promises are not sorted by name"
echo text >text
expect_fail "$GILD" abi dump text
assert_contains messages "is no little-endian ELF file"

# A large library of C++ in less than three seconds of one processor.
large=/usr/lib/x86_64-linux-gnu/debug/libstdc++.so.6
if [ -e $large ]; then
	before=$(awk '{ print $16 + $17 }' /proc/$$/stat)
	"$GILD" abi dump $large >large.txt
	after=$(awk '{ print $16 + $17 }' /proc/$$/stat)
	[ $((after - before)) -lt $((3 * $(getconf CLK_TCK))) ] || [ "$(basename "$(dirname "$GILD")")" != build ] ||
		fail "dumping libstdc++ takes $((after - before)) ticks"
	[ "$(grep -c '^function .* : [^?]' large.txt)" -gt 4000 ] || fail "few functions of libstdc++ have types"
	assert_contains large.txt "promise std::string = cxx11, old"
	"$GILD" abi lint $large >lint.txt || { tail lint.txt; fail "lint complains about libstdc++"; }
fi

# --- a member of a thin archive that is no file: it is not waited for
echo 'int member(void) { return 0; }' > member.c
"$CC" -g -c member.c
ar rcT thin.a member.o
rm member.o
mkfifo member.o
expect_fail timeout 10 "$GILD" abi dump thin.a
assert_contains messages "is not a regular file"
