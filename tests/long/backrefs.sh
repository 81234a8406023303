#!/bin/bash
# packages: binutils
# timeout: 3600
# The story of the same name, with many more random links.
set -eu
CASES=${CASES:-2000} exec bash "$GILD_SRC/tests/story/backrefs.sh"
