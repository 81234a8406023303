#!/bin/bash
# A program with more rights than its caller (AT_SECURE): dangerous variables are ignored and taken out of the
# environment, preloads come only from system directories, not by way of ld.so.cache, and only with the set-user-ID bit, auditors too,
# $ORIGIN only leads into system directories, other paths must be absolute, tracing is refused, closed standard files are
# opened, no other loader takes over; /etc/ld.so.preload is trusted. Needs root, to make set-user-ID programs.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/ldso.bash"
[ "$(id -u)" = 0 ] || skip "needs root"
have setpriv || skip "no setpriv (package util-linux)"

cat > main.c <<'EOF'
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>
#include <unistd.h>
extern char **environ;
int marker(void) __attribute__((weak));
static int compare(const void *a, const void *b) { return strcmp(*(char *const *)a, *(char *const *)b); }
int main(void) {
	size_t n = 0;
	printf("secure %lu user %d marker %d\n", getauxval(AT_SECURE), (int)geteuid(), marker ? marker() : 0);
	while (environ[n]) n++;
	qsort(environ, n, sizeof(char *), compare);
	for (size_t i = 0; i < n; i++) puts(environ[i]);
	printf("files %d %d\n", fcntl(0, F_GETFL) & O_ACCMODE, fcntl(2, F_GETFL) & O_ACCMODE);
	return 0;
}
EOF
echo '#include <unistd.h>
int marker(void) { return 7; }
unsigned la_version(unsigned version) { return write(1, "an auditor\n", 11) == 11 ? version : 0; }' > marker.c
name=libgild-test-$$.so
link -shared -fPIC marker.c -Wl,-soname,marker.so -o marker.so
# others must be able to reach the files: a folder of its own
folder=$(mktemp -d /var/tmp/gild-secure.XXXXXX)
system_folder=/usr/lib/gild-test-$$
trap 'rm -rf "$folder" "/usr/lib/$name" "$system_folder"' EXIT
chmod 755 "$folder"
cp "$LDSO" "$folder/ld-gild.so.1"
cp marker.so "$folder/marker.so"
link main.c -o "$folder/system"
link main.c -o "$folder/gild" -Wl,--dynamic-linker="$folder/ld-gild.so.1"
link main.c -Wl,--no-as-needed ./marker.so -o "$folder/origin-system" -Wl,-rpath,'$ORIGIN'
link main.c -Wl,--no-as-needed ./marker.so -o "$folder/origin-gild" -Wl,-rpath,'$ORIGIN' -Wl,--dynamic-linker="$folder/ld-gild.so.1"
chmod 4755 "$folder"/system "$folder"/gild "$folder"/origin-*
mount=$(df --output=target "$folder" | tail -n 1)
! grep -qE "^[^ ]+ $mount [^ ]+ [^ ]*nosuid" /proc/mounts || skip "$mount is mounted with nosuid"

as_nobody() { setpriv --reuid=65534 --clear-groups env -i PATH=/bin "$@"; }
variables="GCONV_PATH=x GETCONF_DIR=x GLIBC_TUNABLES=glibc.malloc.check=1 HOSTALIASES=x LD_DEBUG=all
	LD_DEBUG_OUTPUT=$folder/debug LD_DYNAMIC_WEAK=1 LD_HWCAP_MASK=1 LD_LIBRARY_PATH=$folder LD_ORIGIN_PATH=/
	LD_PROFILE=x LD_SHOW_AUXV=1 LOCALDOMAIN=x LOCPATH=x MALLOC_CHECK_=1 MALLOC_TRACE=x NIS_PATH=x
	NLSPATH=x RESOLV_HOST_CONF=x RES_OPTIONS=x TMPDIR=x TZDIR=x LD_BIND_NOW=1 HARMLESS=1"
compare() { # PRELOAD
	local who
	for who in system gild; do
		# shellcheck disable=SC2086 # words
		as_nobody $variables LD_PRELOAD="$1" "$folder/$who" 2>&1 | grep -v '^GLIBC_TUNABLES=$' > $who.out || :
	done
	diff system.out gild.out || fail "differs with LD_PRELOAD=$1"
	assert_contains gild.out "secure 1 user 0 marker $2"
	assert_contains gild.out HARMLESS=1
	! grep -E '^(LD_PRELOAD|LD_LIBRARY_PATH|GLIBC_TUNABLES|TMPDIR|MALLOC_CHECK_)=' gild.out || fail "a dangerous variable is left"
}
compare "$folder/marker.so" 0
cp marker.so "/usr/lib/$name"
compare "$name" 0
chmod u+s "/usr/lib/$name"
compare "$name" 7
# auditors as preloads
for auditor in "$folder/marker.so" "$name" /usr/lib/none.so; do
	for who in system gild; do
		as_nobody LD_AUDIT="$auditor" "$folder/$who" > $who.out 2>&1
	done
	diff system.out gild.out || fail "differs with LD_AUDIT=$auditor"
	! grep -q '^LD_AUDIT' gild.out || fail "LD_AUDIT is left"
	[ "$(grep -c 'an auditor' gild.out)" = "$([ "$auditor" = "$name" ] && echo 1 || echo 0)" ] || { cat gild.out; fail "LD_AUDIT=$auditor"; }
done
chmod u-s "/usr/lib/$name"
as_nobody LD_AUDIT="$name" "$folder/gild" > out 2>&1
! grep -q 'an auditor' out || fail "an auditor without the set-user-ID bit"
chmod u+s "/usr/lib/$name"
[ ! -e "$folder/debug"* ] || fail "LD_DEBUG_OUTPUT was honoured"

# tracing runs nothing and ends with 5
for who in system gild; do
	rc=0
	as_nobody LD_TRACE_LOADED_OBJECTS=1 "$folder/$who" > out || rc=$?
	assert_equal "$rc $(wc -c < out)" "5 0"
done
# $ORIGIN in a directory that is no system directory
for who in system gild; do
	rc=0
	as_nobody "$folder/origin-$who" > out 2>&1 || rc=$?
	assert_equal $rc 127
	assert_contains out "cannot open shared object file"
done
"$folder/origin-gild" | grep > /dev/null 'secure 0 user 0 marker 7' || fail "the same program run by root"
# ... and in one below a system directory, but only at the start of a path
for who in system gild; do
	mkdir -p "$system_folder"
	cp marker.so "$system_folder/"
	for origin in '$ORIGIN' '/x:$ORIGIN' '/$ORIGIN' '$ORIGIN/../../var/tmp'; do
		interpreter=$SYSTEM_LDSO
		[ $who = system ] || interpreter=$folder/ld-gild.so.1
		link main.c -Wl,--no-as-needed ./marker.so -Wl,--dynamic-linker="$interpreter" -Wl,-rpath,"$origin" -o "$system_folder/main"
		chmod 4755 "$system_folder/main"
		rc=0
		as_nobody "$system_folder/main" 2>&1 | sed "s|$folder/ld-gild.so.1|$SYSTEM_LDSO|" || rc=$?
		echo "$origin: $rc"
	done > $who.out
done
diff system.out gild.out || fail '$ORIGIN of a program in a system directory'
assert_contains gild.out "secure 1 user 0 marker 7"
assert_contains gild.out "cannot open shared object file"
# tokens in the names of needed libraries, in a system directory too
link -shared -fPIC marker.c -Wl,-soname,'$ORIGIN/marker.so' -o token.so
for who in system gild; do
	interpreter=$SYSTEM_LDSO
	[ $who = system ] || interpreter=$folder/ld-gild.so.1
	link main.c -Wl,--no-as-needed ./token.so -Wl,--dynamic-linker="$interpreter" -o "$system_folder/main"
	"$system_folder/main" | grep 'secure 0 user 0 marker 7' > /dev/null || fail "$who: a token in the name of a needed library"
	chmod 4755 "$system_folder/main"
	{ as_nobody "$system_folder/main" 2>&1 && echo started || echo $?; } > $who.out
done
diff system.out gild.out || fail "tokens in the names of needed libraries"
assert_contains gild.out "DST not allowed in SUID/SGID programs"
# Neither LD_LIBRARY_PATH nor relative and empty elements of a path find anything (the system's loader trusts such elements)
mkdir "$folder/lib"
cp marker.so "$folder/lib/"
for path in . '' lib; do
	link main.c -Wl,--no-as-needed ./marker.so -Wl,--dynamic-linker="$folder/ld-gild.so.1" -Wl,-rpath,"/nowhere:$path" -o "$folder/relative"
	chmod 4755 "$folder/relative"
	rc=0
	(cd "$folder" && as_nobody LD_LIBRARY_PATH="$folder:." LD_ORIGIN_PATH="$folder" ./relative) > out 2>&1 || rc=$?
	assert_equal $rc 127
	assert_contains out "marker.so: cannot open shared object file"
	(cd "$folder" && LD_LIBRARY_PATH=. ./relative | grep 'secure 0 user 0 marker 7' > /dev/null) || fail "the same program run by root"
done
# a name of a preload that is too long; one with set-user-ID bit in a folder that only ld.so.cache leads to
long=$(printf '%0255d' 0)
as_nobody LD_PRELOAD="$long:$name" "$folder/gild" > out 2>&1 || fail "a long name"
assert_contains out "marker 7"
! grep -q 000 out || fail "the long name was looked for"
# a copy of /etc with other files; a mount namespace of its own, where that is allowed
if unshare -m true 2> /dev/null; then
	mkdir "$folder/etc"
	cp -a /etc/passwd /etc/group /etc/nsswitch.conf "$folder/etc/" 2> /dev/null || :
	chmod 755 "$folder/etc"
	with_etc() {
		# shellcheck disable=SC2016 # for the inner shell
		unshare -m sh -c 'mount --make-rprivate / && mount --bind "$1" /etc && shift && exec "$@"' sh "$folder/etc" "$@"
	}
	mkdir "$folder/cached"
	link -shared -fPIC marker.c -Wl,-soname,libgild-cached-$$.so -o "$folder/cached/libgild-cached-$$.so"
	chmod u+s "$folder/cached/libgild-cached-$$.so"
	echo "$folder/cached" > "$folder/etc/ld.so.conf"
	with_etc /sbin/ldconfig -X
	for who in system gild; do
		with_etc setpriv --reuid=65534 --clear-groups env -i LD_PRELOAD="libgild-cached-$$.so" "$folder/$who" 2> /dev/null | grep 'marker 0' > /dev/null ||
			fail "$who: a preload found in ld.so.cache"
		with_etc env -i LD_PRELOAD="libgild-cached-$$.so" "$folder/$who" | grep 'marker 7' > /dev/null || fail "$who: it is not in the cache"
	done
	chmod u-s "/usr/lib/$name"
	echo "# comment" > "$folder/etc/ld.so.preload"
	echo "$folder/marker.so" >> "$folder/etc/ld.so.preload"
	chmod u+s "$folder/marker.so"
	for who in system gild; do
		with_etc setpriv --reuid=65534 --clear-groups env -i "$folder/$who" | grep 'secure 1 user 0 marker 7' > /dev/null || fail "$who: /etc/ld.so.preload"
	done
	touch "$folder/etc/suid-debug"
	for who in system gild; do
		with_etc setpriv --reuid=65534 --clear-groups env -i MALLOC_CHECK_=1 TMPDIR=x "$folder/$who" > $who.out
	done
	diff system.out gild.out || fail /etc/suid-debug
	assert_contains gild.out MALLOC_CHECK_=1
fi
# set-group-ID is as dangerous
cp "$folder/gild" "$folder/gild-group"
chgrp tty "$folder/gild-group" 2> /dev/null && chmod 2755 "$folder/gild-group"
as_nobody LD_PRELOAD="$folder/marker.so" TMPDIR=x "$folder/gild-group" > out
assert_contains out "secure 1 user 65534 marker 0"
! grep -q TMPDIR out || fail "set-group-ID: a dangerous variable is left"
# a C library that is not known: no other loader takes over
libc=$("$LDSO" --list /bin/true | sed -n 's/.*libc.so.6 => \([^ ]*\) .*/\1/p')
id=$(readelf -nW "$libc" | sed -n 's/.*Build ID: //p')
cp "$libc" "$folder/lib/libc.so.6"
perl -0777 -pi -e 'BEGIN { $id = pack("H*", shift) } substr($_, index($_, $id), 1) ^= "\1"' "$id" "$folder/lib/libc.so.6"
link main.c -Wl,--dynamic-linker="$folder/ld-gild.so.1" -Wl,-rpath,"$folder/lib" -o "$folder/unknown"
chmod 4755 "$folder/unknown"
rc=0
as_nobody "$folder/unknown" > out 2>&1 || rc=$?
assert_equal $rc 127
assert_contains out "is not known; there is no other loader"
# closed files: reading and writing must fail, but the numbers are taken
assert_equal "$(as_nobody sh -c 'exec 0<&- 2>&-; exec "$0"' "$folder/gild" | tail -n 1)" "files 1 0"
