#include "arch/plt.h"

#include <string.h>

#include "elf/types.h"

static uint64_t value_of(const struct plt_field *field, const struct plt_entry *entry)
{
	switch (field->value) {
	case PLT_SLOT:
		return entry->slot;
	case PLT_LINK_MAP:
		return entry->got_plt + entry->slot_size;
	case PLT_RESOLVER:
		return entry->got_plt + 2ull * entry->slot_size;
	case PLT_NUMBER:
		return entry->number;
	case PLT_HEADER:
		return entry->plt;
	}
	return 0;
}

static uint64_t origin_of(const struct plt_field *field, const struct plt_entry *entry)
{
	switch (field->origin) {
	case PLT_FROM_0:
		return 0;
	case PLT_FROM_NEXT:
		return entry->address + field->at + 4;
	case PLT_FROM_GOT:
		return entry->got_plt;
	}
	return 0;
}

uint32_t plt_write(uint8_t *image, const struct plt_code *code, const struct plt_entry *entry)
{
	memcpy(image, code->bytes, code->size);
	for (uint32_t i = 0; i < code->n_fields; i++)
		write32(image + code->fields[i].at,
			value_of(&code->fields[i], entry) - origin_of(&code->fields[i], entry));
	return code->size;
}

uint32_t plt_code_size(const struct plt_code *code)
{
	return code ? code->size : 0;
}
