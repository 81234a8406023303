#!/bin/bash
# -Map tells in GNU ld's format which file put what where, and why archive members were taken: programs parse it (glibc's
# elf/Makefile, analysers of size). What it says is true of the output, and, where sections lie in GNU's order, the same as
# what GNU ld says.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >main.c <<'END'
extern int one(int);
int tentative, bss_variable[8] = {0}, data_variable = 3;
int unused(void) { return 7; }
int main(void) { return one(data_variable) + tentative + bss_variable[0] - 5; }
END
echo 'extern int two(int); const char *name_one = "hello"; int one(int x) { return two(x) + 1; }' >one.c
echo 'const char *name_two = "hello"; int two(int x) { return x + 1; }' >two.c
echo 'int a_function_in_a_section_with_a_long_name(void) { return 4; }' >three.c
$CC -O1 -fcommon -ffunction-sections -c main.c one.c two.c three.c
ar rcs libx.a one.o two.o three.o
link main.o libx.a -o prog -Wl,-Map=prog.map,--gc-sections
./prog

# join FILE: the map with the lines joined that long names break
join() { sed -E '/^ [^ *]+$/ { N; s/\n +/ / }' "$1"; }
# section NAME FILE: the address of the input section in prog.map
join prog.map >joined
section() { awk -v name="$1" -v file="$2" '$1 == name && $4 == file { print $2 }' joined; }
symbol() { awk -v name="$1" 'NF == 2 && $2 == name { print $1 }' joined; }
value() { echo "0x$(nm prog | awk -v name="$1" '$3 == name { print $1 }')"; }

# Why a member is here: first what was asked of it by whom.
[ "$(head -n 1 prog.map)" = "Archive member included to satisfy reference by file (symbol)" ] || fail "the map begins otherwise"
assert_contains prog.map "libx.a(one.o)                 main.o (one)"
assert_contains prog.map "libx.a(two.o)                 libx.a(one.o) (two)"
assert_lacks prog.map "three.o"
# the line by which glibc's elf/Makefile finds members
assert_equal "$(sed -n 's@^\(libx[^(]*\)(\([^)]*\.o\)) *.*$@\1 \2@p' prog.map | sort -u | tr '\n' ' ')" "libx.a one.o libx.a two.o "

# What is where.
assert_equal "$(section .text.main main.o)" "$(value main)"
assert_equal "$(section .text.two 'libx.a(two.o)')" "$(value two)"
for name in main one two data_variable bss_variable tentative; do
	assert_equal "$(symbol $name)" "$(value $name)"
done
assert_equal "$(section COMMON main.o)" "$(value tentative)"
assert_contains prog.map "tentative           0x4               main.o"
awk '/^Discarded input sections/ { on = 1 } /^Memory Configuration/ { on = 0 } on && / \.text\.unused / && $NF == "main.o"' \
	joined | grep -q . || fail "no discarded .text.unused"
grep -q '^LOAD .*crt1.o$' prog.map || fail "no LOAD line for crt1.o"
assert_contains prog.map "LOAD libx.a"
grep -qE '^ \*fill\* +0x[0-9a-f]{16} +0x[0-9a-f]+ $' prog.map || fail "no fill"

# Output sections are those of the section headers.
outputs() { sed -E '/^\.[^ ]+$/ { N; s/\n {2,}/ / }' "$1" | awk '/^\.[^ ]+ +0x/ && NF == 3 { print $1, $2, $3 }' | sort; }
readelf -SW prog | sed -nE 's/^ *\[ *[0-9]+\] (\.[^ ]+) +[A-Z_0-9]+ +([0-9a-f]{16}) [0-9a-f]+ 0*([0-9a-f]+) .*/\1 0x\2 0x\3/p' |
	sed 's/ 0x$/ 0x0/' | grep -vE '^\.(symtab|strtab|shstrtab) ' | sort >headers
outputs prog.map | diff - headers || fail "the map's output sections (<) are not the file's (>)"

# Every byte of .text belongs to an input section or is fill.
total=0
while read -r size; do total=$((total + size)); done < <(awk '/^\.text / { on = 1; next } /^\./ { on = 0 }
	on && /^ [.*][^(]+ +0x/ && $3 ~ /^0x/ { print $3 }' joined)
assert_equal "$(printf '.text 0x%x' "$total")" "$(awk '$1 == ".text" { print $1, $3 }' headers)"

# Merged strings: the first file has them, the others nothing.
link main.o libx.a -o prog -Wl,-Map,prog.map
join prog.map | awk '$1 ~ /^\.rodata\.str/ { print $3, $4 }' >strings
assert_contains strings "0x6 libx.a(one.o)"
assert_contains strings "0x0 libx.a(two.o)"
assert_contains prog.map "(size before relaxing)"

# -M prints it; --print-map, too; the last of -M and -Map counts.
link main.o libx.a -o prog -Wl,-M | diff - prog.map || fail "-M and -Map differ"
link main.o libx.a -o prog -Wl,-Map=other.map,--print-map | diff - prog.map || fail "--print-map and -Map differ"
[ ! -e other.map ] || fail "-Map was written in spite of --print-map"

# Reasons that are no file: -u, --whole-archive.
link main.o libx.a -o prog -Wl,-Map=u.map,-u,a_function_in_a_section_with_a_long_name
grep -qE '^libx.a\(three.o\) +\(a_function_in_a_section_with_a_long_name\)$' u.map || fail "no reason for three.o"
link main.o -Wl,--whole-archive libx.a -Wl,--no-whole-archive -o prog -Wl,-Map=whole.map
grep -qE '^libx.a\(three.o\) +\(--whole-archive\)$' whole.map || fail "no reason for three.o"

# --no-print-map-discarded
link main.o libx.a -o prog -Wl,-Map=prog.map,--gc-sections,--no-print-map-discarded
assert_lacks prog.map "Discarded input sections"

# Names of the file (GNU ld manual, -Map): a directory, and % for the output.
mkdir maps sub
link main.o libx.a -o sub/prog -Wl,-Map=maps
[ -s maps/prog.map ] || fail "no map in the directory"
link main.o libx.a -o sub/prog -Wl,-Map=%
[ -s sub/prog.map ] || fail "no sub/prog.map"
link main.o libx.a -o sub/prog -Wl,-Map=./%.txt
[ -s sub/prog.txt ] || fail "no sub/prog.txt"
expect_fail link main.o libx.a -o prog -Wl,-Map=%%
assert_contains messages "more than one %"

# A map that cannot be written is an error, and then there is no output.
rm -f prog
expect_fail link main.o libx.a -o prog -Wl,-Map=no/such/folder/map
assert_contains messages "no/such/folder/map"
[ ! -e prog ] || fail "there is an output"
if [ -e /dev/full ]; then
	expect_fail link main.o libx.a -o prog -Wl,-Map=/dev/full
	assert_contains messages "/dev/full"
fi

# A link that fails still says what came in.
echo 'int nowhere(void); int one(int); int main(void) { return nowhere() + one(1); }' >bad.c
expect_fail link bad.c libx.a -o prog -Wl,-Map=bad.map,--cref
assert_contains bad.map "libx.a(one.o)"
assert_contains bad.map "LOAD libx.a"
assert_contains bad.map "Cross Reference Table"
expect_fail link bad.c -o prog -lnosuchlibrary -Wl,-Map=bad.map

# C++ names are readable; the map is the same however many threads there are.
echo 'namespace n { int f(int x) { return x; } } int main() { return n::f(0); }' >cxx.cc
link++ cxx.cc -o prog -Wl,-Map=cxx.map
assert_contains cxx.map "n::f(int)"
link++ cxx.cc -o prog -Wl,-Map=raw.map,--no-demangle
assert_contains raw.map "_ZN1n1fEi"
$CXX -c cxx.cc
link++ cxx.o -o prog -Wl,-Map=first.map,--threads=1
link++ cxx.o -o prog -Wl,-Map=second.map,--threads=7
cmp first.map second.map

# The same as GNU ld's: members, common symbols, and the sections of objects that make up .text, .data and .bss.
have ld.bfd || skip "no ld.bfd to compare with"
$CC -fuse-ld=bfd main.o libx.a -o bfd -Wl,-Map=bfd.map,--gc-sections
link main.o libx.a -o prog -Wl,-Map=prog.map,--gc-sections
same_part() { # FROM TO: lines between two headings
	for map in prog bfd; do sed -n "/^$1/,/^$2/p" $map.map | sort >$map.part; done
	diff prog.part bfd.part || fail "not what GNU ld says (>): $1"
}
same_part "Archive member included" "$"
same_part "Common symbol" "Discarded"
contents() { join "$1" | awk '$2 != "0x0000000000000000" && $3 != "0x0" && $4 ~ /\.o\)?$/ &&
	$1 ~ /^(\.text|\.data|\.bss|\.init|\.fini|COMMON)/ && $3 ~ /^0x/ { print $1, $3, $4 }' | sort; }
contents bfd.map >bfd.contents
contents prog.map | diff - bfd.contents || fail "not the sections that GNU ld lists (>)"
[ -s bfd.contents ] || fail "nothing to compare"
