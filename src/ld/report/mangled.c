#include "ld/report/mangled.h"

#include <string.h>

struct parser {
	struct mangled *out;
	const char *at, *end;
};

static char peek(const struct parser *parser)
{
	return parser->at < parser->end ? *parser->at : '\0';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool put(struct mangled *out, const char *text, uint32_t len)
{
	if (len > MANGLED_MAX - out->len)
		return false;
	memcpy(out->key + out->len, text, len);
	out->len += len;
	return true;
}

/* Begins the next part of the key. */
static bool put_scope(struct mangled *out)
{
	if (out->len && !put(out, "::", 2))
		return false;
	out->base = out->len;
	return true;
}

/* <source-name>: "3foo". */
static bool take_identifier(struct parser *parser, struct str *identifier)
{
	uint32_t len = 0;
	while (is_digit(peek(parser)) && len < MANGLED_MAX)
		len = 10 * len + (uint32_t)(*parser->at++ - '0');
	if (len == 0 || len > (uint64_t)(parser->end - parser->at))
		return false;
	*identifier = (struct str){parser->at, len};
	parser->at += len;
	return true;
}

/* "B5cxx11": says which ABI, not what it is called. */
static bool skip_abi_tags(struct parser *parser)
{
	struct str tag;
	while (peek(parser) == 'B') {
		parser->at++;
		if (!take_identifier(parser, &tag))
			return false;
	}
	return true;
}

/* "C1", "D0": constructors and destructors are called as their class. */
static bool take_structor(struct parser *parser)
{
	struct mangled *out = parser->out;
	char name[MANGLED_MAX];
	uint32_t len = out->len - out->base;
	bool destructor = *parser->at == 'D';
	if (len == 0 || parser->end - parser->at < 2 || !is_digit(parser->at[1]))
		return false;
	parser->at += 2;
	memcpy(name, out->key + out->base, len);
	return put_scope(out) && (!destructor || put(out, "~", 1)) && put(out, name, len);
}

/* <unqualified-name> */
static bool take_part(struct parser *parser)
{
	struct str identifier;
	char c = peek(parser);
	if (c == 'L') { /* a static one */
		parser->at++;
		c = peek(parser);
	}
	if (is_digit(c)) {
		if (!take_identifier(parser, &identifier) || !put_scope(parser->out) ||
		    !put(parser->out, identifier.at, identifier.len))
			return false;
	} else if (c == 'C' || c == 'D') {
		if (!take_structor(parser))
			return false;
	} else if (c >= 'a' && c <= 'z' && parser->end - parser->at >= 2 && memcmp(parser->at, "cv", 2) != 0) {
		if (!put_scope(parser->out) || !put(parser->out, "operator ", 9) || !put(parser->out, parser->at, 2))
			return false;
		parser->at += 2;
	} else {
		return false;
	}
	return skip_abi_tags(parser);
}

/* N [rVK] [RO] PART... [I ARGUMENTS] E; what follows PARTs stays. */
static bool take_nested(struct parser *parser)
{
	while (strchr("rVKRO", peek(parser)) && peek(parser))
		parser->at++;
	if (parser->end - parser->at >= 2 && memcmp(parser->at, "St", 2) == 0) {
		parser->at += 2;
		if (!put_scope(parser->out) || !put(parser->out, "std", 3))
			return false;
	}
	while (peek(parser) != 'E' && peek(parser) != 'I')
		if (!take_part(parser))
			return false;
	/* Template arguments may end the name ("f<int>") or belong to a class ("X<int>::f"); to see which, they would
	 * have to be understood. What follows a class is a name. */
	return peek(parser) == 'E';
}

static bool take_name(struct parser *parser)
{
	if (peek(parser) == 'N') {
		parser->at++;
		if (!take_nested(parser))
			return false;
		parser->at++;
		return true;
	}
	if (parser->end - parser->at >= 2 && memcmp(parser->at, "St", 2) == 0) {
		parser->at += 2;
		if (!put_scope(parser->out) || !put(parser->out, "std", 3))
			return false;
	}
	return take_part(parser);
}

bool mangled_parse(struct mangled *out, struct str name)
{
	out->len = out->base = 0;
	out->cxx = false;
	out->special = '\0';
	out->rest = (struct str){"", 0};
	if (name.len < 3 || memcmp(name.at, "_Z", 2) != 0)
		return name.len > 0 && !(name.len > 1 && memcmp(name.at, "_R", 2) == 0) && put(out, name.at, name.len);
	out->cxx = true;
	struct parser parser = {out, name.at + 2, name.at + name.len};
	if (*parser.at == 'T') {
		if (name.len < 5 || !strchr("VIST", parser.at[1]))
			return false; /* thunks and other helpers */
		out->special = parser.at[1];
		parser.at += 2;
	} else if (*parser.at == 'G') {
		return false;
	}
	if (!take_name(&parser) || out->len == 0)
		return false;
	out->rest = (struct str){parser.at, (uint32_t)(parser.end - parser.at)};
	return true;
}
