#!/bin/bash
# gild abi layout: offsets, sizes, holes, cache lines and bit-fields as pahole shows them, for C by gcc and clang, for C++, and for libc's
# own types; headers that a compiler takes, with the same layout; offsets as macros.
# packages: dwarves libc6-dbg
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >types.c <<'END'
#include <stdint.h>
enum color { RED, GREEN = 5, BLUE };
struct later;
typedef int (*callback)(struct later *, const char *, ...);
typedef struct { int a; char b; } nameless;
struct point { short x, y; };
struct mixed {
	char c; double d; const char *name; struct point p[3][2]; callback cb; void (*fn)(int, struct mixed *);
	union { int i; float f; struct { char q; long w; }; } u; union { int anon_i; char anon_c[7]; };
	struct { int x; struct { char k; } deep; } in[2]; enum color col; enum { A1, B1 } ae; nameless at;
	uint64_t u64; _Bool bl; char tail[];
};
struct __attribute__((packed)) packed { char a; int b; struct point p; };
struct lines { char a[60]; long b[20]; int c; char d[200]; int e; };
struct nested { struct mixed b; char c; long double ld; struct lines l; };
struct bits { unsigned a : 3; unsigned b : 7; int c : 20; char e; unsigned short f : 1; long long g : 40; };
struct empty {};
struct holds_empty { struct empty e; int x; };
union choice { int a; char b[12]; struct point p; };
struct mixed *v0; struct packed v1; struct lines v2; struct nested *v3; struct bits v4; struct holds_empty v5; union choice v6; nameless v7;
END
cat >types.cc <<'END'
struct base { virtual int f(); int x; virtual ~base(); };
struct derived : base { char c; struct inner { long a, b; } i; enum class kind : char { p, q } k; };
template <class T, int N> struct array { T a[N]; int count; };
namespace ns { struct point { int x, y; }; class shape { public: point at; double area; }; }
array<int, 3> v0; array<char, 5> v1; derived v2; ns::shape v3;
int base::f() { return x; }
base::~base() {}
END

# Both as one line a type, without what pahole adds to make its text C again, and without how it spells pointers. A zero-length array is
# "[]" for it, and it has no words for demanded alignments that came out differently.
normal_lines() {
	sed -E 's@/\*( Force[^*]*| Bitfield combined[^*]*| forced align[^*]*)\*/@@g; s@__attribute__\(\(__[a-z_]+__(\([0-9]+\))?\)\)@@g
		s@[a-z_ ]+ :0;@@g; s@\[0\]@[]@g; s@(struct|class|union) @@g; s@const @@g; s@[[:space:]]+@ @g; s@ ?\* ?@*@g; s@ ?([;{:]) ?@\1@g; s@^ @@'
}
normal() { tr '\n' ' ' | normal_lines; }

# One line a type, as a set: awk puts each "struct NAME {...};" on a line of its own.
lines() { awk '/^(struct|union) / { text = "" } { text = text " " $0 } /^}/ { print text; text = "" }' | normal_lines; }

same=0
compare() { # FILE TYPE...
	local file=$1 type
	shift
	[ -s "$(basename "$file").pahole" ] || pahole -F dwarf "$file" 2>/dev/null </dev/null | lines | sort -u >"$(basename "$file").pahole"
	"$GILD" abi layout "$file" "${@/#/struct }" 2>/dev/null >ours.txt || : # some may not be there
	lines <ours.txt >ours.lines
	for type; do
		# what is no struct there, and what units do not agree on, is passed over
		[ "$(grep -c "^$type[:{]" ours.lines)" = 1 ] || continue
		if ! grep "^$type[:{]" ours.lines | grep -qxF -f - "$(basename "$file").pahole"; then
			grep "^$type[:{]" ours.lines "$(basename "$file").pahole" || :
			fail "$file: pahole shows struct $type in another way"
		fi
		same=$((same + 1))
	done
}

have pahole || skip "no pahole"
check_c() {
	"${compile[@]}" -g -c ../types.c -o types.o
	compare types.o point packed lines nested empty holds_empty
	[ "${compile[0]}" != "$CC" ] || compare types.o mixed # what clang nests, pahole shows twice
	"$GILD" abi layout types.o bits >bits.txt
	for line in 'a:3; /* 0: 0 4 */' 'b:7; /* 0: 3 4 */' 'c:20; /* 0:10 4 */' 'e; /* 4 1 */' 'f:1; /* 4: 8 2 */' 'g:40; /* 8: 0 8 */'; do
		normal <bits.txt | grep -qF -e "$(echo "$line" | normal | sed 's/ $//')" || { cat bits.txt; fail "struct bits lacks: $line"; }
	done
	"$GILD" abi layout --offsets types.o mixed bits >offsets.h
	for line in '#define BITS_C_BIT_OFFSET 10' '#define BITS_C_BITS 20' '#define MIXED_C_OFFSET 0'; do
		grep -qx "$line" offsets.h || { cat offsets.h; fail "--offsets lacks: $line"; }
	done
	# The offsets are those that the compiler has.
	{ cat ../types.c offsets.h; echo '#include <stddef.h>
_Static_assert(MIXED_SIZE == sizeof(struct mixed), "size");
_Static_assert(MIXED_U_W_OFFSET == offsetof(struct mixed, u.w), "w");
_Static_assert(MIXED_TAIL_OFFSET == offsetof(struct mixed, tail), "tail");
_Static_assert(MIXED_ANON_C_OFFSET == offsetof(struct mixed, anon_c), "anon_c");'; } >check.c
	"${compile[@]}" -w -c check.c -o check.o || fail "--offsets gives other offsets than the compiler"
	# So are those of the header, which asserts them itself.
	for type in mixed packed lines nested bits holds_empty choice nameless; do
		"$GILD" abi layout --c-header types.o $type >header.h
		"${compile[@]}" -w -x c -c header.h -o header.o || { cat header.h; fail "--c-header $type is not accepted"; }
	done
	[ "$("$GILD" abi layout --c-header types.o nested | grep -c _Static_assert)" -gt 20 ] || fail "the header asserts little"
}
each_compiler check_c

"$CXX" -g -c types.cc -o types.o
for type in base derived ns::point; do "$GILD" abi layout types.o $type >/dev/null || fail "no layout of $type"; done
"$GILD" abi layout types.o array >arrays.txt
assert_contains arrays.txt 'struct array<int, 3> {'
assert_contains arrays.txt 'struct array<char, 5> {'
"$GILD" abi layout types.o derived >derived.txt
assert_contains derived.txt 'struct derived : base {'
assert_contains derived.txt '_ZN'
grep -qE 'i; +/\* +16 +16 \*/' derived.txt || { cat derived.txt; fail "derived::i is not at 16"; }
"$GILD" abi layout --c-header types.o derived >derived.h
"$CC" -w -x c -c derived.h -o derived.o || { cat derived.h; fail "the header of a C++ type is not C"; }

# As deep as templates go: std::tuple derives from itself without the first type.
echo 'template <int I> struct part : part<I - 1> { int i; };
template <> struct part<0> { int i; };
struct whole { part<890> p; } v;' >deep.cc
"$CXX" -g -c deep.cc -o deep.o
"$GILD" abi layout --c-header deep.o whole >deep.h
"$CC" -w -x c -c deep.h -o derived.o || fail "the header of types that are inside of each other 890 times is not C"

expect_fail "$GILD" abi layout types.o no_such_type
assert_contains messages "there is no type no_such_type"
"$CC" -c types.c -o bare.o
expect_fail "$GILD" abi layout bare.o mixed
assert_contains messages "compile it with -g"

id=$(readelf -n /lib/x86_64-linux-gnu/libc.so.6 | sed -n 's/.*Build ID: //p')
debug=/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
if [ -e "$debug" ]; then
	compare "$debug" _IO_FILE _IO_FILE_plus _IO_wide_data _IO_jump_t _IO_marker _IO_strfile_ pthread __pthread_mutex_s __pthread_rwlock_arch_t \
		robust_list_head sched_param malloc_state malloc_chunk malloc_par mallinfo mallinfo2 stat dirent tm timespec timeval itimerval \
		sockaddr sockaddr_in sockaddr_in6 sockaddr_un addrinfo hostent servent protoent passwd group spwd sigaction sigevent rusage rlimit \
		utsname iovec msghdr cmsghdr linger ifreq ifaddrs utmp link_map r_debug dl_phdr_info re_pattern_buffer re_dfa_t \
		lconv random_data drand48_data argp argp_option fsid_t statfs statvfs winsize termios __gconv_step __gconv_trans_data \
		__res_state locale_data __locale_struct glob_t FTW posix_spawnattr_t crypt_data netent rpcent timezone timeb
	[ $same -ge 60 ] || fail "only $same types were the same as pahole shows them"
fi
echo "$same types as pahole shows them"
