#!/bin/bash
# Runs the fuzz programs: each on the files of tests/fuzz/corpus that are for it and on a few that the compiler makes,
# then on damaged copies of them.
#
#   tests/fuzz/run.sh [-b BUILD] [-n SHARE | -t SECONDS] [-s SEED] [PROGRAM...]
#
# BUILD (default: build) has been made with `make fuzz`, or with `make fuzz SAN=address,undefined BUILD=...`; or with
# `make fuzz CC=clang SAN=fuzzer,address,undefined`: then libFuzzer looks for inputs that reach code that none before
# reached, and each program has a folder of them, PROGRAM/found, in the current folder, from which it goes on. SHARE
# (default 1) multiplies the number of inputs, some 60,000 of which take a few seconds without sanitizers. PROGRAM:
# link, object, ...; all of them if there is none. Prints a line for each: inputs, seconds, what was found.
#
# -t: each program runs for SECONDS in all, a minute at most at a time (with libFuzzer: ten), in turns, each turn with
# another seed. It goes on after a finding. A table comes last: program, inputs, seconds of the clock and of the
# processor, findings.
#
# An input that ends a program stays in PROGRAM/crash-input of the current folder, with -t in
# PROGRAM/crash-input-SEED, with libFuzzer in PROGRAM/{crash,leak,timeout,oom}-SUM, and what it said in PROGRAM/said-SEED.
# The exit code is 1 then.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
build=$source/../../build share=1 seed=1 seconds='' turn=60
while getopts b:n:s:t: option; do
	case $option in
	b) build=$OPTARG ;;
	n) share=$OPTARG ;;
	t) seconds=$OPTARG ;;
	s) seed=$OPTARG ;;
	*) sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
build=$(realpath "$build") CC=${CC:-gcc} guided=''
# libFuzzer begins with all that it found before: its turns are longer.
! "$build/fuzz/fuzz_note" -help=1 2>&1 | grep libFuzzer > /dev/null || guided=yes turn=600

# Files that a compiler makes.
corpus=$PWD/corpus
mkdir -p "$corpus"/{object,shared,archive,debug,loader}
cat > "$corpus/a.c" <<'END'
#include <stddef.h>
extern int puts(const char *);
__thread int here = 3;
extern __thread int other;
struct list { struct list *next; const char *name; enum kind { ONE, TWO } kind; union { long l; double d; } u; } list;
static const char *const names[] = {"one", "two", "twentyone"};
int common;
__attribute__((weak)) int weak(void);
__attribute__((constructor)) static void start(void) { here++; }
int f(struct list *l, int n) { for (; l; l = l->next) n += l->kind ? other : here; return weak ? weak() + puts(names[n % 3]) : n; }
END
for bits in 64 32; do
	"$CC" -m$bits -c -O1 -fPIC -ffunction-sections "$corpus/a.c" -o "$corpus/object/a$bits.o" 2> "$corpus/said" || continue
	"$CC" -m$bits -shared -nostdlib -O1 -fPIC "$corpus/a.c" -o "$corpus/shared/a$bits.so" -Wl,--hash-style=both \
		-Wl,--version-script=<(echo 'V1 { global: f; }; V2 { *; } V1;') 2> "$corpus/said" || :
done
# Small files for the loader: programs, filters, hash tables and thread-local variables of both kinds.
n=0
for options in "-shared -fPIC -nostdlib -Wl,-F,libm.so.6 -Wl,-f,libc.so.6" "-shared -fPIC -nostdlib -mtls-dialect=gnu2 -Wl,--hash-style=sysv" \
	"-pie -fPIE -DMAIN" "-no-pie -fno-pie -DMAIN -Wl,-z,lazy" "-shared -fPIC -Wl,-rpath,\$ORIGIN -Wl,-soname,libx.so"; do
	n=$((n + 1))
	echo '#include <stdio.h>
	int x = 1, *p = &x; static __thread int n = 3; int f(void) { return *p + n++; }
	#ifdef MAIN
	int main(void) { return puts("x") - f(); }
	#endif' > "$corpus/loader.c"
	# shellcheck disable=SC2086 # words
	"$CC" $options -O1 -s -Wl,-z,noseparate-code "$corpus/loader.c" -o "$corpus/loader/$n" 2> "$corpus/said" || :
done
"$CC" -c -O1 -g -gdwarf-4 -fdebug-types-section "$corpus/a.c" -o "$corpus/debug/4.o"
"$CC" -c -O1 -g -gdwarf-5 "$corpus/a.c" -o "$corpus/debug/5.o"
"$CC" -c -O1 -g -gz=zlib "$corpus/a.c" -o "$corpus/debug/compressed.o"
"$CC" -shared -nostdlib -O1 -fPIC -g "$corpus/a.c" -o "$corpus/debug/a.so"
(cd "$corpus/archive" && ar rcs regular.a ../object/*.o && ar rcsT thin.a ../object/*.o)

# The sanitizers of gcc 12 cannot place their shadow memory when the kernel randomises addresses by more than 28 bits.
no_random=()
! setarch -R true 2> "$corpus/said" || no_random=(setarch -R)

# What a program leaves behind is a finding: fuzz_link links thousands of times in one process.
export ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=1

found=0
declare -A inputs_of ms_of cpu_of found_by
# seconds MS
seconds() { printf '%d.%d' $(($1 / 1000)) $(($1 % 1000 / 100)); }

# run NAME ARGS...: adds to the figures of the program
run() {
	local name=$1 began=$EPOCHREALTIME rc=0 TIMEFORMAT='%3U %3S' user system
	shift
	mkdir -p "$name"
	{ time (cd "$name" && "${no_random[@]}" "$build/fuzz/fuzz_$name" "$@" > said 2>&1 < /dev/null); } 2> "$name/time" || rc=$?
	read -r user system < "$name/time"
	local inputs
	inputs=$(sed -n 's/^\(.* \)\{0,1\}\([0-9]*\) inputs.*/\2/p; s/^stat::number_of_executed_units: *//p' "$name/said" | tail -n 1)
	inputs_of[$name]=$((${inputs_of[$name]:-0} + ${inputs:-0}))
	ms_of[$name]=$((${ms_of[$name]:-0} + (${EPOCHREALTIME/./} - ${began/./}) / 1000))
	cpu_of[$name]=$((${cpu_of[$name]:-0} + 10#${user/./} + 10#${system/./}))
	[ $rc -eq 0 ] || { found=1 found_by[$name]=$((${found_by[$name]:-0} + 1)); tail -n 60 "$name/said"; }
	return $rc
}

# fuzz NAME INPUTS FOLDER...: folders of the corpus, of the repository's or of the compiler's
fuzz() {
	local name=$1 inputs=$2 paths=() path
	shift 2
	case " $programs " in *" $name "* | '  ') ;; *) return 0 ;; esac
	for path; do
		[ ! -d "$source/corpus/$path" ] || paths+=("$source/corpus/$path")
		[ ! -d "$corpus/$path" ] || paths+=("$corpus/$path")
	done
	local files
	files=$(find "${paths[@]}" -type f | wc -l)
	local now=$((seconds && seconds < turn ? seconds : turn))
	if [ -n "$guided" ]; then
		mkdir -p "$name/found"
		# Counting how rare a feature is takes longer than a link, which has 100,000 of them: not entropic. The names
		# of new functions would come from a symbolizer, through pipes: a script with /proc/self/fd/3 waits for them.
		local limit=(-max_total_time=$now)
		[ -n "$seconds" ] || limit=(-runs=$((inputs * share)))
		run "$name" "${limit[@]}" -seed="$seed" -entropic=0 -print_funcs=0 -timeout=60 -rss_limit_mb=2048 -print_final_stats=1 \
			found "${paths[@]}" || cp "$name/said" "$name/said-$seed"
	elif [ -n "$seconds" ]; then
		run "$name" -s "$seed" -n 200 -t $now "${paths[@]}" || mv "$name/crash-input" "$name/crash-input-$seed" || :
	else
		run "$name" -s "$seed" -n $((1 + inputs * share / files)) "${paths[@]}" || :
	fi
	[ -z "$seconds" ] || return 0
	local said
	said=$(tail -n 1 "$name/said")
	[ -z "$guided" ] || said="${inputs_of[$name]} inputs, $(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$name/said" | tail -n 1) places reached"
	printf '%-12s %s, %s s\n' "$name" "$said" "$(seconds "${ms_of[$name]}")"
}
fuzz_all() {
	fuzz archive 8000 archive
	fuzz eh_frame 8000 eh_frame object
	fuzz object 5000 object
	fuzz shared 1500 shared
	fuzz names 8000 names
	fuzz crel 8000 crel
	fuzz note 8000 note
	fuzz script 5000 script
	fuzz response 1500 response
	fuzz compressed 2000 compressed debug
	fuzz debug_line 3000 debug
	fuzz debug_info 3000 debug
	fuzz cache 1500 cache
	fuzz loader 1000 shared loader
	fuzz abi 600 debug abi
	fuzz link 1500 link object archive debug eh_frame
	fuzz layout 1500 layout
	fuzz verify 2000 shared loader
}
print_table() {
	local name all=0 all_ms=0 all_cpu=0
	printf '%-12s %12s %9s %9s %9s\n' program inputs seconds processor findings
	for name in "${!inputs_of[@]}"; do
		printf '%-12s %12d %9s %9s %9d\n' "$name" "${inputs_of[$name]}" "$(seconds "${ms_of[$name]}")" \
			"$(seconds "${cpu_of[$name]}")" "${found_by[$name]:-0}"
	done | sort
	for name in "${!inputs_of[@]}"; do
		all=$((all + ${inputs_of[$name]})) all_ms=$((all_ms + ${ms_of[$name]})) all_cpu=$((all_cpu + ${cpu_of[$name]}))
	done
	printf '%-12s %12d %9s %9s\n' all $all "$(seconds $all_ms)" "$(seconds $all_cpu)"
}

programs=$*
if [ -n "$seconds" ]; then
	[ "$seconds" -gt 0 ] || exit 2
	while [ "$seconds" -gt 0 ]; do
		fuzz_all
		seconds=$((seconds - turn)) seed=$((seed + 1))
		[ "$seconds" -le 0 ] || print_table > table
	done
	print_table
else
	fuzz_all
fi
exit $found
