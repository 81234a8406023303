/* --plan-out and --plan-in: the freedom of a placement as a text file.
 *
 *   gild-plan 1
 *   run .text 7 free
 *   section 3 12 0x40 0x2f 4 main.o:.text.main
 *
 * A run line names an output section, the run's number and whether its order is free; a section line gives file id,
 * section number, offset in the run, size, alignment (log2) and, for people, a name (control characters in names become
 * "?"). Offsets count from the last address at or before the run's start that is aligned for every member. A plan is
 * valid when every section of the memory image is placed once, where its alignment allows, in the run it belongs to,
 * without overlap; runs of fixed order stay in order and without gaps beyond alignment. What is not loaded (debug
 * information, the symbol table) has no place in a plan.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text_output.h"
#include "ld/layout/layout.h"

static bool is_in_plan(const struct layout *layout, const struct run *run)
{
	const struct osec *osec = &layout->osecs.at[run->osec];
	return run->n != 0 && osec->flags & SHF_ALLOC && osec->rank != RANK_DISCARD;
}

/* The loader finds the linker's tables and notes by segment or output section, not by symbol: a gap before them would
 * be read as a part of them. Only what stands for bytes of the program is free. */
static bool is_read_by_others(const struct link *link, const struct run *run)
{
	if (link->layout->osecs.at[run->osec].type == SHT_NOTE)
		return true;
	for (uint32_t i = 0; i < run->n; i++) {
		const struct section *section = section_of(link, run->items[i]);
		if (section->kind == SECTION_SYNTHETIC && section->extra != SYN_COMMON &&
		    section->extra != SYN_TLS_COMMON && section->extra != SYN_LARGE_COMMON &&
		    section->extra != SYN_DYNBSS && section->extra != SYN_DYNRELRO)
			return true;
	}
	return false;
}

static bool is_fixed(const struct link *link, const struct run *run)
{
	return run->fixed || is_read_by_others(link, run);
}

static uint32_t plan_number(const struct link *link, section_id id)
{
	return section_of(link, id)->file == INTERNAL_FILE ? id : section_number(link, id);
}

static char printable(char c)
{
	return c >= 0 && c < ' ' ? '?' : c;
}

static void write_name(FILE *out, const char *name)
{
	for (; *name; name++)
		fputc(printable(*name), out);
}

/* Is `text` what write_name() makes of `name`? */
static bool is_name(const char *text, const char *name)
{
	while (*text && *text == printable(*name))
		text++, name++;
	return *text == *name;
}

static void write_run(const struct link *link, FILE *out, uint32_t id)
{
	const struct run *run = &link->layout->runs.at[id];
	uint64_t past_aligned = run->from_hint ? run->planned_mod : run->addr & ((1ull << run->p2align) - 1);
	fputs("run ", out);
	write_name(out, link->layout->osecs.at[run->osec].name);
	fprintf(out, " %" PRIu32 " %s\n", id, is_fixed(link, run) ? "fixed" : "free");
	for (uint32_t i = 0; i < run->n; i++) {
		const struct section *section = section_of(link, run->items[i]);
		const struct file *file = file_of(link, section->file);
		char *origin = NULL;
		if (asprintf(&origin, FILE_FORMAT ":%s", FILE_ARGS(file), layout_section_name(link, run->items[i])) < 0)
			out_of_memory();
		fprintf(out, "section %" PRIu32 " %" PRIu32 " 0x%" PRIx64 " 0x%" PRIx64 " %u ", section->file,
			plan_number(link, run->items[i]), section->offset + past_aligned, section->size,
			section->p2align);
		write_name(out, origin);
		fputc('\n', out);
		free(origin);
	}
}

void plan_write(struct link *link)
{
	const struct layout *layout = link->layout;
	const char *path = link->options->plan_out;
	FILE *out = text_output_open(path);
	if (!out) {
		diag_error(link->diag, 0, "cannot write plan %s: %m", path);
		return;
	}
	fprintf(out, "gild-plan 1\n");
	for (uint32_t o = 0; o < layout->n_order; o++) {
		const struct osec *osec = &layout->osecs.at[layout->order[o]];
		for (uint32_t n = 0; n < osec->nodes.n; n++)
			if (osec->nodes.at[n].kind == NODE_RUN &&
			    is_in_plan(layout, &layout->runs.at[osec->nodes.at[n].id]))
				write_run(link, out, osec->nodes.at[n].id);
	}
	if (!text_output_close(out))
		diag_error(link->diag, 0, "cannot write plan %s: %m", path);
}

struct reader {
	struct link *link;
	const char *path;
	char *text;              /* the line being read, without its newline */
	uint32_t line;
	uint32_t run;            /* the last run line's; 0: none yet */
	uint32_t *placed_by;     /* by section id: the line that places it; 0: none */
	bool *expected;          /* by section id: a plan of this link places it */
};

__attribute__((format(printf, 3, 4)))
static void complain(const struct reader *reader, uint32_t line, const char *format, ...)
{
	char what[512];
	va_list args;
	va_start(args, format);
	vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	struct diag_about about = {.kind = "plan", .file = reader->path, .line = line};
	diag_report(reader->link->diag, SEVERITY_ERROR, line, &about, "invalid plan: %s", what);
}

/* "NUMBER " or "NUMBER" and the end: the number and what follows; NULL when there is none. */
static const char *read_number(const char *text, int base, uint64_t *number)
{
	if (!text || !(base == 16 ? strncmp(text, "0x", 2) == 0 : *text >= '0' && *text <= '9'))
		return NULL;
	char *end;
	errno = 0;
	*number = strtoull(text, &end, base);
	if (errno || (*end && *end != ' '))
		return NULL;
	return *end ? end + 1 : end;
}

/* run NAME NUMBER free|fixed; there may be spaces in the name. */
static void read_run(struct reader *reader)
{
	const struct layout *layout = reader->link->layout;
	char *freedom = strrchr(reader->text, ' ');
	*freedom++ = '\0';
	char *digits = strrchr(reader->text, ' ');
	uint64_t id = 0;
	const char *rest = digits ? read_number(digits + 1, 10, &id) : NULL;
	reader->run = 0;
	if (!rest || *rest || (strcmp(freedom, "free") != 0 && strcmp(freedom, "fixed") != 0)) {
		complain(reader, reader->line, "expected: run NAME NUMBER free|fixed");
		return;
	}
	*digits = '\0';
	const char *name = reader->text + strlen("run ");
	if (id == 0 || id >= layout->runs.n || !is_in_plan(layout, &layout->runs.at[id]) ||
	    !is_name(name, layout->osecs.at[layout->runs.at[id].osec].name))
		complain(reader, reader->line, "this link has no run %s %" PRIu64, name, id);
	else if ((strcmp(freedom, "fixed") == 0) != is_fixed(reader->link, &layout->runs.at[id]))
		complain(reader, reader->line, "the run %s %" PRIu64 " is not %s", name, id, freedom);
	else
		reader->run = (uint32_t)id;
}

/* The section of the plan that file id and section number stand for; 0: none. */
static section_id find_section(const struct reader *reader, uint64_t file, uint64_t number)
{
	const struct link *link = reader->link;
	uint64_t id = 0;
	if (file == INTERNAL_FILE) {
		if (number < link->sections.n && section_of(link, (section_id)number)->file == INTERNAL_FILE)
			id = number;
	} else if (file < link->files.n) {
		const struct file *object = file_of(link, (file_id)file);
		if (object->kind == FILE_OBJECT && object->live && number < object->elf.nshdr)
			id = object->first_section + number;
	}
	return id && reader->expected[id] ? (section_id)id : 0;
}

static bool is_sized_by_addresses(const struct section *section)
{
	return section->kind == SECTION_SYNTHETIC && section->extra == SYN_RELR_DYN;
}

static void read_section(struct reader *reader)
{
	uint64_t file = 0, number = 0, offset = 0, size = 0, p2align = 0;
	const char *at = read_number(reader->text + strlen("section "), 10, &file);
	at = read_number(at, 10, &number);
	at = read_number(at, 16, &offset);
	at = read_number(at, 16, &size);
	if (!read_number(at, 10, &p2align)) {
		complain(reader, reader->line, "expected: section FILE NUMBER OFFSET SIZE ALIGNMENT NAME");
		return;
	}
	section_id id = find_section(reader, file, number);
	struct section *section = id ? section_of(reader->link, id) : NULL;
	if (!section)
		complain(reader, reader->line, "this link has no such section");
	else if (section->run != reader->run)
		complain(reader, reader->line, "the section belongs to another run, %s %" PRIu32,
			 osec_of_section(reader->link->layout, section)->name, section->run);
	else if (reader->placed_by[id])
		complain(reader, reader->line, "the section is placed twice, first in line %" PRIu32,
			 reader->placed_by[id]);
	else if ((size != section->size && !is_sized_by_addresses(section)) || p2align != section->p2align)
		complain(reader, reader->line,
			 "the section has size 0x%" PRIx64 " and alignment %u: the plan is for other inputs",
			 section->size, section->p2align);
	else if (offset & ((1ull << p2align) - 1))
		complain(reader, reader->line, "the offset is not a multiple of the section's alignment, %llu",
			 1ull << p2align);
	else if (offset > UINT32_MAX)
		complain(reader, reader->line, "the offset is larger than 0xffffffff");
	else {
		reader->placed_by[id] = reader->line;
		section->offset = offset;
	}
}

static bool check_complete(const struct reader *reader, const struct run *run)
{
	const struct link *link = reader->link;
	for (uint32_t i = 0; i < run->n; i++) {
		if (reader->placed_by[run->items[i]])
			continue;
		const struct file *file = file_of(link, section_of(link, run->items[i])->file);
		complain(reader, reader->line,
			 "it has no place for section %" PRIu32 " %" PRIu32 ", " FILE_FORMAT ":%s",
			 section_of(link, run->items[i])->file, plan_number(link, run->items[i]), FILE_ARGS(file),
			 layout_section_name(link, run->items[i]));
		return false;
	}
	return true;
}

/* Where each section of a fixed run lies follows from where the run begins; the plan must say the same. */
static void check_fixed(const struct reader *reader, const struct run *run)
{
	const struct link *link = reader->link;
	uint64_t end = section_of(link, run->items[0])->offset;
	bool good = end >> run->p2align == 0;
	for (uint32_t i = 0; i < run->n; i++) {
		const struct section *section = section_of(link, run->items[i]);
		if (!good || section->offset != align_up(end, 1ull << section->p2align)) {
			complain(reader, reader->placed_by[run->items[i]],
				 "the sections of this run have a fixed order, without gaps");
			return;
		}
		end = section->offset + section->size;
	}
}

static int compare_offsets(const void *a, const void *b, void *context)
{
	const struct reader *reader = context;
	section_id x = *(const section_id *)a, y = *(const section_id *)b;
	const struct section *sx = section_of(reader->link, x), *sy = section_of(reader->link, y);
	if (sx->offset != sy->offset)
		return sx->offset < sy->offset ? -1 : 1;
	if ((sx->size == 0) != (sy->size == 0)) /* empty ones first: they take no room */
		return sx->size == 0 ? -1 : 1;
	return reader->placed_by[x] < reader->placed_by[y] ? -1 : reader->placed_by[x] > reader->placed_by[y];
}

/* A free run takes order and offsets from the plan. */
static void take_run(struct reader *reader, struct run *run)
{
	const struct link *link = reader->link;
	qsort_r(run->items, run->n, sizeof(*run->items), compare_offsets, reader);
	uint64_t end = 0;
	for (uint32_t i = 0; i < run->n; i++) {
		const struct section *section = section_of(link, run->items[i]);
		if (section->offset < end) {
			complain(reader, reader->placed_by[run->items[i]],
				 "the section overlaps the one of line %" PRIu32,
				 reader->placed_by[run->items[i - 1]]);
			return;
		}
		end = section->offset + section->size;
	}
	run->size = end;
	run->planned_mod = 0;
	run->from_hint = true;
}

static void read_line(struct reader *reader, const char *text, size_t len)
{
	memcpy(reader->text, text, len);
	reader->text[len] = '\0';
	reader->line++;
	if (reader->line == 1) {
		if (strcmp(reader->text, "gild-plan 1") != 0)
			complain(reader, 1, "the first line must be: gild-plan 1");
	} else if (strncmp(reader->text, "run ", 4) == 0) {
		read_run(reader);
	} else if (strncmp(reader->text, "section ", 8) == 0) {
		read_section(reader);
	} else if (len) {
		complain(reader, reader->line, "expected a run or a section");
	}
}

/* Stops at the first error: what follows one is seldom worth reading. */
static void read_lines(struct reader *reader, struct bytes bytes)
{
	const char *at = (const char *)bytes.data, *end = at + bytes.size;
	reader->text = malloc(bytes.size + 1);
	if (!reader->text)
		out_of_memory();
	do {
		const char *newline = at < end ? memchr(at, '\n', (size_t)(end - at)) : NULL;
		size_t len = (size_t)((newline ? newline : end) - at);
		read_line(reader, at, len);
		at += len + 1;
	} while (at < end && !reader->link->diag->errors);
	free(reader->text);
}

void plan_read(struct link *link)
{
	struct layout *layout = link->layout;
	struct reader reader = {.link = link, .path = link->options->plan_in};
	const struct io_file *file = io_read(link->io, reader.path);
	if (file->error) {
		diag_error(link->diag, 0, "cannot open plan %s: %s", reader.path, strerror(file->error));
		return;
	}
	reader.placed_by = arena_array(&layout->arena, uint32_t, link->sections.n);
	reader.expected = arena_array(&layout->arena, bool, link->sections.n);
	for (uint32_t r = 1; r < layout->runs.n; r++)
		for (uint32_t i = 0; is_in_plan(layout, &layout->runs.at[r]) && i < layout->runs.at[r].n; i++)
			reader.expected[layout->runs.at[r].items[i]] = true;
	read_lines(&reader, file->bytes);
	for (uint32_t r = 1; r < layout->runs.n && !link->diag->errors; r++) {
		struct run *run = &layout->runs.at[r];
		if (!is_in_plan(layout, run) || !check_complete(&reader, run))
			continue;
		if (run->link_ordered)
			continue; /* it follows what the plan says of others */
		if (is_fixed(link, run))
			check_fixed(&reader, run);
		else
			take_run(&reader, run);
	}
}
