#include "ld/input/made_object.h"

#include <ctype.h>
#include <string.h>

#include "arch/arch.h"

enum { DATA = 1, SYMTAB, STRTAB, SHSTRTAB, N_SECTIONS };

static const char section_names[] = "\0.data\0.symtab\0.strtab\0.shstrtab";
enum { DATA_NAME = 1, SYMTAB_NAME = 7, STRTAB_NAME = 15, SHSTRTAB_NAME = 23 };

/* What goes in: symbols with names in `names`; the first one is the null symbol. */
struct parts {
	struct bytes data;
	struct elf_sym *syms;
	uint64_t n_syms;
	struct bytes names;
};

static struct bytes assemble(struct link *link, const struct parts *parts)
{
	const struct elf_dialect *dialect = link->arch->dialect;
	uint64_t data = dialect->ehdr, symtab = align_up(data + parts->data.size, dialect->word);
	uint64_t strtab = symtab + parts->n_syms * dialect->sym, shstrtab = strtab + parts->names.size;
	uint64_t shdrs = align_up(shstrtab + sizeof(section_names), dialect->word);
	uint64_t size = shdrs + (uint64_t)N_SECTIONS * dialect->shdr;
	uint8_t *image = arena_alloc(&link->arena, size, 8);
	memset(image, 0, size);
	elf_put_ehdr(dialect, image, &(struct elf_ehdr){
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, dialect->class_id, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_REL,
		.e_machine = link->arch->machine,
		.e_version = EV_CURRENT,
		.e_shoff = shdrs,
		.e_ehsize = dialect->ehdr,
		.e_shentsize = dialect->shdr,
		.e_shnum = N_SECTIONS,
		.e_shstrndx = SHSTRTAB,
	});
	if (parts->data.size)
		memcpy(image + data, parts->data.data, parts->data.size);
	for (uint64_t i = 0; i < parts->n_syms; i++)
		elf_put_sym(dialect, image + symtab + i * dialect->sym, &parts->syms[i]);
	memcpy(image + strtab, parts->names.data, parts->names.size);
	memcpy(image + shstrtab, section_names, sizeof(section_names));
	const struct elf_shdr table[N_SECTIONS] = {
		[DATA] = {.sh_name = DATA_NAME, .sh_type = SHT_PROGBITS, .sh_addralign = 1,
			  .sh_flags = SHF_ALLOC | SHF_WRITE, .sh_offset = data, .sh_size = parts->data.size},
		[SYMTAB] = {.sh_name = SYMTAB_NAME, .sh_type = SHT_SYMTAB, .sh_addralign = dialect->word,
			    .sh_offset = symtab, .sh_size = parts->n_syms * dialect->sym, .sh_link = STRTAB,
			    .sh_info = 1, .sh_entsize = dialect->sym},
		[STRTAB] = {.sh_name = STRTAB_NAME, .sh_type = SHT_STRTAB, .sh_addralign = 1, .sh_offset = strtab,
			    .sh_size = parts->names.size},
		[SHSTRTAB] = {.sh_name = SHSTRTAB_NAME, .sh_type = SHT_STRTAB, .sh_addralign = 1,
			      .sh_offset = shstrtab, .sh_size = sizeof(section_names)},
	};
	for (unsigned i = 0; i < N_SECTIONS; i++)
		elf_put_shdr(dialect, image + shdrs + (uint64_t)i * dialect->shdr, &table[i]);
	return (struct bytes){image, size};
}

struct bytes made_object_from_data(struct link *link, const char *name, struct bytes content)
{
	enum { START = 1, END, SIZE, N };
	char *mangled = arena_strndup(&link->arena, name, strlen(name));
	for (char *at = mangled; *at; at++)
		if (!isalnum((unsigned char)*at))
			*at = '_';
	struct elf_sym syms[N] = {
		[START] = {.st_info = STB_GLOBAL << 4, .st_shndx = DATA},
		[END] = {.st_info = STB_GLOBAL << 4, .st_shndx = DATA, .st_value = content.size},
		[SIZE] = {.st_info = STB_GLOBAL << 4, .st_shndx = SHN_ABS, .st_value = content.size},
	};
	static const char *const suffixes[N] = {[START] = "start", [END] = "end", [SIZE] = "size"};
	uint64_t room = 1 + 3 * (sizeof("_binary__start") + strlen(mangled));
	char *names = arena_alloc(&link->arena, room, 1);
	uint64_t at = 0;
	names[at++] = '\0';
	for (unsigned i = START; i < N; i++) {
		const char *text = arena_printf(&link->arena, "_binary_%s_%s", mangled, suffixes[i]);
		syms[i].st_name = (uint32_t)at;
		memcpy(names + at, text, strlen(text) + 1);
		at += strlen(text) + 1;
	}
	return assemble(link, &(struct parts){content, syms, N, {(const uint8_t *)names, at}});
}

/* .symtab, or .dynsym when the file has been stripped; 0: neither. */
static uint32_t find_symbols(const struct elf_file *elf, uint32_t *shndx)
{
	uint32_t found = 0;
	for (uint32_t i = 1; i < elf->nshdr; i++) {
		uint32_t type = elf->shdrs[i].sh_type;
		if (type == SHT_SYMTAB || (type == SHT_DYNSYM && !found))
			found = i;
		if (type == SHT_SYMTAB_SHNDX)
			*shndx = i;
	}
	if (found && elf->shdrs[found].sh_type == SHT_DYNSYM)
		*shndx = 0;
	return found;
}

bool made_object_from_symbols(struct link *link, struct bytes file, struct bytes *object, struct elf_error *error)
{
	struct elf_file elf;
	struct elf_symtab symtab;
	uint32_t shndx = 0;
	struct elf_room room = room_in(&link->arena);
	if (!elf_read_file_in(&elf, file, &room, error))
		return false;
	uint32_t table = find_symbols(&elf, &shndx);
	if (!table)
		return elf_fail(error, "sh_type", 0, 0, "of no section is that of a symbol table");
	if (!elf_read_symtab(&symtab, &elf, table, shndx, error))
		return false;
	struct elf_sym *syms = arena_array(&link->arena, struct elf_sym, symtab.n - symtab.first_global + 1);
	uint32_t n = 1;
	for (uint32_t i = symtab.first_global; i < symtab.n; i++) {
		const struct elf_sym *sym = &symtab.syms[i];
		uint8_t type = elf_sym_type(sym);
		if (sym->st_shndx == SHN_UNDEF || sym->st_shndx == SHN_COMMON || type == STT_TLS ||
		    type == STT_GNU_IFUNC || elf_sym_bind(sym) == STB_LOCAL)
			continue;
		syms[n] = *sym;
		syms[n].st_other = STV_DEFAULT;
		syms[n++].st_shndx = SHN_ABS;
	}
	struct bytes names = {(const uint8_t *)symtab.strtab, symtab.strtab_size};
	*object = assemble(link, &(struct parts){{NULL, 0}, syms, n, names});
	return true;
}
