#include "verify/names.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/array.h"
#include "base/hash.h"
#include "elf/mem.h"

struct name {
	const char *text;
	uint32_t len, hash;
	uint32_t object, index;   /* the definition that counts; index 0: no object has one */
	uint8_t rank;             /* 1 strong, 2 common, 3 weak; 0: none yet */
	uint32_t dynamic;         /* in .dynsym; 0: not there */
	uint32_t listed;          /* in .symtab; 0: not there */
	bool is_local;            /* .symtab has a local symbol of that name */
	enum asked asked;
};

struct names {
	const struct subject *subject;
	const struct verify_inputs *inputs;
	struct name *table;
	uint32_t n, size;         /* size: a power of two */
	ARRAY(struct dynamic_place) places;
	char **wrapped;           /* "__wrap_X" of each name that is wrapped */
};

static struct name *find(const struct names *names, const char *text, uint32_t len)
{
	uint32_t hash = (uint32_t)hash_bytes(text, len);
	for (uint32_t i = hash;; i++) {
		struct name *name = &names->table[i & (names->size - 1)];
		if (!name->text || (name->hash == hash && name->len == len && memcmp(name->text, text, len) == 0))
			return name;
	}
}

static struct name *enter(struct names *names, const char *text, uint32_t len)
{
	if (2 * (names->n + 1) > names->size) {
		struct name *old = names->table;
		uint32_t old_size = names->size;
		names->size = old_size ? 2 * old_size : 1024;
		names->table = calloc(names->size, sizeof(*names->table));
		if (!names->table)
			out_of_memory();
		for (uint32_t i = 0; i < old_size; i++)
			if (old[i].text)
				*find(names, old[i].text, old[i].len) = old[i];
		free(old);
	}
	struct name *name = find(names, text, len);
	if (!name->text) {
		*name = (struct name){.text = text, .len = len, .hash = (uint32_t)hash_bytes(text, len)};
		names->n++;
	}
	return name;
}

/* "foo@@V" is foo. */
static uint32_t plain_length(const char *text)
{
	const char *at = strstr(text, "@@");
	return (uint32_t)(at && at > text ? (size_t)(at - text) : strlen(text));
}

/* What an object calls "foo@@V" is foo where it defines it. To ask for it is to ask for "foo@V". */
static uint32_t key_length(const char *text, const struct elf_sym *sym)
{
	return sym->st_shndx != SHN_UNDEF ? plain_length(text) : (uint32_t)strlen(text);
}

/* What a symbol of an object asks for (ld manual, --wrap); what it defines is as it says. */
static const char *wanted_name(const struct names *names, const struct elf_symtab *symtab, uint32_t i)
{
	static const char real[] = "__real_";
	const char *text = symtab->strtab + symtab->syms[i].st_name;
	for (uint32_t w = 0; w < names->inputs->n_wraps && symtab->syms[i].st_shndx == SHN_UNDEF; w++) {
		if (strcmp(text, names->inputs->wraps[w]) == 0)
			return names->wrapped[w];
		if (strncmp(text, real, strlen(real)) == 0 &&
		    strcmp(text + strlen(real), names->inputs->wraps[w]) == 0)
			return names->inputs->wraps[w];
	}
	return text;
}

/* ---- building ----------------------------------------------------------------------------------------------- */

/* How much a definition counts; 0: it is none. A definition in a section that the output lacks is that of a group
 * another file's stands for. */
static uint8_t rank_of(const struct verify_object *object, uint32_t i)
{
	const struct elf_sym *sym = &object->symtab->syms[i];
	if (sym->st_shndx == SHN_UNDEF)
		return 0;
	if (elf_sym_is_common(sym))
		return 2;
	if (!elf_sym_is_special(object->symtab, i) &&
	    object->sections[elf_sym_section(object->symtab, i)].fate == FATE_ABSENT)
		return 0;
	return elf_sym_bind(sym) == STB_WEAK ? 3 : 1;
}

/* "foo@V" may mean what this link defines, or another module. */
static void note_asked(struct names *names, const char *text, uint32_t length, const struct elf_sym *sym)
{
	const char *at = memchr(text, '@', length);
	bool has_version = at && at > text;
	struct name *name = enter(names, text, has_version ? (uint32_t)(at - text) : length);
	if (has_version)
		name->asked = ASKED_BY_VERSION;
	else if (name->asked == ASKED_BY_VERSION)
		return;
	else if (elf_sym_bind(sym) != STB_WEAK)
		name->asked = ASKED_STRONGLY;
	else if (name->asked == ASKED_NOT)
		name->asked = ASKED_WEAKLY;
}

static void enter_objects(struct names *names)
{
	for (uint32_t o = 0; o < names->inputs->n; o++) {
		const struct verify_object *object = &names->inputs->objects[o];
		const struct elf_symtab *symtab = object->symtab;
		for (uint32_t i = symtab->first_global; i < symtab->n; i++) {
			uint8_t rank = rank_of(object, i);
			const char *text = wanted_name(names, symtab, i);
			if (!*text)
				continue;
			uint32_t length = key_length(text, &symtab->syms[i]);
			note_asked(names, text, length, &symtab->syms[i]);
			struct name *name = enter(names, text, length);
			if (!rank)
				continue;
			if (!name->rank || rank < name->rank) {
				name->rank = rank;
				name->object = o;
				name->index = i;
			}
		}
	}
}

static void enter_output(struct names *names)
{
	const struct subject *subject = names->subject;
	const struct elf_symtab *symtab = &subject->symtab;
	for (uint32_t i = symtab->first_global; i < symtab->n; i++) {
		const char *text = symtab->strtab + symtab->syms[i].st_name;
		enter(names, text, plain_length(text))->listed = i;
	}
	/* What the linker defines and hides is local in the output. Or it is an object's own. */
	for (uint32_t i = 1; i < symtab->n && i < symtab->first_global; i++) {
		const struct elf_sym *sym = &symtab->syms[i];
		const char *text = symtab->strtab + sym->st_name;
		if (!*text || elf_sym_type(sym) == STT_FILE)
			continue;
		struct name *name = enter(names, text, plain_length(text));
		if (elf_sym_visibility(sym) != STV_HIDDEN)
			name->is_local = true;
		else if (!name->listed)
			name->listed = i;
	}
	for (uint32_t i = 1; subject->has_dynamic && i < subject->dynamic.dynsym.n; i++) {
		const char *text = subject->dynamic.dynsym.strtab + subject->dynamic.dynsym.syms[i].st_name;
		struct name *name = enter(names, text, (uint32_t)strlen(text));
		/* of several versions the default one */
		const uint8_t *versym = subject->dynamic.versym;
		if (!name->dynamic || !versym || !(read16(versym + 2ull * i) & VERSYM_HIDDEN))
			name->dynamic = i;
	}
}

static int compare_places(const void *a, const void *b)
{
	const struct dynamic_place *x = a, *y = b;
	return (x->addr > y->addr) - (x->addr < y->addr);
}

static void add_relr(struct names *names, uint64_t addr)
{
	const uint8_t *word = subject_bytes(names->subject, addr, 8);
	*array_push(&names->places) = (struct dynamic_place){
		.addr = addr, .type = R_X86_64_RELATIVE, .addend = word ? (int64_t)read64(word) : 0};
}

static void collect_places(struct names *names)
{
	const struct subject *subject = names->subject;
	struct bytes relr = subject_relr(subject);
	uint64_t next = 0;
	for (uint64_t at = 0; at + 8 <= relr.size; at += 8) {
		uint64_t word = read64(relr.data + at);
		if (!(word & 1))
			add_relr(names, word);
		for (unsigned bit = 0; word & 1 && bit < 63; bit++)
			if (word >> (bit + 1) & 1)
				add_relr(names, next + 8 * bit);
		next = word & 1 ? next + 63 * 8 : word + 8;
	}
	struct rela_table table = {0};
	while (subject_next_relas(subject, &table))
		for (uint64_t i = 0; i < table.relas.n; i++) {
			const struct elf_rela *rela = &table.relas.at[i];
			*array_push(&names->places) = (struct dynamic_place){
				rela->r_offset, rela->r_type, rela->r_sym, rela->r_addend};
		}
	if (names->places.n)
		qsort(names->places.at, names->places.n, sizeof(*names->places.at), compare_places);
}

struct names *names_new(const struct subject *subject, const struct verify_inputs *inputs)
{
	struct names *names = calloc(1, sizeof(*names));
	if (!names)
		out_of_memory();
	names->subject = subject;
	names->inputs = inputs;
	names->wrapped = calloc(inputs->n_wraps + 1ull, sizeof(*names->wrapped));
	if (!names->wrapped)
		out_of_memory();
	for (uint32_t i = 0; i < inputs->n_wraps; i++)
		if (asprintf(&names->wrapped[i], "__wrap_%s", inputs->wraps[i]) < 0)
			out_of_memory();
	enter(names, "", 0);
	enter_objects(names);
	enter_output(names);
	collect_places(names);
	return names;
}

void names_free(struct names *names)
{
	for (uint32_t i = 0; i < names->inputs->n_wraps; i++)
		free(names->wrapped[i]);
	free(names->wrapped);
	array_free(&names->places);
	free(names->table);
	free(names);
}

/* ---- asking ------------------------------------------------------------------------------------------------- */

enum asked names_asked(const struct names *names, const char *name)
{
	return find(names, name, (uint32_t)strlen(name))->asked;
}

bool names_is_renamed(const struct names *names, const char *text)
{
	const struct verify_inputs *inputs = names->inputs;
	uint32_t low = 0, high = inputs->n_renamed;
	while (low < high) {
		uint32_t middle = low + (high - low) / 2;
		int order = strcmp(inputs->renamed[middle], text);
		if (order == 0)
			return true;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return false;
}

/* A definition of an object's, where the link put its section. */
static void define(const struct names *names, struct target *target, uint32_t o, uint32_t i)
{
	const struct verify_object *object = &names->inputs->objects[o];
	const struct elf_sym *sym = &object->symtab->syms[i];
	target->is_ifunc = elf_sym_type(sym) == STT_GNU_IFUNC;
	target->is_section = elf_sym_type(sym) == STT_SECTION;
	target->size = sym->st_size;
	if (elf_sym_is_special(object->symtab, i)) {
		target->meaning = MEANS_ADDRESS;
		target->address = sym->st_value;
		target->is_absolute = true;
		return;
	}
	uint32_t section = elf_sym_section(object->symtab, i);
	const struct verify_section *place = &object->sections[section];
	target->is_tls = object->elf->shdrs[section].sh_flags & SHF_TLS;
	switch (place->fate) {
	case FATE_COPIED:
	case FATE_UNLOADED:
	case FATE_FOLDED:
		target->meaning = MEANS_ADDRESS;
		target->address = place->address + sym->st_value;
		target->elsewhere |= place->fate == FATE_FOLDED;
		break;
	case FATE_PIECES:
		target->meaning = place->pieces ? MEANS_PIECE : MEANS_UNKNOWN;
		target->merged = place;
		target->address = sym->st_value;
		break;
	case FATE_ABSENT:
		target->meaning = MEANS_NOTHING;
		break;
	default:
		target->meaning = MEANS_UNKNOWN;
	}
}

/* What the output's own tables say of a name that no object defines. */
static void from_output(const struct names *names, struct target *target, const struct name *name, bool is_weak)
{
	const struct subject *subject = names->subject;
	const struct elf_sym *dynamic = name->dynamic ? &subject->dynamic.dynsym.syms[name->dynamic] : NULL;
	const struct elf_sym *listed = name->listed ? &subject->symtab.syms[name->listed] : NULL;
	const struct elf_sym *sym = dynamic ? dynamic : listed;
	target->meaning = MEANS_UNKNOWN;
	if (dynamic && dynamic->st_shndx == SHN_UNDEF && !dynamic->st_value) {
		target->meaning = MEANS_IMPORT;
	} else if (sym && (sym->st_shndx != SHN_UNDEF || sym->st_value)) {
		/* A copy of an object, the PLT entry that stands for a function, or a name of the linker's. */
		target->meaning = MEANS_ADDRESS;
		target->address = sym->st_value;
		target->is_tls = elf_sym_type(sym) == STT_TLS;
		target->is_absolute = sym->st_shndx == SHN_ABS;
		const struct elf_phdr *tls = subject_segment(subject, PT_TLS);
		if (target->is_tls && tls)
			target->address += tls->p_vaddr;
	} else if (is_weak && !name->rank && !name->is_local && names->inputs->lists_all && !strchr(name->text, '@')) {
		target->meaning = MEANS_NOTHING;
	}
	if (sym)
		target->size = sym->st_size;
}

struct target names_target(const struct names *names, uint32_t object, uint32_t index)
{
	const struct elf_symtab *symtab = names->inputs->objects[object].symtab;
	struct target target = {.meaning = MEANS_NOTHING, .name = ""};
	if (index == 0)
		return (struct target){.meaning = MEANS_ADDRESS, .name = ""};
	const struct elf_sym *sym = &symtab->syms[index];
	if (index < symtab->first_global) {
		define(names, &target, object, index);
		return target;
	}
	const char *text = wanted_name(names, symtab, index);
	uint32_t length = key_length(text, sym);
	const char *version = memchr(text, '@', length);
	target.name = text;
	target.name_size = version && version > text ? (uint32_t)(version - text) : length;
	target.meaning = MEANS_UNKNOWN;
	if (names_is_renamed(names, text))
		return target;
	const struct name *name = find(names, text, length);
	if (!name->text || target.name_size < length) {
		if (!name->text && elf_sym_bind(sym) == STB_WEAK && names->inputs->lists_all)
			target.meaning = MEANS_NOTHING;
		return target;
	}
	if (!name->rank || name->rank == 2 || elf_sym_is_common(sym)) {
		from_output(names, &target, name, elf_sym_bind(sym) == STB_WEAK);
	} else {
		target.elsewhere = sym->st_shndx != SHN_UNDEF && (name->object != object || name->index != index);
		define(names, &target, name->object, name->index);
		if (name->dynamic && names->subject->dynamic.dynsym.syms[name->dynamic].st_shndx == SHN_UNDEF)
			target.meaning = MEANS_UNKNOWN; /* "foo@V" defined, foo imported */
	}
	if (name->dynamic && names->inputs->is_shared && !names->inputs->symbolic) {
		const struct elf_sym *dynamic = &names->subject->dynamic.dynsym.syms[name->dynamic];
		target.preemptible = elf_sym_visibility(dynamic) == STV_DEFAULT && dynamic->st_shndx != SHN_UNDEF;
	}
	return target;
}

const struct dynamic_place *names_place(const struct names *names, uint64_t addr)
{
	uint32_t i = array_first_from(&names->places, addr, addr);
	return i < names->places.n && names->places.at[i].addr == addr ? &names->places.at[i] : NULL;
}

const struct dynamic_place *names_plt(const struct names *names, uint64_t addr)
{
	uint64_t slot = subject_plt_slot(names->subject, addr);
	return slot ? names_place(names, slot) : NULL;
}
