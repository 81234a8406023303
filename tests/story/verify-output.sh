#!/bin/bash
# --verify-output: a reader that knows nothing of the passes of a link finds each of 300 seeded corruptions of three kinds of
# outputs, and nothing wrong in what gild writes. It looks at files of other linkers, too.
# timeout: 600
set -eu
. "$GILD_SRC/tests/lib.sh"

$CC -O1 "$GILD_SRC/tests/verify/corrupt.c" -o corrupt
cat > lib.cc <<'END'
#include <stdexcept>
#include <string>
thread_local int counter = 5;
int table[] = {1, 2, 3};
int *pointer = &table[1];
const char *names[] = {"zero", "one", "two"};
struct S { virtual int f() { return counter++; } virtual ~S() {} };
int use(S &s) { if (s.f() > 100) throw std::runtime_error(names[s.f() % 3]); return *pointer; }
S *make() { return new S; }
END
cat > main.cc <<'END'
#include <cstdio>
#include <exception>
extern thread_local int counter;
extern int table[];
extern const char *names[];
struct S { virtual int f(); virtual ~S(); };
int use(S &s);
S *make();
int main(int argc, char **)
{
	S *s = make();
	try { printf("%d %s %d\n", use(*s), names[argc], counter + table[1]); counter = 200; use(*s); }
	catch (std::exception &e) { puts(e.what()); }
	delete s;
}
END
$CXX -O1 -fPIC -ffunction-sections -c lib.cc main.cc

# Nothing is wrong in the outputs of all kinds of links.
good() { link++ "$@" -o good.out -Wl,--verify-output,--stats > said || fail "not verified: $*"; assert_contains said "relocations of its inputs"; }
for kind in -pie -no-pie -static -static-pie; do
	good $kind main.o lib.o
	./good.out | grep -q '^2 one ' || fail "$kind: the program is wrong"
	good $kind -Wl,--gc-sections,--icf=all,-z,now main.o lib.o
done
good -shared lib.o
good -shared -Wl,-Bsymbolic lib.o
good -Wl,-z,pack-relative-relocs,--hash-style=both,-z,ibtplt main.o lib.o
good -g -O0 main.cc lib.cc
good -g -Wl,--compress-debug-sections=zlib main.cc lib.cc
good -Wl,-s main.o lib.o
good -Wl,--emit-relocs main.o lib.o
link++ -r -nostdlib main.o lib.o -o all.o -Wl,--verify-output
link++ main.o lib.o -o nosections -Wl,-z,nosectionheader,--verify-output

# The same link checks what an earlier one wrote, and writes nothing.
corruptions() { # KIND SEEDS ARGS
	local kind=$1 seeds=$2 seed what
	shift 2
	link++ "$@" -o $kind.out
	cp $kind.out before
	link++ "$@" -o $kind.out -Wl,--verify-output=$kind.out
	cmp $kind.out before
	for ((seed = 1; seed <= seeds; seed++)); do
		what=$(./corrupt $seed $kind.out bad.out)
		! link++ "$@" -o none -Wl,--verify-output=bad.out > messages 2>&1 || fail "$kind, seed $seed: not found: $what"
		grep -q '^gild: error: bad.out: ' messages || { cat messages; fail "$kind, seed $seed ($what): no message about the file"; }
		[ ! -e none ] || fail "$kind, seed $seed: there is an output"
	done
}
corruptions pie 110 main.o lib.o
corruptions shared 110 -shared lib.o
corruptions static 80 -static main.o lib.o

# Without inputs: what a file tells itself.
"$GILD" --verify-output=pie.out --stats | grep -q 'facts about the file'
"$GILD" --verify-output="$(readlink -f /bin/ls)"
"$GILD" --verify-output="$("$CC" -print-file-name=libc.so.6)"
head -c 1000 pie.out > short
expect_fail "$GILD" --verify-output=short
expect_fail "$GILD" --verify-output=missing
assert_contains messages "cannot open missing"

# What its first run found: outside of debugging information, a reference to a definition that another file's stands for is the
# address of that (probes of systemtap: .note.stapsdt).
probe() { # NAME
	$CC -c -x assembler -o "$1.o" - <<-END
		.globl $1
		$1: nop
		.section .probes,"","progbits"
		.8byte base
		.section .base,"aG","progbits",base,comdat
		.weak base
		.hidden base
		base: .byte 0
	END
}
probe one
probe two
"$GILD" -e one one.o two.o -o probes --verify-output
objcopy -O binary --only-section=.probes --set-section-flags .probes=alloc probes bases
base=$(nm probes | awk '$3 == "base" { print $1 }')
assert_equal "$(od -An -v -tx8 bases | tr -d ' \n')" "$base$base"

# Names that mean others, and have versions; what is stripped, but for what relocations name; what does not load its headers;
# debugging information about what is elsewhere; a common symbol that others call hidden.
cat > versions.s <<'END'
	.globl _start, pick
	.weak hidden_common
	.hidden hidden_common
	.type pick, @gnu_indirect_function
	.type _start, @function
_start:	call wrapped@PLT
	call __real_wrapped@PLT
	mov hidden_common@GOTPCREL(%rip), %rax
	ret
pick:	lea pick_one(%rip), %rax
	ret
pick_one: ret
	.data
	.quad wrapped, __real_wrapped, pick
	.section .debug_info
	.quad wrapped, puts
END
echo '.comm hidden_common, 8' | "$CC" -c -x assembler -o common.o -
"$CC" -c versions.s
objcopy --redefine-sym pick=pick@@V1 versions.o versioned.o
echo 'V1 { pick; };' > versions.map
echo 'int puts(const char *); int wrapped(void) { return puts(""); }' > wrapped.c
link -shared -fPIC wrapped.c -o libwrapped.so
for kind in -pie -no-pie "-shared --version-script=versions.map"; do
	for options in "" --wrap=wrapped "--wrap=wrapped --emit-relocs -s" "-E --emit-relocs -s" -Bsymbolic -N "-E --no-relax"; do
		for object in versions.o versioned.o; do
			"$GILD" $kind $options $object common.o libwrapped.so -o odd --no-warn-rwx-segments --verify-output \
				--unresolved-symbols=ignore-all -z notext 2> messages || { cat messages; fail "not verified: $kind $options $object"; }
		done
	done
done
"$GILD" -pie -N --no-dynamic-linker --no-warn-rwx-segments versions.o common.o -o odd --verify-output --unresolved-symbols=ignore-all
readelf -hW odd | grep -q 'Type: *DYN' || fail "a PIE without loaded headers does not move"

# A segment without bytes in the file begins inside it, also when what is not loaded becomes shorter.
cat > short.s <<'END'
	.globl _start
_start:	mov room(%rip), %edi
	mov $60, %eax
	syscall
	.section .data.rel.ro, "aw"
	.quad _start
	.bss
room:	.zero 100
	.section .debug_info
	.zero 3000
END
"$CC" -c short.s
"$GILD" -pie -z separate-loadable-segments --compress-debug-sections=zlib short.o -o short --verify-output
./short
readelf -lW short | awk '$1 == "LOAD" { print $2 }' | tail -n 1 > offset
[ $(($(cat offset))) -lt "$(stat -c %s short)" ] || fail "a segment begins behind the end of the file"

# Without a symbol for it a program starts at .text, which may be empty and behind all else (as GNU ld's does).
printf '	.section .text.one, "ax", @progbits\n	ret\n' > one.s
"$CC" -c one.s
echo 'SECTIONS { . = 0x400000; .text.one : { *(.text.one) } }' > one.ld
"$GILD" -T one.ld one.o -o one --verify-output
readelf -hW one | grep -q 'Entry point address: *0x400001$' || fail "the program starts elsewhere"
