#!/bin/bash
# docs/tour.md is true: its figures are those that its script makes now, it names every pass of src/ld/link.c, and its links lead somewhere.
# packages: xxd
set -eu
. "$GILD_SRC/tests/lib.sh"

docs=$GILD_SRC/docs tour=$GILD_SRC/docs/tour.md

# Links into the tree.
grep -oE '\]\([^)#]+' "$tour" | cut -c 3- | grep -v '^https:' | sort -u | while read -r path; do
	[ -e "$docs/$path" ] || fail "docs/tour.md links to $path, which is not there"
done

# The passes are what the phases of link.c call with nothing but the link.
sed -n '/^static bool read_inputs(/,/^bool link_run(/p' "$GILD_SRC/src/ld/link.c" | sed -nE 's/^\t+([a-z_0-9]+)\(link\);.*/\1/p' > passes
[ -s passes ] || fail "no passes found in src/ld/link.c"
while read -r pass; do
	grep -qF "\`$pass\`" "$tour" || fail "docs/tour.md does not mention the pass $pass of src/ld/link.c: add it where it belongs"
done < passes

# Figures.
reason=$("$docs/tour/generate.sh" --check) || skip "$reason"
"$docs/tour/generate.sh" now.md
diff -u "$tour" now.md || fail "docs/tour.md is out of date: run docs/tour/generate.sh, read what changed, and commit it"
