#!/bin/bash
# gild abi diff: a verdict for each kind of change, beside that of abidiff: what it reports is reported, what it lets pass is at most
# compatible. Its bit 8 is for what is gone; here it is for all that breaks programs.
# packages: abigail-tools
set -eu
. "$GILD_SRC/tests/lib.sh"

# NAME | EXIT of gild | of abidiff | what gild says | old | new
cat >cases <<'END'
same|0|0|0 changes|int f(int x) { return x; }|int f(int x) { return x + 1; }
gone|12|12|function g: is gone|int f(void) { return 1; } void g(void) {}|int f(void) { return 1; }
new|4|4|function g: is new|int f(void) { return 1; }|int f(void) { return 1; } void g(void) {}
parameter-size|12|4|parameter 1: int (4 bytes) became long|int f(int x) { return x; }|int f(long x) { return (int)x; }
parameter-more|12|4|1 parameter became 2|int f(int x) { return x; }|int f(int x, int y) { return x + y; }
parameter-float|12|4|: other registers|int f(int x) { return x; }|int f(float x) { return (int)x; }
result|12|4|result: int (4 bytes) became double (8 bytes)|int f(int x) { return x; }|double f(int x) { return x; }
result-none|12|4|result: int (4 bytes) became void|int f(int x) { return x; }|void f(int x) { (void)x; }
variadic|12|4|takes more arguments than it names|int f(int x) { return x; }|int f(int x, ...) { return x; }
typedef-name|0|0|0 changes|int f(int x) { return x; }|typedef int number; number f(number x) { return x; }
typedef-size|12|4|typedef off|typedef int off; int f(off x) { return (int)x; }|typedef long off; int f(off x) { return (int)x; }
member-inserted|12|4|member 'b' moved from 4 to 8|struct s { int a, b; }; int f(struct s *s) { return s->a; }|struct s { int a, n, b; }; int f(struct s *s) { return s->a; }
member-appended|12|4|size changed from 8 to 16 bytes|struct s { int a, b; }; int f(struct s *s) { return s->a; }|struct s { int a, b; long c; }; int f(struct s *s) { return s->a; }
member-padding|12|4|in what was padding|struct s { int a; long b; }; int f(struct s *s) { return s->a; }|struct s { int a, n; long b; }; int f(struct s *s) { return s->a; }
member-swapped|12|4|member 'a' moved from 0 to 4|struct s { int a, b; }; int f(struct s *s) { return s->a; }|struct s { int b, a; }; int f(struct s *s) { return s->a; }
member-renamed|4|0|is called 'size'|struct s { int a, b; }; int f(struct s *s) { return s->a; }|struct s { int a, size; }; int f(struct s *s) { return s->a; }
member-gone|12|4|member 'b' at 4 is gone|struct s { int a, b; }; int f(struct s *s) { return s->a; }|struct s { int a; }; int f(struct s *s) { return s->a; }
packed|12|4|alignment changed|struct s { char a; int b; }; int f(struct s *s) { return s->a; }|struct __attribute__((packed)) s { char a; int b; }; int f(struct s *s) { return s->a; }
bit-field|12|4|its width changed from 3 to 4 bits|struct s { unsigned a : 3, b : 5; }; int f(struct s *s) { return s->a; }|struct s { unsigned a : 4, b : 4; }; int f(struct s *s) { return s->a; }
enumerator-inserted|12|4|BLUE changed from 1 to 2|enum c { RED, BLUE }; int f(enum c c) { return c; }|enum c { RED, GREEN, BLUE }; int f(enum c c) { return c; }
enumerator-appended|4|0|new GREEN = 2|enum c { RED, BLUE }; int f(enum c c) { return c; }|enum c { RED, BLUE, GREEN }; int f(enum c c) { return c; }
variable-size|12|4|programs have a copy of the old size|char text[16];|char text[32];
variable-type|12|4| became char *|long v;|char *v;
variable-function|12|12|it was a variable|int v;|int v(void) { return 1; }
callback|12|4|1 parameter became 2|typedef int (*cb)(int); int f(cb c) { return c(1); }|typedef int (*cb)(int, int); int f(cb c) { return c(1, 2); }
two-pointers-deep|12|4|struct t|struct t { int x; }; struct s { struct t *t; }; int f(struct s *s) { return s->t->x; }|struct t { long x; }; struct s { struct t *t; }; int f(struct s *s) { return (int)s->t->x; }
nameless-union|12|4|member 'u', size changed|struct s { union { int i; } u; }; int f(struct s *s) { return s->u.i; }|struct s { union { int i; double d; } u; }; int f(struct s *s) { return s->u.i; }
union-member|4|0|new member 'float y'|union u { int x; }; int f(union u *u) { return u->x; }|union u { int x; float y; }; int f(union u *u) { return u->x; }
const|4|0|became const char|int f(char *x) { return *x; }|int f(const char *x) { return *x; }
variable-const|12|4|is const: programs that write to it end there|int v = 1;|const int v = 1;
variable-not-const|4|4|is not const any more|const int v[2] = {1};|int v[2] = {1};
signedness|4|4|of which one is a sign|int f(int x) { return x; }|int f(unsigned x) { return (int)x; }
opaque|0|0|0 changes|struct s; int f(struct s *s) { return s != 0; }|struct s; int f(struct s *s) { return s == 0; }
array-member|12|4|char[4] (4 bytes) became char[8] (8 bytes)|struct s { char a[4]; }; int f(struct s *s) { return s->a[0]; }|struct s { char a[8]; }; int f(struct s *s) { return s->a[0]; }
recursive|12|4|member 'v' moved|struct l { struct l *next; int v; }; int f(struct l *l) { return l->v; }|struct l { struct l *next, *last; int v; }; int f(struct l *l) { return l->v; }
END

check() {
	local name exit theirs text old new rc version
	while IFS='|' read -r name exit theirs text old new; do
		mkdir -p "$name"
		for version in old new; do
			echo "${!version}" >"$name/lib.h.c"
			# The types are in a header, as those of a library are.
			"${compile[@]}" -g -fPIC -shared -Wl,-soname,libx.so.1 -o "$name/$version.so" -x c "$name/lib.h.c" 2>/dev/null ||
				fail "$name: does not compile"
		done
		rc=0
		"$GILD" abi diff "$name/old.so" "$name/new.so" >"$name/ours" 2>&1 || rc=$?
		[ $rc = "$exit" ] || { cat "$name/ours"; fail "$name: exit code $rc, wanted $exit"; }
		grep -qF -e "$text" "$name/ours" || { cat "$name/ours"; fail "$name: does not say: $text"; }
		[ $((rc & 8)) = 0 ] || grep -q 'it should be libx.so.2' "$name/ours" || { cat "$name/ours"; fail "$name: no advice about the soname"; }
		if have abidiff && [ "${compile[0]}" = "$CC" ]; then
			rc=0
			abidiff "$name/old.so" "$name/new.so" >"$name/theirs" 2>&1 || rc=$?
			[ $rc = "$theirs" ] || { cat "$name/theirs"; fail "$name: abidiff says $rc, the table says $theirs"; }
		fi
		rc=0
		"$GILD" abi diff --json "$name/old.so" "$name/new.so" >"$name/json" || rc=$?
		grep -q "\"exit\":$exit," "$name/json" || fail "$name: the JSON has another exit code"
		# Descriptions say the same as the files they were made from.
		for version in old new; do "$GILD" abi dump --json "$name/$version.so" >"$name/$version.json"; done
		rc=0
		"$GILD" abi diff "$name/old.json" "$name/new.json" 2>&1 | sed 1d >"$name/described" || rc=$?
		sed 1d "$name/ours" | diff - "$name/described" || fail "$name: the descriptions differ in another way than the files"
	done <../cases
}
each_compiler check

# Two compilers make one library of one source.
if [ -d with-clang ]; then
	for name in member-padding bit-field callback nameless-union; do
		"$GILD" abi diff with-gcc/$name/old.so with-clang/$name/old.so >mixed || { cat mixed; fail "$name: gcc and clang differ"; }
	done
fi

# C++: layouts, slots, bases; the names of parameters are in the symbols.
cat >a.cc <<'END'
struct base { virtual int one(); virtual int two(); int x; };
struct shape : base { int w; int area() const; virtual int three(); };
int base::one() { return 1; }
int base::two() { return 2; }
int shape::area() const { return w * x; }
int use(const shape &s) { return s.area(); }
int shape::three() { return 3; }
END
sed -e 's/virtual int one(); virtual int two();/virtual int two(); virtual int one();/' -e 's/int w; int area/short w; int area/' a.cc >b.cc
for i in a b; do "$CXX" -g -fPIC -shared -Wl,-soname,libs.so.1 $i.cc -o $i.so; done
rc=0
"$GILD" abi diff a.so b.so >cxx || rc=$?
[ $rc = 12 ] || { cat cxx; fail "C++: exit code $rc"; }
for text in 'struct base' 'moved from slot 0 to slot 1' "member 'w': int (4 bytes) became short int (2 bytes)" 'shape::area() const'; do assert_contains cxx "$text"; done

# What a virtual function returns is in no symbol's name; JSON knows it, too.
sed 's/virtual int two()/virtual long two()/; s/int base::two/long base::two/' a.cc >c.cc
"$CXX" -g -fPIC -shared -Wl,-soname,libs.so.1 c.cc -o c.so
"$GILD" abi dump --json a.so >a.json
for old in a.so a.json; do
	rc=0
	"$GILD" abi diff $old c.so >cxx || rc=$?
	[ $rc = 12 ] || { cat cxx; fail "the result of a virtual function: exit code $rc"; }
	assert_contains cxx "result of virtual function _ZN4base3twoEv: int (4 bytes) became long int (8 bytes)"
done

# A device with 1100 registers, each a union without a name, and a union of 1100 members that all have another name: nothing else
# than what changed.
for version in 1 2; do
	{
		echo 'struct device {'
		printf '\tunion { int value%d; float real%d; };\n' $(seq 1100 | sed p)
		echo "	$([ $version = 1 ] && echo long || echo double) last;"
		echo '};'
		echo 'union names {'
		printf "\tint in$version%d;\n" $(seq 1100)
		echo '};'
		echo 'int f(struct device *d, union names *n) { return d->value1 + (n != 0); }'
	} >many$version.c
	"$CC" -g -fPIC -shared many$version.c -o many$version.so
done
rc=0
"$GILD" abi diff many1.so many2.so >many || rc=$?
assert_equal "$rc" 12
assert_equal "$(grep -c "is called ''\|is gone" many)" 0
assert_equal "$(grep -c '^compatible *union names' many)" 1
assert_contains many "member 'last': long int became double"

# What callers cannot see: by --opaque, and by the headers that they have.
mkdir -p include
echo 'struct handle; int open_it(struct handle *h);' >include/public.h
echo '#include "public.h"
struct handle { int a; };' >private.h
echo '#include "private.h"
int open_it(struct handle *h) { return h->a; }' >h.c
"$CC" -Iinclude -g -fPIC -shared h.c -o h1.so
sed -i 's/int a;/long extra; int a;/' private.h
"$CC" -Iinclude -g -fPIC -shared h.c -o h2.so
for options in '' '--opaque=hand*' '--headers=include'; do
	rc=0
	# shellcheck disable=SC2086 # none, or one
	"$GILD" abi diff $options h1.so h2.so >opaque || rc=$?
	assert_equal "$options $rc" "$options $([ -n "$options" ] && echo 4 || echo 12)"
done

# Without debug information: symbols only, and it says so.
cp with-gcc/member-inserted/old.so s1.so
cp with-gcc/member-inserted/new.so s2.so
strip s1.so s2.so
"$GILD" abi diff s1.so s2.so >stripped
assert_contains stripped "types were not compared"
# ... in debug files that are found by name, folder and checksum
for i in 1 2; do
	v=$([ $i = 1 ] && echo old || echo new)
	objcopy --only-keep-debug with-gcc/member-inserted/$v.so s$i.debug
	objcopy --add-gnu-debuglink=s$i.debug s$i.so
done
rc=0
"$GILD" abi diff s1.so s2.so >found || rc=$?
[ $rc = 12 ] || { cat found; fail "with debug files: exit code $rc"; }
echo >>s2.debug
"$GILD" abi diff s1.so s2.so >changed
assert_contains changed "types were not compared"

expect_fail "$GILD" abi diff s1.so
expect_fail "$GILD" abi diff s1.so no-such.so
expect_fail "$GILD" abi diff --no-such-option s1.so s2.so
assert_contains messages "unknown option"
