#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/diag.h"

static int set_up(void **state)
{
	struct diag *diag = malloc(sizeof(*diag));
	diag_init(diag);
	diag->color = false;
	*state = diag;
	return 0;
}

static int tear_down(void **state)
{
	diag_free(*state);
	free(*state);
	return 0;
}

/* Flushes and checks what came out on stderr. */
static void check_flush(struct diag *diag, bool failed, const char *expected)
{
	static const size_t room = 1 << 20;
	char *text = malloc(room);
	int file = memfd_create("stderr", MFD_CLOEXEC), saved = dup(STDERR_FILENO);
	dup2(file, STDERR_FILENO);
	bool result = diag_flush(diag);
	dup2(saved, STDERR_FILENO);
	close(saved);
	ssize_t size = pread(file, text, room - 1, 0);
	close(file);
	text[size < 0 ? 0 : size] = '\0';
	bool same = strcmp(text, expected) == 0;
	if (!same)
		print_error("printed:\n%s", text);
	free(text);
	assert_true(same);
	assert_int_equal(result, failed);
}

static void each_severity_has_its_prefix(void **state)
{
	struct diag *diag = *state;
	diag_note(diag, 1, "%s", "a note");
	diag_warning(diag, 2, "a warning: %d", 42);
	check_flush(diag, false, "gild: a note\ngild: warning: a warning: 42\n");
	diag_error(diag, 3, "a.o:(.text+0x5): undefined symbol: foo\n>>> a.c:9: in main");
	check_flush(diag, true, "gild: error: a.o:(.text+0x5): undefined symbol: foo\n>>> a.c:9: in main\n");
	assert_int_equal(diag->errors, 1);
	assert_int_equal(diag->warnings, 1);
}

static void a_flush_prints_a_message_once_and_remembers_the_failure(void **state)
{
	struct diag *diag = *state;
	check_flush(diag, false, "");
	diag_error(diag, 0, "bad");
	check_flush(diag, true, "gild: error: bad\n");
	check_flush(diag, true, "");
}

static void messages_are_sorted_by_order_then_text(void **state)
{
	struct diag *diag = *state;
	diag_warning(diag, diag_order(2, 0), "file 2");
	diag_warning(diag, diag_order(1, 7), "file 1, item 7");
	diag_note(diag, diag_order(1, 3), "b");
	diag_warning(diag, diag_order(1, 3), "a");
	diag_note(diag, diag_order(0, UINT32_MAX), "file 0");
	check_flush(diag, false,
		    "gild: file 0\ngild: warning: a\ngild: b\ngild: warning: file 1, item 7\ngild: warning: file 2\n");
}

static void equal_messages_are_printed_once(void **state)
{
	struct diag *diag = *state;
	diag_error(diag, 1, "same");
	diag_error(diag, 2, "same");
	diag_warning(diag, 1, "same");
	diag_error(diag, 1, "same");
	check_flush(diag, true, "gild: error: same\ngild: warning: same\ngild: error: same\n");
}

#define TOO_MANY(n) \
	"gild: error: too many errors emitted, stopping now: " n " not shown (use --error-limit=0 to see all)\n"

static void errors_stop_at_the_limit_but_warnings_do_not(void **state)
{
	struct diag *diag = *state;
	diag->error_limit = 2;
	diag_error(diag, 1, "one");
	diag_error(diag, 2, "two");
	check_flush(diag, true, "gild: error: one\ngild: error: two\n");
	diag_error(diag, 3, "three");
	diag_warning(diag, 4, "w");
	diag_error(diag, 5, "four");
	check_flush(diag, true, "gild: warning: w\n" TOO_MANY("2 more are"));
	diag_error(diag, 6, "five");
	check_flush(diag, true, TOO_MANY("1 more is"));
	assert_int_equal(diag->errors, 5);
}

static void the_limit_is_20_unless_it_is_taken_away(void **state)
{
	struct diag *diag = *state;
	char expected[4096] = "";
	for (unsigned i = 0; i < 21; i++)
		diag_error(diag, i, "e");
	for (unsigned i = 0; i < 20; i++)
		strcat(expected, "gild: error: e\n");
	strcat(expected, TOO_MANY("1 more is"));
	check_flush(diag, true, expected);

	diag->error_limit = 0;
	expected[0] = '\0';
	for (unsigned i = 0; i < 100; i++) {
		diag_error(diag, i, "f");
		strcat(expected, "gild: error: f\n");
	}
	check_flush(diag, true, expected);
}

/* more->a as text; counts in the context how often it was asked. */
static void more_lines(const struct diag_more *more, struct diag_lines *lines)
{
	unsigned *asked = *(unsigned *const *)more->context;
	++*asked;
	diag_hint(lines, "do %u", (unsigned)more->a);
	diag_line(lines, "more %u", (unsigned)more->a);
	diag_source(lines, "a.c", 7, "f");
}

static void no_lines(const struct diag_more *more, struct diag_lines *lines)
{
	(void)more;
	(void)lines;
}

static void costly_lines_are_asked_for_when_printed(void **state)
{
	struct diag *diag = *state;
	unsigned asked = 0, *context = &asked;
	diag->error_limit = 2;
	for (unsigned i = 0; i < 10; i++) {
		struct diag_about about = {.more = {.lines = more_lines, .context = &context, .a = i / 2}};
		diag_report(diag, SEVERITY_ERROR, 5, &about, "e%d", 0);
	}
	struct diag_about none = {.more.lines = no_lines};
	diag_report(diag, SEVERITY_WARNING, 6, &none, "w");
	assert_int_equal(asked, 0);
	check_flush(diag, true,
		    "gild: error: e0\n>>> more 0\n>>> do 0\ngild: error: e0\n>>> more 1\n>>> do 1\n"
		    "gild: warning: w\n" TOO_MANY("3 more are"));
	assert_int_equal(asked, 2);
}

/* A message with everything. What its texts are made of is gone before it is printed. */
static void report_all(struct diag *diag)
{
	static unsigned asked, *context = &asked;
	char file[] = "lib.a", member[] = "x.oXX", section[] = ".text", symbol[] = "_Z3foov", hint[] = "try this";
	struct diag_about about = {
		.kind = "test",
		.file = file,
		.member = {member, 3},
		.section = section,
		.offset = 18,
		.has_offset = true,
		.symbol = symbol,
		.hint = hint,
		.more = {.lines = more_lines, .context = &context, .a = 1},
	};
	diag_report(diag, SEVERITY_ERROR, 0, &about, "no %s\n>>> one\n>>> two", "foo()");
	memset(file, '?', 3);
	memset(member, '?', 3);
	memset(section, '?', 3);
	memset(symbol, '?', 3);
	memset(hint, '?', 3);
}

static void a_message_begins_with_its_place(void **state)
{
	struct diag *diag = *state;
	report_all(diag);
	struct diag_about about = {.file = "s.ld", .line = 3, .column = 4};
	diag_report(diag, SEVERITY_WARNING, 1, &about, "text");
	about = (struct diag_about){.file = "a.o", .section = ".data"};
	diag_report(diag, SEVERITY_NOTE, 2, &about, "text");
	check_flush(diag, true,
		    "gild: error: lib.a(x.o):(.text+0x12): no foo()\n>>> one\n>>> two\n>>> more 1\n>>> try this\n"
		    ">>> do 1\n"
		    "gild: warning: s.ld:3:4: text\n"
		    "gild: a.o:(.data): text\n");
}

static void json_has_a_member_for_each_part(void **state)
{
	struct diag *diag = *state;
	diag->format = DIAG_JSON;
	diag->color = true;
	diag->error_limit = 1;
	report_all(diag);
	struct diag_about about = {.file = "s.ld", .line = 3, .column = 4};
	diag_report(diag, SEVERITY_WARNING, 1, &about, "text");
	diag_note(diag, 2, "n");
	diag_error(diag, 3, "kept back");
	check_flush(diag, true,
		    "{\"severity\":\"error\",\"kind\":\"test\",\"message\":\"no foo()\",\"file\":\"lib.a\","
		    "\"member\":\"x.o\",\"section\":\".text\",\"offset\":18,\"symbol\":\"_Z3foov\","
		    "\"source\":{\"file\":\"a.c\",\"line\":7,\"function\":\"f\"},"
		    "\"details\":[\"one\",\"two\",\"more 1\"],\"hints\":[\"try this\",\"do 1\"]}\n"
		    "{\"severity\":\"warning\",\"kind\":\"command-line\",\"message\":\"text\",\"file\":\"s.ld\","
		    "\"line\":3,\"column\":4}\n"
		    "{\"severity\":\"note\",\"kind\":\"command-line\",\"message\":\"n\"}\n"
		    "{\"severity\":\"error\",\"kind\":\"error-limit\",\"message\":\"too many errors emitted, stopping "
		    "now: 1 more is not shown (use --error-limit=0 to see all)\",\"not_shown\":1}\n");
}

static void text_does_not_steer_the_terminal(void **state)
{
	struct diag *diag = *state;
	diag_note(diag, 0, "a\033[2Jb\177\rc\td\n>>> \xc3\xa9");
	check_flush(diag, false, "gild: a?[2Jb??c\td\n>>> \xc3\xa9\n");
}

/* Whatever names consist of. */
static void json_is_valid_for_any_bytes(void **state)
{
	struct diag *diag = *state;
	diag->format = DIAG_JSON;
	diag_note(diag, 0, "q\" b\\ n\n t\t e\033 d\177");
	diag_note(diag, 1, "\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80");                /* valid: 2, 3 and 4 bytes */
	diag_note(diag, 2, "\xff \xc3 \xe2\x82 \x80 \xc0\x80 \xed\xa0\x80 \xf4\x90\x80\x80"); /* all invalid */
	diag_note(diag, 3, "cut \xf0\x9f\x98");
#define NOTE(text) "{\"severity\":\"note\",\"kind\":\"command-line\",\"message\":\"" text "\"}\n"
#define BAD "\\ufffd"
	check_flush(diag, false,
		    NOTE("q\\\" b\\\\ n\\u000a t\\u0009 e\\u001b d\\u007f")
		    NOTE("\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80")
		    NOTE(BAD " " BAD " " BAD BAD " " BAD " " BAD BAD " " BAD BAD BAD " " BAD BAD BAD BAD)
		    NOTE("cut " BAD BAD BAD));
}

static void fatal_warnings_are_errors_even_when_asked_for_later(void **state)
{
	struct diag *diag = *state;
	diag_warning(diag, 0, "w");
	diag->fatal_warnings = true;
	check_flush(diag, true, "gild: error: w\n");
	assert_int_equal(diag->errors, 1);
	assert_int_equal(diag->warnings, 0);
}

/* GNU ld: --no-warnings overrides --fatal-warnings. */
static void no_warnings_drops_them_and_keeps_the_rest(void **state)
{
	struct diag *diag = *state;
	diag->no_warnings = diag->fatal_warnings = true;
	diag_note(diag, 0, "n");
	diag_warning(diag, 0, "w");
	check_flush(diag, false, "gild: n\n");
	diag_error(diag, 0, "e");
	check_flush(diag, true, "gild: error: e\n");
	assert_int_equal(diag->warnings, 0);
}

static void color_marks_the_prefix_only(void **state)
{
	struct diag *diag = *state;
	diag->color = true;
	diag_error(diag, 0, "text");
	check_flush(diag, true, "\033[1mgild: \033[31merror:\033[0m text\n");
}

static bool color_on(int fd)
{
	struct diag diag;
	int saved = dup(STDERR_FILENO);
	dup2(fd, STDERR_FILENO);
	diag_init(&diag);
	dup2(saved, STDERR_FILENO);
	close(saved);
	bool color = diag.color;
	diag_free(&diag);
	return color;
}

static void color_needs_a_terminal_and_no_NO_COLOR(void **state)
{
	(void)state;
	int terminal = posix_openpt(O_RDWR | O_NOCTTY), null = open("/dev/null", O_WRONLY | O_CLOEXEC);
	unsetenv("NO_COLOR");
	setenv("TERM", "xterm", 1);
	assert_false(color_on(null));
	if (isatty(terminal)) {
		assert_true(color_on(terminal));
		setenv("NO_COLOR", "1", 1);
		assert_false(color_on(terminal));
		setenv("NO_COLOR", "", 1);
		assert_true(color_on(terminal));
		unsetenv("NO_COLOR");
		setenv("TERM", "dumb", 1);
		assert_false(color_on(terminal));
	}
	setenv("CLICOLOR_FORCE", "1", 1);
	assert_true(color_on(null));
	setenv("NO_COLOR", "1", 1);
	assert_false(color_on(null));
	unsetenv("NO_COLOR");
	setenv("CLICOLOR_FORCE", "0", 1);
	assert_false(color_on(null));
	unsetenv("CLICOLOR_FORCE");
	close(terminal);
	close(null);
}

/* A datagram socket keeps the writes apart. */
static void a_message_is_one_write(void **state)
{
	struct diag *diag = *state;
	int ends[2], saved = dup(STDERR_FILENO);
	assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, ends), 0);
	diag_error(diag, 1, "one\n>>> more");
	diag_error(diag, 2, "two");
	dup2(ends[0], STDERR_FILENO);
	diag_flush(diag);
	dup2(saved, STDERR_FILENO);
	close(saved);
	char text[100];
	ssize_t size = recv(ends[1], text, sizeof(text), MSG_DONTWAIT);
	assert_int_equal(size, strlen("gild: error: one\n>>> more\n"));
	size = recv(ends[1], text, sizeof(text), MSG_DONTWAIT);
	assert_int_equal(size, strlen("gild: error: two\n"));
	assert_true(recv(ends[1], text, sizeof(text), MSG_DONTWAIT) < 0);
	close(ends[0]);
	close(ends[1]);
}

enum { THREADS = 4, PER_THREAD = 500 };

struct reporter {
	struct diag *diag;
	unsigned number;
};

static void *report_much(void *argument)
{
	const struct reporter *reporter = argument;
	for (unsigned i = 0; i < PER_THREAD; i++)
		diag_error(reporter->diag, i, "%u-%u", i, reporter->number);
	return NULL;
}

static void what_is_printed_does_not_depend_on_thread_timing(void **state)
{
	struct diag *diag = *state;
	diag->error_limit = 0;
	char *expected = calloc(THREADS * PER_THREAD, 32), *end = expected;
	for (unsigned i = 0; i < PER_THREAD; i++) {
		for (unsigned number = 0; number < THREADS; number++)
			end += sprintf(end, "gild: error: %u-%u\n", i, number);
	}
	pthread_t threads[THREADS];
	struct reporter reporters[THREADS];
	for (unsigned number = 0; number < THREADS; number++) {
		reporters[number] = (struct reporter){diag, number};
		pthread_create(&threads[number], NULL, report_much, &reporters[number]);
	}
	for (unsigned number = 0; number < THREADS; number++)
		pthread_join(threads[number], NULL);
	check_flush(diag, true, expected);
	free(expected);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(each_severity_has_its_prefix),
		test(a_flush_prints_a_message_once_and_remembers_the_failure),
		test(messages_are_sorted_by_order_then_text),
		test(equal_messages_are_printed_once),
		test(errors_stop_at_the_limit_but_warnings_do_not),
		test(the_limit_is_20_unless_it_is_taken_away),
		test(costly_lines_are_asked_for_when_printed),
		test(a_message_begins_with_its_place),
		test(json_has_a_member_for_each_part),
		test(json_is_valid_for_any_bytes),
		test(text_does_not_steer_the_terminal),
		test(fatal_warnings_are_errors_even_when_asked_for_later),
		test(no_warnings_drops_them_and_keeps_the_rest),
		test(color_marks_the_prefix_only),
		test(color_needs_a_terminal_and_no_NO_COLOR),
		test(a_message_is_one_write),
		test(what_is_printed_does_not_depend_on_thread_timing),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
