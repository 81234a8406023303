/* How fast src/dwarf reads debug information, on one processor.
 *
 *   dwarf [-n ROUNDS] FILE...
 *
 * FILEs are objects of one unit, or linked files. Each round opens all units of .debug_info and walks over all entries;
 * then the same with every attribute read and every name looked up. Printed are the best rounds. Relocations are not
 * applied: in objects all names are the first one. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "dwarf/entry.h"
#include "elf/object.h"

struct totals {
	uint64_t bytes, units, entries, attributes, names;
	uint64_t sum;             /* what keeps the compiler from leaving work out */
};

static void die(const char *what, const char *name)
{
	fprintf(stderr, "dwarf: %s: %s\n", name, what);
	exit(1);
}

static double now(void)
{
	struct timespec time;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
	return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static bool read_sections(const char *path, struct dwarf_input *input)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st))
		die("cannot be opened", path);
	void *map = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE | MAP_POPULATE, fd, 0);
	struct elf_file elf;
	struct elf_error error;
	if (map == MAP_FAILED || !elf_read_file(&elf, (struct bytes){map, (uint64_t)st.st_size}, &error))
		die("is not an ELF file", path);
	close(fd);
	*input = (struct dwarf_input){0};
	for (uint32_t i = 1; i < elf.nshdr; i++) {
		enum dwarf_section section = dwarf_section_of_name(elf_section_name(&elf, i));
		if (section == DWARF_NO_SECTION)
			continue;
		if (elf.shdrs[i].sh_flags & SHF_COMPRESSED)
			die("its debug sections are compressed", path);
		if (input->sections[section].size < elf.shdrs[i].sh_size)
			input->sections[section] = elf_section_bytes(&elf, i);
	}
	return input->sections[DWARF_INFO].size != 0;
}

static void read_attributes(const struct dwarf_unit *unit, const struct dwarf_entry *entry, struct totals *totals)
{
	struct dwarf_attributes attributes = {.unit = unit, .entry = entry};
	struct dwarf_error ignored = {0};
	struct dwarf_value value;
	uint16_t attribute;
	while (dwarf_attributes_next(&attributes, &attribute, &value)) {
		struct str name;
		totals->attributes++;
		totals->sum += value.number;
		if (attribute == DW_AT_name && dwarf_string(unit, &value, &name, &ignored))
			totals->names++;
	}
}

static void walk(const struct dwarf_input *input, bool attributes, struct totals *totals)
{
	struct dwarf_abbrev_cache cache = {0};
	struct dwarf_error error = {0};
	struct dwarf_unit unit;
	uint64_t size = input->sections[DWARF_INFO].size;
	for (uint64_t at = 0; at < size; at = unit.end) {
		if (!dwarf_unit_read(&unit, input, DWARF_INFO, at, &error))
			break;
		if (!dwarf_unit_open(&unit, &cache, NULL, &error))
			break;
		totals->units++;
		struct dwarf_walk walk = dwarf_walk_unit(&unit, &error);
		for (struct dwarf_entry entry; dwarf_walk_next(&walk, &entry);) {
			totals->entries++;
			totals->sum += entry.abbrev->tag;
			if (attributes)
				read_attributes(&unit, &entry, totals);
		}
	}
	if (error.what) {
		fprintf(stderr, "%s: offset 0x%llx: %s %s (value 0x%llx)\n", dwarf_section_name(error.section),
			(unsigned long long)error.offset, error.field, error.what, (unsigned long long)error.value);
		exit(1);
	}
	totals->bytes += size;
	dwarf_abbrevs_free(&cache);
}

static void measure(const struct dwarf_input *inputs, int n, bool attributes, long rounds)
{
	struct totals totals = {0};
	double best = 1e9;
	for (long round = 0; round < rounds; round++) {
		totals = (struct totals){0};
		double began = now();
		for (int i = 0; i < n; i++)
			walk(&inputs[i], attributes, &totals);
		double took = now() - began;
		best = took < best ? took : best;
	}
	printf("  %-16s %8.2f ms   %6.0f MB/s   %5.1f ns an entry\n", attributes ? "all attributes" : "entries",
	       best * 1e3, (double)totals.bytes / best / 1e6, best * 1e9 / (double)totals.entries);
	if (attributes)
		printf("  %.1f MB in %llu units, %llu entries, %llu attributes, %llu names\n",
		       (double)totals.bytes / 1e6, (unsigned long long)totals.units, (unsigned long long)totals.entries,
		       (unsigned long long)totals.attributes, (unsigned long long)totals.names);
}

int main(int argc, char **argv)
{
	long rounds = 11;
	int option;
	while ((option = getopt(argc, argv, "n:")) == 'n')
		rounds = atol(optarg);
	if (option != -1 || optind == argc || rounds < 1)
		die("usage", "dwarf [-n ROUNDS] FILE...");
	struct dwarf_input *inputs = calloc((size_t)(argc - optind), sizeof(*inputs));
	int n = 0;
	for (int i = optind; i < argc && inputs; i++)
		n += read_sections(argv[i], &inputs[n]);
	if (n == 0)
		die("no .debug_info", argv[optind]);
	measure(inputs, n, false, rounds);
	measure(inputs, n, true, rounds);
	free(inputs);
	return 0;
}
