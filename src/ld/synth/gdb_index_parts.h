/* What the files of .gdb_index share: what is found in the objects, and what becomes of it. */
#ifndef GILD_LD_SYNTH_GDB_INDEX_PARTS_H
#define GILD_LD_SYNTH_GDB_INDEX_PARTS_H

#include "base/array.h"
#include "dwarf/entry.h"
#include "ld/tables.h"

/* The highest byte of an entry of a list of units: what the name is there. */
enum {
	INDEX_TYPE = 1 << 4,
	INDEX_VARIABLE = 2 << 4,
	INDEX_FUNCTION = 3 << 4,
	INDEX_STATIC = 1 << 7,
};

struct index_unit {
	section_id section;
	bool is_type;
	bool is_in_types;         /* its section is a .debug_types */
	uint64_t offset, size;    /* in its section */
	uint64_t id, type_offset; /* type units */
	uint32_t number;          /* in the index: compilation units first */
};

struct index_name {
	struct str name;          /* in an object, or in a worker's arena */
	uint64_t hash;
	uint32_t unit;            /* of the part */
	uint8_t attributes;
};

struct index_range {
	uint64_t begin, end;
	uint32_t unit;            /* of the part */
};

/* Neighbouring sections of one object in .debug_info or .debug_types, in ascending order. Each part is read by one
 * thread. */
struct index_part {
	file_id file;
	const section_id *sections;
	uint32_t n_sections;
	enum dwarf_section kind;  /* DWARF_INFO or DWARF_TYPES */
	bool lacks_names;         /* of a unit whose entries are in another file */
	ARRAY(struct index_unit) units;
	ARRAY(struct index_name) names;
	ARRAY(struct index_range) ranges;
};

/* Reads a part: units, ranges, names. Reports what cannot be read. */
void index_part_read(struct link *link, struct index_part *part, struct arena *arena);

/* What the entries of an open unit say it has names for; strings that are put together live in `arena`. */
void index_names_walk(struct index_part *part, uint32_t unit, const struct dwarf_unit *dwarf, struct arena *arena,
		      struct dwarf_error *error);

/* All names, each once, with their units. */
struct index_table;
struct index_table *index_table_new(struct link *link, const struct index_part *parts, uint32_t n_parts,
				    uint32_t n_cus);
void index_table_free(struct index_table *table);
uint64_t index_table_slots(const struct index_table *table);     /* of the symbol table, each of 8 bytes */
uint64_t index_table_pool_size(const struct index_table *table);
/* Writes all of both. */
void index_table_emit(struct link *link, struct index_table *table, uint8_t *symbols, uint8_t *pool);

#endif
