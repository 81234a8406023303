#!/bin/bash
# What tests/run --as verify and --as repeat put in the place of the linker:
#
#   after-link.sh verify|repeat LINKER FINDINGS [ARGS...]
#
# Links as LINKER ARGS does. When that succeeds,
#   verify   the same link checks what it wrote (--verify-output=OUTPUT);
#   repeat   the program $RELINK (tests/relink.c) makes the output again with 1, 2, 7 and 16 threads, in two other folders, three
#            times each, without and over an existing output: the bytes must be the same.
# What is wrong goes to the file FINDINGS, and the exit code is 99; FINDINGS.none has a line for each link that is right.
mode=$1 linker=$2 findings=$3
shift 3
[ $# -ne 0 ] || exec "$linker"
[ "${linker##*/}" != gild ] || case $1 in tree | explain | cache | abi) exec "$linker" "$@" ;; esac

scratch=$(mktemp -d "${TMPDIR:-/tmp}/after-link.XXXXXX") || exit 99
child=
trap 'rm -rf "$scratch"' EXIT
trap '[ -z "$child" ] || kill -TERM $child; wait; exit 143' TERM
trap '[ -z "$child" ] || kill -INT $child; wait; exit 130' INT
# An option of the test's own stands behind this one and counts; then nothing more is known of the link.
"$linker" --dependency-file="$scratch/depend" "$@" <&0 &
child=$!
wait $child
rc=$?
child=
[ $rc -eq 0 ] && [ -s "$scratch/depend" ] || exit $rc
output=$(sed -n '1s/^\(.*\): .*/\1/p;1s/^\(.*\):$/\1/p' "$scratch/depend" | sed 's/\\ / /g')
[ -f "$output" ] || exit 0

wrong() {
	{ echo "$1"; shift; printf '  %q' "$linker" "$@"; echo; cat "$scratch/said"; } >> "$findings"
	exit 99
}
right() { echo "$output" >> "$findings.none"; }

if [ "$mode" = verify ]; then
	# The link itself may fail this time: an input that was a pipe is empty.
	timeout 300 "$linker" "$@" --verify-output="$output" < /dev/null > "$scratch/said" 2>&1 && right ||
		! grep -F -- "gild: error: $output: " "$scratch/said" > /dev/null ||
		wrong "$PWD/$output does not pass --verify-output:" "$@"
	exit 0
fi

# What else the link writes goes elsewhere.
more=() args=" $* "
case $args in *uuid* | *' --verify-output='*) exit 0 ;; esac
for word; do
	case $word in - | */dev/stdin | */dev/fd/*) exit 0 ;; esac # what can be read once
	[ ! -p "$word" ] || exit 0
done
for option in -Map --Map --plan-out --print-gc-sections --time-trace --print-icf-sections; do
	case $args in *" $option="*) more+=("$option=$scratch/more") ;; esac
done
[ ! -L "$output" ] || output=$(realpath "$output")
for word; do # its name is in the output
	case $word in --separate-debug-file=*) more+=("--separate-debug-file=$scratch/${word##*[/=]}") ;; esac
done
case $args in *' -Map '* | *' -M '* | *' --print-map '*) more+=("-Map=$scratch/more") ;; esac
"$RELINK" "$output" "$scratch" "$scratch/said" "$linker" "$@" "${more[@]}" --dependency-file="$scratch/depend" > "$scratch/why" ||
	wrong "$PWD/$output: $(cat "$scratch/why")" "$@"
right
