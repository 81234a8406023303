/* Checking a finished ELF file: does everything in it that a loader, an unwinder or a debugger relies on hold?
 *
 * This is a second opinion: it shares the readers of src/elf with the linker, but none of its passes and none of its
 * tables. It reads the bytes of the file, works out what must be true and compares. */
#ifndef GILD_VERIFY_VERIFY_H
#define GILD_VERIFY_VERIFY_H

#include "base/diag.h"
#include "base/types.h"

/* How much was looked at. */
struct verify_summary {
	uint64_t facts;           /* comparisons that were made */
	unsigned violations;      /* of them, that did not hold: each is an error in `diag` */
};

/* What a user asked for that takes a promise from the file. */
enum verify_wish {
	WISH_FEW_NAMES = 1,       /* .symtab may lack names that .dynsym has */
	WISH_PLACES = 2,          /* where sections are: they may share pages, and be in no segment that is for them */
	WISH_OVERLAPS = 4,        /* sections may be at one place in memory */
};

/* Checks an x86-64 ELF file: header, sections, segments, RELRO, dynamic section, hash tables, versions, symbols,
 * dynamic relocations, PLT, unwind tables, notes. What is wrong is reported to `diag` as errors of kind "verify" that
 * name `path` and the field. `wishes`: of enum verify_wish. Safe from any thread. */
struct verify_summary verify_file(const char *path, struct bytes bytes, unsigned wishes, struct diag *diag);

#endif
