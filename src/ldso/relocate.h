/* Relocation (psABI x86-64, "Relocation Types"). */
#ifndef GILD_LDSO_RELOCATE_H
#define GILD_LDSO_RELOCATE_H

#include "ldso/loader.h"

enum relocate_flags {
	RELOCATE_LAZY = 1 << 0,    /* function calls are bound when they happen */
	RELOCATE_REPORT = 1 << 2,  /* undefined symbols are reported and set ld->undefined_symbols: no error */
	RELOCATE_NO_IFUNC = 1 << 1, /* run no code: `--list` with LD_WARN only looks for what is undefined */
};

/* Relocates an object and protects its RELRO. All it depends on has been relocated before. false after fail(). */
bool relocate_object(struct loader *ld, struct object *object, unsigned flags);

/* The trampolines a lazily bound call runs through first (trampolines.S), called by the object's PLT with the object
 * and the relocation's index on the stack. One for each way to save vector registers. */
void bind_trampoline_xsavec(void);
void bind_trampoline_xsave(void);
void bind_trampoline_fxsave(void);

/* Bytes of stack for the saved registers: compacted, and in the standard format; 0 without xsave. Global because
 * trampolines.S reads them. */
extern uint64_t trampoline_area, trampoline_full_area;

/* Called by them: binds a function and returns its address. */
uint64_t bind_function(struct object *object, uint64_t index);

/* The address of a function by the index of its relocation; where it is defined in `out`. Ends the process when it is
 * nowhere. */
struct definition;
uint64_t bind_definition(struct object *object, uint64_t index, struct definition *out);

#endif
