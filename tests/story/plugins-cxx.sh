#!/bin/bash
# Plugins in C++, opened with dlopen by a program with -rdynamic: what both have inline is one thing at run time (static
# variables, type information, exceptions both ways), plugins register themselves in the program and can be closed.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >host.h <<'END_C'
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
struct plugin_error : std::runtime_error { using runtime_error::runtime_error; };
struct plugin { virtual ~plugin() = default; virtual int run(int) = 0; };
struct printer { virtual ~printer(); virtual void print(const std::string &); int lines = 0; };
using maker = std::unique_ptr<plugin> (*)();
std::map<std::string, maker> &registry();
inline int &counter() { static int value; return value; }
template <typename T> struct holder { static T value; };
template <typename T> T holder<T>::value = T(7);
extern thread_local int depth;
extern printer *the_printer;
int call_host(int (*)(int), int);
END_C
cat >host.cc <<'END_C'
#include "host.h"
#include <cstdio>
#include <dlfcn.h>
printer::~printer() = default;
void printer::print(const std::string &line) { lines++; puts(line.c_str()); }
std::map<std::string, maker> &registry() { static std::map<std::string, maker> all; return all; }
thread_local int depth = 1;
printer *the_printer;
int call_host(int (*f)(int), int n) { try { return f(n); } catch (const plugin_error &e) { return -n; } }
int main(int argc, char **argv) {
	printer out;
	the_printer = &out;
	for (int round = 0; round < 2; round++) {
		void *handles[8] = {};
		for (int i = 1; i < argc; i++)
			if (!(handles[i] = dlopen(argv[i], round ? RTLD_NOW : RTLD_LAZY))) { fprintf(stderr, "%s\n", dlerror()); return 3; }
		for (auto &[name, make] : registry()) {
			auto p = make();
			try { out.print(name + " " + std::to_string(p->run(10))); }
			catch (const plugin_error &e) { out.print(name + " throws " + e.what()); }
		}
		for (int i = argc - 1; i; i--) dlclose(handles[i]);
		out.print(std::to_string(counter()) + " " + std::to_string(holder<long>::value) + " " + std::to_string(depth) + " " +
			std::to_string(registry().size()) + " " + std::to_string(out.lines));
	}
}
END_C
cat >plugin.cc <<'END_C'
#include "host.h"
static int fails(int n) { if (n > 10) throw plugin_error("inside"); return n; }
struct mine : plugin {
	int run(int n) override {
		counter()++;
		holder<long>::value += 10;
		depth++;
		if (!dynamic_cast<printer *>(the_printer)) return -1;
		the_printer->print("from " NAME);
		if (n == LIMIT) throw plugin_error(NAME);
		return call_host(fails, 10) * 100 + call_host(fails, 11);
	}
};
static struct registration {
	registration() { registry()[NAME] = [] { return std::unique_ptr<plugin>(new mine); }; }
	~registration() { registry().erase(NAME); }
} registered;
END_C
cat >expected.txt <<'END_T'
from first
first 989
from second
second throws second
2 27 3 0 4
from first
first 989
from second
second throws second
4 47 5 0 9
END_T
each() {
	local kind flags more name closable=-fno-gnu-unique # what has a unique symbol is never closed
	[ "${compile[0]}" != "$CLANG" ] || closable=''
	for kind in $DYNAMIC_KINDS; do
		for flags in -O0 "-O2 -fno-semantic-interposition -fvisibility-inlines-hidden"; do
			"${compile[@]}" -std=c++17 $flags $(cflags $kind) -c ../host.cc
			"${compile[@]}" -std=c++17 $flags $closable -fPIC -DNAME='"first"' -DLIMIT=0 -c ../plugin.cc -o first.o
			"${compile[@]}" -std=c++17 $flags $closable -fPIC -DNAME='"second"' -DLIMIT=10 -c ../plugin.cc -o second.o
			for more in "" -Wl,--gc-sections,-z,now -Wl,-Bsymbolic-functions; do
				"${driver[@]}" $(ldflags $kind) -rdynamic ${more/-Wl,-B*/} host.o -ldl -lstdc++ -o host
				for name in first second; do "${driver[@]}" -shared $more $name.o -lstdc++ -o $name.so; done
				./host ./first.so ./second.so >out.txt || fail "$kind $flags $more: exit code"
				diff ../expected.txt out.txt || fail "$kind $flags $more: wrong output"
			done
		done
	done
}
each_compiler each
