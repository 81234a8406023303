#include "ldso/list.h"

#include "ldso/check.h"
#include "ldso/lookup.h"
#include "ldso/relocate.h"
#include "ldso/sys.h"
#include "ldso/text.h"
#include "ldso/versions.h"

static const char *asked_name(const struct object *object)
{
	return object->names ? object->names->text : object->name;
}

static void list_all(const struct loader *ld)
{
	bool needs = false;
	for (const Elf64_Dyn *entry = ld->program->dynamic; entry && entry->d_tag != DT_NULL; entry++)
		needs |= entry->d_tag == DT_NEEDED;
	if (!needs) {
		print(1, "\tstatically linked\n");
		return;
	}
	const struct object *object = ld->options.trace_program ? ld->first : ld->first->next;
	for (; object; object = object->next) {
		const char *asked = asked_name(object);
		if (object->missing)
			print(1, "\t%s => not found\n", asked);
		else if (text_equal(asked, object->name))
			print(1, "\t%s (0x%016lx)\n", asked, object->start);
		else
			print(1, "\t%s => %s (0x%016lx)\n", asked, object_display_name(object), object->start);
	}
}

/* The versions needed of one file, and where they are. */
static void list_needed_versions(const struct loader *ld, const struct object *object, const Elf64_Verneed *need)
{
	const char *file = object->table.strings + need->vn_file;
	const struct object *definer = ld->first;
	while (definer && (definer->missing || !object_is_named(definer, file)))
		definer = definer->next;
	const Elf64_Vernaux *aux = (const void *)((const char *)need + need->vn_aux);
	for (;; aux = (const void *)((const char *)aux + aux->vna_next)) {
		const char *version = object->table.strings + aux->vna_name;
		bool found = definer && version_is_defined(definer, version);
		print(1, "\t\t%s (%s) %s=> %s\n", file, version, aux->vna_flags & VER_FLG_WEAK ? "[WEAK] " : "",
		      found ? definer->name : "not found");
		if (!aux->vna_next)
			break;
	}
}

/* ldd -v */
static void list_versions(const struct loader *ld)
{
	bool first = true;
	for (const struct object *object = ld->first; object; object = object->next) {
		const Elf64_Verneed *need = object->verneed;
		if (!need)
			continue;
		if (first)
			print(1, "\n\tVersion information:\n");
		first = false;
		print(1, "\t%s:\n", object_display_name(object));
		for (;; need = (const void *)((const char *)need + need->vn_next)) {
			list_needed_versions(ld, object, need);
			if (!need->vn_next)
				break;
		}
	}
}

/* Looks up every reference of an object; `report`: says what is undefined. */
static void bind_all(struct loader *ld, struct object *object, bool functions, bool report)
{
	for (unsigned part = 0; part < (functions ? 2u : 1u); part++) {
		const Elf64_Rela *rela = part ? object->plt_rela : object->rela;
		uint64_t n = part ? object->nplt_rela : object->nrela;
		for (const Elf64_Rela *end = rela + n; rela < end; rela++) {
			uint32_t index = ELF64_R_SYM(rela->r_info);
			unsigned class = lookup_class_of(ELF64_R_TYPE(rela->r_info));
			struct definition definition;
			if (!index || lookup_reference(ld, object, index, class, &definition))
				continue;
			if (report)
				print(2, "%s\t(%s)\n", ld->failure.text, ld->failure.object);
			fail_clear(ld);
		}
	}
}

/* ldd -d and -r: every reference that binds to nothing. */
static void list_undefined(struct loader *ld)
{
	for (uint32_t i = ld->program->search.n; i-- > 0;) {
		struct object *object = ld->program->order[i];
		if (!object->is_self && !object->missing)
			bind_all(ld, object, !ld->options.lazy, true);
	}
}

/* LD_DEBUG=unused (ldd -u): direct dependencies that no reference of the program binds to. */
_Noreturn static void list_unused(struct loader *ld)
{
	bind_all(ld, ld->program, true, false);
	bool any = false;
	for (struct object **needed = ld->program->needed + 1; *needed; needed++) {
		if ((*needed)->used)
			continue;
		if (!any)
			print(1, "Unused direct dependencies:\n");
		any = true;
		print(1, "\t%s\n", (*needed)->name);
	}
	sys_exit(any);
}

/* --- --tree */

enum { DEEPEST = 64 };

/* One line below the lines of its ancestors; `last[i]`: the ancestor of depth i was the last child. */
static void tree_line(const struct object *object, const char *asked, const bool *last, unsigned depth)
{
	for (unsigned i = 1; i < depth; i++)
		print(1, last[i] ? "    " : "│   ");
	if (depth)
		print(1, last[depth] ? "└── " : "├── ");
	if (object->missing) {
		print(1, "%s: not found\n", asked);
		return;
	}
	print(1, "%s", asked);
	if (!text_equal(asked, object_display_name(object)))
		print(1, " => %s", object_display_name(object));
	if (object->found_by)
		print(1, " (%s%s%s)", object->found_by, object->found_where ? " of " : "",
		      object->found_where ? object->found_where : "");
}

/* Shows an object and, the first time it comes, what it needs. `mark` is set on what was shown. */
static void show_tree(const struct loader *ld, struct object *object, const char *asked, bool *last, unsigned depth)
{
	tree_line(object, asked, last, depth);
	if (object->missing)
		return;
	bool again = object->mark && object->needed && object->needed[1];
	print(1, again ? " (above)\n" : "\n");
	if (object->mark || depth + 1 >= DEEPEST)
		return;
	object->mark = 1;
	for (uint32_t i = 1; object->needed && object->needed[i]; i++) {
		last[depth + 1] = !object->needed[i + 1];
		show_tree(ld, object->needed[i], object->table.strings + object->needs[i]->d_un.d_val, last, depth + 1);
	}
}

_Noreturn static void list_tree(struct loader *ld)
{
	bool last[DEEPEST] = {false}, missing = false;
	for (struct object *object = ld->first; object; object = object->next) {
		object->mark = 0;
		missing |= object->missing;
	}
	show_tree(ld, ld->program, object_display_name(ld->program), last, 0);
	for (uint32_t i = 0; i < ld->program->search.n; i++) {
		struct object *object = ld->program->search.at[i];
		if (!object->mark && !object->is_self) { /* nobody needs it by name */
			print(1, "preloaded: ");
			show_tree(ld, object, asked_name(object), last, 0);
		}
	}
	sys_exit(missing);
}

void list_objects(struct loader *ld)
{
	for (const struct object *object = ld->first; object; object = object->next)
		if (!object->missing && !object->is_vdso && !check_symbols(ld, object))
			fail_exit(ld, "error while loading shared libraries");
	if (ld->options.mode == MODE_TREE)
		list_tree(ld);
	if (ld->options.debug & DEBUG_UNUSED)
		list_unused(ld);
	list_all(ld);
	if (ld->options.warn && ld->options.mode == MODE_TRACE)
		list_undefined(ld);
	if (ld->options.verbose)
		list_versions(ld);
	sys_exit(0);
}
