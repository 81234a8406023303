/* What a reference becomes: the decisions that scanning, applying and keeping relocations share, so that they cannot
 * disagree. They are the same for all targets; what differs is which relocations ask for them. */
#ifndef GILD_ARCH_DECIDE_H
#define GILD_ARCH_DECIDE_H

#include "elf/object.h"
#include "ld/synth/needs.h"

enum action {
	DIRECT,        /* the value, known at link time */
	COPY,          /* the same, of a copy-relocated variable */
	CANONICAL_PLT, /* the same, of a function whose address is its PLT entry's */
	RELATIVE,      /* the loader adds the load address */
	SYMBOLIC,      /* the loader looks the symbol up */
	IRELATIVE,     /* the loader calls the resolver */
	TPOFF,         /* the loader knows where this module's thread-local variables are */
	IMPOSSIBLE,
};

/* The instructions of a section, in which relaxations look for what they know: its bytes in the input, so that what
 * other relocations have written does not count. Empty where there is no code, or what is written is not what was read
 * (unwind records, reversed arrays): nothing is relaxed there. */
static inline struct bytes code_of(const struct link *link, section_id id)
{
	const struct section *section = section_of(link, id);
	bool is_plain = section->kind == SECTION_REGULAR && !section->reversed;
	if (!is_plain || !(section_shdr(link, id)->sh_flags & SHF_EXECINSTR))
		return (struct bytes){0};
	return elf_section_bytes(&file_of(link, section->file)->elf, section_number(link, id));
}

/* A reference to the address itself. `wide`: the place has room for an address and can be left to the loader. */
static inline enum action decide_absolute(const struct link *link, struct ref ref, bool wide, bool writable)
{
	bool executable = link->options->kind != OUTPUT_SHARED;
	if (ref.flags & SYMBOL_PREEMPTIBLE) {
		if (wide && (writable || !executable))
			return ref.flags & SYMBOL_UNDEFINED && !link->is_pic ? DIRECT : SYMBOLIC;
		if (!executable)
			return IMPOSSIBLE;
		if (ref.flags & SYMBOL_UNDEFINED)
			return DIRECT;
		if (link->is_pic)
			return wide ? SYMBOLIC : IMPOSSIBLE;
		return ref.flags & SYMBOL_FUNCTION ? CANONICAL_PLT : COPY;
	}
	if (ref.flags & (SYMBOL_ABSOLUTE | SYMBOL_UNDEFINED))
		return DIRECT;
	if (!link->is_pic)
		return ref.flags & SYMBOL_IFUNC ? CANONICAL_PLT : DIRECT;
	if (!wide)
		return IMPOSSIBLE;
	return ref.flags & SYMBOL_IFUNC ? IRELATIVE : RELATIVE;
}

/* A number that a script computes is as far away as it is in the image that the script describes, as GNU ld has it: the
 * kernel's vDSOs know the pages in front of them so. */
static inline bool is_number_of_script(const struct link *link, symbol_id symbol)
{
	return link->layout->scripted && owner_file(symbol_owner(&link->symbols[symbol])) == INTERNAL_FILE;
}

/* A reference to the distance from here. */
static inline enum action decide_relative(const struct link *link, struct ref ref)
{
	if (ref.flags & SYMBOL_PREEMPTIBLE && link->options->kind == OUTPUT_SHARED)
		return IMPOSSIBLE;
	if (ref.flags & SYMBOL_UNDEFINED) /* from an image that moves, it is not known how far address 0 is */
		return ref.flags & SYMBOL_PREEMPTIBLE && link->is_pic ? IMPOSSIBLE : DIRECT;
	if (ref.flags & SYMBOL_PREEMPTIBLE)
		return ref.flags & SYMBOL_FUNCTION ? CANONICAL_PLT : COPY;
	if (ref.flags & SYMBOL_IFUNC)
		return CANONICAL_PLT;
	bool is_number = ref.flags & SYMBOL_ABSOLUTE && ref.symbol;
	return is_number && link->is_pic && !is_number_of_script(link, ref.symbol) ? IMPOSSIBLE : DIRECT;
}

/* A reference to the size, by 32 bits or more. */
static inline enum action decide_size(const struct link *link, struct ref ref)
{
	if (!(ref.flags & SYMBOL_PREEMPTIBLE) || (ref.flags & SYMBOL_UNDEFINED && !link->is_pic))
		return DIRECT;
	return SYMBOLIC;
}

/* A reference to the offset of a thread-local variable from the thread pointer, as the loader can write it, too. */
static inline enum action decide_tp_offset(const struct link *link, struct ref ref)
{
	if (link->options->kind == OUTPUT_SHARED)
		return ref.flags & SYMBOL_PREEMPTIBLE ? SYMBOLIC : TPOFF;
	return ref.flags & SYMBOL_PREEMPTIBLE && !(ref.flags & SYMBOL_UNDEFINED) ? IMPOSSIBLE : DIRECT;
}

/* A distance from the GOT. What a shared object defines is meant to be its own then, whoever may preempt it (as GNU ld
 * has it): an index into the GOT would be asked for otherwise. */
static inline enum action decide_from_got(const struct link *link, struct ref ref)
{
	if (link->options->kind == OUTPUT_SHARED && ref.flags & SYMBOL_DEFINED && !(ref.flags & SYMBOL_IFUNC))
		return DIRECT;
	return decide_relative(link, ref);
}

static inline bool calls_through_plt(struct ref ref)
{
	return ref.flags & (SYMBOL_PREEMPTIBLE | SYMBOL_IFUNC);
}

/* Is the address a place in the image, so that no slot of the GOT is needed to know it? */
static inline bool is_place_in_image(struct ref ref)
{
	return !(ref.flags & (SYMBOL_PREEMPTIBLE | SYMBOL_IFUNC | SYMBOL_UNDEFINED | SYMBOL_ABSOLUTE));
}

/* May a load of the address from the GOT become a computation of the address? */
static inline bool got_is_superfluous(const struct link *link, struct ref ref)
{
	return link->options->relax && is_place_in_image(ref);
}

/* The access model that remains of a general- or local-dynamic one ("ELF Handling For Thread-Local Storage", chapter 5:
 * only executables do better). */
enum tls_model { TLS_AS_WRITTEN, TLS_INITIAL_EXEC, TLS_LOCAL_EXEC };

static inline enum tls_model tls_model(const struct link *link, struct ref ref)
{
	if (link->options->kind == OUTPUT_SHARED || (!link->options->relax && !link->options->is_static))
		return TLS_AS_WRITTEN; /* static programs have no __tls_get_addr to call */
	return ref.flags & SYMBOL_PREEMPTIBLE ? TLS_INITIAL_EXEC : TLS_LOCAL_EXEC;
}

#endif
