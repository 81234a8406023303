#include "ld/input/version_script.h"

#include <string.h>

#include "base/glob.h"
#include "ld/script/lexer.h"
#include "ld/script/report.h"

struct parser {
	struct version_script *out;
	struct lexer lexer;
	struct arena *arena;
	struct diag *diag;
};

static struct token next(struct parser *parser)
{
	return lexer_next(&parser->lexer, LEX_VERSION);
}

static struct token peek(const struct parser *parser)
{
	return lexer_peek(&parser->lexer, LEX_VERSION);
}

static bool expected(struct parser *parser, struct token token, const char *what)
{
	return script_expected(parser->diag, token, what);
}

/* Takes the next token when it is `text`. */
static bool accept(struct parser *parser, const char *text)
{
	if (!token_is(peek(parser), text))
		return false;
	next(parser);
	return true;
}

static bool expect(struct parser *parser, const char *text, const char *what)
{
	struct token token = next(parser);
	return token_is(token, text) || expected(parser, token, what);
}

/* `global:` and `local:` are labels, `global;` is a symbol. Takes the label and its colon. */
static bool accept_label(struct parser *parser, const char *label)
{
	struct lexer before = parser->lexer;
	if (accept(parser, label) && accept(parser, ":"))
		return true;
	parser->lexer = before;
	return false;
}

static void add_pattern(struct parser *parser, struct token token, uint32_t node, bool local, bool cxx)
{
	struct str text = {arena_strndup(parser->arena, token.text.at, token.text.len), token.text.len};
	*array_push(&parser->out->patterns) = (struct version_pattern){
		.text = text,
		.node = node,
		.local = local,
		.literal = token.kind == TOKEN_QUOTED || glob_is_literal(text),
		.cxx = cxx,
	};
}

/* The language after `extern`: "C" or "C++". */
static bool parse_language(struct parser *parser, bool *cxx)
{
	struct token token = next(parser);
	if (token.kind != TOKEN_QUOTED)
		return expected(parser, token, "\"C\" or \"C++\" after extern");
	*cxx = token.text.len == 3 && memcmp(token.text.at, "C++", 3) == 0;
	if (*cxx || (token.text.len == 1 && token.text.at[0] == 'C'))
		return true;
	return script_error(parser->diag, token.place, NULL,
			    "unknown language \"%.*s\", only \"C\" and \"C++\" are known", (int)token.text.len,
			    token.text.at);
}

/* The patterns of  extern "C++" { a; b }  after the brace, and the closing one. The last ';' may be left out. */
static bool parse_extern_body(struct parser *parser, uint32_t node, bool local, bool cxx)
{
	while (!accept(parser, "}")) {
		struct token token = next(parser);
		if (token.kind != TOKEN_NAME && token.kind != TOKEN_QUOTED)
			return expected(parser, token, "a symbol pattern or '}'");
		add_pattern(parser, token, node, local, cxx);
		if (!accept(parser, ";") && !token_is(peek(parser), "}"))
			return expected(parser, next(parser), "';' after a symbol pattern");
	}
	return true;
}

/* What stands between the braces of a node or of a dynamic list, with the closing brace. */
static bool parse_body(struct parser *parser, uint32_t node, bool labels)
{
	bool local = false;
	while (!accept(parser, "}")) {
		if (labels && accept_label(parser, "global")) {
			local = false;
			continue;
		}
		if (labels && accept_label(parser, "local")) {
			local = true;
			continue;
		}
		struct token token = next(parser);
		if (token_is(token, "extern") && !token_is(peek(parser), ";")) {
			bool cxx = false;
			if (!parse_language(parser, &cxx) || !expect(parser, "{", "'{' after the language") ||
			    !parse_extern_body(parser, node, local, cxx) ||
			    !expect(parser, ";", "';' after the '}' of extern"))
				return false;
			continue;
		}
		if (token.kind != TOKEN_NAME && token.kind != TOKEN_QUOTED)
			return expected(parser, token, labels ? "a symbol pattern, 'global:', 'local:' or '}'"
							      : "a symbol pattern or '}'");
		add_pattern(parser, token, node, local, false);
		if (!expect(parser, ";", "';' after a symbol pattern"))
			return false;
	}
	return true;
}

/* Index of the node called `name`, or the number of nodes. */
static uint32_t find_node(const struct version_script *script, struct str name)
{
	uint32_t i = 0;
	while (i < script->nodes.n && !(strlen(script->nodes.at[i].name) == name.len &&
					 memcmp(script->nodes.at[i].name, name.at, name.len) == 0))
		i++;
	return i;
}

/* The node that begins at `token`: its name, or the '{' of an anonymous one. */
static bool add_node(struct parser *parser, struct token token)
{
	struct version_script *out = parser->out;
	bool anonymous = token.kind == TOKEN_PUNCT;
	struct str name = anonymous ? (struct str){"", 0} : token.text;
	if (out->nodes.n > 0 && (anonymous || out->nodes.at[0].name[0] == '\0'))
		return script_error(parser->diag, token.place, NULL,
				    "an anonymous version node cannot be combined with other version nodes");
	if (find_node(out, name) < out->nodes.n)
		return script_error(parser->diag, token.place, NULL, "duplicate version node '%.*s'",
				    (int)name.len, name.at);
	*array_push(&out->nodes) = (struct version_node){.name = arena_strndup(parser->arena, name.at, name.len)};
	return true;
}

/* The nodes named between '}' and ';', which must have been defined before. */
static bool parse_parents(struct parser *parser, uint32_t node)
{
	for (;;) {
		struct token token = next(parser);
		if (token_is(token, ";"))
			return true;
		if (token.kind != TOKEN_NAME && token.kind != TOKEN_QUOTED)
			return expected(parser, token, "';' after the '}' of a version node");
		uint32_t parent = find_node(parser->out, token.text);
		if (parent >= node)
			return script_error(parser->diag, token.place, NULL,
					    "version node '%s' depends on '%.*s', which is not defined before it",
					    parser->out->nodes.at[node].name, (int)token.text.len, token.text.at);
		*array_push(&parser->out->nodes.at[node].parents) = parent;
	}
}

static bool parse_node(struct parser *parser)
{
	struct token token = next(parser);
	bool named = token.kind == TOKEN_NAME || token.kind == TOKEN_QUOTED;
	if (!named && !token_is(token, "{"))
		return expected(parser, token, "a version name or '{'");
	uint32_t node = parser->out->nodes.n;
	if (!add_node(parser, token))
		return false;
	if (named && !expect(parser, "{", "'{' after the version name"))
		return false;
	if (!parse_body(parser, node, true))
		return false;
	return named ? parse_parents(parser, node) : expect(parser, ";", "';' after the '}' of a version node");
}

bool version_script_parse(struct version_script *out, struct script_place place, struct arena *arena,
			  struct diag *diag)
{
	struct parser parser = {.out = out, .arena = arena, .diag = diag};
	lexer_init(&parser.lexer, place);
	do {
		if (!parse_node(&parser))
			return false;
	} while (peek(&parser).kind != TOKEN_END);
	return true;
}

bool dynamic_list_parse(struct version_script *out, struct script_place place, struct arena *arena, struct diag *diag)
{
	struct parser parser = {.out = out, .arena = arena, .diag = diag};
	lexer_init(&parser.lexer, place);
	if (out->nodes.n == 0)
		*array_push(&out->nodes) = (struct version_node){.name = ""};
	do {
		if (!expect(&parser, "{", "'{' at the start of a dynamic list") || !parse_body(&parser, 0, false) ||
		    !expect(&parser, ";", "';' after the '}' of a dynamic list"))
			return false;
	} while (peek(&parser).kind != TOKEN_END);
	return true;
}

void version_script_free(struct version_script *script)
{
	for (uint32_t i = 0; i < script->nodes.n; i++)
		array_free(&script->nodes.at[i].parents);
	array_free(&script->nodes);
	array_free(&script->patterns);
}
