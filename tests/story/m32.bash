# Compilers that say -m32, and stories told with them. Source after lib.sh.
#
# Debian's gcc-multilib serves; its package for the cross compiler i686-linux-gnu-gcc conflicts with it.
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

# tell STORY...: each in a folder of its own
tell() {
	local story
	for story; do
		mkdir "$story"
		(cd "$story" && TMPDIR=$PWD bash "$GILD_SRC/tests/story/$story.sh") > "$story.log" 2>&1 && continue
		[ $? -ne 77 ] || { echo "$story: skipped: $(tail -n 1 "$story.log")"; continue; }
		tail -n 30 "$story.log"
		fail "story $story with -m32"
	done
}
