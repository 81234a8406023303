#!/bin/bash
# gild abi with -gsplit-dwarf: what .dwo files, .dwp files, and objects with both halves tell is what the same source tells without it; what
# is missing, or of another compilation, is said.
# packages: clang llvm
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >a.c <<'END'
enum color { RED, BLUE = 7 };
typedef struct { int x; union { int i; float f; }; } pair;
struct shape { pair at; enum color color; unsigned solid : 1, layer : 4; struct shape *next; double area[MORE]; };
typedef int (*visitor)(struct shape *, void *);
int each(struct shape *first, visitor visit, void *data) { return first ? visit(first, data) : 0; }
char banner[12] = "hello";
_Thread_local int ready = 3, level;
__attribute__((cold)) int rare(const struct shape *s) { return s->layer; }
END
cat >b.cc <<'END'
namespace n { struct base { virtual ~base(); virtual int f(int); int a; struct { int i; } in; }; template <class T> struct box : base { T t; }; }
n::base::~base() {}
int n::base::f(int x) { return a + x; }
int use(n::box<int> &b) { return b.f(1); }
END
shown() { "$GILD" abi dump "$@" >dump.txt && grep -v '^promise compiler' dump.txt; }
json() { "$GILD" abi dump --json "$1" | sed 's/"compiler":"[^"]*"//'; }
same() {
	shown "$1" 2>messages | diff whole.txt - || fail "$2: the dump differs"
	[ ! -s messages ] || { cat messages; fail "$2: there are messages"; }
	"$GILD" abi lint "$1" >lint.txt || { cat lint.txt; fail "$2: lint complains"; }
}

check() {
	local flags
	for flags in '-gdwarf-5' '-gdwarf-4' '-gdwarf-5 -fdebug-types-section -O2' '-gdwarf-4 -fdebug-types-section -O2'; do
		rm -f ./*.dwo ./*.dwp
		# shellcheck disable=SC2086 # words
		"${driver[@]}" -DMORE=2 -g $flags -fPIC -shared -nostdlib ../a.c ../b.cc -o whole.so
		# shellcheck disable=SC2086
		"${compile[@]}" -DMORE=2 -g $flags -gsplit-dwarf -fPIC -c ../a.c -o a.o
		# shellcheck disable=SC2086
		"${compile[@]}" -g $flags -gsplit-dwarf -fPIC -c ../b.cc -o b.o
		"${driver[@]}" -shared -nostdlib a.o b.o -o split.so
		shown whole.so >whole.txt
		grep -q '^thread-local level, size 4 : int$' whole.txt && grep -q '^struct shape, size 40, align 8' whole.txt ||
			{ cat whole.txt; fail "$flags: the dump without -gsplit-dwarf"; }
		same split.so "$flags"
		json whole.so >whole.json
		json split.so | diff whole.json - || fail "$flags: files and lines differ"
		"$GILD" abi layout whole.so shape base >layout.txt
		"$GILD" abi layout split.so shape base | diff layout.txt - || fail "$flags: the layouts differ"

		# GNU dwp crashes at DWARF 5, llvm-dwp does not end at gcc's.
		local packer=()
		[[ $flags = -gdwarf-4* ]] && have dwp && packer=(dwp)
		[[ $flags = -gdwarf-5* && $PWD = */with-clang ]] && have llvm-dwp && packer=(llvm-dwp)
		if [ ${#packer[@]} -ne 0 ]; then
			"${packer[@]}" -e split.so -o split.so.dwp
			mkdir -p away && mv ./*.dwo away
			same split.so "$flags: .dwp"
			mv away/*.dwo .
		fi
	done
}
each_compiler check
cd with-gcc
rm -f ./*.dwp
"$CC" -DMORE=2 -g -gsplit-dwarf -fPIC -c ../a.c -o a.o
"$CC" -B"$GILD_BIN" -shared -nostdlib a.o -o split.so
shown split.so >whole.txt

# A .dwo file by itself has types, and no symbols.
"$GILD" abi dump --all a.dwo >alone.txt
assert_contains alone.txt "struct shape, size 40, align 8"
"$GILD" abi lint a.dwo >lint.txt || { cat lint.txt; fail "lint complains about a .dwo file"; }

# --emit-abi reads what objects refer to.
"$CC" -B"$GILD_BIN" -shared -nostdlib -Wl,--emit-abi a.o -o emit.so
strip emit.so
shown emit.so | diff whole.txt - || fail "--emit-abi: the description differs"

# Moved away: beside the file, or not found; of another compilation.
mkdir -p moved
mv a.dwo moved/
cp split.so moved/
shown moved/split.so | diff whole.txt - || fail "the .dwo file beside the library is not found"
"$GILD" abi dump split.so >bare.txt 2>messages
assert_contains messages "split.so: the debug information of 1 of 1 units is in other files, which are not there or of another compilation"
assert_contains messages '`a.dwo'
assert_contains bare.txt "function each : ?"
"$CC" -DMORE=3 -g -gsplit-dwarf -fPIC -c ../a.c -o a.o
"$GILD" abi dump split.so >bare.txt 2>messages
assert_contains messages "of another compilation"
assert_contains bare.txt "function each : ?"
"$CC" -B"$GILD_BIN" -shared -nostdlib a.o -o new.so
rc=0
"$GILD" abi diff moved/split.so new.so >diff.txt || rc=$?
assert_equal $rc 12
assert_contains diff.txt "size changed from 40 to 48 bytes"

# Names lead nowhere: a pipe is not read.
rm a.dwo
mkfifo a.dwo
"$GILD" abi dump new.so >bare.txt 2>messages
assert_contains messages "1 of 1 units"
rm a.dwo

# Damage in the .dwo file: one error that names it and the section.
cp moved/a.dwo a.dwo
offset=$((16#$(readelf -SW a.dwo | sed -n 's/.* \.debug_info\.dwo *PROGBITS *[0-9a-f]* \([0-9a-f]*\) .*/\1/p')))
printf '\377\377\377\177' | dd of=a.dwo bs=1 seek=$offset conv=notrunc status=none
expect_fail "$GILD" abi dump split.so
assert_contains messages "a.dwo: .debug_info.dwo: offset 0x0: unit_length does not fit into the section"

if [ -n "$CLANG" ]; then
	cd ../with-clang
	"$CLANG" -DMORE=2 -g -gsplit-dwarf=single -fPIC -c ../a.c -o single.o
	"$CLANG" -DMORE=2 -g -fPIC -c ../a.c -o plain.o
	shown plain.o >whole.txt
	same single.o "-gsplit-dwarf=single"
fi
