/* Diagnostics: errors, warnings and notes for the person at the terminal, or, as JSON, for a program.
 *
 * Passes may report from any thread. Messages are held back and printed by diag_flush() in the order
 * of their `order` key (then of the text), so that what is printed never depends on thread timing. Key:
 * by convention the input file's id in the upper 32 bits, section or symbol number in the lower.
 * A message is one or more lines; continuation lines begin with ">>> ". diag prefixes the first line
 * with "gild: error: ", "gild: warning: " or "gild: " and colours it on a terminal.
 *
 * What a message is about is data (struct diag_about): diag writes the place in front of the text, and the JSON has it
 * in members of their own (docs/diagnostics.md). */
#ifndef GILD_BASE_DIAG_H
#define GILD_BASE_DIAG_H

#include <pthread.h>

#include "base/array.h"
#include "base/types.h"

enum severity { SEVERITY_NOTE, SEVERITY_WARNING, SEVERITY_ERROR };

/* Lines behind the first one, while a message is put together. `source`, `function`: what the place belongs to in the
 * source; NULL: not known. All texts are malloc()ed and owned by this. */
struct diag_lines {
	ARRAY(char *) at;
	ARRAY(char *) hints;          /* what can be done; printed behind the others */
	char *source, *function;
	uint32_t source_line;         /* 0: not known */
};

__attribute__((format(printf, 2, 3))) void diag_line(struct diag_lines *lines, const char *format, ...);
__attribute__((format(printf, 2, 3))) void diag_hint(struct diag_lines *lines, const char *format, ...);

/* Copies both; either may be NULL. */
void diag_source(struct diag_lines *lines, const char *file, uint32_t line, const char *function);

/* The last lines of a message, where they take time to find: asked for when the message is printed, which most of a
 * flood of errors never are. Until the flush that prints it, what they are made from stays as it is. */
struct diag_more {
	void (*lines)(const struct diag_more *more, struct diag_lines *lines); /* NULL: there are none */
	const void *context;
	uint64_t a, b;                                                         /* for lines(): what it is about */
};

/* What a message is about. Everything may be missing. Copied, but for `kind`, which is static text: one of the words
 * that docs/diagnostics.md lists. The place is printed in front of the message: "FILE(MEMBER):(SECTION+0xOFFSET): " or
 * "FILE:LINE:COLUMN: ". */
struct diag_about {
	const char *kind;
	const char *file;             /* path, as the user or the search named it */
	struct str member;            /* of an archive */
	const char *section;
	uint64_t offset;              /* bytes, in the section */
	bool has_offset;
	uint32_t line, column;        /* of a text file; from 1; 0: unknown */
	const char *symbol;           /* as symbol tables have it, not demangled */
	const char *hint;             /* what can be done: a line of its own */
	struct diag_more more;
};

struct message {
	uint64_t order;
	enum severity severity;
	char *text;                   /* the place in front of it */
	size_t body;                  /* where in `text` the message begins behind the place */
	struct diag_about about;      /* its texts are one block, at `owned` */
	char *owned;
};

enum diag_format { DIAG_TEXT, DIAG_JSON };

struct diag {
	pthread_mutex_t lock;
	ARRAY(struct message) pending;
	const char *kind;                /* of messages that do not say theirs; static text */
	unsigned errors, warnings;       /* counted when reported; what the two options below change, when flushed */
	unsigned printed_errors;
	unsigned error_limit;            /* 0: no limit; default 20 */
	enum diag_format format;
	bool color, fatal_warnings, no_warnings;
};

/* Whether messages are coloured when no option says: on a terminal, unless NO_COLOR is set, and always when
 * CLICOLOR_FORCE is. */
bool diag_default_color(void);

void diag_init(struct diag *diag);
void diag_free(struct diag *diag);

__attribute__((format(printf, 3, 4))) void diag_error(struct diag *diag, uint64_t order, const char *format, ...);
__attribute__((format(printf, 3, 4))) void diag_warning(struct diag *diag, uint64_t order, const char *format, ...);
__attribute__((format(printf, 3, 4))) void diag_note(struct diag *diag, uint64_t order, const char *format, ...);

/* A message that says what it is about. */
__attribute__((format(printf, 5, 6))) void diag_report(struct diag *diag, enum severity severity, uint64_t order,
							const struct diag_about *about, const char *format, ...);

/* Prints what is pending on stderr, equal messages once; true when an error was ever reported. After
 * `error_limit` errors prints no more of them, but a last line that says how many. Call between passes, from one
 * thread. */
bool diag_flush(struct diag *diag);

static inline uint64_t diag_order(uint32_t file, uint32_t item)
{
	return (uint64_t)file << 32 | item;
}

#endif
