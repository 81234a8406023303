#!/usr/bin/env bash
# How the time of each pass grows with the number of symbols.
#
#   bench/growth.sh [MOST]      MOST: 10^5, 10^6 and so on up to so many symbols (default 10000000, which takes 2 GB of
#                               disk and of memory)
#
# Inputs are generated: files of 1,000 functions, each with a symbol, a section and a relocation (bench/big/make-objects.c).
# For each pass are printed the processor milliseconds for each number of symbols (the least of ROUNDS runs, 3 by default),
# the nanoseconds each symbol costs, and the exponent between the last two numbers: 1 is linear growth. A pass that takes less
# than 5 ms for the larger number has none.
set -eu -o pipefail
cd "$(dirname "$0")/.."
build=$(realpath "${BUILD:-build}") most=${1:-10000000} rounds=${ROUNDS:-3} folder=$(realpath -m "${BUILD:-build}")/growth
rm -rf "$folder"
mkdir -p "$folder"
trap 'rm -rf "$folder"' EXIT
"${CC:-cc}" -O2 -D_GNU_SOURCE -o "$folder/make-objects" bench/big/make-objects.c

sizes=()
for ((n = 100000; n <= most; n *= 10)); do
	mkdir "$folder/objects"
	"$folder/make-objects" "$folder/objects" $((n / 1000)) 1000
	seq -f "$folder/objects/f%.0f.o" 0 $((n / 1000 - 1)) > "$folder/args"
	sync # else the kernel writes them to the disk meanwhile
	for ((round = 0; round < rounds; round++)); do
		# The host of a virtual machine takes free memory away, and is slow to give it back: let it do so now.
		dd if=/dev/zero of=/dev/null iflag=fullblock bs=$((n * 600)) count=1 status=none
		"$build/gild" --stats -o "$folder/output" "@$folder/args" 2> "$folder/stats-$n-$round"
		"$folder/output"
	done
	sizes+=("$n")
	rm -rf "$folder/objects" "$folder/output"
done

for n in "${sizes[@]}"; do
	for ((round = 0; round < rounds; round++)); do sed -n "2,/^  total/s/^  /$n\t/p" "$folder/stats-$n-$round"; done
done | awk -F '\t' -v sizes="${sizes[*]}" '
	{
		name = substr($2, 1, 24); sub(/ +$/, "", name)
		split(substr($2, 25), field, " +"); ms = field[3]
		if (!(name in seen)) { seen[name] = ++n; names[n] = name }
		if (!(($1, name) in least) || ms < least[$1, name]) least[$1, name] = ms
	}
	END {
		k = split(sizes, size, " ")
		printf "%-24s", "processor ms of"
		for (i = 1; i <= k; i++) printf " %10d", size[i]
		printf "   ns a symbol:"
		for (i = 1; i <= k; i++) printf " %8.0e", size[i]
		printf "   exponent\n"
		for (p = 1; p <= n; p++) {
			name = names[p]
			printf "%-24s", name
			for (i = 1; i <= k; i++) printf " %10.1f", least[size[i], name]
			printf "               "
			for (i = 1; i <= k; i++) printf " %8.1f", least[size[i], name] * 1e6 / size[i]
			a = least[size[k - 1], name]; b = least[size[k], name]
			if (k > 1 && b >= 5 && a > 0) printf "   %8.2f", log(b / a) / log(10)
			print ""
		}
	}'
