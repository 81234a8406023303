/* Links inside a fuzz program: of files that have a path but are on no disk, with what gild says kept apart. */
#ifndef GILD_FUZZ_LINKING_H
#define GILD_FUZZ_LINKING_H

#include "base/types.h"

/* A file in memory; its path, /proc/self/fd/NUMBER, is the same in every run of a program. */
struct memory_file {
	int fd;
	char path[32];
};

void memory_open(struct memory_file *file);
void memory_set(struct memory_file *file, const void *data, uint64_t size);
/* Writes a copy to FOLDER/NUMBER. */
void memory_keep(const struct memory_file *file, const char *folder);

/* Once, in the beginning. What is written to standard output is nobody's from then on. */
void linking_begin(void);

/* Links as the command of `n` words does; words[n] is free. false: there was an error, and gild said so. Standard error
 * is what it was, before and after; in between it goes to a file. */
bool linking_run(const char **words, int n);

/* Checks a file as `gild --verify-output=FILE` does; otherwise as linking_run(). */
bool linking_verify(const char *path);

/* What gild said in the last link, until the next one. */
const char *linking_said(void);

/* Prints to standard error, as it was in the beginning. */
__attribute__((format(printf, 1, 2))) void linking_report(const char *format, ...);

/* With GILD_FUZZ_KEEP=FOLDER in the environment: its command, one word a line, to FOLDER/command. Returns FOLDER or
 * NULL. */
const char *linking_keep(const char **words, int n);

#endif
