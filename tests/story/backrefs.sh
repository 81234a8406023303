#!/bin/bash
# packages: binutils
# timeout: 600
# --warn-backrefs warns exactly where GNU ld, which reads inputs from left to right, links something else: random orders
# of random objects, archives, groups and libraries, linked with ld.bfd and with gild.
set -eu
. "$GILD_SRC/tests/lib.sh"

# ---- what it says ----
assemble() { "$CC" -c -x assembler -o "$1" -; }
assemble main.o <<<'.globl _start
_start: call foo'
assemble foo.o <<<'.globl foo
foo: call bar
ret'
assemble bar.o <<<'.globl bar
bar: ret'
rm -f ./*.a
ar rc libfoo.a foo.o
ar rc libbar.a bar.o
cp bar.o bar2.o
ar rc libbar2.a bar2.o
gild() { "$GILD" --warn-backrefs "$@" -o prog >messages 2>&1 || { cat messages; fail "gild $*"; }; }
quiet() { gild "$@"; assert_equal "$*: $(cat messages)" "$*: "; }
quiet main.o libfoo.a libbar.a
quiet main.o libfoo.a libbar.a libbar2.a
gild main.o libbar.a libfoo.a
assert_equal "$(cat messages)" "gild: warning: backward reference detected: bar in libfoo.a(foo.o) refers to libbar.a(bar.o)
>>> GNU ld, which reads inputs in order, would leave it undefined"
gild main.o libbar.a libfoo.a libbar2.a
assert_contains messages "refers to libbar.a(bar.o)
>>> GNU ld, which reads inputs in order, would take it from libbar2.a(bar2.o)"
gild libfoo.a main.o libbar.a
assert_contains messages "foo in main.o refers to libfoo.a(foo.o)"
gild -r libfoo.a main.o libbar.a
assert_contains messages "foo in main.o refers to libfoo.a(foo.o)"
quiet -r main.o libfoo.a libbar.a
quiet main.o libbar.a libfoo.a libbar.a
quiet main.o --start-group libbar.a libfoo.a --end-group
quiet main.o '-(' libbar.a libfoo.a '-)'
echo 'GROUP(libbar.a libfoo.a)' >group
quiet main.o group
echo 'INPUT(libbar.a libfoo.a)' >input
gild main.o input
assert_contains messages "bar in libfoo.a(foo.o) refers to libbar.a(bar.o)"
quiet -u bar main.o libbar.a libfoo.a
quiet main.o --whole-archive libbar.a --no-whole-archive libfoo.a
quiet main.o libbar.a libfoo.a --warn-backrefs-exclude='*bar.a'
quiet main.o libbar.a libfoo.a --warn-backrefs-exclude='libbar.a(bar.o)'
quiet main.o libbar.a libfoo.a --no-warn-backrefs
gild main.o libbar.a libfoo.a --warn-backrefs-exclude='*foo.a'
assert_contains messages "bar in libfoo.a(foo.o)"
expect_fail "$GILD" --warn-backrefs --fatal-warnings main.o libbar.a libfoo.a -o prog

# ---- random ----
have ld.bfd || skip "no ld.bfd"
cases=${CASES:-60}
RANDOM=${SEED:-1}
objects=30 libraries=4 symbols=9
chance() { [ $((RANDOM % 100)) -lt "$1" ]; } # PERCENT
# object K: its definitions have values that tell whose they are.
object() {
	local k=$1 s
	echo ".globl in_$k"
	echo "in_$k = $((k * 100 + 99))"
	echo .data
	for ((s = 0; s < symbols; s++)); do
		case $((RANDOM % 24)) in
		0 | 1) echo ".globl s$s; s$s = $((k * 100 + s))" ;;
		2) echo ".weak s$s; s$s = $((k * 100 + s))" ;;
		3) if [ $s -gt 5 ]; then echo ".comm s$s, 8"; fi ;;
		4 | 5 | 6) echo ".quad s$s" ;;
		7) echo ".weak s$s; .quad s$s" ;;
		esac
	done
}
# Not of what is common elsewhere: between these two GNU ld and gild choose differently in any order.
library() {
	local s
	echo .data
	for ((s = 0; s <= 5; s++)); do
		case $((RANDOM % 12)) in
		0 | 1) echo ".globl s$s; .type s$s, @object; .size s$s, 8; s$s: .quad $s" ;;
		2) echo ".quad s$s" ;;
		esac
	done
}
assemble start.o <<<'.globl _start
_start: ret'
for ((k = 1; k <= objects; k++)); do object $k >$k.s; done
for ((k = 1; k <= objects; k++)); do echo "$k.s -o $k.o"; done | xargs -L 1 -P "$(nproc)" as
for ((k = 1; k <= libraries; k++)); do
	library >l.s
	as l.s -o l.o
	ld.bfd -shared -soname l$k.so l.o -o l$k.so
done

# What two outputs define differently or need differently; nothing when they agree.
differences() {
	readelf -dsW "$1" "$2" | awk '
	/^File: / { file++ }
	/NEEDED/ { has[file, $NF] = 1; names[$NF] = 1 }
	$NF ~ /^(s[0-9]|in_[0-9]*)$/ && NF == 8 && $7 != "UND" {
		has[file, $NF] = $7 == "ABS" ? $2 : "common"
		names[$NF] = 1
	}
	END { for (name in names) if (has[1, name] != has[2, name]) print name ": " has[1, name] " or " has[2, name] }'
}
# shuffle WORDS: into ${shuffled[@]}. Not in a subshell, where RANDOM begins anew.
shuffle() {
	local i j word
	shuffled=("$@")
	for ((i = $# - 1; i > 0; i--)); do
		j=$((RANDOM % (i + 1))) word=${shuffled[i]}
		shuffled[i]=${shuffled[j]}
		shuffled[j]=$word
	done
}
# One random command line in $line; archives are made.
arrange() {
	local archives=$((1 + RANDOM % 4)) a k rest=() plain=() item group=no
	for ((k = 1; k <= objects; k++)); do rest+=($k); done
	shuffle "${rest[@]}"
	rest=("${shuffled[@]}")
	line=(start.o)
	rm -f r?.a
	for ((k = 0; k < 1 + RANDOM % 3; k++)); do plain+=("${rest[k]}.o"); done
	for ((a = 0; a < archives; a++)); do
		local members=()
		for ((; k < objects && ${#members[@]} < 1 + RANDOM % 5; k++)); do members+=("${rest[k]}.o"); done
		ar rc r$a.a "${members[@]}"
		plain+=(r$a.a)
		if chance 20; then plain+=(r$a.a); fi
	done
	if chance 40; then
		for ((k = 1; k <= libraries; k++)); do if chance 40; then plain+=(l$k.so); fi; done
	fi
	shuffle "${plain[@]}"
	for item in "${shuffled[@]}"; do
		if [ $group = no ] && chance 10; then line+=(--start-group) group=yes; fi
		if [ $group = yes ] && chance 40; then line+=(--end-group) group=no; fi
		case $item in
		*.so) if chance 60; then line+=(--as-needed "$item" --no-as-needed); else line+=("$item"); fi ;;
		*.a) if chance 5; then line+=(--whole-archive "$item" --no-whole-archive); else line+=("$item"); fi ;;
		*) line+=("$item") ;;
		esac
	done
	[ $group = no ] || line+=(--end-group)
	if chance 20; then line+=(-u s$((RANDOM % symbols))); fi
}
common=(-z muldefs --unresolved-symbols=ignore-all --no-warnings)
differ=0
for ((i = 1; i <= cases; i++)); do
	arrange
	ld.bfd "${common[@]}" "${line[@]}" -o by-ld 2>ld.txt || { cat ld.txt; fail "ld.bfd ${line[*]}"; }
	"$GILD" --unresolved-symbols=ignore-all -z muldefs --warn-backrefs "${line[@]}" -o by-gild 2>gild.txt ||
		{ cat gild.txt; fail "gild ${line[*]}"; }
	differences by-ld by-gild >differences
	warned=no differs=no
	if [[ $(<gild.txt) == *'backward reference detected'* ]]; then warned=yes; fi
	if [ -s differences ]; then differs=yes differ=$((differ + 1)); fi
	if [ $warned != $differs ]; then
		cat gild.txt differences
		fail "case $i of SEED=${SEED:-1}: differs: $differs, warned: $warned: ${line[*]}"
	fi
done
echo "$differ of $cases links differ"
[ $((differ * 10)) -gt $cases ] && [ $((differ * 10)) -lt $((cases * 9)) ] || fail "the cases are too much alike"
