#include "ld/report/property_report.h"

#include <stdio.h>

#include "elf/note.h"
#include "ld/report/describe.h"

enum {
	FEATURE_LAM_U48 = 1 << 2, /* GNU_PROPERTY_X86_FEATURE_1_LAM_U48 and _U57; not in every <elf.h> */
	FEATURE_LAM_U57 = 1 << 3,
};

static uint32_t bits_of(const struct file *file, uint32_t type)
{
	for (uint32_t i = 0; i < file->n_properties; i++)
		if (file->properties[i].type == type)
			return file->properties[i].bits;
	return 0;
}

static void report(struct link *link, file_id id, enum report_level level, const char *what)
{
	static const enum severity severities[] = {SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR};
	struct diag_about about = about_file(file_of(link, id), "missing-property");
	diag_report(link->diag, severities[level], diag_order(id, 0), &about, "missing %s", what);
}

/* GNU ld's line, and mold's behind it. */
static void report_cet(struct link *link, file_id id, bool ibt, bool shstk)
{
	struct arena arena = {0};
	const char *name = arena_printf(&arena, FILE_FORMAT, FILE_ARGS(file_of(link, id)));
	const char *level = link->options->z.cet_report == REPORT_ERROR ? "error" : "warning";
	static const char format[] = "\n>>> %s: -cet-report=%s: missing GNU_PROPERTY_X86_FEATURE_1_%s";
	const char *no_ibt = ibt ? "" : arena_printf(&arena, format, name, level, "IBT");
	const char *no_shstk = shstk ? "" : arena_printf(&arena, format, name, level, "SHSTK");
	const char *what = ibt ? "SHSTK property" : shstk ? "IBT property" : "IBT and SHSTK properties";
	report(link, id, link->options->z.cet_report, arena_printf(&arena, "%s%s%s", what, no_ibt, no_shstk));
	arena_free(&arena);
}

static void report_features(struct link *link, file_id id)
{
	const struct options *options = link->options;
	uint32_t bits = bits_of(file_of(link, id), GNU_PROPERTY_X86_FEATURE_1_AND);
	bool ibt = bits & GNU_PROPERTY_X86_FEATURE_1_IBT, shstk = bits & GNU_PROPERTY_X86_FEATURE_1_SHSTK;
	if (options->z.cet_report != REPORT_NONE && !(ibt && shstk))
		report_cet(link, id, ibt, shstk);
	if (options->z.lam_u48_report != REPORT_NONE && !(bits & FEATURE_LAM_U48))
		report(link, id, options->z.lam_u48_report, "LAM_U48 property");
	if (options->z.lam_u57_report != REPORT_NONE && !(bits & FEATURE_LAM_U57))
		report(link, id, options->z.lam_u57_report, "LAM_U57 property");
}

/* "a.o: x86 ISA needed: x86-64-baseline, x86-64-v2" */
static void report_isa(struct link *link, file_id id, const char *what, uint32_t bits)
{
	static const char *const names[] = {"x86-64-baseline", "x86-64-v2", "x86-64-v3", "x86-64-v4"};
	char text[256] = "";
	size_t len = 0;
	for (unsigned bit = 0; bit < COUNTOF(names); bit++)
		if (bits >> bit & 1)
			len += (size_t)snprintf(text + len, sizeof(text) - len, "%s%s", len ? ", " : "", names[bit]);
	if (bits >> COUNTOF(names))
		snprintf(text + len, sizeof(text) - len, "%s<unknown: %x>", len ? ", " : "",
			 (unsigned)(bits >> COUNTOF(names) << COUNTOF(names)));
	struct diag_about about = about_file(file_of(link, id), "property");
	if (bits)
		diag_report(link->diag, SEVERITY_NOTE, diag_order(id, 1), &about, "x86 ISA %s: %s", what, text);
}

void property_report(struct link *link)
{
	const struct options *options = link->options;
	enum isa_report isa = options->z.isa_level_report;
	if (options->z.cet_report == REPORT_NONE && options->z.lam_u48_report == REPORT_NONE &&
	    options->z.lam_u57_report == REPORT_NONE && isa == ISA_REPORT_NONE)
		return;
	for (file_id id = 1; id < link->files.n; id++) {
		const struct file *file = file_of(link, id);
		if (file->kind != FILE_OBJECT || !file->live)
			continue;
		report_features(link, id);
		if (isa == ISA_REPORT_ALL || isa == ISA_REPORT_NEEDED)
			report_isa(link, id, "needed", bits_of(file, GNU_PROPERTY_X86_ISA_1_NEEDED));
		if (isa == ISA_REPORT_ALL || isa == ISA_REPORT_USED)
			report_isa(link, id, "used", bits_of(file, GNU_PROPERTY_X86_ISA_1_USED));
	}
}
