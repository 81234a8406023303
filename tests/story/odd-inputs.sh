#!/bin/bash
# What no compiler writes, and what a generator of valid files has found: relocations that overlap, loads from the GOT
# against the symbol of a merged section, alignments and zeros of a gigabyte in the middle of content, relative
# relocations of code.
# asan
# not verify: where relocations overlap, one of them is wrong
set -eu
. "$GILD_SRC/tests/lib.sh"

# ends NAME ARGS: links or is refused, but nothing else
ends() {
	local name=$1 rc=0
	shift
	"$GILD" "$@" -o "$name" >messages 2>&1 || rc=$?
	[ $rc -le 1 ] && ! grep -qE 'Sanitizer|runtime error' messages || { cat messages; fail "$name: exit code $rc"; }
}

# The first relocation writes over the instructions that the second one is about.
cat >overlap.s <<'END'
	.globl _start
_start:	.byte 0x66, 0x48, 0x8d, 0x3d
	.long 0
	.byte 0x66, 0x66, 0x48, 0xe8
	.long 0
	.reloc 0, R_X86_64_32, absolute
	.reloc 4, R_X86_64_TLSGD, variable - 4
	.reloc 12, R_X86_64_PLT32, __tls_get_addr - 4
	.byte 0x48, 0x8b, 0x05
	.long 0
	.reloc 16, R_X86_64_16, absolute
	.reloc 19, R_X86_64_REX_GOTPCRELX, _start - 4
	.globl absolute
absolute = 0x1234
	.section .tbss, "awT", @nobits
variable: .zero 4
END
# The same in data, in unwind records and in a table that is reversed
"$CC" -c overlap.s
n=0
for section in '.data, "aw"' '.eh_frame, "a"' '.ctors.00010, "aw"'; do
	n=$((n + 1))
	sed "s/^	.globl _start/&\n	.section $section/" overlap.s >elsewhere$n.s
	"$CC" -c elsewhere$n.s
done
for file in overlap elsewhere1 elsewhere2 elsewhere3; do
	for kind in -static -pie -shared -r; do
		ends $file$kind $kind $file.o
		ends $file$kind-kept $kind --emit-relocs $file.o
	done
done

# A slot for the symbol of a merged section: the section's beginning, whatever its pieces became.
cat >merged.s <<'END'
	.globl _start
_start:	.byte 0x48, 0x8b, 0x05
	.long 0
	.reloc 3, R_X86_64_REX_GOTPCRELX, .rodata.str1.1 - 4
	cmpb $'a', (%rax)
	setne %dil
	mov $60, %eax
	syscall
	.section .rodata.str1.1, "aMS", @progbits, 1
	.asciz "a text"
	.asciz "text"
END
"$CC" -c merged.s
for kind in -static -pie "-static --no-relax"; do
	# shellcheck disable=SC2086 # words
	"$GILD" $kind merged.o --no-dynamic-linker -o merged
	./merged || fail "$kind: not the first piece"
done

# Gigabytes of nothing take no memory.
"$CC" -O1 "$GILD_SRC/tests/set-field.c" -o set-field
cat >gap.s <<'END'
	.globl _start
_start:	ret
	.data
	.byte 1
	.section .data.one, "aw"
	.byte 2
	.section .data.zero, "aw"
	.zero 64
	.section .data.three, "aw"
	.byte 3
END
"$CC" -c gap.s
./set-field gap.o aligned.o shdr .data.one sh_addralign 0x80000000
./set-field gap.o nobits.o shdr .data.zero sh_type 8
./set-field nobits.o zeros.o shdr .data.zero sh_size 0x800000000
for file in aligned zeros; do
	(limit_memory 1000000; "$GILD" $file.o -o /dev/null)
done

# Read-only memory is not listed in .relr.dyn: the loader has to make it writable first.
printf '.globl f\nf: movabs $here, %%rax\nret\n.data\n.balign 8\nhere: .quad here\n' >text.s
"$CC" -c text.s
"$GILD" -shared text.o -z notext -z pack-relative-relocs -o text.so
readelf -rW text.so >relocations
assert_contains relocations R_X86_64_RELATIVE
assert_equal "$(grep -cE '^[0-9a-f]{16}$' relocations)" 1

# .ctors is written last word to first into .init_array: a relocation across two words of it has no place there.
printf '.globl _start\n_start: ret\n.section .ctors, "aw"\n.byte 0, 0, 0\n.long _start\n.byte 0\n' >across.s
"$CC" -c across.s
expect_fail "$GILD" across.o -o across
assert_contains messages "across.o:(.ctors+0x3): relocation R_X86_64_32 against \`_start' is for no word of a table"

# Unwind records whose relocations are in another order than their places: what is made of them is the same.
cat >records.s <<'END'
	.globl _start
_start:	.cfi_startproc
	mov $60, %eax
	.cfi_endproc
next:	.cfi_startproc
	xor %edi, %edi
	syscall
	.cfi_endproc
END
"$CC" -c records.s -o ordered.o
cp ordered.o disordered.o
table=$(readelf -SW ordered.o | sed -n 's/.* \.rela\.eh_frame *RELA *[0-9a-f]* \([0-9a-f]*\) 000030 .*/\1/p')
table=$((16#$table))
copy() { dd if=ordered.o of=disordered.o bs=1 count=24 conv=notrunc status=none skip=$((table + $1)) seek=$((table + $2)); }
copy 0 24
copy 24 0
! cmp -s ordered.o disordered.o || fail "the objects are alike"
for kind in -static -pie -r; do
	"$GILD" $kind --eh-frame-hdr ordered.o -o ordered
	"$GILD" $kind --eh-frame-hdr disordered.o -o disordered
	cmp ordered disordered || fail "$kind: the order of relocations is seen"
done

# One that reaches from one record into the next, which might be left out.
cat >across.s <<'END'
	.globl _start
_start:	ret
	.section .eh_frame, "a", @progbits
cie:	.long 20, 0
	.byte 1
	.asciz "zR"
	.byte 1, 0x78, 0x10, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0
first:	.long 20, . - cie
	.long _start - ., 1, 0, 0
	.reloc first + AT, R_X86_64_64, _start
	.long 20, . - cie
	.long _start - ., 1, 0, 0
END
"$CC" -c -Wa,--defsym,AT=16 across.s -o inside.o
"$GILD" inside.o -o inside
for at in 17 22; do
	"$CC" -c -Wa,--defsym,AT=$at across.s
	expect_fail "$GILD" across.o -o across
	assert_contains messages "across.o: malformed file: r_offset is of a place that the unwind record ends in"
done
sed 's/^first:.*/first: .long 8 + 4 * 70000, . - cie\n.rept 70000\n.long _start - .\n.endr\n.long 0/; /^	.reloc/,$d' across.s >many.s
"$CC" -c many.s
expect_fail "$GILD" many.o -o many
assert_contains messages "many.o: malformed file: r_offset is that of too many in one unwind record"

# Records with a length of 64 bits; ones too short for the address of a function; one whose length a relocation makes another.
cat >long.s <<'END'
	.globl _start
_start:	mov $60, %eax
	xor %edi, %edi
	syscall
	.section .eh_frame, "a", @progbits
cie:	.long 20, 0
	.byte 1
	.asciz "zR"
	.byte 1, 0x78, 0x10, 1, 0x1b, 0x0c, 7, 8, 0x90, 1, 0, 0
	.long -1
	.quad 20
	.long . - cie
	.long _start - ., 9, 0, 0
END
"$CC" -c long.s
"$GILD" --eh-frame-hdr long.o -o long
start=$(nm long | sed -n 's/^0*\([0-9a-f]*\) T _start$/\1/p')
records=$(readelf -SW long | sed -n 's/.* \.eh_frame *PROGBITS *\([0-9a-f]*\) .*/\1/p')
objcopy -O binary -j .eh_frame long bytes # the address: behind the CIE, a length of 12 bytes, a CIE pointer
distance=$(od -An -t d4 -j 40 -N 4 bytes)
assert_equal $((16#$records + 40 + distance)) $((16#$start))
assert_equal "$(od -An -t d4 -j 36 -N 4 bytes | tr -d ' ')" 36
for length in 5 6; do
	sed '/^	.long -1/,$d' long.s >brief.s
	printf '	.long %s, . - cie\n	.zero %s\n' $length $((length - 4)) >>brief.s
	"$CC" -c brief.s
	expect_fail "$GILD" --eh-frame-hdr brief.o -o brief
	assert_contains messages "leaves no room for the address of a function"
done
sed '/^	.long -1/,$d' long.s >relength.s
printf 'fde:	.long 20, . - cie\n	.long _start - ., 9, 0, 0\n	.reloc fde, R_X86_64_32, all\n	.globl all\n	all = 0xffffffff\n' >>relength.s
"$CC" -c relength.s
for kind in -static -shared; do ends relength$kind $kind relength.o --eh-frame-hdr; done

# A section that two tables of relocations are for: which of them counts?
printf '	.globl _start\n_start: .quad _start\n	.data\n	.quad _start\n' >two.s
"$CC" -c two.s
headers=$(readelf -hW two.o | sed -n 's/.*Start of section headers: *\([0-9]*\).*/\1/p')
number() { readelf -SW two.o | sed -n "s/^ *\\[ *\\([0-9]*\\)\\] $1 .*/\\1/p"; }
printf "\\$(printf %03o "$(number .text)")" |
	dd of=two.o bs=1 seek=$((headers + 64 * $(number .rela.data) + 44)) conv=notrunc status=none # sh_info
expect_fail "$GILD" two.o -o two
assert_contains messages "two.o: malformed file: sh_info is a section that has relocations already"

# Only arrays that are loaded are reversed.
printf '	.globl _start\n_start: ret\n	.section .ctors, ""\n	.quad 0\n	.quad _start\n' >unloaded.s
"$CC" -c unloaded.s
"$GILD" --emit-relocs unloaded.o -o unloaded
assert_equal "$(readelf -rW unloaded | awk '/R_X86_64_64/ { print $1 }')" 0000000000000008

# Sizes that are possible each, but not all together.
for ((i = 0; i < 8200; i++)); do
	printf '	.section .bss.%s, "aw", @nobits\n	.skip 0x7fffffffffff\n' $i >&3
	printf '	.comm c%s, 0x7fffffffffff\n' $i >&4
done 3>sections.s 4>commons.s
"$CC" -c sections.s
"$CC" -c commons.s
expect_fail "$GILD" sections.o -o sections
assert_contains messages "section .bss would have more than 2^60 bytes"
expect_fail "$GILD" commons.o -o commons
assert_contains messages "common symbols would have more than 2^60 bytes"

# Properties of 300 kinds
printf '	.section .note.gnu.property, "a", @note\n	.long 4, 300 * 16, 5\n	.string "GNU"\n	kind = 0xc0008000\n' >properties.s
printf '	.rept 300\n	.long kind, 4, 1, 0\n	kind = kind + 1\n	.endr\n' >>properties.s
"$CC" -c properties.s
expect_fail "$GILD" properties.o -o properties
assert_contains messages "is that of too many properties"

# A variable to be copied, larger than any memory.
printf '	.data\n	.globl large\n	.type large, @object\n	.size large, -32\nlarge: .quad 1\n' >large.s
printf '	.globl _start\n_start: mov $large, %%eax\n' >copies.s
"$CC" -c copies.s
"$CC" -c large.s
"$GILD" -shared large.o -o large.so
expect_fail "$GILD" copies.o large.so -o copies
assert_contains messages "large.so: malformed file: st_size of a variable that is to be copied is absurdly large"

# Strings that are to be merged, with an alignment of 1 GiB: not as many gigabytes of memory.
printf '	.globl _start\n_start: ret\n	.section .rodata.str1.1, "aMS", @progbits, 1\n	.string "a"\n' >strings.s
printf '	.section .rodata.str1.1, "aMS", @progbits, 1\n	.string "b"\n' >more.s
"$CC" -c strings.s more.s
for object in strings.o more.o; do
	headers=$(readelf -hW $object | sed -n 's/.*Start of section headers: *\([0-9]*\).*/\1/p')
	number=$(readelf -SW $object | sed -n 's/^ *\[ *\([0-9]*\)\] \.rodata\.str1\.1 .*/\1/p')
	printf '\0\0\0\100' | dd of=$object bs=1 seek=$((headers + 64 * number + 48)) conv=notrunc status=none # sh_addralign
	readelf -SW $object | grep -q 'rodata.str1.1.* 1073741824$' || fail "$object: the alignment is another one"
done
(limit_memory 1000000; "$GILD" strings.o more.o -o /dev/null)

# Unwind records in a section without content
printf '	.globl _start\n_start: .cfi_startproc\n	mov $60, %%eax\n	xor %%edi, %%edi\n	syscall\n	.cfi_endproc\n' >unloaded.s
"$CC" -c unloaded.s
echo 'SECTIONS { . = 0x400000; .text : { *(.text) } .bss (NOLOAD) : { *(.bss .eh_frame) } .hdr : { *(.eh_frame_hdr) } }' >noload.ld
for options in "" --gc-sections "--eh-frame-hdr --icf=all" --emit-relocs; do
	"$GILD" --no-warn-rwx-segments $options -T noload.ld unloaded.o -o unloaded
	./unloaded
	readelf -SW unloaded | grep -q ' \.bss *NOBITS .* 000030 ' || { readelf -SW unloaded; fail "$options: .bss has another size"; }
done

# Unwind records that a script drops, and the linker's own for the PLT with them
echo 'int puts(const char *); int main(void) { return puts("called") < 0; }' >caller.c
"$CC" -c -fasynchronous-unwind-tables caller.c
echo 'SECTIONS { /DISCARD/ : { *(.eh_frame) } } INSERT AFTER .text;' >drop.ld
link -Wl,-z,lazy -Wl,-T,drop.ld caller.o -o caller
assert_equal "$(./caller)" called
readelf -SW caller | grep -q ' \.plt ' || fail "there is no PLT"
echo 'SECTIONS { .text : { *(.text) } .data : { *(.data .got*) } /DISCARD/ : { *(.eh_frame) } }' >drop-all.ld
"$GILD" --no-warn-rwx-segments -shared -z lazy -T drop-all.ld caller.o -o caller.so

# An addend with which an address of the load wraps around
printf '	.data\nhere: .quad here + 0x7fffffffffffffff\n' >wraps.s
"$CC" -c wraps.s
"$GILD" -shared wraps.o -o wraps.so
readelf -rW wraps.so | grep -q 'R_X86_64_RELATIVE ' || fail "there is no relative relocation"
