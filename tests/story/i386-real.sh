#!/bin/bash
# Lua and zlib, built for i386, pass their own tests.
# timeout: 900
# packages: gcc-multilib g++-multilib dpkg-dev make
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/m32.bash"

tell real-lua real-zlib
