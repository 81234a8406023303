#!/bin/bash
# Random linker scripts for random objects, linked by GNU ld and by gild: both targets, programs of every kind, shared objects, -r,
# scripts that insert something into others. Sections, segments, symbols, relocations and bytes are compared. What is different
# on purpose is in docs/compatibility.md and has a rule in tests/differential/random_links.py, which counts it; MOST of the cases
# may differ in other ways: none. CASES and SEED choose others.
# packages: binutils python3
# timeout: 1800
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd python3 || skip "no GNU ld, or no Python"
[ "$(ld.bfd --version | grep -om 1 '[0-9]\.[0-9]*' | tail -n 1)" = 2.40 ] || skip "the rules are those of GNU ld 2.40"
[ "$(uname -m)" = x86_64 ] || skip "the objects are for x86-64"
export PYTHONDONTWRITEBYTECODE=1
python3 "$GILD_SRC/tests/differential/script-random.py" -v -n "${CASES:-5000}" -s "${SEED:-1000000}" ld.bfd "$GILD" > report || :
read -r same _ refused _ deliberate _ differs _ crash _ < <(tail -n 1 report | tr -d ,)
grep -v '^seed' report || :
[ "$((same + refused + deliberate + differs + crash))" = "${CASES:-5000}" ] || { cat report; fail "not all cases were compared"; }
[ "$crash" = 0 ] || { grep crash report; fail "gild crashed"; }
((differs <= ${MOST:-0})) || { cat report; fail "$differs cases differ"; }
