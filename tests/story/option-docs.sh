#!/bin/bash
# The manual page and the completions name every option that --help names, and no other.
set -eu
. "$GILD_SRC/tests/lib.sh"

"$GILD" --help >help
assert_contains help ": supported targets: elf64-x86-64"
assert_contains help ": supported emulations: elf_x86_64"
assert_contains help "no-whole-archive"
assert_lacks help "auto-import"

# "  -o FILE, --output FILE      name of ..." gives -o and --output,
# "  -z max-page-size=N          alignment ..." gives "-z max-page-size"
awk '/^  -/ {
	sub(/^  /, ""); sub(/  .*/, ""); n = split($0, spellings, /, */)
	for (i = 1; i <= n; i++) if (spellings[i] != "") {
		split(spellings[i], word, " ")
		name = word[1] == "-z" && word[2] != "KEYWORD" ? "-z " word[2] : word[1]
		sub(/[[=].*/, "", name)
		print name
	}
}' help | sort >in-help
[ "$(wc -l <in-help)" -gt 250 ] || fail "only $(wc -l <in-help) options in --help"
[ -z "$(uniq -d in-help)" ] || fail "twice in --help: $(uniq -d in-help)"

# ".It Fl o Ar file , Fl -output Ar file" below OPTIONS; the keywords of -z are ".It Cm now"
awk '/^\.Sh/ { options = $2 == "OPTIONS"; section = "" }
/^\.Ss/ { section = $0 }
options && section != "" && /^\.(It|Fl) / {
	for (i = 1; i < NF; i++) {
		sub(/^\./, "", $i)
		if ($i == "Fl") { sub(/^\\&/, "", $(i + 1)); print "-" $(i + 1) }
		if ($i == "Cm" && section ~ /-z/) print "-z " $(i + 1)
	}
}' "$GILD_SRC/docs/gild.1" | sort -u >in-manual

diff in-help in-manual >differences ||
	{ cat differences; fail "--help (<) and docs/gild.1 (>) do not name the same options"; }

for page in "$GILD_SRC"/docs/*.1; do
	! have mandoc || mandoc -Tlint -Wwarning "$page" >lint || { cat lint; fail "$page is not well formed"; }
done

# complete_words WORD...: what the completion offers for the last word, one a line
complete_words() {
	"$BASH" -c '
		. "$GILD_SRC/completions/gild.bash"
		compopt() { :; }
		COMP_WORDS=("$GILD" "$@") COMP_CWORD=$#
		_gild "$GILD"
		printf "%s\n" "${COMPREPLY[@]}"' complete "$@" | sort
}
offers() {
	local wanted=$1 got
	shift
	got=$(complete_words "$@" | tr '\n' ' ')
	[ "$got" = "$wanted" ] || fail "the completion offers '$got' for: $*"
}
touch some.o
offers "--no-as-needed " --no-as
offers "--as-needed " a.o --as
offers "separate-code " -z separate-c
offers "max-page-size= " -z max
offers "sha1 sha256 " --build-id = sha
offers "gnu " --hash-style g
offers "some.o " some
complete_words - | sed 's/=$//' | sort >completed
grep -v '^-z ' in-help | diff - completed || fail "the completion does not offer the same options as --help"

# the commands: their --help, their manual pages and the completion
for command in tree explain cache; do
	"$GILD" $command --help >help
	awk '/^  -/ { sub(/^  /, ""); sub(/  .*/, ""); n = split($0, spellings, /, */)
		for (i = 1; i <= n; i++) { sub(/[= ].*/, "", spellings[i]); print spellings[i] } }' help | sort >in-help
	awk '/^\.Sh/ { options = $2 == "OPTIONS" }
	options && /^\.It/ { for (i = 1; i < NF; i++) if ($i == "Fl") print "-" $(i + 1) }' "$GILD_SRC/docs/gild-$command.1" | sort >in-manual
	diff in-help in-manual >differences ||
		{ cat differences; fail "gild $command --help (<) and its manual page (>) do not name the same options"; }
	complete_words $command - | sed 's/=$//' | sort | diff in-help - || fail "the completion of gild $command"
	offers "$command " "${command%??}"
done
offers "--symbol= " explain --sym
