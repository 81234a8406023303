#include "ldso/preload.h"

#include <fcntl.h>
#include <sys/mman.h>

#include "ldso/heap.h"
#include "ldso/needed.h"
#include "ldso/search.h"
#include "ldso/sys.h"
#include "ldso/text.h"

enum { SECURE_NAME_LIMIT = 255 };

static void preload(struct loader *ld, struct object_list *list, const char *name, const char *where)
{
	uint32_t before = ld->nobjects;
	struct object *object = load_object(ld, name, ld->program, BASE_NAMESPACE, LOAD_SECURE);
	if (!object) {
		print(2, "ERROR: ld.so: object '%s' from %s cannot be preloaded (%s): ignored.\n", name, where,
		      ld->failure.text);
		fail_clear(ld);
	} else if (ld->nobjects != before) { /* no duplicate */
		list_append(list, object);
	}
}

/* In a secure program names must not be paths, so that only system directories are searched. */
static bool allowed(const struct loader *ld, const char *name)
{
	return *name && !(ld->secure && (index(name, '/') || strlen(name) >= SECURE_NAME_LIMIT));
}

static void preload_list(struct loader *ld, struct object_list *list, const char *names, const char *separators,
			 const char *where, bool trusted)
{
	while (names && *names) {
		size_t length = 0;
		while (names[length] && !index(separators, names[length]))
			length++;
		char *name = heap_text_n(names, length);
		if (trusted ? *name != 0 : allowed(ld, name))
			preload(ld, list, name, where);
		heap_free(name);
		names += length + (names[length] != 0);
	}
}

/* Names separated by spaces, tabulators, colons and ends of lines; # begins a comment. */
static void preload_file(struct loader *ld, struct object_list *list)
{
	if (sys_access(PATH_PRELOAD, 4 /* R_OK */))
		return;
	int fd = sys_open(PATH_PRELOAD, O_RDONLY | O_CLOEXEC, 0);
	struct stat stat;
	if (sys_failed(fd))
		return;
	if (!sys_fstat(fd, &stat) && stat.st_size > 0) {
		char *text = heap_alloc((size_t)stat.st_size + 1);
		long got = sys_read(fd, text, (size_t)stat.st_size);
		text[sys_failed(got) ? 0 : got] = 0;
		bool comment = false;
		for (char *c = text; *c; c++) {
			comment = *c == '#' || (comment && *c != '\n');
			if (comment)
				*c = ' ';
		}
		preload_list(ld, list, text, ": \t\n", PATH_PRELOAD, true);
		heap_free(text);
	}
	sys_close(fd);
}

struct object_list preload_all(struct loader *ld)
{
	struct object_list list = {.n = 0};
	preload_list(ld, &list, ld->options.preload_variable, " :", "LD_PRELOAD", false);
	preload_list(ld, &list, ld->options.preload_option, " :", "--preload", false);
	preload_file(ld, &list);
	return list;
}
