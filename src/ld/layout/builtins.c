/* What every program has, whatever a script says: the tables behind the image, and symbols at the linker's own
 * sections. */
#include <string.h>

#include "ld/layout/layout.h"

/* symbol = ADDR(section), hidden, when somebody asks for it; the address is that of what the linker made, wherever a
 * script puts it. */
static struct node *provide(struct layout *layout, const char *symbol, const char *name)
{
	struct node *node =
		layout_assign(layout, 0, symbol, layout_expr(layout, (struct expr){.kind = EXPR_ADDR, .name = name}));
	node->provide = node->hidden = true;
	return node;
}

void layout_builtins(struct link *link)
{
	static const char *const tables[] = {".symtab", ".symtab_shndx", ".strtab", ".shstrtab"};
	struct layout *layout = link->layout;
	layout->n_written = layout->nodes.n;
	for (unsigned i = 0; i < COUNTOF(tables); i++) {
		uint32_t osec = layout_osec(layout, tables[i], RANK_TABLES);
		uint32_t run = layout_run(layout, osec, tables[i], SORT_NONE);
		layout->runs.at[run].fixed = layout->runs.at[run].keep = true;
	}
	if (layout->scripted)
		layout_run(layout, layout_osec(layout, "/DISCARD/", RANK_DISCARD), ".gnu.lto_*", SORT_NONE);
	if (link->options->kind == OUTPUT_RELOCATABLE)
		return;
	/* psABI, "Global Offset Table"; gABI, "Dynamic Section" */
	provide(layout, "_GLOBAL_OFFSET_TABLE_", ".got.plt")->made = SYN_GOT_PLT;
	provide(layout, "_DYNAMIC", ".dynamic")->made = SYN_DYNAMIC;
	provide(layout, "__GNU_EH_FRAME_HDR", ".eh_frame_hdr")->made = SYN_EH_FRAME_HDR;
	/* Where the module's thread-local block begins, for local-dynamic descriptors (psABI, "TLS descriptors"). */
	provide(layout, "_TLS_MODULE_BASE_", ".tdata")->is_tls = true;
	if (layout->scripted)
		provide(layout, "__ehdr_start", ".interp")->is_ehdr = true;
}

uint32_t layout_table(const struct layout *layout, const char *name)
{
	for (uint32_t i = layout->osecs.n; i-- > 1;)
		if (layout->osecs.at[i].rank == RANK_TABLES && strcmp(layout->osecs.at[i].name, name) == 0)
			return i;
	return 0;
}
