/* The bytes of input sections and of the linker's own in an output section, a piece at a time. Writing a piece is a
 * pure function of inputs, resolution and plan (design, R6): any order, any thread. */
#ifndef GILD_LD_OUTPUT_RENDER_H
#define GILD_LD_OUTPUT_RENDER_H

#include "ld/layout/layout.h"

/* Neighbouring sections of a run and the gaps behind them; or what a statement of a script puts between runs. */
struct piece {
	const struct node *node;  /* data, a string, or a gap; NULL: a run */
	uint32_t osec;
	uint64_t from;            /* of a gap: so far behind its beginning */
	uint32_t run;
	uint32_t first, last;     /* items of the run */
	uint64_t start, size;     /* bytes; from the beginning of the output section */
};

struct pieces {
	ARRAY(struct piece) list;
};

/* Cuts an output section: pieces of some 256 KiB in order of address, one that has a larger section excepted. Bytes
 * between pieces are zero. */
void render_cut(const struct link *link, uint32_t osec, struct pieces *pieces);

/* The bytes of a piece that is one section made before (link->made), or {NULL, 0}: it has to be rendered. */
struct bytes render_made(const struct link *link, const struct piece *piece);

/* Writes all piece->size bytes. */
void render_piece(struct link *link, const struct piece *piece, uint8_t *image);

#endif
