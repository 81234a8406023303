#!/bin/bash
# gild explain names the bindings that the system's loader makes, for all programs in /usr/bin and /usr/sbin. The loader looks them up in
# its tracing mode: nothing of the programs runs.
# timeout: 3600
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/explain.bash"

[ "$(uname -m)" = x86_64 ] && [ -e /lib64/ld-linux-x86-64.so.2 ] || skip "for x86-64 and glibc"
programs=0 total=0 silent=0
while IFS= read -r path; do
	readelf -l "$path" 2> /dev/null | grep -q /lib64/ld-linux-x86-64.so.2 || continue
	if same_bindings "$path"; then
		programs=$((programs + 1)) total=$((total + bindings))
	else
		silent=$((silent + 1))
	fi
done < <(find /usr/bin /usr/sbin -type f -perm -1 | LC_ALL=C sort)
echo "$programs programs, $total bindings, all as the system's loader makes them; $silent programs say nothing"
[ $programs -ge 20 ]
