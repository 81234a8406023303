#include "ld/input/shared_object.h"

#include <string.h>

#include "ld/input/object.h"

static void note_version(void *context, uint16_t index, uint16_t flags, const char *name)
{
	struct file *file = context;
	(void)flags;
	if (index < file->n_versions)
		file->versions[index] = name;
}

static void count_version(void *context, uint16_t index, uint16_t flags, const char *name)
{
	uint32_t *n = context;
	(void)flags;
	(void)name;
	if (index < VERSYM_HIDDEN && index >= *n)
		*n = index + 1u;
}

bool shared_object_parse(struct link *link, file_id id, struct arena *arena)
{
	struct file *file = file_of(link, id);
	struct elf_shared shared;
	struct elf_error error;
	struct elf_room room = room_in(arena);
	file->n_versions = VER_NDX_GLOBAL + 1;
	if (!elf_read_shared_in(&shared, file->bytes, &room, &error) ||
	    !elf_each_verdef(&shared, count_version, &file->n_versions, &error)) {
		object_report(link, id, &error);
		return false;
	}
	file->elf = shared.file;
	file->symtab = shared.dynsym;
	file->versym = shared.versym;
	file->dynamic = (const struct elf_dyn *)shared.dynamic;
	file->n_dynamic = shared.ndynamic;
	/* Without DT_SONAME it will be looked for as it was named: "-lfoo" by its file name, a path by the path (GNU ld
	 * manual, "-l"). */
	const char *slash = file->by_search ? strrchr(file->path, '/') : NULL;
	file->soname = shared.soname ? shared.soname : slash ? slash + 1 : file->path;
	for (uint64_t i = 0; i < shared.ndynamic; i++)
		if (((const struct elf_dyn *)shared.dynamic)[i].d_tag == DT_AUDIT)
			file->audit = elf_dynamic_string(&shared, i);
	file->versions = arena_array(arena, const char *, file->n_versions);
	file->output_version = arena_array(arena, uint16_t, file->n_versions);
	elf_each_verdef(&shared, note_version, file, &error);
	if (file->symtab.n && file->symtab.first_global == 0)
		file->symtab.first_global = 1;
	file->globals = arena_array(arena, symbol_id, file->symtab.n - file->symtab.first_global);
	return true;
}

uint16_t shared_object_version(const struct file *file, uint32_t i, bool *hidden)
{
	*hidden = false;
	if (!file->versym)
		return VER_NDX_GLOBAL;
	uint16_t version = read16(file->versym + 2 * (uint64_t)i);
	*hidden = version & VERSYM_HIDDEN;
	return version & (VERSYM_HIDDEN - 1);
}
