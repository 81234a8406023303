/* SECTIONS, OVERLAY, OVERWRITE_SECTIONS: everything but what is between an output section's braces (GNU ld manual,
 * "SECTIONS Command"; lld's manual for OVERWRITE_SECTIONS). */
#include <string.h>

#include "elf/types.h"
#include "ld/script/parser.h"

/* ---- what stands in front of the braces ----------------------------------------------------------------- */

static const struct {
	const char *word;
	enum section_type type;
} section_types[] = {
	{"NOLOAD", SECTION_TYPE_NOLOAD},      {"DSECT", SECTION_TYPE_NOT_ALLOCATED},
	{"COPY", SECTION_TYPE_NOT_ALLOCATED}, {"INFO", SECTION_TYPE_NOT_ALLOCATED},
	{"OVERLAY", SECTION_TYPE_NOT_ALLOCATED}, {"READONLY", SECTION_TYPE_READONLY},
	{"TYPE", SECTION_TYPE_GIVEN},
};

static const struct named_number sh_types[] = {
	{"SHT_NULL", SHT_NULL}, {"SHT_PROGBITS", SHT_PROGBITS}, {"SHT_SYMTAB", SHT_SYMTAB}, {"SHT_STRTAB", SHT_STRTAB},
	{"SHT_RELA", SHT_RELA}, {"SHT_HASH", SHT_HASH}, {"SHT_DYNAMIC", SHT_DYNAMIC}, {"SHT_NOTE", SHT_NOTE},
	{"SHT_NOBITS", SHT_NOBITS}, {"SHT_REL", SHT_REL}, {"SHT_DYNSYM", SHT_DYNSYM},
	{"SHT_INIT_ARRAY", SHT_INIT_ARRAY}, {"SHT_FINI_ARRAY", SHT_FINI_ARRAY},
	{"SHT_PREINIT_ARRAY", SHT_PREINIT_ARRAY}, {NULL, 0},
};

bool parser_is_section_type(struct token token)
{
	for (size_t i = 0; i < COUNTOF(section_types); i++)
		if (token_is(token, section_types[i].word))
			return true;
	return token_is(token, ")");
}

/* TYPE = value, behind TYPE. */
static const struct expr *parse_type_value(struct script_parser *parser)
{
	if (!parser_expect(parser, LEX_EXPR, "=", "'=' after TYPE"))
		return NULL;
	const struct expr *expr = parser_expression(parser);
	if (!expr || expr->kind != EXPR_SYMBOL)
		return expr;
	struct expr *number = arena_new(parser->arena, struct expr);
	*number = (struct expr){.kind = EXPR_NUMBER, .place = expr->place};
	struct str name = {expr->name, (uint32_t)strlen(expr->name)};
	if (named_number_find(sh_types, name, &number->number))
		return number;
	const char *similar = named_number_similar(sh_types, name);
	script_error(parser->diag, expr->place, NULL,
		     similar ? "unknown section type '%s', did you mean %s?" : "unknown section type '%s'", expr->name,
		     similar);
	return NULL;
}

/* (NOLOAD), (READONLY (TYPE = SHT_NOTE)), () ... behind the "(". */
static bool parse_type(struct script_parser *parser, struct section_statement *section)
{
	struct token token = parser_next(parser, LEX_EXPR);
	if (token_is(token, ")"))
		return true;
	for (size_t i = 0; i < COUNTOF(section_types); i++)
		if (token_is(token, section_types[i].word))
			section->type = section_types[i].type;
	if (section->type == SECTION_TYPE_GIVEN) {
		section->type_value = parse_type_value(parser);
		if (!section->type_value)
			return false;
	} else if (section->type == SECTION_TYPE_READONLY && parser_accept(parser, LEX_EXPR, "(")) {
		section->type = SECTION_TYPE_READONLY_GIVEN;
		if (!parser_expect(parser, LEX_EXPR, "TYPE", "TYPE"))
			return false;
		section->type_value = parse_type_value(parser);
		if (!section->type_value || !parser_expect(parser, LEX_EXPR, ")", "')' after the type"))
			return false;
	}
	return parser_expect(parser, LEX_EXPR, ")", "')' after the section's type");
}

/* [address] [(type)] : */
static bool parse_head(struct script_parser *parser, const struct expr **address, struct section_statement *section)
{
	struct lexer lexer = parser->lexer;
	struct token token = lexer_next(&lexer, LEX_EXPR);
	bool typed = token_is(token, "(") && parser_is_section_type(lexer_next(&lexer, LEX_EXPR));
	if (!token_is(token, ":") && !typed) {
		*address = parser_expression(parser);
		if (!*address)
			return false;
	}
	if (section && parser_accept(parser, LEX_EXPR, "(") && !parse_type(parser, section))
		return false;
	return parser_expect(parser, LEX_EXPR, ":", "':' after the name of an output section");
}

static bool parse_clause(struct script_parser *parser, const struct expr **value, struct token word)
{
	if (*value)
		return script_error(parser->diag, word.place, NULL, "a second %.*s", (int)word.text.len, word.text.at);
	*value = parser_parenthesized_expression(parser);
	return *value;
}

/* AT(), ALIGN() and so on, in any order, and the brace behind them. */
static bool parse_section_clauses(struct script_parser *parser, struct section_statement *section)
{
	static const char *const words[] = {"AT", "ALIGN", "ALIGN_WITH_INPUT", "SUBALIGN", "ONLY_IF_RO", "ONLY_IF_RW",
					    "SPECIAL", NULL};
	for (;;) {
		struct token token = parser_next(parser, LEX_EXPR);
		if (token_is(token, "{"))
			return true;
		bool ok = true;
		if (token_is(token, "AT")) {
			ok = parse_clause(parser, &section->at, token);
		} else if (token_is(token, "ALIGN")) {
			ok = parse_clause(parser, &section->align, token);
		} else if (token_is(token, "SUBALIGN")) {
			ok = parse_clause(parser, &section->subalign, token);
		} else if (token_is(token, "ALIGN_WITH_INPUT")) {
			section->align_with_input = true;
		} else if (token_is(token, "ONLY_IF_RO")) {
			section->constraint = CONSTRAINT_ONLY_IF_RO;
		} else if (token_is(token, "ONLY_IF_RW")) {
			section->constraint = CONSTRAINT_ONLY_IF_RW;
		} else if (token_is(token, "SPECIAL")) {
			section->constraint = CONSTRAINT_SPECIAL;
		} else {
			const char *similar = token.kind == TOKEN_NAME ? script_similar(token.text, words) : NULL;
			if (similar)
				return script_error(parser->diag, token.place, NULL,
						    "unknown word '%.*s', did you mean %s?", (int)token.text.len,
						    token.text.at, similar);
			return parser_expected(parser, token, "'{' before what the output section holds");
		}
		if (!ok)
			return false;
	}
}

/* ---- what stands behind the braces ---------------------------------------------------------------------- */

/* Of a section or an overlay. */
struct tail {
	const char **region, **lma_region;
	struct script_place *region_place, *lma_place;
	struct name_list **phdrs;
	const struct expr **fill;
};

/* >region AT>region :phdr :phdr =fill, in any order. */
static bool parse_tail(struct script_parser *parser, struct tail tail)
{
	while (*tail.phdrs)
		tail.phdrs = &(*tail.phdrs)->next;
	for (;;) {
		if (parser_accept(parser, LEX_SCRIPT, ">")) {
			*tail.region_place = parser_peek(parser, LEX_SCRIPT).place;
			if (!parser_name(parser, LEX_SCRIPT, tail.region, "the name of a memory region"))
				return false;
		} else if (parser_accept(parser, LEX_SCRIPT, ":")) {
			struct name_list *phdr = arena_new(parser->arena, struct name_list);
			phdr->place = parser_peek(parser, LEX_SCRIPT).place;
			if (!parser_name(parser, LEX_SCRIPT, &phdr->name, "the name of a program header"))
				return false;
			*tail.phdrs = phdr;
			tail.phdrs = &phdr->next;
		} else if (parser_accept(parser, LEX_SCRIPT, "=")) {
			*tail.fill = parser_fill(parser);
			if (!*tail.fill)
				return false;
		} else {
			struct lexer before = parser->lexer;
			if (!parser_accept(parser, LEX_SCRIPT, "AT") || !parser_accept(parser, LEX_SCRIPT, ">")) {
				parser->lexer = before;
				return true;
			}
			*tail.lma_place = parser_peek(parser, LEX_SCRIPT).place;
			if (!parser_name(parser, LEX_SCRIPT, tail.lma_region, "the name of a memory region"))
				return false;
		}
	}
}

/* ---- statements ------------------------------------------------------------------------------------------ */

/* Between the braces of an output section. */
static bool parse_body(struct script_parser *parser, struct section_statement *section)
{
	struct statement **end = parser->end;
	parser->end = &section->body;
	bool ok = parser_section_body(parser);
	parser->end = end;
	return ok;
}

static struct statement *add_section(struct script_parser *parser, struct token name)
{
	struct statement *statement = parser_add(parser, STATEMENT_SECTION, name.place);
	statement->section = arena_new(parser->arena, struct section_statement);
	statement->section->name = parser_copy(parser, name);
	return statement;
}

static bool parse_section(struct script_parser *parser, struct token name)
{
	struct section_statement *section = add_section(parser, name)->section;
	struct tail tail = {&section->region, &section->lma_region, &section->region_place, &section->lma_place,
			    &section->phdrs, &section->fill};
	return parse_head(parser, &section->address, section) && parse_section_clauses(parser, section) &&
	       parse_body(parser, section) && parse_tail(parser, tail);
}

/* .name { ... } :phdr =fill */
static bool parse_overlaid(struct script_parser *parser, struct token name, void *context)
{
	(void)context;
	if (!token_is_name(name))
		return parser_expected(parser, name, "the name of a section in the OVERLAY, or '}'");
	struct section_statement *section = add_section(parser, name)->section;
	struct tail tail = {&section->region, &section->lma_region, &section->region_place, &section->lma_place,
			    &section->phdrs, &section->fill};
	return parser_expect(parser, LEX_EXPR, "{", "'{' after the name of a section in an OVERLAY") &&
	       parse_body(parser, section) && parse_tail(parser, tail);
}

static bool parse_overlay(struct script_parser *parser, struct token word)
{
	struct statement *statement = parser_add(parser, STATEMENT_OVERLAY, word.place);
	struct overlay_statement *overlay = arena_new(parser->arena, struct overlay_statement);
	statement->overlay = overlay;
	if (!parse_head(parser, &overlay->address, NULL))
		return false;
	for (;;) {
		struct token token = parser_next(parser, LEX_EXPR);
		if (token_is(token, "{"))
			break;
		if (token_is(token, "NOCROSSREFS"))
			overlay->nocrossrefs = true;
		else if (!token_is(token, "AT") && !token_is(token, "SUBALIGN"))
			return parser_expected(parser, token, "'{' before the sections of an OVERLAY");
		else if (!parse_clause(parser, token_is(token, "AT") ? &overlay->at : &overlay->subalign, token))
			return false;
	}
	struct statement **end = parser->end;
	parser->end = &overlay->sections;
	bool ok = parser_items(parser, LEX_SCRIPT, parse_overlaid, NULL, "the name of a section, or '}'");
	parser->end = end;
	return ok && parse_tail(parser, (struct tail){&overlay->region, &overlay->lma_region, &overlay->region_place,
						      &overlay->lma_place, &overlay->phdrs, &overlay->fill});
}

static bool parse_statement(struct script_parser *parser, struct token first, void *context)
{
	(void)context;
	if (!token_is_name(first))
		return parser_expected(parser, first, "an output section, an assignment or '}'");
	bool taken = false;
	if (!parser_assignment(parser, first, &taken))
		return false;
	if (taken)
		return true;
	struct token next = parser_peek(parser, LEX_EXPR);
	if (token_is(first, "ENTRY") && token_is(next, "("))
		return parser_parenthesized_name(parser, LEX_SCRIPT, &parser->out->entry, "a symbol");
	if (token_is(first, "OVERLAY"))
		return parse_overlay(parser, first);
	if (token_is(first, "SECTION_CLASS") && token_is(next, "("))
		return script_error(parser->diag, first.place, NULL, "SECTION_CLASS is not supported");
	return parse_section(parser, first);
}

bool parser_sections(struct script_parser *parser)
{
	parser->out->has_sections = true;
	return parser_expect(parser, LEX_SCRIPT, "{", "'{' after SECTIONS") &&
	       parser_items(parser, LEX_SCRIPT, parse_statement, NULL, "an output section, an assignment or '}'");
}

static bool parse_overwrite(struct script_parser *parser, struct token name, void *context)
{
	(void)context;
	if (!token_is_name(name))
		return parser_expected(parser, name, "an output section or '}'");
	return parse_section(parser, name);
}

bool parser_overwrite_sections(struct script_parser *parser)
{
	struct statement **end = parser->end;
	parser->end = &parser->out->overwrites;
	while (*parser->end)
		parser->end = &(*parser->end)->next;
	bool ok = parser_expect(parser, LEX_SCRIPT, "{", "'{' after OVERWRITE_SECTIONS") &&
		  parser_items(parser, LEX_SCRIPT, parse_overwrite, NULL, "an output section or '}'");
	parser->end = end;
	return ok;
}

bool parser_ordered_section(struct script_parser *parser, struct token name, void *context)
{
	(void)context;
	if (!token_is_name(name))
		return parser_expected(parser, name, "an output section");
	struct section_statement *section = add_section(parser, name)->section;
	if (!parser_expect(parser, LEX_EXPR, ":", "':' after the name of an output section") ||
	    !parser_expect(parser, LEX_EXPR, "{", "'{'") || !parse_body(parser, section))
		return false;
	for (const struct statement *statement = section->body; statement; statement = statement->next)
		if (statement->kind != STATEMENT_INPUT)
			return script_error(parser->diag, statement->place, NULL,
					    "only input sections can be named in a section ordering file");
	return true;
}
