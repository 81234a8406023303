/* LD_DEBUG=statistics: how long the start took, in cycles of the processor's time stamp counter. */
#ifndef GILD_LDSO_STATISTICS_H
#define GILD_LDSO_STATISTICS_H

#include "ldso/loader.h"

struct statistics {
	uint64_t begin, load_begin, load_end, relocate_begin, relocate_end; /* time stamps */
};

static inline uint64_t time_stamp(void)
{
	uint32_t low, high;
	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return (uint64_t)high << 32 | low;
}

/* At the end of the start. */
void statistics_show_start(struct loader *ld, const struct statistics *times);

/* At the end of the process. */
void statistics_show_end(struct loader *ld);

#endif
