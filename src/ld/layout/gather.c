/* From "section -> run" to "run -> list of sections"; what output sections inherit from their members. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/layout/sort_run.h"

/* Flags that mean something in a program; groups and link order are over by then. */
static const uint64_t program_flags = SHF_ALLOC | SHF_WRITE | SHF_EXECINSTR | SHF_TLS | SHF_MERGE | SHF_STRINGS |
				      SHF_INFO_LINK | SHF_X86_64_LARGE;

/* In an object everything does but what has been undone. */
static uint64_t output_flags(const struct link *link)
{
	if (link->options->kind != OUTPUT_RELOCATABLE)
		return program_flags;
	return ~(uint64_t)(SHF_COMPRESSED | (link->options->force_group_allocation ? SHF_GROUP : 0));
}

struct traits {
	uint32_t type;
	uint64_t flags, entsize;
};

/* Relocations of the output. */
static struct traits relocation_traits(const struct link *link, uint64_t flags)
{
	const struct elf_dialect *dialect = link->arch->dialect;
	return (struct traits){dialect->is_rela ? SHT_RELA : SHT_REL, flags, dialect->rela};
}

/* Those whose entries are what the dialect says. */
static bool dialect_traits(const struct link *link, enum synthetic which, struct traits *out)
{
	const struct elf_dialect *dialect = link->arch->dialect;
	switch (which) {
	case SYN_GNU_HASH: /* words of two sizes have none */
		*out = (struct traits){SHT_GNU_HASH, SHF_ALLOC, dialect->word == 4 ? 4 : 0};
		return true;
	case SYN_DYNSYM:
		*out = (struct traits){SHT_DYNSYM, SHF_ALLOC, dialect->sym};
		return true;
	case SYN_RELA_DYN:
		*out = relocation_traits(link, SHF_ALLOC);
		return true;
	case SYN_RELA_PLT:
		*out = relocation_traits(link, SHF_ALLOC | SHF_INFO_LINK);
		return true;
	case SYN_RELR_DYN:
		*out = (struct traits){SHT_RELR, SHF_ALLOC, dialect->word};
		return true;
	case SYN_DYNAMIC:
		*out = (struct traits){SHT_DYNAMIC, SHF_ALLOC | (link->options->z.rodynamic ? 0 : SHF_WRITE),
				       dialect->dyn};
		return true;
	case SYN_GOT:
	case SYN_GOT_PLT:
		*out = (struct traits){SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, link->arch->slot};
		return true;
	default:
		return false;
	}
}

static struct traits synthetic_traits(const struct link *link, const struct section *section)
{
	struct traits traits;
	static const struct traits table[SYN_COUNT] = {
		[SYN_INTERP] = {SHT_PROGBITS, SHF_ALLOC, 0},
		[SYN_PROPERTY] = {SHT_NOTE, SHF_ALLOC, 0},
		[SYN_BUILD_ID] = {SHT_NOTE, SHF_ALLOC, 0},
		[SYN_PACKAGE] = {SHT_NOTE, SHF_ALLOC, 0},
		[SYN_HASH] = {SHT_HASH, SHF_ALLOC, 4},
		[SYN_DYNSTR] = {SHT_STRTAB, SHF_ALLOC, 0},
		[SYN_VERSYM] = {SHT_GNU_versym, SHF_ALLOC, 2},
		[SYN_VERDEF] = {SHT_GNU_verdef, SHF_ALLOC, 0},
		[SYN_VERNEED] = {SHT_GNU_verneed, SHF_ALLOC, 0},
		[SYN_EH_FRAME_HDR] = {SHT_PROGBITS, SHF_ALLOC, 0},
		[SYN_PLT] = {SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16},
		[SYN_PLT_GOT] = {SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 8},
		[SYN_PLT_UNWIND] = {SHT_PROGBITS, SHF_ALLOC, 0},
		[SYN_PLT_SEC] = {SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16},
		[SYN_DYNRELRO] = {SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 0},
		[SYN_DYNBSS] = {SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 0},
		[SYN_RELRO_PADDING] = {SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 0},
		[SYN_COMMON] = {SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 0},
		[SYN_TLS_COMMON] = {SHT_NOBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS, 0},
		[SYN_LARGE_COMMON] = {SHT_NOBITS, SHF_ALLOC | SHF_WRITE | SHF_X86_64_LARGE, 0},
		[SYN_GDB_INDEX] = {SHT_PROGBITS, 0, 0},
		[SYN_GILD_ABI] = {SHT_PROGBITS, 0, 0},
		[SYN_GNU_DEBUGLINK] = {SHT_PROGBITS, 0, 0},
		[SYN_SHSTRTAB] = {SHT_STRTAB, 0, 0},
		[SYN_GNU_STACK] = {SHT_PROGBITS, 0, 0},
	};
	if (dialect_traits(link, (enum synthetic)section->extra, &traits))
		return traits;
	if (section->extra == SYN_GNU_STACK && link->layout->exec_stack)
		return (struct traits){SHT_PROGBITS, SHF_EXECINSTR, 0};
	return table[section->extra];
}

uint32_t layout_synthetic_type(const struct link *link, const struct section *section)
{
	return section->kind == SECTION_SYNTHETIC ? synthetic_traits(link, section).type : SHT_PROGBITS;
}

uint64_t layout_synthetic_flags(const struct link *link, const struct section *section)
{
	return section->kind == SECTION_SYNTHETIC ? synthetic_traits(link, section).flags : 0;
}

/* An object's sections are put one after the other and left for the next link to merge, if the pieces stay pieces of
 * one size in between, too. */
static bool stays_mergeable(const struct link *link, const struct section *section, const struct elf_shdr *shdr)
{
	uint64_t align = 1ull << section->p2align;
	return link->options->kind == OUTPUT_RELOCATABLE && shdr->sh_entsize &&
	       section->size % shdr->sh_entsize == 0 &&
	       (align % shdr->sh_entsize == 0 || shdr->sh_entsize % align == 0);
}

static struct traits traits_of(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	switch (section->kind) {
	case SECTION_SYNTHETIC:
		return synthetic_traits(link, section);
	case SECTION_SYMTAB:
		return (struct traits){SHT_SYMTAB, 0, link->arch->dialect->sym};
	case SECTION_SYMTAB_SHNDX:
		return (struct traits){SHT_SYMTAB_SHNDX, 0, sizeof(uint32_t)};
	case SECTION_STRTAB:
		return (struct traits){SHT_STRTAB, 0, 0};
	case SECTION_POOL: {
		uint32_t p = 0;
		while (section->extra >= link->merge_pools.at[p].first_shard + link->merge_pools.at[p].n_shards)
			p++;
		const struct merge_pool *pool = &link->merge_pools.at[p];
		return (struct traits){section_shdr(link, pool->first_member)->sh_type, pool->flags, pool->entsize};
	}
	case SECTION_RELA: {
		uint64_t in_group = osec_of_section(link->layout, section_of(link, section->extra))->flags & SHF_GROUP;
		return relocation_traits(link, SHF_INFO_LINK | in_group);
	}
	default: {
		const struct elf_shdr *shdr = section_shdr(link, id);
		uint64_t flags = shdr->sh_flags;
		if (section->kind == SECTION_EH_FRAME)
			flags &= ~(uint64_t)SHF_GROUP; /* all files' are one section */
		if (!stays_mergeable(link, section, shdr))
			flags &= ~(uint64_t)(SHF_MERGE | SHF_STRINGS);
		return (struct traits){shdr->sh_type, flags, shdr->sh_entsize};
	}
	}
}

/* Types that stay: a section of mixed types is SHT_PROGBITS, and nothing but NOBITS stays NOBITS. */
static uint32_t join_types(uint32_t a, uint32_t b)
{
	if (a == b)
		return a;
	if (a == SHT_NOBITS || b == SHT_NOBITS)
		return a == SHT_NOBITS ? b : a;
	/* .ctors in .init_array, gcc's @progbits .init_array, x86-64's own type for unwind tables */
	if (a == SHT_INIT_ARRAY || b == SHT_INIT_ARRAY)
		return SHT_INIT_ARRAY;
	if (a == SHT_FINI_ARRAY || b == SHT_FINI_ARRAY)
		return SHT_FINI_ARRAY;
	return SHT_PROGBITS;
}

uint32_t layout_member_type(const struct link *link, section_id id, uint64_t *flags)
{
	struct traits traits = traits_of(link, id);
	*flags = traits.flags;
	const struct section *section = section_of(link, id);
	if (section->kind == SECTION_SYNTHETIC && section->extra == SYN_COMMON)
		return SHT_NULL;
	return traits.type == SHT_X86_64_UNWIND ? SHT_PROGBITS : traits.type;
}

static void inherit(struct osec *osec, struct traits traits, uint8_t p2align, uint64_t mask)
{
	uint64_t flags = traits.flags & mask;
	if (traits.type == SHT_X86_64_UNWIND)
		traits.type = SHT_PROGBITS;
	/* Contributions of priorities are ordinary data in older objects' eyes. */
	if (strcmp(osec->name, ".init_array") == 0)
		traits.type = SHT_INIT_ARRAY;
	else if (strcmp(osec->name, ".fini_array") == 0)
		traits.type = SHT_FINI_ARRAY;
	else if (strcmp(osec->name, ".preinit_array") == 0)
		traits.type = SHT_PREINIT_ARRAY;
	if (!osec->has_members) {
		osec->type = traits.type;
		osec->flags = flags;
		osec->entsize = traits.entsize;
		osec->has_members = true;
	} else {
		uint64_t same = osec->flags & flags & (SHF_MERGE | SHF_STRINGS);
		if (osec->entsize != traits.entsize) {
			same = 0;
			osec->entsize = 0;
		}
		osec->flags = ((osec->flags | flags) & ~(uint64_t)(SHF_MERGE | SHF_STRINGS)) | same;
		osec->type = join_types(osec->type, traits.type);
	}
	if (p2align > osec->p2align)
		osec->p2align = p2align;
}

/* The linker's own unwind records come first: a terminator ends what objects have. */
static void place_plt_unwind(const struct link *link)
{
	section_id own = link->synthetic[SYN_PLT_UNWIND];
	if (!own)
		return;
	struct run *run = &link->layout->runs.at[section_of(link, own)->run];
	uint32_t at = run->n - 1;
	while (run->items[at] != own)
		at--;
	memmove(run->items + 1, run->items, at * sizeof(*run->items));
	run->items[0] = own;
}

/* Sections that are placed themselves; pieces of merged ones are placed as their pool, folded ones are where another
 * section is. */
static bool is_placed(const struct section *section)
{
	return section->live && section->run && section->run != ORPHAN_RUN && section->kind != SECTION_NONE &&
	       section->kind != SECTION_MERGE && section->kind != SECTION_FOLDED;
}

/* Whether a section is behind all of the file whose common symbols these are: they come last in it. */
static bool is_behind(const struct link *link, const struct common_area *area, section_id id)
{
	const struct file *file = file_of(link, area->file);
	return area->file != INTERNAL_FILE && id >= file->first_section + file->elf.nshdr;
}

static bool is_common(const struct link *link, const struct section *section)
{
	return section->kind == SECTION_SYNTHETIC && link->common_areas.n &&
	       (section->extra == SYN_COMMON || section->extra == SYN_TLS_COMMON || section->extra == SYN_LARGE_COMMON);
}

static void place_common(struct link *link, const struct common_area *area)
{
	if (!area->section || !is_placed(section_of(link, area->section)))
		return;
	struct run *run = &link->layout->runs.at[section_of(link, area->section)->run];
	run->items[run->n++] = area->section;
}

void layout_gather(struct link *link)
{
	struct layout *layout = link->layout;
	for (uint32_t r = 0; r < layout->runs.n; r++)
		layout->runs.at[r].n = 0;
	for (section_id id = 1; id < link->sections.n; id++)
		if (is_placed(section_of(link, id)))
			layout->runs.at[section_of(link, id)->run].n++;
	for (uint32_t r = 1; r < layout->runs.n; r++) {
		struct run *run = &layout->runs.at[r];
		run->items = arena_array(&layout->arena, section_id, run->n);
		run->n = 0;
	}
	/* Pools stand where their first member stood: they have larger ids than it, so they are put in when it is
	 * met. */
	uint32_t next_pool = 0, next_area = 0;
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		while (next_area < link->common_areas.n && is_behind(link, &link->common_areas.at[next_area], id))
			place_common(link, &link->common_areas.at[next_area++]);
		while (next_pool < link->merge_pools.n && link->merge_pools.at[next_pool].first_member == id) {
			const struct merge_pool *pool = &link->merge_pools.at[next_pool++];
			struct run *run = &layout->runs.at[pool->run];
			for (uint32_t s = 0; s < pool->n_shards; s++)
				run->items[run->n++] = link->pool_shards.at[pool->first_shard + s].section;
		}
		if (!is_placed(section) || section->kind == SECTION_POOL || is_common(link, section))
			continue;
		struct run *run = &layout->runs.at[section->run];
		run->items[run->n++] = id;
	}
	while (next_area < link->common_areas.n)
		place_common(link, &link->common_areas.at[next_area++]);
	place_plt_unwind(link);
	uint64_t mask = output_flags(link);
	for (uint32_t r = 1; r < layout->runs.n; r++) {
		struct run *run = &layout->runs.at[r];
		struct osec *osec = &layout->osecs.at[run->osec];
		sort_run(link, r);
		for (uint32_t i = 0; i < run->n; i++) {
			const struct section *section = section_of(link, run->items[i]);
			osec->has_made |= section->kind == SECTION_SYNTHETIC;
			bool unwind = section->kind == SECTION_EH_FRAME; /* its pieces join without gaps */
			inherit(osec, traits_of(link, run->items[i]),
				unwind ? link->arch->dialect->p2word : section->p2align, mask);
			if (section->p2align > run->p2align)
				run->p2align = section->p2align;
			if (section->file != INTERNAL_FILE &&
			    section_shdr(link, run->items[i])->sh_flags & SHF_LINK_ORDER)
				run->link_ordered = run->fixed = true;
		}
	}
}
