/* The loader's state when parts of it are built into gild: see hosted.c. */
#ifndef GILD_INSPECT_HOSTED_H
#define GILD_INSPECT_HOSTED_H

#include "ldso/loader.h"

/* Frees all memory of heap.h and makes the_loader empty. */
void hosted_forget(void);

#endif
