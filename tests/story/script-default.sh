#!/bin/bash
# The default layout as a script: what --verbose prints makes, with -T, the same bytes, whatever kind of output it is; and
# the script that GNU ld prints makes programs that run.
# packages: binutils
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"

cat > main.c << 'END'
#include <stdio.h>
#include <string.h>
extern int shared_value(void);
__thread int initialized = 3, zero;
static int big[1000];
const char *const names[] = {"one", "two"};
static int started;
__attribute__((constructor)) static void start(void) { started = 7; }
__attribute__((destructor)) static void stop(void) { puts("stop"); }
#ifndef LIBRARY
int main(void)
{
	printf("%d %d %d %s\n", initialized, zero + big[5], started, names[1]);
	return 0;
}
#else
int shared_value(void) { return initialized + (names[0][0] == 'o') + started; }
#endif
END
"$CC" -c -O1 -fPIC main.c -o main.o
"$CC" -c -O1 -fPIC -DLIBRARY main.c -o library.o

# body FILE: the script of --verbose's text.
body() { sed -e '1,/^=====/d' -e '/^=====/,$d' "$1"; }

# same NAME OPTIONS: twice the same bytes.
same() {
	local name=$1
	shift
	link "$@" -o "$name" -Wl,--verbose > "$name.text"
	body "$name.text" > "$name.ld"
	grep -q 'LD_FEATURE ("GILD_LAYOUT")' "$name.ld" || fail "--verbose of $name does not print a layout"
	link "$@" -o "$name.again" -Wl,-T,"$name.ld"
	cmp "$name" "$name.again" || fail "$name: the default layout and its script make different files"
}
same pie -pie main.o
same exec -no-pie main.o
same shared -shared library.o
same static -static main.o
same static-pie -static-pie main.o
same collected -pie main.o -Wl,--gc-sections,--emit-relocs
same placed -no-pie main.o -Wl,-Ttext=0x500000,--section-start=.data=0x900000
same sorted -pie main.o -Wl,--sort-section=alignment,-z,keep-text-section-prefix,-z,pack-relative-relocs
same unpaged -static main.o -Wl,-N
"$GILD" -r main.o -o object.o --verbose > object.text
body object.text > object.ld
"$GILD" -r main.o -o again.o -T object.ld
cmp object.o again.o || fail "-r: the default layout and its script make different files"

# ---- GNU ld's

have ld.bfd || exit 0
# runs NAME OPTIONS OF GCC, OPTIONS OF GNU LD
runs() {
	local name=$1 options=$2
	shift 2
	ld.bfd "$@" --verbose > gnu.text
	body gnu.text > "gnu-$name.ld"
	# shellcheck disable=SC2086
	link $options -Wl,-T,"gnu-$name.ld" main.o -o "gnu-$name"
	assert_equal "$("./gnu-$name")" "3 0 7 two
stop"
	readelf -lW "gnu-$name" > segments
	! grep -q "RWE" segments || fail "gnu-$name has a segment that is writable and executable"
}
runs exec -no-pie
runs pie -pie -pie
runs static -static
runs static-pie -static-pie -pie
ld.bfd -shared --verbose > gnu.text
body gnu.text > gnu-shared.ld
link -shared -Wl,-T,gnu-shared.ld library.o -o libtwo.so
cat > user.c << 'END'
#include <stdio.h>
extern int shared_value(void);
int main(void) { printf("%d\n", shared_value()); return 0; }
END
link user.c -Wl,-T,gnu-pie.ld -L. -ltwo -Wl,-rpath,. -o user
assert_equal "$(./user)" "11
stop"

# Relocated data ends with a page, and is read-only when the program runs.
readelf -lW gnu-pie | awk '$1 == "GNU_RELRO" { print $3, $6 }' > relro
read -r start size < relro
assert_equal $(((start + size) % 4096)) 0

# C++: exceptions, thread-local objects, destructors
cat > main.cc << 'END'
#include <iostream>
#include <stdexcept>
#include <string>
struct noisy { std::string name; ~noisy() { std::cout << "end of " << name << "\n"; } };
static noisy global{"global"};
thread_local noisy local{"thread"};
int main()
{
	try {
		noisy here{"block"};
		throw std::runtime_error(local.name);
	} catch (const std::exception &error) {
		std::cout << "caught " << error.what() << std::endl;
	}
}
END
for options in "-no-pie:exec" "-pie:pie" "-static:static"; do
	link++ -O1 "${options%:*}" main.cc -Wl,-T,"gnu-${options#*:}.ld" -o noisy
	assert_equal "$(./noisy)" "end of block
caught thread
end of thread
end of global"
done
