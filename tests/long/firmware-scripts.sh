#!/bin/bash
# Scripts of firmware: picolibc's (MEMORY with symbols, regions for loading, program headers, forward PROVIDEs) makes what GNU
# ld makes of it; u-boot's for x86 (sorted lists, .bss above relocations, what is discarded of a position-independent program)
# and for its sandbox (INSERT) make programs that are what their code expects.
# packages: dpkg-dev binutils gcc-multilib
# timeout: 300
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/long/project.bash"

# ---- picolibc: any of its packages has the script; this one is the smallest

apt-get -q download picolibc-aarch64-linux-gnu > download.txt 2>&1 || skip "no picolibc: $(tail -n 1 download.txt)"
dpkg-deb -x picolibc-*.deb picolibc
script=$(find picolibc -name picolibc.ld | head -n 1)

cat > main.c << 'END'
#include <stddef.h>
extern char __stack[], __heap_start[], __heap_end[], __data_source[], __data_start[], __tls_base[], __bss_start[];
extern char __data_size[], __bss_size[], __tls_align[], __tdata_source[], __tdata_size[], _end[], edata[];
extern char __arm32_tls_tcb_offset[];
extern void (*const __init_array_start[])(void), (*const __init_array_end[])(void);
_Thread_local int tls_set = 5, tls_zero[3];
int data_set[3] = {1, 2, 3}, bss[40] = {0}, common;
__attribute__((section(".preserve.x"))) int kept;
static const char text[] = "constant";
const char *const table[] = {text, "two"};
__attribute__((constructor(200))) static void late(void) { bss[1]++; }
__attribute__((constructor(101))) static void early(void) { bss[2]++; }
__attribute__((constructor)) static void last(void) { bss[3]++; }
__attribute__((section(".text.startup.a"))) int startup(void) { return tls_set; }
__attribute__((section(".text.init.enter"), used)) void _start(void)
{
	static char *const marks[] = {__stack, __heap_start, __heap_end, __tls_base, __tls_align, __tdata_source, __tdata_size,
				      _end, edata, __arm32_tls_tcb_offset};
	for (size_t i = 0; i < (size_t)__data_size; i++)
		__data_start[i] = __data_source[i];
	for (size_t i = 0; i < (size_t)__bss_size; i++)
		__bss_start[i] = 0;
	for (size_t i = 0; i < (size_t)(__init_array_end - __init_array_start); i++)
		__init_array_start[i]();
	data_set[0] = (int)(size_t)marks[bss[7]];
	bss[4] = (int)(size_t)table[startup() & 1] + common + kept + tls_zero[1];
}
END

# headers FILE: sections and segments. The place in the file of what has no bytes there means nothing, and GNU ld measures the
# thread-local segment by load addresses.
headers() {
	readelf -SW "$1" | sed -n 's/^ *\[ *[0-9]*\]//p' | grep -v '\.rela\?\.\|\.symtab\|\.strtab\|\.shstrtab' |
		sed 's/\(NOBITS  *[0-9a-f]*\) [0-9a-f]*/\1/'
	readelf -lW "$1" | sed '1,/^Entry/d; s/^\( *TLS .*0x[0-9a-f]*\) 0x[0-9a-f]* RW/\1 RW/'
}

# alike WHAT: the files gnu and mine.
alike() {
	for file in gnu mine; do
		nm $file | grep -v _GLOBAL_OFFSET_TABLE_ | sort > $file.symbols
		headers $file > $file.headers
		objdump -s $file | sed 1,3d > $file.bytes
	done
	[ "$(wc -l < gnu.symbols)" -gt 30 ] || fail "$1: GNU ld's output has few symbols"
	diff gnu.symbols mine.symbols || fail "$1: other symbols than GNU ld's (<)"
	diff gnu.headers mine.headers || fail "$1: other sections or segments than GNU ld's (<)"
	diff gnu.bytes mine.bytes || fail "$1: other bytes than GNU ld's (<)"
}

have ld.bfd || skip "no GNU ld"
for bits in 64 32; do
	emulation=elf_x86_64
	[ $bits = 64 ] || emulation=elf_i386
	gcc -m$bits -c -O1 -ffreestanding -fno-pie -fcommon -fno-stack-protector -fno-ident main.c -o main.o
	for options in "" "--gc-sections" "--emit-relocs" \
		"--defsym __flash=0x400000 --defsym=__ram=0x800000 --defsym=__ram_size=0x9000 --defsym=__stack_size=0x1000"; do
		# shellcheck disable=SC2086
		ld.bfd -m $emulation $options -T "$script" main.o -o gnu
		# shellcheck disable=SC2086
		"$GILD" -m $emulation $options -T "$script" main.o -o mine
		alike "picolibc, $bits bits, $options"
	done
	expect_fail "$GILD" -m $emulation --defsym=__ram_size=0x400 -T "$script" main.o -o full
	assert_contains messages "section \`.stack' will not fit in region \`ram'"
done

# ---- u-boot

fetch u-boot
mkdir made
: > made/config.h
cat > boot.c << 'END'
struct command { const char *name; int (*run)(int); };
#define LISTED(list, name) __attribute__((used, section("__u_boot_list_2_" #list "_2_" #name)))
static int zeta(int a) { return a + 1; }
static int alpha(int a) { return a * 2; }
LISTED(cmd, zeta) struct command c1 = {"zeta", zeta};
LISTED(cmd, alpha) struct command c2 = {"alpha", alpha};
LISTED(driver, beta) struct command c3 = {"beta", zeta};
extern char __text_start[], _end[], __bss_start[], __bss_end[], __data_end[], __rel_dyn_start[], __rel_dyn_end[];
char *const marks[] = {__text_start, _end, __bss_start, __bss_end, __data_end, __rel_dyn_start, __rel_dyn_end};
int common[5];
static int zeroed[300];
int initialized[] = {1, 2, 3};
__attribute__((section(".text.efi_runtime"))) int efi(int x) { return x ^ initialized[1]; }
const char aligned[64] __attribute__((aligned(32))) = "aligned";
__attribute__((section(".text.start"))) int _start(void)
{
	zeroed[efi(3)] = c1.run(c2.run(common[2])) + aligned[3];
	return zeroed[4] + (int)(long)marks[2];
}
END
for pair in 64:u-boot-64 32:u-boot; do
	bits=${pair%:*} name=${pair#*:}
	emulation=elf_x86_64 dynamic=.rela.dyn relative=R_X86_64_RELATIVE
	[ $bits = 64 ] || emulation=elf_i386 dynamic=.rel.dyn relative=R_386_RELATIVE
	cpp -P -undef -D__ASSEMBLY__ -DCONFIG_CMDLINE -DCONFIG_TEXT_BASE=0x1110000 -DCONFIG_SYS_TEXT_BASE=0x1110000 -Imade \
		"source/arch/x86/cpu/$name.lds" > boot.lds
	gcc -m$bits -c -O1 -ffreestanding -fpic -fno-stack-protector -fcommon -fvisibility=hidden boot.c -o boot.o
	"$GILD" -m $emulation -pie --no-dynamic-linker -Bsymbolic -z notext -T boot.lds boot.o -o boot
	readelf -SW boot | sed -n 's/^ *\[ *[0-9]*\] //p' | awk '{ print $1, $3, $5 }' > sections
	nm boot | sed 's/^0*//' > symbols
	value() { awk -v name="$1" '$3 == name { print $1 }' symbols; }
	address() { awk -v name="$1" '$1 == name { sub(/^0*/, "", $2); print $2 }' sections; }
	assert_equal "$(value __text_start) $(value _start)" "1110000 1110000"
	assert_equal "$(value c2) $(address __u_boot_list)" "$(address __u_boot_list) $(value c2)"
	[ "$(value c2)" \< "$(value c1)" ] && [ "$(value c1)" \< "$(value c3)" ] || fail "$name: the list is not sorted"
	assert_equal "$(value __rel_dyn_start) $(value __bss_start)" "$(address $dynamic) $(address $dynamic)"
	[ "$(value common)" \> "$(value zeroed)" ] && [ "$(value __bss_end)" \> "$(value common)" ] || fail "$name: .bss"
	grep -q '^\.dynstr\|^\.interp\|^\.gnu' sections && fail "$name: what is discarded is there"
	size=$(($(printf '%d - %d' "0x$(value __rel_dyn_end)" "0x$(value __rel_dyn_start)")))
	count=$(objdump -s -j $dynamic boot > /dev/null && readelf -rW boot | grep -c $relative)
	[ "$size" -gt 0 ] && [ "$size" = $((count * bits / 8 * (bits == 64 ? 3 : 2))) ] ||
		fail "$name: $size bytes of relocations, of which $count are known"
done

cat > sandbox.c << 'END'
#include <stdio.h>
struct command { const char *name; int value; };
#define LISTED(name) __attribute__((used, section("__u_boot_list_2_cmd_" #name)))
LISTED(2_zeta) struct command c1 = {"zeta", 1};
LISTED(2_alpha) struct command c2 = {"alpha", 2};
LISTED(1) struct command first[0];
LISTED(3) struct command last[0];
__attribute__((section("efi_runtime_data"))) int efi = 5;
extern char __dyn_sym_start[], __dyn_sym_end[];
int main(void)
{
	for (struct command *at = first; at < last; at++)
		printf("%s %d\n", at->name, at->value);
	printf("%d %d\n", efi, __dyn_sym_end > __dyn_sym_start);
}
END
for kind in -pie -no-pie; do
	link $kind sandbox.c -o sandbox -Wl,-T,source/arch/sandbox/cpu/u-boot.lds
	assert_equal "$(./sandbox)" "alpha 2
zeta 1
5 1"
done
