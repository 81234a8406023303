#include "ldso/loader.h"

#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/open.h"
#include "ldso/sys.h"
#include "ldso/text.h"

void fail_exit(struct loader *ld, const char *occasion)
{
	char spare[32];
	const struct failure *failure = &ld->failure;
	const char *program = ld->argc > 0 ? ld->argv[0] : "<program name unknown>";
	const char *reason = failure->code ? error_name(failure->code, spare) : "";
	print(2, "%s: %s: %s%s%s%s%s\n", program, occasion, failure->object, *failure->object ? ": " : "",
	      failure->text, *reason ? ": " : "", reason);
	sys_exit(127);
}

/* fork() may have copied what another thread was in the middle of. libc's fork makes the load lock and the TLS lock new
 * in the child, but nothing else. */
static void notice_fork(struct loader *ld)
{
	int pid = sys_getpid();
	if (ld->pid && pid != ld->pid) {
		glibc_renew_lock(ld, LOCK_LIST);
		fail_clear(ld);
		close_after_fork();
	}
	ld->pid = pid;
}

void loader_lock(struct loader *ld)
{
	if (!ld->running)
		return;
	glibc_lock(ld, LOCK_LOAD);
	notice_fork(ld);
}

void loader_unlock(struct loader *ld)
{
	if (ld->running)
		glibc_unlock(ld, LOCK_LOAD);
}

bool loader_try_lock(struct loader *ld)
{
	return !ld->running || glibc_try_lock(ld);
}

const char *environment(const struct loader *ld, const char *name)
{
	size_t length = strlen(name);
	for (char **entry = ld->envp; *entry; entry++)
		if (text_begins(*entry, name) && (*entry)[length] == '=')
			return *entry + length + 1;
	return NULL;
}

uint64_t auxiliary(const struct loader *ld, uint64_t type)
{
	for (const Elf64_auxv_t *entry = ld->auxv; entry->a_type != AT_NULL; entry++)
		if (entry->a_type == type)
			return entry->a_un.a_val;
	return 0;
}

/* Each line of LD_DEBUG begins with the number of the process, right-aligned in ten columns, and a tabulator. */
static void debug_lines(struct loader *ld, bool begins, const char *format, va_list values)
{
	char text[4096], out[4096 + 512];
	format_v(text, sizeof(text), format, values);
	int pid = sys_getpid();
	size_t used = 0;
	bool at_line_start = begins;
	for (const char *c = text; *c && used < sizeof(out) - 16; c++) {
		if (at_line_start)
			used += format_text(out + used, 16, "%10d:\t", pid);
		at_line_start = *c == '\n';
		out[used++] = *c;
	}
	sys_write(ld->options.debug_fd, out, used);
}

void debug_print_v(struct loader *ld, const char *format, va_list values)
{
	debug_lines(ld, true, format, values);
}

void debug_print(struct loader *ld, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	debug_lines(ld, true, format, values);
	va_end(values);
}

void debug_print_on(struct loader *ld, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	debug_lines(ld, false, format, values);
	va_end(values);
}

void debug_failure(struct loader *ld, const char *object, const char *occasion, const char *text)
{
	if (debugging(ld, ~(uint32_t)DEBUG_STATISTICS))
		debug_print(ld, "%s: error: %s: %s (%s)\n", object, occasion, text,
			    ld->options.mode == MODE_RUN ? "fatal" : "continued");
}
