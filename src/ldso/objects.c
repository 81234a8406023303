/* The list of loaded objects and their names. */
#include "ldso/glibc/publish.h"
#include "ldso/heap.h"
#include "ldso/loader.h"
#include "ldso/text.h"

const char *object_display_name(const struct object *object)
{
	if (*object->name)
		return object->name;
	return the_loader.argc > 0 ? the_loader.argv[0] : "<main program>";
}

bool object_has(const struct object *object, uint64_t vaddr, uint64_t size)
{
	for (;;) {
		uint64_t most = 0;
		for (uint16_t i = 0; i < object->phnum; i++) {
			const Elf64_Phdr *segment = &object->phdr[i];
			uint64_t at = vaddr - segment->p_vaddr;
			if (segment->p_type != PT_LOAD || at > segment->p_memsz)
				continue;
			if (size <= segment->p_memsz - at)
				return true;
			most = segment->p_memsz - at > most ? segment->p_memsz - at : most;
		}
		if (!most)
			return false;
		vaddr += most; /* patchelf writes tables that begin in one segment and end in the next */
		size -= most;
	}
}

void list_append(struct object_list *list, struct object *object)
{
	if (list->n == list->room) {
		list->room = list->room ? list->room * 2 : 8;
		list->at = heap_grow(list->at, list->n * sizeof(*list->at), list->room * sizeof(*list->at));
	}
	list->at[list->n++] = object;
}

void object_link_after(struct loader *ld, struct object *object, struct object *after)
{
	object->prev = after;
	object->next = after ? after->next : ld->first;
	if (object->next)
		object->next->prev = object;
	else
		ld->last = object;
	if (after)
		after->next = object;
	else
		ld->first = object;
	ld->nobjects++;
	object->serial = ld->nadded++;
}

void object_link(struct loader *ld, struct object *object)
{
	object_link_after(ld, object, ld->last);
}

void object_unlink(struct loader *ld, struct object *object)
{
	if (object->prev)
		object->prev->next = object->next;
	else
		ld->first = object->next;
	if (object->next)
		object->next->prev = object->prev;
	else
		ld->last = object->prev;
	ld->nobjects--;
}

void object_move_before(struct loader *ld, struct object *object, struct object *other)
{
	if (object == other || !object->prev || !other->prev)
		return;
	object_unlink(ld, object);
	object->prev = other->prev;
	object->next = other;
	other->prev->next = object;
	other->prev = object;
	ld->nobjects++;
}

bool object_is_named(const struct object *object, const char *name)
{
	if (text_equal(object->name, name))
		return true;
	for (const struct object_name *other = object->names; other; other = other->next)
		if (text_equal(other->text, name))
			return true;
	return object->soname && !object->missing && text_equal(object->soname, name);
}

void object_add_name(struct object *object, const char *name)
{
	struct object_name **end = &object->names;
	for (; *end; end = &(*end)->next)
		if (text_equal((*end)->text, name))
			return;
	*end = heap_alloc(sizeof(**end));
	(*end)->text = heap_text(name);
}

struct object *object_at(const struct loader *ld, uint64_t address)
{
	for (struct object *object = ld->first; object; object = object->next) {
		if (address < object->start || address >= object->end)
			continue;
		for (uint16_t i = 0; i < object->phnum; i++) {
			const Elf64_Phdr *segment = &object->phdr[i];
			if (segment->p_type == PT_LOAD && address - object->base - segment->p_vaddr < segment->p_memsz)
				return object;
		}
	}
	return NULL;
}

struct object *object_of_handle(const struct loader *ld, const void *handle)
{
	for (struct object *object = ld->first; object; object = object->next)
		if (object->link_map == handle)
			return object;
	return NULL;
}

void object_free(struct object *object)
{
	for (struct object_name *name = object->names; name;) {
		struct object_name *next = name->next;
		heap_free((void *)(uintptr_t)name->text);
		heap_free(name);
		name = next;
	}
	if (object->phdr_is_copy)
		heap_free((void *)(uintptr_t)object->phdr);
	if (!object->is_proxy)
		heap_free(object->table.versions);
	heap_free((void *)(uintptr_t)object->name);
	heap_free((void *)(uintptr_t)object->origin);
	heap_free(object->rpath_dirs);
	heap_free(object->runpath_dirs);
	heap_free(object->needed);
	heap_free(object->order);
	heap_free(object->search.at);
	heap_free(object->bound_to.at);
	heap_free(object->symbolic_scope.at);
	heap_free(object->scope);
	heap_free(object->audit_states);
	heap_free(object->watched_calls);
	for (struct tls_descriptor *descriptor = object->tls_descriptors; descriptor;) {
		struct tls_descriptor *next = descriptor->next;
		heap_free(descriptor);
		descriptor = next;
	}
	glibc_forget_object(object);
	heap_free(object);
}
