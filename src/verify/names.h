/* The verifier's own symbol table: what each name stands for. */
#ifndef GILD_VERIFY_NAMES_H
#define GILD_VERIFY_NAMES_H

#include "verify/subject.h"
#include "verify/inputs.h"

/* A word that the loader changes. */
struct dynamic_place {
	uint64_t addr;
	uint32_t type;            /* R_X86_64_*; RELATIVE also for DT_RELR */
	uint32_t symbol;          /* in .dynsym */
	int64_t addend;
};

enum meaning {
	MEANS_ADDRESS,            /* `address`, in the output */
	MEANS_PIECE,              /* in a merged section: each piece has its own place */
	MEANS_NOTHING,            /* its section is not in the output, or it is weak and nobody defines it */
	MEANS_IMPORT,             /* another module has it */
	MEANS_UNKNOWN,            /* the output does not tell */
};

struct target {
	enum meaning meaning;
	const char *name;         /* "" for a local symbol; it may have a version */
	uint32_t name_size;       /* bytes in front of the version */
	uint64_t address;
	const struct verify_section *merged; /* MEANS_PIECE: `address` is an offset in it */
	bool is_tls, is_ifunc, is_section;
	bool preemptible;         /* the output defines it, but another module's definition may come first */
	bool elsewhere;           /* the object's own definition is not in the output: this one stands for it */
	bool is_absolute;         /* the address does not move with the file */
	uint64_t size;            /* st_size */
};

struct names;

struct names *names_new(const struct subject *subject, const struct verify_inputs *inputs);
void names_free(struct names *names);

/* What symbol `index` of object number `object` stands for. Any thread. */
struct target names_target(const struct names *names, uint32_t object, uint32_t index);

/* How objects refer to a name. */
enum asked { ASKED_NOT, ASKED_WEAKLY, ASKED_STRONGLY, ASKED_BY_VERSION };
enum asked names_asked(const struct names *names, const char *name);

/* Did an option give the name another meaning? */
bool names_is_renamed(const struct names *names, const char *name);

/* The dynamic relocation at an address; NULL: there is none. Any thread. */
const struct dynamic_place *names_place(const struct names *names, uint64_t addr);

/* The dynamic relocation of the slot that the PLT entry at `addr` jumps through; NULL: no PLT entry is there. */
const struct dynamic_place *names_plt(const struct names *names, uint64_t addr);

#endif
