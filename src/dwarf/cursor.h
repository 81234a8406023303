/* Reading forward through a debug section (DWARF 5 section 7.6). Nothing is copied or allocated; past the end `cut` is
 * set and zeros come back. */
#ifndef GILD_DWARF_CURSOR_H
#define GILD_DWARF_CURSOR_H

#include "dwarf/constants.h"
#include "elf/mem.h"
#include "elf/types.h"

/* Reads bytes [at, end) of `data`. */
struct cursor {
	const uint8_t *data;
	uint64_t at, end;
	bool cut;
	bool is_64_bit;  /* offsets and lengths take 8 bytes (section 7.4) */
};

/* Passes over `size` bytes. False, at the end: there are not that many. */
static inline bool take(struct cursor *cursor, uint64_t size)
{
	if (!mem_inside(cursor->at, size, cursor->end)) {
		cursor->cut = true;
		cursor->at = cursor->end;
		return false;
	}
	cursor->at += size;
	return true;
}

/* An unsigned number of `size` bytes: 1, 2, 3, 4 or 8. */
static inline uint64_t next_number(struct cursor *cursor, uint64_t size)
{
	if (!take(cursor, size))
		return 0;
	const uint8_t *at = cursor->data + cursor->at - size;
	switch (size) {
	case 1:
		return *at;
	case 2:
		return read16(at);
	case 3:
		return read16(at) | (uint64_t)at[2] << 16;
	case 4:
		return read32(at);
	default:
		return read64(at);
	}
}

static inline uint8_t next_byte(struct cursor *cursor)
{
	return (uint8_t)next_number(cursor, 1);
}

static inline uint64_t offset_size(const struct cursor *cursor)
{
	return cursor->is_64_bit ? 8 : 4;
}

/* Bits above the 64th are dropped. */
static inline uint64_t next_leb128(struct cursor *cursor, bool is_signed)
{
	uint64_t value = 0;
	uint8_t byte;
	unsigned shift = 0;
	do {
		byte = next_byte(cursor);
		if (shift < 64)
			value |= (uint64_t)(byte & 0x7f) << shift;
		shift = shift < 64 ? shift + 7 : shift;
	} while (byte & 0x80);
	if (is_signed && shift < 64 && byte & 0x40)
		value |= UINT64_MAX << shift;
	return value;
}

static inline uint64_t next_uleb128(struct cursor *cursor)
{
	return next_leb128(cursor, false);
}

/* As two's complement. */
static inline uint64_t next_sleb128(struct cursor *cursor)
{
	return next_leb128(cursor, true);
}

/* Reads the length of a unit (section 7.4): `unit` reads what it counts, the cursor goes on behind it. False: it is
 * cut off, or its length has no meaning. */
static inline bool next_length(struct cursor *cursor, struct cursor *unit)
{
	uint64_t length = next_number(cursor, 4);
	*unit = *cursor;
	unit->is_64_bit = length == DWARF_EXTENDED_LENGTH;
	if (unit->is_64_bit)
		length = next_number(unit, 8);
	else if (length >= DWARF_RESERVED_LENGTH)
		return false;
	if (unit->cut || length > unit->end - unit->at)
		return false;
	unit->end = unit->at + length;
	cursor->at = unit->end;
	return true;
}

#endif
