#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "cache/root.h"

bool root_open(struct root *root, const char *path)
{
	root->fd = -1;
	if (!path || strspn(path, "/") == strlen(path))
		return true;
	root->fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return root->fd >= 0;
}

void root_close(struct root *root)
{
	if (root->fd >= 0)
		close(root->fd);
	root->fd = -1;
}

int root_file(const struct root *root, const char *path, int flags)
{
	if (root->fd < 0)
		return open(path, flags | O_CLOEXEC);
	struct open_how how = {.flags = (unsigned)flags | O_CLOEXEC,
			       .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS};
	return (int)syscall(SYS_openat2, root->fd, path, &how, sizeof(how));
}

int root_stat(const struct root *root, const char *path, struct stat *to)
{
	if (root->fd < 0)
		return stat(path, to);
	int fd = root_file(root, path, O_PATH);
	if (fd < 0)
		return -1;
	int result = fstat(fd, to), code = errno;
	close(fd);
	errno = code;
	return result;
}
