/* Rules from the input section descriptions of scripts. */
#include <string.h>

#include "ld/layout/layout.h"
#include "ld/layout/rule_index.h"

static void add_rule(struct layout *layout, uint32_t run, const struct input_description *input, struct rule rule)
{
	rule.run = run;
	rule.file = &input->file;
	rule.exclude[0] = input->exclude;
	rule.flags_set = input->flags_set;
	rule.flags_clear = input->flags_clear;
	*array_push(&layout->rules) = rule;
	layout->runs.at[run].n_rules++;
}

uint32_t layout_describe(struct layout *layout, uint32_t osec, const struct input_description *input)
{
	uint32_t id = layout->runs.n;
	*array_push(&layout->runs) = (struct run){
		.osec = osec,
		.first_rule = layout->rules.n,
		.file_sort = input->file_sort,
		.file_reverse = input->file_reverse,
		.keep = input->keep,
		.fixed = input->file_sort == SORT_NAME,
	};
	*array_push(&layout->osecs.at[osec].nodes) = (struct node){.kind = NODE_RUN, .id = id};
	if (!input->patterns)
		add_rule(layout, id, input, (struct rule){.pattern = {"*", 1}, .sort = {SORT_NONE}});
	for (const struct section_pattern *pattern = input->patterns; pattern; pattern = pattern->next) {
		add_rule(layout, id, input, (struct rule){
			.pattern = pattern->glob,
			.exclude = {NULL, pattern->exclude},
			.sort = {pattern->sort[0], pattern->sort[1]},
			.reverse = pattern->reverse,
		});
		if (pattern->sort[0] > SORT_NONE)
			layout->runs.at[id].fixed = true;
	}
	return id;
}

static bool is_named(struct str pattern, const char *name)
{
	return pattern.len == strlen(name) && memcmp(pattern.at, name, pattern.len) == 0;
}

void layout_sort_unsaid(struct layout *layout)
{
	enum section_sort option = layout->options->sort_section;
	enum script_sort sort = option == SECTION_SORT_NAME ? SORT_NAME : SORT_ALIGNMENT;
	if (option == SECTION_SORT_NONE)
		return;
	for (uint32_t i = 0; i < layout->rules.n; i++) {
		struct rule *rule = &layout->rules.at[i];
		/* code that runs from one piece into the next */
		if (is_named(rule->pattern, ".init") || is_named(rule->pattern, ".fini"))
			continue;
		if (rule->sort[0] == rule->sort[1]) /* the same twice is the same once */
			rule->sort[1] = SORT_UNSAID;
		if (rule->sort[0] == SORT_UNSAID)
			rule->sort[0] = sort;
		else if (rule->sort[0] != SORT_NONE && rule->sort[0] != SORT_INIT_PRIORITY &&
			 rule->sort[1] == SORT_UNSAID)
			rule->sort[1] = sort;
		else
			continue;
		layout->runs.at[rule->run].fixed = true;
	}
}

void layout_compile_rules(struct layout *layout)
{
	layout->rule_index = rule_index_new(layout, false);
	layout->own_finder = rule_finder_new(layout->rule_index);
	rule_finder_file(layout->own_finder, (struct str){"", 0}, (struct str){"", 0}, false);
	bool overlap = false;
	for (uint32_t i = 0; i < layout->rules.n; i++)
		overlap |= layout->rules.at[i].file && layout->runs.at[layout->rules.at[i].run].keep;
	if (layout->options->gc_sections && overlap)
		layout->keep_index = rule_index_new(layout, true);
}
