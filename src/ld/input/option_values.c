#include "ld/input/option_values.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "arch/arch.h"
#include "base/codec.h"

enum { MAX_THREADS = 65535 };

bool option_parse_number(const struct option_context *context, struct str option, const char *text, int base,
			 uint64_t *number)
{
	char *end = NULL;
	errno = 0;
	unsigned long long value = strtoull(text, &end, base);
	if (text[0] == '\0' || strchr("+- \t\n\v\f\r", text[0]) || *end != '\0' || errno == ERANGE) {
		diag_error(context->diag, 0, "option %.*s: '%s' is not a number", (int)option.len, option.at, text);
		return false;
	}
	*number = value;
	return true;
}

bool option_value_is_digits(const char *text)
{
	return text[0] != '\0' && text[strspn(text, "0123456789")] == '\0';
}

bool option_value_is_one_of(const char *value, const char *list)
{
	size_t len = strlen(value);
	for (const char *at = list; at && len > 0; at = strchr(at, '|')) {
		at += *at == '|';
		if (strncmp(at, value, len) == 0 && (at[len] == '|' || at[len] == '\0'))
			return true;
	}
	return false;
}

static void bad_value(const struct option_context *context, struct str option, const char *value, const char *choices)
{
	diag_error(context->diag, 0, "option %.*s: '%s' is not one of: %s", (int)option.len, option.at, value, choices);
}

static void parse_build_id_hex(const struct option_context *context, const char *digits)
{
	size_t len = strlen(digits), n = 0;
	uint8_t *bytes = arena_alloc(context->arena, len / 2 + 1, 1);
	for (const char *at = digits; *at;) {
		if (n > 0 && (*at == '-' || *at == ':')) { /* as in a UUID */
			at++;
			continue;
		}
		char pair[3] = {at[0], at[1], '\0'};
		if (strspn(pair, "0123456789abcdefABCDEF") != 2) {
			diag_error(context->diag, 0, "option --build-id: '0x%s' is not whole bytes in hexadecimal",
				   digits);
			return;
		}
		bytes[n++] = (uint8_t)strtoul(pair, NULL, 16);
		at += 2;
	}
	context->options->build_id = BUILD_ID_HEX;
	context->options->build_id_hex = (struct bytes){bytes, n};
}

void option_parse_build_id(const struct option_context *context, const char *style)
{
	static const struct {
		const char *name;
		enum build_id_kind kind;
		unsigned size;
	} styles[] = {
		{"none", BUILD_ID_NONE, BUILD_ID_SHA1},
		{"sha1", BUILD_ID_HASH, BUILD_ID_SHA1},
		{"tree", BUILD_ID_HASH, BUILD_ID_SHA1},
		{"md5", BUILD_ID_HASH, BUILD_ID_MD5},
		{"sha256", BUILD_ID_HASH, BUILD_ID_SHA256},
		{"fast", BUILD_ID_HASH, BUILD_ID_FAST},
		{"xx", BUILD_ID_HASH, BUILD_ID_XX},
		{"uuid", BUILD_ID_UUID, BUILD_ID_MD5},
	};
	struct options *options = context->options;
	if (!style)
		style = "sha1";
	if (strncmp(style, "0x", 2) == 0 || strncmp(style, "0X", 2) == 0) {
		parse_build_id_hex(context, style + 2);
		return;
	}
	for (size_t i = 0; i < COUNTOF(styles); i++) {
		if (strcmp(style, styles[i].name) == 0) {
			options->build_id = styles[i].kind;
			options->build_id_size = styles[i].size;
			return;
		}
	}
	diag_warning(context->diag, 0, "unrecognized --build-id style '%s' ignored", style);
	options->build_id = BUILD_ID_NONE;
}

/* KIND or KIND:LEVEL */
void option_parse_compress_debug(const struct option_context *context, struct str option, const char *value)
{
	static const struct {
		const char *name, *shown;
		enum compress_kind kind;
		enum codec_format format;
	} kinds[] = {
		{"none", "", COMPRESS_NONE, CODEC_ZLIB},
		{"zlib", "zlib", COMPRESS_ZLIB, CODEC_ZLIB},
		{"zlib-gabi", "zlib", COMPRESS_ZLIB, CODEC_ZLIB},
		{"zlib-gnu", "zlib", COMPRESS_ZLIB_GNU, CODEC_ZLIB},
		{"zstd", "zstd", COMPRESS_ZSTD, CODEC_ZSTD},
	};
	size_t len = strcspn(value, ":"), i = 0;
	while (i < COUNTOF(kinds) && (strlen(kinds[i].name) != len || memcmp(kinds[i].name, value, len) != 0))
		i++;
	if (i == COUNTOF(kinds) || (value[len] && kinds[i].kind == COMPRESS_NONE)) {
		bad_value(context, option, value, "none, zlib, zlib-gabi, zlib-gnu, zstd, with :LEVEL or without");
		return;
	}
	int level = codec_default[kinds[i].format];
	if (value[len]) {
		const char *digits = &value[len + 1];
		int low = codec_lowest[kinds[i].format], high = codec_highest[kinds[i].format];
		level = option_value_is_digits(digits) && strlen(digits) <= 2 ? (int)strtol(digits, NULL, 10) : -1;
		if (level < low || level > high) {
			diag_error(context->diag, 0, "option %.*s: %s level must be between %d and %d, not '%s'",
				   (int)option.len, option.at, kinds[i].shown, low, high, digits);
			return;
		}
	}
	context->options->compress_debug = kinds[i].kind;
	context->options->compress_level = level;
}

/* What the escape after a '%' stands for, and how long it is; 0: it is none. "7B..." -> '{', 2;
 * "[lbrace]..." -> '{', 8 */
static size_t decode_percent(const char *text, char *decoded)
{
	static const struct {
		const char *name;
		char meaning;
	} names[] = {{"[comma]", ','}, {"[lbrace]", '{'}, {"[rbrace]", '}'}, {"[quot]", '"'}, {"[space]", ' '}};
	for (size_t i = 0; i < COUNTOF(names); i++)
		if (strncmp(text, names[i].name, strlen(names[i].name)) == 0) {
			*decoded = names[i].meaning;
			return strlen(names[i].name);
		}
	char digits[3] = {text[0], text[0] ? text[1] : '\0', '\0'};
	*decoded = (char)strtoul(digits, NULL, 16);
	return strspn(digits, "0123456789abcdefABCDEF") == 2 ? 2 : 0;
}

/* Compilers' drivers split words at commas: JSON comes with %XX or %[name] for what is special to somebody. */
void option_parse_package_metadata(const struct option_context *context, struct str option, const char *text)
{
	context->options->package_metadata = NULL;
	if (!text || !*text)
		return;
	char *json = arena_alloc(context->arena, strlen(text) + 1, 1), *to = json;
	for (const char *at = text; *at; to++) {
		size_t escape = *at == '%' ? decode_percent(at + 1, to) : 0;
		if (*at == '%' && escape == 0) {
			diag_error(context->diag, 0, "option %.*s: invalid string: %s", (int)option.len, option.at,
				   text);
			return;
		}
		if (*at != '%')
			*to = *at;
		at += 1 + escape;
	}
	*to = '\0';
	context->options->package_metadata = json;
}

void option_parse_icf(const struct option_context *context, struct str option, const char *value)
{
	static const char *const kinds[] = {[ICF_NONE] = "none", [ICF_SAFE] = "safe", [ICF_ALL] = "all"};
	for (unsigned kind = ICF_NONE; kind <= ICF_ALL; kind++)
		if (strcmp(value, kinds[kind]) == 0) {
			context->options->icf = (enum icf_kind)kind;
			return;
		}
	bad_value(context, option, value, "none, safe, all");
}

void option_parse_hash_style(const struct option_context *context, struct str option, const char *style)
{
	if (!option_value_is_one_of(style, "sysv|gnu|both|none")) {
		bad_value(context, option, style, "sysv, gnu, both, none");
		return;
	}
	bool both = strcmp(style, "both") == 0;
	context->options->hash_sysv = both || strcmp(style, "sysv") == 0;
	context->options->hash_gnu = both || strcmp(style, "gnu") == 0;
}

/* The number of `value` in a list of words separated by ", "; an error and 0 when it is none of them. */
static unsigned one_of(const struct option_context *context, struct str option, const char *value, const char *words)
{
	size_t len = strlen(value);
	unsigned number = 0;
	for (const char *at = words; *at; at += strspn(at, ", "), number++) {
		size_t word = strcspn(at, ",");
		if (word == len && strncmp(at, value, len) == 0)
			return number;
		at += word;
	}
	bad_value(context, option, value, words);
	return 0;
}

void option_parse_orphan_handling(const struct option_context *context, struct str option, const char *value)
{
	context->options->orphans = (enum orphan_handling)one_of(context, option, value, "place, warn, error, discard");
}

const char *option_abi_class(enum abi_class class)
{
	static const char *const names[] = {
		[ABI_SYMBOL_TYPE] = "symbol-type", [ABI_SYMBOL_SIZE] = "symbol-size",
		[ABI_CLASS_LAYOUT] = "class-layout", [ABI_COPY_RELOCATION] = "copy-relocation",
		[ABI_ARCHIVE_OVERRIDE] = "archive-override", [ABI_INTERPOSITION] = "interposition",
	};
	return names[class];
}

void option_parse_warn_abi(const struct option_context *context, struct str option, const char *value, bool warn)
{
	unsigned classes = 0;
	for (unsigned class = 0; class < ABI_CLASSES; class++)
		if (!value || strcmp(value, option_abi_class((enum abi_class)class)) == 0)
			classes |= 1u << class;
	if (classes == 0)
		bad_value(context, option, value,
			  "symbol-type, symbol-size, class-layout, copy-relocation, archive-override, interposition");
	if (warn)
		context->options->quiet_abi &= ~classes;
	else
		context->options->quiet_abi |= classes;
}

void option_parse_sort_section(const struct option_context *context, struct str option, const char *value)
{
	context->options->sort_section = (enum section_sort)one_of(context, option, value, "none, name, alignment");
}

enum report_level option_parse_report(const struct option_context *context, struct str option, const char *value)
{
	return (enum report_level)one_of(context, option, value, "none, warning, error");
}

void option_parse_isa_level_report(const struct option_context *context, struct str option, const char *value)
{
	unsigned kind = one_of(context, option, value, "none, all, needed, used");
	context->options->z.isa_level_report = (enum isa_report)kind;
}

void option_parse_pack_dyn_relocs(const struct option_context *context, struct str option, const char *value)
{
	if (!option_value_is_one_of(value, "relr|none"))
		bad_value(context, option, value, "relr, none");
	context->options->z.pack_relative_relocs = strcmp(value, "relr") == 0;
}

void option_parse_unresolved_symbols(const struct option_context *context, struct str option, const char *policy)
{
	if (!option_value_is_one_of(policy, "report-all|ignore-all|ignore-in-object-files|ignore-in-shared-libs")) {
		bad_value(context, option, policy,
			  "report-all, ignore-all, ignore-in-object-files, ignore-in-shared-libs");
		return;
	}
	struct options *options = context->options;
	bool all = strcmp(policy, "ignore-all") == 0;
	options->ignore_unresolved_objects = all || strcmp(policy, "ignore-in-object-files") == 0;
	options->ignore_unresolved_shared = all || strcmp(policy, "ignore-in-shared-libs") == 0;
	options->z.defs = !options->ignore_unresolved_objects; /* report-all reports in shared objects, too */
	options->allow_shlib_undefined = options->ignore_unresolved_shared;
	options->allow_shlib_undefined_given = true;
}

void option_parse_start_stop_visibility(const struct option_context *context, struct str option, const char *value)
{
	static const char *const names[] = {
		[STV_DEFAULT] = "default",
		[STV_INTERNAL] = "internal",
		[STV_HIDDEN] = "hidden",
		[STV_PROTECTED] = "protected",
	};
	for (unsigned i = 0; i < COUNTOF(names); i++) {
		if (strcmp(value, names[i]) == 0) {
			context->options->z.start_stop_visibility = (uint8_t)i;
			context->options->z.start_stop_visibility_given = true;
			return;
		}
	}
	bad_value(context, option, value, "default, internal, hidden, protected");
}

void option_parse_page_size(const struct option_context *context, struct str option, const char *value, uint64_t *size)
{
	uint64_t number;
	if (!option_parse_number(context, option, value, 0, &number))
		return;
	if (!is_power_of_two(number))
		diag_error(context->diag, 0, "option -z %.*s: %s is not a power of two", (int)option.len, option.at,
			   value);
	else
		*size = number;
}

void option_parse_threads(const struct option_context *context, struct str option, const char *value)
{
	uint64_t number = 0;
	if (value && !option_parse_number(context, option, value, 0, &number))
		return;
	if (value && (number == 0 || number > MAX_THREADS))
		diag_error(context->diag, 0, "option %.*s: needs a number from 1 to %d", (int)option.len, option.at,
			   MAX_THREADS);
	else
		context->options->threads = (unsigned)number;
}

void option_parse_color(const struct option_context *context, struct str option, const char *when)
{
	if (!when || strcmp(when, "auto") == 0)
		context->diag->color = diag_default_color();
	else if (option_value_is_one_of(when, "always|never"))
		context->diag->color = strcmp(when, "always") == 0;
	else
		bad_value(context, option, when, "auto, always, never");
}

void option_parse_error_format(const struct option_context *context, struct str option, const char *format)
{
	if (option_value_is_one_of(format, "text|json"))
		context->diag->format = strcmp(format, "json") == 0 ? DIAG_JSON : DIAG_TEXT;
	else
		bad_value(context, option, format, "text, json");
}

/* SYMBOL=VALUE; GNU ld allows blanks around both. */
void option_parse_defsym(const struct option_context *context, const char *text)
{
	const char *equals = strchr(text, '=');
	text += strspn(text, " \t");
	size_t len = equals ? (size_t)(equals - text) : 0;
	while (len > 0 && strchr(" \t", text[len - 1]))
		len--;
	const char *value = equals ? equals + 1 + strspn(equals + 1, " \t") : "";
	if (len == 0 || value[0] == '\0') {
		diag_error(context->diag, 0, "option --defsym: '%s' is not of the form SYMBOL=VALUE", text);
		return;
	}
	bool before_script = true;
	for (uint32_t i = 0; i < context->options->scripts.n; i++)
		before_script &= context->options->scripts.at[i].is_default; /* which are read last */
	*array_push(&context->options->defsyms) =
		(struct defsym){arena_strndup(context->arena, text, len), value, before_script};
}

void option_add_section_start(const struct option_context *context, struct str option, const char *name,
			      const char *address)
{
	uint64_t number;
	if (option_parse_number(context, option, address, 16, &number))
		*array_push(&context->options->section_starts) = (struct section_start){name, number};
}

/* SECTION=ADDRESS */
void option_parse_section_start(const struct option_context *context, struct str option, const char *text)
{
	const char *equals = strrchr(text, '=');
	if (!equals || equals == text)
		diag_error(context->diag, 0, "option %.*s: '%s' is not of the form SECTION=ADDRESS", (int)option.len,
			   option.at, text);
	else
		option_add_section_start(context, option, arena_strndup(context->arena, text, (size_t)(equals - text)),
				  equals + 1);
}

void option_parse_exclude_libs(const struct option_context *context, const char *list)
{
	for (const char *at = list; *at; at += strspn(at, ",:")) {
		size_t len = strcspn(at, ",:");
		if (len > 0)
			*array_push(&context->options->exclude_libs) = arena_strndup(context->arena, at, len);
		at += len;
	}
}

bool option_parse_format(const struct option_context *context, struct str option, const char *value)
{
	if (strcmp(value, "binary") == 0)
		return true;
	if (!option_value_is_one_of(value, "elf|default") && !arch_by_format(value))
		diag_error(context->diag, 0, "option %.*s: unknown or unsupported format: %s", (int)option.len,
			   option.at, value);
	return false;
}
