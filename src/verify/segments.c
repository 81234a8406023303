/* Program headers (gABI chapter 5, "Program Header"; the kernel's fs/binfmt_elf.c and glibc's elf/dl-load.c are who
 * reads them) and what the loader write-protects. */
#include <string.h>

#include "elf/mem.h"
#include "verify/subject.h"

enum { PAGE = 4096 };

#define ull(number) ((unsigned long long)(number))

static void verify_loads(struct subject *subject)
{
	const struct elf_phdr *before = NULL;
	for (uint32_t i = 0; i < subject->n_phdrs; i++) {
		const struct elf_phdr *phdr = &subject->phdrs[i];
		claim(subject, phdr->p_align == 0 || is_power_of_two(phdr->p_align),
		      "program header %u: p_align 0x%llx",
		      i,
		      ull(phdr->p_align));
		if (phdr->p_type != PT_LOAD)
			continue;
		claim(subject, phdr->p_filesz <= phdr->p_memsz, "program header %u: p_filesz is more than p_memsz", i);
		uint64_t align = phdr->p_align ? phdr->p_align : 1;
		claim(subject, ((phdr->p_vaddr - phdr->p_offset) & (align - 1)) == 0,
		      "program header %u: p_vaddr 0x%llx and p_offset 0x%llx differ modulo p_align 0x%llx", i,
		      ull(phdr->p_vaddr), ull(phdr->p_offset), ull(align));
		if (before) {
			uint64_t end = before->p_vaddr + before->p_memsz, start = phdr->p_vaddr;
			claim(subject, end <= start || subject->wishes & WISH_PLACES,
			      "program header %u: PT_LOADs overlap or are not in order", i);
			if (align >= PAGE && before->p_flags != phdr->p_flags && !(subject->wishes & WISH_PLACES))
				claim(subject, align_up(end, PAGE) <= (start & ~(uint64_t)(PAGE - 1)) ||
				      start % PAGE == 0,
				      "program header %u: a page at 0x%llx has two protections", i, ull(start));
		}
		before = phdr;
	}
	claim(subject, before, "there is no PT_LOAD");
}

/* A PT_LOAD ends with its last section, or with the page that this one ends in. */
static void verify_ends(struct subject *subject)
{
	for (uint32_t i = 0; i < subject->n_phdrs && subject->elf.nshdr; i++) {
		const struct elf_phdr *phdr = &subject->phdrs[i];
		uint64_t start = phdr->p_vaddr, end = start, file_end = start;
		if (phdr->p_type != PT_LOAD)
			continue;
		if (phdr->p_offset == 0)
			end = file_end = start + subject->elf.ehdr->e_phoff + subject->n_phdrs * sizeof(*phdr);
		for (uint32_t s = 1; s < subject->elf.nshdr; s++) {
			const struct elf_shdr *shdr = subject_shdr(subject, s);
			bool inside = shdr->sh_flags & SHF_ALLOC && shdr->sh_addr >= start &&
				      shdr->sh_addr - start <= phdr->p_memsz;
			if (!inside || (shdr->sh_type == SHT_NOBITS && shdr->sh_flags & SHF_TLS))
				continue;
			end = max_u64(end, shdr->sh_addr + shdr->sh_size);
			if (shdr->sh_type != SHT_NOBITS)
				file_end = max_u64(file_end, shdr->sh_addr + shdr->sh_size);
		}
		claim(subject, phdr->p_memsz <= align_up(end, PAGE) - start,
		      "program header %u: p_memsz 0x%llx, its sections end at 0x%llx",
		      i, ull(phdr->p_memsz), ull(end));
		claim(subject, phdr->p_filesz <= align_up(file_end, PAGE) - start, "program header %u: p_filesz 0x%llx",
		      i,
		      ull(phdr->p_filesz));
	}
}

/* Segments that there may be one of. */
static void verify_unique(struct subject *subject)
{
	static const uint32_t types[] = {PT_PHDR, PT_INTERP, PT_DYNAMIC, PT_TLS, PT_GNU_EH_FRAME, PT_GNU_STACK,
					 PT_GNU_RELRO, PT_GNU_PROPERTY};
	for (unsigned t = 0; t < COUNTOF(types); t++) {
		unsigned n = 0;
		for (uint32_t i = 0; i < subject->n_phdrs; i++)
			n += subject->phdrs[i].p_type == types[t];
		claim(subject, n <= 1, "there are %u program headers of type 0x%x", n, types[t]);
	}
	/* PT_PHDR and PT_INTERP stand before the loads (gABI) */
	bool loads = false;
	for (uint32_t i = 0; i < subject->n_phdrs; i++) {
		uint32_t type = subject->phdrs[i].p_type;
		loads |= type == PT_LOAD;
		claim(subject, !loads || (type != PT_PHDR && type != PT_INTERP),
		      "program header %u must precede PT_LOAD",
		      i);
	}
}

/* A segment that is exactly a section. */
static void verify_is_section(struct subject *subject, uint32_t type, uint32_t section, const char *what)
{
	const struct elf_phdr *phdr = subject_segment(subject, type);
	if (!subject->elf.nshdr)
		return;
	claim(subject, !phdr == !section, "%s: there is a program header or a section, but not both", what);
	if (!phdr || !section)
		return;
	const struct elf_shdr *shdr = subject_shdr(subject, section);
	claim(subject, phdr->p_vaddr == shdr->sh_addr && phdr->p_offset == shdr->sh_offset,
	      "%s: p_vaddr or p_offset is wrong",
	      what);
	claim(subject, phdr->p_filesz == shdr->sh_size && phdr->p_memsz == shdr->sh_size,
	      "%s: p_filesz 0x%llx, p_memsz 0x%llx",
	      what, ull(phdr->p_filesz), ull(phdr->p_memsz));
}

static void verify_tls(struct subject *subject)
{
	const struct elf_phdr *tls = subject_segment(subject, PT_TLS);
	uint64_t start = UINT64_MAX, end = 0, file_end = 0, align = 1;
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		if (!(shdr->sh_flags & SHF_TLS) || !(shdr->sh_flags & SHF_ALLOC))
			continue;
		start = min_u64(start, shdr->sh_addr);
		end = max_u64(end, shdr->sh_addr + shdr->sh_size);
		align = max_u64(align, shdr->sh_addralign);
		if (shdr->sh_type != SHT_NOBITS)
			file_end = max_u64(file_end, shdr->sh_addr + shdr->sh_size);
	}
	if (!subject->elf.nshdr)
		return;
	claim(subject, !tls == !end, "PT_TLS: without thread-local sections, or the other way round");
	if (!tls || !end)
		return;
	claim(subject, tls->p_vaddr == start, "PT_TLS: p_vaddr 0x%llx, its sections begin at 0x%llx", ull(tls->p_vaddr),
	      ull(start));
	claim(subject, tls->p_memsz == end - start || tls->p_memsz == align_up(end - start, max_u64(tls->p_align, 1)),
	      "PT_TLS: p_memsz 0x%llx, its sections take 0x%llx", ull(tls->p_memsz),
	      ull(end - start));
	claim(subject, tls->p_filesz == (file_end ? file_end - start : 0), "PT_TLS: p_filesz 0x%llx",
	      ull(tls->p_filesz));
	claim(subject, tls->p_align >= align, "PT_TLS: p_align %llu, its sections need %llu", ull(tls->p_align),
	      ull(align));
}

static void verify_interp(struct subject *subject)
{
	const struct elf_phdr *interp = subject_segment(subject, PT_INTERP);
	if (!interp || !mem_inside(interp->p_offset, interp->p_filesz, subject->elf.bytes.size))
		return;
	const uint8_t *name = subject->elf.bytes.data + interp->p_offset;
	claim(subject, interp->p_filesz > 1 && memchr(name, 0, interp->p_filesz) == name + interp->p_filesz - 1,
	      "PT_INTERP: not one NUL-terminated name");
}

void verify_segments(struct subject *subject)
{
	verify_loads(subject);
	verify_ends(subject);
	verify_unique(subject);
	verify_is_section(subject, PT_INTERP, subject_section_named(subject, ".interp"), "PT_INTERP");
	verify_is_section(subject, PT_DYNAMIC, subject_section_of_type(subject, SHT_DYNAMIC), "PT_DYNAMIC");
	verify_is_section(subject, PT_GNU_PROPERTY, subject_section_named(subject, ".note.gnu.property"),
			  "PT_GNU_PROPERTY");
	const struct elf_phdr *unwind = subject_segment(subject, PT_GNU_EH_FRAME);
	uint32_t unwind_section = subject_section_named(subject, ".eh_frame_hdr");
	if (unwind && unwind_section)
		verify_is_section(subject, PT_GNU_EH_FRAME, unwind_section, "PT_GNU_EH_FRAME");
	else if (unwind && subject->elf.nshdr)
		claim(subject, subject_section_at(subject, unwind->p_vaddr, unwind->p_filesz),
		      "PT_GNU_EH_FRAME: [0x%llx, +0x%llx) is in no section", ull(unwind->p_vaddr),
		      ull(unwind->p_filesz));
	verify_tls(subject);
	verify_interp(subject);
	const struct elf_phdr *headers = subject_segment(subject, PT_PHDR);
	if (headers) {
		uint64_t size = subject->n_phdrs * sizeof(*headers);
		claim(subject, headers->p_offset == subject->elf.ehdr->e_phoff, "PT_PHDR: not where e_phoff says");
		claim(subject, headers->p_filesz == size && headers->p_memsz == size,
		      "PT_PHDR: not as large as the table");
	}
	for (uint32_t i = 0; i < subject->n_phdrs; i++) {
		const struct elf_phdr *phdr = &subject->phdrs[i];
		if (phdr->p_type == PT_LOAD || phdr->p_type == PT_NULL || phdr->p_type == PT_GNU_STACK ||
		    !phdr->p_memsz)
			continue;
		uint64_t size = phdr->p_type == PT_TLS ? phdr->p_filesz : phdr->p_memsz;
		if (!size)
			continue;
		uint32_t index = subject_load_at(subject, phdr->p_vaddr, phdr->p_type == PT_GNU_RELRO ? 1 : size);
		if (!claim(subject, index != NO_SEGMENT, "program header %u (type 0x%x) is in no PT_LOAD", i,
			   phdr->p_type))
			continue;
		const struct elf_phdr *load = &subject->phdrs[index];
		claim(subject, !phdr->p_filesz || phdr->p_offset - load->p_offset == phdr->p_vaddr - load->p_vaddr,
		      "program header %u (type 0x%x): p_offset is not where its PT_LOAD has it", i, phdr->p_type);
	}
}

/* ---- RELRO -------------------------------------------------------------------------------------------------- */

/* The loader makes whole pages read-only: from the page that the segment begins in to the one that it ends in, without
 * that (glibc, elf/dl-reloc.c). */
void verify_relro(struct subject *subject)
{
	const struct elf_phdr *relro = subject_segment(subject, PT_GNU_RELRO);
	if (!relro || relro->p_memsz == 0) /* nothing is made read-only */
		return;
	uint64_t start = relro->p_vaddr, end = start + relro->p_memsz;
	uint64_t first = start & ~(uint64_t)(PAGE - 1), last = end & ~(uint64_t)(PAGE - 1);
	uint64_t ignored, flags = 0;
	uint32_t load = subject_load_at(subject, start, 1);
	if (claim(subject, load != NO_SEGMENT, "PT_GNU_RELRO is in no PT_LOAD"))
		claim(subject, end <= align_up(subject->phdrs[load].p_vaddr + subject->phdrs[load].p_memsz, PAGE),
		      "PT_GNU_RELRO: p_memsz 0x%llx", ull(relro->p_memsz));
	claim(subject, relro->p_filesz <= relro->p_memsz, "PT_GNU_RELRO: p_filesz 0x%llx", ull(relro->p_filesz));
	bool now = subject_dynamic(subject, DT_BIND_NOW, &ignored) ||
		   (subject_dynamic(subject, DT_FLAGS, &flags) && flags & DF_BIND_NOW);
	for (uint32_t i = 1; i < subject->elf.nshdr; i++) {
		const struct elf_shdr *shdr = subject_shdr(subject, i);
		const char *name = elf_section_name(&subject->elf, i);
		bool writable = shdr->sh_flags & SHF_ALLOC && shdr->sh_flags & SHF_WRITE && shdr->sh_size;
		if (!writable || (shdr->sh_type == SHT_NOBITS && shdr->sh_flags & SHF_TLS))
			continue;
		bool inside = shdr->sh_addr >= start && shdr->sh_addr + shdr->sh_size <= end;
		bool protected = shdr->sh_addr < last && shdr->sh_addr + shdr->sh_size > first;
		/* The loader's own three words of .got.plt are written before. */
		if (strcmp(name, ".got.plt") == 0 && shdr->sh_addr + 3 * 8 == last)
			continue;
		claim(subject, inside || !protected, "section %s would become read-only with PT_GNU_RELRO", name);
		bool wants = shdr->sh_type == SHT_DYNAMIC || shdr->sh_type == SHT_INIT_ARRAY ||
			     shdr->sh_type == SHT_FINI_ARRAY || shdr->sh_type == SHT_PREINIT_ARRAY ||
			     strcmp(name, ".data.rel.ro") == 0 || strcmp(name, ".got") == 0 ||
			     (now && strcmp(name, ".got.plt") == 0);
		claim(subject, inside || !wants || subject->wishes & WISH_PLACES,
		      "section %s is not in PT_GNU_RELRO", name);
	}
	claim(subject, end % PAGE == 0 || subject_load_at(subject, end, 1) == NO_SEGMENT,
	      "PT_GNU_RELRO ends at 0x%llx, in the middle of a page: its last page stays writable", ull(end));
}
