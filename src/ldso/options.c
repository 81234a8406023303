#include "ldso/options.h"

#include <asm/errno.h>
#include <fcntl.h>

#include "ld/version.h"
#include "ldso/auxv.h"
#include "ldso/sys.h"
#include "ldso/text.h"

/* --- LD_DEBUG */

static const struct category {
	const char *name, *help;
	uint32_t mask;
} categories[] = {
	{"libs", "display library search paths", DEBUG_LIBS | DEBUG_IMPCALLS},
	{"reloc", "display relocation processing", DEBUG_RELOC | DEBUG_IMPCALLS},
	{"files", "display progress for input file", DEBUG_FILES | DEBUG_IMPCALLS},
	{"symbols", "display symbol table processing", DEBUG_SYMBOLS | DEBUG_IMPCALLS},
	{"bindings", "display information about symbol binding", DEBUG_BINDINGS | DEBUG_IMPCALLS},
	{"versions", "display version dependencies", DEBUG_VERSIONS | DEBUG_IMPCALLS},
	{"scopes", "display scope information", DEBUG_SCOPES},
	{"all", "all previous options combined",
	 DEBUG_LIBS | DEBUG_RELOC | DEBUG_FILES | DEBUG_SYMBOLS | DEBUG_BINDINGS | DEBUG_VERSIONS | DEBUG_IMPCALLS |
		 DEBUG_SCOPES},
	{"statistics", "display relocation statistics", DEBUG_STATISTICS},
	{"unused", "determined unused DSOs", DEBUG_UNUSED},
	{"help", "display this help message and exit", DEBUG_HELP},
};

enum { CATEGORIES = sizeof(categories) / sizeof(categories[0]) };

_Noreturn static void debug_help(void)
{
	print(1, "Valid options for the LD_DEBUG environment variable are:\n\n");
	for (unsigned i = 0; i < CATEGORIES; i++) {
		print(1, "  %s", categories[i].name);
		for (size_t n = strlen(categories[i].name); n < sizeof("statistics") + 1; n++)
			print(1, " ");
		print(1, "%s\n", categories[i].help);
	}
	print(1, "\nTo direct the debugging output into a file instead of standard output\n"
		 "a filename can be specified using the LD_DEBUG_OUTPUT environment variable.\n");
	sys_exit(0);
}

static bool ends_word(char c)
{
	return !c || c == ' ' || c == ',' || c == ':';
}

static void read_debug(struct loader *ld, const char *text)
{
	while (*text) {
		size_t length = 0;
		while (!ends_word(text[length]))
			length++;
		if (!length) {
			text++;
			continue;
		}
		unsigned i = 0;
		while (i < CATEGORIES &&
		       (strlen(categories[i].name) != length || !text_begins(text, categories[i].name)))
			i++;
		char word[64];
		format_text(word, length < sizeof(word) ? length + 1 : sizeof(word), "%s", text);
		if (i < CATEGORIES)
			ld->options.debug |= categories[i].mask;
		else
			print(2, "warning: debug option `%s' unknown; try LD_DEBUG=help\n", word);
		text += length;
	}
	if (ld->options.debug & DEBUG_UNUSED)
		ld->options.lazy = false;
	if (ld->options.debug & DEBUG_HELP)
		debug_help();
}

void options_open_debug_output(struct loader *ld)
{
	ld->options.debug_fd = 2;
	if (!ld->options.debug_output || !ld->options.debug || ld->secure)
		return;
	char path[4096];
	format_text(path, sizeof(path), "%s.%d", ld->options.debug_output, sys_getpid());
	int fd = sys_open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW, 0666);
	ld->options.debug_fd = sys_failed(fd) ? 1 : fd;
}

/* --- environment */

/* Variables that must not reach programs which a secure program starts. */
static const char *const unsafe[] = {
	"GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "HOSTALIASES", "LD_AUDIT", "LD_DEBUG", "LD_DEBUG_OUTPUT",
	"LD_DYNAMIC_WEAK", "LD_HWCAP_MASK", "LD_LIBRARY_PATH", "LD_ORIGIN_PATH", "LD_PRELOAD", "LD_PROFILE",
	"LD_SHOW_AUXV", "LOCALDOMAIN", "LOCPATH", "MALLOC_CHECK_", "MALLOC_TRACE", "NIS_PATH", "NLSPATH",
	"RESOLV_HOST_CONF", "RES_OPTIONS", "TMPDIR", "TZDIR",
};

static void unset(struct loader *ld, const char *name)
{
	size_t length = strlen(name);
	char **to = ld->envp;
	for (char **from = ld->envp; *from; from++)
		if (!text_begins(*from, name) || (*from)[length] != '=')
			*to++ = *from;
	*to = NULL;
}

static void read_variable(struct loader *ld, const char *name, const char *value)
{
	struct options *options = &ld->options;
	bool trusted = !ld->secure;
	if (text_equal(name, "BIND_NOW"))
		options->lazy = !*value;
	else if (text_equal(name, "BIND_NOT"))
		options->bind_not = *value;
	else if (text_equal(name, "AUDIT"))
		options->audit_variable = value;
	else if (text_equal(name, "PRELOAD"))
		options->preload_variable = value;
	else if (text_equal(name, "TRACE_LOADED_OBJECTS"))
		options->mode = MODE_TRACE, options->trace_program = text_number(value) > 1;
	else if (text_equal(name, "WARN"))
		options->warn = *value;
	else if (text_equal(name, "VERBOSE"))
		options->verbose = *value;
	else if (text_equal(name, "LIBRARY_PATH") && trusted && *value)
		options->library_path = value, options->library_path_source = "LD_LIBRARY_PATH";
	else if (text_equal(name, "ORIGIN_PATH") && trusted)
		options->origin_path = value;
	else if (text_equal(name, "DYNAMIC_WEAK") && trusted)
		options->dynamic_weak = true;
	else if (text_equal(name, "DEBUG") && trusted)
		read_debug(ld, value);
	else if (text_equal(name, "DEBUG_OUTPUT") && trusted)
		options->debug_output = value;
	else if (text_equal(name, "SHOW_AUXV") && trusted)
		auxv_show(ld);
	else if (text_equal(name, "PROFILE") && trusted && *value)
		print(2, "ld-gild: LD_%s is not supported: ignored\n", name);
}

/* With more rights than its caller, a program must not find its standard files closed: what it opens first would take
 * their place. Reading from and writing to what is opened here fails. */
static void check_standard_files(void)
{
	for (int fd = 0; fd <= 2; fd++) {
		if (sys_call3(__NR_fcntl, fd, F_GETFD, 0) != -EBADF)
			continue;
		const char *path = fd == 0 ? "/dev/full" : "/dev/null";
		if (sys_open(path, (fd == 0 ? O_WRONLY : O_RDONLY) | O_NOFOLLOW, 0) != fd)
			sys_exit(127);
	}
}

void options_read_environment(struct loader *ld)
{
	ld->options.lazy = true;
	ld->options.debug_fd = 2;
	for (char **entry = ld->envp; *entry; entry++) {
		if (!text_begins(*entry, "LD_"))
			continue;
		const char *value = index(*entry, '=');
		char name[32];
		size_t length = value ? (size_t)(value - *entry) - 3 : sizeof(name);
		if (length >= sizeof(name))
			continue;
		memcpy(name, *entry + 3, length);
		name[length] = 0;
		read_variable(ld, name, value + 1);
	}
	if (!ld->secure)
		return;
	check_standard_files();
	bool debuggable = !sys_access("/etc/suid-debug", 0 /* F_OK */); /* the administrator allows it */
	for (unsigned i = 0; i < sizeof(unsafe) / sizeof(unsafe[0]); i++)
		if (!debuggable || !text_equal(unsafe[i], "MALLOC_CHECK_"))
			unset(ld, unsafe[i]);
	if (ld->options.mode != MODE_RUN)
		sys_exit(5);
}

/* --- command line */

_Noreturn static void usage_error(const char *program, const char *option, const char *what)
{
	if (option)
		print(2, "%s: %s '%s'\n", program, what, option);
	else
		print(2, "%s: missing program name\n", program);
	print(2, "Try '%s --help' for more information.\n", program);
	sys_exit(1);
}

int options_read_command(struct loader *ld)
{
	struct options *options = &ld->options;
	const struct {
		const char *name;
		const char **to;
	} with_value[] = {
		{"--library-path", &options->library_path},
		{"--inhibit-rpath", &options->inhibit_rpath},
		{"--preload", &options->preload_option},
		{"--audit", &options->audit_option},
		{"--argv0", &options->argv0},
		{"--glibc-hwcaps-prepend", &options->hwcaps_prepend},
		{"--glibc-hwcaps-mask", &options->hwcaps_mask},
	};
	const char *self = ld->argv[0];
	int at = 1;
	for (; at < ld->argc; at++) {
		const char *option = ld->argv[at];
		unsigned i = 0;
		while (i < sizeof(with_value) / sizeof(with_value[0]) && !text_equal(option, with_value[i].name))
			i++;
		if (i < sizeof(with_value) / sizeof(with_value[0])) {
			if (at + 1 >= ld->argc)
				usage_error(self, option, "no value for option");
			*with_value[i].to = ld->argv[++at];
			if (i == 0)
				options->library_path_source = "--library-path";
		} else if (text_equal(option, "--list")) {
			options->mode = MODE_LIST;
			options->lazy = true;
		} else if (text_equal(option, "--tree")) {
			options->mode = MODE_TREE;
		} else if (text_equal(option, "--verify")) {
			options->mode = MODE_VERIFY;
		} else if (text_equal(option, "--inhibit-cache")) {
			options->inhibit_cache = true;
		} else if (text_equal(option, "--list-tunables")) {
			options->list_tunables = true;
		} else if (text_equal(option, "--list-diagnostics")) {
			options->list_diagnostics = true;
		} else if (text_equal(option, "--help")) {
			options->help = true;
		} else if (text_equal(option, "--version")) {
			print(1, "ld-gild.so.1 (gild " GILD_VERSION "), a loader for programs of glibc 2.36\n");
			sys_exit(0);
		} else if (option[0] == '-' && option[1] == '-' && option[2]) {
			usage_error(self, option, "unrecognized option");
		} else {
			break;
		}
	}
	if (at < ld->argc && text_equal(ld->argv[at], "--"))
		at++;
	if (at >= ld->argc && !options->help && !options->list_tunables && !options->list_diagnostics)
		usage_error(self, NULL, "");
	return at;
}
