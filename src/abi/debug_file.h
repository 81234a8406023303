/* Where the debug information of a stripped file is: on this machine, or nowhere. The folders are those of gdb:
 * .build-id/XX/YYYY.debug below /usr/lib/debug, and what .gnu_debuglink and .gnu_debugaltlink name. */
#ifndef GILD_ABI_DEBUG_FILE_H
#define GILD_ABI_DEBUG_FILE_H

#include "abi/source.h"

/* Opens a file that may be there. False: it is not, or is no ELF file. */
bool debug_file_open(struct abi_files *files, const char *path, struct elf_file *out);

/* "a/b/" of "a/b/c", empty of "c". */
struct str debug_file_folder(const char *path);

/* The path of the debug file of `elf`, which was opened as `path`, and that file. NULL: there is none. */
const char *debug_file_find(struct abi_files *files, const struct elf_file *elf, const char *path,
			    struct elf_file *out);

/* The same of the file that holds what dwz took out of several debug files. */
const char *debug_file_alt(struct abi_files *files, const struct elf_file *elf, const char *path, struct elf_file *out);

/* Does the file say that there is one? */
bool debug_file_has_alt(const struct elf_file *elf);

#endif
