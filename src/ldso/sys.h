/* System calls of x86-64 Linux, one inline function each. All return what the kernel does: a value, or -errno.
 *
 * The loader has no errno and no C library: see "How a program starts" in docs/ldso.md. What of it is built into gild
 * (the commands that look at programs, src/inspect) calls the C library instead: sys_hosted.h. */
#ifndef GILD_LDSO_SYS_H
#define GILD_LDSO_SYS_H

/* Is this result of a system call -errno? */
static inline int sys_failed(long result)
{
	return (unsigned long)result > -4096UL;
}

#if __STDC_HOSTED__
#include "ldso/sys_hosted.h"
#else

#include <asm/unistd.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

static inline long sys_call6(long number, long a, long b, long c, long d, long e, long f)
{
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	register long r9 __asm__("r9") = f;
	__asm__ volatile("syscall"
			 : "=a"(result)
			 : "a"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
			 : "rcx", "r11", "memory");
	return result;
}

static inline long sys_call3(long number, long a, long b, long c)
{
	return sys_call6(number, a, b, c, 0, 0, 0);
}

static inline int sys_open(const char *path, int flags, int mode)
{
	return (int)sys_call3(__NR_open, (long)path, flags, mode);
}

static inline int sys_close(int fd)
{
	return (int)sys_call3(__NR_close, fd, 0, 0);
}

static inline long sys_read(int fd, void *to, size_t size)
{
	return sys_call3(__NR_read, fd, (long)to, (long)size);
}

static inline long sys_pread(int fd, void *to, size_t size, uint64_t offset)
{
	return sys_call6(__NR_pread64, fd, (long)to, (long)size, (long)offset, 0, 0);
}

static inline long sys_write(int fd, const void *from, size_t size)
{
	return sys_call3(__NR_write, fd, (long)from, (long)size);
}

static inline int sys_fstat(int fd, struct stat *to)
{
	return (int)sys_call3(__NR_fstat, fd, (long)to, 0);
}

static inline int sys_stat(const char *path, struct stat *to)
{
	return (int)sys_call3(__NR_stat, (long)path, (long)to, 0);
}

static inline int sys_access(const char *path, int mode)
{
	return (int)sys_call3(__NR_access, (long)path, mode, 0);
}

static inline long sys_readlink(const char *path, char *to, size_t size)
{
	return sys_call3(__NR_readlink, (long)path, (long)to, (long)size);
}

static inline long sys_getcwd(char *to, size_t size)
{
	return sys_call3(__NR_getcwd, (long)to, (long)size, 0);
}

static inline long sys_mmap(uint64_t address, size_t size, int protection, int flags, int fd, uint64_t offset)
{
	return sys_call6(__NR_mmap, (long)address, (long)size, protection, flags, fd, (long)offset);
}

static inline int sys_munmap(uint64_t address, size_t size)
{
	return (int)sys_call3(__NR_munmap, (long)address, (long)size, 0);
}

static inline int sys_mprotect(uint64_t address, size_t size, int protection)
{
	return (int)sys_call3(__NR_mprotect, (long)address, (long)size, protection);
}

/* Makes all of these pages private and present, where a page fault for each would do it one by one. Linux 5.14; an
 * older one refuses, which does no harm. */
static inline void sys_populate(uint64_t address, size_t size)
{
	enum { POPULATE_WRITE = 23 /* MADV_POPULATE_WRITE, which headers may lack */ };
	sys_call3(__NR_madvise, (long)address, (long)size, POPULATE_WRITE);
}

static inline int sys_execve(const char *path, char *const *argv, char *const *envp)
{
	return (int)sys_call3(__NR_execve, (long)path, (long)argv, (long)envp);
}

static inline int sys_getpid(void)
{
	return (int)sys_call3(__NR_getpid, 0, 0, 0);
}

static inline void sys_yield(void)
{
	sys_call3(__NR_sched_yield, 0, 0, 0);
}

static inline int sys_arch_prctl(int code, uint64_t address)
{
	return (int)sys_call3(__NR_arch_prctl, code, (long)address, 0);
}

_Noreturn static inline void sys_exit(int code)
{
	for (;;)
		sys_call3(__NR_exit_group, code, 0, 0);
}

#endif /* freestanding */
#endif
