/* Undefined symbols whose very name some input has, in a way that does not count: as a local symbol, in a section that
 * was dropped, hidden in a shared object, or of another version. */
#include <stdlib.h>
#include <string.h>

#include "ld/input/shared_object.h"
#include "ld/report/describe.h"
#include "ld/report/explain.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"

enum { FILE_GRAIN = 8, MAX_SAID = 2, MAX_STATIC_NAME = 256 };

/* In the order of what helps most. */
enum reason { DROPPED, LOCAL, OTHER_VERSION, NOT_EXPORTED };

struct place {
	uint32_t number;          /* of the unexplained symbol */
	enum reason reason;
	file_id file;
	uint32_t index;           /* in its symbol table; NOT_EXPORTED: none */
};

struct search {
	struct explanation *explanation;
	pthread_mutex_t lock;
	ARRAY(struct place) places;
};

static void note(struct search *search, const struct unexplained *symbol, enum reason reason, file_id file,
		 uint32_t index)
{
	uint32_t number = (uint32_t)(symbol - search->explanation->at);
	pthread_mutex_lock(&search->lock);
	*array_push(&search->places) = (struct place){number, reason, file, index};
	pthread_mutex_unlock(&search->lock);
}

static bool is_named(const struct elf_sym *sym)
{
	uint8_t type = elf_sym_type(sym);
	return sym->st_name != 0 && type != STT_SECTION && type != STT_FILE;
}

/* A static function of C++ has an L in front of its name: "_ZL3foov" for "_Z3foov". */
static const struct unexplained *find_local(struct search *search, const char *name)
{
	char global[MAX_STATIC_NAME];
	size_t len = strlen(name);
	if (strncmp(name, "_ZL", 3) != 0 || len > sizeof(global))
		return explain_find(search->explanation, name, len);
	global[0] = '_';
	global[1] = 'Z';
	memcpy(global + 2, name + 3, len - 3);
	return explain_find(search->explanation, global, len - 1);
}

static void search_object(struct search *search, file_id id)
{
	const struct link *link = search->explanation->link;
	const struct file *file = file_of(link, id);
	for (uint32_t i = 1; i < file->symtab.n; i++) {
		const struct elf_sym *sym = &file->symtab.syms[i];
		if (!is_named(sym) || sym->st_shndx == SHN_UNDEF)
			continue;
		bool local = i < file->symtab.first_global;
		if (!local && is_live_definition(link, file, i))
			continue;
		const char *name = file->symtab.strtab + sym->st_name;
		const struct unexplained *symbol =
			local ? find_local(search, name) : explain_find(search->explanation, name, strlen(name));
		if (symbol)
			note(search, symbol, local ? LOCAL : DROPPED, id, i);
	}
}

/* What the loader sees of a shared object, and what debuggers see of it. */
static void search_shared(struct search *search, file_id id)
{
	const struct file *file = file_of(search->explanation->link, id);
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++) {
		const struct elf_sym *sym = &file->symtab.syms[i];
		if (sym->st_shndx == SHN_UNDEF)
			continue;
		const char *name = file->symtab.strtab + sym->st_name;
		const struct unexplained *symbol = explain_find(search->explanation, name, strlen(name));
		if (symbol)
			note(search, symbol, OTHER_VERSION, id, i);
	}
	for (uint32_t s = 1; s < file->elf.nshdr; s++) {
		struct elf_symtab symtab;
		struct elf_error error;
		if (file->elf.shdrs[s].sh_type != SHT_SYMTAB ||
		    !elf_read_symtab(&symtab, &file->elf, s, 0, &error))
			continue;
		for (uint32_t i = 1; i < symtab.n; i++) {
			const struct elf_sym *sym = &symtab.syms[i];
			bool local = i < symtab.first_global || elf_sym_visibility(sym) == STV_HIDDEN;
			if (!local || !is_named(sym) || sym->st_shndx == SHN_UNDEF)
				continue;
			const char *name = symtab.strtab + sym->st_name;
			const struct unexplained *symbol = explain_find(search->explanation, name, strlen(name));
			if (symbol)
				note(search, symbol, NOT_EXPORTED, id, 0);
		}
	}
}

static void search_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct search *search = context;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		const struct file *file = file_of(search->explanation->link, (file_id)f);
		if (file->kind == FILE_SHARED)
			search_shared(search, (file_id)f);
		else if (file->kind == FILE_OBJECT && file->live && file->first_section)
			search_object(search, (file_id)f);
	}
}

static int compare_places(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	if (x->reason != y->reason)
		return x->reason < y->reason ? -1 : 1;
	if (x->file != y->file)
		return x->file < y->file ? -1 : 1;
	return x->index < y->index ? -1 : x->index > y->index;
}

static const char *version_of(const struct file *file, uint32_t index, bool *hidden)
{
	uint16_t version = shared_object_version(file, index, hidden);
	return version < file->n_versions && file->versions[version] ? file->versions[version] : "";
}

/* A shared object has the name; the reference asks for another version, or for the default one, which it is not. */
static bool say_version(struct explanation *explanation, struct unexplained *symbol, const struct place *place)
{
	const struct link *link = explanation->link;
	const struct file *file = file_of(link, place->file);
	bool hidden;
	const char *version = version_of(file, place->index, &hidden);
	struct str wanted = symbol_name(link, symbol->symbol);
	if (wanted.len > symbol->name.len)
		explain_hint(explanation, symbol,
			     "%s has version %s of it, not %.*s: is it older or newer than what %s was made for?",
			     file->path, *version ? version : "no", (int)(wanted.len - symbol->name.len - 1),
			     wanted.at + symbol->name.len + 1, file_of(link, symbol->asker)->path);
	else if (hidden)
		explain_hint(explanation, symbol,
			     "%s has it as %.*s@%s only: programs that exist can use it, new ones cannot be linked "
			     "against it",
			     file->path, (int)symbol->name.len, symbol->name.at, version);
	else
		return false;
	return true;
}

static bool say(struct explanation *explanation, struct unexplained *symbol, const struct place *place)
{
	const struct file *file = file_of(explanation->link, place->file);
	uint32_t shndx;
	switch (place->reason) {
	case DROPPED:
		shndx = elf_sym_section(&file->symtab, place->index);
		explain_hint(explanation, symbol,
			     "defined in discarded section `%s' of " FILE_FORMAT
			     ": an earlier file has a COMDAT group of that name, without this symbol; were both "
			     "compiled from the same source with the same options?",
			     elf_section_name(&file->elf, shndx), FILE_ARGS(file));
		return true;
	case LOCAL:
		explain_hint(explanation, symbol,
			     FILE_FORMAT " has a local symbol of that name: for other files it must be global "
					 "(not static)",
			     FILE_ARGS(file));
		return true;
	case OTHER_VERSION:
		return say_version(explanation, symbol, place);
	case NOT_EXPORTED:
		explain_hint(explanation, symbol,
			     "%s defines it, but does not export it: it is hidden there, static, or local in a version "
			     "script",
			     file->path);
		return true;
	}
	return false;
}

void explain_elsewhere(struct explanation *explanation)
{
	struct search search = {.explanation = explanation};
	pthread_mutex_init(&search.lock, NULL);
	parallel_for(explanation->link->pool, explanation->link->files.n, FILE_GRAIN, search_range, &search);
	pthread_mutex_destroy(&search.lock);
	if (search.places.n)
		qsort(search.places.at, search.places.n, sizeof(struct place), compare_places);
	uint32_t said = 0;
	for (uint32_t i = 0; i < search.places.n; i++) {
		const struct place *place = &search.places.at[i], *last = i ? place - 1 : NULL;
		struct unexplained *symbol = &explanation->at[place->number];
		if (!last || last->number != place->number)
			said = 0;
		bool same_file = last && last->number == place->number && last->file == place->file;
		if (said == MAX_SAID || same_file || !say(explanation, symbol, place))
			continue;
		said++;
		symbol->found = true;
	}
	array_free(&search.places);
}
