#include "base/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

#include "base/array.h"

enum { LONGEST = 1 << 16 };

struct demangling {
	ARRAY(char) text;
	jmp_buf too_long;
};

/* The library goes on to the end, whatever it is told here. All that it has is on the stack, so it can be left. */
static void take(const char *piece, size_t length, void *context)
{
	struct demangling *demangling = context;
	if (length > LONGEST - demangling->text.n)
		longjmp(demangling->too_long, 1);
	demangling->text.at = array_reserve(demangling->text.at, demangling->text.n, &demangling->text.cap, 1,
					    (uint32_t)length + 1);
	memcpy(demangling->text.at + demangling->text.n, piece, length);
	demangling->text.n += (uint32_t)length;
	demangling->text.at[demangling->text.n] = '\0';
}

static bool is_mangled(struct demangling *demangling, const char *mangled, int options)
{
	if (setjmp(demangling->too_long) != 0)
		return false;
	if (rust_demangle_callback(mangled, options, take, demangling))
		return true;
	demangling->text.n = 0;
	return cplus_demangle_v3_callback(mangled, options, take, demangling);
}

char *demangle_name(const char *mangled, int options)
{
	struct demangling demangling = {0};
	if (is_mangled(&demangling, mangled, options) && demangling.text.n)
		return demangling.text.at;
	array_free(&demangling.text);
	return NULL;
}
