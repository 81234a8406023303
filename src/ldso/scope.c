#include "ldso/scope.h"

#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/sys.h"
#include "ldso/text.h"

static unsigned length(struct object_list *const *scope)
{
	unsigned n = 0;
	while (scope[n])
		n++;
	return n;
}

/* Waits for readers, then frees. */
static void retire(struct loader *ld, void *memory)
{
	if (!memory)
		return;
	scope_wait(ld);
	heap_free(memory);
}

static void replace(struct loader *ld, struct object *object, struct object_list **scope)
{
	struct object_list **old = object->scope;
	__atomic_store_n(&object->scope, scope, __ATOMIC_RELEASE);
	retire(ld, old);
}

void scope_start(struct loader *ld, struct object *object)
{
	struct object_list **scope = heap_alloc(4 * sizeof(struct object_list *));
	unsigned n = 0;
	if (object->symbolic && object->kind != OBJECT_PROGRAM && !object->is_vdso) {
		list_append(&object->symbolic_scope, object);
		scope[n++] = &object->symbolic_scope;
	}
	scope[n++] = &ld->namespaces[object->ns].global;
	if (object->is_vdso) { /* nobody's need: a root of its own */
		list_append(&object->search, object);
		scope[n] = &object->search;
	}
	object->scope = scope;
}

void scope_add_root(struct loader *ld, struct object *root, bool deep)
{
	for (uint32_t i = 0; i < root->search.n; i++) {
		struct object *object = root->search.at[i];
		if (object->kind != OBJECT_OPENED)
			continue;
		unsigned n = length(object->scope), at = n;
		bool has = false;
		for (unsigned j = 0; j < n; j++)
			has |= object->scope[j] == &root->search;
		if (has)
			continue;
		if (deep && !object->relocated) /* RTLD_DEEPBIND */
			at = 0;
		struct object_list **scope = heap_alloc((n + 2) * sizeof(struct object_list *));
		memcpy(scope, object->scope, at * sizeof(*scope));
		scope[at] = &root->search;
		memcpy(scope + at + 1, object->scope + at, (n - at) * sizeof(*scope));
		replace(ld, object, scope);
	}
}

static void add_global(struct loader *ld, struct object *root, bool show)
{
	struct object_list *global = &ld->namespaces[root->ns].global;
	uint32_t more = 0;
	for (uint32_t i = 0; i < root->search.n; i++)
		more += !root->search.at[i]->in_global_scope;
	if (!more)
		return;
	struct object **old = NULL;
	if (global->n + more > global->room) {
		uint32_t room = (global->n + more) * 2;
		struct object **bigger = heap_alloc(room * sizeof(*bigger));
		if (global->n)
			memcpy(bigger, global->at, global->n * sizeof(*bigger));
		old = global->at;
		__atomic_store_n(&global->at, bigger, __ATOMIC_RELEASE);
		global->room = room;
	}
	for (uint32_t i = 0; i < root->search.n; i++) {
		struct object *object = root->search.at[i];
		if (object->in_global_scope)
			continue;
		object->in_global_scope = true;
		global->at[global->n] = object;
		__atomic_store_n(&global->n, global->n + 1, __ATOMIC_RELEASE);
		if (show)
			debug_print(ld, "\nadd %s [%u] to global scope\n", object_display_name(object), object->ns);
	}
	retire(ld, old);
}

void scope_add_global(struct loader *ld, struct object *root)
{
	add_global(ld, root, debugging(ld, DEBUG_SCOPES) && ld->running);
}

void scope_start_global(struct loader *ld, struct object *root)
{
	add_global(ld, root, false);
}

static void remove_from_global(struct loader *ld, struct object_list *global)
{
	uint32_t kept = 0;
	for (uint32_t i = 0; i < global->n; i++)
		kept += !global->at[i]->removed;
	if (kept != global->n) {
		struct object **smaller = heap_alloc(global->room * sizeof(*smaller)), **old = global->at;
		uint32_t n = 0;
		for (uint32_t i = 0; i < global->n; i++)
			if (!old[i]->removed)
				smaller[n++] = old[i];
		/* A reader takes the number first: fewer entries of the old array are as good. */
		__atomic_store_n(&global->n, n, __ATOMIC_RELEASE);
		scope_wait(ld);
		__atomic_store_n(&global->at, smaller, __ATOMIC_RELEASE);
		retire(ld, old);
	}
}

void scope_remove(struct loader *ld)
{
	for (uint32_t ns = 0; ns < ld->nnamespaces; ns++)
		remove_from_global(ld, &ld->namespaces[ns].global);
	for (struct object *object = ld->first; object; object = object->next) {
		if (object->removed || object->kind != OBJECT_OPENED)
			continue;
		unsigned n = length(object->scope), used = 0;
		struct object_list **scope = heap_alloc((n + 2) * sizeof(struct object_list *));
		for (unsigned i = 0; i < n; i++) {
			bool gone = false;
			for (const struct object *root = ld->first; root; root = root->next)
				gone |= root->removed && object->scope[i] == &root->search;
			if (!gone)
				scope[used++] = object->scope[i];
		}
		if (used == n)
			heap_free(scope);
		else
			replace(ld, object, scope);
	}
}

static void wait_for(struct loader *ld, uint64_t thread_pointer)
{
	struct thread_state *state = (void *)(thread_pointer - ld->tls.state_offset);
	while (__atomic_load_n(&state->looking_up, __ATOMIC_ACQUIRE))
		sys_yield();
}

void scope_wait(struct loader *ld)
{
	if (ld->running)
		glibc_each_other_thread(ld, wait_for);
}

void scope_show(struct loader *ld, const struct object *object, unsigned from)
{
	debug_print(ld, "object=%s [%u]\n", object_display_name(object), object->ns);
	if (!object->scope) {
		debug_print(ld, " no scope\n");
	} else {
		for (unsigned i = from; object->scope[i]; i++) {
			debug_print(ld, " scope %u:", i);
			for (uint32_t j = 0; j < object->scope[i]->n; j++)
				debug_print_on(ld, " %s", object_display_name(object->scope[i]->at[j]));
			debug_print_on(ld, "\n");
		}
	}
	debug_print(ld, "\n");
}
