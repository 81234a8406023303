#include "elf/shared.h"

#include "elf/mem.h"
#include "elf/widen.h"

/* Where the sections of interest are, 0 for none. */
struct dynamic_sections {
	uint32_t dynamic, dynsym, versym, verdef, verneed;
};

static void first_of(uint32_t *slot, uint32_t index)
{
	if (*slot == 0)
		*slot = index;
}

static struct dynamic_sections find_sections(const struct elf_file *file)
{
	struct dynamic_sections found = {0};
	for (uint32_t i = 1; i < file->nshdr; i++) {
		switch (file->shdrs[i].sh_type) {
		case SHT_DYNAMIC:
			first_of(&found.dynamic, i);
			break;
		case SHT_DYNSYM:
			first_of(&found.dynsym, i);
			break;
		case SHT_GNU_versym:
			first_of(&found.versym, i);
			break;
		case SHT_GNU_verdef:
			first_of(&found.verdef, i);
			break;
		case SHT_GNU_verneed:
			first_of(&found.verneed, i);
			break;
		}
	}
	return found;
}

static void set_dynamic(struct elf_shared *shared, struct bytes bytes)
{
	const struct elf_dyn *dyn = (const struct elf_dyn *)bytes.data;
	uint64_t n = 0;
	while (dyn && n < bytes.size / sizeof(*dyn) && dyn[n].d_tag != DT_NULL)
		n++;
	shared->dynamic = bytes.data;
	shared->ndynamic = n;
}

static const struct elf_dyn *dynamic_entries(const struct elf_shared *shared)
{
	return (const struct elf_dyn *)shared->dynamic;
}

/* All names of a shared object are in one string table: that of its dynamic symbols. */
static bool check_strings(const struct elf_file *file, uint32_t index, uint32_t strings, struct elf_error *error)
{
	uint32_t link = file->shdrs[index].sh_link;
	if (link != strings)
		return elf_fail(error, "sh_link", index, link,
				"is another string table than that of the dynamic symbols");
	return true;
}

static bool read_by_sections(struct elf_shared *out, struct elf_error *error)
{
	const struct elf_file *file = &out->file;
	struct dynamic_sections found = find_sections(file);
	if (found.dynsym) {
		if (!elf_read_symtab(&out->dynsym, file, found.dynsym, 0, error))
			return false;
	} else if (found.dynamic) {
		if (!elf_read_strtab(&out->dynsym.strtab, &out->dynsym.strtab_size, file,
				     file->shdrs[found.dynamic].sh_link, error))
			return false;
	}
	uint32_t strings = file->shdrs[found.dynsym ? found.dynsym : found.dynamic].sh_link;

	if (found.dynamic) {
		if (!check_strings(file, found.dynamic, strings, error))
			return false;
		set_dynamic(out, elf_section_bytes(file, found.dynamic));
	}
	if (found.versym && found.dynsym) {
		struct bytes versym = elf_section_bytes(file, found.versym);
		if (versym.size / 2 < out->dynsym.n)
			return elf_fail(error, "sh_size", found.versym, versym.size,
					"is less than 2 bytes a dynamic symbol");
		out->versym = versym.data;
	}
	if (found.verdef) {
		if (!check_strings(file, found.verdef, strings, error))
			return false;
		out->verdef = elf_section_bytes(file, found.verdef);
		out->nverdef = file->shdrs[found.verdef].sh_info;
	}
	if (found.verneed) {
		if (!check_strings(file, found.verneed, strings, error))
			return false;
		out->verneed = elf_section_bytes(file, found.verneed);
		out->nverneed = file->shdrs[found.verneed].sh_info;
	}
	return true;
}

/* The program headers, and through them the bytes at an address. */
struct segments {
	struct bytes file;
	const struct elf_phdr *at;
	uint32_t n;
};

static bool read_segments(struct segments *out, const struct elf_file *file, struct elf_error *error)
{
	const struct elf_ehdr *ehdr = file->ehdr;
	*out = (struct segments){.file = file->bytes};
	if (ehdr->e_phnum == 0)
		return true;
	if (ehdr->e_phnum == PN_XNUM)
		return elf_fail(error, "e_phnum", 0, ehdr->e_phnum, "is PN_XNUM, but there is no section header 0");
	if (ehdr->e_phentsize != file->dialect->phdr)
		return elf_fail(error, "e_phentsize", 0, ehdr->e_phentsize,
				"is not the size of a program header (56; 32 in class 32)");
	if (!file->nphdr)
		return elf_fail(error, "e_phoff", 0, ehdr->e_phoff,
				"makes the program headers end beyond the end of the file");
	out->at = file->phdrs;
	out->n = file->nphdr;
	for (uint32_t i = 0; i < out->n; i++)
		if (((out->at[i].p_type == PT_LOAD && out->at[i].p_filesz) || out->at[i].p_type == PT_DYNAMIC) &&
		    !mem_inside(out->at[i].p_offset, out->at[i].p_filesz, file->bytes.size))
			return elf_fail(error, "p_filesz", i, out->at[i].p_filesz, "is beyond the end of the file");
	return true;
}

/* From `addr` to the end of the file image of its segment. */
static bool bytes_at(const struct segments *segments, uint64_t addr, const char *tag, struct bytes *out,
		     struct elf_error *error)
{
	for (uint32_t i = 0; segments->file.data && i < segments->n; i++) {
		const struct elf_phdr *phdr = &segments->at[i];
		if (phdr->p_type != PT_LOAD || addr < phdr->p_vaddr || addr - phdr->p_vaddr >= phdr->p_filesz)
			continue;
		uint64_t skip = addr - phdr->p_vaddr;
		*out = (struct bytes){segments->file.data + phdr->p_offset + skip, phdr->p_filesz - skip};
		return true;
	}
	return elf_fail(error, tag, 0, addr, "is an address outside the file image of every segment");
}

/* Values of the dynamic section, 0 when there is none of that tag. */
struct dynamic_values {
	uint64_t strtab, strsz, symtab, syment, hash, gnu_hash, versym, verdef, verdefnum, verneed, verneednum;
};

static struct dynamic_values collect_values(const struct elf_shared *shared)
{
	struct dynamic_values values = {0};
	for (uint64_t i = 0; i < shared->ndynamic; i++) {
		const struct elf_dyn *dyn = &dynamic_entries(shared)[i];
		switch (dyn->d_tag) {
		case DT_STRTAB:
			values.strtab = dyn->d_val;
			break;
		case DT_STRSZ:
			values.strsz = dyn->d_val;
			break;
		case DT_SYMTAB:
			values.symtab = dyn->d_val;
			break;
		case DT_SYMENT:
			values.syment = dyn->d_val;
			break;
		case DT_HASH:
			values.hash = dyn->d_val;
			break;
		case DT_GNU_HASH:
			values.gnu_hash = dyn->d_val;
			break;
		case DT_VERSYM:
			values.versym = dyn->d_val;
			break;
		case DT_VERDEF:
			values.verdef = dyn->d_val;
			break;
		case DT_VERDEFNUM:
			values.verdefnum = dyn->d_val;
			break;
		case DT_VERNEED:
			values.verneed = dyn->d_val;
			break;
		case DT_VERNEEDNUM:
			values.verneednum = dyn->d_val;
			break;
		}
	}
	return values;
}

/* The number of dynamic symbols as DT_GNU_HASH tells it: the last chain's end. (With no symbol hashed, undefined ones
 * behind the first `symoffset` are not seen; nobody can bind to those.) */
static bool count_by_gnu_hash(struct bytes table, unsigned word, uint64_t *n, struct elf_error *error)
{
	static const char cut[] = "is a hash table that ends beyond its segment";
	const uint64_t header = 16;
	if (table.size < header)
		return elf_fail(error, "DT_GNU_HASH", 0, table.size, cut);
	uint64_t nbuckets = read32(table.data), symoffset = read32(table.data + 4), nbloom = read32(table.data + 8);
	uint64_t buckets = header + word * nbloom, chains = buckets + 4 * nbuckets;
	if (chains > table.size)
		return elf_fail(error, "DT_GNU_HASH", 0, nbuckets, cut);
	uint64_t last = 0;
	for (uint64_t i = 0; i < nbuckets; i++)
		last = max_u64(last, read32(table.data + buckets + 4 * i));
	if (last == 0) {
		*n = symoffset;
		return true;
	}
	if (last < symoffset)
		return elf_fail(error, "DT_GNU_HASH", 0, last, "has a bucket with a symbol that is not hashed");
	for (;; last++) {
		uint64_t chain = chains + 4 * (last - symoffset);
		if (!mem_inside(chain, 4, table.size))
			return elf_fail(error, "DT_GNU_HASH", 0, last, cut);
		if (read32(table.data + chain) & 1)
			break;
	}
	*n = last + 1;
	return true;
}

static bool count_symbols(const struct segments *segments, const struct dynamic_values *values, unsigned word,
			  uint64_t *n, struct elf_error *error)
{
	struct bytes table;
	*n = 0;
	if (values->hash) {
		if (!bytes_at(segments, values->hash, "DT_HASH", &table, error))
			return false;
		if (table.size < 8)
			return elf_fail(error, "DT_HASH", 0, values->hash,
					"is a hash table that ends beyond its segment");
		*n = read32(table.data + 4); /* nchain */
		return true;
	}
	if (!values->gnu_hash)
		return true;
	return bytes_at(segments, values->gnu_hash, "DT_GNU_HASH", &table, error) &&
	       count_by_gnu_hash(table, word, n, error);
}

static bool read_strings_by_segments(struct elf_symtab *dynsym, const struct segments *segments,
				     const struct dynamic_values *values, struct elf_error *error)
{
	struct bytes strings;
	if (values->strtab == 0 || values->strsz == 0)
		return true;
	if (!bytes_at(segments, values->strtab, "DT_STRTAB", &strings, error))
		return false;
	if (values->strsz > strings.size)
		return elf_fail(error, "DT_STRSZ", 0, values->strsz, "is beyond the end of the segment");
	if (strings.data[values->strsz - 1] != '\0')
		return elf_fail(error, "DT_STRSZ", 0, values->strsz,
				"of a string table does not end behind a NUL byte");
	dynsym->strtab = (const char *)strings.data;
	dynsym->strtab_size = values->strsz;
	return true;
}

static bool read_symbols_by_segments(struct elf_shared *out, const struct segments *segments,
				     const struct dynamic_values *values, const struct elf_room *room,
				     struct elf_error *error)
{
	uint64_t n;
	struct bytes symbols;
	struct elf_symtab *dynsym = &out->dynsym;
	const struct elf_dialect *dialect = out->file.dialect;
	if (values->symtab == 0)
		return true;
	if (values->syment != 0 && values->syment != dialect->sym)
		return elf_fail(error, "DT_SYMENT", 0, values->syment,
				"is not the size of a symbol (24; 16 in class 32)");
	if (!count_symbols(segments, values, dialect->word, &n, error) ||
	    !bytes_at(segments, values->symtab, "DT_SYMTAB", &symbols, error))
		return false;
	if (n > symbols.size / dialect->sym || n > UINT32_MAX)
		return elf_fail(error, "DT_SYMTAB", 0, n,
				"symbols, as the hash table counts them, do not fit in the segment");
	dynsym->syms = dialect->class_id == ELFCLASS64 ? (const struct elf_sym *)symbols.data
						       : elf_widen_symbols(symbols.data, n, room);
	dynsym->n = (uint32_t)n;
	for (uint32_t i = 0; i < dynsym->n; i++)
		if (dynsym->syms[i].st_name >= dynsym->strtab_size)
			return elf_fail(error, "st_name", i, dynsym->syms[i].st_name,
					"is beyond the end of the string table");
	while (dynsym->first_global < dynsym->n && elf_sym_bind(&dynsym->syms[dynsym->first_global]) == STB_LOCAL)
		dynsym->first_global++;
	return true;
}

static bool read_by_segments(struct elf_shared *out, const struct elf_room *room, struct elf_error *error)
{
	struct segments segments;
	if (!read_segments(&segments, &out->file, error))
		return false;
	for (uint32_t i = 0; i < segments.n && !out->dynamic; i++) {
		const struct elf_phdr *phdr = &segments.at[i];
		if (phdr->p_type != PT_DYNAMIC)
			continue;
		struct bytes dynamic = {segments.file.data + phdr->p_offset, phdr->p_filesz};
		if (out->file.dialect->class_id == ELFCLASS32) {
			uint64_t n = dynamic.size / sizeof(struct elf32_dyn);
			dynamic.data = (const uint8_t *)elf_widen_dynamic(dynamic.data, n, room);
			dynamic.size = n * sizeof(struct elf_dyn);
		}
		set_dynamic(out, dynamic);
	}

	struct dynamic_values values = collect_values(out);
	if (!read_strings_by_segments(&out->dynsym, &segments, &values, error) ||
	    !read_symbols_by_segments(out, &segments, &values, room, error))
		return false;
	if (values.versym && out->dynsym.n) {
		struct bytes versym;
		if (!bytes_at(&segments, values.versym, "DT_VERSYM", &versym, error))
			return false;
		if (versym.size / 2 < out->dynsym.n)
			return elf_fail(error, "DT_VERSYM", 0, values.versym, "is less than 2 bytes a dynamic symbol");
		out->versym = versym.data;
	}
	if (values.verdef && !bytes_at(&segments, values.verdef, "DT_VERDEF", &out->verdef, error))
		return false;
	if (values.verneed && !bytes_at(&segments, values.verneed, "DT_VERNEED", &out->verneed, error))
		return false;
	out->nverdef = values.verdef ? (uint32_t)min_u64(values.verdefnum, UINT32_MAX) : 0;
	out->nverneed = values.verneed ? (uint32_t)min_u64(values.verneednum, UINT32_MAX) : 0;
	return true;
}

bool elf_read_shared_in(struct elf_shared *out, struct bytes bytes, const struct elf_room *room,
			struct elf_error *error)
{
	*out = (struct elf_shared){.dynsym = {.strtab = "", .strtab_size = 1}};
	if (!elf_read_file_in(&out->file, bytes, room, error))
		return false;
	if (!(out->file.nshdr ? read_by_sections(out, error) : read_by_segments(out, room, error)))
		return false;
	for (uint64_t i = 0; i < out->ndynamic; i++) {
		const struct elf_dyn *dyn = &dynamic_entries(out)[i];
		if (dyn->d_tag != DT_SONAME)
			continue;
		out->soname = elf_dynamic_string(out, i);
		if (!out->soname)
			return elf_fail(error, "DT_SONAME", 0, dyn->d_val, "is beyond the end of the string table");
	}
	return true;
}

bool elf_read_shared(struct elf_shared *out, struct bytes bytes, struct elf_error *error)
{
	return elf_read_shared_in(out, bytes, NULL, error);
}

const char *elf_dynamic_string(const struct elf_shared *shared, uint64_t i)
{
	uint64_t offset = dynamic_entries(shared)[i].d_val;
	return offset < shared->dynsym.strtab_size ? shared->dynsym.strtab + offset : NULL;
}

/* A table of dynamic relocations as the file has it. */
struct relocations {
	uint64_t addr, size;
	bool is_rel;
};

static void mark_table(const struct segments *segments, const struct relocations *table, bool is_64, bool *marks,
		       uint32_t n)
{
	/* r_info's symbol is its upper half in class 64, its upper 24 bits in class 32 (gABI, "Relocation") */
	const uint64_t entry = table->is_rel ? (is_64 ? 16 : 8) : (is_64 ? 24 : 12), at = is_64 ? 12 : 4;
	struct bytes bytes;
	struct elf_error error;
	if (table->size == 0 || !bytes_at(segments, table->addr, "DT_RELA", &bytes, &error))
		return;
	for (uint64_t i = 0; i < min_u64(table->size, bytes.size) / entry; i++) {
		uint32_t info = read32(bytes.data + entry * i + at), symbol = is_64 ? info : info >> 8;
		if (symbol < n)
			marks[symbol] = true;
	}
}

void elf_shared_relocated(const struct elf_shared *shared, bool *marks)
{
	struct segments segments;
	struct elf_error error;
	struct relocations rela = {0}, rel = {.is_rel = true}, plt = {0};
	for (uint64_t i = 0; i < shared->ndynamic; i++) {
		const struct elf_dyn *dyn = &dynamic_entries(shared)[i];
		switch (dyn->d_tag) {
		case DT_RELA:
			rela.addr = dyn->d_val;
			break;
		case DT_RELASZ:
			rela.size = dyn->d_val;
			break;
		case DT_REL:
			rel.addr = dyn->d_val;
			break;
		case DT_RELSZ:
			rel.size = dyn->d_val;
			break;
		case DT_JMPREL:
			plt.addr = dyn->d_val;
			break;
		case DT_PLTRELSZ:
			plt.size = dyn->d_val;
			break;
		case DT_PLTREL:
			plt.is_rel = dyn->d_val == DT_REL;
			break;
		}
	}
	if (!read_segments(&segments, &shared->file, &error))
		return;
	const struct relocations *tables[] = {&rela, &rel, &plt};
	for (unsigned i = 0; i < COUNTOF(tables); i++)
		mark_table(&segments, tables[i], shared->file.dialect->class_id == ELFCLASS64, marks, shared->dynsym.n);
}

static const char *version_name(const struct elf_shared *shared, uint32_t offset, const char *field, uint32_t i,
				struct elf_error *error)
{
	if (offset < shared->dynsym.strtab_size)
		return shared->dynsym.strtab + offset;
	elf_fail(error, field, i, offset, "is beyond the end of the string table");
	return NULL;
}

bool elf_each_verdef(const struct elf_shared *shared, elf_verdef_body *body, void *context, struct elf_error *error)
{
	struct bytes section = shared->verdef;
	uint64_t at = 0;
	for (uint32_t i = 0; i < shared->nverdef; i++) {
		if (!mem_inside(at, sizeof(struct elf_verdef), section.size))
			return elf_fail(error, "vd_next", i, at, "is beyond the end of the section");
		const struct elf_verdef *verdef = (const struct elf_verdef *)(section.data + at);
		if (verdef->vd_version != VER_DEF_CURRENT)
			return elf_fail(error, "vd_version", i, verdef->vd_version, "is not VER_DEF_CURRENT");
		if (verdef->vd_cnt == 0)
			return elf_fail(error, "vd_cnt", i, 0, "leaves the version without a name");
		if (!mem_inside(at + verdef->vd_aux, sizeof(struct elf_verdaux), section.size))
			return elf_fail(error, "vd_aux", i, verdef->vd_aux, "is beyond the end of the section");
		const struct elf_verdaux *aux = (const struct elf_verdaux *)(section.data + at + verdef->vd_aux);
		const char *name = version_name(shared, aux->vda_name, "vda_name", i, error);
		if (!name)
			return false;
		body(context, verdef->vd_ndx, verdef->vd_flags, name);
		if (verdef->vd_next == 0)
			break;
		if (verdef->vd_next < sizeof(*verdef))
			return elf_fail(error, "vd_next", i, verdef->vd_next, "makes version definitions overlap");
		at += verdef->vd_next;
	}
	return true;
}

bool elf_each_verneed(const struct elf_shared *shared, elf_verneed_body *body, void *context, struct elf_error *error)
{
	struct bytes section = shared->verneed;
	/* Each vernaux has its own bytes. Without this count, entries that share them would ask for size^2 calls. */
	uint64_t nleft = section.size / sizeof(struct elf_vernaux);
	uint64_t at = 0;
	for (uint32_t i = 0; i < shared->nverneed; i++) {
		if (!mem_inside(at, sizeof(struct elf_verneed), section.size))
			return elf_fail(error, "vn_next", i, at, "is beyond the end of the section");
		const struct elf_verneed *verneed = (const struct elf_verneed *)(section.data + at);
		if (verneed->vn_version != VER_NEED_CURRENT)
			return elf_fail(error, "vn_version", i, verneed->vn_version, "is not VER_NEED_CURRENT");
		const char *file = version_name(shared, verneed->vn_file, "vn_file", i, error);
		if (!file)
			return false;

		uint64_t aux_at = at + verneed->vn_aux;
		for (uint32_t j = 0; j < verneed->vn_cnt; j++) {
			if (!mem_inside(aux_at, sizeof(struct elf_vernaux), section.size))
				return elf_fail(error, j ? "vna_next" : "vn_aux", i, aux_at,
						"is beyond the end of the section");
			if (nleft-- == 0)
				return elf_fail(error, "vn_cnt", i, verneed->vn_cnt, "makes needed versions overlap");
			const struct elf_vernaux *aux = (const struct elf_vernaux *)(section.data + aux_at);
			const char *name = version_name(shared, aux->vna_name, "vna_name", i, error);
			if (!name)
				return false;
			body(context, file, aux->vna_other, name);
			if (aux->vna_next == 0)
				break;
			aux_at += aux->vna_next;
		}
		if (verneed->vn_next == 0)
			break;
		if (verneed->vn_next < sizeof(*verneed))
			return elf_fail(error, "vn_next", i, verneed->vn_next, "makes needed files overlap");
		at += verneed->vn_next;
	}
	return true;
}
