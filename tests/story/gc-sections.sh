#!/bin/bash
# --gc-sections drops what the entry, constructors, exports, KEEPs and used __start_ symbols do not reach, with its
# frame entries, and --print-gc-sections says so.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
#define IN(s) __attribute__((section(s), used))
int dropped_data = 1, kept_data = 2;
int dropped_leaf(void) { return dropped_data; }
int dropped(void) { return dropped_leaf() + dropped(); }
int kept(void) { return kept_data; }
int exported(void) { return 7; }
static int ran;
__attribute__((constructor)) static void ctor(void) { ran = kept(); }
IN("my_set") static int in_set = 3;
extern int __start_my_set[], __stop_my_set[];
__attribute__((retain, used, section("retained_section"))) int retained = 1;
IN("lonely_section") static int lonely = 1;
__thread int dropped_tls = 4;
int main(void) { return !(ran == 2 && __stop_my_set - __start_my_set == 1 && *__start_my_set == 3); }
END
link -c main.c
if ! link main.o -Wl,--gc-sections -o probe 2>err.txt; then
	if grep -qiE '(unknown|unrecognized|unsupported|not supported).*gc-sections|gc-sections.*(unknown|unrecognized|unsupported|not supported)' err.txt; then skip "--gc-sections is not supported"; fi
	cat err.txt
	exit 1
fi
for cc in $COMPILERS; do
	for kind in $KINDS; do
		$cc -O0 -ffunction-sections -fdata-sections $(cflags $kind) $(ldflags $kind) main.c -Wl,--gc-sections,--print-gc-sections -o prog 2>gc.txt
		./prog || { echo "$cc $kind: exit $?"; exit 1; }
		nm prog >names
		assert_lacks names dropped
		for s in kept kept_data main in_set; do assert_contains names $s; done
		[ $cc = clink ] || assert_contains names retained
		assert_contains gc.txt .text.dropped
		readelf --debug-dump=frames prog 2>/dev/null >frames
		if grep -E 'FDE.*pc=0+\.\.' frames; then echo "$cc $kind: FDE of a dropped function"; exit 1; fi
	done
done

# Exports are roots: of a shared library all of them, of a program those of --export-dynamic or -u.
link -ffunction-sections -fPIC -shared main.c -Wl,--gc-sections -o lib.so
readelf --dyn-syms -W lib.so | grep -q ' dropped$' || { echo "an exported function is gone"; exit 1; }
link -ffunction-sections main.c -Wl,--gc-sections -Wl,-u,exported -o prog
nm prog | grep -q ' exported'
link -ffunction-sections main.c -Wl,--gc-sections -rdynamic -o prog
nm prog | grep -q ' exported'
link -ffunction-sections main.c -Wl,--gc-sections,--no-gc-sections -o prog
nm prog | grep -q ' dropped'

# C++: exceptions through what is left
cat >e.cc <<'END'
struct G { int &n; ~G() { n++; } };
int unused_thrower() { throw 1; }
template <class T> T thrower(T x) { throw x; }
int main() { int n = 0; try { G g{n}; thrower(5); } catch (int i) { return !(i == 5 && n == 1); } return 2; }
END
link -O0 -ffunction-sections e.cc -lstdc++ -Wl,--gc-sections -o e
./e
nm e >names
assert_lacks names unused_thrower
# used debug info stays, and is readable
link -g -O0 -ffunction-sections e.cc -lstdc++ -Wl,--gc-sections -o e
readelf --debug-dump=info e >info 2>warnings
[ ! -s warnings ] || { head warnings; exit 1; }
assert_contains info thrower
