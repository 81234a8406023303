/* The half of debug information that -gsplit-dwarf leaves out of the link: .dwo files, one for each object; the .dwp
 * file that they were packed to; or sections of the object itself (-gsplit-dwarf=single). The half that is linked has a
 * skeleton for each unit, with the name of the .dwo file and a number that both halves have. */
#ifndef GILD_ABI_SPLIT_H
#define GILD_ABI_SPLIT_H

#include "abi/source.h"

/* Has the file such sections, and no other debug information? */
bool split_is_alone(const struct elf_file *elf);

/* Finds the other halves of the skeletons in source `home`, and adds a source for each file that has some. A warning
 * tells when any are missing. Nothing but plain files is opened: the names come from the input. False: reported. */
bool split_add(struct abi_files *files, uint32_t home);

/* The skeleton with that number, of those that the source belongs to. NULL: there is none. */
const struct dwarf_skeleton *split_skeleton(const struct abi_source *source, uint64_t id);

#endif
