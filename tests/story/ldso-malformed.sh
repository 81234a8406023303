#!/bin/bash
# Damaged libraries are looked at (--list, ldd -r) without a crash and without an endless loop: either the list comes, or
# one error that names the file. SEED and ROUNDS choose the damage.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

echo '__thread int t = 3; int data = 5; int f(void) { return data + t; } int *p = &data;' > lib.c
echo 'int f(void); int main(void) { return f(); }' > main.c
echo 'V1 { global: f; data; local: *; };' > map
for style in gnu sysv; do
	link -shared -fPIC lib.c -Wl,--version-script=map -Wl,--hash-style=$style -Wl,-soname,libx.so -o $style.so
done
link main.c ./gnu.so -o main
mkdir damaged
cat > damage.pl <<'EOF'
# damage.pl IN OUT SEED: changes a few bytes of the headers and of the first and last 4 KB, or cuts the file off.
my ($in, $out, $seed) = @ARGV;
srand($seed);
local $/;
open(my $f, '<:raw', $in) or die;
my $bytes = <$f>;
my @values = (0, 1, 2**32, 0x1000, length($bytes));
for (1 .. (1, 1, 2, 4)[rand 4]) {
	my $at = int((rand(3) < 2) ? rand(0x900) : length($bytes) - rand(0x1800));
	if (rand(2) < 1) { substr($bytes, $at, 1) = chr(rand 256) }
	else { $at &= ~7; substr($bytes, $at, 8) = rand(3) < 1 ? "\xff" x 8 : pack('Q<', $values[rand @values]) }
}
$bytes = substr($bytes, 0, rand length $bytes) if rand(20) < 1;
open(my $g, '>:raw', $out) or die;
print $g $bytes;
EOF
SEED=${SEED:-1} ROUNDS=${ROUNDS:-300}
listed=0 refused=0
for ((i = 0; i < ROUNDS; i++)); do
	style=gnu
	[ $((i % 2)) = 0 ] || style=sysv
	perl damage.pl $style.so damaged/libx.so $((SEED * 100000 + i))
	rc=0
	timeout 20 env LD_LIBRARY_PATH=damaged LD_TRACE_LOADED_OBJECTS=1 LD_WARN=1 LD_BIND_NOW=1 LD_VERBOSE=1 "$LDSO" ./main > out 2>&1 || rc=$?
	case $rc in
	0) listed=$((listed + 1)) ;;
	127) refused=$((refused + 1)); grep -qa 'error while loading shared libraries: .*libx.so' out || { cat out; fail "round $i: no error that names the file"; } ;;
	*) cp damaged/libx.so "damaged/$i.so"; cat out; fail "round $i of seed $SEED: exit code $rc" ;;
	esac
done
echo "$listed listed, $refused refused"
[ $listed -gt 0 ] && [ $refused -gt 0 ]
