/* Words for what the loader decides: why a file was taken, what a search step found, what is missing. */
#ifndef GILD_INSPECT_WHY_H
#define GILD_INSPECT_WHY_H

#include "base/json_writer.h"
#include "inspect/command.h"
#include "inspect/inspect.h"

/* The glibc-hwcaps subdirectory that a path leads through ("x86-64-v3"), in the arena, or NULL. */
const char *why_hwcaps(struct arena *arena, const char *path);

/* "RUNPATH of ./prog", "ld.so.cache, glibc-hwcaps x86-64-v3", "the interpreter", "a path"; in the arena. */
const char *why_chosen(struct inspection *in, const struct object *object);

/* "RUNPATH of ./prog: /x/liby.so: No such file or directory" */
const char *why_step(struct inspection *in, const struct search_step *step);

/* What object->needed[i] was asked for by; i is not 0. */
const char *needed_name(const struct object *object, uint32_t i);

/* As what: "needed"; "filter" or "auxiliary", which are searched before the object itself. */
const char *needed_as(const struct object *object, uint32_t i);

/* Prints what is missing, or that nothing is. */
void show_problems(struct inspection *in, const struct paint *paint);

/* The same as members "complete" and "missing" of the object that is open. */
void json_problems(const struct inspection *in, struct json_writer *json);

#endif
