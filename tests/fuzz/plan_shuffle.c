/* plan_shuffle SEED < plan > plan2: another valid plan (--plan-in) for the link that wrote this one (--plan-out).
 *
 * In a free run the sections come in another order, with gaps of 0 to a few hundred bytes between them and now and then of a
 * page or many; in some runs the lines do not follow the addresses. Fixed runs stay as they are. The same seed gives the same plan. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PAGE = 4096, MANY_PAGES = 100, MOST_LARGE_GAPS = 8 /* in a plan: the output stays small */ };

struct section {
	char *file_and_number, *rest; /* "3 12", and "4 main.o:.text.main\n": from the alignment on */
	uint64_t offset, size, align;
};

struct run {
	struct section *sections;
	size_t n, cap;
};

struct randomness {
	uint64_t state;
	unsigned large_gaps;
};

static _Noreturn void fail(const char *what)
{
	fprintf(stderr, "plan_shuffle: %s\n", what);
	exit(1);
}

/* xorshift64* */
static uint64_t below(struct randomness *random, uint64_t limit)
{
	random->state ^= random->state >> 12;
	random->state ^= random->state << 25;
	random->state ^= random->state >> 27;
	return (random->state * 0x2545f4914f6cdd1d >> 16) % limit;
}

static void shuffle(struct randomness *random, struct section *sections, size_t n)
{
	for (size_t i = n; i > 1; i--) {
		size_t other = below(random, i);
		struct section section = sections[i - 1];
		sections[i - 1] = sections[other];
		sections[other] = section;
	}
}

static uint64_t gap(struct randomness *random, unsigned style)
{
	if (random->large_gaps < MOST_LARGE_GAPS && below(random, 100) == 0) {
		random->large_gaps++;
		return below(random, 8) ? PAGE : PAGE * below(random, MANY_PAGES);
	}
	switch (style) {
	case 0:
		return 0;
	case 1:
		return below(random, 4);
	case 2:
		return below(random, 4) ? 0 : below(random, 400);
	default:
		return below(random, 300);
	}
}

static void place(struct randomness *random, struct run *run)
{
	/* Mostly everything moves; sometimes only a stretch of the run does, or nothing but the gaps. */
	size_t first = 0, n = run->n;
	if (n && below(random, 4) == 0) {
		first = below(random, n);
		n = below(random, n - first + 1);
	}
	shuffle(random, run->sections + first, n);
	unsigned style = (unsigned)below(random, 4);
	uint64_t end = 0;
	for (size_t i = 0; i < run->n; i++) {
		struct section *section = &run->sections[i];
		end += gap(random, style);
		section->offset = (end + section->align - 1) & -section->align;
		end = section->offset + section->size;
	}
	if (below(random, 4) == 0)
		shuffle(random, run->sections, run->n);
}

static void print_run(struct randomness *random, struct run *run)
{
	place(random, run);
	for (size_t i = 0; i < run->n; i++) {
		const struct section *section = &run->sections[i];
		printf("section %s 0x%" PRIx64 " 0x%" PRIx64 " %s", section->file_and_number, section->offset, section->size,
		       section->rest);
		free(section->file_and_number);
		free(section->rest);
	}
	run->n = 0;
}

static void add(struct run *run, const char *line)
{
	unsigned file, number, p2align;
	uint64_t offset, size;
	int rest;
	if (sscanf(line, "section %u %u %" SCNx64 " %" SCNx64 " %n%u", &file, &number, &offset, &size, &rest, &p2align) != 5)
		fail("not a section line");
	if (run->n == run->cap) {
		run->cap = run->cap ? 2 * run->cap : 64;
		run->sections = realloc(run->sections, run->cap * sizeof(*run->sections));
		if (!run->sections)
			fail("no memory");
	}
	struct section *section = &run->sections[run->n++];
	*section = (struct section){.rest = strdup(line + rest), .size = size, .align = UINT64_C(1) << p2align};
	if (!section->rest || asprintf(&section->file_and_number, "%u %u", file, number) < 0)
		fail("no memory");
}

int main(int argc, char **argv)
{
	if (argc != 2)
		fail("usage: plan_shuffle SEED < plan > plan2");
	struct randomness random = {.state = (strtoull(argv[1], NULL, 0) + 1) * 0x9e3779b97f4a7c15};
	struct run run = {0};
	bool is_free = false;
	char *line = NULL;
	size_t cap = 0;
	while (getline(&line, &cap, stdin) > 0) {
		if (is_free && strncmp(line, "section ", 8) == 0) {
			add(&run, line);
			continue;
		}
		print_run(&random, &run);
		if (strncmp(line, "run ", 4) == 0) {
			const char *freedom = strrchr(line, ' ');
			is_free = strcmp(freedom, " free\n") == 0;
		}
		fputs(line, stdout);
	}
	print_run(&random, &run);
	free(run.sections);
	free(line);
	if (fflush(stdout) != 0 || ferror(stdout))
		fail("cannot write");
	return 0;
}
