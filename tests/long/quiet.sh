#!/bin/bash
# An ordinary build is quiet: gild links the programs and libraries of these Debian packages, configure scripts' tests
# included, and warns of nothing but what is listed here.
#
#   QUIET_PACKAGES="sed zlib" tests/run 'long/quiet'      only these
# timeout: 14400
# packages: dpkg-dev make cmake python3 autoconf automake libtool pkg-config libncurses-dev libreadline-dev zlib1g-dev bison flex
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/long/project.bash"

# how PACKAGE: builds it, in its folder.
flags='-O1 -D_FORTIFY_SOURCE=2'
configured() { logged configure ./configure --disable-dependency-tracking --disable-nls "$@" CC="$cc" CXX="$cxx" CFLAGS="$flags" CXXFLAGS="$flags"; }
# no documentation, and the files that autotools made stay as they were shipped; some run help2man as a script of Perl's, which
# leaves a script with another first line to what that names
cat > no-page << 'END'
#!/bin/sh
for word; do
	case $word in --output=*) : > "${word#*=}" ;; esac
done
END
chmod +x no-page
no_page=$PWD/no-page
build() { logged make make MAKEINFO=: HELP2MAN="$no_page" AUTOCONF=: AUTOMAKE=: ACLOCAL=: AUTOHEADER=: "$@"; }
cmaked() {
	logged configure cmake -S . -B out -DCMAKE_C_COMPILER="$cc" -DCMAKE_CXX_COMPILER="$cxx" -DCMAKE_C_FLAGS="$flags" \
		-DCMAKE_CXX_FLAGS="$flags" "$@"
	logged make cmake --build out
}
how() {
	case $1 in
	zlib) CC="$cc" CFLAGS="$flags" logged configure ./configure; build ;;
	bzip2) build CC="$cc" CFLAGS="$flags -fPIC" libbz2.a bzip2 bzip2recover; build -f Makefile-libbz2_so CC="$cc" ;;
	lua5.4) # Debian's makefile wants Debian's libtool. shellcheck disable=SC2086,SC2046 # words
		echo '#define DEB_HOST_MULTIARCH "x86_64-linux-gnu"' > src/lua5.4-deb-multiarch.h
		logged make "$cc" $flags -DLUA_USE_LINUX $(find src -name '*.c' ! -name luac.c) -Wl,-E -lm -ldl -o lua ;;
	lz4 | libzstd) build CC="$cc" CXX="$cxx" CFLAGS="$flags" ;;
	ninja-build) CC="$cc" CXX="$cxx" CFLAGS="$flags" logged make python3 configure.py --bootstrap ;;
	tinyxml2) cmaked -DBUILD_SHARED_LIBS=ON ;;
	libjsoncpp) cmaked -DJSONCPP_WITH_TESTS=OFF ;;
	leveldb) cmaked -DLEVELDB_BUILD_TESTS=OFF -DLEVELDB_BUILD_BENCHMARKS=OFF -DBUILD_SHARED_LIBS=ON ;;
	fmtlib) cmaked -DBUILD_SHARED_LIBS=ON -DFMT_TEST=OFF ;;
	expat) cd expat; [ -x configure ] || logged autoconf ./buildconf.sh; configured --without-docbook; build ;;
	gawk) configured; build -C support; build gawk; build -C extension ;; # Debian leaves the manual out
	dash) logged autoconf autoreconf -fi; configured; build ;; # Debian adds files to it
	jq) logged autoconf autoreconf -fi; configured --disable-docs --disable-maintainer-mode; build ;;
	file | readline | libpng1.6 | popt | patch | gzip | sed | grep | diffutils | bc | less | nano | m4 | tar | xz-utils | \
		ncurses | mawk | sqlite3 | libxml2 | groff | gperf | coreutils | findutils | curl)
		[ -x configure ] || logged autoconf autoreconf -fi
		case $1 in
		libxml2) configured --without-python ;;
		ncurses) configured --with-shared --without-ada ;;
		curl) configured --without-ssl --disable-ldap --without-libpsl ;;
		tar | coreutils) FORCE_UNSAFE_CONFIGURE=1 configured ;;
		mawk) configured --with-builtin-srand --with-builtin-regex ;;
		*) configured ;;
		esac
		build
		;;
	*) fail "nobody said how to build $1" ;;
	esac
}

packages=${QUIET_PACKAGES:-zlib bzip2 lua5.4 lz4 ninja-build tinyxml2 libjsoncpp leveldb fmtlib expat jq file readline gawk libpng1.6 popt
	patch gzip sed grep diffutils bc less nano m4 tar xz-utils ncurses mawk sqlite3 libxml2 gperf dash findutils curl}

# What a link may say: GNU ld says it as well.
allowed='is dangerous, better use|Using .* in statically linked applications requires|requires executable stack'

# The linker notes what it says, beside saying it.
said=$PWD/said
mkdir -p bin "$said"
cat > bin/ld <<-END
	#!/bin/bash
	log=\$(mktemp "$said/link.XXXXXX")
	"$GILD" "\$@" 2> "\$log"
	rc=\$?
	cat "\$log" >&2
	if [ \$rc = 0 ]; then
		echo >> "$said/links"
		[ ! -s "\$log" ] || echo "(\$PWD) \$*" >> "\$log"
	fi
	[ \$rc = 0 ] && [ -s "\$log" ] || rm -f "\$log"
	exit \$rc
END
chmod +x bin/ld
printf '#!/bin/sh\nexec %s -B%s "$@"\n' "$(command -v "$CC")" "$PWD/bin" > bin/cc
printf '#!/bin/sh\nexec %s -B%s "$@"\n' "$(command -v "$CXX")" "$PWD/bin" > bin/c++
chmod +x bin/cc bin/c++
cc=$PWD/bin/cc cxx=$PWD/bin/c++

built=0
for package in $packages; do
	: > "$said/links"
	if ! "$GILD_SRC/scripts/fetch-source.sh" "$package" "$package" > fetch.txt 2>&1; then
		echo "$package: no source ($(tail -n 1 fetch.txt))"
		continue
	fi
	(cd "$package" && how "$package")
	n=$(wc -l < "$said/links")
	[ "$n" -gt 0 ] || fail "$package: nothing was linked by gild"
	echo "$package: $n links"
	built=$((built + 1))
	loud=$(grep -hE '^gild: ' "$said"/link.* 2> /dev/null | grep -vE "$allowed" || :)
	[ -z "$loud" ] || { grep -lE '^gild: ' "$said"/link.* | xargs head -n 20; fail "$package: the linker warns"; }
	rm -rf "$package" "$said"/link.*
done
[ "$built" -gt 0 ] || skip "no sources"
