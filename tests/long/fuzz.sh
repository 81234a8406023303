#!/bin/bash
# The fuzz programs, for some 10 million inputs without sanitizers; with EACH=SECONDS in the environment each for that long.
# The same with sanitizers:
#   make fuzz SAN=address,undefined && tests/fuzz/run.sh -b build-address-undefined -n 20
# timeout: 14400
set -eu
. "$GILD_SRC/tests/lib.sh"

build=$(dirname "$(realpath "$GILD")")
[ -x "$build/fuzz/fuzz_link" ] || skip "the fuzz programs are not built with this build"
share=(-n "${SHARE:-160}")
[ -z "${EACH:-}" ] || share=(-t "$EACH")
bash "$GILD_SRC/tests/fuzz/run.sh" -b "$build" "${share[@]}" -s "${SEED:-$EPOCHSECONDS}"
