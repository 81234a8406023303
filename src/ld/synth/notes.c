#include "ld/synth/notes.h"

#include <string.h>

#include "arch/arch.h"
#include "elf/note.h"
#include "ld/report/property_report.h"

enum { GNU_NOTE_HEADER = 16, PROPERTY_HEADER = 8 };

/* GNU_PROPERTY_X86_FEATURE_1_LAM_U48 and _U57, which not every <elf.h> has. Who can do with bits 48 to 62 can do with
 * fewer. */
enum { FEATURE_LAM_U57 = 1 << 3, FEATURE_LAM_U48 = 1 << 2 | FEATURE_LAM_U57 };

const char *interp_path(const struct link *link)
{
	const struct options *options = link->options;
	if (!link->is_dynamic || options->kind == OUTPUT_SHARED || options->no_dynamic_linker || options->is_static)
		return NULL;
	return options->dynamic_linker ? options->dynamic_linker : link->arch->dynamic_linker;
}

static uint32_t asked_bits(const struct link *link, uint32_t type)
{
	const struct options *options = link->options;
	if (type == GNU_PROPERTY_X86_FEATURE_1_AND)
		return (options->z.ibt ? GNU_PROPERTY_X86_FEATURE_1_IBT : 0) |
		       (options->z.shstk ? GNU_PROPERTY_X86_FEATURE_1_SHSTK : 0) |
		       (options->z.lam_u48 ? FEATURE_LAM_U48 : 0) | (options->z.lam_u57 ? FEATURE_LAM_U57 : 0);
	if (type == GNU_PROPERTY_X86_ISA_1_NEEDED)
		return (options->z.x86_64_baseline ? GNU_PROPERTY_X86_ISA_1_BASELINE : 0) |
		       (options->z.x86_64_v2 ? GNU_PROPERTY_X86_ISA_1_V2 : 0) |
		       (options->z.x86_64_v3 ? GNU_PROPERTY_X86_ISA_1_V3 : 0) |
		       (options->z.x86_64_v4 ? GNU_PROPERTY_X86_ISA_1_V4 : 0);
	return 0;
}

/* The bits of all objects together; 0: the output has no such property. */
static uint32_t combined_bits(const struct link *link, uint32_t type)
{
	enum gnu_property_rule rule = gnu_property_rule(type);
	uint32_t any = 0, every = UINT32_MAX;
	bool all_say = true;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		const struct property *property = NULL;
		for (uint32_t i = 0; i < file->n_properties && !property; i++)
			property = file->properties[i].type == type ? &file->properties[i] : NULL;
		any |= property ? property->bits : 0;
		every &= property ? property->bits : 0;
		all_say &= property != NULL;
	}
	uint32_t bits = rule == PROPERTY_AND ? any & every : rule == PROPERTY_OR || all_say ? any : 0;
	return bits | asked_bits(link, type);
}

/* Keeps the table ordered, as the psABI wants the note. */
static void list_type(struct link *link, uint32_t type)
{
	uint32_t at = 0;
	while (at < link->n_properties && link->properties[at].type < type)
		at++;
	if (at < link->n_properties && link->properties[at].type == type)
		return;
	struct property *more = arena_array(&link->arena, struct property, link->n_properties + 1);
	if (at)
		memcpy(more, link->properties, at * sizeof(*more));
	more[at].type = type;
	if (at < link->n_properties)
		memcpy(more + at + 1, link->properties + at, (link->n_properties - at) * sizeof(*more));
	link->properties = more;
	link->n_properties++;
}

void property_prepare(struct link *link)
{
	property_report(link);
	list_type(link, GNU_PROPERTY_X86_FEATURE_1_AND);
	list_type(link, GNU_PROPERTY_X86_ISA_1_NEEDED);
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		for (uint32_t i = 0; i < file->n_properties && file->live; i++)
			list_type(link, file->properties[i].type);
	}
	uint32_t n = 0;
	for (uint32_t i = 0; i < link->n_properties; i++) {
		struct property property = {link->properties[i].type, combined_bits(link, link->properties[i].type)};
		if (property.bits)
			link->properties[n++] = property;
	}
	link->n_properties = n;
}

uint8_t property_p2align(const struct link *link)
{
	return (uint8_t)__builtin_ctz(link->arch->dialect->property_align);
}

/* Of one property: 4 bytes of data, padded. */
static uint64_t entry_size(const struct link *link)
{
	return PROPERTY_HEADER + align_up(sizeof(uint32_t), link->arch->dialect->property_align);
}

uint64_t property_size(const struct link *link)
{
	return link->n_properties ? GNU_NOTE_HEADER + link->n_properties * entry_size(link) : 0;
}

uint32_t property_features(const struct link *link)
{
	for (uint32_t i = 0; i < link->n_properties; i++)
		if (link->properties[i].type == GNU_PROPERTY_X86_FEATURE_1_AND)
			return link->properties[i].bits;
	return 0;
}

static void put_note(uint8_t *image, const char *owner, uint32_t type, uint64_t descsz)
{
	*(struct elf_nhdr *)image = (struct elf_nhdr){4, (uint32_t)descsz, type};
	memcpy(image + sizeof(struct elf_nhdr), owner, 4);
}

void property_emit(const struct link *link, uint8_t *image)
{
	put_note(image, "GNU", NT_GNU_PROPERTY_TYPE_0, property_size(link) - GNU_NOTE_HEADER);
	uint8_t *at = image + GNU_NOTE_HEADER;
	memset(at, 0, property_size(link) - GNU_NOTE_HEADER);
	for (uint32_t i = 0; i < link->n_properties; i++, at += entry_size(link)) {
		write32(at, link->properties[i].type);
		write32(at + 4, sizeof(uint32_t));
		write32(at + PROPERTY_HEADER, link->properties[i].bits);
	}
}

uint64_t build_id_size(const struct link *link)
{
	const struct options *options = link->options;
	return options->build_id == BUILD_ID_HEX ? options->build_id_hex.size
						 : options->build_id == BUILD_ID_UUID ? 16 : options->build_id_size;
}

void build_id_emit(const struct link *link, uint8_t *image)
{
	put_note(image, "GNU", NT_GNU_BUILD_ID, build_id_size(link));
	memset(image + BUILD_ID_OFFSET, 0, build_id_size(link));
}

static uint64_t package_text_size(const struct link *link)
{
	return align_up(strlen(link->options->package_metadata) + 1, 4);
}

uint64_t package_size(const struct link *link)
{
	return GNU_NOTE_HEADER + package_text_size(link);
}

void package_emit(const struct link *link, uint8_t *image)
{
	put_note(image, "FDO", NT_FDO_PACKAGING_METADATA, package_text_size(link));
	memset(image + GNU_NOTE_HEADER, 0, package_text_size(link));
	memcpy(image + GNU_NOTE_HEADER, link->options->package_metadata, strlen(link->options->package_metadata));
}
