#include "ldso/delegate.h"

#include <asm/errno.h>

#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/image.h"
#include "ldso/sys.h"
#include "ldso/text.h"

#define SYSTEM_LOADER "/lib64/" LOADER_SONAME

_Noreturn void start_other_loader(uint64_t entry, uint64_t *stack);

/* The kernel mapped the program, and all it left for a loader is still on the stack: another loader can begin anew. */
_Noreturn static void start_again(struct loader *ld)
{
	struct opened opened;
	int code = 0;
	enum open_result result = image_open(ld, SYSTEM_LOADER, &opened, &code);
	struct object *other = NULL;
	if (result == OPEN_OK)
		other = image_map(ld, &opened, SYSTEM_LOADER, SYSTEM_LOADER, OBJECT_PROGRAM);
	if (!other) {
		if (result == OPEN_ABSENT)
			fail(ld, SYSTEM_LOADER, code, "cannot open shared object file");
		fail_exit(ld, "error while loading shared libraries");
	}
	for (Elf64_auxv_t *entry = ld->auxv; entry->a_type != AT_NULL; entry++)
		if (entry->a_type == AT_BASE)
			entry->a_un.a_val = other->base;
	start_other_loader(other->entry, ld->stack);
}

/* Run as a command: the same command with the program's interpreter, whose options are the same. */
_Noreturn static void execute(struct loader *ld, const char *interpreter)
{
	char **argv = heap_alloc(((size_t)ld->command_argc + 1) * sizeof(char *));
	memcpy(argv, ld->command_argv, (size_t)ld->command_argc * sizeof(char *));
	argv[0] = (char *)(uintptr_t)interpreter;
	int code = -sys_execve(interpreter, argv, ld->envp);
	fail(ld, interpreter, code, "cannot execute the program's own loader");
	fail_exit(ld, "error while loading shared libraries");
}

/* Is the file at this path this loader? */
static bool is_this_loader(const struct loader *ld, const char *path)
{
	struct stat other, this;
	const char *own = ld->as_command ? "/proc/self/exe" : ld->program->interpreter;
	if (!own || sys_stat(own, &this))
		return true; /* not known: better to end than to run in a circle */
	return !sys_stat(path, &other) && other.st_ino == this.st_ino && other.st_dev == this.st_dev;
}

void delegate(struct loader *ld, const struct object *libc)
{
	char build_id[64];
	glibc_build_id(libc, build_id);
	const char *other = ld->program->interpreter;
	if (!ld->as_command || !other || is_this_loader(ld, other))
		other = SYSTEM_LOADER;
	bool none = ld->secure || is_this_loader(ld, other);
	print(2, "ld-gild: %s: the layout of this C library (%s, build-id %s) is not known; %s%s\n",
	      object_display_name(ld->program), libc->name, *build_id ? build_id : "none",
	      none ? "there is no other loader" : other, none ? "" : " takes over");
	if (none)
		sys_exit(127);
	if (ld->as_command)
		execute(ld, other);
	start_again(ld);
}
