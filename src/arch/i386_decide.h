/* What becomes of i386's sequences for thread-local variables: shared by scanning, applying and keeping relocations. */
#ifndef GILD_ARCH_I386_DECIDE_H
#define GILD_ARCH_I386_DECIDE_H

#include "arch/decide.h"
#include "arch/i386_relax.h"

/* A distance of 32 bits. Code that was not made for images that move calls functions so, as well; the address of the
 * function is not seen then (`in_code`, as GNU ld has it), and its PLT entry serves. Entries of images that move count
 * on %ebx, which such code knows nothing of: there the loader writes the distance. */
static inline bool is_plain_call(const struct link *link, struct ref ref, bool in_code)
{
	return in_code && !link->is_pic && ref.flags & SYMBOL_FUNCTION && calls_through_plt(ref) &&
	       !(ref.flags & SYMBOL_UNDEFINED);
}

static inline enum action decide_relative32(const struct link *link, struct ref ref)
{
	enum action action = decide_relative(link, ref);
	bool by_loader = link->is_pic && ref.flags & SYMBOL_PREEMPTIBLE &&
			 (action == CANONICAL_PLT || action == IMPOSSIBLE);
	return by_loader ? SYMBOLIC : action;
}

/* A distance from the GOT or one of fewer bits: nobody but the linker can write it. */
static inline enum action decide_distance(const struct link *link, struct ref ref)
{
	enum action action = decide_from_got(link, ref);
	return action == CANONICAL_PLT && link->is_pic && ref.flags & SYMBOL_PREEMPTIBLE ? IMPOSSIBLE : action;
}

/* What becomes of a load from the GOT. glibc's rcrt1.o counts on `mov` becoming `lea` before it has relocated itself:
 * GNU ld does that with --no-relax, too. */
static inline enum got_load decide_got_load(const struct link *link, struct ref ref, const struct elf_rela *rela,
					    struct bytes content, uint64_t where)
{
	if (rela->r_type != R_386_GOT32X || !is_place_in_image(ref))
		return KEEP_LOAD;
	enum got_load load = relax_got_load(content, where, rela->r_addend, link->is_pic);
	return link->options->relax || load == LOAD_TO_LEA ? load : KEEP_LOAD;
}

/* A relaxed sequence includes the call of ___tls_get_addr, whose relocation comes next and is skipped. `rela` is of a
 * table that ends at `end`: it is where there is code (code_of()). */
static inline bool is_followed_by_call(const struct elf_rela *rela, const struct elf_rela *end)
{
	if (rela + 1 >= end)
		return false;
	uint32_t type = rela[1].r_type;
	return type == R_386_PLT32 || type == R_386_PC32 || type == R_386_GOT32 || type == R_386_GOT32X;
}

/* Sequences that are not the psABI's stay. `where`: the field in `content`. */
static inline enum tls_model general_dynamic_model(const struct link *link, struct ref ref, const struct elf_rela *rela,
						   const struct elf_rela *end, struct bytes content, uint64_t where,
						   struct gd_sequence *sequence)
{
	*sequence = relax_gd_find(content, where);
	return sequence->before && is_followed_by_call(rela, end) ? tls_model(link, ref) : TLS_AS_WRITTEN;
}

static inline bool local_dynamic_is_relaxed(const struct link *link, const struct elf_rela *rela,
					    const struct elf_rela *end, struct bytes content, uint64_t where)
{
	struct ref own = {0};
	return tls_model(link, own) != TLS_AS_WRITTEN && relax_ldm_is_known(content, where) &&
	       is_followed_by_call(rela, end);
}

/* Does an initial-exec access become a local-exec one? */
static inline bool initial_exec_is_relaxed(const struct link *link, struct ref ref, uint32_t type,
					   struct bytes content, uint64_t where)
{
	return tls_model(link, ref) == TLS_LOCAL_EXEC &&
	       (type == R_386_TLS_IE ? relax_ie_is_known(content, where) : relax_gotie_is_known(content, where));
}

#endif
