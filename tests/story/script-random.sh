#!/bin/bash
# A hundred random linker scripts for random objects: GNU ld links the same. tests/long/script-random.sh links many more.
# packages: binutils python3
# not verify: bytes of no meaning are in its arrays and notes
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd python3 || skip "no GNU ld, or no Python"
[ "$(ld.bfd --version | grep -om 1 '[0-9]\.[0-9]*' | tail -n 1)" = 2.40 ] || skip "the rules are those of GNU ld 2.40"
[ "$(uname -m)" = x86_64 ] || skip "the objects are for x86-64"
export PYTHONDONTWRITEBYTECODE=1
python3 "$GILD_SRC/tests/differential/script-random.py" -n 100 -s 1 ld.bfd "$GILD" > report || { cat report; fail "outputs differ"; }
tail -n 1 report
