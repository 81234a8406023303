#!/bin/bash
# Programs that count or trace what they run, by sections that their runtime finds through __start_ and __stop_ symbols: gcov,
# clang's profiles, guards of edges, XRay, MemorySanitizer and libFuzzer. With --gc-sections and without, in a program and in
# shared libraries, each of which has such sections of its own.
# packages: libclang-rt-14-dev llvm-14
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.c <<'END_C'
#include <stdio.h>
int lib(int);
static int twice(int n) { return 2 * n; }
int unused(int n) { return n; }
int main(int argc, char **argv)
{
	int sum = 0;
	for (int i = 0; i < 5; i++)
		sum += twice(i);
	if (argc > 1)
		sum += unused(sum);
	printf("%d\n", sum + lib(3));
	return 0;
}
END_C
cat >lib.c <<'END_C'
int lib(int n)
{
	if (n > 10)
		return 0;
	while (n < 7)
		n++;
	return n;
}
END_C
# all_kinds FLAGS...: makes prog and checks its output, for each kind of program; then calls `look`
all_kinds() {
	local kind more
	for kind in $DYNAMIC_KINDS; do
		for more in "" "-ffunction-sections -fdata-sections -Wl,--gc-sections -Wl,-z,start-stop-gc" with-library; do
			what="${driver[0]} $* $kind $more"
			rm -rf run
			mkdir run
			if [ "$more" = with-library ]; then
				"${driver[@]}" "$@" -fPIC -shared ../lib.c -o lib.so
				"${driver[@]}" "$@" $(cflags $kind) $(ldflags $kind) ../main.c ./lib.so -o prog
			else
				"${driver[@]}" "$@" $more $(cflags $kind) $(ldflags $kind) ../main.c ../lib.c -o prog
			fi
			same 27 "$(LLVM_PROFILE_FILE=run/%m.profraw XRAY_OPTIONS="$xray" ./prog)" "$what"
			look
		done
	done
}
xray=''
look_gcov() {
	gcov -t ./*main.gcda >main.gcov 2>gcov.txt || { cat gcov.txt; fail "$what: gcov"; }
	grep -qE '^ *5: *9:' main.gcov || { cat main.gcov; fail "$what: line 9 was not counted"; }
	grep -qE '^ *####?#?: *11:|^ *#####: *11:' main.gcov || fail "$what: line 11 was not run"
	gcov -t ./*lib.gcda | grep -E '^ *4: *6:' >/dev/null || fail "$what: the library's line 6 was not counted"
	rm -f ./*.gcda
}
look_profile() {
	"$profdata" merge -o run/all.profdata run/*.profraw
	local objects=(./prog)
	[[ $what != *with-library ]] || objects+=(-object ./lib.so)
	"$cov" show -instr-profile run/all.profdata "${objects[@]}" >shown.txt 2>&1 || { cat shown.txt; fail "$what: llvm-cov"; }
	grep -qE '^ *9\| *5\|' shown.txt && grep -qE '^ *11\| *0\|' shown.txt && grep -qE '^ *6\| *4\|' shown.txt ||
		{ cat shown.txt; fail "$what: wrong counts"; }
}
look_nothing() { :; }
gcc_kinds() {
	look() { look_gcov; }
	all_kinds --coverage -O0
}
clang_kinds() {
	look() { look_profile; }
	[ -z "$profdata" ] || all_kinds -fprofile-instr-generate -fcoverage-mapping -O0
	look() { look_nothing; }
	all_kinds -fsanitize=memory -O1
	xray="patch_premain=true xray_mode=xray-basic xray_logfile_base=run/xray."
	look() { [[ $what == *library* ]] || ls run/xray.* >/dev/null || fail "$what: no trace"; }
	all_kinds -fxray-instrument -fxray-instruction-threshold=1 -O1
	xray=''

	cat >guards.c <<-'END_C'
		#include <stdint.h>
		#include <stdio.h>
		int edges, hits;
		void __sanitizer_cov_trace_pc_guard_init(uint32_t *from, uint32_t *to) { if (!*from) for (; from < to; from++) *from = ++edges; }
		void __sanitizer_cov_trace_pc_guard(uint32_t *guard) { hits += *guard != 0; }
		__attribute__((destructor)) void report(void) { fprintf(stderr, "%d\n", edges >= 10 && hits >= 15); }
	END_C
	"${compile[@]}" -O1 -c guards.c
	look() { same 1 "$(./prog 2>&1 >/dev/null)" "$what: edges"; }
	for more in "" -Wl,--gc-sections; do
		"${driver[@]}" $more -fsanitize-coverage=trace-pc-guard -O0 ../main.c ../lib.c guards.o -o prog
		same 1 "$(./prog 2>&1 >/dev/null)" "guards $more"
	done

	cat >fuzz.c <<-'END_C'
		#include <stddef.h>
		#include <stdint.h>
		int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n) { if (n > 2 && data[0] == 'F' && data[1] == 'U' && data[2] == 'Z') __builtin_trap(); return 0; }
	END_C
	"${driver[@]}" -g -O1 -fsanitize=fuzzer,address fuzz.c -lstdc++ -lm -o fuzzer
	mkdir -p found
	if timeout 100 "${no_random[@]}" ./fuzzer -seed=1 -runs=2000000 -artifact_prefix=found/ >fuzz.txt 2>&1; then fail "libFuzzer found nothing"; fi
	grep -l '^FUZ' found/* >/dev/null || { tail fuzz.txt; fail "libFuzzer found something else"; }
}
no_random=()
! setarch -R true 2>/dev/null || no_random=(setarch -R)
compile=("$CC") driver=("$CC" -B"$GILD_BIN")
mkdir with-gcc
(cd with-gcc && gcc_kinds)
[ -n "$CLANG" ] || exit 0
compile=("$CLANG") driver=("$CLANG" --ld-path="$GILD")
version=$("$CLANG" -dumpversion)
profdata=$(command -v "llvm-profdata-${version%%.*}" || :) cov=llvm-cov-${version%%.*}
mkdir with-clang
(cd with-clang && clang_kinds)
