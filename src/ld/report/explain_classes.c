/* Vtables and typeinfo: no source names them, and they are missing when something else is. */
#include <string.h>

#include "ld/report/describe.h"
#include "ld/report/explain.h"
#include "ld/report/mangled.h"
#include "ld/resolve/symbols.h"

enum { MAX_NAMED = 3 };

/* Is the function a member of the class? Both are keys: "ns::X::f" of "ns::X". */
static bool is_member(const struct mangled *function, const struct mangled *class)
{
	return function->cxx && !function->special && function->base == class->len + 2 &&
	       memcmp(function->key, class->key, class->len) == 0;
}

/* The vtable stands where the key function is defined (Itanium C++ ABI, "Virtual Tables"). Undefined members of the
 * class may be it. */
static void explain_vtable(struct explanation *explanation, struct unexplained *symbol, const struct mangled *class)
{
	struct link *link = explanation->link;
	const char *candidates = "";
	unsigned n = 0;
	for (uint32_t i = 0; i < explanation->n && n < MAX_NAMED; i++) {
		struct mangled function;
		if (!mangled_parse(&function, explanation->at[i].name) || !is_member(&function, class))
			continue;
		candidates = arena_printf(&link->arena, "%s%s%s", candidates, n++ ? ", " : "",
					  describe_symbol(link, &link->arena, explanation->at[i].symbol));
	}
	explain_hint(explanation, symbol,
		     "the key function of %.*s is its first virtual function that is neither inline nor pure: is it "
		     "defined, and its file part of the link?",
		     (int)class->len, class->key);
	if (n)
		explain_hint(explanation, symbol, "%s undefined as well, and may be the key function: %s",
			     n == 1 ? "this one is" : "these are", candidates);
}

/* A vtable is there, its typeinfo is not. */
static bool has_vtable(const struct link *link, const struct mangled *class, struct str typeinfo, const char **file)
{
	struct arena arena = {0};
	char *name = arena_strndup(&arena, typeinfo.at, typeinfo.len);
	name[3] = 'V'; /* _ZTI1X, _ZTV1X */
	symbol_id vtable = class->special == 'I' ? symbols_find(link, str_of(name)) : 0;
	bool defined = vtable && symbol_flags(&link->symbols[vtable]) & SYMBOL_DEFINED;
	if (defined)
		*file = file_of(link, owner_file(symbol_owner(&link->symbols[vtable])))->path;
	arena_free(&arena);
	return defined;
}

/* The vtable, the typeinfo and others of a class are missing together: it is said once. */
static bool is_explained(const struct explanation *explanation, const struct unexplained *symbol,
			 const struct mangled *class)
{
	for (const struct unexplained *before = explanation->at; before < symbol; before++) {
		struct mangled other;
		if (mangled_parse(&other, before->name) && other.special && other.len == class->len &&
		    memcmp(other.key, class->key, class->len) == 0)
			return true;
	}
	return false;
}

static void explain_class(struct explanation *explanation, struct unexplained *symbol)
{
	struct mangled class;
	const char *file;
	if (!mangled_parse(&class, symbol->name) || !class.special || is_explained(explanation, symbol, &class))
		return;
	if (has_vtable(explanation->link, &class, symbol->name, &file))
		explain_hint(explanation, symbol, "%s has the vtable of %.*s: was it compiled with -fno-rtti?", file,
			     (int)class.len, class.key);
	else
		explain_vtable(explanation, symbol, &class);
}

void explain_classes(struct explanation *explanation)
{
	for (uint32_t i = 0; i < explanation->n; i++)
		if (!explanation->at[i].found)
			explain_class(explanation, &explanation->at[i]);
}
