#!/bin/sh
# `make lint`: clang-tidy (.clang-tidy) and cppcheck (.cppcheck.cfg, .cppcheck-suppressions) on all of src/. Both run to the end; the exit
# code is 1 when either has something to say.
set -u
cd "$(dirname "$0")/.." || exit 1
jobs=${JOBS:-$(nproc)} rc=0

tidy=$(command -v clang-tidy || command -v clang-tidy-14 || command -v clang-tidy-19)
[ -n "$tidy" ] || { echo "lint: no clang-tidy (package clang-tidy)" >&2; exit 1; }
command -v cppcheck > /dev/null || { echo "lint: no cppcheck (package cppcheck)" >&2; exit 1; }

echo "clang-tidy:"
find src -name '*.c' -not -path 'src/ldso/*' -print0 | sort -z |
	xargs -0 -n 1 -P "$jobs" sh -c '"$1" --quiet "$2" -- -std=gnu17 -D_GNU_SOURCE -Isrc 2>/dev/null' sh "$tidy" || rc=1
# The loader makes system calls itself: the analyzer does not see that they fill memory in, and takes it for garbage.
find src/ldso -name '*.c' -print0 | sort -z |
	xargs -0 -n 1 -P "$jobs" sh -c '"$1" --quiet --checks=-clang-analyzer-core.*,-bugprone-sizeof-expression,-bugprone-not-null-terminated-result \
		"$2" -- -std=gnu17 -D_GNU_SOURCE -Isrc -ffreestanding 2>/dev/null' sh "$tidy" || rc=1

echo "cppcheck:"
cppcheck --quiet -j "$jobs" --std=c11 --language=c --enable=warning,performance,portability --inline-suppr \
	--library=.cppcheck.cfg --suppressions-list=.cppcheck-suppressions --error-exitcode=1 -D_GNU_SOURCE -D__x86_64__ -Isrc src || rc=1

[ $rc -eq 0 ] && echo "lint: nothing found"
exit $rc
