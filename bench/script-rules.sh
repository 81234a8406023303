#!/usr/bin/env bash
# What thousands of rules for single files cost.
#
#   bench/script-rules.sh [PATTERNS]     default 5000
#
# Links a program of 2,000 objects in 100 archives, first with the default layout, then with linker scripts as the build
# systems of embedded programs make them: input section descriptions for single members ("*libx3.a:f31.*(.literal .text
# .literal.* .text.*)"), and EXCLUDE_FILE lists that name the same members. Prints the processor milliseconds of reading the
# script (with the options), of finding the rule of each section, and of the link (the least of ROUNDS runs, 5 by default).
set -eu -o pipefail
cd "$(dirname "$0")/.."
build=$(realpath "${BUILD:-build}") patterns=${1:-5000} rounds=${ROUNDS:-5} folder=$(realpath -m "${BUILD:-build}")/script-rules
rm -rf "$folder"
mkdir -p "$folder/objects"
trap 'rm -rf "$folder"' EXIT
"${CC:-cc}" -O2 -D_GNU_SOURCE -o "$folder/make-objects" bench/big/make-objects.c
"$folder/make-objects" "$folder/objects" 2000 100
cd "$folder"
for ((i = 0; i < 100; i++)); do
	seq -f 'objects/f%.0f.o' $((i * 20)) $((i * 20 + 19)) | xargs ar cr "libx$i.a"
done
archives=$(seq -f 'libx%.0f.a' 0 99)

# One output section takes `$1` members by name, the next one all others.
script() {
	local members
	echo 'SECTIONS { . = 0x400000 + SIZEOF_HEADERS;'
	if (($1)); then
		members=$(for ((i = 0; i < $1; i++)); do echo "*libx$((i % 2000 / 20)).a:f$((i % 2000)).*"; done)
		# shellcheck disable=SC2001 # one line for each
		echo ".fast : { $(sed 's/$/(.literal .text .literal.* .text.*)/' <<< "$members") }"
		echo ".slow : { *(EXCLUDE_FILE($members) .literal .text EXCLUDE_FILE($members) .literal.* .text.*) }"
	fi
	echo '.text : { *(.text .text.*) }'
	echo '. = ALIGN(0x1000); .rodata : { *(.rodata .rodata.*) } .eh_frame : { *(.eh_frame) }'
	echo '. = ALIGN(0x1000); .data : { *(.data .data.*) } .bss : { *(.bss .bss.* COMMON) } }'
}
script 0 > few.ld
script "$patterns" > many.ld

measure() {
	for ((round = 0; round < rounds; round++)); do
		# shellcheck disable=SC2086 # words
		"$build/gild" --threads=1 --stats -o out "$@" --whole-archive $archives 2> "stats-$round"
	done
	cat stats-* | awk '$1 == "total" || $1 == "options" || $1 == "classify" { if (!($1 in ms) || $3 < ms[$1]) ms[$1] = $3 }
		END { printf "%8.1f %10.1f %8.1f\n", ms["options"], ms["classify"], ms["total"] }'
}
printf '%-20s %8s %10s %8s\n' 'processor ms of' options classify total
printf '%-20s ' 'default layout'; measure
printf '%-20s ' 'a script'; measure -T few.ld
printf '%-20s ' "$patterns patterns"; measure -T many.ld
