#!/bin/bash
# Random linker scripts for random objects, linked by GNU ld and by gild. Scripts that combine everything with everything do not
# all come out alike (docs/compatibility.md): not more of them may differ than are known to; and none may end gild by a signal.
# packages: binutils python3
# timeout: 1800
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd python3 || skip "no GNU ld, or no Python"
CASES=${CASES:-1500} MOST=${MOST:-65} # of a hundred; that is how many do
python3 "$GILD_SRC/tests/long/script-random.py" -n "$CASES" -s "${SEED:-1000}" ld.bfd "$GILD" > report 2>&1 || :
tail -n 1 report
read -r _ _ _ _ differs _ crash _ < <(tail -n 1 report | tr -d ,)
[ "$crash" = 0 ] || { grep -A 3 crash report; fail "gild crashed"; }
((differs * 100 <= MOST * CASES)) || fail "$differs of $CASES cases differ"
