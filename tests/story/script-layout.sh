#!/bin/bash
# What a script's layout is: addresses, load addresses, gaps, data, regions, overlays, program headers, orphans, symbols. GNU
# ld links the same scripts; sections, segments, symbols and bytes have to be the same.
# packages: binutils
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd || skip "no GNU ld"

cat > a.s << 'END'
	.section .text, "ax"
	.globl _start
_start:	nop
	ret
	.section .text.b, "ax"
	.p2align 4
	.globl behind
	.type behind, @function
behind:	nop
	.section .rodata, "a"
	.globl constants
constants: .long 1, 2, 3
	.section .data, "aw"
	.globl pointer
	.type pointer, @object
pointer: .quad constants
	.section .bss, "aw", @nobits
	.globl room
room:	.skip 24
	.section .foo, "a"
	.long 7
	.section .orphan.code, "ax"
	.byte 0x90
	.section .orphan.data, "aw"
	.byte 2
	.section .orphan.room, "aw", @nobits
	.skip 3
	.section myset, "aw"
	.quad 1
	.section .note.x, "a", @note
	.long 4, 4, 1
	.asciz "abc"
	.long 0
	.section .unloaded, "", @progbits
	.asciz "hello"
	.section .note.GNU-stack, "", @progbits
	.comm shared, 16, 8
END
as -mx86-used-note=no a.s -o a.o

# look FILE: what has to be the same.
look() {
	nm "$1" | sort -k 3
	readelf -SW "$1" | sed 's/^  \[[ 0-9]*\]//' | grep -vE '^There|NULL|tab  |\.shstrtab'
	readelf -lW "$1" | grep -vE 'program headers, starting|^Entry'
	for section in .text .rodata .data .mixed; do
		! readelf -SW "$1" | grep -q " $section .*PROGBITS" || objdump -s -j "$section" "$1" | tail -n +4
	done
}
# same NAME OPTIONS: of the script on standard input.
same() {
	local name=$1
	shift
	cat > "$name.ld"
	ld.bfd --build-id=none -z noexecstack "$@" -T "$name.ld" a.o -o "$name.gnu" 2> "$name.gnu.messages"
	"$GILD" --build-id=none -z noexecstack "$@" -T "$name.ld" a.o -o "$name.gild" 2> "$name.gild.messages"
	diff <(look "$name.gnu") <(look "$name.gild") || { cat "$name.ld"; fail "$name is not as GNU ld makes it"; }
}

# ---- memory of a microcontroller: data is loaded in one region and used in another
same regions << 'END'
ENTRY(_start)
MEMORY { FLASH (rx) : ORIGIN = 0x8000000, LENGTH = 64K  RAM (rwx) : ORIGIN = 0x20000000, LENGTH = 16K }
_estack = ORIGIN(RAM) + LENGTH(RAM);
SECTIONS {
  .text : { *(.text) . = ALIGN(16); *(.text*) _etext = .; } >FLASH
  .rodata : { *(.rodata*) . = ALIGN(8); } >FLASH
  _sidata = LOADADDR(.data);
  .data : ALIGN(8) { _sdata = .; *(.data*) . = ALIGN(4); _edata = .; } >RAM AT>FLASH
  .bss : { _sbss = .; *(.bss*) *(COMMON) . = ALIGN(4); _ebss = .; } >RAM
  ._user : { . = ALIGN(8); PROVIDE(end = .); . = . + 0x100; . = ALIGN(8); } >RAM
  /DISCARD/ : { *(.unloaded) }
}
END
same region-flags << 'END'
MEMORY { rom (rx) : ORIGIN = 0x1000, LENGTH = 64K ram (w!x) : ORIGIN = 0x20000, LENGTH = 64K }
REGION_ALIAS("CODE", rom)
SECTIONS {
  .text : { *(.text*) } >CODE
  .data : { *(.data) }
  .bss : { *(.bss) *(COMMON) }
  .x : ALIGN_WITH_INPUT { *(.foo) } >ram AT>rom
  .y : ALIGN(32) { *(.rodata) } >ram AT>rom
}
END

# ---- data, gaps, what fills them
same data << 'END'
PHDRS { headers PT_PHDR PHDRS; text PT_LOAD FILEHDR PHDRS; data PT_LOAD FLAGS(6); n PT_NOTE; x 0x6474e551 FLAGS(6); }
SECTIONS {
  . = 0x10000 + SIZEOF_HEADERS;
  .text : { *(.text*) . += 77; *(.orphan.code) } :text =0x909192
  .note.x : { *(.note.x) } :text :n
  .rodata : { *(.rodata) } :text
  . = ALIGN(0x1000);
  .data : { *(.data) LONG(0x12345678) QUAD(forward) BYTE(1) SHORT(2) FILL(0xAABB) . = . + 9; BYTE(3) . += 3; } :data =0xccdd
  .bss : { *(.bss) }
  forward = 0x1234;
}
END
same code-gaps << 'END'
SECTIONS {
  .text : { *(.text) . = 0x100003; *(.text.b) . += 77; }
  .data : { *(.data) . = . + 0x90001; } =0xaabbcc
  .bss : { *(.bss) *(COMMON) }
}
END
same own-places << 'END'
SECTIONS {
  .a 0x1000 : ALIGN(64) { *(.text) }
  .b : { *(.rodata) . = 4 + .; . = ALIGN(., 32); BYTE(1); . = ALIGN(4); }
  .c . + 0x10 : { *(.data) } = 0x90
  .d (READONLY) : { *(.orphan.data) }
  .f : { . += 0x20; }
  .g : { . = .; }
  .h : { *(.nothing) }
  .mixed : { QUAD(.) QUAD(ADDR(.a)) LONG(SIZEOF(.a)) SQUAD(-1) SHORT(-2) }
  .bss ALIGN(CONSTANT(MAXPAGESIZE)) (NOLOAD) : { *(.bss) *(COMMON) }
  /DISCARD/ : { *(.note*) *(.orphan*) *(myset) *(.unloaded) *(.foo) }
}
END
same alignments << 'END'
SECTIONS {
  . = 0x400000;
  .text 0x401001 : { *(.text*) }
  .rodata : SUBALIGN(32) { *(.rodata) *(.foo) }
  .d (NOLOAD) : { *(.data) }
  .b (INFO) : { *(.orphan.data) }
  .bss : { *(.bss) *(COMMON) }
  x = .;
  .foo 0 : { *(.unloaded) }
  y = .;
}
END

# ---- symbols: which section each is a part of, and its type
same symbols << 'END'
SECTIONS {
  . = 0x10000;
  .text : { *(.text*) a0 = .; a1 = 5; a2 = ADDR(.text); a3 = a2 + 4; a4 = ABSOLUTE(.); HIDDEN(hidden = .); a5 = !_start; a6 = -behind; }
  PROVIDE(unused = 1);
  gap0 = .;
  . = . + 0x100;
  gap1 = .;
  .rodata : { *(.rodata) }
  . = ALIGN(0x1000);
  _sdata = .;
  .data : { *(.data) }
  _edata = .;
  . = ALIGN(64);
  __bss_start = .;
  .bss : { *(.bss) *(COMMON) }
  . = ALIGN(8);
  _end = .;
  after = .;
  .tail : { *(.foo) }
  tail = .;
  tail_abs = ABSOLUTE(.);
  empty = .;
  .removed : { in_removed = .; }
  diff = _end - _sdata;
  sum = _end + 4;
  bits = (_sdata | 1);
}
x1 = behind;
x2 = behind + 4;
x3 = ADDR(.bss) + SIZEOF(.bss);
x4 = LOADADDR(.data);
x5 = NEXT(0x1000);
x6 = -_end;
x7 = pointer - behind;
x8 = 5 - 7;
x9 = DEFINED(pointer) ? 1 : 0;
x10 = DEFINED(nothing) ? 1 : 0;
x11 = 1; x11 += 4; x11 <<= 2;
END

# ---- the first program header that fits, and none that does not
same headers -z noseparate-code << 'END'
SECTIONS { . = 0x10000 + SIZEOF_HEADERS; .text : { *(.text*) } .data : { *(.data) } .bss : { *(.bss) *(COMMON) } }
END
same no-headers << 'END'
SECTIONS { .text : { *(.text*) } . = 0x200000; .data : { *(.data) } .bss : { *(.bss) *(COMMON) } }
END
same unpaged -N << 'END'
SECTIONS { . = 0x7c00; .text : { *(.text*) *(.rodata) } .data : { *(.data) } .bss : { *(.bss) *(COMMON) } }
END
same section-start -Ttext=0x600000 << 'END'
SECTIONS { .text : { *(.text*) } .rodata : { *(.rodata) } .data : { *(.data) } .bss : { *(.bss) *(COMMON) } }
END

# ---- overlays
cat > overlay.ld << 'END'
SECTIONS {
  .text 0x1000 : { *(.text*) }
  OVERLAY 0x4000 : AT(0x9000) { .ov1 { *(.rodata) } .ov2 { *(.foo) *(.orphan.code) } }
  after = .;
  .mixed 0x5000 : AT(0x5000) { LONG(__load_start_ov1) LONG(__load_stop_ov1) LONG(__load_start_ov2) LONG(__load_stop_ov2) LONG(after) }
  /DISCARD/ : { *(*) }
}
END
sed -i 's/quad constants/quad 0/' a.s && as -mx86-used-note=no a.s -o a.o
"$GILD" -T overlay.ld a.o -o overlay
objcopy -O binary -j .mixed overlay bytes
assert_equal "$(od -An -tx4 -w20 bytes)" " 00009000 0000900c 0000900c 00009011 0000400c"

# ---- an object
cat > module.ld << 'END'
SECTIONS {
  /DISCARD/ : { *(.unloaded) *(.orphan.room) }
  .text 0 : { *(.text .text.[0-9a-zA-Z_]*) }
  .data 0 : ALIGN(16) { *(.data .data.*) inside = .; }
}
END
ld.bfd -r -T module.ld a.o -o gnu.o
"$GILD" -r -T module.ld a.o -o gild.o
diff <(nm gnu.o) <(nm gild.o) || fail "-r: symbols"
diff <(readelf -SW gnu.o | awk '$3 == "PROGBITS" || $3 == "NOBITS" { print $2, $3, $4, $6 }') \
	<(readelf -SW gild.o | awk '$3 == "PROGBITS" || $3 == "NOBITS" { print $2, $3, $4, $6 }') || fail "-r: sections"

# ---- numbers that a script computes, and a shared object counts the distance to: the kernel's vDSOs
cat > vdso.s << 'END'
	.globl clock
	.hidden page, data
clock:	lea page(%rip), %rax
	lea data(%rip), %rax
END
cat > vdso.ld << 'END'
SECTIONS {
  start = . - 4 * 4096;
  page = start;
  data = page + 128;
  . = SIZEOF_HEADERS;
  .hash : { *(.hash) }
  .text : { *(.text*) }
}
END
as -mx86-used-note=no vdso.s -o vdso.o
"$GILD" -shared -Bsymbolic -z noexecstack -T vdso.ld vdso.o -o vdso.so 2> err.txt
objdump -d vdso.so > code
assert_contains code "# ffffffffffffc000 <start>"
assert_contains code "# ffffffffffffc080 <data>"
expect_fail "$GILD" -shared --defsym=page=0x1000 --defsym=data=0 vdso.o -o vdso.so
assert_contains messages "relocation R_X86_64_PC32 against \`page' can not be used when making a shared object"
