#!/bin/bash
# Debian's static busybox links, its own tests pass, and every applet starts; the same objects as a dynamic program with
# --gc-sections pass them as well.
# timeout: 2700
# packages: dpkg-dev make bzip2 zip
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/long/project.bash"

export SKIP_KNOWN_BUGS=y SKIP_INTERNET_TESTS=y SHELL=/bin/sh ECHO=/bin/echo
# try_suite NAME TEST...: what fails with this busybox, in NAME.failed
try_suite() {
	local name=$1
	shift
	(cd testsuite && ./runtest "$@" </dev/null) >"../$name.txt" 2>&1 || :
	grep '^FAIL:' "../$name.txt" >"../$name.failed" || :
}
# suite NAME LEAST TEST...: at least so many pass. What fails also fails with the program that the system's linker makes.
suite() {
	local name=$1 least=$2 passed
	shift 2
	try_suite "$name" "$@"
	passed=$(grep -c '^PASS:' "../$name.txt" || :)
	[ "$passed" -ge "$least" ] || { tail ../"$name.txt"; fail "$name: only $passed tests passed"; }
	if [ -s "../$name.failed" ]; then
		cp busybox ../busybox-ours
		rm busybox_unstripped
		LINKER=system logged make-system make CC="$cc" busybox_unstripped
		cp busybox_unstripped busybox
		try_suite "$name-system" "$@"
		! grep -vxFf "../$name-system.failed" "../$name.failed" || fail "$name: these tests fail"
		cp ../busybox-ours busybox
	fi
	echo "$name: $passed tests passed"
}

each() {
	local applet command
	make_cc
	cp -r ../source build
	cd build
	cat debian/config/os/linux debian/config/pkg/static >.config
	{ yes '' 2>/dev/null || :; } | logged configure make oldconfig HOSTCC="$CC" CC="$cc"
	logged make make -j2 CC="$cc" HOSTCC="$CC" busybox_unstripped
	by_gild busybox_unstripped
	if readelf -lW busybox_unstripped | grep -q INTERP; then fail "busybox is dynamic"; fi
	cp busybox_unstripped busybox
	[ "$(./busybox --list | wc -l)" -gt 250 ] || fail "applets are missing"
	for applet in $(./busybox --list); do
		timeout 10 ./busybox "$applet" --help >help.txt 2>&1 </dev/null || [ $? -lt 124 ] || fail "busybox $applet crashes"
	done
	suite static 850

	# the objects and options of the last link, but dynamic, and with sections dropped
	command=$(sed -n '2,/^=====/{/^=====/d;p}' busybox_unstripped.out | tr '\n' ' ')
	# shellcheck disable=SC2086 # words
	logged dynamic ${command/ -static / -no-pie -Wl,--gc-sections }
	by_gild busybox_unstripped
	readelf -lW busybox_unstripped | grep INTERP >/dev/null || fail "busybox is static"
	cp busybox_unstripped busybox
	suite dynamic 300 ash awk cut find grep md5sum printf sed sort tar unzip uniq
}

fetch busybox
watch_links
each_compiler each
