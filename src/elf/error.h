/* What is wrong with a file: data, not text. Readers in src/elf fill one in and return false; the layer
 * above prints "gild: error: FILE: FIELD: what (value 0x..)". */
#ifndef GILD_ELF_ERROR_H
#define GILD_ELF_ERROR_H

#include "base/types.h"

struct elf_error {
	const char *field;  /* the gABI's name: "e_shoff", "section 7: sh_link", static text without number */
	const char *what;   /* "beyond the end of the file", static text */
	uint32_t index;     /* section, symbol or relocation number the field belongs to */
	uint64_t value;     /* the offending value */
};

static inline bool elf_fail(struct elf_error *error, const char *field, uint32_t index, uint64_t value,
			    const char *what)
{
	*error = (struct elf_error){.field = field, .what = what, .index = index, .value = value};
	return false;
}

#endif
