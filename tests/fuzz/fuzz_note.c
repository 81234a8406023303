/* Walks the input as a note section, aligned to 4 and to 8 bytes, and the properties in each note. */
#include "fuzz/fuzz.h"

#include "elf/note.h"

static void touch_properties(struct bytes desc, uint64_t align)
{
	struct gnu_property property;
	struct elf_error error;
	for (uint64_t at = 0; at < desc.size; at = property.next) {
		if (!gnu_property_at(desc, align, at, &property, &error)) {
			touch_name(error.field);
			touch_name(error.what);
			return;
		}
		hold(property.next > at && property.next <= desc.size);
		touch_bytes(property.data);
		use(gnu_property_rule(property.type));
	}
}

static void touch_notes(struct bytes section, uint64_t align)
{
	struct elf_note note;
	struct elf_error error;
	for (uint64_t offset = 0; offset < section.size; offset = note.next) {
		if (!elf_note_at(section, align, offset, &note, &error)) {
			touch_name(error.field);
			touch_name(error.what);
			return;
		}
		hold(note.next > offset && note.next <= section.size);
		touch_bytes(note.name);
		touch_bytes(note.desc);
		touch_properties(note.desc, align);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	touch_notes((struct bytes){data, size}, 4);
	touch_notes((struct bytes){data, size}, 8);
	return 0;
}
