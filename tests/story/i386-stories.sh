#!/bin/bash
# What does not depend on the target holds for i386 as well: stories are told once more, with compilers that say -m32.
# timeout: 900
# packages: gcc-multilib g++-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/m32.bash"

tell bsymbolic comdat common-symbols cxx-exceptions cxx-iostream-static deterministic dlopen-plugin eh-frame-hdr gc-sections \
	gnu-stack hash-tables ifunc plugins-cxx relro start-stop-symbols symbol-visibility tls-all-models version-script weak wrap
