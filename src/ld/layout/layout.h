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

#include "ld/script/ast.h"
#include "ld/tables.h"

/* ---- values (GNU ld manual, "The Section of an Expression") -------------------------------------------- */

/* What a value is relative to: an output section (then it is the distance from its beginning), or one of these. */
#define VALUE_ABSOLUTE 0
#define VALUE_NUMBER UINT32_MAX /* a number that says nothing about places */

struct value {
	uint64_t number;
	uint32_t section;
	bool valid;
};

/* A symbol that the program defines, by its index in file 0's symbol table. */
struct program_symbol {
	struct value value;       /* the last one in this pass, or in the one before */
	bool from_dot;            /* absolute, but made from the location counter: a place in the image */
	uint32_t pass;            /* the last pass that assigned it */
	uint64_t object;          /* the definition that an object has of it, as an owner; OWNER_NONE: none. Only where
				   * that matters: until the assignment is met, it holds */
};

/* ---- statements --------------------------------------------------------------------------------------- */

enum node_kind { NODE_ASSIGN, NODE_ASSERT, NODE_SECTION, NODE_RUN, NODE_DATA, NODE_STRING, NODE_FILL };

struct node {
	enum node_kind kind;
	uint32_t id;              /* NODE_SECTION: osec; NODE_RUN: run;
				   * NODE_ASSIGN: 1 + index in internal_syms once it defines a symbol, or 0 */
	const char *symbol;       /* NODE_ASSIGN; "." moves the location counter */
	const struct expr *value; /* NODE_SECTION: its address, or NULL: the next one that its alignment allows */
	bool provide, hidden;     /* PROVIDE(), PROVIDE_HIDDEN() and HIDDEN() */
	bool from_option;         /* --defsym */
	bool is_users;            /* a user's script has it */
	bool is_ehdr;             /* __ehdr_start: where the ELF header is loaded */
	uint8_t made;             /* a symbol at the beginning of this enum synthetic; 0: it is not */
	bool is_tls;              /* _TLS_MODULE_BASE_: the beginning of the TLS segment */
	bool sign_extend;         /* NODE_DATA */
	uint8_t width;            /* NODE_DATA: bytes */
	uint32_t insertion;       /* the number of the INSERT that put it here, from 1; 0: none */
	struct bytes text;        /* NODE_STRING */
	struct script_place place;
	/* From the addresses pass: */
	uint64_t dot;             /* where the location counter was in the last pass */
	uint64_t size;            /* bytes that it takes there: data, or a gap */
	uint32_t result_section;  /* NODE_ASSIGN: what the value was relative to */
	uint64_t result;          /* NODE_DATA: the value; NODE_ASSIGN: the address or number, to see whether it
				   * changes */
	const struct bytes *fill; /* of the gap: a pattern that begins anew in each; NULL: as is usual for the
				   * section */
};

/* One pattern of an input section description. The first rule of the program that matches a section takes it. */
struct rule {
	struct str pattern;
	uint32_t run;
	const struct file_pattern *file;       /* NULL: any */
	const struct file_pattern *exclude[2]; /* files that it does not mean: of the description, of this pattern */
	uint64_t flags_set, flags_clear;       /* sh_flags that a section must have, must not have */
	enum script_sort sort[2];              /* the outer one first */
	bool reverse;
};

struct run {
	uint32_t osec;
	uint32_t first_rule, n_rules;
	enum script_sort file_sort; /* SORT_NAME: files first, then what the rules say */
	bool file_reverse;
	bool keep;                /* KEEP(): survives garbage collection */
	bool fixed;               /* the order of its sections means something: a plan must not change it */
	bool is_orphans;          /* no rule is for them */
	uint32_t first_phantom;   /* 1 + the phantom that comes before all sections that are in it; 0: there is none */
	bool link_ordered;        /* some of its sections are SHF_LINK_ORDER: their order follows from others' */
	section_id *items;        /* in address order */
	uint32_t n;
	uint8_t p2align;          /* the largest of its sections' */
	uint64_t size;            /* from its address to the end of its last section */
	uint64_t addr;            /* aligned as its first section needs */
	uint64_t planned_mod;     /* start minus the aligned address that the offsets were made for; may be negative */
	const struct bytes *fill;  /* of gaps between its sections; NULL: as is usual */
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

/* What counts of an output section by a script's rules, in the terms of GNU ld's manual (of BFD). */
enum {
	HAS_CONTENTS = 1, ALLOC = 2, LOAD = 4, READONLY = 8, CODE = 16, THREAD_LOCAL = 32, DEBUGGING = 64, HAS_DATA = 128,
};

struct look {
	bool exists;              /* there are statements about it that make it, or something is in it */
	bool has_input;           /* ... an input section */
	uint32_t flags;           /* HAS_CONTENTS and so on */
	uint32_t type;            /* SHT_NULL: that follows from the flags */
	uint64_t sh_flags;        /* that it has in any case */
};

struct osec {
	const char *name;
	enum osec_rank rank;
	struct look look;
	uint32_t made_before, made_next; /* in the order in which sections came to exist; 0: none */
	bool is_made;             /* it has a place in that order */
	uint32_t made_number;     /* 1: it was the first to exist */
	uint8_t p2align_made;     /* what orphans know of its alignment */
	uint8_t p2align_said;     /* ALIGN() */
	bool relro;
	bool jumps;               /* an address is given for it or before it: it does not follow its predecessor */
	uint32_t next;            /* an older one whose name has the same hash */
	const struct section_statement *said; /* what a script says about it; NULL: nothing does */
	const struct expr *dot_behind; /* the last of an overlay: where the location counter goes from there; or NULL */
	const struct name_list *phdrs; /* :phdr; NULL: as before */
	uint32_t region, lma_region; /* ids; 0: none */
	const struct bytes *fill;
	ARRAY(struct node) nodes;
	/* From its members: */
	bool has_members;
	bool has_made;            /* a member is a table or the like that the linker makes */
	bool has_data;            /* data commands */
	bool has_assignments;
	bool has_symbols;         /* ... of symbols, which need its address */
	bool is_orphan;           /* no statement of a script is about it */
	bool is_common;           /* ... and it was made for common symbols */
	bool is_started;          /* ... and --section-start gives its address */
	bool is_absent;           /* its ONLY_IF_RO or ONLY_IF_RW is not met: as if it were not in the script */
	bool is_stripped;         /* it was empty when that was decided: what alignments make of it later is nothing */
	bool is_listed;           /* ALLOC, when it was decided which sections PHDRS means */
	bool is_kept;             /* though it may be empty: the location counter is assigned in it */
	enum { OVERLAY_NO, OVERLAY_FIRST, OVERLAY_NEXT } overlay; /* it shares its addresses with its neighbours */
	bool is_in_load;          /* a PT_LOAD has it */
	bool is_empty;            /* with a script's rules: it is not in the output, but its statements count */
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
	uint64_t lma;             /* where it is loaded: p_paddr */
	uint32_t index;           /* in the section header table; 0: not in the output */
	uint32_t name_offset;     /* in .shstrtab */
	/* Compressed (output/compress.c): these make the section in the file, one after the other, `size` bytes. */
	struct bytes *packed;
	uint32_t n_packed;        /* 0: it is not compressed */
	bool is_blank;            /* zeros in the file, whatever the program says is in it */
	bool is_hollow;           /* its header only is in the file (output/separate.c) */
};

struct segment {
	uint32_t type, flags;
	uint32_t *sections;       /* ids of output sections, LOAD and the others alike */
	uint32_t n;
	bool has_headers;         /* it begins with the ELF header and the program headers */
	bool has_phdrs_only;      /* ... with the program headers alone */
	bool flags_given;         /* FLAGS() */
	const struct expr *at;    /* AT() */
	section_id member;        /* it is this member alone of its only output section; 0: all of it */
	uint64_t fileoff, filesz, addr, memsz, align;
	uint64_t lma;             /* of its beginning */
};

/* A memory region of a script (GNU ld manual, "MEMORY"). */
struct region {
	const struct region_statement *said; /* NULL: the rest of memory, which has no name */
	uint64_t origin, length;
	uint64_t current;         /* the next free address */
	uint32_t last;            /* the last output section in it that has a say in the load address of the next one */
	uint32_t overflowed;      /* the first output section that does not fit; 0: all do */
	uint64_t excess;          /* bytes that do not fit */
	uint64_t highest;         /* end of what is used */
};

/* What DATA_SEGMENT_ALIGN and DATA_SEGMENT_RELRO_END agree on. */
struct data_segment {
	bool seen;
	bool adjusted;            /* `shift` or `packs` has been decided */
	bool packs;               /* without relocated data: a page of the file is spared */
	uint64_t page, common;
	uint64_t first, base;     /* the lowest address for it; what is taken */
	uint64_t shift;           /* base - first: relocated data ends at the end of a page */
	uint64_t offset, unpadded_end, relro_end;
	uint64_t end;             /* DATA_SEGMENT_END */
};

struct rule_index;
struct rule_finder;
struct script_orphans;

/* A section that is not there, but counts (phantoms.c). */
struct phantom {
	file_id file;
	section_id at;            /* it stands behind the file's section of that number, or instead of it */
	uint32_t run;             /* ORPHAN_RUN: none of the script */
	uint32_t osec;            /* as an orphan */
	uint8_t which, p2align;
	bool is_common;
	bool keep;                /* a KEEP() means it, though it may not be the one that takes it */
};

struct layout {
	const struct options *options;
	struct arena arena;
	ARRAY(struct node) nodes;
	ARRAY(struct rule) rules;
	ARRAY(struct run) runs;        /* [0] is nobody's */
	ARRAY(struct osec) osecs;      /* [0] is nobody's */
	ARRAY(struct segment) segments;
	ARRAY(struct region) regions;  /* [0] is the rest of memory */
	ARRAY(struct program_symbol) program_symbols; /* by index in file 0's symbol table */
	bool too_large;                /* reported */
	bool scripted;                 /* a script has the say: sections exist, orphans are placed and segments are made
					* by the rules of GNU ld */
	const struct script *script;   /* it; or NULL */
	const struct statement *orderings; /* of section ordering files */
	const struct nocrossrefs *nocrossrefs; /* the script's, and those of overlays */
	bool headers_asked;            /* SIZEOF_HEADERS is used: there is room for the headers */
	bool has_data_segment;         /* relocated data has its place from DATA_SEGMENT_* */
	uint32_t pass;                 /* number of the pass over the program, from 1 */
	bool changed;                  /* something in it is not what it was in the pass before */
	bool diverges;                 /* passes were given up */
	bool reporting;                /* it is the last one: what is wrong is reported */
	bool marking;                  /* it is the first one, which decides what is in the output */
	bool is_final;                 /* symbols get their last values: by a script's rules that is when false ASSERTs
					* and undefined symbols are reported */
	struct data_segment data_segment;
	ARRAY(struct phantom) phantoms; /* by a script's rules: in the order of files */
	struct script_orphans *orphans; /* by a script's rules: what has been placed so far */
	uint32_t n_insertions;         /* INSERTs whose statements are in the program */
	uint32_t n_made;
	uint32_t made_first, made_last; /* by a script's rules: the sections that exist, in their order; 0: none */
	uint32_t *by_name;             /* by hash: the newest output section; n_buckets of them, a power of two */
	uint32_t n_buckets;
	struct rule_index *rule_index;
	struct rule_index *keep_index; /* of KEEPs only, where one may stand behind another rule for the same sections */
	struct rule_finder *own_finder; /* for what the linker makes */
	uint32_t *order;               /* osec ids that are in the output, in statement order */
	uint32_t n_order;
	uint32_t n_written;            /* statements that a script would have to have; those behind are in every
					* program */
	uint64_t headers_size;         /* ELF header + program headers */
	uint32_t n_header_changes;     /* by a script's rules: how often it was not what the pass before thought */
	uint64_t end_fileoff;          /* behind the last section, after a pass by the default layout's rules */
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
/* The same in two steps, for a program that has something of its own, too: its statements; what its rules need when all
 * are there. */
void layout_default_fill(struct link *link);
void layout_default_compile(struct link *link);
/* Adds what every program has: .symtab and the other tables, symbols at the linker's own sections. */
void layout_builtins(struct link *link);
/* The output section of .symtab, .symtab_shndx, .strtab or .shstrtab; 0: the program has none. */
uint32_t layout_table(const struct layout *layout, const char *name);
/* Statements of -r's program. */
void layout_relocatable_fill(struct link *link);
void layout_free(struct link *link);

/* link->layout, a program without statements. */
struct layout *layout_new(struct link *link);

/* Building blocks of a program, also for a script parser. Names must live as long as the layout. An output section that
 * --section-start or its kin name has the address they give. */
uint32_t layout_osec(struct layout *layout, const char *name, enum osec_rank rank);
uint32_t layout_run(struct layout *layout, uint32_t osec, const char *patterns, enum script_sort sort);
/* A run for what a script describes. Returns its number. The description must live as long as the layout. */
uint32_t layout_describe(struct layout *layout, uint32_t osec, const struct input_description *input);
/* --sort-section: gives rules an order that do not say one. */
void layout_sort_unsaid(struct layout *layout);
/* Compiles the rules, once all are there. */
void layout_compile_rules(struct layout *layout);
struct node *layout_assign(struct layout *layout, uint32_t osec, const char *symbol, const struct expr *value);
const struct expr *layout_expr(struct layout *layout, struct expr expr);

/* The memory region of that name or alias, or NULL. */
const struct region *layout_region(const struct layout *layout, const char *name);

/* The newest output section whose name has the same hash; osec.next leads to older ones. */
uint32_t layout_newest(const struct layout *layout, const char *name);

/* The first output section of that name, or 0. */
uint32_t layout_find(const struct layout *layout, const char *name);
/* The same of those whose ONLY_IF_RO or ONLY_IF_RW is met, if they have one. */
uint32_t layout_find_present(const struct layout *layout, const char *name);

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

/* Gives every live section its run. By a script's rules orphans wait for layout_place_orphans(): what nobody reaches has
 * no say in ONLY_IF_RO, and makes no output section. */
void layout_classify(struct link *link);
void layout_place_orphans(struct link *link);
/* Gives one section (of file 0) its run. */
void layout_classify_one(struct link *link, section_id id);
/* From now on the finder is asked for sections of this file. */
void layout_finder_file(struct rule_finder *finder, const struct file *file);
/* The name a section is classified by. */
const char *layout_section_name(const struct link *link, section_id id);
/* The sh_flags of a SECTION_SYNTHETIC, 0 of others that the linker makes. */
uint32_t layout_synthetic_type(const struct link *link, const struct section *section);
uint64_t layout_synthetic_flags(const struct link *link, const struct section *section);

/* The name of what the linker makes, as an input section. */
const char *layout_synthetic_name(const struct link *link, enum synthetic which);

/* The type of a section in a run's list; *flags: its sh_flags. */
uint32_t layout_member_type(const struct link *link, section_id id, uint64_t *flags);
/* Lists each run's sections; sets output sections' types and flags. */
void layout_gather(struct link *link);
/* The same anew, when some sections have other runs than before. */
void layout_gather_again(struct link *link);

/* Offsets of the sections in a run that starts at address `start`: run->addr, size, items' offsets. The one place where
 * sections inside a run are placed. */
void plan_run(struct link *link, uint32_t run, uint64_t start);

/* --plan-out, --plan-in (plan_file.c). */
void plan_write(struct link *link);
void plan_read(struct link *link);

/* Interprets the program once (interpret.c): addresses, sizes and symbols, and with the default layout's rules file
 * offsets. */
void layout_pass(struct link *link);
/* Offsets of what is in one output section, which begins at `start`. Returns the address behind it. */
uint64_t layout_place_contents(struct link *link, uint32_t osec, uint64_t start);

/* The memory regions of a script (regions.c). */
void regions_make(struct layout *layout, struct diag *diag);
void regions_reset(struct link *link);
/* The one for an output section that is not told: by its flags. */
uint32_t region_by_flags(const struct layout *layout, const struct osec *osec);
/* Moves the region's position to `end`; notes what does not fit. */
void region_advance(struct layout *layout, uint32_t region, uint32_t osec, uint64_t end);
/* Reports regions that overflow; --print-memory-usage. */
void regions_check(struct link *link);

/* Reports references that NOCROSSREFS forbids. */
void nocrossrefs_check(struct link *link);

/* Chooses which output sections there are: layout->order. layout_segments() begins with it; -r has no segments. */
void layout_choose_sections(struct link *link);
void layout_segments(struct link *link);
/* The section with the linker's .eh_frame_hdr when a script put it among others, which leaves no section of that name: it
 * has its PT_GNU_EH_FRAME all the same. 0: there is none. */
section_id layout_merged_unwind_index(const struct link *link);
/* Of a segment for one member of a section: where that is, and how large. */
void layout_narrow_segment(const struct link *link, struct segment *segment);
/* The same by a script's rules (assign_script.c): both interpret the program until nothing changes; the second one
 * gives file offsets, too. */
void layout_script_segments(struct link *link);
void layout_script_assign(struct link *link);
/* Reports sections that overlap, and segments that lack what they have to have. */
void layout_script_check(struct link *link);
void layout_without_segments(struct link *link);
void layout_assign_addresses(struct link *link);
/* Reports what is wrong with the addresses, once they are final: false ASSERTs and whatever else a script asks for in
 * vain, regions that overflow, segments that overlap. */
void layout_check(struct link *link);

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

/* The index of the section that a symbol of an output section is in: of a neighbour, if a script's rules have left its
 * own one out because it is empty. 0: none. */
uint32_t layout_symbol_section(const struct layout *layout, uint32_t osec, uint64_t address);

/* Address of a section that is in the output. */
static inline uint64_t section_address(const struct layout *layout, const struct section *section)
{
	return layout->runs.at[section->run].addr + section->offset;
}

/* Whether the output has it: it was needed, and the script has not dropped it. */
static inline bool synthetic_is_placed(const struct link *link, enum synthetic which)
{
	return link->synthetic[which] && section_of(link, link->synthetic[which])->run;
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
