/* What sys.h offers, by means of the C library: for the parts of the loader that are built into gild, on any host. Only
 * what those parts use. */
#ifndef GILD_LDSO_SYS_HOSTED_H
#define GILD_LDSO_SYS_HOSTED_H

#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static inline long sys_result(long result)
{
	return result == -1 ? -errno : result;
}

static inline int sys_open(const char *path, int flags, int mode)
{
	return (int)sys_result(open(path, flags, mode));
}

static inline int sys_close(int fd)
{
	return (int)sys_result(close(fd));
}

static inline long sys_read(int fd, void *to, size_t size)
{
	return sys_result(read(fd, to, size));
}

static inline long sys_pread(int fd, void *to, size_t size, uint64_t offset)
{
	return sys_result(pread(fd, to, size, (off_t)offset));
}

static inline long sys_write(int fd, const void *from, size_t size)
{
	return sys_result(write(fd, from, size));
}

static inline int sys_fstat(int fd, struct stat *to)
{
	return (int)sys_result(fstat(fd, to));
}

static inline int sys_stat(const char *path, struct stat *to)
{
	return (int)sys_result(stat(path, to));
}

static inline int sys_access(const char *path, int mode)
{
	return (int)sys_result(access(path, mode));
}

/* Unlike the C library's, counts the NUL. */
static inline long sys_getcwd(char *to, size_t size)
{
	const char *got = getcwd(to, size);
	if (!got)
		return -errno;
	long length = 0;
	while (got[length])
		length++;
	return length + 1;
}

static inline long sys_mmap(uint64_t address, size_t size, int protection, int flags, int fd, uint64_t offset)
{
	void *at = mmap((void *)(uintptr_t)address, size, protection, flags, fd, (off_t)offset);
	return at == MAP_FAILED ? -errno : (long)(uintptr_t)at;
}

static inline int sys_munmap(uint64_t address, size_t size)
{
	return (int)sys_result(munmap((void *)(uintptr_t)address, size));
}

static inline int sys_mprotect(uint64_t address, size_t size, int protection)
{
	return (int)sys_result(mprotect((void *)(uintptr_t)address, size, protection));
}

static inline void sys_yield(void)
{
	sched_yield();
}

_Noreturn static inline void sys_exit(int code)
{
	exit(code);
}

#endif
