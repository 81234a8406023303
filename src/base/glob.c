#include "base/glob.h"

/* A pattern is runs of elements between stars. An element (a character, `?`, a set, a quoted character)
 * takes exactly one character, so the length of a run is known: the run before the first star is held
 * against the beginning of the text, the one after the last star against its end, and each one between
 * is taken where it fits first. No choice is ever taken back. */

static bool is_special(char c)
{
	return c == '*' || c == '?' || c == '[' || c == '\\';
}

/* The index behind the set that begins at `p`, or 0 when no `]` closes it (then `[` is just a character,
 * as in fnmatch(3)). A `]` that comes first belongs to the set. */
static uint32_t set_end(struct str pattern, uint32_t p)
{
	uint32_t i = p + 1;
	if (i < pattern.len && (pattern.at[i] == '!' || pattern.at[i] == '^'))
		i++;
	for (uint32_t first = i; i < pattern.len; i++) {
		if (pattern.at[i] == ']' && i != first)
			return i + 1;
		if (pattern.at[i] == '\\')
			i++;
	}
	return 0;
}

static uint32_t element_end(struct str pattern, uint32_t p)
{
	if (pattern.at[p] == '\\' && p + 1 < pattern.len)
		return p + 2;
	uint32_t end = pattern.at[p] == '[' ? set_end(pattern, p) : 0;
	return end ? end : p + 1;
}

static unsigned char set_character(struct str pattern, uint32_t *i)
{
	if (pattern.at[*i] == '\\')
		++*i;
	return (unsigned char)pattern.at[(*i)++];
}

/* `close` is the index of the closing bracket. */
static bool set_matches(struct str pattern, uint32_t p, uint32_t close, unsigned char c)
{
	uint32_t i = p + 1;
	bool negated = pattern.at[i] == '!' || pattern.at[i] == '^';
	bool found = false;
	if (negated)
		i++;
	while (i < close) {
		unsigned char low = set_character(pattern, &i), high = low;
		if (pattern.at[i] == '-' && i + 1 < close) {
			i++;
			high = set_character(pattern, &i);
		}
		found |= low <= c && c <= high;
	}
	return found != negated;
}

static bool element_matches(struct str pattern, uint32_t p, uint32_t end, char c)
{
	switch (pattern.at[p]) {
	case '?':
		return true;
	case '\\': /* one that ends the pattern quotes nothing and matches nothing, as in fnmatch(3) */
		return end == p + 2 && pattern.at[p + 1] == c;
	case '[':
		if (end > p + 1)
			return set_matches(pattern, p, end - 1, (unsigned char)c);
		return c == '[';
	default:
		return pattern.at[p] == c;
	}
}

/* The index of the first star at or behind `p`, or the pattern's end. */
static uint32_t run_end(struct str pattern, uint32_t p, uint32_t *elements)
{
	*elements = 0;
	while (p < pattern.len && pattern.at[p] != '*') {
		p = element_end(pattern, p);
		++*elements;
	}
	return p;
}

static bool run_matches(struct str pattern, uint32_t p, uint32_t end, const char *text)
{
	for (uint32_t next; p < end; p = next) {
		next = element_end(pattern, p);
		if (!element_matches(pattern, p, next, *text++))
			return false;
	}
	return true;
}

/* The letters that a pattern begins with refuse most texts. */
static bool matches_prefix(struct str pattern, struct str text, uint32_t *len)
{
	uint32_t most = pattern.len < text.len ? pattern.len : text.len, n = 0;
	while (n < most && pattern.at[n] == text.at[n] && !is_special(pattern.at[n]))
		n++;
	*len = n;
	return n == pattern.len || is_special(pattern.at[n]);
}

bool glob_match(struct str pattern, struct str text)
{
	uint32_t t = 0, p = 0, prefix;
	if (!matches_prefix(pattern, text, &prefix))
		return false;
	pattern = (struct str){pattern.at + prefix, pattern.len - prefix};
	text = (struct str){text.at + prefix, text.len - prefix};
	for (bool after_star = false;; after_star = true) {
		uint32_t elements, end = run_end(pattern, p, &elements);
		bool last = end == pattern.len;
		if (elements > text.len - t || (!after_star && last && elements != text.len))
			return false;
		if (last)
			t = text.len - elements;
		while (!run_matches(pattern, p, end, text.at + t)) {
			if (!after_star || last || elements == text.len - t)
				return false;
			t++;
		}
		if (last)
			return true;
		t += elements;
		p = end + 1;
	}
}

bool glob_is_literal(struct str pattern)
{
	return glob_literal_prefix(pattern) == pattern.len;
}

uint32_t glob_literal_prefix(struct str pattern)
{
	uint32_t len = 0;
	while (len < pattern.len && !is_special(pattern.at[len]))
		len++;
	return len;
}
