/* Unwind tables (LSB Core, "Exception Frames" and ".eh_frame_hdr"): an unwinder searches by halves. */
#include <stdlib.h>

#include "base/arena.h"
#include "base/array.h"
#include "elf/eh_frame.h"
#include "elf/mem.h"
#include "verify/subject.h"

#define ull(number) ((unsigned long long)(number))

struct fde {
	uint64_t begin, size, record; /* addresses */
};

struct fdes {
	ARRAY(struct fde) list;
};

/* Only what compilers write: 4 or 8 bytes, absolute or relative to the place. false: another encoding. */
static bool decode(const uint8_t *at, uint64_t room, uint64_t addr, uint8_t encoding, uint64_t *value, uint64_t *size)
{
	switch (encoding & 0x0f) {
	case DW_EH_PE_absptr:
	case DW_EH_PE_udata8:
	case DW_EH_PE_sdata8:
		*size = 8;
		break;
	case DW_EH_PE_sdata4:
	case DW_EH_PE_udata4:
		*size = 4;
		break;
	default:
		return false;
	}
	if (room < *size)
		return false;
	*value = *size == 8 ? read64(at)
		 : (encoding & 0x0f) == DW_EH_PE_sdata4 ? (uint64_t)(int64_t)(int32_t)read32(at) : read32(at);
	if ((encoding & 0x70) == DW_EH_PE_pcrel)
		*value += addr;
	return (encoding & 0x80) == 0 && ((encoding & 0x70) == DW_EH_PE_pcrel || (encoding & 0x70) == 0);
}

static bool read_fdes(struct subject *subject, uint32_t section, struct fdes *fdes)
{
	struct bytes bytes = elf_section_bytes(&subject->elf, section);
	uint64_t addr = subject_shdr(subject, section)->sh_addr;
	struct eh_record record, cie;
	struct elf_error error;
	for (uint64_t at = 0; at < bytes.size; at = record.offset + record.size) {
		if (!claim(subject, eh_frame_record(bytes, at, &record, &error),
			   ".eh_frame: a malformed record at offset 0x%llx",
			   ull(at)))
			return false;
		if (record.is_terminator) {
			claim(subject, record.offset + record.size == bytes.size,
			      ".eh_frame: ends at offset 0x%llx, before its end",
			      ull(at));
			break;
		}
		if (record.is_cie)
			continue;
		uint8_t encoding;
		if (!claim(subject, eh_frame_record(bytes, record.cie_offset, &cie, &error) && cie.is_cie,
			   ".eh_frame: the record at offset 0x%llx has no CIE", ull(at)) ||
		    !eh_cie_pointer_encoding(bytes, &cie, &encoding, &error))
			return false;
		uint64_t field = record.offset + record.id_offset + 4, end = record.offset + record.size;
		uint64_t begin, size, length, used;
		if (!decode(bytes.data + field, end - field, addr + field, encoding, &begin, &size))
			return false;
		field += size;
		if (!decode(bytes.data + field, end - field, addr + field, encoding & 0x07, &length, &used))
			return false;
		if (length)
			*array_push(&fdes->list) = (struct fde){begin, length, addr + at};
	}
	return true;
}

static int compare_fdes(const void *a, const void *b)
{
	const struct fde *x = a, *y = b;
	return (x->begin > y->begin) - (x->begin < y->begin);
}

/* Records are about code, and about different code. */
static void verify_ranges(struct subject *subject, const struct fdes *fdes)
{
	for (uint32_t i = 0; i < fdes->list.n; i++) {
		const struct fde *fde = &fdes->list.at[i];
		claim(subject, subject_is_loaded(subject, fde->begin, fde->size, PF_X),
		      ".eh_frame: the record at 0x%llx is about [0x%llx, +0x%llx), which is no code", ull(fde->record),
		      ull(fde->begin), ull(fde->size));
		if (i)
			claim(subject, fde[-1].begin + fde[-1].size <= fde->begin,
			      ".eh_frame: two records are about 0x%llx",
			      ull(fde->begin));
	}
}

/* `bytes` at `addr`: the section .eh_frame_hdr, or, where it is a part of another one, PT_GNU_EH_FRAME. */
static void verify_index(struct subject *subject, struct bytes bytes, uint64_t addr, uint32_t frames,
			 const struct fdes *fdes)
{
	if (!claim(subject, bytes.size >= 8 && bytes.data[0] == 1 &&
		   bytes.data[1] == (DW_EH_PE_pcrel | DW_EH_PE_sdata4),
		   ".eh_frame_hdr: version or encoding"))
		return;
	uint64_t points = addr + 4 + (uint64_t)(int64_t)(int32_t)read32(bytes.data + 4);
	claim(subject, points == subject_shdr(subject, frames)->sh_addr,
	      ".eh_frame_hdr: it points to 0x%llx, not to .eh_frame",
	      ull(points));
	if (bytes.data[2] == DW_EH_PE_omit)
		return; /* no table: unwinders go through .eh_frame */
	if (!claim(subject, bytes.size >= 12 && bytes.data[2] == DW_EH_PE_udata4 &&
			  bytes.data[3] == (DW_EH_PE_datarel | DW_EH_PE_sdata4),
		   ".eh_frame_hdr: encodings 0x%x, 0x%x", bytes.data[2], bytes.data[3]))
		return;
	uint32_t n = read32(bytes.data + 8);
	if (!claim(subject, bytes.size >= 12 + 8ull * n, ".eh_frame_hdr: %u entries do not fit", n))
		return;
	claim(subject, n >= fdes->list.n, ".eh_frame_hdr: %u entries for %u records", n, fdes->list.n);
	uint32_t next = 0;
	uint64_t before = 0;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t begin = addr + (uint64_t)(int64_t)(int32_t)read32(bytes.data + 12 + 8ull * i);
		uint64_t record = addr + (uint64_t)(int64_t)(int32_t)read32(bytes.data + 16 + 8ull * i);
		claim(subject, i == 0 || begin >= before, ".eh_frame_hdr: entry %u is not in order", i);
		before = begin;
		while (next < fdes->list.n && fdes->list.at[next].begin < begin)
			violation(subject, ".eh_frame_hdr: there is no entry for 0x%llx",
				  ull(fdes->list.at[next++].begin));
		/* A search ends at the last one of an address: functions without a byte stand before it. */
		bool last = i + 1 == n || read32(bytes.data + 12 + 8ull * i) != read32(bytes.data + 20 + 8ull * i);
		if (last && next < fdes->list.n && fdes->list.at[next].begin == begin) {
			claim(subject, fdes->list.at[next].record == record,
			      ".eh_frame_hdr: entry %u is not 0x%llx's record", i,
			      ull(begin));
			next++;
		}
	}
	claim(subject, next == fdes->list.n, ".eh_frame_hdr: %u records have no entry", fdes->list.n - next);
}

void verify_unwind(struct subject *subject)
{
	uint32_t frames = subject_section_named(subject, ".eh_frame"), header = subject_section_named(subject,
												      ".eh_frame_hdr");
	struct fdes fdes = {0};
	if (frames && subject_shdr(subject, frames)->sh_type != SHT_NOBITS && read_fdes(subject, frames, &fdes)) {
		if (fdes.list.n)
			qsort(fdes.list.at, fdes.list.n, sizeof(*fdes.list.at), compare_fdes);
		verify_ranges(subject, &fdes);
		const struct elf_phdr *phdr = subject_segment(subject, PT_GNU_EH_FRAME);
		const uint8_t *index = phdr ? subject_bytes(subject, phdr->p_vaddr, phdr->p_filesz) : NULL;
		if (header && subject_shdr(subject, header)->sh_type != SHT_NOBITS)
			verify_index(subject, elf_section_bytes(&subject->elf, header),
				     subject_shdr(subject, header)->sh_addr, frames, &fdes);
		else if (!header && index)
			verify_index(subject, (struct bytes){index, phdr->p_filesz}, phdr->p_vaddr, frames, &fdes);
	}
	array_free(&fdes.list);
}
