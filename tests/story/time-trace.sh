#!/usr/bin/env bash
# --stats prints a table of passes; --time-trace writes a trace that a JSON reader takes, with every pass in it and threads at
# work inside passes. Neither changes the output.
# packages: python3-minimal
. "$GILD_SRC/tests/lib.sh"

cat > hello.c <<'END'
#include <stdio.h>
int main(void) { puts("hello"); return 0; }
END
$CC -c hello.c
link() { $CC -B"$GILD_BIN" hello.o "$@"; }

link -o plain
link -o traced -Wl,--time-trace,--stats 2> table
cmp plain traced || fail "a trace changes the output"
grep -Eq '^  pass +wall ms +cpu ms +faults +MiB$' table || fail "no heading: $(cat table)"
grep -Eq '^  resolve files +[0-9.]+ +[0-9.]+ +[0-9]+ +-?[0-9.]+$' table || fail "no pass: $(cat table)"
grep -Eq '^  total ' table || fail "no sum: $(cat table)"
[ -s traced.time-trace ] || fail "no traced.time-trace"

cat > read.py <<'END'
import json, sys
events = json.load(open(sys.argv[1]))["traceEvents"]
passes = [e for e in events if e["ph"] == "X" and e["tid"] == 0]
names = [e["name"] for e in passes]
for name in ("open inputs", "resolve files", "write", "release"):
    assert name in names, name
end = 0
for e in passes:
    assert e["ts"] >= end - 0.01 and e["dur"] >= 0, e
    end = e["ts"] + e["dur"]
    assert e["args"]["cpu_ms"] >= 0 and e["args"]["faults"] >= 0
threads = {e["tid"] for e in events if e["ph"] == "X" and e["tid"] > 0}
for e in events:
    if e["ph"] == "X" and e["tid"] > 0:
        assert 0 <= e["ts"] and e["ts"] + e["dur"] <= end + 0.01 and e["name"] in names, e
print(len(threads))
END
python3 read.py traced.time-trace > /dev/null || fail "the trace is not as it should be"

# Enough to write for several threads, in a file of its own name.
for i in $(seq 64); do echo ".section .data.$i, \"aw\"; .fill 1 << 20, 1, $i"; done | $CC -c -x assembler -o large.o -
link large.o -o many -Wl,--threads=4,--time-trace=many.json
[ "$(python3 read.py many.json)" -gt 1 ] || fail "only one thread in the trace of a large link"

# What is shorter than the granularity is left out; names that cannot be written end the link before it begins.
link -o traced -Wl,--time-trace=long.json,--time-trace-granularity=100000000
! grep -q '"ph":"X"' long.json || fail "a span of less than 100 s was kept"
rm traced
! link -o traced -Wl,--time-trace=no/such/folder/trace 2> log || fail "a trace that cannot be written is no error"
grep -q 'no/such/folder/trace: No such file' log || fail "not the reason: $(cat log)"
[ ! -e traced ] || fail "an output in spite of the error"
