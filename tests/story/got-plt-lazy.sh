#!/bin/bash
# Functions bind lazily by default: a missing function is noticed when it is called. LD_BIND_NOW and -z now bind at
# start. Arguments in all registers survive the first, lazily bound call.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >lib.c <<'END'
int many(int a, int b, int c, int d, int e, int f, int g, double h, double i, double j, double k, double l, double m,
	double n, double o) { return a + b + c + d + e + f + g + h + i + j + k + l + m + n + o; }
#ifdef FULL
int gone(void) { return 1; }
#endif
END
cat >main.c <<'END'
int many(int, int, int, int, int, int, int, double, double, double, double, double, double, double, double);
int gone(void);
int main(int argc, char **argv) {
	if (argc > 1) return gone();
	for (int i = 0; i < 2; i++)
		if (many(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15) != 120) return 2;
	return 0;
}
END
for cc in $COMPILERS; do
	$cc -fPIC -shared -DFULL lib.c -o lib.so
	for kind in $DYNAMIC_KINDS; do
		$cc $(cflags $kind) $(ldflags $kind) -Wl,-z,lazy main.c ./lib.so -o lazy-$kind
		$cc $(cflags $kind) $(ldflags $kind) -Wl,-z,now main.c ./lib.so -o now-$kind
		LD_BIND_NOW=1 ./lazy-$kind
		./now-$kind
	done
	$cc -fPIC -shared lib.c -o lib.so # `gone` is gone
	for kind in $DYNAMIC_KINDS; do
		./lazy-$kind
		fails ./lazy-$kind call
		fails env LD_BIND_NOW=1 ./lazy-$kind
		fails ./now-$kind
		assert_contains err.txt "undefined symbol: gone"
	done
done

readelf -dW now-pie >dynamic
grep -q '(FLAGS).*BIND_NOW' dynamic || { echo "no DF_BIND_NOW"; exit 1; }
grep -q '(FLAGS_1).*NOW' dynamic || { echo "no DF_1_NOW"; exit 1; }
readelf -dW lazy-pie >dynamic
assert_lacks dynamic BIND_NOW
readelf -rW lazy-pie | grep -q 'R_X86_64_JUMP_SLOT.* gone' || { echo "gone has no JUMP_SLOT"; exit 1; }
assert_contains dynamic "(JMPREL)"
