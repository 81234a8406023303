/* main() for the fuzz programs where there is no libFuzzer: plain gcc or clang, best with -fsanitize=address,undefined.
 *
 *	fuzz_object [-n MUTATIONS] [-s SEED] FILE|FOLDER...
 *
 *	fuzz_object [-t SECONDS] ...
 *
 * Runs each file as it is, then MUTATIONS (default 100) damaged copies of it; with -t, again and again with other
 * copies until SECONDS have passed. The same seed gives the same copies. The input that ends the program, by exit()
 * too, takes more than 10 seconds of the processor, or without a sanitizer more than 2 GiB of memory, is left in
 * ./crash-input. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "fuzz/bend.h"
#include "fuzz/fuzz.h"

enum { LARGEST_FILE = 32 << 20, SECONDS = 10 };

#ifdef __SANITIZE_ADDRESS__ /* its shadow takes more */
enum { IS_SANITIZED = true };
#else
enum { IS_SANITIZED = false };
#endif
static const rlim_t MOST_MEMORY = 2ull << 30; /* bytes */

/* Make the sanitizers end in SIGABRT, which saves the input. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "abort_on_error=1";
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "halt_on_error=1:abort_on_error=1:print_stacktrace=1";
}

/* What is being run: for the signal handler. */
static const uint8_t *current_data;
static size_t current_size;
static const char *current_path;
static uint64_t current_input, input_at_tick;
static int report = STDERR_FILENO; /* fuzz programs may take what is called standard */

static void say(const char *text)
{
	ssize_t ignored = write(report, text, strlen(text));
	(void)ignored;
}

static void say_number(uint64_t number)
{
	char digits[21] = {0};
	size_t at = sizeof(digits) - 1;
	do {
		digits[--at] = (char)('0' + number % 10);
		number /= 10;
	} while (number);
	say(digits + at);
}

_Noreturn void __real__exit(int status);

_Noreturn static void save_input(int signal_number)
{
	say(signal_number == SIGPROF ? "\ntoo slow: " : signal_number ? "\ncrash: " : "\nexit: ");
	say(current_path ? current_path : "?");
	say(" or a damaged copy of it, which is in ./crash-input\n");
	say_number(current_input);
	say(" inputs\n");
	int fd = open("crash-input", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	ssize_t ignored = write(fd, current_data, current_size);
	(void)ignored;
	__real__exit(1);
}

/* Every SECONDS of the processor. */
static void tick(int signal_number)
{
	if (current_data && input_at_tick == current_input)
		save_input(signal_number);
	input_at_tick = current_input;
}

static void save_at_exit(void)
{
	if (current_data)
		save_input(0);
}

/* The linker puts these two in the place of _exit(), which gild calls when there is no memory left. */
_Noreturn void __wrap__exit(int status);
void __wrap__exit(int status)
{
	save_at_exit();
	__real__exit(status);
}

static void run(const uint8_t *data, size_t size)
{
	current_input++;
	current_size = size;
	current_data = data;
	LLVMFuzzerTestOneInput(data, size);
	current_data = NULL;
}

/* xorshift64* */
static uint64_t next_random(uint64_t *state)
{
	*state ^= *state >> 12;
	*state ^= *state << 25;
	*state ^= *state >> 27;
	return *state * 0x2545f4914f6cdd1d;
}

static uint64_t below(uint64_t *state, uint64_t limit)
{
	return next_random(state) % limit;
}

/* Most of a file is code and text. What a reader believes is near the start (headers), the end (section headers) or
 * near what is there already: half of the places come from the first and the last few hundred bytes. */
static size_t random_place(uint64_t *state, size_t size)
{
	size_t edge = size < 1024 ? size : 1024;
	switch (below(state, 4)) {
	case 0:
		return below(state, edge);
	case 1:
		return size - 1 - below(state, edge);
	}
	return below(state, size);
}

/* Numbers at which arithmetic goes wrong. */
static uint64_t random_number(uint64_t *state, size_t size)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 3, 4, 8, 16, 24, 64, 0x7f, 0x80, 0xff, 0x7fff, 0xff00, 0xffff, 0x7fffffff, 0x80000000,
		0xfffffff0, 0xffffffff, 0x100000000, 0x7fffffffffffffff, 0x8000000000000000, 0xffffffffffffff00, 0xffffffffffffffff,
	};
	switch (below(state, 3)) {
	case 0:
		return numbers[below(state, COUNTOF(numbers))];
	case 1:
		return size - 8 + below(state, 16);
	}
	return below(state, size + 16);
}

/* Fields of files whose format is known. */
static bool bend_some(uint8_t *data, size_t size, uint64_t *state)
{
	struct choices choices = {.state = *state};
	bool bent = false;
	for (uint64_t n = 1 + below(state, 3); n > 0; n--)
		bent |= bend(data, size, &choices);
	return bent;
}

static void damage(uint8_t *data, size_t size, uint64_t *state)
{
	if (below(state, 2) == 0 && bend_some(data, size, state))
		return;
	static const size_t widths[] = {1, 2, 4, 8};
	for (uint64_t n = 1 + below(state, 6); n > 0; n--) {
		size_t place = random_place(state, size), width = widths[below(state, COUNTOF(widths))];
		/* Fields are aligned; so is most damage to them. */
		if (below(state, 4) != 0)
			place -= place % width;
		if (width > size - place)
			width = size - place;
		uint64_t number = random_number(state, size);
		switch (below(state, 5)) {
		case 0:
			data[place] ^= (uint8_t)(1u << below(state, 8));
			break;
		case 1: {
			uint64_t old = 0;
			memcpy(&old, data + place, width);
			old += below(state, 33) - 16;
			memcpy(data + place, &old, width);
			break;
		}
		case 2: { /* decimal text, as archives have */
			char text[24];
			int len = snprintf(text, sizeof(text), "%" PRIu64, number);
			for (int i = 0; i < len && place + (size_t)i < size; i++)
				data[place + (size_t)i] = (uint8_t)text[i];
			break;
		}
		case 3:
			memmove(data + place, data + below(state, size - width + 1), width);
			break;
		default:
			memcpy(data + place, &number, width);
		}
	}
}

struct options {
	uint64_t mutations, seed, seconds, nfiles, ninputs;
};

static void run_file(struct options *options, const char *path)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size > LARGEST_FILE) {
		if (fd >= 0)
			close(fd);
		return;
	}
	size_t size = (size_t)st.st_size;
	uint8_t *original = malloc(size + 1);
	if (!original || read(fd, original, size) != (ssize_t)size) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		exit(1);
	}
	close(fd);
	current_path = path;
	options->nfiles++;
	uint64_t state = (options->seed + 1) * 0x9e3779b97f4a7c15 ^ size;
	if (state == 0)
		state = 1;
	for (uint64_t i = 0; i <= options->mutations; i++) {
		/* Each copy ends where its allocation ends. */
		size_t cut = i != 0 && size != 0 && below(&state, 16) == 0 ? below(&state, size) : size;
		uint8_t *copy = malloc(cut ? cut : 1);
		if (!copy)
			abort();
		memcpy(copy, original, cut);
		if (i != 0 && cut != 0)
			damage(copy, cut, &state);
		run(copy, cut);
		free(copy);
		options->ninputs++;
	}
	free(original);
}

static void run_path(struct options *options, const char *path)
{
	DIR *folder = opendir(path);
	if (!folder) {
		run_file(options, path);
		return;
	}
	for (struct dirent *entry; (entry = readdir(folder));) {
		char inside[4096];
		if (entry->d_name[0] != '.' &&
		    snprintf(inside, sizeof(inside), "%s/%s", path, entry->d_name) < (int)sizeof(inside))
			run_path(options, inside);
	}
	closedir(folder);
}

int main(int argc, char **argv)
{
	struct options options = {.mutations = 100};
	for (int c; (c = getopt(argc, argv, "n:s:t:")) != -1;) {
		if (c == 'n') {
			options.mutations = strtoull(optarg, NULL, 0);
		} else if (c == 's') {
			options.seed = strtoull(optarg, NULL, 0);
		} else if (c == 't') {
			options.seconds = strtoull(optarg, NULL, 0);
		} else {
			fprintf(stderr, "usage: %s [-n MUTATIONS] [-s SEED] [-t SECONDS] FILE|FOLDER...\n", argv[0]);
			return 2;
		}
	}
	static const int ends[] = {SIGABRT, SIGSEGV, SIGBUS, SIGFPE, SIGILL};
	for (size_t i = 0; i < COUNTOF(ends); i++) {
		struct sigaction previous;
		/* A sanitizer's own handlers say more, and end in SIGABRT. */
		if (sigaction(ends[i], NULL, &previous) == 0 && previous.sa_handler == SIG_DFL)
			signal(ends[i], save_input);
	}
	if (!IS_SANITIZED)
		setrlimit(RLIMIT_AS, &(struct rlimit){MOST_MEMORY, MOST_MEMORY});
	signal(SIGPROF, tick);
	setitimer(ITIMER_PROF, &(struct itimerval){{SECONDS, 0}, {SECONDS, 0}}, NULL);
	atexit(save_at_exit);
	report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	time_t end = time(NULL) + (time_t)options.seconds;
	do {
		for (int i = optind; i < argc; i++)
			run_path(&options, argv[i]);
		options.seed += 1u << 20;
	} while (options.seconds && time(NULL) < end);
	dprintf(report, "%" PRIu64 " files, %" PRIu64 " inputs, no crash\n", options.nfiles, options.ninputs);
	return 0;
}
