#!/bin/bash
# Ada programs: generic packages, tasks that meet, exceptions with their names, elaboration of packages, C functions; with the
# static library of GNAT and with the shared one.
# packages: gnat
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
have gnatmake || skip "no gnatmake"

cat >counter.ads <<'END_A'
package Counter is
   Too_Large : exception;
   Started_At : Integer;
   task type Worker (Steps : Positive) is
      entry Start;
      entry Result (Sum : out Natural);
   end Worker;
   procedure Check (Value : Natural);
end Counter;
END_A
cat >counter.adb <<'END_A'
package body Counter is
   task body Worker is
      Total : Natural := 0;
   begin
      accept Start;
      for I in 1 .. Steps loop
         Total := Total + I;
      end loop;
      accept Result (Sum : out Natural) do
         Sum := Total;
      end Result;
   end Worker;
   procedure Check (Value : Natural) is
   begin
      if Value > 5000 then
         raise Too_Large with "value" & Natural'Image (Value);
      end if;
   end Check;
begin
   Started_At := 17;
end Counter;
END_A
cat >hello.adb <<'END_A'
with Ada.Text_IO; use Ada.Text_IO;
with Ada.Exceptions; use Ada.Exceptions;
with Ada.Containers.Ordered_Maps;
with Interfaces.C; use Interfaces.C;
with Counter;
procedure Hello is
   package Maps is new Ada.Containers.Ordered_Maps (Integer, Integer);
   function C_Twice (N : int) return int;
   pragma Import (C, C_Twice, "c_twice");
   A : Counter.Worker (100);
   B : Counter.Worker (1000);
   Sum : Natural;
   Map : Maps.Map;
   Small : Integer range 1 .. 10 := 10;
begin
   A.Start;
   B.Start;
   A.Result (Sum);
   Put_Line ("first" & Natural'Image (Sum) & Integer'Image (Counter.Started_At));
   B.Result (Sum);
   Counter.Check (Natural (C_Twice (21)));
   for I in 1 .. 50 loop
      Map.Include (I mod 7, I);
   end loop;
   Put_Line ("map" & Integer'Image (Integer (Map.Length)) & Integer'Image (Map.Element (3)));
   begin
      Counter.Check (Sum);
   exception
      when E : Counter.Too_Large => Put_Line (Exception_Name (E) & ": " & Exception_Message (E));
   end;
   begin
      Small := Small + Integer (Map.Length);
      Put_Line (Integer'Image (Small));
   exception
      when E : Constraint_Error => Put_Line (Exception_Name (E) & " " & Exception_Message (E));
   end;
   raise Program_Error with "the end";
exception
   when E : others => Put_Line ("at last " & Exception_Name (E) & " " & Exception_Message (E));
end Hello;
END_A
echo 'int c_twice(int n) { return 2 * n; }' >c.c
cat >expected.txt <<'END_T'
first 5050 17
map 7 45
COUNTER.TOO_LARGE: value 500500
CONSTRAINT_ERROR hello.adb:32 range check failed
at last PROGRAM_ERROR the end
END_T
watch_links
$CC -fPIC -c c.c
for library in static shared; do
	for pie in -no-pie -pie; do
		rm -f hello hello.o
		gnatmake -q -g -fPIE hello.adb -bargs -$library -largs -B"$GILD_BIN" $pie c.o >make.txt 2>&1 || { cat make.txt; fail "$library $pie"; }
		by_gild hello
		timeout 60 ./hello >answer.txt
		diff expected.txt answer.txt || fail "libgnat $library, $pie: wrong output"
	done
done
