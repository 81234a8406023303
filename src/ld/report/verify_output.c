#include "ld/report/verify_output.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/prune/merge.h"
#include "verify/inputs.h"

/* Where a merged section's pieces went. */
static void place_pieces(struct link *link, const struct section *section, struct verify_section *place)
{
	const struct merge_section *merged = &link->merge_sections.at[section->extra];
	struct verify_piece *pieces = arena_array(&link->arena, struct verify_piece, merged->n);
	for (uint32_t i = 0; i < merged->n; i++) {
		const struct pool_shard *shard = merge_shard(link, merged, merged->pieces[i]);
		const struct osec *osec = osec_of_section(link->layout, section_of(link, shard->section));
		uint64_t address = merge_address(link, merged, merged->pieces[i].start);
		if (osec->n_packed || osec->is_hollow || !osec->index)
			return;
		pieces[i] = (struct verify_piece){merged->pieces[i].start, address,
						  osec->fileoff + (address - osec->addr)};
	}
	place->pieces = pieces;
	place->n_pieces = merged->n;
}

/* Where a section went. */
static struct verify_section fate_of(struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	struct verify_section place = {.fate = FATE_ABSENT};
	if (!section->live || !section->run)
		return place;
	if (section->kind == SECTION_MERGE) {
		place.fate = FATE_PIECES;
		place_pieces(link, section, &place);
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
	place.fate = fate == FATE_COPIED && osec->type == SHT_NOBITS ? FATE_UNLOADED : fate;
	place.address = section_address(link->layout, section);
	place.fileoff = osec->fileoff + (place.address - osec->addr);
	return place;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Names that mean something else than what objects say: of --defsym and -u. */
static void collect_renamed(struct link *link, struct verify_inputs *inputs)
{
	const struct options *options = link->options;
	const char **names = arena_array(&link->arena, const char *, options->defsyms.n + options->undefined.n);
	uint32_t n = 0;
	for (uint32_t i = 0; i < options->defsyms.n; i++)
		names[n++] = options->defsyms.at[i].name;
	for (uint32_t i = 0; i < options->undefined.n; i++)
		names[n++] = options->undefined.at[i];
	qsort(names, n, sizeof(*names), compare_names);
	inputs->renamed = names;
	inputs->n_renamed = n;
	inputs->wraps = options->wraps.at;
	inputs->n_wraps = options->wraps.n;
}

/* The libraries that the loader will load, each name once. */
static void collect_needed(struct link *link, struct verify_inputs *inputs)
{
	const char **names = arena_array(&link->arena, const char *, link->files.n);
	for (file_id id = 1; id < link->files.n && link->is_dynamic; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_SHARED || !file->live || file->indirect)
			continue;
		uint32_t same = 0;
		while (same < inputs->n_needed && strcmp(names[same], file->soname) != 0)
			same++;
		if (same == inputs->n_needed)
			names[inputs->n_needed++] = file->soname;
	}
	inputs->needed = names;
}

/* What the linker made: sections of file 0, and unwind records, which have their own checks. */
static void collect_made(struct link *link, struct verify_inputs *inputs)
{
	uint32_t n = 0;
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		n += section->live && section->run && (section->file == INTERNAL_FILE ||
						       section->kind == SECTION_EH_FRAME);
	}
	struct verify_made *made = arena_array(&link->arena, struct verify_made, n);
	for (section_id id = 1; id < link->sections.n && n; id++) {
		const struct section *section = section_of(link, id);
		bool own = section->file == INTERNAL_FILE || section->kind == SECTION_EH_FRAME;
		if (!section->live || !section->run || !own || section->kind == SECTION_POOL ||
		    section->kind == SECTION_NONE)
			continue;
		const struct osec *osec = osec_of_section(link->layout, section);
		if (osec->index && osec->type != SHT_NOBITS && !osec->n_packed && !osec->is_hollow)
			made[inputs->n_made++] = (struct verify_made){
				osec->fileoff + (section_address(link->layout, section) - osec->addr), section->size};
	}
	inputs->made = made;
	inputs->plain_gaps = !link->layout->scripted;
	inputs->code_fill = link->arch->code_fill;
}

static struct verify_sites check_inputs(struct link *link, const char *path, struct bytes output)
{
	const struct options *options = link->options;
	struct verify_object *objects = calloc(link->files.n, sizeof(*objects));
	if (!objects)
		out_of_memory();
	struct verify_inputs inputs = {.objects = objects, .is_shared = options->kind == OUTPUT_SHARED,
				       .symbolic = options->bsymbolic != BSYMBOLIC_NONE || link->has_dynamic_list};
	inputs.lists_all = options->strip == STRIP_NONE && options->discard != DISCARD_ALL && !link->retained_names;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live || file->just_symbols || !file->first_section)
			continue;
		struct verify_section *sections = calloc(file->elf.nshdr + 1ull, sizeof(*sections));
		if (!sections)
			out_of_memory();
		for (uint32_t s = 1; s < file->elf.nshdr; s++)
			sections[s] = fate_of(link, file->first_section + s);
		objects[inputs.n++] = (struct verify_object){file->path, file->member, &file->elf, &file->symtab,
							     sections};
	}
	collect_renamed(link, &inputs);
	collect_needed(link, &inputs);
	collect_made(link, &inputs);
	struct verify_sites sites = verify_inputs(path, output, &inputs, link->pool, link->diag);
	for (uint32_t i = 0; i < inputs.n; i++)
		free((void *)(uintptr_t)objects[i].sections);
	free(objects);
	return sites;
}

static bool verify(struct link *link, const char *path, struct bytes output)
{
	if (link->options->flat) {
		diag_error(link->diag, 0, "--verify-output: %s is no ELF file, so nothing can be checked", path);
		return false;
	}
	const struct options *options = link->options;
	unsigned wishes = 0;
	if (link->retained_names || options->strip == STRIP_ALL)
		wishes |= WISH_FEW_NAMES;
	if (link->layout->scripted || link->script.gild_layout || options->section_starts.n)
		wishes |= WISH_PLACES;
	if (!options->check_sections)
		wishes |= WISH_OVERLAPS;
	for (uint32_t i = 0; i < link->layout->n_order; i++)
		if (link->layout->osecs.at[link->layout->order[i]].overlay != OVERLAY_NO)
			wishes |= WISH_OVERLAPS;
	struct verify_summary file = verify_file(path, output, wishes, link->diag);
	struct verify_sites sites = {0};
	/* Without section headers nobody finds the PLT and the relocations again. */
	bool tells = options->kind != OUTPUT_RELOCATABLE && !options->z.nosectionheader;
	if (!file.violations && tells)
		sites = check_inputs(link, path, output);
	if (file.violations || sites.sum.violations)
		return false;
	if (link->options->stats)
		printf("%s: verified: %llu facts about the file; %llu relocations of its inputs, and %llu more of which it does "
		       "not tell\n",
		       path, (unsigned long long)file.facts, (unsigned long long)sites.checked,
		       (unsigned long long)sites.skipped);
	return true;
}

bool verify_output(struct link *link, struct bytes output)
{
	return verify(link, link->options->output, output);
}

void verify_earlier_output(struct link *link)
{
	const char *path = link->options->verify_output;
	const struct io_file *file = io_read(link->io, path);
	if (file->error)
		diag_error(link->diag, 0, "--verify-output: cannot open %s: %s", path, strerror(file->error));
	else
		verify(link, path, file->bytes);
}

bool verify_only(const char *path, bool stats, struct diag *diag)
{
	struct io io = {0};
	const struct io_file *file = io_read(&io, path);
	bool good = false;
	if (file->error) {
		diag_error(diag, 0, "--verify-output: cannot open %s: %s", path, strerror(file->error));
	} else {
		struct verify_summary summary = verify_file(path, file->bytes, 0, diag);
		good = !summary.violations;
		if (good && stats)
			printf("%s: verified: %llu facts about the file\n", path, (unsigned long long)summary.facts);
	}
	io_free(&io);
	return good;
}
