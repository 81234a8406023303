#!/bin/bash
# What the C library reads about the processor is, bit for bit, what the system's loader finds out: features, preferred
# variants, cache sizes, thresholds; the tunables with their bounds; and --list-diagnostics.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > main.c <<'EOF'
#include <stdint.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <unistd.h>
const uint32_t *_dl_x86_get_cpu_features(uint32_t);
int main(void) {
	const uint32_t *words = _dl_x86_get_cpu_features(0);
	for (int i = 0; i < 480 / 4; i++)
		printf("word %d: %08x\n", i, i == 6 ? words[i] & 0xffffff : words[i]); /* word 6 has the number of this processor */
	printf("%ld %ld\n", sysconf(_SC_LEVEL1_DCACHE_LINESIZE), sysconf(_SC_LEVEL2_CACHE_SIZE));
	printf("%lx\n", getauxval(AT_HWCAP));
	return 0;
}
EOF
echo '#include <math.h>
#include <stdio.h>
int main(int argc, char **argv) { (void)argv; printf("lazy %.1f\n", floor(argc + 2.5) + 0.5); return 0; }' > lazy.c
cc() {
	build ../main.c $SYSTEM_LDSO -o main
	mkdir "$platform"
	build -shared -fPIC ../platform.c -o "$platform/libplatform.so"
	build ../user.c -L"$platform" -lplatform "-Wl,-rpath,\$ORIGIN/\$PLATFORM" -o user
	build ../lazy.c -Wl,-z,lazy -lm -o lazy # arguments in registers that the trampolines save
}
# $PLATFORM is the kernel's name for the processor, or the C library's where that has one: haswell, xeon_phi
platform=$($SYSTEM_LDSO --list-diagnostics | sed -n 's/^dl_platform="\(.*\)"/\1/p')
echo 'int found(void) { return 4; }' > platform.c
echo 'int found(void); int main(void) { return found() - 4; }' > user.c
each_loader cc
same_success ./main
same_success ./user
"$GILD" tree gild/user > tree
assert_contains tree "gild/$platform/libplatform.so"
diff <($SYSTEM_LDSO --list-tunables) <("$LDSO" --list-tunables) || fail --list-tunables
# The same lines of --list-diagnostics, but for one that names gild, and what is random or a path
diagnostics() {
	env -i PATH=/bin LD_UNKNOWN='a"b\' SECRET=word TZ=UTC EMPTY= "$1" --list-diagnostics |
		sed -E -e "s|$LDSO|$SYSTEM_LDSO|g" -e '/^version.gild=/d' -e '/^x86.cpu_features.features.0x0..cpuid.0x1/d' -e '/^auxv.*a_val=0x/d'
}
diff <(diagnostics $SYSTEM_LDSO) <(diagnostics "$LDSO") || fail --list-diagnostics
diagnostics "$LDSO" > out
assert_contains out 'env_filtered[0x2]="SECRET"'

# features and preferences that are switched off and on
for hwcaps in -AVX2 -ERMS,-HTT -FMA -AVX512CD \
	-AVX,-ERMS,Prefer_ERMS -OSXSAVE -XSAVEC -XSAVE,-XSAVEC Prefer_No_AVX512,-I686,I586 -AVX512F,Prefer_No_AVX512 \
	-AVX2,-BMI1,-MOVBE,-POPCNT,nonsense,-,Slow_BSF; do
	switched() { GLIBC_TUNABLES=glibc.cpu.hwcaps=$hwcaps "$1" --list-diagnostics | grep -E '^(x86|dl_hwcaps)' | sed -e '/features.0x0..cpuid.0x1/d'; }
	diff <(switched $SYSTEM_LDSO) <(switched "$LDSO") || fail "GLIBC_TUNABLES=glibc.cpu.hwcaps=$hwcaps"
	assert_equal "$(cd gild && GLIBC_TUNABLES=glibc.cpu.hwcaps=$hwcaps ./lazy)" "lazy 3.5"
done
# thresholds within their bounds, at them, and outside
for threshold in 5 0x4040 0x4041 0xfffffffffffffff 0x1000000000000000 0xffffffffffffffff; do
	bounded() { GLIBC_TUNABLES=glibc.cpu.x86_non_temporal_threshold=$threshold "$1" --list-tunables; }
	diff <(bounded $SYSTEM_LDSO) <(bounded "$LDSO") || fail "glibc.cpu.x86_non_temporal_threshold=$threshold"
done
assert_contains out 'env[0x1]="LD_UNKNOWN=a\"b\\"'
# numbers of all kinds, and the variables that some tunables have of their own
for setting in MALLOC_ARENA_MAX=3 MALLOC_PERTURB_=17 "MALLOC_CHECK_= 3" MALLOC_TOP_PAD_=0x7g MALLOC_MMAP_MAX_=-1 MALLOC_MMAP_THRESHOLD_=+5 \
	MALLOC_TRIM_THRESHOLD_=077 MALLOC_ARENA_TEST=99999999999999999999 LD_HWCAP_MASK=5 MALLOC_ARENA_MAX= \
	GLIBC_TUNABLES=glibc.malloc.arena_max=-1:glibc.malloc.perturb=999:a:b=c::glibc.malloc.check=glibc.malloc.check=3; do
	diff <(env MALLOC_PERTURB_=5 "$setting" $SYSTEM_LDSO --list-tunables) <(env MALLOC_PERTURB_=5 "$setting" "$LDSO" --list-tunables) ||
		fail "--list-tunables with $setting"
done
assert_equal "$(MALLOC_ARENA_MAX=3 "$LDSO" --list-tunables | grep arena_max | cut -d' ' -f2)" 0x3
export GLIBC_TUNABLES=glibc.malloc.tcache_count=3:glibc.cpu.x86_rep_movsb_threshold=4096:glibc.malloc.check=9:glibc.malloc.arena_max=0x2
diff <($SYSTEM_LDSO --list-tunables) <("$LDSO" --list-tunables) || fail "--list-tunables with $GLIBC_TUNABLES"
same_success ./main
