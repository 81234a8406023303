#!/bin/sh
# Installs the Debian packages that gild's build and tests need, if they are missing.
#
#   scripts/setup.sh SET...      sets: build demo check long lint bench
#
# Says what it installs and why, one line each; says nothing when all is there.
set -u
cd "$(dirname "$0")/.." || exit 1

# SET  PACKAGE[|ALTERNATIVE...]  why; the first alternative is installed when there is none
packages() {
	cat <<-'END'
	build libc6-dev                     headers and start files of the C library
	build libxxhash-dev                 hashing (xxhash.h)
	build libiberty-dev                 C++ names in messages (libiberty.a)
	build zlib1g-dev                    compressed sections (zlib.h; libz is loaded when needed)
	build libzstd-dev                   compressed sections (zstd.h; libzstd is loaded when needed)
	demo  g++                           the C++ program of the demo
	check g++                           tests link C++ programs
	check clang|clang-14|clang-19       tests link what clang compiles
	check libcmocka-dev                 unit tests
	check binutils                      tests look at files with readelf, nm and objdump
	check elfutils                      tests check files with eu-elflint and eu-readelf
	check lld|lld-14|lld-19             tests compare with another linker
	check gdb                           tests debug linked programs
	check valgrind                      tests run linked programs under valgrind
	check mandoc                        tests check the manual page
	check util-linux                    setarch, for the sanitizer builds
	long  dpkg-dev                      unpacks source packages of real programs
	lint  clang-tidy|clang-tidy-14      make lint
	lint  cppcheck                      make lint
	bench libclang-19-dev               the links of clang and of debugging information
	bench llvm-19-dev                   the same
	END
	# A test that needs more says so in a line "# packages: NAME ...".
	for test in tests/story/*.sh tests/long/*.sh; do
		[ -e "$test" ] || continue
		case $test in tests/long/*) set=long ;; *) set=check ;; esac
		for package in $(sed -n 's/^# packages: *//p' "$test"); do echo "$set $package for $test"; done
	done
}

case " $* " in *" build "*|*" demo "*|*" check "*|*" long "*|*" lint "*|*" bench "*) ;; *) sed -n '2,6s/^# \{0,1\}//p' "$0"; exit 2 ;; esac

installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null | cut -c 1-9)" = installed ]; }

if ! command -v dpkg-query > /dev/null || ! command -v apt-get > /dev/null; then
	echo "setup: no Debian system, so nothing is installed here. Please see to it that these (by their Debian names) are there:"
	for set; do packages | awk -v set="$set" '$1 == set { sub(/^[^ ]+ +/, "  "); print }'; done
	exit 0
fi

missing='' whys=''
for set; do
	# Each line keeps its words: PACKAGES, then why.
	while read -r of alternatives why; do
		[ "$of" = "$set" ] || continue
		found='' first=${alternatives%%|*}
		for package in $(echo "$alternatives" | tr '|' ' '); do installed "$package" && found=yes; done
		case " $missing " in *" $first "*) found=yes ;; esac
		[ -n "$found" ] && continue
		missing="$missing $first"
		whys="$whys$(printf '  %-16s %s' "$first" "$why")
"
	done <<-END
	$(packages)
	END
done
[ -n "$missing" ] || exit 0

printf 'setup: installing what is missing:\n%s' "$whys"
as_root=''
if [ "$(id -u)" -ne 0 ]; then
	if ! command -v sudo > /dev/null; then
		printf 'setup: this needs root, and there is no sudo. Please run as root:\n\n  apt-get update && apt-get install -y --no-install-recommends%s\n\n' "$missing" >&2
		exit 1
	fi
	as_root='sudo DEBIAN_FRONTEND=noninteractive'
fi

log=$(mktemp) || exit 1
trap 'rm -f "$log"' EXIT
export DEBIAN_FRONTEND=noninteractive
apt() { # what apt-get says is shown only when it fails
	# shellcheck disable=SC2086 # $as_root is words
	$as_root apt-get -q -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" > "$log" 2>&1 < /dev/null
}
apt -o APT::Update::Error-Mode=any update || {
	echo "setup: apt-get update had problems; going on with what it got:" >&2
	grep -E '^(E|W|Err)' "$log" | head -n 5 | sed 's/^/  /' >&2
}
# shellcheck disable=SC2086 # $missing is words
apt install -y --no-install-recommends $missing || {
	echo "setup: apt-get could not install them. It said:" >&2
	{ grep -E '^(E|Err):?' "$log" || tail -n 15 "$log"; } | sed 's/^/  /' >&2
	printf 'setup: to see all of it, run:\n  %sapt-get install --no-install-recommends%s\n' "${as_root:+sudo }" "$missing" >&2
	echo "setup: (SETUP=no goes on without: make SETUP=no ...; tests that miss a tool are then skipped)" >&2
	exit 1
}
echo "setup: done"
