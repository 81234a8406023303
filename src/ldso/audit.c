#include "ldso/audit.h"

#include <dlfcn.h>
#include <link.h>

#include "ldso/cpu.h"
#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/open.h"
#include "ldso/relocate.h"
#include "ldso/sys.h"
#include "ldso/text.h"

enum { INTERFACE = 2 /* LAV_CURRENT of glibc 2.35 and later */, NAME_LIMIT = 255 };

#ifndef DT_DEPAUDIT
#define DT_DEPAUDIT 0x6ffffefb
#endif
#ifndef DT_AUDIT
#define DT_AUDIT 0x6ffffefc
#endif

/* struct La_x86_64_regs and La_x86_64_retval of <link.h>, without vector types; audit_trampolines.S knows them. */
struct call_registers {
	uint64_t rdx, r8, r9, rcx, rsi, rdi, rbp, rsp;
	uint64_t xmm[8][2];
	uint64_t vector[8][8];
	uint64_t unused[8];
};

struct return_registers {
	uint64_t rax, rdx;
	uint64_t xmm[2][2];
	uint8_t st[2][16];
	uint64_t vector[2][8];
	uint64_t unused[6];
	uint8_t x87[108]; /* what fnsave writes: 28 bytes, then the registers, 10 bytes each */
};

typedef unsigned la_version_function(unsigned);
typedef uint64_t symbind_function(Elf64_Sym *, unsigned, uintptr_t *, uintptr_t *, unsigned *, const char *);

/* One library's functions; NULL: it has no such one. */
struct auditor {
	void (*activity)(uintptr_t *, unsigned);
	char *(*objsearch)(const char *, uintptr_t *, unsigned);
	unsigned (*objopen)(struct link_map *, Lmid_t, uintptr_t *);
	void (*preinit)(uintptr_t *);
	symbind_function *symbind;
	uint64_t (*pltenter)(Elf64_Sym *, unsigned, uintptr_t *, uintptr_t *, struct call_registers *, unsigned *,
			     const char *, long *);
	unsigned (*pltexit)(Elf64_Sym *, unsigned, uintptr_t *, uintptr_t *, const struct call_registers *,
			    struct return_registers *, const char *);
	unsigned (*objclose)(uintptr_t *);
};

/* What one auditor knows of an object. */
struct audit_state {
	uintptr_t cookie;
	unsigned flags; /* LA_FLG_BINDTO, LA_FLG_BINDFROM */
};

/* A function called through a watched PLT. */
struct watched_call {
	struct definition definition;
	uint64_t address;
	unsigned flags;
	uint32_t skipped_enter, skipped_exit; /* one bit an auditor */
	bool known;
};

/* Auditors, in the order of their names; the array lives as long as the process. */
static struct auditor auditors[NAMESPACES];

/* --- who */

static uint64_t next_name(const struct object *program, const Elf64_Dyn **entry)
{
	while (*entry && (*entry)->d_tag != DT_NULL) {
		const Elf64_Dyn *this = (*entry)++;
		if ((this->d_tag == DT_AUDIT || this->d_tag == DT_DEPAUDIT) &&
		    this->d_un.d_val < program->table.strings_size)
			return this->d_un.d_val;
	}
	return 0;
}

bool audit_wanted(const struct loader *ld)
{
	const char *variable = ld->options.audit_variable, *option = ld->options.audit_option;
	const Elf64_Dyn *entry = ld->program->dynamic;
	return (variable && *variable) || (option && *option) || next_name(ld->program, &entry);
}

static void *function(struct loader *ld, struct object *root, const char *name)
{
	struct definition found = lookup_in_list(ld, &root->search, 0, name, NULL, LOOKUP_NEWEST, NULL);
	return found.object ? (void *)definition_value(&found) : NULL;
}

/* Tells why loading it failed. */
static void refuse(struct loader *ld, const char *name)
{
	print(2, "ERROR: ld.so: object '%s' cannot be loaded as audit interface: %s; ignored.\n", name,
	      ld->failure.text);
	fail_clear(ld);
}

/* The version that la_version answers with, 0: the library must not be used. */
static unsigned version_of(struct loader *ld, struct object *root, const char *name)
{
	la_version_function *la_version = (la_version_function *)function(ld, root, "la_version");
	if (!la_version) {
		fail(ld, name, 0, "undefined symbol: la_version");
		refuse(ld, name);
		return 0;
	}
	unsigned version = la_version(INTERFACE);
	if (version > INTERFACE) {
		print(2, "ERROR: audit interface '%s' requires version %u (maximum supported version %u); ignored.\n",
		      name, version, INTERFACE);
		return 0;
	}
	return version;
}

static void load(struct loader *ld, const char *name)
{
	if (ld->nauditors >= NAMESPACES - 1)
		return;
	struct object *root = open_object(ld, name, RTLD_NOW | OPEN_AUDITOR, LM_ID_NEWLM, 0);
	if (!root) {
		refuse(ld, name);
		return;
	}
	if (!version_of(ld, root, name)) {
		close_object(ld, root);
		return;
	}
	struct auditor *auditor = &auditors[ld->nauditors];
	void *functions[] = {
		function(ld, root, "la_activity"), function(ld, root, "la_objsearch"), function(ld, root, "la_objopen"),
		function(ld, root, "la_preinit"), function(ld, root, "la_symbind64"),
		function(ld, root, "la_x86_64_gnu_pltenter"), function(ld, root, "la_x86_64_gnu_pltexit"),
		function(ld, root, "la_objclose"),
	};
	_Static_assert(sizeof(functions) == sizeof(*auditor), "the functions of struct auditor, in its order");
	memcpy(auditor, functions, sizeof(*auditor));
	ld->nauditors++;
}

static void load_list(struct loader *ld, const char *names)
{
	while (names && *names) {
		const char *end = index(names, ':');
		size_t length = end ? (size_t)(end - names) : strlen(names);
		char *name = heap_text_n(names, length);
		/* With more rights than the caller: no path, as for preloads. */
		if (length && !(ld->secure && (index(name, '/') || length >= NAME_LIMIT)))
			load(ld, name);
		heap_free(name);
		names += length + (end != NULL);
	}
}

void audit_start(struct loader *ld)
{
	const struct object *program = ld->program;
	load_list(ld, ld->options.audit_option);
	load_list(ld, ld->options.audit_variable);
	const Elf64_Dyn *entry = program->dynamic;
	for (uint64_t name; (name = next_name(program, &entry)) != 0;)
		load_list(ld, program->table.strings + name);
	if (!ld->nauditors)
		return;
	glibc_publish_objects(ld);
	audit_opened(ld, ld->program);
	audit_opened(ld, ld->self);
	audit_activity(ld, BASE_NAMESPACE, LA_ACT_ADD);
	if (ld->vdso)
		audit_opened(ld, ld->vdso);
}

/* --- checkpoints */

static struct audit_state *states(struct object *object)
{
	if (!object->audit_states) {
		object->audit_states = heap_alloc(NAMESPACES * sizeof(struct audit_state));
		for (uint32_t i = 0; i < NAMESPACES; i++)
			object->audit_states[i].cookie = (uintptr_t)object->link_map;
	}
	return object->audit_states;
}

/* A namespace is known to auditors by its first object. */
static struct object *first_of(const struct loader *ld, uint32_t ns)
{
	struct object *object = ld->first;
	while (object && object->ns != ns)
		object = object->next;
	return object;
}

void audit_activity(struct loader *ld, uint32_t ns, unsigned action)
{
	struct object *first = first_of(ld, ns);
	if (!audits(ld, ns) || !first)
		return;
	ld->namespaces[ns].is_growing = action == LA_ACT_ADD;
	for (uint32_t i = 0; i < ld->nauditors; i++)
		if (auditors[i].activity)
			auditors[i].activity(&states(first)[i].cookie, action);
}

const char *audit_search(struct loader *ld, const char *name, struct object *requester, unsigned origin)
{
	if (!requester || !audits(ld, requester->ns))
		return name;
	for (uint32_t i = 0; name && i < ld->nauditors; i++)
		if (auditors[i].objsearch)
			name = auditors[i].objsearch(name, &states(requester)[i].cookie, origin);
	return name;
}

void audit_opened(struct loader *ld, struct object *object)
{
	if (!audits(ld, object->ns))
		return;
	for (uint32_t i = 0; i < ld->nauditors; i++)
		if (auditors[i].objopen) {
			struct audit_state *state = &states(object)[i];
			state->flags = auditors[i].objopen(object->link_map, object->ns, &state->cookie);
			object->audit_any |= state->flags != 0;
		}
}

void audit_closed(struct loader *ld, struct object *object)
{
	if (!audits(ld, object->ns))
		return;
	for (uint32_t i = 0; i < ld->nauditors; i++)
		if (auditors[i].objclose)
			auditors[i].objclose(&states(object)[i].cookie);
}

void audit_preinit(struct loader *ld, struct object *program)
{
	for (uint32_t i = 0; i < ld->nauditors; i++)
		if (auditors[i].preinit)
			auditors[i].preinit(&states(program)[i].cookie);
}

/* --- bindings */

static unsigned symbol_index(const struct definition *definition)
{
	return (unsigned)(definition->symbol - definition->object->table.symbols);
}

static const char *symbol_name(const struct definition *definition)
{
	return definition->object->table.strings + definition->symbol->st_name;
}

/* Is auditor i interested in bindings between these? Of dlsym, one of them is enough. */
static bool concerns(struct object *from, struct object *to, uint32_t i, bool by_dlsym)
{
	bool first = states(from)[i].flags & LA_FLG_BINDFROM, second = states(to)[i].flags & LA_FLG_BINDTO;
	return by_dlsym ? first || second : first && second;
}

/* Asks all auditors. `call`: where to keep what they say of calls; NULL: no call will be watched. */
static uint64_t ask(struct loader *ld, struct object *from, const struct definition *definition, uint64_t value,
		    struct watched_call *call, unsigned given)
{
	struct object *to = definition->object->is_proxy ? ld->self : definition->object;
	bool by_dlsym = given & LA_SYMB_DLSYM;
	if (!from->audit_any && !to->audit_any) {
		if (call)
			call->skipped_enter = call->skipped_exit = UINT32_MAX;
		return value;
	}
	Elf64_Sym symbol = *definition->symbol;
	symbol.st_value = value;
	unsigned flags = given;
	for (uint32_t i = 0; i < ld->nauditors; i++) {
		bool asked = concerns(from, to, i, by_dlsym);
		if (asked && auditors[i].symbind) {
			flags |= given;
			uint64_t other = auditors[i].symbind(&symbol, symbol_index(definition), &states(from)[i].cookie,
							     &states(to)[i].cookie, &flags, symbol_name(definition));
			if (other != symbol.st_value)
				flags |= LA_SYMB_ALTVALUE;
			symbol.st_value = other;
		}
		if (call && (!asked || flags & LA_SYMB_NOPLTENTER))
			call->skipped_enter |= 1u << i;
		if (call && (!asked || flags & LA_SYMB_NOPLTEXIT))
			call->skipped_exit |= 1u << i;
	}
	if (call)
		call->flags = flags;
	return symbol.st_value;
}

uint64_t audit_bound_now(struct loader *ld, struct object *from, const struct definition *definition, uint64_t value)
{
	return ask(ld, from, definition, value, NULL, LA_SYMB_NOPLTENTER | LA_SYMB_NOPLTEXIT);
}

uint64_t audit_bound_by_dlsym(struct loader *ld, struct object *from, const struct definition *definition,
			      uint64_t value)
{
	return ask(ld, from, definition, value, NULL, LA_SYMB_DLSYM);
}

uint64_t audit_bound_lazily(struct loader *ld, struct object *from, const struct definition *definition, uint64_t value)
{
	return ask(ld, from, definition, value, NULL, 0);
}

/* --- calls */

bool audit_watches_calls(struct loader *ld, struct object *object)
{
	bool any = false;
	for (uint32_t i = 0; i < ld->nauditors; i++)
		any |= auditors[i].pltenter || auditors[i].pltexit;
	if (!any || !audits(ld, object->ns))
		return false;
	if (!object->watched_calls)
		object->watched_calls = heap_alloc((object->nplt_rela + 1) * sizeof(struct watched_call));
	return true;
}

/* Auditors of old change lr_xmm, those that know of wider registers lr_vector: the one that was changed counts. */
static void merge_vectors(uint64_t (*xmm)[2], uint64_t (*vector)[8], uint64_t (*before)[2], unsigned n)
{
	if (!cpu_active(LEAF_1, CPU_ECX, 28 /* AVX */))
		return;
	for (unsigned i = 0; i < n; i++)
		if (memcmp(xmm[i], before[i], sizeof(before[i])) != 0)
			memcpy(vector[i], xmm[i], sizeof(before[i]));
		else
			memcpy(xmm[i], vector[i], sizeof(before[i]));
}

/* Called by the trampolines. Returns the function to go to. When `frame_size` becomes 0 or more, that many bytes of
 * arguments on the stack are copied, and audited_return is called when the function has returned. */
uint64_t audited_call(struct object *object, uint64_t index, struct call_registers *registers, long *frame_size);
uint64_t audited_call(struct object *object, uint64_t index, struct call_registers *registers, long *frame_size)
{
	struct loader *ld = &the_loader;
	struct watched_call *call = &object->watched_calls[index];
	if (!__atomic_load_n(&call->known, __ATOMIC_ACQUIRE)) {
		struct watched_call found = {.known = false};
		found.address = bind_definition(object, index, &found.definition);
		if (found.definition.object)
			found.address = ask(ld, object, &found.definition, found.address, &found, 0);
		else
			found.skipped_enter = found.skipped_exit = UINT32_MAX;
		*call = found; /* two threads write the same */
		__atomic_store_n(&call->known, true, __ATOMIC_RELEASE);
	}
	struct definition definition = call->definition;
	if (!definition.object)
		return call->address;
	uint64_t before[8][2];
	memcpy(before, registers->xmm, sizeof(before));
	Elf64_Sym symbol = *definition.symbol;
	symbol.st_value = call->address;
	unsigned flags = call->flags;
	for (uint32_t i = 0; i < ld->nauditors; i++) {
		if (!auditors[i].pltenter || call->skipped_enter >> i & 1)
			continue;
		long size = -1;
		symbol.st_value = auditors[i].pltenter(&symbol, symbol_index(&definition), &states(object)[i].cookie,
						       &states(definition.object)[i].cookie, registers, &flags,
						       symbol_name(&definition), &size);
		call->skipped_enter |= flags & LA_SYMB_NOPLTENTER ? 1u << i : 0;
		call->skipped_exit |= flags & LA_SYMB_NOPLTEXIT ? 1u << i : 0;
		if (!(call->skipped_exit >> i & 1) && size > *frame_size)
			*frame_size = size;
	}
	merge_vectors(registers->xmm, registers->vector, before, 8);
	return symbol.st_value;
}

void audited_return(struct object *object, uint64_t index, const struct call_registers *in,
		    struct return_registers *out);
void audited_return(struct object *object, uint64_t index, const struct call_registers *in,
		    struct return_registers *out)
{
	enum { REGISTERS = 28, REGISTER = 10 }; /* of the x87 state */
	struct loader *ld = &the_loader;
	const struct watched_call *call = &object->watched_calls[index];
	struct definition definition = call->definition;
	uint64_t before[2][2];
	memcpy(before, out->xmm, sizeof(before));
	for (unsigned i = 0; i < 2; i++)
		memcpy(out->st[i], out->x87 + REGISTERS + REGISTER * i, REGISTER);
	Elf64_Sym symbol = *definition.symbol;
	symbol.st_value = call->address;
	for (uint32_t i = 0; i < ld->nauditors; i++)
		if (auditors[i].pltexit && !(call->skipped_exit >> i & 1))
			auditors[i].pltexit(&symbol, symbol_index(&definition), &states(object)[i].cookie,
					    &states(definition.object)[i].cookie, in, out, symbol_name(&definition));
	merge_vectors(out->xmm, out->vector, before, 2);
	for (unsigned i = 0; i < 2; i++)
		memcpy(out->x87 + REGISTERS + REGISTER * i, out->st[i], REGISTER);
}
