#!/bin/bash
# gild abi diff and abidiff (libabigail) find the same in two versions of 20 libraries, those of Debian 12 and Debian 13: which symbols came
# and went, which functions and variables have other types, and that something changed. The table it prints is the one of docs/abi.md.
#
#   SOURCES=FOLDER     take the sources from FOLDER/NAME/old and FOLDER/NAME/new, and fetch nothing
#   LIBRARIES="zlib"   only these
# timeout: 7200
# packages: dpkg-dev abigail-tools make perl python3 tcl
set -eu
. "$GILD_SRC/tests/lib.sh"
have abidiff || skip "no abidiff"

# Each library is all of its files, with all functions exported: more to compare than what it means to promise.
cc=("$CC" -g -O0 -fPIC -w -shared)
cxx=("$CXX" -std=c++17 -g -O0 -fPIC -w -shared)
but() { # but PATTERN FILE...: the files without that in their names
	local pattern=$1
	shift
	printf '%s\n' "$@" | grep -vE "$pattern"
}
build_zlib() { "${cc[@]}" -DHAVE_UNISTD_H ./*.c -o "$1"; }
build_cjson() { "${cc[@]}" cJSON.c cJSON_Utils.c -o "$1"; }
build_expat() {
	cd expat/lib
	# shellcheck disable=SC2046 # file names are words
	"${cc[@]}" -DXML_GE=1 -DXML_DTD -DXML_NS -DXML_CONTEXT_BYTES=1024 -DXML_DEV_URANDOM -DXML_POOR_ENTROPY -DHAVE_MEMMOVE \
		-DBYTEORDER=1234 -DPACKAGE='"expat"' -DVERSION='""' -I. $(but '_impl\.c|_ns\.c|inc\.c|random_rand_s' ./*.c) -o "$1"
}
# shellcheck disable=SC2046
build_hiredis() { "${cc[@]}" $(but 'ssl\.c|test\.c' ./*.c) -o "$1"; }
build_lz4() { "${cc[@]}" -Ilib lib/*.c -o "$1"; }
build_libzstd() {
	"${cc[@]}" -DZSTD_DISABLE_ASM -DZSTD_MULTITHREAD -Ilib lib/common/*.c lib/compress/*.c lib/decompress/*.c lib/dictBuilder/*.c -o "$1"
}
build_lua5.4() {
	echo '#define DEB_HOST_MULTIARCH "here"' >src/lua5.4-deb-multiarch.h
	# shellcheck disable=SC2046
	"${cc[@]}" -DLUA_USE_LINUX $(but '/luac?\.c' src/*.c) -o "$1"
}
build_mujs() { "${cc[@]}" one.c -o "$1"; }
build_nghttp2() {
	printf '#define NGHTTP2_VERSION ""\n#define NGHTTP2_VERSION_NUM 1\n' >lib/includes/nghttp2/nghttp2ver.h
	"${cc[@]}" -DNGHTTP2_STATICLIB -DHAVE_ARPA_INET_H -DHAVE_NETINET_IN_H -DHAVE_TIME_H -Ilib -Ilib/includes lib/*.c -o "$1"
}
build_pcre2() {
	cd src
	cp pcre2.h.generic pcre2.h && cp config.h.generic config.h && cp pcre2_chartables.c.dist pcre2_chartables.c
	# shellcheck disable=SC2046
	"${cc[@]}" -DHAVE_CONFIG_H -DPCRE2_CODE_UNIT_WIDTH=8 -DSUPPORT_UNICODE -DHAVE_MEMMOVE -I. \
		$(but 'jit_|test|grep|dftables|fuzzsupport|printint|ucptables' pcre2_*.c) pcre2_jit_compile.c -o "$1"
}
build_tinyxml2() { "${cxx[@]}" tinyxml2.cpp -o "$1"; }
build_xxhash() { "${cc[@]}" xxhash.c -o "$1"; }
build_yaml-cpp() { "${cxx[@]}" -Iinclude src/*.cpp -o "$1"; }
build_fmtlib() { "${cxx[@]}" -Iinclude src/format.cc src/os.cc -o "$1"; }
build_libpng1.6() {
	cp scripts/pnglibconf.h.prebuilt pnglibconf.h
	# shellcheck disable=SC2046
	"${cc[@]}" -DPNG_INTEL_SSE_OPT=0 -I. $(but pngtest png*.c) -o "$1"
}
build_libuv1() {
	local unix='' name
	for name in async core dl fs getaddrinfo getnameinfo loop-watcher loop pipe poll process random-devurandom random-getrandom \
		random-sysctl-linux signal stream tcp thread tty udp linux-core linux-inotify linux-syscalls linux procfs-exepath proctitle epoll; do
		[ ! -e "src/unix/$name.c" ] || unix+=" src/unix/$name.c"
	done
	# shellcheck disable=SC2086
	"${cc[@]}" -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -Iinclude -Isrc src/*.c $unix -o "$1"
}
build_xz-utils() {
	local coders='' name
	for name in LZMA1 LZMA2 X86 ARM DELTA; do coders+=" -DHAVE_ENCODER_$name -DHAVE_DECODER_$name"; done
	for name in HC3 HC4 BT2 BT3 BT4; do coders+=" -DHAVE_MF_$name"; done
	for name in CRC32 CRC64 SHA256; do coders+=" -DHAVE_CHECK_$name"; done
	for name in $(find src/liblzma -type d | grep -v /api); do coders+=" -I$name"; done
	# shellcheck disable=SC2046,SC2086
	"${cc[@]}" -DHAVE_STDBOOL_H -DHAVE_STDINT_H -DHAVE_INTTYPES_H -DHAVE__BOOL -DHAVE_ENCODERS -DHAVE_DECODERS -DHAVE_LZIP_DECODER $coders \
		-DMYTHREAD_POSIX -DTUKLIB_SYMBOL_PREFIX=lzma_ -DTUKLIB_PHYSMEM_SYSCONF -DTUKLIB_CPUCORES_SCHED_GETAFFINITY -DSIZEOF_SIZE_T=8 \
		-DPACKAGE_NAME='""' -DPACKAGE_BUGREPORT='""' -DPACKAGE_URL='""' -Isrc/common -Isrc/liblzma/api \
		$(find src/liblzma -name '*.c' | grep -vE 'tablegen|crc(32|64)_small|ia64|powerpc|sparc|riscv|arm64|armthumb|crc32_arm') \
		src/common/tuklib_physmem.c src/common/tuklib_cpucores.c -o "$1"
}
build_libffi() {
	mkdir made
	sed -e 's/@TARGET@/X86_64/; s/@HAVE_LONG_DOUBLE@/1/; s/@HAVE_LONG_DOUBLE_VARIANT@/0/; s/@FFI_EXEC_TRAMPOLINE_TABLE@/0/; s/@[A-Z_]*@/3/' \
		include/ffi.h.in >made/ffi.h
	cp src/x86/ffitarget.h made/
	cat >made/fficonfig.h <<-'END'
		#define EH_FRAME_FLAGS "a"
		#define HAVE_AS_CFI_PSEUDO_OP 1
		#define HAVE_AS_X86_64_UNWIND_SECTION_TYPE 1
		#define HAVE_AS_X86_PCREL 1
		#define HAVE_HIDDEN_VISIBILITY_ATTRIBUTE 1
		#define HAVE_LONG_DOUBLE 1
		#define HAVE_MEMCPY 1
		#define HAVE_ALLOCA_H 1
		#define SIZEOF_DOUBLE 8
		#define SIZEOF_LONG_DOUBLE 16
		#define SIZEOF_SIZE_T 8
		#define STDC_HEADERS 1
		#ifdef LIBFFI_ASM
		#define FFI_HIDDEN(name) .hidden name
		#else
		#define FFI_HIDDEN __attribute__((visibility("hidden")))
		#endif
	END
	"${cc[@]}" -DHAVE_CONFIG_H -Imade -Iinclude -Isrc src/prep_cif.c src/types.c src/raw_api.c src/java_raw_api.c src/closures.c src/tramp.c \
		src/x86/ffi64.c src/x86/ffiw64.c src/x86/unix64.S src/x86/win64.S -o "$1"
}
build_sqlite3() {
	mkdir made && cd made
	../configure >configure.txt 2>&1 && make sqlite3.c >make.txt 2>&1
	"${cc[@]}" sqlite3.c -o "$1"
}
build_openssl() { # those parts of libcrypto that need no assembly
	local folder files=()
	{ perl Configure linux-x86_64 no-asm no-tests && make build_generated; } >configure.txt 2>&1
	for folder in aes bn buffer conf des dh ec err evp hmac lhash md5 rand rsa sha stack txt_db; do
		mapfile -t -O ${#files[@]} files < <(but 's390x|sparc|ppc|asm|riscv|arm|loongarch|nistz256|ecp_nistp|x86core|legacy_md2|ncbc_enc|acvp_test' crypto/$folder/*.c)
	done
	"${cc[@]}" -DOPENSSLDIR='""' -DENGINESDIR='""' -DMODULESDIR='""' -I. -Iinclude -Iproviders/common/include \
		-Iproviders/implementations/include -Icrypto -Icrypto/include "${files[@]}" -o "$1"
}

cat >compare.py <<'END'
import json, re, subprocess, sys
gild, name, old, new = sys.argv[1:]

# What abidiff alone counts as changed, and why it is no change for programs: docs/abi.md, "Beside abidiff".
EXPLAINED = {
	"libzstd": {"ZSTD_buildCTable", "ZSTD_getFrameHeader", "ZSTD_getFrameHeader_advanced", "ZSTD_ldm_adjustParameters",
		"ZSTD_ldm_fillHashTable", "ZSTD_ldm_generateSequences", "ZSTD_ldm_getMaxNbSeq", "ZSTD_ldm_getTableSize",
		"ZSTD_ldm_skipRawSeqStoreBytes", "ZSTD_ldm_skipSequences", "ZSTD_selectEncodingType"},  # types of C with other names
	"tinyxml2": {"tinyxml2::XMLVisitor::~XMLVisitor"},  # changed is what only parameters of virtual functions lead to
	"yaml-cpp": {"YAML::Directives::TranslateTagHandle", "YAML::Tag::Translate"},  # a result by value that was const
}

def function_name(signature):
	"""ns::f of "int ns::f(char) const": abidiff does not print the symbols of what changed."""
	text = re.sub(r"( const| volatile|&|\[clone.*\])*$", "", re.sub(r"\[abi:\w+\]", "", signature))
	if text.endswith(")"):
		depth = 0
		for i in range(len(text) - 1, -1, -1):
			depth += (text[i] == ")") - (text[i] == "(")
			if depth == 0:
				text = text[:i]
				break
	depth = 0
	for i in range(len(text) - 1, -1, -1):
		depth += (text[i] in ">)") - (text[i] in "<(")
		if text[i] == " " and depth <= 0 and not text.endswith("operator", 0, i):
			return text[i + 1:].lstrip("*&")
	return text.lstrip("*&")

def run(*command):
	done = subprocess.run(command, capture_output=True, text=True)
	if done.returncode & 3:
		sys.exit("%s failed: %s" % (command[0], done.stderr))
	return done.returncode, done.stdout

def by_abidiff(*options):
	code, text = run("abidiff", "--redundant", *options, old, new)
	sets = {"A": set(), "D": set(), "C": set()}
	for kind, rest in re.findall(r"^  \[([ADC])\] '?(.*)$", text, re.M):
		symbols = re.search(r"\{([^}]*)\}$", rest)
		declaration = re.split("' at |' was changed", rest)[0]
		if symbols:
			first, _, aliases = symbols.group(1).partition(", aliases ")
			sets[kind] |= {symbol.strip(" ,") for symbol in [first] + aliases.split(",")} - {""}
		elif kind != "C":
			sets[kind].add(re.split("[@ ]", rest)[0].rstrip("',"))
		elif re.match("function|method", declaration):
			sets[kind].add(function_name(declaration.split(" ", 1)[1]))
		else:
			sets[kind].add(re.search(r"(\w+)(\[[^]]*\])*$", declaration).group(1))
	return code, sets

def by_gild():
	code, text = run(gild, "abi", "diff", "--json", old, new)
	sets = {"A": set(), "D": set(), "C": set()}
	symbol = lambda text: text.split(" ")[-1].strip("()")
	def readable(text):
		mangled = re.match(r"(.*) \(_Z\w+\)$", text)
		return function_name(mangled.group(1)) if mangled else text
	for change in json.loads(text)["changes"]:
		subject = change["subject"].split(" ", 1)[1]
		if "symbols" in change:
			sets["C"] |= {readable(user) for user in change["symbols"]}
		elif change["details"][0] in ("is new", "is gone"):
			sets["A" if change["details"][0] == "is new" else "D"].add(symbol(subject))
		else:
			sets["C"].add(readable(subject))
	# abidiff tells of vtables below the class.
	sets["C"] = {each for each in sets["C"] if not re.match("(vtable|typeinfo|typeinfo name|VTT) for", each)}
	return code, sets

code, abidiff = by_abidiff()
_, all_of_abidiff = by_abidiff("--harmless")
gild_code, found = by_gild()
differences = []
for kind, what in (("A", "new"), ("D", "gone"), ("C", "changed")):
	explained = EXPLAINED.get(name, set()) if kind == "C" else set()
	for only, by in ((abidiff[kind] - found[kind] - explained, "abidiff"), (found[kind] - all_of_abidiff[kind], "gild")):
		if only:
			differences.append("%s: %d %s by %s only: %s" % (name, len(only), what, by, ", ".join(sorted(only)[:10])))
if bool(code) != bool(gild_code) or (code & 8 and not gild_code & 8):
	differences.append("%s: abidiff ends with %d, gild with %d" % (name, code, gild_code))
print("| %s | %d, %d, %d | %d | %d, %d, %d | %d |" % (name, *(len(abidiff[kind]) for kind in "ADC"), code,
	*(len(found[kind]) for kind in "ADC"), gild_code))
sys.exit("\n".join(differences) or None)
END

libraries=${LIBRARIES:-zlib cjson expat hiredis lz4 libzstd lua5.4 mujs nghttp2 pcre2 tinyxml2 xxhash yaml-cpp fmtlib libpng1.6 libuv1 xz-utils
	libffi sqlite3 openssl}
declare -A suites=([old]=bookworm [new]=trixie)
here=$PWD wrong=0
echo "| library | abidiff: new, gone, changed | exit code | gild: new, gone, changed | exit code |"
for name in $libraries; do
	for version in old new; do
		rm -rf source
		if [ -n "${SOURCES:-}" ]; then
			cp -r "$SOURCES/$name/$version" source
		else
			"$GILD_SRC/scripts/fetch-source.sh" "$name" source ${suites[$version]} >fetch.txt 2>&1 ||
				skip "no source of $name: $(tail -n 1 fetch.txt)"
		fi
		(cd source && "build_$name" "$here/$name-$version.so") >build.txt 2>&1 || { tail -n 20 build.txt; fail "$name ($version) does not build"; }
	done
	python3 compare.py "$GILD" "$name" "$name-old.so" "$name-new.so" || wrong=1
done
rm -rf source
[ $wrong = 0 ] || fail "abidiff and gild differ"
