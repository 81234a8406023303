#!/bin/bash
# i386 programs: the shape of the output (class, base address, interpreter, REL tables), every kind of program and both
# ways to call other modules, through objects of objects (-r), with kept relocations, packed relative relocations and
# compressed debug sections.
# packages: gcc-multilib g++-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat > lib.c <<'END'
#include <stdlib.h>
int counter = 5;
const char *const names[] = {"zero", "one"};
int twice(int x) { return 2 * x; }
int apply(int (*f)(int), int x) { return f(x); }
int (*address(void))(int) { return twice; }
__thread int per_thread = 7;
static int impl(int x) { return x + 100; }
static void *choose(void) { return impl; }
int chosen(int) __attribute__((ifunc("choose")));
END
cat > main.c <<'END'
#include <stdio.h>
extern int counter;
extern const char *const names[];
int twice(int), apply(int (*)(int), int), chosen(int), nowhere(void) __attribute__((weak));
int (*address(void))(int);
extern __thread int per_thread;
int (*table[])(int) = {twice, chosen};
static int *place = &counter;
int main(void) {
	counter++;
	printf("%d %d %s %d %d %d %d %d %d\n", counter, *place, names[1], apply(twice, 4), table[0](5), address() == twice,
		chosen(1) + table[1](2), per_thread++, nowhere ? 1 : 0);
	return 0;
}
END
wanted="6 6 one 8 10 1 203 7 0"
for flags in "-O2" "-O2 -fno-plt" "-O0" "-O2 -fcf-protection=none" "-O2 -fcf-protection=full -Wl,-z,ibtplt"; do
	for kind in $KINDS; do
		link -m32 $flags $(cflags $kind) $(ldflags $kind) main.c lib.c -o prog
		same "$wanted" "$(./prog)" "$kind $flags"
		link -m32 $flags $(cflags $kind) $(ldflags $kind) -Wl,-z,now,--no-relax main.c lib.c -o prog
		same "$wanted" "$(./prog)" "$kind $flags, not relaxed"
		case $kind in static*) continue ;; esac
		link -m32 $flags -fPIC -shared lib.c -o liblib.so
		for z in lazy now; do
			link -m32 $flags $(cflags $kind) $(ldflags $kind) -Wl,-z,$z main.c ./liblib.so -o prog
			same "$wanted" "$(./prog)" "$kind $flags -z $z, with a library"
		done
	done
done

# The shape.
link -m32 -fno-pie -no-pie main.c ./liblib.so -o prog
readelf -hW prog > header
for text in ELF32 "Intel 80386" "EXEC (Executable file)"; do assert_contains header "$text"; done
readelf -lW prog > segments
assert_contains segments "/lib/ld-linux.so.2"
grep -qE 'LOAD +0x000000 0x08048000 ' segments || fail "the image does not begin at 0x08048000"
readelf -dW prog > dynamic
for text in "(REL)" "(RELSZ)" "(RELENT)" "8 (bytes)" "(PLTREL)" "(JMPREL)" "16 (bytes)"; do assert_contains dynamic "$text"; done
assert_lacks dynamic RELA
readelf -SW prog > sections
grep -qE '\.rel\.plt +REL .* 08 +AI ' sections || { cat sections; fail ".rel.plt is not SHT_REL"; }

# An object of objects, linked by either linker, is the same program; so is what GNU ld made an object of.
for flags in "-O2 -fno-pie" "-O2 -fPIC"; do
	"$CC" -m32 $flags -g -ffunction-sections -c main.c lib.c
	"$GILD" -m elf_i386 -r main.o lib.o -o one.o
	ld.bfd -m elf_i386 -r main.o lib.o -o other.o
	case $flags in *PIC) kind=pie ;; *) kind=no-pie ;; esac
	for o in one.o other.o; do
		for linker in "-B$GILD_BIN" -fuse-ld=bfd; do
			"$CC" -m32 -$kind "$linker" $o -o prog
			same "$wanted" "$(./prog)" "$o $linker $flags"
		done
	done
	# Relocations of the two mean the same: offset, type and symbol in order, and the words they change.
	for o in one.o other.o; do
		objcopy -O binary -j .data --set-section-flags .data=alloc $o $o.data
		readelf -rW $o | awk '/R_386/ && $5 !~ /^\./ { print $3, $5 }' | sort > $o.relocs
	done
	diff one.o.relocs other.o.relocs || fail "-r keeps other relocations than GNU ld ($flags)"
done

# --emit-relocs: the same program, and what is kept says what was applied.
link -m32 -O2 -fno-pie -no-pie -Wl,--emit-relocs main.c lib.c -o prog
same "$wanted" "$(./prog)" --emit-relocs
readelf -rW prog | grep -q "Relocation section '.rel.text'" || fail "no relocations were kept"
objdump -dr prog > code
grep -q 'R_386_PC32.*twice\|R_386_PC32.*apply' code || fail "no kept relocation names a function that is called"

# Relative relocations packed; the loader is asked to know of it.
link -m32 -O2 -fPIE -pie main.c lib.c -o plain
link -m32 -O2 -fPIE -pie -Wl,-z,pack-relative-relocs main.c lib.c -o packed
readelf -dW packed | grep -q '(RELRENT) *4 (bytes)' || fail "DT_RELRENT"
if ./packed > out 2> err.txt; then same "$wanted" "$(cat out)" "packed"; else assert_contains err.txt GLIBC_ABI_DT_RELR; fi

# Debug sections that are compressed and read again.
for z in zlib zlib-gnu; do
	"$CC" -m32 -g -O1 -gz=$z -c main.c
	link -m32 -g -no-pie -Wl,--compress-debug-sections=$z main.o lib.c -o prog
	same "$wanted" "$(./prog)" "compressed by $z"
	readelf --debug-dump=info prog 2> warnings | grep -q 'DW_AT_name.*main\.c' || fail "$z: the debug information is gone"
	same "" "$(cat warnings)" "$z: what readelf says"
done

# Code that was not compiled for images that move: calls and addresses of other modules are left to the loader.
printf 'int twice(int); int call(int x) { return twice(x) + 1; }\n' > call.c
"$CC" -m32 -fno-pic -fno-pie -O1 -c call.c
link -m32 -shared call.o ./liblib.so -o libcall.so 2> err.txt
assert_contains err.txt "DT_TEXTREL"
printf '#include <stdio.h>\nint call(int); int main(void) { printf("%%d\\n", call(20)); return 0; }\n' > caller.c
link -m32 caller.c ./libcall.so ./liblib.so -o prog
same 41 "$(./prog)" "a call that the loader relocates"
fails link -m32 -shared -Wl,-z,text call.o ./liblib.so -o libcall.so
assert_contains err.txt "recompile with -fPIC"

# So are offsets from the thread pointer, which code for programs counts with, and sizes of what may be another's.
cat > local-exec.c <<'END'
__thread int own = 30;
static __thread int hidden = 8;
extern __thread int others;
int table[5];
int size(void) { int n; __asm__("movl $table@SIZE + 2, %0" : "=r"(n)); return n; }
int sum(void) { return own++ + hidden++ + others; }
END
printf '__thread int others = 4;\n' > others.c
"$CC" -m32 -shared -fPIC others.c -o libothers.so
"$CC" -m32 -fno-pic -fno-pie -ftls-model=local-exec -O1 -c local-exec.c
link -m32 -shared -Wl,-z,notext local-exec.o ./libothers.so -o liblocal.so
readelf -dW liblocal.so > dynamic
assert_contains dynamic STATIC_TLS
readelf -rW liblocal.so > relocations
for type in R_386_TLS_TPOFF R_386_SIZE32; do assert_contains relocations $type; done
cat > caller.c <<'END'
#include <pthread.h>
#include <stdio.h>
#ifdef BIG
int table[8];
#endif
int sum(void), size(void);
static void *run(void *unused) { printf("%d ", sum()); return unused; }
int main(void)
{
	pthread_t thread;
	sum();
	pthread_create(&thread, NULL, run, NULL);
	pthread_join(thread, NULL);
	printf("%d %d\n", sum(), size());
	return 0;
}
END
link -m32 caller.c ./liblocal.so ./libothers.so -o prog
same "42 44 22" "$(./prog)" "local-exec accesses of a shared object"
link -m32 -DBIG caller.c ./liblocal.so ./libothers.so -o prog 2> err.txt
same "42 44 34" "$(./prog)" "the size of a variable of the program"
fails link -m32 caller.c local-exec.o ./libothers.so -o prog
assert_contains err.txt "addresses a thread-local variable of a shared object"

# Addresses end at 4 GiB.
fails link -m32 -no-pie main.c lib.c -Wl,--section-start=.data=0xfffff000,-z,norelro -Wl,--defsym=x=0 -Wl,-Tbss=0x1fffff000 -o prog
assert_contains err.txt "beyond the addresses of 32 bits"
