/* Did you mean ...? Every name that some input defines is compared with each undefined symbol. */
#include <stdlib.h>
#include <string.h>

#include "base/edit_distance.h"
#include "ld/report/describe.h"
#include "ld/report/explain.h"
#include "ld/report/mangled.h"
#include "ld/resolve/resolve.h"
#include "ld/resolve/symbols.h"

enum { FILE_GRAIN = 8, MAX_SIMILAR = 3, SHORT_WORD = 3, LONG_WORD = 8, MAX_DISTANCE = 2 };

/* How a name is like another one, the best first. All up to PARAMETERS are sure enough to be said in any case. */
enum likeness { LINKAGE, PARAMETERS, UNDERSCORE, CASE, SCOPE, SPELLING };

struct candidate {
	unsigned score;           /* likeness and, in the lower bits, distance: less is better */
	struct str name;
	file_id file;             /* the first that defines it */
};

/* An undefined symbol, ready to be compared. */
struct wanted {
	struct mangled parts;
	bool parsed;
	uint64_t letters;
	struct candidate best[MAX_SIMILAR];
	uint32_t n;
};

struct search {
	struct explanation *explanation;
	pthread_mutex_t lock;
	struct wanted wanted[MAX_EXPLAINED];
};

/* ---- comparing --------------------------------------------------------------------------------------------- */

/* One bit for each letter that occurs, whatever its case: an edit changes two of them at most. */
static uint64_t letters_of(const char *text, uint32_t len)
{
	uint64_t letters = 0;
	for (uint32_t i = 0; i < len; i++)
		letters |= (uint64_t)1 << (text[i] & 31);
	return letters;
}

static bool equal_but_case(const char *a, const char *b, uint32_t len)
{
	return strncasecmp(a, b, len) == 0;
}

static struct str without_underscores(const struct mangled *parts)
{
	struct str text = {parts->key, parts->len};
	for (; text.len && *text.at == '_'; text.len--)
		text.at++;
	return text;
}

static bool same_text(struct str a, struct str b)
{
	return a.len == b.len && memcmp(a.at, b.at, a.len) == 0;
}

/* "foo" and "ns::foo", with the same parameters. */
static bool same_but_scope(const struct mangled *a, const struct mangled *b)
{
	struct str x = {a->key + a->base, a->len - a->base}, y = {b->key + b->base, b->len - b->base};
	return a->cxx && b->cxx && (a->base == 0) != (b->base == 0) && same_text(x, y) && same_text(a->rest, b->rest);
}

/* The score of the name of a definition; UINT_MAX: they have nothing to do with each other. */
static unsigned compare(const struct wanted *wanted, const struct mangled *other, uint64_t letters)
{
	const struct mangled *parts = &wanted->parts;
	uint32_t base = parts->len - parts->base;
	unsigned limit = base < SHORT_WORD ? 0 : base < LONG_WORD ? 1 : MAX_DISTANCE;
	if (parts->special != other->special)
		return UINT32_MAX;
	if ((unsigned)__builtin_popcountll(letters ^ wanted->letters) > 2 * limit)
		return same_but_scope(parts, other) ? SCOPE << 4 : UINT32_MAX;
	bool same_length = parts->len == other->len;
	if (same_length && memcmp(parts->key, other->key, parts->len) == 0) {
		if (parts->cxx == other->cxx)
			return parts->cxx ? PARAMETERS << 4 : UINT32_MAX;
		return parts->base == 0 ? LINKAGE << 4 : UINT32_MAX;
	}
	if (same_but_scope(parts, other))
		return SCOPE << 4;
	if (parts->cxx != other->cxx)
		return UINT32_MAX;
	if (limit && same_text(without_underscores(parts), without_underscores(other)))
		return UNDERSCORE << 4;
	if (limit && same_length && equal_but_case(parts->key, other->key, parts->len))
		return CASE << 4;
	unsigned distance =
		edit_distance((struct str){parts->key, parts->len}, (struct str){other->key, other->len}, limit);
	return distance <= limit && distance > 0 ? SPELLING << 4 | distance : UINT32_MAX;
}

static int order_names(struct str a, struct str b)
{
	int order = memcmp(a.at, b.at, a.len < b.len ? a.len : b.len);
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* Keeps the best, each name once, whatever the order they come in. */
static void keep(struct wanted *wanted, struct candidate candidate)
{
	uint32_t at = 0;
	for (uint32_t i = 0; i < wanted->n; i++)
		if (same_text(wanted->best[i].name, candidate.name)) {
			if (candidate.file < wanted->best[i].file)
				wanted->best[i].file = candidate.file;
			return;
		}
	while (at < wanted->n && (wanted->best[at].score < candidate.score ||
				  (wanted->best[at].score == candidate.score &&
				   order_names(wanted->best[at].name, candidate.name) < 0)))
		at++;
	if (at == MAX_SIMILAR)
		return;
	wanted->n += wanted->n < MAX_SIMILAR;
	memmove(&wanted->best[at + 1], &wanted->best[at], (wanted->n - at - 1) * sizeof(candidate));
	wanted->best[at] = candidate;
}

static void consider(struct search *search, struct str name, file_id file)
{
	struct mangled parts;
	const char *version = memchr(name.at, '@', name.len);
	if (version && version != name.at)
		name.len = (uint32_t)(version - name.at);
	if (!mangled_parse(&parts, name))
		return;
	uint64_t letters = letters_of(parts.key, parts.len);
	for (uint32_t i = 0; i < search->explanation->n; i++) {
		struct wanted *wanted = &search->wanted[i];
		unsigned score = wanted->parsed ? compare(wanted, &parts, letters) : UINT32_MAX;
		if (score == UINT32_MAX)
			continue;
		pthread_mutex_lock(&search->lock);
		keep(wanted, (struct candidate){score, name, file});
		pthread_mutex_unlock(&search->lock);
	}
}

static void search_range(void *context, size_t begin, size_t end, unsigned worker)
{
	struct search *search = context;
	const struct link *link = search->explanation->link;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		const struct file *file = file_of(link, (file_id)f);
		const char *name = file->lazy ? file->lazy_names : NULL;
		for (uint32_t i = 0; file->lazy && name && i < file->n_lazy; i++) {
			struct str text = str_of(name);
			consider(search, text, (file_id)f);
			name += text.len + 1;
		}
		if (file->lazy || file->kind == FILE_INTERNAL || !file->globals)
			continue;
		for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++)
			if (file->symtab.syms[i].st_shndx != SHN_UNDEF && is_live_definition(link, file, i))
				consider(search, str_of(file->symtab.strtab + file->symtab.syms[i].st_name),
					 (file_id)f);
	}
}

/* ---- saying it --------------------------------------------------------------------------------------------- */

/* Drops what C++ libraries add to names for their ABIs: "std::__cxx11::", "[abi:cxx11]", "std::__1::". */
static void drop_abi(char *text)
{
	static const char *const marks[] = {"__cxx11::", "[abi:cxx11]", "__1::"};
	for (unsigned i = 0; i < COUNTOF(marks); i++)
		for (char *at = text; (at = strstr(at, marks[i]));)
			memmove(at, at + strlen(marks[i]), strlen(at + strlen(marks[i])) + 1);
}

/* Does only the library's ABI differ? Both are demangled in full. */
static bool same_but_abi(const char *a, const char *b, const char *mark)
{
	char *x = describe_in_full(a), *y = describe_in_full(b);
	bool marked = x && y && !strstr(x, mark) != !strstr(y, mark);
	if (marked) {
		drop_abi(x);
		drop_abi(y);
		marked = strcmp(x, y) == 0;
	}
	free(x);
	free(y);
	return marked;
}

static void say(struct explanation *explanation, struct unexplained *symbol, const struct candidate *candidate)
{
	struct link *link = explanation->link;
	struct arena *arena = &link->arena;
	const struct file *file = file_of(link, candidate->file), *asker = file_of(link, symbol->asker);
	const char *raw = arena_strndup(arena, candidate->name.at, candidate->name.len);
	const char *own = arena_strndup(arena, symbol->name.at, symbol->name.len);
	const char *name = describe_name(link, arena, raw);
	if (candidate->score >> 4 == LINKAGE && own[0] == '_' && own[1] == 'Z')
		explain_hint(explanation, symbol,
			     "did you mean: extern \"C\" %s, defined in " FILE_FORMAT
			     "? The declaration that " FILE_FORMAT " was compiled with lacks the extern \"C\"",
			     name, FILE_ARGS(file), FILE_ARGS(asker));
	else if (candidate->score >> 4 == LINKAGE)
		explain_hint(explanation, symbol,
			     "did you mean: %s, defined in " FILE_FORMAT
			     "? It is a C++ function there: to be called so, it has to be declared extern \"C\"",
			     name, FILE_ARGS(file));
	else if (same_but_abi(raw, own, "cxx11"))
		explain_hint(explanation, symbol,
			     FILE_FORMAT " defines it with the other ABI of std::string (_GLIBCXX_USE_CXX11_ABI): "
					 "compile both with the same one",
			     FILE_ARGS(file));
	else if (same_but_abi(raw, own, "std::__1::"))
		explain_hint(explanation, symbol,
			     FILE_FORMAT " defines it for the other C++ library (-stdlib=libc++ or libstdc++): compile "
					 "both with the same one",
			     FILE_ARGS(file));
	else
		explain_hint(explanation, symbol, "did you mean: %s, defined in " FILE_FORMAT, name, FILE_ARGS(file));
}

/* Constructors and others have several symbols that read the same: one of them is said. */
static bool reads_the_same(const struct link *link, const struct candidate *a, const struct candidate *b)
{
	struct arena arena = {0};
	const char *x = describe_name(link, &arena, arena_strndup(&arena, a->name.at, a->name.len));
	const char *y = describe_name(link, &arena, arena_strndup(&arena, b->name.at, b->name.len));
	bool same = strcmp(x, y) == 0;
	arena_free(&arena);
	return same;
}

void explain_similar(struct explanation *explanation)
{
	struct search *search = calloc(1, sizeof(*search));
	if (!search)
		out_of_memory();
	search->explanation = explanation;
	pthread_mutex_init(&search->lock, NULL);
	for (uint32_t i = 0; i < explanation->n; i++) {
		struct wanted *wanted = &search->wanted[i];
		wanted->parsed = !explanation->at[i].found && mangled_parse(&wanted->parts, explanation->at[i].name);
		wanted->letters = letters_of(wanted->parts.key, wanted->parts.len);
	}
	parallel_for(explanation->link->pool, explanation->link->files.n, FILE_GRAIN, search_range, search);
	for (uint32_t i = 0; i < explanation->n; i++) {
		const struct wanted *wanted = &search->wanted[i];
		for (uint32_t c = 0; c < wanted->n; c++)
			if (c == 0 || !reads_the_same(explanation->link, &wanted->best[c - 1], &wanted->best[c]))
				say(explanation, &explanation->at[i], &wanted->best[c]);
	}
	pthread_mutex_destroy(&search->lock);
	free(search);
}
