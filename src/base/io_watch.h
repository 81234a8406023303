/* Files that change while they are mapped. One that becomes shorter kills who reads behind its new end by SIGBUS: here
 * that becomes a message and a clean end of the process. */
#ifndef GILD_BASE_IO_WATCH_H
#define GILD_BASE_IO_WATCH_H

#include "base/io.h"

/* From here on, reading a mapped file of `io` behind its end says "FILE changed while being linked", removes temporary
 * files (base/temporary.h) and ends the process with exit code 1. One io at a time in a process. */
void io_watch(const struct io *io);
void io_watch_end(void);

/* The first mapped file whose size or time of change is not what it was when it was opened, or NULL. A name that stands
 * for another file by now is no change: the mapping is of the old one. */
const char *io_changed(const struct io *io);

#endif
