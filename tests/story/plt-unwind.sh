#!/bin/bash
# Unwind records for the PLT: from each instruction of .plt, .plt.got and .plt.sec the stack can be walked to the caller.
# --no-ld-generated-unwind-info leaves them out.
set -eu
. "$GILD_SRC/tests/lib.sh"

# The program runs its calls with the processor's trap flag set, and walks the stack after each instruction. Arguments:
# address ranges, as in the file. It prints how many instructions of each range it saw, and how many walks missed the
# caller.
cat >steps.c <<'END'
#define _GNU_SOURCE
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <ucontext.h>
#include <unwind.h>

extern char __executable_start[];
static struct { uintptr_t start, end; unsigned seen, lost; } ranges[4];
static int n;
static uintptr_t caller, caller_end;
static int found;

static _Unwind_Reason_Code frame(struct _Unwind_Context *context, void *data)
{
	(void)data;
	uintptr_t ip = _Unwind_GetIP(context);
	found |= ip >= caller && ip < caller_end;
	return _URC_NO_REASON;
}

static void trap(int signal, siginfo_t *info, void *context)
{
	(void)signal, (void)info;
	uintptr_t ip = (uintptr_t)((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	for (int i = 0; i < n; i++)
		if (ip >= ranges[i].start && ip < ranges[i].end) {
			found = 0;
			_Unwind_Backtrace(frame, 0);
			ranges[i].seen++;
			ranges[i].lost += !found;
		}
}

/* clock() twice: the first call is resolved, the second is not; time() also has its address taken */
time_t (*volatile address)(time_t *);
__attribute__((noinline, section("of_calls"))) void calls(void)
{
	__asm__ volatile("pushfq\n\torl $0x100, (%%rsp)\n\tpopfq" ::: "memory", "cc");
	clock();
	clock();
	time(0);
	__asm__ volatile("pushfq\n\tandl $~0x100, (%%rsp)\n\tpopfq" ::: "memory", "cc");
}
extern char __start_of_calls[], __stop_of_calls[];

int main(int argc, char **argv)
{
	struct sigaction action = {.sa_sigaction = trap, .sa_flags = SA_SIGINFO};
	uintptr_t base = (uintptr_t)__executable_start >= 0x500000 ? (uintptr_t)__executable_start : 0;
	for (; n + 1 < argc; n++) {
		ranges[n].start = base + strtoul(argv[n + 1], 0, 16);
		ranges[n].end = base + strtoul(strchr(argv[n + 1], '-') + 1, 0, 16);
	}
	caller = (uintptr_t)__start_of_calls;
	caller_end = (uintptr_t)__stop_of_calls;
	address = time;
	sigaction(SIGTRAP, &action, 0);
	calls();
	for (int i = 0; i < n; i++)
		printf("%s%u %u", i ? ", " : "", ranges[i].seen, ranges[i].lost);
	printf("\n");
	return 0;
}
END

# range SECTION: its addresses
range() {
	local address size
	read -r address size < <(readelf -SW steps | sed 's/^ *\[ *[0-9]*\] *//' | awk -v name="$1" '$1 == name { print $3, $5 }')
	[ -n "$address" ] || fail "no $1"
	printf '%x-%x' $((16#$address)) $((16#$address + 16#$size))
}

# Lazy binding: the first call takes 3 instructions of its entry (endbr64 is one more) and 2 of PLT0, the second call 1. Through
# .plt.got and .plt.sec each call takes 1, or 2 with endbr64.
check() { # FLAGS... -- SECTION:SEEN...
	local flags=() ranges=() wanted='' expected
	while [ "$1" != -- ]; do flags+=("$1"); shift; done
	shift
	"$CC" -O1 -fcf-protection=none "${compile_flags[@]}" -c steps.c
	link steps.o "${flags[@]}" -o steps
	for expected; do
		ranges+=("$(range "${expected%:*}")")
		wanted+="${wanted:+, }${expected#*:}"
	done
	assert_equal "$(./steps "${ranges[@]}")" "$wanted"
}
compile_flags=(-fno-pie)
check -no-pie -Wl,-z,lazy -- '.plt:11 0'
check -no-pie -Wl,-z,lazy,--no-ld-generated-unwind-info -- '.plt:11 11'
check -no-pie -Wl,-z,lazy,-z,ibtplt -- '.plt:10 0' '.plt.sec:6 0'
check -no-pie -Wl,-z,now -- '.plt:3 0'
compile_flags=(-fPIE)
check -pie -Wl,-z,lazy -- '.plt:6 0' '.plt.got:1 0'
check -pie -Wl,-z,lazy,-z,ibtplt -- '.plt:5 0' '.plt.sec:4 0' '.plt.got:2 0'

# The records as readelf shows them, and the index of them
compile_flags=(-fPIE)
"$CC" -fPIE -c steps.c
link steps.o -pie -Wl,-z,lazy -o steps
readelf --debug-dump=frames steps >frames 2>complaints
[ ! -s complaints ] || fail "readelf: $(cat complaints)"
for section in .plt .plt.got; do
	start=$(range $section)
	printf 'pc=%016x\n' $((16#${start%-*})) >pattern
	assert_contains frames "$(cat pattern)"
done
assert_contains frames "DW_OP_breg7 (rsp): 8; DW_OP_breg16 (rip): 0; DW_OP_lit15; DW_OP_and; DW_OP_lit11; DW_OP_ge; DW_OP_lit3; DW_OP_shl; DW_OP_plus"
size() { readelf -SW "$1" | awk '{ for (i = 1; i < NF; i++) if ($i == ".eh_frame_hdr") print $(i + 4) }'; }
link steps.o -pie -Wl,-z,lazy,--no-ld-generated-unwind-info -o without
assert_equal $((16#$(size steps) - 16#$(size without))) 16
readelf --debug-dump=frames without >frames
assert_lacks frames "DW_OP_breg16 (rip)"
