#!/bin/bash
# Random linker scripts for random objects: GNU ld and gild make the same of them. How many cases differ is compared with what is
# known (docs/compatibility.md), so that it gets fewer, not more; no case may end gild by a signal.
# packages: binutils python3
# timeout: 1800
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd python3 || skip "no GNU ld, or no Python"
CASES=${CASES:-1500} MOST=${MOST:-45} # of a hundred
python3 "$GILD_SRC/tests/long/script-random.py" -n "$CASES" -s "${SEED:-1000}" ld.bfd "$GILD" > report 2>&1 || :
tail -n 1 report
read -r _ _ _ _ differs _ crash _ < <(tail -n 1 report | tr -d ,)
[ "$crash" = 0 ] || { grep -A 3 crash report; fail "gild crashed"; }
((differs * 100 <= MOST * CASES)) || fail "$differs of $CASES cases differ"
