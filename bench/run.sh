#!/usr/bin/env bash
# `make bench`: times gild against every other linker on PATH, the linkers alone.
#
#   bench/run.sh [CASE...]      cases: c-dynamic c-static cxx-dynamic gild
#
# Environment: BUILD (build), ROUNDS (21), CC, CXX. The linkers take turns within each round, so that a busy moment of the
# machine hurts all of them; how things are measured is told in bench/timer.c.
set -eu -o pipefail
cd "$(dirname "$0")/.."

source=$PWD build=$(realpath "${BUILD:-build}") cc=${CC:-cc} cxx=${CXX:-g++} rounds=${ROUNDS:-21}
cases=("$@")
[ $# -gt 0 ] || cases=(c-dynamic c-static cxx-dynamic gild)
out=$build/bench
rm -rf "$out"
mkdir -p "$out/capture"

"$cc" -D_GNU_SOURCE -O2 -Wall -o "$out/timer" bench/timer.c
"$cc" -O2 -c -o "$out/c.o" bench/hello.c
"$cxx" -O2 -c -o "$out/cxx.o" bench/hello.cc

# Every linker on PATH once, whatever it is called.
linkers=("$build/gild")
declare -A seen=([$(realpath "$build/gild")]=yes)
IFS=: read -ra folders <<< "$PATH"
for folder in "${folders[@]}"; do
	for linker in "$folder"/{ld.bfd,ld.gold,ld.lld,ld.lld-[0-9]*,mold,wild}; do
		[ -x "$linker" ] || continue
		real=$(realpath "$linker")
		[ -z "${seen[$real]:-}" ] || continue
		seen[$real]=yes
		linkers+=("$linker")
	done
done

# gcc -B makes the compiler call this in place of the linker: it keeps the command line.
cat > "$out/capture/ld" <<'END'
#!/bin/sh
printf '%s\0' "$@" > args
END
chmod +x "$out/capture/ld"

# try_case NAME COMMAND...: the compiler command that links the file `output`.
try_case() {
	local name=$1 linker usable=()
	shift
	mkdir "$out/$name"
	cd "$out/$name"
	# Without the LTO plugin, which not every linker loads: there is nothing for it to do here.
	"$@" -B"$out/capture" -fno-use-linker-plugin -o output
	for linker in "${linkers[@]}"; do
		if "$out/timer" -n 1 -w 0 -o output args "$linker" > log 2>&1 && "./output-${linker##*/}" --version > /dev/null 2>> log; then
			usable+=("$linker")
		else
			echo "  ${linker##*/} is left out: it cannot link this, or the result does not run: $(head -n 1 log)"
		fi
	done
	if [ ${#usable[@]} -gt 0 ]; then "$out/timer" -n "$rounds" -o output args "${usable[@]}"; fi
	cd "$source"
}

echo "$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), $(nproc) processors, load $(cut -d ' ' -f 1 /proc/loadavg), $rounds rounds"
for linker in "${linkers[@]}"; do printf '  %-12s %s\n' "${linker##*/}" "$("$linker" --version | head -n 1)"; done
for name in "${cases[@]}"; do
	case $name in
	c-dynamic) printf '\nhello, C, dynamic\n'; try_case $name "$cc" "$out/c.o" ;;
	c-static) printf '\nhello, C, static\n'; try_case $name "$cc" -static "$out/c.o" ;;
	cxx-dynamic) printf '\nhello, C++, dynamic\n'; try_case $name "$cxx" "$out/cxx.o" ;;
	gild) printf '\ngild itself\n'; try_case $name "$cc" "$build/obj/main.o" "$build/libgild.a" -pthread -liberty ;;
	*) echo "no such case: $name" >&2; exit 2 ;;
	esac
done
printf '\nMedians. A ratio below 1: gild needs less. It is the median of the ratios within each round.\n'
