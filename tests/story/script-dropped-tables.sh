#!/bin/bash
# A script that drops a table of the link's own, which other parts of the output use, is an error; GNU ld refuses most of it
# and dies of the rest. Dropping relocations is a warning, and what nobody uses may go.
# not verify: a program without its relocations is one that --verify-output refuses
set -eu
. "$GILD_SRC/tests/lib.sh"

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
$CC -O1 -c main.c -o pic.o -fPIC

# discard SECTION KIND: the script drops it
discard() {
	# shellcheck disable=SC2086
	link $2 -Wl,--verbose pic.o -lm -o default > shown
	sed -n '/^====/,/^====/p' shown | grep -v '^====' | sed "s|^SECTIONS\$|SECTIONS { /DISCARD/ : { *($1) } } SECTIONS|" > layout.ld
	rm -f dropped
	# shellcheck disable=SC2086
	link $2 -Wl,-T,layout.ld pic.o -lm -o dropped 2> said
}
# What the rest of the output uses cannot be dropped; GNU ld refuses it, too, or dies of it.
for section in .plt .plt.got .got .got.plt .gnu.hash .dynsym .dynstr .gnu.version .gnu.version_r; do
	! discard $section -pie || fail "$section is gone, but used"
	assert_contains said "the linker script discards \`$section'"
	[ ! -e dropped ] || fail "$section is gone, but there is an output"
done
! discard .plt.sec "-pie -Wl,-z,ibtplt" || fail ".plt.sec is gone, but used"
for section in .rela.dyn .rela.plt; do
	discard $section -pie
	assert_contains said "warning: the linker script discards \`$section'"
done
# What nobody uses can: an empty table, hash tables when .dynamic goes, too.
discard .plt.sec -pie
[ "$(./dropped)" = hi ]
discard ".eh_frame_hdr .note.gnu.build-id .gnu.hash .dynsym .dynstr .gnu.version .gnu.version_r .dynamic" -pie
[ ! -s said ] || { cat said; fail "a script that drops all of the dynamic section"; }
