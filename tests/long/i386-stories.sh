#!/bin/bash
# More stories that hold for i386 as well, told with compilers that say -m32 (see tests/story/i386-stories.sh).
# timeout: 1800
# packages: gcc-multilib g++-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/m32.bash"

tell bsymbolic common-symbols cxx-iostream-static deterministic dlopen-plugin gnu-stack hash-tables plugins-cxx relro \
	start-stop-symbols symbol-visibility version-script weak wrap
