/* Looks up places in .debug_line: in that of the input when it is an ELF file. Any other input is a byte that says how
 * many relocations are at its end, and the line table between, which is .debug_line_str, too. */
#include "fuzz/fuzz.h"

#include "dwarf/line.h"

enum { MOST_SECTIONS = 8 };

static void look_up(const struct dwarf_line_input *input, uint32_t section, uint64_t offset)
{
	struct dwarf_line line;
	if (!dwarf_line_find(input, section, offset, &line))
		return;
	hold(section != 0 && line.file.len != 0);
	touch_bytes((struct bytes){(const uint8_t *)line.dir.at, line.dir.len});
	touch_bytes((struct bytes){(const uint8_t *)line.file.at, line.file.len});
	hold(!memchr(line.dir.at, 0, line.dir.len) && !memchr(line.file.at, 0, line.file.len));
	use(line.line + line.column);
}

static void look_up_raw(struct bytes bytes)
{
	static const struct elf_sym syms[] = {
		{0}, {.st_shndx = 1}, {.st_shndx = 2, .st_value = 16}, {.st_shndx = SHN_ABS},
	};
	static const struct elf_symtab symtab = {.syms = syms, .n = COUNTOF(syms)};
	uint64_t n = bytes.size ? min_u64(bytes.data[0], bytes.size / sizeof(struct elf_rela)) : 0;
	uint64_t size = bytes.size - n * sizeof(struct elf_rela);
	struct dwarf_line_input input = {
		.line = {bytes.data + (size != 0), size - (size != 0)},
		.relas = {(const struct elf_rela *)(bytes.data + size), n},
		.symtab = &symtab,
	};
	input.line_str = input.str = input.line;
	for (uint32_t section = 1; section <= 2; section++)
		for (uint64_t offset = 0; offset < 64; offset += 7)
			look_up(&input, section, offset);
}

static uint32_t find_section(const struct elf_file *file, const char *name)
{
	uint32_t i = 1;
	while (i < file->nshdr && strcmp(elf_section_name(file, i), name) != 0)
		i++;
	return i < file->nshdr ? i : 0;
}

static uint32_t find_type(const struct elf_file *file, uint32_t type, uint32_t info)
{
	uint32_t i = 1;
	while (i < file->nshdr && (file->shdrs[i].sh_type != type || (info && file->shdrs[i].sh_info != info)))
		i++;
	return i < file->nshdr ? i : 0;
}

static struct bytes bytes_of(const struct elf_file *file, const char *name)
{
	uint32_t section = find_section(file, name);
	return section ? elf_section_bytes(file, section) : (struct bytes){file->bytes.data, 0};
}

static void look_up_elf(const struct elf_file *file)
{
	struct elf_symtab symtab = {0};
	struct elf_error error;
	struct dwarf_line_input input = {.symtab = &symtab};
	uint32_t table = find_type(file, SHT_SYMTAB, 0), line = find_section(file, ".debug_line");
	if (!table || !line || !elf_read_symtab(&symtab, file, table, find_type(file, SHT_SYMTAB_SHNDX, 0), &error))
		return;
	uint32_t rela = find_type(file, SHT_RELA, line);
	if (rela && !elf_read_relas(&input.relas, file, rela, symtab.n, &error))
		return;
	input.line = elf_section_bytes(file, line);
	input.line_str = bytes_of(file, ".debug_line_str");
	input.str = bytes_of(file, ".debug_str");
	for (uint32_t i = 1, n = 0; i < file->nshdr && n < MOST_SECTIONS; i++) {
		if (!(file->shdrs[i].sh_flags & SHF_EXECINSTR))
			continue;
		look_up(&input, i, 0);
		look_up(&input, i, file->shdrs[i].sh_size / 2);
		look_up(&input, i, file->shdrs[i].sh_size - 1);
		n++;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	struct elf_file file;
	struct elf_error error;
	if (elf_kind(bytes) == ELF_NOT)
		look_up_raw(bytes);
	else if (elf_read_file(&file, bytes, &error))
		look_up_elf(&file);
	return 0;
}
