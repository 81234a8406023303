/* Named temporary files, which must not outlive the process: signals that end it by somebody's wish (SIGINT, SIGTERM,
 * ...) remove them first. An unnamed file needs nothing of this; SIGKILL leaves a named one behind. */
#ifndef GILD_BASE_TEMPORARY_H
#define GILD_BASE_TEMPORARY_H

#include <signal.h>

/* Blocks those signals in the calling thread, which must be the one that gets them (base/pool.h: helpers block them); a
 * file is created and noted, or renamed, between the two calls. */
void temporary_block_signals(sigset_t *old);
void temporary_unblock_signals(const sigset_t *old);

/* Notes a file, at most TEMPORARY_MAX of them at a time; `path` stays valid until it is forgotten. Main thread. */
enum { TEMPORARY_MAX = 4 };
void temporary_note(const char *path);
/* Nothing happens when it is not noted. */
void temporary_forget(const char *path);

/* Removes all that are noted. May be called by signal handlers. */
void temporary_unlink_all(void);

#endif
