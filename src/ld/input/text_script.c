#include "ld/input/text_script.h"

#include <string.h>

/* How much of a file is looked at to tell text from something else. */
enum { PLAUSIBLE_PREFIX = 256 };

bool text_script_plausible(struct bytes bytes)
{
	if (bytes.size == 0)
		return true;
	for (uint64_t i = 0; i < min_u64(bytes.size, PLAUSIBLE_PREFIX); i++) {
		uint8_t c = bytes.data[i];
		if ((c < ' ' && !(c >= '\t' && c <= '\r')) || c == 0x7f)
			return false;
	}
	return memchr(bytes.data, '\0', bytes.size) == NULL;
}
