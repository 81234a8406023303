#!/bin/bash
# What single options do to the output or print, where no story of their own tells it; compared with GNU ld where it has them.
set -eu
. "$GILD_SRC/tests/lib.sh"

assemble() { "$CC" -c -x assembler -o "$1" -; }
assemble a.o <<'END2'
.globl _start, exported
.section .text._start,"ax"
_start: ret
.section .text.exported,"ax"
exported: ret
.section .text.hidden,"ax"
.globl concealed
.hidden concealed
concealed: ret
.section .note.GNU-stack,"",@progbits
END2

# ---- --print-gc-sections=FILE ----
"$GILD" a.o --gc-sections --print-gc-sections=gone -o prog 2>messages
assert_equal "$(cat messages)" ''
assert_equal "$(grep 'text\.' gone)" "removing unused section '.text.exported' in file 'a.o'
removing unused section '.text.hidden' in file 'a.o'"
"$GILD" a.o --gc-sections --print-gc-sections -o prog 2>messages
assert_contains messages "removing unused section '.text.hidden' in file 'a.o'"
expect_fail "$GILD" a.o --gc-sections --print-gc-sections=no/such/dir -o prog
assert_contains messages "cannot open no/such/dir"

# ---- --gc-keep-exported ----
for ld in "$GILD" ld.bfd; do
	"$ld" a.o --gc-sections --gc-keep-exported -o prog
	nm prog >names
	assert_contains names ' exported'
	assert_lacks names ' concealed'
done

# ---- --orphan-handling ----
assemble orphan.o <<<'.section my_set,"a"
.quad 1
.globl _start
.text
_start: ret'
"$GILD" orphan.o -o prog --orphan-handling=warn 2>messages
assert_contains messages "warning: orphan section \`my_set' from \`orphan.o' being placed in section \`my_set'"
expect_fail "$GILD" orphan.o -o prog --orphan-handling=error
assert_contains messages "unplaced orphan section \`my_set' from \`orphan.o'"
"$GILD" orphan.o -o prog --orphan-handling=discard
readelf -SW prog >sections
assert_lacks sections my_set
assert_contains sections .text
"$GILD" orphan.o -o prog --orphan-handling place 2>messages
assert_equal "$(cat messages)" ''
expect_fail "$GILD" orphan.o -o prog --orphan-handling=ignore
assert_contains messages "'ignore' is not one of: place, warn, error, discard"

# ---- --sort-section ----
assemble s.o <<<'.globl _start, b, c, d
.section .data.c,"aw"; .balign 4; c: .long 1
.section .data.b,"aw"; .balign 16; b: .long 1
.section .data.d,"aw"; .balign 64; d: .long 1
.text
_start: ret'
order() { nm -n prog | sed -n 's/.* [dD] \([bcd]\)$/\1/p' | tr -d '\n'; }
for ld in "$GILD" ld.bfd; do
	"$ld" s.o -o prog && assert_equal "$ld: $(order)" "$ld: cbd"
	"$ld" s.o -o prog --sort-section=name && assert_equal "$ld: $(order)" "$ld: bcd"
	"$ld" s.o -o prog --sort-section alignment && assert_equal "$ld: $(order)" "$ld: dbc"
done
"$GILD" --verbose s.o -o prog --sort-section=alignment >layout
assert_contains layout 'SORT_BY_ALIGNMENT(.data.*)'

# ---- executable stacks, segments that are writable and executable ----
assemble x.o <<<'.section .note.GNU-stack,"x",@progbits'
# says LINKER-OPTIONS: the warnings and errors, one a line, without the name of the linker.
says() { "$@" 2>&1 | sed -n '/: \(warning\|error\): /s/^[^:]*: //p'; }
is_stack() { # WARNING-PATTERN OPTIONS
	local got
	got=$(says "$GILD" a.o -o prog "${@:2}" || :)
	# shellcheck disable=SC2053
	[[ $got == $1 ]] || fail "${*:2}: $got"
}
is_stack 'warning: x.o: requires executable stack*' x.o
is_stack '' x.o --no-warn-execstack
is_stack 'warning: x.o: requires executable stack*' x.o --warn-execstack-objects
is_stack '' -z execstack
is_stack 'warning: enabling an executable stack because of -z execstack command line option' -z execstack --warn-execstack
is_stack 'error: x.o: requires executable stack*' x.o --error-execstack
is_stack 'error: creating an executable stack because*' -z execstack --error-execstack
is_stack 'warning: x.o: requires*' x.o --error-execstack --no-error-execstack
is_stack '' --error-execstack
assemble w.o <<<'.section .wx,"axw"
.quad 1'
is_stack 'warning: prog has a LOAD segment with RWX permissions' w.o
is_stack 'warning: prog has a LOAD segment with RWX permissions' -N
is_stack '' w.o --no-warn-rwx-segments
is_stack 'error: prog has a LOAD segment with RWX permissions' w.o --error-rwx-segments
is_stack 'warning: prog*' w.o --error-rwx-segments --no-error-rwx-segments
is_stack '' -z noseparate-code

# ---- properties ----
feature() { # NAME BITS
	printf '.section .note.gnu.property,"a"\n.balign 8\n.long 4, 16, 5\n.asciz "GNU"\n.long 0xc0000002, 4, %s, 0\n' "$2" |
		assemble "$1"
}
feature ibt.o 1
feature shstk.o 2
feature both.o 3
feature lam.o 12
for report in cet-report=warning cet-report=error lam-u48-report=warning lam-u57-report=error lam-report=error; do
	"$GILD" a.o ibt.o shstk.o both.o lam.o -o prog -z $report 2>&1 | grep -o '[a-z]*\.o: .*missing.* propert.*' >by-gild || :
	ld.bfd a.o ibt.o shstk.o both.o lam.o -o prog -z $report 2>&1 | grep -o '[a-z]*\.o: .*missing.* propert.*' |
		sed 's/: \(warning\|error\): /: /' >by-ld || :
	[ -s by-ld ] && diff by-ld by-gild || fail "-z $report"
done
expect_fail "$GILD" a.o -o prog -z cet-report=error
"$GILD" a.o -o prog -z cet-report=none 2>messages
assert_equal "$(cat messages)" ''
for keyword in lam-u48 lam-u57; do
	"$GILD" a.o -o prog -z $keyword
	ld.bfd a.o -o by-ld -z $keyword
	assert_equal "$(readelf -n prog | grep 'x86 feature')" "$(readelf -n by-ld | grep 'x86 feature')"
done
printf '.section .note.gnu.property,"a"\n.balign 8\n.long 4, 32, 5\n.asciz "GNU"\n.long 0xc0008002, 4, 3, 0\n.long 0xc0010002, 4, 5, 0\n' |
	assemble isa.o
"$GILD" a.o isa.o -o prog -z isa-level-report=all 2>messages
assert_equal "$(cat messages)" 'gild: isa.o: x86 ISA needed: x86-64-baseline, x86-64-v2
gild: isa.o: x86 ISA used: x86-64-baseline, x86-64-v3'
"$GILD" a.o isa.o -o prog -z isa-level-report=used 2>messages
assert_equal "$(cat messages)" 'gild: isa.o: x86 ISA used: x86-64-baseline, x86-64-v3'

# ---- -Bgroup ----
"$GILD" -shared -Bgroup a.o -o lib.so
readelf -d lib.so >dynamic
assert_contains dynamic 'Flags: GROUP'
assemble undefined.o <<<'.quad nobody'
"$GILD" -shared undefined.o -o lib.so
expect_fail "$GILD" -shared -Bgroup undefined.o -o lib.so
assert_contains messages nobody

# ---- questions ----
assert_equal "$("$GILD" --print-output-format)" elf64-x86-64
assert_equal "$("$GILD" --print-sysroot)" ''
assert_equal "$("$GILD" --sysroot=/some/where --print-sysroot)" /some/where
"$GILD" -V >version
assert_contains version 'Supported emulations:'
assert_contains version '   elf_x86_64'
"$GILD" a.o -o prog --print-memory-usage >usage
assert_equal "$(cat usage)" 'Memory region         Used Size  Region Size  %age Used'
expect_fail "$GILD" -v --no-such-option
assert_contains messages 'unknown option: --no-such-option'
for keyword in force-bti pac-plt gcs=always memtag-mode=sync; do
	"$GILD" a.o -o prog -z $keyword 2>messages
	assert_contains messages "warning: -z $keyword ignored: it is for other targets"
done
expect_fail "$GILD" a.o -o prog -f aux
assert_contains messages '--auxiliary may not be used without -shared'

# ---- -o - is the standard output ----
"$GILD" a.o -o prog
"$GILD" a.o -o - >by-pipe
cmp prog by-pipe
"$GILD" a.o -o - | cmp - prog
[ ! -e ./- ] || fail "a file called -"

# ---- the environment ----
LDEMULATION=elf_x86_64 "$GILD" a.o -o prog
LDEMULATION=m68kelf expect_fail "$GILD" a.o -o prog
assert_contains messages 'm68kelf'
LDEMULATION=m68kelf "$GILD" -m elf_x86_64 a.o -o prog
GNUTARGET=default "$GILD" a.o -o prog
GNUTARGET=srec expect_fail "$GILD" a.o -o prog
assert_contains messages 'GNUTARGET=srec'
assemble u.o <<<'.globl _start
_start: call _ZN2ns1fEi'
expect_fail "$GILD" u.o -o prog
assert_contains messages 'ns::f(int)'
COLLECT_NO_DEMANGLE=1 expect_fail "$GILD" u.o -o prog
assert_lacks messages 'ns::f(int)'
COLLECT_NO_DEMANGLE=1 expect_fail "$GILD" u.o -o prog --demangle
assert_contains messages 'ns::f(int)'

# ---- how Python's ctypes finds libraries with ld ----
if have python3 && python3 -c 'import ctypes.util' 2>/dev/null; then
	mkdir -p path
	ln -sf "$GILD" path/ld
	cat >find.py <<'END2'
import ctypes.util
for name in "c", "m", "no-such-library":
    path = ctypes.util._findLib_ld(name)
    print(name, ctypes.util._get_soname(path) if path else None)
END2
	PATH=$PWD/path:$PATH python3 find.py >found
	assert_equal "$(cat found)" $'c libc.so.6\nm libm.so.6\nno-such-library None'
fi

# ---- link-time optimisation ----
echo 'int f(void) { return 7; }' >f.c
echo 'int f(void); int main(void) { return f() - 7; }' >main.c
"$CC" -c main.c
"$CC" -O1 -flto -fno-fat-lto-objects -c f.c -o slim.o
"$CC" -O1 -flto -ffat-lto-objects -c f.c -o fat.o
link -fno-lto main.o fat.o -o prog
./prog
readelf -SW prog >sections
assert_lacks sections .gnu.lto_
expect_fail link -fno-lto main.o slim.o -o prog
assert_contains messages "slim.o: an object of GCC's link-time optimisation, which has no machine code"
assert_lacks messages 'no input files'
rm -f libslim.a
ar rc libslim.a slim.o 2>/dev/null # without its plugin, ar makes no index of such a member
expect_fail link -fno-lto main.o -Wl,--whole-archive libslim.a -Wl,--no-whole-archive -o prog
assert_contains messages "libslim.a(slim.o): an object of GCC's link-time optimisation"
if [ -n "$CLANG" ]; then
	"$CLANG" -flto -c f.c -o bitcode.o
	expect_fail clink main.o bitcode.o -o prog
	assert_contains messages 'bitcode.o: LLVM bitcode, which has no machine code'
	rm -f libbitcode.a
	ar rc libbitcode.a bitcode.o 2>/dev/null
	expect_fail clink main.o -Wl,--whole-archive libbitcode.a -o prog
	assert_contains messages 'libbitcode.a(bitcode.o): LLVM bitcode'
fi
