/* --separate-debug-file: two files are written, each with a choice of the output sections.
 *
 * The debug file has what is not loaded and is for debuggers (debug sections, .gdb_index, .symtab, .strtab), and the
 * headers of all other sections, without their content but that of notes: debuggers find the file by its build id, and
 * put both together by the headers. The output has .gnu_debuglink instead: name and CRC of the debug file (GDB manual,
 * "Debugging Information in Separate Files"). */
#ifndef GILD_LD_OUTPUT_SEPARATE_H
#define GILD_LD_OUTPUT_SEPARATE_H

#include "ld/layout/layout.h"

/* Where the debug file goes, or NULL: there is none. */
const char *separate_path(const struct link *link);

/* .gnu_debuglink; its CRC, at the end, is 0 until it is known. */
uint64_t debuglink_size(const struct link *link);
void debuglink_emit(const struct link *link, uint8_t *image);

/* The layout as it was made, while one file is written. */
struct separation {
	uint32_t *order;
	uint32_t n_order;
	uint64_t *fileoffs;       /* of osecs */
	struct segment *segments;
};

/* Makes the layout that of the debug file; then, that of the output. Everything else about it has been decided: only
 * which sections there are, their numbers and places in the file change. */
void separate_debug_file(struct link *link, struct separation *separation);
void separate_output(struct link *link, struct separation *separation);

#endif
