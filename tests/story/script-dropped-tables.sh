#!/bin/bash
# A script that drops a table of the link's own, which other parts of the output use, is an error; GNU ld refuses most of it
# and dies of the rest. Dropping relocations is a warning, and what nobody uses may go.
# not verify: a program without its relocations is one that --verify-output refuses
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/layouts.bash"

uses_all_tables
$CC -O1 -c main.c -o pic.o -fPIC

# discard SECTION KIND: the script drops it
discard() {
	# shellcheck disable=SC2086
	default_layout link $2 pic.o -lm -o default | sed "s|^SECTIONS\$|SECTIONS { /DISCARD/ : { *($1) } } SECTIONS|" > layout.ld
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
	readelf -dW dropped > entries
	case $section in
	.rela.dyn) ! grep -q '(RELA' entries || fail ".dynamic has an entry for $section" ;;
	.rela.plt) ! grep -q 'JMPREL\|PLTREL' entries || fail ".dynamic has an entry for $section" ;;
	esac
done
# What nobody uses can: an empty table, hash tables when .dynamic goes, too.
discard .plt.sec -pie
[ "$(./dropped)" = hi ]
discard ".eh_frame_hdr .note.gnu.build-id .gnu.hash .dynsym .dynstr .gnu.version .gnu.version_r .dynamic" -pie
[ ! -s said ] || { cat said; fail "a script that drops all of the dynamic section"; }

# A script like boot loaders': no .dynstr, so .dynamic has no symbols, only what the program needs to relocate itself.
cat > self.c <<'END_OF_C'
#include <elf.h>
extern const Elf64_Dyn _DYNAMIC[] __attribute__((visibility("hidden")));
extern const char image_start[] __attribute__((visibility("hidden")));
static int x = 42, *volatile p = &x;
__attribute__((noreturn)) void _start(void)
{
	unsigned long base = (unsigned long)image_start, status;
	const Elf64_Rela *rela = 0;
	unsigned long size = 0;
	for (const Elf64_Dyn *dyn = _DYNAMIC; dyn->d_tag != DT_NULL; dyn++) {
		if (dyn->d_tag == DT_RELA)
			rela = (const Elf64_Rela *)(base + dyn->d_un.d_ptr);
		if (dyn->d_tag == DT_RELASZ)
			size = dyn->d_un.d_val;
	}
	for (unsigned long i = 0; i < size / sizeof(*rela); i++)
		*(unsigned long *)(base + rela[i].r_offset) = base + (unsigned long)rela[i].r_addend;
	status = p && *p == 42 && size ? 0 : 1;
	__asm__ volatile("syscall" : : "a"(60), "D"(status));
	for (;;)
		;
}
END_OF_C
cat > self.ld <<'END_OF_SCRIPT'
SECTIONS {
	image_start = .;
	. = SIZEOF_HEADERS;
	.text : { *(.text*) }
	. = ALIGN(CONSTANT(MAXPAGESIZE));
	.data : { *(.data*) }
	.dynamic : { *(.dynamic) }
	.dynsym : { *(.dynsym) }
	.rela.dyn : { *(.rela*) }
	/DISCARD/ : { *(.dynstr*) *(.gnu*) *(.interp) *(.note*) *(.comment) *(.eh_frame) }
}
END_OF_SCRIPT
$CC -O1 -fpie -ffreestanding -fno-stack-protector -c self.c
"$GILD" -pie --no-dynamic-linker -z norelro -T self.ld self.o -o self
readelf -dW self > entries
for tag in SYMTAB STRTAB STRSZ SYMENT HASH; do
	! grep -q "($tag)" entries || fail "DT_$tag names a table that was dropped"
done
./self || fail "it does not find its relocations"
# With names of libraries, there is no way without .dynstr.
expect_fail "$GILD" -shared -soname=libself.so -T self.ld self.o -o self.so
assert_contains messages "the linker script discards \`.dynstr', but not the .dynamic section, which has names in it"
