/* Symbol tables out of order. The gABI wants local symbols first and sh_info to be the index of the first other one
 * (chapter 4, "Symbol Table"); small compilers write them as they come. Behind this file everybody sees an ordered
 * table. */
#ifndef GILD_LD_INPUT_SYMBOL_ORDER_H
#define GILD_LD_INPUT_SYMBOL_ORDER_H

#include "ld/tables.h"

/* When the file's symbol table, its section number `symtab`, is out of order: warns, and puts in its place a copy in
 * order, in `arena`; relocations and section groups are copied along, since they name symbols by their index. Costs
 * nothing more than a look at each symbol when the table is in order. Any thread, one at a time for each file. */
void symbol_order_restore(struct link *link, file_id id, uint32_t symtab, struct arena *arena);

#endif
