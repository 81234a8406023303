#!/bin/bash
# A script may put the tables that a link makes into other sections: the GOT into .data, all kinds of PLT into one, or into
# .text, relocations into .rodata. Boot loaders' and firmware's scripts do. The programs run, the loader binds lazily where
# RELRO would forbid it, and --verify-output finds the tables by address, as the loader does.
# timeout: 300
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/layouts.bash"

uses_all_tables
$CC -O1 -c main.c -o fixed.o -fno-pie
$CC -O1 -c main.c -o pic.o -fPIC

# move SECTION INTO < LAYOUT: what is in the first section comes first in the second one
move() {
	awk -v from="  .$1 :" -v into="  .$2 :" '
		{ line[NR] = $0 }
		$0 == from { inside = 1; skip[NR] = 1; next }
		inside { skip[NR] = 1 }
		inside && $0 == "  }" { inside = 0; next }
		inside && $0 != "  {" { body = body $0 "\n" }
		END {
			for (i = 1; i <= NR; i++) {
				if (skip[i]) continue
				print line[i]
				if (line[i - 1] == into) { printf "%s", body; found = 1 }
			}
			exit !found || body == ""
		}'
}
# try MOVES KIND OBJECT: links and checks it, and runs it
try() {
	local moves=$1 kind=$2 object=$3 one
	# shellcheck disable=SC2086 # words
	default_layout link $kind "$object" -lm -o default > layout.ld 2> said || { cat said; fail "$kind"; }
	for one in $moves; do
		move "${one%>*}" "${one#*>}" < layout.ld > next.ld || fail "$one: no such sections"
		mv next.ld layout.ld
	done
	rm -f moved
	# shellcheck disable=SC2086
	link $kind -Wl,-T,layout.ld,--verify-output "$object" -lm -o moved 2> said || { cat said; fail "$moves, $kind"; }
	[ "$kind" != -shared ] || return 0
	[ "$(./moved)" = hi ] || fail "$moves, $kind: it does not run"
}
for moves in "got.plt>data" "got>data" "got.plt>got" "got.plt>data.rel.ro" "plt>text plt.got>text" "plt.got>plt plt.sec>plt" \
	"plt>plt.got" "rela.plt>rela.dyn" "rela.dyn>rodata rela.plt>rodata" "gnu.version>gnu.hash gnu.version_r>gnu.hash" \
	"plt.sec>text plt>text got>data got.plt>data rela.plt>rela.dyn" "rodata>text eh_frame>data"; do
	try "$moves" -pie pic.o
	try "$moves" "-pie -Wl,-z,now" pic.o
	try "$moves" "-pie -Wl,-z,ibtplt" pic.o
	try "$moves" -no-pie fixed.o
	case $moves in *version*) ;; *) try "$moves" -static fixed.o ;; esac
	try "$moves" -shared pic.o
done
try "relr.dyn>rela.dyn rela.plt>rela.dyn" "-pie -Wl,-z,pack-relative-relocs" pic.o

# A script of somebody who knows nothing of a layout for pages.
cat > plain.ld <<'END_OF_SCRIPT'
SECTIONS {
  . = SIZEOF_HEADERS;
  .interp : { *(.interp) }
  .note : { *(.note*) }
  .dynsym : { *(.dynsym) }
  .dynstr : { *(.dynstr) }
  .gnu.hash : { *(.gnu.hash) }
  .gnu.version : { *(.gnu.version) }
  .gnu.version_r : { *(.gnu.version_r) }
  .rela : { *(.rela.*) }
  .rodata : { *(.rodata*) *(.eh_frame*) }
  . = ALIGN(0x1000);
  .text : { *(.init) *(.fini) *(.text*) }
  .plt : { *(.plt*) }
  . = ALIGN(0x1000);
  .init_array : { *(.init_array*) }
  .fini_array : { *(.fini_array*) }
  .dynamic : { *(.dynamic) }
  .got : { *(.got*) }
  .data : { *(.data*) }
  .tdata : { *(.tdata*) }
  .bss : { *(.bss*) *(COMMON) }
}
END_OF_SCRIPT
for kind in -pie "-pie -Wl,-z,now" "-pie -Wl,-z,ibtplt"; do
	# shellcheck disable=SC2086
	link $kind -Wl,-T,plain.ld,--verify-output pic.o -lm -o plain
	[ "$(./plain)" = hi ] || fail "the plain script, $kind"
done

# What is wrong is found there, too: a PLT entry that jumps through another word.
link -pie -Wl,-T,plain.ld pic.o -lm -o plain
at=$(readelf -SW plain | sed -n 's/^ *\[ *[0-9]*\] \.plt  *PROGBITS  *[0-9a-f]* \([0-9a-f]*\) .*/\1/p')
cp plain bent
printf '\x05' | dd of=bent bs=1 seek=$((0x$at + 16 + 2)) conv=notrunc 2> said
expect_fail "$GILD" --verify-output=bent

# The index of unwind records has its segment wherever it is: exceptions are caught.
cat > throw.cc <<'END_OF_CXX'
#include <cstdio>
#include <stdexcept>
struct after { ~after() { puts("out"); } };
int main() { try { after a; throw std::runtime_error("thrown"); } catch (std::exception &e) { puts(e.what()); } }
END_OF_CXX
$CXX -O1 -fPIC -c throw.cc
catches() {
	link++ "$@" -Wl,--verify-output throw.o -o throw || fail "$*"
	[ "$(./throw)" = "$(printf 'out\nthrown')" ] || fail "$*: it does not catch"
}
for kind in -pie -static; do
	default_layout link++ $kind throw.o -o default > default.ld
	for moves in "eh_frame_hdr>rodata" "eh_frame_hdr>text" "eh_frame>rodata" "eh_frame>rodata eh_frame_hdr>rodata"; do
		cp default.ld layout.ld
		for one in $moves; do
			move "${one%>*}" "${one#*>}" < layout.ld > next.ld
			mv next.ld layout.ld
		done
		catches $kind -Wl,-T,layout.ld
	done
done
sed 's/ \*(\.eh_frame\*) }/ *(.eh_frame_hdr) *(.gcc_except_table*) } .eh_frame : { *(.eh_frame) }/' plain.ld > unwind.ld
catches -pie -Wl,-T,unwind.ld
readelf -lW throw | grep -q 'GNU_EH_FRAME .* R  *0x4$' || fail "no segment for the index"
