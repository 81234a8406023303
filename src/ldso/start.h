/* The two moments at which a process enters the loader from outside: its first instruction (entry.S), and exit. */
#ifndef GILD_LDSO_START_H
#define GILD_LDSO_START_H

#include "ldso/loader.h"

/* `stack`: the address of argc. Returns the program's entry point. */
uint64_t start_process(uint64_t *stack);

/* Makes the first thread's stack executable; 0 or an errno. */
int stack_make_executable(const struct loader *ld);

/* Runs all destructors; libc registers it with atexit. */
void finish_process(void);

#endif
