#!/bin/bash
# Thread-local variables have their own initial value and alignment in every thread under all four access models and
# both GD/LD dialects, in every kind of executable and in shared libraries.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >vars.c <<'END'
#ifdef HIDE // local-dynamic presumes that the module itself defines the variable
#pragma GCC visibility push(hidden)
#endif
__thread char first = 1;
__thread int init = 42;
__thread int zero;
__thread int aligned __attribute__((aligned(64))) = 64;
__thread char page[16] __attribute__((aligned(4096)));
static __thread long mine = 7, also = 8;
long *get_mine(void) { return &mine; }
long get_also(void) { return also++; }
END
cat >use.c <<'END'
#include <stdint.h>
#ifdef HIDE
#pragma GCC visibility push(hidden)
#endif
extern __thread char first;
extern __thread int init, zero, aligned;
extern __thread char page[16];
long *get_mine(void);
long get_also(void);
static __thread int tick = 5, tock;
__attribute__((visibility("default"))) int check(void) {
	if (first != 1 || init != 42 || zero != 0 || aligned != 64 || *get_mine() != 7) return 1;
	if (get_also() != 8 || get_also() != 9 || tick++ != 5 || tock-- != 0) return 2;
	if ((uintptr_t)&aligned % 64 || (uintptr_t)page % 4096) return 3;
	init++; zero = 9; aligned++; page[3] = 1; *get_mine() += 1; first = 0;
	return init == 43 && zero == 9 && aligned == 65 && tick == 6 && tock == -1 ? 0 : 4;
}
END
cat >main.c <<'END'
#include <pthread.h>
#include <stdio.h>
int check(void);
static void *run(void *bad) { *(int *)bad |= check(); return 0; }
int main(void) {
	int bad = check();
	for (int i = 0; i < 3; i++) {
		pthread_t t;
		pthread_create(&t, 0, run, &bad);
		pthread_join(t, 0);
	}
	printf("bad=%d\n", bad);
	return bad;
}
END

# model: exe = the model makes sense in executables only
for cc in $COMPILERS; do
	for dialect in gnu gnu2; do
		[ $cc$dialect = clinkgnu2 ] && continue # clang 14 has no -mtls-dialect for x86
		d=
		[ $dialect = gnu2 ] && d=-mtls-dialect=gnu2
		for model in global-dynamic local-dynamic initial-exec local-exec; do
			[ $dialect$model = gnu2initial-exec ] && break
			f="-O2 -ftls-model=$model $d"
			for kind in $KINDS; do
				# -fPIC keeps the compiler from choosing a cheaper model than asked
				case $model in global-dynamic | local-dynamic) p=-fPIC ;; *) p=$(cflags $kind) ;; esac
				$cc $f $p -c vars.c use.c
				$cc $(cflags $kind) $(ldflags $kind) main.c use.o vars.o -pthread -o exe-$kind
				./exe-$kind >out || { echo "$cc $dialect $model $kind: $(cat out)"; exit 1; }
			done
			[ $model = local-exec ] && continue
			hide=
			[ $model = local-dynamic ] && hide=-DHIDE
			$cc $f $hide -fPIC -c vars.c use.c
			$cc -shared vars.o use.o -o both.so
			$cc main.c ./both.so -pthread -o one && ./one >out || { echo "$cc $dialect $model one .so: $(cat out)"; exit 1; }
			[ $model = local-dynamic ] && continue
			$cc -shared vars.o -o vars.so
			$cc -shared use.o ./vars.so -o use.so
			$cc main.c ./use.so -Wl,-rpath-link,. -pthread -o two && ./two >out || { echo "$cc $dialect $model two .so"; exit 1; }
			$cc main.c use.o ./vars.so -pthread -o three && ./three >out || { echo "$cc $dialect $model exe uses .so"; exit 1; }
		done
	done
done
