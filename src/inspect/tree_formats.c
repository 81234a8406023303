/* The tree of needs for programs: JSON, and the language of Graphviz. */
#include <string.h>

#include "inspect/tree.h"

/* --- JSON */

static const char *const outcomes[] = {
	[OPEN_OK] = "found", [OPEN_ABSENT] = "absent", [OPEN_OTHER_CLASS] = "other class", [OPEN_BROKEN] = "broken",
};

static void json_search(struct inspection *in, struct json_writer *json, const struct object *object)
{
	const char *asked = object->names ? object->names->text : object->name;
	const struct search_record *record = object->requester ? inspect_search(in, asked, object->requester) : NULL;
	json_write_open(json, "tried", '[');
	for (uint32_t i = 0; record && i < record->n; i++) {
		const struct search_step *step = &in->steps.at[record->from + i];
		json_write_open(json, NULL, '{');
		json_write_text(json, "path", step->path);
		json_write_text(json, "by", step->what ? step->what : "path");
		json_write_text(json, "of", step->where);
		json_write_text(json, "result", outcomes[step->result]);
		json_write_close(json, '}');
	}
	json_write_close(json, ']');
}

static void json_needs(struct inspection *in, struct json_writer *json, const struct object *object)
{
	json_write_open(json, "needs", '[');
	for (uint32_t i = 1; object->needed && object->needed[i]; i++) {
		const struct object *child = object->needed[i];
		json_write_open(json, NULL, '{');
		json_write_text(json, "name", needed_name(object, i));
		json_write_text(json, "as", needed_as(object, i));
		json_write_text(json, "path", child->missing ? NULL : inspect_name(in, child));
		json_write_close(json, '}');
	}
	json_write_close(json, ']');
}

static void json_object(struct inspection *in, struct json_writer *json, const struct object *object)
{
	json_write_open(json, NULL, '{');
	json_write_text(json, "name", object->names ? object->names->text : object->name);
	json_write_text(json, "path", inspect_name(in, object));
	const char *found_by = object->found_by ? object->found_by : "path";
	json_write_text(json, "found_by", object->is_self ? "interpreter" : found_by);
	json_write_text(json, "of", object->found_where);
	json_write_text(json, "hwcaps", why_hwcaps(&in->arena, object->name));
	json_write_text(json, "first_needed_by", object->requester ? inspect_name(in, object->requester) : NULL);
	json_write_bool(json, "preloaded", inspect_is_preload(in, object));
	json_needs(in, json, object);
	json_search(in, json, object);
	json_write_close(json, '}');
}

void tree_json(struct inspection *in)
{
	struct json_writer json = {.to = stdout};
	const struct object_list *search = &in->ld->program->search;
	json_write_open(&json, NULL, '{');
	json_write_text(&json, "program", in->path);
	json_write_text(&json, "interpreter", in->interpreter);
	json_write_bool(&json, "secure", in->secure);
	json_needs(in, &json, in->ld->program);
	json_write_open(&json, "libraries", '[');
	for (uint32_t i = 0; i < search->n; i++)
		if (search->at[i] != in->ld->program)
			json_object(in, &json, search->at[i]);
	json_write_close(&json, ']');
	json_problems(in, &json);
	json_write_close(&json, '}');
}

/* --- Graphviz: a quoted name escapes quotes and backslashes (The DOT Language, "ID") */

static void dot_name(struct inspection *in, const struct object *object)
{
	putchar('"');
	for (const char *c = printable(&in->arena, inspect_name(in, object)); *c; c++) {
		if (*c == '"' || *c == '\\')
			putchar('\\');
		putchar(*c);
	}
	putchar('"');
}

static void dot_edges(struct inspection *in, const struct object *object)
{
	for (struct object **child = object->needed ? object->needed + 1 : NULL; child && *child; child++) {
		putchar('\t');
		dot_name(in, object);
		printf(" -> ");
		dot_name(in, *child);
		puts(";");
	}
}

void tree_dot(struct inspection *in)
{
	const struct object_list *search = &in->ld->program->search;
	puts("digraph needs {\n\trankdir = LR;\n\tnode [shape = box, fontname = \"sans-serif\"];");
	putchar('\t');
	dot_name(in, in->ld->program);
	puts(" [style = bold];");
	for (const struct object *object = in->ld->first; object; object = object->next)
		if (object->missing) {
			putchar('\t');
			dot_name(in, object);
			puts(" [color = red, fontcolor = red, tooltip = \"not found\"];");
		}
	for (uint32_t i = 0; i < search->n; i++)
		dot_edges(in, search->at[i]);
	puts("}");
}
