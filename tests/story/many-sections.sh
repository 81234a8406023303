#!/bin/bash
# An object of 70,000 sections, whose names make 70,000 sections of the output: numbers that 16 bits cannot hold stand in
# section 0 and in .symtab_shndx (gABI chapter 4, "Extended numbering"); names and symbols find their sections again.
set -eu
. "$GILD_SRC/tests/lib.sh"

seq 1 70000 | sed 's/.*/.globl foo&\n.section .foo&,"aw"\nfoo&: .word 0\nlocal&: .word 1/' >many.s
printf '.section .note.GNU-stack,"",@progbits\n' >>many.s
"$CC" -c many.s
cat >main.c <<'END'
extern short foo1, foo65300, foo70000;
int main(void)
{
	foo65300 = 7;
	return foo1 + foo65300 + foo70000 - 7 + (&foo70000)[1] - 1;
}
END
for kind in -pie -no-pie; do
	pic=$([ $kind = -pie ] && echo -fPIE || echo -fno-pie)
	link $pic $kind main.c many.o -o prog
	./prog

	readelf -hW prog >header
	grep -qE 'Number of section headers: +0 \(700[0-9]+\)' header || { cat header; fail "e_shnum is not 0"; }
	grep -qE 'string table index: +65535 \(70[0-9]+\)' header || { cat header; fail "e_shstrndx is not SHN_XINDEX"; }
	readelf -SW prog | sed 's/\[ */[/' >sections
	readelf -sW prog >symbols
	for n in 1 65200 65300 65521 70000; do
		section=$(awk -v name=".foo$n" '$2 == name { print substr($1, 2) + 0 }' sections)
		[ -n "$section" ] || fail "no section .foo$n"
		for symbol in foo$n local$n; do
			assert_equal "$(awk -v name=$symbol '$8 == name { print $7 }' symbols)" "$section"
		done
	done
	nm prog >names
	grep -q ' D foo70000$' names || fail "nm does not find the section of foo70000"
done

# -shared: the loader finds a symbol in a section of a large number
link -shared many.o -o libmany.so
echo 'extern short foo70000; int main(void) { short *p = &foo70000; return p[0] + p[1] - 1; }' >user.c
link -fPIC -O0 user.c libmany.so -Wl,-rpath,"$PWD" -o user
./user

# many input sections, few output sections: no table is needed
sed 's/^\.section \.foo/.section .data.foo/' many.s | "$CC" -c -xassembler - -o data.o
link main.c data.o -o plain
./plain
readelf -SW plain >sections
assert_lacks sections symtab_shndx

# -r: 80,000 groups of one section and its relocations stay what they are, in time that does not grow with their square
seq 1 80000 | sed 's/.*/.section .text.f&,"axG",@progbits,f&,comdat\n.globl f&\nf&: leaq f1(%rip), %rcx\n movl $&, %eax\n ret/' >groups.s
printf '.section .note.GNU-stack,"",@progbits\n' >>groups.s
"$CC" -c groups.s
(has_sanitizer || ulimit -t 10; "$GILD" -r groups.o -o relocatable.o)
readelf -hW relocatable.o >header
grep -qE 'Number of section headers: +0 \(24[0-9]+\)' header || { cat header; fail "not three sections for each function"; }
readelf -gW relocatable.o >groups
assert_equal "$(grep -c '^COMDAT group section .* contains 2 sections' groups)" 80000
echo 'int f1(void), f79999(void); int main(void) { return f79999() + f1() - 80000; }' >main.c
link main.c relocatable.o groups.o -o grouped
./grouped
