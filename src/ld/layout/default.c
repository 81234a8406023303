/* The default layout, as a program. Names and order of input sections are GNU ld's (ld --verbose); the order of output
 * sections keeps everything with one protection together, so that four segments suffice: read-only, executable,
 * read-only after relocation, writable. */
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/glob.h"
#include "ld/layout/layout.h"

static const struct expr dot = {.kind = EXPR_DOT};

static uint32_t section(struct layout *layout, const char *name, enum osec_rank rank, const char *patterns)
{
	uint32_t osec = layout_osec(layout, name, rank);
	layout_run(layout, osec, patterns, SORT_NONE);
	return osec;
}

/* A section whose order of input sections is part of its meaning. */
static uint32_t ordered_section(struct layout *layout, const char *name, enum osec_rank rank, const char *patterns)
{
	uint32_t osec = layout_osec(layout, name, rank);
	uint32_t run = layout_run(layout, osec, patterns, SORT_NONE);
	layout->runs.at[run].fixed = layout->runs.at[run].keep = true;
	return osec;
}

static void provide(struct layout *layout, uint32_t osec, const char *symbol, bool hidden)
{
	struct node *node = layout_assign(layout, osec, symbol, &dot);
	node->provide = true;
	node->hidden = hidden;
}

static void define(struct layout *layout, const char *symbol)
{
	layout_assign(layout, 0, symbol, &dot);
}

static void headers(struct link *link, struct layout *layout)
{
	const struct expr *base = layout_expr(layout, (struct expr){
		.kind = EXPR_SEGMENT_START, .name = "text-segment",
		.a = layout_expr(layout, (struct expr){.kind = EXPR_NUMBER, .number = layout->base})});
	struct node *node = layout_assign(layout, 0, "__executable_start", base);
	node->provide = true;
	node = layout_assign(layout, 0, "__ehdr_start", base);
	node->provide = node->hidden = true;
	layout_assign(layout, 0, ".", layout_expr(layout, (struct expr){
		.kind = EXPR_BINARY, .op = OP_ADD, .a = base,
		.b = layout_expr(layout, (struct expr){.kind = EXPR_SIZEOF_HEADERS})}));
	section(layout, ".interp", RANK_HEADERS, ".interp");
	section(layout, ".note.gnu.property", RANK_HEADERS, ".note.gnu.property");
	section(layout, ".note.gnu.build-id", RANK_HEADERS, ".note.gnu.build-id");
	section(layout, ".note.ABI-tag", RANK_HEADERS, ".note.ABI-tag");
	section(layout, ".note.package", RANK_HEADERS, ".note.package");
	section(layout, ".hash", RANK_DYNAMIC_TABLES, ".hash");
	section(layout, ".gnu.hash", RANK_DYNAMIC_TABLES, ".gnu.hash");
	section(layout, ".dynsym", RANK_DYNAMIC_TABLES, ".dynsym");
	section(layout, ".dynstr", RANK_DYNAMIC_TABLES, ".dynstr");
	section(layout, ".gnu.version", RANK_DYNAMIC_TABLES, ".gnu.version");
	section(layout, ".gnu.version_d", RANK_DYNAMIC_TABLES, ".gnu.version_d");
	section(layout, ".gnu.version_r", RANK_DYNAMIC_TABLES, ".gnu.version_r");
	bool rela = link->arch->dialect->is_rela;
	const char *rela_dyn = layout_synthetic_name(link, SYN_RELA_DYN);
	const char *rela_plt = layout_synthetic_name(link, SYN_RELA_PLT);
	section(layout, rela_dyn, RANK_DYNAMIC_TABLES, rela_dyn);
	uint32_t plt = layout_osec(layout, rela_plt, RANK_DYNAMIC_TABLES);
	/* Static executables relocate their IFUNCs themselves, between these two (glibc, csu/libc-start.c). */
	if (!link->is_dynamic)
		provide(layout, plt, rela ? "__rela_iplt_start" : "__rel_iplt_start", true);
	layout_run(layout, plt, rela_plt, SORT_NONE);
	if (!link->is_dynamic)
		provide(layout, plt, rela ? "__rela_iplt_end" : "__rel_iplt_end", true);
	section(layout, ".relr.dyn", RANK_DYNAMIC_TABLES, ".relr.dyn");
	if (link->options->z.rodynamic)
		section(layout, ".dynamic", RANK_DYNAMIC_TABLES, ".dynamic");
}

static void read_only(struct link *link, struct layout *layout)
{
	if (link->options->rodata_segment_given)
		layout_assign(layout, 0, ".", layout_expr(layout, (struct expr){
			.kind = EXPR_SEGMENT_START, .name = "rodata-segment",
			.a = layout_expr(layout, (struct expr){
				.kind = EXPR_NUMBER, .number = link->options->rodata_segment})}));
	section(layout, ".rodata", RANK_RODATA, ".rodata .rodata.* .gnu.linkonce.r.*");
	section(layout, ".rodata1", RANK_RODATA, ".rodata1");
	ordered_section(layout, ".eh_frame_hdr", RANK_RODATA, ".eh_frame_hdr");
	ordered_section(layout, ".eh_frame", RANK_RODATA, ".eh_frame");
	section(layout, ".gcc_except_table", RANK_RODATA, ".gcc_except_table .gcc_except_table.*");
}

static void text(struct layout *layout, bool keep_prefix)
{
	ordered_section(layout, ".init", RANK_TEXT, ".init");
	section(layout, ".plt", RANK_TEXT, ".plt");
	section(layout, ".plt.got", RANK_TEXT, ".plt.got");
	section(layout, ".plt.sec", RANK_TEXT, ".plt.sec");
	static const char *const kinds[][2] = {
		{".text.unlikely", ".text.unlikely .text.*_unlikely .text.unlikely.*"},
		{".text.exit", ".text.exit .text.exit.*"},
		{".text.startup", ".text.startup .text.startup.*"},
		{".text.hot", ".text.hot .text.hot.*"},
	};
	uint32_t osec = keep_prefix ? 0 : layout_osec(layout, ".text", RANK_TEXT);
	for (unsigned i = 0; i < COUNTOF(kinds); i++) {
		if (keep_prefix) /* each kind of its own, for programs that move or lock code by kind */
			section(layout, kinds[i][0], RANK_TEXT, kinds[i][1]);
		else
			layout_run(layout, osec, kinds[i][1], SORT_NONE);
	}
	if (keep_prefix)
		osec = layout_osec(layout, ".text", RANK_TEXT);
	layout_run(layout, osec, ".text.sorted.*", SORT_NAME);
	layout_run(layout, osec, ".text .stub .text.* .gnu.linkonce.t.*", SORT_NONE);
	ordered_section(layout, ".fini", RANK_TEXT, ".fini");
	provide(layout, 0, "__etext", false);
	provide(layout, 0, "_etext", false);
	provide(layout, 0, "etext", false);
}

static const struct file_pattern crt_files[] = {
	{.file = {"*crtbegin.o", 11}, .next = &crt_files[1]},
	{.file = {"*crtbegin?.o", 12}, .next = &crt_files[2]},
	{.file = {"*crtend.o", 9}, .next = &crt_files[3]},
	{.file = {"*crtend?.o", 10}},
};

static void constructors(struct layout *layout, const char *name, const char *by_priority, const char *plain,
			 const char *start, const char *end)
{
	uint32_t osec = layout_osec(layout, name, RANK_RELRO);
	provide(layout, osec, start, true);
	if (*by_priority) {
		uint32_t run = layout_run(layout, osec, by_priority, SORT_INIT_PRIORITY);
		layout->runs.at[run].keep = true;
	}
	uint32_t first_rule = layout->rules.n;
	uint32_t run = layout_run(layout, osec, plain, SORT_NONE);
	layout->runs.at[run].keep = layout->runs.at[run].fixed = true;
	for (uint32_t i = first_rule + 1; i < layout->rules.n; i++)
		layout->rules.at[i].exclude[1] = &crt_files[0]; /* they have the ends of a list of their own */
	provide(layout, osec, end, true);
}

static void relro(struct link *link, struct layout *layout)
{
	section(layout, ".tdata", RANK_TLS, ".tdata .tdata.* .gnu.linkonce.td.*");
	section(layout, ".tbss", RANK_TLS, ".tbss .tbss.* .gnu.linkonce.tb.* .tcommon");
	constructors(layout, ".preinit_array", "", ".preinit_array", "__preinit_array_start", "__preinit_array_end");
	constructors(layout, ".init_array", ".init_array.* .ctors.*", ".init_array .ctors", "__init_array_start",
		     "__init_array_end");
	constructors(layout, ".fini_array", ".fini_array.* .dtors.*", ".fini_array .dtors", "__fini_array_start",
		     "__fini_array_end");
	ordered_section(layout, ".ctors", RANK_RELRO, ".ctors");
	ordered_section(layout, ".dtors", RANK_RELRO, ".dtors");
	ordered_section(layout, ".jcr", RANK_RELRO, ".jcr");
	uint32_t osec = section(layout, ".data.rel.ro", RANK_RELRO,
				".data.rel.ro.local .data.rel.ro.local.* .gnu.linkonce.d.rel.ro.local.*");
	layout_run(layout, osec, ".data.rel.ro .data.rel.ro.* .gnu.linkonce.d.rel.ro.*", SORT_NONE);
	if (!link->options->z.rodynamic)
		section(layout, ".dynamic", RANK_RELRO, ".dynamic");
	section(layout, ".got", RANK_RELRO, ".got");
	bool now = link->options->z.now;
	if (now)
		section(layout, ".got.plt", RANK_RELRO, ".got.plt");
	section(layout, ".bss.rel.ro", RANK_RELRO, ".bss.rel.ro .bss.rel.ro.*");
	section(layout, ".relro_padding", RANK_RELRO, ".relro_padding");
	if (!now)
		section(layout, ".got.plt", RANK_DATA, ".got.plt");
}

static void data(struct layout *layout)
{
	section(layout, ".data", RANK_DATA, ".data .data.* .gnu.linkonce.d.*");
	ordered_section(layout, ".tm_clone_table", RANK_DATA, ".tm_clone_table"); /* crtbegin.o walks it */
	section(layout, ".data1", RANK_DATA, ".data1");
	define(layout, "_edata");
	provide(layout, 0, "edata", false);
	define(layout, "__bss_start");
	uint32_t osec = section(layout, ".bss", RANK_BSS, ".dynbss");
	layout_run(layout, osec, ".bss .bss.* .gnu.linkonce.b.*", SORT_NONE);
	layout_run(layout, osec, "COMMON", SORT_NONE);
	define(layout, "_end"); /* code of the small model asks for it */
	provide(layout, 0, "end", false);
}

/* What only code of the medium and large models reaches (psABI, "Large Code Model"), where it does not push the rest
 * apart. */
static void large(struct layout *layout)
{
	section(layout, ".lrodata", RANK_LARGE_RODATA, ".lrodata .lrodata.* .gnu.linkonce.lr.*");
	section(layout, ".ltext", RANK_LARGE_TEXT, ".ltext .ltext.*");
	section(layout, ".ldata", RANK_LARGE_DATA, ".ldata .ldata.* .gnu.linkonce.l.*");
	uint32_t osec = section(layout, ".lbss", RANK_LARGE_BSS, ".lbss .lbss.* .gnu.linkonce.lb.*");
	layout_run(layout, osec, "LARGE_COMMON", SORT_NONE);
}

static void not_loaded(const struct link *link, struct layout *layout)
{
	static const char *const debug[] = {
		".stab", ".stabstr", ".comment", ".debug_aranges", ".debug_pubnames", ".debug_info", ".debug_abbrev",
		".debug_line", ".debug_frame", ".debug_str", ".debug_loc", ".debug_macinfo", ".debug_pubtypes",
		".debug_ranges", ".debug_types", ".debug_macro", ".debug_line_str", ".debug_loclists",
		".debug_rnglists", ".debug_addr", ".debug_str_offsets", ".gdb_index",
	};
	for (unsigned i = 0; i < COUNTOF(debug); i++)
		section(layout, debug[i], RANK_NOT_LOADED, debug[i]);
	section(layout, ".gnu.attributes", RANK_NOT_LOADED, ".gnu.attributes");
	if (link->options->emit_abi)
		section(layout, ".gild.abi", RANK_NOT_LOADED, ".gild.abi");
	if (link->options->separate_debug)
		section(layout, ".gnu_debuglink", RANK_NOT_LOADED, ".gnu_debuglink");
}

static bool has_start(const struct options *options, const char *name)
{
	for (uint32_t i = 0; i < options->section_starts.n; i++)
		if (strcmp(options->section_starts.at[i].name, name) == 0)
			return true;
	return false;
}

/* --sort-section, where a rule has a wildcard: the order of what it matches is nobody's business. */
static void sort_wildcards(struct layout *layout)
{
	for (uint32_t i = 0; i < layout->rules.n; i++) {
		struct rule *rule = &layout->rules.at[i];
		const struct run *run = &layout->runs.at[rule->run];
		for (uint32_t k = 0; k < run->n_rules && !run->fixed && !run->keep; k++)
			if (rule->sort[0] == SORT_NONE &&
			    !glob_is_literal(layout->rules.at[run->first_rule + k].pattern))
				rule->sort[0] = SORT_UNSAID;
	}
	layout_sort_unsaid(layout);
}

void layout_default_fill(struct link *link)
{
	struct layout *layout = link->layout;
	layout->base = link->is_pic ? 0 : link->arch->image_base;
	if (link->options->image_base_given)
		layout->base = link->options->image_base;

	headers(link, layout);
	/* Who places .text, or wants no pages, counts on what is read only to follow it, as in GNU ld's layout. */
	bool text_first = link->options->unpaged || has_start(link->options, ".text");
	if (text_first)
		text(layout, link->options->z.keep_text_section_prefix);
	read_only(link, layout);
	if (!text_first)
		text(layout, link->options->z.keep_text_section_prefix);
	relro(link, layout);
	data(layout);
	large(layout);
	not_loaded(link, layout);
	uint32_t discard = layout_osec(layout, "/DISCARD/", RANK_DISCARD);
	layout_run(layout, discard, ".note.GNU-stack .gnu_debuglink .gnu.lto_*", SORT_NONE);
}

void layout_default_compile(struct link *link)
{
	sort_wildcards(link->layout);
	layout_compile_rules(link->layout);
}

void layout_default(struct link *link)
{
	layout_new(link);
	layout_default_fill(link);
	layout_builtins(link);
	layout_default_compile(link);
}
