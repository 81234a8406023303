#include "inspect/why.h"

#include <string.h>

const char *why_hwcaps(struct arena *arena, const char *path)
{
	static const char folder[] = "/glibc-hwcaps/";
	const char *at = strstr(path, folder), *end = at ? strchr(at + sizeof(folder) - 1, '/') : NULL;
	if (!end)
		return NULL;
	at += sizeof(folder) - 1;
	return arena_strndup(arena, at, (size_t)(end - at));
}

const char *why_chosen(struct inspection *in, const struct object *object)
{
	if (object->is_self)
		return "the interpreter";
	const char *hwcaps = why_hwcaps(&in->arena, object->name), *where = object->found_where;
	const char *text = arena_printf(&in->arena, "%s%s%s%s%s%s", object->found_by ? object->found_by : "a path",
					where ? " of " : "", where ? where : "", hwcaps ? ", glibc-hwcaps " : "",
					hwcaps ? hwcaps : "", inspect_is_preload(in, object) ? ", preloaded" : "");
	return printable(&in->arena, text);
}

const char *why_step(struct inspection *in, const struct search_step *step)
{
	const char *outcome = "found";
	size_t length = strlen(step->path);
	switch (step->result) {
	case OPEN_OK: break;
	case OPEN_ABSENT:
		if (length && step->path[length - 1] == '/')
			outcome = "no such directory";
		else if (strcmp(step->path, PATH_CACHE) == 0)
			outcome = "has no such name";
		else
			outcome = strerror(step->code);
		break;
	case OPEN_OTHER_CLASS: outcome = "a 32-bit file, passed over"; break;
	case OPEN_BROKEN: outcome = "cannot be loaded"; break;
	}
	const char *text = arena_printf(&in->arena, "%s%s%s: %s: %s", step->what ? step->what : "path",
					step->where ? " of " : "", step->where ? step->where : "", step->path, outcome);
	return printable(&in->arena, text);
}

const char *needed_name(const struct object *object, uint32_t i)
{
	return object->table.strings + object->needs[i]->d_un.d_val;
}

const char *needed_as(const struct object *object, uint32_t i)
{
	switch (object->needs[i]->d_tag) {
	case DT_FILTER: return "filter";
	case DT_AUXILIARY: return "auxiliary";
	default: return "needed";
	}
}

/* --- what is missing */

static const char *problem_text(struct inspection *in, const struct problem *problem)
{
	struct arena *arena = &in->arena;
	const char *text = "";
	switch (problem->kind) {
	case PROBLEM_LIBRARY:
		text = arena_printf(arena, "library %s%s%s: %s", problem->object,
				    problem->needed_by ? ", needed by " : "",
				    problem->needed_by ? problem->needed_by : "", problem->text);
		break;
	case PROBLEM_FILE: text = arena_printf(arena, "file %s: %s", problem->object, problem->text); break;
	case PROBLEM_VERSION: text = arena_printf(arena, "%s: %s", problem->object, problem->text); break;
	case PROBLEM_SYMBOL:
		text = arena_printf(arena, "symbol %s, used by %s%s", problem->text, problem->object,
				    !problem->fatal ? ": left to the program that loads it" :
				    problem->lazy   ? " (only noticed when it is called)" : "");
		break;
	}
	return printable(arena, text);
}

void show_problems(struct inspection *in, const struct paint *paint)
{
	for (unsigned pass = 0; pass < 2; pass++) {
		bool fatal = pass == 0, any = false;
		for (uint32_t i = 0; i < in->problems.n; i++) {
			if (in->problems.at[i].fatal != fatal)
				continue;
			if (!any)
				printf("\n%s%s%s\n", fatal ? paint->red : paint->yellow,
				       fatal ? "Missing:" : "Worth knowing:", paint->none);
			any = true;
			printf("  %s\n", problem_text(in, &in->problems.at[i]));
		}
	}
}

static void json_list(const struct inspection *in, struct json_writer *json, const char *name, enum problem_kind kind)
{
	json_write_open(json, name, '[');
	for (uint32_t i = 0; i < in->problems.n; i++) {
		const struct problem *problem = &in->problems.at[i];
		if (problem->kind != kind)
			continue;
		json_write_open(json, NULL, '{');
		json_write_text(json, kind == PROBLEM_LIBRARY ? "name" : "file", problem->object);
		json_write_text(json, kind == PROBLEM_SYMBOL ? "symbol" : "text", problem->text);
		if (problem->needed_by)
			json_write_text(json, "needed_by", problem->needed_by);
		json_write_bool(json, "fatal", problem->fatal);
		if (kind == PROBLEM_SYMBOL)
			json_write_bool(json, "lazy", problem->lazy);
		json_write_close(json, '}');
	}
	json_write_close(json, ']');
}

void json_problems(const struct inspection *in, struct json_writer *json)
{
	json_write_bool(json, "complete", !inspect_is_incomplete(in));
	json_write_open(json, "missing", '{');
	json_list(in, json, "libraries", PROBLEM_LIBRARY);
	json_list(in, json, "files", PROBLEM_FILE);
	json_list(in, json, "versions", PROBLEM_VERSION);
	json_list(in, json, "symbols", PROBLEM_SYMBOL);
	json_write_close(json, '}');
}
