/* Where in a script something stands, for messages. */
#ifndef GILD_LD_SCRIPT_PLACE_H
#define GILD_LD_SCRIPT_PLACE_H

#include "base/types.h"

/* A file that was read as a script, or an option's argument ("--defsym"). */
struct script_text {
	const char *path;
	struct bytes bytes;       /* less than 4 GiB */
};

/* A piece of it, for messages; text == NULL: made by the linker. */
struct script_place {
	const struct script_text *text;
	uint32_t offset, length;  /* bytes */
};

/* All of a text. */
static inline struct script_place script_whole(const struct script_text *text)
{
	return (struct script_place){text, 0, (uint32_t)text->bytes.size};
}

#endif
