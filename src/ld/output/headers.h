/* ELF header, program headers, section headers and their names. */
#ifndef GILD_LD_OUTPUT_HEADERS_H
#define GILD_LD_OUTPUT_HEADERS_H

#include "ld/tables.h"

/* Builds .shstrtab; before addresses are assigned (its size counts). */
void headers_prepare(struct link *link);

/* The bytes at the beginning of the file: layout->headers_size of them. */
void headers_emit(const struct link *link, uint8_t *image);
/* The section header table. */
void section_headers_emit(const struct link *link, uint8_t *image);

#endif
