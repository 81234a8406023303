#include "ld/input/decompress.h"

#include <string.h>

#include "arch/arch.h"
#include "base/sort.h"
#include "elf/crel.h"
#include "ld/input/object.h"
#include "ld/report/describe.h"

enum { CONTENT_ALIGN = 16 };

bool is_content_needed(const struct link *link, const char *name)
{
	return link->options->strip == STRIP_NONE ||
	       (strncmp(name, ".debug", 6) != 0 && strncmp(name, ".zdebug", 7) != 0);
}

static void report(struct link *link, file_id id, uint32_t number, const char *why)
{
	struct file *file = file_of(link, id);
	file->bad = true;
	struct diag_about about = about_section(file, number, "malformed-file");
	diag_report(link->diag, SEVERITY_ERROR, diag_order(id, number), &about, "cannot decompress the section: %s",
		    why);
}

bool section_decompress(struct link *link, file_id id, uint32_t number, struct arena *arena)
{
	struct file *file = file_of(link, id);
	struct elf_compressed compressed;
	struct elf_error error;
	if (!elf_read_compressed(&compressed, &file->elf, number, &error)) {
		struct arena text = {0};
		report(link, id, number,
		       arena_printf(&text, "%s %s (value 0x%llx)", error.field, error.what,
				    (unsigned long long)error.value));
		arena_free(&text);
		return false;
	}
	const char *why;
	enum codec_format format = compressed.type == ELFCOMPRESS_ZSTD ? CODEC_ZSTD : CODEC_ZLIB;
	const struct codec *codec = codec_get(&link->codecs, format, &why);
	uint8_t *content = codec ? arena_alloc(arena, compressed.size, CONTENT_ALIGN) : NULL;
	if (!codec || !codec_decompress(codec, compressed.stream, content, compressed.size, &why)) {
		report(link, id, number, why);
		return false;
	}

	const char *name = elf_section_name(&file->elf, number);
	struct elf_replacement *replacement = &object_own_tables(&file->elf, arena)[number];
	struct elf_shdr *shdr = (struct elf_shdr *)(uintptr_t)&file->elf.shdrs[number];
	replacement->content = content;
	if (!(shdr->sh_flags & SHF_COMPRESSED))
		replacement->name = arena_printf(arena, ".%s", name + 2); /* .zdebug_info: .debug_info */
	shdr->sh_flags &= ~(uint64_t)SHF_COMPRESSED;
	shdr->sh_size = compressed.size;
	shdr->sh_addralign = compressed.align;
	return true;
}

bool section_expand_relocations(struct link *link, file_id id, uint32_t number, struct arena *arena)
{
	struct file *file = file_of(link, id);
	struct bytes content = elf_section_bytes(&file->elf, number);
	struct elf_error error;
	uint64_t n;
	/* Without them here, the target's places hold them, if that is its way. */
	bool has_addends = true;
	if (!elf_crel_count(content, number, &n, link->arch->implicit_addend ? &has_addends : NULL, &error))
		return object_report(link, id, &error), false;
	struct elf_rela *relas = arena_array(arena, struct elf_rela, n);
	if (!elf_crel_expand(content, number, relas, &error))
		return object_report(link, id, &error), false;
	object_own_tables(&file->elf, arena)[number].content = (const uint8_t *)relas;
	struct elf_shdr *shdr = (struct elf_shdr *)(uintptr_t)&file->elf.shdrs[number];
	/* In a word of 32 bits, offsets and addends are numbers of that size, however they were added up. */
	for (uint64_t i = 0; i < n && file->elf.dialect->word == 4; i++) {
		relas[i].r_offset = (uint32_t)relas[i].r_offset;
		relas[i].r_addend = (int32_t)relas[i].r_addend;
	}
	shdr->sh_type = has_addends ? SHT_RELA : SHT_REL;
	shdr->sh_size = n * sizeof(*relas);
	shdr->sh_entsize = sizeof(*relas);
	return true;
}

bool section_take_addends(struct link *link, file_id id, uint32_t number)
{
	struct file *file = file_of(link, id);
	const struct arch *arch = link->arch;
	struct elf_shdr *shdr = (struct elf_shdr *)(uintptr_t)&file->elf.shdrs[number];
	if (!arch->implicit_addend) {
		file->bad = true;
		struct diag_about about = about_section(file, number, "malformed-file");
		diag_report(link->diag, SEVERITY_ERROR, diag_order(id, number), &about,
			    "SHT_REL relocations are not used on this target");
		return false;
	}
	struct elf_rela *relas = (struct elf_rela *)(uintptr_t)elf_section_bytes(&file->elf, number).data;
	shdr->sh_type = SHT_RELA;
	if (shdr->sh_info == 0 || shdr->sh_info >= file->elf.nshdr)
		return true; /* reported with what else an SHT_RELA section can be wrong in */
	struct bytes places = elf_section_bytes(&file->elf, shdr->sh_info);
	for (uint64_t i = 0; i < shdr->sh_size / sizeof(*relas); i++) {
		unsigned width = arch->relocation_width(relas[i].r_type);
		if (width && width <= places.size && relas[i].r_offset <= places.size - width)
			relas[i].r_addend =
				arch->implicit_addend(relas[i].r_type, places.data + relas[i].r_offset);
	}
	return true;
}

void section_order_relocations(struct link *link, file_id id, uint32_t number, struct arena *arena)
{
	struct elf_file *elf = &file_of(link, id)->elf;
	const struct elf_rela *relas = (const struct elf_rela *)elf_section_bytes(elf, number).data;
	uint64_t n = elf->shdrs[number].sh_size / sizeof(*relas), ordered = 1;
	while (ordered < n && relas[ordered - 1].r_offset <= relas[ordered].r_offset)
		ordered++;
	if (ordered >= n)
		return;
	struct arena scratch = {0};
	struct sort_item *items = arena_array(&scratch, struct sort_item, n);
	for (uint64_t i = 0; i < n; i++)
		items[i] = (struct sort_item){relas[i].r_offset, i};
	sort_by_key(items, n);
	struct elf_rela *copy = arena_array(arena, struct elf_rela, n);
	for (uint64_t i = 0; i < n; i++)
		copy[i] = relas[items[i].value];
	object_own_tables(elf, arena)[number].content = (const uint8_t *)copy;
	arena_free(&scratch);
}
