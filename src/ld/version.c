#include "ld/version.h"

#include <stdio.h>
#include <string.h>

void version_print(const char *program, bool whole)
{
	const char *slash = strrchr(program, '/');
	const char *name = slash ? slash + 1 : program;
	if (strcmp(name, "gild") == 0)
		printf("gild %s (compatible with GNU ld %s)\n", GILD_VERSION, GNU_LD_VERSION);
	else
		printf("GNU ld (gild %s) %s\n", GILD_VERSION, GNU_LD_VERSION);
	if (whole)
		printf("License: MIT. This is free software: you may use, change and pass it on.\n");
}
