/* Reads the input as two names, one after the other, as hints about undefined symbols do: mangled or not, and how far
 * apart. */
#include "fuzz/fuzz.h"

#include "base/edit_distance.h"
#include "ld/report/mangled.h"

static void parse(struct str name)
{
	struct mangled parts;
	if (!mangled_parse(&parts, name))
		return;
	hold(parts.len > 0 && parts.len <= MANGLED_MAX && parts.base <= parts.len);
	touch_bytes((struct bytes){(const uint8_t *)parts.key, parts.len});
	touch_bytes((struct bytes){(const uint8_t *)parts.rest.at, parts.rest.len});
	hold(parts.rest.len <= name.len);
	hold(parts.cxx || parts.len == name.len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0 || size > UINT32_MAX)
		return 0;
	uint32_t len = data[0] < size - 1 ? data[0] : (uint32_t)size - 1;
	const char *text = (const char *)data + 1;
	struct str a = {text, len}, b = {text + len, (uint32_t)size - 1 - len};
	parse(a);
	parse(b);
	for (unsigned limit = 0; limit < 4; limit++) {
		unsigned distance = edit_distance(a, b, limit);
		hold(distance <= limit + 1 && distance == edit_distance(b, a, limit));
		hold(distance > limit || edit_distance(a, b, limit + 1) == distance);
	}
	return 0;
}
