// A shared library with a small calculator. It throws across its border and counts per thread.
#pragma once
#include <stdexcept>
#include <string>

namespace calc {

struct error : std::runtime_error {
	error(const std::string &what, std::size_t where) : std::runtime_error(what), at(where) {}
	std::size_t at; // where in the text, from 0
};

// The value of an expression of numbers, + - * / and parentheses. Throws calc::error.
double evaluate(const std::string &text);

// How many expressions this thread has begun to evaluate.
extern thread_local unsigned evaluations;

}
