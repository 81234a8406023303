# damage.pl IN OUT SEED: for tests that look at damaged files: a copy in which a few bytes of the beginning or the end differ, where
# headers and tables are, by chance or as a number that means something. Now and then it is cut off.
use strict;
use List::Util 'min';
my ($in, $out, $seed) = @ARGV;
srand($seed);
local $/;
open(my $f, '<:raw', $in) or die;
my $bytes = <$f>;
my $size = length $bytes;
my @values = (0, 1, 0x30, 0x1000, 0x7fffffff, 0xffffffff, 2**32, 2**40, $size, int rand $size);
for (1 .. (1, 1, 2, 4)[rand 4]) {
	my $at = rand(3) < 2 ? int rand min(0x900, $size) : $size - 1 - int rand min(0x1800, $size);
	my ($width, $kind) = @{([1, 'C'], [1, 'C'], [4, 'L<'], [8, 'Q<'])[rand 4]};
	$at -= $at % $width;
	next if $at + $width > $size;
	my $value = $width == 1 ? int rand 256 : rand(4) < 1 ? 2**(8 * $width) - 1 : $values[rand @values] % 2**(8 * $width);
	substr($bytes, $at, $width) = $width == 8 && $value >= 2**63 ? "\xff" x 8 : pack($kind, $value);
}
$bytes = substr($bytes, 0, rand $size) if rand(20) < 1;
open(my $g, '>:raw', $out) or die;
print $g $bytes;
