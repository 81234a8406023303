/* Reading the dynamic section (gABI chapter 5): from tags to the fields of struct object.
 *
 * Tables are checked to lie inside the image; what they hold is trusted, as the code of the object is. */
#include <asm/errno.h>

#include "ldso/heap.h"
#include "ldso/image.h"
#include "ldso/text.h"

/* Tags as they stand; addresses are vaddrs. */
struct tags {
	uint64_t strtab, strsz, symtab, hash, gnu_hash, versym, verdef, verneed;
	uint64_t rela, relasz, jmprel, pltrelsz, pltrel, relr, relrsz, relacount, pltgot;
	uint64_t init, fini, init_array, init_arraysz, fini_array, fini_arraysz, preinit_array, preinit_arraysz;
	uint64_t soname, rpath, runpath;
	bool has_soname, has_rpath, has_runpath;
};

static void read_tags(struct object *object, struct tags *tags)
{
	for (Elf64_Dyn *entry = object->dynamic; entry->d_tag != DT_NULL; entry++) {
		uint64_t value = entry->d_un.d_val;
		switch (entry->d_tag) {
		case DT_STRTAB: tags->strtab = value; break;
		case DT_STRSZ: tags->strsz = value; break;
		case DT_SYMTAB: tags->symtab = value; break;
		case DT_HASH: tags->hash = value; break;
		case DT_GNU_HASH: tags->gnu_hash = value; break;
		case DT_VERSYM: tags->versym = value; break;
		case DT_VERDEF: tags->verdef = value; break;
		case DT_VERNEED: tags->verneed = value; break;
		case DT_RELA: tags->rela = value; break;
		case DT_RELASZ: tags->relasz = value; break;
		case DT_RELACOUNT: tags->relacount = value; break;
		case DT_RELR: tags->relr = value; break;
		case DT_RELRSZ: tags->relrsz = value; break;
		case DT_JMPREL: tags->jmprel = value; break;
		case DT_PLTRELSZ: tags->pltrelsz = value; break;
		case DT_PLTREL: tags->pltrel = value; break;
		case DT_PLTGOT: tags->pltgot = value; break;
		case DT_INIT: tags->init = value; break;
		case DT_FINI: tags->fini = value; break;
		case DT_INIT_ARRAY: tags->init_array = value; break;
		case DT_INIT_ARRAYSZ: tags->init_arraysz = value; break;
		case DT_FINI_ARRAY: tags->fini_array = value; break;
		case DT_FINI_ARRAYSZ: tags->fini_arraysz = value; break;
		case DT_PREINIT_ARRAY: tags->preinit_array = value; break;
		case DT_PREINIT_ARRAYSZ: tags->preinit_arraysz = value; break;
		case DT_SONAME: tags->soname = value, tags->has_soname = true; break;
		case DT_RPATH: tags->rpath = value, tags->has_rpath = true; break;
		case DT_RUNPATH: tags->runpath = value, tags->has_runpath = true; break;
		case DT_SYMBOLIC: object->symbolic = true; break;
		case DT_TEXTREL: object->text_relocations = true; break;
		case DT_BIND_NOW: object->bind_now = true; break;
		case DT_FLAGS: object->flags = (uint32_t)value; break;
		case DT_FLAGS_1: object->flags_1 = (uint32_t)value; break;
		case DT_DEBUG: object->debug = entry; break;
		default: break;
		}
	}
	object->symbolic |= (object->flags & DF_SYMBOLIC) != 0;
	object->text_relocations |= (object->flags & DF_TEXTREL) != 0;
	object->bind_now |= object->flags & DF_BIND_NOW || object->flags_1 & DF_1_NOW;
	object->static_tls = (object->flags & DF_STATIC_TLS) != 0;
	object->never_unload = (object->flags_1 & DF_1_NODELETE) != 0;
}

struct part {
	const char *name;
	uint64_t vaddr, size;
};

static bool check_parts(struct loader *ld, const struct object *object, const struct part *parts, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (parts[i].vaddr && !object_has(object, parts[i].vaddr, parts[i].size))
			return fail(ld, object->name, 0, "%s is outside of the object's memory", parts[i].name);
	return true;
}

static bool read_hash(struct loader *ld, struct object *object, const struct tags *tags)
{
	struct symbol_table *table = &object->table;
	if (tags->gnu_hash) {
		const uint32_t *hash = (const uint32_t *)(object->base + tags->gnu_hash);
		uint64_t bloom_bytes = (uint64_t)hash[2] * sizeof(uint64_t), buckets = hash[0];
		if (!object_has(object, tags->gnu_hash, 16 + bloom_bytes + buckets * sizeof(*hash)) ||
		    (hash[2] & (hash[2] - 1)))
			return fail(ld, object->name, 0, "DT_GNU_HASH is outside of the object's memory");
		if (!hash[2]) /* no word of the filter: no symbol passes it */
			return true;
		table->nbuckets = hash[0];
		table->bloom_mask = hash[2] - 1;
		table->bloom_shift = hash[3];
		table->bloom = (const void *)(hash + 4);
		table->buckets = (const void *)(table->bloom + hash[2]);
		table->chain = table->buckets + hash[0] - hash[1];
	} else if (tags->hash) {
		const uint32_t *hash = (const uint32_t *)(object->base + tags->hash);
		if (!object_has(object, tags->hash, 8 + ((uint64_t)hash[0] + hash[1]) * sizeof(*hash)))
			return fail(ld, object->name, 0, "DT_HASH is outside of the object's memory");
		table->nbuckets = hash[0];
		table->buckets = hash + 2;
		table->chain = table->buckets + hash[0];
	}
	return true;
}

static void *address(const struct object *object, uint64_t vaddr)
{
	return vaddr ? (void *)(object->base + vaddr) : NULL;
}

/* DT_RELA may end with what DT_JMPREL has (the gABI lets them overlap): that part is left to DT_JMPREL. */
static void read_relocations(struct object *object, const struct tags *tags)
{
	object->rela = address(object, tags->rela);
	object->nrela = tags->relasz / sizeof(Elf64_Rela);
	object->plt_rela = address(object, tags->jmprel);
	object->nplt_rela = tags->jmprel ? tags->pltrelsz / sizeof(Elf64_Rela) : 0;
	if (tags->jmprel && tags->jmprel >= tags->rela && tags->jmprel < tags->rela + tags->relasz)
		object->nrela = (tags->jmprel - tags->rela) / sizeof(Elf64_Rela);
	if (!tags->rela)
		object->nrela = 0;
	object->nrelative = tags->relacount < object->nrela ? tags->relacount : object->nrela;
	object->relr = address(object, tags->relr);
	object->nrelr = tags->relr ? tags->relrsz / sizeof(uint64_t) : 0;
	object->got_plt = address(object, tags->pltgot);
}

static const char *string(const struct object *object, bool has, uint64_t offset)
{
	return has && offset < object->table.strings_size ? object->table.strings + offset : NULL;
}

/* Is it the offset of a name of a version? They are short: each is read several times. */
static bool is_version_name(const struct object *object, uint32_t offset)
{
	enum { LONGEST = 1024 };
	unsigned length = 0;
	if (offset >= object->table.strings_size)
		return false;
	while (length <= LONGEST && object->table.strings[offset + length])
		length++;
	return length <= LONGEST;
}

/* The chains of needed and defined versions stay inside of the object, and their names inside of the strings. Offsets
 * only grow, so that chains end; entries do not share memory, so that together they are not more than fit into it. */
static bool check_versions(struct loader *ld, const struct object *object)
{
	static const char what[] = "%s: an entry is outside of the object's memory, or its name is too long";
	uint64_t strings = object->table.strings_size, base = object->base;
	uint64_t most = (object->end - object->start) / sizeof(Elf64_Vernaux);
	const Elf64_Verneed *need = object->verneed;
	while (need) {
		uint64_t at = (uint64_t)need - base + need->vn_aux, next;
		do {
			const Elf64_Vernaux *aux = (const void *)(base + at);
			if (!most-- || !object_has(object, at, sizeof(*aux)) ||
			    !is_version_name(object, aux->vna_name))
				return fail(ld, object->name, 0, what, "DT_VERNEED");
			next = aux->vna_next;
			at += next;
		} while (next);
		if (need->vn_file >= strings || need->vn_version != VER_NEED_CURRENT || !need->vn_cnt)
			return fail(ld, object->name, 0, what, "DT_VERNEED");
		if (!need->vn_next)
			break;
		need = (const void *)((const char *)need + need->vn_next);
		if (!object_has(object, (uint64_t)need - base, sizeof(*need)))
			return fail(ld, object->name, 0, what, "DT_VERNEED");
	}
	for (const Elf64_Verdef *definition = object->verdef; definition;) {
		uint64_t at = (uint64_t)definition - base + definition->vd_aux;
		const Elf64_Verdaux *aux = (const void *)(base + at);
		if (!object_has(object, at, sizeof(*aux)) || !is_version_name(object, aux->vda_name) ||
		    definition->vd_version != VER_DEF_CURRENT)
			return fail(ld, object->name, 0, what, "DT_VERDEF");
		if (!definition->vd_next)
			break;
		definition = (const void *)((const char *)definition + definition->vd_next);
		if (!object_has(object, (uint64_t)definition - base, sizeof(*definition)))
			return fail(ld, object->name, 0, what, "DT_VERDEF");
	}
	return true;
}

static bool check_end(struct loader *ld, const struct object *object)
{
	for (uint64_t i = 0; i < object->dynamic_size / sizeof(Elf64_Dyn); i++)
		if (object->dynamic[i].d_tag == DT_NULL)
			return true;
	return fail(ld, object->name, 0, "the dynamic section has no end");
}

/* Every name must end inside of the strings. patchelf may leave the NUL of the last one out of the size. */
static bool end_strings(const struct object *object, struct tags *tags)
{
	enum { LONGEST = 4096 };
	const char *strings = address(object, tags->strtab);
	if (!strings || !tags->strsz)
		return true;
	for (unsigned i = 0; strings[tags->strsz - 1]; i++)
		if (i == LONGEST || !object_has(object, tags->strtab + tags->strsz++, 1))
			return false;
	return true;
}

bool dynamic_read(struct loader *ld, struct object *object)
{
	if (!object->dynamic)
		return true;
	if (!check_end(ld, object))
		return false;
	struct tags tags = {.strtab = 0};
	read_tags(object, &tags);
	const struct part parts[] = {
		{"DT_STRTAB", tags.strtab, tags.strsz},
		{"DT_SYMTAB", tags.symtab, sizeof(Elf64_Sym)},
		{"DT_HASH", tags.hash, 8},
		{"DT_GNU_HASH", tags.gnu_hash, 16},
		{"DT_VERSYM", tags.versym, 2},
		{"DT_VERDEF", tags.verdef, sizeof(Elf64_Verdef)},
		{"DT_VERNEED", tags.verneed, sizeof(Elf64_Verneed)},
		{"DT_RELA", tags.rela, tags.relasz},
		{"DT_JMPREL", tags.jmprel, tags.pltrelsz},
		{"DT_RELR", tags.relr, tags.relrsz},
		{"DT_PLTGOT", tags.pltgot, 24},
		{"DT_INIT_ARRAY", tags.init_array, tags.init_arraysz},
		{"DT_FINI_ARRAY", tags.fini_array, tags.fini_arraysz},
		{"DT_PREINIT_ARRAY", tags.preinit_array, tags.preinit_arraysz},
	};
	if (!check_parts(ld, object, parts, sizeof(parts) / sizeof(parts[0])) || !read_hash(ld, object, &tags))
		return false;
	if (!end_strings(object, &tags))
		return fail(ld, object->name, 0, "DT_STRTAB does not end with a NUL");
	if (tags.jmprel && tags.pltrel && tags.pltrel != DT_RELA)
		return fail(ld, object->name, 0, "DT_PLTREL: only RELA relocations are known on x86-64");

	object->table.strings = address(object, tags.strtab);
	object->table.strings_size = object->table.strings ? tags.strsz : 0;
	object->table.symbols = address(object, tags.symtab);
	object->table.versym = address(object, tags.versym);
	object->verdef = address(object, tags.verdef);
	object->verneed = address(object, tags.verneed);
	read_relocations(object, &tags);
	if (!check_versions(ld, object))
		return false;
	object->init = tags.init ? object->base + tags.init : 0;
	object->fini = tags.fini ? object->base + tags.fini : 0;
	object->init_array = address(object, tags.init_array);
	object->ninit_array = tags.init_array ? tags.init_arraysz / sizeof(uint64_t) : 0;
	object->fini_array = address(object, tags.fini_array);
	object->nfini_array = tags.fini_array ? tags.fini_arraysz / sizeof(uint64_t) : 0;
	object->preinit_array = address(object, tags.preinit_array);
	object->npreinit_array = tags.preinit_array ? tags.preinit_arraysz / sizeof(uint64_t) : 0;
	object->soname = string(object, tags.has_soname, tags.soname);
	object->runpath = string(object, tags.has_runpath, tags.runpath);
	object->rpath = object->runpath ? NULL : string(object, tags.has_rpath, tags.rpath);
	return true;
}
