#!/usr/bin/env bash
# How long programs take to start under ld-gild.so.1 and under the system's loader: bench/run.sh loader.
#
# Environment: BUILD, CC, CXX, ROUNDS (400), OUT (a folder for what is built), TIMER (bench/timer.c, compiled), PROGRAMS (names of
# those below: no others).
#
# Both loaders are run as commands, in turns (see timer.c). Programs: `hello` in C and `hello-cxx` in C++; `libraries`, which
# needs 100 libraries that call each other; `relocations`, with 100,000 references to 20,000 symbols of one library; and what
# is there of large programs, with --version: true git python3 node gdb clang-14. 400 rounds of all take some three minutes.
# Besides wall time, processor time and memory: page faults, where `perf` is there, and system calls, where `strace` is.
# The last lines are a table with a line for each program: gild's loader by the system's; of faults and calls the numbers.
set -eu
ldso=$(realpath "$BUILD")/ld-gild.so.1 system=$(realpath /lib64/ld-linux-x86-64.so.2) source=$PWD
[ -x "$ldso" ] || { echo "no loader was built: it is for x86-64" >&2; exit 2; }
mkdir -p "$OUT"
cd "$OUT"
large=(true git python3 node gdb clang-14)
read -ra programs <<< "${PROGRAMS:-hello hello-cxx libraries relocations ${large[*]}}"

"$CC" -O2 -o hello "$source/bench/hello.c"
"$CXX" -O2 -o hello-cxx "$source/bench/hello.cc"

# Library n calls those of twice its number, and has 40 functions more that its data point to.
make_libraries() {
	local n k i libraries
	for ((n = 1; n <= 100; n++)); do
		{
			for k in $((2 * n)) $((2 * n + 1)); do
				[ $k -gt 100 ] || printf 'int library_%d(void);\nint (*next_%d)(void) = library_%d;\n' $k $k $k
			done
			for ((i = 0; i < 40; i++)); do printf 'int function_%d_of_library_%d(void) { return %d; }\n' $i $n $i; done
			printf 'int (*all[])(void) = {'
			for ((i = 0; i < 40; i++)); do printf 'function_%d_of_library_%d, ' $i $n; done
			printf '};\nint library_%d(void) { return all[3](); }\n' $n
		} > library.c
		"$CC" -shared -fPIC library.c -o liblibrary$n.so -Wl,-z,undefs
	done
	echo 'int library_1(void); int main(void) { return library_1() - 3; }' > main.c
	libraries=()
	for ((n = 1; n <= 100; n++)); do libraries+=("./liblibrary$n.so"); done
	"$CC" main.c -Wl,--no-as-needed "${libraries[@]}" -o libraries
}

make_relocations() {
	{
		printf '\t.data\n\t.globl table\ntable:\n'
		for ((n = 0; n < 100000; n++)); do printf '\t.quad symbol_of_the_library_number_%d\n' $((n * 7 % 20000)); done
	} > references.s
	for ((n = 0; n < 20000; n++)); do printf 'char symbol_of_the_library_number_%d;\n' $n; done > symbols.c
	"$CC" -shared -fPIC symbols.c -o libsymbols.so
	echo 'int main(void) { return 0; }' > main.c
	"$CC" main.c references.s -Wl,--no-as-needed ./libsymbols.so -Wl,-z,nocopyreloc -o relocations 2> /dev/null || "$CC" -pie main.c references.s -Wl,--no-as-needed ./libsymbols.so -o relocations
}

# The numbers of the last run, for the table.
table=()
# try NAME COMMAND...
try() {
	local name=$1 loader faults=() calls=()
	shift
	printf '%s\0' "$@" > args
	printf '\n%s\n' "$name"
	"$TIMER" -n "${ROUNDS:-400}" -w 5 args "$ldso" "$system" | tee times
	for loader in "$ldso" "$system"; do
		faults+=(-) calls+=(-)
		if command -v perf > /dev/null; then
			perf stat -x, -e page-faults -o faults "$loader" "$@" > /dev/null 2>&1 || :
			faults[-1]=$(sed -n 's/^\([0-9]*\),.*page-faults.*/\1/p' faults)
		fi
		if command -v strace > /dev/null; then
			strace -c -o calls "$loader" "$@" > /dev/null 2>&1 || :
			calls[-1]=$(awk '$NF == "total" { print $4 }' calls)
		fi
		printf '  %-20s %8s page faults %8s system calls\n' "${loader##*/}" "${faults[-1]}" "${calls[-1]}"
	done
	table+=("$(awk -v name="$name" -v faults="${faults[0]} / ${faults[1]}" -v calls="${calls[0]} / ${calls[1]}" 'NR == 2 { mine = $4 } NR == 3 {
		printf "%-20s %6s %10s %6s %9s %15s %15s", name, $(NF - 2), $(NF - 1), $NF, mine " / " $4, faults, calls }' times)")
}

for program in "${programs[@]}"; do
	case $program in
	libraries | relocations) make_$program && try $program ./$program ;;
	hello*) try $program ./$program ;;
	*) [ ! -x "/usr/bin/$program" ] || try "$program --version" "/usr/bin/$program" --version ;;
	esac
done
printf '\n%-20s %6s %10s %6s %9s %15s %15s\n' "gild / system" wall processor peak MiB "page faults" "system calls"
printf '%s\n' "${table[@]}"
