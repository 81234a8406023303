#include "ld/input/decompress.h"

#include <string.h>

#include "elf/crel.h"
#include "ld/input/object.h"
#include "ld/report/describe.h"
#include "ld/input/object.h"

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
	if (!elf_crel_count(content, number, &n, &error))
		return object_report(link, id, &error), false;
	struct elf_rela *relas = arena_array(arena, struct elf_rela, n);
	if (!elf_crel_expand(content, number, relas, &error))
		return object_report(link, id, &error), false;
	object_own_tables(&file->elf, arena)[number].content = (const uint8_t *)relas;
	struct elf_shdr *shdr = (struct elf_shdr *)(uintptr_t)&file->elf.shdrs[number];
	shdr->sh_type = SHT_RELA;
	shdr->sh_size = n * sizeof(*relas);
	shdr->sh_entsize = sizeof(*relas);
	return true;
}
