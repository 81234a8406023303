#!/bin/bash
# Hidden and internal symbols link between objects and stay out of the dynamic table; protected ones are exported but
# bind inside; the most constraining visibility of all mentions wins.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >a.c <<'END'
#define V(x) __attribute__((visibility(#x)))
V(hidden) int hid(void) { return 1; }
V(internal) int inter(void) { return 2; }
V(protected) int prot(void) { return 3; }
int dflt(void) { return 4; }
int made_hidden(void) { return 5; }
V(hidden) int hid_data = 6;
V(protected) int prot_data = 7;
END
cat >b.c <<'END'
#define V(x) __attribute__((visibility(#x)))
int hid(void), inter(void), prot(void), dflt(void);
V(hidden) int made_hidden(void); /* a reference restricts the definition */
V(hidden) extern int hid_data;
extern int prot_data;
int sum(void) { return hid() + inter() * 10 + prot() * 100 + dflt() * 1000 + made_hidden() * 10000 + hid_data * 100000; }
int *get_prot_data(void) { return &prot_data; }
END
cat >main.c <<'END'
int sum(void);
int hid(void) { return 9; } int inter(void) { return 9; } int prot(void) { return 9; } int dflt(void) { return 9; }
int made_hidden(void) { return 9; } int hid_data = 9;
int main(void) { return sum() != 659321; }
END
for cc in $COMPILERS; do
	$cc -O1 -fPIC -c a.c b.c
	for order in "a.o b.o" "b.o a.o"; do
		$cc -shared $order -o lib.so
		readelf --dyn-syms -W lib.so >dynsym
		for s in hid inter made_hidden hid_data; do
			if grep -w $s dynsym; then echo "$s is exported"; exit 1; fi
		done
		grep -q 'FUNC *GLOBAL *PROTECTED.* prot$' dynsym || { echo "prot is not protected"; exit 1; }
		grep -q 'FUNC *GLOBAL *DEFAULT.* dflt$' dynsym || { echo "dflt is not exported"; exit 1; }
		readelf -sW lib.so | grep -q 'FUNC *LOCAL.* hid$' || { echo "hid is not local in .symtab"; exit 1; }
		$cc main.c ./lib.so -o prog
		./prog || { echo "$cc $order: exit $?"; exit 1; }
	done
done

# An undefined hidden symbol cannot come from a shared library.
echo '__attribute__((visibility("hidden"))) int dflt(void); int main(void) { return dflt(); }' >bad.c
fails link bad.c ./lib.so -o bad
assert_contains err.txt dflt
