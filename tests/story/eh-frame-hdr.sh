#!/bin/bash
# .eh_frame_hdr holds a sorted table of exactly the functions that are there: an exception thrown through any one of
# many functions unwinds, and frame entries of dropped COMDAT copies and removed sections are gone.
# packages: python3
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

for part in a b c; do
	echo '#include "h.h"' >$part.cc
	for i in $(seq 150); do echo "int ${part}_$i(int n) { Guard g; common(n); return n + $i; }"; done >>$part.cc
done
cat >h.h <<'END'
extern int guards;
struct Guard { ~Guard() { guards++; } };
inline int common(int n) { Guard g; if (n < 0) throw n; return n; }
END
{
	echo '#include "h.h"'
	echo '#include <cstdio>'
	echo 'int guards;'
	for part in a b c; do for i in $(seq 150); do echo "int ${part}_$i(int);"; done; done
	echo 'int main() { int caught = 0; int (*all[])(int) = {'
	for part in a b c; do for i in $(seq 150); do echo "${part}_$i,"; done; done
	echo '}; for (auto f : all) try { f(-1); } catch (int) { caught++; } printf("%d %d\n", caught, guards); }'
} >main.cc

for cc in $COMPILERS; do
	for kind in $KINDS; do
		$cc -O0 $(cflags $kind) -c main.cc a.cc b.cc c.cc
		$cc $(ldflags $kind) main.o a.o b.o c.o -lstdc++ -lm -o prog
		same "450 900" "$(./prog)" "$cc $kind"
	done
done

# The header: encodings as every unwinder expects, one entry per FDE, sorted (readelf and eu-readelf check)
for kind in pie no-pie; do
	link -O0 $(cflags $kind) $(ldflags $kind) main.cc a.cc b.cc c.cc -lstdc++ -lm -o prog
	readelf -lW prog | grep -q GNU_EH_FRAME || { echo "no PT_GNU_EH_FRAME"; exit 1; }
	readelf --debug-dump=frames prog >frames 2>warnings
	[ ! -s warnings ] || { head warnings; exit 1; }
	if grep -E 'FDE.*pc=0+\.\.' frames; then echo "$kind: FDE of a dropped function"; exit 1; fi
	python3 - prog $(grep -c ' FDE ' frames) <<'END'
import struct, subprocess, sys
prog, fdes = sys.argv[1], int(sys.argv[2])
for line in subprocess.run(["readelf", "-lW", prog], capture_output=True, text=True).stdout.splitlines():
    if "GNU_EH_FRAME" in line:
        off, addr = (int(x, 16) for x in line.split()[1:3])
with open(prog, "rb") as f:
    f.seek(off)
    version, ptr, count, table = f.read(4)
    assert (version, ptr, count, table) == (1, 0x1B, 0x03, 0x3B), (version, ptr, count, table)
    f.read(4)
    n, = struct.unpack("<I", f.read(4))
    assert n == fdes, f"{n} entries for {fdes} FDEs"
    starts = [struct.unpack("<ii", f.read(8))[0] for _ in range(n)]
assert starts == sorted(starts), "table is not sorted"
assert len(set(starts)) == n, "two FDEs for one function"
END
done

link a.cc main.cc b.cc c.cc -lstdc++ -Wl,--no-eh-frame-hdr -o prog # libgcc then finds no frames: only structure
readelf -lW prog >segments
assert_lacks segments GNU_EH_FRAME
