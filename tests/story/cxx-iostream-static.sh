#!/bin/bash
# A static C++ program that uses iostreams, locales, threads and std::call_once starts and works: weak pthread
# symbols, init order of libstdc++ and TLS destructors are all in place.
set -eu
. "$GILD_SRC/tests/lib.sh"
. "$GILD_SRC/tests/story/kinds.bash"

cat >main.cc <<'END'
#include <iostream>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <thread>
#include <vector>
std::once_flag once;
std::map<std::string, int> words{{"zero", 0}};
struct Bye { ~Bye() { words["bye"]++; } };
thread_local Bye bye;
int main() {
	std::mutex m;
	std::vector<std::thread> ts;
	for (int i = 0; i < 4; i++)
		ts.emplace_back([&] {
			std::call_once(once, [] { words["once"]++; });
			std::lock_guard<std::mutex> g(m);
			(void)&bye;
			words["thread"]++;
		});
	for (auto &t : ts) t.join();
	std::ostringstream s;
	for (auto &[k, v] : words) s << k << "=" << v << " ";
	s << 3.25 << " " << std::stoi("42");
	std::cout << s.str() << std::endl;
}
END
for cc in $COMPILERS; do
	for kind in $KINDS; do
		$cc -O1 -std=c++17 -pthread $(cflags $kind) $(ldflags $kind) main.cc -lstdc++ -lm -o prog
		same "bye=4 once=1 thread=4 zero=0 3.25 42" "$(./prog)" "$kind $cc"
	done
done
