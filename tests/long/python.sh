#!/bin/bash
# Debian's Python links, once with libpython as a shared library (gcc) and once as part of the program (clang); all its extension
# modules can be imported, and a large part of its tests passes.
# timeout: 5400
# packages: dpkg-dev make zlib1g-dev libbz2-dev liblzma-dev libffi-dev libssl-dev libsqlite3-dev libreadline-dev uuid-dev
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/long/project.bash"

tests="test_array test_ast test_binascii test_builtin test_bytes test_bz2 test_c_locale_coercion test_call test_capi test_cmath test_codecs
	test_collections test_context test_coroutines test_csv test_ctypes test_datetime test_decimal test_descr test_dict test_dynamicclassattribute
	test_xml_etree test_embed test_exceptions test_float test_fractions test_functools test_gc test_generators test_hashlib test_hmac
	test_import test_io test_itertools test_json test_long test_lzma test_math test_memoryview test_mmap test_operator test_pickle
	test_posix test_pyexpat test_queue test_random test_re test_readline test_set test_sqlite3 test_statistics test_struct test_subprocess
	test_sys test_sysconfig test_thread test_threading test_threading_local test_time test_typing test_unicode test_unicodedata
	test_uuid test_weakref test_xml_etree_c test_zlib test_zoneinfo"

# run_tests NAME TEST...: those that fail, in NAME.failed
run_tests() {
	local name=$1
	shift
	if ./python -m test -j2 -w --timeout 300 "$@" </dev/null >"../$name.txt" 2>&1; then
		: >"../$name.failed"
	else
		# "2 tests failed:" and then indented lines of names
		sed -n '/^[0-9]* tests\{0,1\} failed:$/,/^$/{/^ /p}' "../$name.txt" | tr -s ' ' '\n' | sed '/^$/d' | sort -u >"../$name.failed"
		[ -s "../$name.failed" ] || { tail -n 40 "../$name.txt"; fail "$name: -m test fails"; }
	fi
}

each() {
	local module options=(--enable-shared)
	[ "${compile[0]}" != "$CLANG" ] || options=()
	make_cc
	cp -r ../source build
	cd build
	# Debian has pyexpat inside of the program, and patches it to use what only such modules may.
	sed -i "s/Extension('pyexpat', sources=\['pyexpat.c'\]/&, extra_compile_args=['-DPy_BUILD_CORE_MODULE']/" setup.py
	export LD_LIBRARY_PATH=$PWD
	logged configure ./configure CC="$cc" CFLAGS="-O1 -g" "${options[@]}" --without-ensurepip
	logged make make -j2
	by_gild python build/lib.*/*.so Programs/_freeze_module
	[ "${compile[0]}" = "$CLANG" ] || by_gild libpython3.11.so.1.0
	if grep -E '^Following modules built successfully but|^Failed to build these modules' make.txt; then
		tail -n 30 make.txt
		fail "modules cannot be built or imported"
	fi

	for module in build/lib.*/*.so; do
		module=$(basename "$module")
		./python -c "import ${module%%.*}" 2>import.txt || { cat import.txt; fail "cannot import ${module%%.*}"; }
	done
	echo "$(ls build/lib.*/*.so | wc -l) extension modules"

	# shellcheck disable=SC2086 # words
	run_tests ours $tests
	if [ -s ../ours.failed ]; then
		# what fails must fail with the system's linker, too
		rm -rf python libpython3.11.so* build/lib.*/*.so Programs/_testembed
		LINKER=system logged make-system make -j2
		# shellcheck disable=SC2046 # words
		run_tests system $(cat ../ours.failed)
		! grep -vxFf ../system.failed ../ours.failed || fail "these tests fail: $(cat ../ours.failed)"
		echo "fails with the system's linker, too: $(tr '\n' ' ' <../ours.failed)"
	fi
	passed=$(sed -nE 's/^(All )?([0-9]+) tests OK\.$/\2/p' ../ours.txt | head -n 1)
	[ "${passed:-0}" -gt 60 ] || fail "few tests were run"
	echo "$passed tests passed"
}

fetch python3.11
watch_links
each_compiler each
