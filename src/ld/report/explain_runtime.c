/* Symbols that compilers call by themselves, and others with a meaning of their own. */
#include <string.h>

#include "ld/report/explain.h"

static const struct {
	const char *prefix, *hint;
} runtimes[] = {
	{"__asan_", "objects were compiled with -fsanitize=address: link with it, too"},
	{"__tsan_", "objects were compiled with -fsanitize=thread: link with it, too"},
	{"__msan_", "objects were compiled with -fsanitize=memory: link with it, too"},
	{"__ubsan_", "objects were compiled with -fsanitize=undefined: link with it, too"},
	{"__sanitizer_cov_", "objects were compiled with -fsanitize-coverage: link with the sanitizer, too"},
	{"__gcov_", "objects were compiled with --coverage: link with it, too"},
	{"llvm_gcov_", "objects were compiled with --coverage: link with it, too"},
	{"__llvm_profile_", "objects were compiled with -fprofile-instr-generate: link with it, too"},
	{"__cyg_profile_func_", "objects were compiled with -finstrument-functions: its functions are yours to define"},
};

static bool starts_with(struct str name, const char *prefix)
{
	size_t len = strlen(prefix);
	return name.len >= len && memcmp(name.at, prefix, len) == 0;
}

void explain_runtime(struct explanation *explanation)
{
	for (uint32_t i = 0; i < explanation->n; i++) {
		struct unexplained *symbol = &explanation->at[i];
		int prefix = starts_with(symbol->name, "__start_") ? 8 : starts_with(symbol->name, "__stop_") ? 7 : 0;
		if (prefix)
			explain_hint(explanation, symbol,
				     "the linker defines it when there is a section called %.*s: no input has one",
				     (int)symbol->name.len - prefix, symbol->name.at + prefix);
		for (unsigned r = 0; r < COUNTOF(runtimes); r++) {
			if (!starts_with(symbol->name, runtimes[r].prefix))
				continue;
			explain_hint(explanation, symbol, "%s", runtimes[r].hint);
			symbol->found = true;
		}
		if (symbol->name.len == 4 && memcmp(symbol->name.at, "main", 4) == 0)
			explain_hint(explanation, symbol,
				     "a program begins with main(): is its file part of the link? A library is made "
				     "with -shared");
	}
}
