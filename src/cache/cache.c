/* gild cache: prints, checks and makes /etc/ld.so.cache, as ldconfig does. */
#include "cache/cache.h"

#include <errno.h>
#include <string.h>

#include "inspect/command.h"
#include "ldso/search.h"

struct request {
	bool print, verify, make, links, only_named, verbose;
	const char *cache, *config, *root;
};

static const char name[] = "gild cache";

static int complain(const char *about, const char *what)
{
	fprintf(stderr, "%s: %s: %s\n", name, about, what);
	return 1;
}

/* The folders to look into, in order. */
static bool collect(struct folders *folders, const struct request *request, char **operands, int noperands)
{
	for (int i = 0; i < noperands; i++) {
		if (request->make && operands[i][0] != '/') {
			complain(operands[i], "a cache holds absolute paths only");
			return false;
		}
		folders_add(folders, operands[i], "the command line", 0);
	}
	if (request->only_named)
		return true;
	folders_read(folders, request->config);
	for (const char *const *path = system_directories; *path; path++)
		folders_add(folders, *path, "the system", 0);
	return !folders->failed;
}

static int print_cache(const struct request *request, const struct root *root)
{
	struct cache_contents contents;
	const char *what = cache_contents_read(&contents, root, request->cache);
	int status = what ? complain(request->cache, what) : 0;
	if (!what)
		cache_show(&contents, request->cache);
	if (!what && contents.nbroken)
		status = complain(request->cache, "some entries refer to no text, or to text that is too long");
	cache_contents_free(&contents);
	return status;
}

static int verify_cache(const struct request *request, const struct root *root, const entry_array *expected)
{
	struct cache_contents contents;
	const char *what = cache_contents_read(&contents, root, request->cache);
	int status = what ? complain(request->cache, what) : 0;
	if (!what) {
		uint32_t differences = cache_verify(&contents, root, expected);
		if (differences)
			printf("%u difference%s: the cache is stale\n", differences, differences == 1 ? "" : "s");
		else
			printf("%u entries, all as the folders are\n", contents.entries.n);
		status = differences != 0;
	}
	cache_contents_free(&contents);
	return status;
}

/* Names what was found, folder by folder as the entries come. */
static void show_found(const entry_array *entries)
{
	for (uint32_t i = 0; i < entries->n; i++) {
		const struct entry *entry = &entries->at[i];
		cache_show_entry(entry);
		printf("\t\tfrom %s", entry->from);
		if (entry->line)
			printf(":%u", entry->line);
		putchar('\n');
	}
}

static int scan_and(const struct request *request, const struct root *root, struct arena *arena, char **operands,
		    int noperands)
{
	struct folders folders = {.arena = arena, .root = root, .command = name, .verbose = request->verbose};
	entry_array entries = {0};
	int status = 1;
	if (collect(&folders, request, operands, noperands)) {
		scan(&folders, request->links ? LINKS_MAKE : LINKS_LEAVE, &entries);
		if (request->verbose)
			show_found(&entries);
		status = 0;
		if (request->verify)
			status = verify_cache(request, root, &entries);
		else if (request->make && !cache_write(root, request->cache, &entries))
			status = complain(request->cache, strerror(errno));
	}
	array_free(&entries);
	array_free(&folders.at);
	return status;
}

static int run(const struct request *request, char **operands, int noperands)
{
	struct root root;
	struct arena arena = {0};
	if (!root_open(&root, request->root))
		return complain(request->root, strerror(errno));
	bool scans = request->verify || request->make || request->links;
	int status = scans ? scan_and(request, &root, &arena, operands, noperands) : print_cache(request, &root);
	root_close(&root);
	arena_free(&arena);
	return status;
}

int cache_command(int argc, char **argv)
{
	struct request request = {.cache = PATH_CACHE, .config = "/etc/ld.so.conf"};
	const struct command_option options[] = {
		{"print", 'p', &request.print, NULL, NULL, "print the cache, as ldconfig -p does (the default)"},
		{"verify", 0, &request.verify, NULL, NULL, "compare the cache with the folders; exit code 1: stale"},
		{"make", 0, &request.make, NULL, NULL, "make the cache anew from the folders"},
		{"links", 'l', &request.links, NULL, NULL,
		 "make the symbolic link from each soname to its file, remove dangling ones"},
		{NULL, 'C', NULL, &request.cache, "FILE", "the cache, instead of " PATH_CACHE},
		{NULL, 'f', NULL, &request.config, "FILE", "the configuration, instead of /etc/ld.so.conf"},
		{NULL, 'r', NULL, &request.root, "DIR", "take DIR as root folder for all of this"},
		{NULL, 'n', &request.only_named, NULL, NULL, "look only into folders of the command line"},
		{"verbose", 'v', &request.verbose, NULL, NULL, "show what is found, and what is left out and why"},
	};
	const struct command_spec command = {
		.name = name,
		.usage = "[OPTION]... [FOLDER]...",
		.summary = "Prints, checks or makes the index of libraries that loaders read, as ldconfig does. FOLDERs\n"
			   "are looked into before those of the configuration and the system.\n",
		.options = options,
		.noptions = COUNTOF(options),
	};
	int noperands = 0, status = command_parse(&command, argc, argv, &noperands);
	if (status != COMMAND_GO)
		return status;
	if (request.print + request.verify + (request.make || request.links) > 1)
		return complain("--print, --verify and --make", "one at a time");
	if (noperands && (request.print || !(request.verify || request.make || request.links)))
		return complain(argv[0], "--print looks into no folder");
	return command_finish(&command, run(&request, argv, noperands));
}
