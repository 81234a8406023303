/* From "section -> run" to "run -> list of sections"; what output sections inherit from their members. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/memory.h"
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

/* Of an object's section. */
static struct traits input_traits(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	const struct elf_shdr *shdr = section_shdr(link, id);
	uint64_t flags = shdr->sh_flags;
	if (section->kind == SECTION_EH_FRAME)
		flags &= ~(uint64_t)SHF_GROUP; /* all files' are one section */
	if (!stays_mergeable(link, section, shdr))
		flags &= ~(uint64_t)(SHF_MERGE | SHF_STRINGS);
	return (struct traits){shdr->sh_type, flags, shdr->sh_entsize};
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
	case SECTION_RELA:
		return relocation_traits(link, SHF_INFO_LINK | (input_traits(link, section->extra).flags & SHF_GROUP));
	default:
		return input_traits(link, id);
	}
}

/* Types that stay: a section of mixed types is SHT_PROGBITS, and nothing but NOBITS stays NOBITS. */
static uint32_t join_types(uint32_t a, uint32_t b)
{
	if (a == b)
		return a;
	if (a == SHT_NOBITS || b == SHT_NOBITS)
		return a == SHT_NOBITS ? b : a;
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

/* Of an output section that has it by its name, alone or with a suffix, whatever is in it: older compilers' @progbits,
 * or .ctors (gABI chapter 4, "Special Sections"); or SHT_NULL. */
static uint32_t type_by_name(const char *name)
{
	static const struct {
		const char *name;
		uint32_t type;
	} arrays[] = {
		{".init_array", SHT_INIT_ARRAY}, {".fini_array", SHT_FINI_ARRAY},
		{".preinit_array", SHT_PREINIT_ARRAY}};
	for (unsigned i = 0; i < COUNTOF(arrays); i++) {
		size_t len = strlen(arrays[i].name);
		if (strncmp(name, arrays[i].name, len) == 0 && (name[len] == '\0' || name[len] == '.'))
			return arrays[i].type;
	}
	return SHT_NULL;
}

/* What members of an output section have in common, as far as it has been put together. */
struct inherited {
	struct traits traits;
	bool any;
	uint8_t p2align;
};

/* In any order of members. */
static void inherit(struct inherited *all, struct inherited more)
{
	if (more.p2align > all->p2align)
		all->p2align = more.p2align;
	if (!all->any) {
		all->traits = more.traits;
		all->any = true;
		return;
	}
	struct traits *traits = &all->traits;
	const uint64_t merging = SHF_MERGE | SHF_STRINGS;
	uint64_t same = traits->flags & more.traits.flags & merging;
	if (traits->entsize != more.traits.entsize) {
		same = 0;
		traits->entsize = 0;
	}
	traits->flags = ((traits->flags | more.traits.flags) & ~merging) | same;
	traits->type = join_types(traits->type, more.traits.type);
}

/* Sections that are placed themselves; pieces of merged ones are placed as their pool, folded ones are where another
 * section is. */
static bool is_placed(const struct section *section)
{
	return section->live && section->run && section->run != ORPHAN_RUN && section->kind != SECTION_NONE &&
	       section->kind != SECTION_MERGE && section->kind != SECTION_FOLDED;
}

/* The linker's own unwind records come first: a terminator ends what objects have. */
static void place_plt_unwind(const struct link *link)
{
	section_id own = link->synthetic[SYN_PLT_UNWIND];
	if (!own || !is_placed(section_of(link, own)))
		return;
	struct run *run = &link->layout->runs.at[section_of(link, own)->run];
	uint32_t at = run->n - 1;
	while (run->items[at] != own)
		at--;
	memmove(run->items + 1, run->items, at * sizeof(*run->items));
	run->items[0] = own;
}

static bool is_common(const struct link *link, const struct section *section)
{
	return section->kind == SECTION_SYNTHETIC && link->common_areas.n &&
	       (section->extra == SYN_COMMON || section->extra == SYN_TLS_COMMON || section->extra == SYN_LARGE_COMMON);
}

/* ---- lists of runs ------------------------------------------------------------------------------------------- */

/* A section of the linker that stands where its id does not say: in front of section `before`. */
struct guest {
	section_id before, section;
};

/* Sections are dealt out in blocks: first each block's are counted by run, then each knows where its begin. */
struct dealing {
	struct link *link;
	ARRAY(struct guest) guests; /* by `before` */
	uint32_t *starts;         /* by block and run */
	size_t stride;            /* from block to block: each has cache lines of its own */
	bool put;                 /* the second time */
};

enum { BLOCK = 1 << 14, SLICE = 1 << 12 };

/* Common symbols of a file come last in it, those of all files last of all. */
static section_id behind_file(const struct link *link, const struct common_area *area)
{
	const struct file *file = file_of(link, area->file);
	return area->file == INTERNAL_FILE ? link->sections.n : file->first_section + file->elf.nshdr;
}

static void add_guest(struct dealing *dealing, section_id before, section_id section)
{
	if (section && is_placed(section_of(dealing->link, section)))
		*array_push(&dealing->guests) = (struct guest){before, section};
}

/* Pools stand where their first member stood. */
static void list_guests(struct dealing *dealing)
{
	struct link *link = dealing->link;
	uint32_t area = 0;
	for (uint32_t p = 0; p < link->merge_pools.n; p++) {
		const struct merge_pool *pool = &link->merge_pools.at[p];
		for (; area < link->common_areas.n &&
		       behind_file(link, &link->common_areas.at[area]) <= pool->first_member;
		     area++)
			add_guest(dealing, behind_file(link, &link->common_areas.at[area]),
				  link->common_areas.at[area].section);
		for (uint32_t s = 0; s < pool->n_shards; s++)
			add_guest(dealing, pool->first_member, link->pool_shards.at[pool->first_shard + s].section);
	}
	for (; area < link->common_areas.n; area++)
		add_guest(dealing, behind_file(link, &link->common_areas.at[area]),
			  link->common_areas.at[area].section);
}

static void deal(const struct dealing *dealing, uint32_t *starts, section_id id)
{
	uint32_t r = section_of(dealing->link, id)->run;
	if (dealing->put)
		dealing->link->layout->runs.at[r].items[starts[r]] = id;
	starts[r]++;
}

static void deal_block(void *context, size_t begin, size_t end, unsigned worker)
{
	struct dealing *dealing = context;
	struct link *link = dealing->link;
	uint32_t *starts = dealing->starts + begin / BLOCK * dealing->stride;
	uint32_t guest = 0, n_guests = dealing->guests.n;
	(void)worker;
	while (guest < n_guests && dealing->guests.at[guest].before < begin)
		guest++;
	for (section_id id = (section_id)begin; id < end; id++) {
		for (; guest < n_guests && dealing->guests.at[guest].before == id; guest++)
			deal(dealing, starts, dealing->guests.at[guest].section);
		const struct section *section = section_of(link, id);
		if (is_placed(section) && section->kind != SECTION_POOL && !is_common(link, section))
			deal(dealing, starts, id);
	}
	for (; end == link->sections.n && guest < n_guests; guest++)
		deal(dealing, starts, dealing->guests.at[guest].section);
}

static void make_lists(struct link *link)
{
	struct layout *layout = link->layout;
	struct dealing dealing = {.link = link};
	uint32_t n_blocks = link->sections.n / BLOCK + 1;
	dealing.stride = align_up(layout->runs.n * sizeof(*dealing.starts), CACHE_LINE) / sizeof(*dealing.starts);
	dealing.starts = memory_lines(n_blocks * dealing.stride * sizeof(*dealing.starts));
	list_guests(&dealing);
	parallel_for(link->pool, link->sections.n, BLOCK, deal_block, &dealing);
	for (uint32_t r = 0; r < layout->runs.n; r++) {
		struct run *run = &layout->runs.at[r];
		run->n = 0;
		for (uint32_t b = 0; b < n_blocks; b++) {
			uint32_t *start = &dealing.starts[b * dealing.stride + r], n = *start;
			*start = run->n;
			run->n += n;
		}
		run->items = arena_array(&layout->arena, section_id, run->n);
	}
	dealing.put = true;
	parallel_for(link->pool, link->sections.n, BLOCK, deal_block, &dealing);
	array_free(&dealing.guests);
	free(dealing.starts);
}

/* ---- what output sections inherit ---------------------------------------------------------------------------- */

/* Some neighbours of a run, and what they bequeath. */
struct slice {
	uint32_t run, first, last;
	struct inherited inherited;
	uint8_t p2align;
	bool link_ordered, has_made;
};

struct heirs {
	struct link *link;
	ARRAY(struct slice) slices;
};

static void inherit_slices(void *context, size_t begin, size_t end, unsigned worker)
{
	struct heirs *heirs = context;
	const struct link *link = heirs->link;
	uint64_t mask = output_flags(link);
	(void)worker;
	for (size_t n = begin; n < end; n++) {
		struct slice slice = heirs->slices.at[n]; /* others write to its neighbours */
		const struct run *run = &link->layout->runs.at[slice.run];
		uint32_t type = type_by_name(link->layout->osecs.at[run->osec].name);
		for (uint32_t i = slice.first; i < slice.last; i++) {
			const struct section *section = section_of(link, run->items[i]);
			bool unwind = section->kind == SECTION_EH_FRAME; /* its pieces join without gaps */
			struct traits traits = traits_of(link, run->items[i]);
			slice.link_ordered |= section->file != INTERNAL_FILE && traits.flags & SHF_LINK_ORDER;
			slice.has_made |= section->kind == SECTION_SYNTHETIC;
			traits.flags &= mask;
			if (type != SHT_NULL)
				traits.type = type;
			else if (traits.type == SHT_X86_64_UNWIND)
				traits.type = SHT_PROGBITS;
			inherit(&slice.inherited,
				(struct inherited){.traits = traits,
						   .any = true,
						   .p2align = unwind ? link->arch->dialect->p2word : section->p2align});
			if (section->p2align > slice.p2align)
				slice.p2align = section->p2align;
		}
		heirs->slices.at[n] = slice;
	}
}

static void inherit_all(struct link *link)
{
	struct layout *layout = link->layout;
	struct heirs heirs = {.link = link};
	for (uint32_t r = 1; r < layout->runs.n; r++)
		for (uint32_t i = 0, n = layout->runs.at[r].n; i < n; i += SLICE)
			*array_push(&heirs.slices) = (struct slice){
				.run = r, .first = i, .last = n - i < SLICE ? n : i + SLICE};
	parallel_for(link->pool, heirs.slices.n, 1, inherit_slices, &heirs);
	for (uint32_t n = 0; n < heirs.slices.n; n++) {
		const struct slice *slice = &heirs.slices.at[n];
		struct run *run = &layout->runs.at[slice->run];
		struct osec *osec = &layout->osecs.at[run->osec];
		struct inherited all = {
			.traits = {osec->type, osec->flags, osec->entsize},
			.any = osec->has_members,
			.p2align = osec->p2align,
		};
		inherit(&all, slice->inherited);
		osec->has_members = true;
		osec->has_made |= slice->has_made;
		osec->type = all.traits.type;
		osec->flags = all.traits.flags;
		osec->entsize = all.traits.entsize;
		osec->p2align = all.p2align;
		if (slice->p2align > run->p2align)
			run->p2align = slice->p2align;
		run->link_ordered |= slice->link_ordered;
		run->fixed |= slice->link_ordered;
	}
	array_free(&heirs.slices);
}

void layout_gather(struct link *link)
{
	make_lists(link);
	place_plt_unwind(link);
	for (uint32_t r = 1; r < link->layout->runs.n; r++)
		sort_run(link, r);
	inherit_all(link);
}

void layout_gather_again(struct link *link)
{
	struct layout *layout = link->layout;
	for (uint32_t id = 1; id < layout->osecs.n; id++) {
		struct osec *osec = &layout->osecs.at[id];
		osec->has_members = false;
		osec->flags = osec->entsize = 0;
		osec->type = 0;
		osec->p2align = 0;
	}
	for (uint32_t r = 1; r < layout->runs.n; r++) {
		struct run *run = &layout->runs.at[r];
		run->p2align = 0;
		run->size = 0;
		run->planned = run->link_ordered = false;
	}
	layout_gather(link);
}
