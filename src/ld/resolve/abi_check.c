#include "ld/resolve/abi_check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ld/input/option_values.h"
#include "ld/input/shared_object.h"
#include "ld/report/describe.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"

enum { FILE_GRAIN = 8, MAX_NAMED = 3 };

/* ---- reporting ------------------------------------------------------------------------------------------------- */

bool abi_report_begin(struct abi_report *report, struct link *link, enum abi_class class)
{
	*report = (struct abi_report){.link = link, .class = class};
	return !(link->options->quiet_abi & 1u << class);
}

void abi_warn(struct abi_report *report, uint64_t order, struct diag_about about, const char *format, ...)
{
	struct diag *diag = report->link->diag;
	if (diag->error_limit && report->printed == diag->error_limit) {
		report->held_back++;
		return;
	}
	report->printed++;
	struct arena arena = {0};
	char *text;
	va_list args;
	va_start(args, format);
	if (vasprintf(&text, format, args) < 0)
		out_of_memory();
	va_end(args);
	about.kind = option_abi_class(report->class);
	about.hint = arena_printf(&arena, "to turn this warning off: --no-warn-abi=%s", about.kind);
	diag_report(diag, SEVERITY_WARNING, order, &about, "%s", text);
	free(text);
	arena_free(&arena);
}

void abi_report_end(const struct abi_report *report)
{
	if (report->held_back)
		diag_report(report->link->diag, SEVERITY_WARNING, UINT64_MAX,
			    &(struct diag_about){.kind = option_abi_class(report->class)},
			    "%u more warnings of this kind are not shown: %s (use --error-limit=0 to see all)",
			    report->held_back, option_abi_class(report->class));
}

bool abi_looks_up(struct link *link, file_id library, uint32_t index)
{
	const struct file *file = file_of(link, library);
	struct elf_shared shared;
	struct elf_error error;
	if (!link->abi.looked_up)
		link->abi.looked_up = arena_array(&link->arena, bool *, link->files.n);
	bool **marks = &link->abi.looked_up[library];
	if (!*marks) {
		*marks = arena_array(&link->arena, bool, file->symtab.n);
		struct elf_room room = room_in(&link->arena);
		if (elf_read_shared_in(&shared, file->bytes, &room, &error))
			elf_shared_relocated(&shared, *marks);
	}
	return (*marks)[index];
}

/* The version that a shared object's symbol has; NULL: none. */
static const char *version_there(const struct file *file, uint32_t index)
{
	bool hidden;
	uint16_t version = shared_object_version(file, index, &hidden);
	return version > VER_NDX_GLOBAL && version < file->n_versions ? file->versions[version] : NULL;
}

static const char *version_here(const struct link *link, symbol_id symbol)
{
	enum { FIRST_NODE = VER_NDX_GLOBAL + 1 };
	uint16_t version = link->versions ? link->versions[symbol] & (VERSYM_HIDDEN - 1) : 0;
	const struct version_script *script = &link->version_script;
	const char *name = version >= FIRST_NODE && version < FIRST_NODE + script->nodes.n
				   ? script->nodes.at[version - FIRST_NODE].name
				   : "";
	return *name ? name : NULL;
}

bool abi_takes_place(const struct link *link, symbol_id symbol, file_id library, uint32_t index)
{
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	const struct file *definer = file_of(link, owner_file(owner));
	const char *theirs = version_there(file_of(link, library), index);
	const char *ours = definer->kind == FILE_SHARED ? version_there(definer, owner_index(owner))
							: version_here(link, symbol);
	return !theirs || !ours || strcmp(theirs, ours) == 0;
}

static const struct elf_sym *entry(const struct link *link, const struct abi_mention *mention)
{
	return &file_of(link, mention->file)->symtab.syms[mention->index];
}

static struct abi_mention owner_mention(const struct link *link, symbol_id symbol)
{
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	return (struct abi_mention){symbol, owner_file(owner), owner_index(owner)};
}

/* By symbol, then in the order of the inputs. */
static int compare_mentions(const void *left, const void *right)
{
	const struct abi_mention *a = left, *b = right;
	if (a->symbol != b->symbol)
		return a->symbol < b->symbol ? -1 : 1;
	if (a->file != b->file)
		return a->file < b->file ? -1 : 1;
	return a->index < b->index ? -1 : a->index > b->index;
}

static const char *file_text(struct arena *arena, const struct link *link, file_id id)
{
	return arena_printf(arena, FILE_FORMAT, FILE_ARGS(file_of(link, id)));
}

/* ---- sizes ----------------------------------------------------------------------------------------------------- */

void abi_note_size(struct link *link, symbol_id symbol, file_id id, uint32_t index)
{
	const struct file *file = file_of(link, id);
	uint64_t owner = symbol_owner(&link->symbols[symbol]);
	if (owner == OWNER_NONE || owner_file(owner) == id || file->just_symbols)
		return;
	const struct elf_sym *mine = &file->symtab.syms[index];
	const struct elf_sym *theirs = symbol_definition(link, &link->symbols[symbol]);
	if (mine->st_size == theirs->st_size || mine->st_size == 0 || theirs->st_size == 0 ||
	    symbol_kind(mine) != symbol_kind(theirs) || elf_sym_is_common(theirs))
		return;
	pthread_mutex_lock(&link->abi.lock);
	*array_push(&link->abi.sizes) = (struct abi_mention){symbol, id, index};
	pthread_mutex_unlock(&link->abi.lock);
}

/* "_ZTV3Foo": what the Itanium C++ ABI makes of a class, NULL for other names. */
static const char *class_data(const char *name)
{
	if (strncmp(name, "_ZT", 3) != 0)
		return NULL;
	switch (name[3]) {
	case 'V':
	case 'C':
	case 'T':
		return "its virtual functions or its bases";
	case 'I':
		return "its bases";
	case 'S':
		return "its name";
	default:
		return NULL;
	}
}

/* Does a shared object reach the symbol by the owner's definition, although it has one of its own? */
static bool is_served_by_owner(struct link *link, const struct abi_mention *mention)
{
	const struct file *file = file_of(link, mention->file);
	uint64_t owner = symbol_owner(&link->symbols[mention->symbol]);
	if (file->kind != FILE_SHARED)
		return true;
	bool is_visible = owner_rank(owner) == RANK_ELSEWHERE ||
			  symbol_flags(&link->symbols[mention->symbol]) & SYMBOL_EXPORTED;
	return is_visible && abi_takes_place(link, mention->symbol, mention->file, mention->index) &&
	       abi_looks_up(link, mention->file, mention->index);
}

/* Is a difference in size a mistake, or can it be meant? A weak default may be smaller than what takes its place. Among
 * copies of one thing, none of which is preferred, it never is. */
static bool is_size_mistake(struct link *link, const struct abi_mention *mention, bool of_class)
{
	struct abi_mention owner = owner_mention(link, mention->symbol);
	const struct elf_sym *mine = entry(link, mention), *theirs = entry(link, &owner);
	bool copies = file_of(link, mention->file)->kind == FILE_OBJECT && elf_sym_bind(mine) != STB_GLOBAL &&
		      elf_sym_bind(theirs) != STB_GLOBAL;
	/* GNU ld (elflink.c) warns of a common symbol before a definition, whichever is larger */
	bool common_first = elf_sym_is_common(mine) && mention->file < owner.file;
	if (of_class && owner_rank(symbol_owner(&link->symbols[mention->symbol])) != RANK_ELSEWHERE)
		return true;
	return (copies || common_first || of_class || theirs->st_size < mine->st_size) &&
	       is_served_by_owner(link, mention);
}

/* What follows from a size, as lines behind the first one; all mentions are of one symbol. */
static const char *size_lines(const struct link *link, struct arena *arena, const struct abi_mention *mentions,
			      uint32_t n)
{
	struct abi_mention owner = owner_mention(link, mentions->symbol);
	uint64_t mine = entry(link, mentions)->st_size, theirs = entry(link, &owner)->st_size;
	const char *what = class_data(target_name(file_of(link, mentions->file), mentions->index));
	const char *lines;
	if (what)
		lines = arena_printf(arena,
				     "\n>>> they were compiled with two definitions of the class, which do not agree "
				     "on %s",
				     what);
	else if (theirs < mine)
		lines = arena_printf(arena,
				     "\n>>> %s uses the one of %s: if it uses all %llu bytes, it overwrites what lies "
				     "behind that",
				     file_text(arena, link, mentions->file), file_text(arena, link, owner.file),
				     (unsigned long long)mine);
	else
		lines = arena_printf(arena, "\n>>> %s uses the one of %s", file_text(arena, link, mentions->file),
				     file_text(arena, link, owner.file));
	for (uint32_t i = 1; i < n && i < MAX_NAMED; i++)
		lines = arena_printf(arena, "%s\n>>> also %llu in %s", lines,
				     (unsigned long long)entry(link, &mentions[i])->st_size,
				     file_text(arena, link, mentions[i].file));
	if (n > MAX_NAMED)
		lines = arena_printf(arena, "%s\n>>> and in %u more files", lines, n - MAX_NAMED);
	return lines;
}

/* The words of the first line are GNU ld's. */
static void report_size(struct abi_report *report, const struct abi_mention *mentions, uint32_t n)
{
	struct link *link = report->link;
	struct arena arena = {0};
	struct abi_mention was = mentions[0], now = owner_mention(link, mentions->symbol);
	if (now.file < was.file) {
		was = now;
		now = mentions[0];
	}
	struct diag_about about = {.symbol = target_name(file_of(link, was.file), was.index)};
	abi_warn(report, diag_order(now.file, now.index), about,
		 "size of symbol `%s' changed from %llu in %s to %llu in %s%s",
		 describe_symbol(link, &arena, was.symbol), (unsigned long long)entry(link, &was)->st_size,
		 file_text(&arena, link, was.file), (unsigned long long)entry(link, &now)->st_size,
		 file_text(&arena, link, now.file), size_lines(link, &arena, mentions, n));
	arena_free(&arena);
}

static void check_sizes(struct link *link)
{
	struct abi_report sizes, classes;
	bool warn_sizes = abi_report_begin(&sizes, link, ABI_SYMBOL_SIZE);
	bool warn_classes = abi_report_begin(&classes, link, ABI_CLASS_LAYOUT);
	struct abi_mention *at = link->abi.sizes.at;
	uint32_t n = link->abi.sizes.n;
	if (n)
		qsort(at, n, sizeof(*at), compare_mentions);
	for (uint32_t i = 0, end; i < n; i = end) {
		const char *name = target_name(file_of(link, at[i].file), at[i].index);
		bool of_class = name && class_data(name);
		uint32_t kept = i;
		for (end = i; end < n && at[end].symbol == at[i].symbol; end++)
			if ((of_class ? warn_classes : warn_sizes) && is_size_mistake(link, &at[end], of_class))
				at[kept++] = at[end];
		if (kept > i)
			report_size(of_class ? &classes : &sizes, &at[i], kept - i);
	}
	abi_report_end(&sizes);
	abi_report_end(&classes);
}

/* ---- kinds ----------------------------------------------------------------------------------------------------- */

struct mixed {
	struct link *link;
	bool *wanted;                /* by symbol */
	pthread_mutex_t lock;
	ARRAY(struct abi_mention) mentions;
};

static void find_mentions(void *context, size_t begin, size_t end, unsigned worker)
{
	struct mixed *mixed = context;
	const struct link *link = mixed->link;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		const struct file *file = file_of(link, (file_id)f);
		if (!(file->live || file->indirect) || file->kind == FILE_INTERNAL)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
			symbol_id symbol = global_of(file, i);
			if (!mixed->wanted[symbol] || symbol_kind(&file->symtab.syms[i]) == 0)
				continue;
			pthread_mutex_lock(&mixed->lock);
			*array_push(&mixed->mentions) = (struct abi_mention){symbol, (file_id)f, i};
			pthread_mutex_unlock(&mixed->lock);
		}
	}
}

/* Does the mention clash with the owner's definition, rather than have nothing to do with it? */
static bool is_type_mistake(struct link *link, const struct abi_mention *mention)
{
	const struct file *file = file_of(link, mention->file);
	const struct symbol *symbol = &link->symbols[mention->symbol];
	uint64_t owner = symbol_owner(symbol);
	struct abi_mention definition = owner_mention(link, mention->symbol);
	const struct elf_sym *mine = entry(link, mention), *theirs = entry(link, &definition);
	bool undefined = mine->st_shndx == SHN_UNDEF;
	if (symbol_kind(theirs) == 0 || symbol_kind(mine) == symbol_kind(theirs))
		return false;
	if (file->kind == FILE_OBJECT) /* the relocations of thread-local variables are an error of their own */
		return !(undefined && (elf_sym_type(mine) == STT_TLS || elf_sym_type(theirs) == STT_TLS));
	if (owner_rank(owner) != RANK_ELSEWHERE && !(symbol_flags(symbol) & SYMBOL_EXPORTED))
		return false;
	/* Two things of one name: no harm is done when the library keeps to its own. GNU ld warns of a strong
	 * definition behind the library. */
	bool as_gnu = owner_rank(owner) == RANK_STRONG && owner_file(owner) > mention->file &&
		      elf_sym_bind(mine) != STB_WEAK;
	return undefined || as_gnu || is_served_by_owner(link, mention);
}

static const char *kind_name(const struct elf_sym *sym)
{
	switch (symbol_kind(sym)) {
	case KIND_FUNCTION:
		return "function";
	case KIND_TLS:
		return "thread-local variable";
	default:
		return "variable";
	}
}

/* The words of the first line are GNU ld's (elf_link_add_object_symbols). */
static void report_type(struct abi_report *report, const struct abi_mention *mention)
{
	struct link *link = report->link;
	struct arena arena = {0};
	struct abi_mention was = *mention, now = owner_mention(link, mention->symbol);
	if (now.file < was.file) {
		was = now;
		now = *mention;
	}
	const struct elf_sym *x = entry(link, &was), *y = entry(link, &now);
	const char *name = describe_symbol(link, &arena, was.symbol);
	const char *old = file_text(&arena, link, was.file), *new = file_text(&arena, link, now.file);
	struct diag_about about = {.symbol = target_name(file_of(link, now.file), now.index)};
	abi_warn(report, diag_order(now.file, now.index), about,
		 "type of symbol `%s' changed from %d to %d in %s"
		 "\n>>> symbol type mismatch: %s is a %s in %s and a %s in %s",
		 name, elf_sym_type(x), elf_sym_type(y), new, name, kind_name(x), old, kind_name(y), new);
	arena_free(&arena);
}

static void check_types(struct link *link)
{
	struct abi_report report;
	struct mixed mixed = {.link = link, .lock = PTHREAD_MUTEX_INITIALIZER};
	if (!abi_report_begin(&report, link, ABI_SYMBOL_TYPE) || link->abi.mixed.n == 0)
		return;
	mixed.wanted = calloc(link->n_symbols, sizeof(*mixed.wanted));
	if (!mixed.wanted)
		out_of_memory();
	for (uint32_t i = 0; i < link->abi.mixed.n; i++)
		mixed.wanted[link->abi.mixed.at[i]] = true;
	parallel_for(link->pool, link->files.n, FILE_GRAIN, find_mentions, &mixed);
	if (mixed.mentions.n)
		qsort(mixed.mentions.at, mixed.mentions.n, sizeof(*mixed.mentions.at), compare_mentions);
	for (uint32_t i = 0; i < mixed.mentions.n; i++) {
		const struct abi_mention *mention = &mixed.mentions.at[i];
		if (!mixed.wanted[mention->symbol] || !is_type_mistake(link, mention))
			continue;
		report_type(&report, mention);
		mixed.wanted[mention->symbol] = false; /* once is enough */
	}
	abi_report_end(&report);
	array_free(&mixed.mentions);
	free(mixed.wanted);
}

void abi_check(struct link *link)
{
	check_types(link);
	check_sizes(link);
	if (link->options->kind == OUTPUT_RELOCATABLE)
		return;
	abi_check_interposition(link);
	abi_check_archives(link);
}
