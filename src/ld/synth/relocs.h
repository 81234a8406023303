/* Relocations that the output keeps: of an object (-r), and beside those that were applied (--emit-relocs).
 *
 * Each section that is relocated gets a section of file 0, of kind SECTION_RELA, whose `extra` is the relocated
 * section. Relocations name symbols of .symtab: locals and globals as the input names them, and section symbols of
 * output sections in place of input sections'. */
#ifndef GILD_LD_SYNTH_RELOCS_H
#define GILD_LD_SYNTH_RELOCS_H

#include "ld/layout/layout.h"

static inline bool keeps_relocations(const struct options *options)
{
	return options->kind == OUTPUT_RELOCATABLE || options->emit_relocs;
}

/* Finds out which relocations stay, which symbols they name (file->needed_locals, link->mentions), and makes the
 * sections for them. Live sections, owners of symbols and, with --emit-relocs, slots are known. With -r, reports
 * references to what is left out. */
void relocs_prepare(struct link *link);

/* Writes the relocations of section `id`, which is of kind SECTION_RELA. Any thread. */
void relocs_emit(const struct link *link, section_id id, uint8_t *image);

/* Where relocations have no room for addends, writes those that stay into the section's content: `image`, what the
 * output has of the section. Any thread. */
void relocs_put_addends(const struct link *link, section_id id, uint8_t *image);

/* With -r: writes into a section's content what stands for references whose relocation does not stay. Any thread. */
void relocs_settle(const struct link *link, section_id id, uint8_t *image);

/* Notes that .symtab must have entry `index` of a file's symbol table. Any thread, but of locals only one for each
 * file. */
void relocs_need_symbol(struct link *link, file_id id, uint32_t index);

/* Is entry `index` of file `id` the one under which a global symbol that nobody here defines is to be listed? */
static inline bool is_first_mention(const struct link *link, file_id id, uint32_t index, symbol_id symbol)
{
	return link->mentions && link->mentions[symbol] == ((uint64_t)id << 32 | index);
}

/* Index in .symtab of what entry `index` of a file's symbol table means; 0: it is not there. */
uint32_t relocs_symbol_index(const struct link *link, const struct file *file, uint32_t index);

#endif
