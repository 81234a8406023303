#include "ldso/relocate.h"

#include <sys/mman.h>

#include "ldso/audit.h"
#include "ldso/cpu.h"
#include "ldso/heap.h"
#include "ldso/image.h"
#include "ldso/lookup.h"
#include "ldso/sys.h"
#include "ldso/text.h"

/* A relocation whose value an IFUNC resolver computes: resolvers run when all others of the object are done, since they
 * may use what those fill in. */
struct deferred {
	uint64_t *where;
	uint64_t resolver;
	uint64_t addend;
	struct definition definition; /* of a function whose binding auditors see; NULL: of nothing */
};

/* References come in runs and in clusters to the same symbols. */
enum { CACHED = 256 };
struct cached {
	uint32_t index; /* 0: empty */
	uint32_t class;
	struct definition definition;
};

enum { REPORTED = 64 };
struct job {
	struct loader *ld;
	struct object *object;
	bool run_ifuncs, report;
	uint32_t nreported, reported[REPORTED]; /* undefined symbols that were told of */
	struct deferred *deferred;
	uint32_t ndeferred, room;
	struct cached cache[CACHED];
};

/* A symbol that is nowhere does not end the relocation of a program that starts: all are told of, each once. */
static void report_undefined(struct job *job, uint32_t index)
{
	struct loader *ld = job->ld;
	const char *program = ld->argc > 0 ? ld->argv[0] : "<program name unknown>";
	bool known = job->nreported > REPORTED;
	for (uint32_t i = 0; i < job->nreported && i < REPORTED; i++)
		known |= job->reported[i] == index;
	if (!known && job->nreported < REPORTED)
		print(2, "%s: symbol lookup error: %s: %s\n", program, ld->failure.object, ld->failure.text);
	if (!known && job->nreported == REPORTED)
		print(2, "%s: symbol lookup error: %s: more undefined symbols\n", program, ld->failure.object);
	if (!known && job->nreported++ < REPORTED)
		job->reported[job->nreported - 1] = index;
	fail_clear(ld);
	ld->undefined_symbols = true;
}

static bool find(struct job *job, uint32_t index, uint32_t type, struct definition *out)
{
	unsigned class = lookup_class_of(type);
	struct cached *cached = &job->cache[index % CACHED];
	if (cached->index == index && cached->class == class) {
		job->ld->ncached++;
		*out = cached->definition;
		return true;
	}
	if (!lookup_reference(job->ld, job->object, index, class, out)) {
		if (!job->report)
			return false;
		report_undefined(job, index);
	}
	*cached = (struct cached){index, class, *out};
	return true;
}

static void defer(struct job *job, uint64_t *where, uint64_t resolver, uint64_t addend,
		  const struct definition *definition)
{
	if (job->ndeferred == job->room) {
		job->room = job->room ? job->room * 2 : 64;
		job->deferred = heap_grow(job->deferred, job->ndeferred * sizeof(*job->deferred),
					  job->room * sizeof(*job->deferred));
	}
	job->deferred[job->ndeferred++] = (struct deferred){where, resolver, addend, {.object = NULL}};
	if (definition)
		job->deferred[job->ndeferred - 1].definition = *definition;
}

static uint64_t call_resolver(uint64_t resolver)
{
	return ((uint64_t(*)(void))resolver)();
}

/* --- single relocations */

/* The initial value of a library's variable that lives in the program. */
static void copy(struct job *job, void *to, uint32_t index, const struct definition *definition)
{
	uint64_t mine = job->object->table.symbols[index].st_size, theirs = definition->symbol->st_size;
	if (theirs > mine)
		print(2, "%s: Symbol `%s' has different size in shared object, consider re-linking\n",
		      job->ld->argc ? job->ld->argv[0] : "<program name unknown>",
		      job->object->table.strings + job->object->table.symbols[index].st_name);
	memcpy(to, (void *)definition_value(definition), mine < theirs ? mine : theirs);
}

/* The place in the static area that a library asks for when it accesses a variable by its offset from the thread
 * pointer. */
static bool static_offset(struct job *job, struct object *definer, uint64_t *offset)
{
	if (definer->tls_offset == TLS_NO_OFFSET && !tls_place(job->ld, definer))
		return fail(job->ld, definer->name, 0, "cannot allocate memory in static TLS block");
	*offset = definer->tls_offset;
	return true;
}

static void tls_descriptor(struct job *job, uint64_t *where, const struct object *definer, uint64_t value)
{
	if (!definer) { /* an undefined weak variable: its address is 0 + addend */
		where[0] = (uint64_t)tlsdesc_undefined;
		where[1] = value;
		return;
	}
	if (definer->tls_offset != TLS_NO_OFFSET) {
		where[0] = (uint64_t)tlsdesc_static;
		where[1] = value - definer->tls_offset;
		return;
	}
	struct tls_descriptor *descriptor = heap_alloc(sizeof(*descriptor));
	*descriptor = (struct tls_descriptor){.index = {.module = definer->tls_module, .offset = value},
					      .generation = job->ld->tls.generations[definer->tls_module],
					      .next = job->object->tls_descriptors};
	job->object->tls_descriptors = descriptor;
	where[0] = (uint64_t)tlsdesc_dynamic;
	where[1] = (uint64_t)descriptor;
}

static bool apply_tls(struct job *job, const Elf64_Rela *rela, uint64_t *where, struct definition definition)
{
	/* Without a symbol, or with a local one, it is the object's own block. */
	uint64_t value = (definition.symbol ? definition.symbol->st_value : 0) + (uint64_t)rela->r_addend, offset = 0;
	struct object *definer = definition.object;
	switch (ELF64_R_TYPE(rela->r_info)) {
	case R_X86_64_DTPMOD64:
		*where = definer ? definer->tls_module : 0;
		return true;
	case R_X86_64_DTPOFF64:
		if (definer)
			*where = value;
		return true;
	case R_X86_64_TPOFF64:
		if (!definer)
			return true;
		if (!static_offset(job, definer, &offset))
			return false;
		*where = value - offset;
		return true;
	default:
		tls_descriptor(job, where, definer, value);
		return true;
	}
}

static bool overflows(struct job *job, const char *type, uint32_t index)
{
	return fail(job->ld, object_display_name(job->object), 0, "Symbol `%s' causes overflow in %s relocation",
		    job->object->table.strings + job->object->table.symbols[index].st_name, type);
}

static bool apply(struct job *job, const Elf64_Rela *rela)
{
	struct object *object = job->object;
	uint64_t *where = (uint64_t *)(object->base + rela->r_offset), addend = (uint64_t)rela->r_addend;
	uint32_t type = ELF64_R_TYPE(rela->r_info), index = ELF64_R_SYM(rela->r_info);
	if (type == R_X86_64_RELATIVE) {
		*where = object->base + addend;
		return true;
	}
	if (type == R_X86_64_NONE)
		return true;
	if (type == R_X86_64_IRELATIVE) {
		defer(job, where, object->base + addend, 0, NULL);
		return true;
	}
	struct definition definition = {.object = object};
	if (index && !find(job, index, type, &definition))
		return false;
	if (type == R_X86_64_DTPMOD64 || type == R_X86_64_DTPOFF64 || type == R_X86_64_TPOFF64 ||
	    type == R_X86_64_TLSDESC)
		return apply_tls(job, rela, where, definition);

	uint64_t value = definition.symbol ? definition_value(&definition) : 0;
	bool ifunc = definition.symbol && is_ifunc(definition.symbol), audited;
	switch (type) {
	case R_X86_64_GLOB_DAT:
	case R_X86_64_JUMP_SLOT:
	case R_X86_64_64:
		if (type != R_X86_64_64) /* GOT entries have none: what the field holds is not meant */
			addend = 0;
		audited = type == R_X86_64_JUMP_SLOT && definition.object && audits(job->ld, object->ns);
		if (ifunc)
			defer(job, where, value, addend, audited ? &definition : NULL);
		else if (audited)
			*where = audit_bound_now(job->ld, object, &definition, value);
		else
			*where = value + addend;
		return true;
	case R_X86_64_COPY:
		if (definition.object)
			copy(job, where, index, &definition);
		return true;
	case R_X86_64_SIZE64: *where = (definition.symbol ? definition.symbol->st_size : 0) + addend; return true;
	case R_X86_64_SIZE32:
		value = (definition.symbol ? definition.symbol->st_size : 0) + addend;
		*(uint32_t *)(void *)where = (uint32_t)value;
		return value <= UINT32_MAX || overflows(job, "R_X86_64_SIZE32", index);
	case R_X86_64_32:
		value = (ifunc && job->run_ifuncs ? call_resolver(value) : value) + addend;
		*(uint32_t *)(void *)where = (uint32_t)value;
		return value <= UINT32_MAX || overflows(job, "R_X86_64_32", index);
	case R_X86_64_PC32:
		value = (ifunc && job->run_ifuncs ? call_resolver(value) : value) + addend - (uint64_t)where;
		*(int32_t *)(void *)where = (int32_t)value;
		return (int64_t)value == (int32_t)value || overflows(job, "R_X86_64_PC32", index);
	default: return fail(job->ld, object_display_name(object), 0, "unexpected reloc type 0x%02x", type);
	}
}

/* --- an object */

/* DT_RELR: an address, then bitmaps of the 63 words behind it (gABI). */
static void apply_relr(struct object *object)
{
	uint64_t *where = NULL;
	for (uint64_t i = 0; i < object->nrelr; i++) {
		uint64_t entry = object->relr[i];
		if (!(entry & 1)) {
			where = (uint64_t *)(object->base + entry);
			*where++ += object->base;
			continue;
		}
		for (unsigned bit = 0; (entry >>= 1) != 0; bit++)
			if (entry & 1)
				where[bit] += object->base;
		where += 63;
	}
}

static uint64_t bind_trampoline(void)
{
	return (uint64_t)(!the_cpu.xsave_size		   ? bind_trampoline_fxsave :
			  cpu_active(LEAF_D_1, CPU_EAX, 1) ? bind_trampoline_xsavec :
							     bind_trampoline_xsave);
}

static uint64_t audit_trampoline(void)
{
	return (uint64_t)(cpu_active(LEAF_7, CPU_EBX, 16)  ? audit_trampoline_avx512 :
			  cpu_active(LEAF_1, CPU_ECX, 28) ? audit_trampoline_avx :
							     audit_trampoline_sse);
}

/* Calls go through the PLT to a trampoline, until bind_function has filled in the address; always, when an auditor
 * wants to see them. */
static void prepare_lazy(struct object *object, bool watched)
{
	if (!object->got_plt)
		return;
	object->got_plt[1] = (uint64_t)object;
	object->got_plt[2] = watched ? audit_trampoline() : bind_trampoline();
}

static bool apply_plt(struct job *job, bool lazy)
{
	struct object *object = job->object;
	for (uint64_t i = 0; i < object->nplt_rela; i++) {
		const Elf64_Rela *rela = &object->plt_rela[i];
		if (lazy && ELF64_R_TYPE(rela->r_info) == R_X86_64_JUMP_SLOT)
			*(uint64_t *)(object->base + rela->r_offset) += object->base;
		else if (!apply(job, rela))
			return false;
	}
	return true;
}

static bool apply_all(struct job *job, bool lazy)
{
	struct object *object = job->object;
	apply_relr(object);
	const Elf64_Rela *rela = object->rela, *relative = rela + object->nrelative, *end = rela + object->nrela;
	for (uint64_t base = object->base; rela < relative; rela++)
		*(uint64_t *)(base + rela->r_offset) = base + (uint64_t)rela->r_addend;
	for (; rela < end; rela++)
		if (!apply(job, rela))
			return false;
	if (!apply_plt(job, lazy))
		return false;
	for (uint32_t i = 0; job->run_ifuncs && !job->ld->undefined_symbols && i < job->ndeferred; i++) {
		const struct deferred *one = &job->deferred[i];
		uint64_t value = call_resolver(one->resolver) + one->addend;
		if (one->definition.object)
			value = audit_bound_now(job->ld, object, &one->definition, value);
		*one->where = value;
	}
	return true;
}

/* DT_TEXTREL: segments that are not writable become so, and back. */
static bool make_text_writable(struct loader *ld, struct object *object, int extra)
{
	for (uint16_t i = 0; i < object->phnum; i++) {
		const Elf64_Phdr *segment = &object->phdr[i];
		if (segment->p_type != PT_LOAD || segment->p_flags & PF_W)
			continue;
		uint64_t start = (object->base + segment->p_vaddr) & ~(ld->page_size - 1);
		uint64_t end = object->base + segment->p_vaddr + segment->p_memsz;
		int protection = (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_X ? PROT_EXEC : 0);
		int code = -sys_mprotect(start, end - start, protection | extra);
		if (code)
			return fail(ld, object->name, code, extra ? "cannot make segment writable for relocation" :
								    "cannot restore segment prot after reloc");
	}
	return true;
}

/* Where pointers fill most pages that become read-only later, one call makes all of them private. */
static void populate_relro(const struct loader *ld, const struct object *object)
{
	enum { LEAST_PAGES = 3, POINTERS_A_PAGE = 8 };
	uint64_t start = (object->base + object->relro_vaddr) & ~(ld->page_size - 1);
	uint64_t pages = (object->base + object->relro_vaddr + object->relro_size - start) / ld->page_size;
	if (pages >= LEAST_PAGES && object->nrelative + object->nrelr >= pages * POINTERS_A_PAGE)
		sys_populate(start, pages * ld->page_size);
}

bool relocate_object(struct loader *ld, struct object *object, unsigned flags)
{
	if (object->relocated)
		return true;
	bool watched = audits(ld, object->ns) && audit_watches_calls(ld, object);
	bool lazy = flags & RELOCATE_LAZY && (!object->bind_now || watched) && object->got_plt;
	if (debugging(ld, DEBUG_RELOC))
		debug_print(ld, "\nrelocation processing: %s%s\n", object_display_name(object),
			    flags & RELOCATE_LAZY && !object->bind_now ? " (lazy)" : "");
	if (object->text_relocations && !make_text_writable(ld, object, PROT_WRITE))
		return false;
	struct job job = {.ld = ld, .object = object, .report = flags & RELOCATE_REPORT};
	job.run_ifuncs = !(flags & RELOCATE_NO_IFUNC) && !ld->undefined_symbols;
	if (lazy)
		prepare_lazy(object, watched);
	populate_relro(ld, object);
	bool done = apply_all(&job, lazy);
	heap_free(job.deferred);
	if (!done || (object->text_relocations && !make_text_writable(ld, object, 0)))
		return false;
	object->relocated = true;
	return image_protect_relro(ld, object);
}

/* --- lazy binding */

uint64_t trampoline_area, trampoline_full_area;

uint64_t bind_definition(struct object *object, uint64_t index, struct definition *out)
{
	struct loader *ld = &the_loader;
	const Elf64_Rela *rela = &object->plt_rela[index];
	struct thread_state *state = thread_state(ld);
	/* What the scopes hold is not freed while this is set: see scope_wait. */
	__atomic_fetch_add(&state->looking_up, 1, __ATOMIC_SEQ_CST);
	struct definition definition;
	if (!lookup_reference(ld, object, ELF64_R_SYM(rela->r_info), LOOKUP_PLT, &definition))
		fail_exit(ld, "symbol lookup error");
	uint64_t value = definition.object ? definition_value(&definition) : 0;
	bool ifunc = definition.object && is_ifunc(definition.symbol);
	__atomic_fetch_sub(&state->looking_up, 1, __ATOMIC_SEQ_CST);
	*out = definition;
	return ifunc ? call_resolver(value) : value;
}

uint64_t bind_function(struct object *object, uint64_t index)
{
	struct loader *ld = &the_loader;
	const Elf64_Rela *rela = &object->plt_rela[index];
	struct definition definition;
	uint64_t value = bind_definition(object, index, &definition);
	if (definition.object && audits(ld, object->ns))
		value = audit_bound_lazily(ld, object, &definition, value);
	if (!ld->options.bind_not)
		__atomic_store_n((uint64_t *)(object->base + rela->r_offset), value, __ATOMIC_RELEASE);
	return value;
}
