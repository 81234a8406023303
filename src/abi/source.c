#include "abi/source.h"

#include <string.h>
#include <sys/stat.h>

#include "abi/debug_file.h"
#include "abi/split.h"
#include "dwarf/constants.h"
#include "elf/archive.h"
#include "elf/mem.h"

/* Debug sections of an object are not larger than that. */
#define LARGEST (1ull << 32)

void abi_files_init(struct abi_files *files, struct diag *diag)
{
	*files = (struct abi_files){.diag = diag};
	codecs_init(&files->codecs);
}

void abi_files_free(struct abi_files *files)
{
	for (uint32_t i = 0; i < files->sources.n; i++) {
		dwarf_abbrevs_free(&files->sources.at[i].abbrevs);
		dwarf_package_free(&files->sources.at[i].package);
	}
	array_free(&files->sources);
	array_free(&files->debug_folders);
	codecs_free(&files->codecs);
	arena_free(&files->arena);
	io_free(&files->io);
}

static void *allocate(void *context, uint64_t size)
{
	return arena_alloc(context, size, 8);
}

struct elf_room abi_room(struct abi_files *files)
{
	return (struct elf_room){allocate, &files->arena};
}

/* Do the names of such sections end with ".dwo" in split files? */
static bool has_suffix(enum dwarf_section section)
{
	switch (section) {
	case DWARF_ADDR:
	case DWARF_RANGES:
	case DWARF_CU_INDEX:
	case DWARF_TU_INDEX:
		return false;
	default:
		return true;
	}
}

/* ---- messages --------------------------------------------------------------------------------------------- */

static bool report(struct abi_files *files, const char *path, struct str member, const char *text)
{
	struct diag_about about = {.kind = "malformed-file", .file = path, .member = member};
	diag_report(files->diag, SEVERITY_ERROR, diag_order(files->sources.n, 0), &about, "%s", text);
	return false;
}

static bool report_elf(struct abi_files *files, const char *path, struct str member, const struct elf_error *error)
{
	char *text = arena_printf(&files->arena, "%s %s (number %u, value 0x%llx)", error->field, error->what,
				  error->index, (unsigned long long)error->value);
	return report(files, path, member, text);
}

const char *abi_section_name(struct abi_files *files, const struct abi_source *source, enum dwarf_section section)
{
	if (section >= DWARF_N_SECTIONS)
		return "debug information";
	const char *name = dwarf_section_name(section);
	return source->dwarf.is_split && has_suffix(section) ? arena_printf(&files->arena, "%s.dwo", name) : name;
}

bool abi_report_dwarf(struct abi_files *files, const struct abi_source *source, const struct dwarf_error *error)
{
	struct diag_about about = {
		.kind = "malformed-file",
		.file = source->debug_path ? source->debug_path : source->path,
		.member = source->member,
	};
	const char *section = abi_section_name(files, source, error->section);
	diag_report(files->diag, SEVERITY_ERROR, diag_order(source->home, 1), &about,
		    "%s: offset 0x%llx: %s %s (value 0x%llx)", section, (unsigned long long)error->offset, error->field,
		    error->what, (unsigned long long)error->value);
	return false;
}

/* ---- sections --------------------------------------------------------------------------------------------- */

/* The bytes of a section as they were before it was compressed. */
static bool read_content(struct abi_files *files, const struct abi_source *source, uint32_t index,
			 struct bytes *content)
{
	const struct elf_file *elf = &source->debug;
	*content = elf_section_bytes(elf, index);
	if (!elf_is_compressed(&elf->shdrs[index], elf_section_name(elf, index)))
		return true;
	struct elf_compressed compressed;
	struct elf_error error;
	if (!elf_read_compressed(&compressed, elf, index, &error))
		return report_elf(files, source->debug_path, source->member, &error);
	const char *why;
	enum codec_format format = compressed.type == ELFCOMPRESS_ZSTD ? CODEC_ZSTD : CODEC_ZLIB;
	const struct codec *codec = codec_get(&files->codecs, format, &why);
	uint8_t *out = codec ? arena_alloc(&files->arena, compressed.size, 16) : NULL;
	if (!codec || !codec_decompress(codec, compressed.stream, out, compressed.size, &why))
		return report(files, source->debug_path, source->member,
			      arena_printf(&files->arena, "cannot decompress section %s: %s",
					   elf_section_name(elf, index), why));
	*content = (struct bytes){out, compressed.size};
	return true;
}

/* Where the content of the section with that name belongs, compressed or not. NULL: nobody reads it. */
static struct bytes *place_of(struct abi_source *source, const char *name)
{
	char plain[40] = ".debug_";
	if (strcmp(name, ".gild.abi") == 0)
		return &source->description;
	if (strncmp(name, ".debug_", 7) == 0)
		name += 7;
	else if (strncmp(name, ".zdebug_", 8) == 0)
		name += 8;
	else
		return NULL;
	size_t prefix = strlen(plain), len = strlen(name);
	if (len >= sizeof(plain) - prefix)
		return NULL;
	memcpy(plain + prefix, name, len + 1);
	bool is_split = len > 4 && strcmp(name + len - 4, ".dwo") == 0;
	if (is_split)
		plain[prefix + len - 4] = 0;
	if (strcmp(plain, ".debug_line") == 0)
		return is_split == source->dwarf.is_split ? &source->line : NULL;
	enum dwarf_section section = dwarf_section_of_name(plain);
	if (section == DWARF_NO_SECTION || is_split != (source->dwarf.is_split && has_suffix(section)))
		return NULL;
	return &source->dwarf.sections[section];
}

/* Where a section of the file went. An object can have several of a name (type units, in COMDAT groups): they stand one
 * behind the other. */
struct placed {
	struct bytes *place; /* NULL: nobody reads the section */
	uint64_t offset;
};

static bool read_sections(struct abi_files *files, struct abi_source *source, struct placed *placed,
			  struct bytes *contents)
{
	const struct elf_file *elf = &source->debug;
	uint64_t taken = 0; /* bytes of the file */
	for (uint32_t i = 1; i < elf->nshdr; i++) {
		struct bytes *place =
			elf->shdrs[i].sh_type == SHT_NOBITS ? NULL : place_of(source, elf_section_name(elf, i));
		if (!place)
			continue;
		taken += elf_section_bytes(elf, i).size;
		if (taken > elf->bytes.size)
			return report(files, source->debug_path, source->member,
				      arena_printf(&files->arena,
						   "section %u: sh_size: the debug sections are larger than the file: "
						   "some are the same bytes (value 0x%llx)",
						   i, (unsigned long long)elf->shdrs[i].sh_size));
		if (!read_content(files, source, i, &contents[i]))
			return false;
		if (contents[i].size >= LARGEST || place->size >= LARGEST)
			continue;
		placed[i] = (struct placed){place, place->size};
		place->size += contents[i].size;
		place->data = NULL;
	}
	for (uint32_t i = 1; i < elf->nshdr; i++) {
		struct bytes *place = placed[i].place;
		if (!place || !contents[i].size)
			continue;
		if (contents[i].size == place->size) {
			*place = contents[i];
			continue;
		}
		if (!place->data)
			place->data = arena_alloc(&files->arena, place->size, 16);
		memcpy((uint8_t *)(uintptr_t)place->data + placed[i].offset, contents[i].data, contents[i].size);
	}
	return true;
}

/* ---- relocations of an object ----------------------------------------------------------------------------- */

static uint64_t symbol_address(const struct abi_source *source, const struct placed *placed,
			       const struct elf_symtab *symtab, uint32_t index)
{
	if (index >= symtab->n || elf_sym_is_special(symtab, index))
		return 0;
	uint32_t section = elf_sym_section(symtab, index);
	bool is_loaded = source->debug.shdrs[section].sh_flags & SHF_ALLOC;
	return (is_loaded ? source->section_addresses[section] : placed[section].offset) + symtab->syms[index].st_value;
}

/* How many bytes such a relocation changes in debug information; 0: none. */
static unsigned width_of(uint16_t machine, uint32_t type)
{
	switch (machine) {
	case EM_X86_64:
		return type == R_X86_64_64 || type == R_X86_64_DTPOFF64				  ? 8
		       : type == R_X86_64_32 || type == R_X86_64_32S || type == R_X86_64_DTPOFF32 ? 4
												  : 0;
	case EM_386:
		return type == R_386_32 || type == R_386_TLS_LDO_32 ? 4 : 0;
	case EM_AARCH64:
		return type == R_AARCH64_ABS64 || type == R_AARCH64_TLS_DTPREL ? 8 : type == R_AARCH64_ABS32 ? 4 : 0;
	case EM_RISCV:
		return type == R_RISCV_64 || type == R_RISCV_TLS_DTPREL64 ? 8 : type == R_RISCV_32 ? 4 : 0;
	}
	return 0;
}

/* Of ELF32, relocations without addends are translated to those with, whose addend is 0. */
static bool read_relocations(const struct elf_file *elf, uint32_t index, uint32_t n_symbols, struct elf_relas *relas,
			     struct elf_error *error)
{
	if (elf->shdrs[index].sh_type != SHT_REL)
		return elf_read_relas(relas, elf, index, n_symbols, error);
	struct bytes bytes = elf_section_bytes(elf, index);
	bool is_translated = elf_class(elf->bytes) == ELFCLASS32;
	*relas = (struct elf_relas){(const struct elf_rela *)bytes.data,
				    is_translated ? bytes.size / sizeof(struct elf_rela) : 0};
	return true;
}

/* The symbol table that was read last: most files have one only. */
struct last_symtab {
	struct elf_symtab symtab;
	uint32_t index; /* 0: none was read */
};

/* `content` is a copy of ours. */
static bool relocate(struct abi_files *files, const struct abi_source *source, const struct placed *placed,
		     struct last_symtab *last, uint32_t relocations, uint8_t *content, uint64_t size)
{
	const struct elf_file *elf = &source->debug;
	struct elf_error error;
	struct elf_relas relas;
	const struct elf_symtab *symtab = &last->symtab;
	uint32_t link = elf->shdrs[relocations].sh_link;
	if ((!link || last->index != link) && !elf_read_symtab(&last->symtab, elf, link, 0, &error))
		return report_elf(files, source->path, source->member, &error);
	last->index = link;
	if (!read_relocations(elf, relocations, symtab->n, &relas, &error))
		return report_elf(files, source->path, source->member, &error);
	for (uint64_t i = 0; i < relas.n; i++) {
		const struct elf_rela *rela = &relas.at[i];
		unsigned width = width_of(elf->ehdr->e_machine, rela->r_type);
		uint64_t value = symbol_address(source, placed, symtab, rela->r_sym) + (uint64_t)rela->r_addend;
		/* gcc writes the 8 bytes of an address in thread-local storage as two numbers, the second one 0. */
		if (elf->ehdr->e_machine == EM_X86_64 && rela->r_type == R_X86_64_DTPOFF32 && rela->r_offset > 0 &&
		    mem_inside(rela->r_offset, 8, size) && content[rela->r_offset - 1] == DW_OP_const8u)
			width = 8;
		if (!mem_inside(rela->r_offset, width, size))
			return report(files, source->path, source->member,
				      arena_printf(&files->arena,
						   "section %u: relocation %llu: r_offset is beyond the end "
						   "of the section (value 0x%llx)",
						   relocations, (unsigned long long)i,
						   (unsigned long long)rela->r_offset));
		if (elf->shdrs[relocations].sh_type == SHT_REL) /* the addend is in the place */
			value += width ? read32(content + rela->r_offset) : 0;
		if (width == 8)
			write64(content + rela->r_offset, value);
		else if (width == 4)
			write32(content + rela->r_offset, value);
	}
	return true;
}

/* Section addresses that fit into 4 bytes, for objects that are not larger than that. No two sections touch. */
static const uint64_t *lay_out(struct abi_files *files, const struct elf_file *elf)
{
	uint64_t *addresses = arena_array(&files->arena, uint64_t, elf->nshdr), at = 1;
	for (uint32_t i = 1; i < elf->nshdr; i++) {
		addresses[i] = at;
		if (elf->shdrs[i].sh_flags & SHF_ALLOC)
			at += elf->shdrs[i].sh_size + 1;
	}
	return addresses;
}

static bool relocate_all(struct abi_files *files, struct abi_source *source, const struct placed *placed)
{
	const struct elf_file *elf = &source->debug;
	for (unsigned i = 0; i < DWARF_N_SECTIONS; i++) {
		struct bytes *place = &source->dwarf.sections[i];
		place->data = arena_copy(&files->arena, place->data, place->size, 16);
	}
	struct last_symtab last = {0};
	source->line.data = arena_copy(&files->arena, source->line.data, source->line.size, 16);
	for (uint32_t i = 1; i < elf->nshdr; i++) {
		uint32_t target = elf->shdrs[i].sh_info;
		bool has_relocations = elf->shdrs[i].sh_type == SHT_RELA || elf->shdrs[i].sh_type == SHT_REL;
		if (!has_relocations || target >= elf->nshdr || !placed[target].place)
			continue;
		struct bytes *place = placed[target].place;
		uint8_t *copy = (uint8_t *)(uintptr_t)place->data + placed[target].offset;
		if (!relocate(files, source, placed, &last, i, copy, place->size - placed[target].offset))
			return false;
	}
	return true;
}

/* ---- one file --------------------------------------------------------------------------------------------- */

bool abi_source_read_debug(struct abi_files *files, struct abi_source *source)
{
	struct arena scratch = {0};
	struct placed *placed = arena_array(&scratch, struct placed, source->debug.nshdr + 1ull);
	struct bytes *contents = arena_array(&scratch, struct bytes, source->debug.nshdr + 1ull);
	bool good = read_sections(files, source, placed, contents);
	bool is_object = elf_kind(source->debug.bytes) == ELF_RELOCATABLE && !source->dwarf.is_split;
	if (is_object)
		source->section_addresses = lay_out(files, &source->debug);
	if (good && is_object)
		good = relocate_all(files, source, placed);
	arena_free(&scratch);
	struct dwarf_error error = {0};
	if (good && source->dwarf.is_split && !dwarf_package_read(&source->package, &source->dwarf, &error)) {
		dwarf_package_free(&source->package);
		return abi_report_dwarf(files, source, &error);
	}
	return good;
}

static void find_tls(struct abi_source *source)
{
	uint64_t begin = UINT64_MAX, end = 0;
	for (uint32_t i = 1; i < source->elf.nshdr; i++) {
		const struct elf_shdr *shdr = &source->elf.shdrs[i];
		if (!(shdr->sh_flags & SHF_TLS) || !shdr->sh_addr || shdr->sh_size > UINT64_MAX - shdr->sh_addr)
			continue;
		begin = min_u64(begin, shdr->sh_addr);
		end = max_u64(end, shdr->sh_addr + shdr->sh_size);
	}
	source->tls_begin = begin;
	source->tls_size = end > begin ? end - begin : 0;
}

static void warn_alt(struct abi_files *files, const struct abi_source *source)
{
	struct diag_about about = {.file = source->debug_path, .member = source->member};
	diag_report(files->diag, SEVERITY_WARNING, diag_order(files->sources.n, 0), &about,
		    "parts of its debug information are in a file that is not there (.gnu_debugaltlink): names and "
		    "types are "
		    "missing");
}

/* The file that dwz moved to what several files have in common. */
static bool add_alt(struct abi_files *files, uint32_t index)
{
	struct abi_source alt = {
		.path = files->sources.at[index].path, .alt = -1, .is_alt = true, .home = files->sources.n};
	const char *path =
		debug_file_alt(files, &files->sources.at[index].debug, files->sources.at[index].debug_path, &alt.debug);
	if (!path) {
		if (debug_file_has_alt(&files->sources.at[index].debug))
			warn_alt(files, &files->sources.at[index]);
		return true;
	}
	for (uint32_t i = 0; i < files->sources.n; i++) {
		if (files->sources.at[i].is_alt && strcmp(files->sources.at[i].debug_path, path) == 0) {
			files->sources.at[index].alt = (int)i;
			return true;
		}
	}
	alt.elf = alt.debug;
	alt.debug_path = path;
	if (!abi_source_read_debug(files, &alt))
		return false;
	files->sources.at[index].alt = (int)files->sources.n;
	*array_push(&files->sources) = alt;
	return true;
}

bool abi_files_add(struct abi_files *files, const char *path, struct str member, const struct elf_file *elf)
{
	struct abi_source source = {
		.path = path, .member = member, .elf = *elf, .debug = *elf, .debug_path = path, .alt = -1,
		.home = files->sources.n};
	source.dwarf.is_split = split_is_alone(elf);
	find_tls(&source);
	if (!abi_source_read_debug(files, &source))
		return false;
	if (!source.dwarf.sections[DWARF_INFO].size && !source.description.size && !member.len &&
	    elf_kind(elf->bytes) != ELF_RELOCATABLE) {
		struct elf_file other;
		const char *debug_path = debug_file_find(files, elf, path, &other);
		if (debug_path) {
			source.debug = other;
			source.debug_path = debug_path;
			if (!abi_source_read_debug(files, &source))
				return false;
		}
	}
	uint32_t index = files->sources.n;
	*array_push(&files->sources) = source;
	if (source.dwarf.is_split || !source.dwarf.sections[DWARF_INFO].size)
		return true;
	return add_alt(files, index) && split_add(files, index);
}

static bool add_bytes(struct abi_files *files, const char *path, struct str member, struct bytes bytes)
{
	struct elf_file elf;
	struct elf_error error;
	struct elf_room room = abi_room(files);
	if (!elf_read_file_in(&elf, bytes, &room, &error))
		return report_elf(files, path, member, &error);
	return abi_files_add(files, path, member, &elf);
}

/* ---- archives --------------------------------------------------------------------------------------------- */

static bool is_readable_elf(struct bytes bytes)
{
	enum elf_kind kind = elf_kind(bytes);
	return kind == ELF_RELOCATABLE || kind == ELF_SHARED || kind == ELF_EXECUTABLE;
}

/* A member of a thin archive is a file of its own. */
static bool read_thin(struct abi_files *files, const char *path, struct archive_member *member)
{
	const char *slash = strrchr(path, '/');
	char *name = arena_printf(&files->arena, "%.*s%.*s",
				  member->name.at[0] == '/' || !slash ? 0 : (int)(slash + 1 - path), path,
				  (int)member->name.len, member->name.at);
	struct stat status;
	if (stat(name, &status) == 0 && !S_ISREG(status.st_mode))
		return report(files, path, member->name, "is not a regular file");
	const struct io_file *file = io_read(&files->io, name);
	member->data = file->bytes;
	return !file->error || report(files, path, member->name, strerror(file->error));
}

static bool add_archive(struct abi_files *files, const char *path, struct bytes bytes)
{
	struct archive archive;
	struct archive_member member;
	struct elf_error error;
	if (!archive_read(&archive, bytes, &error))
		return report_elf(files, path, (struct str){"", 0}, &error);
	for (uint64_t at = archive.first; at < bytes.size; at = member.next) {
		if (!archive_member_at(&archive, at, &member, &error))
			return report_elf(files, path, (struct str){"", 0}, &error);
		if (archive.thin && !read_thin(files, path, &member))
			return false;
		if (is_readable_elf(member.data) && !add_bytes(files, path, member.name, member.data))
			return false;
	}
	return true;
}

bool abi_files_open(struct abi_files *files, const char *path)
{
	const struct io_file *file = io_read(&files->io, path);
	struct bytes bytes = file->bytes;
	struct str none = {"", 0};
	if (file->error)
		return report(files, path, none, strerror(file->error));
	if (archive_kind(bytes) != ARCHIVE_NOT)
		return add_archive(files, path, bytes);
	if (bytes.size && bytes.data[0] == '{') {
		files->text = bytes;
		return true;
	}
	if (!is_readable_elf(bytes))
		return report(files, path, none,
			      "is no little-endian ELF file, no archive and no description of an ABI");
	return add_bytes(files, path, none, bytes);
}
