/* The tables of a link: every file, section, symbol and piece of the output, in flat arrays indexed by
 * 32-bit ids.
 *
 * An id never changes once given. Files and sections are numbered in the order of the inputs; symbols in the order of
 * first mention within the hash table that has their name (resolve/symbols.h), so that ids never depend on thread
 * timing, but there are unused ones. Id 0 is "none" for sections and symbols; file 0 is the linker itself: what it
 * makes (GOT, PLT, dynamic symbol table, ...) are sections and symbols of file 0, placed like everybody else's. Link
 * state is passed around as one `struct link *`; nothing is global. */
#ifndef GILD_LD_TABLES_H
#define GILD_LD_TABLES_H

#include <stdatomic.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/codec.h"
#include "base/diag.h"
#include "base/intern.h"
#include "base/io.h"
#include "base/pool.h"
#include "elf/archive.h"
#include "elf/object.h"
#include "elf/shared.h"
#include "ld/input/options.h"
#include "ld/input/version_script.h"
#include "ld/script/ast.h"
#include "ld/report/stats.h"

typedef uint32_t file_id;
typedef uint32_t section_id;
typedef uint32_t symbol_id;

enum { INTERNAL_FILE = 0 };
#define NO_SLOT UINT32_MAX

/* ---- files ------------------------------------------------------------------------------------------- */

enum file_kind {
	FILE_INTERNAL, /* the linker itself */
	FILE_OBJECT,
	FILE_SHARED,
};

/* What scanning one file's relocations found out about one of its symbols (NEED_*, below). */
struct need {
	uint32_t symbol;     /* index in the file's symbol table */
	uint32_t bits;
};

/* A place that the loader must relocate: relocation number `rela` of section `section`. SITE_TPOFF: a thread-local
 * variable of this module, whose place among those of other modules the loader knows. */
enum dynamic_site_kind { SITE_NONE, SITE_RELATIVE, SITE_SYMBOLIC, SITE_IRELATIVE, SITE_TPOFF };

struct dynamic_site {
	section_id section;
	uint32_t rela : 29, kind : 3; /* enum dynamic_site_kind */
};

/* What of .rela.dyn is a file's. */
struct dynamic_share {
	uint64_t groups, relative, others;
};

/* One CIE or FDE of an object's .eh_frame. */
struct eh_entry {
	uint32_t offset, size;    /* in the input section */
	uint32_t output;          /* offset in what remains of this section; NO_SLOT: dropped */
	uint32_t first_rela;      /* relocations [first_rela, first_rela + nrelas) of the section's lie inside it */
	uint16_t nrelas;
	bool is_cie;
	uint8_t encoding;         /* FDE and CIE: how code addresses are written (DW_EH_PE_*) */
	file_id cie_file;         /* where the CIE is that stands for this one or that this FDE uses: */
	uint32_t cie;             /* an entry of that file */
};

/* "foo@V" (not the default version) or "foo@@V" in an object's symbol table. */
struct versioned_symbol {
	uint32_t symbol;         /* index in the file's symbol table */
	bool is_default;
	struct str version;
};

/* A property of .note.gnu.property that is a set of bits. */
struct property {
	uint32_t type;            /* GNU_PROPERTY_X86_FEATURE_1_AND, ... */
	uint32_t bits;
};

struct file {
	enum file_kind kind;
	bool lazy;                /* an archive member nobody asked for yet, not parsed */
	bool asks;                /* its undefined symbols have been looked at for archive members */
	bool as_needed;           /* shared object: DT_NEEDED only when it defines something an object needs */
	bool indirect;            /* shared object that is not needed here, but by one that is */
	bool has_linkonce;        /* ... .gnu.linkonce sections, */
	bool has_warnings;        /* ... .gnu.warning sections, */
	bool has_plain_names;     /* ... sections whose names have no dot in front, */
	bool has_common;          /* ... common symbols */
	bool has_at;              /* ... an '@' in its names: symbols may name their versions */
	bool has_rivals;          /* ... definitions of symbols that another file defines, not weakly */
	bool has_eh_frame;
	bool has_link_order;      /* ... SHF_LINK_ORDER sections */
	bool just_symbols;        /* -R: it says where symbols are, and may say so of what others define */
	bool by_search;           /* found for -lNAME, not named by a path */
	_Atomic bool live;        /* object: part of the link; shared object: needed */
	_Atomic bool bad;         /* an error was reported for it */
	const char *path;         /* as the user or the search named it */
	struct str member;        /* of an archive, or empty */
	struct bytes bytes;

	/* Objects and shared objects: views into the file. */
	struct elf_file elf;
	struct elf_symtab symtab; /* .symtab, or .dynsym of a shared object */
	uint64_t alloc_size;      /* bytes that its loaded sections take at most, padding included */
	section_id first_section; /* section number n of the file is section first_section + n; live objects only */
	uint32_t *far_relas;      /* by section number, see FAR_RELA; NULL: there are none */
	uint32_t n_groups;        /* its SHT_GROUP sections */
	symbol_id *globals;       /* symbol first_global + i of the file is global symbol globals[i] (0: none) */

	/* Archive members: who extracted it (0: an option), by naming which symbol (0: nobody did); what the archive's
	 * index says they define. */
	file_id asked_by;
	symbol_id asked_for;
	const char *lazy_names;   /* n_lazy NUL-terminated names; NULL: parsed instead (the archive has no index) */
	uint32_t n_lazy;
	symbol_id *lazy_symbols;

	/* Objects: symbols that name their version, "foo@V" or "foo@@V". */
	struct versioned_symbol *versioned;
	uint32_t n_versioned;

	/* Objects: the results of scanning relocations. */
	struct need *needs;
	uint32_t n_needs;
	struct dynamic_site *sites;
	uint32_t n_sites;
	uint32_t *local_aux;      /* aux id per local symbol, or NULL */
	struct eh_entry *eh_entries;
	uint32_t n_eh_entries;
	struct property *properties; /* each type once */
	uint32_t n_properties;
	enum { STACK_UNSAID, STACK_NOEXEC, STACK_EXEC } stack;

	/* Shared objects. */
	const char *soname;
	const char *audit;        /* its DT_AUDIT, or NULL */
	uint32_t soname_dynstr;   /* where .dynstr has it */
	const uint8_t *versym;
	const struct elf_dyn *dynamic; /* n_dynamic entries; their names are in symtab.strtab */
	uint64_t n_dynamic;
	const char **versions;    /* name of version index i, NULL if none */
	uint32_t n_versions;
	uint16_t *output_version; /* version index i of the file is this one in our .gnu.version (0: not used) */

	/* Objects, when the output keeps relocations (synth/relocs.h). */
	bool *needed_locals;      /* by index of a local symbol: a relocation names it */
	uint32_t *local_indices;  /* of local symbols, in .symtab of the output; 0: not there */

	/* The symbol table of the output. */
	uint32_t *listed;         /* which symbols of the file are in it (synth/symtab.c): n_listed, locals first */
	uint32_t n_listed, n_listed_locals;
	uint32_t out_locals, out_globals; /* entries of this file */
	uint32_t out_local_start, out_global_start;
	uint64_t out_names, out_names_locals, out_names_start; /* bytes of .strtab, locals first */
};

/* ---- sections ---------------------------------------------------------------------------------------- */

enum section_kind {
	SECTION_NONE,         /* not placed: symbol tables, relocations, groups, or dropped */
	SECTION_REGULAR,      /* copied and relocated */
	SECTION_MERGE,        /* split into pieces that live on in a SECTION_POOL; `extra`: merge_sections index */
	SECTION_EH_FRAME,     /* copied record by record; `extra`: index of its first eh_entry in the file */
	SECTION_FOLDED,       /* equal to another one, which stands for it; `extra`: that section's id */
	SECTION_SYNTHETIC,    /* file 0: `extra` is an enum synthetic */
	SECTION_POOL,         /* file 0: one shard of a pool of merged pieces; `extra`: shard index */
	SECTION_SYMTAB,       /* file 0: a part of .symtab; `extra`: part number */
	SECTION_SYMTAB_SHNDX, /* file 0: the same part of .symtab_shndx */
	SECTION_STRTAB,       /* file 0: a part of .strtab */
	SECTION_RELA,         /* file 0: the relocations of section `extra` that the output keeps */
	SECTION_GROUP,        /* a section group that the output keeps */
};

struct section {
	uint64_t size;        /* bytes it takes in the output */
	uint64_t offset;      /* from the start of its run: the plan */
	file_id file;
	uint32_t run;         /* where the layout program puts it; 0: nowhere (discarded, or not placed) */
	uint32_t extra;       /* see section_kind */
	uint8_t kind : 7;
	uint8_t keep : 1;     /* a KEEP() of a script means it, though it may not be the one that places it */
	uint8_t rela;         /* how far behind it in its file the section is that relocates it; 0: none does; FAR_RELA */
	uint8_t p2align : 6;  /* alignment is 1 << p2align */
	uint8_t is_tls : 1;
	uint8_t reversed : 1; /* .ctors in .init_array: its pointers are written last to first */
	_Atomic bool live;
};

/* The file's far_relas have the number of the section that relocates it. */
enum { FAR_RELA = UINT8_MAX };

_Static_assert(sizeof(struct section) == 32, "there are millions of them");

/* ---- symbols ----------------------------------------------------------------------------------------- */

/* Who defines a symbol, as one number that can be compared: the smaller one wins.
 *   rank (4 bits) | file (28 bits) | index in the file's symbol table (32 bits)
 * Ranks: ld's rules for strong, common, weak and shared definitions (GNU ld manual, "common", and bfd/linker.c's action
 * table): a strong definition beats a common symbol, that beats a weak one, and any of them beats a shared object.
 * Among equals the first file wins. Lazy archive members and shared objects compete by position only. */
enum symbol_rank { RANK_STRONG = 1, RANK_COMMON = 2, RANK_WEAK = 3, RANK_ELSEWHERE = 4 };
#define OWNER_NONE UINT64_MAX

enum {
	SYMBOL_DEFINED = 1 << 0,     /* by an object or by the linker */
	SYMBOL_IMPORTED = 1 << 1,    /* found at load time: defined by a shared object, or left undefined */
	SYMBOL_EXPORTED = 1 << 2,    /* in our dynamic symbol table as a definition */
	SYMBOL_PREEMPTIBLE = 1 << 3, /* another module may supply it at load time (all IMPORTED are) */
	SYMBOL_ABSOLUTE = 1 << 4,    /* its value is not an address that moves with the image */
	SYMBOL_IFUNC = 1 << 5,
	SYMBOL_FUNCTION = 1 << 6,
	SYMBOL_TLS = 1 << 7,
	SYMBOL_USED = 1 << 8,        /* mentioned by a live object */
	SYMBOL_USED_STRONGLY = 1 << 9, /* ... not only through weak undefined symbols */
	SYMBOL_USED_SHARED = 1 << 10, /* mentioned as undefined by a shared object */
	SYMBOL_FORCED_LOCAL = 1 << 11, /* "local:" in a version script, --exclude-libs */
	SYMBOL_COMMON = 1 << 12,     /* an object of the command line has a common symbol of that name */
	SYMBOL_DEFINED_SHARED = 1 << 13, /* some shared object defines it, too */
	SYMBOL_UNDEFINED = 1 << 14,  /* nobody in the link defines it */
	SYMBOL_REPORTED = 1 << 15,
};

struct symbol {
	_Atomic uint64_t owner;
	_Atomic uint32_t aux;            /* index in link->aux; 0: none */
	_Atomic uint16_t flags;
	_Atomic uint8_t visibility;      /* the most constraining of all live files, STV_* */
	_Atomic uint8_t kinds;           /* KIND_*: what the files that mention it say it is (resolve/abi_check.h) */
	uint64_t address;                /* final; made after layout */
};

static inline uint64_t owner_key(enum symbol_rank rank, file_id file, uint32_t index)
{
	return (uint64_t)rank << 60 | (uint64_t)file << 32 | index;
}

static inline enum symbol_rank owner_rank(uint64_t owner)
{
	return (enum symbol_rank)(owner >> 60);
}

static inline file_id owner_file(uint64_t owner)
{
	return (uint32_t)(owner >> 32) & 0x0fffffff;
}

static inline uint32_t owner_index(uint64_t owner)
{
	return (uint32_t)owner;
}

/* What a symbol needs in the output because of how it is used. */
enum {
	NEED_GOT = 1 << 0,       /* a GOT slot with its address */
	NEED_PLT = 1 << 1,       /* a PLT entry */
	NEED_CPLT = 1 << 2,      /* a PLT entry that is the function's address for everybody ("canonical") */
	NEED_COPY = 1 << 3,      /* a copy relocation */
	NEED_TLSGD = 1 << 4,     /* two GOT slots: module and offset */
	NEED_TLSDESC = 1 << 5,   /* two GOT slots: TLS descriptor */
	NEED_GOTTP = 1 << 6,     /* a GOT slot with the offset from the thread pointer */
	NEED_DYNSYM = 1 << 7,    /* an entry in .dynsym */
	NEED_TLSLD = 1 << 8,     /* (of the module) two GOT slots: module and 0 */
	NEED_GOT_BASE = 1 << 9,  /* (of the module) _GLOBAL_OFFSET_TABLE_ is used */
	NEED_STATIC_TLS = 1 << 10, /* (of the module) DF_STATIC_TLS */
	NEED_GOTTP_NEGATED = 1 << 13, /* the same with the other sign */
	NEED_ZERO = 1 << 12,     /* undefined and weak, and code counts on its being 0 */
	NEED_TEXTREL = 1 << 11,    /* (of the module) a read-only section has dynamic relocations */
};

/* The slots of a symbol, global or local, that needs any. */
struct aux {
	symbol_id symbol;        /* 0: local symbol `index` of `file` */
	file_id file;
	uint32_t index;
	uint32_t needs;
	uint32_t got, plt, pltgot, gotplt, tlsgd, tlsdesc, gottp, gottp_negated, dynsym;
	uint64_t copy;           /* NEED_COPY: offset in .dynbss or .dynrelro */
	bool copy_relro;
};

struct undefined_reference {
	symbol_id symbol;
	section_id section;
	uint64_t offset;
};

/* A symbol that an object lacks and an indirect library has. */
struct missing_library {
	symbol_id symbol;
	const char *name;         /* with the version it has there, "foo@@V" */
	const char *path;         /* of the library */
};

/* Why a GOT slot is there; entries follow each other in the order of first use. */
enum got_kind { GOT_ADDRESS, GOT_TLSGD, GOT_TLSLD, GOT_TLSDESC, GOT_TPOFF, GOT_TPOFF_NEGATED };

struct got_entry {
	uint32_t aux;            /* 0 for GOT_TLSLD */
	uint32_t slot;
	enum got_kind kind;
};

/* ---- merged pieces ----------------------------------------------------------------------------------- */

/* Where a piece of an input section begins, and its id among the interned pieces of its pool. */
struct merge_piece {
	uint32_t start, ref;
};

/* An input section that was split into n pieces. */
struct merge_section {
	section_id section;
	uint32_t pool;
	struct bytes content;
	uint32_t n;
	struct merge_piece *pieces;
	uint32_t *blocks;        /* first piece that begins in or behind each block of 1 << MERGE_BLOCK_SHIFT bytes */
};

enum { MERGE_BLOCK_SHIFT = 7 };

/* Parallel to the tables of link->pieces, which have the entries. */
struct pool_shard {
	section_id section;
	uint64_t *offsets;       /* of entries, in the shard: apart, because relocations ask for nothing else */
	_Atomic uint8_t *p2aligns; /* scratch, of entries; NULL: 0 */
};

/* All pieces that may be merged with each other: same run, flags and entry size. */
struct merge_pool {
	uint32_t run;
	uint64_t flags, entsize;
	uint32_t first_shard, n_shards; /* 1 << log2_shards */
	uint64_t bytes;           /* of the input */
	uint8_t log2_shards;
	bool is_aligned;          /* some pieces need more than 1 */
	section_id first_member;
};

/* ---- the link ---------------------------------------------------------------------------------------- */

enum synthetic {
	SYN_NONE,
	SYN_INTERP, SYN_PROPERTY, SYN_BUILD_ID, SYN_PACKAGE, SYN_HASH, SYN_GNU_HASH, SYN_DYNSYM, SYN_DYNSTR, SYN_VERSYM,
	SYN_VERDEF, SYN_VERNEED, SYN_RELA_DYN, SYN_RELA_PLT, SYN_RELR_DYN, SYN_EH_FRAME_HDR, SYN_PLT, SYN_PLT_GOT,
	SYN_PLT_SEC, SYN_PLT_UNWIND, SYN_DYNAMIC, SYN_GOT, SYN_GOT_PLT, SYN_DYNRELRO, SYN_DYNBSS, SYN_RELRO_PADDING,
	SYN_GDB_INDEX, SYN_GILD_ABI, SYN_GNU_DEBUGLINK, SYN_SHSTRTAB, SYN_GNU_STACK,
	SYN_COMMON, SYN_TLS_COMMON, SYN_LARGE_COMMON, /* in the order of enum common_kind */
	SYN_COUNT
};

/* Sections for common symbols: ordinary ones, thread-local ones, those of the large code model. */
enum common_kind { COMMON_DATA, COMMON_TLS, COMMON_LARGE, COMMON_KINDS };

/* Common symbols of one kind: all, or, where a script may tell files apart, those of one file. */
struct common_area {
	enum common_kind kind;
	file_id file;              /* 0: all files' */
	uint64_t size;
	uint32_t p2align;
	section_id section;        /* of file 0; 0: they have none, or not yet */
};

/* A common symbol: its place in the section of its area. */
struct common {
	uint64_t offset, size;
	enum common_kind kind;
	uint32_t area;             /* in link->common_areas */
};

/* Entry `index` of a file's symbol table: a mention of `symbol` that does not fit the definition that counts. */
struct abi_mention {
	symbol_id symbol;
	file_id file;
	uint32_t index;
};

/* What passes that look at all symbols note for abi_check(): few of them, or none. Any thread, under `lock`. */
struct abi_notes {
	pthread_mutex_t lock;
	ARRAY(struct abi_mention) sizes;   /* variables of another size than the owner's */
	ARRAY(symbol_id) mixed;            /* symbols of several kinds */
	bool **looked_up;                  /* by file and index: see abi_looks_up(); NULL: nobody asked */
	ARRAY(symbol_id) interposers;      /* strong definitions of ours that stand before a shared object's */
};

struct layout;
struct arch;
struct plt_style;

/* A version of the output: index 2 + i in .gnu.version is definition i, needed versions follow. */
struct needed_version {
	file_id file;
	uint32_t index;           /* in that file */
	uint32_t name;            /* in .dynstr */
};

/* A word of the image that the loader adds the load address to. */
struct relr_place {
	section_id section;
	uint64_t offset;          /* in what the output has of the section */
};

/* A place of the command line or of a text script, for --warn-backrefs: files, or the members of an archive (which may
 * be named at several places). */
struct input_step {
	file_id first;
	uint32_t n;
	uint32_t group;           /* of --start-group, or GROUP() of a script; 0: none */
	bool is_archive, as_needed;
};

struct link {
	const struct options *options;
	struct diag *diag;
	struct pool *pool;
	const struct arch *arch;
	struct io *io;
	int replaced_output;               /* descriptor of the old output, which has no name any more; -1: none */
	struct codecs codecs;
	struct arena arena;                /* of the main thread */
	struct arena *worker_arenas;       /* one per worker of the pool */

	ARRAY(struct file) files;
	ARRAY(const char *) loaded;        /* paths of inputs in the order of opening: also archives and scripts */
	ARRAY(struct input_step) input_steps; /* with --warn-backrefs only */
	ARRAY(struct section) sections;
	struct symbol *symbols;
	uint32_t symbols_capacity;         /* what is beyond n_symbols is zeroed, and takes no memory yet */
	bool has_addresses;                /* symbols have theirs */
	bool has_map;                      /* -Map has been written */
	uint16_t *versions;                /* .gnu.version index of symbols, with VERSYM_HIDDEN; 0: VER_NDX_GLOBAL */
	_Atomic uint32_t *comdat_owners;   /* file whose group with this signature (a symbol id) is kept */
	uint32_t n_symbols;                /* including the null symbol 0 */
	struct intern_set names;           /* of symbols */
	ARRAY(struct aux) aux;             /* [0] is unused */

	/* File 0's symbols, parallel to its symtab. */
	ARRAY(struct elf_sym) internal_syms;
	ARRAY(symbol_id) internal_globals;
	ARRAY(uint32_t) internal_shndx;    /* SHT_SYMTAB_SHNDX */

	ARRAY(const char *) externs;       /* EXTERN() of scripts: as -u */
	const char *script_entry;          /* ENTRY() of a script, NULL: none */
	const char *entry;                 /* -e, else the script's, else _start; NULL: none (a shared object) */

	struct script script;              /* what all linker scripts together say, but for inputs */
	bool has_script;                   /* -T is given; else there are at most scripts among the inputs */
	uint32_t loaded_before_script;     /* of `loaded`: those that stand in front of the first -T */
	bool *script_assigns;              /* by index in internal_syms: scripts assign it, whatever objects say */
	ARRAY(struct script) option_scripts; /* of options->scripts: their inputs */
	uint64_t nested_scripts;           /* of script_may_nest() */
	struct version_script version_script, dynamic_list, export_list;
	uint32_t default_version;          /* --default-symver: 1 + node of the version script; 0: none */
	bool has_dynamic_list;

	ARRAY(struct merge_section) merge_sections;
	ARRAY(struct merge_pool) merge_pools;
	ARRAY(struct pool_shard) pool_shards;
	struct intern_set pieces;          /* of all pools */

	ARRAY(section_id) folded;          /* SECTION_FOLDED ones, ascending */

	/* What the output needs as a whole. */
	bool is_dynamic;                   /* it has a dynamic section */
	bool is_pic;                       /* PIE or shared */
	bool may_be_far;                   /* 32 bits may be too few for a distance in the image, or for an address */
	uint32_t module_needs;             /* NEED_TLSLD, ... */
	_Atomic bool has_gnu_symbols;      /* it defines indirect functions or unique symbols */
	ARRAY(struct got_entry) got;
	uint32_t got_slots;
	uint32_t tlsld_slot;
	ARRAY(uint32_t) plt;               /* aux ids: lazy PLT entries, each with a .got.plt slot */
	const struct plt_style *plt_style; /* which of the target's PLTs the output gets */
	ARRAY(uint32_t) plt_got;           /* aux ids: entries that jump through .got */
	ARRAY(uint32_t) dynsyms;           /* symbol ids, [0] is 0; imports first, then exports by hash bucket */
	ARRAY(uint32_t) copies;            /* aux ids of copied symbols */
	uint32_t first_hashed_dynsym;
	uint32_t gnu_hash_buckets;
	uint64_t dynbss_size, dynrelro_size;
	uint32_t dynbss_p2align, dynrelro_p2align;
	ARRAY(struct common_area) common_areas; /* by file, then by kind */
	ARRAY(char) dynstr;
	uint32_t rpath_dynstr, soname_dynstr, *filter_dynstr;
	uint32_t *dynsym_names;            /* offset in dynstr, parallel to dynsyms */
	ARRAY(struct needed_version) needed_versions;
	uint32_t first_needed_version;     /* its index in .gnu.version */
	uint32_t *verdef_names;            /* in .dynstr: the base version's, then the version script's nodes' */
	uint32_t n_fdes;
	uint64_t n_relative, n_dynamic_relas; /* entries of .rela.dyn: relative ones come first */
	struct dynamic_share *dynamic_shares; /* by file: where its part begins of what rela_dyn_make() lists */
	uint64_t n_relative_groups, n_relative_slots;
	struct property *properties;       /* of the output, by type */
	uint32_t n_properties;
	uint32_t audit_dynstr, depaudit_dynstr; /* 0: none */
	bool packs_relative;               /* -z pack-relative-relocs, and the image can move */
	struct relr_place *relr;           /* relative relocations of .relr.dyn, by address once there are addresses */
	uint64_t n_relr;
	struct common *common_symbols;     /* by symbol id; NULL: there are none */

	struct bytes made[SYN_COUNT];      /* malloc's: content of synthetic sections that is made before writing */
	section_id synthetic[SYN_COUNT];   /* the section made for it; 0: not made */
	const char **retained_names;       /* --retain-symbols-file, sorted; NULL: all names are kept */
	uint32_t n_retained;
	struct layout *layout;
	struct stats stats;
	ARRAY(section_id) symtab_parts;
	/* When the output keeps relocations: */
	ARRAY(uint32_t) section_symbols;   /* the output sections that have a section symbol, in .symtab's order */
	uint32_t *global_indices;          /* by symbol id: in .symtab; 0: not there */
	_Atomic uint64_t *mentions;        /* by symbol id: file << 32 | index where it is first mentioned, and has to
					    * be listed if nobody here defines it; UINT64_MAX: nowhere */
	uint32_t symtab_locals;

	unsigned excused_errors;           /* reported, but no reason to stop yet */

	struct abi_notes abi;

	/* References to symbols that nobody defines, found while scanning; reported together, by symbol. */
	pthread_mutex_t undefined_lock;
	ARRAY(struct undefined_reference) undefined_references;
	ARRAY(struct missing_library) missing_libraries;
};

/* Empty tables for a link with these options; what is reported goes to `diag`, what is read comes through `io`. */
void link_begin(struct link *link, const struct options *options, struct diag *diag, struct io *io);
/* Frees everything and unmaps the inputs; `io` itself stays the caller's. */
void link_end(struct link *link);

static inline struct file *file_of(const struct link *link, file_id id)
{
	return &link->files.at[id];
}

static inline struct section *section_of(const struct link *link, section_id id)
{
	return &link->sections.at[id];
}

/* The section header and the bytes of an object's section. */
static inline uint32_t section_number(const struct link *link, section_id id)
{
	return id - file_of(link, section_of(link, id)->file)->first_section;
}

static inline const struct elf_shdr *section_shdr(const struct link *link, section_id id)
{
	const struct file *file = file_of(link, section_of(link, id)->file);
	return &file->elf.shdrs[id - file->first_section];
}

/* The relocations of an object's section; none when nothing relocates it. */
static inline struct elf_relas section_relas(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	const struct file *file = file_of(link, section->file);
	if (!section->rela)
		return (struct elf_relas){NULL, 0};
	uint32_t number = id - file->first_section;
	number = section->rela == FAR_RELA ? file->far_relas[number] : number + section->rela;
	struct bytes bytes = elf_section_bytes(&file->elf, number);
	return (struct elf_relas){(const struct elf_rela *)bytes.data, bytes.size / sizeof(struct elf_rela)};
}

/* The section of file 0 that a common symbol is in. */
static inline section_id common_section(const struct link *link, symbol_id id)
{
	uint32_t area = link->common_symbols[id].area;
	return area < link->common_areas.n ? link->common_areas.at[area].section : 0;
}

static inline uint16_t symbol_flags(const struct symbol *symbol)
{
	return atomic_load_explicit(&symbol->flags, memory_order_relaxed);
}

static inline uint64_t symbol_owner(const struct symbol *symbol)
{
	return atomic_load_explicit(&symbol->owner, memory_order_relaxed);
}

/* Sets flag bits; cheap when they are set already. Any thread. */
static inline void symbol_set(struct symbol *symbol, uint16_t bits)
{
	if ((symbol_flags(symbol) & bits) != bits)
		atomic_fetch_or_explicit(&symbol->flags, bits, memory_order_relaxed);
}

/* The definition in its owner's symbol table; the symbol has an owner. */
static inline const struct elf_sym *symbol_definition(const struct link *link, const struct symbol *symbol)
{
	uint64_t owner = symbol_owner(symbol);
	return &file_of(link, owner_file(owner))->symtab.syms[owner_index(owner)];
}

static inline void *room_allocate(void *arena, uint64_t size)
{
	return arena_alloc(arena, size, 8);
}

/* Memory of an arena for what has to be translated when it is read. */
static inline struct elf_room room_in(struct arena *arena)
{
	return (struct elf_room){room_allocate, arena};
}

/* "path" or "path(member)" in a printf: FILE_FORMAT, with FILE_ARGS(file) among the arguments. */
#define FILE_FORMAT "%s%s%.*s%s"
#define FILE_ARGS(file)                                                       \
	(file)->path, (file)->member.len ? "(" : "", (int)(file)->member.len, \
		(file)->member.len ? (file)->member.at : "", (file)->member.len ? ")" : ""

#endif
