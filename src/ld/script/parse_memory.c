/* MEMORY, REGION_ALIAS and PHDRS (GNU ld manual, "MEMORY Command", "PHDRS Command"). */
#include <stdio.h>
#include <string.h>

#include "elf/types.h"
#include "ld/script/parser.h"

/* ---- MEMORY ---------------------------------------------------------------------------------------------- */

static bool add_attributes(struct script_parser *parser, struct token token, uint32_t *flags)
{
	for (uint32_t i = 0; i < token.text.len; i++) {
		switch (token.text.at[i] | 0x20) {
		case 'r':
			*flags |= REGION_READ;
			break;
		case 'w':
			*flags |= REGION_WRITE;
			break;
		case 'x':
			*flags |= REGION_EXECUTE;
			break;
		case 'a':
			*flags |= REGION_ALLOC;
			break;
		case 'i':
		case 'l':
			*flags |= REGION_INITIALIZED;
			break;
		default:
			return script_error(parser->diag, token.place, NULL,
					    "unknown attribute '%c' of a memory region, known are r, w, x, a, i and l",
					    token.text.at[i]);
		}
	}
	return true;
}

/* (rwx!i): "!" inverts the word behind it. */
static bool parse_attributes(struct script_parser *parser, struct region_statement *region)
{
	if (!parser_accept(parser, LEX_SCRIPT, "("))
		return true;
	for (;;) {
		struct token token = parser_next(parser, LEX_SCRIPT);
		if (token_is(token, ")"))
			return true;
		bool inverted = token_is(token, "!");
		if (inverted)
			token = parser_next(parser, LEX_SCRIPT);
		if (!token_is_name(token))
			return parser_expected(parser, token, "attributes of a memory region, or ')'");
		if (!add_attributes(parser, token, inverted ? &region->not_flags : &region->flags))
			return false;
	}
}

/* ORIGIN = value; `words` are the spellings that are known. */
static const struct expr *parse_member(struct script_parser *parser, const char *const *words)
{
	struct token token = parser_next(parser, LEX_EXPR);
	bool known = false;
	for (; *words; words++)
		known |= token_is(token, *words);
	if (!known) {
		char what[64];
		snprintf(what, sizeof(what), "%s = value in the memory region", words[-1]);
		parser_expected(parser, token, what);
		return NULL;
	}
	return parser_expect(parser, LEX_EXPR, "=", "'='") ? parser_expression(parser) : NULL;
}

static bool parse_region(struct script_parser *parser, struct token name, void *context)
{
	static const char *const origin[] = {"o", "org", "ORIGIN", NULL};
	static const char *const length[] = {"l", "len", "LENGTH", NULL};
	struct region_statement ***end = context;
	if (!token_is_name(name))
		return parser_expected(parser, name, "the name of a memory region, or '}'");
	struct region_statement *region = arena_new(parser->arena, struct region_statement);
	region->name = parser_copy(parser, name);
	region->place = name.place;
	if (!parse_attributes(parser, region) ||
	    !parser_expect(parser, LEX_SCRIPT, ":", "':' after a memory region's name"))
		return false;
	region->origin = parse_member(parser, origin);
	if (!region->origin)
		return false;
	parser_accept(parser, LEX_EXPR, ",");
	region->length = parse_member(parser, length);
	if (!region->length)
		return false;
	**end = region;
	*end = &region->next;
	return true;
}

bool parser_memory(struct script_parser *parser)
{
	struct region_statement **end = &parser->out->regions;
	while (*end)
		end = &(*end)->next;
	return parser_expect(parser, LEX_SCRIPT, "{", "'{' after MEMORY") &&
	       parser_items(parser, LEX_SCRIPT, parse_region, &end, "the name of a memory region, or '}'");
}

bool parser_region_alias(struct script_parser *parser, struct script_place place)
{
	struct region_alias **end = &parser->out->aliases;
	while (*end)
		end = &(*end)->next;
	struct region_alias *alias = arena_new(parser->arena, struct region_alias);
	alias->place = place;
	*end = alias;
	return parser_expect(parser, LEX_SCRIPT, "(", "'(' after REGION_ALIAS") &&
	       parser_name(parser, LEX_SCRIPT, &alias->alias, "the new name of a memory region") &&
	       parser_expect(parser, LEX_SCRIPT, ",", "',' between two names") &&
	       parser_name(parser, LEX_SCRIPT, &alias->region, "the name of a memory region") &&
	       parser_expect(parser, LEX_SCRIPT, ")", "')'");
}

/* ---- PHDRS ----------------------------------------------------------------------------------------------- */

static const struct named_number segment_types[] = {
	{"PT_NULL", PT_NULL}, {"PT_LOAD", PT_LOAD}, {"PT_DYNAMIC", PT_DYNAMIC}, {"PT_INTERP", PT_INTERP},
	{"PT_NOTE", PT_NOTE}, {"PT_SHLIB", PT_SHLIB}, {"PT_PHDR", PT_PHDR}, {"PT_TLS", PT_TLS},
	{"PT_GNU_EH_FRAME", PT_GNU_EH_FRAME}, {"PT_GNU_STACK", PT_GNU_STACK}, {"PT_GNU_RELRO", PT_GNU_RELRO},
	{"PT_GNU_PROPERTY", PT_GNU_PROPERTY}, {NULL, 0},
};

static const struct expr *parse_segment_type(struct script_parser *parser)
{
	const struct expr *type = parser_expression(parser);
	if (!type || type->kind != EXPR_SYMBOL)
		return type;
	struct expr *number = arena_new(parser->arena, struct expr);
	*number = (struct expr){.kind = EXPR_NUMBER, .place = type->place};
	struct str name = {type->name, (uint32_t)strlen(type->name)};
	if (named_number_find(segment_types, name, &number->number))
		return number;
	const char *similar = named_number_similar(segment_types, name);
	script_error(parser->diag, type->place, similar ? NULL : "a number can stand in its place",
		     similar ? "unknown program header type '%s', did you mean %s?" : "unknown program header type '%s'",
		     type->name, similar);
	return NULL;
}

static bool parse_phdr(struct script_parser *parser, struct token name, void *context)
{
	struct phdr_statement ***end = context;
	if (!token_is_name(name))
		return parser_expected(parser, name, "the name of a program header, or '}'");
	struct phdr_statement *phdr = arena_new(parser->arena, struct phdr_statement);
	phdr->name = parser_copy(parser, name);
	phdr->place = name.place;
	phdr->type = parse_segment_type(parser);
	if (!phdr->type)
		return false;
	for (;;) {
		struct token token = parser_next(parser, LEX_EXPR);
		const struct expr **value = NULL;
		if (token_is(token, ";"))
			break;
		if (token_is(token, "FILEHDR"))
			phdr->filehdr = true;
		else if (token_is(token, "PHDRS"))
			phdr->phdrs = true;
		else if (token_is(token, "AT"))
			value = &phdr->at;
		else if (token_is(token, "FLAGS"))
			value = &phdr->flags;
		else
			return parser_expected(parser, token, "FILEHDR, PHDRS, AT(), FLAGS() or ';'");
		if (value && !(*value = parser_parenthesized_expression(parser)))
			return false;
	}
	**end = phdr;
	*end = &phdr->next;
	return true;
}

bool parser_phdrs(struct script_parser *parser)
{
	parser->out->has_phdrs = true;
	struct phdr_statement **end = &parser->out->phdrs;
	while (*end)
		end = &(*end)->next;
	return parser_expect(parser, LEX_SCRIPT, "{", "'{' after PHDRS") &&
	       parser_items(parser, LEX_SCRIPT, parse_phdr, &end, "the name of a program header, or '}'");
}
