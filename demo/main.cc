// Four threads evaluate expressions in the shared library, and catch what it throws.
#include "calc.h"

#include <functional>
#include <iostream>
#include <sstream>
#include <string>
#include <thread>
#include <vector>

static thread_local unsigned caught;

static const char *const expressions[] = {"(1 + 2) * 14", "1 / (2 - 2)", "2 * (3 + 4", "10 / 4 - 0.5"};

// Thread n evaluates the first n expressions, so each thread has other counts.
static void work(unsigned n, std::string &report)
{
	std::ostringstream out;
	for (unsigned i = 0; i < n; i++) {
		out << "    " << expressions[i] << "  ";
		try {
			out << "= " << calc::evaluate(expressions[i]) << "\n";
		} catch (const calc::error &error) {
			caught++;
			out << "throws: " << error.what() << " (column " << error.at + 1 << ")\n";
		}
	}
	out << "    thread " << n << ": " << calc::evaluations << " evaluated, " << caught << " caught\n";
	report = out.str();
}

int main()
{
	std::vector<std::string> reports(4);
	std::vector<std::thread> threads;
	for (unsigned n = 0; n < reports.size(); n++)
		threads.emplace_back(work, n + 1, std::ref(reports[n]));
	for (std::thread &thread : threads)
		thread.join();
	std::cout << reports.back() << "    main thread: " << calc::evaluations << " evaluated, " << caught << " caught" << std::endl;
	return calc::evaluations == 0 && caught == 0 ? 0 : 1;
}
