#!/bin/bash
# Debian's redis links, with the shared jemalloc in place of the C library's allocator, and passes its tests: data types, scripts,
# persistence, and modules (shared objects that the server loads).
# timeout: 3600
# packages: dpkg-dev make tcl procps libjemalloc-dev pkg-config
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/long/project.bash"
have tclsh || skip "no tclsh"

units="type/string type/incr type/list type/set type/zset type/hash type/stream keyspace scan expire auth protocol multi quit sort
	bitops bitfield hyperloglog geo scripting functions acl lazyfree slowlog pubsub
	moduleapi/basics moduleapi/datatype moduleapi/hooks moduleapi/misc moduleapi/hash moduleapi/zset moduleapi/scan moduleapi/fork"

# run_units NAME UNIT...: the units that fail, in NAME.failed
run_units() {
	local name=$1 unit
	shift
	: >"../$name.failed"
	for unit; do
		# each on its own: a server that is slow on a busy machine fails one unit only
		timeout 300 ./runtest --clients 1 --baseport $((20000 + RANDOM % 5000)) --portcount 1000 --single "unit/$unit" \
			</dev/null >"../$name-${unit//\//-}.txt" 2>&1 && continue
		echo "$unit" >>"../$name.failed"
	done
}

each() {
	make_cc
	cp -r ../source build
	cd build
	local options=(-j2 CC="$cc" OPTIMIZATION=-O1 USE_SYSTEMD=no BUILD_TLS=no USE_SYSTEM_JEMALLOC=yes USE_JEMALLOC=yes)
	logged make make "${options[@]}"
	logged modules make -j2 -C tests/modules CC="$cc" LD="$cc"
	by_gild src/redis-server src/redis-cli src/redis-benchmark tests/modules/*.so
	./src/redis-server --version | grep 'malloc=jemalloc' >/dev/null || fail "no jemalloc"

	# What fails is tried again; if it still does, it fails with the system's linker too.
	# shellcheck disable=SC2086 # words
	run_units first $units
	# shellcheck disable=SC2046
	run_units again $(cat ../first.failed)
	if [ -s ../again.failed ]; then
		rm src/redis-server src/redis-cli src/redis-benchmark tests/modules/*.so
		LINKER=system logged make-system make "${options[@]}"
		LINKER=system logged modules-system make -C tests/modules CC="$cc" LD="$cc"
		# shellcheck disable=SC2046
		run_units system $(cat ../again.failed)
		! grep -vxFf ../system.failed ../again.failed || fail "these units fail: $(cat ../again.failed)"
	fi
	passed=$(cat ../first-*.txt | grep -ac '^\[.*ok.*\]: ')
	[ "$passed" -ge 800 ] || fail "only $passed tests passed"
	echo "$passed tests passed, units tried again: $(wc -l <../first.failed)"
}

fetch redis
watch_links
each_compiler each
