/* The values of options, understood: numbers, --build-id and --hash-style, KIND:LEVEL of compression, JSON with
 * escapes, SYMBOL=VALUE, SECTION=ADDRESS, page sizes, ... Each function knows which texts its option takes, stores what
 * they mean and reports the others; `option` is the option as it was written. */
#ifndef GILD_LD_INPUT_OPTION_VALUES_H
#define GILD_LD_INPUT_OPTION_VALUES_H

#include "ld/input/options.h"

/* Sizes in bytes of the hashes --build-id knows. */
enum { BUILD_ID_FAST = 8, BUILD_ID_MD5 = 16, BUILD_ID_XX = 16, BUILD_ID_SHA1 = 20, BUILD_ID_SHA256 = 32 };

/* Where values go, strings live and errors are reported. */
struct option_context {
	struct options *options;
	struct arena *arena;
	struct diag *diag;
};

bool option_value_is_digits(const char *text);

/* Whether `value` is one of the words that '|' separates in `list`. */
bool option_value_is_one_of(const char *value, const char *list);

/* A number as a whole: base 0 is decimal unless the text says otherwise, base 16 takes 0x or not. false: it is none. */
bool option_parse_number(const struct option_context *context, struct str option, const char *text, int base,
			 uint64_t *number);

/* Leaves `size` alone after an error. */
void option_parse_page_size(const struct option_context *context, struct str option, const char *value, uint64_t *size);

/* `style`, `text`, `value` and `when` may be NULL here: the option stood alone. */
void option_parse_build_id(const struct option_context *context, const char *style);
void option_parse_package_metadata(const struct option_context *context, struct str option, const char *text);
void option_parse_threads(const struct option_context *context, struct str option, const char *value);
void option_parse_color(const struct option_context *context, struct str option, const char *when);
void option_parse_error_format(const struct option_context *context, struct str option, const char *format);

void option_parse_compress_debug(const struct option_context *context, struct str option, const char *value);
void option_parse_icf(const struct option_context *context, struct str option, const char *value);
void option_parse_orphan_handling(const struct option_context *context, struct str option, const char *value);

/* The word of a class; static text. */
const char *option_abi_class(enum abi_class class);
/* `value` NULL: all classes. */
void option_parse_warn_abi(const struct option_context *context, struct str option, const char *value, bool warn);

void option_parse_sort_section(const struct option_context *context, struct str option, const char *value);
enum report_level option_parse_report(const struct option_context *context, struct str option, const char *value);
void option_parse_isa_level_report(const struct option_context *context, struct str option, const char *value);
void option_parse_hash_style(const struct option_context *context, struct str option, const char *style);
void option_parse_pack_dyn_relocs(const struct option_context *context, struct str option, const char *value);
void option_parse_unresolved_symbols(const struct option_context *context, struct str option, const char *policy);
void option_parse_start_stop_visibility(const struct option_context *context, struct str option, const char *value);
void option_parse_defsym(const struct option_context *context, const char *text);
void option_parse_section_start(const struct option_context *context, struct str option, const char *text);
void option_parse_exclude_libs(const struct option_context *context, const char *list);

/* A format of files: true when it is "binary", false for ELF by any name. */
bool option_parse_format(const struct option_context *context, struct str option, const char *value);

/* -Ttext and the like: the option implies the section. */
void option_add_section_start(const struct option_context *context, struct str option, const char *name,
			      const char *address);

#endif
