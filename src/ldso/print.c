#include "ldso/print.h"

#include <asm/errno.h>
#include <stdbool.h>
#include <stdint.h>

#include "ldso/sys.h"
#include "ldso/text.h"

/* Where formatted text goes: a buffer that is full, or one that is written out each time. */
struct sink {
	char *at;
	size_t size, used; /* of the buffer */
	size_t total;
	int fd; /* -1: the buffer is the result */
};

static void put(struct sink *sink, char c)
{
	sink->total++;
	if (sink->used == sink->size) {
		if (sink->fd < 0)
			return;
		sys_write(sink->fd, sink->at, sink->used);
		sink->used = 0;
	}
	sink->at[sink->used++] = c;
}

static void put_text(struct sink *sink, const char *text, int width)
{
	if (!text)
		text = "(null)";
	for (size_t n = width ? strlen(text) : 0; n < (size_t)width; n++)
		put(sink, ' ');
	while (*text)
		put(sink, *text++);
}

static void put_number(struct sink *sink, uint64_t value, unsigned radix, int width, char fill)
{
	char digits[24];
	int n = 0;
	do
		digits[n++] = "0123456789abcdef"[value % radix];
	while (value /= radix);
	for (; width > n; width--)
		put(sink, fill);
	while (n)
		put(sink, digits[--n]);
}

static void format_into(struct sink *sink, const char *format, va_list values)
{
	for (; *format; format++) {
		if (*format != '%') {
			put(sink, *format);
			continue;
		}
		char fill = ' ';
		int width = 0;
		bool wide = false;
		if (*++format == '0')
			fill = '0', format++;
		for (; *format >= '0' && *format <= '9'; format++)
			width = width * 10 + *format - '0';
		for (; *format == 'l' || *format == 'z'; format++)
			wide = true;
		switch (*format) {
		case 's': put_text(sink, va_arg(values, const char *), width); break;
		case 'c': put(sink, (char)va_arg(values, int)); break;
		case 'd': {
			int64_t value = wide ? va_arg(values, int64_t) : va_arg(values, int);
			if (value < 0)
				put(sink, '-');
			put_number(sink, value < 0 ? -(uint64_t)value : (uint64_t)value, 10, width, fill);
			break;
		}
		case 'u':
		case 'x':
			put_number(sink, wide ? va_arg(values, uint64_t) : va_arg(values, unsigned),
				   *format == 'x' ? 16 : 10, width, fill);
			break;
		default: put(sink, *format); break;
		}
	}
}

size_t format_v(char *to, size_t size, const char *format, va_list values)
{
	struct sink sink = {.at = to, .size = size - 1, .fd = -1};
	format_into(&sink, format, values);
	to[sink.used] = 0;
	return sink.total;
}

size_t format_text(char *to, size_t size, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	size_t length = format_v(to, size, format, values);
	va_end(values);
	return length;
}

void print_v(int fd, const char *format, va_list values)
{
	char buffer[1024];
	struct sink sink = {.at = buffer, .size = sizeof(buffer), .fd = fd};
	format_into(&sink, format, values);
	sys_write(fd, buffer, sink.used);
}

void print(int fd, const char *format, ...)
{
	va_list values;
	va_start(values, format);
	print_v(fd, format, values);
	va_end(values);
}

void die(const char *format, ...)
{
	va_list values;
	va_start(values, format);
	print(2, "ld-gild: ");
	print_v(2, format, values);
	print(2, "\n");
	va_end(values);
	sys_exit(127);
}

const char *error_name(int code, char spare[32])
{
	switch (code) {
	case EPERM: return "Operation not permitted";
	case ENOENT: return "No such file or directory";
	case EIO: return "Input/output error";
	case ENXIO: return "No such device or address";
	case E2BIG: return "Argument list too long";
	case ENOEXEC: return "Exec format error";
	case EBADF: return "Bad file descriptor";
	case EAGAIN: return "Resource temporarily unavailable";
	case ENOMEM: return "Cannot allocate memory";
	case EACCES: return "Permission denied";
	case EBUSY: return "Device or resource busy";
	case EEXIST: return "File exists";
	case ENODEV: return "No such device";
	case ENOTDIR: return "Not a directory";
	case EISDIR: return "Is a directory";
	case EINVAL: return "Invalid argument";
	case ENFILE: return "Too many open files in system";
	case EMFILE: return "Too many open files";
	case ETXTBSY: return "Text file busy";
	case ENAMETOOLONG: return "File name too long";
	case ELOOP: return "Too many levels of symbolic links";
	case ESTALE: return "Stale file handle";
	default: break;
	}
	format_text(spare, 32, "Error %d", code);
	return spare;
}
