#!/bin/bash
# Options that choose which symbols are reported, exported, bound and kept.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

dynsym() { readelf --dyn-syms -W "$1" | awk '$7 != "UND" && NR > 3 { print $8 }' | grep -v '^$' | sort | xargs; }
undefined() { readelf --dyn-syms -W "$1" | awk '$7 == "UND" { print $8 }' | sed 's/@.*//' | sort | xargs; }

# Undefined symbols that are overlooked are 0 in a program and stay imports of a shared object
echo 'int gone(void); int main(int argc, char **argv) { (void)argv; return argc > 5 ? gone() : 0; }' >gone.c
for kind in $DYNAMIC_KINDS; do
	link $(cflags $kind) -c gone.c
	fails link $(ldflags $kind) gone.o -o prog
	for option in --unresolved-symbols=ignore-all --unresolved-symbols=ignore-in-object-files -z,undefs \
		--warn-unresolved-symbols --noinhibit-exec --ignore-unresolved-symbol=gone; do
		link $(ldflags $kind) gone.o -Wl,$option -o prog 2>err.txt || { cat err.txt; fail "$kind $option"; }
		./prog
		case " $(undefined prog) " in *" gone "*) fail "$kind $option: gone is imported" ;; esac
	done
	fails link $(ldflags $kind) gone.o -Wl,--ignore-unresolved-symbol=other -o prog
	fails link $(ldflags $kind) gone.o -Wl,--unresolved-symbols=ignore-in-shared-libs -o prog
	fails link $(ldflags $kind) gone.o -Wl,--warn-unresolved-symbols,--error-unresolved-symbols -o prog
done
link -fPIC -c gone.c
link -shared gone.o -o out.so
case " $(undefined out.so) " in *" gone "*) ;; *) fail "gone is no import of a shared object" ;; esac
for option in -z,defs --no-undefined --unresolved-symbols=report-all; do
	fails link -shared gone.o -Wl,$option -o out.so
	assert_contains err.txt "undefined reference to \`gone'"
done
link -shared gone.o -Wl,-z,defs,-z,undefs -o out.so
link gone.o gone.c -Wl,--noinhibit-exec -o prog 2>err.txt
assert_contains err.txt "multiple definition of \`main'"

# --undefined-glob takes members of archives
for name in apple apricot banana; do echo "int $name = 1;" >$name.c && link -c $name.c; done
ar rcs libfruit.a apple.o apricot.o banana.o
echo 'int main(void) { return 0; }' >main.c
link -c main.c
link main.o libfruit.a '-Wl,--undefined-glob=ap[pr]*' -o prog
same "apple apricot" "$(nm prog | awk '/apple|apricot|banana/ { print $3 }' | xargs)" "--undefined-glob"

# What a program exports
echo 'int data = 1; void function(void) {} int main(void) { return 0; }' >exports.c
echo '#include <new>
#include <cstdlib>
#include <typeinfo>
struct T { virtual ~T(); }; T::~T() {} int ordinary;
void *operator new(std::size_t n, int) { return std::malloc(n); }
int main() { return typeid(T).name() == nullptr; }' >cxx.cc
link -c exports.c
link++ -c cxx.cc
echo '{ fun*; };' >list
same "" "$(link exports.o -o prog && dynsym prog | grep -owE 'data|function' | xargs)" "default"
for option in --dynamic-list=list --export-dynamic-symbol-list=list '--export-dynamic-symbol=fun*'; do
	same function "$(link exports.o "-Wl,$option" -o prog && dynsym prog | grep -owE 'data|function' | xargs)" "$option"
done
same data "$(link exports.o -Wl,--dynamic-list-data -o prog && dynsym prog | grep -owE 'data|function' | xargs)" "list of data"
link++ cxx.o -Wl,--dynamic-list-cpp-new -o prog
same "_Znwmi" "$(dynsym prog | tr ' ' '\n' | grep -E '_Znwmi|_ZTI1T|_ZTS1T|ordinary' | xargs)" "list of operator new"
link++ cxx.o -Wl,--dynamic-list-cpp-typeinfo -o prog
same "_ZTI1T _ZTS1T" "$(dynsym prog | tr ' ' '\n' | grep -E '_Znwmi|_ZTI1T|_ZTS1T|ordinary' | xargs)" "list of typeinfo"

# What a shared object binds to itself: relocations remain for the others
echo '__attribute__((weak)) int weak_data; int strong_data; __attribute__((weak)) void weak_f(void) {} void strong_f(void) {}
void *all[] = {&weak_data, &strong_data, (void *)weak_f, (void *)strong_f};' >bind.c
link -fPIC -c bind.c
bound() { # OPTION: the symbols that stay preemptible
	link -shared bind.o "$@" -o out.so
	readelf -rW out.so | grep -oE '(weak|strong)_(data|f)' | sort -u | xargs
}
same "strong_data strong_f weak_data weak_f" "$(bound)" "default"
same "" "$(bound -Wl,-Bsymbolic)" "-Bsymbolic"
same "strong_data weak_data" "$(bound -Wl,-Bsymbolic-functions)" "-Bsymbolic-functions"
same "weak_data weak_f" "$(bound -Wl,-Bsymbolic-non-weak)" "-Bsymbolic-non-weak"
same "strong_data weak_data weak_f" "$(bound -Wl,-Bsymbolic-non-weak-functions)" "-Bsymbolic-non-weak-functions"
same "strong_data strong_f weak_data weak_f" "$(bound -Wl,-Bsymbolic,-Bno-symbolic)" "-Bno-symbolic"
same "strong_f" "$(bound -Wl,-Bsymbolic,--export-dynamic-symbol=strong_f)" "-Bsymbolic with --export-dynamic-symbol"
same "strong_data weak_data" "$(bound -Wl,--dynamic-list-data)" "--dynamic-list-data"

# Versions
link -shared bind.o -Wl,--default-symver,-soname,libbind.so.1 -o out.so
readelf --dyn-syms -W out.so | grep -q 'strong_f@@libbind.so.1$'
link -shared bind.o -Wl,--default-symver -o other.so
readelf --dyn-syms -W other.so | grep -q 'strong_f@@other.so$'
echo '{ global: strong_f; local: *; };' >anonymous.map
link -shared bind.o -Wl,--default-symver,--version-script=anonymous.map -o out.so
same "strong_f@@out.so" "$(dynsym out.so)" "--default-symver with an anonymous version script"
mkdir scripts
echo 'V1 { strong_f; nowhere; extern "C++" { "ns::f(int)"; }; local: *; };' >scripts/v.map
link -shared bind.o -Lscripts -Wl,--version-script=v.map -o out.so
same "strong_f@@V1" "$(dynsym out.so)" "a version script along -L"
fails link -shared bind.o -Lscripts -Wl,--version-script=v.map,--no-undefined-version -o out.so
assert_contains err.txt "nowhere: undefined version: V1"
assert_contains err.txt "ns::f(int): undefined version: V1"
assert_contains err.txt "version script assignment of 'V1' to symbol 'nowhere' failed: symbol not defined"

echo 'void f(void) {} void g(void) {}
__asm__(".symver f, f@V1"); __asm__(".symver g, g@@V2"); __asm__(".symver g, g@V1");' >symver.c
echo 'V1 { global: f; local: *; }; V2 { };' >symver.map
link -fPIC -c symver.c
link -shared symver.o -Wl,--version-script=symver.map -o out.so
same "f@V1 g@@V2 g@V1" "$(dynsym out.so)" "one definition under several names"
echo 'void f1(void) {} void f2(void) {} __asm__(".symver f1, f@V1"); __asm__(".symver f2, f@@V1");' >twice.c
fails link -fPIC -shared twice.c -Wl,--version-script=symver.map -o out.so
assert_contains err.txt "multiple definition of \`f@V1'"
echo 'void f_(void) {} __asm__(".symver f_, f@@");' >plain.c
link -fPIC -shared plain.c -Wl,--version-script=<(echo '{ local: *; };') -o out.so
same f "$(dynsym out.so)" "f@@ without a version"

# Archives whose symbols are not exported
echo 'void in_archive(void) {}' >in_archive.c
link -fPIC -c in_archive.c
ar rcs libin.a in_archive.o
exclude() { link -shared bind.o -Wl,--whole-archive libin.a -Wl,--no-whole-archive "$@" -o out.so; dynsym out.so | grep -ow in_archive || :; }
same in_archive "$(exclude)" "no --exclude-libs"
for libs in libin.a libin other.a,libin.a other.a:libin.a ALL; do same "" "$(exclude -Xlinker "--exclude-libs=$libs")" "$libs"; done
same in_archive "$(exclude -Wl,--exclude-libs,in.a)" "--exclude-libs of another name"

# The symbol table
printf 'main # the entry\nstatic_one\n' >retained
echo 'static int __attribute__((used)) static_one(void) { return 1; } static int __attribute__((used)) static_two(void) { return 2; }
int other; int main(void) { return 0; }' >retain.c
link retain.c -Wl,--retain-symbols-file=retained -o prog
./prog
same "main static_one" "$(nm prog | awk '{ print $NF }' | sort | xargs)" "--retain-symbols-file"
fails link retain.c -Wl,--retain-symbols-file=missing -o prog

echo 'template <class T> struct S { static inline int counter; }; int f() { return ++S<int>::counter; }' >unique.cc
link++ -fPIC -c unique.cc -std=c++17
link++ -shared unique.o -o out.so
readelf --dyn-syms -W out.so | grep -q 'UNIQUE.*counter'
link++ -shared unique.o -Wl,--no-gnu-unique -o out.so
readelf --dyn-syms -W out.so | grep -q 'OBJECT  GLOBAL .*counter'
readelf -h out.so | grep -q 'OS/ABI: .*System V'
