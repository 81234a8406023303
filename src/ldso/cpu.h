/* What the processor can do, as the C library's indirect functions want to know it. */
#ifndef GILD_LDSO_CPU_H
#define GILD_LDSO_CPU_H

#include <stdbool.h>
#include <stdint.h>

enum cpu_maker { CPU_UNKNOWN, CPU_INTEL, CPU_AMD, CPU_ZHAOXIN, CPU_OTHER }; /* numbers of glibc */

/* The CPUID leaves whose bits are kept, in the order of glibc 2.33 and later. */
enum cpu_leaf {
	LEAF_1, LEAF_7, LEAF_80000001, LEAF_D_1, LEAF_80000007, LEAF_80000008, LEAF_7_1, LEAF_19, LEAF_14, CPU_LEAVES
};
enum cpu_register { CPU_EAX, CPU_EBX, CPU_ECX, CPU_EDX };

struct cpu_leaf_bits {
	uint32_t cpuid[4];  /* as the processor says */
	uint32_t active[4]; /* what a program may use: the kernel keeps its state, no erratum forbids it */
};

/* Subdirectories of old, by their bits in glibc; gild searches none of them (docs/ldso.md). */
enum { HWCAP_X86_64 = 2, HWCAP_AVX512_1 = 4 };

/* Bounds of non_temporal_threshold: one round of the C library's unrolled loop, and what it may shift. */
#define CPU_LEAST_NON_TEMPORAL UINT64_C(0x4040)
#define CPU_MOST_NON_TEMPORAL (UINT64_MAX >> 4)

/* Sizes in bytes; -1: not known. */
struct cpu_cache {
	uint64_t size, assoc, line;
};

struct cpu {
	enum cpu_maker maker;
	uint32_t max_leaf, family, model, stepping;
	struct cpu_leaf_bits leaves[CPU_LEAVES];
	uint32_t preferred; /* glibc's bits: which variant of memcpy and its like is fast here */
	uint32_t isa;       /* bits: baseline, v2, v3, v4 */
	uint32_t hwcap;     /* HWCAP_*: what getauxval(AT_HWCAP) gives */
	uint64_t xsave_size, xsave_full_size; /* of the area the trampolines save registers in, with 64 bytes more */
	struct cpu_cache level1_code, level1_data, level2, level3, level4;
	uint64_t data_cache, shared_cache;
	uint64_t non_temporal_threshold, rep_movsb_threshold, rep_movsb_stop_threshold, rep_stosb_threshold;
};

extern struct cpu the_cpu;

/* Asks the processor. Once, before any other use. *platform, the kernel's name for it (AT_PLATFORM), becomes the C
 * library's own where that has one. */
void cpu_start(const char **platform);

/* 1..4: x86-64, x86-64-v2, -v3, -v4 (psABI, "Micro-Architecture Levels"). */
unsigned cpu_level(void);

/* rep_movsb_threshold is never below this. */
uint64_t cpu_least_rep_movsb(void);

static inline bool cpu_active(enum cpu_leaf leaf, enum cpu_register reg, unsigned bit)
{
	return the_cpu.leaves[leaf].active[reg] >> bit & 1;
}

#endif
