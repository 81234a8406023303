#!/bin/bash
# Debian's zlib builds through the linker, static and shared with its version script, and passes its own tests.
# timeout: 600
# packages: dpkg-dev make
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

"$GILD_SRC/scripts/fetch-source.sh" zlib source >fetch.txt 2>&1 || skip "no source of zlib: $(tail -n 1 fetch.txt)"
each() {
	cp -r ../source build
	cd build
	CC="${driver[*]}" CFLAGS="-O1 -g" ./configure >../configure.txt 2>&1 || { cat ../configure.txt; exit 1; }
	make -j2 >../make.txt 2>&1 || { tail -20 ../make.txt; exit 1; }
	make check >../check.txt 2>&1 || { tail -20 ../check.txt; exit 1; }
	same 2 "$(grep -cE 'zlib( shared)? test OK' ../check.txt)" "zlib's tests passed (static, shared)"

	# the shared library: its soname, and each symbol in the version zlib.map gives it
	readelf -dW libz.so.1.* | grep -q 'soname: \[libz.so.1\]' || fail "soname"
	readelf --dyn-syms -W libz.so.1.* >dynsym
	grep -q ' inflate$' dynsym || grep -q ' inflate@@' dynsym || fail "inflate is not exported"
	grep -q ' gzopen64@@ZLIB_1.2.3.3$' dynsym || fail "gzopen64 has not its version"
	if grep -q ' inflate_table' dynsym; then fail "inflate_table is exported"; fi
	head -c 300000 "$CC_SAMPLE" >sample
	./minigzip <sample | LD_LIBRARY_PATH=. ./minigzipsh -d | cmp - sample
}
CC_SAMPLE=$(realpath "$(command -v bash)")
each_compiler each
