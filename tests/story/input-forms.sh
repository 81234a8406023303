#!/bin/bash
# Forms of x86-64 objects that are seldom seen: parts of a file beyond 4 GiB, sections that are left out or kept by their flags,
# unique symbols, what LLVM writes for other tools, notes of two alignments, .init in pieces.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

# An object whose sections, names and section headers lie 5 GiB into a file with a hole
cat >far.c <<'END'
#include <elf.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int main(int argc, char **argv)
{
	static char file[1 << 20];
	const Elf64_Off distance = 5ull << 30;
	int in = open(argv[1], O_RDONLY), out = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0666);
	ssize_t size = argc == 3 ? read(in, file, sizeof(file)) : 0;
	Elf64_Ehdr *ehdr = (Elf64_Ehdr *)file;
	Elf64_Shdr *shdrs = (Elf64_Shdr *)(file + ehdr->e_shoff);
	if (size < 64)
		return 1;
	for (unsigned i = 1; i < ehdr->e_shnum; i++)
		shdrs[i].sh_offset += distance;
	ehdr->e_shoff += distance;
	return pwrite(out, file, size, distance) != size || pwrite(out, file, sizeof(*ehdr), 0) != sizeof(*ehdr);
}
END
"$CC" -o far far.c
cat >hello.c <<'END'
#include <stdio.h>
static const char *text = "hello from far away";
int main(void) { puts(text); return 0; }
END
"$CC" -g -fPIE -c hello.c -o near.o
if ./far near.o far.o; then
	link far.o -o prog
	same "hello from far away" "$(./prog)" "an object beyond 4 GiB"
	rm far.o
fi

# Flags: SHF_EXCLUDE is left out, loaded or not; SHF_GNU_RETAIN is kept
cat >flags.s <<'END'
	.globl _start
_start:	ret
	.section .left_out,"e"
	.quad 1
	.section .left_out_loaded,"ae"
	.globl left_out
left_out: .quad 2
	.section .kept,"aR"
	.quad 3
	.section .dropped,"a"
	.quad 4
END
link -c flags.s
"$GILD" --gc-sections flags.o -o out
readelf -SW out >sections
assert_contains sections " .kept "
for name in .left_out .left_out_loaded .dropped; do assert_lacks sections " $name "; done
sed 's/^_start:.*/_start: lea left_out(%rip), %rax/' flags.s >uses.s
link -c uses.s
fails "$GILD" uses.o -o out
assert_contains err.txt left_out

# STB_GNU_UNIQUE stays unique, and the output says that it needs GNU's loader
printf '.data\n.globl u\n.type u, @gnu_unique_object\n.size u, 8\nu: .quad 1\n' >unique.s
link -c unique.s
"$GILD" -shared unique.o -o unique.so
same "OBJECT UNIQUE" "$(readelf --dyn-syms -W unique.so | awk '$8 == "u" { print $4, $5 }')" "binding"
readelf -h unique.so | grep -q 'OS/ABI: .*GNU' || fail "no ELFOSABI_GNU"
"$GILD" -shared --no-gnu-unique unique.o -o unique.so
same "OBJECT GLOBAL" "$(readelf --dyn-syms -W unique.so | awk '$8 == "u" { print $4, $5 }')" "--no-gnu-unique"

# Sections for tools: tables that only the linker reads go, the rest passes through
if [ -n "$CLANG" ]; then
	cat >llvm.s <<'END'
	.globl _start
_start:	ret
	.section .llvm.tool,"",@progbits
	.long 1
	.section .llvmcmd,"",@progbits
	.long 2
	.section .llvm_sympart,"",@llvm_sympart
	.quad 3
	.section .llvm.call-graph-profile,"e",@llvm_call_graph_profile
	.quad 4
	.section .linker-options,"e",@llvm_linker_options
	.asciz "a", "b"
	.section .note.GNU-stack,"",@progbits
	.addrsig
END
	"$CLANG" -c llvm.s -o llvm.o
	"$GILD" llvm.o -o out 2>err.txt
	same "" "$(cat err.txt)" "messages"
	readelf -SW out >sections
	for name in .llvm.tool .llvmcmd .llvm_sympart; do assert_contains sections " $name "; done
	for name in .llvm.call-graph-profile .linker-options .llvm_addrsig; do assert_lacks sections " $name "; done
fi

# Sections of a type that means nothing to gild could mean anything: refused, but for what operating systems and users keep for
# themselves
for type in 0x100 0x40000044 0x70000005 0x80000000 0xffffffff; do
	printf '.globl _start\n_start: ret\n.section .odd,"a",@%s\n.quad 1\n' $type >odd.s
	link -c odd.s
	fails "$GILD" odd.o -o out
	assert_contains err.txt "odd.o:(.odd): unsupported section type: $type"
done
for type in 0x60000005 0x6fff4c99 0x80000000; do
	printf '.globl _start\n_start: ret\n.section .odd,"",@%s\n.quad 1\n' $type >odd.s
	link -c odd.s
	"$GILD" odd.o -o out
	readelf -SW out | grep -q ' \.odd ' || fail "no .odd of type $type"
done

# Notes: readers take the alignment of their PT_NOTE for their padding, so each alignment has one
cat >notes.s <<'END'
	.globl _start
_start:	ret
	.macro note name, align, words:vararg
	.section \name,"a",@note
	.p2align \align
	.long 4, 8, 1
	.asciz "ABC"
	.long \words
	.endm
	note .note.first, 2, 1, 2
	note .note.second, 3, 3, 4
	note .note.third, 2, 5, 6
END
link -c notes.s
"$GILD" notes.o -o out
same "0x8 0x4" "$(readelf -lW out | awk '$1 == "NOTE" { print $NF }' | xargs)" "alignments"
same 3 "$(readelf -nW out | grep -c 'ABC .*0x00000008')" "notes"

# .init and .fini in pieces: the beginning in crti.o, the end in crtn.o, and what objects add in between in their order
for n in 1 2; do
	printf '.section .init,"ax",@progbits\ncall piece%s\n.section .fini,"ax",@progbits\ncall end%s\n.section .note.GNU-stack,"",@progbits\n' $n $n >piece$n.s
done
cat >pieces.c <<'END'
#include <stdio.h>
static int seen;
void piece1(void) { seen = seen * 10 + 1; }
void piece2(void) { seen = seen * 10 + 2; }
void end1(void) { printf("end1 "); }
void end2(void) { printf("end2\n"); fflush(stdout); }
int main(void) { printf("%d ", seen); return 0; }
END
for kind in $KINDS; do
	link $(cflags $kind) $(ldflags $kind) piece1.s pieces.c piece2.s -o prog
	same "12 end1 end2" "$(./prog)" "$kind: .init and .fini"
done

# Thread-local variables that are aligned to more than a page, in the first thread and in others
cat >aligned.c <<'END'
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
static __thread char a __attribute__((aligned(65536))) = 3;
__thread int b = 5;
__thread char zero[100] __attribute__((aligned(8192)));
static void *check(void *bad)
{
	if ((uintptr_t)&a % 65536 || a != 3 || b != 5 || (uintptr_t)zero % 8192 || zero[7])
		*(int *)bad = 1;
	a = 9, b = 9, zero[7] = 1;
	return bad;
}
int RUN(void)
{
	int bad = 0;
	pthread_t threads[3];
	check(&bad);
	for (int i = 0; i < 3; i++)
		pthread_create(&threads[i], 0, check, &bad);
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], 0);
	return bad;
}
END
for cc in $COMPILERS; do
	for kind in $KINDS; do
		$cc -O1 -DRUN=main $(cflags $kind) $(ldflags $kind) aligned.c -o prog -pthread
		./prog || fail "$cc $kind: thread-local variables of a large alignment"
	done
	$cc -O1 -DRUN=run -fPIC -shared aligned.c -o librun.so -pthread
	echo 'int run(void); int main(void) { return run(); }' >main.c
	$cc main.c ./librun.so -Wl,-rpath,. -o prog -pthread
	./prog || fail "$cc shared: thread-local variables of a large alignment"
done
