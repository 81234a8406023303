#include "ldso/help.h"

#include "ldso/cpu.h"
#include "ldso/heap.h"
#include "ldso/search.h"
#include "ldso/text.h"

static void print_options(const char *program)
{
	print(1,
	      "Usage: %s [OPTION]... EXECUTABLE-FILE [ARGS-FOR-PROGRAM...]\n"
	      "This is gild's loader: it maps a program and the shared objects it needs, relocates them and runs it.\n"
	      "A program linked with --dynamic-linker=PATH-OF-THIS-FILE is loaded by it without a command.\n\n"
	      "  --list                        list all needed objects and how they resolve\n"
	      "  --tree                        show who needs which object, and why its file was chosen\n"
	      "  --verify                      say by the exit code if it is a dynamic program (0), without an\n"
	      "                                interpreter (2), or none (1)\n"
	      "  --inhibit-cache               do not use " PATH_CACHE "\n"
	      "  --library-path PATH           use PATH instead of the variable LD_LIBRARY_PATH\n"
	      "  --glibc-hwcaps-prepend LIST   search glibc-hwcaps subdirectories in LIST first\n"
	      "  --glibc-hwcaps-mask LIST      search only built-in subdirectories that LIST names\n"
	      "  --inhibit-rpath LIST          ignore RUNPATH and RPATH of the objects in LIST\n"
	      "  --preload LIST                preload the objects in LIST\n"
	      "  --audit LIST                  let the objects in LIST, which colons separate, watch (rtld-audit)\n"
	      "  --argv0 STRING                give STRING to the program as its name\n"
	      "  --list-tunables               list what GLIBC_TUNABLES may set\n"
	      "  --list-diagnostics            list what is known about the system and the processor\n"
	      "  --help                        print this text\n"
	      "  --version                     print the version\n",
	      program);
}

static void print_directories(struct search_dir *const *dirs)
{
	for (; dirs && *dirs; dirs++) {
		const char *path = *(*dirs)->path ? (*dirs)->path : "./";
		size_t length = strlen(path);
		print(1, "  %s (%s)\n", heap_text_n(path, length > 1 ? length - 1 : length), (*dirs)->what);
	}
}

/* What the words of the system's loader are, so that scripts find them. */
static void print_subdirectories(const struct loader *ld)
{
	for (uint32_t i = 0; i < ld->nhwcaps_prepended; i++) {
		const char *name = ld->hwcaps[i] + strlen(HWCAPS_FOLDER);
		print(1, "  %s (searched)\n", heap_text_n(name, strlen(name) - 1));
	}
	for (unsigned i = 0; i < HWCAPS_LEVELS; i++) {
		bool supported = hwcaps_is_supported(i), masked = hwcaps_is_masked(ld, i);
		const char *what = supported && masked ? " (supported, masked)" : supported ? " (supported, searched)" :
				   masked ? " (masked)" : "";
		print(1, "  %s%s\n", hwcaps_levels[i], what);
	}
}

void help_print(struct loader *ld)
{
	struct object *nobody = heap_alloc(sizeof(*nobody)); /* whose paths have no $ORIGIN */
	nobody->kind = OBJECT_PROGRAM;
	nobody->name = "";
	ld->program = nobody;
	cpu_start(&ld->platform);
	search_start(ld);
	print_options(ld->argv[0]);
	print(1, "\nShared library search path:\n");
	print_directories(ld->library_path);
	if (!ld->options.inhibit_cache)
		print(1, "  (libraries located via " PATH_CACHE ")\n");
	print_directories(ld->system_path);
	print(1, "\nSubdirectories of glibc-hwcaps directories, in priority order:\n");
	print_subdirectories(ld);
}
