#!/bin/bash
# Libraries and variables made to hurt the loader and `gild tree`: each is refused with a message, or looked at without a
# crash and without taking long.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"

cat > craft.pl <<'END'
# Makes ELF files for x86-64: elf(NAME, BYTES, PROGRAM HEADERS) puts the headers over the start of the bytes.
sub phdr { my ($type, $flags, $offset, $address, $file, $memory) = @_;
	return pack('LLQ6', $type, $flags, $offset, $address, $address, $file, $memory, 0x1000) }
sub headers { return "\x7fELF\x02\x01\x01" . "\0" x 9 . pack('SSLQQQLS6', 3, 62, 1, 0, 64, 0, 0, 64, 56, scalar @_, 64, 0, 0) . join('', @_) }
sub elf { my ($name, $bytes, @phdrs) = @_;
	my $start = headers(@phdrs);
	substr($bytes, 0, length $start) = $start;
	open(my $to, '>:raw', $name) or die;
	print $to $bytes }
sub dynamic { return pack('Q*', @_, 0, 0) }
# A library of one segment at address 0: its strings at 0x1000, then `more`, which begins at a multiple of 16; `tags` is
# called with the address of that.
sub library { my ($name, $strings, $more, $tags) = @_;
	my $bytes = "\0" x 0x1000 . $strings;
	$bytes .= "\0" x (-length($bytes) % 16);
	my $symbols = length $bytes;
	$bytes .= "\0" x 32;
	my $at = length $bytes;
	$bytes .= $more . "\0" x (-length($more) % 16);
	my $dynamic = dynamic(5, 0x1000, 10, length $strings, 6, $symbols, 11, 24, $tags->($at));
	my $where = length $bytes;
	$bytes .= $dynamic;
	elf($name, $bytes, phdr(1, 6, 0, 0, length $bytes, length $bytes), phdr(2, 6, $where, $where, length $dynamic, length $dynamic)) }
1;
END

# --- program headers that a later segment replaces by others, in the same page
perl -e 'require "./craft.pl";
my @good = (phdr(1, 4, 0, 0, 0x200, 0x200), phdr(1, 4, 0x1200, 0x200, 0x800, 0x800), phdr(2, 4, 0x1300, 0x300, 0x100, 0x100));
my @evil = (phdr(1, 4, 0, 0, 1 << 62, 1 << 62), phdr(1, 4, 0, 0, 0, 0), $good[2]);
my $bytes = "\0" x 0x3000;
my $other = headers(@evil);
substr($bytes, 0x1000, length $other) = $other;
my $dynamic = dynamic(5, 0x40000000, 10, 0x1000, 6, 0x40002000);
substr($bytes, 0x1300, length $dynamic) = $dynamic;
elf("replaced.so", $bytes, @good)'
expect_fail "$GILD" tree ./replaced.so
assert_contains messages "replaced.so: DT_STRTAB is outside of the object's memory"
expect_fail "$LDSO" --list ./replaced.so
assert_contains messages "replaced.so: DT_STRTAB is outside of the object's memory"

# --- a word of LD_DEBUG that begins as one that is known and is long
word=all$(head -c 60000 /dev/zero | tr '\0' x)
LD_DEBUG=$word "$LDSO" /bin/true 2> messages || fail "LD_DEBUG with a long word: exit code $?"
assert_contains messages "debug option \`allxxx"

# --- thread-local storage larger than an address space
echo '__thread int t = 3; int f(void) { return t; }' > lib.c
echo 'int f(void); int main(void) { return f() - 3; }' > main.c
link -shared -fPIC lib.c -o libt.so
link main.c ./libt.so -o main
"$LDSO" ./main || fail "the program with thread-local storage"
cp libt.so whole.so
cat > tls.pl <<'END'
# tls.pl IN OUT SIZE ALIGN: changes PT_TLS. As hexadecimal digits.
my ($in, $out, $size, $align) = @ARGV;
local $/;
open(my $from, '<:raw', $in) or die;
my $bytes = <$from>;
my ($phoff, $phnum) = (unpack('Q', substr($bytes, 32, 8)), unpack('S', substr($bytes, 56, 2)));
for (my $at = $phoff; $at < $phoff + 56 * $phnum; $at += 56) {
	substr($bytes, $at + 40, 16) = pack('LLLL', map { hex(substr($_, 8)), hex(substr($_, 0, 8)) } $size, $align)
		if unpack('L', substr($bytes, $at, 4)) == 7;
}
open(my $to, '>:raw', $out) or die;
print $to $bytes;
END
for wrong in 'ffffffffffffff00 0000000000000004' '7fffffffffffffff 0000000000000004' '0000000000000004 8000000000000000'; do
	# shellcheck disable=SC2086 # two words
	perl tls.pl whole.so libt.so $wrong
	expect_fail "$LDSO" ./main
	assert_contains messages "libt.so: PT_TLS is outside of the object's memory"
done
perl tls.pl whole.so libt.so 0000800000000000 0000000000000004
expect_fail "$LDSO" ./main

# --- names of files that may never end, or are never written to
mkfifo fifo
for name in /dev/zero "$PWD/fifo"; do
	NAME=$name perl -e 'require "./craft.pl"; library("endless.so", "\0$ENV{NAME}\0", "", sub { return (1, 1) })'
	expect_fail timeout 10 "$GILD" tree ./endless.so
	assert_contains messages "library $name, needed by ./endless.so: not a regular file"
done

# --- very many directories and names
perl -e 'require "./craft.pl";
my ($strings, @needed) = "\0";
for my $i (1 .. 300) { push @needed, 1, length $strings; $strings .= "l$i.so\0" }
my $runpath = length $strings;
$strings .= join(":", map { sprintf "/gone/%x", $_ } 1 .. 60000) . "\0";
library("folders.so", $strings, "", sub { return (29, $runpath, @needed) })'
expect_fail timeout 10 "$GILD" tree ./folders.so
assert_contains messages "library l300.so, needed by ./folders.so"

# --- names of versions: very long ones, and very many that all claim the same hash
# versions NAME STRINGS COUNT STEP: the names begin at 5 in the strings, STEP bytes from one to the next
versions() {
	NAME=$1 STRINGS=$2 COUNT=$3 STEP=$4 perl -e 'require "./craft.pl";
my $n = $ENV{COUNT};
my $more = pack("SSLLL", 1, $n, 1, 16, 0);
$more .= pack("LSSLL", 0x12345, 0, 2 + $_ % 32000, 5 + $_ * $ENV{STEP}, $_ < $n - 1 ? 16 : 0) for 0 .. $n - 1;
library($ENV{NAME}, "\0lib\0" . eval($ENV{STRINGS}), $more, sub { return (0x6ffffffe, $_[0], 0x6fffffff, 1) })'
}
versions long.so '"a" x 30000 . "\0"' 30000 1
expect_fail timeout 10 "$GILD" tree ./long.so
assert_contains messages "long.so: DT_VERNEED: an entry is outside of the object's memory, or its name is too long"
versions many.so 'join("", map { sprintf "%s%06d\0", "a" x 200, $_ } 1 .. 24000)' 24000 207
timeout 10 "$GILD" tree ./many.so > messages 2>&1 || fail "many versions: exit code $?"
