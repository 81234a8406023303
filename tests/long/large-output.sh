#!/bin/bash
# An output of more than 4 GiB: data on both sides of that, file offsets beyond it, and the program runs.
# timeout: 1200
set -eu
. "$GILD_SRC/tests/lib.sh"

[ "$(df --output=avail -k . | tail -n 1)" -gt $((12 << 20)) ] || skip "less than 12 GiB of room"
# .ldata of 4.5 GiB, most of it a hole of the input
cat >data.c <<'END'
#include <elf.h>
#include <fcntl.h>
#include <unistd.h>

/* Makes section .ldata of argv[1] longer: argv[2] is the same object with .ldata as the last thing in the file. */
int main(int argc, char **argv)
{
	static char file[1 << 20];
	int in = open(argv[1], O_RDONLY), out = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0666);
	ssize_t size = argc == 3 ? read(in, file, sizeof(file)) : 0;
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)file;
	Elf64_Shdr *shdrs = (Elf64_Shdr *)(file + ehdr->e_shoff);
	const Elf64_Xword length = 9ull << 29;
	if (size < 64)
		return 1;
	for (unsigned i = 1; i < ehdr->e_shnum; i++)
		if (shdrs[i].sh_flags & 0x10000000 && shdrs[i].sh_type == SHT_PROGBITS) {
			shdrs[i].sh_offset = 1 << 20;
			shdrs[i].sh_size = length;
		}
	return pwrite(out, file, size, 0) != size || pwrite(out, "first", 5, 1 << 20) != 5 ||
	       pwrite(out, "last", 5, (1 << 20) + length - 5) != 5;
}
END
"$CC" -o data data.c
printf '.section .ldata,"awl",@progbits\n.globl start\nstart: .zero 8\n.section .note.GNU-stack,"",@progbits\n' >large.s
printf '.section .ldata,"awl",@progbits\n.globl behind\nbehind: .asciz "behind"\n.section .note.GNU-stack,"",@progbits\n' >behind.s
cat >main.c <<'END'
#include <stdio.h>
extern char start[], behind[];
int main(void)
{
	printf("%s %s %s\n", start, start + (9ull << 29) - 5, behind);
	return 0;
}
END
"$CC" -c large.s behind.s
"$CC" -mcmodel=large -fno-pie -c main.c
./data large.o sparse.o || skip "no sparse files here"
link -no-pie -g main.o sparse.o behind.o -o prog
assert_equal "$(./prog)" "first last behind"
[ "$(stat -c %s prog)" -gt $((9 << 29)) ] || fail "the output has $(stat -c %s prog) bytes"
readelf -SW prog >sections 2>complaints
[ ! -s complaints ] || fail "$(cat complaints)"
assert_contains sections .symtab
assert_equal "$(nm prog | sed -n 's/.* D behind$/found/p')" found
