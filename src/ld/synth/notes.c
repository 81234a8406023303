#include "ld/synth/notes.h"

#include <string.h>

#include "arch/arch.h"

enum { GNU_NOTE_HEADER = 16, PROPERTY_SIZE = 16 };

const char *interp_path(const struct link *link)
{
	const struct options *options = link->options;
	if (!link->is_dynamic || options->kind == OUTPUT_SHARED || options->no_dynamic_linker || options->is_static)
		return NULL;
	return options->dynamic_linker ? options->dynamic_linker : link->arch->dynamic_linker;
}

uint32_t property_features(const struct link *link)
{
	uint32_t bits = UINT32_MAX;
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_OBJECT && file_of(link, id)->live)
			bits &= file_of(link, id)->property_and;
	if (bits == UINT32_MAX)
		bits = 0;
	return bits | (link->options->z.ibt ? GNU_PROPERTY_X86_FEATURE_1_IBT : 0) |
	       (link->options->z.shstk ? GNU_PROPERTY_X86_FEATURE_1_SHSTK : 0);
}

static uint32_t any_isa(const struct link *link)
{
	uint32_t bits = 0;
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_OBJECT && file_of(link, id)->live)
			bits |= file_of(link, id)->property_isa;
	return bits;
}

uint64_t property_size(const struct link *link)
{
	uint64_t n = (property_features(link) != 0) + (any_isa(link) != 0);
	return n ? GNU_NOTE_HEADER + n * PROPERTY_SIZE : 0;
}

static void put_note(uint8_t *image, uint32_t type, uint64_t descsz)
{
	*(struct elf_nhdr *)image = (struct elf_nhdr){4, (uint32_t)descsz, type};
	memcpy(image + sizeof(struct elf_nhdr), "GNU", 4);
}

static uint8_t *put_property(uint8_t *at, uint32_t type, uint32_t bits)
{
	write32(at, type);
	write32(at + 4, sizeof(bits));
	write32(at + 8, bits);
	write32(at + 12, 0);
	return at + PROPERTY_SIZE;
}

void property_emit(const struct link *link, uint8_t *image)
{
	put_note(image, NT_GNU_PROPERTY_TYPE_0, property_size(link) - GNU_NOTE_HEADER);
	uint8_t *at = image + GNU_NOTE_HEADER;
	/* in ascending order of type, as the psABI wants */
	if (property_features(link))
		at = put_property(at, GNU_PROPERTY_X86_FEATURE_1_AND, property_features(link));
	if (any_isa(link))
		put_property(at, GNU_PROPERTY_X86_ISA_1_NEEDED, any_isa(link));
}

uint64_t build_id_size(const struct link *link)
{
	const struct options *options = link->options;
	return options->build_id == BUILD_ID_HEX ? options->build_id_hex.size
						 : options->build_id == BUILD_ID_UUID ? 16 : options->build_id_size;
}

void build_id_emit(const struct link *link, uint8_t *image)
{
	put_note(image, NT_GNU_BUILD_ID, build_id_size(link));
	memset(image + BUILD_ID_OFFSET, 0, build_id_size(link));
}
