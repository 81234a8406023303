#!/bin/bash
# Where an output cannot be written, or should not be: the link fails with a message that names it, and what was there
# stays as it was, without a temporary file beside it.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

printf '.globl _start\n_start: mov $60, %%eax\nxor %%edi, %%edi\nsyscall\n' >a.s
printf '.globl b\nb: ret\n' >b.s
"$CC" -c a.s b.s
mkdir out
# refused TEXT ARGS: the link fails and says TEXT; the files in `out` stay what they are.
refused() {
	local text=$1 before
	shift
	before=$(sha256sum out/*)
	expect_fail "$GILD" "$@"
	assert_contains messages "$text"
	assert_equal "$(sha256sum out/*)" "$before"
}
echo old >out/prog

# an input: by its name, through a link, and as an archive or what -R names
cp a.o out/a.o
ln out/a.o out/hard.o
ln -s a.o out/soft.o
for output in a hard soft; do
	for input in a hard soft; do
		refused "input file 'out/$input.o' is the same as output file" b.o out/$input.o -o out/$output.o
	done
done
rm out/hard.o out/soft.o
ar rcs out/libb.a b.o
refused "input file 'out/libb.a' is the same as output file" a.o out/libb.a -o out/libb.a
refused "input file 'out/a.o' is the same as output file" -r out/a.o b.o -o out/a.o
refused "input file 'out/a.o' is the same as output file" b.o -R out/a.o -o out/a.o
"$GILD" a.o b.o -o out/b.o # one that could be an input is none
rm out/b.o

# a full disk, a limit on the size of files, an output that takes nothing
if [ -c /dev/full ]; then
	refused "cannot write /dev/full: No space left on device" a.o -o /dev/full
	refused "No space left on device" a.o -o out/prog -Map=/dev/full
	refused "No space left on device" a.o -o out/prog --dependency-file=/dev/full
fi
limited() { (ulimit -f 1; exec "$GILD" "$@"); }
printf '.data\n.fill 100000, 1, 7\n' >large.s
"$CC" -c large.s
before=$(sha256sum out/*)
expect_fail limited a.o large.o -o out/prog
assert_contains messages "out/prog: File too large"
assert_equal "$(sha256sum out/*)" "$before"
closed() { "$GILD" "$@" >&-; }
expect_fail closed a.o -o -
assert_contains messages "gild: error: cannot open -: Bad file descriptor"

# A folder that may not be written to, and a file. Root may write to all of them, and others cannot look into this folder.
user=()
[ "$(id -u)" != 0 ] || user=(setpriv --reuid=65534 --clear-groups)
[ ${#user[@]} = 0 ] || have setpriv || exit 0
folder=$(mktemp -d /tmp/gild-output-trouble.XXXXXX)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
chmod 755 "$folder"
cp a.o "$folder"
cd "$folder"
[ ${#user[@]} = 0 ] || "${user[@]}" test -x "$GILD" || exit 0
mkdir closed open
echo old | tee closed/prog >open/prog
chmod 777 open
chmod 444 open/prog
chmod 555 closed
denied() { # WHAT OUTPUT
	local rc=0
	"${user[@]}" "$GILD" a.o -o "$2" 2>"$OLDPWD/messages" || rc=$?
	assert_equal $rc 1
	assert_contains "$OLDPWD/messages" "$1 $2: Permission denied"
}
denied "cannot create" closed/new
denied "cannot write" closed/prog
denied "cannot write" open/prog
assert_equal "$(cat closed/prog open/prog)" "old
old"
assert_equal "$(echo closed/* open/*)" "closed/prog open/prog"
