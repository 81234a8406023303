#!/bin/bash
# The fuzz programs run a little, on the corpus and on damaged copies of it: no crash, no exit, no endless loop, no
# gigabytes. tests/long/fuzz.sh runs them for long.
# not verify: it links nothing that stays
# not repeat: the same
# not tsan: the programs have one thread
set -eu
. "$GILD_SRC/tests/lib.sh"

build=$(dirname "$(realpath "$GILD")")
[ -x "$build/fuzz/fuzz_link" ] || skip "the fuzz programs are not built with this build"
bash "$GILD_SRC/tests/fuzz/run.sh" -b "$build"

# What ends a program is seen, and the input is kept.
cat >bad.c <<'END'
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size != 3 || data[0] != 'a')
		END;
	return 0;
}
END
printf 'aaa' >good
flags=()
nm "$build/obj/tests/fuzz/bend.o" >symbols
! grep -q __asan symbols || flags=(-fsanitize=address,undefined)
for end in 'abort()' 'exit(0)' '_exit(0)' '*(volatile int *)NULL = 0'; do
	"$CC" "${flags[@]}" "-DEND=$end" bad.c "$build"/obj/tests/fuzz/{standalone,bend}.o -Wl,--wrap=_exit -o bad
	./bad -n 0 good
	rm -f crash-input
	! ./bad -n 1000 good >said 2>&1 || fail "$end is not seen"
	[ -e crash-input ] || fail "$end: no input is kept"
	rc=0
	./bad -n 0 crash-input >said 2>&1 || rc=$?
	assert_equal $rc 1
done
