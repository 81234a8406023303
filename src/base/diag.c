#include "base/diag.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/diag_json.h"

enum { DEFAULT_ERROR_LIMIT = 20 };

static bool is_set(const char *variable)
{
	const char *value = getenv(variable);
	return value && *value;
}

/* NO_COLOR (no-color.org) beats CLICOLOR_FORCE (bixense.com/clicolors) beats what stderr is. */
bool diag_default_color(void)
{
	const char *force = getenv("CLICOLOR_FORCE"), *terminal = getenv("TERM");
	if (is_set("NO_COLOR"))
		return false;
	if (force && *force && strcmp(force, "0") != 0)
		return true;
	return isatty(STDERR_FILENO) && !(terminal && strcmp(terminal, "dumb") == 0);
}

void diag_init(struct diag *diag)
{
	*diag = (struct diag){
		.error_limit = DEFAULT_ERROR_LIMIT,
		.kind = "command-line",
		.color = diag_default_color(),
	};
	pthread_mutex_init(&diag->lock, NULL);
}

static void free_messages(struct diag *diag)
{
	for (uint32_t i = 0; i < diag->pending.n; i++) {
		free(diag->pending.at[i].text);
		free(diag->pending.at[i].owned);
	}
	diag->pending.n = 0;
}

void diag_free(struct diag *diag)
{
	free_messages(diag);
	array_free(&diag->pending);
	pthread_mutex_destroy(&diag->lock);
}

/* ---- lines ------------------------------------------------------------------------------------------------- */

__attribute__((format(printf, 1, 0))) static char *print_text(const char *format, va_list args)
{
	char *text;
	if (vasprintf(&text, format, args) < 0)
		out_of_memory();
	return text;
}

void diag_line(struct diag_lines *lines, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = print_text(format, args);
	va_end(args);
	*array_push(&lines->at) = text;
}

void diag_hint(struct diag_lines *lines, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	char *text = print_text(format, args);
	va_end(args);
	*array_push(&lines->hints) = text;
}

static char *copy_text(const char *text)
{
	char *copy = text ? strdup(text) : NULL;
	if (text && !copy)
		out_of_memory();
	return copy;
}

void diag_source(struct diag_lines *lines, const char *file, uint32_t line, const char *function)
{
	free(lines->source);
	free(lines->function);
	lines->source = copy_text(file);
	lines->source_line = line;
	lines->function = copy_text(function);
}

static void free_lines(struct diag_lines *lines)
{
	for (uint32_t i = 0; i < lines->at.n; i++)
		free(lines->at.at[i]);
	for (uint32_t i = 0; i < lines->hints.n; i++)
		free(lines->hints.at[i]);
	array_free(&lines->at);
	array_free(&lines->hints);
	free(lines->source);
	free(lines->function);
}

/* ---- reporting --------------------------------------------------------------------------------------------- */

/* Moves a text into the block that `next` goes through. */
static const char *own_text(const char *text, size_t len, char **next)
{
	if (!text)
		return NULL;
	char *copy = memcpy(*next, text, len);
	copy[len] = '\0';
	*next += len + 1;
	return copy;
}

static void own_texts(struct message *message)
{
	struct diag_about *about = &message->about;
	const char **texts[] = {&about->file, &about->section, &about->symbol, &about->hint};
	size_t size = about->member.len + 1;
	for (unsigned i = 0; i < COUNTOF(texts); i++)
		size += *texts[i] ? strlen(*texts[i]) + 1 : 0;
	char *next = message->owned = malloc(size);
	if (!next)
		out_of_memory();
	for (unsigned i = 0; i < COUNTOF(texts); i++)
		*texts[i] = *texts[i] ? own_text(*texts[i], strlen(*texts[i]), &next) : NULL;
	about->member.at = own_text(about->member.len ? about->member.at : "", about->member.len, &next);
}

/* "FILE(MEMBER):(SECTION+0xOFFSET): " or "FILE:LINE:COLUMN: " */
static void put_place(FILE *to, const struct diag_about *about)
{
	if (!about->file)
		return;
	fputs(about->file, to);
	if (about->member.len)
		fprintf(to, "(%.*s)", (int)about->member.len, about->member.at);
	if (about->section && about->has_offset)
		fprintf(to, ":(%s+0x%llx)", about->section, (unsigned long long)about->offset);
	else if (about->section)
		fprintf(to, ":(%s)", about->section);
	if (about->line)
		fprintf(to, ":%u", (unsigned)about->line);
	if (about->line && about->column)
		fprintf(to, ":%u", (unsigned)about->column);
	fputs(": ", to);
}

__attribute__((format(printf, 5, 0))) static void report(struct diag *diag, enum severity severity, uint64_t order,
							 const struct diag_about *about, const char *format,
							 va_list args)
{
	struct message message = {.order = order, .severity = severity, .about = *about};
	int error = errno; /* for %m */
	size_t size;
	FILE *to = open_memstream(&message.text, &size);
	if (!to)
		out_of_memory();
	put_place(to, about);
	fflush(to);
	message.body = size;
	errno = error;
	vfprintf(to, format, args);
	if (fclose(to) != 0)
		out_of_memory();
	own_texts(&message);
	pthread_mutex_lock(&diag->lock);
	if (!message.about.kind)
		message.about.kind = diag->kind;
	*array_push(&diag->pending) = message;
	diag->errors += severity == SEVERITY_ERROR;
	diag->warnings += severity == SEVERITY_WARNING;
	pthread_mutex_unlock(&diag->lock);
}

static const struct diag_about nothing;

void diag_error(struct diag *diag, uint64_t order, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(diag, SEVERITY_ERROR, order, &nothing, format, args);
	va_end(args);
}

void diag_warning(struct diag *diag, uint64_t order, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(diag, SEVERITY_WARNING, order, &nothing, format, args);
	va_end(args);
}

void diag_note(struct diag *diag, uint64_t order, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(diag, SEVERITY_NOTE, order, &nothing, format, args);
	va_end(args);
}

void diag_report(struct diag *diag, enum severity severity, uint64_t order, const struct diag_about *about,
		 const char *format, ...)
{
	va_list args;
	va_start(args, format);
	report(diag, severity, order, about, format, args);
	va_end(args);
}

/* ---- printing ---------------------------------------------------------------------------------------------- */

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

/* Names may hold anything: control characters, also those of two bytes in UTF-8 (0x80 to 0x9f), must not steer the
 * terminal, and a line that is no first one begins with ">>> ", whoever broke it: a script's ASSERT may have lines. */
static void put_printable(FILE *to, const char *text)
{
	for (; *text; text++) {
		bool control = ((unsigned char)*text < ' ' && *text != '\t') || *text == 0x7f;
		if (*text == '\n') {
			if (text[1])
				fputs(strncmp(text + 1, ">>> ", 4) == 0 ? "\n" : "\n>>> ", to);
			continue;
		}
		if ((unsigned char)text[0] == 0xc2 && (unsigned char)text[1] >= 0x80 && (unsigned char)text[1] < 0xa0) {
			control = true;
			text++;
		}
		putc_unlocked(control ? '?' : *text, to);
	}
}

static void put_text(FILE *to, const struct diag *diag, const struct message *message, const struct diag_lines *lines)
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
	fputs(diag->color ? colored[message->severity] : plain[message->severity], to);
	put_printable(to, message->text);
	for (uint32_t i = 0; i < lines->at.n; i++) {
		fputs("\n>>> ", to);
		put_printable(to, lines->at.at[i]);
	}
	for (uint32_t i = 0; i < lines->hints.n; i++) {
		fputs(diag->color ? "\n>>> \033[36m" : "\n>>> ", to);
		put_printable(to, lines->hints.at[i]);
		fputs(diag->color ? "\033[0m" : "", to);
	}
	putc('\n', to);
}

static void print(const struct diag *diag, const struct message *message, unsigned not_shown)
{
	struct diag_lines lines = {0};
	const struct diag_about *about = &message->about;
	if (about->hint)
		diag_hint(&lines, "%s", about->hint);
	if (about->more.lines)
		about->more.lines(&about->more, &lines);
	char *text;
	size_t size;
	FILE *to = open_memstream(&text, &size);
	if (!to)
		out_of_memory();
	if (diag->format == DIAG_JSON)
		diag_json(to, message, &lines, not_shown);
	else
		put_text(to, diag, message, &lines);
	if (fclose(to) != 0)
		out_of_memory();
	write_all(text, size); /* at once: lines of processes that share stderr do not mix */
	free(text);
	free_lines(&lines);
}

/* The last line, after a flush that kept errors back. */
static void print_not_shown(const struct diag *diag, unsigned n)
{
	struct message message = {.severity = SEVERITY_ERROR, .about = {.kind = "error-limit"}};
	if (asprintf(&message.text,
		     "too many errors emitted, stopping now: %u more %s not shown (use --error-limit=0 to see all)", n,
		     n == 1 ? "is" : "are") < 0)
		out_of_memory();
	print(diag, &message, n);
	free(message.text);
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
	if (a->about.more.a != b->about.more.a)
		return a->about.more.a < b->about.more.a ? -1 : 1;
	if (a->about.more.b != b->about.more.b)
		return a->about.more.b < b->about.more.b ? -1 : 1;
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

/* False: the limit of errors is reached, and this is one more. */
static bool print_message(struct diag *diag, const struct message *message)
{
	if (message->severity == SEVERITY_ERROR) {
		if (diag->error_limit && diag->printed_errors >= diag->error_limit)
			return false;
		diag->printed_errors++;
	}
	if (message->severity != SEVERITY_WARNING || !diag->no_warnings)
		print(diag, message, 0);
	return true;
}

bool diag_flush(struct diag *diag)
{
	pthread_mutex_lock(&diag->lock);
	apply_warning_options(diag);
	struct message *messages = diag->pending.at;
	uint32_t n = diag->pending.n;
	unsigned not_shown = 0;
	if (n > 1)
		qsort(messages, n, sizeof(*messages), compare_messages);
	for (uint32_t i = 0; i < n; i++) {
		if (i == 0 || compare_messages(&messages[i - 1], &messages[i]) != 0)
			not_shown += !print_message(diag, &messages[i]);
	}
	if (not_shown)
		print_not_shown(diag, not_shown);
	free_messages(diag);
	bool failed = diag->errors != 0;
	pthread_mutex_unlock(&diag->lock);
	return failed;
}
