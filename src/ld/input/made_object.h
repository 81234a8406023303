/* Objects made from what is not one: data (-b binary) and the symbols of another program (-R FILE). They are ELF
 * relocatable files in memory, and are read like any other. */
#ifndef GILD_LD_INPUT_MADE_OBJECT_H
#define GILD_LD_INPUT_MADE_OBJECT_H

#include "elf/error.h"
#include "ld/tables.h"

/* `content` as section .data, with the symbols _binary_NAME_start, _end and (absolute) _size, where every character of
 * `name` that cannot be in a C identifier is '_' (GNU ld manual, "--format"). In link->arena. */
struct bytes made_object_from_data(struct link *link, const char *name, struct bytes content);

/* The global symbols that an ELF file defines, as absolute ones (GNU ld manual, "--just-symbols"); thread-local and
 * indirect ones have no address that could be given. In link->arena. false: `error` says what is wrong. */
bool made_object_from_symbols(struct link *link, struct bytes file, struct bytes *object, struct elf_error *error);

#endif
