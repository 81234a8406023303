#!/bin/bash
# --compress-debug-sections: readers of debug information can read it, what comes out of it is what would have been written
# without the option, and the bytes depend on the inputs only.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.cc <<'END'
#include <iostream>
#include <map>
#include <string>
int answer();
static std::map<std::string, int> numbers{{"forty", 40}};
int main() { std::cout << numbers["forty"] + answer() << "\n"; }
END
cat >answer.cc <<'END'
#include <vector>
int answer() { std::vector<int> two{1, 1}; int sum = 0; for (int n : two) sum += n; return sum; }
END
"$CXX" -g -O1 -ffunction-sections -c main.cc answer.cc
build() { link++ main.o answer.o "$@"; } # ARGS -o FILE
build -o plain
readelf --debug-dump=info,line,str plain >plain.dump 2>/dev/null
sections=$(readelf -SW plain | sed -n 's/.* \(\.debug_[a-z_]*\) .*/\1/p')
[ "$(wc -w <<<"$sections")" -ge 5 ] || fail "too few debug sections: $sections"

same_content() { # FILE FILE SECTION: is it the same, decompressed?
	for file in "$1" "$2"; do
		objcopy --decompress-debug-sections "$file" unpacked
		objcopy --dump-section "$3=content-$file" unpacked /dev/null
	done
	[ -s "content-$1" ] && cmp "content-$1" "content-$2" || fail "$2: $3 is not what it was"
}

zstd=
objcopy --compress-debug-sections=zstd plain probe 2>/dev/null && zstd="zstd zstd:1 zstd:19"
for kind in zlib zlib-gabi zlib:9 zlib:0 zlib-gnu $zstd; do
	file=prog-$kind
	build -Wl,--compress-debug-sections=$kind -o $file
	assert_equal "$(./$file)" 42
	for section in $sections; do
		same_content plain $file $section
	done
	readelf --debug-dump=info,line,str $file 2>/dev/null | sed 's/\.zdebug/.debug/; /is compressed/d' >dump
	cmp dump plain.dump || fail "$kind: readelf reads something else"
	readelf -SW $file >headers
	case $kind in
	zlib-gnu) grep -q ' \.zdebug_info ' headers || fail "$kind: no .zdebug_info" ;;
	*) grep -q ' \.debug_info .* C .* 8$' headers && grep -q ' \.debug_str .* MSC ' headers || fail "$kind: not compressed" ;;
	esac
	[ $kind = zlib:0 ] || [ "$(stat -c %s $file)" -lt "$(stat -c %s plain)" ] || fail "$kind: not smaller"
	if have eu-elflint; then
		eu-elflint --gnu-ld $file >lint 2>&1 || :
		! grep -iE 'compress|offset|overlap|\.z?debug' lint || fail "$kind: eu-elflint finds fault"
	fi
	if have gdb; then
		gdb -batch -nx -ex 'info line answer' $file >gdb 2>&1 || :
		assert_contains gdb 'Line 2 of "answer.cc"'
	fi
	for threads in 1 2 7; do
		build -Wl,--compress-debug-sections=$kind,--threads=$threads -o threads
		cmp threads $file || fail "$kind: --threads=$threads gives other bytes"
	done
done

# A hard level is not larger than an easy one; each is another output, so it has another build id.
[ "$(stat -c %s prog-zlib:9)" -lt "$(stat -c %s prog-zlib)" ] || fail "zlib:9 is not smaller than zlib"
id() { readelf -n "$1" | sed -n 's/.*Build ID: //p'; }
build -Wl,--build-id -o plain-id
build -Wl,--build-id,--compress-debug-sections=zlib -o zlib-id
build -Wl,--build-id,--compress-debug-sections=zlib:9 -o zlib9-id
assert_equal "$(for f in plain-id zlib-id zlib9-id; do id $f; done | sort -u | wc -l)" 3

# gcc -gz asks for it; -S leaves nothing to compress; what would not become smaller stays as it is.
link++ -gz main.o answer.o -o gz
cmp gz prog-zlib
build -Wl,--compress-debug-sections=zlib,-S -o stripped
build -Wl,-S -o stripped-plain
cmp stripped stripped-plain
echo '.section .debug_tiny,"",@progbits; .byte 1, 2, 3; .globl main; .text; main: xor %eax, %eax; ret' >tiny.s
link -c tiny.s
link tiny.o -Wl,--compress-debug-sections=zlib -o tiny
readelf -SW tiny | grep -q '\.debug_tiny .* 000003 00  *0 ' || fail "three bytes were compressed"

# Several chunks: more than a mebibyte of one section
{ echo '.section .debug_large,"",@progbits'; echo '.rept 700000; .quad 0x0102030405060708, main; .endr'; } >large.s
link -c large.s tiny.s
objcopy --add-section .debug_random=<(head -c 3000000 "$(command -v gdb || command -v gcc)") large.o large2.o 2>/dev/null || cp large.o large2.o
for kind in none zlib zlib-gnu ${zstd:+zstd}; do
	for threads in 1 2 7; do
		link large2.o tiny.o -Wl,--compress-debug-sections=$kind,--threads=$threads -o large-$kind-$threads
		cmp large-$kind-$threads large-$kind-1 || fail "$kind: --threads=$threads gives other bytes"
	done
	for section in .debug_large .debug_tiny; do
		same_content large-none-1 large-$kind-1 $section
	done
done
[ "$(stat -c %s large-zlib-1)" -lt 4000000 ] || fail "large: not compressed"
