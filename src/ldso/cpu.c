/* CPU features: CPUID bits, which of them may be used, and the sizes of caches.
 *
 * The C library chooses memcpy, strlen and the like by these numbers (its IFUNC resolvers read them from
 * _rtld_global_ro), so they must be there before the first resolver runs. Sources: Intel SDM volume 2 "CPUID", AMD APM
 * volume 3 appendix E, and the x86-64 psABI's micro-architecture levels; which bits count as usable and which variants
 * are preferred follows glibc, and tests/story/ldso-cpu.sh compares with what its ld.so reports. */
#include "ldso/cpu.h"

#include <cpuid.h>

#include "ldso/text.h"
#include "ldso/tunables.h"

struct cpu the_cpu;

#define BIT(n) (UINT32_C(1) << (n))

struct regs {
	uint32_t r[4];
};

static struct regs cpuid(uint32_t leaf, uint32_t subleaf)
{
	struct regs regs;
	__cpuid_count(leaf, subleaf, regs.r[CPU_EAX], regs.r[CPU_EBX], regs.r[CPU_ECX], regs.r[CPU_EDX]);
	return regs;
}

/* --- which bits may be used */

/* State components of XCR0 (SDM volume 1, 13.1). */
enum {
	STATE_AVX = BIT(1) | BIT(2),
	STATE_AVX512 = BIT(5) | BIT(6) | BIT(7),
	STATE_AMX = BIT(17) | BIT(18),
	/* What the trampolines save: all but x87, since functions take no arguments there, and AMX. */
	STATE_SAVED = 0xee,
	XSAVE_EXTRA = 64,
};

enum need { NEED_NOTHING, NEED_XSAVE, NEED_AVX, NEED_AVX512, NEED_AMX };

static const struct usable {
	uint8_t leaf, reg, need;
	uint32_t bits;
} usable[] = {
	/* sse3 pclmul ssse3 cx16 sse4.1 sse4.2 movbe popcnt aes osxsave rdrand */
	{LEAF_1, CPU_ECX, NEED_NOTHING,
	 BIT(0) | BIT(1) | BIT(9) | BIT(13) | BIT(19) | BIT(20) | BIT(22) | BIT(23) | BIT(25) | BIT(27) | BIT(30)},
	{LEAF_1, CPU_ECX, NEED_XSAVE, BIT(26)},
	{LEAF_1, CPU_ECX, NEED_AVX, BIT(12) | BIT(28) | BIT(29)}, /* fma avx f16c */
	/* tsc cx8 cmov clflush mmx fxsr sse sse2 htt */
	{LEAF_1, CPU_EDX, NEED_NOTHING,
	 BIT(4) | BIT(8) | BIT(15) | BIT(19) | BIT(23) | BIT(24) | BIT(25) | BIT(26) | BIT(28)},
	/* bmi1 hle bmi2 erms rtm rdseed adx clflushopt clwb sha */
	{LEAF_7, CPU_EBX, NEED_NOTHING,
	 BIT(3) | BIT(4) | BIT(8) | BIT(9) | BIT(11) | BIT(18) | BIT(19) | BIT(23) | BIT(24) | BIT(29)},
	{LEAF_7, CPU_EBX, NEED_AVX, BIT(5)}, /* avx2 */
	/* avx512: f dq ifma pf er cd bw vl */
	{LEAF_7, CPU_EBX, NEED_AVX512,
	 BIT(16) | BIT(17) | BIT(21) | BIT(26) | BIT(27) | BIT(28) | BIT(30) | BIT(31)},
	/* prefetchwt1 ospke waitpkg gfni rdpid cldemote movdiri movdir64b */
	{LEAF_7, CPU_ECX, NEED_NOTHING,
	 BIT(0) | BIT(4) | BIT(5) | BIT(8) | BIT(22) | BIT(25) | BIT(27) | BIT(28)},
	{LEAF_7, CPU_ECX, NEED_AVX, BIT(9) | BIT(10)}, /* vaes vpclmulqdq */
	{LEAF_7, CPU_ECX, NEED_AVX512, BIT(1) | BIT(6) | BIT(11) | BIT(12) | BIT(14)},
	/* fsrm rtm_always_abort serialize tsxldtrk */
	{LEAF_7, CPU_EDX, NEED_NOTHING, BIT(4) | BIT(11) | BIT(14) | BIT(16)},
	{LEAF_7, CPU_EDX, NEED_AVX512, BIT(2) | BIT(3) | BIT(8) | BIT(23)},
	{LEAF_7, CPU_EDX, NEED_AMX, BIT(22) | BIT(24) | BIT(25)},
	/* lahf lzcnt sse4a prefetchw tbm */
	{LEAF_80000001, CPU_ECX, NEED_NOTHING, BIT(0) | BIT(5) | BIT(6) | BIT(8) | BIT(21)},
	{LEAF_80000001, CPU_ECX, NEED_AVX, BIT(11)},     /* xop */
	{LEAF_80000001, CPU_EDX, NEED_NOTHING, BIT(27)}, /* rdtscp */
	/* xsaveopt xsavec xgetbv1 xfd */
	{LEAF_D_1, CPU_EAX, NEED_XSAVE, BIT(0) | BIT(1) | BIT(2) | BIT(4)},
	{LEAF_80000008, CPU_EBX, NEED_NOTHING, BIT(9)},                 /* wbnoinvd */
	{LEAF_7_1, CPU_EAX, NEED_NOTHING, BIT(10) | BIT(11) | BIT(12)}, /* fzlrm fsrs fsrcs */
	{LEAF_7_1, CPU_EAX, NEED_AVX, BIT(4)},                          /* avx_vnni */
	{LEAF_7_1, CPU_EAX, NEED_AVX512, BIT(5)},                       /* avx512_bf16 */
	{LEAF_14, CPU_EBX, NEED_NOTHING, BIT(4)},                       /* ptwrite */
};

static bool has(enum cpu_leaf leaf, enum cpu_register reg, unsigned bit)
{
	return the_cpu.leaves[leaf].cpuid[reg] >> bit & 1;
}

static bool kernel_keeps(enum need need, uint32_t xcr0)
{
	switch (need) {
	case NEED_NOTHING: return true;
	case NEED_XSAVE: return xcr0 != 0;
	case NEED_AVX: return (xcr0 & STATE_AVX) == STATE_AVX && has(LEAF_1, CPU_ECX, 28);
	case NEED_AVX512:
		return (xcr0 & STATE_AVX) == STATE_AVX && (xcr0 & STATE_AVX512) == STATE_AVX512 &&
		       has(LEAF_7, CPU_EBX, 16);
	case NEED_AMX: return (xcr0 & STATE_AMX) == STATE_AMX;
	}
	return false;
}

static uint32_t read_xcr0(void)
{
	uint32_t low = 0, high;
	if (has(LEAF_1, CPU_ECX, 27))
		__asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
	return low;
}

static void set_active(uint32_t xcr0)
{
	for (unsigned i = 0; i < sizeof(usable) / sizeof(usable[0]); i++) {
		const struct usable *u = &usable[i];
		struct cpu_leaf_bits *leaf = &the_cpu.leaves[u->leaf];
		if (kernel_keeps(u->need, xcr0))
			leaf->active[u->reg] |= leaf->cpuid[u->reg] & u->bits;
	}
	uint32_t *leaf7 = the_cpu.leaves[LEAF_7].active;
	if (has(LEAF_7, CPU_EDX, 11)) /* transactions always abort */
		leaf7[CPU_EBX] &= ~BIT(11);
	if (has(LEAF_7, CPU_ECX, 4)) /* the kernel uses protection keys: pku */
		leaf7[CPU_ECX] |= BIT(3);
	if (has(LEAF_19, CPU_EBX, 0)) {
		the_cpu.leaves[LEAF_19].active[CPU_EBX] |= the_cpu.leaves[LEAF_19].cpuid[CPU_EBX] & (BIT(0) | BIT(2));
		leaf7[CPU_ECX] |= the_cpu.leaves[LEAF_7].cpuid[CPU_ECX] & BIT(23);
	}
}

/* The area `xsavec` writes: components in order, without gaps, some aligned to 64 (SDM volume 1, 13.4.3). */
static void measure_xsave(void)
{
	if (the_cpu.max_leaf < 0xd || !has(LEAF_1, CPU_ECX, 27))
		return;
	uint32_t full = cpuid(0xd, 0).r[CPU_EBX];
	if (!full)
		return;
	the_cpu.xsave_full_size = (full + XSAVE_EXTRA + 63) & ~UINT64_C(63);
	the_cpu.xsave_size = the_cpu.xsave_full_size;
	if (!has(LEAF_D_1, CPU_EAX, 1))
		return;
	uint32_t at = 576, size = 0; /* the legacy area and the header */
	for (unsigned i = 2; i < 32; i++) {
		if (!(STATE_SAVED & BIT(i)))
			continue;
		struct regs component = cpuid(0xd, i);
		if (i > 2 && component.r[CPU_ECX] & BIT(1))
			at = (at + 63) & ~63u;
		size = at + component.r[CPU_EAX];
		at = size;
	}
	the_cpu.xsave_size = ((uint64_t)size + XSAVE_EXTRA + 63) & ~UINT64_C(63);
}

/* The micro-architecture levels that the active features make, one bit each. */
static uint32_t active_levels(void)
{
	/* cmov cx8 fxsr mmx sse sse2 */
	uint32_t edx = the_cpu.leaves[LEAF_1].active[CPU_EDX], ecx = the_cpu.leaves[LEAF_1].active[CPU_ECX];
	uint32_t ext = the_cpu.leaves[LEAF_80000001].active[CPU_ECX], ebx7 = the_cpu.leaves[LEAF_7].active[CPU_EBX];
	const uint32_t baseline = BIT(15) | BIT(8) | BIT(24) | BIT(23) | BIT(25) | BIT(26);
	const uint32_t v2 = BIT(13) | BIT(23) | BIT(0) | BIT(9) | BIT(19) | BIT(20);
	const uint32_t v3 = BIT(28) | BIT(29) | BIT(12) | BIT(22), v3_leaf7 = BIT(5) | BIT(3) | BIT(8);
	const uint32_t v4 = BIT(16) | BIT(30) | BIT(28) | BIT(17) | BIT(31);
	if ((edx & baseline) != baseline)
		return 0;
	if ((ecx & v2) != v2 || !(ext & BIT(0)))
		return 1;
	if ((ecx & v3) != v3 || (ebx7 & v3_leaf7) != v3_leaf7 || !(ext & BIT(5)))
		return 3;
	return (ebx7 & v4) == v4 ? 15 : 7;
}

unsigned cpu_level(void)
{
	uint32_t levels = active_levels();
	return levels & 8 ? 4 : levels & 4 ? 3 : levels & 2 ? 2 : 1;
}

/* --- preferences, as glibc has them */

enum {
	FAST_REP_STRING = BIT(0),
	FAST_COPY_BACKWARD = BIT(1),
	SLOW_BSF = BIT(2),
	FAST_UNALIGNED_LOAD = BIT(3),
	PREFER_PMINUB = BIT(4),
	FAST_UNALIGNED_COPY = BIT(5),
	RUNS_I586 = BIT(6),
	RUNS_I686 = BIT(7),
	SLOW_SSE4_2 = BIT(8),
	AVX_FAST_UNALIGNED_LOAD = BIT(9),
	PREFER_NO_VZEROUPPER = BIT(10),
	PREFER_NO_AVX512 = BIT(12),
	AVOID_SHORT_REP_MOVSB = BIT(15),
};

/* Transactional memory is broken on these (Intel, family 6). */
static void forbid_transactions(uint32_t model, uint32_t stepping)
{
	uint32_t *ebx = &the_cpu.leaves[LEAF_7].active[CPU_EBX], *edx = &the_cpu.leaves[LEAF_7].active[CPU_EDX];
	bool skylake = (model == 0x55 && stepping <= 5) || ((model == 0x8e || model == 0x9e) && stepping <= 0xc) ||
		       model == 0x4e || model == 0x5e;
	bool haswell = (model == 0x3f && stepping < 4) || model == 0x3c || model == 0x45 || model == 0x46;
	if (skylake) {
		*ebx &= ~(BIT(4) | BIT(11));
		*edx |= BIT(11);
	} else if (haswell) {
		*ebx &= ~BIT(11);
	}
}

static uint32_t intel_preferred(uint32_t model)
{
	const uint32_t unaligned = FAST_UNALIGNED_LOAD | FAST_UNALIGNED_COPY | PREFER_PMINUB;
	switch (model) {
	case 0x1c: case 0x26: return SLOW_BSF;
	case 0x57: case 0x7a: case 0x5c: case 0x5f: case 0x4c: case 0x5a: case 0x75: /* Silvermont and its kin */
	case 0x37: case 0x4a: case 0x4d: case 0x5d: return unaligned | SLOW_SSE4_2;
	case 0x86: case 0x96: case 0x9c: return FAST_REP_STRING | unaligned | SLOW_SSE4_2; /* Tremont */
	case 0x1a: case 0x1e: case 0x1f: case 0x25: case 0x2c: case 0x2e: case 0x2f: return FAST_REP_STRING | unaligned;
	default: return has(LEAF_1, CPU_ECX, 28) ? FAST_REP_STRING | unaligned : 0;
	}
}

static void prefer(void)
{
	uint32_t *preferred = &the_cpu.preferred;
	if (cpu_active(LEAF_7, CPU_EBX, 5))
		*preferred |= AVX_FAST_UNALIGNED_LOAD;
	if (the_cpu.maker == CPU_INTEL) {
		if (the_cpu.family == 6) {
			*preferred |= intel_preferred(the_cpu.model);
			forbid_transactions(the_cpu.model, the_cpu.stepping);
		}
		if (has(LEAF_7, CPU_EBX, 27)) {
			*preferred |= PREFER_NO_VZEROUPPER;
		} else {
			if (!has(LEAF_7_1, CPU_EAX, 4))
				*preferred |= PREFER_NO_AVX512;
			if (cpu_active(LEAF_7, CPU_EBX, 11))
				*preferred |= PREFER_NO_VZEROUPPER;
		}
		if (has(LEAF_7, CPU_EDX, 4))
			*preferred |= AVOID_SHORT_REP_MOVSB;
	} else if (the_cpu.maker == CPU_AMD) {
		struct cpu_leaf_bits *extended = &the_cpu.leaves[LEAF_80000001];
		if (cpu_active(LEAF_1, CPU_ECX, 28)) /* fma4 */
			extended->active[CPU_ECX] |= extended->cpuid[CPU_ECX] & BIT(16);
		if (the_cpu.family == 0x15 && the_cpu.model >= 0x60 && the_cpu.model <= 0x7f) { /* Excavator */
			*preferred |= FAST_UNALIGNED_LOAD | FAST_COPY_BACKWARD;
			*preferred &= ~(uint32_t)AVX_FAST_UNALIGNED_LOAD;
		}
	} else if (the_cpu.maker == CPU_ZHAOXIN) {
		bool old = (the_cpu.family == 6 && (the_cpu.model == 0xf || the_cpu.model == 0x19)) ||
			   (the_cpu.family == 7 && (the_cpu.model == 0x1b || the_cpu.model == 0x3b));
		if (old) {
			the_cpu.leaves[LEAF_1].active[CPU_ECX] &= ~BIT(28);
			the_cpu.leaves[LEAF_7].active[CPU_EBX] &= ~BIT(5);
			*preferred &= ~(uint32_t)AVX_FAST_UNALIGNED_LOAD;
			if (the_cpu.model != 0x3b)
				*preferred |= SLOW_SSE4_2;
		}
	}
	if (has(LEAF_1, CPU_EDX, 8))
		*preferred |= RUNS_I586;
	if (has(LEAF_1, CPU_EDX, 15))
		*preferred |= RUNS_I686;
}

/* --- caches */

static struct cpu_cache amd_cache(uint32_t bits, bool level1)
{
	static const uint8_t ways[16] = {0, 1, 2, 0, 4, 0, 8, 0, 16, 0, 32, 48, 64, 96, 128, 0};
	struct cpu_cache cache = {.line = bits & 0xff};
	if (level1) {
		cache.size = bits >> 14 & 0x3fc00;
		cache.assoc = bits >> 16 & 0xff;
		if (cache.assoc == 0xff)
			cache.assoc = bits << 2 & 0x3fc00;
		return cache;
	}
	if (!(bits & 0xf000))
		return (struct cpu_cache){.size = 0};
	cache.size = bits >> 6 & 0x3fffc00;
	cache.assoc = ways[bits >> 12 & 15];
	if ((bits >> 12 & 15) == 15 && cache.line)
		cache.assoc = cache.size / cache.line;
	return cache;
}

/* What one thread can count on of the last level; the_cpu.shared_cache is all of it. */
static int64_t amd_caches(void)
{
	the_cpu.level4.size = (uint64_t)-1;
	uint32_t max = cpuid(0x80000000, 0).r[CPU_EAX];
	struct regs l1 = max >= 0x80000005 ? cpuid(0x80000005, 0) : (struct regs){.r = {0}};
	struct regs l23 = max >= 0x80000006 ? cpuid(0x80000006, 0) : (struct regs){.r = {0}};
	the_cpu.level1_data = amd_cache(l1.r[CPU_ECX], true);
	the_cpu.level1_code = amd_cache(l1.r[CPU_EDX], true);
	the_cpu.level2 = amd_cache(l23.r[CPU_ECX], false);
	the_cpu.level3 = amd_cache(l23.r[CPU_EDX], false);
	the_cpu.level3.size = the_cpu.level3.line ? (uint64_t)(l23.r[CPU_EDX] & 0x3ffc0000) << 1 : 0;
	if ((l23.r[CPU_EDX] >> 12 & 15) == 15 && the_cpu.level3.line)
		the_cpu.level3.assoc = the_cpu.level3.size / the_cpu.level3.line;

	uint64_t share = the_cpu.level3.size, threads = 0;
	if (!share) {
		the_cpu.shared_cache = the_cpu.level2.size;
		return (int64_t)the_cpu.level2.size;
	}
	the_cpu.shared_cache = share;
	if (max >= 0x80000008)
		threads = UINT64_C(1) << (the_cpu.leaves[LEAF_80000008].cpuid[CPU_ECX] >> 12 & 15);
	if ((threads == 0 || the_cpu.family >= 0x17) && has(LEAF_1, CPU_EDX, 28))
		threads = the_cpu.leaves[LEAF_1].cpuid[CPU_EBX] >> 16 & 0xff;
	if (threads)
		share /= threads;
	if (the_cpu.family >= 0x17) { /* the level-3 cache belongs to a core complex */
		share *= (cpuid(0x8000001d, 3).r[CPU_EAX] >> 14 & 0xfff) + 1;
	} else {
		the_cpu.shared_cache += the_cpu.level2.size;
		share += the_cpu.level2.size;
	}
	return (int64_t)share;
}

/* Leaf 4: one cache a subleaf. `absent` is what the numbers of the others are. */
static void leaf4_caches(uint64_t absent)
{
	const struct cpu_cache none = {absent, absent, absent};
	the_cpu.level1_code = the_cpu.level1_data = the_cpu.level2 = the_cpu.level3 = the_cpu.level4 = none;
	for (uint32_t i = 0; the_cpu.max_leaf >= 4 && i < 16; i++) {
		struct regs regs = cpuid(4, i);
		uint32_t type = regs.r[CPU_EAX] & 31, level = regs.r[CPU_EAX] >> 5 & 7, ebx = regs.r[CPU_EBX];
		if (!type)
			break;
		struct cpu_cache *cache = level == 1 ? (type == 1 ? &the_cpu.level1_data : &the_cpu.level1_code) :
					  level == 2 ? &the_cpu.level2 :
					  level == 3 ? &the_cpu.level3 : &the_cpu.level4;
		cache->assoc = (ebx >> 22) + 1;
		cache->line = (ebx & 0xfff) + 1;
		cache->size = cache->assoc * cache->line * ((ebx >> 12 & 0x3ff) + 1) * ((uint64_t)regs.r[CPU_ECX] + 1);
	}
}

/* Leaf 2: descriptors of caches, of which 0xff, and a count other than 1, refer to leaf 4. */
static bool leaf2_refers_to_leaf4(void)
{
	if (the_cpu.max_leaf < 2)
		return true;
	struct regs regs = cpuid(2, 0);
	if ((regs.r[CPU_EAX] & 0xff) != 1)
		return true;
	for (unsigned i = 0; i < 4; i++)
		for (unsigned shift = 0; !(regs.r[i] & BIT(31)) && shift < 32; shift += 8)
			if ((regs.r[i] >> shift & 0xff) == 0xff)
				return true;
	return false;
}

/* How many threads share a cache, from room for how many leaf 4 says there is (minus 1): leaf 11 has the number of those
 * that were made, of a core (type 1) and of all cores (type 2). */
static uint32_t sharing(uint32_t room, uint32_t type)
{
	for (uint32_t i = 0; room && the_cpu.max_leaf >= 11 && i < 16; i++) {
		struct regs regs = cpuid(11, i);
		uint32_t made = regs.r[CPU_EBX] & 0xff, of = regs.r[CPU_ECX] >> 8 & 0xff;
		if (!made || !of)
			break;
		if (of == type)
			return ((made - 1) & (UINT32_MAX >> __builtin_clz(room))) + 1;
	}
	return room ? room + 1 : 0;
}

/* The same as amd_caches() for processors with leaf 4. */
static int64_t share_of_last_level(void)
{
	int64_t level2 = (int64_t)the_cpu.level2.size, level3 = (int64_t)the_cpu.level3.size, share;
	bool has3 = level3 > 0, found2 = false, found3 = !has3, inclusive = true;
	the_cpu.shared_cache = (uint64_t)(share = has3 ? level3 : level2);
	if (!has(LEAF_1, CPU_EDX, 28)) /* one thread */
		return share;
	uint32_t room2 = 0, room3 = 0;
	for (uint32_t i = 0; the_cpu.max_leaf >= 4 && i < 16 && !(found2 && found3); i++) {
		struct regs regs = cpuid(4, i);
		uint32_t level = regs.r[CPU_EAX] >> 5 & 7, room = regs.r[CPU_EAX] >> 14 & 0x3ff;
		if (!(regs.r[CPU_EAX] & 31))
			break;
		if (level == 2 && !found2) {
			room2 = room;
			found2 = true;
		} else if (level == 3 && !found3) {
			room3 = room;
			inclusive = regs.r[CPU_EDX] & BIT(1);
			found3 = true;
		}
	}
	uint32_t threads = the_cpu.leaves[LEAF_1].cpuid[CPU_EBX] >> 16 & 0xff, threads2 = room2;
	if (found2 && found3) {
		bool counted = the_cpu.maker != CPU_ZHAOXIN || the_cpu.family != 6;
		threads2 = counted ? sharing(room2, has3 ? 1 : 2) : room2 ? room2 + 1 : 0;
		uint32_t threads3 = counted ? sharing(room3, 2) : room3 ? room3 + 1 : 0;
		threads = has3 ? threads3 : threads2;
		bool silvermont = the_cpu.model == 0x37 || the_cpu.model == 0x4a || the_cpu.model == 0x4d ||
				  the_cpu.model == 0x5a || the_cpu.model == 0x5d;
		if (!has3 && threads > 2 && the_cpu.maker == CPU_INTEL && the_cpu.family == 6 && silvermont)
			threads = 2;
	}
	if (share > 0 && threads)
		share /= threads;
	if (!inclusive) {
		share += threads2 ? level2 / threads2 : level2;
		the_cpu.shared_cache += (uint64_t)level2;
	}
	return share;
}

static int64_t intel_caches(void)
{
	leaf4_caches(leaf2_refers_to_leaf4() ? (uint64_t)-1 : 0);
	return share_of_last_level();
}

static int64_t zhaoxin_caches(void)
{
	leaf4_caches(0);
	the_cpu.level4.size = (uint64_t)-1;
	return share_of_last_level();
}

static int64_t unknown_caches(void)
{
	memset(&the_cpu.level1_code, 0xff, sizeof(struct cpu_cache));
	the_cpu.level1_data = the_cpu.level2 = the_cpu.level3 = the_cpu.level4 = the_cpu.level1_code;
	the_cpu.shared_cache = (uint64_t)-1;
	return -1;
}

static uint64_t tuned(const char *name, uint64_t fallback, uint64_t least)
{
	uint64_t value = tunable_number(name, 0);
	return value && value >= least ? value : fallback;
}

static unsigned vector_size(void)
{
	if (cpu_active(LEAF_7, CPU_EBX, 16) && !(the_cpu.preferred & PREFER_NO_AVX512))
		return 64;
	return the_cpu.preferred & AVX_FAST_UNALIGNED_LOAD ? 32 : 16;
}

uint64_t cpu_least_rep_movsb(void)
{
	return vector_size() * UINT64_C(8);
}

static void set_thresholds(void)
{
	int64_t share = the_cpu.maker == CPU_INTEL   ? intel_caches() :
			the_cpu.maker == CPU_AMD     ? amd_caches() :
			the_cpu.maker == CPU_ZHAOXIN ? zhaoxin_caches() : unknown_caches();
	the_cpu.data_cache = the_cpu.level1_data.size;

	unsigned vector = vector_size();
	uint64_t movsb = vector == 16 ? 2048 : 4096 * (vector / 16);
	if (cpu_active(LEAF_7, CPU_EDX, 4))
		movsb = 2112;
	/* A quarter of the last level, but not less than three quarters of a thread's share of it, which is all when moving
	 * strings is slow. */
	uint64_t non_temporal = (uint64_t)((int64_t)the_cpu.shared_cache / 4), low = (uint64_t)(share * 3 / 4);
	if (non_temporal < low || !cpu_active(LEAF_7, CPU_EBX, 9))
		non_temporal = low;
	if (non_temporal < CPU_LEAST_NON_TEMPORAL)
		non_temporal = CPU_LEAST_NON_TEMPORAL;
	if (non_temporal > CPU_MOST_NON_TEMPORAL)
		non_temporal = CPU_MOST_NON_TEMPORAL;
	the_cpu.data_cache = tuned("glibc.cpu.x86_data_cache_size", the_cpu.data_cache, 1);
	the_cpu.shared_cache = tuned("glibc.cpu.x86_shared_cache_size", the_cpu.shared_cache, 1);
	uint64_t wanted = tuned("glibc.cpu.x86_non_temporal_threshold", non_temporal, CPU_LEAST_NON_TEMPORAL + 1);
	the_cpu.non_temporal_threshold = wanted <= CPU_MOST_NON_TEMPORAL ? wanted : non_temporal;
	the_cpu.rep_movsb_threshold = tuned("glibc.cpu.x86_rep_movsb_threshold", movsb,
					    cpu_least_rep_movsb() + 1);
	the_cpu.rep_stosb_threshold = tuned("glibc.cpu.x86_rep_stosb_threshold", 2048, 1);
	the_cpu.rep_movsb_stop_threshold =
		the_cpu.maker == CPU_AMD ? the_cpu.level2.size : the_cpu.non_temporal_threshold;
}

/* --- GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,Prefer_ERMS: features off, preferences on or off */

/* Features that can be switched off. */
static const struct feature {
	const char *name;
	uint8_t leaf, reg, bit;
} features[] = {
	{"AVX", LEAF_1, CPU_ECX, 28},       {"AVX2", LEAF_7, CPU_EBX, 5},      {"AVX512BW", LEAF_7, CPU_EBX, 30},
	{"AVX512CD", LEAF_7, CPU_EBX, 28},  {"AVX512DQ", LEAF_7, CPU_EBX, 17}, {"AVX512ER", LEAF_7, CPU_EBX, 27},
	{"AVX512F", LEAF_7, CPU_EBX, 16},   {"AVX512PF", LEAF_7, CPU_EBX, 26}, {"AVX512VL", LEAF_7, CPU_EBX, 31},
	{"BMI1", LEAF_7, CPU_EBX, 3},       {"BMI2", LEAF_7, CPU_EBX, 8},      {"CMOV", LEAF_1, CPU_EDX, 15},
	{"CX8", LEAF_1, CPU_EDX, 8},        {"ERMS", LEAF_7, CPU_EBX, 9},      {"FMA", LEAF_1, CPU_ECX, 12},
	{"FMA4", LEAF_80000001, CPU_ECX, 16}, {"HTT", LEAF_1, CPU_EDX, 28},    {"IBT", LEAF_7, CPU_EDX, 20},
	{"LZCNT", LEAF_80000001, CPU_ECX, 5}, {"MOVBE", LEAF_1, CPU_ECX, 22},  {"OSXSAVE", LEAF_1, CPU_ECX, 27},
	{"POPCNT", LEAF_1, CPU_ECX, 23},    {"RTM", LEAF_7, CPU_EBX, 11},      {"SHSTK", LEAF_7, CPU_ECX, 7},
	{"SSE2", LEAF_1, CPU_EDX, 26},      {"SSE4_1", LEAF_1, CPU_ECX, 19},   {"SSE4_2", LEAF_1, CPU_ECX, 20},
	{"SSSE3", LEAF_1, CPU_ECX, 9},      {"XSAVE", LEAF_1, CPU_ECX, 26},    {"XSAVEC", LEAF_D_1, CPU_EAX, 1},
};

/* Preferences by their bits. Some can only be switched on when the processor has a feature. */
static const struct preference {
	const char *name, *needs; /* needs "-": can't be switched on */
} preferences[] = {
	{"Fast_Rep_String", NULL}, {"Fast_Copy_Backward", NULL}, {"Slow_BSF", NULL}, {"Fast_Unaligned_Load", NULL},
	{"Prefer_PMINUB_for_stringop", "SSE2"}, {"Fast_Unaligned_Copy", NULL}, {"I586", "-"}, {"I686", "-"},
	{"Slow_SSE4_2", "SSE4_2"}, {"AVX_Fast_Unaligned_Load", "AVX"}, {"Prefer_No_VZEROUPPER", "AVX"},
	{"Prefer_ERMS", NULL}, {"Prefer_No_AVX512", "AVX512F"}, {"MathVec_Prefer_No_AVX512", "AVX512F"},
	{"Prefer_FSRM", NULL},
};

static bool is_word(const char *name, const char *word, size_t length)
{
	return strlen(name) == length && memcmp(name, word, length) == 0;
}

static const struct feature *feature_named(const char *word, size_t length)
{
	for (unsigned i = 0; i < sizeof(features) / sizeof(features[0]); i++)
		if (is_word(features[i].name, word, length))
			return &features[i];
	return NULL;
}

static void switch_one(const char *word, size_t length, bool off)
{
	const struct feature *feature = feature_named(word, length);
	if (feature && off) {
		the_cpu.leaves[feature->leaf].active[feature->reg] &= ~BIT(feature->bit);
		if (feature->leaf == LEAF_D_1) /* without xsavec, the standard format is written */
			the_cpu.xsave_size = the_cpu.xsave_full_size;
	}
	for (unsigned i = 0; i < sizeof(preferences) / sizeof(preferences[0]); i++) {
		const char *needs = preferences[i].needs;
		if (!is_word(preferences[i].name, word, length))
			continue;
		const struct feature *needed = needs ? feature_named(needs, strlen(needs)) : NULL;
		if (off)
			the_cpu.preferred &= ~BIT(i);
		else if (!needs || (needed && cpu_active(needed->leaf, needed->reg, needed->bit)))
			the_cpu.preferred |= BIT(i);
	}
}

/* What a program can't use without the kernel's help in saving registers. */
static void forget_wide_registers(void)
{
	if (!cpu_active(LEAF_1, CPU_ECX, 27)) { /* osxsave: xsave, and xsaveopt xsavec xgetbv1 xfd */
		the_cpu.leaves[LEAF_1].active[CPU_ECX] &= ~BIT(26);
		the_cpu.leaves[LEAF_D_1].active[CPU_EAX] &= ~(BIT(0) | BIT(1) | BIT(2) | BIT(4));
	}
	if (cpu_active(LEAF_1, CPU_ECX, 26) || cpu_active(LEAF_D_1, CPU_EAX, 1))
		return;
	the_cpu.xsave_size = 0;
	for (const struct usable *u = usable; u < usable + sizeof(usable) / sizeof(usable[0]); u++)
		if (u->need == NEED_AVX || u->need == NEED_AVX512 || u->need == NEED_AMX)
			the_cpu.leaves[u->leaf].active[u->reg] &= ~u->bits;
	the_cpu.leaves[LEAF_80000001].active[CPU_ECX] &= ~BIT(16); /* fma4 */
}

static void apply_tunable(void)
{
	const char *word = tunable_text("glibc.cpu.hwcaps");
	while (word && *word && *word != ':') {
		size_t length = 0;
		while (word[length] && word[length] != ',' && word[length] != ':')
			length++;
		bool off = *word == '-';
		switch_one(word + off, length - off, off);
		word += length + (word[length] == ',');
	}
	forget_wide_registers();
}

/* --- names of old: of the processor for $PLATFORM, and the bits that AT_HWCAP stands for */

static void name_processor(const char **platform)
{
	/* fma movbe popcnt; bmi1 avx2 bmi2 */
	const uint32_t ecx = BIT(12) | BIT(22) | BIT(23), ebx = BIT(3) | BIT(5) | BIT(8);
	const uint32_t wide = BIT(17) | BIT(30) | BIT(31); /* avx512: dq bw vl */
	uint32_t ebx7 = the_cpu.leaves[LEAF_7].active[CPU_EBX];
	bool phi = false;
	the_cpu.hwcap = HWCAP_X86_64;
	if (the_cpu.maker != CPU_INTEL)
		return;
	if (ebx7 & BIT(28)) { /* avx512cd */
		phi = (ebx7 & BIT(27)) && (ebx7 & BIT(26)); /* avx512: er pf */
		if (!(ebx7 & BIT(27)) && (ebx7 & wide) == wide)
			the_cpu.hwcap |= HWCAP_AVX512_1;
	}
	if (phi)
		*platform = "xeon_phi";
	else if ((the_cpu.leaves[LEAF_1].active[CPU_ECX] & ecx) == ecx && (ebx7 & ebx) == ebx &&
		 cpu_active(LEAF_80000001, CPU_ECX, 5)) /* lzcnt */
		*platform = "haswell";
}

/* --- start */

static enum cpu_maker maker_of(const struct regs *leaf0)
{
	char name[13] = {0};
	memcpy(name, &leaf0->r[CPU_EBX], 4);
	memcpy(name + 4, &leaf0->r[CPU_EDX], 4);
	memcpy(name + 8, &leaf0->r[CPU_ECX], 4);
	if (text_equal(name, "GenuineIntel"))
		return CPU_INTEL;
	if (text_equal(name, "AuthenticAMD") || text_equal(name, "HygonGenuine"))
		return CPU_AMD;
	if (text_equal(name, "CentaurHauls") || text_equal(name, "  Shanghai  "))
		return CPU_ZHAOXIN;
	return CPU_OTHER;
}

static void keep(enum cpu_leaf leaf, uint32_t number, uint32_t subleaf, uint32_t max)
{
	if (number > max)
		return;
	struct regs regs = cpuid(number, subleaf);
	memcpy(the_cpu.leaves[leaf].cpuid, regs.r, sizeof(regs.r));
}

void cpu_start(const char **platform)
{
	struct regs leaf0 = cpuid(0, 0);
	uint32_t max = leaf0.r[CPU_EAX], max_extended = cpuid(0x80000000, 0).r[CPU_EAX];
	the_cpu.max_leaf = max;
	the_cpu.maker = maker_of(&leaf0);
	keep(LEAF_1, 1, 0, max);
	keep(LEAF_7, 7, 0, max);
	keep(LEAF_7_1, 7, 1, max);
	keep(LEAF_D_1, 0xd, 1, max);
	keep(LEAF_14, 0x14, 0, max);
	keep(LEAF_19, 0x19, 0, max);
	keep(LEAF_80000001, 0x80000001, 0, max_extended);
	keep(LEAF_80000007, 0x80000007, 0, max_extended);
	keep(LEAF_80000008, 0x80000008, 0, max_extended);

	if (the_cpu.maker != CPU_OTHER) {
		uint32_t eax = the_cpu.leaves[LEAF_1].cpuid[CPU_EAX];
		the_cpu.family = eax >> 8 & 15;
		the_cpu.model = eax >> 4 & 15;
		the_cpu.stepping = eax & 15;
		uint32_t extended = eax >> 12 & 0xf0;
		if (the_cpu.family == 15) {
			the_cpu.family += eax >> 20 & 0xff;
			the_cpu.model += extended;
		} else if (the_cpu.maker != CPU_AMD) {
			the_cpu.model += extended;
		}
	}
	set_active(read_xcr0());
	measure_xsave();
	prefer();
	the_cpu.isa = active_levels(); /* whatever is switched off: the C library's own code was built for it */
	set_thresholds();
	apply_tunable();
	name_processor(platform);
}
