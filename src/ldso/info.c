#include "ldso/info.h"

#include <dlfcn.h>

#include "ldso/search.h"
#include "ldso/text.h"

enum { DI_PHDR = 11 }; /* RTLD_DI_PHDR, glibc 2.34 and later */

/* Walks over all directories that a search for this object goes through. */
struct walk {
	Dl_serinfo *info;
	char *strings; /* NULL: only count */
	unsigned n;
	size_t bytes;
};

static void add_path(struct walk *walk, const char *path, unsigned flags)
{
	size_t length = strlen(path);
	if (length > 1)
		length--; /* without the slash */
	if (walk->strings) {
		walk->info->dls_serpath[walk->n].dls_name = walk->strings;
		walk->info->dls_serpath[walk->n].dls_flags = flags;
		memcpy(walk->strings, path, length);
		walk->strings[length] = 0;
		walk->strings += length + 1;
	}
	walk->n++;
	walk->bytes += length + 1;
}

static void add_paths(struct walk *walk, struct search_dir **dirs, unsigned flags)
{
	for (; dirs && *dirs; dirs++)
		add_path(walk, *(*dirs)->path ? (*dirs)->path : "./", flags);
}

enum { SER_LIBPATH = 2, SER_RUNPATH = 4, SER_DEFAULT = 64 }; /* LA_SER_* of <link.h> */

static void add_all(struct loader *ld, struct object *object, struct walk *walk)
{
	if (!object->runpath) {
		bool did_program = false;
		for (struct object *from = object; from; from = from->requester) {
			add_paths(walk, search_rpath(ld, from), SER_RUNPATH);
			did_program |= from == ld->program;
		}
		if (!did_program)
			add_paths(walk, search_rpath(ld, ld->program), SER_RUNPATH);
	}
	add_paths(walk, ld->library_path, SER_LIBPATH);
	add_paths(walk, search_runpath(ld, object), SER_RUNPATH);
	if (!(object->flags_1 & DF_1_NODEFLIB))
		add_paths(walk, ld->system_path, SER_DEFAULT);
}

static void search_info(struct loader *ld, struct object *object, Dl_serinfo *info, bool count_only)
{
	struct walk walk = {.info = info};
	if (!count_only)
		walk.strings = (char *)&info->dls_serpath[info->dls_cnt];
	add_all(ld, object, &walk);
	if (count_only) {
		info->dls_cnt = walk.n;
		info->dls_size = offsetof(Dl_serinfo, dls_serpath) + walk.n * sizeof(Dl_serpath) + walk.bytes;
	}
}

int object_info(struct loader *ld, struct object *object, int request, void *argument)
{
	switch (request) {
	case RTLD_DI_LMID: *(Lmid_t *)argument = object->ns; return 0;
	case RTLD_DI_LINKMAP: *(void **)argument = object->link_map; return 0;
	case RTLD_DI_SERINFO: search_info(ld, object, argument, false); return 0;
	case RTLD_DI_SERINFOSIZE: search_info(ld, object, argument, true); return 0;
	case RTLD_DI_ORIGIN: {
		const char *origin = object->origin ? object->origin : "";
		memcpy(argument, origin, strlen(origin) + 1);
		return 0;
	}
	case RTLD_DI_TLS_MODID: *(size_t *)argument = object->tls_module; return 0;
	case RTLD_DI_TLS_DATA: *(void **)argument = tls_block_if_any(ld, object); return 0;
	case DI_PHDR: *(const Elf64_Phdr **)argument = object->phdr; return object->phnum;
	default: fail(ld, "", 0, "unsupported dlinfo request"); return -1;
	}
}
