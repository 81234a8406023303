#include "calc.h"

#include <cctype>
#include <cstdlib>

namespace calc {

thread_local unsigned evaluations;

namespace {

class parser {
public:
	explicit parser(const std::string &expression) : text(expression) {}

	double whole()
	{
		double value = sum();
		if (at < text.size())
			fail("an operator is missing");
		return value;
	}

private:
	double sum()
	{
		double value = product();
		for (;;) {
			if (accept('+'))
				value += product();
			else if (accept('-'))
				value -= product();
			else
				return value;
		}
	}

	double product()
	{
		double value = factor();
		for (;;) {
			if (accept('*')) {
				value *= factor();
			} else if (accept('/')) {
				double divisor = factor();
				if (divisor == 0)
					fail("division by zero");
				value /= divisor;
			} else {
				return value;
			}
		}
	}

	double factor()
	{
		if (accept('(')) {
			double value = sum();
			if (!accept(')'))
				fail("a closing parenthesis is missing");
			return value;
		}
		char *end;
		double value = std::strtod(text.c_str() + at, &end);
		if (end == text.c_str() + at)
			fail("a number is missing");
		at = std::size_t(end - text.c_str());
		return value;
	}

	bool accept(char wanted)
	{
		while (at < text.size() && std::isspace(static_cast<unsigned char>(text[at])))
			at++;
		if (at >= text.size() || text[at] != wanted)
			return false;
		at++;
		return true;
	}

	[[noreturn]] void fail(const char *what) { throw error(what, at); }

	const std::string &text;
	std::size_t at = 0;
};

}

double evaluate(const std::string &text)
{
	evaluations++;
	return parser(text).whole();
}

}
