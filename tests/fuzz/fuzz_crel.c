/* Expands compact relocations: those of the input when it is an ELF file, the input itself otherwise. */
#include "fuzz/fuzz.h"

#include <stdlib.h>

#include "elf/crel.h"
#include "elf/object.h"

static void touch_relocations(struct bytes section)
{
	struct elf_error error;
	uint64_t n;
	if (!elf_crel_count(section, 0, &n, NULL, &error)) {
		touch_name(error.field);
		touch_name(error.what);
		return;
	}
	hold(n <= section.size);
	struct elf_rela *relas = calloc(n + 1, sizeof(*relas));
	if (relas && elf_crel_expand(section, 0, relas, &error))
		touch_bytes((struct bytes){(const uint8_t *)relas, n * sizeof(*relas)});
	free(relas);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	struct elf_file file;
	struct elf_error error;
	if (elf_kind(bytes) == ELF_NOT) {
		touch_relocations(bytes);
		return 0;
	}
	if (!elf_read_file(&file, bytes, &error))
		return 0;
	for (uint32_t i = 0; i < file.nshdr; i++)
		if (file.shdrs[i].sh_type == SHT_CREL)
			touch_relocations(elf_section_bytes(&file, i));
	return 0;
}
