#!/bin/bash
# --icf and exceptions: functions are folded with their exception tables, not when the tables catch something else or the
# personality is another one. Debug information of what was folded leads nowhere else.
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >a.cc <<'END'
#include <cstdio>
struct A { int n; };
struct B { int n; };
int which;
__attribute__((noinline)) int thrower(int n) { if (which == 0) throw A{n}; if (which == 1) throw B{n}; return n; }
__attribute__((noinline)) int catches_a(int n) { try { return thrower(n); } catch (A &) { return 1000; } }
__attribute__((noinline)) int also_catches_a(int n) { try { return thrower(n); } catch (A &) { return 1000; } }
__attribute__((noinline)) int catches_b(int n) { try { return thrower(n); } catch (B &) { return 1000; } }
__attribute__((noinline)) int catches_none(int n) { return thrower(n); }
template <class T> struct Raiser {
	static __attribute__((noinline)) int raise(int n) { Guard g; return thrower(n + 1); }
	struct Guard { ~Guard() { which += 0; std::puts("~"); } };
};
static int test(int kind, int (*f)(int))
{
	which = kind;
	try { return f(1); } catch (A &) { return 1; } catch (B &) { return 2; }
}
int main()
{
	static int (*const functions[])(int) = {catches_a, also_catches_a, catches_b, catches_none, Raiser<int>::raise, Raiser<long>::raise};
	for (auto f : functions)
		std::printf("%d %d %d\n", test(0, f), test(1, f), test(2, f));
}
END
check() {
	local level cxx=("${compile[@]}") options=(-O1 -g -ffunction-sections -fdata-sections)
	[ "${compile[0]}" = "$CC" ] && options+=(-fno-ipa-icf) cxx=("$CXX") || cxx+=(--driver-mode=g++)
	local linker=("${driver[@]}")
	[ "${compile[0]}" = "$CC" ] && linker[0]=$CXX || linker+=(--driver-mode=g++)
	"${cxx[@]}" "${options[@]}" -c ../a.cc
	for level in none safe all; do
		"${linker[@]}" a.o -o $level -Wl,--icf=$level,--print-icf-sections >list-$level
		./$level >out-$level
	done
	cmp out-none out-safe
	cmp out-none out-all
	assert_equal "$(head -n 4 out-none | tr '\n' ' ')" "1000 2 1 1000 2 1 1 1000 1 1 2 1 "
	assert_contains list-all "removing identical section a.o:(.text._Z14also_catches_ai)"
	assert_contains list-all "removing identical section a.o:(.text._ZN6RaiserIlE5raiseEi)"
	assert_contains list-all "removing identical section a.o:(.gcc_except_table"
	assert_lacks list-all "removing identical section a.o:(.text._Z9catches_bi)"
	readelf --debug-dump=frames all 2>/dev/null | sed -n 's/.* FDE .*pc=\([0-9a-f]*\)\.\..*/\1/p' | sort >records
	[ -z "$(uniq -d records)" ] || fail "two unwind records for one address"
	# An address has one function in the debug information, the one that stayed; its lines are those of both.
	local address
	address=$(nm all | sed -n 's/ T _Z9catches_ai$//p')
	assert_equal "$address" "$(nm all | sed -n 's/ T _Z14also_catches_ai$//p')"
	addr2line -f -e all "$address" | grep -q '^_Z9catches_ai$' || fail "addr2line finds $(addr2line -f -e all "$address")"
	if have gdb; then
		gdb -nx -batch -ex 'break also_catches_a' -ex run all >gdb.out 2>&1 </dev/null || :
		grep -q '^Breakpoint 1, ' gdb.out || { cat gdb.out; fail "gdb does not stop in a folded function"; }
	fi
}
each_compiler check

# FDEs with different CIEs
cat >p.s <<'END'
.macro function name personality
	.section .text.\name,"ax",@progbits
	.globl \name
\name:	.cfi_startproc
	.cfi_personality 0x1b, \personality
	ret
	.cfi_endproc
.endm
	.text
	.globl first, second, _start
first:	ret
second:	ret
_start:	mov $60,%eax
	xor %edi,%edi
	syscall
	function a first
	function b second
	function c first
END
"$CC" -c p.s
link -nostdlib -static p.o -o p -Wl,--icf=all
nm p >names
a=$(sed -n 's/ T a$//p' names) b=$(sed -n 's/ T b$//p' names) c=$(sed -n 's/ T c$//p' names)
[ "$a" = "$c" ] || fail "functions with equal unwind records are not folded"
[ "$a" != "$b" ] || fail "functions with different personalities are folded"
