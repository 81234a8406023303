/* Dynamic string tokens in RPATH, RUNPATH, DT_NEEDED and dlopen's names (gABI chapter 5, "Substitution Sequences"). */
#include "ldso/heap.h"
#include "ldso/search.h"
#include "ldso/text.h"

static bool name_character(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

/* The length of TOKEN or {TOKEN} at `text`, or 0. */
static size_t token(const char *text, const char *name)
{
	size_t length = strlen(name);
	if (*text == '{')
		return text_begins(text + 1, name) && text[1 + length] == '}' ? length + 2 : 0;
	return text_begins(text, name) && !name_character(text[length]) ? length : 0;
}

bool tokens_any(const char *text)
{
	for (; *text; text++)
		if (*text == '$' &&
		    (token(text + 1, "ORIGIN") || token(text + 1, "PLATFORM") || token(text + 1, "LIB")))
			return true;
	return false;
}

/* Takes "." and ".." and double slashes out of an absolute path, in place. */
static void normalize(char *path)
{
	char *out = path;
	for (const char *in = path; *in;) {
		while (*in == '/')
			in++;
		const char *end = in;
		while (*end && *end != '/')
			end++;
		size_t length = (size_t)(end - in);
		if (length == 2 && in[0] == '.' && in[1] == '.') {
			while (out > path && *--out != '/')
				;
		} else if (length && !(length == 1 && in[0] == '.')) {
			*out++ = '/';
			memmove(out, in, length);
			out += length;
		}
		in = end;
	}
	*out = 0;
}

/* Does the path lie in a system directory? */
static bool trusted(const char *path)
{
	if (path[0] != '/')
		return false;
	size_t length = strlen(path);
	char *clean = heap_alloc(length + 2);
	memcpy(clean, path, length);
	normalize(clean);
	clean[strlen(clean)] = '/';
	bool good = false;
	for (const char *const *directory = system_directories; *directory; directory++)
		good |= text_begins(clean, *directory);
	heap_free(clean);
	return good;
}

char *tokens_expand(struct loader *ld, const struct object *object, const char *text)
{
	size_t origin = object->origin ? strlen(object->origin) : 0, room = strlen(text) + 1;
	for (const char *c = text; *c; c++)
		if (*c == '$')
			room += origin + sizeof(SYSTEM_LIB) + strlen(ld->platform);
	char *result = heap_alloc(room), *out = result;
	bool used_origin = false;
	for (const char *c = text; *c;) {
		const char *value = NULL;
		size_t length = 0;
		if (*c != '$') {
			*out++ = *c++;
			continue;
		}
		if ((length = token(c + 1, "ORIGIN"))) {
			/* With more rights than the caller, only at the start and alone in its path element. */
			if (!ld->secure || (c == text && (c[1 + length] == 0 || c[1 + length] == '/')))
				value = object->origin;
			used_origin = true;
		} else if ((length = token(c + 1, "PLATFORM"))) {
			value = ld->platform;
		} else if ((length = token(c + 1, "LIB"))) {
			value = SYSTEM_LIB;
		} else {
			*out++ = *c++;
			continue;
		}
		if (!value) {
			heap_free(result);
			return NULL;
		}
		size_t size = strlen(value);
		memcpy(out, value, size);
		out += size;
		c += 1 + length;
	}
	if (used_origin && ld->secure && object->kind == OBJECT_PROGRAM && !trusted(result)) {
		heap_free(result);
		return NULL;
	}
	return result;
}
