#!/bin/bash
# A C library whose layout is not in the tables: the program's own loader takes over, with one line that says so. Never
# a guess. And the tables agree with what `gild abi layout --offsets` says of the glibc they were made from.
# packages: libc6-dbg python3
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

# The same library with another build-id.
libc=$("$LDSO" --list /bin/true | sed -n 's/.*libc.so.6 => \([^ ]*\) .*/\1/p')
mkdir changed
cp "$libc" changed/libc.so.6
id=$(readelf -nW "$libc" | sed -n 's/.*Build ID: //p')
perl -0777 -pi -e 'BEGIN { $id = pack("H*", shift) } substr($_, index($_, $id), 1) ^= "\1"' "$id" changed/libc.so.6
echo '#include <stdio.h>
int main(int c, char **v) { printf("%s %s\n", v[0], v[c - 1]); return 3; }' > main.c
link main.c -Wl,--dynamic-linker="$LDSO" -o main
link main.c -o other
rc=0; LD_LIBRARY_PATH=changed ./main word > out 2> messages || rc=$?
assert_equal "$rc $(cat out)" "3 ./main word"
assert_contains messages "is not known; /lib64/ld-linux-x86-64.so.2 takes over"
assert_equal "$(wc -l < messages)" 1
rc=0; "$LDSO" --library-path changed ./other word > out 2> messages || rc=$?
assert_equal "$rc $(cat out)" "3 ./other word"
assert_contains messages "is not known; /lib64/ld-linux-x86-64.so.2 takes over"
# a program whose own loader is this one
rc=0; "$LDSO" --library-path changed ./main word > out 2> messages || rc=$?
assert_equal "$rc $(cat out) $(wc -l < messages)" "3 ./main word 1"

if have python3 && [ -e "/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug" ]; then
	"$GILD_SRC/scripts/ldso-abi.py" --check --libc "$libc" > out
	assert_contains out "agrees with"
	expect_fail "$GILD_SRC/scripts/ldso-abi.py" --check --libc changed/libc.so.6
	assert_contains messages "no table for changed/libc.so.6"
fi
