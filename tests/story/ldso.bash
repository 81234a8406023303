# For tests/story/ldso-*.sh: the loader ld-gild.so.1 beside the system's own.
# shellcheck shell=bash
#
# each_loader FUNCTION calls it in the folders system/ and gild/: what it builds there with `build` has the system's
# loader or ours as its interpreter. same_runs COMMAND runs a command in both folders and compares what it prints and
# its exit code.

LDSO=$(dirname "$GILD")/ld-gild.so.1
SYSTEM_LDSO=/lib64/ld-linux-x86-64.so.2

[ "$(uname -m)" = x86_64 ] || skip "the loader is for x86-64"
[ -e "$SYSTEM_LDSO" ] || skip "no $SYSTEM_LDSO: no glibc system"
"$LDSO" /bin/true 2> ldso-known || grep -q 'is not known' ldso-known || fail "$(cat ldso-known)"
! grep -q 'is not known' ldso-known || skip "this build of glibc is not one that the loader knows"

# build ARGS: gcc links with gild for the loader of this folder.   build++ ARGS: g++ does.
build() { link -Wl,--dynamic-linker="$interpreter" "$@"; }
build++() { link++ -Wl,--dynamic-linker="$interpreter" "$@"; }

each_loader() {
	local interpreter
	mkdir -p system gild
	interpreter=$SYSTEM_LDSO
	(cd system && "$@")
	interpreter=$LDSO
	(cd gild && "$@")
}

# Addresses, process numbers and the two paths that must differ.
normalize() { sed -E -e "s|$LDSO|$SYSTEM_LDSO|g" -e 's/0x[0-9a-f]{6,}/ADDRESS/g' -e 's/^ +[0-9]+:\t/PID:\t/' -e "s#$PWD/(system|gild)\b#HERE#g"; }

# in_both COMMAND: leaves what it prints, normalized, with the exit code in system.out and gild.out.
in_both() {
	local dir
	for dir in system gild; do
		(cd $dir && rc=0 && { "$@" 2>&1 || rc=$?; } && echo "exit code $rc") | normalize > $dir.out
	done
}
same_runs() {
	in_both "$@"
	diff system.out gild.out || fail "differs from the system's loader: $*"
}
# The same, and the command succeeds.
same_success() {
	same_runs "$@"
	[[ $(tail -n 1 gild.out) == *"exit code 0" ]] || { cat gild.out; fail "$*"; }
}
