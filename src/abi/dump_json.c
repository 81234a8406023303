#include <stdlib.h>

#include "abi/dump.h"
#include "base/json.h"

#define ULL(x) ((unsigned long long)(x))

/* Types are numbered in the order in which the symbols, and then the entities, lead to them. */
struct numbering {
	const struct abi_model *model;
	uint32_t *number;             /* by type; 0: none yet (void has none but that) */
	ARRAY(abi_type_id) order;
};

static void number(struct numbering *numbering, abi_type_id id)
{
	if (id && !numbering->number[id]) {
		*array_push(&numbering->order) = id;
		numbering->number[id] = numbering->order.n;
	}
}

static void number_members(struct numbering *numbering, uint32_t first, uint32_t n)
{
	for (uint32_t i = first; i < first + n; i++)
		number(numbering, numbering->model->members.at[i].type);
}

static void number_parts(struct numbering *numbering, const struct abi_type *type)
{
	const struct abi_model *model = numbering->model;
	number(numbering, type->target);
	number(numbering, type->owner);
	number_members(numbering, type->first, type->n);
	for (uint32_t d = type->definition; d != ABI_NO_DEFINITION; d = model->definitions.at[d].next) {
		const struct abi_definition *definition = &model->definitions.at[d];
		number(numbering, definition->target);
		number_members(numbering, definition->first, definition->n);
	}
}

static void number_all(struct numbering *numbering, struct abi_model *model)
{
	uint32_t n;
	const abi_type_id *entities = abi_sorted_entities(model, &n);
	for (uint32_t i = 0; i < model->symbols.n; i++)
		if (model->symbols.at[i].has_type)
			number(numbering, model->symbols.at[i].type);
	for (uint32_t i = 0, next = 0; i <= n; i++) {
		for (; next < numbering->order.n; next++)
			number_parts(numbering, abi_type(model, numbering->order.at[next]));
		if (i < n)
			number(numbering, entities[i]);
	}
}

/* ---- writing ---------------------------------------------------------------------------------------------- */

static void put_string(FILE *to, const char *key, struct str value)
{
	fprintf(to, ",\"%s\":", key);
	json_put_string(to, value.at, value.len);
}

static void put_members(FILE *to, const struct numbering *numbering, const char *key, uint32_t first, uint32_t n)
{
	fprintf(to, ",\"%s\":[", key);
	for (uint32_t i = first; i < first + n; i++) {
		const struct abi_member *member = &numbering->model->members.at[i];
		fprintf(to, "%s{\"kind\":\"%s\"", i == first ? "" : ",", abi_member_kind_name(member->kind));
		if (member->name.len)
			put_string(to, "name", member->name);
		if (member->kind == ABI_ENUMERATOR)
			fprintf(to, ",\"value\":%lld", (long long)member->value);
		else if (member->kind != ABI_VIRTUAL || member->type)
			fprintf(to, ",\"type\":%u", numbering->number[member->type]);
		if (member->kind == ABI_VIRTUAL && member->bit_offset != UINT64_MAX)
			fprintf(to, ",\"slot\":%llu", ULL(member->bit_offset));
		if ((member->kind == ABI_FIELD || member->kind == ABI_BASE_CLASS) && !member->is_virtual)
			fprintf(to, ",\"bit_offset\":%llu", ULL(member->bit_offset));
		if (member->is_bit_field)
			fprintf(to, ",\"bit_size\":%llu", ULL(member->bit_size));
		if (member->is_virtual)
			fputs(",\"virtual\":true", to);
		if (member->is_artificial)
			fputs(",\"artificial\":true", to);
		if (member->align)
			fprintf(to, ",\"align\":%u", member->align);
		putc('}', to);
	}
	putc(']', to);
}

static void put_place(FILE *to, struct str file, uint32_t line)
{
	if (!file.len)
		return;
	put_string(to, "file", file);
	fprintf(to, ",\"line\":%u", line);
}

static void put_definitions(FILE *to, const struct numbering *numbering, const struct abi_type *type)
{
	fputs(",\"definitions\":[", to);
	for (uint32_t d = type->definition; d != ABI_NO_DEFINITION; d = numbering->model->definitions.at[d].next) {
		const struct abi_definition *definition = &numbering->model->definitions.at[d];
		fprintf(to, "%s{\"size\":%llu", d == type->definition ? "" : ",", ULL(definition->size));
		if (type->kind == ABI_TYPEDEF || definition->target)
			fprintf(to, ",\"type\":%u", numbering->number[definition->target]);
		if (definition->align)
			fprintf(to, ",\"align\":%u", definition->align);
		if (definition->is_class)
			fputs(",\"class\":true", to);
		if (definition->is_scoped)
			fputs(",\"scoped\":true", to);
		if (type->kind != ABI_TYPEDEF)
			put_members(to, numbering, "members", definition->first, definition->n);
		put_place(to, definition->file, definition->line);
		putc('}', to);
	}
	putc(']', to);
}

static void put_type(FILE *to, const struct numbering *numbering, abi_type_id id)
{
	const struct abi_type *type = abi_type(numbering->model, id);
	fprintf(to, "{\"id\":%u,\"kind\":\"%s\"", numbering->number[id], abi_kind_name(type->kind));
	if (type->name.len)
		put_string(to, "name", type->name);
	if (type->target || type->kind == ABI_FUNCTION || type->kind == ABI_POINTER)
		fprintf(to, ",\"type\":%u", numbering->number[type->target]);
	if (type->owner)
		fprintf(to, ",\"class\":%u", numbering->number[type->owner]);
	if (type->kind == ABI_BASE)
		fprintf(to, ",\"size\":%llu,\"encoding\":%u", ULL(type->size), type->encoding);
	if ((type->kind == ABI_ARRAY || type->kind == ABI_VECTOR) && type->size != ABI_UNBOUNDED)
		fprintf(to, ",\"count\":%llu", ULL(type->size));
	if (type->flags & ABI_VARIADIC)
		fputs(",\"variadic\":true", to);
	if (type->flags & ABI_UNPROTOTYPED)
		fputs(",\"unprototyped\":true", to);
	if (type->kind == ABI_FUNCTION)
		put_members(to, numbering, "parameters", type->first, type->n);
	if (type->kind == ABI_TYPEDEF || abi_is_tag(type->kind))
		put_definitions(to, numbering, type);
	putc('}', to);
}

static void put_symbol(FILE *to, const struct numbering *numbering, const struct abi_symbol *symbol)
{
	fputs("{\"name\":", to);
	json_put_string(to, symbol->name.at, symbol->name.len);
	if (symbol->version.len) {
		put_string(to, "version", symbol->version);
		fprintf(to, ",\"default\":%s", symbol->is_default ? "true" : "false");
	}
	fprintf(to, ",\"kind\":\"%s\",\"size\":%llu", abi_symbol_kind_name(symbol->kind), ULL(symbol->size));
	if (symbol->is_weak)
		fputs(",\"weak\":true", to);
	if (symbol->has_type)
		fprintf(to, ",\"type\":%u", numbering->number[symbol->type]);
	put_place(to, symbol->file, symbol->line);
	putc('}', to);
}

static void put_model(FILE *to, const struct abi_model *model, const struct numbering *numbering)
{
	fputs("{\"format\":\"gild-abi\",\"version\":1", to);
	if (model->soname.len)
		put_string(to, "soname", model->soname);
	fprintf(to, ",\"pointer_size\":%u,\"types_known\":%s,\n\"promises\":{", model->pointer_size,
		model->has_types ? "true" : "false");
	for (uint32_t i = 0; i < model->promises.n; i++) {
		fputs(i ? "," : "", to);
		json_put_string(to, model->promises.at[i].name.at, model->promises.at[i].name.len);
		putc(':', to);
		json_put_string(to, model->promises.at[i].value.at, model->promises.at[i].value.len);
	}
	fputs("},\n\"symbols\":[", to);
	for (uint32_t i = 0; i < model->symbols.n; i++) {
		fputs(i ? ",\n" : "\n", to);
		put_symbol(to, numbering, &model->symbols.at[i]);
	}
	fputs("],\n\"types\":[", to);
	for (uint32_t i = 0; i < numbering->order.n; i++) {
		fputs(i ? ",\n" : "\n", to);
		put_type(to, numbering, numbering->order.at[i]);
	}
	fputs("]}\n", to);
}

void abi_dump_json(struct text *out, struct abi_model *model)
{
	struct numbering numbering = {.model = model, .number = calloc(model->types.n, sizeof(uint32_t))};
	char *text = NULL;
	size_t size = 0;
	FILE *to = open_memstream(&text, &size);
	if (!to || !numbering.number)
		out_of_memory();
	number_all(&numbering, model);
	put_model(to, model, &numbering);
	if (fclose(to) != 0 || size > UINT32_MAX)
		out_of_memory();
	text_add(out, (struct str){text, (uint32_t)size});
	free(text);
	free(numbering.number);
	array_free(&numbering.order);
}
