#!/bin/bash
# smoke
# --why-live prints a shortest chain of references from a root to each symbol or section that --gc-sections kept.
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >a.s <<'END2'
.section .text._start,"ax"
.globl _start
_start: call far1
	call near
.section .text.near,"ax"
.globl near
near: call both
.section .text.far1,"ax"
far1: call far2
.section .text.far2,"ax"
far2: call both
	call "_ZN2ns1fEi"
.section .text.two,"ax"
.globl both, neighbour
both: ret
neighbour: ret
.section .text.mangled,"ax"
"_ZN2ns1fEi": ret
.section .text.dead,"ax"
.globl dead
dead: call both
.section .text.wanted,"ax"
.globl wanted, required
wanted: ret
required: ret
.section .text.kept,"axR"
kept: call from_kept
.section .text.from_kept,"ax"
from_kept: ret
.section set,"a"
in_set: .quad 0
.section .init_array,"aw"
.quad constructor
.section .text.constructor,"ax"
constructor: ret
.section .text.loop1,"ax"
loop1: call loop2
.section .text.loop2,"ax"
loop2: call loop1
.section .data.table,"aw"
table: .quad __start_set, both
END2
"$CC" -c a.s
cat >b.s <<'END2'
.globl exported
.section .text.exported,"ax"
exported: call private
.section .text.private,"ax"
private: ret
END2
"$CC" -c b.s

why() { "$GILD" a.o b.o --gc-sections -o prog "$@"; }
# is SYMBOL LINES, with the options in ${options[@]}
options=()
is() {
	why ${options[@]+"${options[@]}"} --why-live="$1" >got 2>messages || { cat messages; fail "--why-live=$1"; }
	diff <(echo "$2") got || fail "--why-live=$1"
}

is _start 'live symbol: a.o:(_start)
>>> entry point'
is both 'live symbol: a.o:(both)
>>> referenced by: a.o:(.text.near+0x1)
>>> contained live symbol: a.o:(near)
>>> referenced by: a.o:(.text._start+0x6)
>>> contained live symbol: a.o:(_start)
>>> entry point'
is neighbour 'live symbol: a.o:(neighbour)
>>> in live section: a.o:(.text.two)
>>> contained live symbol: a.o:(both)
>>> referenced by: a.o:(.text.near+0x1)
>>> contained live symbol: a.o:(near)
>>> referenced by: a.o:(.text._start+0x6)
>>> contained live symbol: a.o:(_start)
>>> entry point'
is .text.mangled 'live section: a.o:(.text.mangled)
>>> referenced by: a.o:(.text.far2+0x6)
>>> referenced by: a.o:(.text.far1+0x1)
>>> referenced by: a.o:(.text._start+0x1)
>>> contained live symbol: a.o:(_start)
>>> entry point'
# The assembler writes references to local symbols as references to their sections.
is from_kept 'live symbol: a.o:(from_kept)
>>> in live section: a.o:(.text.from_kept)
>>> referenced by: a.o:(.text.kept+0x1)
>>> SHF_GNU_RETAIN'
is constructor 'live symbol: a.o:(constructor)
>>> in live section: a.o:(.text.constructor)
>>> referenced by: a.o:(.init_array+0x0)
>>> KEEP in the layout'
is in_set 'live symbol: a.o:(in_set)
>>> in live section: a.o:(set)
>>> __start_ or __stop_ symbol of the section is used'
for gone in dead 'loop?' wanted exported nobody .text.dead; do
	why --why-live=$gone >got
	assert_equal "$gone: $(cat got)" "$gone: "
done
options=(-u wanted --require-defined=required)
is wanted 'live symbol: a.o:(wanted)
>>> named by -u'
is required 'live symbol: a.o:(required)
>>> in live section: a.o:(.text.wanted)
>>> contained live symbol: a.o:(wanted)
>>> named by -u'
options=(--export-dynamic -pie)
is private 'live symbol: b.o:(private)
>>> in live section: b.o:(.text.private)
>>> referenced by: b.o:(.text.exported+0x1)
>>> contained live symbol: b.o:(exported)
>>> exported'
options=(--why-live=_start)
is near 'live symbol: a.o:(_start)
>>> entry point
live symbol: a.o:(near)
>>> referenced by: a.o:(.text._start+0x6)
>>> contained live symbol: a.o:(_start)
>>> entry point'

# Names are demangled, globs match the names as they are, and the output does not depend on threads.
why --why-live='_ZN*' >got
assert_contains got 'live symbol: a.o:(ns::f(int))'
why --why-live='*' --threads=1 >one
why --why-live='*' --threads=4 >four
cmp one four
cp prog with
"$GILD" a.o b.o --gc-sections -o without
cmp with without

# Unwind records: the exception table of a function, and the personality routine.
cat >e.cc <<'END2'
struct G { ~G(); };
void may_throw();
void catches() { G g; may_throw(); }
int main() { catches(); }
END2
cat >f.cc <<'END2'
struct G { ~G(); };
void may_throw() { throw 1; }
G::~G() {}
END2
link++ -ffunction-sections -fdata-sections e.cc f.cc -Wl,--gc-sections,--why-live='.gcc_except_table*' -o e >got
assert_contains got '>>> referenced by the unwind record of: '
assert_contains got '(.text._Z7catchesv)'

# Without --gc-sections there is nothing to explain.
"$GILD" a.o b.o -o prog --why-live=both >got 2>messages
assert_contains messages '--why-live has no effect without --gc-sections'
assert_equal "$(cat got)" ''

# SHF_LINK_ORDER: what belongs to a section is kept with it, and keeps it when it is asked for itself; what belongs to a
# dropped section is dropped, whoever asks.
cat >order.s <<'END2'
.section .text._start,"ax"
.globl _start
_start: call a
	mov $dead_entry, %rax
	call b
.section .text.a,"ax"
a: ret
.section .of_a,"ao",@progbits,.text.a
entry: .quad asked_entry
.section .text.asked,"ax"
asked: ret
.section .of_asked,"ao",@progbits,.text.asked
asked_entry: .quad 2
.section .text.b,"ax"
b: ret
.section meta,"ao",@progbits,.text.dead
dead_entry: .quad 3
.section .text.dead,"ax"
dead: ret
.section meta2,"ao",@progbits,.text.dropped
	.quad __start_meta2
dropped_entry: .quad 4
.section .text.dropped,"ax"
dropped: ret
.section .retained,"aoR",@progbits,.text.part
	.quad 5
.section .text.part,"ax"
part: ret
END2
"$CC" -c order.s
why() { "$GILD" order.o --gc-sections -o prog "$@"; }
options=()
is entry 'live symbol: order.o:(entry)
>>> in live section: order.o:(.of_a)
>>> kept because it belongs to: order.o:(.text.a)
>>> referenced by: order.o:(.text._start+0x1)
>>> contained live symbol: order.o:(_start)
>>> entry point'
is .text.asked 'live section: order.o:(.text.asked)
>>> kept because of what belongs to it: order.o:(.of_asked)
>>> referenced by: order.o:(.of_a+0x0)
>>> kept because it belongs to: order.o:(.text.a)
>>> referenced by: order.o:(.text._start+0x1)
>>> contained live symbol: order.o:(_start)
>>> entry point'
is part 'live symbol: order.o:(part)
>>> SHF_GNU_RETAIN of what belongs to it'
for gone in dropped 'dropped_*' meta2 .text.dropped; do
	why --why-live=$gone >got
	assert_equal "$gone: $(cat got)" "$gone: "
done
why --why-live='*' --why-live='.*' --threads=1 >one
why --why-live='*' --why-live='.*' --threads=4 >four
cmp one four
nm prog | awk '{ print $3 }' | sort >there
sed -n 's/^live symbol: .*:(\(.*\))$/\1/p' one | sort >explained
comm -13 there explained >wrong
assert_equal "$(cat wrong)" ''
