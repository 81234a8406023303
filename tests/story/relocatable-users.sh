#!/bin/bash
# Who calls the linker with -r: libtool, for objects of objects; GHC, for a module's many objects, without local symbols; the
# Linux kernel, for all of it as one object out of thin archives, and for modules, by a script. For both targets.
# packages: libtool-bin gcc-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd || skip "no ld.bfd to compare with"

symbols() { readelf -sW "$1" | awk '$1 ~ /:$/ && $4 != "SECTION" && $4 != "FILE" { print $4, $5, $6, $7 == "UND" ? $7 : "", $8, $3 }' | sort; }
relocations() { readelf -rW "$1" | awk '$3 ~ /^R_/ && $5 !~ /^\./ { print $3, $5, $6, $7 }' | sort; }

libtools() { # FLAG EMULATION: a program of an object that libtool makes of two, one of them with a library's
	local flag=$1 libtool=$PWD/libtool
	have libtool || return 0
	sed "s,^LD=.*,LD=\"$GILD -m $2\"," "$(command -v libtool)" > libtool
	chmod +x libtool
	echo 'static int own = 1; int one(void) { return own; }' > one.c
	echo 'int one(void); static int own = 2; int two(void) { return own * 2 + one(); }' > two.c
	echo 'int two(void); int main(void) { return two() - 5; }' > main.c
	for name in one two main; do
		"$libtool" --silent --tag=CC --mode=compile "$CC" "$flag" -g -c $name.c -o $name.lo > libtool.txt 2>&1
	done
	"$libtool" --silent --tag=CC --mode=link "$CC" "$flag" -o libone.la one.lo >> libtool.txt 2>&1
	"$libtool" --tag=CC --mode=link "$CC" "$flag" -o both.o two.lo libone.la >> libtool.txt 2>&1 || { cat libtool.txt; fail libtool; }
	assert_contains libtool.txt "$GILD -m $2 -r -o both.o"
	"$libtool" --silent --tag=CC --mode=link "$CC" "$flag" -B"$GILD_BIN" -o prog main.lo both.o >> libtool.txt 2>&1 || { cat libtool.txt; fail libtool; }
	./prog || fail "libtool: exit code $?"
}

ghc() { # FLAG EMULATION: a response file with the objects, -x, sections of functions; then a program of a part of it
	local flag=$1 i
	for i in 1 2 3 4 5 6 7 8; do
		printf '\t.text\n.Lstart%d:\n\t.section .text.s%d,"ax"\n\t.globl f%d\n\t.type f%d,@function\nf%d:\tcall g\n.Lhere:\n\tnop\nlocal:\tnop\n' $i $i $i $i $i
		printf '\t.section .data.s%d,"aw"\n\t.globl d%d\nd%d:\t.long local, .Lhere, .Lstart%d, f%d\n' $i $i $i $i $i
		printf '\t.section .note.GNU-stack,"",@progbits\n'
	done | csplit -sz -f part - '/GNU-stack/1' '{*}'
	for i in part0?; do "$CC" "$flag" -x assembler -c "$i" -o "$i.o"; done
	printf '%s\n' part0?.o > objects.rsp
	"$GILD" -m "$2" -r -x -o HSmodule.o @objects.rsp
	ld.bfd -m "$2" -r -x -o want.o @objects.rsp
	diff <(symbols want.o) <(symbols HSmodule.o) || fail "GHC: other symbols than GNU ld's"
	[ "$(relocations want.o | wc -l)" -ge 16 ] || fail "GHC: the relocations are not seen"
	diff <(relocations want.o) <(relocations HSmodule.o) || fail "GHC: other relocations than GNU ld's"
	printf '\t.globl _start,g\n_start:\tcall f3\ng:\tret\n' | "$CC" "$flag" -x assembler -c - -o start.o
	"$GILD" -m "$2" --gc-sections start.o HSmodule.o -o prog
	if nm prog | grep -q f4; then fail "GHC: what nobody calls is there"; fi
	nm prog | grep -q f3 || fail "GHC: what is called is not there"
}

kernels() { # FLAG EMULATION
	cat > module.c <<-'END'
		int printk(const char *, ...);
		struct entry { long value; const char *name; };
		static const char name_b[] __attribute__((section("__ksymtab_strings"))) = "b", name_a[] __attribute__((section("__ksymtab_strings"))) = "a";
		int a(void) { return printk("a"); }
		int b(void) { static int n; return n++ + a(); }
		struct entry entry_b __attribute__((section("___ksymtab+b"), used)) = {(long)b, name_b};
		struct entry entry_a __attribute__((section("___ksymtab+a"), used)) = {(long)a, name_a};
		int gone __attribute__((section(".discard.x")));
		__attribute__((section(".init.text"))) int init_module(void) { return b(); }
	END
	cat > module.lds <<-'END'
		SECTIONS {
			/DISCARD/ : { *(.discard) *(.discard.*) }
			__ksymtab 0 : { *(SORT(___ksymtab+*)) }
			.init_array 0 : ALIGN(8) { *(SORT(.init_array.*)) *(.init_array) }
			.bss : { *(.bss .bss.[0-9a-zA-Z_]*) *(.bss..L*) }
			.data : { *(.data .data.[0-9a-zA-Z_]*) *(.data..L*) }
			.rodata : { *(.rodata .rodata.[0-9a-zA-Z_]*) *(.rodata..L*) }
		}
	END
	"$CC" "$1" -fno-pic -fno-pie -fno-asynchronous-unwind-tables -O1 -ffunction-sections -fdata-sections -c module.c
	echo 'int mod[2] __attribute__((section(".gnu.linkonce.this_module"), used)); extern int init_module(void); int (*const p)(void) = init_module;' |
		"$CC" "$1" -fno-pic -fno-pie -x c -c - -o mod.o
	for linker in ld.bfd "$GILD"; do
		"$linker" -m "$2" -r -z noexecstack --build-id=sha1 -T module.lds module.o mod.o -o "${linker##*/}.ko"
		"$linker" -m "$2" -r -z noexecstack -o "${linker##*/}.all" --whole-archive whole.a --no-whole-archive --start-group --end-group
	done
	for kind in ko all; do
		readelf -SW "gild.$kind" > sections
		diff <(symbols ld.bfd.$kind) <(symbols "gild.$kind") || fail "kernel: $kind: other symbols than GNU ld's"
		diff <(relocations ld.bfd.$kind) <(relocations "gild.$kind") || fail "kernel: $kind: other relocations than GNU ld's"
	done
	objcopy -O binary -j __ksymtab --set-section-flags __ksymtab=alloc gild.ko got
	objcopy -O binary -j __ksymtab --set-section-flags __ksymtab=alloc ld.bfd.ko want
	cmp want got || fail "kernel: __ksymtab"
	readelf -rW gild.ko | sed -n '/__ksymtab/,/^$/p' | awk '$3 ~ /^R_/ { print $5 }' | head -n 1 | grep -q '^a$\|\.text\.a' || fail "kernel: __ksymtab is not sorted"
	readelf -SW gild.ko > sections
	assert_lacks sections .discard
	assert_contains sections .note.gnu.build-id
}

for target in "-m64 elf_x86_64" "-m32 elf_i386"; do
	read -r flag emulation <<< "$target"
	(
		mkdir "$emulation" && cd "$emulation"
		[ "$flag" = -m64 ] || libtools "$flag" "$emulation" # its commands are the same for all
		ghc "$flag" "$emulation"
		ar rcST part.a part0[0-3].o
		ar rcST whole.a part.a part0[4-7].o # the kernel's vmlinux.a: archives in an archive, all thin, without an index
		kernels "$flag" "$emulation"
	)
done
