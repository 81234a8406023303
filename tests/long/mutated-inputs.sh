#!/bin/bash
# The same as the story of that name, with many more damaged files.
# timeout: 1800
set -eu
for SEED in 11 12 13 14; do
	export SEED ROUNDS=2500
	bash "$GILD_SRC/tests/story/mutated-inputs.sh"
done
