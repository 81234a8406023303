/* Input section descriptions (GNU ld manual, "Input Section Description"). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/types.h"
#include "ld/script/parser.h"

static const struct {
	const char *word;
	enum script_sort sort;
} sorts[] = {
	{"SORT", SORT_NAME},
	{"SORT_BY_NAME", SORT_NAME},
	{"SORT_BY_ALIGNMENT", SORT_ALIGNMENT},
	{"SORT_BY_INIT_PRIORITY", SORT_INIT_PRIORITY},
	{"SORT_NONE", SORT_NONE},
};

static const struct named_number section_flags[] = {
	{"SHF_WRITE", SHF_WRITE}, {"SHF_ALLOC", SHF_ALLOC}, {"SHF_EXECINSTR", SHF_EXECINSTR},
	{"SHF_MERGE", SHF_MERGE}, {"SHF_STRINGS", SHF_STRINGS}, {"SHF_INFO_LINK", SHF_INFO_LINK},
	{"SHF_LINK_ORDER", SHF_LINK_ORDER}, {"SHF_OS_NONCONFORMING", SHF_OS_NONCONFORMING}, {"SHF_GROUP", SHF_GROUP},
	{"SHF_TLS", SHF_TLS}, {"SHF_COMPRESSED", SHF_COMPRESSED}, {"SHF_EXCLUDE", SHF_EXCLUDE},
	{"SHF_GNU_RETAIN", SHF_GNU_RETAIN}, {"SHF_X86_64_LARGE", SHF_X86_64_LARGE}, {NULL, 0},
};

static struct file_pattern make_file_pattern(struct script_parser *parser, struct token token)
{
	struct str text = {parser_copy(parser, token), token.text.len};
	const char *colon = text.len ? memchr(text.at, ':', text.len) : NULL;
	if (!colon)
		return (struct file_pattern){.kind = FILE_PLAIN, .file = text};
	uint32_t before = (uint32_t)(colon - text.at);
	return (struct file_pattern){
		.kind = before ? FILE_OF_ARCHIVE : FILE_NOT_IN_ARCHIVE,
		.archive = {text.at, before},
		.file = {colon + 1, text.len - before - 1},
	};
}

/* (*crtbegin.o *crtend.o), added to the list. */
static bool parse_exclude(struct script_parser *parser, const struct file_pattern **exclude)
{
	if (!parser_expect(parser, LEX_WILD, "(", "'(' after EXCLUDE_FILE"))
		return false;
	for (;;) {
		struct token token = parser_next(parser, LEX_WILD);
		if (token_is(token, ")"))
			return true;
		if (token_is(token, ","))
			continue;
		if (!token_is_name(token))
			return parser_expected(parser, token, "the pattern of a file, or ')'");
		struct file_pattern *pattern = arena_new(parser->arena, struct file_pattern);
		*pattern = make_file_pattern(parser, token);
		pattern->next = *exclude;
		*exclude = pattern;
	}
}

/* Whether the word is a keyword: it is a name like any other where no parenthesis follows. */
static bool is_called(const struct script_parser *parser, struct token token, const char *keyword)
{
	return token_is(token, keyword) && token.kind == TOKEN_NAME && token_is(parser_peek(parser, LEX_WILD), "(");
}

/* Which sort the word asks for; false: none. */
static bool find_sort(const struct script_parser *parser, struct token token, enum script_sort *sort)
{
	for (size_t i = 0; i < COUNTOF(sorts); i++) {
		if (is_called(parser, token, sorts[i].word)) {
			*sort = sorts[i].sort;
			return true;
		}
	}
	return false;
}

/* A section's pattern with the SORTs, REVERSE and EXCLUDE_FILE around it. */
static bool parse_section_pattern(struct script_parser *parser, struct token token, struct section_pattern *pattern,
				  unsigned n_sorts)
{
	enum script_sort sort = SORT_UNSAID;
	bool reverse = is_called(parser, token, "REVERSE");
	if (is_called(parser, token, "EXCLUDE_FILE"))
		return parse_exclude(parser, &pattern->exclude) &&
		       parse_section_pattern(parser, parser_next(parser, LEX_WILD), pattern, n_sorts);
	if (reverse || find_sort(parser, token, &sort)) {
		if (!reverse && n_sorts == COUNTOF(pattern->sort))
			return script_error(parser->diag, token.place, NULL, "more than two SORTs around a pattern");
		if (reverse && pattern->reverse)
			return script_error(parser->diag, token.place, NULL, "a second REVERSE around a pattern");
		pattern->reverse |= reverse;
		if (!reverse)
			pattern->sort[n_sorts++] = sort;
		parser_next(parser, LEX_WILD); /* the "(" */
		return parse_section_pattern(parser, parser_next(parser, LEX_WILD), pattern, n_sorts) &&
		       parser_expect(parser, LEX_WILD, ")", "')' after the pattern");
	}
	if (!token_is_name(token))
		return parser_expected(parser, token, "the pattern of a section");
	pattern->glob = (struct str){parser_copy(parser, token), token.text.len};
	if (pattern->reverse && pattern->sort[0] == SORT_UNSAID)
		pattern->sort[0] = SORT_NAME;
	return true;
}

/* For KEPE(*(.text)), or *(SROT(.text)): the word that `word` probably should have been. */
static const char *similar_keyword(struct token word)
{
	static const char *const words[] = {
		"KEEP", "SORT", "SORT_BY_NAME", "SORT_BY_ALIGNMENT", "SORT_BY_INIT_PRIORITY", "SORT_NONE", "REVERSE",
		"EXCLUDE_FILE", "INPUT_SECTION_FLAGS", "BYTE", "SHORT", "LONG", "QUAD", "SQUAD", "FILL", "ASSERT",
		"PROVIDE", "PROVIDE_HIDDEN", "HIDDEN", NULL,
	};
	const char *similar = word.kind == TOKEN_NAME ? script_similar(word.text, words) : NULL;
	return similar && !token_is(word, similar) ? similar : NULL;
}

/* (.text .text.*), behind what opens the list. */
static bool parse_section_list(struct script_parser *parser, struct input_description *input, struct token file,
			       const char *close)
{
	struct section_pattern **end = &input->patterns;
	struct token word = file; /* what stands in front of the next token */
	for (;;) {
		struct token token = parser_next(parser, LEX_WILD);
		if (token_is(token, close) && *close != '\0')
			return true;
		if (token_is(token, ","))
			continue;
		struct section_pattern *pattern = arena_new(parser->arena, struct section_pattern);
		pattern->place = token.place;
		if (token.kind == TOKEN_PUNCT && similar_keyword(file))
			word = file;
		const char *similar = token.kind == TOKEN_PUNCT ? similar_keyword(word) : NULL;
		if (similar)
			return script_error(parser->diag, word.place, NULL, "unknown word '%.*s', did you mean %s?",
					    (int)word.text.len, word.text.at, similar);
		word = token;
		if (!parse_section_pattern(parser, token, pattern, 0))
			return false;
		*end = pattern;
		end = &pattern->next;
	}
}

static bool parse_one_flag(struct script_parser *parser, struct token token, bool clear,
			   struct input_description *input)
{
	struct str name = token.text;
	if (name.len > 0 && name.at[0] == '!') {
		clear = true;
		name.at++, name.len--;
	}
	uint64_t bits = 0;
	if (!named_number_find(section_flags, name, &bits)) {
		char number[32], *end = number;
		snprintf(number, sizeof(number), "%.*s", (int)name.len, name.at);
		bits = strtoull(number, &end, 0);
		const char *similar = named_number_similar(section_flags, name);
		if (end == number || *end != '\0')
			return script_error(parser->diag, token.place, NULL,
					    similar ? "unknown section flag '%.*s', did you mean %s?"
						    : "unknown section flag '%.*s'",
					    (int)name.len, name.at, similar);
	}
	*(clear ? &input->flags_clear : &input->flags_set) |= bits;
	return true;
}

/* (SHF_MERGE & !SHF_WRITE) */
static bool parse_flags(struct script_parser *parser, struct input_description *input)
{
	if (!parser_expect(parser, LEX_WILD, "(", "'(' after INPUT_SECTION_FLAGS"))
		return false;
	do {
		struct token token = parser_next(parser, LEX_WILD);
		bool clear = token_is(token, "!");
		if (clear)
			token = parser_next(parser, LEX_WILD);
		if (token.kind != TOKEN_NAME)
			return parser_expected(parser, token, "a section flag such as SHF_WRITE");
		if (!parse_one_flag(parser, token, clear, input))
			return false;
	} while (parser_accept(parser, LEX_WILD, "&"));
	return parser_expect(parser, LEX_WILD, ")", "'&' or ')' after a section flag");
}

/* The file's pattern with the SORT, REVERSE and EXCLUDE_FILE around it. *file: its token. */
static bool parse_file_pattern(struct script_parser *parser, struct token token, struct input_description *input,
			       struct token *file)
{
	enum script_sort sort = SORT_UNSAID;
	bool reverse = !input->file_reverse && is_called(parser, token, "REVERSE");
	if (is_called(parser, token, "EXCLUDE_FILE"))
		return parse_exclude(parser, &input->exclude) &&
		       parse_file_pattern(parser, parser_next(parser, LEX_WILD), input, file);
	if (reverse || (input->file_sort == SORT_UNSAID && find_sort(parser, token, &sort))) {
		if (sort == SORT_ALIGNMENT || sort == SORT_INIT_PRIORITY)
			return script_error(parser->diag, token.place, NULL,
					    "files cannot be sorted by what %.*s means",
					    (int)token.text.len, token.text.at);
		input->file_reverse |= reverse;
		if (!reverse)
			input->file_sort = sort;
		parser_next(parser, LEX_WILD); /* the "(" */
		if (!parse_file_pattern(parser, parser_next(parser, LEX_WILD), input, file) ||
		    !parser_expect(parser, LEX_WILD, ")", "')' after the file's pattern"))
			return false;
		if (input->file_sort == SORT_UNSAID)
			input->file_sort = SORT_NAME; /* REVERSE alone */
		return true;
	}
	if (!token_is_name(token))
		return parser_expected(parser, token, "the pattern of a file");
	input->file = make_file_pattern(parser, token);
	*file = token;
	return true;
}

/* file (sections), file, or [ sections ]. */
static bool parse_files_and_sections(struct script_parser *parser, struct token token, struct input_description *input)
{
	if (token_is(token, "[")) {
		input->file = (struct file_pattern){.kind = FILE_PLAIN, .file = {"*", 1}};
		return parse_section_list(parser, input, token, "]");
	}
	struct token file = token;
	if (!parse_file_pattern(parser, token, input, &file))
		return false;
	if (!parser_accept(parser, LEX_WILD, "("))
		return true; /* all of its sections */
	return parse_section_list(parser, input, file, ")");
}

bool parser_input_description(struct script_parser *parser, struct token first)
{
	if (!token_is_name(first))
		return parser_expected(parser, first, "a statement of the output section, or '}'");
	struct statement *statement = parser_add(parser, STATEMENT_INPUT, first.place);
	struct input_description *input = arena_new(parser->arena, struct input_description);
	input->place = first.place;
	statement->input = input;
	struct token token = first;
	for (;;) {
		if (is_called(parser, token, "INPUT_SECTION_FLAGS")) {
			if (!parse_flags(parser, input))
				return false;
		} else if (!input->keep && is_called(parser, token, "KEEP")) {
			input->keep = true;
			parser_next(parser, LEX_WILD); /* the "(" */
		} else {
			break;
		}
		token = parser_next(parser, LEX_WILD);
	}
	return parse_files_and_sections(parser, token, input) &&
	       (!input->keep || parser_expect(parser, LEX_WILD, ")", "')' at the end of KEEP"));
}
