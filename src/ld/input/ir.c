#include "ld/input/ir.h"

#include <string.h>

const char ir_bitcode_words[] =
	"LLVM bitcode, which has no machine code: link-time optimisation is not supported yet\n"
	">>> compile with -fno-lto, or with -ffat-lto-objects";
const char ir_slim_words[] =
	"an object of GCC's link-time optimisation, which has no machine code: that is not supported yet\n"
	">>> plugin needed to handle lto object; compile with -fno-lto, or with -ffat-lto-objects";

bool ir_is_bitcode(struct bytes bytes)
{
	return bytes.size >= 4 &&
	       (memcmp(bytes.data, "BC\xc0\xde", 4) == 0 || memcmp(bytes.data, "\xde\xc0\x17\x0b", 4) == 0);
}

bool ir_is_slim(const struct elf_file *elf, uint32_t number)
{
	static const char prefix[] = ".gnu.lto_.lto.";
	enum { SLIM = 4 }; /* after two 16-bit version numbers */
	if (strncmp(elf_section_name(elf, number), prefix, sizeof(prefix) - 1) != 0)
		return false;
	struct bytes bytes = elf_section_bytes(elf, number);
	return bytes.size > SLIM && bytes.data[SLIM] != 0;
}
