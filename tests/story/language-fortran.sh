#!/bin/bash
# Fortran programs: modules, allocatable arrays, common blocks, formatted files, C in both directions, and an error of the
# library that says where it happened. Static and dynamic, and with half of the program in a shared library.
# packages: gfortran
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
have gfortran || skip "no gfortran"

cat >shapes.f90 <<'END_F'
module shapes
  use iso_c_binding
  implicit none
  type :: point
    real(8) :: x, y
  contains
    procedure :: norm
  end type
  integer, allocatable :: squares(:)
  real(8), parameter :: grid(2, 2) = reshape([1d0, 2d0, 3d0, 4d0], [2, 2])
contains
  real(8) function norm(self)
    class(point), intent(in) :: self
    norm = sqrt(self%x**2 + self%y**2)
  end function
  subroutine fill(n)
    integer, intent(in) :: n
    integer :: i
    allocate (squares(n))
    squares = [(i * i, i = 1, n)]
  end subroutine
  integer(c_int) function fortran_twice(n) bind(c, name="fortran_twice")
    integer(c_int), value :: n
    fortran_twice = 2 * n
  end function
end module
END_F
cat >main.f90 <<'END_F'
program main
  use shapes
  implicit none
  interface
    integer(c_int) function c_calls_back(n) bind(c)
      import c_int
      integer(c_int), value :: n
    end function
  end interface
  integer :: block_value, i
  common /shared_block/ block_value
  character(len=40) :: line
  type(point) :: p = point(3d0, 4d0)
  block_value = 7
  call from_block
  call fill(10)
  write (*, '(a,f4.1,a,i0,a,i0)') 'norm ', p%norm(), ' sum ', sum(squares), ' trace ', int(grid(1, 1) + grid(2, 2))
  write (*, '(a,i0)') 'c says ', c_calls_back(20)
  open (10, file='out.txt', status='replace')
  write (10, *) (i, i = 1, 3)
  rewind (10)
  read (10, '(a)') line
  close (10, status='delete')
  write (*, '(a)') trim(adjustl(line))
  read (line, *) i, block_value, i
  write (*, '(i0,1x,l1,1x,es10.3)') maxloc(squares, 1), all(matmul(grid, grid) > 6d0), huge(1d0)
end program
subroutine from_block
  integer :: block_value
  common /shared_block/ block_value
  write (*, '(a,i0)') 'block ', block_value
end subroutine
END_F
echo 'int fortran_twice(int); int c_calls_back(int n) { return fortran_twice(n) + 2; }' >c.c
cat >failing.f90 <<'END_F'
program failing
  integer :: unit = 20
  open (unit, file='/nonexistent/file', status='old')
end program
END_F
cat >expected.txt <<'END_T'
block 7
norm  5.0 sum 385 trace 5
c says 42
1           2           3
10 T  1.798+308
END_T
fortran() { gfortran -B"$GILD_BIN" "$@"; }
watch_links
for kind in $KINDS; do
	flags=$(cflags $kind)
	gfortran -g -O1 $flags -c shapes.f90 main.f90 failing.f90
	$CC $flags -c c.c
	fortran $(ldflags $kind) shapes.o main.o c.o -o prog
	by_gild prog
	./prog >answer.txt
	diff expected.txt answer.txt || fail "$kind: wrong output"
	fortran $(ldflags $kind) failing.o -o failing
	! ./failing 2>err.txt || fail "$kind: opened a file that is not there"
	assert_contains err.txt "At line 3 of file failing.f90"
done

gfortran -O1 -fPIC -c shapes.f90
$CC -fPIC -c c.c
fortran -shared shapes.o c.o -o libshapes.so
gfortran -O1 -c main.f90
fortran main.o ./libshapes.so -o shared
by_gild libshapes.so shared
./shared | diff expected.txt -
