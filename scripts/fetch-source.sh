#!/bin/sh
# Unpacks the source of a Debian package, for tests that build real programs.
#
#   scripts/fetch-source.sh PACKAGE DIR [SUITE]
#
# DIR must not exist, or be empty. The source comes from the mirrors that the system's apt already uses, whose signatures
# apt verifies; the system's own lists and settings are neither needed in a deb-src form nor touched. SUITE is another
# release than this system's, on the same mirrors: trixie. What was fetched once is kept in
# ${XDG_CACHE_HOME:-~/.cache}/gild/sources/PACKAGE (PACKAGE@SUITE) and used again without the network; remove that folder for
# a newer version. Ends with exit code 1 and a message when there is no network, package or tool.
set -u
fail() { echo "fetch-source: $*" >&2; exit 1; }

[ $# -eq 2 ] || [ $# -eq 3 ] || { sed -n '2,10s/^# \{0,1\}//p' "$0"; exit 2; }
package=$1 dir=$2 suite=${3:-}
case $package in ''|*[!a-z0-9+.-]*) fail "not a package name: $package" ;; esac
case $suite in *[!a-z0-9-]*) fail "not the name of a suite: $suite" ;; esac
kept=$package${suite:+@$suite} lists=apt${suite:+-$suite}
for tool in apt-get dpkg-source flock; do
	command -v $tool > /dev/null || fail "$tool is missing (Debian packages: apt, dpkg-dev, util-linux)"
done
[ ! -e "$dir" ] || rmdir "$dir" 2>/dev/null || fail "$dir exists and is not an empty folder"

cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/gild/sources
mkdir -p "$cache" && cache=$(cd "$cache" && pwd) || fail "cannot make the folder $cache"
exec 9> "$cache/lock" && flock 9 || fail "cannot lock $cache/lock"
log=$(mktemp) && tmp=$(mktemp -d "$cache/tmp.XXXXXX") || fail "cannot make a temporary file"
trap 'rm -rf "$tmp" "$log"' EXIT
trap 'exit 1' INT TERM

# The system's Debian mirrors as deb-src lines. Both forms of source lists are read (sources.list(5)): one-line
#   deb [signed-by=F] URI SUITE COMPONENT...
# and deb822 stanzas with Types:, URIs:, Suites:, Components:, Signed-By: fields. Other people's archives are left out: their
# suites do not begin with the release's name.
deb_src_lines() {
	release=$(. /etc/os-release && echo "${VERSION_CODENAME:-}")
	for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
		[ -e "$file" ] && sed -n 's/^[[:space:]]*deb\(-src\)\{0,1\}[[:space:]]\{1,\}/deb-src /p' "$file"
	done | awk -v release="$release" '{
		at = 2
		if ($2 ~ /^\[/) while ($at !~ /\]$/ && at < NF) at++
		suite = at + ($2 ~ /^\[/ ? 2 : 1)
		if (index($suite, release) == 1 && $0 ~ / main( |$)/) print
	}'
	for file in /etc/apt/sources.list.d/*.sources; do
		[ -e "$file" ] && { sed '/^#/d' "$file"; echo; }
	done | awk -v release="$release" -v RS= -F '\n' '{
		split("", field)
		for (i = 1; i <= NF; i++) {
			if ($i !~ /^[ \t]/) { name = tolower($i); sub(/:.*/, "", name); sub(/^[^:]*:[ \t]*/, "", $i) }
			field[name] = field[name] " " $i
		}
		if (field["types"] !~ /deb/ || field["enabled"] ~ /no/ || field["components"] !~ /main/) next
		key = field["signed-by"]; gsub(/[ \t]/, "", key)
		n = split(field["uris"], uris, " "); m = split(field["suites"], suites, " ")
		for (i = 1; i <= n; i++) for (j = 1; j <= m; j++) if (index(suites[j], release) == 1)
			print "deb-src " (key ~ /^\// ? "[signed-by=" key "] " : "") uris[i], suites[j], "main"
	}'
}

apt_tool() {
	tool=$1
	shift
	"$tool" -q -o Dir::Etc::SourceList="$cache/$lists/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$cache/$lists/lists" -o Dir::Cache="$cache/$lists/cache" -o Acquire::Retries=3 \
		-o APT::Sandbox::User="$(id -un)" "$@" < /dev/null
}
apt() { apt_tool apt-get "$@" > "$log" 2>&1 && ! grep -q '^E:' "$log"; }
apt_failed() {
	echo "fetch-source: $1. apt-get said:" >&2
	{ grep -E '^(E|W|Err):?' "$log" || tail -n 10 "$log"; } | sed 's/^/  /' >&2
	exit 1
}

if [ ! -d "$cache/$kept" ]; then
	mkdir -p "$cache/$lists/lists/partial" "$cache/$lists/cache/archives/partial"
	if [ -n "$suite" ]; then
		deb_src_lines | sed -n "s/ $(. /etc/os-release && echo "${VERSION_CODENAME:-}") main.*/ $suite main/p"
	else
		deb_src_lines
	fi | sort -u > "$tmp/sources.list"
	[ -s "$tmp/sources.list" ] || fail "no Debian mirror in /etc/apt/sources.list or /etc/apt/sources.list.d"
	# Lists of the same mirrors serve for a day.
	if ! cmp -s "$tmp/sources.list" "$cache/$lists/sources.list" || [ -z "$(find "$cache/$lists/updated" -mtime -1 2>/dev/null)" ]; then
		cp "$tmp/sources.list" "$cache/$lists/sources.list"
		rm -f "$cache/$lists/updated"
		apt -o APT::Update::Error-Mode=any update || apt_failed "cannot read the source lists of the mirror"
		touch "$cache/$lists/updated"
	fi
	# The newest version first; a mirror that is being updated may lack its files, and then an older one serves.
	versions=$(apt_tool apt-cache showsrc --only-source "$package" 2> "$log" | sed -n 's/^Version: *//p' | sort -ruV)
	[ -n "$versions" ] || apt_failed "the mirror has no source package $package"
	fetched=''
	for version in $versions; do
		rm -rf "$tmp/files" && mkdir "$tmp/files"
		(cd "$tmp/files" && apt source --download-only --only-source "$package=$version") && fetched=yes && break
	done
	[ -n "$fetched" ] || apt_failed "cannot fetch the source package $package"
	mv "$tmp/files" "$cache/$kept"
fi
exec 9>&- # others may fetch while this one unpacks

dpkg-source --no-copy -x "$cache/$kept"/*.dsc "$dir" > "$log" 2>&1 || {
	tail -n 5 "$log" >&2
	fail "cannot unpack $cache/$kept (remove that folder to fetch it again)"
}
