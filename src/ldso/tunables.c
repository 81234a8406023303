#include "ldso/tunables.h"

#include "ldso/cpu.h"
#include "ldso/export.h"
#include "ldso/glibc/abi.h"
#include "ldso/heap.h"
#include "ldso/loader.h"
#include "ldso/text.h"

/* The text of GLIBC_TUNABLES, NULL: none. It lives as long as the process. */
static const char *settings;
static bool any_variable; /* some tunable may have its own variable in the environment */

void tunables_start(const struct loader *ld)
{
	if (ld->secure)
		return;
	settings = environment(ld, "GLIBC_TUNABLES");
	for (char **entry = ld->envp; *entry; entry++)
		any_variable |= text_begins(*entry, "MALLOC_") || text_begins(*entry, "LD_HWCAP_MASK=");
}

/* The last one counts. */
const char *tunable_text(const char *name)
{
	size_t length = strlen(name);
	const char *value = NULL;
	for (const char *at = settings; at && *at;) {
		if (text_begins(at, name) && at[length] == '=')
			value = at + length + 1;
		at = index(at, ':');
		if (at)
			at++;
	}
	return value;
}

uint64_t tunable_number(const char *name, uint64_t fallback)
{
	const char *value = tunable_text(name);
	return value ? text_number(value) : fallback;
}

/* A tunable that has a variable of its own, from before there were tunables (glibc manual, "Memory Allocation
 * Tunables"): its value, NULL: none. GLIBC_TUNABLES goes before it. */
static const char *own_variable(const char *name)
{
	static const struct {
		const char *tunable, *variable;
	} all[] = {
		{"glibc.malloc.check", "MALLOC_CHECK_"},
		{"glibc.malloc.top_pad", "MALLOC_TOP_PAD_"},
		{"glibc.malloc.perturb", "MALLOC_PERTURB_"},
		{"glibc.malloc.mmap_max", "MALLOC_MMAP_MAX_"},
		{"glibc.malloc.mmap_threshold", "MALLOC_MMAP_THRESHOLD_"},
		{"glibc.malloc.trim_threshold", "MALLOC_TRIM_THRESHOLD_"},
		{"glibc.malloc.arena_max", "MALLOC_ARENA_MAX"},
		{"glibc.malloc.arena_test", "MALLOC_ARENA_TEST"},
		{"glibc.cpu.hwcap_mask", "LD_HWCAP_MASK"},
	};
	for (unsigned i = 0; any_variable && i < sizeof(all) / sizeof(all[0]); i++)
		if (text_equal(all[i].tunable, name))
			return environment(&the_loader, all[i].variable);
	return NULL;
}

/* The number in a text, when it is within the tunable's bounds. */
static bool number_within(const struct tunable *tunable, const char *text, uint64_t *number)
{
	if (!text)
		return false;
	uint64_t value = text_number(text);
	bool inside = value >= tunable->minimum && value <= tunable->maximum;
	if (tunable->type == TUNABLE_INT_32)
		inside = (int64_t)value >= (int64_t)tunable->minimum && (int64_t)value <= (int64_t)tunable->maximum;
	if (inside)
		*number = value;
	return inside;
}

/* The value the user gave. */
static bool user_value(const struct tunable *tunable, uint64_t *number)
{
	return tunable->type != TUNABLE_STRING &&
	       (number_within(tunable, tunable_text(tunable->name), number) ||
		number_within(tunable, own_variable(tunable->name), number));
}

static const struct tunable *by_number(unsigned number)
{
	const struct glibc_abi *abi = the_loader.abi;
	return number < abi->ntunables ? &abi->tunables[number] : NULL;
}

/* libc: the value of a tunable by its number; `changed` is called when the user set it, with the address of a union of
 * number and text. */
EXPORT void __tunable_get_val(unsigned number, void *value, void (*changed)(void *));
EXPORT void __tunable_get_val(unsigned number, void *value, void (*changed)(void *))
{
	const struct tunable *tunable = by_number(number);
	uint64_t now = tunable ? tunable->value : 0;
	bool by_user = tunable && user_value(tunable, &now);
	if (tunable && tunable->type == TUNABLE_INT_32)
		*(int32_t *)value = (int32_t)now;
	else
		*(uint64_t *)value = now;
	if (by_user && changed)
		changed(&now);
}

/* --- --list-tunables */

/* What cpu.c found out; the bounds depend on the processor too. */
static void computed(struct tunable *tunable)
{
	const struct {
		const char *name;
		uint64_t value, minimum, maximum;
	} all[] = {
		{"glibc.cpu.x86_data_cache_size", the_cpu.data_cache, 0, UINT64_MAX},
		{"glibc.cpu.x86_shared_cache_size", the_cpu.shared_cache, 0, UINT64_MAX},
		{"glibc.cpu.x86_non_temporal_threshold", the_cpu.non_temporal_threshold,
		 CPU_LEAST_NON_TEMPORAL, CPU_MOST_NON_TEMPORAL},
		{"glibc.cpu.x86_rep_movsb_threshold", the_cpu.rep_movsb_threshold, cpu_least_rep_movsb(), UINT64_MAX},
		{"glibc.cpu.x86_rep_stosb_threshold", the_cpu.rep_stosb_threshold, 1, UINT64_MAX},
	};
	for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (text_equal(all[i].name, tunable->name)) {
			tunable->value = all[i].value;
			tunable->minimum = all[i].minimum;
			tunable->maximum = all[i].maximum;
		}
}

void tunables_print(const struct tunable *table, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct tunable tunable = table[i];
		user_value(&tunable, &tunable.value);
		computed(&tunable);
		switch (tunable.type) {
		case TUNABLE_INT_32:
			print(1, "%s: %d (min: %d, max: %d)\n", tunable.name, (int)tunable.value, (int)tunable.minimum,
			      (int)tunable.maximum);
			break;
		case TUNABLE_STRING: print(1, "%s:\n", tunable.name); break;
		default:
			print(1, "%s: 0x%lx (min: 0x%lx, max: 0x%lx)\n", tunable.name, tunable.value, tunable.minimum,
			      tunable.maximum);
			break;
		}
	}
}
