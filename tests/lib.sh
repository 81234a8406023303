# For tests/story/*.sh and tests/long/*.sh:   . "$GILD_SRC/tests/lib.sh"
# shellcheck shell=bash
#
# A story compiles, links with gild, runs, and looks. It ends at the first command that fails.
set -eu -o pipefail

CLANG=${CLANG:-$(command -v clang clang-14 clang-15 clang-16 clang-19 | head -n 1 || :)}

# skip REASON: ends the test as skipped.
skip() { echo "$*"; exit 77; }

# fail MESSAGE: ends the test as failed.
fail() { echo "FAILED: $*" >&2; exit 1; }

# have TOOL...: are they all on PATH?      have eu-elflint || skip "no eu-elflint"
have() {
	local tool
	for tool; do command -v "$tool" > /dev/null || return 1; done
}

# link ARGS: gcc links with gild.           link++ ARGS: g++ does.
link() { "$CC" -B"$GILD_BIN" "$@"; }
link++() { "$CXX" -B"$GILD_BIN" "$@"; }

# clink ARGS: clang links with gild; skips the test without clang.
clink() {
	[ -n "$CLANG" ] || skip "no clang"
	"$CLANG" --ld-path="$GILD" "$@"
}

# each_compiler FUNCTION ARGS: calls it for gcc, and for clang if there is one. In it, "${compile[@]}" is the compiler
# alone and "${driver[@]}" the compiler that links with gild. Each call has a folder of its own.
each_compiler() {
	local compile=("$CC") driver=("$CC" -B"$GILD_BIN")
	mkdir -p with-gcc && (cd with-gcc && "$@")
	[ -n "$CLANG" ] || return 0
	compile=("$CLANG") driver=("$CLANG" --ld-path="$GILD")
	mkdir -p with-clang && (cd with-clang && "$@")
}

# has_sanitizer: is gild built with one?    limit_memory KB: no more addresses than that, for this shell and what it starts;
# nothing where a sanitizer needs terabytes.
has_sanitizer() { grep -qE '__(asan|tsan)_init' "$GILD"; }
limit_memory() { has_sanitizer || ulimit -v "$1"; }

# expect_fail COMMAND: it must fail with an error, not by a signal or a sanitizer. What it says goes to the file `messages`.
expect_fail() {
	local rc=0
	"$@" > messages 2>&1 || rc=$?
	[ $rc -ne 0 ] || fail "should have failed: $*"
	[ $rc -lt 128 ] && ! grep -qE 'terminated with signal|Sanitizer|runtime error:' messages ||
		{ cat messages; fail "crashed (exit code $rc): $*"; }
}

# assert_contains FILE TEXT, assert_lacks FILE TEXT: TEXT is no pattern.
assert_contains() { grep -qF -e "$2" "$1" || { cat "$1"; fail "$1 does not contain: $2"; }; }
assert_lacks() { ! grep -qF -e "$2" "$1" || { cat "$1"; fail "$1 contains: $2"; }; }

# assert_equal GOT WANTED
assert_equal() { [ "$1" = "$2" ] || fail "got '$1', wanted '$2'"; }

# watch_links: from here on GILD and GILD_BIN name a wrapper of the linker, and so do link, clink and "${driver[@]}". It notes
# what it made, so that a test of a large build can tell which files come from the linker under test.
watch_links() {
	watched=$PWD/watch-links
	mkdir -p "$watched"
	cat > "$watched/ld" <<-END
		#!/bin/bash
		depend=\$(mktemp "$watched/link.XXXXXX")
		"$GILD" "\$@" --dependency-file="\$depend" || { rc=\$?; rm -f "\$depend"; exit \$rc; }
		[ ! -s "\$depend" ] || { made=\$(sed -n '1s/^\([^:]*\):.*/\1/p' "\$depend") && sha256sum < "\$made" >> "$watched/sums"; }
		rm -f "\$depend"
	END
	chmod +x "$watched/ld"
	GILD=$watched/ld GILD_BIN=$watched
	export GILD GILD_BIN
}

# by_gild FILE...: fails unless each is what a watched link made, byte for byte.
by_gild() {
	local file
	for file; do
		[ -e "$file" ] || fail "there is no $file"
		grep -qxF "$(sha256sum < "$file")" "$watched/sums" || fail "$file does not come from the linker under test"
	done
}
