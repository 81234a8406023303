/* Abbreviation tables, .debug_abbrev (DWARF 5 section 7.5.3), compiled into what reading an entry needs: most entries
 * have a fixed size, and the others are a few fixed stretches with something of variable size behind each. */
#ifndef GILD_DWARF_ABBREV_H
#define GILD_DWARF_ABBREV_H

#include "base/arena.h"
#include "dwarf/input.h"

/* Something of variable size in an entry. */
enum dwarf_variable {
	DWARF_LEB128,
	DWARF_NUL_TERMINATED,
	DWARF_BLOCK1, DWARF_BLOCK2, DWARF_BLOCK4, DWARF_BLOCK_LEB128, /* a length of that kind and so many bytes */
	DWARF_INDIRECT,       /* the form stands before the value */
};

struct dwarf_step {
	uint32_t fixed;       /* bytes, */
	enum dwarf_variable variable; /* and then one of these */
};

struct dwarf_spec {
	uint16_t attribute, form;
	uint32_t n_steps;     /* of the abbreviation: its value stands behind these, */
	uint32_t fixed;       /* and so many bytes */
	int64_t constant;     /* DW_FORM_implicit_const */
};

struct dwarf_abbrev {
	uint64_t code;
	const struct dwarf_spec *specs;
	const struct dwarf_step *steps;
	uint32_t n_specs, n_steps;
	uint32_t fixed;       /* bytes behind the last step */
	uint16_t tag;
	bool has_children;
	bool has_sibling;     /* it has DW_AT_sibling */
	uint64_t unknown;     /* a form that nobody knows: entries cannot be read; 0: all are known */
};

struct dwarf_abbrevs {
	uint64_t offset;      /* in .debug_abbrev */
	uint8_t address_size, offset_size;
	bool refs_are_addresses; /* DWARF 2: DW_FORM_ref_addr has the size of an address */
	bool is_dense;        /* the codes are 1, 2, ..., n; else they ascend */
	uint32_t n;
	const struct dwarf_abbrev *at;
};

/* The tables of one .debug_abbrev that have been asked for. Start with zeros. */
struct dwarf_abbrev_cache {
	struct arena arena;
	struct dwarf_abbrevs **buckets; /* by offset; the empty ones are NULL */
	uint32_t n_buckets;   /* 0 or a power of two, */
	uint32_t n_tables;    /* at most half of them full */
	uint64_t read;        /* bytes of .debug_abbrev */
};

/* The table at `offset`, compiled for these sizes. NULL: see `error`. It lives until dwarf_abbrevs_free(). All calls
 * together take time in proportion to the section: tables that overlap are an error. */
const struct dwarf_abbrevs *dwarf_abbrevs_get(struct dwarf_abbrev_cache *cache, const struct dwarf_input *input,
					      uint64_t offset, uint16_t version, uint8_t address_size,
					      uint8_t offset_size, struct dwarf_error *error);
void dwarf_abbrevs_free(struct dwarf_abbrev_cache *cache);

const struct dwarf_abbrev *dwarf_abbrev_search(const struct dwarf_abbrevs *abbrevs, uint64_t code);

/* NULL: the table has no such code. */
static inline const struct dwarf_abbrev *dwarf_abbrev_find(const struct dwarf_abbrevs *abbrevs, uint64_t code)
{
	if (abbrevs->is_dense)
		return code - 1 < abbrevs->n ? &abbrevs->at[code - 1] : NULL;
	return dwarf_abbrev_search(abbrevs, code);
}

/* What a form says about the size of a value. False: nobody knows the form. */
struct dwarf_shape {
	bool is_variable;
	uint8_t size;         /* if it is fixed, */
	enum dwarf_variable variable; /* else */
};
bool dwarf_form_shape(const struct dwarf_abbrevs *abbrevs, uint64_t form, struct dwarf_shape *shape);

#endif
