/* Reading a model from debug information, in two steps.
 *
 * scan.c goes through all entries of all units, units in parallel. It notes where types are, what surrounds them
 * (names have scopes), and which entries belong to exported symbols; and it computes the *shape* of each definition:
 * a hash of all that it says, in which other types are names. read.c then makes types of what the symbols reach, one
 * thread. A name that comes again with the same shape is not read again, so that the headers that every unit repeats
 * are read once. */
#ifndef GILD_ABI_READER_H
#define GILD_ABI_READER_H

#include "abi/model.h"
#include "abi/source.h"
#include "base/pool.h"
#include "dwarf/entry.h"

/* A definition or declaration of something with a name, or a scope. */
struct abi_record {
	uint64_t offset;
	uint64_t shape;
	uint32_t parent;              /* index of the record around it, plus 1; 0: the unit */
	uint16_t tag;
	bool is_declaration;
	bool is_local;                /* in a function */
};

/* An entry that is what a symbol stands for. */
struct abi_root {
	uint64_t offset;
	uint32_t symbol;              /* the first one with that address, in the source's list */
	uint32_t unit;
};

/* What units tell about the way they were compiled; bit n of a mask: seen with n bytes. */
enum abi_fact {
	FACT_CHAR,                    /* bit 0: signed, bit 1: unsigned */
	FACT_LONG_DOUBLE,
	FACT_WCHAR,
	FACT_OFF,
	FACT_TIME,
	FACT_SIZE,
	FACT_ENUM,
	FACT_POINTER,
	N_FACTS,
};

/* A name that the line table has, or has not. */
struct abi_file_name {
	struct str name;              /* empty: there is none */
	bool is_known;
};

struct abi_unit {
	struct dwarf_unit unit;
	struct dwarf_error error;
	uint32_t source;
	uint32_t home;                /* the source that has its symbols, its addresses and its line table */
	bool has_addresses;           /* false: a split unit whose skeleton is not there */
	struct str producer;
	uint64_t facts[N_FACTS];
	ARRAY(struct abi_record) records; /* by offset */
	ARRAY(struct abi_root) roots;
	ARRAY(struct abi_file_name) file_names; /* by their numbers in the line table, of those that were asked for */
};

/* A symbol while its entry is looked for. */
struct abi_export {
	uint64_t address;             /* ABI_TLS is set in that of thread-local ones */
	uint32_t source;
	uint32_t symbol;              /* in model->symbols */
};
#define ABI_TLS (1ull << 63)

struct abi_signature {
	uint64_t signature;
	uint32_t unit;
};

/* An entry somewhere. */
struct abi_die {
	uint32_t unit;
	struct dwarf_entry entry;
};

/* An entity whose definition is still to be read. */
struct abi_task {
	abi_type_id type;
	uint32_t unit;
	uint64_t offset;
};

struct abi_memo {
	uint64_t key;                 /* of the entry; 0: empty */
	abi_type_id type;
};

struct abi_reader {
	struct abi_files *files;
	struct abi_model *model;
	struct pool *pool;
	ARRAY(struct abi_unit) units; /* by source, section and offset */
	uint32_t *first_unit;         /* of each source and section, 2 * n_sources + 1 of them */
	ARRAY(struct abi_signature) signatures;
	ARRAY(struct abi_export) exports; /* by source and address */
	ARRAY(struct abi_task) tasks;
	ARRAY(struct abi_member) pending; /* of types that are being read: a stack */
	ARRAY(char) text;             /* of the name that is being put together */
	struct abi_memo *memo;
	uint32_t n_memo, memo_slots;
	unsigned depth;               /* of types within types */
	struct dwarf_error error;     /* the first one of read.c, */
	uint32_t error_unit;          /* and where */
};

/* Reads the headers of all units. False: see `error`, which is in `source`. With `skip_bad` goes on with the next
 * section, and there is a unit without entries where one cannot be opened. */
bool abi_open_units(struct abi_reader *reader, bool skip_bad, struct dwarf_error *error, uint32_t *source);

/* Scans all units of all sources. False: reported. */
bool abi_scan(struct abi_reader *reader);

/* ---- entries ---------------------------------------------------------------------------------------------- */

static inline const struct dwarf_unit *abi_unit_of(const struct abi_reader *reader, const struct abi_die *die)
{
	return &reader->units.at[die->unit].unit;
}

/* The unit that has offset `offset` of a section of a source. False: none. */
bool abi_unit_at(const struct abi_reader *reader, uint32_t source, enum dwarf_section section, uint64_t offset,
		 uint32_t *unit);

/* The entry that an attribute refers to. False: it has no such attribute, it leads to a file that is not there, or
 * `error` is set; *out, which may be *die, is then what it was. */
bool abi_follow(const struct abi_reader *reader, const struct abi_die *die, uint16_t attribute, struct abi_die *out,
		struct dwarf_error *error);

/* A string; empty: it has none. */
struct str abi_string(const struct abi_reader *reader, const struct abi_die *die, uint16_t attribute,
		      struct dwarf_error *error);

/* A constant; `otherwise` when it has none. */
uint64_t abi_number(const struct abi_reader *reader, const struct abi_die *die, uint16_t attribute, uint64_t otherwise);

/* A number that is a constant or an expression: where a member lies, which slot a virtual function has. False: the
 * expression is computed when the program runs. */
bool abi_location(const struct abi_reader *reader, const struct abi_die *die, uint16_t attribute, uint64_t *number);

/* The record of an entry, if it has one. */
const struct abi_record *abi_record_at(const struct abi_unit *unit, uint64_t offset);

/* What the children of an entry are: a walk that ends with them. */
struct dwarf_walk abi_children(const struct abi_reader *reader, const struct abi_die *die, struct dwarf_error *error);
static inline bool abi_next_child(struct dwarf_walk *walk, struct abi_die *child)
{
	return walk->depth > 0 && dwarf_walk_next(walk, &child->entry);
}

#endif
