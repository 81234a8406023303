#!/bin/bash
# --icf folds sections that are equal in bytes and in what they refer to: which ones, what stays apart, and that programs
# still find everything.
set -eu
. "$GILD_SRC/tests/lib.sh"

cat >a.c <<'END'
int counter, other;
int one(int x) { return x * 3 + 7; }
int two(int x) { return x * 3 + 7; }
int uses_one(int x) { counter++; return one(x) - 1; }       /* equal when their callees are */
int uses_two(int x) { counter++; return two(x) - 1; }
int uses_other(int x) { other++; return two(x) - 1; }       /* another variable */
int differs(int x) { return x * 3 + 8; }
int uses_differs(int x) { counter++; return differs(x) - 1; }
int even_b(int), even_a(int);
int odd_a(int n) { return n == 0 ? counter : even_a(n - 1) + 2; }   /* equal to each other, round about */
int odd_b(int n) { return n == 0 ? counter : even_b(n - 1) + 2; }
int even_a(int n) { return n == 0 ? 5 : odd_a(n - 1); }
int even_b(int n) { return n == 0 ? 5 : odd_b(n - 1); }
int third_a(int n) { return n == 0 ? 1 : even_a(n - 1) + 4; }       /* one step away from a difference */
int third_b(int n) { return n == 0 ? 1 : odd_b(n - 1) + 4; }
const char *says_a(void) { return "the same words"; }
const char *says_b(void) { return "the same words"; }
const char *says_c(void) { return "the other words"; }
const int table_a[] = {1, 2, 3, 4, 5}, table_b[] = {1, 2, 3, 4, 5};
__thread int tls_a = 1, tls_b = 2;
int thread_a(void) { return tls_a; }
int thread_aa(void) { return tls_a; }
int thread_b(void) { return tls_b; }
__attribute__((section("my_code"))) int in_set_a(int x) { return x * 3 + 7; }
__attribute__((section("my_code"))) int in_set_b(int x) { return x * 3 + 7; }
typedef int fn(int);
static int real(int x) { return x + 40; }
static int unreal(int x) { return x + 41; }
static fn *choose_a(void) { return real; }
static fn *choose_aa(void) { return real; }
static fn *choose_b(void) { return unreal; }
int ifunc_a(int) __attribute__((ifunc("choose_a")));
int ifunc_aa(int) __attribute__((ifunc("choose_aa")));
int ifunc_b(int) __attribute__((ifunc("choose_b")));
int calls_ifunc_a(int x) { return ifunc_a(x) + 1; }
int calls_ifunc_b(int x) { return ifunc_b(x) + 1; }
END
cat >main.c <<'END'
#include <stdio.h>
#include <string.h>
typedef int fn(int);
extern int counter, other;
fn one, two, uses_one, uses_two, uses_other, differs, uses_differs, odd_a, odd_b, even_a, even_b, third_a, third_b;
fn in_set_a, in_set_b, calls_ifunc_a, calls_ifunc_b, ifunc_aa, again;
const char *says_a(void), *says_b(void), *says_c(void);
int thread_a(void), thread_aa(void), thread_b(void);
extern const int table_a[], table_b[];
int main(void)
{
#ifdef COMPARE
	fn *volatile a = one, *volatile b = two, *volatile c = uses_one, *volatile d = uses_two;
	const int *volatile e = table_a, *volatile f = table_b;
	printf("%d %d %d\n", a == b, e == f, c == d);
#endif
	int good = one(1) == 10 && two(1) == 10 && uses_one(1) == 9 && uses_two(1) == 9 && uses_other(1) == 9 &&
		counter == 2 && other == 1 && uses_differs(1) == 10 && counter == 3 && odd_a(1) == 7 && odd_b(3) == 9 &&
		even_a(1) == 3 && even_b(1) == 3 && third_a(1) == 9 && third_b(1) == 7 && !strcmp(says_a(), "the same words") &&
		!strcmp(says_b(), "the same words") && !strcmp(says_c(), "the other words") && thread_a() == 1 &&
		thread_aa() == 1 && thread_b() == 2 && in_set_a(1) == 10 && in_set_b(1) == 10 && calls_ifunc_a(1) == 42 &&
		calls_ifunc_b(1) == 43 && ifunc_aa(1) == 41 && table_a[4] + table_b[3] == 9 && again(1) == 10;
	puts(good ? "good" : "bad");
	return !good;
}
END
echo 'int again(int x) { return x * 3 + 7; }' >again.c

# folded NAME...: all at one address; apart NAME...: all at different ones, in the symbol table `names`
addresses() { local name; for name; do awk -v n="$name" '$3 == n { print $1; found = 1 } END { exit !found }' names || fail "no $name"; done; }
folded() { [ "$(addresses "$@" | sort -u | wc -l)" -eq 1 ] || fail "$how: not folded: $*"; }
apart() { [ -z "$(addresses "$@" | sort | uniq -d)" ] || fail "$how: folded: $*"; }

check() {
	local kind level options=(-O1 -fno-inline -ffunction-sections -fdata-sections -I..)
	# gcc would make one function call the other by itself
	[ "${compile[0]}" != "$CC" ] || options+=(-fno-ipa-icf)
	for kind in "-fno-pie -no-pie" "-fPIE -pie" "-fPIE -static-pie"; do
		# shellcheck disable=SC2086
		"${compile[@]}" "${options[@]}" $kind -c ../a.c ../again.c ../main.c 2>/dev/null ||
			"${compile[@]}" "${options[@]}" ${kind% *} -c ../a.c ../again.c ../main.c
		for level in none safe all; do
			how="${compile[0]} $kind --icf=$level"
			# shellcheck disable=SC2086
			"${driver[@]}" $kind main.o a.o again.o -o prog -Wl,--icf=$level,--print-icf-sections >list
			[ "$(./prog)" = good ] || fail "$how: wrong result"
			nm prog >names
			apart one differs in_set_a in_set_b
			apart uses_one uses_other uses_differs
			apart third_a third_b
			apart thread_a thread_b
			apart says_a says_c
			apart calls_ifunc_a calls_ifunc_b
			if [ $level = none ]; then
				apart one two again
				[ ! -s list ] || fail "$how: a list of folded sections"
				continue
			fi
			folded one two again
			folded uses_one uses_two
			folded odd_a odd_b
			folded even_a even_b
			folded thread_a thread_aa
			folded says_a says_b
			[ "$(grep -c '^  removing identical section .*:(\.text\.\(two\|one\|again\))$' list)" -eq 2 ] ||
				{ cat list; fail "$how: list of folded sections"; }
			grep -q '^ICF saved [1-9][0-9]* bytes$' list || fail "$how: the list does not say how much"
			# every address has one unwind record
			readelf --debug-dump=frames prog 2>/dev/null | sed -n 's/.* FDE .*pc=\([0-9a-f]*\)\.\..*/\1/p' | sort >records
			[ -z "$(uniq -d records)" ] || fail "$how: two unwind records for $(uniq -d records)"
		done
	done

	# Whose addresses are compared under --icf=safe stays apart; --icf=all does not care for functions.
	"${compile[@]}" "${options[@]}" -fPIE -c ../a.c ../again.c
	"${compile[@]}" "${options[@]}" -fPIE -DCOMPARE -c ../main.c
	how="${compile[0]} --icf=safe"
	"${driver[@]}" main.o a.o again.o -o prog -Wl,--icf=safe
	assert_equal "$(./prog | tr '\n' ' ')" "0 0 0 good "
	how="${compile[0]} --icf=all"
	"${driver[@]}" main.o a.o again.o -o prog -Wl,--icf=all
	assert_equal "$(./prog | tr '\n' ' ')" "1 0 1 good "
	"${driver[@]}" main.o a.o again.o -o prog -Wl,--icf=all,--ignore-data-address-equality
	assert_equal "$(./prog | tr '\n' ' ')" "1 1 1 good "
	"${driver[@]}" main.o a.o again.o -o prog -Wl,--icf=all,--keep-unique=two,--keep-unique=nobody 2>warnings
	assert_contains warnings "--keep-unique: nothing in this link defines nobody"
	assert_equal "$(./prog | tr '\n' ' ')" "0 0 0 good "

	# Exported functions may be compared elsewhere; and somebody else may supply them. Nobody can tell hidden ones apart.
	"${compile[@]}" "${options[@]}" -fPIC -c ../a.c ../again.c
	how="${compile[0]} -shared"
	"${driver[@]}" -shared a.o again.o -o libs.so -Wl,--icf=safe
	nm libs.so >names
	apart one two again
	"${driver[@]}" -shared a.o again.o -o libs.so -Wl,--icf=all
	nm libs.so >names
	folded one two again
	apart uses_one uses_two
	"${driver[@]}" -shared a.o again.o -o libs.so -Wl,--icf=all,-Bsymbolic
	nm libs.so >names
	folded uses_one uses_two

	# with --gc-sections, the first of those that are reached stays; --defsym finds folded ones; nothing without sections
	"${compile[@]}" "${options[@]}" -fPIE -c ../main.c
	"${driver[@]}" main.o a.o again.o -o prog -Wl,--icf=all,--gc-sections,--defsym=alias=two,-Map=map
	[ "$(./prog)" = good ] || fail "${compile[0]}: --gc-sections: wrong result"
	nm prog >names
	folded one two alias
	[ "$(sed -n 's/^ \.text\.two  *\(0x[0-9a-f]*\)  *0x0 a\.o$/\1/p' map)" = "0x$(addresses two)" ] ||
		{ grep -A3 text.two map; fail "the map does not show two as folded"; }
}
each_compiler check

expect_fail link again.o -Wl,--icf=some
assert_contains messages "some"
