#!/bin/bash
# Damaged libraries and programs are looked at (--list, --verify, --tree, ldd -r) without a crash and without an endless
# loop: either the list comes, or one error that names the file. SEED and ROUNDS choose the random damage; besides, files are
# cut off at many places, and each entry of the dynamic section and each program header gets values that are wrong.
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
cat > wrong.pl <<'EOT'
# wrong.pl IN FOLDER: one file for each wrong value; prints how many.
my ($in, $folder) = @ARGV;
local $/;
open(my $f, '<:raw', $in) or die;
my $bytes = <$f>;
my $n = 0;
sub make { my ($changed) = @_; open(my $g, '>:raw', "$folder/" . $n++) or die; print $g $changed; }
my ($phoff, $phnum) = (unpack('Q<', substr($bytes, 32, 8)), unpack('S<', substr($bytes, 56, 2)));
my @values = (1, length($bytes) - 8, 2**31, "\xf8" . "\xff" x 7);
for my $i (0 .. $phnum - 1) {
	my $at = $phoff + 56 * $i;
	for my $field (8, 16, 32, 40) { # offset, address, file size, memory size
		for my $value (@values) {
			my $changed = $bytes;
			substr($changed, $at + $field, 8) = length($value) == 8 && $value !~ /^\d+$/ ? $value : pack('Q<', $value);
			make($changed);
		}
	}
	next unless unpack('L<', substr($bytes, $at, 4)) == 2; # PT_DYNAMIC
	my ($offset, $size) = unpack('Q<x16Q<', substr($bytes, $at + 8, 32));
	for (my $entry = $offset; $entry < $offset + $size; $entry += 16) {
		last unless unpack('Q<', substr($bytes, $entry, 8));
		for my $value (@values) {
			my $changed = $bytes;
			substr($changed, $entry + 8, 8) = length($value) == 8 && $value !~ /^\d+$/ ? $value : pack('Q<', $value);
			make($changed);
		}
	}
}
for (my $cut = 0; $cut < length($bytes); $cut += $cut < 0x400 ? 24 : 700) { make(substr($bytes, 0, $cut)); }
print $n;
EOT
# look ROUND OPTION PROGRAM: with a damaged library
listed=0 refused=0
look() {
	local rc=0
	timeout 20 env LD_LIBRARY_PATH=damaged LD_WARN=1 LD_BIND_NOW=1 LD_VERBOSE=1 "$LDSO" "$2" "$3" > out 2>&1 || rc=$?
	case $rc in
	0) listed=$((listed + 1)) ;;
	127) refused=$((refused + 1)); grep -aE 'error while loading shared libraries: ' out | grep -aE "libx.so|${3#./}" > /dev/null || { cat out; fail "$1: no error that names the file"; } ;;
	1|2) [ "$2" = --verify ] || [ "$2" = --tree ] || { cat out; fail "$1: exit code $rc of $2"; } ;;
	*) cat out; fail "$1: exit code $rc of $2 $3" ;;
	esac
}
for style in gnu sysv; do
	mkdir wrong
	n=$(perl wrong.pl $style.so wrong)
	for ((i = 0; i < n; i++)); do
		cp wrong/$i damaged/libx.so
		look "$style.so, wrong value $i" --list ./main
		[ $((i % 8)) != 0 ] || look "$style.so, wrong value $i" --tree ./main
		[ $((i % 8)) != 4 ] || look "$style.so, wrong value $i" --verify damaged/libx.so
	done
	rm -r wrong
done
rm damaged/libx.so
cp gnu.so damaged/libx.so
mkdir wrong
n=$(perl wrong.pl main wrong)
chmod +x wrong/*
for ((i = 0; i < n; i++)); do
	look "program, wrong value $i" --list ./wrong/$i
	[ $((i % 8)) != 0 ] || look "program, wrong value $i" --verify ./wrong/$i
done
echo "$listed looked at, $refused refused"
[ $listed -gt 0 ] && [ $refused -gt 0 ]

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
