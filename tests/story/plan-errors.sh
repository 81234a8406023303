#!/bin/bash
# A plan that does not fit the link is one error that names the plan's line; nothing is written.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat > main.c <<'END'
int zero[3], *pointers[2] = {zero, zero + 1}, other[2] = {5, 6};
__attribute__((constructor(200))) static void first(void) { other[0]++; }
__attribute__((constructor(300))) static void second(void) { other[0] *= 2; }
static int twice(int x) { return 2 * x; }
int (*function)(int) = twice;
int main(void) { return function(other[0]) + *pointers[0] + 3; }
END
"$CC" -ffunction-sections -fdata-sections -c main.c
program() { link main.o -o prog "$@"; }
program -Wl,--plan-out=good.plan
mv prog normal

# rejects MESSAGE [LINE]: the plan of standard input is one error with that text, at that line.
rejects() {
	cat > bad.plan
	expect_fail program -Wl,--plan-in=bad.plan
	grep -v '^collect2:' messages > said || :
	[ "$(wc -l < said)" = 1 ] || { cat said; fail "not one message"; }
	assert_contains said "gild: error: bad.plan:${2:-$(wc -l < bad.plan)}: invalid plan: "
	assert_contains said "$1"
	[ ! -e prog ] || fail "an output in spite of: $1"
}

# line_of PATTERN [PLAN]: the number of its first line like that.
line_of() { grep -n -m 1 -e "$1" "${2:-good.plan}" | cut -d : -f 1; }
# edit SCRIPT: good.plan after sed.
edit() { sed "$1" good.plan; }

twice=$(line_of ':\.text\.twice$') main=$(line_of ':\.text\.main$') other=$(line_of ':\.data\.other$')
[ -n "$twice" ] && [ -n "$main" ] && [ -n "$other" ] || fail "sections are not in the plan"

# The section lines.
edit "${twice}d" | rejects "it has no place for section $(sed -n "${twice}s/section \([0-9]* [0-9]*\).*/\1/p" good.plan), main.o:.text.twice"
edit "${twice}p" | rejects "the section is placed twice, first in line $twice" $((twice + 1))
moved=$(sed -n "${twice}p" good.plan)
edit "${twice}d; ${other}a $moved" | rejects 'belongs to another run, .text' $other
edit "${other}s/ 0x[0-9a-f]*[048c] / 0x1001 /" | rejects "not a multiple of the section's alignment, 8" $other
edit "${other}s/ 0x[0-9a-f]* / 0x100000000 /" | rejects 'larger than 0xffffffff' $other
edit "${other}s/ 0x8 / 0x10 /" | rejects 'the section has size 0x8 and alignment 3: the plan is for other inputs' $other
edit "${other}s/ 0x8 3 / 0x8 2 /" | rejects 'the plan is for other inputs' $other
edit "${twice}s/section [0-9]*/section 9999/" | rejects 'no such section' $twice
edit "${twice}s/section \([0-9]*\) [0-9]*/section \1 9999/" | rejects 'no such section' $twice
edit "${twice}s/section [0-9]* [0-9]*/section 0 0/" | rejects 'no such section' $twice
offset=$(sed -n "${twice}s/section [0-9]* [0-9]* \(0x[0-9a-f]*\) .*/\1/p" good.plan)
edit "${main}s/ 0x[0-9a-f]* / $offset /" | rejects "the section overlaps the one of line $twice" $main

# The run lines.
run=$(line_of '^run \.text ')
edit "${run}s/ [0-9]* / 9999 /" | rejects 'this link has no run .text 9999' $run
edit "${run}s/ [0-9]* / 0 /" | rejects 'this link has no run .text 0' $run
edit "${run}s/\.text/.toast/" | rejects 'this link has no run .toast' $run
edit "${run}s/free/fixed/" | rejects 'is not fixed' $run
edit "${run}s/free/loose/" | rejects 'expected: run NAME NUMBER free|fixed' $run
edit "${run}s/ [0-9]* / x /" | rejects 'expected: run NAME NUMBER free|fixed' $run
edit "${run}s/.*/run /" | rejects 'expected: run NAME NUMBER free|fixed' $run
edit 2d | rejects 'belongs to another run' 2

# Runs of fixed order: constructors change places, a gap opens.
array=$(line_of ':\.init_array\.00200$')
[ "$(sed -n "$((array - 1)),$((array + 1))s/section \([0-9]* [0-9]*\) \(0x.\) .*/\2/p" good.plan | tr '\n' ' ')" = '0x0 0x8 ' ] ||
	fail "constructors are not where this test wants them"
edit "${array}s/ 0x0 / 0x8 /; $((array + 1))s/ 0x8 / 0x0 /" | rejects 'fixed order' $array
edit "$((array + 1))s/ 0x8 / 0x10 /" | rejects 'fixed order' $((array + 1))
edit "${array}s/ 0x0 / 0x8 /; $((array + 1))s/ 0x8 / 0x10 /" | rejects 'fixed order' $array
edit "$((array - 1))s/fixed/free/" | rejects 'is not free' $((array - 1))
hash=$(line_of ':\.gnu\.hash$')
edit "${hash}s/ 0x0 / 0x40 /" | rejects 'fixed order' $hash

# Not a plan at all, or not a whole one.
rejects 'the first line must be: gild-plan 1' 1 < /dev/null
edit 's/gild-plan 1/gild-plan 2/' | rejects 'the first line must be: gild-plan 1' 1
rejects 'the first line must be: gild-plan 1' 1 < main.o
edit '4i something else' | rejects 'expected a run or a section' 4
edit "${other}s/ .*/ 1 2 3/" | rejects 'expected: section FILE NUMBER OFFSET SIZE ALIGNMENT NAME' $other
edit "${other}s/ 0x8 / -8 /" | rejects 'expected: section' $other
edit "${other}s/ 0x8 / 0x8888888888888888888 /" | rejects 'expected: section' $other
edit '1!d' | rejects 'it has no place for section'
size=$(wc -c < good.plan)
for cut in 1 10 11 14 $((size / 3)) $((size / 2)) $((size * 2 / 3)) $((size - $(tail -n 1 good.plan | wc -c) + 20)); do
	head -c $cut good.plan > cut.plan
	rejects '' "$(awk 'END { print NR }' cut.plan)" < cut.plan
done
expect_fail program -Wl,--plan-in=missing.plan
assert_contains messages 'gild: error: cannot open plan missing.plan: No such file or directory'
expect_fail program -Wl,--plan-in=.
assert_contains messages 'gild: error: cannot open plan .: Is a directory'
expect_fail program -Wl,--plan-out=missing/plan
assert_contains messages 'gild: error: cannot write plan missing/plan: No such file or directory'
[ ! -e prog ] || fail "an output in spite of an error"

# What is no error: lines and runs in another order, empty lines, no newline at the end, other names for people.
awk '/^run / { n++ } { print (NR == 1 ? 0 : 1000 - n), ($1 == "run" ? 0 : 2000 - NR), $0 }' good.plan | sort -n -k 1,1 -k 2,2 |
	cut -d ' ' -f 3- | sed 's/:\.text\.twice$/: some thing/; 3i\\' | head -c -1 > other.plan
program -Wl,--plan-in=other.plan
cmp prog normal
rc=0; ./prog || rc=$?
assert_equal $rc 27

# Section names of any characters.
cat > names.s <<'END'
	.section ".odd section", "aw"
	.long 1
	.section ".odd\nsection 1 1 0x0", "aw"
	.long 2
	.section .note.GNU-stack, ""
END
"$CC" -c names.s
link main.o names.o -o odd -Wl,--plan-out=odd.plan
link main.o names.o -o odd2 -Wl,--plan-in=odd.plan,--plan-out=odd2.plan
cmp odd odd2
cmp odd.plan odd2.plan
