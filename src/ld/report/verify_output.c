#include "ld/report/verify_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ld/layout/layout.h"
#include "verify/inputs.h"

/* Where a section went. */
static struct verify_section fate_of(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	struct verify_section place = {.fate = FATE_ABSENT};
	if (!section->live || !section->run)
		return place;
	if (section->kind == SECTION_MERGE) {
		place.fate = FATE_PIECES;
		return place;
	}
	enum verify_fate fate = section->kind == SECTION_FOLDED     ? FATE_FOLDED
				: section->kind == SECTION_EH_FRAME ? FATE_RECORDS
				: section->reversed                 ? FATE_REVERSED
								    : FATE_COPIED;
	if (section->kind == SECTION_FOLDED)
		section = section_of(link, section->extra);
	const struct osec *osec = osec_of_section(link->layout, section);
	if (section->kind == SECTION_NONE || !osec->index || osec->n_packed || osec->is_hollow)
		return place;
	place.fate = fate;
	place.address = section_address(link->layout, section);
	place.fileoff = osec->fileoff + (place.address - osec->addr);
	return place;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names that mean something else than what objects define: of --wrap and --defsym. */
static void collect_renamed(struct link *link, struct verify_inputs *inputs)
{
	const struct options *options = link->options;
	const char **names = arena_array(&link->arena, const char *, 3 * options->wraps.n + options->defsyms.n);
	uint32_t n = 0;
	for (uint32_t i = 0; i < options->wraps.n; i++) {
		names[n++] = options->wraps.at[i];
		names[n++] = arena_printf(&link->arena, "__wrap_%s", options->wraps.at[i]);
		names[n++] = arena_printf(&link->arena, "__real_%s", options->wraps.at[i]);
	}
	for (uint32_t i = 0; i < options->defsyms.n; i++)
		names[n++] = options->defsyms.at[i].name;
	qsort(names, n, sizeof(*names), compare_names);
	inputs->renamed = names;
	inputs->n_renamed = n;
}

static struct verify_sites check_inputs(struct link *link, struct bytes output)
{
	const struct options *options = link->options;
	struct verify_object *objects = calloc(link->files.n, sizeof(*objects));
	if (!objects)
		out_of_memory();
	struct verify_inputs inputs = {.objects = objects, .is_shared = options->kind == OUTPUT_SHARED,
				       .symbolic = options->bsymbolic != BSYMBOLIC_NONE || link->has_dynamic_list};
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live || file->just_symbols || !file->first_section)
			continue;
		struct verify_section *sections = calloc(file->elf.nshdr + 1ull, sizeof(*sections));
		if (!sections)
			out_of_memory();
		for (uint32_t s = 1; s < file->elf.nshdr; s++)
			sections[s] = fate_of(link, file->first_section + s);
		objects[inputs.n++] = (struct verify_object){file->path, file->member, &file->elf, &file->symtab, sections};
	}
	collect_renamed(link, &inputs);
	struct verify_sites sites = verify_inputs(options->output, output, &inputs, link->pool, link->diag);
	for (uint32_t i = 0; i < inputs.n; i++)
		free((void *)(uintptr_t)objects[i].sections);
	free(objects);
	return sites;
}

bool verify_output(struct link *link, struct bytes output)
{
	const char *path = link->options->output;
	if (link->options->flat) {
		diag_error(link->diag, 0, "--verify-output: %s is no ELF file, so nothing can be checked", path);
		return false;
	}
	struct verify_summary file = verify_file(path, output, link->diag);
	struct verify_sites sites = {0};
	/* Without section headers nobody finds the PLT and the relocations again. */
	bool tells = link->options->kind != OUTPUT_RELOCATABLE && !link->options->z.nosectionheader;
	if (!file.violations && tells)
		sites = check_inputs(link, output);
	if (file.violations || sites.sum.violations)
		return false;
	if (link->options->stats)
		printf("%s: verified: %llu facts about the file; %llu relocations of its inputs, and %llu more of which it does "
		       "not tell\n",
		       path, (unsigned long long)file.facts, (unsigned long long)sites.checked,
		       (unsigned long long)sites.skipped);
	return true;
}
