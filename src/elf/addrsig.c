#include "elf/addrsig.h"

bool elf_addrsig_next(struct bytes table, uint64_t *at, uint32_t nsyms, uint32_t *symbol, struct elf_error *error)
{
	uint64_t start = *at, number = 0;
	uint8_t byte;
	unsigned shift = 0;
	do {
		if (*at == table.size)
			return elf_fail(error, ".llvm_addrsig", 0, start, "ends inside a number");
		byte = table.data[(*at)++];
		if (shift > 56)
			return elf_fail(error, ".llvm_addrsig", 0, start, "has a number that is too long");
		number |= (uint64_t)(byte & 0x7f) << shift;
		shift += 7;
	} while (byte & 0x80);
	if (number >= nsyms)
		return elf_fail(error, ".llvm_addrsig", 0, number, "names a symbol that is not in the symbol table");
	*symbol = (uint32_t)number;
	return true;
}
