#include "abi/symbols.h"

#include <string.h>

#include "elf/shared.h"

struct found {
	struct abi_symbol symbol;
	uint32_t source;
	uint64_t address;
};

struct finder {
	struct abi_reader *reader;
	const struct abi_read_options *options;
	uint32_t source;
	ARRAY(struct found) found;
	ARRAY(struct str) versions; /* by index in .gnu.version_d */
};

/* What every linker defines, and nobody means. */
static bool is_linkers_own(const char *name)
{
	static const char *const names[] = {
		"_edata",      "__bss_start",  "_end",	     "edata",  "end",
		"_init",       "_fini",	       "_etext",     "etext",  "_GLOBAL_OFFSET_TABLE_",
		"_DYNAMIC",    "__data_start", "data_start", "_start", "_IO_stdin_used",
		"__dso_handle"};
	for (unsigned i = 0; i < COUNTOF(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

static enum abi_symbol_kind kind_of(const struct elf_sym *sym)
{
	switch (elf_sym_type(sym)) {
	case STT_FUNC:
		return ABI_SYMBOL_FUNCTION;
	case STT_GNU_IFUNC:
		return ABI_SYMBOL_IFUNC;
	case STT_TLS:
		return ABI_SYMBOL_TLS;
	case STT_OBJECT:
	case STT_COMMON:
		return ABI_SYMBOL_OBJECT;
	}
	return ABI_SYMBOL_OTHER;
}

static bool is_exported(const struct elf_sym *sym, const char *name)
{
	unsigned bind = elf_sym_bind(sym), visibility = elf_sym_visibility(sym);
	if (sym->st_shndx == SHN_UNDEF || !*name || is_linkers_own(name))
		return false;
	if (sym->st_shndx == SHN_ABS && sym->st_size == 0)
		return false; /* names of versions */
	return (bind == STB_GLOBAL || bind == STB_WEAK || bind == STB_GNU_UNIQUE) && elf_sym_type(sym) != STT_SECTION &&
	       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
}

/* "name@@version" and "name@version", as .symtab has them. */
static void split_version(struct abi_symbol *symbol)
{
	const char *at = memchr(symbol->name.at, '@', symbol->name.len);
	if (!at || at == symbol->name.at)
		return;
	uint32_t len = (uint32_t)(at - symbol->name.at), skip = len + 1 < symbol->name.len && at[1] == '@' ? 2 : 1;
	symbol->is_default = skip == 2;
	symbol->version = (struct str){at + skip, symbol->name.len - len - skip};
	symbol->name.len = len;
}

static void add_symbol(struct finder *finder, const struct elf_symtab *symtab, uint32_t i, struct str version,
		       bool is_default)
{
	const struct elf_sym *sym = &symtab->syms[i];
	const char *name = symtab->strtab + sym->st_name;
	if (!is_exported(sym, name))
		return;
	struct found found = {
		.symbol = {.name = str_from(name),
			   .version = version,
			   .is_default = is_default,
			   .is_weak = elf_sym_bind(sym) == STB_WEAK,
			   .kind = (uint8_t)kind_of(sym),
			   .size = sym->st_size},
		.source = finder->source,
		.address = sym->st_value,
	};
	const struct abi_source *source = &finder->reader->files->sources.at[finder->source];
	if (elf_kind(source->elf.bytes) == ELF_RELOCATABLE) {
		if (elf_sym_is_common(sym)) {
			found.symbol.kind = ABI_SYMBOL_OBJECT;
			found.address = ABI_TLS - 1; /* no entry has that */
		} else if (!elf_sym_is_special(symtab, i)) {
			found.address += source->section_addresses[elf_sym_section(symtab, i)];
		}
	}
	if (found.symbol.kind == ABI_SYMBOL_TLS)
		found.address |= ABI_TLS;
	if (!version.len)
		split_version(&found.symbol);
	const struct abi_read_options *options = finder->options;
	if (!options->is_wanted || options->is_wanted(options->context, finder->source, str_from(name)))
		*array_push(&finder->found) = found;
}

static void add_version(void *context, uint16_t index, uint16_t flags, const char *name)
{
	struct finder *finder = context;
	while (finder->versions.n <= index && finder->versions.n < VERSYM_HIDDEN)
		*array_push(&finder->versions) = (struct str){"", 0};
	if (index < finder->versions.n && !(flags & VER_FLG_BASE))
		finder->versions.at[index] = str_from(name);
}

static bool add_dynamic(struct finder *finder, const struct abi_source *source, struct elf_error *error)
{
	struct elf_shared shared;
	struct elf_room room = abi_room(finder->reader->files);
	if (!elf_read_shared_in(&shared, source->elf.bytes, &room, error))
		return false;
	finder->versions.n = 0;
	if (!elf_each_verdef(&shared, add_version, finder, error))
		return false;
	if (shared.soname)
		finder->reader->model->soname = str_from(shared.soname);
	for (uint32_t i = 1; i < shared.dynsym.n; i++) {
		uint16_t versym = shared.versym ? read16(shared.versym + 2ull * i) : 0;
		uint16_t index = versym & (VERSYM_HIDDEN - 1);
		struct str version =
			index > 1 && index < finder->versions.n ? finder->versions.at[index] : (struct str){"", 0};
		add_symbol(finder, &shared.dynsym, i, version, !(versym & VERSYM_HIDDEN));
	}
	return true;
}

static bool add_static(struct finder *finder, const struct abi_source *source, uint32_t table, struct elf_error *error)
{
	struct elf_symtab symtab;
	uint32_t shndx = 0;
	for (uint32_t i = 1; i < source->elf.nshdr; i++)
		if (source->elf.shdrs[i].sh_type == SHT_SYMTAB_SHNDX && source->elf.shdrs[i].sh_link == table)
			shndx = i;
	if (!elf_read_symtab(&symtab, &source->elf, table, shndx, error))
		return false;
	for (uint32_t i = symtab.first_global; i < symtab.n; i++)
		add_symbol(finder, &symtab, i, (struct str){"", 0}, true);
	return true;
}

static uint32_t find_section(const struct elf_file *elf, uint32_t type)
{
	for (uint32_t i = 1; i < elf->nshdr; i++)
		if (elf->shdrs[i].sh_type == type)
			return i;
	return 0;
}

static bool add_source(struct finder *finder, const struct abi_source *source, struct elf_error *error)
{
	uint32_t symtab = find_section(&source->elf, SHT_SYMTAB);
	bool is_linked = elf_kind(source->elf.bytes) != ELF_RELOCATABLE;
	if (is_linked && (find_section(&source->elf, SHT_DYNSYM) || source->elf.nshdr == 0))
		return add_dynamic(finder, source, error);
	return !symtab || add_static(finder, source, symtab, error);
}

static int compare_found(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = str_compare(x->symbol.name, y->symbol.name);
	if (!order)
		order = str_compare(x->symbol.version, y->symbol.version);
	if (!order) /* a strong definition before a weak one */
		order = x->symbol.is_weak - y->symbol.is_weak;
	return order ? order : (x->source > y->source) - (x->source < y->source);
}

static int compare_exports(const void *a, const void *b)
{
	const struct abi_export *x = a, *y = b;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	if (x->address != y->address)
		return x->address < y->address ? -1 : 1;
	return (x->symbol > y->symbol) - (x->symbol < y->symbol);
}

/* Of several definitions in an archive, the first one counts. */
static void keep_first(struct finder *finder)
{
	struct abi_reader *reader = finder->reader;
	struct abi_model *model = reader->model;
	if (finder->found.n)
		qsort(finder->found.at, finder->found.n, sizeof(*finder->found.at), compare_found);
	for (uint32_t i = 0; i < finder->found.n; i++) {
		const struct found *found = &finder->found.at[i];
		const struct abi_symbol *last = model->symbols.n ? &model->symbols.at[model->symbols.n - 1] : NULL;
		if (last && str_equal(last->name, found->symbol.name) &&
		    str_equal(last->version, found->symbol.version))
			continue;
		*array_push(&reader->exports) = (struct abi_export){found->address, found->source, model->symbols.n};
		*array_push(&model->symbols) = found->symbol;
	}
	if (reader->exports.n)
		qsort(reader->exports.at, reader->exports.n, sizeof(*reader->exports.at), compare_exports);
}

bool abi_read_symbols(struct abi_reader *reader, const struct abi_read_options *options)
{
	struct finder finder = {.reader = reader, .options = options};
	struct abi_files *files = reader->files;
	bool good = true;
	for (uint32_t i = 0; good && i < files->sources.n; i++) {
		const struct abi_source *source = &files->sources.at[i];
		struct elf_error error;
		finder.source = i;
		good = source->is_alt || source->dwarf.is_split || add_source(&finder, source, &error);
		if (!good) {
			struct diag_about about = {
				.kind = "malformed-file", .file = source->path, .member = source->member};
			diag_report(files->diag, SEVERITY_ERROR, diag_order(i, 0), &about,
				    "%s %s (number %u, value 0x%llx)", error.field, error.what, error.index,
				    (unsigned long long)error.value);
		}
	}
	if (good)
		keep_first(&finder);
	array_free(&finder.found);
	array_free(&finder.versions);
	return good;
}
