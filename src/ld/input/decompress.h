/* Compressed sections of objects (SHF_COMPRESSED with zlib or zstd, .zdebug_*): behind this file everybody sees them as
 * they were before: content, sh_size, sh_addralign, sh_flags and name. And relocations in other forms than SHT_RELA. */
#ifndef GILD_LD_INPUT_DECOMPRESS_H
#define GILD_LD_INPUT_DECOMPRESS_H

#include "ld/tables.h"

/* Will anybody look at the content of a compressed section of that name? Not at debug information with -s or -S. */
bool is_content_needed(const struct link *link, const char *name);

/* Replaces section `number` of the file by its content, in `arena`. false: reported. Any thread, one at a time for each
 * file. */
bool section_decompress(struct link *link, file_id id, uint32_t number, struct arena *arena);

/* Section `number`, relocations without addends (SHT_REL, translated by its dialect's reader), becomes an SHT_RELA
 * section: the addends are taken from the places. false: reported. Any thread. */
bool section_take_addends(struct link *link, file_id id, uint32_t number);

/* Section `number`, compact relocations (SHT_CREL), becomes an SHT_RELA section; the file's tables of sections may
 * move. false: reported. */
bool section_expand_relocations(struct link *link, file_id id, uint32_t number, struct arena *arena);

/* The relocations of section `number`, SHT_RELA, get the order of their places, in a copy if they have another one: unwind
 * records are taken apart, and each has those from one to another. Any thread, one at a time for each file. */
void section_order_relocations(struct link *link, file_id id, uint32_t number, struct arena *arena);

#endif
