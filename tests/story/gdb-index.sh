#!/bin/bash
# --gdb-index: gdb takes its names and addresses from .gdb_index, readelf understands it, and it has the names that gdb finds
# itself: by gcc and clang, in all versions of DWARF, with public names and without, also after --gc-sections.
set -eu
. "$GILD_SRC/tests/lib.sh"
have gdb gdb-add-index || skip "no gdb"

cat >shapes.h <<'END'
namespace geo {
enum unit { metre, foot };
enum class colour { red };
struct point { int x, y; struct box { point *a; }; };
struct shape { static int count; point at; int area() const; virtual int sides() const { return 0; } virtual ~shape() {} };
template <class T> T twice(T x) { return x + x; }
namespace deep { extern int level; }
}
END
cat >a.cc <<'END'
#include "shapes.h"
int geo::shape::count = 3;
int geo::shape::area() const { return at.x * at.y; }
int geo::deep::level = 7;
namespace { struct secret { int s; }; secret kept{5}; }
static int hidden(int i) { return geo::twice(i) + kept.s; }
int unused(int i) { return hidden(i) - 1; }
int first(int i) { return hidden(i) + geo::deep::level; }
END
cat >b.cc <<'END'
#include "shapes.h"
namespace again = geo;
typedef unsigned counter;
int first(int);
int main() { again::shape s; s.at = {2, 3}; counter n = s.area(); return first((int)n) + geo::twice(3) == 30 ? 0 : (int)geo::foot; }
END

names_of() { # FILE: the names and kinds in its index, sorted; units and base types, which gdb spells differently, left out
	readelf --debug-dump=gdb_index "$1" 2>err.txt | sed '1,/^Symbol table/d' | tr -d '\n' | sed 's/\[ *[0-9]*\] /\n/g' |
		sed -n 's/^\(.*\): *\t*T*[0-9]* \[\([a-z]*, [a-z]*\)\].*/\1 \2/p' | grep -v '^[a-z ]*\(int\|char\|long\|short\|bool\) static, type' | sort
	[ ! -s err.txt ] || { cat err.txt; fail "$1: readelf complains"; }
}
table() { readelf --debug-dump=gdb_index "$1" 2>/dev/null | sed -n "/^$2 table/,/^\$/p" | sed 1d; } # FILE CU|TU|Address
# By address; those that touch are one. gdb 13 makes a range of one byte of a variable of clang's.
joined_ranges() { # FILE
	table "$1" Address | grep . | sort | while read -r begin end unit; do
		((0x$end - 0x$begin == 1)) || echo "$begin $end $unit"
	done | awk '
		$1 == end && $3 == unit { end = $2; next }
		end { print begin, end, unit }
		{ begin = $1; end = $2; unit = $3 }
		END { print begin, end, unit }'
}
uses_index() { # FILE: does gdb?
	gdb -nx -batch -ex 'maint print objfiles' "$1" >objfiles 2>&1 </dev/null
	grep -q '^\.gdb_index: version 7' objfiles || { head -5 objfiles; fail "$1: gdb does not use the index"; }
}
finds() { # FILE: what gdb finds by name
	gdb -nx -batch -ex 'info line geo::shape::area' -ex 'info line hidden' -ex 'whatis geo::deep::level' -ex 'ptype geo::point' \
		-ex 'whatis geo::shape::count' -ex 'print geo::foot' -ex 'info line main' "$1" >found 2>&1 </dev/null
	local text
	for text in 'Line 3 of "a.cc"' 'Line 6 of "a.cc"' 'type = int' 'int x;' '= geo::foot' 'Line 5 of "b.cc"'; do
		assert_contains found "$text"
	done
}
# Every function of a.o and b.o that is in the program is in a range, ranges lead to code, and they do not overlap.
covers() { # FILE
	nm -S "$1" | grep -E ' [TtWw] (main|_ZL6hidden|_Z5first|_Z6unused|_ZNK3geo5shape4area|_ZN3geo5twice)' >functions
	[ "$(wc -l <functions)" -ge 5 ] || fail "$1: functions are missing"
	table "$1" Address | grep . >ranges
	while read -r address size _ name; do
		local n=0
		while read -r begin end _; do
			if ((0x$begin <= 0x$address && 0x$address + 0x$size <= 0x$end)); then n=$((n + 1)); fi
		done <ranges
		assert_equal "$name in $n" "$name in 1"
	done <functions
	sort ranges | awk '$1 < end { exit 1 } $1 >= $2 { exit 1 } { end = $2 }' || { cat ranges; fail "$1: ranges overlap"; }
}

versions() {
	local version names sections
	cp ../*.cc ../shapes.h .
	for version in 2 3 4 5; do
		for names in '' -ggnu-pubnames; do
			for sections in '' -ffunction-sections; do
				[ $version -ge 4 ] || [ -z "$names$sections" ] || continue
				"${compile[@]}" -std=c++14 -g -gdwarf-$version $names $sections -c a.cc b.cc
				"${driver[@]}" a.o b.o -Wl,--gdb-index ${sections:+-Wl,--gc-sections} -lstdc++ -o prog
				./prog || fail "the program does not run"
				uses_index prog
				finds prog
				covers prog
				assert_equal "$(table prog CU | grep -c .)" 2
				names_of prog >names
				case $sections in
				'') grep -q '^unused global, function' names || fail "unused is not in the index" ;;
				*) nm prog | grep -q unused && fail "unused is in the program" ;;
				esac
				# What gdb makes of the same program. Up to DWARF 4 it looks for less in classes.
				if [ -z "$names" ]; then
					"${driver[@]}" a.o b.o ${sections:+-Wl,--gc-sections} -lstdc++ -o plain
					cp plain added
					gdb-add-index added
					names_of added >added.names
					# gdb 13 forgets clang's anonymous namespace, and the class of a static member.
					comm -13 names added.names | grep -Ev '^(geo::)?count ' >missing || :
					[ ! -s missing ] || { cat missing; fail "gdb knows more names"; }
					comm -23 names added.names | grep -v -e '^(anonymous namespace)' -e '^geo::shape::count ' >more || :
					[ ! -s more ] || { cat more; fail "gdb does not know these names"; }
					assert_equal "$(joined_ranges prog)" "$(joined_ranges added)"
				fi
			done
		done
	done
}
each_compiler versions

# The linker asks for nothing: no debug information, no index.
$CC -x c -c - -o none.o <<<'int main(void) { return 0; }'
link none.o -Wl,--gdb-index -o none
readelf -SW none | grep -q gdb_index && fail "an index of nothing"
$CXX -g -c a.cc b.cc
link++ a.o b.o -Wl,--gdb-index,-S -o stripped
readelf -SW stripped | grep -q gdb_index && fail "an index of what was stripped"
link++ a.o b.o -Wl,--gdb-index,--no-gdb-index -o without
readelf -SW without | grep -q gdb_index && fail "--no-gdb-index has no effect"

# The names that it was made from are not kept, and an index of an input does not get between.
$CXX -g -ggnu-pubnames -c a.cc
objcopy --add-section .gdb_index=shapes.h b.o b2.o
link++ a.o b2.o -Wl,--gdb-index -o prog
readelf -SW prog >headers
assert_lacks headers debug_gnu_pub
uses_index prog

# Compressed, in the objects and in the output; 64-bit DWARF; units of several versions; a position-dependent program.
$CXX -g -gz -c a.cc
link++ a.o b.o -Wl,--gdb-index,--compress-debug-sections=zlib -o prog
finds prog
covers prog
uses_index prog
if $CXX -g -gdwarf-5 -gdwarf64 -c a.cc 2>/dev/null; then
	$CXX -g -gdwarf-4 -c b.cc
	link++ -no-pie a.o b.o -Wl,--gdb-index -o prog
	uses_index prog
	covers prog
fi

# Fortran's functions can have functions.
if have gfortran; then
	printf '%s\n' 'program outer' 'call inner(3)' 'contains' 'subroutine inner(k)' 'integer :: k' 'print *, k' 'end subroutine' 'end program' >f.f90
	gfortran -g -c f.f90
	gfortran -B"$GILD_BIN" f.o -Wl,--gdb-index -o fortran
	gdb -nx -batch -ex 'info line inner' fortran >found 2>&1 </dev/null
	assert_contains found 'Line 4 of "f.f90"'
fi

# Code that was folded has one unit only.
$CXX -g -ffunction-sections -c a.cc b.cc
link++ a.o b.o -x c++ - -g -ffunction-sections -Wl,--gdb-index,--icf=all -o prog <<<'int again(int i) { return i; } int once_more(int i) { return i; }'
covers prog

# All objects of a program as one. (GNU ld lets both units have the function that it keeps once.)
$CXX -g -ggnu-pubnames -ffunction-sections -c a.cc b.cc
ld -r a.o b.o -o both.o
link++ both.o -Wl,--gdb-index,--gc-sections -o prog
uses_index prog
finds prog

# Type units: DWARF 4's are in a section of their own. Those of DWARF 5 need version 9, which gdb 13 passes over.
for version in 4 5; do
	for names in '' -ggnu-pubnames; do
		$CXX -g -gdwarf-$version $names -fdebug-types-section -c a.cc b.cc
		link++ a.o b.o -Wl,--gdb-index -o prog
		gdb -nx -batch -ex 'ptype geo::shape' -ex 'whatis geo::deep::level' -ex 'ptype geo::unit' -ex 'info line geo::shape::area' \
			-ex 'ptype geo::point::box' prog >found 2>&1 </dev/null
		# gdb 13 does not find the names of type units of DWARF 5 without help.
		unit='{geo::metre, geo::foot}'
		[ $version = 4 ] || unit=
		for text in 'geo::point at;' 'type = int' "$unit" 'Line 3 of "a.cc"' 'geo::point \*a;'; do
			grep -q "$text" found || { cat found; fail "DWARF $version, $names: gdb does not find $text"; }
		done
		if [ $version = 4 ]; then
			uses_index prog
			covers prog
			assert_equal "$(table prog TU | awk 'NF { print $NF }' | sort)" \
				"$(readelf --debug-dump=info prog | sed -n 's/.*Signature: *0x//p' | sed 's/^/000000000000000/; s/.*\(.\{16\}\)$/\1/' | sort)"
		else
			readelf --debug-dump=gdb_index prog >dump 2>/dev/null || :
			assert_contains dump 'Version 9'
		fi
	done
done
$CXX -g -gdwarf-5 -fdebug-types-section -c a.cc
$CXX -g -gdwarf-4 -fdebug-types-section -c b.cc
link++ a.o b.o -Wl,--gdb-index -o prog 2>messages
assert_contains messages 'no .gdb_index: there are type units of DWARF 4 and of DWARF 5'
readelf -SW prog | grep -q gdb_index && fail "a warning, and an index"
gdb -nx -batch -ex 'info line geo::shape::area' prog >found 2>&1 </dev/null
assert_contains found 'Line 3 of "a.cc"'

# The entries are in another file: the names come from public names, or there is no index.
in_two_files() {
	local version
	for version in 4 5; do
		"${compile[@]}" -std=c++14 -g -gdwarf-$version -gsplit-dwarf -ggnu-pubnames -c a.cc b.cc
		"${driver[@]}" a.o b.o -Wl,--gdb-index -lstdc++ -o prog
		names_of prog >names
		assert_contains names 'geo::shape::area global, function'
		uses_index prog
		finds prog
		covers prog
	done
}
each_compiler in_two_files
if [ -n "$CLANG" ]; then
	$CLANG -std=c++14 -g -gsplit-dwarf -gno-gnu-pubnames -c a.cc b.cc
	clink a.o b.o -Wl,--gdb-index -lstdc++ -o prog 2>messages
	assert_contains messages 'a.o: no .gdb_index: the file was compiled with -gsplit-dwarf'
	assert_contains messages '-ggnu-pubnames'
	readelf -SW prog | grep -q gdb_index && fail "a warning, and an index"
	./prog
	eu-readelf -S prog >/dev/null 2>err.txt || { cat err.txt; fail "the section headers are in disorder"; }
fi

# Many names, of many units: the bytes do not depend on the number of threads, and all names are found.
for ((i = 0; i < 12; i++)); do
	echo "enum { $(seq -f "u${i}_%g," -s ' ' 0 1999) }; enum { $(seq -f 'common_%g,' -s ' ' 0 499) };"
	echo "static int f(void) { return u${i}_7 + common_5; } int (*g$i)(void) = f;"
done | split -l 2 --additional-suffix=.c - part-
echo 'int main(void) { return 0; }' >part-main.c
$CC -g -c part-*.c
link part-*.o -Wl,--gdb-index,--threads=1 -o one
for n in 2 5; do
	link part-*.o -Wl,--gdb-index,--threads=$n -o many
	cmp one many || fail "$n threads give other bytes"
done
uses_index one
names_of one >names
cp one added
gdb-add-index added 2>/dev/null
names_of added >added.names
cmp names added.names || fail "other names than gdb finds"
assert_equal "$(readelf --debug-dump=gdb_index one | sed -n '/\] common_17:/,/^\[/p' | grep -c '^[[:space:]].*\[static, variable\]')" 12
