/* gild tree: who needs whom, and why each file was chosen. */
#include <stdlib.h>
#include <string.h>

#include "inspect/tree.h"

/* A line's beginning: what connects it with its ancestors. */
struct prefix {
	char *at;
	size_t n, room;
};

struct tree {
	struct inspection *in;
	struct paint paint;
	struct prefix prefix;
	bool verbose;
};

static void prefix_add(struct prefix *prefix, const char *text)
{
	size_t more = strlen(text);
	if (prefix->n + more + 1 > prefix->room) {
		prefix->room = (prefix->n + more + 1) * 2;
		prefix->at = realloc(prefix->at, prefix->room);
		if (!prefix->at)
			out_of_memory();
	}
	memcpy(prefix->at + prefix->n, text, more + 1);
	prefix->n += more;
}

static void prefix_cut(struct prefix *prefix, size_t n)
{
	prefix->n = n;
	prefix->at[n] = 0;
}

/* Every file that was tried before the one that was taken. */
static void show_steps(struct tree *tree, const struct object *object, const char *asked,
		       const struct object *requester, bool has_children)
{
	const struct search_record *record = inspect_search(tree->in, asked, requester);
	if (!record && object->names) /* another one needed it first */
		record = inspect_search(tree->in, object->names->text, object->requester);
	for (uint32_t i = 0; record && i < record->n; i++)
		printf("%s%s%s   %s%s\n", tree->paint.dim, tree->prefix.at, has_children ? "│" : " ",
		       why_step(tree->in, &tree->in->steps.at[record->from + i]), tree->paint.none);
}

/* What is behind "├── ". */
static void show_label(struct tree *tree, const struct object *object, const char *asked, bool again)
{
	const struct paint *paint = &tree->paint;
	struct arena *arena = &tree->in->arena;
	const char *name = printable(arena, asked);
	if (object->missing) {
		printf("%s%s: %s%s\n", paint->red, name, object->is_self ? "cannot be read" : "not found", paint->none);
		return;
	}
	if (again) {
		printf("%s%s (above)%s\n", paint->dim, name, paint->none);
		return;
	}
	printf("%s%s%s", paint->bold, name, paint->none);
	if (strcmp(asked, inspect_name(tree->in, object)) != 0)
		printf(" => %s", printable(arena, inspect_name(tree->in, object)));
	if (object != tree->in->ld->program)
		printf(" %s(%s)%s", paint->dim, why_chosen(tree->in, object), paint->none);
	putchar('\n');
}

/* Shows an object and, the first time it comes, what it needs. `mark` is set on what was shown. */
static void show(struct tree *tree, struct object *object, const char *asked, const struct object *requester)
{
	bool has_children = object->needed && object->needed[1];
	bool again = object->mark && !object->missing;
	show_label(tree, object, asked, again);
	if (again)
		return;
	if (tree->verbose && object != tree->in->ld->program)
		show_steps(tree, object, asked, requester, has_children && !object->mark);
	object->mark = 1;
	for (uint32_t i = 1; has_children && object->needed[i]; i++) {
		size_t n = tree->prefix.n;
		bool is_last = !object->needed[i + 1];
		printf("%s%s", tree->prefix.at, is_last ? "└── " : "├── ");
		if (object->needs[i]->d_tag != DT_NEEDED)
			printf("%s: ", needed_as(object, i));
		prefix_add(&tree->prefix, is_last ? "    " : "│   ");
		show(tree, object->needed[i], needed_name(object, i), object);
		prefix_cut(&tree->prefix, n);
	}
}

static uint32_t count_libraries(const struct inspection *in)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < in->ld->program->search.n; i++)
		n += in->ld->program->search.at[i] != in->ld->program;
	return n;
}

static void show_notes(const struct inspection *in, bool verbose)
{
	bool missing = false;
	for (uint32_t i = 0; i < in->problems.n; i++)
		missing |= in->problems.at[i].kind == PROBLEM_LIBRARY;
	if (missing && !verbose)
		puts("\ngild tree -v shows every place that was tried.");
	if (in->foreign_loader)
		printf("\nIts interpreter, %s, is not glibc's: it may search in other places.\n", in->interpreter);
	if (in->secure)
		puts("\nIt runs with more rights than you: LD_LIBRARY_PATH and its like are ignored.");
}

static void show_tree(struct inspection *in, bool verbose)
{
	struct tree tree = {.in = in, .paint = paint_for_output(), .verbose = verbose};
	prefix_add(&tree.prefix, "");
	for (struct object *object = in->ld->first; object; object = object->next)
		object->mark = 0;
	in->ld->self->mark = 0;
	show(&tree, in->ld->program, in->path, NULL);
	for (uint32_t i = 0; i < in->preloads.n; i++) {
		struct object *object = in->preloads.at[i];
		if (!object->mark) /* nobody needs it by name */
			show(&tree, object, object->names->text, in->ld->program);
	}
	show_problems(in, &tree.paint);
	show_notes(in, verbose);
	uint32_t n = count_libraries(in);
	if (in->is_static)
		puts("\nStatically linked: it needs no library.");
	else if (!inspect_is_incomplete(in))
		printf("\n%u %s, nothing is missing.\n", n, n == 1 ? "library" : "libraries");
	free(tree.prefix.at);
}

int tree_command(int argc, char **argv)
{
	bool json = false, dot = false, verbose = false;
	struct inspect_options inspect = {.inhibit_cache = false};
	struct command_option options[3 + COMMAND_PROGRAM_OPTIONS] = {
		{"verbose", 'v', &verbose, NULL, NULL, "show every file and directory that was tried"},
		{"json", 0, &json, NULL, NULL, "print JSON"},
		{"dot", 0, &dot, NULL, NULL, "print a graph for dot (Graphviz): gild tree --dot PROG | dot -Tsvg"},
	};
	command_program_options(options + 3, &inspect);
	const struct command_spec command = {
		.name = "gild tree",
		.usage = "[OPTION]... PROGRAM",
		.summary = "Shows which libraries a program or library needs, which files the loader would take, and\n"
			   "why. Nothing of the program is run. The exit code is 1 when something is missing.\n",
		.options = options,
		.noptions = COUNTOF(options),
	};
	int status = command_parse_program(&command, argc, argv);
	if (status != COMMAND_GO)
		return status;
	struct inspection in;
	status = 1;
	if (inspect_open(&in, &inspect, argv[0], command.name)) {
		inspect_check_symbols(&in);
		if (json)
			tree_json(&in);
		else if (dot)
			tree_dot(&in);
		else
			show_tree(&in, verbose);
		status = command_finish(&command, inspect_is_incomplete(&in));
	}
	inspect_free(&in);
	return status;
}
