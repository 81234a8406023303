/* The state, and the first thing that went wrong in it. */
#include "ldso/heap.h"
#include "ldso/loader.h"

/* The one mutable global of the loader's own: see loader.h. */
struct loader the_loader;

bool fail(struct loader *ld, const char *object, int code, const char *format, ...)
{
	if (ld->failed)
		return false;
	char text[4096];
	va_list values;
	va_start(values, format);
	format_v(text, sizeof(text), format, values);
	va_end(values);
	ld->failed = true;
	ld->failure = (struct failure){.object = heap_text(object), .text = heap_text(text), .code = code};
	return false;
}

void fail_clear(struct loader *ld)
{
	heap_free(ld->failure.object);
	heap_free(ld->failure.text);
	ld->failure = (struct failure){.code = 0};
	ld->failed = false;
}
