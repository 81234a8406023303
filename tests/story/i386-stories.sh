#!/bin/bash
# What does not depend on the target holds for i386 as well: stories are told once more, with compilers that say -m32
# (tests/long/i386-stories.sh tells more of them).
# timeout: 900
# packages: gcc-multilib g++-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/m32.bash"

tell comdat cxx-exceptions eh-frame-hdr gc-sections ifunc tls-all-models
