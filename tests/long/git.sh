#!/bin/bash
# Debian's git links and passes its basic tests, t0000 to t0020.
# timeout: 2400
# packages: dpkg-dev make zlib1g-dev libssl-dev perl
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/long/project.bash"

# run_tests NAME SCRIPT...: the scripts that fail, in NAME.failed
run_tests() {
	local name=$1 script
	shift
	: >"../$name.failed"
	for script; do
		(cd t && timeout 600 sh "./$script" --root="$PWD/../trash-$name" </dev/null) >"../$name-$script.txt" 2>&1 || echo "$script" >>"../$name.failed"
	done
}

each() {
	local scripts
	make_cc
	cp -r ../source build
	cd build
	local options=(-j2 CC="$cc" CFLAGS="-O1 -g" DEFAULT_TEST_TARGET=test OPENSSL_SHA1=1
		NO_CURL=1 NO_EXPAT=1 NO_GETTEXT=1 NO_TCLTK=1 NO_PYTHON=1 NO_INSTALL_HARDLINKS=1)
	logged make make "${options[@]}" all
	by_gild git git-daemon git-shell t/helper/test-tool
	scripts=$(cd t && ls t000[0-9]-*.sh t001[0-9]-*.sh t0020-*.sh)
	# shellcheck disable=SC2086 # words
	run_tests ours $scripts
	if [ -s ../ours.failed ]; then
		# what fails must fail with the system's linker, too
		rm git t/helper/test-tool
		LINKER=system logged make-system make "${options[@]}" git t/helper/test-tool
		# shellcheck disable=SC2046 # words
		run_tests system $(cat ../ours.failed)
		! grep -vxFf ../system.failed ../ours.failed || fail "these tests fail: $(cat ../ours.failed)"
	fi
	echo "$(grep -hc '^ok ' ../ours-*.txt | awk '{ n += $1 } END { print n }') tests passed"
}

fetch git
watch_links
each_compiler each
