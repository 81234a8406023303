#!/bin/sh
# Unpacks binary packages of any Debian release for this processor into a folder, for tests that link against another system.
#
#   scripts/fetch-sysroot.sh SUITE DIR PACKAGE...
#
# SUITE is a name such as bullseye. The packages come from the mirror that the system's apt uses; apt verifies them with
# Debian's archive keys. What they depend on is not fetched. Absolute symbolic links are made relative. The packages are kept
# in ${XDG_CACHE_HOME:-~/.cache}/gild/sysroots/SUITE and used again without the network. Ends with exit code 1 and a message
# when there is no network, release, package or tool.
set -u
fail() { echo "fetch-sysroot: $*" >&2; exit 1; }

[ $# -ge 3 ] || { sed -n '2,9s/^# \{0,1\}//p' "$0"; exit 2; }
suite=$1 dir=$2
shift 2
case $suite in ''|*[!a-z0-9-]*) fail "not a release: $suite" ;; esac
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
for tool in apt-get dpkg-deb flock; do
	command -v $tool > /dev/null || fail "$tool is missing (Debian packages: apt, dpkg, util-linux)"
done
[ -e $keyring ] || fail "$keyring is missing (Debian package: debian-archive-keyring)"
mirror=$(cat /etc/apt/sources.list /etc/apt/sources.list.d/* 2>/dev/null | grep -v '^ *#' |
	grep -oE 'https?://[^ ]*/debian/?( |$)' | head -n 1 | tr -d ' ')
mirror=${mirror:-http://deb.debian.org/debian}

cache=${XDG_CACHE_HOME:-${HOME:?}/.cache}/gild/sysroots/$suite
mkdir -p "$cache/apt/lists/partial" "$cache/apt/cache/archives/partial" "$cache/packages" || fail "cannot make the folder $cache"
cache=$(cd "$cache" && pwd)
exec 9> "$cache/lock" && flock 9 || fail "cannot lock $cache/lock"
log=$(mktemp) || fail "cannot make a temporary file"
trap 'rm -f "$log"' EXIT

apt() {
	apt-get -q -o Dir::Etc::SourceList="$cache/apt/sources.list" -o Dir::Etc::SourceParts=/dev/null \
		-o Dir::State::Lists="$cache/apt/lists" -o Dir::Cache="$cache/apt/cache" -o Acquire::Retries=3 \
		-o Dir::State::Status=/dev/null -o Acquire::Languages=none -o APT::Sandbox::User="$(id -un)" "$@" > "$log" 2>&1 < /dev/null &&
		! grep -q '^E:' "$log" && return
	{ grep -E '^(E|W|Err):?' "$log" || tail -n 10 "$log"; } | sed 's/^/  /' >&2
	return 1
}

for package; do
	case $package in ''|*[!a-z0-9+.-]*) fail "not a package name: $package" ;; esac
	ls "$cache/packages/${package}"_*.deb > /dev/null 2>&1 && continue
	if [ ! -e "$cache/apt/updated" ]; then
		echo "deb [signed-by=$keyring] $mirror $suite main" > "$cache/apt/sources.list"
		apt -o APT::Update::Error-Mode=any update || fail "cannot read the package lists of $suite"
		touch "$cache/apt/updated"
	fi
	(cd "$cache/packages" && apt download "$package") || { rm -f "$cache/apt/updated"; fail "cannot fetch $package of $suite"; }
done
mkdir -p "$dir" || fail "cannot make the folder $dir"
for package; do
	dpkg-deb -x "$cache/packages/${package}"_*.deb "$dir" || fail "cannot unpack $package"
done
# Absolute links would lead out of the folder.
find "$dir" -type l -lname '/*' | while read -r link; do
	ln -snfr "$dir$(readlink "$link")" "$link" || exit 1
done || fail "cannot change the links in $dir"
