#!/bin/bash
# gild tree: the files of real programs are those that ldd names; for each file it says whose word led to it; what is missing
# is listed and makes the exit code 1; nothing of the program runs; damaged files give one message.
# packages: python3
# smoke
# not verify: it calls the linker by another name
# not repeat: the same
set -eu
. "$GILD_SRC/tests/lib.sh"

[ "$(uname -m)" = x86_64 ] && [ -e /lib64/ld-linux-x86-64.so.2 ] || skip "for x86-64 and glibc"

# --- real programs: the same libraries as ldd shows
compared=0
for prog in bash git perl python3 gcc ls tar gdb make sort ssh curl openssl find grep awk vim clang-14 as objdump; do
	path=$(realpath "/usr/bin/$prog") && [ -e "$path" ] || continue
	{ ldd "$path" 2>/dev/null || :; } | awk '$2 == "=>" { print $3 } $1 ~ /^\// { print $1 }' | sort -u > ldd.out
	grep -q / ldd.out || continue
	"$GILD" tree --json "$path" > tree.json || { cat tree.json; fail "gild tree $path"; }
	python3 -c 'import json; tree = json.load(open("tree.json")); assert tree["complete"]; print(*[l["path"] for l in tree["libraries"]], sep="\n")' |
		sort -u | diff ldd.out - || fail "$path: not the files that ldd names"
	"$GILD" tree "$path" > out
	assert_contains out "libraries, nothing is missing."
	compared=$((compared + 1))
done
[ $compared -ge 5 ] || fail "only $compared programs to compare"

# --- why a file was chosen
mkdir -p run rpath env hw/glibc-hwcaps/x86-64-v2 hw/glibc-hwcaps/mine gone
echo 'int f(void) { return 1; } int g(void) { return 2; }' > lib.c
echo '#include <stdio.h>
int f(void), g(void); __attribute__((constructor)) static void never(void) { puts("code has run"); } int main(void) { return f() + g(); }' > main.c
echo 'V1 { global: f; local: *; }; V2 { global: g; };' > map
for dir in run rpath env hw hw/glibc-hwcaps/x86-64-v2 hw/glibc-hwcaps/mine; do
	link -shared -fPIC lib.c -Wl,-soname,libx.so -Wl,--version-script=map -o $dir/libx.so
done
link main.c run/libx.so -Wl,-rpath,'$ORIGIN/gone:$ORIGIN/run' -o by-runpath
link main.c run/libx.so -Wl,--disable-new-dtags,-rpath,"$PWD/rpath" -o by-rpath
link main.c run/libx.so -o by-nobody
# says TEXT COMMAND: it succeeds, prints TEXT and runs no code
says() {
	local text=$1
	shift
	"$@" > out 2>&1 || { cat out; fail "$*"; }
	assert_contains out "$text"
	assert_lacks out "code has run"
}
says "libx.so => $PWD/run/libx.so (RUNPATH of ./by-runpath)" "$GILD" tree ./by-runpath
says "libx.so => $PWD/rpath/libx.so (RPATH of ./by-rpath)" "$GILD" tree ./by-rpath
says "libx.so => $PWD/rpath/libx.so (RPATH of ./by-rpath)" env LD_LIBRARY_PATH=env "$GILD" tree ./by-rpath
says "libx.so => env/libx.so (LD_LIBRARY_PATH)" env LD_LIBRARY_PATH=env "$GILD" tree ./by-runpath
says "libx.so => env/libx.so (--library-path)" env LD_LIBRARY_PATH=run "$GILD" tree --library-path=env ./by-nobody
says "libx.so => env/libx.so (--library-path)" "$GILD" tree --inhibit-rpath=./by-rpath --library-path env ./by-rpath
says "libx.so => hw/glibc-hwcaps/mine/libx.so (LD_LIBRARY_PATH, glibc-hwcaps mine)" \
	env LD_LIBRARY_PATH=hw "$GILD" tree --glibc-hwcaps-prepend=mine ./by-nobody
says "libx.so => hw/libx.so (LD_LIBRARY_PATH)" env LD_LIBRARY_PATH=hw "$GILD" tree --glibc-hwcaps-mask=none ./by-nobody
says "(ld.so.cache)" "$GILD" tree ./by-runpath
says "(system search path)" "$GILD" tree --inhibit-cache ./by-runpath
says "(the interpreter)" "$GILD" tree ./by-runpath
says "libx.so => env/libx.so (a path, preloaded)" "$GILD" tree --preload=env/libx.so ./by-runpath
says "run/libx.so (a path, preloaded)" "$GILD" tree /bin/true --preload run/libx.so
# every step
says "RUNPATH of ./by-runpath: $PWD/gone/libx.so: No such file or directory" "$GILD" tree -v ./by-runpath
assert_contains out "RUNPATH of ./by-runpath: $PWD/run/libx.so: found"
assert_contains out "RUNPATH of ./by-runpath: $PWD/gone/libc.so.6: No such file or directory"
rmdir gone
says "RUNPATH of ./by-runpath: $PWD/gone/: no such directory" "$GILD" tree -v ./by-runpath
# a program by its name alone
says "$PWD/by-runpath" env PATH="$PWD:$PATH" "$GILD" tree "$PWD/by-runpath"
mkdir elsewhere
(cd elsewhere && says "$PWD/../by-runpath" env PATH="$PWD/..:$PATH" "$GILD" tree by-runpath)
says '-> "env/libx.so";' env LD_LIBRARY_PATH=env "$GILD" tree --dot ./by-runpath

# two files of one library
link -shared -fPIC lib.c -Wl,-soname,libother.so -o run/libother.so
link main.c -Wl,--no-as-needed run/libx.so run/libother.so -Wl,-rpath,"$PWD/run" -o twice
cp run/libx.so run/libother.so
says "$PWD/run/libother.so: has the soname libx.so, as $PWD/run/libx.so, which is loaded too" "$GILD" tree ./twice
# with more rights than the caller
if [ "$(id -u)" = 0 ] && have setpriv; then
	folder=$(mktemp -d /var/tmp/gild-tree.XXXXXX)
	trap 'rm -rf "$folder"' EXIT
	chmod 755 "$folder"
	mkdir "$folder/env"
	cp by-nobody "$folder/prog"
	cp env/libx.so "$folder/env"
	cp "$GILD" "$folder/gild"
	as_nobody() { setpriv --reuid=65534 --regid=65534 --clear-groups env -C "$folder" "$@"; }
	as_nobody env LD_LIBRARY_PATH=env ./gild tree ./prog > out 2>&1 || { cat out; fail "as another user"; }
	assert_contains out "libx.so => env/libx.so (LD_LIBRARY_PATH)"
	chmod u+s "$folder/prog"
	expect_fail as_nobody env LD_LIBRARY_PATH=env ./gild tree ./prog
	assert_contains messages "libx.so: not found"
	assert_contains messages "It runs with more rights than you: LD_LIBRARY_PATH and its like are ignored."
fi

# --- what is missing
misses() {
	local text=$1
	shift
	expect_fail "$@"
	assert_contains messages "$text"
	assert_lacks messages "code has run"
}
misses "libx.so: not found" "$GILD" tree ./by-nobody
assert_contains messages "library libx.so, needed by ./by-nobody: cannot open shared object file: No such file or directory"
assert_contains messages "symbol f@V1, used by ./by-nobody"
misses "ld.so.cache: /etc/ld.so.cache: has no such name" "$GILD" tree -v ./by-nobody
mkdir old
echo 'int f(void) { return 1; }' > old.c
echo 'V1 { global: f; };' > old.map
link -shared -fPIC old.c -Wl,-soname,libx.so -Wl,--version-script=old.map -o old/libx.so
misses "old/libx.so: version \`V2' not found (required by ./by-nobody)" env LD_LIBRARY_PATH=old "$GILD" tree ./by-nobody
assert_contains messages "symbol g@V2, used by ./by-nobody (only noticed when it is called)"
assert_lacks messages "symbol f@V1"
misses '"symbol": "g@V2", "fatal": true, "lazy": true' env LD_LIBRARY_PATH=old "$GILD" tree --json ./by-nobody
link main.c run/libx.so -Wl,-z,now,-rpath,"$PWD/old",--dynamic-linker="$PWD/no-loader" -o by-now
misses "file $PWD/no-loader: the interpreter: No such file or directory" "$GILD" tree ./by-now
grep -qx '  symbol g@V2, used by ./by-now' messages || fail "with -z now it is missed at once"
printf '%0100d' 0 > old/libx.so
misses "library libx.so, needed by ./by-nobody: invalid ELF header" env LD_LIBRARY_PATH=old "$GILD" tree ./by-nobody
# A plug-in may use what the program defines that opens it.
link -shared -fPIC -xc - -o plugin.so <<< 'extern int of_program(void); int f(void) { return of_program(); }'
says "symbol of_program, used by ./plugin.so: left to the program that loads it" "$GILD" tree ./plugin.so

# --- no program
misses "a script; what runs is its interpreter, /bin/bash" "$GILD" tree "$GILD_SRC/tests/story/tree.sh"
link -c main.c -o main.o
misses "main.o: an object file" "$GILD" tree main.o
misses "not an ELF file" "$GILD" tree main.c
misses "a directory" "$GILD" tree .
misses "No such file or directory" "$GILD" tree ./nothing
printf '\x7fELF\x01\x01\x01\0\0\0\0\0\0\0\0\0\x02\0\x03\0%060d' 0 > i386
misses "i386: a 32-bit file for i386; only 64-bit x86-64 programs" "$GILD" tree ./i386
printf '\x7fELF\x02\x02\x01\0\0\0\0\0\0\0\0\0\0\x02\0\x16%060d' 0 > s390x
misses "a 64-bit big-endian file for S/390" "$GILD" tree ./s390x
link -static main.c lib.c -o static 2>/dev/null && says "Statically linked: it needs no library." "$GILD" tree ./static
misses "no program is named" "$GILD" tree
misses "unknown option: --nothing" "$GILD" tree --nothing ./by-runpath
says "Usage: gild tree" "$GILD" tree --help
"$GILD" tree /bin/true > /dev/full 2> messages && fail "a full disk is an error"
assert_contains messages "standard output: No space left on device"

# --- a file called tree is an input of the linker, and another name than gild is a linker always
mkdir input
(cd input && link -c ../main.c -o tree && link -c ../lib.c -o lib.o && "$GILD" tree lib.o -shared -o out && [ -s out ]) ||
	fail "an input file called tree"
ln -s "$GILD" ld
misses "cannot open tree" ./ld tree ./by-runpath

# --- damaged files
mkdir damaged
cp run/libx.so damaged/libx.so # a hash table whose filter has no word
python3 - <<'END'
import subprocess
sections = subprocess.run(['readelf', '-SW', 'damaged/libx.so'], capture_output=True, text=True).stdout.splitlines()
table = next(line.replace('[ ', '[').split() for line in sections if ' .gnu.hash ' in line)
data = bytearray(open('damaged/libx.so', 'rb').read())
at = int(table[4], 16) + 8
assert data[at:at + 4] == b'\1\0\0\0'
data[at] = 0
open('damaged/libx.so', 'wb').write(data)
END
misses "symbol f@V1, used by ./by-nobody" "$GILD" tree --library-path=damaged ./by-nobody
whole=0 broken=0
for ((i = 0; i < ${ROUNDS:-150}; i++)); do
	perl "$GILD_SRC/tests/damage.pl" run/libx.so damaged/libx.so $((${SEED:-1} * 100000 + i))
	perl "$GILD_SRC/tests/damage.pl" by-nobody damaged/prog $((${SEED:-1} * 100000 + i))
	for command in "env LD_LIBRARY_PATH=damaged $GILD tree ./by-nobody" "env LD_LIBRARY_PATH=run $GILD tree damaged/prog"; do
		rc=0
		timeout 20 $command > out 2>&1 || rc=$?
		[ $rc -le 1 ] || { cat out; fail "round $i: exit code $rc: $command"; }
		[ $rc = 0 ] && whole=$((whole + 1)) || broken=$((broken + 1))
	done
done
echo "$compared programs compared; damaged: $whole whole, $broken broken"
[ $whole -gt 0 ] && [ $broken -gt 0 ]
