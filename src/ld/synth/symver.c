#include "ld/synth/symver.h"

#include <string.h>

#include "elf/hash.h"
#include "ld/input/shared_object.h"
#include "ld/resolve/symbols.h"
#include "ld/resolve/versions.h"
#include "ld/synth/dynsym.h"

enum { FIRST_NODE_VERSION = 2 };

/* The shared object and version that an imported or copied symbol comes from; false: it has none. */
static bool version_source(const struct link *link, symbol_id id, file_id *file, uint16_t *version)
{
	uint64_t owner = symbol_owner(&link->symbols[id]);
	bool hidden;
	if (owner == OWNER_NONE || owner_rank(owner) != RANK_ELSEWHERE)
		return false;
	*file = owner_file(owner);
	*version = shared_object_version(file_of(link, *file), owner_index(owner), &hidden);
	const struct file *shared = file_of(link, *file);
	return *version > VER_NDX_GLOBAL && *version < shared->n_versions && shared->versions[*version];
}

/* Index of a version among those of a shared object; added when the file does not define it. */
static uint32_t version_index(struct link *link, struct file *file, const char *name)
{
	for (uint32_t v = 0; v < file->n_versions; v++)
		if (file->versions[v] && strcmp(file->versions[v], name) == 0)
			return v;
	const char **versions = arena_array(&link->arena, const char *, file->n_versions + 1);
	uint16_t *used = arena_array(&link->arena, uint16_t, file->n_versions + 1);
	memcpy(versions, file->versions, file->n_versions * sizeof(*versions));
	memcpy(used, file->output_version, file->n_versions * sizeof(*used));
	versions[file->n_versions] = name;
	file->versions = versions;
	file->output_version = used;
	return file->n_versions++;
}

static bool uses_version(const struct file *file, const char *prefix)
{
	for (uint32_t v = VER_NDX_GLOBAL + 1; v < file->n_versions; v++)
		if (file->output_version[v] && strncmp(file->versions[v], prefix, strlen(prefix)) == 0)
			return true;
	return false;
}

/* A glibc that does not know DT_RELR must not load what uses it (GNU ld manual, -z pack-relative-relocs). */
static void need_relr_version(struct link *link)
{
	for (file_id id = 1; id < link->files.n; id++) {
		struct file *file = file_of(link, id);
		if (file->kind == FILE_SHARED && file->live && strncmp(file->soname, "libc.so.", 8) == 0 &&
		    uses_version(file, "GLIBC_2."))
			file->output_version[version_index(link, file, "GLIBC_ABI_DT_RELR")] = 1;
	}
}

void symver_prepare(struct link *link)
{
	if (versions_count(link)) {
		link->verdef_names = arena_array(&link->arena, uint32_t, versions_count(link) + 1);
		link->verdef_names[0] = dynstr_add(link, str_of(versions_base_name(link)));
		for (uint32_t i = 0; i < versions_count(link); i++)
			link->verdef_names[1 + i] = dynstr_add(link, str_of(link->version_script.nodes.at[i].name));
	}
	uint32_t next = versions_count(link) ? FIRST_NODE_VERSION + versions_count(link) : FIRST_NODE_VERSION;
	link->first_needed_version = next;
	/* Which versions are used, then numbered by shared object: each object's versions stand together. */
	for (uint32_t i = 1; i < link->dynsyms.n; i++) {
		file_id file;
		uint16_t version;
		if (version_source(link, link->dynsyms.at[i], &file, &version))
			file_of(link, file)->output_version[version] = 1;
	}
	if (link->packs_relative)
		need_relr_version(link);
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t v = VER_NDX_GLOBAL + 1; file->kind == FILE_SHARED && v < file->n_versions; v++)
			if (file->output_version[v]) {
				file->output_version[v] = (uint16_t)next++;
				*array_push(&link->needed_versions) =
					(struct needed_version){id, v, dynstr_add(link, str_of(file->versions[v]))};
			}
	}
	if (next > VERSYM_HIDDEN) /* LSB, "Symbol Versioning" */
		diag_error(link->diag, 0, "there are %u versions; a symbol can have one of %u", next - 1,
			   VERSYM_HIDDEN - 1u);
	for (uint32_t i = 1; i < link->dynsyms.n; i++) {
		symbol_id id = link->dynsyms.at[i];
		file_id file;
		uint16_t version;
		if (version_source(link, id, &file, &version))
			link->versions[id] = file_of(link, file)->output_version[version];
	}
}

uint32_t verdef_count(const struct link *link)
{
	return versions_count(link) ? versions_count(link) + 1 : 0; /* the first names the file itself */
}

uint64_t verdef_size(const struct link *link)
{
	uint64_t size = 0;
	for (uint32_t i = 0; i < versions_count(link); i++)
		size += sizeof(struct elf_verdef) +
			sizeof(struct elf_verdaux) * (1ull + link->version_script.nodes.at[i].parents.n);
	return size ? size + sizeof(struct elf_verdef) + sizeof(struct elf_verdaux) : 0;
}

static uint8_t *put_verdef(uint8_t *at, uint16_t flags, uint16_t index, uint16_t count, const char *name, bool last)
{
	*(struct elf_verdef *)at = (struct elf_verdef){
		.vd_version = VER_DEF_CURRENT,
		.vd_flags = flags,
		.vd_ndx = index,
		.vd_cnt = count,
		.vd_hash = elf_sysv_hash(str_of(name)),
		.vd_aux = sizeof(struct elf_verdef),
		.vd_next = last ? 0 : (uint32_t)(sizeof(struct elf_verdef) + count * sizeof(struct elf_verdaux)),
	};
	return at + sizeof(struct elf_verdef);
}

static uint8_t *put_verdaux(uint8_t *at, uint32_t name, bool last)
{
	*(struct elf_verdaux *)at = (struct elf_verdaux){name, last ? 0 : sizeof(struct elf_verdaux)};
	return at + sizeof(struct elf_verdaux);
}

void verdef_emit(struct link *link, uint8_t *image)
{
	uint32_t n = versions_count(link);
	uint8_t *at = put_verdef(image, VER_FLG_BASE, VER_NDX_GLOBAL, 1, versions_base_name(link), false);
	at = put_verdaux(at, link->verdef_names[0], true);
	for (uint32_t i = 0; i < n; i++) {
		const struct version_node *node = &link->version_script.nodes.at[i];
		at = put_verdef(at, 0, (uint16_t)(FIRST_NODE_VERSION + i), (uint16_t)(1 + node->parents.n), node->name,
				i + 1 == n);
		at = put_verdaux(at, link->verdef_names[1 + i], node->parents.n == 0);
		for (uint32_t p = 0; p < node->parents.n; p++)
			at = put_verdaux(at, link->verdef_names[1 + node->parents.at[p]], p + 1 == node->parents.n);
	}
}

uint32_t verneed_count(const struct link *link)
{
	uint32_t n = 0;
	for (uint32_t i = 0; i < link->needed_versions.n; i++)
		n += i == 0 || link->needed_versions.at[i].file != link->needed_versions.at[i - 1].file;
	return n;
}

uint64_t verneed_size(const struct link *link)
{
	return verneed_count(link) * sizeof(struct elf_verneed) + link->needed_versions.n * sizeof(struct elf_vernaux);
}

void verneed_emit(struct link *link, uint8_t *image)
{
	uint8_t *at = image;
	for (uint32_t i = 0, end; i < link->needed_versions.n; i = end) {
		const struct file *file = file_of(link, link->needed_versions.at[i].file);
		for (end = i; end < link->needed_versions.n &&
			      link->needed_versions.at[end].file == link->needed_versions.at[i].file;
		     end++)
			;
		uint32_t size = (uint32_t)(sizeof(struct elf_verneed) + (end - i) * sizeof(struct elf_vernaux));
		*(struct elf_verneed *)at = (struct elf_verneed){
			.vn_version = VER_NEED_CURRENT,
			.vn_cnt = (uint16_t)(end - i),
			.vn_file = file->soname_dynstr,
			.vn_aux = sizeof(struct elf_verneed),
			.vn_next = end < link->needed_versions.n ? size : 0,
		};
		at += sizeof(struct elf_verneed);
		for (uint32_t v = i; v < end; v++) {
			uint32_t index = link->needed_versions.at[v].index;
			*(struct elf_vernaux *)at = (struct elf_vernaux){
				.vna_hash = elf_sysv_hash(str_of(file->versions[index])),
				.vna_other = file->output_version[index],
				.vna_name = link->needed_versions.at[v].name,
				.vna_next = v + 1 < end ? sizeof(struct elf_vernaux) : 0,
			};
			at += sizeof(struct elf_vernaux);
		}
	}
}

void versym_emit(struct link *link, uint8_t *image)
{
	write16(image, VER_NDX_LOCAL);
	for (uint32_t i = 1; i < link->dynsyms.n; i++) {
		symbol_id id = link->dynsyms.at[i];
		uint16_t version = link->versions[id];
		if (version == 0 || symbol_flags(&link->symbols[id]) & SYMBOL_UNDEFINED)
			version = VER_NDX_GLOBAL;
		write16(image + 2ull * i, version);
	}
}
