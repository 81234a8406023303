#include "ld/synth/symtab.h"

#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "ld/layout/value.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"
#include "ld/synth/dynsym.h"
#include "ld/synth/relocs.h"

enum { FILE_GRAIN = 8 };

/* .symtab is: the null symbol, section symbols if relocations are kept, all local symbols by file, all global ones by
 * file. File 0 lists what the linker defined and what nobody here defines; if relocations are kept, the first file that
 * mentions the latter does. Parts: 2 * file for locals, 2 * file + 1 for globals; their names lie together, locals
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

/* A global symbol that relocations name stays whatever options say. With -s others go, but not from an object. */
static bool keeps_global(const struct link *link, symbol_id id)
{
	if (link->mentions && link->mentions[id] != UINT64_MAX)
		return true;
	if (link->options->strip == STRIP_ALL && link->options->kind != OUTPUT_RELOCATABLE)
		return false;
	return is_retained_global(link, id);
}

/* Does a local symbol stay? Section symbols do not; -X drops compilers' temporary names, -x and -s all that no
 * relocation names. */
static bool keeps_local(const struct link *link, const struct file *file, uint32_t index)
{
	const struct elf_sym *sym = &file->symtab.syms[index];
	const char *name = file->symtab.strtab + sym->st_name;
	bool needed = file->needed_locals && file->needed_locals[index];
	if (elf_sym_type(sym) == STT_SECTION || sym->st_shndx == SHN_UNDEF)
		return false;
	if (!needed && (*name == '\0' || link->options->strip == STRIP_ALL || !is_retained(link, name)))
		return false;
	if (!elf_sym_is_special(&file->symtab, index)) {
		const struct section *section =
			section_of(link, file->first_section + elf_sym_section(&file->symtab, index));
		if (!section->live || section->kind == SECTION_NONE)
			return false;
		if (!needed && section->kind == SECTION_MERGE && link->options->discard == DISCARD_SEC_MERGE &&
		    strncmp(name, ".L", 2) == 0)
			return false;
	}
	if (needed)
		return true;
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
	if (link->options->kind == OUTPUT_RELOCATABLE)
		return false;
	bool internal = owner != OWNER_NONE && owner_file(owner) == INTERNAL_FILE;
	return symbol_flags(symbol) & SYMBOL_FORCED_LOCAL ||
	       (hidden && (internal || link->options->kind == OUTPUT_SHARED));
}

/* Is entry `index` of the file the one under which a global symbol is listed? */
static bool lists_global(const struct link *link, file_id id, uint32_t index, symbol_id *symbol)
{
	const struct file *file = file_of(link, id);
	*symbol = global_of(file, index);
	if (id != INTERNAL_FILE && file->symtab.syms[index].st_shndx == SHN_UNDEF)
		return false;
	if (!*symbol || !keeps_global(link, *symbol))
		return false;
	uint64_t owner = symbol_owner(&link->symbols[*symbol]);
	return owner != OWNER_NONE && owner_file(owner) == id && owner_index(owner) == index &&
	       (id == INTERNAL_FILE || is_live_definition(link, file, index));
}

/* A symbol that nobody here defines and that file 0 lists: for the slots it needs. */
static bool is_imported_need(const struct link *link, symbol_id symbol)
{
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	uint32_t aux = link->symbols[symbol].aux;
	return (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE) && aux && link->aux.at[aux].needs &&
	       keeps_global(link, symbol);
}

/* Is it entry `index` of the file under which a symbol is listed that a relocation names and nobody here defines? */
static bool lists_mention(const struct link *link, file_id id, uint32_t index, symbol_id symbol)
{
	if (!symbol || !is_first_mention(link, id, index, symbol))
		return false;
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	return (owner == OWNER_NONE || owner_rank(owner) == RANK_ELSEWHERE) && !is_imported_need(link, symbol);
}

/* Name of an imported symbol in .symtab: with its version, as GNU ld writes it. */
static uint32_t imported_name(const struct link *link, symbol_id id, char *buffer)
{
	bool relocatable = link->options->kind == OUTPUT_RELOCATABLE; /* "foo@V" is said by who asks for it */
	struct str name = relocatable ? symbol_name(link, id) : symbol_base_name(link, id);
	const char *version = NULL;
	uint64_t owner = symbol_owner(&link->symbols[id]);
	uint16_t number = relocatable ? 0 : link->versions[id];
	if (!relocatable && owner != OWNER_NONE && number >= link->first_needed_version &&
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

/* Symbols of an object say what they are to the next link: common, thread-local though undefined, hidden. */
static void as_in_object(const struct link *link, const struct file *file, const struct entry *entry,
			 struct output_symbol *output)
{
	const struct elf_sym *sym = &file->symtab.syms[entry->index];
	uint8_t visibility = atomic_load_explicit(&link->symbols[entry->global].visibility, memory_order_relaxed);
	output->sym.st_other = (uint8_t)((sym->st_other & ~3) | visibility);
	if (entry->imported)
		output->sym.st_info = (uint8_t)(elf_sym_bind(&output->sym) << 4 | elf_sym_type(sym));
	else if (file->kind == FILE_OBJECT && sym->st_shndx > SHN_LORESERVE && sym->st_shndx != SHN_XINDEX &&
		 !(elf_sym_is_common(sym) && common_section(link, entry->global)))
		output->sym.st_shndx = sym->st_shndx;
}

/* ---- which symbols a file lists ----------------------------------------------------------------------------- */

/* An entry of file->listed: an index in the file's symbol table, or that with LISTED_MENTION: what is listed there is
 * defined elsewhere. */
enum { LISTED_MENTION = 1u << 31 };

struct selection {
	ARRAY(uint32_t) locals, globals;
};

static void select_symbols(const struct link *link, file_id id, struct selection *selection)
{
	const struct file *file = file_of(link, id);
	selection->locals.n = selection->globals.n = 0;
	for (uint32_t i = 1; i < file->symtab.first_global && id != INTERNAL_FILE; i++)
		if (keeps_local(link, file, i))
			*array_push(&selection->locals) = i;
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
		symbol_id symbol;
		if (lists_global(link, id, i, &symbol)) {
			if (becomes_local(link, symbol))
				*array_push(&selection->locals) = i;
			else
				*array_push(&selection->globals) = i;
		} else if (lists_mention(link, id, i, symbol)) {
			*array_push(&selection->globals) = i | LISTED_MENTION;
		}
	}
}

static void keep_selection(struct file *file, const struct selection *selection, struct arena *arena)
{
	uint32_t locals = selection->locals.n, globals = selection->globals.n;
	file->n_listed_locals = locals;
	file->n_listed = locals + globals;
	file->listed = arena_array(arena, uint32_t, locals + globals);
	if (locals)
		memcpy(file->listed, selection->locals.at, locals * sizeof(*file->listed));
	if (globals)
		memcpy(file->listed + locals, selection->globals.at, globals * sizeof(*file->listed));
}

static struct output_symbol global_symbol(const struct link *link, const struct file *file, const struct entry *entry,
					  bool becomes_local)
{
	struct output_symbol output = output_symbol(link, entry->global, false);
	if (link->options->kind == OUTPUT_RELOCATABLE)
		as_in_object(link, file, entry, &output);
	if (becomes_local) {
		output.sym.st_info = (uint8_t)(STB_LOCAL << 4 | elf_sym_type(&output.sym));
		output.sym.st_other &= (uint8_t)~3;
	}
	return output;
}

static void walk(struct link *link, file_id id, bool globals, bool values, entry_body *body, void *context)
{
	const struct file *file = file_of(link, id);
	uint32_t begin = globals ? file->n_listed_locals : 0, end = globals ? file->n_listed : file->n_listed_locals;
	for (uint32_t i = begin; i < end; i++) {
		uint32_t index = file->listed[i] & ~(uint32_t)LISTED_MENTION;
		struct entry entry = {.global = global_of(file, index),
				      .index = index,
				      .imported = file->listed[i] & LISTED_MENTION};
		if (values)
			entry.output = entry.global ? global_symbol(link, file, &entry, !globals)
						    : local_symbol(link, file, index);
		body(link, &entry, context);
	}
	for (uint32_t i = 1; id == INTERNAL_FILE && globals && i < link->aux.n; i++) {
		symbol_id symbol = link->aux.at[i].symbol;
		if (!symbol || !is_imported_need(link, symbol))
			continue;
		struct entry entry = {.global = symbol, .imported = true};
		if (values)
			entry.output = output_symbol(link, symbol, false);
		body(link, &entry, context);
	}
}

/* Of what is defined here: as the file has it, but for the version of "foo@@V", which only an object keeps. */
static struct str defined_name(struct link *link, const struct entry *entry, const struct file *file)
{
	bool has_version = file->n_versioned && link->options->kind != OUTPUT_RELOCATABLE;
	if (entry->global && (has_version || file->kind == FILE_INTERNAL))
		return symbol_name(link, entry->global);
	return str_of(file->symtab.strtab + file->symtab.syms[entry->index].st_name);
}

static uint32_t name_size(struct link *link, const struct entry *entry, const struct file *file)
{
	if (entry->imported)
		return imported_name(link, entry->global, NULL);
	return defined_name(link, entry, file).len + 1;
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
	struct selection selection = {0};
	for (size_t id = begin; id < end; id++) {
		struct file *file = file_of(link, (file_id)id);
		if (!is_listed(file))
			continue;
		select_symbols(link, (file_id)id, &selection);
		keep_selection(file, &selection, &link->worker_arenas[worker]);
		struct count locals = {.file = file}, globals = {.file = file};
		walk(link, (file_id)id, false, false, count_entry, &locals);
		walk(link, (file_id)id, true, false, count_entry, &globals);
		file->out_locals = locals.n;
		file->out_globals = globals.n;
		file->out_names_locals = locals.names;
		file->out_names = locals.names + globals.names;
	}
	array_free(&selection.locals);
	array_free(&selection.globals);
}

/* An output section has a symbol when input sections are in it; 1 until all are known. */
static void choose_section_symbols(struct link *link)
{
	struct layout *layout = link->layout;
	for (section_id id = 1; id < link->sections.n; id++) {
		const struct section *section = section_of(link, id);
		bool is_content = section->kind == SECTION_REGULAR || section->kind == SECTION_EH_FRAME ||
				  section->kind == SECTION_POOL;
		if (is_content && section->live && section->run)
			osec_of_section(layout, section)->symbol = 1;
	}
	for (uint32_t i = 0; i < layout->nodes.n; i++) {
		struct osec *osec = &layout->osecs.at[layout->nodes.at[i].id];
		if (layout->nodes.at[i].kind != NODE_SECTION || !osec->symbol)
			continue;
		*array_push(&link->section_symbols) = layout->nodes.at[i].id;
		osec->symbol = link->section_symbols.n;
	}
}

struct numbering {
	struct file *file;
	uint32_t next;
};

static void number_entry(struct link *link, const struct entry *entry, void *context)
{
	struct numbering *numbering = context;
	if (entry->global)
		link->global_indices[entry->global] = numbering->next++;
	else
		numbering->file->local_indices[entry->index] = numbering->next++;
}

/* The number of every symbol, for relocations to name. */
static void number_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t id = begin; id < end; id++) {
		struct file *file = file_of(link, (file_id)id);
		if (!is_listed(file))
			continue;
		struct numbering locals = {file, file->out_local_start}, globals = {file, file->out_global_start};
		walk(link, (file_id)id, false, false, number_entry, &locals);
		walk(link, (file_id)id, true, false, number_entry, &globals);
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
	bool keeps = keeps_relocations(link->options);
	const struct elf_dialect *dialect = link->arch->dialect;
	if (link->options->strip == STRIP_ALL && !keeps)
		return;
	if (keeps)
		choose_section_symbols(link);
	parallel_for(link->pool, link->files.n, FILE_GRAIN, count_range, link);
	/* At most so many: which of them are in the output is known later. */
	bool many_sections = link->layout->osecs.n >= SHN_LORESERVE;
	uint32_t first = 1 + link->section_symbols.n, n = first;
	uint64_t names = 1;
	for (int globals = 0; globals < 2; globals++) {
		for (file_id id = 0; id < link->files.n; id++) {
			struct file *file = file_of(link, id);
			if (!is_listed(file))
				continue;
			uint32_t count = globals ? file->out_globals : file->out_locals;
			*(globals ? &file->out_global_start : &file->out_local_start) = n;
			n += count;
			/* the null symbol and section symbols go with file 0's locals */
			uint32_t entries = count + (globals == 0 && id == INTERNAL_FILE ? first : 0);
			uint32_t part = 2 * id + (uint32_t)globals;
			if (entries)
				add_part(link, SECTION_SYMTAB, part, entries * (uint64_t)dialect->sym, dialect->p2word);
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
	if (names > UINT32_MAX) /* st_name */
		diag_error(link->diag, 0,
			   "the names of symbols would take %llu bytes, and .strtab can have 4 GiB: use -s or --discard-all",
			   (unsigned long long)names);
	enum { SYMBOL_BITS_32 = 24 }; /* of r_info in class 32 */
	if (dialect->class_id == ELFCLASS32 && max_u64(keeps ? n : 0, link->dynsyms.n) >> SYMBOL_BITS_32)
		diag_error(link->diag, 0, "relocations of class 32 can name 2^%d symbols, and there are more",
			   SYMBOL_BITS_32);
	if (keeps)
		parallel_for(link->pool, link->files.n, FILE_GRAIN, number_range, link);
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

struct symtab_cursor {
	const struct file *file;
	const struct elf_dialect *dialect;
	uint8_t *at;
	uint64_t name;
};

static void put_symbol(struct link *link, const struct entry *entry, void *context)
{
	struct symtab_cursor *cursor = context;
	elf_put_sym(cursor->dialect, cursor->at, &entry->output.sym);
	write32(cursor->at, cursor->name); /* st_name comes first in all dialects */
	cursor->at += cursor->dialect->sym;
	cursor->name += name_size(link, entry, cursor->file);
}

static struct output_symbol section_symbol(const struct link *link, uint32_t number)
{
	const struct osec *osec = &link->layout->osecs.at[link->section_symbols.at[number]];
	struct output_symbol output = {
		.sym = {.st_info = STB_LOCAL << 4 | STT_SECTION, .st_value = osec->addr}};
	output_symbol_place(&output, osec->index);
	return output;
}

void symtab_emit(struct link *link, uint32_t part, uint8_t *image)
{
	file_id id = part / 2;
	bool globals = part & 1;
	const struct file *file = file_of(link, id);
	const struct elf_dialect *dialect = link->arch->dialect;
	struct symtab_cursor cursor = {.file = file, .dialect = dialect, .at = image};
	if (part == 0) {
		memset(image, 0, dialect->sym);
		cursor.at += dialect->sym;
	}
	for (uint32_t i = 0; part == 0 && i < link->section_symbols.n; i++, cursor.at += dialect->sym) {
		struct elf_sym sym = section_symbol(link, i).sym;
		elf_put_sym(dialect, cursor.at, &sym);
	}
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
	for (uint32_t i = 0; part == 0 && i < link->section_symbols.n; i++, at += sizeof(uint32_t))
		write32(at, section_symbol(link, i).shndx);
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
		struct str name = defined_name(link, entry, cursor->file);
		/* NOLINTNEXTLINE(clang-analyzer-core.NonNullParamChecker): `at` is in the image, which all names fit */
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
