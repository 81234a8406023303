/* gild explain --symbol: one name, seen from all who use it and all who define it; and lists of all bindings. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "inspect/explain.h"

struct wanted_symbol wanted_symbol(struct inspection *in, const char *text)
{
	const char *at = strchr(text, '@');
	if (!at || at == text)
		return (struct wanted_symbol){text, NULL};
	size_t ats = strspn(at, "@");
	return (struct wanted_symbol){arena_strndup(&in->arena, text, (size_t)(at - text)), at + ats};
}

bool is_wanted(const struct wanted_symbol *wanted, const struct reference *reference)
{
	if (strcmp(wanted->name, reference->name) != 0)
		return false;
	return !wanted->version ||
	       (reference->version && strcmp(wanted->version, reference->version->name) == 0);
}

struct view {
	struct inspection *in;
	struct paint paint;
	struct wanted_symbol wanted;
	uint32_t nreferences;
	bool has_first;
	struct reference first; /* the first reference: marks what fits */
};

/* --- one name */

static void show_reference(void *context, const struct reference *reference)
{
	struct view *view = context;
	struct inspection *in = view->in;
	const struct paint *paint = &view->paint;
	if (!is_wanted(&view->wanted, reference))
		return;
	if (!view->nreferences++)
		printf("Used by\n");
	if (!view->has_first && !reference->own) {
		view->has_first = true;
		view->first = *reference;
	}
	struct explanation why = binding_explain(in, reference);
	const char *version = reference->version ? reference->version->name : NULL;
	printf("  %s%s%s (%s%s%s)\n", paint->bold, printable(&in->arena, inspect_name(in, reference->from)),
	       paint->none, reference_kind(reference), version ? ", version " : "",
	       version ? printable(&in->arena, version) : "");
	if (reference->to.object)
		printf("    binds to %s%s%s,\n    %s\n", paint->green,
		       printable(&in->arena, inspect_name(in, reference->to.object)), paint->none, rule_text(why.rule));
	else
		printf("    %s%s%s\n", why.rule == RULE_NOBODY ? paint->red : "", rule_text(why.rule), paint->none);
	if (why.instead)
		printf("    it takes the place of %s\n", printable(&in->arena, inspect_name(in, why.instead)));
	if (reference->to.object && reference->plt && startup_of(in, reference->from).lazy)
		printf("    when it is first called\n");
	if (reference->to.object && is_ifunc(reference->to.symbol))
		printf("    which has variants: a resolver function chooses one for this processor\n");
}

static const char *type_name(const Elf64_Sym *symbol)
{
	switch (ELF64_ST_TYPE(symbol->st_info)) {
	case STT_FUNC: return "function";
	case STT_GNU_IFUNC: return "function with variants";
	case STT_OBJECT:
	case STT_COMMON: return "variable";
	case STT_TLS: return "thread-local variable";
	default: return "symbol";
	}
}

static const char *bind_name(const Elf64_Sym *symbol)
{
	switch (ELF64_ST_BIND(symbol->st_info)) {
	case STB_WEAK: return "weak ";
	case STB_GNU_UNIQUE: return "unique ";
	default: return "";
	}
}

static void show_definer(struct view *view, const struct definer *definer)
{
	struct inspection *in = view->in;
	bool taken = view->has_first && view->first.to.symbol == definer->symbol;
	const char *outcome = !view->has_first  ? "" :
			      taken             ? "taken" :
			      !definer->fits    ? "another version, or not asked for" :
			      view->first.to.object ? "would be taken without the one that is" : "";
	bool is_protected = ELF64_ST_VISIBILITY(definer->symbol->st_other) == STV_PROTECTED;
	printf("  %2u. %s%s%s: %s%s%s, %s%s%s, %" PRIu64 " bytes%s%s\n", definer->position,
	       taken ? view->paint.green : "", printable(&in->arena, inspect_name(in, definer->object)),
	       view->paint.none, view->wanted.name, definer->version ? (definer->is_default ? "@@" : "@") : "",
	       definer->version ? printable(&in->arena, definer->version) : "", is_protected ? "protected " : "",
	       bind_name(definer->symbol), type_name(definer->symbol), definer->symbol->st_size, *outcome ? ": " : "",
	       outcome);
}

static void each_reference(struct inspection *in, void (*see)(void *context, const struct reference *reference),
			   void *context)
{
	const struct object_list *search = &in->ld->program->search;
	for (uint32_t i = 0; i < search->n; i++)
		if (!search->at[i]->is_self)
			inspect_references(in, search->at[i], see, context);
}

bool explain_symbol(struct inspection *in, const char *name, const char *command)
{
	struct view view = {.in = in, .paint = paint_for_output(), .wanted = wanted_symbol(in, name)};
	const char *cxx = demangled(&in->arena, view.wanted.name);
	definer_array definers = {0};
	binding_definers(in, view.wanted.name, NULL, &definers);
	bool known = definers.n != 0;
	if (known)
		printf("%s%s%s%s%s%s\n\n", view.paint.bold, printable(&in->arena, name), view.paint.none,
		       cxx ? " (" : "", cxx ? printable(&in->arena, cxx) : "", cxx ? ")" : "");
	each_reference(in, show_reference, &view);
	known |= view.nreferences != 0;
	if (!known) {
		fprintf(stderr, "%s: %s: nobody uses or defines %s\n", command, in->path, name);
		array_free(&definers);
		return false;
	}
	definers.n = 0;
	binding_definers(in, view.wanted.name, view.has_first ? &view.first : NULL, &definers);
	if (!view.nreferences)
		puts("No relocation refers to it: a program may still find it by dlsym.");
	printf("\nDefined by, in the order in which libraries are searched\n");
	for (uint32_t i = 0; i < definers.n; i++)
		show_definer(&view, &definers.at[i]);
	if (!definers.n)
		puts("  nobody");
	array_free(&definers);
	return true;
}

/* --- all names */

static void show_line(void *context, const struct reference *reference)
{
	struct inspection *in = context;
	if (reference->own)
		return;
	struct explanation why = binding_explain(in, reference);
	const char *version = reference->version ? reference->version->name : NULL;
	const char *to = reference->to.object ? inspect_name(in, reference->to.object) : "nobody";
	printf("%s -> %s: %s%s%s (%s%s%s)\n", printable(&in->arena, inspect_name(in, reference->from)),
	       printable(&in->arena, to), printable(&in->arena, reference->name), version ? "@" : "",
	       version ? printable(&in->arena, version) : "", rule_word(why.rule),
	       why.instead ? " before " : "", why.instead ? printable(&in->arena, inspect_name(in, why.instead)) : "");
}

void explain_bindings(struct inspection *in)
{
	each_reference(in, show_line, in);
}

/* --- JSON */

struct json_view {
	struct inspection *in;
	struct json_writer json;
	const struct wanted_symbol *wanted; /* NULL: all */
};

static void json_reference(void *context, const struct reference *reference)
{
	struct json_view *view = context;
	struct inspection *in = view->in;
	if (view->wanted ? !is_wanted(view->wanted, reference) : reference->own)
		return;
	struct explanation why = binding_explain(in, reference);
	struct json_writer *json = &view->json;
	json_write_open(json, NULL, '{');
	json_write_text(json, "from", inspect_name(in, reference->from));
	json_write_text(json, "symbol", reference->name);
	json_write_text(json, "version", reference->version ? reference->version->name : NULL);
	json_write_text(json, "kind", reference_kind(reference));
	json_write_text(json, "to", reference->to.object ? inspect_name(in, reference->to.object) : NULL);
	json_write_text(json, "rule", rule_word(why.rule));
	json_write_text(json, "instead_of", why.instead ? inspect_name(in, why.instead) : NULL);
	json_write_number(json, "other_definitions", why.others);
	json_write_close(json, '}');
}

static void json_startup(struct inspection *in, struct json_writer *json, struct object *object)
{
	struct startup facts = startup_of(in, object);
	json_write_open(json, NULL, '{');
	json_write_text(json, "path", inspect_name(in, object));
	json_write_number(json, "search_position", binding_position(in, object));
	json_write_open(json, "relocations", '{');
	json_write_number(json, "relative", facts.relative);
	json_write_number(json, "packed", facts.packed);
	json_write_number(json, "addresses", facts.addresses);
	json_write_number(json, "calls", facts.calls);
	json_write_number(json, "copies", facts.copies);
	json_write_number(json, "thread_local", facts.thread_local_);
	json_write_number(json, "indirect", facts.indirect);
	json_write_close(json, '}');
	json_write_bool(json, "lazy", facts.lazy);
	json_write_number(json, "relro_bytes", facts.relro);
	json_write_number(json, "tls_bytes", facts.tls);
	json_write_number(json, "constructors", facts.constructors);
	json_write_number(json, "destructors", facts.destructors);
	json_write_close(json, '}');
}

static void json_definers(struct inspection *in, struct json_writer *json, const char *name)
{
	definer_array definers = {0};
	binding_definers(in, name, NULL, &definers);
	json_write_open(json, "definitions", '[');
	for (uint32_t i = 0; i < definers.n; i++) {
		const struct definer *definer = &definers.at[i];
		json_write_open(json, NULL, '{');
		json_write_text(json, "path", inspect_name(in, definer->object));
		json_write_text(json, "version", definer->version);
		json_write_bool(json, "default_version", definer->is_default);
		json_write_number(json, "search_position", definer->position);
		json_write_text(json, "type", type_name(definer->symbol));
		json_write_bool(json, "weak", ELF64_ST_BIND(definer->symbol->st_info) == STB_WEAK);
		json_write_number(json, "size", definer->symbol->st_size);
		json_write_close(json, '}');
	}
	json_write_close(json, ']');
	array_free(&definers);
}

void explain_json(struct inspection *in, const char *name, bool all)
{
	struct json_view view = {.in = in, .json = {.to = stdout}};
	struct json_writer *json = &view.json;
	struct wanted_symbol wanted = {.name = NULL};
	if (name) {
		wanted = wanted_symbol(in, name);
		view.wanted = &wanted;
	}
	json_write_open(json, NULL, '{');
	json_write_text(json, "program", in->path);
	json_write_text(json, "interpreter", in->interpreter);
	json_write_open(json, "bindings", '[');
	if (all || name)
		each_reference(in, json_reference, &view);
	else
		inspect_references(in, in->ld->program, json_reference, &view);
	json_write_close(json, ']');
	if (name)
		json_definers(in, json, wanted.name);
	/* The order of constructors: libraries first. */
	uint32_t n;
	struct object **order = startup_order(in, &n);
	json_write_open(json, "constructor_order", '[');
	for (uint32_t i = 0; i < n; i++)
		json_startup(in, json, order[i]);
	json_write_close(json, ']');
	free(order);
	json_problems(in, json);
	json_write_close(json, '}');
}
