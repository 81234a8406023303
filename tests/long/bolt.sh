#!/bin/bash
# LLVM's BOLT reads the relocations that --emit-relocs keeps, takes a program apart by them, and puts it together in another
# order: threads, exceptions, virtual functions, jump tables and thread-local variables are where they were. Then the same
# with gild itself, which links as before.
# timeout: 900
# packages: bolt-16
set -eu
. "$GILD_SRC/tests/lib.sh"
have llvm-bolt-16 || skip "no llvm-bolt-16"

cat > prog.cc <<'EOF'
#include <cstdio>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <thread>
static thread_local int ticks;
__attribute__((noinline)) int kind(int x) {
	switch (x % 9) {
	case 0: return 3;
	case 1: return 1;
	case 2: return 4;
	case 3: return 1;
	case 4: return 5;
	case 5: return 9;
	case 6: return 2;
	case 7: return 6;
	default: throw std::runtime_error("eight");
	}
}
struct Base { virtual ~Base() {} virtual int f(int x) = 0; };
struct A : Base { int f(int x) override { ticks++; return kind(x); } };
struct B : Base { int f(int x) override { return ticks + x; } };
static int (*const table[])(int) = {kind, [](int x) { return x + 1; }, [](int x) { return x * x; }};
__attribute__((noinline)) int work(int n) {
	A a; B b; Base *both[] = {&a, &b};
	int sum = 0;
	for (int i = 0; i < n; i++) {
		try { sum += both[i % 2]->f(i) + table[i % 3](i % 8); }
		catch (const std::exception &error) { sum += strlen(error.what()); }
	}
	return sum;
}
int main() {
	std::map<std::string, int> m;
	std::thread([&] { m["thread"] = work(1000); }).join();
	m["main"] = work(2000);
	for (auto &each : m) printf("%s %d\n", each.first.c_str(), each.second);
}
EOF
bolt() { # IN OUT: every function is moved
	llvm-bolt-16 "$1" -o "$2" -lite=0 -reorder-functions=hfsort -reorder-blocks=reverse -split-functions -split-all-cold \
		-icf=1 > bolt.txt 2>&1 || { cat bolt.txt; fail "$1: llvm-bolt does not take it"; }
	assert_contains bolt.txt "enabling relocation mode"
	sed 's,BOLT-INFO.*,,' bolt.txt | grep -E 'BOLT-(ERROR|WARNING)' | sed 's/\[\?0x[0-9a-f]*\|at[0-9a-f]\{6\}\|[[ ][0-9a-f]\{6,8\}\b//g' | sort > "$2.complaints" || :
}
programs() {
	local kind kept
	# Static programs are beyond llvm-bolt 16, whoever links them.
	for kind in "-no-pie -fno-pie" "-pie -fPIE" "-pie -fPIE -ffunction-sections -Wl,--gc-sections"; do
		"${compile[@]}" -x c++ -O2 $kind -ftls-model=global-dynamic -pthread -c ../prog.cc -o prog.o
		"${driver[@]}" $kind -pthread -Wl,--emit-relocs prog.o -lstdc++ -lm -o prog
		./prog > wanted
		bolt prog prog.bolt
		"${compile[@]}" -fuse-ld=bfd -O2 $kind -pthread -Wl,--emit-relocs prog.o -lstdc++ -lm -o other
		bolt other other.bolt
		diff other.bolt.complaints prog.bolt.complaints || fail "$kind: llvm-bolt complains of what GNU ld's output has right"
		./prog.bolt > got || fail "$kind: exit code $?"
		diff wanted got || fail "$kind: says something else"
		kept=$(readelf -SW prog | grep -c ' \.rela\.text ')
		[ "$kept" = 1 ] || fail "$kind: no relocations were kept"
	done
}
each_compiler programs

# A library, and gild.
printf 'int table(int x) { switch (x) { case 0: return 5; case 1: return 7; case 2: return 1; case 3: return 9; default: return 0; } }\n' > lib.c
link -O2 -fPIC -shared -Wl,--emit-relocs lib.c -o lib.so
bolt lib.so libtable.so
printf 'int table(int); int main(void) { return table(3) - 9 + table(8); }\n' > main.c
link main.c ./libtable.so -o prog
./prog || fail "a library: exit code $?"
own=$(dirname "$GILD")
link -O2 -pthread -Wl,--emit-relocs "$own/obj/main.o" "$own/libgild.a" -liberty -o gild
bolt gild bolted
for linker in gild bolted; do
	"$CXX" -c -O2 -fPIE prog.cc
	mkdir -p with-$linker
	ln -sf ../$linker with-$linker/ld
	"$CXX" -Bwith-$linker prog.o -pthread -o $linker.out
done
cmp gild.out bolted.out || fail "gild links otherwise after llvm-bolt"
