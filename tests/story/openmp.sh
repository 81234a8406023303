#!/bin/bash
# -fopenmp: loops, reductions, tasks, and thread-private variables in the program and in a shared library, with gcc's libgomp and
# clang's libomp; Fortran's, too.
# packages: libomp-14-dev gfortran
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >lib.c <<'END_C'
#include <omp.h>
int per_thread = 5;
#pragma omp threadprivate(per_thread)
int add_here(int n) { return per_thread += n; }
long fibonacci(int n)
{
	long a, b;
	if (n < 2) return n;
#pragma omp task shared(a)
	a = fibonacci(n - 1);
#pragma omp task shared(b)
	b = fibonacci(n - 2);
#pragma omp taskwait
	return a + b;
}
END_C
cat >main.c <<'END_C'
#include <omp.h>
#include <stdio.h>
extern int per_thread;
#pragma omp threadprivate(per_thread)
int add_here(int), seen[4];
long fibonacci(int);
int main(void)
{
	double sum = 0;
	long fib = 0, most = 0;
	omp_set_dynamic(0);
#pragma omp parallel for reduction(+ : sum) schedule(dynamic, 10) num_threads(4)
	for (int i = 1; i <= 1000; i++) sum += i;
#pragma omp parallel num_threads(4) copyin(per_thread)
	{
		int me = omp_get_thread_num();
		per_thread += me;
		seen[me] = add_here(10);
#pragma omp single
		fib = fibonacci(15);
#pragma omp critical
		if (me > most) most = me;
	}
	printf("%g %ld %ld %d %d %d\n", sum, fib, most, seen[0], seen[3], per_thread);
}
END_C
expected="500500 610 3 15 18 15"
each() {
	local kind
	export OMP_NUM_THREADS=4
	for kind in $DYNAMIC_KINDS static; do
		[ "$kind" != static ] || [ "${compile[0]}" = "$CC" ] || continue # libomp has no static library in Debian
		"${driver[@]}" -O1 -fopenmp $(cflags $kind) $(ldflags $kind) ../main.c ../lib.c -o prog
		same "$expected" "$(./prog)" "$kind"
	done
	"${driver[@]}" -O1 -fopenmp -fPIC -shared ../lib.c -o lib.so
	"${driver[@]}" -O1 -fopenmp ../main.c ./lib.so -o prog
	same "$expected" "$(./prog)" "with a shared library"
}
if [ -n "$CLANG" ] && ! echo | "$CLANG" -fopenmp -x c - -c -o /dev/null -include omp.h 2>/dev/null; then CLANG=''; fi
each_compiler each

if have gfortran; then
	cat >main.f90 <<'END_F'
program main
  use omp_lib
  implicit none
  integer :: i, total
  integer, save :: mine = 1
  !$omp threadprivate(mine)
  total = 0
  !$omp parallel num_threads(4) reduction(+:total) copyin(mine)
  mine = mine + omp_get_thread_num()
  total = total + mine
  !$omp end parallel
  !$omp parallel do reduction(+:total)
  do i = 1, 100
    total = total + i
  end do
  print '(i0)', total
end program
END_F
	gfortran -B"$GILD_BIN" -fopenmp main.f90 -o fortran
	same 5060 "$(./fortran)" "Fortran"
	gfortran -B"$GILD_BIN" -fopenmp -static main.f90 -o fortran
	same 5060 "$(./fortran)" "Fortran, static"
fi
