#include "ld/synth/dynamic.h"

#include <string.h>

#include "arch/arch.h"
#include "ld/layout/layout.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/dynsym.h"
#include "ld/synth/symver.h"

/* Entries are written by one function that either counts or stores, so that size and content cannot disagree. */
struct writer {
	const struct link *link;
	uint8_t *image; /* NULL: only count */
	uint64_t n;
};

static void put(struct writer *writer, int64_t tag, uint64_t value)
{
	const struct elf_dialect *dialect = writer->link->arch->dialect;
	if (writer->image)
		elf_put_dyn(dialect, writer->image + writer->n * dialect->dyn, &(struct elf_dyn){tag, value});
	writer->n++;
}

static const struct osec *find_osec(const struct link *link, const char *name)
{
	uint32_t id = layout_find(link->layout, name);
	const struct osec *osec = &link->layout->osecs.at[id];
	return id && osec->has_members ? osec : NULL;
}

static uint64_t address_of(const struct writer *writer, enum synthetic which)
{
	return writer->image ? synthetic_address(writer->link, writer->link->layout, which) : 0;
}

/* Adds a name to a list with colons between; NULL is the empty list. */
static const char *join(struct link *link, const char *list, const char *name)
{
	return list ? arena_printf(&link->arena, "%s:%s", list, name) : name;
}

static const char *join_all(struct link *link, const char *const *names, uint32_t n)
{
	const char *list = NULL;
	for (uint32_t i = 0; i < n; i++)
		list = join(link, list, names[i]);
	return list;
}

/* What audits a library is to audit it when it comes as a dependency of this output, too. */
static const char *joined_depaudits(struct link *link)
{
	const char *list = join_all(link, link->options->depaudits.at, link->options->depaudits.n);
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_SHARED && file_of(link, id)->live && file_of(link, id)->audit)
			list = join(link, list, file_of(link, id)->audit);
	return list;
}

static uint32_t add_if_any(struct link *link, const char *text)
{
	return text ? dynstr_add(link, str_of(text)) : 0;
}

void dynamic_prepare(struct link *link)
{
	const struct options *options = link->options;
	for (file_id id = 1; id < link->files.n; id++) {
		struct file *file = file_of(link, id);
		if (file->kind == FILE_SHARED && file->live)
			file->soname_dynstr = dynstr_add(link, str_of(file->soname));
	}
	link->rpath_dynstr = add_if_any(link, join_all(link, options->rpaths.at, options->rpaths.n));
	link->audit_dynstr = add_if_any(link, join_all(link, options->audits.at, options->audits.n));
	link->depaudit_dynstr = add_if_any(link, joined_depaudits(link));
	link->soname_dynstr =
		options->soname && options->kind == OUTPUT_SHARED ? dynstr_add(link, str_of(options->soname)) : 0;
	link->filter_dynstr = arena_array(&link->arena, uint32_t, options->filter.n + options->auxiliary.n);
	for (uint32_t i = 0; i < options->filter.n; i++)
		link->filter_dynstr[i] = dynstr_add(link, str_of(options->filter.at[i]));
	for (uint32_t i = 0; i < options->auxiliary.n; i++)
		link->filter_dynstr[options->filter.n + i] = dynstr_add(link, str_of(options->auxiliary.at[i]));
}

/* DT_INIT and DT_FINI name functions that an object defines. */
static void put_function(struct writer *writer, int64_t tag, const char *name)
{
	const struct link *link = writer->link;
	symbol_id symbol = symbols_find(link, str_of(name));
	if (symbol && symbol_flags(&link->symbols[symbol]) & SYMBOL_DEFINED)
		put(writer, tag, writer->image ? link->symbols[symbol].address : 0);
}

static void put_array(struct writer *writer, const char *name, int64_t tag, int64_t size_tag)
{
	const struct osec *osec = find_osec(writer->link, name);
	if (!osec)
		return;
	put(writer, tag, osec->addr);
	put(writer, size_tag, osec->size);
}

static uint64_t flags(const struct link *link)
{
	const struct options *options = link->options;
	return (options->z.origin ? DF_ORIGIN : 0) |
	       (options->kind == OUTPUT_SHARED && options->bsymbolic == BSYMBOLIC_ALL ? DF_SYMBOLIC : 0) |
	       (link->module_needs & NEED_TEXTREL ? DF_TEXTREL : 0) | (options->z.now ? DF_BIND_NOW : 0) |
	       (link->module_needs & NEED_STATIC_TLS ? DF_STATIC_TLS : 0);
}

static uint64_t flags_1(const struct link *link)
{
	const struct options *options = link->options;
	return (options->z.now ? DF_1_NOW : 0) | (options->group ? DF_1_GROUP : 0) |
	       (options->z.global ? DF_1_GLOBAL : 0) |
	       (options->z.nodelete ? DF_1_NODELETE : 0) | (options->z.initfirst ? DF_1_INITFIRST : 0) |
	       (options->z.nodlopen ? DF_1_NOOPEN : 0) | (options->z.origin ? DF_1_ORIGIN : 0) |
	       (options->z.nodump ? DF_1_NODUMP : 0) |
	       (options->z.loadfltr ? DF_1_LOADFLTR : 0) | (options->z.globalaudit ? DF_1_GLOBAUDIT : 0) |
	       (options->z.interpose ? DF_1_INTERPOSE : 0) | (options->z.nodefaultlib ? DF_1_NODEFLIB : 0) |
	       (options->kind == OUTPUT_PIE ? DF_1_PIE : 0);
}

static void put_names(struct writer *writer)
{
	const struct link *link = writer->link;
	const struct options *options = link->options;
	for (file_id id = 1; id < link->files.n; id++)
		if (file_of(link, id)->kind == FILE_SHARED && file_of(link, id)->live)
			put(writer, DT_NEEDED, file_of(link, id)->soname_dynstr);
	if (link->soname_dynstr)
		put(writer, DT_SONAME, link->soname_dynstr);
	if (link->rpath_dynstr)
		put(writer, options->new_dtags ? DT_RUNPATH : DT_RPATH, link->rpath_dynstr);
	if (link->audit_dynstr)
		put(writer, DT_AUDIT, link->audit_dynstr);
	if (link->depaudit_dynstr)
		put(writer, DT_DEPAUDIT, link->depaudit_dynstr);
	for (uint32_t i = 0; i < options->filter.n; i++)
		put(writer, DT_FILTER, link->filter_dynstr[i]);
	for (uint32_t i = 0; i < options->auxiliary.n; i++)
		put(writer, DT_AUXILIARY, link->filter_dynstr[options->filter.n + i]);
}

bool dynamic_has_names(const struct link *link)
{
	struct writer writer = {.link = link};
	put_names(&writer);
	return writer.n > 0;
}

/* A script that drops .dynstr wants a program without symbols, which a boot loader relocates or which relocates itself:
 * nothing is said about the other tables of symbols then, as with GNU ld. */
static bool has_symbols(const struct link *link)
{
	return synthetic_is_placed(link, SYN_DYNSTR);
}

static void put_symbols(struct writer *writer)
{
	const struct link *link = writer->link;
	if (!has_symbols(link))
		return;
	if (link->synthetic[SYN_HASH])
		put(writer, DT_HASH, address_of(writer, SYN_HASH));
	if (link->synthetic[SYN_GNU_HASH])
		put(writer, DT_GNU_HASH, address_of(writer, SYN_GNU_HASH));
	put(writer, DT_STRTAB, address_of(writer, SYN_DYNSTR));
	put(writer, DT_SYMTAB, address_of(writer, SYN_DYNSYM));
	put(writer, DT_STRSZ, link->dynstr.n);
	put(writer, DT_SYMENT, link->arch->dialect->sym);
}

static void put_relocations(struct writer *writer)
{
	const struct link *link = writer->link;
	const struct elf_dialect *dialect = link->arch->dialect;
	if (synthetic_is_placed(link, SYN_RELA_PLT)) {
		put(writer, DT_PLTRELSZ, (uint64_t)link->plt.n * dialect->rela);
		put(writer, DT_PLTREL, dialect->is_rela ? DT_RELA : DT_REL);
		put(writer, DT_JMPREL, address_of(writer, SYN_RELA_PLT));
	}
	if (synthetic_is_placed(link, SYN_RELA_DYN)) {
		put(writer, dialect->is_rela ? DT_RELA : DT_REL, address_of(writer, SYN_RELA_DYN));
		put(writer, dialect->is_rela ? DT_RELASZ : DT_RELSZ, link->n_dynamic_relas * dialect->rela);
		put(writer, dialect->is_rela ? DT_RELAENT : DT_RELENT, dialect->rela);
	}
	if (synthetic_is_placed(link, SYN_RELR_DYN)) {
		put(writer, DT_RELR, address_of(writer, SYN_RELR_DYN));
		put(writer, DT_RELRSZ, section_of(link, link->synthetic[SYN_RELR_DYN])->size);
		put(writer, DT_RELRENT, dialect->word);
	}
}

static void put_tables(struct writer *writer)
{
	const struct link *link = writer->link;
	put_symbols(writer);
	if (link->options->kind != OUTPUT_SHARED && !link->options->z.rodynamic) /* debuggers write to it */
		put(writer, DT_DEBUG, 0);
	if (link->synthetic[SYN_GOT_PLT] && link->plt.n)
		put(writer, DT_PLTGOT, address_of(writer, SYN_GOT_PLT));
	put_relocations(writer);
	if (link->module_needs & NEED_TEXTREL)
		put(writer, DT_TEXTREL, 0);
}

static void put_versions(struct writer *writer)
{
	const struct link *link = writer->link;
	if (!has_symbols(link))
		return;
	if (link->synthetic[SYN_VERDEF]) {
		put(writer, DT_VERDEF, address_of(writer, SYN_VERDEF));
		put(writer, DT_VERDEFNUM, verdef_count(link));
	}
	if (link->synthetic[SYN_VERNEED]) {
		put(writer, DT_VERNEED, address_of(writer, SYN_VERNEED));
		put(writer, DT_VERNEEDNUM, verneed_count(link));
	}
	if (link->synthetic[SYN_VERSYM])
		put(writer, DT_VERSYM, address_of(writer, SYN_VERSYM));
}

static void put_all(struct writer *writer)
{
	const struct link *link = writer->link;
	const struct options *options = link->options;
	put_names(writer);
	put_function(writer, DT_INIT, options->init ? options->init : "_init");
	put_function(writer, DT_FINI, options->fini ? options->fini : "_fini");
	if (options->kind != OUTPUT_SHARED)
		put_array(writer, ".preinit_array", DT_PREINIT_ARRAY, DT_PREINIT_ARRAYSZ);
	put_array(writer, ".init_array", DT_INIT_ARRAY, DT_INIT_ARRAYSZ);
	put_array(writer, ".fini_array", DT_FINI_ARRAY, DT_FINI_ARRAYSZ);
	put_tables(writer);
	if (options->kind == OUTPUT_SHARED && options->bsymbolic == BSYMBOLIC_ALL)
		put(writer, DT_SYMBOLIC, 0);
	if (flags(link) && options->new_dtags)
		put(writer, DT_FLAGS, flags(link));
	else if (options->z.now)
		put(writer, DT_BIND_NOW, 0);
	if (flags_1(link))
		put(writer, DT_FLAGS_1, flags_1(link));
	put_versions(writer);
	if (link->n_relative && options->z.combreloc && synthetic_is_placed(link, SYN_RELA_DYN))
		put(writer, link->arch->dialect->is_rela ? DT_RELACOUNT : DT_RELCOUNT, link->n_relative);
	for (uint64_t i = 0; i <= options->spare_dynamic_tags; i++)
		put(writer, DT_NULL, 0);
}

void dynamic_measure(struct link *link)
{
	struct writer writer = {.link = link};
	if (!link->synthetic[SYN_DYNAMIC])
		return;
	put_all(&writer);
	section_of(link, link->synthetic[SYN_DYNAMIC])->size = writer.n * link->arch->dialect->dyn;
}

void dynamic_emit(struct link *link, uint8_t *image)
{
	struct writer writer = {.link = link, .image = image};
	put_all(&writer);
}
