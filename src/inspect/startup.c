#include "inspect/startup.h"

#include <stdlib.h>

/* Places that DT_RELR's words stand for: an address is one, a bitmap has one for each bit but the lowest. */
static uint64_t count_packed(const struct object *object)
{
	uint64_t n = 0;
	for (uint64_t i = 0; i < object->nrelr; i++)
		n += object->relr[i] & 1 ? (uint64_t)__builtin_popcountll(object->relr[i] >> 1) : 1;
	return n;
}

static void count(struct startup *to, uint32_t type)
{
	switch (type) {
	case R_X86_64_NONE: break;
	case R_X86_64_RELATIVE: to->relative++; break;
	case R_X86_64_JUMP_SLOT: to->calls++; break;
	case R_X86_64_COPY: to->copies++; break;
	case R_X86_64_IRELATIVE: to->indirect++; break;
	case R_X86_64_DTPMOD64:
	case R_X86_64_DTPOFF64:
	case R_X86_64_TPOFF64:
	case R_X86_64_TLSDESC: to->thread_local_++; break;
	default: to->addresses++; break;
	}
}

struct startup startup_of(const struct inspection *in, const struct object *object)
{
	struct startup result = {.packed = count_packed(object), .relro = object->relro_size, .tls = object->tls_size};
	result.relative = result.packed;
	for (uint64_t i = 0; i < object->nrela; i++)
		count(&result, ELF64_R_TYPE(object->rela[i].r_info));
	for (uint64_t i = 0; i < object->nplt_rela; i++)
		count(&result, ELF64_R_TYPE(object->plt_rela[i].r_info));
	const char *now = getenv("LD_BIND_NOW");
	result.lazy = !object->bind_now && (in->secure || !now || !*now) && result.calls;
	result.constructors = (object->init != 0) + object->ninit_array + object->npreinit_array;
	result.destructors = (object->fini != 0) + object->nfini_array;
	return result;
}

struct object **startup_order(const struct inspection *in, uint32_t *n)
{
	const struct object *program = in->ld->program;
	struct object **order = malloc((program->search.n + 1) * sizeof(struct object *));
	if (!order)
		out_of_memory();
	*n = 0;
	struct object *first = in->ld->init_first; /* DF_1_INITFIRST */
	if (first)
		order[(*n)++] = first;
	for (uint32_t i = program->search.n; i-- > 0;)
		if (program->order[i] != first && !program->order[i]->missing)
			order[(*n)++] = program->order[i];
	return order;
}
