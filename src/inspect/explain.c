/* gild explain: how a program starts and where its names lead, told from its files. */
#include "inspect/explain.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum { WIDTH = 100, LONGEST_NAME = 70, SHOWN_INTERPOSED = 12, SHOWN_SPECIAL = 8 };

/* --- what the program uses, by library */

/* References of one object, ordered by what they bind to. */
struct use {
	const char *name;
	const struct object *to; /* NULL: nobody */
};

typedef ARRAY(struct use) use_array;

/* A name that leads elsewhere than the one who linked it thought, or otherwise than most. */
struct special {
	enum rule rule;
	const char *name;
	const struct object *from, *to, *instead;
};

struct summary {
	struct inspection *in;
	struct paint paint;
	const struct object *at; /* the object under way */
	use_array uses;          /* of the program */
	ARRAY(struct special) special;
	uint64_t shared_inline;  /* weak definitions that are bound to another object's: C++ inline functions */
};

static bool is_inline(const struct reference *reference)
{
	const Elf64_Sym *mine = &reference->from->table.symbols[reference->symbol];
	return mine->st_shndx != SHN_UNDEF && ELF64_ST_BIND(mine->st_info) == STB_WEAK;
}

static void collect(void *context, const struct reference *reference)
{
	struct summary *summary = context;
	struct inspection *in = summary->in;
	if (reference->own)
		return;
	if (reference->from == in->ld->program && reference->to.object != reference->from)
		*array_push(&summary->uses) = (struct use){reference->name, reference->to.object};
	struct explanation why = binding_explain(in, reference);
	if (why.rule == RULE_INTERPOSED && is_inline(reference)) {
		summary->shared_inline++;
		return;
	}
	switch (why.rule) {
	case RULE_INTERPOSED:
	case RULE_PRELOADED:
	case RULE_COPY:
	case RULE_CANONICAL:
	case RULE_UNIQUE:
	case RULE_PROTECTED:
	case RULE_SYMBOLIC:
		*array_push(&summary->special) =
			(struct special){why.rule, reference->name, reference->from, reference->to.object, why.instead};
		break;
	default: break;
	}
}

static int compare_uses(const void *a, const void *b)
{
	const struct use *x = a, *y = b;
	return strcmp(x->name, y->name);
}

/* Names separated by commas, as many as fit the line. */
static void show_names(struct summary *summary, const struct object *to, uint32_t n)
{
	size_t used = 0;
	uint32_t shown = 0;
	const char *last = "";
	for (uint32_t i = 0; i < summary->uses.n; i++) {
		const struct use *use = &summary->uses.at[i];
		if (use->to != to || strcmp(use->name, last) == 0)
			continue;
		last = use->name;
		const char *cxx = demangled(&summary->in->arena, use->name);
		const char *text = printable(&summary->in->arena, cxx ? cxx : use->name);
		size_t length = strlen(text) + 2;
		if (used + length > WIDTH - 40) {
			if (shown)
				break;
			printf("%.*s...", WIDTH - 44, text);
			break;
		}
		printf("%s%s", shown ? ", " : "", text);
		used += length;
		shown++;
	}
	puts(shown && shown < n ? ", ..." : "");
}

static uint32_t count_uses(const struct summary *summary, const struct object *to)
{
	uint32_t n = 0;
	const char *last = "";
	for (uint32_t i = 0; i < summary->uses.n; i++)
		if (summary->uses.at[i].to == to && strcmp(summary->uses.at[i].name, last) != 0) {
			last = summary->uses.at[i].name;
			n++;
		}
	return n;
}

static void show_uses(struct summary *summary)
{
	struct inspection *in = summary->in;
	const struct object_list *search = &in->ld->program->search;
	if (summary->uses.n)
		qsort(summary->uses.at, summary->uses.n, sizeof(struct use), compare_uses);
	printf("\n%sWhat it uses%s\nSymbols of others that the program itself refers to.\n", summary->paint.bold,
	       summary->paint.none);
	for (uint32_t i = 1; i <= search->n; i++) {
		const struct object *to = i < search->n ? search->at[i] : NULL;
		uint32_t n = count_uses(summary, to);
		if (!n && to && to->requester == in->ld->program && !to->is_self)
			printf("  %5u  %-22s needed by name, but not used by the program itself\n", n,
			       printable(&in->arena, short_name(in, to)));
		if (!n)
			continue;
		printf("  %5u  %-22s ", n, to ? printable(&in->arena, short_name(in, to)) : "nobody");
		show_names(summary, to, n);
	}
}

/* --- what is unusual */

static const char *special_heading(enum rule rule)
{
	switch (rule) {
	case RULE_PRELOADED: return "Taken from a preloaded library";
	case RULE_INTERPOSED: return "Interposed: another object's definition comes first in the search order";
	case RULE_COPY: return "Copied: variables of libraries that live in the program (copy relocations)";
	case RULE_CANONICAL: return "Functions whose address is an entry of the program's PLT";
	case RULE_UNIQUE: return "Unique: one definition for the whole process (C++ templates)";
	case RULE_PROTECTED: return "Protected: bound to the own definition, whatever others define";
	case RULE_SYMBOLIC: return "Bound to the own definition first (-Bsymbolic)";
	default: return "";
	}
}

static void show_special(struct summary *summary, const struct special *special)
{
	struct inspection *in = summary->in;
	const char *cxx = demangled(&in->arena, special->name);
	const char *text = printable(&in->arena, cxx ? cxx : special->name);
	bool is_long = strlen(text) > LONGEST_NAME;
	printf("    %.*s%s: ", is_long ? LONGEST_NAME - 3 : LONGEST_NAME, text, is_long ? "..." : "");
	printf("%s -> %s", printable(&in->arena, short_name(in, special->from)),
	       printable(&in->arena, short_name(in, special->to)));
	if (special->instead)
		printf(", not %s", printable(&in->arena, short_name(in, special->instead)));
	putchar('\n');
}

static void show_all_special(struct summary *summary)
{
	static const enum rule order[] = {RULE_PRELOADED, RULE_INTERPOSED, RULE_COPY,     RULE_CANONICAL,
					  RULE_UNIQUE,    RULE_PROTECTED,  RULE_SYMBOLIC};
	bool any = summary->shared_inline != 0;
	for (size_t r = 0; r < COUNTOF(order); r++) {
		uint32_t n = 0, most = order[r] == RULE_INTERPOSED ? SHOWN_INTERPOSED : SHOWN_SPECIAL;
		for (uint32_t i = 0; i < summary->special.n; i++) {
			if (summary->special.at[i].rule != order[r])
				continue;
			if (!n++)
				printf("%s  %s\n", any ? "" : "\nUnusual bindings\n", special_heading(order[r]));
			any = true;
			if (n <= most)
				show_special(summary, &summary->special.at[i]);
		}
		if (n > most)
			printf("    and %u more: gild explain --all\n", n - most);
	}
	if (summary->shared_inline)
		printf("  %" PRIu64 " references to inline functions of C++, of which each library has a copy,\n"
		       "    lead to the first one.\n", summary->shared_inline);
}

/* --- the beginning */

static const char *kind_of(const struct inspection *in)
{
	if (in->is_library)
		return "a shared library";
	return in->is_static ? "a static program" : "a program";
}

static void show_head(struct summary *summary)
{
	struct inspection *in = summary->in;
	const struct object *program = in->ld->program;
	const struct object_list *search = &program->search;
	const struct paint *paint = &summary->paint;
	printf("%s%s%s is %s.\n", paint->bold, printable(&in->arena, in->path), paint->none, kind_of(in));
	if (in->is_static) {
		puts("The kernel maps it and jumps to its first instruction; no loader takes part.");
		return;
	}
	if (in->interpreter)
		printf("The kernel maps it and its interpreter, %s, and starts the interpreter: the loader,\n"
		       "which does what follows before the program's first instruction.\n",
		       printable(&in->arena, in->interpreter));
	printf("\n%sSearch order%s\n", paint->bold, paint->none);
	puts("A name is looked for in these, one after the other; the first that defines it wins.");
	for (uint32_t i = 0; i < search->n; i++) {
		const struct object *object = search->at[i];
		printf("  %3u  %s", i + 1, printable(&in->arena, inspect_name(in, object)));
		if (i)
			printf(" %s(%s)%s", paint->dim, why_chosen(in, object), paint->none);
		putchar('\n');
	}
}

/* --- relocation and constructors */

static void show_startup(struct summary *summary)
{
	struct inspection *in = summary->in;
	uint32_t n;
	struct object **order = startup_order(in, &n);
	printf("\n%sBefore main%s\n", summary->paint.bold, summary->paint.none);
	puts("The loader fills in: pointers into the same file, addresses of symbols, calls (now, or later: each\n"
	     "when it first happens), copies of variables, thread-local variables, functions with variants. It makes\n"
	     "bytes read-only. Then constructors run, in this order: what others depend on comes first, the\n"
	     "program's own last.\n"
	     "   pointers addresses    calls       copies      TLS variants read-only constructors");
	uint64_t tls = 0;
	for (uint32_t i = 0; i < n; i++) {
		struct startup facts = startup_of(in, order[i]);
		const char *when = !facts.calls ? "" : facts.lazy ? "later" : "now";
		tls += facts.tls;
		printf(" %10" PRIu64 " %9" PRIu64 " %8" PRIu64 " %-5s %6" PRIu64 " %8" PRIu64 " %8" PRIu64 " %9" PRIu64,
		       facts.relative, facts.addresses, facts.calls, when, facts.copies, facts.thread_local_,
		       facts.indirect, facts.relro);
		printf(" %12" PRIu64 "  %s\n", facts.constructors, printable(&in->arena, short_name(in, order[i])));
	}
	if (tls)
		printf("Each thread gets %" PRIu64 " bytes of thread-local variables.\n", tls);
	free(order);
}

void explain_summary(struct inspection *in)
{
	struct summary summary = {.in = in, .paint = paint_for_output()};
	const struct object_list *search = &in->ld->program->search;
	show_head(&summary);
	if (in->is_static)
		return;
	for (uint32_t i = 0; i < search->n; i++)
		if (!search->at[i]->is_self)
			inspect_references(in, search->at[i], collect, &summary);
	show_uses(&summary);
	show_all_special(&summary);
	show_startup(&summary);
	show_problems(in, &summary.paint);
	if (in->secure)
		puts("\nIt runs with more rights than you: LD_LIBRARY_PATH and its like are ignored.");
	puts("\nMore: gild explain --symbol=NAME, gild explain --all, gild tree.");
	array_free(&summary.uses);
	array_free(&summary.special);
}

int explain_command(int argc, char **argv)
{
	bool json = false, all = false;
	const char *symbol = NULL;
	struct inspect_options inspect = {.inhibit_cache = false};
	struct command_option options[3 + COMMAND_PROGRAM_OPTIONS] = {
		{"symbol", 's', NULL, &symbol, "NAME", "explain this symbol only: NAME or NAME@VERSION"},
		{"all", 'a', &all, NULL, NULL, "a line for each binding of the program and all libraries"},
		{"json", 0, &json, NULL, NULL, "print JSON; with --all the bindings of the libraries too"},
	};
	command_program_options(options + 3, &inspect);
	const struct command_spec command = {
		.name = "gild explain",
		.usage = "[OPTION]... PROGRAM",
		.summary = "Tells what the loader would do with a program: in which order libraries are searched,\n"
			   "where each symbol leads and by which rule, what is relocated, whose constructors run\n"
			   "when. Nothing of it is run. The exit code is 1 when something is missing.\n",
		.options = options,
		.noptions = COUNTOF(options),
	};
	int status = command_parse_program(&command, argc, argv);
	if (status != COMMAND_GO)
		return status;
	struct inspection in;
	status = 1;
	if (inspect_open(&in, &inspect, argv[0], command.name)) {
		bool found = true;
		inspect_check_symbols(&in);
		if (json)
			explain_json(&in, symbol, all);
		else if (symbol)
			found = explain_symbol(&in, symbol, command.name);
		else if (all)
			explain_bindings(&in);
		else
			explain_summary(&in);
		status = command_finish(&command, !found || inspect_is_incomplete(&in));
	}
	inspect_free(&in);
	return status;
}
