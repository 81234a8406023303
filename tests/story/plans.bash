# Random plans: is a program the same program wherever its sections lie? Source after lib.sh.
#
#   build_plan_shuffle
#   any_plan 20 prog 7 "./prog arguments" link a.o b.o -lm   # makes and runs ./prog with 20 random plans; it exits with 7
# shellcheck shell=bash

build_plan_shuffle() {
	"$CC" -std=gnu17 -D_GNU_SOURCE -O1 "$GILD_SRC/tests/fuzz/plan_shuffle.c" -o plan_shuffle
	plan_shuffle=$PWD/plan_shuffle
	plans=$PWD/plans.txt # a line for each that was tried
	: > "$plans"
}

# behaviour COMMAND: its output and exit code.
behaviour() {
	local rc=0
	bash -c "$1" > behaviour.txt 2>&1 < /dev/null || rc=$?
	echo "exit code $rc" >> behaviour.txt
	cat behaviour.txt
}

# same_behaviour COMMAND FILE WHAT: it does what FILE says.
same_behaviour() {
	behaviour "$1" > now.txt
	cmp -s "$2" now.txt || { diff "$2" now.txt | head -n 20; fail "$3 behaves differently: $1"; }
}

# any_plan N OUTPUT CODE RUN LINK...: LINK -o OUTPUT makes a file; the shell command RUN, which ends with CODE, does the same
# with the linker's own plan, with that plan read back, and with N random ones. (SEED: the first one's seed.)
any_plan() {
	local n=$1 output=$2 code=$3 run=$4 seed
	shift 4
	"$@" -o "$output" -Wl,--plan-out="$output.plan" || fail "cannot link: $*"
	cp "$output" "$output.normal"
	behaviour "$run" > "$output.expected"
	[ "$(tail -n 1 "$output.expected")" = "exit code $code" ] || { cat "$output.expected"; fail "$output fails without a plan"; }

	"$@" -o "$output" -Wl,--plan-in="$output.plan",--plan-out="$output.again" || fail "$output: its own plan is rejected"
	cmp "$output.plan" "$output.again" || fail "$output: its own plan is not reproduced"
	cmp "$output.normal" "$output" || fail "$output: its own plan gives another file"

	for ((seed = ${SEED:-1}; seed < ${SEED:-1} + n; seed++)); do
		"$plan_shuffle" $seed < "$output.plan" > "$output.random"
		"$@" -o "$output" -Wl,--plan-in="$output.random",--plan-out="$output.again" || fail "$output: plan $seed is rejected"
		cmp -s <(sort "$output.random") <(sort "$output.again") || fail "$output: plan $seed is not reproduced"
		! cmp -s "$output.normal" "$output" || fail "$output: plan $seed changes nothing"
		same_behaviour "$run" "$output.expected" "$output with plan $seed"
		echo "$output $seed" >> "$plans"
	done
	cp "$output.normal" "$output"
}
