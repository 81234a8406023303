#include "ld/report/explain.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "ld/resolve/symbols.h"

enum { SEEN_BITS = 4096 };

void explain_add(struct explanation *explanation, symbol_id symbol, file_id asker)
{
	if (explanation->n == MAX_EXPLAINED)
		return;
	struct str name = symbol_base_name(explanation->link, symbol);
	uint64_t hash = hash_bytes(name.at, name.len), bit = hash % SEEN_BITS;
	explanation->seen[bit / 64] |= (uint64_t)1 << bit % 64;
	explanation->at[explanation->n++] =
		(struct unexplained){.symbol = symbol, .asker = asker, .name = name, .hash = hash};
}

struct unexplained *explain_find(struct explanation *explanation, const char *name, size_t len)
{
	uint64_t hash = hash_bytes(name, len), bit = hash % SEEN_BITS;
	if (!(explanation->seen[bit / 64] >> bit % 64 & 1))
		return NULL;
	for (uint32_t i = 0; i < explanation->n; i++) {
		struct unexplained *symbol = &explanation->at[i];
		if (symbol->hash == hash && symbol->name.len == len && memcmp(symbol->name.at, name, len) == 0)
			return symbol;
	}
	return NULL;
}

void explain_hint(struct explanation *explanation, struct unexplained *symbol, const char *format, ...)
{
	if (symbol->n_hints == MAX_HINTS)
		return;
	char *text;
	va_list args;
	va_start(args, format);
	int len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		out_of_memory();
	symbol->hints[symbol->n_hints++] = arena_strndup(&explanation->link->arena, text, (size_t)len);
	free(text);
}

void explain_all(struct explanation *explanation)
{
	explain_runtime(explanation);
	explain_elsewhere(explanation);
	explain_libraries(explanation);
	explain_classes(explanation);
	explain_similar(explanation);
}
