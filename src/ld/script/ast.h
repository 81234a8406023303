/* A linker script as it was written: the tree that the parser makes (GNU ld manual, "Linker Scripts").
 *
 * The tree knows nothing of a link. parse.c builds it, layout_script() (ld/layout) turns its statements into a layout
 * program, the input passes take its files, search folders and versions. Everything lives in the arena given to the
 * parser; names are NUL-terminated and without quotes. Lists are in the order of the text. */
#ifndef GILD_LD_SCRIPT_AST_H
#define GILD_LD_SCRIPT_AST_H

#include "base/array.h"
#include "base/types.h"
#include "ld/script/pattern.h"
#include "ld/script/place.h"

/* ---- expressions (GNU ld manual, "Expressions in Linker Scripts") --------------------------------------- */

enum expr_kind {
	EXPR_NUMBER,
	EXPR_DOT,
	EXPR_SYMBOL,              /* name */
	EXPR_UNARY,               /* op a */
	EXPR_BINARY,              /* a op b */
	EXPR_CONDITIONAL,         /* a ? b : c */
	/* Functions of a section's name: */
	EXPR_ADDR, EXPR_LOADADDR, EXPR_ALIGNOF, EXPR_SIZEOF,
	/* Of a memory region's name: */
	EXPR_ORIGIN, EXPR_LENGTH,
	/* Of expressions: */
	EXPR_ABSOLUTE,            /* a */
	EXPR_ALIGN,               /* ALIGN(b), BLOCK(b): a is EXPR_DOT; ALIGN(a, b) */
	EXPR_NEXT,                /* a */
	EXPR_MAX, EXPR_MIN,       /* a, b */
	EXPR_LOG2CEIL,            /* a */
	EXPR_DATA_SEGMENT_ALIGN,  /* a: maximal page size, b: common page size */
	EXPR_DATA_SEGMENT_RELRO_END, /* a: offset, b */
	EXPR_DATA_SEGMENT_END,    /* a */
	EXPR_SEGMENT_START,       /* name, a: default */
	EXPR_ASSERT,              /* a, name: the message */
	/* Others: */
	EXPR_DEFINED,             /* name: a symbol */
	EXPR_CONSTANT,            /* name: MAXPAGESIZE or COMMONPAGESIZE */
	EXPR_SIZEOF_HEADERS,
};

enum expr_op {
	OP_NONE,
	OP_PLUS, OP_NEGATE, OP_COMPLEMENT, OP_NOT,
	OP_MULTIPLY, OP_DIVIDE, OP_REMAINDER,
	OP_ADD, OP_SUBTRACT,
	OP_SHIFT_LEFT, OP_SHIFT_RIGHT,
	OP_LESS, OP_LESS_EQUAL, OP_GREATER, OP_GREATER_EQUAL,
	OP_EQUAL, OP_NOT_EQUAL,
	OP_BIT_AND, OP_BIT_XOR, OP_BIT_OR,
	OP_AND, OP_OR,
};

struct expr {
	enum expr_kind kind;
	enum expr_op op;
	uint64_t number;
	uint32_t hex_digits;      /* EXPR_NUMBER: digits behind 0x (a fill counts them, and may have more than 16: then
				   * `number` is 0); 0: written otherwise */
	const char *name;         /* symbol, section, region, segment, constant or message; those digits */
	const struct expr *a, *b, *c;
	struct script_place place;
};

/* ---- statements ----------------------------------------------------------------------------------------- */

enum statement_kind {
	STATEMENT_ASSIGN,         /* symbol = value; for "a += b" the value is a + b */
	STATEMENT_ASSERT,         /* value: an EXPR_ASSERT */
	STATEMENT_SECTION,        /* section */
	STATEMENT_OVERLAY,        /* overlay */
	STATEMENT_INSERT,         /* the sections since the last INSERT go before or after section `symbol` */
	/* In an output section only: */
	STATEMENT_INPUT,          /* input */
	STATEMENT_DATA,           /* data: `width` bytes of value */
	STATEMENT_STRING,         /* text (ASCIZ, with its NUL) */
	STATEMENT_LINKER_VERSION, /* the linker's version as a string, with --enable-linker-version */
	STATEMENT_FILL,           /* value */
};

enum section_type {
	SECTION_TYPE_UNSAID,
	SECTION_TYPE_NOLOAD,
	SECTION_TYPE_NOT_ALLOCATED,          /* DSECT, COPY, INFO, OVERLAY */
	SECTION_TYPE_READONLY,
	SECTION_TYPE_GIVEN,                  /* TYPE = type_value */
	SECTION_TYPE_READONLY_GIVEN,
};

enum section_constraint { CONSTRAINT_NONE, CONSTRAINT_ONLY_IF_RO, CONSTRAINT_ONLY_IF_RW, CONSTRAINT_SPECIAL };

struct name_list {
	const char *name;
	struct script_place place;
	struct name_list *next;
};

struct section_statement {
	const char *name;
	const struct expr *address;          /* or NULL, as all expressions below */
	enum section_type type;
	const struct expr *type_value;       /* names of types are numbers here */
	const struct expr *at, *align, *subalign;
	bool align_with_input;
	enum section_constraint constraint;
	struct statement *body;
	const char *region, *lma_region;     /* >region, AT>region */
	struct script_place region_place, lma_place;
	struct name_list *phdrs;             /* :phdr; "NONE" */
	const struct expr *fill;
};

struct overlay_statement {
	const struct expr *address, *at, *subalign;
	bool nocrossrefs;
	struct statement *sections;          /* STATEMENT_SECTIONs: name, body, phdrs, fill */
	const char *region, *lma_region;
	struct script_place region_place, lma_place;
	struct name_list *phdrs;
	const struct expr *fill;
};

struct statement {
	enum statement_kind kind;
	struct script_place place;
	struct statement *next;
	const char *symbol;                  /* ASSIGN: "." moves the location counter; INSERT: a section */
	const struct expr *value;
	bool provide, hidden;                /* ASSIGN: PROVIDE(), HIDDEN(), PROVIDE_HIDDEN() */
	bool compound;                       /* ASSIGN: written as "+=" or the like */
	bool after;                          /* INSERT */
	bool begins_script;                  /* the first one of a script: INSERT takes none of those before it */
	bool sign_extend;                    /* DATA: SQUAD */
	uint8_t width;                       /* DATA: 1, 2, 4, 8 */
	struct bytes text;                   /* STRING */
	union {
		struct section_statement *section;
		struct overlay_statement *overlay;
		struct input_description *input;
	};
};

/* ---- the whole ------------------------------------------------------------------------------------------ */

enum { REGION_READ = 1, REGION_WRITE = 2, REGION_EXECUTE = 4, REGION_ALLOC = 8, REGION_INITIALIZED = 16 };

struct region_statement {
	const char *name;
	uint32_t flags, not_flags;           /* (rwx!i): REGION_* */
	const struct expr *origin, *length;
	struct script_place place;
	struct region_statement *next;
};

struct region_alias {
	const char *alias, *region;
	struct script_place place;
	struct region_alias *next;
};

struct phdr_statement {
	const char *name;
	const struct expr *type;             /* names of types are numbers here */
	bool filehdr, phdrs;
	const struct expr *at, *flags;       /* or NULL */
	struct script_place place;
	struct phdr_statement *next;
};

/* NOCROSSREFS(a b ...), NOCROSSREFS_TO(a b ...). */
struct nocrossrefs {
	struct name_list *sections;
	bool to;                             /* nobody may refer to the first one; false: nobody to anybody */
	struct nocrossrefs *next;
};

struct script_input {
	const char *name;                    /* a path as written ("=" prefix kept), or NAME of -lNAME */
	bool is_library, as_needed;
	bool binary;                         /* its bytes are data: TARGET(binary) */
	uint32_t group;                      /* number of the GROUP command it stands in; 0: INPUT */
};

/* One or several texts that follow each other. */
struct script {
	/* About inputs: */
	ARRAY(struct script_input) inputs;   /* of INPUT and GROUP in order; STARTUP's first */
	uint32_t groups;                     /* GROUP commands */
	bool has_startup;
	ARRAY(const char *) search_dirs, externs;
	const char *output_format[3];        /* default, big, little; or NULL */
	const char *output_arch;
	bool binary_inputs;                  /* TARGET(binary): what follows is data */
	const char *output;                  /* OUTPUT(), as -o */
	const char *map_file;                /* MAP(), as -Map */
	const char *entry;
	ARRAY(struct script_place) versions; /* the texts between VERSION { and } */
	bool force_common, inhibit_common, force_group_allocation;
	bool sane_expr;                      /* LD_FEATURE("SANE_EXPR") */
	bool gild_layout;                    /* LD_FEATURE("GILD_LAYOUT"): the default layout, as --verbose prints it */

	/* About layout: */
	struct statement *statements;        /* assignments, ASSERTs, what SECTIONS has, INSERTs: in order */
	struct statement *overwrites;        /* OVERWRITE_SECTIONS: STATEMENT_SECTIONs */
	struct statement *orderings;         /* of a section ordering file: STATEMENT_SECTIONs */
	bool has_sections;                   /* there is a SECTIONS command */
	struct region_statement *regions;
	struct region_alias *aliases;
	struct phdr_statement *phdrs;
	bool has_phdrs;
	struct nocrossrefs *nocrossrefs;
};

#endif
