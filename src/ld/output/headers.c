#include "ld/layout/looks.h"
#include "ld/output/headers.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/groups.h"
#include "ld/synth/symver.h"

void headers_prepare(struct link *link)
{
	struct layout *layout = link->layout;
	uint64_t size = 1;
	for (uint32_t i = 0; i < layout->n_order; i++)
		size += strlen(layout->osecs.at[layout->order[i]].name) + 1;
	char *names = arena_alloc(&layout->arena, size, 1);
	uint32_t at = 1;
	for (uint32_t i = 0; i < layout->n_order; i++) {
		struct osec *osec = &layout->osecs.at[layout->order[i]];
		uint32_t size_of_name = (uint32_t)strlen(osec->name) + 1;
		osec->name_offset = at;
		memcpy(names + at, osec->name, size_of_name);
		at += size_of_name;
	}
	layout->shstrtab = (struct bytes){(const uint8_t *)names, size};
	section_of(link, link->synthetic[SYN_SHSTRTAB])->size = size;
}

/* Where .text begins; of several, the first that has something; by a script's rules the first that came to exist. */
static uint64_t text_address(const struct layout *layout)
{
	uint32_t first = layout->scripted ? looks_first(layout, ".text") : layout_find(layout, ".text");
	for (uint32_t i = first; !layout->scripted && i < layout->osecs.n; i++) {
		const struct osec *osec = &layout->osecs.at[i];
		if ((osec->has_members || osec->index) && strcmp(osec->name, ".text") == 0)
			return osec->addr;
	}
	return layout->osecs.at[first].addr;
}

static uint64_t entry_address(const struct link *link)
{
	symbol_id symbol = link->entry ? symbols_find(link, str_of(link->entry)) : 0;
	if (!link->entry)
		return 0;
	if (symbol && symbol_flags(&link->symbols[symbol]) & SYMBOL_DEFINED)
		return link->symbols[symbol].address;
	char *end;
	uint64_t number = strtoull(link->entry, &end, 0);
	return *end ? text_address(link->layout) : number;
}

/* Indirect functions, unique symbols and SHF_GNU_RETAIN make the file one for GNU systems (gABI, EI_OSABI). */
static uint8_t os_abi(const struct link *link)
{
	bool is_gnu = link->has_gnu_symbols;
	for (uint32_t i = 0; i < link->layout->n_order && !is_gnu; i++)
		is_gnu = link->layout->osecs.at[link->layout->order[i]].flags & SHF_GNU_RETAIN;
	return is_gnu ? ELFOSABI_GNU : ELFOSABI_NONE;
}

static uint32_t section_names_index(const struct link *link)
{
	return osec_of_section(link->layout, section_of(link, link->synthetic[SYN_SHSTRTAB]))->index;
}

/* A PIE that begins at an address of the user's choice is to stay there, as GNU ld sees it. One that does not load its
 * headers (-N) begins behind them, in page 0. */
static uint16_t output_type(const struct link *link)
{
	const struct layout *layout = link->layout;
	if (link->options->kind == OUTPUT_RELOCATABLE)
		return ET_REL;
	if (link->options->kind != OUTPUT_PIE)
		return link->options->kind == OUTPUT_EXECUTABLE ? ET_EXEC : ET_DYN;
	uint64_t lowest = 0;
	bool any = false;
	for (uint32_t i = 0; i < layout->segments.n; i++) {
		const struct segment *segment = &layout->segments.at[i];
		if (segment->type != PT_LOAD)
			continue;
		lowest = any ? min_u64(lowest, segment->addr) : segment->addr;
		any = true;
	}
	return lowest >= link->options->z.common_page_size ? ET_EXEC : ET_DYN;
}

static void program_headers_emit(const struct link *link, uint8_t *at)
{
	const struct layout *layout = link->layout;
	const struct elf_dialect *dialect = link->arch->dialect;
	for (uint32_t i = 0; i < layout->segments.n; i++) {
		const struct segment *segment = &layout->segments.at[i];
		struct elf_phdr phdr = {
			.p_type = segment->type,
			.p_flags = segment->flags,
			.p_offset = segment->fileoff,
			.p_vaddr = segment->addr,
			.p_paddr = segment->lma,
			.p_filesz = segment->filesz,
			.p_memsz = segment->memsz,
			.p_align = segment->align,
		};
		elf_put_phdr(dialect, at + (uint64_t)i * dialect->phdr, &phdr);
	}
}

void headers_emit(const struct link *link, uint8_t *image)
{
	const struct layout *layout = link->layout;
	const struct elf_dialect *dialect = link->arch->dialect;
	struct elf_ehdr ehdr = {
		.e_ident = {ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3, dialect->class_id, ELFDATA2LSB, EV_CURRENT,
			    os_abi(link)},
		.e_type = output_type(link),
		.e_machine = link->arch->machine,
		.e_version = EV_CURRENT,
		.e_entry = entry_address(link),
		.e_phoff = layout->segments.n ? dialect->ehdr : 0,
		.e_shoff = layout->shdrs_fileoff,
		.e_ehsize = dialect->ehdr,
		.e_phentsize = layout->segments.n ? dialect->phdr : 0,
		.e_phnum = (uint16_t)min_u64(layout->segments.n, PN_XNUM),
	};
	if (!link->options->z.nosectionheader) {
		uint32_t names = section_names_index(link);
		ehdr.e_shentsize = dialect->shdr;
		ehdr.e_shnum = layout->n_order + 1 < SHN_LORESERVE ? (uint16_t)(layout->n_order + 1) : 0;
		ehdr.e_shstrndx = names < SHN_LORESERVE ? (uint16_t)names : SHN_XINDEX;
	}
	memset(image, 0, layout->headers_size);
	elf_put_ehdr(dialect, image, &ehdr);
	program_headers_emit(link, image + dialect->ehdr);
}

/* The output section that has what the linker made, wherever a script puts it. */
static uint32_t index_of(const struct link *link, enum synthetic which)
{
	section_id id = link->synthetic[which];
	return id && section_of(link, id)->run ? osec_of_section(link->layout, section_of(link, id))->index : 0;
}

static uint32_t index_of_table(const struct link *link, const char *name)
{
	return link->layout->osecs.at[layout_table(link->layout, name)].index;
}

/* sh_link and sh_info (gABI chapter 4, Figure 4-12, and the GNU version sections). With -r there may be 100,000 sections
 * that name .symtab: its index is looked up once. */
static void set_links(const struct link *link, const struct osec *osec, uint32_t symtab, struct elf_shdr *shdr)
{
	const struct osec *osecs = link->layout->osecs.at;
	if (osec->flags & SHF_LINK_ORDER)
		shdr->sh_link = osecs[osec->linked].index;
	switch (osec->type) {
	case SHT_GROUP:
		shdr->sh_link = symtab;
		shdr->sh_info = group_signature(link, osec->group);
		break;
	case SHT_SYMTAB:
		shdr->sh_link = index_of_table(link, ".strtab");
		shdr->sh_info = link->symtab_locals;
		break;
	case SHT_SYMTAB_SHNDX:
		shdr->sh_link = symtab;
		break;
	case SHT_DYNSYM:
		shdr->sh_link = index_of(link, SYN_DYNSTR);
		shdr->sh_info = 1;
		break;
	case SHT_DYNAMIC:
		shdr->sh_link = index_of(link, SYN_DYNSTR);
		break;
	case SHT_HASH:
	case SHT_GNU_HASH:
	case SHT_GNU_versym:
		shdr->sh_link = index_of(link, SYN_DYNSYM);
		break;
	case SHT_GNU_verdef:
		shdr->sh_link = index_of(link, SYN_DYNSTR);
		shdr->sh_info = verdef_count(link);
		break;
	case SHT_GNU_verneed:
		shdr->sh_link = index_of(link, SYN_DYNSTR);
		shdr->sh_info = verneed_count(link);
		break;
	case SHT_RELA:
	case SHT_REL:
		if (osec->relocates) {
			shdr->sh_link = symtab;
			shdr->sh_info = osecs[osec->relocates].index;
			break;
		}
		shdr->sh_link = index_of(link, SYN_DYNSYM);
		if (osec->flags & SHF_INFO_LINK)
			shdr->sh_info = index_of(link, SYN_GOT_PLT);
		break;
	default:
		break;
	}
}

/* Section 0 holds the numbers that the ELF header has no room for (gABI chapter 4, e_phnum, e_shnum and e_shstrndx). */
static struct elf_shdr null_section(const struct link *link)
{
	const struct layout *layout = link->layout;
	uint32_t sections = layout->n_order + 1, segments = layout->segments.n, names = section_names_index(link);
	return (struct elf_shdr){
		.sh_size = sections >= SHN_LORESERVE ? sections : 0,
		.sh_link = names >= SHN_LORESERVE ? names : 0,
		.sh_info = segments >= PN_XNUM ? segments : 0,
	};
}

/* What sh_addr is congruent to 0 by: an address that an option gives may be at odds with the content's alignment. */
static uint64_t address_alignment(uint64_t address)
{
	return address ? address & -address : UINT64_MAX;
}

void section_headers_emit(const struct link *link, uint8_t *image)
{
	const struct layout *layout = link->layout;
	const struct elf_dialect *dialect = link->arch->dialect;
	struct elf_shdr null = null_section(link);
	elf_put_shdr(dialect, image, &null);
	uint32_t symtab = index_of_table(link, ".symtab");
	for (uint32_t i = 0; i < layout->n_order; i++) {
		const struct osec *osec = &layout->osecs.at[layout->order[i]];
		struct elf_shdr shdr = {
			.sh_name = osec->name_offset,
			.sh_type = osec->is_hollow ? SHT_NOBITS : osec->type,
			.sh_flags = osec->flags,
			.sh_addr = osec->addr,
			.sh_offset = osec->fileoff,
			.sh_size = osec->size,
			.sh_addralign = min_u64(1ull << osec->p2align, address_alignment(osec->addr)),
			.sh_entsize = osec->entsize,
		};
		set_links(link, osec, symtab, &shdr);
		elf_put_shdr(dialect, image + (i + 1ull) * dialect->shdr, &shdr);
	}
}
