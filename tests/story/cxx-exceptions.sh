#!/bin/bash
# C++ exceptions travel through the executable, through a shared library and back, with unwinding that runs
# destructors, and typeinfo compares equal on both sides.
# smoke
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >shared.h <<'END'
#include <stdexcept>
struct Base { virtual ~Base(); int v; };
struct Derived : Base { Derived(int x) { v = x; } };
void thrower(int);
int calls_back(void (*f)(int), int);
END
cat >lib.cc <<'END'
#include "shared.h"
Base::~Base() {}
void thrower(int n) {
	if (n == 0) throw Derived(5);
	if (n == 1) throw std::runtime_error("from library");
	throw n;
}
int calls_back(void (*f)(int), int n) {
	try { f(n); } catch (Base &b) { return b.v; } catch (std::exception &e) { return 100; } catch (int i) { return i; }
	return -1;
}
END
cat >main.cc <<'END'
#include "shared.h"
#include <cstdio>
#include <cstring>
static int destroyed;
struct Guard { ~Guard() { destroyed++; } };
static int here(int n) {
	try { Guard g; thrower(n); }
	catch (Base &b) { return dynamic_cast<Derived *>(&b) ? b.v : -2; }
	catch (std::runtime_error &e) { return strcmp(e.what(), "from library") ? -3 : 200; }
	catch (int i) { return i; }
	return -1;
}
static void mine(int n) { Guard g; thrower(n); }
int main() {
	int ok = here(0) == 5 && here(1) == 200 && here(7) == 7 && calls_back(mine, 0) == 5 &&
		calls_back(mine, 1) == 100 && calls_back(mine, 9) == 9 && destroyed == 6;
	try { throw std::logic_error("x"); } catch (std::exception &) { ok += 2; }
	puts(ok == 3 ? "caught all" : "lost one");
}
END

for cc in $COMPILERS; do
	$cc -O2 -fPIC -shared lib.cc -lstdc++ -o libx.so
	for kind in $KINDS; do
		$cc -O2 $(cflags $kind) -c main.cc
		case $kind in
		static*) $cc -O2 $(cflags $kind) $(ldflags $kind) main.o lib.cc -lstdc++ -lm -o prog-$kind ;;
		*) $cc $(ldflags $kind) main.o ./libx.so -lstdc++ -lm -o prog-$kind ;;
		esac
		same "caught all" "$(./prog-$kind)" "$kind $cc"
	done
done
