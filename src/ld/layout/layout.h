/* The layout is a program: a list of statements that place output sections and define symbols.
 *
 * Linker scripts and the default layout are the same data. The default program is built by code (default.c) with the
 * functions below; `gild --verbose` prints it as a script (print.c). A statement is a symbol assignment or an output
 * section; an output section holds runs (one input section description each) and assignments. In the order of a link:
 *
 *   build       layout_default()            statements, rules; nothing about inputs yet
 *   classify    layout_classify()           every input section gets its run; orphans get output sections
 *   gather      layout_gather()             each run's list of sections, sorted as its rule says
 *   plan        plan_run()                  offsets of sections inside their runs (R5: all freedom is here)
 *   segments    layout_segments()           which program headers there will be
 *   addresses   layout_assign_addresses()   interprets the statements
 */
#ifndef GILD_LD_LAYOUT_LAYOUT_H
#define GILD_LD_LAYOUT_LAYOUT_H

#include <stdio.h>

#include "ld/tables.h"

/* ---- expressions (GNU ld manual, "Expressions in Linker Scripts") ------------------------------------- */

enum expr_kind {
	EXPR_NUMBER,
	EXPR_DOT,
	EXPR_UNARY,
	EXPR_BINARY,
	EXPR_ADDR,            /* ADDR(section name) */
	EXPR_SIZEOF,          /* SIZEOF(section name) */
	EXPR_SIZEOF_HEADERS,
	EXPR_SEGMENT_START,   /* SEGMENT_START("text-segment", default) */
	EXPR_SYMBOL,
};

struct expr {
	enum expr_kind kind;
	uint64_t number;
	const char *op;           /* "+", "<<", ... */
	const char *name;         /* section, segment or symbol */
	const struct expr *a, *b;
};

/* A value is a number, or an address in an output section (then it moves with a PIE). */
struct value {
	uint64_t number;
	uint32_t osec;            /* 0: absolute */
};

/* ---- statements --------------------------------------------------------------------------------------- */

enum node_kind { NODE_ASSIGN, NODE_SECTION, NODE_RUN };

struct node {
	enum node_kind kind;
	uint32_t id;              /* NODE_SECTION: osec; NODE_RUN: run;
				   * NODE_ASSIGN: 1 + index in internal_syms once it defines a symbol, or 0 */
	const char *symbol;       /* NODE_ASSIGN; "." moves the location counter */
	const struct expr *value; /* NODE_SECTION: its address, or NULL: the next one that its alignment allows */
	bool provide, hidden;     /* PROVIDE(), PROVIDE_HIDDEN() and HIDDEN() */
	bool from_option;         /* --defsym */
	bool is_tls;              /* _TLS_MODULE_BASE_: the beginning of the TLS segment */
	uint64_t dot;             /* where the location counter was in the last pass */
	uint32_t dot_osec;
};

enum run_sort { SORT_NONE, SORT_NAME, SORT_ALIGNMENT, SORT_INIT_PRIORITY };

/* One pattern of an input section description. The first rule of the program that matches a section's name takes it. */
struct rule {
	struct str pattern;
	uint32_t run;
	bool not_crt;             /* EXCLUDE_FILE (*crtbegin.o *crtbegin?.o *crtend.o *crtend?.o) */
};

struct run {
	uint32_t osec;
	enum run_sort sort;
	bool keep;                /* KEEP(): survives garbage collection */
	bool fixed;               /* the order of its sections means something: a plan must not change it */
	bool link_ordered;        /* some of its sections are SHF_LINK_ORDER: their order follows from others' */
	section_id *items;        /* in address order */
	uint32_t n;
	uint8_t p2align;          /* the largest of its sections' */
	uint64_t size;            /* from its address to the end of its last section */
	uint64_t addr;            /* aligned as its first section needs */
	uint64_t planned_mod;     /* start modulo the largest alignment that the offsets were made for */
	bool planned, from_hint;
};

enum osec_rank {              /* the order of output sections; orphans go behind the last of their rank */
	RANK_HEADERS,         /* .interp and notes */
	RANK_DYNAMIC_TABLES,  /* .dynsym, .rela.dyn, ... */
	RANK_RODATA,
	RANK_TEXT,
	RANK_TLS,
	RANK_RELRO,
	RANK_DATA,
	RANK_BSS,
	RANK_LARGE_RODATA,    /* code of the small model does not reach these: they come last (SHF_X86_64_LARGE) */
	RANK_LARGE_TEXT,
	RANK_LARGE_DATA,
	RANK_LARGE_BSS,
	RANK_NOT_LOADED,
	RANK_TABLES,          /* .symtab, .strtab, .shstrtab */
	RANK_DISCARD,
};

struct osec {
	const char *name;
	enum osec_rank rank;
	bool relro;
	bool jumps;               /* an address is given for it or before it: it does not follow its predecessor */
	uint32_t next;            /* an older one whose name has the same hash */
	ARRAY(struct node) nodes;
	/* From its members: */
	bool has_members;
	uint32_t type;
	uint64_t flags, entsize;
	uint8_t p2align;
	/* When the output keeps relocations, ids of other output sections (0: none): */
	uint32_t rela;            /* what has this one's relocations */
	uint32_t relocates;       /* of which one these are the relocations */
	uint32_t linked;          /* SHF_LINK_ORDER: the output section it belongs to */
	section_id group;         /* SHT_GROUP: the group */
	uint32_t symbol;          /* its section symbol in .symtab */
	/* From the addresses pass: */
	uint64_t addr, size, fileoff;
	uint32_t index;           /* in the section header table; 0: not in the output */
	uint32_t name_offset;     /* in .shstrtab */
	/* Compressed (output/compress.c): these make the section in the file, one after the other, `size` bytes. */
	struct bytes *packed;
	uint32_t n_packed;        /* 0: it is not compressed */
	bool is_hollow;           /* its header only is in the file (output/separate.c) */
};

struct segment {
	uint32_t type, flags;
	uint32_t first, last;     /* statement-order range in layout->order; LOAD and the others alike */
	bool has_headers;
	uint64_t fileoff, filesz, addr, memsz, align;
};

struct rule_index;

struct layout {
	const struct options *options;
	struct arena arena;
	ARRAY(struct node) nodes;
	ARRAY(struct rule) rules;
	ARRAY(struct run) runs;        /* [0] is nobody's */
	ARRAY(struct osec) osecs;      /* [0] is nobody's */
	ARRAY(struct segment) segments;
	uint32_t *by_name;             /* by hash: the newest output section; n_buckets of them, a power of two */
	uint32_t n_buckets;
	struct rule_index *rule_index;
	uint32_t *order;               /* osec ids that are in the output, in statement order */
	uint32_t n_order;
	uint32_t discard_run;
	uint64_t headers_size;         /* ELF header + program headers */
	uint64_t shdrs_fileoff, file_size;
	uint64_t base;
	uint64_t tls_addr, tls_size, tls_align;
	struct bytes shstrtab;
	uint32_t shstrndx;
	bool exec_stack;
};

#define ORPHAN_RUN UINT32_MAX

/* Builds the default program for this link's options: link->layout. */
void layout_default(struct link *link);
void layout_free(struct link *link);

/* link->layout, a program without statements. */
struct layout *layout_new(struct link *link);

/* Building blocks of a program, also for a script parser. Names must live as long as the layout. An output section that
 * --section-start or its kin name has the address they give. */
uint32_t layout_osec(struct layout *layout, const char *name, enum osec_rank rank);
uint32_t layout_run(struct layout *layout, uint32_t osec, const char *patterns, enum run_sort sort);
struct node *layout_assign(struct layout *layout, uint32_t osec, const char *symbol, const struct expr *value);
const struct expr *layout_expr(struct layout *layout, struct expr expr);

/* The first output section of that name, or 0. */
uint32_t layout_find(const struct layout *layout, const char *name);

/* The default program as a script of GNU's language, between lines of equals signs. */
void layout_print(const struct link *link);
/* Of that language: an assignment without ';', and a run as "*(.text .text.*)", without KEEP. */
void layout_print_assign(FILE *to, const struct node *node);
void layout_print_run(FILE *to, const struct layout *layout, uint32_t run);

/* Builds the program of -r: no rules but for what the linker makes; every name of an input section is an orphan
 * (relocatable.c). */
void layout_relocatable(struct link *link);
/* With -r: does the section stand alone in its output section, because of its group or --unique? */
bool layout_stands_alone(const struct link *link, section_id id);

/* Gives every live section its run. */
void layout_classify(struct link *link);
/* Gives one section (of file 0) its run. */
void layout_classify_one(struct link *link, section_id id);
/* The name a section is classified by. */
const char *layout_section_name(const struct link *link, section_id id);

/* The name of what the linker makes, as an input section. */
const char *layout_synthetic_name(const struct link *link, enum synthetic which);

/* Lists each run's sections; sets output sections' types and flags. */
void layout_gather(struct link *link);

/* Offsets of the sections in a run that starts at address `start`: run->addr, size, items' offsets. The one place where
 * sections inside a run are placed. */
void plan_run(struct link *link, uint32_t run, uint64_t start);

/* --plan-out, --plan-in (plan_file.c). */
void plan_write(struct link *link);
void plan_read(struct link *link);

/* Chooses which output sections there are: layout->order. layout_segments() begins with it; -r has no segments. */
void layout_choose_sections(struct link *link);
void layout_segments(struct link *link);
void layout_without_segments(struct link *link);
void layout_assign_addresses(struct link *link);
/* Reports segments that overlap, which given addresses can lead to. */
void layout_check_overlaps(struct link *link);

/* Gives the sections that are not loaded, and the section headers, their file offsets; again when they are known, since
 * compressed sections and .shstrtab have other sizes then. Addresses stay, in debugging information and elsewhere. With
 * -r nothing is loaded. */
void layout_assign_unloaded(struct link *link);
/* Takes an output section that is not loaded, and that no symbol is in, out of the output; headers_prepare() and
 * layout_assign_unloaded() have to follow. */
void layout_drop_unloaded(struct link *link, uint32_t osec);

/* --oformat binary: the file is an image of memory from the lowest address; what is not loaded is not in it. Once
 * addresses are final. */
void layout_flatten(struct link *link);

/* Values of the symbols that the program defines (resolve/internal.c made them), once addresses are final. */
void layout_finish_symbols(struct link *link);

/* Address of a section that is in the output. */
static inline uint64_t section_address(const struct layout *layout, const struct section *section)
{
	return layout->runs.at[section->run].addr + section->offset;
}

static inline uint64_t synthetic_address(const struct link *link, const struct layout *layout, enum synthetic which)
{
	return section_address(layout, section_of(link, link->synthetic[which]));
}

static inline struct osec *osec_of_section(const struct layout *layout, const struct section *section)
{
	return &layout->osecs.at[layout->runs.at[section->run].osec];
}

#endif
