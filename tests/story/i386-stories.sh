#!/bin/bash
# What does not depend on the target holds for i386 as well: stories are told once more, with compilers that say -m32.
# (Debian's gcc-multilib serves; its package for the cross compiler i686-linux-gnu-gcc conflicts with it.)
# packages: gcc-multilib g++-multilib
set -eu
. "$GILD_SRC/tests/lib.sh"

echo 'int main(void) { return 0; }' > probe.c
"$CC" -m32 probe.c -o probe && ./probe || skip "$CC -m32 makes no programs that run here"

# compiler_of NAME COMMAND: a command of one word that is COMMAND -m32
compiler_of() {
	mkdir -p bin
	printf '#!/bin/sh\nexec %s -m32 "$@"\n' "$2" > "bin/$1"
	chmod +x "bin/$1"
	echo "$PWD/bin/$1"
}
CC=$(compiler_of cc "$(command -v "$CC")") CXX=$(compiler_of c++ "$(command -v "$CXX")")
[ -z "$CLANG" ] || CLANG=$(compiler_of clang "$(command -v "$CLANG")")
export CC CXX CLANG

for story in \
	bsymbolic comdat common-symbols cxx-exceptions cxx-iostream-static deterministic dlopen-plugin eh-frame-hdr \
	gc-sections gnu-stack hash-tables ifunc plugins-cxx relro start-stop-symbols symbol-visibility \
	tls-all-models version-script weak wrap
do
	mkdir "$story"
	(cd "$story" && TMPDIR=$PWD bash "$GILD_SRC/tests/story/$story.sh") > "$story.log" 2>&1 && continue
	[ $? -ne 77 ] || { echo "$story: skipped: $(tail -n 1 "$story.log")"; continue; }
	tail -n 30 "$story.log"
	fail "story $story with -m32"
done
