#include "ld/input/object.h"

#include <string.h>

#include "arch/arch.h"
#include "base/memory.h"
#include "elf/addrsig.h"
#include "elf/note.h"
#include "ld/input/decompress.h"
#include "ld/input/foreign.h"
#include "ld/input/ir.h"
#include "ld/input/symbol_order.h"
#include "ld/report/describe.h"

void object_report(struct link *link, file_id id, const struct elf_error *error)
{
	struct file *file = file_of(link, id);
	file->bad = true;
	struct diag_about about = about_file(file, "malformed-file");
	diag_report(link->diag, SEVERITY_ERROR, diag_order(id, 0), &about,
		    "malformed file: %s %s (number %u, value 0x%llx)", error->field, error->what, error->index,
		    (unsigned long long)error->value);
}

struct elf_replacement *object_own_tables(struct elf_file *elf, struct arena *arena)
{
	if (!elf->replaced) {
		elf->shdrs = arena_dup(arena, struct elf_shdr, elf->shdrs, elf->nshdr);
		elf->replaced = arena_array(arena, struct elf_replacement, elf->nshdr);
	}
	return (struct elf_replacement *)(uintptr_t)elf->replaced;
}

bool object_parse(struct link *link, file_id id, struct arena *arena)
{
	struct file *file = file_of(link, id);
	struct elf_error error;
	if (ir_is_bitcode(file->bytes)) {
		struct diag_about about = about_file(file, "unsupported-input");
		file->bad = true;
		diag_report(link->diag, SEVERITY_ERROR, diag_order(id, 0), &about, "%s", ir_bitcode_words);
		return false;
	}
	if (is_foreign(link, file->bytes)) {
		file->bad = true;
		foreign_report(link, diag_order(id, 0), about_file(file, NULL), file->bytes);
		return false;
	}
	if (elf_kind(file->bytes) != ELF_RELOCATABLE) {
		struct diag_about about = about_file(file, "file-format");
		file->bad = true;
		diag_report(link->diag, SEVERITY_ERROR, diag_order(id, 0), &about, "not an object file");
		return false;
	}
	memory_populate(file->bytes.data, file->bytes.size);
	struct elf_room room = room_in(arena);
	if (!elf_read_file_in(&file->elf, file->bytes, &room, &error)) {
		object_report(link, id, &error);
		return false;
	}
	uint32_t symtab = 0, shndx = 0;
	for (uint32_t i = 1; i < file->elf.nshdr; i++) {
		uint32_t type = file->elf.shdrs[i].sh_type;
		if (type == SHT_SYMTAB && !symtab)
			symtab = i;
		else if (type == SHT_SYMTAB_SHNDX)
			shndx = i;
	}
	if (symtab && !elf_read_symtab(&file->symtab, &file->elf, symtab, shndx, &error)) {
		object_report(link, id, &error);
		return false;
	}
	if (symtab) {
		symbol_order_restore(link, id, symtab, arena);
		file->has_at = memchr(file->symtab.strtab, '@', file->symtab.strtab_size);
	}
	file->globals = arena_array(arena, symbol_id, file->symtab.n - file->symtab.first_global);
	return true;
}

/* false: the file has more kinds of properties than anybody has thought of. */
static bool add_property(struct file *file, struct arena *arena, uint32_t type, uint32_t bits)
{
	enum { MAX_PROPERTIES = 256 };
	for (uint32_t i = 0; i < file->n_properties; i++)
		if (file->properties[i].type == type) {
			file->properties[i].bits |= bits;
			return true;
		}
	if (file->n_properties == MAX_PROPERTIES)
		return false;
	struct property *more = arena_array(arena, struct property, file->n_properties + 1);
	if (file->n_properties)
		memcpy(more, file->properties, file->n_properties * sizeof(*more));
	more[file->n_properties++] = (struct property){type, bits};
	file->properties = more;
	return true;
}

/* .note.gnu.property: bits that an object uses or needs (x86-64 psABI, "Program Property"). */
static void read_properties(struct link *link, file_id id, struct arena *arena, struct bytes section, uint64_t align)
{
	struct file *file = file_of(link, id);
	struct elf_note note;
	struct elf_error error;
	for (uint64_t at = 0; at < section.size; at = note.next) {
		if (!elf_note_at(section, align, at, &note, &error)) {
			object_report(link, id, &error);
			return;
		}
		if (note.type != NT_GNU_PROPERTY_TYPE_0 || note.name.size != 4 || memcmp(note.name.data, "GNU", 4) != 0)
			continue;
		struct gnu_property property;
		for (uint64_t p = 0; p < note.desc.size; p = property.next) {
			if (!gnu_property_at(note.desc, file->elf.dialect->property_align, p, &property, &error)) {
				object_report(link, id, &error);
				return;
			}
			if (property.data.size == 4 && gnu_property_rule(property.type) != PROPERTY_IGNORED &&
			    !add_property(file, arena, property.type, read32(property.data.data))) {
				elf_fail(&error, "pr_type", (uint32_t)p, property.type, "is that of too many properties");
				object_report(link, id, &error);
				return;
			}
		}
	}
}

/* Types that nobody has told gild the meaning of: the section may be anything. Those of operating systems and of users
 * are content, the latter only when nothing is to load it (as for GNU ld, bfd_section_from_shdr). */
static bool is_type_known(const struct link *link, const struct elf_shdr *shdr)
{
	uint32_t type = shdr->sh_type;
	if (type >= SHT_LOUSER)
		return !(shdr->sh_flags & SHF_ALLOC);
	if (type >= SHT_LOPROC) {
		const uint32_t *known = link->arch->section_types;
		while (*known && *known != type)
			known++;
		return *known != 0;
	}
	return type >= SHT_LOOS || type < SHT_NUM;
}

/* Names differ in their first letters, mostly: a call would cost more than the comparison. */
static inline bool begins(const char *name, const char *prefix)
{
	while (*prefix && *name == *prefix) {
		name++;
		prefix++;
	}
	return !*prefix;
}

/* Sections that are words to the linker rather than content. true: understood, not placed. */
static bool is_for_the_linker(struct link *link, file_id id, struct arena *arena, uint32_t number, const char *name)
{
	struct file *file = file_of(link, id);
	const struct elf_shdr *shdr = &file->elf.shdrs[number];
	bool relocatable = link->options->kind == OUTPUT_RELOCATABLE;
	switch (shdr->sh_type) {
	case SHT_GROUP:
		return !relocatable || link->options->force_group_allocation;
	case SHT_NULL:
	case SHT_SYMTAB:
	case SHT_STRTAB:
	case SHT_RELA:
	case SHT_REL:
	case SHT_CREL:
	case SHT_SYMTAB_SHNDX:
		return true;
	default:
		break;
	}
	if (shdr->sh_flags & SHF_EXCLUDE) {
		if (ir_is_slim(&file->elf, number)) {
			file->bad = true;
			struct diag_about about = about_file(file, "unsupported-input");
			diag_report(link->diag, SEVERITY_ERROR, diag_order(id, number), &about, "%s", ir_slim_words);
		}
		if (!relocatable)
			return true;
	}
	if (begins(name, ".note")) {
		if (strcmp(name, ".note.GNU-stack") == 0) {
			file->stack = shdr->sh_flags & SHF_EXECINSTR ? STACK_EXEC : STACK_NOEXEC;
			return true;
		}
		if (strcmp(name, ".note.gnu.property") == 0) {
			read_properties(link, id, arena, elf_section_bytes(&file->elf, number),
					shdr->sh_addralign == 4 ? 4 : 8);
			return true;
		}
	}
	/* Compilers' messages to linkers that other compilers' linkers need not know (LLVM's address-significance and
	 * call-graph tables). They name symbols by number: an object of several objects does without them. */
	if (shdr->sh_type == SHT_LLVM_ADDRSIG || shdr->sh_type == 0x6fff4c09)
		return true;
	/* Warnings about symbols are said now, or by who links with the shared object. */
	return link->options->kind != OUTPUT_SHARED && !relocatable &&
	       begins(name, ".gnu.warning") && (name[12] == '.' || name[12] == '\0');
}

/* Does the last string of a section that is not empty end in it? */
static bool strings_end(struct bytes content, uint64_t entsize)
{
	for (uint64_t i = 1; i <= entsize; i++)
		if (content.data[content.size - i])
			return false;
	return true;
}

static enum section_kind content_kind(const struct link *link, const struct elf_file *elf, uint32_t number,
				      const char *name)
{
	const struct elf_shdr *shdr = &elf->shdrs[number];
	if (shdr->sh_type == SHT_GROUP)
		return SECTION_GROUP;
	if (shdr->sh_flags & SHF_ALLOC && strcmp(name, ".eh_frame") == 0 && shdr->sh_type != SHT_NOBITS)
		return SECTION_EH_FRAME;
	if (link->options->kind == OUTPUT_RELOCATABLE)
		return SECTION_REGULAR; /* merging is for the next link */
	enum { MERGED_ALIGN = 4096 }; /* pieces of greater alignment would be made with the gaps between them */
	if (shdr->sh_flags & SHF_MERGE && !(shdr->sh_flags & (SHF_WRITE | SHF_LINK_ORDER)) &&
	    shdr->sh_type != SHT_NOBITS && shdr->sh_addralign <= MERGED_ALIGN && shdr->sh_entsize != 0 &&
	    shdr->sh_entsize <= UINT32_MAX && shdr->sh_size % shdr->sh_entsize == 0 && shdr->sh_size != 0 && shdr->sh_size < UINT32_MAX &&
	    (!(shdr->sh_flags & SHF_STRINGS) || strings_end(elf_section_bytes(elf, number), shdr->sh_entsize)))
		return SECTION_MERGE;
	return SECTION_REGULAR;
}

void object_read_sections(struct link *link, file_id id, struct arena *arena)
{
	struct file *file = file_of(link, id);
	const struct elf_file *elf = &file->elf;
	for (uint32_t i = 0; i < elf->nshdr; i++) {
		struct section *section = section_of(link, file->first_section + i);
		const struct elf_shdr *shdr = &elf->shdrs[i];
		const char *name = elf_section_name(elf, i);
		section->file = id;
		file->n_groups += shdr->sh_type == SHT_GROUP;
		file->has_linkonce |= begins(name, ".gnu.linkonce.");
		file->has_warnings |= begins(name, ".gnu.warning");
		file->has_plain_names |= *name && *name != '.';
		if (is_for_the_linker(link, id, arena, i, name))
			continue;
		if (!is_type_known(link, shdr)) {
			file->bad = true;
			struct diag_about about = about_section(file, i, "unsupported-input");
			diag_report(link->diag, SEVERITY_ERROR, diag_order(id, i), &about,
				    "unsupported section type: 0x%x\n>>> unknown type [0x%x] section `%s'",
				    shdr->sh_type, shdr->sh_type, name);
			continue;
		}
		if (elf_is_compressed(shdr, name) && is_content_needed(link, name)) {
			if (!section_decompress(link, id, i, arena))
				continue;
			shdr = &elf->shdrs[i];
			name = elf_section_name(elf, i);
		}
		section->kind = content_kind(link, elf, i, name);
		section->size = shdr->sh_size;
		section->p2align = shdr->sh_addralign > 1 ? (uint8_t)__builtin_ctzll(shdr->sh_addralign) & 63 : 0;
		section->is_tls = (shdr->sh_flags & SHF_TLS) != 0;
		section->live = true;
		if (shdr->sh_flags & SHF_ALLOC)
			file->alloc_size += section->size + (1ull << section->p2align);
		file->has_eh_frame |= section->kind == SECTION_EH_FRAME;
		file->has_link_order |= shdr->sh_flags & SHF_LINK_ORDER && shdr->sh_link;
	}
	for (uint32_t i = 1; i < elf->nshdr; i++) {
		if (elf->shdrs[i].sh_type == SHT_CREL && !section_expand_relocations(link, id, i, arena))
			return;
		if (elf->shdrs[i].sh_type == SHT_REL && !section_take_addends(link, id, i))
			return;
		const struct elf_shdr *shdr = &elf->shdrs[i];
		if (shdr->sh_type != SHT_RELA)
			continue;
		struct elf_relas relas;
		struct elf_error error;
		if (!elf_read_relas(&relas, elf, i, file->symtab.n, &error)) {
			object_report(link, id, &error);
			return;
		}
		struct section *section = section_of(link, file->first_section + shdr->sh_info);
		if (section->rela) {
			elf_fail(&error, "sh_info", i, shdr->sh_info, "is a section that has relocations already");
			object_report(link, id, &error);
			return;
		}
		if (section->kind == SECTION_EH_FRAME)
			section_order_relocations(link, id, i, arena);
		shdr = &elf->shdrs[i];
		if (i - shdr->sh_info < FAR_RELA) {
			section->rela = (uint8_t)(i - shdr->sh_info);
		} else {
			if (!file->far_relas)
				file->far_relas = arena_array(arena, uint32_t, elf->nshdr);
			file->far_relas[shdr->sh_info] = i;
			section->rela = FAR_RELA;
		}
		if (section->kind == SECTION_MERGE)
			section->kind = SECTION_REGULAR; /* what is relocated cannot be compared */
	}
}
