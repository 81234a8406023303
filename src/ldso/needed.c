#include "ldso/needed.h"

#include <asm/errno.h>
#include <link.h>

#include "ldso/audit.h"
#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/scope.h"
#include "ldso/search.h"
#include "ldso/sys.h"
#include "ldso/text.h"

/* --- one object */

/* Stands for the loader in another namespace: lists go by link_map, and the loader's own is in that of the program. */
static struct object *make_proxy(struct loader *ld, uint32_t ns)
{
	const struct object *self = ld->self;
	struct object *proxy = heap_alloc(sizeof(*proxy));
	proxy->table = self->table;
	proxy->kind = OBJECT_OPENED;
	proxy->ns = ns;
	proxy->is_self = proxy->is_proxy = true;
	proxy->name = heap_text(self->name);
	proxy->base = self->base;
	proxy->dynamic = self->dynamic;
	proxy->phdr = self->phdr;
	proxy->phnum = self->phnum;
	proxy->soname = self->soname;
	proxy->verdef = self->verdef;
	proxy->relocated = proxy->init_called = true;
	object_add_name(proxy, LOADER_SONAME);
	object_link(ld, proxy);
	scope_start(ld, proxy);
	return proxy;
}

static struct object *loaded_by_name(struct loader *ld, const char *name, uint32_t ns)
{
	for (struct object *object = ld->first; object; object = object->next)
		if (object->ns == ns && !object->missing && !object->removed && object_is_named(object, name))
			return object;
	/* The loader is in the list only when somebody needs it. A second one must never be loaded. */
	if (object_is_named(ld->self, name) || text_equal(text_base_name(name), LOADER_SONAME))
		return ns == BASE_NAMESPACE ? ld->self : make_proxy(ld, ns);
	return NULL;
}

static struct object *loaded_by_file(const struct loader *ld, const struct opened *file, uint32_t ns)
{
	for (struct object *object = ld->first; object; object = object->next)
		if (object->ns == ns && object->inode && object->inode == file->inode &&
		    object->device == file->device && !object->removed)
			return object;
	return NULL;
}

/* What happens without the file: an error, or an object that stands for it. */
static struct object *not_found(struct loader *ld, const char *name, struct object *requester, unsigned flags,
				const char *text, int code)
{
	if (!(flags & LOAD_MISSING)) {
		fail(ld, name, code, "%s", text);
		return NULL;
	}
	struct object *object = heap_alloc(sizeof(*object));
	object->kind = OBJECT_STARTUP;
	object->name = heap_text(name);
	object->missing = object->relocated = true;
	object->missing_text = text;
	object->missing_code = code;
	object->requester = requester;
	object_add_name(object, name);
	object_link(ld, object);
	return object;
}

/* The same for a file that fail() has said something about. */
static struct object *broken(struct loader *ld, const char *name, struct object *requester, unsigned flags)
{
	if (!(flags & LOAD_BROKEN))
		return NULL;
	const char *text = heap_text(ld->failure.text);
	int code = ld->failure.code;
	fail_clear(ld);
	return not_found(ld, name, requester, flags, text, code);
}

static struct object *add_loaded(struct loader *ld, struct object *object, const char *name, struct object *requester,
				 unsigned flags)
{
	object->requester = flags & LOAD_BY_CALL ? NULL : requester;
	object_add_name(object, name);
	struct namespace *namespace = &ld->namespaces[object->ns];
	if (object->soname && text_equal(object->soname, "libc.so.6") && !namespace->libc)
		namespace->libc = object;
	if (object->flags_1 & DF_1_INITFIRST)
		ld->init_first = object;
	if (debugging(ld, DEBUG_FILES))
		image_show(ld, object);
	object_link(ld, object);
	if (object->tls_size)
		tls_add_module(ld, object);
	scope_start(ld, object);
	if (audits(ld, object->ns)) {
		glibc_publish_objects(ld);
		if (!namespace->is_growing)
			audit_activity(ld, object->ns, LA_ACT_ADD);
		audit_opened(ld, object);
	}
	return object;
}

/* Searches for a file and loads it, unless it is there under another name. */
static struct object *load_file(struct loader *ld, const char *name, struct object *requester, uint32_t ns,
				unsigned flags)
{
	struct object *object;
	struct found found;
	int code;
	switch (search_file(ld, name, requester, flags & LOAD_SECURE ? SEARCH_SECURE : 0, &found, &code)) {
	case OPEN_OK: break;
	case OPEN_BROKEN: return broken(ld, name, requester, flags);
	case OPEN_OTHER_CLASS: return not_found(ld, name, requester, flags, "wrong ELF class: ELFCLASS32", 0);
	case OPEN_ABSENT: return not_found(ld, name, requester, flags, "cannot open shared object file", code);
	}
	object = loaded_by_file(ld, &found.opened, ns);
	if (object || flags & LOAD_ONLY_IF_LOADED) {
		sys_close(found.opened.fd);
		if (object)
			object_add_name(object, name);
	} else {
		if (debugging(ld, DEBUG_FILES))
			debug_print(ld, "file=%s [%u];  generating link map\n", name, ns);
		enum object_kind kind = flags & LOAD_OPENED ? OBJECT_OPENED : OBJECT_STARTUP;
		object = image_map(ld, &found.opened, found.path, name, kind);
		if (object) {
			object->ns = ns;
			object->found_by = found.what;
			object->found_where = found.where;
			add_loaded(ld, object, name, requester, flags);
		}
	}
	heap_free(found.path);
	return object || flags & LOAD_ONLY_IF_LOADED ? object : broken(ld, name, requester, flags);
}

struct object *load_object(struct loader *ld, const char *name, struct object *requester, uint32_t ns, unsigned flags)
{
	struct object *object = loaded_by_name(ld, name, ns);
	if (object)
		return object;
	if (debugging(ld, DEBUG_FILES) && requester)
		debug_print(ld, flags & LOAD_BY_CALL ? "\nfile=%s [%u];  dynamically loaded by %s [%u]\n" :
						       "\nfile=%s [%u];  needed by %s [%u]\n",
			    name, ns, object_display_name(requester), requester->ns);
	const char *asked = audit_search(ld, name, requester, LA_SER_ORIG);
	if (!asked)
		return not_found(ld, name, requester, flags, "cannot open shared object file", ENOENT);
	bool changed = !text_equal(asked, name);
	if (changed && debugging(ld, DEBUG_FILES))
		debug_print(ld, "name changed by audit: %s -> %s\n", name, asked);
	object = load_file(ld, asked, requester, ns, flags);
	if (object && changed)
		object_add_name(object, name);
	return object;
}

/* --- lists */

/* What an entry of the dynamic section names. NULL, and not failed: an auxiliary object that can't be had. */
static struct object *load_entry(struct loader *ld, struct object *object, const Elf64_Dyn *entry, unsigned flags)
{
	const char *written = object->table.strings + entry->d_un.d_val;
	bool auxiliary = entry->d_tag == DT_AUXILIARY;
	if (ld->secure && tokens_any(written)) {
		fail(ld, written, 0, "DST not allowed in SUID/SGID programs");
		return NULL;
	}
	char *name = tokens_expand(ld, object, written);
	if (!name && auxiliary) {
		if (debugging(ld, DEBUG_LIBS))
			debug_print(ld, "cannot load auxiliary `%s' because of empty dynamic string token "
				    "substitution\n", written);
		return NULL;
	}
	if (!name) {
		fail(ld, written, 0, "empty dynamic string token substitution");
		return NULL;
	}
	if (entry->d_tag != DT_NEEDED && debugging(ld, DEBUG_LIBS))
		debug_print(ld, "load auxiliary object=%s requested by file=%s\n", name, object_display_name(object));
	/* --list and ldd show an auxiliary object that is not there as missing; nobody else minds. */
	if (auxiliary && ld->options.mode != MODE_LIST && ld->options.mode != MODE_TRACE)
		flags &= ~(unsigned)(LOAD_MISSING | LOAD_BROKEN);
	struct object *other = load_object(ld, name, object, object->ns, flags);
	heap_free(name);
	if (!other && auxiliary)
		fail_clear(ld);
	return other;
}

static bool is_need(const struct object *object, const Elf64_Dyn *entry)
{
	return (entry->d_tag == DT_NEEDED || entry->d_tag == DT_AUXILIARY || entry->d_tag == DT_FILTER) &&
	       entry->d_un.d_val < object->table.strings_size;
}

/* Fills object->needed and object->needs. */
static bool load_direct(struct loader *ld, struct object *object, unsigned flags)
{
	if (object->needed)
		return true;
	size_t n = 2;
	for (const Elf64_Dyn *entry = object->dynamic; entry && entry->d_tag != DT_NULL; entry++)
		n += is_need(object, entry);
	struct object **needed = heap_alloc(n * (sizeof(*needed) + sizeof(*object->needs)));
	const Elf64_Dyn **needs = (void *)(needed + n);
	size_t used = 0;
	needed[used++] = object;
	for (const Elf64_Dyn *entry = object->dynamic; entry && entry->d_tag != DT_NULL; entry++) {
		if (!is_need(object, entry))
			continue;
		struct object *other = load_entry(ld, object, entry, flags);
		if (!other && ld->failed) {
			heap_free(needed);
			return false;
		}
		if (!other)
			continue;
		needs[used] = entry;
		needed[used++] = other;
	}
	object->needed = needed;
	object->needs = needs;
	return true;
}

enum { LISTED = 1, LOADED = 2 }; /* object.mark in load_needed: in the list; so is what it needs */

/* Puts the object of a DT_FILTER or DT_AUXILIARY entry right before the one at `at` that names it, in the search list
 * and in that of all objects, so that its symbols go first. Returns whether that one moved. */
static bool insert_filtee(struct loader *ld, struct object_list *list, uint32_t at, struct object *filtee)
{
	if (filtee->mark) {
		uint32_t late = at + 1;
		while (late < list->n && list->at[late] != filtee)
			late++;
		if (late >= list->n) /* it is in front already */
			return false;
		memmove(list->at + late, list->at + late + 1, (list->n - late - 1) * sizeof(*list->at));
		list->n--;
	} else {
		filtee->mark = LISTED;
	}
	struct object *filter = list->at[at];
	list_append(list, NULL);
	memmove(list->at + at + 1, list->at + at, (list->n - at - 1) * sizeof(*list->at));
	list->at[at] = filtee;
	object_move_before(ld, filtee, filter);
	return true;
}

/* Adds to the list what its entry `at` needs. */
static void list_needed(struct loader *ld, struct object_list *list, uint32_t at)
{
	const struct object *object = list->at[at];
	for (uint32_t i = 1; object->needed[i]; i++) {
		struct object *other = object->needed[i];
		bool is_filtee = object->needs[i]->d_tag != DT_NEEDED;
		if (other->missing) { /* only to be shown */
			if (is_filtee)
				object_move_before(ld, other, list->at[at]);
		} else if (is_filtee) {
			at += insert_filtee(ld, list, at, other);
		} else if (!other->mark) {
			other->mark = LISTED;
			list_append(list, other);
		}
	}
}

/* The order of constructors, from the search list; the root comes first even if its filtees are before it there. */
static struct object **order_of(struct loader *ld, const struct object *root, const struct object_list *list)
{
	struct object **order = heap_alloc((list->n + 1) * sizeof(*order));
	uint32_t before = 0;
	while (list->at[before] != root)
		before++;
	order[0] = list->at[before];
	memcpy(order + 1, list->at, before * sizeof(*order));
	memcpy(order + 1 + before, list->at + before + 1, (list->n - before - 1) * sizeof(*order));
	sort_by_dependency(ld, order, list->n, root != ld->namespaces[root->ns].libc ? SORT_FIRST_STAYS : 0);
	return order;
}

bool load_needed(struct loader *ld, struct object *root, struct object *const *preloads, uint32_t npreloads,
		 unsigned flags)
{
	struct object_list list = {.n = 0};
	for (struct object *object = ld->first; object; object = object->next)
		object->mark = 0;
	ld->self->mark = 0;
	list_append(&list, root);
	root->mark = LISTED;
	for (uint32_t i = 0; i < npreloads; i++)
		if (!preloads[i]->mark) {
			preloads[i]->mark = LISTED;
			list_append(&list, preloads[i]);
		}
	for (uint32_t i = 0; i < list.n;) {
		struct object *object = list.at[i];
		if (object->mark == LOADED) {
			i++;
			continue;
		}
		object->mark = LOADED;
		if (!load_direct(ld, object, flags)) {
			heap_free(list.at);
			return false;
		}
		list_needed(ld, &list, i); /* may put others here, which are next */
	}
	root->search = list;
	root->order = order_of(ld, root, &list);
	return true;
}

/* --- order */

/* Depth first; each object is written before the ones it depends on, from the end of the result backwards. */
static struct object **visit(struct object **head, struct object *object, bool for_fini, bool *bindings_seen)
{
	if (object->mark || object->missing)
		return head;
	object->mark = 1;
	struct object **dependencies = object->order ? object->order : object->needed;
	for (; dependencies && *dependencies; dependencies++)
		if (!(*dependencies)->mark && (*dependencies)->kind != OBJECT_PROGRAM)
			head = visit(head, *dependencies, for_fini, bindings_seen);
	if (for_fini && object->bound_to.n) {
		*bindings_seen = true;
		for (uint32_t i = object->bound_to.n; i-- > 0;)
			if (!object->bound_to.at[i]->mark && object->bound_to.at[i]->kind != OBJECT_PROGRAM)
				head = visit(head, object->bound_to.at[i], for_fini, bindings_seen);
	}
	*--head = object;
	return head;
}

/* Objects outside of the n given ones count as visited. */
static void sort_once(struct loader *ld, struct object *const *from, struct object **to, uint32_t n, bool for_fini,
		      bool *bindings_seen)
{
	for (struct object *object = ld->first; object; object = object->next)
		object->mark = 1;
	ld->self->mark = 1;
	for (uint32_t i = 0; i < n; i++)
		from[i]->mark = 0;
	struct object **head = to + n;
	for (uint32_t i = n; i-- > 0;)
		head = visit(head, from[i], for_fini, bindings_seen);
}

void sort_by_dependency(struct loader *ld, struct object **objects, uint32_t n, unsigned flags)
{
	if (!n)
		return;
	struct object **sorted = heap_alloc(n * sizeof(struct object *)), *first = objects[0];
	bool bindings_seen = false;
	sort_once(ld, objects, sorted, n, flags & SORT_BINDINGS, &bindings_seen);
	if (bindings_seen) /* needs are stronger than bindings: sort once more by needs alone */
		sort_once(ld, sorted, objects, n, false, &bindings_seen);
	else
		memcpy(objects, sorted, n * sizeof(struct object *));
	heap_free(sorted);
	if (!(flags & SORT_FIRST_STAYS))
		return;
	uint32_t at = 0;
	while (objects[at] != first)
		at++;
	memmove(objects + 1, objects, at * sizeof(struct object *));
	objects[0] = first;
}
