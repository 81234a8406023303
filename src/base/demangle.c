#include "base/demangle.h"

#include <libiberty/demangle.h>
#include <setjmp.h>
#include <string.h>

#include "base/array.h"

struct demangling {
	ARRAY(char) text;
	uint32_t longest;
	jmp_buf too_long;
};

/* The library goes on to the end, whatever it is told here: it is left. All that it has is on the stack then, but for some
 * letters of a Rust name, which are lost. */
static void take(const char *piece, size_t length, void *context)
{
	struct demangling *demangling = context;
	if (length > demangling->longest - demangling->text.n)
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

char *demangle_name(const char *mangled, int options, uint32_t longest)
{
	struct demangling demangling = {.longest = longest};
	if (is_mangled(&demangling, mangled, options) && demangling.text.n)
		return demangling.text.at;
	array_free(&demangling.text);
	return NULL;
}
