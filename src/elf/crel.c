#include "elf/crel.h"

enum { COUNT_SHIFT = 3, HAS_ADDENDS = 4, SHIFT_MASK = 3 };
enum { NEW_SYMBOL = 1, NEW_TYPE = 2, NEW_ADDEND = 4 };

struct cursor {
	const uint8_t *at, *end;
	bool ended;              /* something was cut off */
};

/* A number of 7 bits a byte; *bits is how many of the result were given. */
static uint64_t next_leb128(struct cursor *cursor, unsigned *bits)
{
	uint64_t value = 0;
	unsigned shift = 0;
	uint8_t byte;
	do {
		if (cursor->at == cursor->end) {
			cursor->ended = true;
			break;
		}
		byte = *cursor->at++;
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	*bits = shift;
	return value;
}

static uint64_t next_uleb128(struct cursor *cursor)
{
	unsigned bits;
	return next_leb128(cursor, &bits);
}

/* As a number to be added: sign-extended. */
static uint64_t next_sleb128(struct cursor *cursor)
{
	unsigned bits;
	uint64_t value = next_leb128(cursor, &bits);
	if (bits > 0 && bits < 64 && value >> (bits - 1) & 1)
		value |= ~(uint64_t)0 << bits;
	return value;
}

bool elf_crel_count(struct bytes section, uint32_t index, uint64_t *n, bool *has_addends, struct elf_error *error)
{
	struct cursor cursor = {.at = section.data, .end = section.data + section.size};
	uint64_t header = next_uleb128(&cursor);
	*n = header >> COUNT_SHIFT;
	if (cursor.ended || *n > (uint64_t)(cursor.end - cursor.at))
		return elf_fail(error, "CREL count", index, *n, "is larger than the section");
	if (has_addends)
		*has_addends = header & HAS_ADDENDS;
	else if (!(header & HAS_ADDENDS) && *n)
		return elf_fail(error, "CREL header", index, header, "says that addends are elsewhere");
	return true;
}

bool elf_crel_expand(struct bytes section, uint32_t index, struct elf_rela *relas, struct elf_error *error)
{
	struct cursor cursor = {.at = section.data, .end = section.data + section.size};
	uint64_t header = next_uleb128(&cursor), n = header >> COUNT_SHIFT;
	const bool has_addends = header & HAS_ADDENDS;
	const unsigned flag_bits = has_addends ? 3 : 2; /* the rest of the byte belongs to the offset */
	uint64_t offset = 0, addend = 0, symbol = 0, type = 0;
	for (uint64_t i = 0; i < n; i++) {
		if (cursor.at == cursor.end)
			return elf_fail(error, "CREL", index, i, "ends within a relocation");
		uint8_t byte = *cursor.at++;
		offset += byte >> flag_bits;
		if (byte & 0x80) /* the highest bit says that more of the offset follows */
			offset += (next_uleb128(&cursor) << (7 - flag_bits)) - (0x80 >> flag_bits);
		if (byte & NEW_SYMBOL)
			symbol += next_sleb128(&cursor);
		if (byte & NEW_TYPE)
			type += next_sleb128(&cursor);
		if (has_addends && byte & NEW_ADDEND)
			addend += next_sleb128(&cursor);
		if (cursor.ended)
			return elf_fail(error, "CREL", index, i, "ends within a relocation");
		relas[i] = (struct elf_rela){.r_offset = offset << (header & SHIFT_MASK), .r_sym = (uint32_t)symbol,
					     .r_type = (uint32_t)type, .r_addend = (int64_t)addend};
	}
	return true;
}
