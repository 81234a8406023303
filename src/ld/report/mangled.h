/* The part of a C++ name that says what something is called, without its parameters: enough to see that two names mean
 * nearly the same, at a fraction of the cost of demangling (Itanium C++ ABI, "Mangling"). Pure functions. */
#ifndef GILD_LD_REPORT_MANGLED_H
#define GILD_LD_REPORT_MANGLED_H

#include "base/types.h"

enum { MANGLED_MAX = 192 };

struct mangled {
	char key[MANGLED_MAX];    /* "ns::X::f", "ns::X::~X", "ns::operator pl"; of a C name: the name; no NUL */
	uint32_t len;
	uint32_t base;            /* where in `key` the last part begins */
	bool cxx;                 /* a function or variable of C++; false: a C name */
	char special;             /* 'V', 'I', 'S', 'T': vtable, typeinfo, typeinfo name, VTT of class `key`; 0: none */
	struct str rest;          /* template arguments and parameters, as mangled */
};

/* False: the name is too long, or mangled in a way that is not looked into (templates in a scope, lambdas, Rust). */
bool mangled_parse(struct mangled *out, struct str name);

#endif
