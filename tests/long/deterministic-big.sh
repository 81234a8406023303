#!/bin/bash
# The two big links of bench/run.sh, clang from all its static libraries and C++ with debugging information: the same
# bytes with 1, 2, 7 and 16 threads, three times each, in two folders, without and over an existing output. UNITS
# (default 12; `make bench` has 60) says how many units the second has.
# timeout: 7200
# packages: g++ libclang-19-dev llvm-19-dev zlib1g-dev libzstd-dev libxml2-dev libncurses-dev
set -eu
. "$GILD_SRC/tests/lib.sh"

llvm=/usr/lib/llvm-${LLVM:-19}
[ -e "$llvm/lib/libclangCodeGen.a" ] || skip "no static libraries of clang (package libclang-19-dev)"
libraries=(-Wl,--start-group "$llvm"/lib/*.a -Wl,--end-group -lz -lzstd -ltinfo -lxml2 -ldl -lpthread)
mkdir one two
"$CXX" -std=c++17 -O1 -fno-rtti -I"$llvm/include" -c -o one/compiler.o "$GILD_SRC/bench/big/compiler.cc"

# same NAME ARGS: that link, 24 times
same() {
	local name=$1 run threads folder n=0
	shift
	for run in 1 2 3; do
		for folder in one two; do
			for threads in 1 2 7 16; do
				[ $run -ne 2 ] || rm -f "$folder/output"
				(cd "$folder" && link++ "$@" -Wl,--threads=$threads,--build-id -o output)
				[ -e reference ] || cp "$folder/output" reference
				cmp "$folder/output" reference || fail "$name: --threads=$threads, run $run, folder $folder: another output"
				n=$((n + 1))
			done
		done
	done
	echo "$name: $n links, $(stat -c %s reference) bytes, all the same"
	rm -f reference one/output two/output
}
cp one/compiler.o two
same clang compiler.o "${libraries[@]}"
same "clang, --gc-sections --icf=all" compiler.o "${libraries[@]}" -Wl,--gc-sections,--icf=all,-z,pack-relative-relocs

JOBS=${JOBS:-1} bash "$GILD_SRC/bench/big/make-debug.sh" one "${UNITS:-12}"
ln one/[0-9]*.o one/main.o two
same debug main.o $(cd one && ls [0-9]*.o) "${libraries[@]}"
same "debug, --gdb-index" main.o $(cd one && ls [0-9]*.o) "${libraries[@]}" -Wl,--gdb-index,--compress-debug-sections=zlib
