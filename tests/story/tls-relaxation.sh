#!/bin/bash
# In executables the linker turns general-dynamic, local-dynamic, descriptor and initial-exec TLS code into local-exec
# (or initial-exec for variables of a shared library): no call into the TLS resolver is left.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >use.c <<'END'
extern __thread int defined, elsewhere;
static __thread int mine, other;
int get_defined(void) { return defined; }
int get_elsewhere(void) { return elsewhere; }
int *get_mine(void) { other++; mine++; return &mine; }
END
echo '__thread int defined = 3;' >defined.c
echo '__thread int pad = 1; __thread int elsewhere = 4;' >elsewhere.c
cat >main.c <<'END'
int get_defined(void), get_elsewhere(void), *get_mine(void);
int main(void) { return !(get_defined() == 3 && get_elsewhere() == 4 && *get_mine() == 1 && *get_mine() == 2); }
END
link -shared -fPIC elsewhere.c -o libelsewhere.so

disassemble() { # NAME: the code of one function of prog
	objdump -d --no-show-raw-insn prog | awk -v f="<$1>:" '$2 == f { on = 1 } /^$/ { on = 0 } on'
}

for flags in -ftls-model=global-dynamic -ftls-model=local-dynamic -ftls-model=initial-exec -mtls-dialect=gnu2; do
	for kind in $KINDS; do
		link -O2 -fPIC $flags -c use.c
		link $(cflags $kind) -c main.c defined.c elsewhere.c
		case $kind in static*) second=elsewhere.o ;; *) second=./libelsewhere.so ;; esac
		[ "$flags$second" = "-ftls-model=local-dynamic./libelsewhere.so" ] && second=elsewhere.o
		link $(ldflags $kind) main.o use.o defined.o $second -o prog
		./prog || { echo "$flags $kind: wrong values"; exit 1; }
		for f in get_defined get_elsewhere get_mine; do
			disassemble $f >code
			grep -q '%fs:' code || { echo "$flags $kind $f: no %fs access"; cat code; exit 1; }
			if grep -E 'call|lea .*\(%rip\)' code; then echo "$flags $kind: $f not relaxed"; cat code; exit 1; fi
			# local-exec: the offset is in the instruction, not loaded from the GOT
			if [ $f != get_elsewhere ] && grep '(%rip)' code; then echo "$flags $kind: $f still uses the GOT"; cat code; exit 1; fi
		done
		readelf -rW prog >relocs
		assert_lacks relocs TLSDESC
		assert_lacks relocs DTPMOD
	done
done
