/* Reads the input as an ELF file: section names and contents, symbols, relocations, groups, notes and properties,
 * address-significance tables. */
#include "fuzz/fuzz.h"
#include "fuzz/room.h"

#include "elf/addrsig.h"
#include "elf/hash.h"
#include "elf/note.h"
#include "elf/object.h"

static uint32_t shndx_section(const struct elf_file *file, uint32_t symtab)
{
	for (uint32_t i = 1; i < file->nshdr; i++)
		if (file->shdrs[i].sh_type == SHT_SYMTAB_SHNDX && file->shdrs[i].sh_link == symtab)
			return i;
	return 0;
}

static void touch_symtab(const struct elf_file *file, uint32_t index)
{
	struct elf_symtab symtab;
	struct elf_error error;
	if (!elf_read_symtab(&symtab, file, index, shndx_section(file, index), &error)) {
		touch_name(error.field);
		touch_name(error.what);
		return;
	}
	hold(symtab.first_global <= symtab.n);
	hold(symtab.strtab[symtab.strtab_size - 1] == '\0');
	for (uint32_t i = 0; i < symtab.n; i++) {
		const char *name = symtab.strtab + symtab.syms[i].st_name;
		use(elf_gnu_hash((struct str){name, (uint32_t)strlen(name)}));
		if (file->shdrs[index].sh_type == SHT_SYMTAB && !elf_sym_is_special(&symtab, i)) {
			uint32_t section = elf_sym_section(&symtab, i);
			hold(section < file->nshdr);
			touch_name(elf_section_name(file, section));
		}
	}
}

static uint32_t count_symbols(const struct elf_file *file, uint32_t index)
{
	const struct elf_shdr *shdr = &file->shdrs[index];
	return shdr->sh_type == SHT_SYMTAB ? (uint32_t)(shdr->sh_size / sizeof(struct elf_sym)) : 0;
}

static void touch_relas(const struct elf_file *file, uint32_t index)
{
	struct elf_relas relas;
	struct elf_error error;
	uint32_t nsyms = count_symbols(file, file->shdrs[index].sh_link);
	if (!elf_read_relas(&relas, file, index, nsyms, &error))
		return;
	touch_name(elf_section_name(file, file->shdrs[index].sh_info));
	for (uint64_t i = 0; i < relas.n; i++)
		hold(relas.at[i].r_sym < nsyms);
}

static void touch_group(const struct elf_file *file, uint32_t index)
{
	struct elf_group group;
	struct elf_error error;
	uint32_t nsyms = count_symbols(file, file->shdrs[index].sh_link);
	if (!elf_read_group(&group, file, index, nsyms, &error))
		return;
	hold(group.signature < nsyms);
	for (uint32_t i = 0; i < group.nmembers; i++)
		touch_name(elf_section_name(file, read32(group.members + 4 * (uint64_t)i)));
}

static void touch_compressed(const struct elf_file *file, uint32_t index)
{
	struct elf_compressed compressed;
	struct elf_error error;
	if (!elf_is_compressed(&file->shdrs[index], elf_section_name(file, index)))
		return;
	if (!elf_read_compressed(&compressed, file, index, &error)) {
		touch_name(error.field);
		touch_name(error.what);
		return;
	}
	hold(compressed.size < 1ull << 32);
	touch_bytes(compressed.stream);
}

static void touch_notes(struct bytes section, uint64_t align, uint64_t property_align)
{
	struct elf_note note;
	struct elf_error error;
	for (uint64_t offset = 0; offset < section.size; offset = note.next) {
		if (!elf_note_at(section, align, offset, &note, &error))
			return;
		hold(note.next > offset && note.next <= section.size);
		touch_bytes(note.name);
		touch_bytes(note.desc);
		struct gnu_property property;
		for (uint64_t at = 0; at < note.desc.size; at = property.next) {
			if (!gnu_property_at(note.desc, property_align, at, &property, &error))
				break;
			hold(property.next > at && property.next <= note.desc.size);
			touch_bytes(property.data);
		}
	}
}

static void touch_addrsig(struct bytes table)
{
	struct elf_error error;
	uint32_t symbol;
	for (uint64_t at = 0, before = 0; at < table.size; before = at) {
		if (!elf_addrsig_next(table, &at, 100, &symbol, &error))
			break;
		hold(at > before && at <= table.size && symbol < 100);
	}
}

static void touch_file(const struct elf_file *file)
{
	for (uint32_t i = 0; i < file->nshdr; i++) {
		struct bytes section = elf_section_bytes(file, i);
		touch_name(elf_section_name(file, i));
		if (section.size)
			use(section.data[0] + section.data[section.size - 1]);
		touch_compressed(file, i);
		switch (file->shdrs[i].sh_type) {
		case SHT_SYMTAB:
		case SHT_DYNSYM:
			touch_symtab(file, i);
			break;
		case SHT_RELA:
			touch_relas(file, i);
			break;
		case SHT_GROUP:
			touch_group(file, i);
			break;
		case SHT_LLVM_ADDRSIG:
			touch_addrsig(section);
			break;
		case SHT_NOTE:
			touch_notes(section, file->shdrs[i].sh_addralign, file->dialect->property_align);
			break;
		}
	}
	for (uint32_t i = 0; i < file->nphdr; i++)
		use(file->phdrs[i].p_vaddr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	struct elf_error error;
	struct elf_file file;
	struct blocks blocks;
	struct elf_room room = room_open(&blocks);
	use(elf_kind(bytes));
	touch_notes(bytes, 4, 4);
	touch_notes(bytes, 8, 8);
	touch_addrsig(bytes);
	if (!elf_read_file_in(&file, bytes, &room, &error)) {
		touch_name(error.field);
		touch_name(error.what);
		room_close(&blocks);
		return 0;
	}
	hold(elf_kind(bytes) != ELF_OTHER_CLASS);
	touch_file(&file);
	room_close(&blocks);
	return 0;
}
