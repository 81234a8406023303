#!/bin/bash
# --gc-sections keeps or drops the sections of a group together, COMDAT or not; a ring of references among dropped ones does not
# keep them.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >groups.s <<'END_S'
	.section .text.used,"axG",@progbits,used_group,comdat
	.globl used
used:	ret
	.section .rodata.beside_used,"aG",@progbits,used_group,comdat
beside_used: .quad 0
	.section table,"awG",@progbits,used_group,comdat
in_table: .quad reached
	.section .rodata.reached,"a"
reached: .quad 0
	.section .text.plain,"axG",@progbits,plain_group
	.globl plain
plain:	ret
	.section .data.beside_plain,"awG",@progbits,plain_group
beside_plain: .quad 0
	.section .text.lost,"axG",@progbits,lost_group,comdat
lost:	call lost_helper
	.section .data.beside_lost,"awG",@progbits,lost_group,comdat
lost_data: .quad lost
	.section .text.lost_helper,"ax"
lost_helper: call lost
	.section .note.GNU-stack,"",@progbits
END_S
echo 'void used(void), plain(void); int main(void) { used(); plain(); return 0; }' >main.c
$CC -c groups.s
for linker in link $CC; do
	$linker main.c groups.o -Wl,--gc-sections -o prog
	./prog
	nm prog | sed -nE 's/.* ([a-z_]*(used|plain|table|reached|lost)[a-z_]*)$/\1/p' | sort >kept
	same "beside_plain beside_used in_table plain reached used" "$(xargs <kept)" "kept by $linker"
done
link main.c groups.o -Wl,--gc-sections,--why-live=reached -o prog >why.txt
assert_contains why.txt "referenced by: groups.o:(table"
assert_contains why.txt "in one group with: groups.o:(.rodata.beside_used)"
assert_contains why.txt "entry point"

# of two equal groups the second is dropped as a whole
cp groups.o again.o
objcopy --localize-symbol=plain again.o
link main.c groups.o again.o -Wl,--gc-sections -o prog
./prog
same "1 1" "$(nm prog | grep -c ' beside_used$') $(nm prog | grep -c ' in_table$')" "sections of two equal groups"
