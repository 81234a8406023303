#!/bin/bash
# The output is a function of the inputs: the same bytes with any number of threads, on every run, in another folder,
# and over an existing output.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

for n in $(seq 12); do
	cat >f$n.cc <<END
#include <iostream>
#include <map>
#include <string>
static std::map<std::string, int> m$n{{"key$n", $n}, {"shared key", 0}};
inline int all() { static int x = 5; return x; }
thread_local int t$n = $n;
int f$n() { std::cout << "part $n\n"; return m$n.size() + all() + t$n; }
END
done
{ for n in $(seq 12); do echo "int f$n();"; done; echo 'int main() { return 0'; for n in $(seq 12); do echo "+ f$n()"; done; echo '; }'; } >main.cc
link -g -O1 -fPIC -c main.cc f*.cc
objects=$(ls *.o)

threads=
if link -Wl,--threads=1 -x c - -o probe <<<'int main(void) { return 0; }' 2>/dev/null; then
	threads="1 2 7"
fi
for kind in pie static-pie shared; do
	build() { link $(ldflags $kind) "$@" -lstdc++ -lm; }
	build $objects -o first
	cp first reference
	for t in $threads; do
		build $objects -Wl,--threads=$t -o t$t
		cmp t$t reference || { echo "$kind: --threads=$t differs"; exit 1; }
	done
	build $objects -o first
	cmp first reference || { echo "$kind: linking over an existing output differs"; exit 1; }
	for run in 1 2 3; do
		build $objects -o again
		cmp again reference || { echo "$kind: run $run differs"; exit 1; }
	done
	mkdir -p "other folder"
	cp *.o "other folder"
	(cd "other folder" && build $objects -o prog)
	cmp "other folder/prog" reference || { echo "$kind: another folder differs"; exit 1; }
done
