/* What a reference becomes on x86-64: the decisions that scanning, applying and keeping relocations share, so that they
 * cannot disagree (psABI, section 4.4.1 and appendix B). */
#ifndef GILD_ARCH_X86_64_DECIDE_H
#define GILD_ARCH_X86_64_DECIDE_H

#include "arch/x86_64_relax.h"
#include "elf/object.h"
#include "ld/synth/needs.h"

enum action {
	DIRECT,        /* the value, known at link time */
	COPY,          /* the same, of a copy-relocated variable */
	CANONICAL_PLT, /* the same, of a function whose address is its PLT entry's */
	RELATIVE,      /* the loader adds the load address */
	SYMBOLIC,      /* the loader looks the symbol up */
	IRELATIVE,     /* the loader calls the resolver */
	IMPOSSIBLE,
};

/* A reference to the address itself, `size` bytes wide. Wide enough ones can be left to the loader. */
static inline enum action decide_absolute(const struct link *link, struct ref ref, unsigned size, bool writable)
{
	bool executable = link->options->kind != OUTPUT_SHARED;
	if (ref.flags & SYMBOL_PREEMPTIBLE) {
		if (size == 8 && (writable || !executable))
			return ref.flags & SYMBOL_UNDEFINED && !link->is_pic ? DIRECT : SYMBOLIC;
		if (!executable)
			return IMPOSSIBLE;
		if (ref.flags & SYMBOL_UNDEFINED)
			return DIRECT;
		if (link->is_pic)
			return size == 8 ? SYMBOLIC : IMPOSSIBLE;
		return ref.flags & SYMBOL_FUNCTION ? CANONICAL_PLT : COPY;
	}
	if (ref.flags & (SYMBOL_ABSOLUTE | SYMBOL_UNDEFINED))
		return DIRECT;
	if (!link->is_pic)
		return ref.flags & SYMBOL_IFUNC ? CANONICAL_PLT : DIRECT;
	if (size != 8)
		return IMPOSSIBLE;
	return ref.flags & SYMBOL_IFUNC ? IRELATIVE : RELATIVE;
}

/* A reference to the distance from here. */
static inline enum action decide_relative(const struct link *link, struct ref ref)
{
	if (ref.flags & SYMBOL_UNDEFINED)
		return DIRECT;
	if (ref.flags & SYMBOL_PREEMPTIBLE) {
		if (link->options->kind == OUTPUT_SHARED)
			return IMPOSSIBLE;
		return ref.flags & SYMBOL_FUNCTION ? CANONICAL_PLT : COPY;
	}
	if (ref.flags & SYMBOL_IFUNC)
		return CANONICAL_PLT;
	return ref.flags & SYMBOL_ABSOLUTE && link->is_pic && ref.symbol ? IMPOSSIBLE : DIRECT;
}

static inline bool calls_through_plt(struct ref ref)
{
	return ref.flags & (SYMBOL_PREEMPTIBLE | SYMBOL_IFUNC);
}

/* May a load of the address from the GOT become a computation of the address? */
static inline bool got_is_superfluous(const struct link *link, struct ref ref)
{
	return link->options->relax &&
	       !(ref.flags & (SYMBOL_PREEMPTIBLE | SYMBOL_IFUNC | SYMBOL_UNDEFINED | SYMBOL_ABSOLUTE));
}

/* The access model that remains of a general- or local-dynamic one (psABI appendix B: only executables do better). */
enum tls_model { TLS_AS_WRITTEN, TLS_INITIAL_EXEC, TLS_LOCAL_EXEC };

static inline enum tls_model tls_model(const struct link *link, struct ref ref)
{
	if (link->options->kind == OUTPUT_SHARED || (!link->options->relax && !link->options->is_static))
		return TLS_AS_WRITTEN; /* static programs have no __tls_get_addr to call */
	return ref.flags & SYMBOL_PREEMPTIBLE ? TLS_INITIAL_EXEC : TLS_LOCAL_EXEC;
}

/* A relaxed sequence includes the call of __tls_get_addr, whose relocation comes next and is skipped. */
static inline bool is_followed_by_call(const struct elf_rela *rela, const struct elf_rela *end)
{
	if (rela + 1 >= end)
		return false;
	uint32_t type = rela[1].r_type;
	return type == R_X86_64_PLT32 || type == R_X86_64_PC32 || type == R_X86_64_GOTPCREL ||
	       type == R_X86_64_GOTPCRELX;
}

/* The large model calls in another way; sequences that are not the psABI's stay. `where`: the field in `content`. */
static inline enum tls_model general_dynamic_model(const struct link *link, struct ref ref, const struct elf_rela *rela,
						   const struct elf_rela *end, struct bytes content, uint64_t where)
{
	bool known = is_followed_by_call(rela, end) && relax_gd_is_known(content, where);
	return known ? tls_model(link, ref) : TLS_AS_WRITTEN;
}

static inline bool local_dynamic_is_relaxed(const struct link *link, const struct elf_rela *rela,
					    const struct elf_rela *end, struct bytes content, uint64_t where)
{
	struct ref own = {0};
	return tls_model(link, own) != TLS_AS_WRITTEN && is_followed_by_call(rela, end) &&
	       relax_ld_is_known(content, where);
}

#endif
