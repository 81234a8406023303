/* From a word of the command line to a row of the option table (GNU ld manual, "Command-line Options"): one or two
 * dashes, long names before joined short ones, unambiguous abbreviations. */
#ifndef GILD_LD_INPUT_OPTION_MATCH_H
#define GILD_LD_INPUT_OPTION_MATCH_H

#include "ld/input/option_table.h"

struct option_match {
	const struct option_row *row; /* NULL: no such option */
	const struct option_row *other; /* another one that the same abbreviation means, or NULL */
	const char *value; /* what is joined to the name or follows '=', or NULL */
	struct str spelling; /* the name as it was written, with its dashes */
};

/* `word` begins with '-' and is longer than that. */
struct option_match option_match(const char *word);

/* The supported option that an unknown word may have been meant to be, NULL: none is near. */
const char *option_nearest(const char *word);

/* The row of a -z keyword or keyword=VALUE; `row` is NULL when it is unknown. */
struct option_match option_match_z(const char *word);

#endif
