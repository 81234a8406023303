#include "base/diag.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"

enum { DEFAULT_ERROR_LIMIT = 20 };

void diag_init(struct diag *diag)
{
	const char *no_color = getenv("NO_COLOR");
	*diag = (struct diag){.error_limit = DEFAULT_ERROR_LIMIT};
	diag->color = isatty(STDERR_FILENO) && !(no_color && *no_color);
	pthread_mutex_init(&diag->lock, NULL);
}

void diag_free(struct diag *diag)
{
	for (uint32_t i = 0; i < diag->pending.n; i++)
		free(diag->pending.at[i].text);
	array_free(&diag->pending);
	pthread_mutex_destroy(&diag->lock);
}

static const struct diag_more no_more;

__attribute__((format(printf, 5, 0))) static void report(struct diag *diag, enum severity severity, uint64_t order,
							 const struct diag_more *more, const char *format, va_list args)
{
	struct message message = {.order = order, .severity = severity, .more = *more};
	if (vasprintf(&message.text, format, args) < 0)
		out_of_memory();
	pthread_mutex_lock(&diag->lock);
	*array_push(&diag->pending) = message;
	diag->errors += severity == SEVERITY_ERROR;
	diag->warnings += severity == SEVERITY_WARNING;
	pthread_mutex_unlock(&diag->lock);
}

void diag_error(struct diag *diag, uint64_t order, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(diag, SEVERITY_ERROR, order, &no_more, format, args);
	va_end(args);
}

void diag_warning(struct diag *diag, uint64_t order, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(diag, SEVERITY_WARNING, order, &no_more, format, args);
	va_end(args);
}

void diag_note(struct diag *diag, uint64_t order, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(diag, SEVERITY_NOTE, order, &no_more, format, args);
	va_end(args);
}

void diag_report(struct diag *diag, enum severity severity, uint64_t order, const struct diag_more *more,
		 const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(diag, severity, order, more, format, args);
	va_end(args);
}

static void write_all(const char *text, size_t size)
{
	while (size > 0) {
		ssize_t written = write(STDERR_FILENO, text, size);
		if (written >= 0) {
			text += written;
			size -= (size_t)written;
		} else if (errno == EAGAIN) { /* whoever shares our stderr made it non-blocking */
			struct pollfd ready = {.fd = STDERR_FILENO, .events = POLLOUT};
			poll(&ready, 1, -1);
		} else if (errno != EINTR) {
			return;
		}
	}
}

static void print(const struct diag *diag, enum severity severity, const char *text, const struct diag_more *more)
{
	static const char *const plain[] = {
		[SEVERITY_NOTE] = "gild: ",
		[SEVERITY_WARNING] = "gild: warning: ",
		[SEVERITY_ERROR] = "gild: error: ",
	};
	static const char *const colored[] = {
		[SEVERITY_NOTE] = "\033[1mgild:\033[0m ",
		[SEVERITY_WARNING] = "\033[1mgild: \033[35mwarning:\033[0m ",
		[SEVERITY_ERROR] = "\033[1mgild: \033[31merror:\033[0m ",
	};
	char *rest = more->lines ? more->lines(more) : NULL, *line;
	const char *prefix = diag->color ? colored[severity] : plain[severity];
	int len = asprintf(&line, "%s%s%s\n", prefix, text, rest ? rest : "");
	if (len < 0)
		out_of_memory();
	write_all(line, (size_t)len);
	free(line);
	free(rest);
}

static void print_error(struct diag *diag, const struct message *message)
{
	/* printed_errors goes one above the limit when the limit was announced, and stays there. */
	if (diag->error_limit && diag->printed_errors > diag->error_limit)
		return;
	if (diag->error_limit && diag->printed_errors == diag->error_limit)
		print(diag, SEVERITY_ERROR, "too many errors emitted, stopping now (use --error-limit=0 to see all)",
		      &no_more);
	else
		print(diag, SEVERITY_ERROR, message->text, &message->more);
	diag->printed_errors++;
}

/* A total order: which of two equal messages was reported first must not show. */
static int compare_messages(const void *left, const void *right)
{
	const struct message *a = left, *b = right;
	if (a->order != b->order)
		return a->order < b->order ? -1 : 1;
	int text = strcmp(a->text, b->text);
	if (text)
		return text;
	if (a->more.a != b->more.a)
		return a->more.a < b->more.a ? -1 : 1;
	if (a->more.b != b->more.b)
		return a->more.b < b->more.b ? -1 : 1;
	return (int)b->severity - (int)a->severity;
}

/* Only now, since the options may have been read after a warning was reported. */
static void apply_warning_options(struct diag *diag)
{
	for (uint32_t i = 0; i < diag->pending.n; i++) {
		struct message *message = &diag->pending.at[i];
		if (message->severity != SEVERITY_WARNING)
			continue;
		if (diag->no_warnings) {
			diag->warnings--;
		} else if (diag->fatal_warnings) {
			diag->warnings--;
			diag->errors++;
			message->severity = SEVERITY_ERROR;
		}
	}
}

static void print_message(struct diag *diag, const struct message *message)
{
	if (message->severity == SEVERITY_ERROR)
		print_error(diag, message);
	else if (message->severity == SEVERITY_NOTE || !diag->no_warnings)
		print(diag, message->severity, message->text, &message->more);
}

bool diag_flush(struct diag *diag)
{
	pthread_mutex_lock(&diag->lock);
	apply_warning_options(diag);
	struct message *messages = diag->pending.at;
	uint32_t n = diag->pending.n;
	if (n > 1)
		qsort(messages, n, sizeof(*messages), compare_messages);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || compare_messages(&messages[i - 1], &messages[i]) != 0)
			print_message(diag, &messages[i]);
	}
	for (uint32_t i = 0; i < n; i++)
		free(messages[i].text);
	diag->pending.n = 0;
	bool failed = diag->errors != 0;
	pthread_mutex_unlock(&diag->lock);
	return failed;
}
