#!/bin/bash
# Debian's OpenSSL links, two shared libraries with version scripts, engines, providers and a few hundred test programs, and
# passes a large part of its tests.
# timeout: 5400
# packages: dpkg-dev make perl
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/long/project.bash"

tests="0[0-6] 10 30 60 61 test_ec test_rsa test_sha test_enc test_dgst test_wpacket test_tls13psk test_ssl_old test_pkcs12
	test_async test_bio_memleak test_constant_time test_memleak test_secmem test_shlibload test_sslapi test_store test_threads"

# run_tests NAME TEST...: the recipes that fail, in NAME.failed
run_tests() {
	local name=$1
	shift
	if make test HARNESS_JOBS=2 TESTS="$*" </dev/null >"../$name.txt" 2>&1; then
		: >"../$name.failed"
	else
		# the summary has lines like "30-test_evp.t   (Wstat: 256 Tests: 97 Failed: 1)"
		sed -n 's/^ *[0-9][0-9]-\([a-z0-9_]*\)\.t  *(Wstat: .*/\1/p' "../$name.txt" | sort -u >"../$name.failed"
		[ -s "../$name.failed" ] || { tail -n 40 "../$name.txt"; fail "$name: make test fails"; }
	fi
}

each() {
	make_cc
	cp -r ../source build
	cd build
	logged configure ./Configure linux-x86_64 shared CC="$cc" -O1
	logged make make -j2 build_sw
	by_gild libcrypto.so.3 libssl.so.3 apps/openssl engines/*.so providers/*.so test/evp_test test/shlibloadtest
	for pair in crypto:EVP_DigestInit_ex:OPENSSL_3.0.0 ssl:SSL_new:OPENSSL_3.0.0; do
		IFS=: read -r library symbol version <<<"$pair"
		nm -D --with-symbol-versions lib$library.so.3 | grep " T $symbol@@$version\$" >/dev/null || fail "$symbol has not the version $version"
	done
	# shellcheck disable=SC2086 # words
	run_tests ours $tests
	if [ -s ../ours.failed ]; then
		# what fails must fail with the system's linker, too
		find . -type f \( -name '*.so*' -o -path './test/*' -perm -1 -o -path './apps/openssl' \) -exec \
			sh -c 'for f; do ! readelf -h "$f" >/dev/null 2>&1 || rm "$f"; done' sh {} +
		LINKER=system logged make-system make -j2 build_sw
		# shellcheck disable=SC2046 # words
		run_tests system $(cat ../ours.failed)
		! grep -vxFf ../system.failed ../ours.failed || fail "these tests fail: $(cat ../ours.failed)"
	fi
	[ "$(grep -c '^[0-9][0-9]-.* ok$' ../ours.txt)" -gt 110 ] || fail "few tests were run"
	grep '^Files=' ../ours.txt
}

fetch openssl
watch_links
each_compiler each
