#include "base/text_output.h"

#include <string.h>

FILE *text_output_open(const char *path)
{
	return strcmp(path, "-") == 0 ? stdout : fopen(path, "we");
}

bool text_output_close(FILE *to)
{
	if (!to)
		return false;
	bool good = !ferror(to);
	return (to == stdout ? fflush(to) == 0 : fclose(to) == 0) && good;
}
