#include "ld/synth/abi_section.h"

#include <stdlib.h>
#include <string.h>

#include "abi/dump.h"
#include "abi/read.h"
#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/output/headers.h"
#include "ld/resolve/symbols.h"

bool abi_section_wanted(const struct link *link)
{
	return link->options->emit_abi && link->is_dynamic && !link->options->z.nosectionheader;
}

/* ---- reading ---------------------------------------------------------------------------------------------- */

struct reading {
	struct link *link;
	ARRAY(file_id) of_source; /* the object that each source is */
};

/* Is it this object's definition that the output exports? */
static bool is_wanted(void *context, uint32_t source, struct str name)
{
	const struct reading *reading = context;
	symbol_id id = symbols_find(reading->link, name);
	const char *at = id ? NULL : memmem(name.at, name.len, "@@", 2);
	if (at) /* the default version has the name alone */
		id = symbols_find(reading->link, (struct str){name.at, (uint32_t)(at - name.at)});
	if (!id || source >= reading->of_source.n)
		return false;
	const struct symbol *symbol = &reading->link->symbols[id];
	return symbol_flags(symbol) & SYMBOL_EXPORTED &&
	       owner_file(symbol_owner(symbol)) == reading->of_source.at[source];
}

static bool add_objects(struct reading *reading, struct abi_files *files)
{
	struct link *link = reading->link;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live || !file->elf.nshdr)
			continue;
		while (reading->of_source.n < files->sources.n)
			*array_push(&reading->of_source) = 0;
		*array_push(&reading->of_source) = id;
		if (!abi_files_add(files, file->path, file->member, &file->elf))
			return false;
	}
	return true;
}

/* The description as JSON; false: an error was reported, or (text->bytes.n is 0) there is nothing to describe. */
static bool describe(struct link *link, struct text *text)
{
	struct reading reading = {.link = link};
	struct abi_read_options options = {.is_wanted = is_wanted, .context = &reading};
	struct abi_files files;
	struct abi_model model;
	abi_files_init(&files, link->diag);
	abi_model_init(&model);
	bool good = add_objects(&reading, &files) && abi_read(&model, &files, link->pool, &options);
	if (good && model.has_types)
		abi_dump_json(text, &model);
	abi_model_free(&model);
	abi_files_free(&files);
	array_free(&reading.of_source);
	return good;
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

/* The stream behind its header; NULL: there is no libz. */
static uint8_t *compress(struct link *link, struct str text, uint64_t *size)
{
	const char *why;
	const struct codec *codec = codec_get(&link->codecs, CODEC_ZLIB, &why);
	if (!codec)
		return NULL;
	struct bytes content = {(const uint8_t *)text.at, text.len};
	uint32_t check = 0;
	uint8_t *out = malloc(sizeof(struct elf_chdr) + CODEC_HEAD_MAX + codec_bound(codec, text.len) + CODEC_TAIL_MAX);
	if (!out)
		out_of_memory();
	struct elf_chdr header = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = text.len, .ch_addralign = 1};
	elf_put_chdr(link->arch->dialect, out, &header);
	uint8_t *at = out + link->arch->dialect->chdr;
	at += codec_head(codec, at);
	uint64_t n = codec_compress(codec, codec_default[CODEC_ZLIB], content, at, &check);
	if (!n)
		out_of_memory();
	at += n;
	at += codec_tail(codec, &check, 1, text.len, text.len, at);
	*size = (uint64_t)(at - out);
	return out;
}

static void drop(struct link *link, const struct section *section)
{
	diag_warning(link->diag, 0, "--emit-abi: no object has debug information: there is nothing to describe");
	layout_drop_unloaded(link, link->layout->runs.at[section->run].osec);
	headers_prepare(link);
}

void abi_section_build(struct link *link)
{
	struct section *section = section_of(link, link->synthetic[SYN_GILD_ABI]);
	struct text text = {0};
	bool good = describe(link, &text);
	if (good && !text.bytes.n) {
		drop(link, section);
	} else if (good) {
		uint8_t *packed = compress(link, text_str(&text), &section->size);
		if (packed) {
			link->made[SYN_GILD_ABI] = (struct bytes){packed, section->size};
			link->layout->osecs.at[link->layout->runs.at[section->run].osec].flags |= SHF_COMPRESSED;
		} else {
			link->made[SYN_GILD_ABI] = (struct bytes){(uint8_t *)text.bytes.at, text.bytes.n};
			section->size = text.bytes.n;
			text = (struct text){0};
		}
		link->layout->runs.at[section->run].planned = false;
	}
	if (good)
		layout_assign_unloaded(link);
	text_free(&text);
}
