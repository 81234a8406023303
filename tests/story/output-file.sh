#!/bin/bash
# The output file is made as GNU ld makes it: an existing one is replaced, not written through its hard links; mode 777
# less the umask; a symbolic link and /dev/null stay what they are; a running program does not stop a link.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'int main(void) { return 5; }' >main.c
link -c main.c
runs() { rc=0; "$1" || rc=$?; same 5 $rc "$1"; }

echo old >prog; ln prog hardlink; chmod 600 prog
(umask 022; link main.o -o prog); runs ./prog
same old "$(cat hardlink)" "hard link to the old output"
for u in 022 027 077; do
	rm -f fresh; (umask $u; link main.o -o fresh)
	same $(printf %o $((0777 & ~0$u))) "$(stat -c %a fresh)" "mode under umask $u"
done

link main.o -o /dev/null
[ -c /dev/null ] || { echo "/dev/null is no device any more"; exit 1; }

# a symbolic link: GNU ld unlinks a regular file, and what a link points to counts for it
mkdir -p real
link main.o -o real/target
cp real/target before
ln -s real/target symlink
link main.o -Wl,--defsym=extra=1 -o symlink
runs ./symlink; runs ./real/target
[ -x symlink ]

# One that leads to nothing yet: the file is made where it leads.
mkdir -p one
ln -s two/../first one/dangling
mkdir -p one/two
ln -s ../made-by-link one/first
link main.o -o one/dangling
[ -L one/dangling ] && [ -L one/first ] || fail "a symbolic link was replaced"
[ -f made-by-link ] || fail "not made where the links lead"
runs ./one/dangling

# a program that runs is replaced while it runs
echo '#include <unistd.h>
int main(void) { write(1, "up\n", 3); pause(); return 0; }' >wait.c
link wait.c -o running
./running >up & pid=$!
trap 'kill $pid 2>/dev/null || :' EXIT
for _ in $(seq 100); do [ -s up ] && break; sleep 0.05; done
link main.o -o running; runs ./running
kill $pid; wait $pid 2>/dev/null || :
trap - EXIT

mkdir -p out
cd out
link ../main.o -o prog; link ../main.o -o prog
same prog "$(ls -A)" "files in the output's folder"
fails link ../main.o -o nosuchfolder/prog
assert_contains err.txt nosuchfolder
mkdir folder
fails link ../main.o -o folder
[ -d folder ]
rm -f out.txt err.txt
# the default name
"$GILD" -shared ../main.o
[ -e a.out ]

# A pipe gets the same bytes as a file
echo 'int in_a_pipe(void) { return 0; }' >pipe.c
link -fPIC -c pipe.c
"$GILD" -shared --build-id pipe.o -o in-file
"$GILD" -shared --build-id pipe.o -o /dev/stdout | cat >through-pipe
cmp in-file through-pipe
