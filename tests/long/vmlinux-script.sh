#!/bin/bash
# The linker script of Linux 6.1, for x86-64 and for i386, with an object that has something for each of its patterns, makes
# what GNU ld makes of it: the same sections, segments, symbols and bytes.
# packages: linux-source-6.1 xz-utils python3 binutils
# timeout: 600
set -eu
. "$GILD_SRC/tests/lib.sh"

have ld.bfd || skip "no GNU ld"
tar=/usr/src/linux-source-6.1.tar.xz
[ -e $tar ] || skip "no $tar"
tar -xf $tar --wildcards --strip-components=1 '*/arch/x86/kernel/vmlinux.lds.S' '*/arch/x86/include' '*/include/asm-generic' \
	'*/include/linux' '*/include/uapi' '*/include/vdso'

# What a build would have made of its configuration.
mkdir -p made/generated made/asm
: > made/generated/bounds.h
: > made/generated/asm-offsets.h
: > made/asm/types.h
echo '#include <asm-generic/rwonce.h>' > made/asm/rwonce.h
cat > made/generated/autoconf.h << 'END'
#define CONFIG_SMP 1
#define CONFIG_X86 1
#define CONFIG_PHYSICAL_START 0x1000000
#define CONFIG_PHYSICAL_ALIGN 0x200000
#define CONFIG_X86_L1_CACHE_SHIFT 6
#define CONFIG_X86_INTERNODE_CACHE_SHIFT 6
#define CONFIG_KEXEC_CORE 1
#define CONFIG_STRICT_KERNEL_RWX 1
#define CONFIG_BUG 1
#define CONFIG_GENERIC_BUG 1
#define CONFIG_EARLY_PRINTK 1
#define CONFIG_RELOCATABLE 1
#define CONFIG_RANDOMIZE_BASE 1
#define CONFIG_MODULES 1
#define CONFIG_PRINTK 1
#define CONFIG_TRACING 1
#define CONFIG_FUNCTION_TRACER 1
#define CONFIG_ACPI 1
#define CONFIG_OF 1
#define CONFIG_BLK_DEV_INITRD 1
#ifdef WANT_64
#define CONFIG_X86_64 1
#define CONFIG_64BIT 1
#define CONFIG_OUTPUT_FORMAT "elf64-x86-64"
#define CONFIG_PGTABLE_LEVELS 4
#define CONFIG_X86_5LEVEL 1
#define CONFIG_RETPOLINE 1
#define CONFIG_RETHUNK 1
#define CONFIG_CPU_SRSO 1
#define CONFIG_CPU_UNRET_ENTRY 1
#define CONFIG_MITIGATION_ENTRY 1
#define CONFIG_UNWINDER_ORC 1
#define CONFIG_PAGE_TABLE_ISOLATION 1
#define CONFIG_AMD_MEM_ENCRYPT 1
#else
#define CONFIG_X86_32 1
#define CONFIG_OUTPUT_FORMAT "elf32-i386"
#define CONFIG_PGTABLE_LEVELS 2
#define CONFIG_PAGE_OFFSET 0xC0000000
#endif
END

# headers FILE: all but where relocations, the symbol table and the tables behind it are.
headers() {
	readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\]//p' | grep -v '\.rela\?\.\|\.symtab\|\.strtab\|\.shstrtab\|^  *NULL'
	readelf -lW "$1" | sed 1,/^Entry/d
}

# compare BITS EMULATION OPTIONS: links both ways.
compare() {
	local bits=$1 emulation=$2
	shift 2
	for linker in ld.bfd "$GILD"; do
		"$linker" -m "$emulation" -z noexecstack --no-warn-rwx-segments -X --orphan-handling=warn "$@" \
			-T "vmlinux$bits.lds" "stub$bits.o" -o "$(basename "$linker").out" 2> "$(basename "$linker").text"
	done
	mv ld.bfd.out gnu
	mv "$(basename "$GILD").out" mine
	for file in gnu mine; do
		nm $file | sort > $file.symbols
		headers $file > $file.headers
		objdump -s $file | sed 1,3d > $file.bytes
	done
	[ "$(wc -l < gnu.symbols)" -gt 100 ] || fail "$bits bits: GNU ld's output has few symbols"
	diff gnu.symbols mine.symbols || fail "$bits bits, $*: other symbols than GNU ld's (<)"
	diff gnu.headers mine.headers || fail "$bits bits, $*: other sections or segments than GNU ld's (<)"
	diff -q gnu.bytes mine.bytes || fail "$bits bits, $*: other bytes than GNU ld's"
	for file in gnu mine; do
		readelf -rW $file | awk '/^Relocation/ { print $3 } /R_/ { print $1, $3, $5 }' | sort > $file.relocations
	done
	diff gnu.relocations mine.relocations || fail "$bits bits, $*: other relocations than GNU ld's (<)"
}

for bits in 64 32; do
	gcc -E -P -Ux86 -undef -nostdinc -D__ASSEMBLY__ -DLINKER_SCRIPT -D__KERNEL__ -DWANT_$bits -Imade -Iarch/x86/include \
		-Iarch/x86/include/uapi -Iinclude -Iinclude/uapi -include made/generated/autoconf.h \
		-include include/linux/compiler-version.h -include include/linux/kconfig.h arch/x86/kernel/vmlinux.lds.S \
		> vmlinux$bits.text
	# as the preprocessor of a build does: its value without quotes around it
	sed 's/OUTPUT_FORMAT("\(.*\)")/OUTPUT_FORMAT(\1)/' vmlinux$bits.text > vmlinux$bits.lds
	python3 "$GILD_SRC/tests/long/vmlinux-stub.py" vmlinux$bits.lds $((bits / 8)) > stub$bits.s
	as --$bits stub$bits.s -o stub$bits.o
	emulation=elf_x86_64
	[ $bits = 64 ] || emulation=elf_i386
	compare $bits $emulation -z max-page-size=0x200000
	compare $bits $emulation -z max-page-size=0x200000 --emit-relocs
done
