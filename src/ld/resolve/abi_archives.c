/* Definitions that stay in their archive although another file of the archive counts on them.
 *
 *     main.o          defines log_line()
 *     libx.a(use.o)   calls log_line()
 *     libx.a(log.o)   defines log_line() and log_close(); nobody asks for it, since main.o has the name
 *
 * use.o gets another function than it was written for. And the first call of log_close() extracts log.o, which is an
 * error then: two definitions of log_line(). A member all of whose names are defined elsewhere is replaced as a whole,
 * which is how such archives are meant to be used; that is no reason to warn. */
#include <stdlib.h>
#include <string.h>

#include "ld/input/object.h"
#include "ld/report/describe.h"
#include "ld/resolve/abi_check.h"
#include "ld/resolve/symbols.h"

enum { FILE_GRAIN = 8 };

/* A member that was not extracted, and a name of its that a live file outside the archive defines. */
struct bypassed {
	file_id member;
	symbol_id symbol;
};

struct archives {
	struct link *link;
	pthread_mutex_t lock;
	ARRAY(struct bypassed) found;
};

/* Archives of C and C++ implementations are written so that programs may define any of their names. */
static bool is_implementation(const char *path)
{
	static const char *const names[] = {
		"libc.a", "libc_nonshared.a", "libm.a", "libpthread.a", "librt.a", "libdl.a", "libgcc.a", "libgcc_eh.a",
		"libstdc++.a", "libsupc++.a", "libc++.a", "libc++abi.a",
	};
	const char *slash = strrchr(path, '/');
	for (unsigned i = 0; i < COUNTOF(names); i++)
		if (strcmp(slash ? slash + 1 : path, names[i]) == 0)
			return true;
	return false;
}

static bool same_archive(const struct file *a, const struct file *b)
{
	return a->member.len && b->member.len && strcmp(a->path, b->path) == 0;
}

static void collect(void *context, size_t begin, size_t end, unsigned worker)
{
	struct archives *archives = context;
	const struct link *link = archives->link;
	(void)worker;
	for (size_t f = begin; f < end; f++) {
		const struct file *file = file_of(link, (file_id)f);
		if (!file->lazy || !file->member.len)
			continue;
		for (uint32_t i = 0; i < file->n_lazy; i++) {
			uint64_t owner = symbol_owner(&link->symbols[file->lazy_symbols[i]]);
			if (owner_rank(owner) != RANK_STRONG || owner_file(owner) == INTERNAL_FILE ||
			    same_archive(file, file_of(link, owner_file(owner))))
				continue;
			pthread_mutex_lock(&archives->lock);
			*array_push(&archives->found) = (struct bypassed){(file_id)f, file->lazy_symbols[i]};
			pthread_mutex_unlock(&archives->lock);
		}
	}
}

static int compare_bypassed(const void *left, const void *right)
{
	const struct bypassed *a = left, *b = right;
	if (a->member != b->member)
		return a->member < b->member ? -1 : 1;
	return a->symbol < b->symbol ? -1 : a->symbol > b->symbol;
}

static bool refers_to(const struct file *file, symbol_id symbol)
{
	for (uint32_t i = file->symtab.first_global; i < file->symtab.n; i++)
		if (file->symtab.syms[i].st_shndx == SHN_UNDEF && global_of(file, i) == symbol)
			return true;
	return false;
}

/* The first extracted member of the same archive that refers to the symbol; 0: none. Members follow each other. */
static file_id find_user(const struct link *link, const struct bypassed *bypassed)
{
	const struct file *member = file_of(link, bypassed->member);
	file_id first = bypassed->member;
	while (first > 1 && same_archive(file_of(link, first - 1), member))
		first--;
	for (file_id id = first; id < link->files.n && same_archive(file_of(link, id), member); id++)
		if (file_of(link, id)->kind == FILE_OBJECT && file_of(link, id)->live &&
		    refers_to(file_of(link, id), bypassed->symbol))
			return id;
	return 0;
}

/* Does the member define the symbol strongly, and another one that the link does not have? That one's name; NULL: it
 * does not. */
static const char *would_clash(struct link *link, const struct bypassed *bypassed)
{
	const struct file *member = file_of(link, bypassed->member);
	const char *other = NULL;
	bool is_strong = false;
	if (!member->symtab.n && !object_parse(link, bypassed->member, &link->arena))
		return NULL;
	for (uint32_t i = member->symtab.first_global; i < member->symtab.n; i++) {
		const struct elf_sym *sym = &member->symtab.syms[i];
		const char *text = member->symtab.strtab + sym->st_name;
		if (sym->st_shndx == SHN_UNDEF || elf_sym_is_common(sym) || elf_sym_bind(sym) != STB_GLOBAL)
			continue;
		symbol_id id = symbols_find(link, str_of(text));
		if (id == bypassed->symbol)
			is_strong = true;
		else if (!other && (!id || symbol_owner(&link->symbols[id]) == OWNER_NONE))
			other = text;
	}
	return is_strong ? other : NULL;
}

static void report_bypassed(struct abi_report *report, const struct bypassed *bypassed, file_id user, const char *other)
{
	struct link *link = report->link;
	struct arena arena = {0};
	const struct file *member = file_of(link, bypassed->member), *asker = file_of(link, user);
	uint64_t owner = symbol_owner(&link->symbols[bypassed->symbol]);
	const struct file *file = file_of(link, owner_file(owner));
	struct diag_about about = about_file(file, NULL);
	about.symbol = target_name(file, owner_index(owner));
	abi_warn(report, diag_order(owner_file(owner), owner_index(owner)), about,
		 "`%s' takes the place of the one in " FILE_FORMAT ", which " FILE_FORMAT
		 " of the same archive asks for"
		 "\n>>> with a reference to `%s' that member is extracted as well, and there are two definitions",
		 describe_symbol(link, &arena, bypassed->symbol), FILE_ARGS(member), FILE_ARGS(asker),
		 describe_name(link, &arena, other));
	arena_free(&arena);
}

void abi_check_archives(struct link *link)
{
	struct abi_report report;
	struct archives archives = {.link = link, .lock = PTHREAD_MUTEX_INITIALIZER};
	if (!abi_report_begin(&report, link, ABI_ARCHIVE_OVERRIDE))
		return;
	parallel_for(link->pool, link->files.n, FILE_GRAIN, collect, &archives);
	if (archives.found.n)
		qsort(archives.found.at, archives.found.n, sizeof(struct bypassed), compare_bypassed);
	for (uint32_t i = 0; i < archives.found.n; i++) {
		const struct bypassed *bypassed = &archives.found.at[i];
		if (is_implementation(file_of(link, bypassed->member)->path))
			continue;
		file_id user = find_user(link, bypassed);
		const char *other = user ? would_clash(link, bypassed) : NULL;
		if (other)
			report_bypassed(&report, bypassed, user, other);
	}
	abi_report_end(&report);
	array_free(&archives.found);
}
