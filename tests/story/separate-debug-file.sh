#!/bin/bash
# --separate-debug-file: the output has no debug information and no symbol table, a second file has them, and gdb, addr2line
# and eu-unstrip find that they belong together. Both files together are what one link without the option makes.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >a.cc <<'END'
#include <cstdio>
int twice(int);
static int helper(int x) { return twice(x) - 1; }
int unused(int x) { return x; }
int main() { std::printf("%d\n", helper(21) + 1); }
END
cat >b.cc <<'END'
template <class T> T sum(T a, T b) { return a + b; }
int twice(int x) { return sum(x, x); }
END
$CXX -g -O0 -ffunction-sections -c a.cc b.cc
build() { link++ a.o b.o -Wl,--gc-sections,--build-id "$@"; }
build -o plain

sections() { readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\] \([.a-zA-Z_0-9]*\) .*/\1/p'; }
id_of() { readelf -n "$1" 2>/dev/null | sed -n 's/.*Build ID: //p'; }
belong_together() { # PROGRAM DEBUG: what both have is what `plain` has
	sections "$1" | grep -E '^\.(debug_|symtab|strtab|gdb_index)' && fail "$1 has debug information"
	assert_equal "$(readelf -p .gnu_debuglink "$1" | sed -n '3s/.*\] *//p')" "$(basename "$2")"
	assert_equal "$(id_of "$1")" "$(id_of "$2")"
	[ ! -x "$2" ] || fail "$2 is executable"
	local section
	for section in .text .rodata .data .eh_frame .dynsym .comment; do
		objcopy --dump-section "$section=one" plain /dev/null 2>/dev/null
		objcopy --dump-section "$section=two" "$1" /dev/null 2>/dev/null
		cmp one two || fail "$section is not what it would have been"
	done
	readelf -sW plain | sed '/symtab/,$!d' >plain.nm
	readelf -sW "$2" >debug.nm
	sed -i '/^$/d' plain.nm debug.nm
	cmp plain.nm debug.nm || fail "the symbol tables differ"
	readelf --debug-dump=info,line,str,rnglists plain >plain.dump 2>/dev/null
	readelf --debug-dump=info,line,str,rnglists "$2" >debug.dump 2>warnings
	cmp plain.dump debug.dump || fail "the debug information differs"
	# It says so of objcopy's debug files, too.
	! grep -v -e 'Unrecognized debug option' -e 'Unable to find program interpreter' warnings || fail "readelf complains"
	readelf -SW "$2" | grep -E ' \.(text|data|dynamic|init_array|comment) ' | grep -v NOBITS && fail "$2 has content that belongs to the program"
	return 0
}

build -Wl,--separate-debug-file -o prog
assert_equal "$(./prog)" 42
belong_together prog prog.dbg
[ "$(stat -c %s prog)" -lt "$(stat -c %s plain)" ] || fail "the output is not smaller"

# Debuggers find it, by the checksum alone, too.
stops() { # PROGRAM DEBUG
	gdb -nx -batch -ex 'break sum<int>' -ex run -ex backtrace -ex 'maint print objfiles' "$1" >gdb.txt 2>&1 </dev/null || :
	grep -q "Object file .*/$2:" gdb.txt || { cat gdb.txt; fail "gdb does not find $2"; }
	grep -q '#2 .* helper (x=21) at a.cc:3' gdb.txt || { cat gdb.txt; fail "gdb does not stop in $1"; }
}
build -Wl,--separate-debug-file,--no-build-id -o no-id
if have gdb; then
	stops prog prog.dbg
	stops no-id no-id.dbg
	cp no-id other
	head -c 4 /dev/zero >>no-id.dbg
	gdb -nx -batch -ex 'info line helper' no-id >gdb.txt 2>&1 </dev/null || :
	assert_contains gdb.txt 'CRC mismatch'
fi
assert_equal "$(addr2line -e prog "$(nm prog.dbg | sed -n 's/ T main//p')" | sed 's/.*\///')" a.cc:5
if have eu-unstrip; then
	eu-unstrip prog prog.dbg -o whole
	assert_equal "$(./whole)" 42
	readelf --debug-dump=info whole >whole.dump 2>/dev/null
	readelf --debug-dump=info plain >plain.dump 2>/dev/null
	cmp whole.dump plain.dump || fail "eu-unstrip makes something else"
fi

# The file's name is a matter of choice; an index and compression go to that file; a shared object.
mkdir sub
build -Wl,--separate-debug-file=sub/symbols.debug,--gdb-index -o named
belong_together named sub/symbols.debug
sections sub/symbols.debug | grep -q '^\.gdb_index' || fail "no index"
[ ! -e named.dbg ] || fail "two debug files"
mkdir .debug
mv sub/symbols.debug .debug
if have gdb; then
	stops named symbols.debug
	grep -q '^\.gdb_index: version 7' gdb.txt || fail "gdb does not use the index"
fi
build -Wl,--separate-debug-file,--compress-debug-sections=zlib -o packed
readelf -SW packed.dbg | grep -q ' \.debug_info .* C ' || fail "not compressed"
! have gdb || stops packed packed.dbg
build -fPIC -shared -Wl,--separate-debug-file -o lib.so
assert_equal "$(readelf -p .gnu_debuglink lib.so | sed -n '3s/.*\] *//p')" lib.so.dbg

# The inputs decide, not the threads; another debug information is another build id; the last of both options counts.
for n in 1 4; do
	build -Wl,--separate-debug-file=same.dbg,--threads=$n -o same-$n
	mv same.dbg same-$n.dbg
done
cmp same-1 same-4 && cmp same-1.dbg same-4.dbg || fail "the files depend on the threads"
cp a.cc renamed.cc
$CXX -g -O0 -ffunction-sections -c renamed.cc -o a.o
build -Wl,--separate-debug-file=same.dbg -o renamed
[ "$(id_of renamed)" != "$(id_of same-1)" ] || fail "one build id for two debug files"
build -Wl,--separate-debug-file,--no-separate-debug-file -o last
[ ! -e last.dbg ] && sections last | grep -q '^\.debug_info' || fail "--no-separate-debug-file has no effect"

# An object's own link to a debug file is not the output's.
objcopy --add-gnu-debuglink=prog.dbg a.o linked.o
link++ linked.o b.o -Wl,--separate-debug-file -o relinked
assert_equal "$(readelf -p .gnu_debuglink relinked | sed -n '3s/.*\] *//p')" relinked.dbg

# When one cannot be written, neither is.
expect_fail build -Wl,--separate-debug-file=no/such/file -o none
assert_contains messages 'no/such/file'
[ ! -e none ] || fail "an output without its debug file"
expect_fail build -Wl,--separate-debug-file -o no/such/file
[ ! -e no ] || fail "a debug file without its output"
expect_fail build -Wl,--separate-debug-file=none -o none
assert_contains messages 'is the output itself'
expect_fail build -Wl,--separate-debug-file -o /dev/null
assert_contains messages '/dev/null is not a regular file'
expect_fail build -Wl,--separate-debug-file=/dev/null -o none
assert_contains messages '/dev/null is not a regular file'
for dash in '-o - --separate-debug-file' '-o none --separate-debug-file=-'; do
	# shellcheck disable=SC2086 # words
	expect_fail "$GILD" a.o $dash
	assert_contains messages '--separate-debug-file: - is not a regular file'
done
[ ! -e ./-.dbg ] && [ ! -e none ] || fail "files where there should be none"

# Relocations that stay name entries of the symbol table, which would not be in the same file.
expect_fail build -Wl,--separate-debug-file,--emit-relocs -o none
assert_contains messages '--emit-relocs and --separate-debug-file may not be used together'

# Of an output that is reached by a symbolic link, the debug file lies beside the file itself: debuggers look there.
mkdir -p real
cp prog real/prog
ln -sf real/prog linked
"$CC" -B"$GILD_BIN" -g -x c - -o linked -Wl,--separate-debug-file <<<'int main(void) { return 0; }'
[ -L linked ] && [ -e real/prog.dbg ] && [ ! -e linked.dbg ] || fail "the debug file is beside the link"
