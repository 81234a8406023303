#!/bin/bash
# Every relocation type of i386, x86-64 and x32, against each kind of symbol, in each kind of output: GNU ld and gild take
# the same ones, and make the same of them. relocation-types.py says where gild differs, and why.
# packages: binutils python3
set -eu
. "$GILD_SRC/tests/lib.sh"
have ld.bfd python3 || skip "no ld.bfd to compare with"

for target in elf_i386 elf_x86_64 elf32_x86_64; do
	mkdir -p $target
	(cd $target && python3 "$GILD_SRC/tests/long/relocation-types.py" "$GILD" $target > found.txt) ||
		{ cat $target/found.txt; fail "$target: relocations differ from GNU ld's"; }
done
