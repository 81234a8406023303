#!/bin/bash
# --emit-relocs: the output keeps its relocations, and each says what the bytes say: after loads through the GOT and
# thread-local accesses were rewritten, strings merged and sections left out. Programs run as without it.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

"$CC" -O1 "$GILD_SRC/tests/differential/check-relocations.c" -o check-relocations
check() { ./check-relocations "$1" >checked || { cat checked; fail "$1 ($2): relocations and bytes differ"; }; }

cat >main.cc <<'END'
#include <cstdio>
#include <cstring>
#include <string>
extern "C" { extern __thread int far, near_one; }
static thread_local int mine = 5;
thread_local int zeroed;
extern "C" { extern int data, *addresses[3]; int got(void); extern int absent __attribute__((weak)); }
int dead(int x) { return x * data; }
template <class T> T thrown(T x) { try { throw x; } catch (T y) { return y + 1; } }
int main()
{
	static const char *const words[] = {"one", "two", "one"};
	std::string text = words[0];
	text += words[2];
	if (text != "oneone" || strcmp(words[1], "two") != 0 || thrown(3) != 4 || &absent)
		return 1;
	if (far + near_one + ++mine + zeroed != 16 || got() != 30 || *addresses[1] != 10)
		return 2;
	puts("well");
	return 0;
}
END
cat >data.c <<'END'
__thread int far = 3, near_one = 7;
int data = 10, *addresses[3] = {&data, &data, &data + 1};
const char *text(void) { return "two"; }
END
cat >got.s <<'END'
	.globl got
got:	mov data@GOTPCREL(%rip), %rax
	mov (%rax), %ecx
	cmpq data@GOTPCREL(%rip), %rax
	jne 1f
	test %rax, data@GOTPCREL(%rip)
	je 1f
	call *ten@GOTPCREL(%rip)
	add %eax, %ecx
	call jump
	add %ecx, %eax
	ret
1:	xor %eax, %eax
	ret
jump:	jmp *ten@GOTPCREL(%rip)
	.hidden ten
	.globl ten
ten:	mov $10, %eax
	ret
	.data
	.quad got - ., .Lhere + 4
	.section .rodata.str1.1,"aMS",@progbits,1
	.string "two"
.Lhere:	.string "other string"
	.section .note.GNU-stack,"",@progbits
END
link -c got.s
for kind in $KINDS; do
	for model in global-dynamic local-dynamic initial-exec; do
		link++ -g -O1 $(cflags $kind) -ffunction-sections -ftls-model=$model -c main.cc
		link -g $(cflags $kind) -ftls-model=$model -c data.c
		for more in "" -Wl,--gc-sections -Wl,--no-relax; do
			link++ $(ldflags $kind) main.o data.o got.o $more -Wl,--emit-relocs -o prog
			# a static PIE relocates itself with code that must be relaxed
			[ "$kind$more" = static-pie-Wl,--no-relax ] || ./prog >out || fail "$kind $model $more: exit code $?"
			check prog "$kind $model $more"
			readelf -SW prog >sections
			for name in text eh_frame data.rel.ro debug_info; do
				grep -qF ".rela.$name" sections || grep -qvF ".$name" sections || fail "$kind: no .rela.$name"
			done
		done
	done
done

# The rewritten instruction and its relocation go together.
link++ -no-pie main.o data.o got.o -Wl,-q -o prog
objdump -dr prog | sed -n '/<got>:/,/<ten>:/p' >code
grep -A1 'lea .*<data>' code | grep -q 'R_X86_64_PC32.*data' || { cat code; fail "lea without R_X86_64_PC32"; }
grep -A1 'test .*\$0x' code | grep -q 'R_X86_64_32S.*data' || { cat code; fail "test without R_X86_64_32S"; }
assert_lacks code GOTPCREL

# A wrong byte is found: the checker checks.
address=$(readelf -rW prog | awk '/\.rela\.text/ { on = 1 } on && $3 == "R_X86_64_PC32" { print "0x" $1; exit }')
set -- $(readelf -SW prog | sed -n 's/.* \.text  *PROGBITS  *\([0-9a-f]*\) \([0-9a-f]*\) .*/\1 \2/p')
printf '\x55' | dd of=prog bs=1 seek=$((address - 0x$1 + 0x$2)) conv=notrunc status=none
if ./check-relocations prog >checked; then fail "a wrong byte was not found"; fi

# A shared object, descriptors, and symbols that only relocations keep.
link -g -shared -fPIC -mtls-dialect=gnu2 data.c -Wl,-q -o libdata.so
check libdata.so descriptors
link -g -no-pie -fPIC -mtls-dialect=gnu2 -x c - -x none -Wl,-q,-s -o prog <<'END'
static __thread int a = 1; static int b = 2;
int *pa(void) { return &a; }
int main(void) { return *pa() + b - 3; }
END
./prog
check prog "-s"
readelf -sW prog | grep -q 'TLS .* a$' || fail "-s dropped a symbol that a relocation names"

# GNU ld keeps relocations of the same symbols. (It rewrites other instructions: mov to an immediate, not to lea.)
named() {
	readelf -rW "$1" | awk '/\.rela\.text/ { on = 1; next } /^Relocation section/ { on = 0 }
		on && $3 ~ /^R_/ && $3 !~ /TPOFF/ && $5 ~ /^(data|ten|_Z|puts|absent)/ { sub(/@.*/, "", $5); print $5 }' | sort
}
link++ -no-pie main.o data.o got.o -Wl,-q -o prog
"$CXX" -fuse-ld=bfd -no-pie main.o data.o got.o -Wl,-q -o reference
named prog >got.names
named reference | diff - got.names || fail "relocations of other symbols than with GNU ld"
[ -s got.names ] || fail "no relocations"
