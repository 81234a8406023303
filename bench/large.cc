/* Much of the standard library, and what it takes to use it: debug information as large C++ programs have it. */
#include <algorithm>
#include <any>
#include <atomic>
#include <bitset>
#include <chrono>
#include <complex>
#include <condition_variable>
#include <deque>
#include <filesystem>
#include <fstream>
#include <functional>
#include <future>
#include <iostream>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <numeric>
#include <optional>
#include <random>
#include <regex>
#include <set>
#include <sstream>
#include <string>
#include <thread>
#include <unordered_map>
#include <variant>
#include <vector>
int main()
{
	std::regex r("a.*b");
	std::map<std::string, std::vector<int>> m;
	m["x"].push_back(1);
	std::ostringstream o;
	for (auto &p : m) o << p.first << p.second.size();
	std::unordered_map<int, std::string> u{{1, "a"}};
	auto f = std::async([] { return 1; });
	std::variant<int, std::string> v = "q";
	std::visit([&](auto &x) { o << x; }, v);
	return std::regex_match(o.str(), r) + f.get() + (int)u.size();
}
