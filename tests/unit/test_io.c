#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/io.h"
#include "base/pool.h"

/* A folder of its own; each test gives its files names of their own. */
struct fixture {
	struct arena arena;
	struct io io;
	const char *folder;
};

static int set_up(void **state)
{
	struct fixture *fixture = calloc(1, sizeof(*fixture));
	char *folder = arena_printf(&fixture->arena, "%s/gild-io-XXXXXX", getenv("TMPDIR") ? getenv("TMPDIR") : "/tmp");
	fixture->folder = mkdtemp(folder);
	*state = fixture;
	return fixture->folder ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *fixture = *state;
	DIR *folder = opendir(fixture->folder);
	for (struct dirent *entry; (entry = readdir(folder));)
		unlinkat(dirfd(folder), entry->d_name, 0);
	closedir(folder);
	rmdir(fixture->folder);
	io_free(&fixture->io);
	arena_free(&fixture->arena);
	free(fixture);
	return 0;
}

static const char *path_of(struct fixture *fixture, const char *name)
{
	return arena_printf(&fixture->arena, "%s/%s", fixture->folder, name);
}

static uint8_t content_at(size_t i)
{
	return (uint8_t)(i * 31 + (i >> 8));
}

static void write_content(int fd, size_t size)
{
	uint8_t *content = malloc(size + 1);
	for (size_t i = 0; i < size; i++)
		content[i] = content_at(i);
	for (size_t done = 0; done < size;) {
		ssize_t written = write(fd, content + done, size - done);
		if (written <= 0)
			break;
		done += (size_t)written;
	}
	free(content);
	close(fd);
}

static const char *make_file(struct fixture *fixture, const char *name, size_t size)
{
	const char *path = path_of(fixture, name);
	write_content(open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644), size);
	return path;
}

static const struct io_file *open_file(struct fixture *fixture, const char *path)
{
	uint32_t index = io_open(&fixture->io, path);
	return &fixture->io.files.at[index];
}

static void check_content(const struct io_file *file, size_t size)
{
	assert_int_equal(file->error, 0);
	assert_int_equal(file->bytes.size, size);
	for (size_t i = 0; i < size; i++) {
		if (file->bytes.data[i] != content_at(i))
			fail_msg("byte %zu is wrong", i);
	}
}

static void small_files_are_read_and_large_ones_mapped(void **state)
{
	struct fixture *fixture = *state;
	static const struct {
		size_t size;
		bool mapped;
	} cases[] = {{0, false}, {1, false}, {65535, false}, {65536, true}, {3000001, true}};
	for (size_t i = 0; i < COUNTOF(cases); i++) {
		const struct io_file *file = open_file(fixture, make_file(fixture, "file", cases[i].size));
		check_content(file, cases[i].size);
		assert_int_equal(file->mapped, cases[i].mapped);
	}
}

static void contents_stay_while_more_files_are_opened(void **state)
{
	struct fixture *fixture = *state;
	const char *small = make_file(fixture, "small", 40000), *large = make_file(fixture, "large", 100000);
	for (int i = 0; i < 100; i++) {
		assert_int_equal(io_open(&fixture->io, small), 2 * i);
		assert_int_equal(io_open(&fixture->io, large), 2 * i + 1);
	}
	for (int i = 0; i < 100; i++) {
		check_content(&fixture->io.files.at[2 * i], 40000);
		check_content(&fixture->io.files.at[2 * i + 1], 100000);
	}
}

static void a_file_is_recorded_with_what_stat_says(void **state)
{
	struct fixture *fixture = *state;
	const char *path = make_file(fixture, "file", 10);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	const struct io_file *file = open_file(fixture, path);
	assert_string_equal(file->path, path);
	assert_ptr_not_equal(file->path, path);
	assert_true(file->dev == st.st_dev && file->ino == st.st_ino);
	assert_true(file->mtime.tv_sec == st.st_mtim.tv_sec && file->mtime.tv_nsec == st.st_mtim.tv_nsec);
}

static void a_failed_open_is_recorded_with_its_error(void **state)
{
	struct fixture *fixture = *state;
	const char *missing = path_of(fixture, "missing");
	const struct io_file *file = open_file(fixture, missing);
	assert_int_equal(file->error, ENOENT);
	assert_string_equal(file->path, missing);
	assert_int_equal(file->bytes.size, 0);
	assert_int_equal(open_file(fixture, "")->error, ENOENT);
	assert_int_equal(fixture->io.files.n, 2);
}

static void a_directory_is_an_error(void **state)
{
	struct fixture *fixture = *state;
	assert_int_equal(open_file(fixture, fixture->folder)->error, EISDIR);
}

static void a_device_is_read_to_its_end(void **state)
{
	check_content(open_file(*state, "/dev/null"), 0);
}

static void a_file_of_proc_is_read_though_its_size_is_zero(void **state)
{
	const struct io_file *file = open_file(*state, "/proc/self/status");
	assert_int_equal(file->error, 0);
	assert_true(file->bytes.size > 5);
	assert_memory_equal(file->bytes.data, "Name:", 5);
}

enum { PIPE_SIZE = 1000000 };

static void *feed_pipe(void *path)
{
	write_content(open(path, O_WRONLY | O_CLOEXEC), PIPE_SIZE);
	return NULL;
}

static void a_pipe_is_read_to_its_end(void **state)
{
	struct fixture *fixture = *state;
	char *path = arena_printf(&fixture->arena, "%s/pipe", fixture->folder);
	assert_int_equal(mkfifo(path, 0600), 0);
	pthread_t writer;
	assert_int_equal(pthread_create(&writer, NULL, feed_pipe, path), 0);
	const struct io_file *file = open_file(fixture, path);
	pthread_join(writer, NULL);
	check_content(file, PIPE_SIZE);
	assert_false(file->mapped);
}

static void no_descriptor_stays_open(void **state)
{
	struct fixture *fixture = *state;
	int before = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(before);
	open_file(fixture, make_file(fixture, "small", 10));
	open_file(fixture, make_file(fixture, "large", 100000));
	open_file(fixture, fixture->folder);
	open_file(fixture, "/dev/null");
	int after = open("/dev/null", O_RDONLY | O_CLOEXEC);
	close(after);
	assert_int_equal(before, after);
}

/* What was opened ahead is found in its turn, counts as opened only then, and need not be asked for. */
static void files_opened_ahead_wait_for_their_turn(void **state)
{
	struct fixture *fixture = *state;
	enum { FILES = 40 };
	const char *paths[FILES];
	for (size_t i = 0; i < FILES; i++) {
		paths[i] = path_of(fixture, arena_printf(&fixture->arena, "ahead%zu", i));
		if (i != 7)
			make_file(fixture, arena_printf(&fixture->arena, "ahead%zu", i), i % 2 ? 100 + i : 100000 + i);
	}
	struct pool *pool = pool_new(3);
	io_open_ahead(&fixture->io, pool, paths, FILES);
	pool_free(pool);
	assert_int_equal(fixture->io.files.n, 0);
	const char *other = make_file(fixture, "other", 5);
	for (size_t i = 0; i < FILES - 1; i++) {
		if (i == 20)
			check_content(open_file(fixture, other), 5);
		if (i == 7)
			assert_int_equal(open_file(fixture, paths[i])->error, ENOENT);
		else
			check_content(open_file(fixture, paths[i]), i % 2 ? 100 + i : 100000 + i);
	}
	assert_int_equal(fixture->io.files.n, FILES);
	check_content(open_file(fixture, paths[3]), 103);
}

int main(void)
{
#define test(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		test(small_files_are_read_and_large_ones_mapped),
		test(contents_stay_while_more_files_are_opened),
		test(a_file_is_recorded_with_what_stat_says),
		test(a_failed_open_is_recorded_with_its_error),
		test(a_directory_is_an_error),
		test(a_device_is_read_to_its_end),
		test(a_file_of_proc_is_read_though_its_size_is_zero),
		test(a_pipe_is_read_to_its_end),
		test(no_descriptor_stays_open),
		test(files_opened_ahead_wait_for_their_turn),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
