#!/bin/bash
# -Bsymbolic binds a library's references to its own definitions, -Bsymbolic-functions only those to functions; without
# them the executable's definitions win.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >lib.c <<'END'
int func(void) { return 1; }
int data = 1;
int call_func(void) { return func(); }
int read_data(void) { return data; }
END
cat >main.c <<'END'
#include <stdio.h>
int func(void) { return 2; }
int data = 2;
int call_func(void), read_data(void);
int main(void) { printf("func %d data %d\n", call_func(), read_data()); return 0; }
END
for cc in $COMPILERS; do
	p=-fPIC
	[ $cc = clink ] && p="-fPIC -fsemantic-interposition"
	try() { $cc $p -O0 -shared lib.c "$@" -o lib.so && $cc main.c ./lib.so -o prog && ./prog; }
	same "func 2 data 2" "$(try)" "default"
	same "func 1 data 1" "$(try -Wl,-Bsymbolic)" "-Bsymbolic"
	same "func 1 data 2" "$(try -Wl,-Bsymbolic-functions)" "-Bsymbolic-functions"
done
link -fPIC -O0 -shared lib.c -Wl,-Bsymbolic -o lib.so
readelf -dW lib.so | grep -q SYMBOLIC || { echo "no DF_SYMBOLIC"; exit 1; }
