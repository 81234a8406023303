#include "ld/input/response_file.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

/* A file that names itself has to end somewhere. */
enum { MAX_NESTING = 32, MAX_FILES = 4096 };

struct expansion {
	struct command_words *out;
	struct arena *arena;
	struct diag *diag;
	unsigned n_files;
};

/* The whole of `path` and a NUL in the arena. NULL with errno set when it cannot be read; a pipe (@<(...)) can. */
static char *read_all(const char *path, size_t *size, struct arena *arena)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return NULL;
	ARRAY(char) text = {0};
	ssize_t got = 0;
	do {
		text.at = array_reserve(text.at, text.n, &text.cap, 1, 65536);
		got = read(fd, text.at + text.n, text.cap - text.n);
		if (got > 0)
			text.n += (uint32_t)got;
	} while (got > 0 || (got < 0 && errno == EINTR));
	int error = errno;
	close(fd);
	char *copy = got < 0 ? NULL : arena_strndup(arena, text.at, text.n);
	*size = text.n;
	array_free(&text);
	errno = error;
	return copy;
}

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

/* Takes the word that begins at *in, which is no blank, and leaves *in behind it; the word is written over the text
 * it came from, without its quotes, as `word`. false: a quote has no end. */
static bool take_word(char **in, char *end, char **word)
{
	char *from = *in, *to = from;
	*word = to;
	char quote = '\0';
	for (; from < end && (quote || !is_blank(*from)); from++) {
		char c = *from;
		if (quote ? c == quote : c == '\'' || c == '"') {
			quote = quote ? '\0' : c;
			continue;
		}
		/* as libiberty's buildargv(): any character, quoted or not */
		if (c == '\\' && quote != '\'' && from + 1 < end) {
			c = *++from;
			if (c == '\n')
				continue; /* the line goes on */
		}
		*to++ = c;
	}
	*in = from < end ? from + 1 : end;
	*to = '\0'; /* over the blank, or the NUL behind the text */
	return !quote;
}

static bool expand_word(struct expansion *expansion, const char *word, unsigned nesting);

static bool expand_file(struct expansion *expansion, const char *path, char *text, size_t size, unsigned nesting)
{
	if (nesting == MAX_NESTING) {
		diag_report(expansion->diag, SEVERITY_ERROR, 0, &(struct diag_about){.file = path},
			    "response files are nested more than %d deep", MAX_NESTING);
		return false;
	}
	if (++expansion->n_files > MAX_FILES) {
		diag_report(expansion->diag, SEVERITY_ERROR, 0, &(struct diag_about){.file = path},
			    "more than %d response files are read", MAX_FILES);
		return false;
	}
	for (char *at = text, *end = text + size; at < end;) {
		if (is_blank(*at)) {
			at++;
			continue;
		}
		char *word;
		if (!take_word(&at, end, &word)) {
			diag_report(expansion->diag, SEVERITY_ERROR, 0, &(struct diag_about){.file = path},
				    "a quote in this response file has no end");
			return false;
		}
		if (!expand_word(expansion, word, nesting + 1))
			return false;
	}
	return true;
}

static bool expand_word(struct expansion *expansion, const char *word, unsigned nesting)
{
	if (word[0] == '@' && word[1] != '\0') {
		const char *path = word + 1;
		size_t size;
		char *text = read_all(path, &size, expansion->arena);
		if (text)
			return expand_file(expansion, path, text, size, nesting);
		if (errno != ENOENT && errno != ENOTDIR) {
			diag_error(expansion->diag, 0, "cannot read response file %s: %s", path, strerror(errno));
			return false;
		}
	}
	*array_push(&expansion->out->words) = word;
	return true;
}

bool response_files_expand(struct command_words *out, int argc, char **argv, struct arena *arena, struct diag *diag)
{
	struct expansion expansion = {.out = out, .arena = arena, .diag = diag};
	for (int i = 1; i < argc; i++)
		if (!expand_word(&expansion, argv[i], 0))
			return false;
	return true;
}
