#!/bin/bash
# The examples of docs/abi-checks.md: each runs as it stands there, and says what stands behind it.
set -eu
. "$GILD_SRC/tests/lib.sh"

# "```sh" blocks become N.sh, the "```text" block behind each N.text
awk '/^```sh$/ { n++; to = n ".sh"; next } /^```text$/ { to = n ".text"; next } /^```$/ { to = ""; next } to { print > to }' \
	"$GILD_SRC/docs/abi-checks.md"
mkdir bin
printf '#!/bin/sh\nexec %s -B%s "$@"\n' "$(command -v "$CC")" "$GILD_BIN" >bin/gcc
printf '#!/bin/sh\nexec %s -B%s "$@"\n' "$(command -v "$CXX")" "$GILD_BIN" >bin/g++
chmod +x bin/*
n=0
for text in *.text; do
	example=${text%.text}
	mkdir "$example"
	(cd "$example" && PATH=$OLDPWD/bin:$PATH bash -e "../$example.sh") >"$example.out" 2>&1 ||
		{ cat "$example.sh" "$example.out"; fail "example $example does not run"; }
	while read -r line; do
		assert_contains "$example.out" "$line"
	done <"$text"
	n=$((n + 1))
done
[ $n -ge 8 ] || fail "only $n examples"
