#include "abi/promises.h"

#include <stdlib.h>
#include <string.h>

static bool begins(struct str text, const char *with)
{
	size_t len = strlen(with);
	return text.len >= len && memcmp(text.at, with, len) == 0;
}

static void add(struct abi_model *model, const char *name, struct str value)
{
	if (value.len)
		*array_push(&model->promises) = (struct abi_promise){str_from(name), value};
}

/* ---- sizes ------------------------------------------------------------------------------------------------ */

/* "8", or "4, 8" when units differ. */
static struct str sizes_of(struct abi_model *model, uint64_t mask)
{
	char *text = NULL;
	for (unsigned i = 0; i < 64; i++)
		if (mask >> i & 1)
			text = arena_printf(&model->arena, "%s%s%u", text ? text : "", text ? ", " : "", i);
	return text ? str_from(text) : (struct str){"", 0};
}

static struct str words_of(uint64_t mask, const char *first, const char *second, const char *both)
{
	const char *const words[] = {"", first, second, both};
	return str_from(words[mask & 3]);
}

static uint64_t fact(const struct abi_reader *reader, enum abi_fact which)
{
	uint64_t mask = 0;
	for (uint32_t i = 0; i < reader->units.n; i++)
		mask |= reader->units.at[i].facts[which];
	return mask;
}

/* Enumerations of C are as large as an int, unless -fshort-enums said otherwise; the larger ones have larger values. */
static struct str enums(uint64_t mask)
{
	bool is_short = mask & (1u << 1 | 1u << 2);
	return str_from(!mask			     ? ""
			: is_short && mask & 1u << 4 ? "int, some shorter"
			: is_short		     ? "as short as possible"
						     : "int");
}

/* ---- texts ------------------------------------------------------------------------------------------------ */

static const char *language_name(uint16_t language)
{
	switch (language) {
	case DW_LANG_C89:
	case DW_LANG_C:
	case DW_LANG_C99:
	case DW_LANG_C11:
	case DW_LANG_C17:
		return "C";
	case DW_LANG_C_plus_plus:
	case DW_LANG_C_plus_plus_03:
	case DW_LANG_C_plus_plus_11:
	case DW_LANG_C_plus_plus_14:
	case DW_LANG_C_plus_plus_17:
	case DW_LANG_C_plus_plus_20:
		return "C++";
	case DW_LANG_Ada83:
	case DW_LANG_Ada95:
		return "Ada";
	case DW_LANG_Fortran77:
	case DW_LANG_Fortran90:
	case DW_LANG_Fortran95:
	case DW_LANG_Fortran03:
	case DW_LANG_Fortran08:
		return "Fortran";
	case DW_LANG_D:
		return "D";
	case DW_LANG_Java:
		return "Java";
	case 0x16:
		return "Go";
	case 0x1c:
		return "Rust";
	case DW_LANG_Mips_Assembler:
		return "assembly";
	}
	return language ? "other" : "";
}

/* The compiler and its version: "GNU C17 12.2.0" of "GNU C17 12.2.0 -mtune=generic -O2". */
static struct str compiler_of(struct str producer)
{
	for (uint32_t i = 0; i + 1 < producer.len; i++)
		if (producer.at[i] == ' ' && producer.at[i + 1] == '-')
			return (struct str){producer.at, i};
	return producer;
}

static int compare_texts(const void *a, const void *b)
{
	return str_compare(*(const struct str *)a, *(const struct str *)b);
}

typedef struct str unit_text(const struct abi_unit *unit);

static struct str language_text(const struct abi_unit *unit)
{
	return str_from(language_name(unit->unit.language));
}

static struct str compiler_text(const struct abi_unit *unit)
{
	return compiler_of(unit->producer);
}

/* What units say, each thing once, sorted. */
static struct str all_of(struct abi_reader *reader, unit_text *text)
{
	ARRAY(struct str) texts = {0};
	for (uint32_t i = 0; i < reader->units.n; i++) {
		struct str one = text(&reader->units.at[i]);
		if (one.len && !reader->units.at[i].unit.is_skeleton)
			*array_push(&texts) = one;
	}
	if (texts.n)
		qsort(texts.at, texts.n, sizeof(*texts.at), compare_texts);
	char *joined = NULL;
	for (uint32_t i = 0; i < texts.n; i++)
		if (i == 0 || !str_equal(texts.at[i], texts.at[i - 1]))
			joined = arena_printf(&reader->model->arena, "%s%s%.*s", joined ? joined : "",
					      joined ? ", " : "", (int)texts.at[i].len, texts.at[i].at);
	array_free(&texts);
	return joined ? str_from(joined) : (struct str){"", 0};
}

/* gcc's libstdc++ has two strings and two lists: the one with __cxx11 in its name is that of C++11. */
static struct str string_abi(const struct abi_model *model)
{
	uint64_t mask = 0;
	for (uint32_t i = 0; i < model->types.n; i++) {
		struct str name = model->types.at[i].name;
		if (model->types.at[i].kind == ABI_STRUCT && begins(name, "std::__cxx11::basic_string<"))
			mask |= 2;
		else if (model->types.at[i].kind == ABI_STRUCT && begins(name, "std::basic_string<"))
			mask |= 1;
	}
	return words_of(mask, "old", "cxx11", "cxx11, old");
}

static const char *machine_name(uint16_t machine)
{
	switch (machine) {
	case EM_386:
		return "i386";
	case EM_X86_64:
		return "x86-64";
	case EM_AARCH64:
		return "aarch64";
	case EM_RISCV:
		return "riscv64";
	}
	return "";
}

static int compare_promises(const void *a, const void *b)
{
	const struct abi_promise *x = a, *y = b;
	return str_compare(x->name, y->name);
}

void abi_find_promises(struct abi_reader *reader)
{
	struct abi_model *model = reader->model;
	if (reader->files->sources.n)
		add(model, "machine", str_from(machine_name(reader->files->sources.at[0].elf.ehdr->e_machine)));
	add(model, "char", words_of(fact(reader, FACT_CHAR), "signed", "unsigned", "signed, unsigned"));
	add(model, "sizeof(long double)", sizes_of(model, fact(reader, FACT_LONG_DOUBLE)));
	add(model, "sizeof(wchar_t)", sizes_of(model, fact(reader, FACT_WCHAR)));
	add(model, "sizeof(off_t)", sizes_of(model, fact(reader, FACT_OFF)));
	add(model, "sizeof(time_t)", sizes_of(model, fact(reader, FACT_TIME)));
	add(model, "sizeof(size_t)", sizes_of(model, fact(reader, FACT_SIZE)));
	add(model, "sizeof(void *)", sizes_of(model, fact(reader, FACT_POINTER)));
	add(model, "enum", enums(fact(reader, FACT_ENUM)));
	add(model, "std::string", string_abi(model));
	add(model, "language", all_of(reader, language_text));
	add(model, "compiler", all_of(reader, compiler_text));
	if (model->promises.n)
		qsort(model->promises.at, model->promises.n, sizeof(*model->promises.at), compare_promises);
}
