#include "ldso/init.h"

#include <link.h>

#include "ldso/audit.h"
#include "ldso/heap.h"
#include "ldso/needed.h"
#include "ldso/statistics.h"
#include "ldso/text.h"

typedef void constructor(int argc, char **argv, char **envp);
typedef void destructor(void);

static void run_array(const struct loader *ld, const uint64_t *array, uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		((constructor *)array[i])(ld->argc, ld->argv, ld->envp);
}

static void run_constructors(struct loader *ld, struct object *object)
{
	if (object->init_called)
		return;
	object->init_called = true; /* before: objects may need each other in a circle */
	if (object->kind == OBJECT_PROGRAM)
		return;
	if (debugging(ld, DEBUG_IMPCALLS))
		debug_print(ld, "\ncalling init: %s\n\n", object_display_name(object));
	if (object->init)
		((constructor *)object->init)(ld->argc, ld->argv, ld->envp);
	run_array(ld, object->init_array, object->ninit_array);
}

void init_run(struct loader *ld, struct object *root)
{
	if (ld->init_first) {
		struct object *first = ld->init_first;
		ld->init_first = NULL;
		run_constructors(ld, first);
	}
	if (root->npreinit_array && root->kind == OBJECT_PROGRAM) {
		if (debugging(ld, DEBUG_IMPCALLS))
			debug_print(ld, "\ncalling preinit: %s\n\n", object_display_name(root));
		run_array(ld, root->preinit_array, root->npreinit_array);
	}
	for (uint32_t i = root->search.n; i-- > 0;)
		run_constructors(ld, root->order[i]);
}

void init_finish_object(struct loader *ld, struct object *object)
{
	if (!object->init_called || object->is_proxy)
		return;
	object->init_called = false;
	if (debugging(ld, DEBUG_IMPCALLS))
		debug_print(ld, "\ncalling fini: %s [%u]\n\n", object->name, object->ns);
	for (uint64_t i = object->nfini_array; i-- > 0;)
		((destructor *)object->fini_array[i])();
	if (object->fini)
		((destructor *)object->fini)();
	audit_closed(ld, object);
}

static void finish_namespace(struct loader *ld, uint32_t ns)
{
	loader_lock(ld);
	audit_activity(ld, ns, LA_ACT_DELETE);
	uint32_t n = 0;
	struct object **objects = heap_alloc(ld->nobjects * sizeof(struct object *));
	for (struct object *object = ld->first; object; object = object->next)
		if (object->ns == ns) {
			objects[n++] = object;
			object->open_count++; /* destructors must not make dlclose unload what waits for its own */
		}
	sort_by_dependency(ld, objects, n, ns == BASE_NAMESPACE ? SORT_BINDINGS | SORT_FIRST_STAYS : SORT_BINDINGS);
	loader_unlock(ld);
	for (uint32_t i = 0; i < n; i++) {
		init_finish_object(ld, objects[i]);
		objects[i]->open_count--;
	}
	heap_free(objects);
	audit_activity(ld, ns, LA_ACT_CONSISTENT);
}

void init_finish(struct loader *ld)
{
	for (int auditors = 0; auditors <= 1; auditors++)
		for (uint32_t ns = ld->nnamespaces; ns-- > 0;)
			if (ld->namespaces[ns].used && ld->namespaces[ns].is_auditor == auditors)
				finish_namespace(ld, ns);
	if (debugging(ld, DEBUG_STATISTICS))
		statistics_show_end(ld);
}
