/* Sections that may be folded, as vertices of a graph; what they refer to are the edges.
 *
 * Two vertices can only be equal when their bytes, flags and output sections are, and when everything they say about
 * others is: a list of *references*, made from their relocations and from the unwind records that describe them. A
 * reference to another vertex says no more than the distance from its beginning; who that is, is an edge. */
#ifndef GILD_LD_PRUNE_ICF_GRAPH_H
#define GILD_LD_PRUNE_ICF_GRAPH_H

#include "ld/tables.h"

enum reference_kind {
	REFERENCE_SECTION,   /* not a reference: the section itself */
	REFERENCE_UNWIND,    /* not a reference: an unwind record */
	REFERENCE_SYMBOL,    /* to a symbol whoever defines it: others may, or its kind matters */
	REFERENCE_LOCAL,     /* to a local symbol of a file, for the same reason */
	REFERENCE_NUMBER,    /* to an absolute address */
	REFERENCE_PLACE,     /* to a place in a section that is not folded */
	REFERENCE_PIECE,     /* to a place in a merged piece */
	REFERENCE_VERTEX,    /* to a place in a section that may be folded */
	REFERENCE_SELF,      /* to a place in this section, from the unwind record that describes it */
};

/* All fields are compared. */
struct reference {
	uint64_t at;         /* where it stands */
	uint32_t type;       /* of the relocation */
	uint32_t kind;
	uint64_t target;     /* what it leads to; 0 for vertices */
	uint64_t offset;     /* beyond it */
};

struct references {
	ARRAY(struct reference) list;
	ARRAY(uint32_t) vertices; /* those that the list leads to, in its order */
};

/* An unwind record of a vertex: 1 + number of the next one in the file's list, 0: the last. */
struct unwind_record {
	section_id section;  /* the .eh_frame */
	uint32_t entry;      /* of the file's eh_entries */
	uint32_t next;
};

/* Vertices are numbered from 1 in the order of sections. */
struct icf_graph {
	struct link *link;
	uint32_t n;                      /* number of the last vertex */
	section_id *sections;            /* by vertex */
	uint32_t *vertices;              /* by section; 0: it may not be folded */
	uint32_t *records;               /* by vertex: 1 + number of its first unwind record, 0: none */
	struct unwind_record **file_records; /* by file */
};

/* A graph of the sections with vertices[id] != 0 (owned by the caller, numbers are filled in here). */
void icf_graph_init(struct icf_graph *graph, struct link *link, uint32_t *vertices);
void icf_graph_free(struct icf_graph *graph);

/* Everything a vertex says about others; replaces what `references` had. Pure; any thread. */
void icf_collect(const struct icf_graph *graph, uint32_t vertex, struct references *references);
void icf_references_free(struct references *references);

/* The bytes of a vertex. */
struct bytes icf_content(const struct icf_graph *graph, uint32_t vertex);

/* Do unwind records of two vertices have the same bytes, but for what is relocated? For vertices whose references are
 * equal. Any thread. */
bool icf_unwind_equal(const struct icf_graph *graph, uint32_t a, uint32_t b);

#endif
