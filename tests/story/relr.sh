#!/bin/bash
# -z pack-relative-relocs: relative relocations move to .relr.dyn, for static and dynamic programs and shared objects;
# what is relocated stays the same, and only a glibc that knows DT_RELR loads it.
# verify
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >table.c <<'END'
int variable;
static int local[600];
struct __attribute__((packed)) { char c; void *at_odd; } odd = {1, &variable};
struct __attribute__((packed)) { char c; void *at_odd; } odd2 __attribute__((aligned(8))) = {1, &local[2]};
void *table[] = {&variable, &local[1], (char *)&local[1] + 1, &table[1], 0, 0, &table};
struct { void *p; long n[200]; } sparse[300] = {[0] = {&variable}, [1] = {&local[1]}, [150] = {&local[150]}, [299] = {&local[299]}};
const char *const words[] = {"alpha", "beta", "gamma", "alpha"};
int check(void)
{
	return odd.at_odd == &variable && odd2.at_odd == &local[2] && table[0] == &variable && table[1] == &local[1] &&
	       table[2] == (char *)&local[1] + 1 && table[3] == &table[1] && !table[4] && table[6] == &table &&
	       sparse[0].p == &variable && sparse[1].p == &local[1] && !sparse[2].p && sparse[150].p == &local[150] &&
	       sparse[299].p == &local[299] && words[1][0] == 'b' && words[0][0] == words[3][0];
}
END
cat >main.c <<'END'
#include <stdio.h>
int check(void);
__attribute__((constructor)) static void start(void) { puts("start"); }
int main(void) { puts(check() ? "good" : "bad"); return 0; }
END
"$CC" -fPIC -c table.c main.c
packed="-Wl,-z,pack-relative-relocs"

# relr_places FILE: the addresses that .relr.dyn lists, sorted
relr_places() { readelf -rW "$1" | sed -n '/\.relr\.dyn/,/^Reloc/p' | grep -E '^[0-9a-f]{16}$' | sort; }
relatives() { readelf -rW "$1" | awk '$3 ~ /R_X86_64_RELATIV/ { print $1 }' | sort; }

for kind in -pie -static-pie; do
	link $kind main.o table.o -o plain
	link $kind main.o table.o $packed -o prog
	assert_equal "$(./prog | tr '\n' ' ')" "start good "
	# as many as before, and those at odd addresses where they were
	assert_equal "$(($(relr_places prog | wc -l) + $(relatives prog | wc -l)))" "$(relatives plain | wc -l)"
	[ -z "$(relr_places prog | grep '[13579bdf]$' || :)" ] || fail "$kind: an odd address in .relr.dyn"
	relatives prog | grep -vq '[13579bdf]$' && fail "$kind: an even address in .rela.dyn"
	readelf -dW prog >tags
	assert_contains tags "(RELR)"
	grep -qE '\(RELRENT\) +8 \(bytes\)' tags || fail "$kind: DT_RELRENT"
	size=$(readelf -SW prog | awk '{ for (i = 1; i < NF; i++) if ($i == ".relr.dyn") print $(i + 4) }')
	grep -qE "\(RELRSZ\) +$((16#$size)) " tags || fail "$kind: DT_RELRSZ is not the size of .relr.dyn, 0x$size"
done

# the version that says so, as GNU ld writes it: with -pie, not with -static-pie
readelf -VW prog >versions
assert_lacks versions GLIBC_ABI_DT_RELR
link -pie main.o table.o $packed -o prog
readelf -VW prog >versions
assert_contains versions GLIBC_ABI_DT_RELR
readelf -SW prog >sections
grep -qE '\.relr\.dyn +RELR +[0-9a-f]+ [0-9a-f]+ [0-9a-f]+ 08 +A +0 +0 +8' sections || { cat sections; fail ".relr.dyn"; }

# shared objects; a library that needs no libc needs no version
link -shared -nostdlib table.o -Wl,--pack-dyn-relocs=relr -o libtable.so
readelf -VW libtable.so >versions
assert_lacks versions GLIBC_ABI
link main.o libtable.so -Wl,-rpath,"$PWD" -o user
assert_equal "$(./user | tr '\n' ' ')" "start good "

# nothing to pack in an image that does not move; none and nopack undo it
link -no-pie main.o table.o $packed -o fixed
readelf -SW fixed plain >sections
link -pie main.o table.o $packed -Wl,-z,nopack-relative-relocs -o undone
link -pie main.o table.o $packed -Wl,--pack-dyn-relocs=none -o undone2
readelf -SVW fixed undone undone2 >sections
assert_lacks sections .relr.dyn
assert_lacks sections GLIBC_ABI_DT_RELR
cmp undone undone2
expect_fail link -pie main.o table.o -Wl,--pack-dyn-relocs=android -o no
assert_contains messages "'android' is not one of: relr, none"

# a plan places .relr.dyn whatever size it had
link -pie main.o table.o $packed -Wl,--plan-out=plan -o one
link -pie main.o table.o $packed -Wl,--plan-in=plan -o two
cmp one two
