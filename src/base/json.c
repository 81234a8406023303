#include "base/json.h"

#include <string.h>

/* ---- writing ---- */

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

/* ---- reading ---- */

enum { DEEPEST = 64 };

struct reader {
	const uint8_t *at, *begin, *end;
	struct arena *arena;
	struct json_error *error;
};

static const struct json nothing = {.kind = JSON_NULL, .text = {"", 0}, .key = {"", 0}};

static struct json *fail(struct reader *reader, const char *what)
{
	*reader->error = (struct json_error){(uint64_t)(reader->at - reader->begin), what};
	return NULL;
}

static void skip_blanks(struct reader *reader)
{
	while (reader->at < reader->end &&
	       (*reader->at == ' ' || *reader->at == '\n' || *reader->at == '\t' || *reader->at == '\r'))
		reader->at++;
}

static bool take_word(struct reader *reader, const char *word)
{
	size_t len = strlen(word);
	if ((size_t)(reader->end - reader->at) < len || memcmp(reader->at, word, len) != 0)
		return false;
	reader->at += len;
	return true;
}

static int hex_digit(uint8_t c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : -1;
}

/* The four digits behind "\u", as UTF-8. Halves of pairs, which nobody needs here, become U+FFFD. */
static bool unescape_number(struct reader *reader, char **out)
{
	unsigned code = 0;
	for (int i = 0; i < 4; i++, reader->at++) {
		int digit = reader->at < reader->end ? hex_digit(*reader->at) : -1;
		if (digit < 0)
			return false;
		code = code * 16 + (unsigned)digit;
	}
	if (code >= 0xd800 && code < 0xe000)
		code = 0xfffd;
	char *to = *out;
	if (code < 0x80) {
		*to++ = (char)code;
	} else if (code < 0x800) {
		*to++ = (char)(0xc0 | code >> 6);
		*to++ = (char)(0x80 | (code & 0x3f));
	} else {
		*to++ = (char)(0xe0 | code >> 12);
		*to++ = (char)(0x80 | (code >> 6 & 0x3f));
		*to++ = (char)(0x80 | (code & 0x3f));
	}
	*out = to;
	return true;
}

/* Behind the opening quote. A string without escapes is not copied. */
static bool read_string(struct reader *reader, struct str *string)
{
	const uint8_t *begin = reader->at;
	bool has_escapes = false;
	while (reader->at < reader->end && *reader->at != '"') {
		has_escapes |= *reader->at == '\\';
		reader->at += *reader->at == '\\' && reader->at + 1 < reader->end ? 2 : 1;
	}
	if (reader->at >= reader->end || reader->at - begin > UINT32_MAX) {
		fail(reader, "a string has no end");
		return false;
	}
	const uint8_t *end = reader->at++;
	*string = (struct str){(const char *)begin, (uint32_t)(end - begin)};
	if (!has_escapes)
		return true;
	char *copy = arena_alloc(reader->arena, (size_t)(end - begin), 1), *to = copy;
	const uint8_t *behind = reader->at;
	static const char escapes[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	for (reader->at = begin; reader->at < end;) {
		uint8_t c = *reader->at++;
		if (c != '\\') {
			*to++ = (char)c;
			continue;
		}
		c = *reader->at++;
		const char *known = c ? strchr(escapes, c) : NULL;
		if (known) {
			*to++ = means[known - escapes];
		} else if (c != 'u' || !unescape_number(reader, &to)) {
			fail(reader, "an escape in a string makes no sense");
			return false;
		}
	}
	reader->at = behind;
	*string = (struct str){copy, (uint32_t)(to - copy)};
	return true;
}

static struct json *read_number(struct reader *reader, struct json *value)
{
	value->kind = JSON_NUMBER;
	value->is_negative = take_word(reader, "-");
	if (reader->at == reader->end || *reader->at < '0' || *reader->at > '9')
		return fail(reader, "there is no value");
	for (; reader->at < reader->end && *reader->at >= '0' && *reader->at <= '9'; reader->at++)
		if (__builtin_mul_overflow(value->number, 10, &value->number) ||
		    __builtin_add_overflow(value->number, (uint64_t)(*reader->at - '0'), &value->number))
			return fail(reader, "a number is too large");
	if (reader->at < reader->end && (*reader->at == '.' || *reader->at == 'e' || *reader->at == 'E'))
		return fail(reader, "a number is not whole");
	return value;
}

static struct json *read_value(struct reader *reader, unsigned depth);

static struct json *read_list(struct reader *reader, struct json *list, char end, unsigned depth)
{
	const struct json **link = &list->first;
	list->kind = end == '}' ? JSON_OBJECT : JSON_ARRAY;
	skip_blanks(reader);
	if (take_word(reader, (char[]){end, 0}))
		return list;
	for (;;) {
		struct str key = {"", 0};
		skip_blanks(reader);
		if (end == '}') {
			if (!take_word(reader, "\""))
				return fail(reader, "a member of an object has no name");
			if (!read_string(reader, &key))
				return NULL;
			skip_blanks(reader);
			if (!take_word(reader, ":"))
				return fail(reader, "there is no ':' behind a name");
		}
		struct json *value = read_value(reader, depth + 1);
		if (!value)
			return NULL;
		value->key = key;
		*link = value;
		link = &value->next;
		list->n++;
		skip_blanks(reader);
		if (take_word(reader, (char[]){end, 0}))
			return list;
		if (!take_word(reader, ","))
			return fail(reader, "a list has no end");
	}
}

static struct json *read_value(struct reader *reader, unsigned depth)
{
	struct json *value = arena_new(reader->arena, struct json);
	*value = nothing;
	if (depth > DEEPEST)
		return fail(reader, "lists are too deep inside each other");
	skip_blanks(reader);
	if (take_word(reader, "{"))
		return read_list(reader, value, '}', depth);
	if (take_word(reader, "["))
		return read_list(reader, value, ']', depth);
	if (take_word(reader, "\"")) {
		value->kind = JSON_STRING;
		return read_string(reader, &value->text) ? value : NULL;
	}
	if (take_word(reader, "null"))
		return value;
	value->kind = JSON_TRUE;
	if (take_word(reader, "true"))
		return value;
	value->kind = JSON_FALSE;
	if (take_word(reader, "false"))
		return value;
	return read_number(reader, value);
}

const struct json *json_read(struct bytes bytes, struct arena *arena, struct json_error *error)
{
	struct reader reader = {bytes.data, bytes.data, bytes.data + bytes.size, arena, error};
	struct json *value = read_value(&reader, 0);
	if (!value)
		return NULL;
	skip_blanks(&reader);
	return reader.at == reader.end ? value : fail(&reader, "something stands behind the end");
}

const struct json *json_member(const struct json *object, const char *key)
{
	size_t len = strlen(key);
	if (object->kind == JSON_OBJECT)
		for (const struct json *member = object->first; member; member = member->next)
			if (member->key.len == len && memcmp(member->key.at, key, len) == 0)
				return member;
	return &nothing;
}
