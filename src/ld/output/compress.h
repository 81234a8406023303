/* --compress-debug-sections: debugging information is rendered, compressed, and kept as bytes for the output file.
 *
 * The only content whose size nobody knows before it is written. So it is written here, before file offsets are final;
 * nothing that is loaded depends on it. */
#ifndef GILD_LD_OUTPUT_COMPRESS_H
#define GILD_LD_OUTPUT_COMPRESS_H

#include "ld/tables.h"

/* Needs addresses and values. Afterwards each .debug_* section that became smaller is compressed (osec->packed), and
 * file offsets are final again. */
void compress_debug_sections(struct link *link);

#endif
