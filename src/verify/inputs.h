/* Checking a finished file against the objects it was made from.
 *
 * A link tells where it put each input section. From there on this is a second linker, a slow and simple one: it
 * resolves names again, works out what each relocation must have become (x86-64 psABI table 4.9, with the relaxations
 * of its sections on GOTPCRELX and TLS), and compares with the bytes of the output. What is not relocated must have
 * been copied as it was. */
#ifndef GILD_VERIFY_INPUTS_H
#define GILD_VERIFY_INPUTS_H

#include "base/pool.h"
#include "elf/object.h"
#include "verify/verify.h"

enum verify_fate {
	FATE_ABSENT,              /* not in the output */
	FATE_COPIED,              /* all of it is at `address` */
	FATE_UNLOADED,            /* its place is at `address`, without its bytes */
	FATE_FOLDED,              /* an equal section is, at `address` */
	FATE_REVERSED,            /* at `address`, its words last to first */
	FATE_PIECES,              /* cut into pieces, each of which is somewhere */
	FATE_RECORDS,             /* unwind records: verify_file() looks at them */
};

/* Bytes of a section, from `start` to the next piece's or the end, and where they are. */
struct verify_piece {
	uint32_t start;
	uint64_t address, fileoff;
};

struct verify_section {
	enum verify_fate fate;
	uint64_t address;         /* in memory; of what is not loaded, in its output section */
	uint64_t fileoff;         /* of its first byte, unless SHT_NOBITS */
	const struct verify_piece *pieces; /* FATE_PIECES: n_pieces of them */
	uint32_t n_pieces;
};

struct verify_object {
	const char *path;
	struct str member;        /* of an archive, or empty */
	const struct elf_file *elf;
	const struct elf_symtab *symtab;
	const struct verify_section *sections; /* elf->nshdr of them */
};

struct verify_made {
	uint64_t fileoff, size;
};

struct verify_inputs {
	const struct verify_object *objects; /* in the order of the link: the first of two weak definitions counts */
	uint32_t n;
	bool is_shared;                      /* others can take the place of what is exported */
	bool symbolic;                       /* but for -Bsymbolic and its kin: who binds to what is not checked */
	bool lists_all;                      /* .symtab has all that the linker itself defines */
	const struct verify_made *made;      /* what the linker made itself */
	uint32_t n_made;
	bool plain_gaps;                     /* no script says what stands between sections: zeros, or */
	uint8_t code_fill;                   /* ... between sections of code, this */
	const char *const *needed;           /* what DT_NEEDED must name, and nothing else */
	uint32_t n_needed;
	const char *const *wraps;            /* --wrap: who asks for X means __wrap_X, and for __real_X X */
	uint32_t n_wraps;
	/* Names that options gave another meaning (--defsym, -u): sorted. Their values are not checked. */
	const char *const *renamed;
	uint32_t n_renamed;
};

struct verify_sites {
	struct verify_summary sum;
	uint64_t checked, skipped;           /* relocations */
};

/* Checks all relocations and all bytes of sections in the output. `bytes` has passed verify_file(). */
struct verify_sites verify_inputs(const char *path, struct bytes bytes, const struct verify_inputs *inputs,
				  struct pool *pool, struct diag *diag);

#endif
