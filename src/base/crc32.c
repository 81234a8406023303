#include "base/crc32.h"

#include <string.h>

#define POLYNOMIAL 0xedb88320u

/* Eight bytes at a time: table k is for a byte that k more bytes follow. */
enum { SLICES = 8 };

struct tables {
	uint32_t of[SLICES][256];
};

static void make_tables(struct tables *tables)
{
	for (uint32_t byte = 0; byte < 256; byte++) {
		uint32_t crc = byte;
		for (unsigned bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (crc & 1 ? POLYNOMIAL : 0);
		tables->of[0][byte] = crc;
	}
	for (unsigned k = 1; k < SLICES; k++)
		for (uint32_t byte = 0; byte < 256; byte++) {
			uint32_t crc = tables->of[k - 1][byte];
			tables->of[k][byte] = crc >> 8 ^ tables->of[0][crc & 0xff];
		}
}

uint32_t crc32_bytes(uint32_t crc, const void *data, size_t size)
{
	struct tables tables; /* 8 KiB, made in some microseconds: calls are for large blocks */
	const uint8_t *at = data;
	make_tables(&tables);
	crc = ~crc;
	for (; size >= SLICES; size -= SLICES, at += SLICES) {
		uint64_t eight;
		memcpy(&eight, at, sizeof(eight));
		eight ^= crc;
		crc = 0;
		for (unsigned k = 0; k < SLICES; k++)
			crc ^= tables.of[SLICES - 1 - k][eight >> 8 * k & 0xff];
	}
	while (size--)
		crc = crc >> 8 ^ tables.of[0][(crc ^ *at++) & 0xff];
	return ~crc;
}

/* The product of two polynomials modulo the CRC's; bit 31 is x^0. */
static uint32_t multiply(uint32_t a, uint32_t b)
{
	uint32_t product = 0;
	for (uint32_t bit = 1u << 31; bit; bit >>= 1) {
		if (a & bit)
			product ^= b;
		b = b >> 1 ^ (b & 1 ? POLYNOMIAL : 0);
	}
	return product;
}

/* The first part is shifted by the bits of the second: multiplied by x^(8 size). */
uint32_t crc32_join(uint32_t first, uint32_t second, uint64_t size)
{
	uint32_t shift = 1u << 31, power = 1u << 23; /* x^0, x^8 */
	for (; size; size >>= 1) {
		if (size & 1)
			shift = multiply(shift, power);
		power = multiply(power, power);
	}
	return multiply(shift, first) ^ second;
}
