#!/bin/bash
# The same as the story of that name, with many more graphs.
# timeout: 1800
set -eu
for SEED in 21 22 23 24; do
	export SEED ROUNDS=100
	bash "$GILD_SRC/tests/story/icf-random.sh"
done
