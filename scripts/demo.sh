#!/usr/bin/env bash
# `make demo`: gild links itself, twice, to the same bytes; then a C++ program and its shared library.
#
# Environment: BUILD (build), CC (cc), CXX (g++); LINKER: another linker to put in gild's place, to try this script.
set -eu -o pipefail
cd "$(dirname "$0")/.."

build=${BUILD:-build} cc=${CC:-cc} cxx=${CXX:-g++}
out=$build/demo
rm -rf "$out"
mkdir -p "$out"

if [ -t 1 ] && [ -z "${NO_COLOR:-}" ]; then bold=$'\e[1m' green=$'\e[32m' dim=$'\e[2m' red=$'\e[31m' plain=$'\e[0m'; else bold='' green='' dim='' red='' plain=''; fi
step() { printf '\n%s%s%s\n' "$bold" "$*" "$plain"; }
trap 'rc=$?; [ $rc -eq 0 ] || printf "%sdemo: failed here (exit code %d)%s\n" "$red" $rc "$plain"' EXIT

# run COMMAND...: shows it, runs it, keeps the time it took in $took.
run() {
	printf '  %s$ %s%s\n' "$dim" "${*//\$/\\\$}" "$plain"
	local began=$EPOCHREALTIME
	"$@"
	took=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
}
# made FILE: what the last command made.
made() { printf '  %s%s%s: %d KiB in %d ms\n' "$green" "$1" "$plain" $((($(stat -c %s "$1") + 1023) / 1024)) "$took"; }

# as_ld PROGRAM: a folder that holds it under the name ld, for gcc -B. It stays empty for the system's linker.
as_ld() {
	local folder=$out/ld-$1
	mkdir -p "$folder"
	[ "$1" = system ] || ln -sf "$(realpath "${LINKER:-$out/$1}")" "$folder/ld"
	echo "$folder"
}
objects=("$build/obj/main.o" "$build/libgild.a" -pthread -liberty)

step "1. gild, linked by the system's linker ($("$cc" -Wl,--version 2>/dev/null | head -n 1))"
run "$cc" -o "$out/gild-0" "${objects[@]}"
made "$out/gild-0"
echo "  $("$out/gild-0" --version | head -n 1)"
[ -z "${LINKER:-}" ] || echo "  (LINKER is set: $LINKER stands in for gild from here on)"

step "2. gild links itself: gcc -B FOLDER calls the program ld in that folder, which is gild"
run "$cc" -B"$(as_ld gild-0)" -o "$out/gild-1" "${objects[@]}"
made "$out/gild-1"

step "3. The gild that gild linked links itself again"
run "$cc" -B"$(as_ld gild-1)" -o "$out/gild-2" "${objects[@]}"
made "$out/gild-2"

step "4. Both are the same, byte for byte"
run cmp "$out/gild-1" "$out/gild-2"
echo "  ${green}identical${plain}, and what comes out is a linker: $("$out/gild-2" --version | head -n 1)"

ld=$(as_ld gild-2)
step "5. A C++ program and its shared library (demo/), linked by that gild"
run "$cxx" -std=c++17 -O2 -fPIC -c -o "$out/calc.o" demo/calc.cc
run "$cxx" -std=c++17 -O2 -c -o "$out/main.o" demo/main.cc
run "$cxx" -B"$ld" -shared -Wl,-soname,libcalc.so -o "$out/libcalc.so" "$out/calc.o"
made "$out/libcalc.so"
run "$cxx" -B"$ld" -pthread -Wl,-rpath,'$ORIGIN' -o "$out/calc" "$out/main.o" -L"$out" -lcalc
made "$out/calc"

step "6. It runs: threads, thread_local variables, exceptions thrown by the library and caught by the program"
run "$out/calc"

step "7. For comparison, the same program by the system's linker"
run "$cxx" -pthread -Wl,-rpath,'$ORIGIN' -o "$out/calc-system" "$out/main.o" -L"$out" -lcalc
made "$out/calc-system"

printf '\nTimes are those of the whole compiler command; %smake bench%s times the linkers alone. The files are in %s.\n' "$bold" "$plain" "$out"
