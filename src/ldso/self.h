/* The loader's own image: it must relocate itself before it may use any address constant. */
#ifndef GILD_LDSO_SELF_H
#define GILD_LDSO_SELF_H

#include "ldso/loader.h"

/* The first thing done in a process. */
void self_relocate(void);

const Elf64_Ehdr *self_header(void);

/* The address of _start. */
uint64_t self_entry(void);

/* Fills the variables that the loader exports: _dl_argv and the like. */
void self_publish(const struct loader *ld);

#endif
