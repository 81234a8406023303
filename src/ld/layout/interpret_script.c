/* A pass over the layout program by a script's rules: sections get addresses in the order of their statements, from
 * regions or from what the statements say; segments follow from addresses (GNU ld manual, "SECTIONS Command"; what that
 * leaves open, as GNU ld does it: lang_size_sections, lang_do_assignments). */
#include <string.h>

#include "ld/layout/expr.h"
#include "ld/layout/interpret.h"
#include "ld/layout/looks.h"
#include "ld/script/parse.h"

/* What is not in the output moves nothing, unless there are symbols in it. */
static bool is_ignored(const struct osec *osec)
{
	return osec->is_empty && !osec->has_symbols;
}

/* Load addresses go on from the section before, in its region, at the same distance from addresses. */
static uint64_t following_lma(struct link *link, const struct osec *osec, uint64_t dot, const struct osec *last,
			      uint8_t p2align)
{
	if (dot < last->addr && osec->size && dot + osec->size <= last->addr) {
		if (last->addr != last->lma && link->layout->reporting)
			diag_warning(link->diag, 0, "dot moved backwards before `%s'", osec->name);
		return osec->addr;
	}
	uint64_t lma = osec->overlay == OVERLAY_NEXT ? last->lma + last->size : osec->addr + last->lma - last->addr;
	return align_up(lma, 1ull << p2align);
}

static uint64_t load_address(struct link *link, const struct osec *osec, uint8_t p2align, uint64_t padding,
			     uint64_t dot)
{
	const struct layout *layout = link->layout;
	const struct region *of = &layout->regions.at[osec->region];
	if (osec->said && osec->said->at)
		return layout_evaluate(link, osec->said->at, dot, osec->addr);
	if (osec->lma_region) {
		uint64_t lma = layout->regions.at[osec->lma_region].current;
		if (osec->said && osec->said->align_with_input)
			return lma + padding;
		if (osec->lma_region != osec->region)
			p2align = osec->p2align_said;
		return align_up(lma, 1ull << p2align);
	}
	if (of->last && osec->look.flags & ALLOC)
		return following_lma(link, osec, dot, &layout->osecs.at[of->last], p2align);
	return osec->addr;
}

/* Where the section is does not matter to others: they follow it in its region. */
static void count_in_region(struct layout *layout, uint32_t id, uint64_t dot)
{
	const struct osec *osec = &layout->osecs.at[id];
	struct region *region = &layout->regions.at[osec->region];
	bool matters = osec->size || (!region->last && osec->addr != osec->lma) ||
		       (region->last && dot >= layout->osecs.at[region->last].addr);
	bool counts = osec->look.flags & ALLOC && !look_is_tbss(osec) && matters;
	if ((counts || osec->overlay == OVERLAY_FIRST) && !osec->lma_region)
		region->last = id;
}

static void set_alignment(struct link *link, struct osec *osec, uint64_t dot)
{
	const struct expr *align = osec->said ? osec->said->align : NULL;
	osec->p2align_said = align ? log2_up(layout_evaluate(link, align, dot, 1)) : 0;
	if (osec->p2align_said > osec->p2align)
		osec->p2align = osec->p2align_said;
}

/* Returns the location counter behind the section. */
static uint64_t place_section(struct link *link, struct node *node, uint64_t dot)
{
	struct layout *layout = link->layout;
	struct osec *osec = &layout->osecs.at[node->id];
	if (node->value)
		dot = layout_evaluate(link, node->value, dot, dot);
	if (!osec->look.exists)
		return dot;
	set_alignment(link, osec, dot);
	uint64_t start = dot;
	uint8_t p2align = osec->p2align_said;
	if (!node->value) {
		bool loaded = osec->look.flags & (ALLOC | LOAD);
		if (!osec->region && (loaded || osec->is_common))
			osec->region = region_by_flags(layout, osec);
		start = layout->regions.at[osec->region].current;
		p2align = osec->p2align;
	}
	uint64_t aligned = align_up(start, 1ull << p2align);
	uint64_t end = layout_place_contents(link, node->id, aligned);
	bool ignored = is_ignored(osec);
	if (!ignored)
		dot = aligned;
	layout_note(layout, &osec->lma, load_address(link, osec, p2align, aligned - start, dot));
	count_in_region(layout, node->id, dot);
	if (ignored)
		return dot;
	uint64_t taken = look_is_tbss(osec) ? 0 : osec->size;
	dot = end - osec->size + taken;
	if (osec->dot_behind)
		dot = layout_evaluate(link, osec->dot_behind, dot, dot);
	bool has_region = !osec->is_started || !osec->is_orphan; /* not what only an option mentions */
	if (!(osec->look.flags & (ALLOC | LOAD)) || !has_region)
		return dot;
	region_advance(layout, osec->region, node->id, dot);
	if (osec->lma_region && osec->lma_region != osec->region &&
	    (osec->look.flags & LOAD || (osec->said && osec->said->align_with_input)))
		region_advance(layout, osec->lma_region, node->id, osec->lma + taken);
	return dot;
}

/* The tables at the end have no place in memory, nor has anything in an object. */
static bool is_apart(const struct link *link, const struct osec *osec)
{
	return osec->rank == RANK_TABLES || link->options->kind == OUTPUT_RELOCATABLE;
}

void layout_pass_by_script(struct link *link)
{
	struct layout *layout = link->layout;
	uint64_t dot = 0;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		struct node *node = &layout->nodes.at[i];
		if (node->kind == NODE_ASSIGN) {
			layout_note(layout, &node->dot, dot);
			if (strcmp(node->symbol, ".") == 0)
				dot = layout_move_dot(link, node, dot, VALUE_ABSOLUTE);
			else
				layout_assign_symbol(link, node, dot, VALUE_ABSOLUTE);
		}
		if (node->kind != NODE_SECTION) {
			layout->regions.at[0].current = dot;
			continue;
		}
		struct osec *osec = &layout->osecs.at[node->id];
		if (osec->rank == RANK_DISCARD || osec->is_absent)
			continue;
		if (!is_apart(link, osec)) {
			dot = place_section(link, node, dot);
			continue;
		}
		set_alignment(link, osec, 0);
		uint64_t end = layout_place_contents(link, node->id, 0);
		osec->lma = 0;
		/* symbols behind it, with -r: in no output section, they are at its end */
		if (osec->rank != RANK_TABLES && !osec->is_orphan)
			dot = end;
	}
}

/* ---- the last word ----------------------------------------------------------------------------------------- */

static void assign_finally(struct link *link, struct osec *osec, uint32_t id)
{
	for (uint32_t i = 0; i < osec->nodes.n; i++) {
		struct node *node = &osec->nodes.at[i];
		if (node->kind == NODE_ASSERT)
			layout_judge(link, node, node->dot, id);
		else if (node->kind == NODE_ASSIGN && strcmp(node->symbol, ".") != 0)
			layout_assign_symbol(link, node, node->dot, id);
		else if (node->kind == NODE_DATA)
			node->result = layout_evaluate(link, node->value, node->dot, 0);
	}
}

/* By now the location counter goes from one section that exists to the next: addresses of others do not move it. */
void layout_final_assignments(struct link *link)
{
	struct layout *layout = link->layout;
	uint64_t dot = 0;
	layout->is_final = true;
	layout->pass++;
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		struct node *node = &layout->nodes.at[i];
		if (node->kind == NODE_ASSERT) {
			layout_judge(link, node, dot, VALUE_ABSOLUTE);
		} else if (node->kind == NODE_ASSIGN) {
			node->dot = dot;
			if (strcmp(node->symbol, ".") == 0)
				node->dot = dot = layout_move_dot(link, node, dot, VALUE_ABSOLUTE);
			else
				layout_assign_symbol(link, node, dot, VALUE_ABSOLUTE);
		}
		if (node->kind != NODE_SECTION)
			continue;
		struct osec *osec = &layout->osecs.at[node->id];
		if (osec->rank == RANK_DISCARD || osec->is_absent)
			continue;
		assign_finally(link, osec, node->id);
		bool counts = osec->rank != RANK_TABLES && osec->look.exists && !is_ignored(osec);
		if (!counts || (is_apart(link, osec) && osec->is_orphan))
			continue;
		dot = osec->addr + (look_is_tbss(osec) ? 0 : osec->size);
		if (osec->dot_behind)
			dot = layout_evaluate(link, osec->dot_behind, dot, dot);
	}
	layout->is_final = false;
}
