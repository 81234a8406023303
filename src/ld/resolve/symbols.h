/* The global symbol table: names to ids.
 *
 * Names are interned in batches. Many threads collect the names of a batch in lists, each of which is cut into shards
 * by hash; then each shard is worked on by one thread, in the order of the lists, so that ids depend on the inputs
 * only. Id = place in the shard * number of shards + shard. Shards: one for small links. */
#ifndef GILD_LD_RESOLVE_SYMBOLS_H
#define GILD_LD_RESOLVE_SYMBOLS_H

#include "ld/tables.h"

/* `expected`: about how many names the link will have; it only chooses the number of shards. */
void symbols_init(struct link *link, uint64_t expected);
void symbols_free(struct link *link);

/* A batch of names, in rounds: begin, add, run. Its memory is used again for the next round. */
struct intern_batch;
struct intern_batch *intern_batch_new(const struct link *link);
void intern_batch_free(struct intern_batch *batch);

/* Begins a round of `n_lists` lists. They are filled by one thread each, at the same time; the result does not depend
 * on which. */
void intern_batch_begin(struct intern_batch *batch, uint32_t n_lists);

/* Adds a name; its id will be written to *slot. Names must stay where they are until the end of the link. `worker`: the
 * calling thread's number. */
void intern_batch_add(struct intern_batch *batch, uint32_t list, struct str name, symbol_id *slot, unsigned worker);

/* Interns all names, in parallel; new symbols have no owner. link->symbols may move. */
void intern_batch_run(struct link *link, struct intern_batch *batch);

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

/* The global symbol behind entry `index` of a file's symbol table; 0 for local ones. */
static inline symbol_id global_of(const struct file *file, uint32_t index)
{
	return index < file->symtab.first_global ? 0 : file->globals[index - file->symtab.first_global];
}

#endif
