#!/bin/bash
# Symbol tables as small compilers write them, with local symbols behind sh_info or global ones before it: each symbol is
# taken for what it says itself, there is one warning for each file, and the program links and runs.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

# reorder FILE MODE: rewrites an object's symbol table: in reverse, or only with another sh_info
cat >reorder.c <<'END'
#include <elf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static char file[1 << 20];

int main(int argc, char **argv)
{
	FILE *f = fopen(argv[1], "r+b");
	size_t size = argc == 3 && f ? fread(file, 1, sizeof(file), f) : 0;
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)file;
	Elf64_Shdr *shdrs = (Elf64_Shdr *)(file + ehdr->e_shoff), *symtab = shdrs;
	if (size < 64 || size == sizeof(file))
		return 1;
	while (symtab->sh_type != SHT_SYMTAB)
		symtab++;
	Elf64_Sym *syms = (Elf64_Sym *)(file + symtab->sh_offset);
	unsigned n = symtab->sh_size / sizeof(*syms);
	if (!strcmp(argv[2], "reverse")) {
		for (unsigned i = 1, j = n - 1; i < j; i++, j--) {
			Elf64_Sym sym = syms[i];
			syms[i] = syms[j];
			syms[j] = sym;
		}
		for (unsigned s = 0; s < ehdr->e_shnum; s++) {
			if (shdrs[s].sh_type == SHT_GROUP)
				shdrs[s].sh_info = n - shdrs[s].sh_info;
			Elf64_Rela *relas = (Elf64_Rela *)(file + shdrs[s].sh_offset);
			for (unsigned r = 0; shdrs[s].sh_type == SHT_RELA && r < shdrs[s].sh_size / sizeof(*relas); r++)
				if (ELF64_R_SYM(relas[r].r_info))
					relas[r].r_info = ELF64_R_INFO(n - ELF64_R_SYM(relas[r].r_info),
								       ELF64_R_TYPE(relas[r].r_info));
		}
	} else {
		symtab->sh_info = !strcmp(argv[2], "all") ? n : (unsigned)atoi(argv[2]);
	}
	rewind(f);
	return fwrite(file, 1, size, f) != size || fclose(f);
}
END
"$CC" -w -o reorder reorder.c

# Equal names in both files, and a COMDAT group that both have
cat >a.cc <<'END'
#include <cstdio>
static int counter;
static const char *text = "sum";
static __thread int per_thread = 4;
int other(int);
int shared_variable = 7;
template <typename T> struct Box { static int value; static T twice(T x) { return value += x + x; } };
template <typename T> int Box<T>::value = 1;
static int helper(int x) { counter += x; return counter; }
int main()
{
	int sum = helper(2) + other(helper(3)) + per_thread + shared_variable;
	std::printf("%s %d %d\n", text, sum, Box<int>::twice(5));
	return 0;
}
END
cat >b.cc <<'END'
template <typename T> struct Box { static int value; static T twice(T x) { return value += x + x; } };
template <typename T> int Box<T>::value = 1;
extern int shared_variable;
static int counter = 100;
static int helper(int x) { return ++counter + x; }
int other(int x) { shared_variable++; return helper(x) + Box<int>::twice(1); }
END
"$CXX" -g -O0 -fPIE -c a.cc b.cc
link++ a.o b.o -o plain 2>plain.err
[ ! -s plain.err ] || fail "ordered tables: $(cat plain.err)"
wanted=$(./plain)
mkdir ordered
cp a.o b.o ordered

for mode in reverse all 1 2 0; do
	cp ordered/*.o .
	./reorder a.o $mode
	./reorder b.o $mode
	link++ a.o b.o -o program 2>warnings || fail "$mode: $(cat warnings)"
	assert_equal "$(./program)" "$wanted"
	for file in a.o b.o; do
		assert_equal "$(grep -c "warning: $file: the symbol table is out of order" warnings)" 1
	done
	# As members of an archive, with an index and without
	for flags in rc rcS; do
		rm -f lib.a
		ar $flags lib.a a.o b.o
		link++ lib.a -o program 2>warnings || fail "$mode, archive: $(cat warnings)"
		assert_equal "$(./program)" "$wanted"
	done
done
link++ a.o b.o -g -o program -Wl,--gc-sections,-w
nm program >names
assert_equal "$(grep -c ' [bd] _ZL7counter$' names)" 2
