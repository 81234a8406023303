#!/bin/bash
# A program whose only thread-local data is zero-initialised gets a PT_TLS of file size 0, and .tbss takes no room in
# the address space: what follows it may share its addresses.
# smoke
# verify
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END'
#include <pthread.h>
static __thread char big[100000];
static __thread int last;
int data = 5;
static void *run(void *arg) { for (int i = 0; i < 100000; i += 999) { if (big[i] || last) return arg; big[i] = 1; } last = 1; return 0; }
int main(int argc, char **argv) {
	pthread_t t; void *bad;
	if (run(argv) || data != 5) return 1;
	pthread_create(&t, 0, run, argv);
	pthread_join(t, &bad);
	return bad != 0;
}
END
for kind in $KINDS; do
	link $(cflags $kind) $(ldflags $kind) main.c -pthread -o prog
	./prog || { echo "$kind failed"; exit 1; }
	case $kind in static*) continue ;; esac # libc.a brings .tdata of its own
	set -- $(readelf -lW prog | grep ' TLS ')
	same 0x000000 "$5" "$kind file size of PT_TLS"
	[ $(($6)) -ge 100004 ] || { echo "PT_TLS memory size $6"; exit 1; }
	# .tbss (100004 bytes) did not push the sections behind it
	tbss=$(readelf -SW prog | awk '$2 == ".tbss" || $3 == ".tbss" { print NF }')
	[ -n "$tbss" ] || { echo "no .tbss"; exit 1; }
	size=$(size -A prog | awk '$1 == ".tbss" { t = $3 } $1 == ".dynamic" { d = $3 } END { print d - t }')
	[ ${size#-} -lt 8192 ] || { echo ".tbss takes address space: .dynamic is $size bytes behind it"; exit 1; }
done
