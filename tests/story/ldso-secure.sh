#!/bin/bash
# A program with more rights than its caller (AT_SECURE): dangerous variables are ignored and taken out of the
# environment, preloads come only from system directories and only with the set-user-ID bit, $ORIGIN only leads into
# system directories, tracing is refused, closed standard files are opened. Needs root, to make set-user-ID programs.
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
echo 'int marker(void) { return 7; }' > marker.c
name=libgild-test-$$.so
link -shared -fPIC marker.c -Wl,-soname,marker.so -o marker.so
# others must be able to reach the files: a folder of its own
folder=$(mktemp -d /var/tmp/gild-secure.XXXXXX)
trap 'rm -rf "$folder" "/usr/lib/$name"' EXIT
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
"$folder/origin-gild" | grep -q 'secure 0 user 0 marker 7' || fail "the same program run by root"
# closed files: reading and writing must fail, but the numbers are taken
assert_equal "$(as_nobody sh -c 'exec 0<&- 2>&-; exec "$0"' "$folder/gild" | tail -n 1)" "files 1 0"
