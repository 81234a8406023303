#include "abi/layout.h"

#include <stdio.h>
#include <string.h>

enum { TYPE_WIDTH = 26, NAME_WIDTH = 22, DEEPEST = 32, MOST_BYTES = 1 << 22 };

uint64_t abi_member_end(const struct abi_model *model, const struct abi_member *member)
{
	if (member->is_bit_field)
		return member->bit_offset + member->bit_size;
	if (member->is_virtual)
		return member->bit_offset;
	return member->bit_offset + abi_size(model, member->type) * 8;
}

static void indent(struct text *out, unsigned depth)
{
	for (unsigned i = 0; i < depth; i++)
		text_add(out, str_from("\t"));
}

/* What the members of a definition take, and leave. */
struct sums {
	uint64_t end;                 /* bits, behind the last member */
	uint64_t members, bits;       /* bytes of members, bits of bit-fields */
	uint64_t holes, hole_bytes, bit_holes, bit_hole_bits;
	uint64_t paddings, padding_bytes;
	uint64_t bit_padding;
	uint32_t n;
	uint64_t unit_end;            /* of what the last bit-field is stored in */
};

struct printer {
	struct text *out;
	const struct abi_model *model;
	uint64_t line;                /* the cache line that was reached */
};

/* ---- holes ------------------------------------------------------------------------------------------------ */

/* Bits between the last member and `begin`: first what is left of a bit-field's storage, then whole bytes. */
static void split_gap(const struct sums *sums, uint64_t begin, uint64_t *bits, uint64_t *bytes)
{
	uint64_t end = sums->end;
	*bits = 0;
	if (end % 8 || sums->unit_end > end) {
		uint64_t to = min_u64(begin, max_u64(sums->unit_end, (end + 7) / 8 * 8));
		*bits = to > end ? to - end : 0;
		end = max_u64(end, to);
	}
	*bytes = begin > end ? (begin - end) / 8 : 0;
}

static void print_gap(struct printer *printer, struct sums *sums, uint64_t begin, unsigned depth)
{
	uint64_t bits, bytes;
	if (begin <= sums->end)
		return;
	split_gap(sums, begin, &bits, &bytes);
	text_add(printer->out, str_from("\n"));
	if (bits) {
		indent(printer->out, depth);
		text_print(printer->out, "/* XXX %llu bit%s hole, try to pack */\n", (unsigned long long)bits,
			   bits == 1 ? "" : "s");
		sums->bit_holes++;
		sums->bit_hole_bits += bits;
	}
	if (bytes) {
		indent(printer->out, depth);
		text_print(printer->out, "/* XXX %llu byte%s hole, try to pack */\n", (unsigned long long)bytes,
			   bytes == 1 ? "" : "s");
		sums->holes++;
		sums->hole_bytes += bytes;
	}
	text_add(printer->out, str_from("\n"));
}

static void print_cache_line(struct printer *printer, uint64_t offset, unsigned depth)
{
	uint64_t line = offset / ABI_CACHE_LINE;
	if (line <= printer->line)
		return;
	printer->line = line;
	indent(printer->out, depth);
	text_print(printer->out, "/* --- cacheline %llu boundary (%llu bytes)", (unsigned long long)line,
		   (unsigned long long)line * ABI_CACHE_LINE);
	if (offset % ABI_CACHE_LINE)
		text_print(printer->out, " was %llu byte%s ago", (unsigned long long)offset % ABI_CACHE_LINE,
			   offset % ABI_CACHE_LINE == 1 ? "" : "s");
	text_add(printer->out, str_from(" --- */\n"));
}

/* ---- members ---------------------------------------------------------------------------------------------- */

static void print_body(struct printer *printer, uint32_t definition, bool is_union, uint64_t base, unsigned depth,
		       struct sums *sums);

/* Pads the last `used` columns of the line to `width`. */
static void pad(struct text *out, size_t used, size_t width)
{
	text_print(out, "%*s", used < width ? (int)(width - used) : 1, "");
}

static void print_enumerators(struct printer *printer, const struct abi_definition *definition, unsigned depth)
{
	for (uint32_t i = 0; i < definition->n; i++) {
		const struct abi_member *member = &printer->model->members.at[definition->first + i];
		indent(printer->out, depth);
		text_add(printer->out, member->name);
		text_print(printer->out, " = %lld,\n", (long long)member->value);
	}
}

/* The type without a name that a member has directly: it is shown where it is used. */
static const struct abi_type *shown_inside(const struct abi_model *model, abi_type_id id)
{
	const struct abi_type *type = abi_type(model, id);
	while (type->kind == ABI_ARRAY || type->kind == ABI_CONST || type->kind == ABI_VOLATILE) {
		if (type->target == id)
			return NULL;
		id = type->target;
		type = abi_type(model, id);
	}
	return abi_is_tag(type->kind) && !type->name.len && type->definition != ABI_NO_DEFINITION ? type : NULL;
}

static void print_bounds(struct text *out, const struct abi_model *model, abi_type_id id)
{
	const struct abi_type *type = abi_type(model, id);
	for (; type->kind == ABI_ARRAY || type->kind == ABI_CONST || type->kind == ABI_VOLATILE;
	     type = abi_type(model, type->target)) {
		if (type->kind != ABI_ARRAY)
			continue;
		if (type->size == ABI_UNBOUNDED)
			text_add(out, str_from("[]"));
		else
			text_print(out, "[%llu]", (unsigned long long)type->size);
	}
}

static void print_align(struct text *out, uint32_t align)
{
	if (align)
		text_print(out, " __attribute__((__aligned__(%u)))", align);
}

/* "  8     4": offset and size in bytes; of a bit-field also its bit in what it is stored in. */
static void print_place(struct printer *printer, const struct abi_member *member, uint64_t base)
{
	uint64_t size = abi_size(printer->model, member->type), at = base + member->bit_offset;
	if (!member->is_bit_field) {
		text_print(printer->out, "/* %5llu %5llu */\n", (unsigned long long)at / 8, (unsigned long long)size);
		return;
	}
	uint64_t unit = is_power_of_two(size) ? size : 1, byte = at / 8 / unit * unit;
	text_print(printer->out, "/* %5llu:%2llu %2llu */\n", (unsigned long long)byte,
		   (unsigned long long)(at - byte * 8), (unsigned long long)size);
}

static void print_inside(struct printer *printer, const struct abi_member *member, const struct abi_type *type,
			 uint64_t base, unsigned depth)
{
	struct text name = {0};
	struct sums ignored = {0};
	const struct abi_definition *definition = &printer->model->definitions.at[type->definition];
	text_print(printer->out, "%s {\n",
		   type->kind == ABI_UNION  ? "union"
		   : type->kind == ABI_ENUM ? "enum"
		   : definition->is_class   ? "class"
					    : "struct");
	if (type->kind == ABI_ENUM)
		print_enumerators(printer, definition, depth + 1);
	else
		print_body(printer, type->definition, type->kind == ABI_UNION, base + member->bit_offset, depth + 1,
			   &ignored);
	indent(printer->out, depth);
	text_print(&name, "}%s%.*s", member->name.len ? " " : "", (int)member->name.len, member->name.at);
	print_bounds(&name, printer->model, member->type);
	if (member->is_bit_field)
		text_print(&name, ":%llu", (unsigned long long)member->bit_size);
	print_align(&name, member->align);
	text_add(&name, str_from(";"));
	text_add(printer->out, text_str(&name));
	pad(printer->out, name.bytes.n + 8ull * depth, TYPE_WIDTH + 9 + NAME_WIDTH);
	print_place(printer, member, base);
	text_free(&name);
}

static void print_base_class(struct printer *printer, const struct abi_member *member, uint64_t base)
{
	struct text line = {0};
	text_add(&line, str_from("/* "));
	abi_spell_name(&line, printer->model, member->type, SPELL_KEYWORDS);
	pad(&line, line.bytes.n, TYPE_WIDTH);
	text_print(&line, " <ancestor>%s; */", member->is_virtual ? ", virtual" : "");
	text_add(printer->out, text_str(&line));
	pad(printer->out, line.bytes.n, TYPE_WIDTH + NAME_WIDTH + 1);
	if (member->is_virtual)
		text_add(printer->out, str_from("/* where the object says */\n"));
	else
		print_place(printer, member, base);
	text_free(&line);
}

/* The type column is narrower the deeper it stands, so that comments stand below each other. A function pointer's name
 * is inside its type: what stands before the name is in the first column. */
static void print_plain(struct printer *printer, const struct abi_member *member, uint64_t base, unsigned depth)
{
	struct text whole = {0};
	size_t type_width = depth < 4 ? TYPE_WIDTH - 8ull * (depth - 1) : 2;
	struct str marker = {"\1", 1};
	abi_spell(&whole, printer->model, member->type, marker, SPELL_KEYWORDS);
	const char *at = memchr(whole.bytes.at, '\1', whole.bytes.n);
	size_t before = at ? (size_t)(at - whole.bytes.at) : whole.bytes.n;
	/* "void (*\1)(int)": the column ends in front of the parenthesis. */
	const char *parenthesis = memchr(whole.bytes.at, '(', before);
	size_t column = parenthesis ? (size_t)(parenthesis - whole.bytes.at) : before;
	while (column && whole.bytes.at[column - 1] == ' ')
		column--;
	text_add(printer->out, (struct str){whole.bytes.at, (uint32_t)column});
	pad(printer->out, column, type_width);
	if (column < type_width)
		text_add(printer->out, str_from(" "));
	struct text rest = {0};
	size_t from = parenthesis ? (size_t)(parenthesis - whole.bytes.at) : before;
	text_add(&rest, (struct str){whole.bytes.at + from, (uint32_t)(before - from)});
	text_add(&rest, member->name);
	if (at)
		text_add(&rest, (struct str){at + 1, (uint32_t)(whole.bytes.n - before - 1)});
	if (member->is_bit_field)
		text_print(&rest, ":%llu", (unsigned long long)member->bit_size);
	print_align(&rest, member->align);
	text_add(&rest, str_from(";"));
	text_add(printer->out, text_str(&rest));
	pad(printer->out, rest.bytes.n, NAME_WIDTH);
	print_place(printer, member, base);
	text_free(&rest);
	text_free(&whole);
}

static void print_member(struct printer *printer, const struct abi_member *member, uint64_t base, unsigned depth)
{
	const struct abi_type *inside = shown_inside(printer->model, member->type);
	indent(printer->out, depth);
	if (member->kind == ABI_BASE_CLASS)
		print_base_class(printer, member, base);
	else if (inside && depth < DEEPEST && printer->out->bytes.n < MOST_BYTES)
		print_inside(printer, member, inside, base, depth);
	else
		print_plain(printer, member, base, depth);
}

/* ---- a definition ----------------------------------------------------------------------------------------- */

static void count_member(const struct abi_model *model, struct sums *sums, const struct abi_member *member)
{
	uint64_t end = abi_member_end(model, member), size = abi_size(model, member->type);
	sums->n++;
	sums->unit_end = 0;
	if (member->is_bit_field) {
		sums->bits += member->bit_size;
		if (is_power_of_two(size) && size <= UINT64_MAX / 8)
			sums->unit_end = (member->bit_offset / (size * 8) + 1) * size * 8;
	} else if (!member->is_virtual) {
		sums->members += size;
	}
	sums->end = max_u64(sums->end, end);
}

/* Bytes at the end of a structure that belong to nobody. */
static uint64_t padding_of(const struct abi_model *model, abi_type_id id)
{
	id = abi_strip_qualifiers(model, id);
	const struct abi_definition *definition = abi_definition(model, id);
	if (model->types.at[id].kind != ABI_STRUCT || !definition || definition->n == 0)
		return 0;
	struct sums sums = {0};
	uint64_t bits, bytes;
	for (uint32_t i = 0; i < definition->n; i++) {
		const struct abi_member *member = &model->members.at[definition->first + i];
		if (member->is_virtual)
			return 0;
		if (member->kind == ABI_FIELD || member->kind == ABI_BASE_CLASS)
			count_member(model, &sums, member);
	}
	if (definition->size * 8 <= sums.end)
		return 0;
	split_gap(&sums, definition->size * 8, &bits, &bytes);
	return bytes;
}

static void print_body(struct printer *printer, uint32_t index, bool is_union, uint64_t base, unsigned depth,
		       struct sums *sums)
{
	const struct abi_model *model = printer->model;
	struct abi_definition definition = model->definitions.at[index];
	for (uint32_t i = 0; i < definition.n; i++) {
		const struct abi_member *member = &model->members.at[definition.first + i];
		if (member->kind != ABI_FIELD && member->kind != ABI_BASE_CLASS)
			continue;
		if (!is_union && !member->is_virtual) {
			print_gap(printer, sums, member->bit_offset, depth);
			if (member->kind == ABI_FIELD)
				print_cache_line(printer, (base + member->bit_offset) / 8, depth);
		}
		print_member(printer, member, base, depth);
		count_member(model, sums, member);
		uint64_t padding = is_union || member->is_virtual ? 0 : padding_of(model, member->type);
		if (padding && depth == 1) {
			text_add(printer->out, str_from("\n"));
			indent(printer->out, depth);
			text_print(printer->out, "/* XXX last struct has %llu byte%s of padding */\n",
				   (unsigned long long)padding, padding == 1 ? "" : "s");
			if (i + 1 < definition.n)
				text_add(printer->out, str_from("\n"));
			sums->paddings++;
			sums->padding_bytes += padding;
		}
	}
}

#define ULL(x) ((unsigned long long)(x))

static void print_sums(struct printer *printer, const struct abi_definition *definition, struct sums *sums)
{
	struct text *out = printer->out;
	uint64_t padding = 0, bit_padding = 0;
	if (definition->size * 8 > sums->end)
		split_gap(sums, definition->size * 8, &bit_padding, &padding);
	text_print(out, "\n\t/* size: %llu, cachelines: %llu, members: %u */\n", ULL(definition->size),
		   ULL((definition->size + ABI_CACHE_LINE - 1) / ABI_CACHE_LINE), sums->n);
	if (sums->holes || (sums->bit_holes && sums->members)) {
		text_print(out, "\t/* sum members: %llu", ULL(sums->members));
		if (sums->holes)
			text_print(out, ", holes: %llu, sum holes: %llu", ULL(sums->holes), ULL(sums->hole_bytes));
		text_print(out, " */\n");
	}
	if ((sums->holes || sums->bit_holes) && sums->bits) {
		text_print(out, "\t/* sum bitfield members: %llu bits", ULL(sums->bits));
		if (sums->bits % 8 == 0)
			text_print(out, " (%llu bytes)", ULL(sums->bits / 8));
		if (sums->bit_holes)
			text_print(out, ", bit holes: %llu, sum bit holes: %llu bits", ULL(sums->bit_holes),
				   ULL(sums->bit_hole_bits));
		text_print(out, " */\n");
	}
	if (padding)
		text_print(out, "\t/* padding: %llu */\n", ULL(padding));
	if (sums->paddings)
		text_print(out, "\t/* paddings: %llu, sum paddings: %llu */\n", ULL(sums->paddings),
			   ULL(sums->padding_bytes));
	if (bit_padding)
		text_print(out, "\t/* bit_padding: %llu bits */\n", ULL(bit_padding));
	if (definition->size % ABI_CACHE_LINE)
		text_print(out, "\t/* last cacheline: %llu bytes */\n", ULL(definition->size % ABI_CACHE_LINE));
}

static void print_virtuals(struct printer *printer, const struct abi_definition *definition)
{
	bool any = false;
	for (uint32_t i = definition->first; i < definition->first + definition->n; i++) {
		const struct abi_member *member = &printer->model->members.at[i];
		if (member->kind != ABI_VIRTUAL)
			continue;
		text_add(printer->out, str_from(any ? "" : "\n\t/* vtable has entries: {\n"));
		any = true;
		if (member->bit_offset == UINT64_MAX)
			text_add(printer->out, str_from("\t   [?] = "));
		else
			text_print(printer->out, "\t   [%llu] = ", ULL(member->bit_offset));
		text_add(printer->out, member->name);
		text_add(printer->out, str_from(",\n"));
	}
	if (any)
		text_add(printer->out, str_from("\t} */\n"));
}

static bool is_packed(const struct abi_model *model, uint32_t index)
{
	const struct abi_definition *definition = &model->definitions.at[index];
	uint64_t wanted = 1;
	for (uint32_t i = definition->first; i < definition->first + definition->n; i++) {
		const struct abi_member *member = &model->members.at[i];
		uint64_t align = abi_align(model, member->type);
		if (member->kind != ABI_FIELD || member->is_bit_field)
			continue;
		if (member->bit_offset % (align * 8))
			return true;
		wanted = max_u64(wanted, align);
	}
	return definition->size % wanted != 0;
}

static void print_heads(struct printer *printer, const struct abi_definition *definition)
{
	bool any = false;
	for (uint32_t i = definition->first; i < definition->first + definition->n; i++) {
		const struct abi_member *member = &printer->model->members.at[i];
		if (member->kind != ABI_BASE_CLASS)
			continue;
		text_add(printer->out, str_from(any ? ", " : " : "));
		text_add(printer->out, str_from(member->is_virtual ? "virtual " : ""));
		text_add(printer->out, abi_type(printer->model, member->type)->name);
		any = true;
	}
}

static void print_typedef(struct printer *printer, const struct abi_type *type, const struct abi_definition *definition)
{
	const struct abi_type *inside = shown_inside(printer->model, definition->target);
	text_add(printer->out, str_from("typedef "));
	if (!inside) {
		abi_spell(printer->out, printer->model, definition->target, type->name, SPELL_KEYWORDS);
		text_add(printer->out, str_from(";\n"));
		return;
	}
	const struct abi_definition *meaning = &printer->model->definitions.at[inside->definition];
	struct sums sums = {0};
	text_print(printer->out, "%s {\n",
		   inside->kind == ABI_UNION  ? "union"
		   : inside->kind == ABI_ENUM ? "enum"
					      : "struct");
	if (inside->kind == ABI_ENUM)
		print_enumerators(printer, meaning, 1);
	else
		print_body(printer, inside->definition, inside->kind == ABI_UNION, 0, 1, &sums);
	if (inside->kind == ABI_STRUCT)
		print_sums(printer, meaning, &sums);
	text_print(printer->out, "} %.*s", (int)type->name.len, type->name.at);
	print_bounds(printer->out, printer->model, definition->target);
	text_add(printer->out, str_from(";\n"));
}

void abi_layout_body(struct text *out, const struct abi_model *model, uint32_t definition, uint64_t bit_base,
		     unsigned depth)
{
	struct printer printer = {out, model, UINT64_MAX};
	struct sums ignored = {0};
	print_body(&printer, definition, false, bit_base, depth, &ignored);
}

void abi_layout_print(struct text *out, const struct abi_model *model, abi_type_id id, uint32_t index)
{
	struct printer printer = {out, model, 0};
	struct sums sums = {0};
	const struct abi_type *type = abi_type(model, id);
	const struct abi_definition *definition = &model->definitions.at[index];
	if (type->kind == ABI_TYPEDEF) {
		print_typedef(&printer, type, definition);
		return;
	}
	abi_spell_name(out, model, id, SPELL_KEYWORDS);
	print_heads(&printer, definition);
	text_add(out, str_from(" {\n"));
	if (type->kind == ABI_ENUM) {
		print_enumerators(&printer, definition, 1);
	} else {
		print_body(&printer, index, type->kind == ABI_UNION, 0, 1, &sums);
		if (type->kind == ABI_STRUCT) {
			print_virtuals(&printer, definition);
			print_sums(&printer, definition, &sums);
		}
	}
	text_add(out, str_from("}"));
	if (type->kind == ABI_STRUCT && is_packed(model, index))
		text_add(out, str_from(" __attribute__((__packed__))"));
	print_align(out, definition->align);
	text_add(out, str_from(";\n"));
}
