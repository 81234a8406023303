#!/bin/bash
# What symbol tables tell about files that do not fit: kinds and sizes of symbols, class layouts, copies of variables,
# archive members. For each check one link that it warns of and one next to it that it does not; the switch of each;
# --fatal-warnings; JSON.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

# warns CLASS TEXT ARGS: the link succeeds and says TEXT; --no-warn-abi=CLASS keeps it quiet; it fails with
# --fatal-warnings.
warns() {
	local class=$1 text=$2
	shift 2
	link "$@" 2>err.txt || { cat err.txt; fail "does not link: $*"; }
	assert_contains err.txt "$text"
	assert_contains err.txt "--no-warn-abi=$class"
	link "$@" "-Wl,--no-warn-abi=$class" 2>quiet.txt
	assert_lacks quiet.txt "$text"
	link "$@" -Wl,--no-warn-abi 2>quiet.txt
	assert_lacks quiet.txt "$text"
	link "$@" -Wl,--no-warn-abi,--warn-abi="$class" 2>quiet.txt
	assert_contains quiet.txt "$text"
	fails link "$@" -Wl,--fatal-warnings
	link "$@" -Wl,--error-format=json 2>err.json
	grep -F '"severity":"warning"' err.json | grep -F "\"kind\":\"$class\"" >/dev/null || { cat err.json; fail "no JSON of kind $class"; }
}
silent() {
	link "$@" 2>err.txt || { cat err.txt; fail "does not link: $*"; }
	same "" "$(cat err.txt)" "messages of: $*"
}
fails link -xc /dev/null -Wl,--no-warn-abi=nonsense
assert_contains err.txt "nonsense"
echo 'int main(void) { return 0; }' >main.c
link -fPIC -c main.c

# ---- symbol-type: one file's variable is the other one's function
echo 'int thing = 1;' >variable.c
echo '__attribute__((weak)) int thing(void) { return 1; }' >function.c
echo '__thread int thing = 1;' >thread-local.c
link -fPIC -c variable.c function.c thread-local.c
warns symbol-type "symbol type mismatch: thing is a variable in variable.o and a function in function.o" \
	main.o variable.o function.o -o prog
warns symbol-type "thing is a function in function.o and a variable in variable.o" main.o function.o variable.o -o prog
warns symbol-type "thing is a function in function.o and a thread-local variable in thread-local.o" \
	main.o function.o thread-local.o -o prog
link -shared -fPIC variable.c -o libvariable.so
echo 'int thing(void); int call_thing(void) { return thing(); }' >caller.c
link -shared -fPIC function.c -o libfunction.so
link -shared -fPIC caller.c -L. -lfunction -o libcaller.so
# libcaller.so calls what is a variable of the program
warns symbol-type "symbol type mismatch: thing is a variable in variable.o and a function in ./libcaller.so" \
	main.o variable.o -Wl,--no-as-needed ./libcaller.so -o prog
# A library that keeps its own function of the name to itself does not mind the program's variable.
silent main.o variable.o -Wl,--no-as-needed ./libfunction.so -o prog
# COMDAT copies of which one is code and the other is not, although only one of them is linked
comdat() { # FILE TYPE SECTION FLAGS
	printf '.weak thing\n.type thing, @%s\n.section %s.thing,"%sG",@progbits,thing,comdat\nthing: .long 0\n.size thing, 4\n' \
		"$2" "$3" "$4" >"$1.s"
	printf '.section .note.GNU-stack,"",@progbits\n' >>"$1.s"
	link -c "$1.s"
}
comdat data object .data aw
comdat code function .text ax
comdat more function .text ax
for order in "data.o code.o" "code.o data.o"; do
	warns symbol-type "symbol type mismatch: thing is a " main.o $order -o prog
done
silent main.o code.o more.o -o prog
# Assembly need not say what a symbol is.
printf '.globl thing\n.weak thing\nthing: ret\n' >untyped.s
link -c untyped.s
silent main.o variable.o untyped.o -o prog

# ---- symbol-size
echo 'char buffer[64];' >common.c
echo 'char buffer[8] = "x";' >small.c
echo 'char buffer[64] = "x";' >fitting.c
link -fcommon -fPIC -c common.c
link -fPIC -c small.c fitting.c
for order in "common.o small.o" "small.o common.o"; do
	warns symbol-size "common.o uses the one of small.o: if it uses all 64 bytes" main.o $order -o prog
done
silent main.o common.o fitting.o -o prog
# the program's variable takes the place of the library's, which is larger
echo 'char buffer[64]; char *get(void) { buffer[60] = 1; return buffer; }' >library.c
link -shared -fPIC library.c -o liblibrary.so
warns symbol-size "size of symbol \`buffer' changed from 8 in small.o to 64 in ./liblibrary.so" \
	main.o small.o -Wl,--no-as-needed ./liblibrary.so -o prog
silent main.o fitting.o -Wl,--no-as-needed ./liblibrary.so -o prog
link -shared -fPIC -Wl,-Bsymbolic library.c -o libsymbolic.so
silent main.o small.o -Wl,--no-as-needed,--no-warn-abi=interposition ./libsymbolic.so -o prog
# and so does another library's, by their order
link -shared -fPIC small.c -o libsmall.so
warns symbol-size "./liblibrary.so uses the one of ./libsmall.so" main.o -Wl,--no-as-needed ./libsmall.so ./liblibrary.so -o prog
silent main.o -Wl,--no-as-needed ./liblibrary.so ./libsmall.so -o prog
# but not when the two have different versions: each library finds its own
echo 'V1 { buffer; };' >v1.ver
echo 'V2 { buffer; get; };' >v2.ver
link -shared -fPIC small.c -Wl,--version-script=v1.ver -o libsmall.so
link -shared -fPIC library.c -Wl,--version-script=v2.ver -o liblibrary.so
silent main.o -Wl,--no-as-needed ./libsmall.so ./liblibrary.so -o prog
# i386 has other tables of relocations
if link -m32 -shared -fPIC library.c -o liblibrary32.so 2>err.txt; then
	link -m32 -c small.c -o small32.o
	warns symbol-size "./liblibrary32.so uses the one of small32.o" -m32 main.c small32.o -Wl,--no-as-needed ./liblibrary32.so -o prog
	link -m32 -shared -fPIC -Wl,-Bsymbolic library.c -o libsymbolic32.so
	silent -m32 main.c small32.o -Wl,--no-as-needed,--no-warn-abi=interposition ./libsymbolic32.so -o prog
fi
# A weak default may be smaller than what takes its place, not larger.
echo '__attribute__((weak)) char buffer[2];' >weak-small.c
echo '__attribute__((weak)) char buffer[100];' >weak-large.c
link -c weak-small.c weak-large.c
silent main.o weak-small.o small.o -o prog
warns symbol-size "weak-large.o uses the one of small.o" main.o weak-large.o small.o -o prog

# ---- class-layout: two definitions of one class
cat >shape.cc <<'END'
#ifdef BASE
struct Base { virtual ~Base() {} long x; };
struct Shape : Base
#else
struct Shape
#endif
{
	virtual int area() { return 1; }
#ifdef MORE
	virtual int border() { return 2; }
#endif
	virtual ~Shape() {}
};
int NAME() { Shape *volatile shape = new Shape; int area = shape->area(); delete shape; return area; }
END
echo 'int one(), two(); int main() { return one() + two() - 2; }' >shapes.cc
shapes() { # ARGS: two.o is compiled with these
	link++ -fPIC -c -DNAME=one shape.cc -o one.o
	link++ -fPIC -c -DNAME=two "$@" shape.cc -o two.o
	link++ -c shapes.cc
}
shapes -DMORE
warns class-layout "size of symbol \`vtable for Shape' changed from 40 in one.o to 48 in two.o" shapes.o one.o two.o -lstdc++ -o prog
assert_contains err.json '"symbol":"_ZTV5Shape"'
link -shared two.o -lstdc++ -o libtwo.so
warns class-layout "vtable for Shape" shapes.o one.o ./libtwo.so -lstdc++ -o prog
shapes -DBASE
warns class-layout "typeinfo for Shape" shapes.o one.o two.o -lstdc++ -o prog
assert_contains err.txt "do not agree on its bases"
shapes -O2
silent shapes.o one.o two.o -lstdc++ -o prog
./prog
if [ -n "$CLANG" ]; then
	"$CLANG" -fPIC -c -DNAME=two shape.cc -o two.o
	silent shapes.o one.o two.o -lstdc++ -o prog
fi

# ---- copy-relocation
cat >copied.c <<'END'
int table[16] = {1};
extern int head __attribute__((alias("table")));
void touch(void) { table[15] = 1; }
END
echo 'extern int head; void touch(void); int main(void) { touch(); return head != 1; }' >head.c
link -shared -fPIC copied.c -o libcopied.so
link -fno-pie -c head.c
printf '.data\n.globl head\n.type head, @object\n.size head, 4\nhead:\n.globl table\n.type table, @object\n.size table, 64\ntable: .long 1\n.fill 60\n.text\n.globl touch\n.type touch, @function\ntouch: mov table@GOTPCREL(%%rip), %%rax\nret\n.section .note.GNU-stack,"",@progbits\n' >copied.s
link -shared copied.s -o libcopied.so
warns copy-relocation "which the library also calls \`table' and takes for 64 bytes" -no-pie head.o ./libcopied.so -o prog
link -fPIE -c head.c -o head-pie.o -mno-direct-extern-access 2>/dev/null || link -fPIC -c head.c -o head-pie.o
silent -pie head-pie.o ./libcopied.so -o prog
sed 's/^.size head, 4$//' copied.s >sizeless.s
link -shared sizeless.s -o libsizeless.so
warns copy-relocation "dynamic variable \`head' is zero size" -no-pie head.o ./libsizeless.so -o prog
nm prog | grep -q '^[0-9a-f]*[1-9a-f][0-9a-f]* B head$' || fail "a variable without a size has no address"
! readelf -rW prog | grep COPY || fail "a variable without a size is copied"
echo 'int head = 1; void touch(void) { head = 1; }' >symbolic.c
link -shared -fPIC symbolic.c -o libplain.so
silent -no-pie head.o ./libplain.so -o prog
./prog
link -shared -fPIC -Wl,-Bsymbolic symbolic.c -o libsymbolic.so
warns copy-relocation "which the library does not use: it was linked with -Bsymbolic" -no-pie head.o ./libsymbolic.so -o prog

# ---- archive-override
echo 'void log_line(void) {} void log_close(void) {}' >log.c
echo 'void log_line(void); void use(void) { log_line(); }' >use.c
echo 'void use(void); void log_line(void) {} int main(void) { use(); return 0; }' >with-log.c
echo 'void use(void); int main(void) { use(); return 0; }' >without-log.c
echo 'void log_close(void) {}' >close.c
link -c log.c use.c with-log.c without-log.c close.c
ar rcs libx.a log.o use.o
warns archive-override "\`log_line' takes the place of the one in libx.a(log.o), which libx.a(use.o) of the same archive asks for" \
	with-log.o libx.a -o prog
assert_contains err.txt "with a reference to \`log_close' that member is extracted as well"
silent without-log.o libx.a -o prog
silent with-log.o close.o libx.a -o prog # all of log.o is replaced
ar rcs liby.a log.o
silent with-log.o use.o liby.a -o prog   # nobody of that archive counts on it
silent with-log.o libx.a -Wl,--start-lib log.o -Wl,--end-lib -Wl,--no-warn-abi=archive-override -o prog

# ---- many of a kind are counted
for i in $(seq 30); do echo "char many_$i[64];"; done >many-common.c
for i in $(seq 30); do echo "char many_$i[8] = {1};"; done >many.c
link -fcommon -c many-common.c
link -c many.c
link main.o many-common.o many.o -o prog 2>err.txt
same 20 "$(grep -c 'size of symbol' err.txt)" "warnings that are printed"
assert_contains err.txt "10 more warnings of this kind are not shown: symbol-size"
link main.o many-common.o many.o -Wl,--error-limit=0 -o prog 2>err.txt
same 30 "$(grep -c 'size of symbol' err.txt)" "warnings that are printed without a limit"

# ---- the other ABI of std::string is named where a symbol is undefined
echo '#include <string>
void takes(const std::string &) {}' >old-string.cc
echo '#include <string>
void takes(const std::string &); int main() { takes(""); }' >new-string.cc
link++ -D_GLIBCXX_USE_CXX11_ABI=0 -c old-string.cc
link++ -c new-string.cc
fails link++ new-string.o old-string.o -o prog
assert_contains err.txt "old-string.o defines it with the other ABI of std::string (_GLIBCXX_USE_CXX11_ABI)"
link++ -D_GLIBCXX_USE_CXX11_ABI=0 -c new-string.cc
link++ new-string.o old-string.o -o prog 2>err.txt
same "" "$(cat err.txt)" "messages with one ABI"
