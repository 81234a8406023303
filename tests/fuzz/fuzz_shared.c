/* Reads the input as a shared object, by its section headers and, without them, by its program headers. */
#include "fuzz/fuzz.h"
#include "fuzz/room.h"

#include "elf/shared.h"

static void touch_verdef(void *context, uint16_t index, uint16_t flags, const char *name)
{
	(void)context;
	use(index + flags);
	touch_name(name);
}

static void touch_verneed(void *context, const char *file, uint16_t index, const char *name)
{
	(void)context;
	use(index);
	touch_name(file);
	touch_name(name);
}

static void touch_shared(const struct elf_shared *read)
{
	struct elf_shared shared = *read;
	struct elf_error error;
	if (shared.soname)
		touch_name(shared.soname);
	for (uint64_t i = 0; i < shared.ndynamic; i++) {
		const char *string = elf_dynamic_string(&shared, i);
		if (string)
			touch_name(string);
	}
	hold(shared.dynsym.first_global <= shared.dynsym.n);
	for (uint32_t i = 0; i < shared.dynsym.n; i++) {
		touch_name(shared.dynsym.strtab + shared.dynsym.syms[i].st_name);
		if (shared.versym)
			use(read16(shared.versym + 2 * (uint64_t)i));
	}
	bool *marks = calloc((size_t)shared.dynsym.n + 1, sizeof(*marks));
	if (marks)
		elf_shared_relocated(&shared, marks);
	free(marks);
	touch_bytes(shared.verdef);
	touch_bytes(shared.verneed);
	if (!elf_each_verdef(&shared, touch_verdef, NULL, &error))
		touch_name(error.what);
	if (!elf_each_verneed(&shared, touch_verneed, NULL, &error))
		touch_name(error.what);
}

static void try_shared(struct bytes bytes)
{
	struct elf_shared shared;
	struct elf_error error;
	struct blocks blocks;
	struct elf_room room = room_open(&blocks);
	if (elf_read_shared_in(&shared, bytes, &room, &error)) {
		touch_shared(&shared);
	} else {
		touch_name(error.field);
		touch_name(error.what);
	}
	room_close(&blocks);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	try_shared((struct bytes){data, size});
	if (size < sizeof(struct elf_ehdr))
		return 0;
	uint8_t *copy = malloc(size);
	if (!copy)
		return 0;
	memcpy(copy, data, size);
	if (copy[EI_CLASS] == ELFCLASS32)
		((struct elf32_ehdr *)copy)->e_shoff = 0;
	else
		((struct elf_ehdr *)copy)->e_shoff = 0;
	try_shared((struct bytes){copy, size});
	free(copy);
	return 0;
}
