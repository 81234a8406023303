#!/bin/bash
# What -r does with archives, options and the rarer kinds of sections and symbols.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

symbols() { readelf -sW "$1" | awk '$1 ~ /:$/ && $4 != "SECTION" && $4 != "FILE" { print $4, $5, $6, $7 ~ /UND|COM|ABS/ ? $7 : "", $8, $3 }' | sort; }
sections() { readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] \([^ ]*\) .*/\1/p' | sed 1d; }
has() { sections "$1" | grep -qxF -e "$2" || { sections "$1"; fail "$1 has no section $2"; }; }
lacks() { if sections "$1" | grep -qxF -e "$2"; then fail "$1 has a section $2"; fi; }

# ---- symbols: of every kind, as GNU ld leaves them
cat >kinds.s <<'END'
	.section .rodata.str1.1,"aMS",@progbits,1
.LA:	.string "abc"
.LB:	.string "def"
	.section .rodata.cst8,"aM",@progbits,8
.LC:	.quad 1, 2
	.data
	.quad .LA, .LB, .LC + 8
	.section .exclude,"e",@progbits
	.quad .LA
	.section .text.x,"axR",@progbits
	.globl x, y, p, y2, y3, ab, unused, tls
	.hidden y
	.protected p
x:	ret
y:	jmp elsewhere@PLT
p:	nop
y2:	nop
y3:	nop
	.symver y2, foo@V1
	.symver y3, foo@@V2
	.symver used, bar@V3
	call used@PLT
	.weak wu, wd
wd:	.quad wu, used2
	.symver used2, baz@V4
	.hidden hidden_elsewhere
	.quad hidden_elsewhere
	.comm common, 8, 16
	.type tls, @tls_object
	mov tls@gottpoff(%rip), %rax
	ab = 0x1234
	local = 0x55
	.quad ab, local
	.reloc ., R_X86_64_NONE, x
	.type indirect, @gnu_indirect_function
	.globl indirect
indirect: lea x(%rip), %rax
	ret
	.type single, @gnu_unique_object
single:	.quad 0
	.section .note.GNU-stack,"",@progbits
END
echo '.comm common, 16, 4; .weak wu; .section .note.GNU-stack,"",@progbits' >more.s
link -c kinds.s more.s
"$GILD" -r kinds.o more.o -o got.o
ld.bfd -r kinds.o more.o -o want.o
symbols want.o >want
symbols got.o | diff want - || fail "other symbols than GNU ld's"
assert_contains want "COM common 16"
named() { readelf -rW "$1" | awk '$3 ~ /^R_/ { print $3, $5, $6, $7 }' | sort; }
named want.o >want
named got.o | diff want - || fail "other relocations than GNU ld's"
for flag in "\.text\.x .* AXR " "\.exclude .* E " "\.rodata\.str1\.1 .* AMS " "\.rodata\.cst8 .* 08  AM "; do
	readelf -SW got.o | grep -q "$flag" || fail "flags are not: $flag"
done
readelf -h got.o | grep -q 'OS/ABI: *UNIX - GNU' || fail "OS/ABI"
ls -l got.o | grep -q '^-rw-' || fail "an object is not a program: $(ls -l got.o)"

# ---- common symbols stay common; -d gives them their place
for option in -d -dc -dp; do
	"$GILD" -r $option kinds.o more.o -o got.o
	readelf -sW got.o | grep -qE ' 16 OBJECT +GLOBAL DEFAULT +[0-9]+ common' || fail "$option: common has no place"
done

# ---- archives: what is asked for, everything, nothing; libtool's and GHC's way
printf 'int two(void); int one(void) { return two(); }\n' >one.c
printf 'int two(void) { return 2; }\n' >two.c
printf 'int three(void) { return 3; }\n' >three.c
printf 'int one(void); int main(void) { return one() - 2; }\n' >main.c
link -c one.c two.c three.c main.c
ar rcs lib.a one.o two.o three.o
defined() { nm "$1" | awk '$2 == "T" { printf "%s ", $3 }'; }
"$GILD" -r main.o lib.a -o got.o
assert_equal "$(defined got.o)" "main one two "
"$GILD" -r -L. --whole-archive -l:lib.a --no-whole-archive -o got.o
assert_equal "$(defined got.o)" "one three two "
"$GILD" -r -u three lib.a -o got.o
assert_equal "$(defined got.o)" "three "
ld.bfd -r -u nobody main.o -o want.o
"$GILD" -r -u nobody main.o -o got.o
assert_equal "$(symbols got.o)" "$(symbols want.o)"
expect_fail "$GILD" -r main.o -lc -o got.o -L/usr/lib/x86_64-linux-gnu -l:libc.so.6
assert_contains messages "attempted static link of dynamic object"
expect_fail "$GILD" -r one.o one.o -o got.o
assert_contains messages "multiple definition"
expect_fail "$GILD" -r -shared main.o -o got.o
assert_contains messages "-r and -shared may not be used together"
expect_fail "$GILD" -r main.o -Ttext=0x1000 -o got.o
assert_contains messages "cannot be given an address"

# ---- --defsym, --wrap, -e, --require-defined
cat >wrap.c <<'END'
int two(void), __real_two(void), also;
int __wrap_two(void) { return __real_two() + 40; }
int main(void) { return two() != 42 || also != 0; }
END
link -O0 -fno-pie -c wrap.c
"$GILD" -r wrap.o two.o --wrap=two --defsym=also2=also --defsym=number=77 -e main --require-defined=two -o got.o
link -no-pie got.o -o prog
./prog
readelf -sW got.o | grep -qE '000004d .* ABS number' || fail "--defsym of a number"
assert_equal "$(nm got.o | awk '$3 == "also" { print $1 }')" "$(nm got.o | awk '$3 == "also2" { print $1 }')"
expect_fail "$GILD" -r two.o --require-defined=one -o got.o
assert_contains messages "undefined symbol: one"

# ---- --gc-sections: from roots, and a group as a whole
cat >gc.cc <<'END'
template <class T> struct S { S(T x) : v(x) {} virtual T f() { return v; } T v; };
int kept() { S<int> s(1); return s.f(); }
int dropped() { S<char> s(1); return s.f(); }
END
"$CXX" -g -ffunction-sections -fdata-sections -c gc.cc
"$GILD" -r --gc-sections -u _Z4keptv gc.o -o got.o
has got.o .text._Z4keptv
lacks got.o .text._Z7droppedv
has got.o .debug_info
readelf -gW got.o | grep -q '_ZN1SIiEC5Ei' || fail "the group of what is used is gone"
"$GILD" -r --gc-sections -e _Z7droppedv gc.o -o got.o
lacks got.o .text._Z4keptv
readelf -aW got.o 2>&1 >/dev/null | tee err.txt
[ ! -s err.txt ] || fail "--gc-sections left something broken"
expect_fail "$GILD" -r --gc-sections gc.o -o got.o
assert_contains messages "requires a defined symbol root"

# ---- sections: of one name, apart, ordered by others, as warnings, as notes
cat >sections.s <<'END'
	.section .text.a,"ax",@progbits
a:	nop
	.section .text.b,"ax",@progbits
b:	nop
	.section ordered,"awo",@progbits,.text.a
	.quad a
	.section ordered,"awo",@progbits,.text.b
	.quad b
	.section .gnu.warning.danger,"",@progbits
	.ascii "do not use danger"
	.section .init_array.00005,"aw",@init_array
	.quad b
	.section .note.GNU-stack,"x",@progbits
END
link -c sections.s
"$GILD" -r sections.o sections.o -o got.o
readelf -SW got.o | sed 's/\[ */[/' >table
for name in a b; do
	number=$(awk -v name=".text.$name" '$2 == name { print substr($1, 2) + 0 }' table)
	awk -v number="$number" '$2 == "ordered" && $(NF - 2) == number { found = 1 } END { exit !found }' table ||
		{ cat table; fail "no section is ordered by .text.$name"; }
done
grep -q 'init_array.00005 INIT_ARRAY .* 000010 ' table || fail ".init_array.00005"
grep -q 'GNU-stack .* X ' table || fail "the stack is not executable any more"
"$GILD" -r -z noexecstack sections.o -o got.o
readelf -SW got.o | grep 'GNU-stack .* 0   0  1' | grep -vq X || fail "-z noexecstack"
printf '.globl danger\ndanger: nop\n' | link -c -x assembler - -o danger.o
echo 'void danger(void); int main(void) { danger(); return 0; }' >user.c
link user.c got.o danger.o -o prog -z noexecstack 2>err.txt
assert_contains err.txt "do not use danger"
"$GILD" -r --unique='.text.*' gc.o gc.o -z muldefs -o got.o
[ "$(sections got.o | grep -cxF .text._Z4keptv)" = 2 ] || fail "--unique joined sections"
"$GILD" -r gc.o gc.o -z muldefs -o got.o
[ "$(sections got.o | grep -cxF .text._Z4keptv)" = 1 ] || fail "sections of one name are apart"
link -fcf-protection -c one.c -o cet.o
"$GILD" -r cet.o cet.o -z muldefs -o got.o
readelf -nW got.o | grep -q 'x86 feature: IBT, SHSTK' || fail ".note.gnu.property is lost"
"$GILD" -r cet.o two.o -o got.o
if readelf -nW got.o | grep -q 'SHSTK'; then fail "a part without IBT lets the whole claim it"; fi
"$GILD" -r --build-id=0x12345678 one.o -o got.o
readelf -nW got.o | grep -q 'Build ID: 12345678' || fail "--build-id"

# ---- what is left out: debugging information gets a tombstone, loaded sections an error
"$CXX" -gdwarf-4 -O1 -ffunction-sections -c gc.cc -o d1.o
"$GILD" -r d1.o d1.o -z muldefs -o got.o
readelf -gW got.o | sed -n 's/.*\[\(_Z.*\)\].*/\1/p' | sort | uniq -d >twice
[ ! -s twice ] || fail "groups of one signature: $(cat twice)"
objdump --dwarf=Ranges,info got.o >/dev/null 2>err.txt
[ ! -s err.txt ] || { head err.txt; fail "debugging information is broken"; }
cat >inside.s <<'END'
	.section .text.g,"axG",@progbits,g,comdat
	.globl g
g:	nop
.Lg:	nop
	.data
	.quad .Lg
END
link -c inside.s
expect_fail "$GILD" -r inside.o inside.o -o got.o
assert_contains messages "refers to a discarded section"

# ---- more sections than 16 bits can number
seq 1 70000 | sed 's/.*/.globl foo&\n.section .foo&,"aw"\nfoo&: .word 0\nlocal&: .word 1\n.long local& - ./' >many.s
link -c many.s
echo 'extern short foo1, foo70000; int main(void) { return foo1 + foo70000 + (&foo70000)[1] - 1; }' >many.c
link -c many.c -o manymain.o
"$GILD" -r many.o manymain.o -o got.o
readelf -sW got.o | grep -q ' foo70000$' || fail "readelf does not find foo70000"
link got.o -o prog
./prog
"$CC" -fuse-ld=bfd got.o -o prog
./prog

# ---- compressed debugging information, in and out
link -g -gz=zlib -c one.c -o z.o
"$GILD" -r z.o two.o -o plain.o
readelf -SW plain.o | grep 'debug_info' | grep -vq ' C ' || fail "debugging information is still compressed"
"$GILD" -r --compress-debug-sections=zlib d1.o two.o -o packed.o
readelf -SW packed.o | grep -q '\.debug_info .* C ' || fail "debugging information is not compressed"
readelf --debug-dump=info packed.o | grep -q '_Z4keptv' || fail "compressed debugging information cannot be read"
