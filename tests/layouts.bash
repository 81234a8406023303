# For the stories that edit the default layout:   . "$GILD_SRC/tests/layouts.bash"
# shellcheck shell=bash

# default_layout LINK ARGS: links, and shows the layout that --verbose tells of.
default_layout() { "$@" -Wl,--verbose > shown && sed -n '/^====/,/^====/p' shown | grep -v '^===='; }

# uses_all_tables: writes main.c, which needs each table that a link makes, and says "hi".
uses_all_tables() {
cat > main.c <<'END_OF_C'
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
int x = 3, *p = &x;
__thread int t = 5;
extern char **environ;
static int seven(void) { return 7; }
static void *resolve(void) { return (void *)seven; }
int resolved(void) __attribute__((ifunc("resolve")));
int (*to_resolved)(void) = resolved;
int (*to_puts)(const char *) = puts;
static int started;
__attribute__((constructor)) static void start(void) { started = 1; }
int main(int argc, char **argv)
{
	to_puts("hi");
	free(malloc(10));
	return to_resolved() + resolved() != 14 || t != 5 || !environ || !started || *p != 3 || sqrt(argc) < 0;
}
END_OF_C
}
