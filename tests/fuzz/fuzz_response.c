/* Reads the input as a response file, and the words in it as the linker's command line. */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "ld/input/options.h"
#include "ld/input/response_file.h"

static void touch_options(const struct options *options)
{
	touch_name(options->output);
	for (uint32_t i = 0; i < options->inputs.n; i++)
		touch_name(options->inputs.at[i].name);
	for (uint32_t i = 0; i < options->library_paths.n; i++)
		touch_name(options->library_paths.at[i]);
	for (uint32_t i = 0; i < options->defsyms.n; i++)
		touch_name(options->defsyms.at[i].value);
	for (uint32_t i = 0; i < options->rpaths.n; i++)
		touch_name(options->rpaths.at[i]);
	touch_bytes(options->build_id_hex);
}

/* Other response files are not opened: what they are is not in the input. */
static bool names_others(const uint8_t *data, size_t size)
{
	return size && memchr(data, '@', size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int fd = -1;
	static char word[40];
	if (names_others(data, size))
		return 0;
	if (fd < 0) {
		fd = memfd_create("fuzz", MFD_CLOEXEC);
		snprintf(word, sizeof(word), "@/proc/self/fd/%d", fd);
	}
	if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
		abort();
	char *argv[] = {(char *)(uintptr_t)"ld", word, NULL};
	struct command_words words = {0};
	struct options options = {0};
	struct arena arena = {0};
	struct diag diag;
	diag_init(&diag);
	bool good = response_files_expand(&words, 2, argv, &arena, &diag);
	hold(good == (diag.errors == 0));
	uint64_t length = 0;
	for (uint32_t i = 0; i < words.words.n; i++)
		length += strlen(words.words.at[i]);
	hold(length <= size);
	unsigned errors = diag.errors;
	if (good && options_parse(&options, 2, argv, &arena, &diag))
		touch_options(&options);
	else
		hold(!good || diag.errors > errors);
	array_free(&words.words);
	options_free(&options);
	diag_free(&diag);
	arena_free(&arena);
	return 0;
}
