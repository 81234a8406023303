/* What becomes of x86-64's sequences for thread-local variables (psABI, appendix B): shared by scanning, applying and
 * keeping relocations. */
#ifndef GILD_ARCH_X86_64_DECIDE_H
#define GILD_ARCH_X86_64_DECIDE_H

#include "arch/arch.h"
#include "arch/decide.h"
#include "arch/x86_64_relax.h"

/* The ABI with addresses of 32 bits. */
static inline bool is_x32(const struct link *link)
{
	return link->arch->dialect->word == 4;
}

/* A relaxed sequence includes the call of __tls_get_addr, whose relocation comes next and is skipped. `rela` is of a
 * table that ends at `end`: it is where there is code (code_of()). */
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
	bool known = relax_gd_is_known(content, where, is_x32(link)) && is_followed_by_call(rela, end);
	return known ? tls_model(link, ref) : TLS_AS_WRITTEN;
}

static inline bool local_dynamic_is_relaxed(const struct link *link, const struct elf_rela *rela,
					    const struct elf_rela *end, struct bytes content, uint64_t where)
{
	struct ref own = {0};
	return tls_model(link, own) != TLS_AS_WRITTEN && relax_ld_is_known(content, where) &&
	       is_followed_by_call(rela, end);
}

#endif
