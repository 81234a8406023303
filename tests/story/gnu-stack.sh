#!/bin/bash
# The stack is not executable unless an object, by its .note.GNU-stack flags, or -z execstack asks;
# -z noexecstack overrules objects.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

echo 'int main(void) { return 0; }' >main.c
echo '.globl x; x: ret; .section .note.GNU-stack,"x",@progbits' | tr ';' '\n' >wants.s
echo '.globl x; x: ret' | tr ';' '\n' >silent.s
echo '.globl x; x: ret; .section .note.GNU-stack,"",@progbits' | tr ';' '\n' >plain.s
stack() { link main.c "$@" -o prog 2>err.txt && ./prog && readelf -lW prog | awk '$1 == "GNU_STACK" { print ($7 == "RWE" || $7 == "E") ? $7 : $7 }'; }
same RW "$(stack)" "default"
same RW "$(stack plain.s)" "object with an empty note"
same RWE "$(stack -Wl,-z,execstack)" "-z execstack"
same RWE "$(stack wants.s)" "object that asks"
assert_contains err.txt "executable stack"
# an object that says nothing does not ask (mold, lld; GNU ld 2.40 takes it for a request)
same RW "$(stack silent.s)" "object without the note"
same RW "$(stack wants.s -Wl,-z,noexecstack)" "-z noexecstack"
same RW "$(stack -Wl,-z,execstack,-z,noexecstack)" "last option wins"
same RW "$(stack -static)" "static"
same RW "$(stack -shared -fPIC >/dev/null 2>&1; readelf -lW prog | awk '$1 == "GNU_STACK" { print $7 }')" "shared library"
set -- $(link main.c -Wl,-z,stack-size=0x200000 -o prog && readelf -lW prog | grep GNU_STACK)
same 0x200000 "$6" "-z stack-size"

# gcc's trampolines (nested functions) run with the stack they asked for
cat >nested.c <<'END'
static int apply(int (*f)(int), int x) { return f(x); }
int main(int argc, char **argv) { int add(int x) { return x + argc; } return apply(add, -1); }
END
link -O0 nested.c -o nested 2>/dev/null
./nested
