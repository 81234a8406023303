/* Symbols of the program, once addresses are final: their values, and which section each is a part of (GNU ld manual,
 * "The Section of an Expression"; what that leaves open, as GNU ld does it). */
#include <string.h>

#include "ld/layout/layout.h"
#include "ld/synth/dynsym.h"

struct walk {
	struct link *link;
	uint32_t node;            /* number of the statement */
	uint32_t current;         /* the last output section before it that is loaded; 0: none */
	bool after_dot;           /* the location counter was assigned since */
	bool after_end;           /* a symbol end, _end or __end has been assigned */
};

static const struct osec *osec_at(const struct layout *layout, uint32_t place)
{
	return &layout->osecs.at[layout->order[place]];
}

static bool can_be_home(const struct osec *osec)
{
	if (!osec->look.exists)
		return osec->flags & SHF_ALLOC && !(osec->flags & SHF_TLS);
	return (osec->look.flags & (ALLOC | THREAD_LOCAL)) == ALLOC;
}

/* The nearest section before place `end` of the order that an address can belong to; 0: none. */
static uint32_t home_before(const struct layout *layout, uint32_t end)
{
	while (end > 0)
		if (can_be_home(osec_at(layout, --end)))
			return layout->order[end];
	return 0;
}

/* Is the output section behind the symbol that ends the image? What follows is not the next thing after a symbol. */
static bool ends_image(const struct node *node)
{
	return node->kind == NODE_ASSIGN && strcmp(node->symbol + strspn(node->symbol, "_"), "end") == 0;
}

/* The next output section that exists, as its place in the order; n_order: none. *past_end: `end` lies between. */
static uint32_t next_section(const struct walk *walk, bool *past_end)
{
	const struct layout *layout = walk->link->layout;
	*past_end = walk->after_end;
	for (uint32_t i = walk->node; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		*past_end |= ends_image(node);
		if (node->kind == NODE_SECTION && (*past_end || layout->osecs.at[node->id].index))
			return layout->osecs.at[node->id].index ? layout->osecs.at[node->id].index - 1
								: layout->n_order;
	}
	return layout->n_order;
}

/* The section that an address made from the location counter is a part of: the one before; after an assignment to the
 * location counter the next one, which it was made for. */
static uint32_t home_of(const struct walk *walk)
{
	const struct layout *layout = walk->link->layout;
	bool past_end;
	if (!walk->current || walk->after_dot) {
		uint32_t next = next_section(walk, &past_end);
		if (!walk->current || next == layout->n_order || !past_end) {
			if (next < layout->n_order && can_be_home(osec_at(layout, next)))
				return layout->order[next];
			uint32_t before = home_before(layout, next);
			if (before)
				return before;
		}
	}
	uint32_t home = walk->current ? home_before(layout, layout->osecs.at[walk->current].index) : 0;
	for (uint32_t i = 0; !home && i < layout->n_order; i++)
		if (can_be_home(osec_at(layout, i)))
			home = layout->order[i];
	return home;
}

/* The nearest section from `osec` on that is in the output and can be a home, backwards or forwards; 0: none. */
static uint32_t nearest_home(const struct layout *layout, uint32_t osec, bool forwards)
{
	while (osec && (!layout->osecs.at[osec].index || !can_be_home(&layout->osecs.at[osec])))
		osec = forwards ? layout->osecs.at[osec].made_next : layout->osecs.at[osec].made_before;
	return osec;
}

/* The same by a script's rules, in the order in which sections came to exist (GNU ld, section_for_dot). */
static uint32_t home_by_script(const struct walk *walk)
{
	const struct layout *layout = walk->link->layout;
	uint32_t next = 0;
	bool past_end = walk->after_end, found = false;
	for (uint32_t i = walk->node; i < layout->nodes.n && !found; i++) {
		const struct node *node = &layout->nodes.at[i];
		past_end |= ends_image(node);
		if (node->kind == NODE_SECTION && layout->osecs.at[node->id].rank < RANK_TABLES) {
			found = past_end || layout->osecs.at[node->id].index;
			next = found ? node->id : 0;
		}
	}
	if (!walk->current || (walk->after_dot && (!found || !past_end)))
		return nearest_home(layout, found ? next : layout->made_last, false);
	uint32_t home = nearest_home(layout, walk->current, false);
	return home ? home : nearest_home(layout, layout->made_first, true);
}

/* Of the neighbours of a section that is not in the output the one whose segment it would be in. */
static uint32_t neighbour(const struct layout *layout, uint32_t id, uint64_t address)
{
	uint32_t before = layout->osecs.at[id].made_before, after = layout->osecs.at[id].made_next;
	while (before && !layout->osecs.at[before].index)
		before = layout->osecs.at[before].made_before;
	while (after && (!layout->osecs.at[after].index || layout->osecs.at[after].rank == RANK_TABLES))
		after = layout->osecs.at[after].made_next;
	if (!before || !after)
		return before ? before : after;
	const struct osec *osec = &layout->osecs.at[id], *prev = &layout->osecs.at[before],
			  *next = &layout->osecs.at[after];
	uint32_t differ = prev->look.flags ^ next->look.flags, next_differs = next->look.flags ^ osec->look.flags;
	if (differ & (ALLOC | THREAD_LOCAL | LOAD))
		return next_differs & (ALLOC | THREAD_LOCAL) ||
				       (prev->look.flags & LOAD && !(next->look.flags & LOAD))
			       ? before : after;
	if (differ & READONLY)
		return next_differs & READONLY ? before : after;
	if (differ & CODE)
		return next_differs & CODE ? before : after;
	return address < next->addr ? before : after;
}

uint32_t layout_symbol_section(const struct layout *layout, uint32_t osec, uint64_t address)
{
	uint32_t index = layout->osecs.at[osec].index;
	if (index || !layout->scripted || !osec)
		return index;
	return layout->osecs.at[neighbour(layout, osec, address)].index;
}

/* PT_TLS, or the segment that begins with the ELF header; NULL: there is none. */
static const struct segment *special_segment(const struct layout *layout, bool tls)
{
	for (uint32_t i = 0; i < layout->segments.n; i++) {
		const struct segment *segment = &layout->segments.at[i];
		if (tls ? segment->type == PT_TLS : segment->type == PT_LOAD && segment->has_headers)
			return segment;
	}
	return NULL;
}

static void finish_node(const struct walk *walk, const struct node *node)
{
	struct link *link = walk->link;
	struct layout *layout = link->layout;
	if (!node->id)
		return;
	const struct program_symbol *symbol = &layout->program_symbols.at[node->id - 1];
	struct elf_sym *sym = &link->internal_syms.at[node->id - 1];
	uint64_t address = symbol->value.number;
	uint32_t osec = symbol->value.section;
	if (osec == VALUE_NUMBER)
		osec = VALUE_ABSOLUTE;
	if (osec != VALUE_ABSOLUTE) {
		address += layout->osecs.at[osec].addr;
		if (!layout->osecs.at[osec].index)
			osec = neighbour(layout, osec, address);
	} else if (symbol->from_dot) {
		osec = layout->scripted ? home_by_script(walk) : home_of(walk);
	}
	if (node->is_tls || node->is_ehdr) {
		const struct segment *segment = special_segment(layout, node->is_tls);
		address = node->is_tls ? layout->tls_addr : segment ? segment->addr : 0;
		osec = segment && segment->n ? segment->sections[0] : layout->n_order ? layout->order[0] : 0;
	}
	struct output_symbol placed = {.sym = *sym};
	output_symbol_place(&placed, osec ? layout->osecs.at[osec].index : 0);
	placed.sym.st_value = address;
	*sym = placed.sym;
	link->internal_shndx.at[node->id - 1] = placed.shndx;
}

void layout_finish_symbols(struct link *link)
{
	struct layout *layout = link->layout;
	struct walk walk = {.link = link};
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		const struct node *node = &layout->nodes.at[i];
		walk.node = i;
		walk.after_end |= ends_image(node);
		if (node->kind == NODE_ASSIGN) {
			walk.after_dot |= strcmp(node->symbol, ".") == 0;
			finish_node(&walk, node);
		}
		if (node->kind != NODE_SECTION)
			continue;
		const struct osec *osec = &layout->osecs.at[node->id];
		bool counts = layout->scripted ? osec->look.exists && osec->look.flags & ALLOC &&
							 (!osec->is_empty || osec->has_symbols)
					       : osec->index && osec->flags & SHF_ALLOC;
		if (counts) {
			walk.current = node->id;
			walk.after_dot = false;
		}
		for (uint32_t n = 0; n < osec->nodes.n; n++) {
			walk.after_end |= ends_image(&osec->nodes.at[n]);
			if (osec->nodes.at[n].kind == NODE_ASSIGN)
				finish_node(&walk, &osec->nodes.at[n]);
		}
	}
}
