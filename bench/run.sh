#!/usr/bin/env bash
# `make bench`: times gild against other linkers, the linkers alone; how fast it reads debug information; and its loader
# against the system's.
#
#   bench/run.sh [CASE...]
#
# Cases:
#   c-dynamic c-static cxx-dynamic cxx-static   hello world
#   gild                                        gild itself
#   dwarf   reading the debug information of C++ and of gild itself, without linking
#   loader  programs that start under ld-gild.so.1 and under the system's loader (bench/loader.sh)
#   clang   a compiler from all static libraries of clang and LLVM: 310 archives, 585 MB in, 177 MB out
#   debug   60 units of C++ with debugging information: 1.4 GB in, 370 MB out (making them takes some 15 minutes of
#           processor time the first time, and 2 GB in build/bench-debug)
# The default is all but the last two; make bench B='clang debug' runs those.
#
# Environment: BUILD (build), ROUNDS (21; 7 for clang and debug; 400 for loader), CC, CXX, MOLD and LLD (more rivals, as paths), ONLY (names
# of rivals, as in the table: no others),
# VARIANTS='replace fresh gc-sections no-build-id one-cpu' (all of these by default): with an output of the last run to replace,
# without one, and, replacing, with --gc-sections, with --build-id=none, and on one processor.
#
# Rivals are MOLD, LLD and every other linker on PATH. The linkers take turns within each round, so that a busy moment of
# the machine hurts all of them; how things are measured is told in bench/timer.c.
set -eu -o pipefail
cd "$(dirname "$0")/.."

source=$PWD build=$(realpath "${BUILD:-build}") cc=${CC:-cc} cxx=${CXX:-g++} llvm=${LLVM:-19}
read -ra variants <<< "${VARIANTS:-replace fresh gc-sections no-build-id one-cpu}"
cases=("$@")
[ $# -gt 0 ] || cases=(c-dynamic c-static cxx-dynamic cxx-static gild dwarf loader)
out=$build/bench
rm -rf "$out"
mkdir -p "$out/capture"

"$cc" -D_GNU_SOURCE -O2 -Wall -o "$out/timer" bench/timer.c
"$cc" -O2 -c -o "$out/c.o" bench/hello.c
"$cxx" -O2 -c -o "$out/cxx.o" bench/hello.cc

# Every linker once, whatever it is called. Two of one name are told apart by links of other names.
linkers=("$build/gild")
declare -A seen=([$(realpath "$build/gild")]=yes)
add_linker() {
	local real
	[ -x "$1" ] || return 0
	[[ " ${ONLY:-${1##*/}} " == *" ${1##*/} "* ]] || return 0
	real=$(realpath "$1")
	[ -z "${seen[$real]:-}" ] || return 0
	seen[$real]=yes
	linkers+=("$1")
}
# A rival by path: its version becomes a part of its name, which begins as linkers of its kind are called.
name_linker() {
	[ -n "$1" ] || return 0
	[ -x "$1" ] || { echo "$1 is not a program" >&2; exit 2; }
	local version
	version=$("$1" --version | grep -o '[0-9][0-9.]*' | head -n 1)
	mkdir -p "$out/rivals"
	ln -s "$(realpath "$1")" "$out/rivals/$2-$version"
	add_linker "$out/rivals/$2-$version"
}
name_linker "${MOLD:-}" mold
name_linker "${LLD:-}" ld.lld
IFS=: read -ra folders <<< "$PATH"
for folder in "${folders[@]}"; do
	for linker in "$folder"/{ld.bfd,ld.gold,ld.lld,ld.lld-[0-9]*,mold,wild}; do add_linker "$linker"; done
done

# gcc -B makes the compiler call this in place of the linker: it keeps the command line.
cat > "$out/capture/ld" <<'END'
#!/bin/sh
printf '%s\0' "$@" > args
END
chmod +x "$out/capture/ld"

# variant_args VARIANT: the command line in `args`, changed.
variant_args() {
	case $1 in
	gc-sections) cat args; printf '%s\0' --gc-sections ;;
	no-build-id) cat args; printf '%s\0' --build-id=none ;;
	*) cat args ;;
	esac
}

# runs CASE PROGRAM: what was linked does its work.
runs() {
	case $1 in
	clang) "$2" -triple x86_64-linux-gnu -O2 -S "$out/main.c" -o "$out/hello.s" && grep -q main "$out/hello.s" ;;
	*) "$2" --version ;;
	esac
}

# try_case NAME ROUNDS COMMAND...: the compiler command that links the file `output`.
try_case() {
	local name=$1 rounds=${ROUNDS:-$2} linker variant usable how
	shift 2
	mkdir -p "$out/$name"
	cd "$out/$name"
	# Without the LTO plugin, which not every linker loads: there is nothing for it to do here.
	"$@" -B"$out/capture" -fno-use-linker-plugin -o output
	for variant in "${variants[@]}"; do
		variant_args "$variant" > "args-$variant"
		how=()
		[ "$variant" != one-cpu ] || how=(-c 1)
		[ "$variant" != fresh ] || how=(-f)
		usable=()
		for linker in "${linkers[@]}"; do
			rm -f "output-${linker##*/}"
			if "$out/timer" -n 1 -w 0 -o output "args-$variant" "$linker" > log 2>&1 && runs "$name" "./output-${linker##*/}" > /dev/null 2>> log; then
				usable+=("$linker")
			else
				echo "  ${linker##*/} is left out: it cannot link this, or the result does not run: $(head -n 1 log)"
			fi
		done
		printf '\n%s, %s: %s rounds\n' "$name" "$variant" "$rounds"
		if [ ${#usable[@]} -gt 0 ]; then "$out/timer" -n "$rounds" -w 1 "${how[@]}" -o output "args-$variant" "${usable[@]}"; fi
	done
	cd "$source"
}

# The static libraries of clang and LLVM, each in a group: their order does not matter.
llvm_libraries() {
	printf '%s\n' -Wl,--start-group "/usr/lib/llvm-$llvm"/lib/lib*.a -Wl,--end-group -lz -lzstd -ltinfo -lxml2 -ldl -lpthread
}
need_llvm() {
	[ "${SETUP:-yes}" = no ] || scripts/setup.sh bench
	[ -e "/usr/lib/llvm-$llvm/lib/libclangAST.a" ] || { echo "the static libraries of LLVM $llvm are not there" >&2; exit 2; }
}

dwarf() {
	"$cc" -std=gnu17 -D_GNU_SOURCE -O2 -Wall -Isrc -o "$out/dwarf" bench/dwarf.c "$build/libgild.a" -pthread
	"$cxx" -std=c++17 -g -O0 -c -o "$out/large-O0.o" bench/large.cc
	"$cxx" -std=c++17 -g -O2 -c -o "$out/large-O2.o" bench/large.cc
	printf '\nreading debug information: C++\n'
	"$out/dwarf" "$out"/large-O?.o
	printf '\nreading debug information: gild itself, C\n'
	"$out/dwarf" "$build/gild"
}

echo "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg)"
for linker in "${linkers[@]}"; do printf '  %-12s %s\n' "${linker##*/}" "$("$linker" --version | head -n 1)"; done
for name in "${cases[@]}"; do
	case $name in
	c-dynamic) try_case $name 21 "$cc" "$out/c.o" ;;
	c-static) try_case $name 21 "$cc" -static "$out/c.o" ;;
	cxx-dynamic) try_case $name 21 "$cxx" "$out/cxx.o" ;;
	cxx-static) try_case $name 21 "$cxx" -static "$out/cxx.o" ;;
	gild) try_case $name 21 "$cc" "$build/obj/main.o" "$build/libgild.a" -pthread -liberty ;;
	clang)
		need_llvm
		echo 'int main(void) { return 0; }' > "$out/main.c"
		"$cxx" -std=c++17 -O1 -fno-rtti -I"/usr/lib/llvm-$llvm/include" -c -o "$out/compiler.o" bench/big/compiler.cc
		mapfile -t libraries < <(llvm_libraries)
		try_case $name 7 "$cxx" "$out/compiler.o" "${libraries[@]}"
		;;
	debug)
		need_llvm
		LLVM=$llvm CXX=$cxx bench/big/make-debug.sh "$build-bench-debug" 60
		mapfile -t libraries < <(llvm_libraries)
		try_case $name 7 "$cxx" "$build-bench-debug/main.o" "$build-bench-debug"/[0-9]*.o "${libraries[@]}"
		;;
	dwarf) dwarf ;;
	loader) BUILD=$build OUT=$out/loader TIMER=$out/timer CC=$cc CXX=$cxx bench/loader.sh ;;
	*) echo "no such case: $name" >&2; exit 2 ;;
	esac
done
printf '\nMedians. A ratio below 1: gild needs less. It is the median of the ratios within each round.\n'
printf 'peak: the most memory resident, mapped files included; anon: sampled, without them.\n'
