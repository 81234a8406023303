/* Splits .eh_frame: that of the input when it is an ELF file, the input itself otherwise. */
#include "fuzz/fuzz.h"

#include "elf/eh_frame.h"
#include "elf/object.h"

static void touch_records(struct bytes section)
{
	struct eh_record record, cie;
	struct elf_error error;
	uint8_t encoding;
	for (uint64_t offset = 0; offset < section.size; offset += record.size) {
		if (!eh_frame_record(section, offset, &record, &error)) {
			touch_name(error.field);
			touch_name(error.what);
			return;
		}
		hold(record.offset == offset && record.size >= 4 && record.size <= section.size - offset);
		touch_bytes((struct bytes){section.data + offset, record.size});
		if (record.is_terminator)
			continue;
		hold(record.id_offset + 4 <= record.size);
		if (record.is_cie) {
			use(eh_cie_pointer_encoding(section, &record, &encoding, &error));
			continue;
		}
		hold(record.cie_offset < offset);
		if (eh_frame_record(section, record.cie_offset, &cie, &error) && cie.is_cie &&
		    eh_cie_pointer_encoding(section, &cie, &encoding, &error))
			use(encoding);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	struct elf_file file;
	struct elf_error error;
	if (elf_kind(bytes) == ELF_NOT) {
		touch_records(bytes);
		return 0;
	}
	if (!elf_read_file(&file, bytes, &error))
		return 0;
	for (uint32_t i = 0; i < file.nshdr; i++)
		if (strcmp(elf_section_name(&file, i), ".eh_frame") == 0)
			touch_records(elf_section_bytes(&file, i));
	return 0;
}
