/* mutate SEED < file > file: a damaged copy. Truncates now and then; mostly changes a few bytes, where headers, section headers and symbol
 * tables are more often than by chance. The same seed gives the same damage. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t state;

static uint64_t below(uint64_t n)
{
	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return n ? state % n : 0;
}

int main(int argc, char **argv)
{
	static uint8_t bytes[64 << 20];
	if (argc != 2)
		return 2;
	state = strtoull(argv[1], NULL, 0) * 0x9e3779b97f4a7c15 + 1;
	for (int i = 0; i < 8; i++)
		below(1);
	uint64_t size = fread(bytes, 1, sizeof(bytes), stdin);
	static const uint8_t interesting[] = {0, 1, 2, 0x7f, 0x80, 0xfe, 0xff};
	if (below(10) == 0)
		size = below(size);
	for (uint64_t n = 1 + below(below(4) == 0 ? 16 : 2); n > 0 && size > 0; n--) {
		uint64_t end = size < 64 * 60 ? size : 64 * 60; /* where an object's section headers are */
		uint64_t where = below(3), at = where == 0 ? below(size < 64 ? size : 64) : where == 1 ? size - 1 - below(end) : below(size);
		bytes[at] = below(2) ? interesting[below(sizeof(interesting))] : (uint8_t)(bytes[at] ^ 1u << below(8));
	}
	return fwrite(bytes, 1, size, stdout) == size ? 0 : 1;
}
