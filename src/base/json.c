#include "base/json.h"

#include <string.h>

/* Bytes of the UTF-8 sequence at `at`; 0: there is no valid one (RFC 3629: no surrogates, nothing longer than it need
 * be, nothing above U+10FFFF). */
static unsigned utf8_length(const uint8_t *at, size_t size)
{
	uint8_t first = at[0];
	unsigned len = first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
	if (len == 0 || len > size)
		return 0;
	for (unsigned i = 1; i < len; i++)
		if ((at[i] & 0xc0) != 0x80)
			return 0;
	bool bad = (first == 0xe0 && at[1] < 0xa0) || (first == 0xed && at[1] > 0x9f) ||
		   (first == 0xf0 && at[1] < 0x90) || (first == 0xf4 && at[1] > 0x8f);
	return bad ? 0 : len;
}

void json_put_string(FILE *to, const char *text, size_t size)
{
	const uint8_t *bytes = (const uint8_t *)text;
	putc('"', to);
	for (size_t i = 0; i < size;) {
		unsigned len = utf8_length(bytes + i, size - i);
		if (len == 0)
			fputs("\\ufffd", to);
		else if (bytes[i] == '"' || bytes[i] == '\\')
			fprintf(to, "\\%c", bytes[i]);
		else if (bytes[i] < 0x20 || bytes[i] == 0x7f)
			fprintf(to, "\\u%04x", bytes[i]);
		else
			fwrite(bytes + i, 1, len, to);
		i += len ? len : 1;
	}
	putc('"', to);
}
