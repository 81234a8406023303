#!/bin/bash
# Runs the fuzz programs: each on the files of tests/fuzz/corpus that are for it and on a few that the compiler makes,
# then on damaged copies of them.
#
#   tests/fuzz/run.sh [-b BUILD] [-n SHARE] [-s SEED] [PROGRAM...]
#
# BUILD (default: build) has been made with `make fuzz`, or with `make fuzz SAN=address,undefined BUILD=...`. SHARE
# (default 1) multiplies the number of inputs, some 60,000 of which take a few seconds without sanitizers. PROGRAM:
# link, object, ...; all of them if there is none. Prints a line for each: inputs, seconds, what was found. An input
# that ends a program stays in PROGRAM/crash-input of the current folder. The exit code is 1 then.
set -eu
source=$(cd "$(dirname "$0")" && pwd)
build=$source/../../build share=1 seed=1
while getopts b:n:s: option; do
	case $option in
	b) build=$OPTARG ;;
	n) share=$OPTARG ;;
	s) seed=$OPTARG ;;
	*) sed -n '2,/^set -eu/{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 2 ;;
	esac
done
shift $((OPTIND - 1))
build=$(realpath "$build") CC=${CC:-gcc}

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
# fuzz PROGRAM INPUTS FOLDER...: folders of the corpus, of the repository's or of the compiler's
fuzz() {
	local name=$1 inputs=$2 paths=() path began=$EPOCHREALTIME rc=0
	shift 2
	case " $programs " in *" $name "* | '  ') ;; *) return 0 ;; esac
	for path; do
		[ ! -d "$source/corpus/$path" ] || paths+=("$source/corpus/$path")
		[ ! -d "$corpus/$path" ] || paths+=("$corpus/$path")
	done
	local files
	files=$(find "${paths[@]}" -type f | wc -l)
	mkdir -p "$name"
	(cd "$name" && "${no_random[@]}" "$build/fuzz/fuzz_$name" -s "$seed" -n $((1 + inputs * share / files)) "${paths[@]}") \
		> "$name/said" 2>&1 || rc=$?
	local ms=$(((${EPOCHREALTIME/./} - ${began/./}) / 1000))
	printf '%-12s %s, %d.%d s\n' "$name" "$(tail -n 1 "$name/said")" $((ms / 1000)) $((ms % 1000 / 100))
	[ $rc -eq 0 ] || { found=1; tail -n 60 "$name/said"; }
}
programs=$*
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
fuzz link 1500 link object archive
exit $found
