/* --plan-out and --plan-in: the freedom of a placement as a text file.
 *
 *   gild-plan 1
 *   run .text 7 free
 *   section 3 12 0x40 0x2f 4 main.o:.text.main
 *
 * A run line names an output section, the run's number and whether its order is free; a section line gives file id, section number, offset in
 * the run, size, alignment (log2) and, for people, a name. A plan is valid when every section of the link is placed once, where its
 * alignment allows, in the run it belongs to, without overlap; runs of fixed order stay in order and without gaps beyond alignment. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ld/layout/layout.h"

void plan_write(struct link *link)
{
	const struct layout *layout = link->layout;
	const char *path = link->options->plan_out;
	FILE *out = strcmp(path, "-") == 0 ? stdout : fopen(path, "w");
	if (!out) {
		diag_error(link->diag, 0, "cannot write plan %s: %m", path);
		return;
	}
	fprintf(out, "gild-plan 1\n");
	for (uint32_t o = 0; o < layout->n_order; o++) {
		const struct osec *osec = &layout->osecs.at[layout->order[o]];
		for (uint32_t n = 0; n < osec->nodes.n; n++) {
			if (osec->nodes.at[n].kind != NODE_RUN)
				continue;
			const struct run *run = &layout->runs.at[osec->nodes.at[n].id];
			if (run->n == 0)
				continue;
			fprintf(out, "run %s %u %s\n", osec->name, osec->nodes.at[n].id, run->fixed ? "fixed" : "free");
			for (uint32_t i = 0; i < run->n; i++) {
				const struct section *section = section_of(link, run->items[i]);
				const struct file *file = file_of(link, section->file);
				uint32_t number = section->file == INTERNAL_FILE ? run->items[i] : section_number(link, run->items[i]);
				fprintf(out, "section %u %u 0x%" PRIx64 " 0x%" PRIx64 " %u " FILE_FORMAT ":%s\n", section->file, number,
					section->offset, section->size, section->p2align, FILE_ARGS(file),
					layout_section_name(link, run->items[i]));
			}
		}
	}
	bool good = !ferror(out);
	if (out != stdout)
		good &= fclose(out) == 0;
	if (!good)
		diag_error(link->diag, 0, "cannot write plan %s: %m", path);
}

struct reader {
	struct link *link;
	const char *path;
	uint32_t line;
	uint32_t run;
	uint8_t *placed; /* by section id */
};

static void complain(const struct reader *reader, const char *what)
{
	diag_error(reader->link->diag, reader->line, "%s:%u: invalid plan: %s", reader->path, reader->line, what);
}

/* The section a line names; 0: none. */
static section_id find_section(const struct link *link, uint32_t file, uint32_t number)
{
	if (file >= link->files.n)
		return 0;
	if (file == INTERNAL_FILE)
		return number < link->sections.n && section_of(link, number)->file == INTERNAL_FILE ? number : 0;
	const struct file *object = file_of(link, file);
	return object->kind == FILE_OBJECT && object->live && number < object->elf.nshdr ? object->first_section + number : 0;
}

static void read_section(struct reader *reader, const char *text)
{
	struct link *link = reader->link;
	uint32_t file, number;
	uint64_t offset, size;
	if (sscanf(text, "section %" SCNu32 " %" SCNu32 " %" SCNx64 " %" SCNx64, &file, &number, &offset, &size) != 4) {
		complain(reader, "expected: section FILE NUMBER OFFSET SIZE ...");
		return;
	}
	section_id id = find_section(link, file, number);
	struct section *section = id ? section_of(link, id) : NULL;
	if (!section || !section->live || section->run != reader->run || !reader->run) {
		complain(reader, "no such section in this run");
		return;
	}
	if (reader->placed[id]++)
		complain(reader, "this section is placed twice");
	else if (offset & ((1ull << section->p2align) - 1) || offset > UINT32_MAX)
		complain(reader, "this offset is not aligned for the section");
	else if (size != section->size)
		complain(reader, "the section has another size: the plan is for other inputs");
	section->offset = offset;
}

static int compare_offsets(const void *a, const void *b, void *context)
{
	const struct link *link = context;
	section_id x = *(const section_id *)a, y = *(const section_id *)b;
	const struct section *sx = section_of(link, x), *sy = section_of(link, y);
	if (sx->offset != sy->offset)
		return sx->offset < sy->offset ? -1 : 1;
	if ((sx->size == 0) != (sy->size == 0)) /* empty ones first: they take no room */
		return sx->size == 0 ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Order and overlap of one run, after all of its sections have their offsets. */
static void check_run(struct reader *reader, uint32_t id)
{
	struct link *link = reader->link;
	struct run *run = &link->layout->runs.at[id];
	section_id *items = arena_array(&link->layout->arena, section_id, run->n);
	memcpy(items, run->items, run->n * sizeof(*items));
	for (uint32_t i = 0; i < run->n; i++)
		if (!reader->placed[items[i]]) {
			complain(reader, "a section of this link is not in the plan");
			return;
		}
	qsort_r(items, run->n, sizeof(*items), compare_offsets, link);
	uint64_t end = 0;
	for (uint32_t i = 0; i < run->n; i++) {
		const struct section *section = section_of(link, items[i]);
		if (section->offset < end)
			complain(reader, "two sections overlap");
		if (run->fixed && section->size && (items[i] != run->items[i] || section->offset != align_up(end, 1ull << section->p2align)))
			complain(reader, "the order in this run is fixed");
		end = section->offset + section->size;
	}
	if (!run->fixed)
		memcpy(run->items, items, run->n * sizeof(*items));
	run->size = end;
	run->from_hint = true;
}

void plan_read(struct link *link)
{
	struct reader reader = {.link = link, .path = link->options->plan_in};
	const struct io_file *file = io_read(link->io, reader.path);
	if (file->error) {
		diag_error(link->diag, 0, "cannot open plan %s: %s", reader.path, strerror(file->error));
		return;
	}
	reader.placed = arena_array(&link->layout->arena, uint8_t, link->sections.n);
	const char *at = (const char *)file->bytes.data, *end = at + file->bytes.size;
	while (at < end && !link->diag->errors) {
		const char *newline = memchr(at, '\n', (size_t)(end - at));
		char text[256];
		size_t len = newline ? (size_t)(newline - at) : (size_t)(end - at);
		snprintf(text, sizeof(text), "%.*s", (int)min_u64(len, sizeof(text) - 1), at);
		at += len + 1;
		reader.line++;
		if (reader.line == 1) {
			if (strcmp(text, "gild-plan 1") != 0)
				complain(&reader, "the first line must be: gild-plan 1");
		} else if (strncmp(text, "run ", 4) == 0) {
			if (sscanf(text, "run %*s %" SCNu32, &reader.run) != 1 || reader.run == 0 || reader.run >= link->layout->runs.n)
				complain(&reader, "no such run");
		} else if (strncmp(text, "section ", 8) == 0) {
			read_section(&reader, text);
		} else if (text[0]) {
			complain(&reader, "expected a run or a section");
		}
	}
	for (uint32_t r = 1; r < link->layout->runs.n && !link->diag->errors; r++)
		if (link->layout->runs.at[r].n)
			check_run(&reader, r);
}
