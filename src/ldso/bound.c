#include "ldso/bound.h"

void bound_never_unload(struct object *object)
{
	if (object->relocated)
		object->never_unload = true;
	else
		object->never_unload_pending = true;
}

static bool depends(const struct object *from, const struct object *to)
{
	struct object **needed = from->order ? from->order : from->needed;
	for (; needed && *needed; needed++)
		if (*needed == to)
			return true;
	for (uint32_t i = 0; i < from->bound_to.n; i++)
		if (from->bound_to.at[i] == to)
			return true;
	return false;
}

void bound_add(struct loader *ld, struct object *from, struct object *to)
{
	if (to->never_unload || depends(from, to))
		return;
	/* The caller may be a lazy binding, which holds no lock. dlclose in another thread waits for it (scope_wait)
	 * before it unmaps anything, with the lock held: so the lock is only tried for here. When somebody else has it,
	 * the object stays for ever, which is always right. */
	if (from->kind != OBJECT_OPENED || from->never_unload || !loader_try_lock(ld)) {
		if (debugging(ld, DEBUG_BINDINGS))
			debug_print(ld, *from->name ? "marking %s [%u] as NODELETE due to reference from %s [%u]\n" :
						     "marking %s [%u] as NODELETE due to reference from main program\n",
				    to->name, to->ns, from->name, from->ns);
		bound_never_unload(to);
		return;
	}
	list_append(&from->bound_to, to);
	loader_unlock(ld);
	if (debugging(ld, DEBUG_FILES))
		debug_print(ld, "\nfile=%s [%u];  needed by %s [%u] (relocation dependency)\n\n",
			    object_display_name(to), to->ns, object_display_name(from), from->ns);
}
