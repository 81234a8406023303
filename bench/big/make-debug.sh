#!/usr/bin/env bash
# Makes the objects of the debug link in FOLDER: COUNT units of C++ with -g, some 30 MB each.
#
#   bench/big/make-debug.sh FOLDER [COUNT]
#
# Environment: CXX (g++), JOBS (all processors), LLVM (19: Debian package libclang-19-dev). What is there is kept.
set -eu
folder=$(realpath -m "$1") count=${2:-48} cxx=${CXX:-g++} llvm=/usr/lib/llvm-${LLVM:-19}
cd "$(dirname "$0")"
mkdir -p "$folder"
flags=(-std=c++17 -O0 -g -fno-rtti "-I$llvm/include" "-I$folder")
if [ ! -e "$folder/visitor.h.gch" ]; then
	cp visitor.h "$folder/"
	"$cxx" "${flags[@]}" -x c++-header -o "$folder/visitor.h.gch" "$folder/visitor.h"
fi
cp visitor.cc "$folder/unit.cc"

compile() {
	local number=$1
	shift
	[ -e "$number.o" ] || { "$@" -DUNIT="$number" -c -o "$number.o.tmp" unit.cc && mv "$number.o.tmp" "$number.o"; }
}
export -f compile
cd "$folder"
seq "$count" | xargs -P "${JOBS:-$(nproc)}" -I N bash -c 'compile "$@"' - N "$cxx" "${flags[@]}"

# A main() that calls them all.
{
	echo 'namespace clang { class Decl; }'
	for ((i = 1; i <= count; i++)); do echo "unsigned count$i(clang::Decl *);"; done
	echo 'int main(int argc, char **) { unsigned sum = 0; if (argc < 2) return 0;'
	for ((i = 1; i <= count; i++)); do echo "sum += count$i(nullptr);"; done
	echo 'return (int)sum; }'
} > main.cc
"$cxx" -c -o main.o main.cc
