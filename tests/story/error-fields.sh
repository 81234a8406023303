#!/bin/bash
# One field of an object, archive or shared object is wrong: one clear error that names the file and the field, exit
# code 1, no output. And each file cut off behind every 16 bytes.
# asan
# not verify: what it links is refused
# not repeat: the same
set -eu
. "$GILD_SRC/tests/lib.sh"

"$CC" -O1 "$GILD_SRC/tests/set-field.c" -o set-field
cat >good.s <<'END'
	.globl _start, defined
	.comm common, 8, 8
	.section .text.group, "axG", @progbits, signature, comdat
signature: call undefined
	.text
_start:	call defined
	mov $common, %edi
defined: ret
	.section .str, "aMS", @progbits, 1
	.asciz "text"
	.section .ordered, "ao", @progbits, .text
	.quad 0
	.globl undefined
undefined = 0
	.section .debug_str
	.fill 200, 1, 65
END
"$CC" -c -Wa,--nocompress-debug-sections good.s
"$GILD" good.o -o prog
rm prog

# refused WORD ARGS: the link fails with one error about bad.* that has the word
refused() {
	local word=$1 rc=0
	shift
	"$GILD" "$@" -o prog >messages 2>&1 || rc=$?
	[ $rc -eq 1 ] && [ ! -e prog ] && [ "$(grep -c 'error: ' messages)" -eq 1 ] &&
		grep -q "^gild: error: bad\.[^:]*:.*$word" messages ||
		{ cat messages; fail "exit code $rc, $what: not one error about bad.* and $word"; }
}
n=0
while read -r table entry field value word; do
	what="$table $entry $field=$value"
	./set-field good.o bad.o "$table" "$entry" "$field" "$value"
	refused "$word" bad.o
	n=$((n + 1))
done <<'END'
ehdr 0 EI_CLASS 9 incompatible
ehdr 0 EI_DATA 2 big-endian
ehdr 0 EI_VERSION 7 EI_VERSION
ehdr 0 e_type 9 format
ehdr 0 e_machine 40 ARM
ehdr 0 e_version 9 e_version
ehdr 0 e_shoff 0x7fffffffffffffff e_shoff
ehdr 0 e_shoff 0xffffffffffffffff e_shoff
ehdr 0 e_shentsize 63 e_shentsize
ehdr 0 e_shnum 0xfff0 e_shnum
ehdr 0 e_shstrndx 0xfe e_shstrndx
ehdr 0 e_shstrndx 1 sh_type
shdr 0 sh_type 1 sh_type
shdr .text sh_name 0xffffffff sh_name
shdr .text sh_type 0x12345678 section.type
shdr .text sh_offset 0xffffffff sh_offset
shdr .text sh_offset 0xfffffffffffffff0 sh_offset
shdr .text sh_size 0xffffffffffff sh_size
shdr .text sh_size 0xffffffffffffffff sh_size
shdr .text sh_size 0x1000 sh_size
shdr .text sh_addralign 3 sh_addralign
shdr .text sh_addralign 0x100000000 sh_addralign
shdr .debug_str sh_flags 0x800 ch_type
shdr .symtab sh_link 0xffff sh_link
shdr .symtab sh_link 1 sh_type
shdr .symtab sh_info 0xffff sh_info
shdr .symtab sh_entsize 23 sh_entsize
shdr .symtab sh_size 100 sh_size
shdr .strtab sh_size 0 st_name
shdr .strtab sh_size 3 string.table
shdr .rela.text sh_link 0xffff sh_link
shdr .rela.text sh_link 2 sh_link
shdr .rela.text sh_info 0xffff sh_info
shdr .rela.text sh_info 0 sh_info
shdr .rela.text sh_entsize 8 sh_entsize
shdr .rela.text sh_size 25 sh_size
shdr .group sh_info 0xffff sh_info
shdr .group sh_link 2 sh_link
shdr .group sh_size 2 sh_size
shdr .ordered sh_link 0xffff sh_link
sym 1 st_name 0xffff st_name
sym 2 st_name 0 st_name
sym 1 st_shndx 0xfe00 st_shndx
sym 3 st_shndx 0xffff st_shndx
sym 4 st_value 3 st_value
sym 4 st_value 0x100000000 st_value
sym 4 st_size 0xffffffffffffff st_size
group 1 word 0 group.member
group 1 word 999 group.member
rela 0 r_sym 0xffff r_sym
rela 0 r_type 0xff type.255
rela 0 r_offset 0xffffffff r_offset
rela 0 r_offset 9 r_offset
END
echo "$n fields"

# Archives: sizes, names, an index; a thin one that has itself as a member, and two that have each other
cp good.o member.o
ar rcs good.a member.o
at_member=$((8 + 60 + $(dd if=good.a bs=1 skip=56 count=10 status=none | tr -d ' ')))
put() { # OFFSET TEXT: in bad.a, a copy of good.a
	cp good.a bad.a
	printf "$2" | dd of=bad.a bs=1 seek="$1" conv=notrunc status=none
	what="$2 at $1 of an archive"
}
put $((at_member + 48)) '999999999 '; refused ar_size -e 0 --whole-archive bad.a
put $((at_member + 48)) 'x'; refused ar_size -e 0 --whole-archive bad.a
put $((at_member + 58)) 'xx'; refused ar_fmag -e 0 --whole-archive bad.a
put $at_member '/77'; refused ar_name -e 0 --whole-archive bad.a
put 56 '3         '; refused '' -e 0 bad.a -u defined
put 68 '\377\377\377\377'; refused index -e 0 bad.a -u defined
printf '!<thin>\n%-48s%-10s`\n' bad.a/ 68 >bad.a
what="a thin archive in itself"; refused 'is an archive' --whole-archive bad.a
printf '!<thin>\n%-48s%-10s`\n' bad.two.a/ 68 >bad.one.a
printf '!<thin>\n%-48s%-10s`\n' bad.one.a/ 68 >bad.two.a
what="thin archives in each other"; refused 'is an archive' --whole-archive bad.one.a

# Cut off behind every 16 bytes. An archive or shared object may be whole without its last bytes.
echo 'int variable = 1; int *f(void) { return &variable; }' >shared.c
link -shared -nostdlib -fPIC shared.c -o good.so
n=0
for file in good.o good.a good.so; do
	size=$(stat -c %s $file) step=16
	[ $file != good.so ] || step=$(((size / 60 + 15) / 16 * 16)) # of which there is much
	for ((keep = step; keep < size; keep += step)); do
		head -c $keep $file >bad.o
		rc=0
		what="$keep bytes of $file"
		"$GILD" --whole-archive bad.o -e 0 -o prog >messages 2>&1 || rc=$?
		n=$((n + 1))
		if [ $rc -eq 0 ] && [ $file != good.o ]; then
			rm -f prog
			continue
		fi
		[ $rc -eq 1 ] && [ ! -e prog ] && grep -q "^gild: error: bad\.o" messages ||
			{ cat messages; fail "exit code $rc, $what: no error about bad.o"; }
	done
done
echo "cut off in $n places"
