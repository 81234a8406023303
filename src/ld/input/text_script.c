#include "ld/input/text_script.h"

#include <string.h>

#include "ld/input/lexer.h"
#include "ld/input/script_error.h"

/* How much of a file is looked at to tell text from something else. */
enum { PLAUSIBLE_PREFIX = 256 };

/* GROUP(AS_NEEDED(AS_NEEDED(...))) is allowed, but not to exhaust the stack with. */
enum { MAX_NESTING = 64 };

struct parser {
	struct text_script *out;
	struct lexer lexer;
	struct arena *arena;
	struct diag *diag;
	uint32_t group;     /* number of the GROUP command that is read; 0: INPUT */
};

static bool expected(struct parser *parser, struct token token, const char *what)
{
	return script_expected(parser->diag, &parser->lexer, token, what);
}

static bool accept(struct parser *parser, enum lex_state state, const char *text)
{
	if (!token_is(lexer_peek(&parser->lexer, state), text))
		return false;
	lexer_next(&parser->lexer, state);
	return true;
}

static bool expect(struct parser *parser, enum lex_state state, const char *text, const char *what)
{
	struct token token = lexer_next(&parser->lexer, state);
	return token_is(token, text) || expected(parser, token, what);
}

static bool is_name(struct token token)
{
	return token.kind == TOKEN_NAME || token.kind == TOKEN_QUOTED;
}

static const char *copy(struct parser *parser, struct token token)
{
	return arena_strndup(parser->arena, token.text.at, token.text.len);
}

/* One file of a list: a path, "=path", "-lNAME", or "-l:FILE". */
static bool add_input(struct parser *parser, struct token token, bool as_needed)
{
	struct text_script_input input = {.name = copy(parser, token), .as_needed = as_needed, .group = parser->group};
	if (token.kind == TOKEN_NAME && strncmp(input.name, "-l", 2) == 0) {
		input.is_library = true;
		input.name += 2;
	}
	if (input.name[0] == '\0')
		return script_error(parser->diag, &parser->lexer, token, "expected %s",
				    input.is_library ? "the name of a library after -l" : "the name of a file");
	*array_push(&parser->out->inputs) = input;
	return true;
}

/* ( a.o, -lfoo AS_NEEDED ( libc.so.6 ) ) */
static bool parse_inputs(struct parser *parser, bool as_needed, unsigned nesting)
{
	if (!expect(parser, LEX_INPUTLIST, "(", "'(' before a list of files"))
		return false;
	while (!accept(parser, LEX_INPUTLIST, ")")) {
		if (accept(parser, LEX_INPUTLIST, ","))
			continue;
		struct token token = lexer_next(&parser->lexer, LEX_INPUTLIST);
		if (token_is(token, "AS_NEEDED") && token_is(lexer_peek(&parser->lexer, LEX_INPUTLIST), "(")) {
			if (nesting == MAX_NESTING)
				return script_error(parser->diag, &parser->lexer, token, "AS_NEEDED nested too deeply");
			if (!parse_inputs(parser, true, nesting + 1))
				return false;
		} else if (!is_name(token)) {
			return expected(parser, token, "the name of a file, or ')'");
		} else if (!add_input(parser, token, as_needed)) {
			return false;
		}
	}
	return true;
}

/* (NAME), or (NAME, NAME, NAME) where `more` allows it; `first` gets the first one. */
static bool parse_argument(struct parser *parser, bool more, const char **first, const char *what)
{
	if (!expect(parser, LEX_SCRIPT, "(", "'('"))
		return false;
	struct token token = lexer_next(&parser->lexer, LEX_SCRIPT);
	if (token_is(token, "=") && is_name(lexer_peek(&parser->lexer, LEX_SCRIPT))) { /* SEARCH_DIR(=/usr/lib) */
		token = lexer_next(&parser->lexer, LEX_SCRIPT);
		*first = arena_printf(parser->arena, "=%.*s", (int)token.text.len, token.text.at);
	} else if (is_name(token) || token.kind == TOKEN_NUMBER) {
		*first = copy(parser, token);
	} else {
		return expected(parser, token, what);
	}
	while (more && accept(parser, LEX_SCRIPT, ",")) {
		token = lexer_next(&parser->lexer, LEX_SCRIPT);
		if (!is_name(token))
			return expected(parser, token, what);
	}
	return expect(parser, LEX_SCRIPT, ")", more ? "',' or ')'" : "')'");
}

static bool parse_externs(struct parser *parser)
{
	if (!expect(parser, LEX_EXPR, "(", "'('"))
		return false;
	while (!accept(parser, LEX_EXPR, ")")) {
		struct token token = lexer_next(&parser->lexer, LEX_EXPR);
		if (token_is(token, ","))
			continue;
		if (!is_name(token))
			return expected(parser, token, "a symbol, or ')'");
		*array_push(&parser->out->externs) = copy(parser, token);
	}
	return true;
}

/* VERSION { ... }: only finds the end; version_script_parse() reads what is between. */
static bool parse_version(struct parser *parser, struct token command)
{
	if (parser->out->version.data)
		return script_error(parser->diag, &parser->lexer, command,
				    "a second VERSION block is not supported yet");
	if (!expect(parser, LEX_VERSION, "{", "'{' after VERSION"))
		return false;
	uint64_t start = parser->lexer.at;
	uint32_t line = parser->lexer.line;
	for (unsigned depth = 1; depth > 0;) {
		struct token token = lexer_next(&parser->lexer, LEX_VERSION);
		if (token.kind == TOKEN_END)
			return expected(parser, token, "'}' at the end of VERSION");
		if (token.kind == TOKEN_ERROR && parser->lexer.at == parser->lexer.bytes.size)
			return expected(parser, token, "'}' at the end of VERSION");
		if (token_is(token, "{"))
			depth++;
		else if (token_is(token, "}"))
			depth--;
	}
	parser->out->version = (struct bytes){parser->lexer.bytes.data + start, parser->lexer.at - 1 - start};
	parser->out->version_line = line;
	return true;
}

static bool is_one_of(struct token token, const char *const *words, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (token_is(token, words[i]))
			return true;
	return false;
}

/* Commands of the script language that change the layout or the input rules: known, and not done yet. */
static bool is_layout_command(struct token token)
{
	static const char *const words[] = {
		"SECTIONS", "MEMORY", "PHDRS", "INSERT", "OVERWRITE_SECTIONS", "PROVIDE", "PROVIDE_HIDDEN", "HIDDEN",
		"ASSERT", "NOCROSSREFS", "NOCROSSREFS_TO", "REGION_ALIAS", "LD_FEATURE", "STARTUP", "OUTPUT", "INCLUDE",
		"FORCE_GROUP_ALLOCATION", "INHIBIT_COMMON_ALLOCATION",
	};
	return is_one_of(token, words, COUNTOF(words));
}

static bool is_assignment(struct token token)
{
	static const char *const words[] = {"=", "+=", "-=", "*=", "/=", "<<=", ">>=", "&=", "|=", "^="};
	return is_one_of(token, words, COUNTOF(words));
}

static bool parse_target(struct parser *parser, struct token command)
{
	const char *target = "";
	if (!parse_argument(parser, false, &target, "the name of a format"))
		return false;
	if (strncmp(target, "elf", 3) == 0 || strcmp(target, "default") == 0)
		return true;
	return script_error(parser->diag, &parser->lexer, command, "TARGET(%s) is not supported yet", target);
}

static bool parse_command(struct parser *parser, struct token token)
{
	struct text_script *out = parser->out;
	const char *ignored;
	if (token_is(token, "INPUT") || token_is(token, "GROUP")) {
		parser->group = token_is(token, "GROUP") ? ++out->groups : 0;
		return parse_inputs(parser, false, 0);
	}
	if (token_is(token, "OUTPUT_FORMAT"))
		return parse_argument(parser, true, &out->output_format, "the name of a format");
	if (token_is(token, "OUTPUT_ARCH"))
		return parse_argument(parser, false, &ignored, "the name of an architecture");
	if (token_is(token, "TARGET"))
		return parse_target(parser, token);
	if (token_is(token, "ENTRY"))
		return parse_argument(parser, false, &out->entry, "a symbol");
	if (token_is(token, "SEARCH_DIR")) {
		const char *dir = NULL;
		if (!parse_argument(parser, false, &dir, "the name of a directory"))
			return false;
		*array_push(&out->search_dirs) = dir;
		return true;
	}
	if (token_is(token, "EXTERN"))
		return parse_externs(parser);
	if (token_is(token, "VERSION"))
		return parse_version(parser, token);
	if (token_is(token, "FLOAT") || token_is(token, "NOFLOAT") || token_is(token, "FORCE_COMMON_ALLOCATION"))
		return true;
	if (is_layout_command(token))
		return script_error(parser->diag, &parser->lexer, token, "%.*s in a linker script is not supported yet",
				    (int)token.text.len, token.text.at);
	if (is_name(token) && is_assignment(lexer_peek(&parser->lexer, LEX_SCRIPT)))
		return script_error(parser->diag, &parser->lexer, token,
				    "a symbol assignment in a linker script is not supported yet");
	return expected(parser, token, "a linker script command such as INPUT or GROUP");
}

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

bool text_script_parse(struct text_script *out, const char *path, struct bytes bytes, struct arena *arena,
		       struct diag *diag)
{
	struct parser parser = {.out = out, .arena = arena, .diag = diag};
	lexer_init(&parser.lexer, path, bytes);
	for (;;) {
		struct token token = lexer_next(&parser.lexer, LEX_SCRIPT);
		if (token.kind == TOKEN_END)
			return true;
		if (token_is(token, ";") || token_is(token, ","))
			continue;
		if (!parse_command(&parser, token))
			return false;
	}
}

void text_script_free(struct text_script *script)
{
	array_free(&script->inputs);
	array_free(&script->search_dirs);
	array_free(&script->externs);
}
