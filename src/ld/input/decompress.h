/* Compressed sections of objects (SHF_COMPRESSED with zlib or zstd, .zdebug_*): behind this file everybody sees them as
 * they were before: content, sh_size, sh_addralign, sh_flags and name. */
#ifndef GILD_LD_INPUT_DECOMPRESS_H
#define GILD_LD_INPUT_DECOMPRESS_H

#include "ld/tables.h"

/* Is it a compressed section whose content this link needs? */
bool is_to_decompress(const struct link *link, const struct elf_shdr *shdr, const char *name);

/* Replaces section `number` of the file by its content, in `arena`. false: reported. Any thread, one at a time for each
 * file. */
bool section_decompress(struct link *link, file_id id, uint32_t number, struct arena *arena);

#endif
