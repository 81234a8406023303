#include "ldso/list.h"

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
	for (const struct object *object = ld->options.trace_program ? ld->first : ld->first->next; object; object = object->next)
		if (object->missing)
			print(1, "\t%s => not found\n", asked_name(object));
		else if (text_equal(asked_name(object), object->name))
			print(1, "\t%s (0x%016lx)\n", asked_name(object), object->start);
		else
			print(1, "\t%s => %s (0x%016lx)\n", asked_name(object), object_display_name(object), object->start);
}

/* ldd -v */
static void list_versions(const struct loader *ld)
{
	bool first = true;
	for (const struct object *object = ld->first; object; object = object->next) {
		if (!object->verneed)
			continue;
		if (first)
			print(1, "\n\tVersion information:\n");
		first = false;
		print(1, "\t%s:\n", object_display_name(object));
		for (const Elf64_Verneed *need = object->verneed;; need = (const void *)((const char *)need + need->vn_next)) {
			const char *file = object->table.strings + need->vn_file;
			const struct object *definer = ld->first;
			while (definer && (definer->missing || !object_is_named(definer, file)))
				definer = definer->next;
			for (const Elf64_Vernaux *aux = (const void *)((const char *)need + need->vn_aux);;
			     aux = (const void *)((const char *)aux + aux->vna_next)) {
				const char *version = object->table.strings + aux->vna_name;
				bool found = definer && version_is_defined(definer, version);
				print(1, "\t\t%s (%s) %s=> %s\n", file, version, aux->vna_flags & VER_FLG_WEAK ? "[WEAK] " : "",
				      found ? definer->name : "not found");
				if (!aux->vna_next)
					break;
			}
			if (!need->vn_next)
				break;
		}
	}
}

/* ldd -d and -r: every reference that binds to nothing. */
static void list_undefined(struct loader *ld)
{
	for (uint32_t i = ld->program->search.n; i-- > 0;) {
		struct object *object = ld->program->order[i];
		if (object->is_self || object->missing)
			continue;
		for (unsigned part = 0; part < (ld->options.lazy ? 1u : 2u); part++) {
			const Elf64_Rela *rela = part ? object->plt_rela : object->rela;
			uint64_t n = part ? object->nplt_rela : object->nrela;
			for (uint64_t j = 0; j < n; j++) {
				uint32_t index = ELF64_R_SYM(rela[j].r_info);
				struct definition definition;
				if (!index || lookup_reference(ld, object, index, part ? LOOKUP_PLT : LOOKUP_DATA, &definition))
					continue;
				print(2, "%s\t(%s)\n", ld->failure.text, ld->failure.object);
				fail_clear(ld);
			}
		}
	}
}

/* LD_DEBUG=unused (ldd -u): direct dependencies that no reference of the program binds to. */
_Noreturn static void list_unused(struct loader *ld)
{
	struct object *program = ld->program;
	struct definition definition;
	for (unsigned part = 0; part < 2; part++) {
		const Elf64_Rela *rela = part ? program->plt_rela : program->rela;
		for (uint64_t i = 0; i < (part ? program->nplt_rela : program->nrela); i++) {
			uint32_t index = ELF64_R_SYM(rela[i].r_info);
			unsigned class = part ? LOOKUP_PLT : ELF64_R_TYPE(rela[i].r_info) == R_X86_64_COPY ? LOOKUP_COPY : LOOKUP_DATA;
			if (index && !lookup_reference(ld, program, index, class, &definition))
				fail_clear(ld);
		}
	}
	bool any = false;
	for (struct object **needed = program->needed + 1; *needed; needed++) {
		if ((*needed)->used)
			continue;
		if (!any)
			print(1, "Unused direct dependencies:\n");
		any = true;
		print(1, "\t%s\n", (*needed)->name);
	}
	sys_exit(any);
}

void list_objects(struct loader *ld)
{
	if (ld->options.debug & DEBUG_UNUSED)
		list_unused(ld);
	list_all(ld);
	if (ld->options.warn && ld->options.mode == MODE_TRACE)
		list_undefined(ld);
	if (ld->options.verbose)
		list_versions(ld);
	sys_exit(0);
}
