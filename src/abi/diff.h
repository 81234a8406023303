/* What changed between two models, and whom it breaks. */
#ifndef GILD_ABI_DIFF_H
#define GILD_ABI_DIFF_H

#include "abi/spell.h"

/* In the order of how much they break. */
enum abi_verdict {
	ABI_SAME,
	ABI_COMPATIBLE,               /* callers that exist go on working */
	ABI_BREAKS_CALLERS,           /* calls, or what they mean, do not fit any more */
	ABI_BREAKS_LAYOUT,            /* callers find other bytes where they look */
};

struct abi_lines {
	const char **at;              /* an ARRAY */
	uint32_t n, cap;
};

/* All changes of one thing: a symbol, a type, a promise. */
struct abi_change {
	enum abi_verdict verdict;
	const char *subject;          /* "function f", "struct s" */
	const char *place;            /* "s.h:12", where it is in the new version; NULL: not known */
	struct abi_lines details;     /* what changed, a line each */
	struct abi_lines symbols;     /* of a type: those that reach it */
	const char *path;             /* how the first of them does; NULL: it is no type */
	uint32_t pair;                /* for diff.c */
};

struct abi_diff_options {
	const char *const *opaque;    /* patterns of type names */
	uint32_t n_opaque;
	const char *const *headers;   /* folders */
	uint32_t n_headers;
};

struct abi_diff {
	struct arena arena;
	ARRAY(struct abi_change) changes; /* worst first, then by subject */
	const char *soname_advice;    /* NULL: there is nothing to say */
	bool soname_changed;
	bool types_compared;
	uint32_t n_without_types;     /* symbols in both whose types one side does not know */
};

/* Compares two models. All texts are in diff->arena or in the models. */
void abi_diff_models(struct abi_diff *diff, struct abi_model *from, struct abi_model *to,
		     const struct abi_diff_options *options);
void abi_diff_free(struct abi_diff *diff);

/* ABI_EXIT_* of all changes together. */
int abi_diff_exit(const struct abi_diff *diff);

void abi_diff_print(struct text *out, const struct abi_diff *diff, const char *from, const char *to);
void abi_diff_print_json(struct text *out, const struct abi_diff *diff, const char *from, const char *to);

#endif
