#!/bin/bash
# --sysroot: programs are linked against the C library of other Debian releases, whose libc.so is a script of absolute paths;
# nothing comes from this system's library, and the programs run with the other one's loader.
# packages: debian-archive-keyring
# timeout: 1200
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >hello.c <<'END'
#include <gnu/libc-version.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
static __thread int seen;
static void *thread(void *argument) { seen = 1; return argument; }
int main(int argc, char **argv)
{
	pthread_t id;
	void *result;
	pthread_create(&id, 0, thread, argv);
	pthread_join(id, &result);
	printf("%d %d %d %s\n", result == argv, seen, (int)pow(argc + 1, 10), gnu_get_libc_version());
	return 0;
}
END
# arguments KIND: what a compiler driver for the other release would put before and behind the objects
arguments() {
	local gcc crt=crt1.o first=crtbegin.o last=crtend.o
	gcc=$(echo "$sysroot"/usr/lib/gcc/x86_64-linux-gnu/*)
	begin=(--eh-frame-hdr -dynamic-linker /lib64/ld-linux-x86-64.so.2)
	case $1 in
	static) begin=(--eh-frame-hdr -static) first=crtbeginT.o ;;
	static-pie)
		begin=(--eh-frame-hdr -static -pie --no-dynamic-linker -z text)
		crt=rcrt1.o first=crtbeginS.o last=crtendS.o ;;
	pie) begin+=(-pie) crt=Scrt1.o first=crtbeginS.o last=crtendS.o ;;
	esac
	begin+=("$sysroot/usr/lib/x86_64-linux-gnu/"{$crt,crti.o} $gcc/$first -L$gcc)
	end=(-lgcc -lgcc_eh -lc "$gcc/$last" "$sysroot/usr/lib/x86_64-linux-gnu/crtn.o")
	case $1 in static*) end=(--start-group "${end[@]:0:3}" --end-group "${end[@]:3}") ;; esac
}

try() { # SUITE VERSION PACKAGE...: that release's libc
	local kind root run loader
	if ! "$GILD_SRC/scripts/fetch-sysroot.sh" $1 $1 libc6 libc6-dev linux-libc-dev base-files libgcc-s1 "${@:3}"; then
		echo "$1: not to be had"
		return
	fi
	root=$PWD/$1
	loader=$(ls $root/lib64/ld-linux-x86-64.so.2 $root/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2 2>/dev/null | head -n 1)
	grep -q '^GROUP ( */lib' $root/usr/lib/x86_64-linux-gnu/libc.so || fail "$1: libc.so is no script"
	for sysroot in $root $1 ./$1/../$1/.; do
		for kind in $KINDS; do
			"$CC" --sysroot=$sysroot $(cflags $kind) -c hello.c
			arguments $kind
			"$GILD" --sysroot=$sysroot "${begin[@]}" hello.o -lpthread -lm "${end[@]}" -o hello --trace >trace
			run="$loader --library-path $root/lib/x86_64-linux-gnu:$root/usr/lib/x86_64-linux-gnu"
			case $kind in static*) run= ;; esac
			same "1 0 1024 $2" "$($run ./hello)" "$1, $kind"
			grep -v '^hello' trace | sed 's/(.*//' | sort -u >used
			[ "$(wc -l <used)" -gt 3 ] || fail "$1, $kind: $(cat trace)"
			while read -r file; do
				case $(realpath "$file") in
				$root/*) ;;
				*) fail "$1, $kind: $file is not below $sysroot" ;;
				esac
			done <used
		done
	done
	tried="${tried:-} $1"
}
try bullseye 2.31 libgcc-10-dev
try trixie 2.41 libgcc-14-dev
[ -n "${tried:-}" ] || skip "no network"
