#include "ld/layout/spill.h"

#include "ld/layout/link_order.h"
#include "ld/layout/rule_index.h"
#include "ld/report/describe.h"
#include "ld/resolve/symbols.h"
#include "ld/script/parse.h"

/* Looks for other rules that take a section. */
struct seeker {
	struct rule_finder *finder;
	file_id file;             /* whose sections the finder is asked for */
};

struct move {
	section_id section;
	uint32_t run;             /* where it goes */
};

typedef ARRAY(struct move) move_list;

/* The first rule from number `from` on whose output section is another one than `osec`. */
static uint32_t next_rule(const struct link *link, struct seeker *seeker, section_id id, uint32_t from, uint32_t osec)
{
	const struct layout *layout = link->layout;
	const struct section *section = section_of(link, id);
	if (seeker->file != section->file) {
		layout_finder_file(seeker->finder, file_of(link, section->file));
		seeker->file = section->file;
	}
	struct str name = str_of(layout_section_name(link, id));
	uint32_t rule = from;
	for (;; rule++) {
		rule = rule_finder_find(seeker->finder, name, section_shdr(link, id)->sh_flags, rule);
		if (rule == NO_RULE)
			return rule;
		uint32_t other = layout->runs.at[layout->rules.at[rule].run].osec;
		if (other != osec && !layout->osecs.at[other].is_absent)
			return rule;
	}
}

/* A rule behind that of the section's own run; NO_RULE: none takes it. */
static uint32_t rule_behind(const struct link *link, struct seeker *seeker, section_id id)
{
	const struct section *section = section_of(link, id);
	const struct run *run = &link->layout->runs.at[section->run];
	if (!run->n_rules)
		return NO_RULE; /* an orphan's */
	return next_rule(link, seeker, id, run->first_rule + run->n_rules, run->osec);
}

static bool is_discarding(const struct layout *layout, uint32_t rule)
{
	return layout->osecs.at[layout->runs.at[layout->rules.at[rule].run].osec].rank == RANK_DISCARD;
}

/* ---- moving ------------------------------------------------------------------------------------------------ */

/* What moves out of a run: everything from the first section on that ends behind `end`. *over: there was one. */
static void choose_moves(const struct link *link, struct seeker *seeker, const struct run *run, uint64_t end, bool *over,
			 move_list *out)
{
	for (uint32_t i = 0; i < run->n && !run->link_ordered; i++) {
		const struct section *section = section_of(link, run->items[i]);
		*over |= run->addr + section->offset + section->size > end;
		if (!*over || section->kind != SECTION_REGULAR)
			continue;
		uint32_t rule = rule_behind(link, seeker, run->items[i]);
		if (rule != NO_RULE && !is_discarding(link->layout, rule))
			*array_push(out) = (struct move){run->items[i], link->layout->rules.at[rule].run};
	}
}

static void choose_moves_of(const struct link *link, struct seeker *seeker, const struct node *node, move_list *out)
{
	const struct layout *layout = link->layout;
	const struct osec *osec = &layout->osecs.at[node->id];
	uint32_t region = osec->region;
	if (!region && !node->value)
		region = region_by_flags(layout, osec);
	if (!region || !(osec->flags & SHF_ALLOC) || osec->rank == RANK_DISCARD || osec->is_absent)
		return;
	uint64_t end = layout->regions.at[region].origin + layout->regions.at[region].length;
	bool over = false;
	for (uint32_t i = 0; i < osec->nodes.n; i++)
		if (osec->nodes.at[i].kind == NODE_RUN)
			choose_moves(link, seeker, &layout->runs.at[osec->nodes.at[i].id], end, &over, out);
}

bool spill_sections(struct link *link)
{
	const struct layout *layout = link->layout;
	if (!link->options->non_contiguous_regions || !layout->rule_index || layout->regions.n <= 1)
		return false;
	struct seeker seeker = {.finder = rule_finder_new(layout->rule_index), .file = UINT32_MAX};
	move_list moves = {0};
	/* One output section at a time: what moves may make the next ones overflow, too. */
	for (uint32_t i = 0; i < layout->nodes.n && !moves.n; i++)
		if (layout->nodes.at[i].kind == NODE_SECTION)
			choose_moves_of(link, &seeker, &layout->nodes.at[i], &moves);
	rule_finder_free(seeker.finder);
	bool moved = moves.n != 0;
	for (uint32_t i = 0; i < moves.n; i++)
		section_of(link, moves.at[i].section)->run = moves.at[i].run;
	if (moved) {
		layout_gather_again(link);
		link_order_sort(link);
	}
	array_free(&moves);
	return moved;
}

/* ---- warnings ---------------------------------------------------------------------------------------------- */

static void warn_of(struct link *link, struct seeker *seeker, section_id id)
{
	const struct layout *layout = link->layout;
	const struct section *section = section_of(link, id);
	if (!section->live || !section->run || section->run == ORPHAN_RUN || section->kind == SECTION_NONE)
		return;
	uint32_t rule = rule_behind(link, seeker, id);
	if (rule == NO_RULE)
		return;
	const struct osec *own = osec_of_section(layout, section);
	const struct osec *other = &layout->osecs.at[layout->runs.at[layout->rules.at[rule].run].osec];
	struct diag_about about = about_section(file_of(link, section->file), section_number(link, id), "script");
	if (is_discarding(layout, rule))
		diag_report(link->diag, SEVERITY_WARNING, diag_order(section->file, id), &about,
			    "--enable-non-contiguous-regions makes section `%s' match /DISCARD/ clause",
			    layout_section_name(link, id));
	else
		diag_report(link->diag, SEVERITY_WARNING, diag_order(section->file, id), &about,
			    "--enable-non-contiguous-regions may change behaviour for section `%s' (assigned to %s, "
			    "but additional match: %s)",
			    layout_section_name(link, id), own->name, other->name);
}

void spill_warn(struct link *link)
{
	const struct layout *layout = link->layout;
	if (!link->options->non_contiguous_regions || !layout->scripted)
		return;
	for (const struct statement *at = layout->script->statements; at; at = at->next)
		if (at->kind == STATEMENT_INSERT)
			script_warn(link->diag, 0, at->place,
				    "INSERT is incompatible with --enable-non-contiguous-regions");
	if (!link->options->non_contiguous_warnings || !layout->rule_index)
		return;
	struct seeker seeker = {.finder = rule_finder_new(layout->rule_index), .file = UINT32_MAX};
	for (file_id f = 1; f < link->files.n; f++) {
		const struct file *file = file_of(link, f);
		for (uint32_t i = 1; file->kind == FILE_OBJECT && file->live && i < file->elf.nshdr; i++)
			warn_of(link, &seeker, file->first_section + i);
	}
	rule_finder_free(seeker.finder);
}
