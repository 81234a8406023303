#include "abi/model.h"

#include <string.h>

#include "base/hash.h"
#include "dwarf/constants.h"

enum { FIRST_SLOTS = 1024, DEEPEST = 256 };

int str_compare(struct str a, struct str b)
{
	uint32_t n = a.len < b.len ? a.len : b.len;
	int order = n ? memcmp(a.at, b.at, n) : 0;
	return order ? order : (a.len > b.len) - (a.len < b.len);
}

void abi_model_init(struct abi_model *model)
{
	*model = (struct abi_model){.pointer_size = 8};
	struct abi_type nothing = {.kind = ABI_VOID, .definition = ABI_NO_DEFINITION};
	*array_push(&model->types) = nothing;
}

void abi_model_free(struct abi_model *model)
{
	array_free(&model->types);
	array_free(&model->members);
	array_free(&model->definitions);
	array_free(&model->symbols);
	array_free(&model->promises);
	free(model->table);
	arena_free(&model->arena);
}

/* ---- every type once -------------------------------------------------------------------------------------- */

static uint64_t mix(uint64_t hash, uint64_t value)
{
	hash = (hash ^ value) * 0x9e3779b97f4a7c15;
	return hash ^ hash >> 29;
}

static uint64_t hash_members(const struct abi_model *model, uint64_t hash, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++) {
		const struct abi_member *member = &model->members.at[i];
		hash = mix(hash, hash_bytes(member->name.at, member->name.len));
		hash = mix(hash, member->kind + member->is_virtual * 8ull + member->is_bit_field * 16ull);
		hash = mix(hash, member->type);
		hash = mix(hash, member->bit_offset);
		hash = mix(hash, member->bit_size);
		hash = mix(hash, (uint64_t)member->value);
	}
	return hash;
}

static bool is_named(const struct abi_type *type)
{
	return type->name.len && (type->kind == ABI_TYPEDEF || abi_is_tag(type->kind));
}

static uint64_t hash_type(const struct abi_model *model, const struct abi_type *type)
{
	uint64_t hash = mix(type->kind, hash_bytes(type->name.at, type->name.len));
	if (is_named(type))
		return hash;
	hash = mix(hash, type->flags | type->encoding << 8);
	hash = mix(hash, type->target);
	hash = mix(hash, type->owner);
	hash = mix(hash, type->size);
	hash = hash_members(model, hash, type->first, type->n);
	if (type->definition != ABI_NO_DEFINITION) {
		const struct abi_definition *definition = &model->definitions.at[type->definition];
		hash = mix(hash, definition->size);
		hash = mix(hash, definition->target);
		hash = hash_members(model, hash, definition->first, definition->n);
	}
	return hash;
}

static bool equal_members(const struct abi_model *model, uint32_t a, uint32_t b, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++) {
		const struct abi_member *x = &model->members.at[a + i], *y = &model->members.at[b + i];
		if (x->kind != y->kind || x->type != y->type || x->bit_offset != y->bit_offset ||
		    x->bit_size != y->bit_size || x->value != y->value || x->is_virtual != y->is_virtual ||
		    x->is_bit_field != y->is_bit_field || x->is_artificial != y->is_artificial ||
		    !str_equal(x->name, y->name))
			return false;
	}
	return true;
}

static bool equal_definitions(const struct abi_model *model, uint32_t a, uint32_t b)
{
	if (a == ABI_NO_DEFINITION || b == ABI_NO_DEFINITION)
		return a == b;
	const struct abi_definition *x = &model->definitions.at[a], *y = &model->definitions.at[b];
	return x->size == y->size && x->n == y->n && x->target == y->target && x->align == y->align &&
	       equal_members(model, x->first, y->first, x->n);
}

static bool equal_types(const struct abi_model *model, const struct abi_type *a, const struct abi_type *b)
{
	if (a->kind != b->kind || !str_equal(a->name, b->name))
		return false;
	if (is_named(a))
		return true;
	return a->flags == b->flags && a->encoding == b->encoding && a->target == b->target && a->owner == b->owner &&
	       a->size == b->size && a->n == b->n && equal_members(model, a->first, b->first, a->n) &&
	       equal_definitions(model, a->definition, b->definition);
}

static void grow_table(struct abi_model *model)
{
	uint32_t n = model->n_slots ? model->n_slots * 2 : FIRST_SLOTS;
	uint32_t *table = calloc(n, sizeof(*table));
	if (!table)
		out_of_memory();
	for (uint32_t id = 1; id < model->types.n; id++) {
		uint64_t slot = hash_type(model, &model->types.at[id]) & (n - 1);
		while (table[slot])
			slot = (slot + 1) & (n - 1);
		table[slot] = id;
	}
	free(model->table);
	model->table = table;
	model->n_slots = n;
}

/* The slot that has the type, or the empty one where it belongs. */
static uint32_t *find_slot(const struct abi_model *model, const struct abi_type *type)
{
	uint64_t slot = hash_type(model, type) & (model->n_slots - 1);
	while (model->table[slot] && !equal_types(model, &model->types.at[model->table[slot]], type))
		slot = (slot + 1) & (model->n_slots - 1);
	return &model->table[slot];
}

static bool is_qualifier(enum abi_kind kind)
{
	return kind == ABI_CONST || kind == ABI_VOLATILE || kind == ABI_RESTRICT || kind == ABI_ATOMIC;
}

/* There are four qualifiers: of more, the outer ones repeat the inner ones. */
static bool is_qualified_enough(const struct abi_model *model, const struct abi_type *type)
{
	for (unsigned n = 0; is_qualifier(type->kind); type = &model->types.at[type->target])
		if (n++ == 4)
			return true;
	return false;
}

abi_type_id abi_intern(struct abi_model *model, const struct abi_type *type)
{
	if (is_qualified_enough(model, type))
		return type->target;
	if (model->types.n * 2 >= model->n_slots)
		grow_table(model);
	uint32_t *slot = find_slot(model, type);
	if (!*slot) {
		*slot = model->types.n;
		*array_push(&model->types) = *type;
		return *slot;
	}
	if (type->n)
		model->members.n = type->first;
	if (type->definition != ABI_NO_DEFINITION && !is_named(type)) {
		model->members.n = model->definitions.at[type->definition].first;
		model->definitions.n = type->definition;
	}
	return *slot;
}

abi_type_id abi_find(const struct abi_model *model, enum abi_kind kind, struct str name)
{
	struct abi_type type = {.kind = (uint8_t)kind, .name = name};
	return model->n_slots ? *find_slot(model, &type) : 0;
}

void abi_define(struct abi_model *model, abi_type_id entity, uint32_t definition)
{
	uint32_t *link = &model->types.at[entity].definition;
	while (*link != ABI_NO_DEFINITION)
		link = &model->definitions.at[*link].next;
	model->definitions.at[definition].next = ABI_NO_DEFINITION;
	*link = definition;
}

/* ---- what a type is --------------------------------------------------------------------------------------- */

abi_type_id abi_strip_qualifiers(const struct abi_model *model, abi_type_id id)
{
	while (is_qualifier(model->types.at[id].kind))
		id = model->types.at[id].target;
	return id;
}

abi_type_id abi_strip(const struct abi_model *model, abi_type_id id)
{
	for (unsigned i = 0; i < DEEPEST; i++) {
		id = abi_strip_qualifiers(model, id);
		const struct abi_definition *definition = abi_definition(model, id);
		if (model->types.at[id].kind != ABI_TYPEDEF)
			return id;
		if (!definition)
			break;
		id = definition->target;
	}
	return 0;
}

bool abi_is_function_pointer_pair(const struct abi_model *model, const struct abi_type *type)
{
	return model->types.at[abi_strip(model, type->target)].kind == ABI_FUNCTION;
}

static uint64_t times(uint64_t a, uint64_t b)
{
	uint64_t product;
	return __builtin_mul_overflow(a, b, &product) ? 0 : product;
}

uint64_t abi_size(const struct abi_model *model, abi_type_id id)
{
	uint64_t elements = 1;
	for (unsigned i = 0; i < DEEPEST; i++) {
		id = abi_strip(model, id);
		const struct abi_type *type = &model->types.at[id];
		const struct abi_definition *definition;
		switch ((enum abi_kind)type->kind) {
		case ABI_ARRAY:
		case ABI_VECTOR:
			elements = type->size == ABI_UNBOUNDED ? 0 : times(elements, type->size);
			id = type->target;
			continue;
		case ABI_BASE:
			return times(elements, type->size);
		case ABI_POINTER:
		case ABI_REFERENCE:
		case ABI_RVALUE_REFERENCE:
		case ABI_UNSPECIFIED:
			return times(elements, model->pointer_size);
		case ABI_MEMBER_POINTER:
			return times(elements, abi_is_function_pointer_pair(model, type) ? 2 * model->pointer_size
											 : model->pointer_size);
		case ABI_STRUCT:
		case ABI_UNION:
		case ABI_ENUM:
			definition = abi_definition(model, id);
			return definition ? times(elements, definition->size) : 0;
		default:
			return 0;
		}
	}
	return 0;
}

static uint64_t align_within(const struct abi_model *model, abi_type_id id, unsigned depth);

/* Computed once: types within types within types would take time without end. */
static uint64_t definition_align(const struct abi_model *model, struct abi_definition *definition, unsigned depth)
{
	uint64_t align = 1;
	if (definition->known_align)
		return definition->known_align;
	definition->known_align = 1;
	for (uint32_t i = 0; i < definition->n; i++) {
		const struct abi_member *member = &model->members.at[definition->first + i];
		if (member->kind != ABI_FIELD && member->kind != ABI_BASE_CLASS)
			continue;
		uint64_t of_member = align_within(model, member->type, depth + 1);
		bool is_packed = !member->is_virtual && !member->is_bit_field &&
				 member->bit_offset % max_u64(of_member * 8, 8) != 0;
		if (!is_packed)
			align = max_u64(align, of_member);
	}
	while (align > 1 && definition->size % align != 0)
		align /= 2;
	definition->known_align = (uint32_t)max_u64(align, definition->align);
	return definition->known_align;
}

static uint64_t align_within(const struct abi_model *model, abi_type_id id, unsigned depth)
{
	for (unsigned i = 0; i < DEEPEST && depth < DEEPEST; i++) {
		id = abi_strip_qualifiers(model, id);
		const struct abi_type *type = &model->types.at[id];
		struct abi_definition *definition =
			type->definition == ABI_NO_DEFINITION ? NULL : &model->definitions.at[type->definition];
		uint64_t size = abi_size(model, id);
		switch ((enum abi_kind)type->kind) {
		case ABI_ARRAY:
			id = type->target;
			continue;
		case ABI_TYPEDEF:
			if (!definition)
				return 1;
			if (definition->align)
				return definition->align;
			id = definition->target;
			continue;
		case ABI_STRUCT:
		case ABI_UNION:
			return definition ? definition_align(model, definition, depth) : 1;
		case ABI_BASE: /* complex numbers are aligned as their parts */
			if (type->encoding == DW_ATE_complex_float)
				size /= 2;
			if (model->pointer_size == 4 && size > 4 && size <= 12)
				return 4; /* i386 psABI, figure 3.1 */
			return is_power_of_two(size) ? min_u64(size, 16) : 1;
		case ABI_VECTOR:
			return is_power_of_two(size) ? min_u64(size, 4096) : 1;
		case ABI_MEMBER_POINTER:
			return model->pointer_size;
		default:
			return is_power_of_two(size) ? min_u64(size, 16) : 1;
		}
	}
	return 1;
}

uint64_t abi_align(const struct abi_model *model, abi_type_id id)
{
	return align_within(model, id, 0);
}

uint64_t abi_definition_align(const struct abi_model *model, uint32_t definition)
{
	return definition_align(model, &model->definitions.at[definition], 0);
}
