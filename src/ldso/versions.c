#include "ldso/versions.h"

#include "ldso/heap.h"
#include "ldso/text.h"

uint32_t sysv_hash(const char *name)
{
	uint32_t hash = 0;
	for (; *name; name++) {
		hash = (hash << 4) + (unsigned char)*name;
		hash ^= hash >> 24 & 0xf0;
		hash &= 0x0fffffff;
	}
	return hash;
}

static const Elf64_Verneed *next_needed(const Elf64_Verneed *need)
{
	return need->vn_next ? (const void *)((const char *)need + need->vn_next) : NULL;
}

static const Elf64_Vernaux *first_aux(const Elf64_Verneed *need)
{
	return need->vn_cnt ? (const void *)((const char *)need + need->vn_aux) : NULL;
}

/* dynamic_read has checked that the chains end. */
static const Elf64_Vernaux *next_aux(const Elf64_Vernaux *aux)
{
	return aux->vna_next ? (const void *)((const char *)aux + aux->vna_next) : NULL;
}

static const Elf64_Verdef *next_defined(const Elf64_Verdef *definition)
{
	return definition->vd_next ? (const void *)((const char *)definition + definition->vd_next) : NULL;
}

static const char *defined_name(const struct object *object, const Elf64_Verdef *definition)
{
	const Elf64_Verdaux *aux = (const void *)((const char *)definition + definition->vd_aux);
	return object->table.strings + aux->vda_name;
}

enum { INDEX_MASK = 0x7fff, HIDDEN = 0x8000 };

static uint32_t highest_index(const struct object *object)
{
	uint32_t highest = 0;
	for (const Elf64_Verneed *need = object->verneed; need; need = next_needed(need))
		for (const Elf64_Vernaux *aux = first_aux(need); aux; aux = next_aux(aux))
			if ((aux->vna_other & INDEX_MASK) > highest)
				highest = aux->vna_other & INDEX_MASK;
	for (const Elf64_Verdef *definition = object->verdef; definition; definition = next_defined(definition))
		if ((definition->vd_ndx & INDEX_MASK) > highest)
			highest = definition->vd_ndx & INDEX_MASK;
	return highest;
}

/* Look-ups compare names of versions all the time: mostly they are the same text. Copies, since objects go away. */
static const char *shared_name(struct loader *ld, const char *name)
{
	uint32_t hash = sysv_hash(name); /* not what the file says: all of its names may say the same */
	struct version_name **at = &ld->version_names[hash % VERSION_BUCKETS];
	for (; *at; at = &(*at)->next)
		if ((*at)->hash == hash && text_equal((*at)->text, name))
			return (*at)->text;
	size_t size = strlen(name) + 1;
	*at = heap_alloc(sizeof(**at) + size);
	(*at)->hash = hash;
	memcpy((*at)->text, name, size);
	return (*at)->text;
}

void object_read_versions(struct loader *ld, struct object *object)
{
	struct symbol_table *table = &object->table;
	uint32_t highest = highest_index(object);
	if (!highest || table->versions)
		return;
	table->versions = heap_alloc((highest + 1) * sizeof(*table->versions));
	table->nversions = highest + 1;
	for (const Elf64_Verneed *need = object->verneed; need; need = next_needed(need))
		for (const Elf64_Vernaux *aux = first_aux(need); aux; aux = next_aux(aux))
			table->versions[aux->vna_other & INDEX_MASK] = (struct version){
				.name = shared_name(ld, table->strings + aux->vna_name),
				.file = table->strings + need->vn_file,
				.hash = aux->vna_hash,
				.hidden = (aux->vna_other & HIDDEN) != 0,
			};
	for (const Elf64_Verdef *definition = object->verdef; definition; definition = next_defined(definition))
		if (!(definition->vd_flags & VER_FLG_BASE))
			table->versions[definition->vd_ndx & INDEX_MASK] = (struct version){
				.name = shared_name(ld, defined_name(object, definition)),
				.hash = definition->vd_hash,
			};
}

bool version_is_defined(const struct object *object, const char *name)
{
	uint32_t hash = sysv_hash(name);
	for (const Elf64_Verdef *definition = object->verdef; definition; definition = next_defined(definition))
		if (definition->vd_hash == hash && text_equal(defined_name(object, definition), name))
			return true;
	return false;
}

static const struct object *needed_object(const struct loader *ld, const char *name, uint32_t ns)
{
	for (const struct object *object = ld->first; object; object = object->next)
		if (object->ns == ns && object_is_named(object, name))
			return object;
	return object_is_named(ld->self, name) ? ld->self : NULL;
}

/* false: the program must not start. */
static bool check_one(struct loader *ld, const struct object *object, const struct object *definer,
		      const Elf64_Vernaux *aux, bool verbose, version_report *report)
{
	const char *name = object->table.strings + aux->vna_name;
	if (debugging(ld, DEBUG_VERSIONS))
		debug_print(ld, "checking for version `%s' in file %s [%u] required by file %s [%u]\n", name,
			    object_display_name(definer), definer->ns, object_display_name(object), object->ns);
	char text[1024];
	bool weak = aux->vna_flags & VER_FLG_WEAK;
	if (definer->verdef && version_is_defined(definer, name))
		return true;
	if (!definer->verdef || weak) {
		if (!verbose)
			return true;
		if (!definer->verdef)
			format_text(text, sizeof(text), "no version information available (required by %s)",
				    object_display_name(object));
		else
			format_text(text, sizeof(text), "weak version `%s' not found (required by %s)", name,
				    object_display_name(object));
		debug_failure(ld, object_display_name(definer), "version lookup error", text);
		report(ld, object_display_name(definer), text, VERSION_WARNING);
		return true;
	}
	format_text(text, sizeof(text), "version `%s' not found (required by %s)", name, object_display_name(object));
	debug_failure(ld, object_display_name(definer), "version lookup error", text);
	report(ld, object_display_name(definer), text, VERSION_MISSING);
	return false;
}

/* A file with DT_RELR that needs libc must say so by this version: an older libc would not relocate it. */
static bool check_relr(struct loader *ld, const struct object *object, version_report *report)
{
	if (!object->relr || !object->verneed)
		return true;
	for (uint32_t i = 0; i < object->table.nversions; i++)
		if (object->table.versions[i].name && text_equal(object->table.versions[i].name, "GLIBC_ABI_DT_RELR"))
			return true;
	for (const Elf64_Dyn *entry = object->dynamic; entry->d_tag != DT_NULL; entry++)
		if (entry->d_tag == DT_NEEDED && entry->d_un.d_val < object->table.strings_size &&
		    text_begins(object->table.strings + entry->d_un.d_val, "libc.so.")) {
			report(ld, object_display_name(object), "DT_RELR without GLIBC_ABI_DT_RELR dependency",
			       VERSION_RELR);
			return false;
		}
	return true;
}

bool versions_check(struct loader *ld, struct object *object, bool verbose, version_report *report)
{
	bool good = true;
	for (const Elf64_Verneed *need = object->verneed; need; need = next_needed(need)) {
		const struct object *definer = needed_object(ld, object->table.strings + need->vn_file, object->ns);
		if (!definer || definer->missing)
			continue;
		for (const Elf64_Vernaux *aux = first_aux(need); aux; aux = next_aux(aux))
			good &= check_one(ld, object, definer, aux, verbose, report);
	}
	return good & check_relr(ld, object, report);
}
