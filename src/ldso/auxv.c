#include "ldso/auxv.h"

enum form { DECIMAL, HEX, PLAIN_HEX, TEXT };

/* Labels and forms of ld.so(8). */
static const struct {
	uint64_t type;
	const char *label;
	enum form form;
} entries[] = {
	{AT_EXECFD, "EXECFD:            ", DECIMAL},   {AT_EXECFN, "EXECFN:            ", TEXT},
	{AT_PHDR, "PHDR:              ", HEX},         {AT_PHENT, "PHENT:             ", DECIMAL},
	{AT_PHNUM, "PHNUM:             ", DECIMAL},    {AT_PAGESZ, "PAGESZ:            ", DECIMAL},
	{AT_BASE, "BASE:              ", HEX},         {AT_FLAGS, "FLAGS:             ", HEX},
	{AT_ENTRY, "ENTRY:             ", HEX},        {AT_UID, "UID:               ", DECIMAL},
	{AT_EUID, "EUID:              ", DECIMAL},     {AT_GID, "GID:               ", DECIMAL},
	{AT_EGID, "EGID:              ", DECIMAL},     {AT_PLATFORM, "PLATFORM:          ", TEXT},
	{AT_HWCAP, "HWCAP:             ", PLAIN_HEX},  {AT_CLKTCK, "CLKTCK:            ", DECIMAL},
	{AT_SECURE, "SECURE:            ", DECIMAL},   {AT_BASE_PLATFORM, "BASE_PLATFORM:     ", TEXT},
	{AT_SYSINFO_EHDR, "SYSINFO_EHDR:      ", HEX}, {AT_RANDOM, "RANDOM:            ", HEX},
	{AT_HWCAP2, "HWCAP2:            ", HEX},       {AT_MINSIGSTKSZ, "MINSIGSTKSZ:       ", DECIMAL},
};

static void show(uint64_t type, uint64_t value)
{
	unsigned i = 0;
	while (i < sizeof(entries) / sizeof(entries[0]) && entries[i].type != type)
		i++;
	if (i == sizeof(entries) / sizeof(entries[0])) {
		print(1, "AT_??? (0x%lx): 0x%lx\n", type, value);
		return;
	}
	switch (entries[i].form) {
	case DECIMAL: print(1, "AT_%s%lu\n", entries[i].label, value); break;
	case HEX: print(1, "AT_%s0x%lx\n", entries[i].label, value); break;
	case PLAIN_HEX: print(1, "AT_%s%lx\n", entries[i].label, value); break;
	case TEXT: print(1, "AT_%s%s\n", entries[i].label, (const char *)value); break;
	}
}

void auxv_show(const struct loader *ld)
{
	for (const Elf64_auxv_t *entry = ld->auxv; entry->a_type != AT_NULL; entry++)
		if (entry->a_type >= 2 && entry->a_type != AT_IGNOREPPC)
			show(entry->a_type, entry->a_un.a_val);
}
