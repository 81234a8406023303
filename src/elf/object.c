#include "elf/object.h"

#include "elf/mem.h"
#include "elf/widen.h"

/* No section and no alignment reaches this, so that the sum of a few of them cannot overflow. */
#define SIZE_LIMIT (1ULL << 48)
/* Alignment becomes gaps in the file, which are written where code is. */
#define ALIGN_LIMIT (1ULL << 32)

enum elf_kind elf_kind(struct bytes file)
{
	const struct elf_ehdr *ehdr = (const struct elf_ehdr *)file.data;
	if (file.size < EI_NIDENT + sizeof(ehdr->e_type) || !mem_equal(file.data, ELFMAG, SELFMAG))
		return ELF_NOT;
	uint8_t class_id = ehdr->e_ident[EI_CLASS];
	if ((class_id != ELFCLASS64 && class_id != ELFCLASS32) || ehdr->e_ident[EI_DATA] != ELFDATA2LSB)
		return ELF_OTHER_CLASS;
	switch (ehdr->e_type) {
	case ET_REL:
		return ELF_RELOCATABLE;
	case ET_DYN:
		return ELF_SHARED;
	case ET_EXEC:
		return ELF_EXECUTABLE;
	case ET_CORE:
		return ELF_CORE;
	}
	return ELF_NOT;
}

static bool uses_link(const struct elf_shdr *shdr)
{
	switch (shdr->sh_type) {
	case SHT_SYMTAB:
	case SHT_DYNSYM:
	case SHT_RELA:
	case SHT_REL:
	case SHT_CREL:
	case SHT_GROUP:
	case SHT_SYMTAB_SHNDX:
	case SHT_DYNAMIC:
	case SHT_GNU_verdef:
	case SHT_GNU_verneed:
	case SHT_GNU_versym:
	case SHT_GNU_HASH:
	case SHT_HASH:
		return true;
	}
	return (shdr->sh_flags & SHF_LINK_ORDER) != 0;
}

static bool check_section(const struct elf_file *file, uint32_t index, struct elf_error *error)
{
	const struct elf_shdr *shdr = &file->shdrs[index];
	if (shdr->sh_name >= file->shstrtab_size)
		return elf_fail(error, "sh_name", index, shdr->sh_name, "is beyond the end of the section name table");
	if (shdr->sh_type == SHT_NULL)
		return true;
	if (shdr->sh_size >= SIZE_LIMIT)
		return elf_fail(error, "sh_size", index, shdr->sh_size, "is absurdly large");
	if (shdr->sh_type != SHT_NOBITS) {
		if (shdr->sh_offset > file->bytes.size)
			return elf_fail(error, "sh_offset", index, shdr->sh_offset, "is beyond the end of the file");
		if (shdr->sh_size > file->bytes.size - shdr->sh_offset)
			return elf_fail(error, "sh_size", index, shdr->sh_size, "is beyond the end of the file");
	}
	if ((shdr->sh_addralign & (shdr->sh_addralign - 1)) != 0)
		return elf_fail(error, "sh_addralign", index, shdr->sh_addralign, "is not a power of two");
	if (shdr->sh_addralign >= ALIGN_LIMIT)
		return elf_fail(error, "sh_addralign", index, shdr->sh_addralign, "is absurdly large");
	if (shdr->sh_link >= file->nshdr && uses_link(shdr))
		return elf_fail(error, "sh_link", index, shdr->sh_link,
				"is beyond the end of the section header table");
	return true;
}

/* Finds the section headers: fills in shdrs and nshdr. */
static bool read_section_table(struct elf_file *file, struct elf_error *error)
{
	const struct elf_ehdr *ehdr = file->ehdr;
	uint64_t size = file->bytes.size;
	if (ehdr->e_shentsize != sizeof(struct elf_shdr))
		return elf_fail(error, "e_shentsize", 0, ehdr->e_shentsize, "is not the size of a section header (64)");
	if (!mem_inside(ehdr->e_shoff, sizeof(struct elf_shdr), size))
		return elf_fail(error, "e_shoff", 0, ehdr->e_shoff, "is beyond the end of the file");
	file->shdrs = (const struct elf_shdr *)(file->bytes.data + ehdr->e_shoff);

	bool extended = ehdr->e_shnum == 0;
	uint64_t n = extended ? file->shdrs[0].sh_size : ehdr->e_shnum;
	if (n > (size - ehdr->e_shoff) / sizeof(struct elf_shdr) || n > UINT32_MAX)
		return elf_fail(error, extended ? "sh_size" : "e_shnum", 0, n,
				"makes the section header table end beyond the end of the file");
	file->nshdr = (uint32_t)n;
	return true;
}

static void find_program_headers(struct elf_file *file)
{
	const struct elf_ehdr *ehdr = file->ehdr;
	if (ehdr->e_phnum == 0 || ehdr->e_phnum == PN_XNUM || ehdr->e_phentsize != sizeof(struct elf_phdr) ||
	    !mem_inside(ehdr->e_phoff, ehdr->e_phnum * sizeof(struct elf_phdr), file->bytes.size))
		return;
	file->phdrs = (const struct elf_phdr *)(file->bytes.data + ehdr->e_phoff);
	file->nphdr = ehdr->e_phnum;
}

bool elf_read_strtab(const char **strings, uint64_t *size, const struct elf_file *file, uint32_t index,
		     struct elf_error *error)
{
	if (index >= file->nshdr)
		return elf_fail(error, "sh_link", index, index, "is beyond the end of the section header table");
	const struct elf_shdr *shdr = &file->shdrs[index];
	if (shdr->sh_type != SHT_STRTAB)
		return elf_fail(error, "sh_type", index, shdr->sh_type,
				"is not SHT_STRTAB, as that of a string table must be");
	if (!mem_inside(shdr->sh_offset, shdr->sh_size, file->bytes.size))
		return elf_fail(error, "sh_size", index, shdr->sh_size, "is beyond the end of the file");
	if (shdr->sh_size == 0) {
		*strings = "";
		*size = 1;
		return true;
	}
	*strings = (const char *)file->bytes.data + shdr->sh_offset;
	*size = shdr->sh_size;
	if ((*strings)[*size - 1] != '\0')
		return elf_fail(error, "sh_size", index, *size, "of a string table does not end behind a NUL byte");
	return true;
}

/* e_ident, e_version, and that there is a header. */
static bool check_identification(struct bytes bytes, bool may_be_32, struct elf_error *error)
{
	const struct elf_ehdr *ehdr = (const struct elf_ehdr *)bytes.data;
	static const char truncated[] = "is more than the file has: it is truncated";
	if (bytes.size < sizeof(struct elf32_ehdr))
		return elf_fail(error, "e_ehsize", 0, bytes.size, truncated);
	if (!mem_equal(ehdr->e_ident, ELFMAG, SELFMAG))
		return elf_fail(error, "EI_MAG0", 0, ehdr->e_ident[EI_MAG0], "does not begin the ELF magic number");
	uint8_t class_id = ehdr->e_ident[EI_CLASS];
	if (class_id != ELFCLASS64 && (class_id != ELFCLASS32 || !may_be_32))
		return elf_fail(error, "EI_CLASS", 0, class_id, "is not ELFCLASS64");
	if (class_id == ELFCLASS64 && bytes.size < sizeof(*ehdr))
		return elf_fail(error, "e_ehsize", 0, bytes.size, truncated);
	if (ehdr->e_ident[EI_DATA] != ELFDATA2LSB)
		return elf_fail(error, "EI_DATA", 0, ehdr->e_ident[EI_DATA], "is not ELFDATA2LSB");
	if (ehdr->e_ident[EI_VERSION] != EV_CURRENT)
		return elf_fail(error, "EI_VERSION", 0, ehdr->e_ident[EI_VERSION], "is not EV_CURRENT");
	if (ehdr->e_version != EV_CURRENT) /* at one place in both classes */
		return elf_fail(error, "e_version", 0, ehdr->e_version, "is not EV_CURRENT");
	return true;
}

bool elf_read_file_in(struct elf_file *out, struct bytes bytes, const struct elf_room *room, struct elf_error *error)
{
	if (!check_identification(bytes, room != NULL, error))
		return false;
	const struct elf_ehdr *ehdr = (const struct elf_ehdr *)bytes.data;
	bool is_32 = ehdr->e_ident[EI_CLASS] == ELFCLASS32;
	*out = (struct elf_file){.bytes = bytes, .shstrtab = "", .shstrtab_size = 1};
	if (is_32) {
		out->dialect = &elf_dialect_32_rel;
		if (!elf_widen_headers(out, room, error))
			return false;
	} else {
		out->dialect = &elf_dialect_64;
		out->ehdr = ehdr;
		find_program_headers(out);
		if (ehdr->e_shoff != 0 && !read_section_table(out, error))
			return false;
	}
	if (out->nshdr == 0)
		return true;

	uint32_t names = out->ehdr->e_shstrndx == SHN_XINDEX ? out->shdrs[0].sh_link : out->ehdr->e_shstrndx;
	if (names >= out->nshdr)
		return elf_fail(error, "e_shstrndx", 0, names, "is beyond the end of the section header table");
	if (names != SHN_UNDEF && !elf_read_strtab(&out->shstrtab, &out->shstrtab_size, out, names, error))
		return false;
	if (out->shdrs[0].sh_type != SHT_NULL)
		return elf_fail(error, "sh_type", 0, out->shdrs[0].sh_type, "of section 0 is not SHT_NULL");
	for (uint32_t i = 0; i < out->nshdr; i++)
		if (!check_section(out, i, error))
			return false;
	return !is_32 || elf_widen_tables(out, room, error);
}

bool elf_read_file(struct elf_file *out, struct bytes bytes, struct elf_error *error)
{
	return elf_read_file_in(out, bytes, NULL, error);
}

/* Checks that section `index` is an array of `size`-byte entries. */
static bool check_table(const struct elf_file *file, uint32_t index, uint64_t size, struct elf_error *error)
{
	const struct elf_shdr *shdr = &file->shdrs[index];
	if (shdr->sh_entsize != size)
		return elf_fail(error, "sh_entsize", index, shdr->sh_entsize, "is not the size of an entry (24)");
	if (shdr->sh_size % size != 0)
		return elf_fail(error, "sh_size", index, shdr->sh_size, "is not a multiple of sh_entsize");
	return true;
}

/* What is wrong with a symbol whose st_shndx is no ordinary section of the file; true when nothing is. */
static bool check_special_symbol(const struct elf_symtab *symtab, uint32_t i, uint32_t nshdr, struct elf_error *error)
{
	const struct elf_sym *sym = &symtab->syms[i];
	uint32_t shndx = sym->st_shndx;
	if (shndx == SHN_ABS)
		return true;
	if (elf_sym_is_common(sym)) {
		if ((sym->st_value & (sym->st_value - 1)) != 0 || sym->st_value >= ALIGN_LIMIT)
			return elf_fail(error, "st_value", i, sym->st_value, "of a common symbol is not an alignment");
		if (sym->st_size >= SIZE_LIMIT)
			return elf_fail(error, "st_size", i, sym->st_size, "of a common symbol is absurdly large");
		return true;
	}
	if (shndx != SHN_XINDEX)
		return elf_fail(error, "st_shndx", i, shndx, "is beyond the end of the section header table");
	if (!symtab->shndx)
		return elf_fail(error, "st_shndx", i, shndx, "is SHN_XINDEX, but there is no SHT_SYMTAB_SHNDX section");
	uint32_t section = read32(symtab->shndx + 4 * (uint64_t)i);
	if (section == SHN_UNDEF || section >= nshdr)
		return elf_fail(error, "SHT_SYMTAB_SHNDX entry", i, section, "is not a section of the file");
	return true;
}

/* Checks all symbols, and counts them. */
static bool check_symbols(struct elf_symtab *symtab, uint32_t nshdr, bool dynamic, struct elf_error *error)
{
	/* From SHN_LORESERVE on no st_shndx is a section, whatever nshdr is. A dynamic symbol's is not looked at. */
	uint32_t limit = dynamic ? UINT32_MAX : (uint32_t)min_u64(nshdr, SHN_LORESERVE);
	for (uint32_t i = 0; i < symtab->n; i++) {
		const struct elf_sym *sym = &symtab->syms[i];
		if (sym->st_name >= symtab->strtab_size)
			return elf_fail(error, "st_name", i, sym->st_name, "is beyond the end of the string table");
		if (sym->st_shndx >= limit && !check_special_symbol(symtab, i, nshdr, error))
			return false;
		bool defined = i >= symtab->first_global && sym->st_shndx != SHN_UNDEF;
		symtab->n_defined += defined;
		symtab->n_strong += defined && elf_sym_bind(sym) == STB_GLOBAL && !elf_sym_is_common(sym);
	}
	return true;
}

bool elf_read_symtab(struct elf_symtab *out, const struct elf_file *file, uint32_t index, uint32_t shndx_section,
		     struct elf_error *error)
{
	if (index >= file->nshdr)
		return elf_fail(error, "sh_link", index, index, "is beyond the end of the section header table");
	const struct elf_shdr *shdr = &file->shdrs[index];
	if (shdr->sh_type != SHT_SYMTAB && shdr->sh_type != SHT_DYNSYM)
		return elf_fail(error, "sh_type", index, shdr->sh_type, "is not that of a symbol table");
	if (!check_table(file, index, sizeof(struct elf_sym), error))
		return false;
	struct bytes bytes = elf_section_bytes(file, index);
	uint64_t n = bytes.size / sizeof(struct elf_sym);
	if (n > UINT32_MAX)
		return elf_fail(error, "sh_size", index, shdr->sh_size, "is that of more than 2^32 symbols");
	if (shdr->sh_info > n)
		return elf_fail(error, "sh_info", index, shdr->sh_info, "is beyond the end of the symbol table");
	*out = (struct elf_symtab){
		.syms = (const struct elf_sym *)bytes.data,
		.n = (uint32_t)n,
		.first_global = shdr->sh_info,
	};
	if (!elf_read_strtab(&out->strtab, &out->strtab_size, file, shdr->sh_link, error))
		return false;

	if (shndx_section != 0) {
		if (shndx_section >= file->nshdr || file->shdrs[shndx_section].sh_type != SHT_SYMTAB_SHNDX)
			return elf_fail(error, "sh_type", shndx_section, index, "is not SHT_SYMTAB_SHNDX");
		struct bytes entries = elf_section_bytes(file, shndx_section);
		if (entries.size / 4 < n)
			return elf_fail(error, "sh_size", shndx_section, entries.size, "is less than 4 bytes a symbol");
		out->shndx = entries.data;
	}
	return check_symbols(out, file->nshdr, shdr->sh_type == SHT_DYNSYM, error);
}

/* How many bytes one byte of a stream can become: the longest match of deflate, 258 bytes, takes two bits; a block of
 * zstd, at most 128 KiB, takes four bytes. */
enum { DEFLATE_RATIO = 258 * 4, ZSTD_RATIO = 128 << 8 };
#define COMPRESSED_LIMIT (1ULL << 32)

/* "ZLIB", the size as a big-endian number of 8 bytes, the stream. */
enum { ZDEBUG_HEADER_SIZE = 12 };

static bool read_zdebug(struct elf_compressed *out, struct bytes bytes, uint64_t align, uint32_t index,
			struct elf_error *error)
{
	if (bytes.size < ZDEBUG_HEADER_SIZE || !mem_equal(bytes.data, "ZLIB", 4))
		return elf_fail(error, "sh_name", index, bytes.size,
				"is that of a compressed section, but the section does not begin with \"ZLIB\" "
				"and a size");
	uint64_t size = 0;
	for (unsigned i = 4; i < ZDEBUG_HEADER_SIZE; i++)
		size = size << 8 | bytes.data[i];
	*out = (struct elf_compressed){
		.type = ELFCOMPRESS_ZLIB,
		.size = size,
		.align = align,
		.stream = {bytes.data + ZDEBUG_HEADER_SIZE, bytes.size - ZDEBUG_HEADER_SIZE},
	};
	return true;
}

static bool read_chdr(struct elf_compressed *out, const struct elf_dialect *dialect, struct bytes bytes, uint32_t index,
		      struct elf_error *error)
{
	struct elf_chdr header;
	const struct elf_chdr *chdr = &header;
	if (bytes.size < dialect->chdr)
		return elf_fail(error, "sh_size", index, bytes.size, "is less than a compression header");
	elf_get_chdr(dialect, bytes.data, &header);
	if (chdr->ch_type != ELFCOMPRESS_ZLIB && chdr->ch_type != ELFCOMPRESS_ZSTD)
		return elf_fail(error, "ch_type", index, chdr->ch_type,
				"is unknown: neither ELFCOMPRESS_ZLIB nor ELFCOMPRESS_ZSTD");
	if ((chdr->ch_addralign & (chdr->ch_addralign - 1)) != 0 || chdr->ch_addralign >= ALIGN_LIMIT)
		return elf_fail(error, "ch_addralign", index, chdr->ch_addralign, "is not an alignment");
	*out = (struct elf_compressed){
		.type = chdr->ch_type,
		.size = chdr->ch_size,
		.align = chdr->ch_addralign,
		.stream = {bytes.data + dialect->chdr, bytes.size - dialect->chdr},
	};
	return true;
}

bool elf_read_compressed(struct elf_compressed *out, const struct elf_file *file, uint32_t index,
			 struct elf_error *error)
{
	const struct elf_shdr *shdr = &file->shdrs[index];
	bool by_flag = shdr->sh_flags & SHF_COMPRESSED;
	if (shdr->sh_flags & SHF_ALLOC)
		return elf_fail(error, "sh_flags", index, shdr->sh_flags,
				"has both SHF_COMPRESSED and SHF_ALLOC: what is loaded cannot be compressed");
	if (shdr->sh_type == SHT_NOBITS)
		return elf_fail(error, "sh_type", index, shdr->sh_type,
				"is SHT_NOBITS, but the section is compressed");
	struct bytes bytes = elf_section_bytes(file, index);
	if (by_flag ? !read_chdr(out, file->dialect, bytes, index, error)
		    : !read_zdebug(out, bytes, shdr->sh_addralign, index, error))
		return false;
	uint64_t ratio = out->type == ELFCOMPRESS_ZSTD ? ZSTD_RATIO : DEFLATE_RATIO;
	if (out->size >= COMPRESSED_LIMIT || out->size > out->stream.size * ratio)
		return elf_fail(error, by_flag ? "ch_size" : "size after \"ZLIB\"", index, out->size,
				"is more than the compressed bytes can hold, or 4 GiB and more");
	return true;
}

/* Does sh_link of a section whose entries name symbols lead to their table? */
static bool check_symbol_table(const struct elf_file *file, uint32_t index, struct elf_error *error)
{
	uint32_t type = file->shdrs[file->shdrs[index].sh_link].sh_type;
	if (type == SHT_SYMTAB || type == SHT_DYNSYM)
		return true;
	return elf_fail(error, "sh_link", index, file->shdrs[index].sh_link, "is not a symbol table");
}

bool elf_read_relas(struct elf_relas *out, const struct elf_file *file, uint32_t index, uint32_t nsyms,
		    struct elf_error *error)
{
	const struct elf_shdr *shdr = &file->shdrs[index];
	if (shdr->sh_type != SHT_RELA)
		return elf_fail(error, "sh_type", index, shdr->sh_type, "is not SHT_RELA");
	if (!check_table(file, index, sizeof(struct elf_rela), error))
		return false;
	if (shdr->sh_info == 0 || shdr->sh_info >= file->nshdr)
		return elf_fail(error, "sh_info", index, shdr->sh_info, "is not a section of the file");
	struct bytes bytes = elf_section_bytes(file, index);
	const struct elf_rela *at = (const struct elf_rela *)bytes.data;
	uint64_t n = bytes.size / sizeof(*at);
	if (n != 0 && !check_symbol_table(file, index, error))
		return false;

	uint32_t last = 0;
	for (uint64_t i = 0; i < n; i++)
		last = at[i].r_sym > last ? at[i].r_sym : last;
	if (n != 0 && last >= nsyms) {
		uint64_t i = 0;
		while (at[i].r_sym < nsyms)
			i++;
		return elf_fail(error, "r_sym", (uint32_t)i, at[i].r_sym, "is beyond the end of the symbol table");
	}
	*out = (struct elf_relas){at, n};
	return true;
}

bool elf_read_group(struct elf_group *out, const struct elf_file *file, uint32_t index, uint32_t nsyms,
		    struct elf_error *error)
{
	const struct elf_shdr *shdr = &file->shdrs[index];
	if (shdr->sh_type != SHT_GROUP)
		return elf_fail(error, "sh_type", index, shdr->sh_type, "is not SHT_GROUP");
	struct bytes bytes = elf_section_bytes(file, index);
	uint64_t nwords = bytes.size / 4;
	if (bytes.size % 4 != 0 || nwords == 0 || nwords > UINT32_MAX)
		return elf_fail(error, "sh_size", index, bytes.size, "is not that of a section group");
	if (!check_symbol_table(file, index, error))
		return false;
	if (shdr->sh_info >= nsyms)
		return elf_fail(error, "sh_info", index, shdr->sh_info, "is beyond the end of the symbol table");
	*out = (struct elf_group){
		.comdat = (read32(bytes.data) & GRP_COMDAT) != 0,
		.signature = shdr->sh_info,
		.members = bytes.data + 4,
		.nmembers = (uint32_t)(nwords - 1),
	};
	for (uint32_t i = 0; i < out->nmembers; i++) {
		uint32_t member = read32(out->members + 4 * (uint64_t)i);
		if (member == 0 || member >= file->nshdr)
			return elf_fail(error, "group member", index, member, "is not a section of the file");
	}
	return true;
}

uint64_t elf_rela_at(struct elf_relas relas, uint64_t place, uint64_t hint)
{
	uint64_t low = 0, high = relas.n, step = 1;
	if (hint < relas.n && relas.at[hint].r_offset <= place)
		low = hint;
	/* Strides that double lead past the place, soon if it is near. */
	while (low + step < high && relas.at[low + step].r_offset < place) {
		low += step;
		step *= 2;
	}
	high = min_u64(high, low + step + 1);
	while (low < high) {
		uint64_t middle = low + (high - low) / 2;
		if (relas.at[middle].r_offset < place)
			low = middle + 1;
		else
			high = middle;
	}
	return low != relas.n && relas.at[low].r_offset == place ? low : relas.n;
}
