/* Reads the input as a program or library the way gild tree and gild explain do: by the loader's own reader. Everything
 * they print is computed. What the input needs is looked for as ever, so that one that names libc has something to bind
 * to. */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "inspect/binding.h"
#include "inspect/inspect.h"
#include "inspect/startup.h"
#include "inspect/why.h"

static void see(void *context, const struct reference *reference)
{
	struct inspection *in = context;
	touch_name(reference->name);
	if (reference->version)
		touch_name(reference->version->name);
	struct explanation why = binding_explain(in, reference);
	touch_name(rule_text(why.rule));
	definer_array definers = {0};
	binding_definers(in, reference->name, reference->own ? NULL : reference, &definers);
	for (uint32_t i = 0; i < definers.n; i++)
		if (definers.at[i].version)
			touch_name(definers.at[i].version);
	array_free(&definers);
}

static void touch_program(struct inspection *in)
{
	inspect_check_symbols(in);
	hold(in->ld->program->search.n >= 1);
	inspect_references(in, in->ld->program, see, in);
	uint32_t n;
	struct object **order = startup_order(in, &n);
	for (uint32_t i = 0; i < n; i++) {
		touch_name(why_chosen(in, order[i]));
		use(startup_of(in, order[i]).relative);
	}
	free(order);
	for (uint32_t i = 0; i < in->steps.n; i++)
		touch_name(why_step(in, &in->steps.at[i]));
	for (uint32_t i = 0; i < in->problems.n; i++)
		touch_name(in->problems.at[i].text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || write(fd, data, size) != (ssize_t)size) {
		perror("memfd_create");
		abort();
	}
	char path[64];
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	const struct inspect_options options = {.inhibit_cache = true};
	struct inspection in;
	if (inspect_open(&in, &options, path, NULL))
		touch_program(&in);
	inspect_free(&in);
	close(fd);
	return 0;
}
