/* Reads an ELF file, or a description in JSON, as `gild abi` does, and writes all that it can write of it. What is written
 * as JSON must read as the same, and must not differ from itself. */
#include "fuzz/fuzz.h"
#include "fuzz/room.h"

#include "abi/diff.h"
#include "abi/dump.h"
#include "abi/header.h"
#include "abi/layout.h"
#include "abi/lint.h"
#include "abi/read.h"

static void print_types(struct abi_model *model)
{
	struct text out = {0};
	uint32_t n;
	const abi_type_id *types = abi_sorted_entities(model, &n);
	for (uint32_t i = 0; i < n && i < 200; i++) {
		for (uint32_t d = abi_type(model, types[i])->definition; d != ABI_NO_DEFINITION;
		     d = model->definitions.at[d].next) {
			abi_layout_print(&out, model, types[i], d);
			abi_offsets_print(&out, model, types[i], d);
		}
		out.bytes.n = 0;
	}
	abi_header_print(&out, model, types, n < 200 ? n : 200);
	text_free(&out);
}

static void compare(struct abi_model *a, struct abi_model *b)
{
	struct abi_diff_options options = {0};
	struct abi_diff diff;
	struct text out = {0};
	abi_diff_models(&diff, a, b, &options);
	abi_diff_print(&out, &diff, "a", "b");
	abi_diff_print_json(&out, &diff, "a", "b");
	hold(abi_diff_exit(&diff) == 0);
	text_free(&out);
	abi_diff_free(&diff);
}

static void use_model(struct abi_model *model, struct diag *diag)
{
	struct text json = {0}, again = {0}, text = {0};
	struct abi_model other;
	abi_model_init(&other);
	abi_dump_text(&text, model);
	abi_dump_json(&json, model);
	struct bytes bytes = {(const uint8_t *)json.bytes.at, json.bytes.n};
	/* Names that are no UTF-8 come back as others. */
	bool has_bad_names = memmem(json.bytes.at, json.bytes.n, "\\ufffd", 6) != NULL;
	if (!has_bad_names && abi_load_json(&other, "dump", bytes, diag)) {
		abi_dump_json(&again, &other);
		hold(str_equal(text_str(&json), text_str(&again)));
		compare(model, &other);
	}
	compare(model, model);
	print_types(model);
	abi_model_free(&other);
	text_free(&json);
	text_free(&again);
	text_free(&text);
}

static void read_elf(const struct elf_file *elf, struct diag *diag, struct pool *pool)
{
	for (unsigned all = 0; all < 2; all++) {
		struct abi_files files;
		struct abi_model model;
		struct abi_read_options options = {.all_types = all};
		abi_files_init(&files, diag);
		abi_model_init(&model);
		if (abi_files_add(&files, "input", (struct str){"", 0}, elf) &&
		    abi_read(&model, &files, pool, &options))
			use_model(&model, diag);
		abi_model_free(&model);
		struct abi_lint lint = {0};
		abi_lint(&lint, &files);
		text_free(&lint.out);
		abi_files_free(&files);
	}
}

static void read_json(struct bytes bytes, struct diag *diag)
{
	struct abi_model model;
	abi_model_init(&model);
	if (abi_load_json(&model, "input", bytes, diag))
		use_model(&model, diag);
	abi_model_free(&model);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	struct elf_file elf;
	struct elf_error error;
	struct diag diag;
	struct pool *pool = pool_new(1);
	struct blocks blocks;
	struct elf_room room = room_open(&blocks);
	diag_init(&diag);
	if (elf_kind(bytes) == ELF_NOT)
		read_json(bytes, &diag);
	else if (elf_read_file_in(&elf, bytes, &room, &error))
		read_elf(&elf, &diag, pool);
	diag_free(&diag);
	pool_free(pool);
	room_close(&blocks);
	return 0;
}
