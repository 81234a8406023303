#!/bin/bash
# The fuzz programs with libFuzzer and sanitizers, in turns, EACH seconds (default 30) for each: it goes on from the inputs that
# reach code that none before reached. What FOUND names, a folder, is where these are kept, and taken from the next time.
# timeout: 3600
set -eu
. "$GILD_SRC/tests/lib.sh"

echo 'int LLVMFuzzerTestOneInput(const void *data, unsigned long size) { return !data && size; }' > none.c
[ -n "$CLANG" ] || skip "no clang"
"$CLANG" -fsanitize=fuzzer,address,undefined none.c -o none 2> said || skip "clang has no libFuzzer here: $(tail -n 1 said)"
make -C "$GILD_SRC" -j2 SETUP=no CC="$CLANG" SAN=fuzzer,address,undefined BUILD="$PWD/guided" fuzz > said || fail "$(cat said)"
mkdir -p "${FOUND:=$PWD/found}"
cd "$FOUND"
bash "$GILD_SRC/tests/fuzz/run.sh" -b "$OLDPWD/guided" -t "${EACH:-30}" -s "${SEED:-$EPOCHSECONDS}"
