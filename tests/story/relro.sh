#!/bin/bash
# Data that only relocation changes becomes read-only after it: PT_GNU_RELRO ends at a page boundary, covers
# .data.rel.ro, .dynamic, .init_array and (with -z now) the GOT, and a write into it crashes; -z norelro turns it off.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
#include <signal.h>
#include <unistd.h>
int target, next_door = 1;
static int *const table[300] = {&target, &next_door, [299] = &target};
static void segv(int s) { _exit(42); }
int main(int argc, char **argv) {
	signal(SIGSEGV, segv);
	next_door = 2; target = 3; /* neighbours stay writable */
	if (table[argc] != &next_door) return 1;
	*(int *volatile *)&table[argc] = 0;
	return 7;
}
END
for cc in $COMPILERS; do
	for kind in static-pie pie; do # in the others the table is constant anyway
		for now in lazy now; do
			$cc -O1 $(cflags $kind) $(ldflags $kind) main.c -Wl,-z,relro,-z,$now -o prog
			rc=0; ./prog || rc=$?
			same 42 $rc "$cc $kind -z $now: write into relro"
			set -- $(readelf -lW prog | grep GNU_RELRO)
			same 0 $(( ($3 + $6) % 4096 )) "$kind: end of PT_GNU_RELRO beyond a page"
		done
	done
done

relro_sections() { # the sections inside PT_GNU_RELRO: last line of the section to segment mapping
	n=$(readelf -lW "$1" | awk '/^ *(PHDR|INTERP|LOAD|DYNAMIC|NOTE|TLS|GNU_)/ { if ($1 == "GNU_RELRO") print i + 0; i++ }')
	readelf -lW "$1" | awk -v n=$n '$1 ~ /^[0-9]+$/ && $1 + 0 == n'
}
link -fPIE -pie main.c -Wl,-z,now -o now
relro_sections now >in
for s in .data.rel.ro .dynamic .got .init_array .fini_array; do
	grep -q " $s " in || { echo "$s is not in relro: $(cat in)"; exit 1; }
done
if grep -qE ' \.(data|bss) ' in; then echo ".data in relro"; exit 1; fi

# TLS initial data and relro sit side by side
echo '__thread int t = 5; int main(void) { return t != 5; }' >tls.c
link tls.c -o tls
./tls

link -O1 -fPIE -pie main.c -Wl,-z,norelro -o prog
readelf -lW prog >segments
assert_lacks segments GNU_RELRO
rc=0; ./prog || rc=$?
same 7 $rc "-z norelro"
