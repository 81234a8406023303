#include "arch/x86_64_plt.h"

void x86_64_write_plt_header(uint8_t *image, uint64_t plt, uint64_t got_plt)
{
	static const uint8_t code[X86_64_PLT_HEADER_SIZE] = {
		0xff, 0x35, 0, 0, 0, 0, /* push GOTPLT+8(%rip) */
		0xff, 0x25, 0, 0, 0, 0, /* jmp *GOTPLT+16(%rip) */
		0x0f, 0x1f, 0x40, 0x00, /* nopl 0(%rax) */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 2, got_plt + 8 - (plt + 6));
	write32(image + 8, got_plt + 16 - (plt + 12));
}

void x86_64_write_plt_entry(uint8_t *image, uint64_t entry, uint64_t plt, uint64_t slot, uint32_t index)
{
	static const uint8_t code[X86_64_PLT_ENTRY_SIZE] = {
		0xff, 0x25, 0, 0, 0, 0, /* jmp *slot(%rip) */
		0x68, 0, 0, 0, 0,       /* push $index */
		0xe9, 0, 0, 0, 0,       /* jmp PLT0 */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 2, slot - (entry + 6));
	write32(image + 7, index);
	write32(image + 12, plt - (entry + 16));
}

void x86_64_write_plt_got_entry(uint8_t *image, uint64_t entry, uint64_t slot)
{
	static const uint8_t code[X86_64_PLT_GOT_ENTRY_SIZE] = {
		0xff, 0x25, 0, 0, 0, 0, /* jmp *slot(%rip) */
		0x66, 0x90,             /* xchg %ax,%ax */
	};
	__builtin_memcpy(image, code, sizeof(code));
	write32(image + 2, slot - (entry + 6));
}

uint64_t x86_64_lazy_target(uint64_t entry)
{
	return entry + 6;
}
