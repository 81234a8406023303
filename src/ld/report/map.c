#include "ld/report/map.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/expr.h"
#include "ld/layout/layout.h"
#include "ld/report/describe.h"
#include "ld/report/folds.h"
#include "ld/report/map_parts.h"
#include "ld/resolve/symbols.h"

/* A global symbol at its place in a section of an object; a common symbol when the section is 0. */
struct placed {
	section_id section;
	symbol_id symbol;
	uint64_t address;
};

struct map {
	const struct link *link;
	FILE *to;
	struct arena arena;
	ARRAY(struct placed) symbols; /* by section and address */
	section_id *folds;        /* link->folded, by the section that stands for them */
	uint32_t *first_merged;   /* by pool: its first member in merge_sections, then next_merged; NO_SLOT: none */
	uint32_t *next_merged;
};

bool map_has_addresses(const struct link *link)
{
	return link->has_addresses;
}

/* ---- symbols ------------------------------------------------------------------------------------------------ */

static int compare_placed(const void *a, const void *b)
{
	const struct placed *x = a, *y = b;
	if (x->section != y->section)
		return x->section < y->section ? -1 : 1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return x->symbol < y->symbol ? -1 : x->symbol > y->symbol;
}

static void collect_symbols(struct map *map)
{
	const struct link *link = map->link;
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			symbol_id id = global_of(file, i);
			uint64_t owner = id ? symbol_owner(&link->symbols[id]) : OWNER_NONE;
			bool is_common = elf_sym_is_common(&file->symtab.syms[i]);
			if (owner == OWNER_NONE || owner_file(owner) != f || owner_index(owner) != i ||
			    (!is_common && elf_sym_is_special(&file->symtab, i)))
				continue;
			*array_push(&map->symbols) = (struct placed){
				.section = is_common ? 0 : file->first_section + elf_sym_section(&file->symtab, i),
				.symbol = id,
				.address = link->symbols[id].address,
			};
		}
	}
	if (map->symbols.n)
		qsort(map->symbols.at, map->symbols.n, sizeof(*map->symbols.at), compare_placed);
}

/* The first symbol of a section or of one behind it. */
static uint32_t first_symbol(const struct map *map, section_id section)
{
	return array_first_from(&map->symbols, section, section);
}

static void print_symbol(struct map *map, uint64_t address, symbol_id id)
{
	fprintf(map->to, "%*s0x%016" PRIx64 "%*s%s\n", MAP_COLUMN, "", address, MAP_COLUMN, "",
		describe_symbol(map->link, &map->arena, id));
}

static void print_symbols(struct map *map, section_id section)
{
	for (uint32_t i = first_symbol(map, section); i < map->symbols.n && map->symbols.at[i].section == section; i++)
		print_symbol(map, map->symbols.at[i].address, map->symbols.at[i].symbol);
}

/* ---- input sections ----------------------------------------------------------------------------------------- */

static void print_size_before(struct map *map, uint64_t size)
{
	char number[24];
	snprintf(number, sizeof(number), "0x%" PRIx64, size);
	fprintf(map->to, "%*s %10s (size before relaxing)\n", MAP_COLUMN + 18, "", number);
}

/* One section of an object, of which `size` bytes are in the output. */
static void print_object_section(struct map *map, section_id id, uint64_t address, uint64_t size)
{
	const struct link *link = map->link;
	uint64_t before = section_shdr(link, id)->sh_size;
	map_section(map->to, layout_section_name(link, id), address, size, file_of(link, section_of(link, id)->file));
	if (size != before)
		print_size_before(map, before);
	print_symbols(map, id);
}

/* Sections that were folded into this one: their symbols are here, their bytes are not. */
static void print_folded(struct map *map, section_id id, uint64_t address)
{
	const struct link *link = map->link;
	uint32_t low = 0, high = link->folded.n;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		if (section_of(link, map->folds[middle])->extra < id)
			low = middle + 1;
		else
			high = middle;
	}
	for (; low < link->folded.n && section_of(link, map->folds[low])->extra == id; low++)
		print_object_section(map, map->folds[low], address, 0);
}

static void list_merged(struct map *map)
{
	const struct link *link = map->link;
	map->first_merged = arena_array(&map->arena, uint32_t, link->merge_pools.n);
	map->next_merged = arena_array(&map->arena, uint32_t, link->merge_sections.n);
	memset(map->first_merged, 0xff, link->merge_pools.n * sizeof(uint32_t));
	for (uint32_t i = link->merge_sections.n; i-- > 0;) {
		uint32_t *first = &map->first_merged[link->merge_sections.at[i].pool];
		map->next_merged[i] = *first;
		*first = i;
	}
}

/* A shard of merged pieces. The sections that the pieces came from are listed with the first shard. */
static void print_pool(struct map *map, const struct section *section, uint64_t address)
{
	const struct link *link = map->link;
	uint32_t p = 0;
	while (section->extra >= link->merge_pools.at[p].first_shard + link->merge_pools.at[p].n_shards)
		p++;
	const struct merge_pool *pool = &link->merge_pools.at[p];
	if (section->extra != pool->first_shard) {
		map_section(map->to, layout_section_name(link, pool->first_member), address, section->size,
			    file_of(link, INTERNAL_FILE));
		return;
	}
	for (uint32_t i = map->first_merged[p]; i != NO_SLOT; i = map->next_merged[i]) {
		bool is_first = i == map->first_merged[p];
		print_object_section(map, link->merge_sections.at[i].section,
				     is_first ? address : address + section->size, is_first ? section->size : 0);
	}
}

/* GNU ld's COMMON has a section of each file. */
static void print_commons(struct map *map, section_id id)
{
	const struct link *link = map->link;
	for (uint32_t i = 0; i < map->symbols.n && map->symbols.at[i].section == 0; i++) {
		const struct placed *placed = &map->symbols.at[i];
		const struct symbol *symbol = &link->symbols[placed->symbol];
		if (common_section(link, placed->symbol) != id)
			continue;
		map_section(map->to, layout_section_name(link, id), placed->address,
			    link->common_symbols[placed->symbol].size,
			    file_of(link, owner_file(symbol_owner(symbol))));
		print_symbol(map, placed->address, placed->symbol);
	}
}

static void print_copies(struct map *map, bool relro, uint64_t address)
{
	const struct link *link = map->link;
	for (uint32_t i = 0; i < link->copies.n; i++) {
		const struct aux *aux = &link->aux.at[link->copies.at[i]];
		if (aux->copy_relro == relro)
			print_symbol(map, address + aux->copy, aux->symbol);
	}
}

static void print_synthetic(struct map *map, section_id id, uint64_t address)
{
	const struct link *link = map->link;
	const struct section *section = section_of(link, id);
	if (section->extra == SYN_COMMON || section->extra == SYN_TLS_COMMON || section->extra == SYN_LARGE_COMMON) {
		print_commons(map, id);
		return;
	}
	map_section(map->to, layout_section_name(link, id), address, section->size, file_of(link, INTERNAL_FILE));
	if (section->extra == SYN_DYNBSS || section->extra == SYN_DYNRELRO)
		print_copies(map, section->extra == SYN_DYNRELRO, address);
}

static void print_section(struct map *map, section_id id)
{
	const struct section *section = section_of(map->link, id);
	uint64_t address = section_address(map->link->layout, section);
	if (section->kind == SECTION_POOL)
		print_pool(map, section, address);
	else if (section->file == INTERNAL_FILE)
		print_synthetic(map, id, address);
	else
		print_object_section(map, id, address, section->size);
	if (map->link->folded.n)
		print_folded(map, id, address);
}

/* ---- output sections ---------------------------------------------------------------------------------------- */

static void print_fill(struct map *map, uint64_t from, uint64_t to)
{
	char number[24];
	snprintf(number, sizeof(number), "0x%" PRIx64, to - from);
	if (from < to)
		fprintf(map->to, " %-*s0x%016" PRIx64 " %10s \n", MAP_COLUMN - 1, "*fill*", from, number);
}

static void print_assign(struct map *map, const struct node *node)
{
	bool is_dot = strcmp(node->symbol, ".") == 0;
	if (node->id || is_dot)
		fprintf(map->to, "%*s0x%016" PRIx64, MAP_COLUMN, "",
			is_dot ? node->dot + node->size : map->link->internal_syms.at[node->id - 1].st_value);
	else
		fprintf(map->to, "%*s%-18s", MAP_COLUMN, "", "[!provide]");
	fprintf(map->to, "%*s", MAP_COLUMN, "");
	layout_print_assign(map->to, node);
	fputc('\n', map->to);
}

/* What stands between input sections, and between output sections. */
static void print_statement(struct map *map, const struct node *node)
{
	static const char *const widths[] = {[1] = "BYTE", [2] = "SHORT", [4] = "LONG", [8] = "QUAD"};
	if (node->kind == NODE_ASSIGN) {
		print_assign(map, node);
	} else if (node->kind == NODE_DATA) {
		fprintf(map->to, " %-*s0x%016" PRIx64 " %10s ", MAP_COLUMN - 1, widths[node->width], node->dot, "");
		expr_print(map->to, node->value);
		fputc('\n', map->to);
	} else if (node->kind == NODE_ASSERT) {
		fprintf(map->to, "%*s", 2 * MAP_COLUMN + 18, "");
		expr_print(map->to, node->value);
		fputc('\n', map->to);
	}
}

/* Returns the address behind the run's last section. */
static uint64_t print_run(struct map *map, const struct run *run, uint64_t at)
{
	for (uint32_t i = 0; i < run->n; i++) {
		const struct section *section = section_of(map->link, run->items[i]);
		print_fill(map, at, section_address(map->link->layout, section));
		print_section(map, run->items[i]);
		at = section_address(map->link->layout, section) + section->size;
	}
	return at;
}

static void print_output_section(struct map *map, const struct osec *osec)
{
	const struct layout *layout = map->link->layout;
	char size[24];
	fputc('\n', map->to);
	if (osec->index || (layout->scripted && osec->has_members)) {
		snprintf(size, sizeof(size), "0x%" PRIx64, osec->size);
		map_name(map->to, osec->name, MAP_COLUMN);
		fprintf(map->to, "0x%016" PRIx64 " %10s", osec->addr, size);
		if (layout->scripted && osec->flags & SHF_ALLOC && osec->lma != osec->addr)
			fprintf(map->to, " load address 0x%016" PRIx64, osec->lma);
		fputc('\n', map->to);
	} else {
		fprintf(map->to, "%s\n", osec->name);
	}
	uint64_t at = osec->addr;
	for (uint32_t i = 0; i < osec->nodes.n; i++) {
		const struct node *node = &osec->nodes.at[i];
		if (node->kind == NODE_RUN) {
			fputc(' ', map->to);
			layout_print_run(map->to, layout, node->id);
			fputc('\n', map->to);
			at = print_run(map, &layout->runs.at[node->id], at);
		} else {
			print_statement(map, node);
			at = max_u64(at,
				     node->kind == NODE_DATA || node->kind == NODE_STRING ? node->dot + node->size : 0);
		}
	}
	if (osec->index)
		print_fill(map, at, osec->addr + osec->size);
}

static void print_memory(struct map *map)
{
	const struct layout *layout = map->link->layout;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		bool is_used = node->kind == NODE_SECTION ? layout->osecs.at[node->id].index : node->id;
		if (layout->scripted && i >= layout->n_written && !is_used)
			continue; /* what no script has said and nobody asked for */
		if (node->kind != NODE_SECTION)
			print_statement(map, node);
		else if (layout->osecs.at[node->id].rank < RANK_TABLES ||
			 (layout->scripted && layout->osecs.at[node->id].rank == RANK_DISCARD))
			print_output_section(map, &layout->osecs.at[node->id]);
	}
}

/* In GNU ld's order of letters. */
static void put_attributes(char *to, uint32_t flags)
{
	static const struct {
		char letter;
		uint32_t flag;
	} letters[] = {
		{'a', REGION_ALLOC}, {'x', REGION_EXECUTE}, {'r', REGION_READ}, {'w', REGION_WRITE},
		{'l', REGION_INITIALIZED},
	};
	for (size_t i = 0; i < COUNTOF(letters); i++)
		if (flags & letters[i].flag)
			*to++ = letters[i].letter;
	*to = '\0';
}

static void print_regions(const struct map *map)
{
	const struct layout *layout = map->link->layout;
	fprintf(map->to, "\nMemory Configuration\n\n%-16s %-18s %-18s %s\n", "Name", "Origin", "Length", "Attributes");
	for (uint32_t i = 1; i < layout->regions.n; i++) {
		const struct region *region = &layout->regions.at[i];
		char are[8], are_not[8];
		put_attributes(are, region->said->flags);
		put_attributes(are_not, region->said->not_flags);
		fprintf(map->to, "%-16s 0x%016" PRIx64 " 0x%016" PRIx64 "%s%s%s%s\n", region->said->name,
			region->origin, region->length, *are || *are_not ? " " : "", are, *are_not ? "!" : "",
			are_not);
	}
	fprintf(map->to, "%-16s 0x%016x 0x%016" PRIx64 "\n", "*default*", 0, UINT64_MAX);
}

void map_print(const struct link *link, FILE *to)
{
	struct map map = {.link = link, .to = to};
	bool complete = map_has_addresses(link);
	map_members(link, to, &map.arena);
	if (complete) {
		map_as_needed(link, to, &map.arena);
		map_commons(link, to, &map.arena);
		if (link->options->print_map_discarded)
			map_discarded(link, to);
	}
	print_regions(&map);
	fputs("\nLinker script and memory map\n\n", to);
	/* Files that stand behind -T come behind what the script says. */
	uint32_t first = link->has_script && complete ? link->loaded_before_script : link->loaded.n;
	for (uint32_t i = 0; i < first; i++)
		fprintf(to, "LOAD %s\n", link->loaded.at[i]);
	if (complete) {
		collect_symbols(&map);
		list_merged(&map);
		map.folds = folds_by_survivor(link);
		print_memory(&map);
		for (uint32_t i = first; i < link->loaded.n; i++)
			fprintf(to, "LOAD %s\n", link->loaded.at[i]);
		fprintf(to, "OUTPUT(%s %s)\n", link->options->output, link->arch->bfd_name);
	}
	free(map.folds);
	array_free(&map.symbols);
	arena_free(&map.arena);
}
