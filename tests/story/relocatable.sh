#!/bin/bash
# -r makes an object of objects and archives. Linked again, by any linker, it gives the same program.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >a.cc <<'END'
#include <cstdio>
#include <stdexcept>
#include <string>
#include <thread>
template <class T> struct Count {
	static int n;
	virtual ~Count() { n++; }
	virtual const char *name() const { return "count"; }
};
template <class T> int Count<T>::n;
inline int next() { static int n; return ++n; }
extern thread_local std::string text;
extern "C" { extern int shared_number; extern int nothing() __attribute__((weak)); int twice(int); }
static struct Early { Early() { next(); } } early;
int other(int);
int main()
{
	try {
		other(1);
	} catch (const std::runtime_error &error) {
		Count<int> here;
		std::thread([&] { text += "!"; printf("%s %s %s\n", error.what(), here.name(), text.c_str()); }).join();
	}
	printf("%d %d %d %d %d\n", next(), Count<int>::n, shared_number, twice(4), nothing ? nothing() : -1);
	return 0;
}
END
cat >b.cc <<'END'
#include <stdexcept>
#include <string>
template <class T> struct Count {
	static int n;
	virtual ~Count() { n++; }
	virtual const char *name() const { return "count"; }
};
template <class T> int Count<T>::n;
inline int next() { static int n; return ++n; }
thread_local std::string text = "text";
static struct Early { Early() { next(); } } early;
int other(int x) /* line 12 */
{
	Count<int> here;
	if (x)
		throw std::runtime_error("thrown");
	return next();
}
END
cat >c.c <<'END'
int shared_number;
static int hidden_table[] = {1, 2, 3};
static int *volatile pointer = &hidden_table[1];
__attribute__((visibility("hidden"))) int helper(int x) { return x * *pointer; }
int twice(int x) { return helper(x); }
END
cat >want <<'END'
thrown count text!
3 2 0 8 -1
END

readable() { # OBJECT: the tools have nothing to complain about
	readelf -aW "$1" >/dev/null 2>err.txt && [ ! -s err.txt ] || { cat err.txt; fail "$1: readelf complains"; }
	objdump -dr "$1" >/dev/null 2>err.txt && [ ! -s err.txt ] || { cat err.txt; fail "$1: objdump complains"; }
	if have eu-elflint; then
		# clang describes thread-local variables by R_X86_64_DTPOFF64, which eu-elflint takes for a loader's
		eu-elflint --gnu-ld "$1" | grep -vE 'No errors|relocation type invalid' >err.txt || :
		[ ! -s err.txt ] || { cat err.txt; fail "$1: eu-elflint complains"; }
	fi
}

runs() { # OBJECTS: whoever links them, the program says the same
	local linker
	for linker in -B"$GILD_BIN" -fuse-ld=bfd -fuse-ld=lld; do
		[ $linker != -fuse-ld=lld ] || have ld.lld || continue
		"$CXX" $linker "$@" -pthread -o prog || fail "$linker $*: does not link"
		./prog >got || fail "$linker $*: exit code $?"
		diff want got || fail "$linker $*: says something else"
	done
}

round() { # FLAGS
	"${compile[@]}" "$@" -fcommon -c ../c.c
	"${compile[@]}" "$@" -pthread -c ../a.cc ../b.cc
	cp ../want .
	runs a.o b.o c.o
	"$GILD" -r a.o b.o c.o -o all.o
	readable all.o
	runs all.o
	"${driver[@]}" -nostdlib -r a.o b.o -o ab.o
	"$GILD" -r --threads=1 ab.o c.o -o twice.o
	"$GILD" -r --threads=7 ab.o c.o -o again.o
	cmp twice.o again.o || fail "$*: not the same with one thread and seven"
	readable twice.o
	runs twice.o
	"$GILD" -r a.o -o a1.o
	"$GILD" -i b.o -o b1.o
	"$GILD" -Ur c.o -o c1.o
	runs a1.o b1.o c1.o
	runs a1.o b.o c1.o
	# without groups, and with as few sections as a program has
	"$GILD" -r --force-group-allocation a.o b.o c.o -o flat.o
	readelf -gW flat.o | grep -q 'There are no section groups' || fail "$*: --force-group-allocation left groups"
	readable flat.o
	runs flat.o
	"$GILD" -r --relocatable-merge-sections --force-group-allocation a.o b.o c.o -o flat.o
	if readelf -SW flat.o | grep -E ' \.(text|data|rodata)\.[a-zA-Z_]*[a-z]' | grep -v 'str1\|cst\|rel.ro '; then
		fail "$*: --relocatable-merge-sections left sections apart"
	fi
	runs flat.o
}
each_compiler round -O0
each_compiler round -g -O2 -ffunction-sections -fdata-sections -fPIE

# A debugger finds the line and the variable, through two links.
if have gdb; then
	cd with-gcc
	"$CXX" -B"$GILD_BIN" twice.o -pthread -o prog
	gdb -nx -batch -ex 'break b.cc:15' -ex run -ex bt ./prog </dev/null >gdb.txt 2>&1 || :
	assert_contains gdb.txt "at ../b.cc:15"
	objdump --dwarf=info,ranges,line all.o >/dev/null 2>err.txt
	[ ! -s err.txt ] || { head err.txt; fail "debugging information is broken"; }
	# debugging information goes when asked; symbols that relocations name stay, whatever is asked
	for option in -S -s -x -X --discard-none; do
		"$GILD" -r $option a.o b.o c.o -o less.o
		readable less.o
		runs less.o
		case $option in
		-S | -s) if readelf -SW less.o | grep -q '\.debug_'; then fail "$option left debugging information"; fi ;;
		esac
	done
	cd ..
fi

# What is in the file is what GNU ld has in it: sections, symbols, groups.
cd with-clang 2>/dev/null || cd with-gcc
for files in "a.o b.o c.o" "c.o a.o b.o"; do
	"$GILD" -r $files -o got.o
	ld.bfd -r $files -o want.o
	for object in got want; do
		readelf -SW $object.o | sed -n 's/^ *\[ *[0-9]*\] //p' |
			awk '$1 !~ /^\.(rela|symtab|strtab|shstrtab|llvm_addrsig|eh_frame)/ && NF > 9 { print $1, $2, $5, $7 }' |
			grep -v ' 000000 ' | sort >$object.sections
		readelf -sW $object.o | awk '$1 ~ /:$/ && $4 != "SECTION" && $4 != "FILE" { print $4, $5, $6, $7 == "UND" || $7 == "COM" ? $7 : "", $8, $3 }' | sort >$object.symbols
		readelf -gW $object.o | sed -n 's/.*COMDAT group.*\[\(.*\)\] contains \([0-9]*\).*/\1 \2/p' | sort >$object.groups
	done
	for what in sections symbols groups; do
		diff want.$what got.$what || fail "$files: other $what than GNU ld's"
	done
done
cd ..

# Relocations may lie hundreds of sections behind what they relocate.
{
	echo 'int f0(int x) { return x; }'
	for ((i = 1; i <= 300; i++)); do echo "int f$i(int x) { return f$((i - 1))(x) + 1; }"; done
	echo 'int main(void) { return f300(0) != 300; }'
} >many.c
"$CC" -ffunction-sections -c many.c
"$GILD" -r --unique many.o -o far.o
distance=$(readelf -SW far.o | awk '/ \.rela\.text\.f300 / { sub(/^ *\[ */, ""); print int($0) - $(NF - 1) }')
[ "$distance" -gt 255 ] || fail "the relocations of .text.f300 lie $distance sections behind it: that is not what is tested"
"$CC" -B"$GILD_BIN" far.o -o many
./many || fail "relocations far behind their section are not found"
