#!/bin/bash
# A compressed section that is not what it says is one error, which names the file and the section.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

{ for n in $(seq 40); do echo "struct s$n { int member$n; struct s$n *next$n; } v$n;"; done; echo 'int main(void) { return 0; }'; } >good.c
"$CC" -g -gz=none -c good.c
objcopy --compress-debug-sections=zlib-gabi good.o gabi.o
objcopy --compress-debug-sections=zlib-gnu good.o gnu.o

# where FILE SECTION: its file offset, size, and the file offset of its header
where() {
	local shoff
	shoff=$(readelf -hW "$1" | sed -n 's/.*Start of section headers: *\([0-9]*\).*/\1/p')
	readelf -SW "$1" | sed -n 's/^ *\[ *\([0-9]*\)\] \([^ ]*\) .* 0000000000000000 \([0-9a-f]*\) \([0-9a-f]*\) .*/\1 \2 \3 \4/p' |
		while read -r number name offset size; do
			[ "$name" != "$2" ] || echo $((0x$offset)) $((0x$size)) $((shoff + 64 * number))
		done
}
patch() { # FILE OFFSET BYTES (printf escapes): changes bad.o, a copy of FILE
	cp "$1" bad.o
	printf "$3" | dd of=bad.o bs=1 seek="$2" conv=notrunc status=none
}
refused() { # SECTION WORDS
	expect_fail link bad.o -o prog
	assert_equal "$(grep -c 'error: ' messages)" "$(grep -c -e 'bad\.o' -e 'ld returned' messages)"
	assert_contains messages "bad.o:($1): cannot decompress the section: $2"
	[ ! -e prog ] || fail "an output was written"
}

read -r offset size header < <(where gabi.o .debug_info)
patch gabi.o $offset '\011'; refused .debug_info "ch_type is unknown"
patch gabi.o $offset '\002'; refused .debug_info "Unknown frame descriptor"
patch gabi.o $((offset + 8)) '\001\000\000\000'; refused .debug_info "the zlib stream holds more bytes"
patch gabi.o $((offset + 9)) '\060'; refused .debug_info "the zlib stream holds fewer bytes"
patch gabi.o $((offset + 8)) '\377\377\377\377\377\377\377\377'; refused .debug_info "ch_size is more than the compressed bytes can hold"
patch gabi.o $((offset + 12)) '\001'; refused .debug_info "ch_size is more"
patch gabi.o $((offset + 16)) '\003'; refused .debug_info "ch_addralign is not an alignment"
patch gabi.o $((offset + 40)) '\377\377\377\377\377\377'; refused .debug_info "the zlib stream is damaged"
patch gabi.o $((offset + size - 1)) '\000'; refused .debug_info "the zlib stream is damaged"
patch gabi.o $((header + 32)) '\013\000'; refused .debug_info "sh_size is less than a compression header"
patch gabi.o $((header + 32)) '\100\000'; refused .debug_info ""
patch gabi.o $((header + 8)) '\002\010'; refused .debug_info "sh_flags has both SHF_COMPRESSED and SHF_ALLOC"
patch gabi.o $((header + 4)) '\010'; refused .debug_info "sh_type is SHT_NOBITS"
link gabi.o -Wl,-S -o stripped # nobody looks at it

read -r offset size header < <(where gnu.o .zdebug_info)
patch gnu.o $offset 'z'; refused .zdebug_info 'sh_name is that of a compressed section, but the section does not begin with "ZLIB"'
patch gnu.o $((offset + 4)) '\001'; refused .zdebug_info 'size after "ZLIB" is more'
patch gnu.o $((offset + 11)) '\000'; refused .zdebug_info "the zlib stream holds more bytes"
patch gnu.o $((header + 32)) '\013\000'; refused .zdebug_info "sh_name is that of"
patch gnu.o $((header + 32)) '\060\000'; refused .zdebug_info "the zlib stream is damaged or ends too early"

# Any byte of a header and of the beginning of the stream: a link or an error
read -r offset size header < <(where gabi.o .debug_info)
for at in $(seq 0 4 60); do
	patch gabi.o $((offset + at)) '\377'
	rc=0
	link bad.o -o prog >messages 2>&1 || rc=$?
	[ $rc -lt 126 ] && ! grep -qE 'terminated with signal|Sanitizer|runtime error:' messages || { cat messages; fail "byte $at"; }
	[ $rc -eq 0 ] || grep -q 'bad\.o' messages || { cat messages; fail "byte $at: which file?"; }
	rm -f prog
done

# Without the library that is needed: which package has it
echo >empty.c
"$CC" -shared -fPIC empty.c -o libz.so.1
cp libz.so.1 libzstd.so.1
without() { # FILE KIND PACKAGE
	expect_fail env LD_LIBRARY_PATH="$PWD" "$GILD" "$1" --compress-debug-sections="$2" -o prog
	assert_contains messages "(Debian package $3)"
	[ ! -e prog ] || fail "an output was written"
}
without gabi.o none zlib1g
assert_contains messages "gabi.o:(.debug_info): cannot decompress the section: libz.so.1"
without good.o zlib zlib1g
without good.o zstd libzstd1
assert_contains messages "cannot compress debug sections: libzstd.so.1"
LD_LIBRARY_PATH="$PWD" "$GILD" good.o -e main -o prog # nothing to compress, nothing missing
