#include "ld/report/dependency_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* As make reads file names (GNU make manual, "Rule Syntax"): a blank or '#' is escaped by a backslash, and so are
 * backslashes before those; '$' is doubled. */
static void print_path(FILE *to, const char *path)
{
	for (const char *at = path; *at; at++) {
		if (*at == ' ' || *at == '#') {
			for (const char *before = at; before > path && before[-1] == '\\'; before--)
				fputc('\\', to);
			fputc('\\', to);
		} else if (*at == '$') {
			fputc('$', to);
		}
		fputc(*at, to);
	}
}

static int compare_paths(const void *a, const void *b)
{
	const struct io_file *x = *(const struct io_file *const *)a, *y = *(const struct io_file *const *)b;
	int order = strcmp(x->path, y->path);
	return order ? order : x < y ? -1 : x > y;
}

static int compare_order(const void *a, const void *b)
{
	const struct io_file *x = *(const struct io_file *const *)a, *y = *(const struct io_file *const *)b;
	return x < y ? -1 : x > y;
}

/* What was read, each path once, in the order of opening; failures are left out. */
static uint32_t distinct(const struct io *io, const struct io_file **files)
{
	uint32_t n = 0, kept = 0;
	for (uint32_t i = 0; i < io->files.n; i++)
		if (!io->files.at[i].error)
			files[n++] = &io->files.at[i];
	qsort(files, n, sizeof(struct io_file *), compare_paths); /* NOLINT(bugprone-sizeof-expression): pointers */
	for (uint32_t i = 0; i < n; i++)
		if (kept == 0 || strcmp(files[kept - 1]->path, files[i]->path) != 0)
			files[kept++] = files[i];
	qsort(files, kept, sizeof(struct io_file *), compare_order); /* NOLINT(bugprone-sizeof-expression) */
	return kept;
}

/*   prog: a.o libb.a
 *
 *   a.o:
 *
 *   libb.a:
 *
 * The empty rules keep make going when a file has gone away. */
static void print_rules(FILE *to, const char *output, const struct io_file **files, uint32_t n)
{
	print_path(to, output);
	fputc(':', to);
	for (uint32_t i = 0; i < n; i++) {
		fputc(' ', to);
		print_path(to, files[i]->path);
	}
	fputc('\n', to);
	for (uint32_t i = 0; i < n; i++) {
		fputc('\n', to);
		print_path(to, files[i]->path);
		fputs(":\n", to);
	}
}

void dependency_file_write(struct link *link)
{
	const char *path = link->options->dependency_file;
	if (!path)
		return;
	FILE *to = fopen(path, "we");
	if (to) {
		struct arena arena = {0};
		const struct io_file **files = arena_array(&arena, const struct io_file *, link->io->files.n);
		print_rules(to, link->options->output, files, distinct(link->io, files));
		arena_free(&arena);
	}
	if (!to || fclose(to) != 0)
		diag_error(link->diag, UINT64_MAX, "cannot write dependency file %s: %s", path, strerror(errno));
}
