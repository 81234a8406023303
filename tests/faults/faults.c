/* Runs a link again and again, and each time lets one system call fail, do half of its work, or be the last one before
 * a signal. Says what went wrong that should not:
 *
 *   faults [-j STEP] [-n] [-e] [-k] [-a FILE]... -o OUTPUT COMMAND...
 *
 *   -e   errors: every error that a call may give by its manual page and that a failing machine gives: ENOSPC, EIO,
 *        EMFILE, ENOMEM, EINTR, ...; once, and from there on; short reads and writes
 *   -k   SIGKILL before and behind every call; SIGINT and SIGTERM before it
 *   -n   the file system has no unnamed files (O_TMPFILE)
 *   -a   a file beside OUTPUT that the command writes, too
 *   -j   looks at every STEPth call only
 *
 * COMMAND must succeed by itself and write OUTPUT, a file in a folder of its own with an old version of which each run
 * begins. Afterwards
 *   - it ended with exit code 0 and the right output, or with 1, a message that begins with "gild: ", and the old one;
 *     killed, it leaves one or the other;
 *   - there is no other file in the folder, but one that a message names. SIGKILL may leave a temporary file where the kernel has no other way:
 *     between the two calls that exchange names, and with -n.
 * Calls are counted from the program's entry point on: what the dynamic loader does before is not ours. x86-64 Linux
 * only; uses ptrace(2). */
#include <dirent.h>
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_CALLS = 1 << 16, MAX_TASKS = 64, MAX_EXTRA = 8, SECONDS = 30 };

/* What is done at one call. */
enum action { NOTHING, FAIL, FAIL_FROM_HERE, SHORTEN, KILL_BEFORE, KILL_BEHIND, SIGNAL };

struct fault {
	enum action action;
	long at;                  /* number of the call, from 1 */
	int value;                /* errno or signal */
};

/* What happened in one run. */
struct run {
	int status;               /* of wait(2) */
	bool hung;
	long calls;
	long nr;                  /* the call that was meddled with; 0: none, or read */
	bool naming;              /* the file was about to get a name, or has one */
};

static const char *output, *extras[MAX_EXTRA];
static unsigned n_extras;
static char **command;
static bool no_tmpfile;
static long calls[MAX_CALLS];     /* system calls of an undisturbed run */
static char *reference;           /* the right output */
static size_t reference_size;
static unsigned long faults_tried, problems;
static const char OLD[] = "the old output";
static const char SAID[] = "said.by.command";

static void die(const char *what)
{
	perror(what);
	exit(2);
}

/* ---- which errors a call may give --------------------------------------------------------------------------------- */

struct errors {
	long nr;
	int list[8];
};

/* exit_group and the like cannot fail; clone may, but only a thread's absence follows. */
static const struct errors errors[] = {
	{SYS_openat, {EMFILE, ENFILE, ENOMEM, EIO, EINTR, ENOSPC}},
	{SYS_open, {EMFILE, ENFILE, ENOMEM, EIO, EINTR, ENOSPC}},
	{SYS_memfd_create, {EMFILE, ENOMEM}},
	{SYS_dup, {EMFILE}},
	{SYS_read, {EIO, EINTR}},
	{SYS_pread64, {EIO, EINTR}},
	{SYS_write, {ENOSPC, EIO, EINTR}},
	{SYS_pwrite64, {ENOSPC, EIO, EINTR, EDQUOT}},
	{SYS_writev, {ENOSPC, EIO, EINTR}},
	{SYS_fallocate, {ENOSPC, EIO, EINTR, EOPNOTSUPP}},
	{SYS_ftruncate, {EIO, EINTR}},
	{SYS_lseek, {EIO}},
	{SYS_mmap, {ENOMEM, EAGAIN}},
	{SYS_brk, {ENOMEM}},
	{SYS_mremap, {ENOMEM}},
	{SYS_munmap, {ENOMEM}},
	{SYS_madvise, {ENOMEM, EIO}},
	{SYS_mprotect, {ENOMEM}},
	{SYS_newfstatat, {EIO, ENOMEM}},
	{SYS_fstat, {EIO, ENOMEM}},
	{SYS_stat, {EIO, ENOMEM}},
	{SYS_statx, {EIO, ENOMEM}},
	{SYS_access, {EIO, ENOMEM}},
	{SYS_faccessat2, {EIO, ENOMEM}},
	{SYS_readlink, {EIO, ENOMEM}},
	{SYS_readlinkat, {EIO, ENOMEM}},
	{SYS_linkat, {EIO, ENOSPC, ENOMEM}},
	{SYS_renameat2, {EIO, ENOSPC, EINVAL}},
	{SYS_rename, {EIO, ENOSPC}},
	{SYS_unlink, {EIO}},
	{SYS_fchmod, {EIO}},
	{SYS_getcwd, {ENOMEM, ENOENT}},
	{SYS_close, {EIO, EINTR}},
	{SYS_clone3, {EAGAIN, ENOSYS}},
	{SYS_clone, {EAGAIN}},
	{SYS_getdents64, {EIO}},
	{SYS_getrandom, {EINTR}},
	{SYS_fcntl, {EIO}},
	{SYS_prlimit64, {EPERM}},
	{SYS_sched_getaffinity, {EPERM}},
};

static const int *errors_of(long nr)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(*errors); i++)
		if (errors[i].nr == nr)
			return errors[i].list;
	return NULL;
}

static bool transfers(long nr)
{
	return nr == SYS_read || nr == SYS_pread64 || nr == SYS_write || nr == SYS_pwrite64;
}

/* ---- one run ---------------------------------------------------------------------------------------------------- */

static void start(void)
{
	int said = open(SAID, O_WRONLY | O_CREAT | O_TRUNC, 0600), null = open("/dev/null", O_RDONLY);
	if (said < 0 || null < 0)
		die(SAID);
	dup2(null, 0);
	dup2(said, 1);
	dup2(said, 2);
	personality(ADDR_NO_RANDOMIZE);
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
		die("ptrace");
	execvp(command[0], command);
	die(command[0]);
}

static uint64_t entry_of(pid_t pid)
{
	char path[64];
	Elf64_auxv_t entry;
	uint64_t found = 0;
	snprintf(path, sizeof(path), "/proc/%d/auxv", (int)pid);
	FILE *auxv = fopen(path, "r");
	while (auxv && fread(&entry, sizeof(entry), 1, auxv) == 1)
		if (entry.a_type == AT_ENTRY)
			found = entry.a_un.a_val;
	if (auxv)
		fclose(auxv);
	return found;
}

/* Lets the loader work up to the program's entry point. */
static void run_to_entry(pid_t pid)
{
	int status;
	struct user_regs_struct regs;
	uint64_t entry = entry_of(pid);
	errno = 0;
	long word = ptrace(PTRACE_PEEKTEXT, pid, entry, NULL);
	if (errno || ptrace(PTRACE_POKETEXT, pid, entry, (word & ~0xffl) | 0xcc) != 0)
		die("breakpoint");
	ptrace(PTRACE_CONT, pid, NULL, NULL);
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status) || WSTOPSIG(status) != SIGTRAP)
		die("the command does not start");
	ptrace(PTRACE_POKETEXT, pid, entry, word);
	ptrace(PTRACE_GETREGS, pid, NULL, &regs);
	regs.rip = entry;
	ptrace(PTRACE_SETREGS, pid, NULL, &regs);
}

/* A task of the command that is inside a call that was meddled with: what the call is to return, and the arguments, which
 * a program may count on finding in their registers afterwards. */
struct task {
	pid_t tid;
	bool replace, meddled;
	long result;
	unsigned long long rdi, rdx;
};

static struct task *task_of(struct task *tasks, pid_t tid)
{
	for (int i = 0; i < MAX_TASKS; i++)
		if (tasks[i].tid == tid || tasks[i].tid == 0) {
			tasks[i].tid = tid;
			return &tasks[i];
		}
	die("too many threads");
	return NULL;
}

static void meddle(struct task *task, struct user_regs_struct *regs)
{
	ptrace(PTRACE_GETREGS, task->tid, NULL, regs);
	task->meddled = true;
	task->rdi = regs->rdi;
	task->rdx = regs->rdx;
}

/* Behind the call. */
static void put_right(struct task *task)
{
	struct user_regs_struct regs;
	ptrace(PTRACE_GETREGS, task->tid, NULL, &regs);
	if (task->replace)
		regs.rax = (unsigned long long)task->result;
	regs.rdi = task->rdi;
	regs.rdx = task->rdx;
	ptrace(PTRACE_SETREGS, task->tid, NULL, &regs);
	task->replace = task->meddled = false;
}

/* The call returns `result` and does nothing. */
static void skip_call(struct task *task, long result)
{
	struct user_regs_struct regs;
	meddle(task, &regs);
	if (regs.orig_rax == SYS_brk) { /* fails by saying where the break is */
		regs.rdi = 0;
	} else {
		regs.orig_rax = (unsigned long long)-1;
		task->replace = true;
		task->result = result;
	}
	ptrace(PTRACE_SETREGS, task->tid, NULL, &regs);
}

/* Reads and writes at most half of what was asked for. */
static void shorten_call(struct task *task)
{
	struct user_regs_struct regs;
	meddle(task, &regs);
	regs.rdx -= regs.rdx / 2;
	ptrace(PTRACE_SETREGS, task->tid, NULL, &regs);
}

static bool asks_for_tmpfile(const struct __ptrace_syscall_info *info)
{
	return info->entry.nr == SYS_openat && (info->entry.args[2] & O_TMPFILE) == O_TMPFILE;
}

static void enter(const struct fault *fault, struct run *run, struct task *task, const struct __ptrace_syscall_info *info,
		  pid_t pid)
{
	long nr = (long)info->entry.nr;
	run->calls++;
	if (fault->action == NOTHING && run->calls < MAX_CALLS)
		calls[run->calls] = nr;
	if (no_tmpfile && asks_for_tmpfile(info)) {
		skip_call(task, -EOPNOTSUPP);
		return;
	}
	if (fault->action == FAIL_FROM_HERE && run->calls > fault->at && nr == run->nr && run->nr) {
		skip_call(task, -fault->value);
		return;
	}
	run->naming |= nr == SYS_linkat;
	/* threads do not make their calls in the same order each time */
	if (run->calls != fault->at || (fault->action < KILL_BEFORE && nr != calls[fault->at]))
		return;
	run->nr = nr;
	switch (fault->action) {
	case FAIL:
	case FAIL_FROM_HERE:
		skip_call(task, -fault->value);
		break;
	case SHORTEN:
		shorten_call(task);
		break;
	case KILL_BEFORE:
		kill(pid, SIGKILL);
		break;
	case SIGNAL:
		kill(pid, fault->value);
		break;
	case KILL_BEHIND:
	case NOTHING:
		break;
	}
}

static struct run run_once(const struct fault *fault)
{
	struct run run = {0};
	struct task tasks[MAX_TASKS] = {0};
	int status;
	pid_t pid = fork();
	if (pid < 0)
		die("fork");
	if (pid == 0)
		start();
	if (waitpid(pid, &status, 0) != pid || !WIFSTOPPED(status))
		die("the command does not start");
	ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACESYSGOOD | PTRACE_O_EXITKILL | PTRACE_O_TRACECLONE);
	run_to_entry(pid);
	ptrace(PTRACE_SYSCALL, pid, NULL, NULL);
	alarm(SECONDS);
	for (;;) {
		pid_t tid = waitpid(-1, &status, __WALL);
		if (tid < 0 && errno == EINTR) { /* the alarm */
			run.hung = true;
			kill(pid, SIGKILL);
			continue;
		}
		if (tid < 0)
			break;
		if (WIFEXITED(status) || WIFSIGNALED(status)) {
			if (tid == pid)
				run.status = status;
			continue;
		}
		int deliver = 0, stop = WSTOPSIG(status);
		if (stop == (SIGTRAP | 0x80)) {
			struct task *task = task_of(tasks, tid);
			struct __ptrace_syscall_info info = {0};
			ptrace(PTRACE_GET_SYSCALL_INFO, tid, sizeof(info), &info);
			if (info.op == PTRACE_SYSCALL_INFO_ENTRY) {
				enter(fault, &run, task, &info, pid);
			} else if (task->meddled) {
				put_right(task);
			} else if (fault->action == KILL_BEHIND && run.calls >= fault->at) {
				kill(pid, SIGKILL);
			}
		} else if (stop != SIGTRAP && stop != SIGSTOP) {
			deliver = stop;
		}
		ptrace(PTRACE_SYSCALL, tid, NULL, (long)deliver);
	}
	alarm(0);
	return run;
}

/* ---- what must be true then -------------------------------------------------------------------------------------- */

static char *read_file(const char *path, size_t *size)
{
	FILE *file = fopen(path, "r");
	char *text = NULL;
	size_t n = 0;
	if (!file)
		return NULL;
	for (;;) {
		text = realloc(text, n + 65536);
		if (!text)
			die("realloc");
		size_t got = fread(text + n, 1, 65535, file);
		n += got;
		if (got == 0)
			break;
	}
	text[n] = '\0';
	fclose(file);
	*size = n;
	return text;
}

static void write_old(void)
{
	FILE *file = fopen(output, "w");
	if (!file || fputs(OLD, file) < 0 || fclose(file) != 0)
		die(output);
	for (unsigned i = 0; i < n_extras; i++)
		unlink(extras[i]);
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');
	return slash ? slash + 1 : path;
}

static bool is_known(const char *name)
{
	bool known = strcmp(name, ".") == 0 || strcmp(name, "..") == 0 || strcmp(name, base_of(output)) == 0;
	for (unsigned i = 0; i < n_extras; i++)
		known |= strcmp(name, base_of(extras[i])) == 0;
	return known;
}

/* Removes what does not belong in the output's folder; the name of the first such file, in `name`. */
static bool leftover(char *name, size_t size)
{
	char folder[4096], path[8192];
	bool found = false;
	snprintf(folder, sizeof(folder), "%.*s", (int)(base_of(output) - output), output);
	DIR *dir = opendir(folder);
	if (!dir)
		die(folder);
	for (struct dirent *entry; (entry = readdir(dir));) {
		if (is_known(entry->d_name))
			continue;
		snprintf(path, sizeof(path), "%s%s", folder, entry->d_name);
		unlink(path);
		snprintf(name, size, "%s", entry->d_name);
		found = true;
	}
	closedir(dir);
	return found;
}

static const char *fault_text(const struct fault *fault, long nr)
{
	static const char *const names[] = {"nothing", "error", "errors from here", "half of", "SIGKILL before",
					    "SIGKILL behind", "signal before"};
	static char text[256];
	bool has_value = fault->action == FAIL || fault->action == FAIL_FROM_HERE;
	snprintf(text, sizeof(text), "%s %s, system call %ld (number %ld)", names[fault->action],
		 has_value ? strerrorname_np(fault->value) : fault->action == SIGNAL ? strsignal(fault->value) : "",
		 fault->at, nr);
	return text;
}

static void problem(const struct fault *fault, const struct run *run, const char *what, const char *more)
{
	size_t size;
	char *said = read_file(SAID, &size);
	problems++;
	printf("%s: %s%s%s\n", fault_text(fault, run->nr), what, *more ? ": " : "", more);
	if (said && size)
		printf("  it said: %.*s\n", (int)strcspn(said, "\n"), said);
	free(said);
}

/* Between the calls that give the new file a name and take the old one's away there are two names (rename cannot put
 * an unnamed file in the place of another one). */
static bool may_leave_temporary(const struct fault *fault, const struct run *run, const char *name)
{
	bool killed = fault->action == KILL_BEFORE || fault->action == KILL_BEHIND;
	bool ours = strncmp(name, base_of(output), strlen(base_of(output))) == 0;
	for (unsigned i = 0; i < n_extras; i++)
		ours |= strncmp(name, base_of(extras[i]), strlen(base_of(extras[i]))) == 0;
	if (!killed || !ours)
		return false;
	return no_tmpfile || run->naming;
}

static void check(const struct fault *fault, const struct run *run)
{
	size_t size = 0, said_size = 0;
	char name[512] = "", *now = read_file(output, &size), *said = read_file(SAID, &said_size);
	bool is_old = now && size == strlen(OLD) && memcmp(now, OLD, size) == 0;
	bool is_new = now && size == reference_size && memcmp(now, reference, size) == 0;
	bool signalled = WIFSIGNALED(run->status);
	bool meant = fault->action >= KILL_BEFORE;
	int code = WIFEXITED(run->status) ? WEXITSTATUS(run->status) : -1;
	if (run->hung)
		problem(fault, run, "it hangs", "");
	else if (signalled && !meant)
		problem(fault, run, "killed by a signal", strsignal(WTERMSIG(run->status)));
	else if (!signalled && code != 0 && code != 1)
		problem(fault, run, "neither exit code 0 nor 1", "");
	if (!now)
		problem(fault, run, "there is no output", "");
	else if (!is_old && !is_new)
		problem(fault, run, "the output is torn", "");
	else if (code == 0 && !is_new)
		problem(fault, run, "exit code 0, but the old output", "");
	else if (code == 1 && !is_old)
		problem(fault, run, "exit code 1, but a new output", "");
	else if (code == 1 && !meant && !(said && strstr(said, "gild: ")) && run->nr != SYS_write)
		problem(fault, run, "exit code 1 without a message", "");
	if (leftover(name, sizeof(name)) && !may_leave_temporary(fault, run, name) && !(said && strstr(said, name)))
		problem(fault, run, "a file is left behind", name);
	free(now);
	free(said);
}

static void try(enum action action, long at, int value)
{
	struct fault fault = {action, at, value};
	write_old();
	struct run run = run_once(&fault);
	faults_tried++;
	check(&fault, &run);
}

/* ---- all of them -------------------------------------------------------------------------------------------------- */

static long undisturbed(void)
{
	struct fault none = {NOTHING, 0, 0};
	write_old();
	struct run run = run_once(&none);
	if (!WIFEXITED(run.status) || WEXITSTATUS(run.status) != 0 || run.calls >= MAX_CALLS) {
		fprintf(stderr, "faults: the command fails by itself (see %s)\n", SAID);
		exit(2);
	}
	reference = read_file(output, &reference_size);
	if (!reference || (reference_size == strlen(OLD) && memcmp(reference, OLD, reference_size) == 0)) {
		fprintf(stderr, "faults: the command does not write %s\n", output);
		exit(2);
	}
	return run.calls;
}

static void try_errors(long at)
{
	const int *list = errors_of(calls[at]);
	for (int i = 0; list && i < 8 && list[i]; i++) {
		try(FAIL, at, list[i]);
		if (list[i] == ENOSPC || list[i] == ENOMEM || list[i] == EMFILE || list[i] == EIO)
			try(FAIL_FROM_HERE, at, list[i]);
	}
	if (transfers(calls[at]))
		try(SHORTEN, at, 0);
}

static void try_signals(long at)
{
	try(KILL_BEFORE, at, SIGKILL);
	try(KILL_BEHIND, at, SIGKILL);
	try(SIGNAL, at, SIGINT);
	try(SIGNAL, at, SIGTERM);
}

static void on_alarm(int signal)
{
	(void)signal;
}

int main(int argc, char **argv)
{
	bool with_errors = false, with_signals = false;
	long step = 1;
	int option;
	while ((option = getopt(argc, argv, "+ekno:a:j:")) != -1) {
		switch (option) {
		case 'e':
			with_errors = true;
			break;
		case 'k':
			with_signals = true;
			break;
		case 'n':
			no_tmpfile = true;
			break;
		case 'o':
			output = optarg;
			break;
		case 'a':
			if (n_extras < MAX_EXTRA)
				extras[n_extras++] = optarg;
			break;
		case 'j':
			step = atol(optarg);
			break;
		default:
			return 2;
		}
	}
	if (!output || !strchr(output, '/') || optind == argc || step < 1) {
		fprintf(stderr, "usage: faults [-e] [-k] [-n] [-j STEP] [-a FILE]... -o FOLDER/OUTPUT COMMAND...\n");
		return 2;
	}
	command = argv + optind;
	struct sigaction action = {.sa_handler = on_alarm};
	sigaction(SIGALRM, &action, NULL);
	setvbuf(stdout, NULL, _IOLBF, 0);
	long n = undisturbed();
	for (long at = 1; at <= n; at += step) {
		if (with_errors)
			try_errors(at);
		if (with_signals)
			try_signals(at);
	}
	printf("%ld system calls, %lu faults, %lu problems\n", n, faults_tried, problems);
	return problems != 0;
}
