/* Types as a C or C++ programmer writes them. */
#ifndef GILD_ABI_SPELL_H
#define GILD_ABI_SPELL_H

#include <stdarg.h>

#include "abi/model.h"

/* A text that grows; text_free() gives it back. */
struct text {
	ARRAY(char) bytes;
};

void text_add(struct text *text, struct str more);
__attribute__((format(printf, 2, 3))) void text_print(struct text *text, const char *format, ...);
__attribute__((format(printf, 2, 0))) void text_vprint(struct text *text, const char *format, va_list arguments);
void text_free(struct text *text);

static inline struct str text_str(const struct text *text)
{
	return (struct str){text->bytes.n ? text->bytes.at : "", text->bytes.n};
}

enum {
	SPELL_PLAIN = 0,
	SPELL_KEYWORDS = 1,           /* "struct ns::x", where C++ has no need of "struct" */
	SPELL_DECLARABLE = 2,         /* what a C compiler takes: types without name as what has their size */
};

/* The type, or the declaration of `name` with that type: "int (*name)(char)". */
void abi_spell(struct text *out, const struct abi_model *model, abi_type_id id, struct str name, unsigned how);

/* "struct x", "std::vector<int>": the name of an entity, or "struct {...}". */
void abi_spell_name(struct text *out, const struct abi_model *model, abi_type_id id, unsigned how);

/* The parameters of a function: "int, char *, ..."; "void" when there are none. */
void abi_spell_parameters(struct text *out, const struct abi_model *model, const struct abi_type *function,
			  unsigned how);

/* A spelled type in the model's arena. */
const char *abi_spelled(struct abi_model *model, abi_type_id id);

#endif
