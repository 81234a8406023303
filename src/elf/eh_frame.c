#include "elf/eh_frame.h"

#include "elf/mem.h"
#include "elf/types.h"

/* LSB Core, "The Common Information Entry Format": this length announces a 64-bit one. */
enum { EXTENDED_LENGTH = 0xffffffff };

/* The CIE id and CIE pointer are 4 bytes in .eh_frame, also in a record with a 64-bit length. Behind it, an FDE has an
 * address and a size, of 2 bytes each or more. */
enum { ID_SIZE = 4, RANGE_SIZE = 4 };

bool eh_frame_record(struct bytes section, uint64_t offset, struct eh_record *out, struct elf_error *error)
{
	if (!mem_inside(offset, 4, section.size))
		return elf_fail(error, ".eh_frame length", 0, offset, "is cut off by the end of the section");
	const uint8_t *at = section.data + offset;
	uint64_t room = section.size - offset;
	uint64_t length = read32(at);
	uint32_t id_offset = 4;
	if (length == 0) {
		*out = (struct eh_record){.offset = offset, .size = 4, .is_terminator = true, .id_offset = id_offset};
		return true;
	}
	if (length == EXTENDED_LENGTH) {
		id_offset = 12;
		if (room < id_offset)
			return elf_fail(error, ".eh_frame length", 0, offset, "is cut off by the end of the section");
		length = read64(at + 4);
	}
	if (length > room - id_offset)
		return elf_fail(error, ".eh_frame length", 0, length, "is beyond the end of the section");
	if (length < ID_SIZE)
		return elf_fail(error, ".eh_frame length", 0, length, "leaves no room for the CIE pointer");

	uint64_t id = read32(at + id_offset);
	if (id > offset + id_offset || (id != 0 && id <= id_offset))
		return elf_fail(error, ".eh_frame CIE pointer", 0, id, "does not lead to an earlier record");
	if (id != 0 && length < ID_SIZE + RANGE_SIZE)
		return elf_fail(error, ".eh_frame length", 0, length, "leaves no room for the address of a function");
	*out = (struct eh_record){
		.offset = offset,
		.size = id_offset + length,
		.is_cie = id == 0,
		.cie_offset = id ? offset + id_offset - id : 0,
		.id_offset = id_offset,
	};
	return true;
}

/* Reads forward through one CIE. Past the end `cut` is set and zeros come back. */
struct cursor {
	const uint8_t *at, *end;
	bool cut;
};

static uint8_t next_byte(struct cursor *cursor)
{
	if (cursor->at == cursor->end) {
		cursor->cut = true;
		return 0;
	}
	return *cursor->at++;
}

/* Signed and unsigned LEB128 have the same length. */
static void skip_leb128(struct cursor *cursor)
{
	while (next_byte(cursor) & 0x80)
		;
}

static void skip_bytes(struct cursor *cursor, uint64_t n)
{
	if (n > (uint64_t)(cursor->end - cursor->at)) {
		cursor->cut = true;
		n = (uint64_t)(cursor->end - cursor->at);
	}
	cursor->at += n;
}

/* The personality routine's pointer (augmentation 'P'). False: an encoding no compiler writes. */
static bool skip_pointer(struct cursor *cursor, uint8_t encoding)
{
	if (encoding == DW_EH_PE_omit)
		return true;
	if (encoding == DW_EH_PE_aligned)
		return false;
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		skip_bytes(cursor, 8);
		return true;
	case DW_EH_PE_udata4:
	case DW_EH_PE_sdata4:
		skip_bytes(cursor, 4);
		return true;
	case DW_EH_PE_udata2:
	case DW_EH_PE_sdata2:
		skip_bytes(cursor, 2);
		return true;
	case DW_EH_PE_uleb128:
	case DW_EH_PE_sleb128:
		skip_leb128(cursor);
		return true;
	}
	return false;
}

/* The augmentation string "zPLR" is followed, after the fields every CIE has, by one item a letter:
 *
 *	01            version
 *	"zPLR\0"
 *	01 78 10      code alignment, data alignment, return address register
 *	0b            z: size of the items
 *	9b xx xx xx xx   P: encoding and address of the personality routine
 *	1b            L: encoding of LSDA addresses
 *	1b            R: encoding of FDE addresses */
bool eh_cie_pointer_encoding(struct bytes section, const struct eh_record *record, uint8_t *encoding,
			     struct elf_error *error)
{
	const uint8_t *start = section.data + record->offset;
	struct cursor cursor = {start + record->id_offset + ID_SIZE, start + record->size, false};
	*encoding = DW_EH_PE_absptr;

	uint8_t version = next_byte(&cursor);
	if (version != 1 && version != 3 && version != 4)
		return elf_fail(error, ".eh_frame CIE version", 0, version, "is none of 1, 3 and 4");
	const uint8_t *letter = cursor.at;
	while (next_byte(&cursor) != 0)
		;
	if (cursor.cut)
		return elf_fail(error, ".eh_frame augmentation", 0, record->offset, "is cut off by the end of the CIE");
	/* "" has no items; "eh" is that of GCC 2: an address in its place, no encodings. */
	if (letter[0] == 0 || (letter[0] == 'e' && letter[1] == 'h' && letter[2] == 0))
		return true;
	if (letter[0] != 'z')
		return elf_fail(error, ".eh_frame augmentation", 0, letter[0], "is unknown");

	if (version == 4)
		skip_bytes(&cursor, 2); /* address_size, segment_size */
	skip_leb128(&cursor);
	skip_leb128(&cursor);
	if (version == 1)
		skip_bytes(&cursor, 1);
	else
		skip_leb128(&cursor);
	skip_leb128(&cursor);

	for (letter++; *letter && !cursor.cut; letter++) {
		switch (*letter) {
		case 'R':
			*encoding = next_byte(&cursor);
			if (cursor.cut)
				break;
			return true;
		case 'L':
			skip_bytes(&cursor, 1);
			break;
		case 'P': {
			uint8_t personality = next_byte(&cursor);
			if (!skip_pointer(&cursor, personality))
				return elf_fail(error, ".eh_frame augmentation P", 0, personality,
						"is an unknown pointer encoding");
			break;
		}
		case 'S': /* signal frame */
		case 'B': /* aarch64: return address signed with the B key */
		case 'G': /* aarch64: memory tagging */
			break;
		default:
			return elf_fail(error, ".eh_frame augmentation", 0, *letter, "is unknown");
		}
	}
	if (cursor.cut)
		return elf_fail(error, ".eh_frame augmentation", 0, record->offset, "is cut off by the end of the CIE");
	return true;
}
