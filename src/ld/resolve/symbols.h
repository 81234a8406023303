/* The global symbol table: names to ids.
 *
 * Names are interned in batches and numbered (base/intern.h); a symbol's id is its name's number. What objects define is
 * named before what they only mention, so the symbols that a file defines lie together, unless another file defines them,
 * too. Tables: one for small links. */
#ifndef GILD_LD_RESOLVE_SYMBOLS_H
#define GILD_LD_RESOLVE_SYMBOLS_H

#include "ld/tables.h"

/* `mentions`: about how many names will be added, each as often as it comes; `strong`: how many of them are strong
 * definitions, so that there are as many names at least. Both only choose the number and the size of tables. */
void symbols_init(struct link *link, uint64_t mentions, uint64_t strong);
void symbols_free(struct link *link);

/* Adds a name to a round of a batch for link->names: see intern_batch_add(). */
void symbols_add(struct intern_batch *batch, const struct link *link, uint32_t list, struct str name, symbol_id *slot,
		 unsigned worker);

/* Interns all names of the round; new symbols have no owner. link->symbols may move. */
void symbols_run(struct link *link, struct intern_batch *batch);

/* One name; from the main thread. */
symbol_id symbols_intern_one(struct link *link, struct str name);

/* The id of a name, 0 if nobody mentioned it. Any thread while nothing is interned. */
symbol_id symbols_find(const struct link *link, struct str name);

struct str symbol_name(const struct link *link, symbol_id id);

static inline struct str str_of(const char *text)
{
	return (struct str){text, (uint32_t)__builtin_strlen(text)};
}

/* The name without "@VERSION". */
struct str symbol_base_name(const struct link *link, symbol_id id);

/* Fetches ahead what is known of all symbols that a file mentions, for a walk over its relocations: each would wait for
 * memory, one after the other. Not when the processor's second cache holds all symbols, nor when it does not hold those of
 * the file. */
static inline void symbols_fetch(const struct link *link, const struct file *file)
{
	enum { FEW = 1 << 14, MOST = 1 << 13 };
	uint32_t n = file->symtab.n - file->symtab.first_global;
	if (link->n_symbols <= FEW || n > MOST)
		return;
	for (uint32_t i = 0; i < n; i++)
		__builtin_prefetch(&link->symbols[file->globals[i]]);
}

/* The global symbol behind entry `index` of a file's symbol table; 0 for local ones. */
static inline symbol_id global_of(const struct file *file, uint32_t index)
{
	return index < file->symtab.first_global ? 0 : file->globals[index - file->symtab.first_global];
}

#endif
