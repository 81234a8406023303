#!/bin/bash
# docs/abi.md is true: its examples print what it says they print, and its links lead somewhere.
set -eu
. "$GILD_SRC/tests/lib.sh"

docs=$GILD_SRC/docs
grep -oE '\]\([^)#]+' "$docs/abi.md" | cut -c 3- | grep -v '^https:' | sort -u | while read -r path; do
	[ -e "$docs/$path" ] || fail "docs/abi.md links to $path, which is not there"
done
[ "$(gcc -dumpversion)" = 12 ] || skip "the examples are those of gcc 12"
[ "$(uname -m)" = x86_64 ] || skip "the examples are those of x86-64"
"$docs/abi/generate.sh" "$GILD" >now.md
diff -u "$docs/abi.md" now.md || fail "docs/abi.md is out of date: run docs/abi/generate.sh, read what changed, and commit it"
