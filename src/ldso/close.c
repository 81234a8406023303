/* dlclose: what is needed no more is finished, taken out of all lists, and unmapped. */
#include <link.h>
#include <sys/mman.h>

#include "ldso/audit.h"
#include "ldso/debugger.h"
#include "ldso/find_object.h"
#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/image.h"
#include "ldso/init.h"
#include "ldso/lookup.h"
#include "ldso/needed.h"
#include "ldso/open.h"
#include "ldso/scope.h"
#include "ldso/sys.h"

/* --- who is needed */

static void keep(struct object *object)
{
	if (object->mark)
		return;
	object->mark = 1;
	struct object **needed = object->order ? object->order : object->needed;
	for (; needed && *needed; needed++)
		keep(*needed);
	for (uint32_t i = 0; i < object->bound_to.n; i++)
		keep(object->bound_to.at[i]);
}

static bool is_root(const struct loader *ld, const struct object *object)
{
	return object->kind != OBJECT_OPENED || object->open_count || object->never_unload ||
	       glibc_has_thread_destructors(ld, object);
}

/* Sets `mark` of all that must stay. */
static void mark_needed(struct loader *ld)
{
	for (struct object *object = ld->first; object; object = object->next)
		object->mark = 0;
	ld->self->mark = 0;
	for (struct object *object = ld->first; object; object = object->next)
		if (is_root(ld, object))
			keep(object);
}

/* --- taking away */

/* Objects that stay may still search in the list of a root that goes: they get a list of their own, so that what they
 * need can be found. */
static void keep_scopes(struct loader *ld)
{
	for (struct object *object = ld->first; object; object = object->next) {
		if (object->removed || object->kind != OBJECT_OPENED || object->search.n)
			continue;
		bool loses = false;
		for (unsigned i = 0; object->scope[i]; i++)
			for (const struct object *root = ld->first; root; root = root->next)
				loses |= root->removed && object->scope[i] == &root->search;
		if (loses && load_needed(ld, object, NULL, 0, LOAD_OPENED))
			scope_add_root(ld, object, false);
	}
}

static void forget_requester(struct loader *ld, const struct object *gone)
{
	for (struct object *object = ld->first; object; object = object->next)
		if (object->requester == gone)
			object->requester = NULL;
}

static void take_away(struct loader *ld, struct object *object)
{
	if (debugging(ld, DEBUG_FILES))
		debug_print(ld, "\nfile=%s [%u];  destroying link map\n", object->name, object->ns);
	tls_remove_module(ld, object);
	forget_requester(ld, object);
	if (ld->init_first == object)
		ld->init_first = NULL;
	struct namespace *namespace = &ld->namespaces[object->ns];
	if (namespace->libc == object)
		namespace->libc = NULL;
	object_unlink(ld, object);
}

/* Removes all objects marked `removed`. */
static void remove_objects(struct loader *ld)
{
	bool any_tls = false, touched[NAMESPACES] = {false};
	debugger_tell(DEBUGGER_DELETE);
	for (const struct object *object = ld->first; object; object = object->next)
		if (object->removed && !touched[object->ns]) {
			touched[object->ns] = true;
			audit_activity(ld, object->ns, LA_ACT_DELETE);
		}
	keep_scopes(ld);
	scope_remove(ld);
	find_object_update(ld);
	glibc_lock(ld, LOCK_TLS);
	glibc_lock(ld, LOCK_LIST);
	struct object *gone = NULL;
	for (struct object *object = ld->first, *next; object; object = next) {
		next = object->next;
		if (!object->removed)
			continue;
		any_tls |= object->tls_module != 0;
		take_away(ld, object);
		object->next = gone;
		gone = object;
	}
	for (uint32_t ns = BASE_NAMESPACE + 1; ns < ld->nnamespaces; ns++)
		ld->namespaces[ns].used = ld->namespaces[ns].is_growing = false;
	for (const struct object *object = ld->first; object; object = object->next)
		ld->namespaces[object->ns].used = true;
	glibc_publish_objects(ld);
	glibc_unlock(ld, LOCK_LIST);
	if (any_tls)
		tls_new_generation(ld);
	glibc_unlock(ld, LOCK_TLS);
	scope_wait(ld);
	while (gone) {
		struct object *object = gone;
		gone = object->next;
		image_unmap(object);
		object_free(object);
	}
	for (uint32_t ns = 0; ns < ld->nnamespaces; ns++)
		if (touched[ns])
			audit_activity(ld, ns, LA_ACT_CONSISTENT);
	debugger_tell(DEBUGGER_CONSISTENT);
}

/* --- dlclose */

/* Destructors may call dlclose: then the outer call looks for more to remove when it has finished. */
static enum { IDLE, CLOSING, AGAIN } closing; /* the load lock is held */

void close_after_fork(void)
{
	closing = IDLE;
}

/* Runs destructors of all that is not needed; true when there is anything to remove. */
static bool finish_unneeded(struct loader *ld)
{
	uint32_t n = 0;
	struct object **objects = heap_alloc(ld->nobjects * sizeof(struct object *));
	mark_needed(ld);
	for (struct object *object = ld->first; object; object = object->next) {
		objects[n++] = object;
		object->unneeded = !object->mark;
	}
	bool any = false;
	sort_by_dependency(ld, objects, n, SORT_BINDINGS | SORT_FIRST_STAYS);
	for (uint32_t i = 0; i < n; i++) {
		if (!objects[i]->unneeded)
			continue;
		init_finish_object(ld, objects[i]);
		if (objects[i]->is_proxy)
			audit_closed(ld, objects[i]);
		objects[i]->removed = any = true;
	}
	heap_free(objects);
	return any;
}

static void collect(struct loader *ld)
{
	do {
		closing = CLOSING;
		if (finish_unneeded(ld))
			remove_objects(ld);
	} while (closing == AGAIN);
	closing = IDLE;
}

bool close_object(struct loader *ld, struct object *object)
{
	if (!object->open_count && (object->kind != OBJECT_OPENED || object->never_unload))
		return true;
	if (!object->open_count)
		return fail(ld, object_display_name(object), 0, "shared object not open");
	object->open_count--;
	if (debugging(ld, DEBUG_FILES) && (object->open_count || object->kind != OBJECT_OPENED || closing != IDLE))
		debug_print(ld, "\nclosing file=%s; direct_opencount=%u\n", object->name, object->open_count);
	if (object->open_count || object->kind != OBJECT_OPENED)
		return true;
	if (closing == IDLE)
		collect(ld);
	else
		closing = AGAIN;
	return true;
}

void close_failed(struct loader *ld, struct object *root, uint64_t serial)
{
	bool any = false;
	root->open_count--;
	for (struct object *object = ld->first; object; object = object->next) {
		object->never_unload_pending = false;
		if (object->serial < serial || object->init_called)
			continue;
		unique_forget(object);
		object->removed = any = true;
	}
	if (any) {
		glibc_publish_objects(ld); /* give each its link_map: the list must be whole */
		remove_objects(ld);
	}
	debugger_tell(DEBUGGER_CONSISTENT);
}
