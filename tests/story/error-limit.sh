#!/bin/bash
# All problems are reported at once, up to --error-limit; the last line says how many were kept back. Equal references
# are counted. Colours follow the terminal, NO_COLOR and CLICOLOR_FORCE. A flood takes no time.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"
"$GILD" --version | grep -q gild || skip "only gild words it so"

for i in $(seq 50); do printf '\tcall\tmissing_%d\n' $i $i $i $i $i; done > flood.s
link -c flood.s
errors() { grep -c '^gild: error: .*undefined symbol: missing_' err.txt; }
last() { tail -n 1 err.txt; }

fails "$GILD" flood.o -o prog
assert_equal "$(errors)" 20
assert_equal "$(last)" "gild: error: too many errors emitted, stopping now: 30 more are not shown (use --error-limit=0 to see all)"
assert_contains err.txt ">>> and at 2 more places: more undefined references to \`missing_1' follow"
fails "$GILD" flood.o --error-limit=49 -o prog
assert_equal "$(errors)" 49
assert_equal "$(last)" "gild: error: too many errors emitted, stopping now: 1 more is not shown (use --error-limit=0 to see all)"
for limit in 0 50; do
	fails "$GILD" flood.o --error-limit=$limit -o prog
	assert_equal "$(errors)" 50
	assert_lacks err.txt "too many"
done
# in the order of the source
assert_equal "$(grep -o 'undefined symbol: missing_[0-9]*' err.txt | head -n 3 | tr '\n' ' ')" \
	"undefined symbol: missing_1 undefined symbol: missing_2 undefined symbol: missing_3 "

# Two definitions, a version nobody defines, an entry that must be there and an undefined symbol: one link says it all.
echo 'int twice(void) { return 1; } int missing(void); int main(void) { return missing(); }' > a.c
echo 'int twice(void) { return 2; } __asm__(".symver versioned, versioned@@NO"); int versioned(void) { return 0; }' > b.c
link -fPIC -c a.c b.c
fails link -shared -Wl,-z,defs -Wl,--require-defined=required a.o b.o -o lib.so
for s in "duplicate symbol: twice" "undefined symbol: missing" "undefined version NO" "\`required' not defined"; do
	assert_contains err.txt "$s"
done
[ ! -e lib.so ] || fail "output left"
fails link -shared -Wl,--require-defined=required a.o -o lib.so
[ ! -e lib.so ] || fail "output left"

# colours
esc=$(printf '\033')
color() { grep -q "$esc" err.txt; }
fails "$GILD" flood.o -o prog
! color || fail "colours in a file"
fails "$GILD" flood.o --color-diagnostics=always -o prog
color || fail "no colours when asked for"
fails "$GILD" flood.o --color-diagnostics=auto -o prog
! color || fail "colours in a file"
fails env CLICOLOR_FORCE=1 "$GILD" flood.o -o prog
color || fail "no colours with CLICOLOR_FORCE"
fails env CLICOLOR_FORCE=1 "$GILD" flood.o --no-color-diagnostics -o prog
! color || fail "colours though --no-color-diagnostics"
fails env CLICOLOR_FORCE=1 NO_COLOR=1 "$GILD" flood.o -o prog
! color || fail "colours with NO_COLOR"
if have script && script -qec 'test -t 2' /dev/null >/dev/null 2>&1; then # a terminal can be had
	TERM=xterm script -qec "$GILD flood.o -o prog" err.txt > /dev/null 2>&1 || :
	color || fail "no colours on a terminal"
	NO_COLOR=1 script -qec "$GILD flood.o -o prog" err.txt > /dev/null 2>&1 || :
	! color || fail "colours on a terminal with NO_COLOR"
fi
