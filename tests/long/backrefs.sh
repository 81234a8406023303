#!/bin/bash
# The random links of the story of that name, with many more arrangements.
# packages: binutils
# timeout: 1800
set -eu
for SEED in 11 12 13 14 15; do
	export SEED CASES=1000
	bash "$GILD_SRC/tests/story/backrefs.sh"
done
