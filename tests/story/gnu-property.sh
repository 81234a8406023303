#!/bin/bash
# The IBT and SHSTK properties survive only if every object has them (they are ANDed); notes of one kind merge into
# PT_NOTE segments and .note.gnu.property has its PT_GNU_PROPERTY.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'void _start(void) { __asm__("mov $60, %eax; xor %edi, %edi; syscall"); }' >start.c
echo 'int f(void) { return 1; }' >f.c
for cf in full branch none; do
	link -fcf-protection=$cf -fno-pie -c start.c -o start-$cf.o
	link -fcf-protection=$cf -fno-pie -c f.c -o f-$cf.o
done
features() { # of OBJECT...: what the linked program promises
	link -nostdlib -no-pie "$@" -o prog && ./prog || exit 1
	readelf -nW prog | sed -n 's/.*x86 feature: //p'
}
same "IBT, SHSTK" "$(features start-full.o f-full.o)" "both full"
same "IBT" "$(features start-full.o f-branch.o)" "full and branch"
same "" "$(features start-full.o f-none.o)" "one object without the note"
same "" "$(features start-none.o f-full.o)" "first object without the note"
same "IBT" "$(features start-branch.o f-none.o -Wl,-z,ibt)" "-z ibt"
same "IBT, SHSTK" "$(features start-none.o f-none.o -Wl,-z,ibt,-z,shstk)" "-z ibt -z shstk"

features start-full.o f-full.o >/dev/null
readelf -lW prog >segments
grep -q 'GNU_PROPERTY .* R  *0x8$' segments || { echo "no PT_GNU_PROPERTY of alignment 8"; cat segments; exit 1; }
grep -q ' NOTE .* R  *0x8$' segments || { echo "no PT_NOTE of alignment 8"; cat segments; exit 1; }
readelf -SW prog | grep -q '\.note\.gnu\.property *NOTE .* A .* 8$' || { echo "note section"; exit 1; }

# Notes of a program's own: kept in order, loaded, and readable by tools.
cat >note.s <<'END'
	.section .note.mine,"a",@note
	.balign 4
	.long 5, 8, 77
	.asciz "Mine"
	.balign 4
	.ascii "12345678"
	.section .note.unloaded,"",@note
	.long 5, 4, 78
	.asciz "Mine"
	.balign 4
	.long 9
	.section .note.GNU-stack,"",@progbits
END
link -nostdlib -no-pie start-full.o note.s -Wl,--build-id -o prog
./prog
readelf -nW prog >notes 2>warnings
[ ! -s warnings ] || { cat warnings; exit 1; }
grep -q 'Mine .*0x00000008.*0000004d' notes || { echo "own note is lost"; cat notes; exit 1; }
assert_contains notes "Build ID"
readelf -lW prog | sed -n '/Section to Segment/,$p' >map
grep -q note.mine map || { echo ".note.mine is not loaded"; exit 1; }
assert_lacks map note.unloaded

# A PLT that keeps the promise of endbr64: on request, or because every object promises it
echo 'int f(int); int call(int x) { return f(x); }' >call.c
echo 'int f(int x) { return x + 1; }' >f.c
echo 'int call(int); int main(void) { return call(41) != 42; }' >m.c
link -fPIC -shared f.c -o libf.so
link -fcf-protection=full -fPIC -shared -nostdlib call.c ./libf.so -o libcall.so
readelf -nW libcall.so | grep -q 'IBT'
link m.c ./libcall.so ./libf.so -o prog
./prog
for file in libcall.so; do
	objdump -d -j .plt.sec $file | grep -A1 '<f@plt>:' | grep -q endbr64
	objdump -d -j .plt $file | grep -q endbr64
done
link -Wl,-z,ibtplt m.c ./libcall.so ./libf.so -o prog
./prog
objdump -d -j .plt.sec prog | grep -q '<call@plt>:'
