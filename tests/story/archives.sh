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
same 1 "$(link -static ask.c -Ld1 -lw -o ask && ./ask)" "-static"
