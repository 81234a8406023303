#include <string.h>

#include "abi/dump.h"
#include "base/json.h"

struct loader {
	struct abi_model *model;
	const char *path;
	struct diag *diag;
	const struct json **of_id;    /* by id; 0 is void */
	abi_type_id *types;           /* by id; 0 and is_done: void */
	uint8_t *state;               /* by id */
	uint32_t n;                   /* ids are below that */
	bool bad;
};

enum { UNSEEN, IN_WORK, DONE };

static bool fail(struct loader *loader, const char *what)
{
	if (!loader->bad) {
		struct diag_about about = {.kind = "malformed-file", .file = loader->path};
		diag_report(loader->diag, SEVERITY_ERROR, 0, &about, "description of an ABI: %s", what);
	}
	loader->bad = true;
	return false;
}

static uint64_t number_of(const struct json *object, const char *key)
{
	const struct json *member = json_member(object, key);
	return member->kind == JSON_NUMBER && !member->is_negative ? member->number : 0;
}

static bool flag_of(const struct json *object, const char *key)
{
	return json_member(object, key)->kind == JSON_TRUE;
}

static struct str text_of(const struct json *object, const char *key)
{
	return json_member(object, key)->text;
}

static int find_word(struct str word, const char *(*name)(int), int n)
{
	for (int i = 0; i < n; i++)
		if (name(i) && str_equal(word, str_from(name(i))))
			return i;
	return -1;
}

static const char *kind_name(int kind)
{
	return abi_kind_name((enum abi_kind)kind);
}

static const char *symbol_kind_name(int kind)
{
	return abi_symbol_kind_name((enum abi_symbol_kind)kind);
}

static const char *member_kind_name(int kind)
{
	return abi_member_kind_name((enum abi_member_kind)kind);
}

/* ---- types ------------------------------------------------------------------------------------------------ */

static abi_type_id load_type(struct loader *loader, uint64_t id, unsigned depth);

static abi_type_id load_reference(struct loader *loader, const struct json *object, const char *key, unsigned depth)
{
	return load_type(loader, number_of(object, key), depth + 1);
}

/* Members whose types are in the model; they end up one behind the other. */
static void load_members(struct loader *loader, const struct json *list, uint32_t *first, uint32_t *n, unsigned depth)
{
	ARRAY(struct abi_member) members = {0};
	for (const struct json *at = list->first; at && !loader->bad; at = at->next) {
		int kind = find_word(text_of(at, "kind"), member_kind_name, ABI_PARAMETER + 1);
		const struct json *value = json_member(at, "value");
		if (kind < 0) {
			fail(loader, "a member has no kind");
			break;
		}
		struct abi_member member = {
			.kind = (uint8_t)kind,
			.name = text_of(at, "name"),
			.type = load_reference(loader, at, "type", depth),
			.bit_offset = kind == ABI_VIRTUAL ? number_of(at, "slot") : number_of(at, "bit_offset"),
			.bit_size = number_of(at, "bit_size"),
			.is_bit_field = json_member(at, "bit_size")->kind == JSON_NUMBER,
			.is_virtual = flag_of(at, "virtual"),
			.is_artificial = flag_of(at, "artificial"),
			.align = (uint32_t)min_u64(number_of(at, "align"), 1u << 30),
			.value = (int64_t)(value->is_negative ? -value->number : value->number),
		};
		if (kind == ABI_VIRTUAL && json_member(at, "slot")->kind != JSON_NUMBER)
			member.bit_offset = UINT64_MAX;
		*array_push(&members) = member;
	}
	*first = loader->model->members.n;
	*n = members.n;
	for (uint32_t i = 0; i < members.n; i++)
		*array_push(&loader->model->members) = members.at[i];
	array_free(&members);
}

static uint32_t load_definition(struct loader *loader, const struct json *object, unsigned depth)
{
	struct abi_definition definition = {
		.size = number_of(object, "size"),
		.next = ABI_NO_DEFINITION,
		.target = load_reference(loader, object, "type", depth),
		.align = (uint32_t)min_u64(number_of(object, "align"), 1u << 30),
		.line = (uint32_t)number_of(object, "line"),
		.file = text_of(object, "file"),
		.is_class = flag_of(object, "class"),
		.is_scoped = flag_of(object, "scoped"),
	};
	load_members(loader, json_member(object, "members"), &definition.first, &definition.n, depth);
	for (uint32_t i = definition.first; i < definition.first + definition.n; i++)
		definition.is_virtual |=
			loader->model->members.at[i].kind == ABI_VIRTUAL || loader->model->members.at[i].is_virtual;
	if (definition.align && !is_power_of_two(definition.align))
		fail(loader, "an alignment is no power of two");
	*array_push(&loader->model->definitions) = definition;
	return loader->model->definitions.n - 1;
}

static abi_type_id load_new_type(struct loader *loader, const struct json *object, unsigned depth)
{
	int kind = find_word(text_of(object, "kind"), kind_name, ABI_N_KINDS);
	if (kind < 0) {
		fail(loader, "a type has no kind");
		return 0;
	}
	struct abi_type type = {
		.kind = (uint8_t)kind,
		.name = text_of(object, "name"),
		.flags = (uint8_t)((flag_of(object, "variadic") ? ABI_VARIADIC : 0) |
				   (flag_of(object, "unprototyped") ? ABI_UNPROTOTYPED : 0)),
		.encoding = (uint8_t)number_of(object, "encoding"),
		.size = number_of(object, "size"),
		.definition = ABI_NO_DEFINITION,
	};
	const struct json *definitions = json_member(object, "definitions");
	bool is_entity = kind == ABI_TYPEDEF || abi_is_tag((enum abi_kind)kind);
	if (is_entity && type.name.len)
		return abi_intern(loader->model, &type); /* what it means comes later */
	if (is_entity && definitions->first)
		type.definition = load_definition(loader, definitions->first, depth);
	if (kind == ABI_ARRAY || kind == ABI_VECTOR)
		type.size =
			json_member(object, "count")->kind == JSON_NUMBER ? number_of(object, "count") : ABI_UNBOUNDED;
	type.target = load_reference(loader, object, "type", depth);
	type.owner = load_reference(loader, object, "class", depth);
	if (kind == ABI_FUNCTION)
		load_members(loader, json_member(object, "parameters"), &type.first, &type.n, depth);
	return abi_intern(loader->model, &type);
}

static abi_type_id load_type(struct loader *loader, uint64_t id, unsigned depth)
{
	if (id == 0 || loader->bad)
		return 0;
	if (id >= loader->n || !loader->of_id[id]) {
		fail(loader, "a type refers to one that is not there");
		return 0;
	}
	if (loader->state[id] == IN_WORK || depth > 500) {
		fail(loader, "a type contains itself");
		return 0;
	}
	if (loader->state[id] == UNSEEN) {
		loader->state[id] = IN_WORK;
		loader->types[id] = load_new_type(loader, loader->of_id[id], depth);
		loader->state[id] = DONE;
	}
	return loader->types[id];
}

static void load_types(struct loader *loader, const struct json *list)
{
	struct arena *arena = &loader->model->arena;
	loader->n = list->n + 1;
	loader->of_id = arena_array(arena, const struct json *, loader->n);
	loader->types = arena_array(arena, abi_type_id, loader->n);
	loader->state = arena_array(arena, uint8_t, loader->n);
	for (const struct json *at = list->first; at; at = at->next) {
		uint64_t id = number_of(at, "id");
		if (id == 0 || id >= loader->n || loader->of_id[id]) {
			fail(loader, "the ids of types are not 1, 2, 3 and so on");
			return;
		}
		loader->of_id[id] = at;
	}
	for (uint32_t id = 1; id < loader->n && !loader->bad; id++)
		load_type(loader, id, 0);
	for (uint32_t id = 1; id < loader->n && !loader->bad; id++) {
		struct abi_type type = *abi_type(loader->model, loader->types[id]);
		bool is_entity = type.kind == ABI_TYPEDEF || abi_is_tag(type.kind);
		if (!is_entity || !type.name.len)
			continue;
		if (type.definition != ABI_NO_DEFINITION) {
			fail(loader, "a type stands there twice");
			return;
		}
		const struct json *last = json_member(loader->of_id[id], "definitions")->first;
		for (uint32_t n = 0; last && n < 64; last = last->next, n++)
			abi_define(loader->model, loader->types[id], load_definition(loader, last, 0));
	}
}

/* ----------------------------------------------------------------------------------------------------------- */

static void load_symbols(struct loader *loader, const struct json *list)
{
	struct abi_model *model = loader->model;
	for (const struct json *at = list->first; at && !loader->bad; at = at->next) {
		int kind = find_word(text_of(at, "kind"), symbol_kind_name, ABI_SYMBOL_OTHER + 1);
		struct abi_symbol symbol = {
			.name = text_of(at, "name"),
			.version = text_of(at, "version"),
			.is_default = flag_of(at, "default"),
			.is_weak = flag_of(at, "weak"),
			.has_type = json_member(at, "type")->kind == JSON_NUMBER,
			.kind = (uint8_t)(kind < 0 ? ABI_SYMBOL_OTHER : kind),
			.size = number_of(at, "size"),
			.type = load_reference(loader, at, "type", 0),
			.file = text_of(at, "file"),
			.line = (uint32_t)number_of(at, "line"),
		};
		const struct abi_symbol *last = model->symbols.n ? &model->symbols.at[model->symbols.n - 1] : NULL;
		int order = last ? str_compare(last->name, symbol.name) : -1;
		if (!symbol.name.len || order > 0 || (order == 0 && str_compare(last->version, symbol.version) >= 0))
			fail(loader, "the symbols are not sorted by name and version");
		bool is_function = symbol.kind == ABI_SYMBOL_FUNCTION;
		if (symbol.has_type && is_function != (abi_type(model, symbol.type)->kind == ABI_FUNCTION))
			fail(loader, "a symbol is a function, and its type is not, or the other way round");
		*array_push(&model->symbols) = symbol;
	}
}

static void load_promises(struct loader *loader, const struct json *list)
{
	struct abi_model *model = loader->model;
	for (const struct json *at = list->first; at; at = at->next) {
		if (model->promises.n && str_compare(model->promises.at[model->promises.n - 1].name, at->key) >= 0)
			fail(loader, "the promises are not sorted by name");
		*array_push(&model->promises) = (struct abi_promise){at->key, at->text};
	}
}

bool abi_load_json(struct abi_model *model, const char *path, struct bytes bytes, struct diag *diag)
{
	struct loader loader = {.model = model, .path = path, .diag = diag};
	struct json_error error = {0};
	const struct json *root = json_read(bytes, &model->arena, &error);
	if (!root)
		return fail(&loader, arena_printf(&model->arena, "offset %llu: %s", (unsigned long long)error.offset,
						  error.what));
	if (!str_equal(text_of(root, "format"), str_from("gild-abi")) || number_of(root, "version") != 1)
		return fail(&loader, "it is not of version 1 of the format gild-abi");
	model->soname = text_of(root, "soname");
	model->has_types = flag_of(root, "types_known");
	model->pointer_size = number_of(root, "pointer_size") == 4 ? 4 : 8;
	load_promises(&loader, json_member(root, "promises"));
	load_types(&loader, json_member(root, "types"));
	load_symbols(&loader, json_member(root, "symbols"));
	return !loader.bad;
}
