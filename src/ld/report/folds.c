#include "ld/report/folds.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/memory.h"
#include "base/sort.h"
#include "base/text_output.h"
#include "ld/layout/layout.h"

section_id *folds_by_survivor(const struct link *link)
{
	uint32_t n = link->folded.n;
	struct sort_item *items = memory_zeroed(n, sizeof(*items));
	section_id *ids = memory_zeroed(n, sizeof(*ids));
	for (uint32_t i = 0; i < n; i++)
		items[i] = (struct sort_item){section_of(link, link->folded.at[i])->extra, link->folded.at[i]};
	sort_by_key(items, n);
	for (uint32_t i = 0; i < n; i++)
		ids[i] = (section_id)items[i].value;
	free(items);
	return ids;
}

static void print_section(const struct link *link, FILE *to, const char *what, section_id id)
{
	fprintf(to, "%s " FILE_FORMAT ":(%s)\n", what, FILE_ARGS(file_of(link, section_of(link, id)->file)),
		layout_section_name(link, id));
}

static void print(const struct link *link, FILE *to)
{
	section_id *ids = folds_by_survivor(link), survivor = 0;
	uint64_t saved = 0;
	for (uint32_t i = 0; i < link->folded.n; i++) {
		const struct section *section = section_of(link, ids[i]);
		if (section->extra != survivor) {
			survivor = section->extra;
			print_section(link, to, "selected section", survivor);
		}
		print_section(link, to, "  removing identical section", ids[i]);
		saved += section->size;
	}
	fprintf(to, "ICF saved %" PRIu64 " bytes\n", saved);
	free(ids);
}

void folds_write(struct link *link)
{
	const char *path = link->options->print_icf;
	if (!path || link->options->icf == ICF_NONE)
		return;
	FILE *to = text_output_open(path);
	if (to)
		print(link, to);
	if (!text_output_close(to))
		diag_error(link->diag, UINT64_MAX, "cannot write the list of folded sections to %s: %s",
			   strcmp(path, "-") == 0 ? "standard output" : path, strerror(errno));
}
