#!/bin/bash
# Archives give the members that are needed and no others, in any order of libraries; members may share a name, archives
# may be thin, and -l, -l:NAME, -Bstatic, -Bdynamic, --whole-archive and --push-state choose among them.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

mkdir -p x y
echo 'int b(void); int a(void) { return b() + 1; }' >x/same.c
echo 'int c(void); int b(void) { return c() + 1; }' >y/same.c
echo 'int c(void) { return 40; }' >c.c
echo '#include <stdio.h>
__attribute__((constructor)) static void hi(void) { puts("unneeded member runs"); } int unneeded;' >unneeded.c
echo 'int a(void); int main(void) { return a() != 42; }' >main.c
for d in x y; do link -c $d/same.c -o $d/same.o; done
link -c c.c unneeded.c main.c
(cd x && ar rcs ../liba.a same.o ../unneeded.o)
(cd y && ar rcs ../libb.a same.o)
ar rcs libc1.a c.o

# needed members only, through several archives; GNU ld needs the group when the order is wrong
link main.o -L. -la -lb -lc1 -o prog
same "" "$(./prog)"
link main.o -L. -Wl,--start-group -lc1 -lb -la -Wl,--end-group -o prog
./prog
link -L. '-Wl,-(' -lc1 -lb -la '-Wl,-)' main.o -Wl,--whole-archive -la -Wl,--no-whole-archive -lb -lc1 -o prog
same "unneeded member runs" "$(./prog)" "--whole-archive"

# two members of one name in one archive
ar qcS libdup.a x/same.o y/same.o c.o
ranlib libdup.a
same 2 "$(ar t libdup.a | grep -c same.o)" "members named same.o"
link main.o libdup.a -o prog
./prog
link main.o -Wl,--whole-archive libdup.a -Wl,--no-whole-archive -o prog
./prog

# thin archive, and an archive within reach by a relative path
ar rcsT libthin.a x/same.o y/same.o c.o
link main.o libthin.a -o prog
./prog
mkdir -p sub
(cd sub && link ../main.o ../libthin.a -o ../prog)
./prog

# a thin archive elsewhere, with members beside, below and above it
mkdir -p sub/deep
cp x/same.o sub/a.o
cp y/same.o sub/deep/b.o
(cd sub && ar rcsT libnear.a a.o deep/b.o ../c.o)
link main.o sub/libnear.a -o prog
./prog

# GNU ar 2.40 leaves a rest of the short name behind the number of a name with 15 characters
cp c.o x/fifteen-chars.o
ar rcsT libfifteen.a x/same.o y/same.o x/fifteen-chars.o
link main.o libfifteen.a -o prog
./prog

# an archive in a thin archive: GNU ar lists its members one by one
rm -f libboth.a
ar rcs libinner.a unneeded.o y/same.o c.o
ar rcsT libboth.a x/same.o libinner.a
link main.o libboth.a -o prog
same "" "$(./prog)" "members of an archive in a thin archive"
link main.o -Wl,--whole-archive,--trace libboth.a -Wl,--no-whole-archive -o prog >trace
same "unneeded member runs" "$(./prog)" "--whole-archive of an archive in a thin archive"
assert_contains trace 'libboth.a(libinner.a(same.o))'
head -c 100 libinner.a >cut.a
mv cut.a libinner.a
fails link main.o libboth.a -o prog
assert_contains err.txt libinner.a

# no index
rm -f libplain.a
ar rcS libplain.a unneeded.o x/same.o y/same.o c.o
link main.o libplain.a -o prog
same "" "$(./prog)" "an archive without index"
ar rcST libplainthin.a unneeded.o x/same.o sub/deep/b.o c.o
link main.o libplainthin.a -o prog
same "" "$(./prog)" "a thin archive without index"

# what a file is its content says, not its name
mkdir -p named
cp main.o named/main.a
cp liba.a named/liba.so
cp libb.a named/b.o
link -shared -fPIC c.c -Wl,-soname,libc1.so -o named/libc1.a
echo 'INPUT(named/b.o)' >named/script.o
link named/main.a -Lnamed -la named/script.o -lc1 -o prog
mkdir -p run
cp named/libc1.a run/libc1.so
LD_LIBRARY_PATH=run ./prog

# long member names and an empty archive
cp c.o a_member_with_a_name_of_more_than_sixteen_characters.o
ar rcs liblong.a a_member_with_a_name_of_more_than_sixteen_characters.o
ar rcs libempty.a
link main.o -L. -la -lempty -lb -llong -o prog
./prog

# -l takes the .so before the .a of the same folder, but an earlier folder wins
mkdir -p d1 d2
echo 'int which(void) { return 1; }' >static.c
echo 'int which(void) { return 2; }' >shared.c
echo '#include <stdio.h>
int which(void); int main(void) { printf("%d\n", which()); return 0; }' >ask.c
link -c static.c
ar rcs d1/libw.a static.o
cp d1/libw.a d2/libw.a
link -fPIC -shared shared.c -Wl,-soname,libw.so -o d1/libw.so
export LD_LIBRARY_PATH=$PWD/d1
ask() { link ask.c "$@" -o ask && ./ask; }
same 2 "$(ask -Ld1 -lw)" "-lw prefers .so"
same 1 "$(ask -Ld1 -Wl,-Bstatic -lw -Wl,-Bdynamic)" "-Bstatic"
same 2 "$(ask -Ld1 -Wl,-Bstatic -Wl,-Bdynamic -lw)" "-Bdynamic"
same 1 "$(ask -Ld2 -Ld1 -lw)" "first folder wins"
same 1 "$(ask -Ld1 -l:libw.a)" "-l:libw.a"
same 2 "$(ask -Ld1 -l:libw.so)" "-l:libw.so"
same 1 "$(ask -Ld1 -Wl,--push-state,-Bstatic -lw -Wl,--pop-state)" "--push-state,-Bstatic"
same 2 "$(ask -Ld1 -Wl,--push-state,-Bstatic,--pop-state -lw)" "--pop-state brings -Bdynamic back"
same 2 "$(ask -Ld1 -Wl,--push-state,-static,--pop-state -lw)" "--pop-state ends -static"
same 1 "$(link -static ask.c -Ld1 -lw -o ask && ./ask)" "-static"
