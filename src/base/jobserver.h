/* The job server of make: a pipe or a named pipe that holds one byte, a token, for each job that may still be started.
 * A process has one job for free; whoever wants more takes a token for each, and writes the same bytes back (GNU make
 * manual, "Sharing Job Slots with GNU make"; ninja's is the same).
 *
 * One process has one job server, and signal handlers must reach what was taken: the state is this file's own. One
 * thread at a time calls what is here, but jobserver_give_back(), which may be called from anywhere, also from a signal
 * handler. */
#ifndef GILD_BASE_JOBSERVER_H
#define GILD_BASE_JOBSERVER_H

#include "base/types.h"

/* Finds the job server that MAKEFLAGS (`flags`, may be NULL) names: --jobserver-auth=R,W, --jobserver-auth=fifo:PATH,
 * or the older --jobserver-fds=R,W; the last one counts. false: none is named, or it cannot be reached, as when make
 * does not know that the recipe wants it. Nothing is taken yet. */
bool jobserver_join(const char *flags);

/* Takes one token if there is one at this moment; never waits. From the first token on, signals that end the process
 * give the tokens back first. */
bool jobserver_take(void);

/* Gives all tokens back; nothing happens when there are none. */
void jobserver_give_back(void);

/* Gives all tokens back, closes the job server, and leaves signals as they were. */
void jobserver_leave(void);

#endif
