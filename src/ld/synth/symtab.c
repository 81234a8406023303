#include "ld/synth/symtab.h"

#include <stdlib.h>
#include <string.h>

#include "ld/layout/value.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/dynsym.h"

enum { FILE_GRAIN = 8 };

/* .symtab is: the null symbol, all local symbols by file, all global ones by file. File 0 lists what the linker defined
 * and what nobody here defines. Parts: 2 * file for locals, 2 * file + 1 for globals; their names lie together, locals
 * first. */

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* --retain-symbols-file: names separated by white space; '#' begins a comment. */
void symtab_read_retained(struct link *link)
{
	const char *path = link->options->retain_symbols_file;
	if (!path)
		return;
	const struct io_file *file = io_read(link->io, path);
	if (file->error) {
		diag_error(link->diag, 0, "cannot open %s: %s\n>>> named by --retain-symbols-file", path,
			   strerror(file->error));
		return;
	}
	char *text = arena_strndup(&link->arena, (const char *)file->bytes.data, file->bytes.size), *line_rest;
	ARRAY(const char *) names = {0};
	for (char *line = strtok_r(text, "\n", &line_rest); line; line = strtok_r(NULL, "\n", &line_rest)) {
		char *word_rest;
		line[strcspn(line, "#")] = '\0';
		for (char *word = strtok_r(line, " \t\r", &word_rest); word; word = strtok_r(NULL, " \t\r", &word_rest))
			*array_push(&names) = word;
	}
	link->n_retained = names.n;
	link->retained_names = arena_array(&link->arena, const char *, names.n + 1);
	if (names.n) {
		memcpy(link->retained_names, names.at, names.n * sizeof(*names.at));
		qsort(link->retained_names, names.n, sizeof(*names.at), compare_names);
	}
	array_free(&names);
}

static bool is_retained(const struct link *link, const char *name)
{
	return !link->retained_names ||
	       bsearch(&name, link->retained_names, link->n_retained, sizeof(name), compare_names);
}

/* Names of global symbols are not always NUL-terminated: "foo" of "foo@@V". */
static bool is_retained_global(const struct link *link, symbol_id id)
{
	if (!link->retained_names)
		return true;
	struct str name = symbol_name(link, id);
	char *text = strndup(name.at, name.len);
	bool result = text && is_retained(link, text);
	free(text);
	return result;
}

/* Does a local symbol stay? Section symbols do not; -X drops compilers' temporary names, -x all. */
static bool keeps_local(const struct link *link, const struct file *file, uint32_t index)
{
	const struct elf_sym *sym = &file->symtab.syms[index];
	const char *name = file->symtab.strtab + sym->st_name;
	if (elf_sym_type(sym) == STT_SECTION || *name == '\0' || sym->st_shndx == SHN_UNDEF ||
	    !is_retained(link, name))
		return false;
	if (!elf_sym_is_special(&file->symtab, index)) {
		const struct section *section =
			section_of(link, file->first_section + elf_sym_section(&file->symtab, index));
		if (!section->live || section->kind == SECTION_NONE)
			return false;
		if (section->kind == SECTION_MERGE && link->options->discard == DISCARD_SEC_MERGE &&
		    strncmp(name, ".L", 2) == 0)
			return false;
	}
	if (elf_sym_type(sym) == STT_FILE)
		return link->options->discard != DISCARD_ALL;
	switch (link->options->discard) {
	case DISCARD_ALL:
		return false;
	case DISCARD_LOCALS:
		return strncmp(name, ".L", 2) != 0;
	default:
		return true;
	}
}

/* Global symbols that cannot be seen from outside become local where GNU ld makes them so: "local:" of a version
 * script, hidden ones of a shared object, the linker's own hidden ones. */
static bool becomes_local(const struct link *link, symbol_id id)
{
	const struct symbol *symbol = &link->symbols[id];
	uint8_t visibility = atomic_load_explicit(&symbol->visibility, memory_order_relaxed);
	bool hidden = visibility == STV_HIDDEN || visibility == STV_INTERNAL;
	uint64_t owner = symbol_owner(symbol);
	bool internal = owner != OWNER_NONE && owner_file(owner) == INTERNAL_FILE;
	return symbol_flags(symbol) & SYMBOL_FORCED_LOCAL ||
	       (hidden && (internal || link->options->kind == OUTPUT_SHARED));
}

/* Is entry `index` of the file the one under which a global symbol is listed? */
static bool lists_global(const struct link *link, file_id id, uint32_t index, symbol_id *symbol)
{
	const struct file *file = file_of(link, id);
	*symbol = global_of(file, index);
	if (!*symbol || !is_retained_global(link, *symbol))
		return false;
	uint64_t owner = symbol_owner(&link->symbols[*symbol]);
	return owner != OWNER_NONE && owner_file(owner) == id && owner_index(owner) == index &&
	       (id == INTERNAL_FILE || is_live_definition(link, file, index));
}

/* Name of an imported symbol in .symtab: with its version, as GNU ld writes it. */
static uint32_t imported_name(const struct link *link, symbol_id id, char *buffer)
{
	struct str name = symbol_base_name(link, id);
	const char *version = NULL;
	uint64_t owner = symbol_owner(&link->symbols[id]);
	uint16_t number = link->versions[id];
	if (owner != OWNER_NONE && number >= link->first_needed_version &&
	    number < link->first_needed_version + link->needed_versions.n) {
		const struct needed_version *needed = &link->needed_versions.at[number - link->first_needed_version];
		version = file_of(link, needed->file)->versions[needed->index];
	}
	uint32_t len = name.len + (version ? 1 + (uint32_t)strlen(version) : 0);
	if (buffer) {
		memcpy(buffer, name.at, name.len);
		if (version) {
			buffer[name.len] = '@';
			memcpy(buffer + name.len + 1, version, len - name.len - 1);
		}
		buffer[len] = '\0';
	}
	return len + 1;
}

/* A walk over what one file lists: calls body for each entry, in output order. */
struct entry {
	struct output_symbol output; /* st_name is not set */
	symbol_id global;        /* 0: local of the file */
	uint32_t index;          /* in the file's symbol table */
	bool imported;
};

typedef void entry_body(struct link *link, const struct entry *entry, void *context);

static struct output_symbol local_symbol(const struct link *link, const struct file *file, uint32_t index)
{
	struct output_symbol output = {.sym = file->symtab.syms[index]};
	const struct layout *layout = link->layout;
	if (elf_sym_is_special(&file->symtab, index))
		return output;
	const struct section *section = section_of(link, file->first_section + elf_sym_section(&file->symtab, index));
	int64_t addend = 0;
	output.sym.st_value = local_value(link, file, index, &addend);
	if (section->run)
		output_symbol_place(&output, osec_of_section(layout, section)->index);
	if (elf_sym_type(&output.sym) == STT_TLS)
		output.sym.st_value -= layout->tls_addr;
	return output;
}

static void walk(struct link *link, file_id id, bool globals, bool values, entry_body *body, void *context)
{
	const struct file *file = file_of(link, id);
	for (uint32_t i = 1; i < file->symtab.first_global && id != INTERNAL_FILE && !globals; i++) {
		if (!keeps_local(link, file, i))
			continue;
		struct entry entry = {.index = i};
		if (values)
			entry.output = local_symbol(link, file, i);
		body(link, &entry, context);
	}
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
		struct entry entry = {.index = i};
		if (!lists_global(link, id, i, &entry.global) || becomes_local(link, entry.global) == globals)
			continue;
		if (values) {
			entry.output = output_symbol(link, entry.global, false);
			if (!globals)
				entry.output.sym.st_info = (uint8_t)(STB_LOCAL << 4 | elf_sym_type(&entry.output.sym));
			entry.output.sym.st_other &= (uint8_t)~(globals ? 0 : 3);
		}
		body(link, &entry, context);
	}
	for (uint32_t i = 1; id == INTERNAL_FILE && globals && i < link->aux.n; i++) {
		symbol_id symbol = link->aux.at[i].symbol;
		uint64_t owner = symbol ? symbol_owner(&link->symbols[symbol]) : 0;
		if (!symbol || !link->aux.at[i].needs || (owner != OWNER_NONE && owner_rank(owner) != RANK_ELSEWHERE) ||
		    !is_retained_global(link, symbol))
			continue;
		struct entry entry = {.global = symbol, .imported = true};
		if (values)
			entry.output = output_symbol(link, symbol, false);
		body(link, &entry, context);
	}
}

static uint32_t name_size(struct link *link, const struct entry *entry, const struct file *file)
{
	if (entry->imported)
		return imported_name(link, entry->global, NULL);
	if (entry->global)
		return symbol_name(link, entry->global).len + 1;
	return (uint32_t)strlen(file->symtab.strtab + file->symtab.syms[entry->index].st_name) + 1;
}

/* ---- sizes ------------------------------------------------------------------------------------------------ */

struct count {
	const struct file *file;
	uint32_t n;
	uint64_t names;
};

static void count_entry(struct link *link, const struct entry *entry, void *context)
{
	struct count *count = context;
	count->n++;
	count->names += name_size(link, entry, count->file);
}

static bool is_listed(const struct file *file)
{
	return file->live && file->kind != FILE_SHARED;
}

static void count_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		struct file *file = file_of(link, (file_id)id);
		if (!is_listed(file))
			continue;
		struct count locals = {.file = file}, globals = {.file = file};
		walk(link, (file_id)id, false, false, count_entry, &locals);
		walk(link, (file_id)id, true, false, count_entry, &globals);
		file->out_locals = locals.n;
		file->out_globals = globals.n;
		file->out_names_locals = locals.names;
		file->out_names = locals.names + globals.names;
	}
}

static void add_part(struct link *link, enum section_kind kind, uint32_t part, uint64_t size, uint8_t p2align)
{
	*array_push(&link->sections) = (struct section){
		.kind = kind, .file = INTERNAL_FILE, .extra = part, .size = size, .p2align = p2align, .live = true};
	layout_classify_one(link, link->sections.n - 1);
}

void symtab_prepare(struct link *link)
{
	if (link->options->strip == STRIP_ALL)
		return;
	parallel_for(link->pool, link->files.n, FILE_GRAIN, count_range, link);
	/* At most so many: which of them are in the output is known later. */
	bool many_sections = link->layout->osecs.n >= SHN_LORESERVE;
	uint32_t n = 1;
	uint64_t names = 1;
	for (int globals = 0; globals < 2; globals++) {
		for (file_id id = 0; id < link->files.n; id++) {
			struct file *file = file_of(link, id);
			if (!is_listed(file))
				continue;
			uint32_t count = globals ? file->out_globals : file->out_locals;
			*(globals ? &file->out_global_start : &file->out_local_start) = n;
			n += count;
			/* the null symbol goes with file 0's locals */
			uint32_t entries = count + (globals == 0 && id == INTERNAL_FILE);
			uint32_t part = 2 * id + (uint32_t)globals;
			if (entries)
				add_part(link, SECTION_SYMTAB, part, entries * sizeof(struct elf_sym), 3);
			if (entries && many_sections)
				add_part(link, SECTION_SYMTAB_SHNDX, part, entries * sizeof(uint32_t), 2);
		}
		if (!globals)
			link->symtab_locals = n;
	}
	for (file_id id = 0; id < link->files.n; id++) {
		struct file *file = file_of(link, id);
		if (!is_listed(file))
			continue;
		file->out_names_start = names;
		names += file->out_names;
		if (file->out_names || id == INTERNAL_FILE)
			add_part(link, SECTION_STRTAB, id, file->out_names + (id == INTERNAL_FILE), 0);
	}
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

struct symtab_cursor {
	const struct file *file;
	struct elf_sym *at;
	uint64_t name;
};

static void put_symbol(struct link *link, const struct entry *entry, void *context)
{
	struct symtab_cursor *cursor = context;
	*cursor->at = entry->output.sym;
	cursor->at->st_name = (uint32_t)cursor->name;
	cursor->at++;
	cursor->name += name_size(link, entry, cursor->file);
}

void symtab_emit(struct link *link, uint32_t part, uint8_t *image)
{
	file_id id = part / 2;
	bool globals = part & 1;
	const struct file *file = file_of(link, id);
	struct symtab_cursor cursor = {.file = file, .at = (struct elf_sym *)image};
	if (part == 0)
		*cursor.at++ = (struct elf_sym){0};
	cursor.name = file->out_names_start + (globals ? file->out_names_locals : 0);
	walk(link, id, globals, true, put_symbol, &cursor);
}

static void put_shndx(struct link *link, const struct entry *entry, void *context)
{
	uint8_t **at = context;
	(void)link;
	write32(*at, entry->output.shndx);
	*at += sizeof(uint32_t);
}

void symtab_shndx_emit(struct link *link, uint32_t part, uint8_t *image)
{
	uint8_t *at = image;
	if (part == 0) {
		write32(at, SHN_UNDEF);
		at += sizeof(uint32_t);
	}
	walk(link, part / 2, part & 1, true, put_shndx, &at);
}

struct strtab_cursor {
	const struct file *file;
	char *at;
};

static void put_name(struct link *link, const struct entry *entry, void *context)
{
	struct strtab_cursor *cursor = context;
	uint32_t size = name_size(link, entry, cursor->file);
	if (entry->imported) {
		imported_name(link, entry->global, cursor->at);
	} else {
		struct str name =
			entry->global
				? symbol_name(link, entry->global)
				: str_of(cursor->file->symtab.strtab + cursor->file->symtab.syms[entry->index].st_name);
		memcpy(cursor->at, name.at, name.len);
		cursor->at[name.len] = '\0';
	}
	cursor->at += size;
}

void strtab_emit(struct link *link, uint32_t id, uint8_t *image)
{
	struct strtab_cursor cursor = {.file = file_of(link, id), .at = (char *)image};
	if (id == INTERNAL_FILE)
		*cursor.at++ = '\0';
	walk(link, id, false, false, put_name, &cursor);
	walk(link, id, true, false, put_name, &cursor);
}
