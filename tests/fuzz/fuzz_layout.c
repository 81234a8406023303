/* Links objects as the input says. Its first character is a digit for what the text behind the second one is: a linker
 * script, a plan, a version script, ...; the second one is a digit for the kind of output. The objects are always the
 * same: what is damaged here is what a person or another program writes. Files and options: see fuzz_link.c. */
#include "fuzz/fuzz.h"

#include <stdio.h>

#include "fuzz/generate.h"
#include "fuzz/linking.h"

enum { N_OBJECTS = 3, MAX_WORDS = 24 };

static struct memory_file objects[N_OBJECTS], text;

static const char *const text_options[] = {
	"--script=",
	"--plan-in=",
	"--version-script=",
	"--dynamic-list=",
	"--symbol-ordering-file=",
	"--export-dynamic-symbol-list=",
	"--retain-symbols-file=",
	"",
};
static char with_path[COUNTOF(text_options)][64]; /* the words of a command: each with the path of `text` */

static const char *const kinds[][4] = {
	{"-no-pie"},
	{"-no-pie", "--gc-sections", "-zseparate-code"},
	{"-pie", "-znoseparate-code"},
	{"-shared", "--hash-style=both"},
	{"-r"},
	{"-no-pie", "--oformat=binary"},
	{"-pie", "--emit-relocs", "--icf=all"},
	{"-no-pie", "-N", "--print-memory-usage"},
};

static void begin(void)
{
	static bool done;
	if (done)
		return;
	done = true;
	struct object_kind kind = {.n_files = N_OBJECTS, .is_pic = true};
	for (; kind.number < N_OBJECTS; kind.number++) {
		uint8_t seed = (uint8_t)kind.number;
		struct choices choices = choices_of((struct bytes){&seed, 1});
		struct image image = {0};
		generate_object(&image, &choices, kind);
		memory_open(&objects[kind.number]);
		memory_set(&objects[kind.number], image.bytes.at, image.bytes.n);
		image_free(&image);
	}
	memory_open(&text);
	for (unsigned i = 0; i < COUNTOF(text_options); i++)
		snprintf(with_path[i], sizeof(with_path[i]), "%s%s", text_options[i], text.path);
	linking_begin();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size < 2)
		return 0;
	begin();
	memory_set(&text, data + 2, size - 2);
	const char *words[MAX_WORDS] = {"ld", "--threads=1", "--unresolved-symbols=ignore-all", "-zmuldefs", "-o", "/dev/null"};
	int n = 6;
	for (const char *const *word = kinds[data[1] % COUNTOF(kinds)]; *word; word++)
		words[n++] = *word;
	for (unsigned i = 0; i < N_OBJECTS; i++)
		words[n++] = objects[i].path;
	words[n++] = with_path[data[0] % COUNTOF(text_options)];
	const char *folder = linking_keep(words, n);
	for (unsigned i = 0; folder && i < N_OBJECTS; i++)
		memory_keep(&objects[i], folder);
	if (folder)
		memory_keep(&text, folder);
	linking_run(words, n);
	return 0;
}
