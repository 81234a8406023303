/* Messages of the loader: a small printf, and the end of the process with a message.
 *
 * The format knows %s, %c, %%, %d, %u, %x with l or z before them, and a width with 0: "%016lx". */
#ifndef GILD_LDSO_PRINT_H
#define GILD_LDSO_PRINT_H

#include <stdarg.h>
#include <stddef.h>

#define PRINTF_LIKE(text, rest) __attribute__((format(printf, text, rest)))

/* Writes at most size-1 characters and a NUL; returns the length the whole text has. */
size_t format_v(char *to, size_t size, const char *format, va_list values);
size_t format_text(char *to, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);

/* To a file descriptor, in as few writes as the text needs. */
void print_v(int fd, const char *format, va_list values);
void print(int fd, const char *format, ...) PRINTF_LIKE(2, 3);

/* Prints "ld-gild: MESSAGE" to standard error and ends the process with exit code 127. */
_Noreturn void die(const char *format, ...) PRINTF_LIKE(1, 2);

/* The C library's text for an errno ("No such file or directory"); what loading meets, "Error N" for the rest. */
const char *error_name(int code, char spare[32]);

#endif
