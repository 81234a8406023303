/* Diagnostics: errors, warnings and notes for the person at the terminal.
 *
 * Passes may report from any thread. Messages are held back and printed by diag_flush() in the order
 * of their `order` key (then of the text), so that what is printed never depends on thread timing. Key:
 * by convention the input file's id in the upper 32 bits, section or symbol number in the lower.
 * A message is one or more lines; continuation lines begin with ">>> ". diag prefixes the first line
 * with "gild: error: ", "gild: warning: " or "gild: " and colours it on a terminal. */
#ifndef GILD_BASE_DIAG_H
#define GILD_BASE_DIAG_H

#include <pthread.h>

#include "base/array.h"
#include "base/types.h"

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

/* The last lines of a message, where they take time to find: asked for when the message is printed, which most of a
 * flood of errors never are. Until the flush that prints it, what they are made from stays as it is. */
struct diag_more {
	char *(*lines)(const struct diag_more *more); /* malloc()ed, each begins with "\n>>> "; NULL: there are none */
	const void *context;
	uint64_t a, b;                                /* for lines(): what it is about */
};

struct message {
	uint64_t order;
	enum severity severity;
	char *text;
	struct diag_more more;
};

struct diag {
	pthread_mutex_t lock;
	ARRAY(struct message) pending;
	unsigned errors, warnings;       /* counted when reported; what the two options below change, when flushed */
	unsigned printed_errors;
	unsigned error_limit;            /* 0: no limit; default 20 */
	bool color, fatal_warnings, no_warnings;
};

void diag_init(struct diag *diag);
void diag_free(struct diag *diag);

__attribute__((format(printf, 3, 4))) void diag_error(struct diag *diag, uint64_t order, const char *format, ...);
__attribute__((format(printf, 3, 4))) void diag_warning(struct diag *diag, uint64_t order, const char *format, ...);
__attribute__((format(printf, 3, 4))) void diag_note(struct diag *diag, uint64_t order, const char *format, ...);

/* An error or a warning that ends with the lines of `more`, which is copied. */
__attribute__((format(printf, 5, 6))) void diag_report(struct diag *diag, enum severity severity, uint64_t order,
							const struct diag_more *more, const char *format, ...);

/* Prints what is pending on stderr, equal messages once; true when an error was ever reported. After
 * `error_limit` errors says so and prints no more of them. Call between passes, from one thread. */
bool diag_flush(struct diag *diag);

static inline uint64_t diag_order(uint32_t file, uint32_t item)
{
	return (uint64_t)file << 32 | item;
}

#endif
