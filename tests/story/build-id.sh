#!/bin/bash
# --build-id gives a note whose id depends on the output and on nothing else: 20 bytes for sha1 (the default), 16 for
# md5 and uuid, the given bytes for 0xHEX, no note for none; the last option wins.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'int main(void) { return 0; }' >a.c
echo 'int main(void) { return 1 - 1 + argc_is_not_here; }' | sed 's/argc_is_not_here/0 * 5/; s/return/static volatile int x = 9; return x - 9 +/' >b.c
link -c a.c b.c
id() { readelf -nW "$1" | sed -n 's/.*Build ID: //p'; }
build() { link a.o "$@" -o prog && ./prog && id prog; }

default=$(build -Wl,--build-id)
same 40 ${#default} "digits of the default id"
same "$default" "$(build -Wl,--build-id=sha1)" "default is sha1"
same "$default" "$(build -Wl,--build-id)" "same input, same id"
same 32 $(build -Wl,--build-id=md5 | tr -d '\n' | wc -c) "digits of md5"
same 0123456789abcdef "$(build -Wl,--build-id=0x0123456789abcdef)" "0xHEX"
same abcdef01 "$(build -Wl,--build-id=0xAB-CD:EF-01)" "0xHEX with separators"
same "" "$(build -Wl,--build-id=none)" "none"
same "" "$(build -Wl,--build-id -Wl,--build-id=none)" "last option wins"
u1=$(build -Wl,--build-id=uuid) u2=$(build -Wl,--build-id=uuid)
same 32 ${#u1} "digits of uuid"
[ $u1 != $u2 ] || { echo "uuid repeats"; exit 1; }

link b.o -Wl,--build-id -o other
[ "$(id other)" != "$default" ] || { echo "different programs, same id"; exit 1; }
mkdir -p elsewhere
(cd elsewhere && link ../a.o -Wl,--build-id -o prog)
same "$default" "$(id elsewhere/prog)" "id when linked in another folder"

# it is in memory: a note segment, also in shared libraries and static programs
for kind in $KINDS; do
	link $(cflags $kind) $(ldflags $kind) a.c -Wl,--build-id -o prog
	readelf -lW prog | sed -n '/Section to Segment/,$p' | grep -q 'note.gnu.build-id' || { echo "$kind: note not loaded"; exit 1; }
	readelf -SW prog | grep -q '\.note\.gnu\.build-id *NOTE .* A ' || { echo "$kind: no allocated note section"; exit 1; }
done
# Half a byte is refused or ignored (GNU ld), in both cases with a word about it.
link a.o -Wl,--build-id=0xabc -o half 2>err.txt || :
assert_contains err.txt build-id
