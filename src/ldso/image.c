#include "ldso/image.h"

#include <asm/errno.h>
#include <fcntl.h>
#include <sys/mman.h>

#include "ldso/heap.h"
#include "ldso/sys.h"
#include "ldso/text.h"

static uint64_t page_down(const struct loader *ld, uint64_t address)
{
	return address & ~(ld->page_size - 1);
}

static uint64_t page_up(const struct loader *ld, uint64_t address)
{
	return page_down(ld, address + ld->page_size - 1);
}

/* --- the ELF header */

/* What is wrong with the identification, or NULL. The order and the words are those of glibc. */
static const char *bad_ident(const Elf64_Ehdr *header)
{
	const unsigned char *ident = header->e_ident;
	if (memcmp(ident, ELFMAG, SELFMAG) != 0)
		return "invalid ELF header";
	if (ident[EI_DATA] != ELFDATA2LSB)
		return "ELF file data encoding not little-endian";
	if (ident[EI_VERSION] != EV_CURRENT)
		return "ELF file version ident does not match current one";
	if (ident[EI_OSABI] != ELFOSABI_SYSV && ident[EI_OSABI] != ELFOSABI_GNU)
		return "ELF file OS ABI invalid";
	if (ident[EI_ABIVERSION] != 0 && !(ident[EI_OSABI] == ELFOSABI_GNU && ident[EI_ABIVERSION] < 4))
		return "ELF file ABI version invalid";
	for (unsigned i = EI_PAD; i < EI_NIDENT; i++)
		if (ident[i])
			return "nonzero padding in e_ident";
	return NULL;
}

enum open_result image_open(struct loader *ld, const char *path, struct opened *opened, int *code)
{
	bool inspect = ld->options.mode == MODE_INSPECT;
	int fd = sys_open(path, O_RDONLY | O_CLOEXEC | (inspect ? O_NONBLOCK : 0), 0);
	if (sys_failed(fd)) {
		*code = -fd;
		return OPEN_ABSENT;
	}
	opened->fd = fd;
	opened->size = 0;
	struct stat stat;
	if (inspect && !sys_fstat(fd, &stat) && !S_ISREG(stat.st_mode) && !S_ISDIR(stat.st_mode)) {
		fail(ld, path, 0, "not a regular file"); /* reading it may never end; folders say so themselves */
		goto broken;
	}
	long got;
	while (opened->size < sizeof(Elf64_Ehdr) &&
	       (got = sys_read(fd, opened->start + opened->size, sizeof(opened->start) - opened->size)) != 0) {
		if (sys_failed(got)) {
			fail(ld, path, (int)-got, "cannot read file data");
			goto broken;
		}
		opened->size += (size_t)got;
	}
	if (opened->size < sizeof(Elf64_Ehdr)) {
		fail(ld, path, 0, "file too short");
		goto broken;
	}
	*code = -sys_fstat(fd, &stat);
	if (*code) {
		fail(ld, path, *code, "cannot stat shared object");
		goto broken;
	}
	opened->device = stat.st_dev;
	opened->inode = stat.st_ino;
	opened->file_size = (uint64_t)stat.st_size;
	const Elf64_Ehdr *header = (const void *)opened->start;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) == 0 && header->e_ident[EI_CLASS] != ELFCLASS64) {
		sys_close(fd);
		*code = ENOENT;
		return OPEN_OTHER_CLASS;
	}
	const char *what = bad_ident(header);
	if (!what && header->e_version != EV_CURRENT)
		what = "ELF file version does not match current one";
	if (!what && header->e_machine != EM_X86_64) {
		sys_close(fd);
		*code = ENOENT;
		return OPEN_ABSENT;
	}
	if (!what && header->e_type != ET_DYN && header->e_type != ET_EXEC)
		what = "only ET_DYN and ET_EXEC can be loaded";
	if (!what && header->e_phentsize != sizeof(Elf64_Phdr))
		what = "ELF file's phentsize not the expected size";
	if (!what)
		return OPEN_OK;
	fail(ld, path, 0, "%s", what);
broken:
	sys_close(fd);
	return OPEN_BROKEN;
}

/* --- segments */

static int protection(const struct loader *ld, const Elf64_Phdr *segment)
{
	if (ld->options.mode == MODE_INSPECT)
		return PROT_READ;
	return (segment->p_flags & PF_R ? PROT_READ : 0) | (segment->p_flags & PF_W ? PROT_WRITE : 0) |
	       (segment->p_flags & PF_X ? PROT_EXEC : 0);
}

/* What all PT_LOAD segments need together. */
struct extent {
	uint64_t low, high, align; /* vaddrs, whole pages */
	const Elf64_Phdr *first;
};

static const char *measure(const struct loader *ld, const Elf64_Phdr *phdr, unsigned phnum, uint64_t file_size,
			   struct extent *extent)
{
	*extent = (struct extent){.align = ld->page_size};
	uint64_t behind = 0;
	for (unsigned i = 0; i < phnum; i++) {
		const Elf64_Phdr *segment = &phdr[i];
		if (segment->p_type != PT_LOAD)
			continue;
		if ((segment->p_vaddr - segment->p_offset) & (ld->page_size - 1))
			return "ELF load command address/offset not page-aligned";
		uint64_t end = segment->p_vaddr + segment->p_memsz;
		if (segment->p_filesz > file_size || segment->p_offset > file_size - segment->p_filesz)
			return "ELF load command past end of file";
		if (segment->p_filesz > segment->p_memsz || end < segment->p_vaddr || end > UINT64_MAX / 2 ||
		    segment->p_vaddr < behind)
			return "ELF load command with sizes that make no sense";
		if (!extent->first) {
			extent->first = segment;
			extent->low = page_down(ld, segment->p_vaddr);
		}
		behind = end;
		extent->high = page_up(ld, end);
		uint64_t align = segment->p_align;
		if ((align & (align - 1)) == 0 && align > extent->align)
			extent->align = align;
	}
	return extent->first ? NULL : "object file has no loadable segments";
}

/* The part behind p_filesz: the rest of the last page of the file is cleared, whole pages are anonymous. */
static bool map_zeroes(const struct loader *ld, const Elf64_Phdr *segment, uint64_t base)
{
	uint64_t start = base + segment->p_vaddr;
	uint64_t file_end = start + segment->p_filesz, end = start + segment->p_memsz;
	uint64_t zero_page = segment->p_filesz ? page_up(ld, file_end) : page_down(ld, file_end);
	if (zero_page > file_end) {
		uint64_t page = page_down(ld, file_end);
		bool writable = protection(ld, segment) & PROT_WRITE;
		if (!writable && sys_mprotect(page, ld->page_size, protection(ld, segment) | PROT_WRITE))
			return false;
		memset((void *)file_end, 0, zero_page - file_end);
		if (!writable)
			sys_mprotect(page, ld->page_size, protection(ld, segment));
	}
	return end <= zero_page ||
	       !sys_failed(sys_mmap(zero_page, page_up(ld, end) - zero_page, protection(ld, segment),
				    MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0));
}

static long map_part(const struct loader *ld, const Elf64_Phdr *segment, uint64_t at, uint64_t size, int flags, int fd)
{
	return sys_mmap(at, size, protection(ld, segment), MAP_PRIVATE | flags, fd, page_down(ld, segment->p_offset));
}

/* Reserves the whole extent by mapping the first segment over all of it; the others replace their parts. Returns the
 * memory address of extent->low or a negative errno. */
static long reserve(const struct loader *ld, const struct extent *extent, bool fixed, int fd)
{
	uint64_t size = extent->high - extent->low;
	if (fixed)
		return map_part(ld, extent->first, extent->low, size, MAP_FIXED_NOREPLACE, fd);
	if (extent->align <= ld->page_size && extent->first->p_filesz)
		return map_part(ld, extent->first, 0, size, 0, fd);
	long room = sys_mmap(0, size + extent->align, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (sys_failed(room))
		return room;
	uint64_t start = (uint64_t)room;
	uint64_t at = ((start - extent->low + extent->align - 1) & ~(extent->align - 1)) + extent->low;
	if (at > start)
		sys_munmap(start, at - start);
	if (start + size + extent->align > at + size)
		sys_munmap(at + size, start + extent->align - at);
	if (!extent->first->p_filesz)
		return (long)at;
	return map_part(ld, extent->first, at, size, MAP_FIXED, fd);
}

static const char *map_segments(struct loader *ld, struct object *object, const Elf64_Phdr *phdr, unsigned phnum,
				const struct extent *extent, bool fixed, int fd)
{
	static const char no_map[] = "failed to map segment from shared object";
	long at = reserve(ld, extent, fixed, fd);
	if (sys_failed(at))
		return no_map;
	object->base = (uint64_t)at - extent->low;
	object->start = (uint64_t)at;
	object->end = object->base + extent->high;
	uint64_t behind = 0;
	for (unsigned i = 0; i < phnum; i++) {
		const Elf64_Phdr *segment = &phdr[i];
		if (segment->p_type != PT_LOAD)
			continue;
		uint64_t start = object->base + page_down(ld, segment->p_vaddr);
		uint64_t file_end = page_up(ld, object->base + segment->p_vaddr + segment->p_filesz);
		if (behind && start > behind)
			sys_mprotect(behind, start - behind, PROT_NONE);
		if (segment != extent->first && segment->p_filesz &&
		    sys_failed(map_part(ld, segment, start, file_end - start, MAP_FIXED, fd)))
			return no_map;
		if (segment->p_memsz > segment->p_filesz && !map_zeroes(ld, segment, object->base))
			return "cannot map zero-fill pages";
		behind = page_up(ld, object->base + segment->p_vaddr + segment->p_memsz);
	}
	return NULL;
}

/* --- program headers */

static void read_phdr(struct loader *ld, struct object *object, const Elf64_Phdr *phdr)
{
	switch (phdr->p_type) {
	case PT_LOAD:
		if (!object->start)
			object->start = object->base + page_down(ld, phdr->p_vaddr);
		object->end = object->base + page_up(ld, phdr->p_vaddr + phdr->p_memsz);
		if (phdr->p_flags & PF_X)
			object->text_end = object->base + phdr->p_vaddr + phdr->p_memsz;
		break;
	case PT_DYNAMIC:
		if (phdr->p_filesz || object->is_vdso) {
			object->dynamic = (Elf64_Dyn *)(object->base + phdr->p_vaddr);
			object->dynamic_size = phdr->p_memsz;
			object->dynamic_readonly = !(phdr->p_flags & PF_W);
		}
		break;
	case PT_INTERP:
		if (object->kind == OBJECT_PROGRAM) /* nobody asks a library, and its text is in a page of its own */
			object->interpreter = (const char *)(object->base + phdr->p_vaddr);
		break;
	case PT_GNU_STACK: object->stack_flags = phdr->p_flags; break;
	case PT_GNU_RELRO:
		object->relro_vaddr = phdr->p_vaddr;
		object->relro_size = phdr->p_memsz;
		break;
	case PT_GNU_EH_FRAME: object->eh_frame_hdr = object->base + phdr->p_vaddr; break;
	case PT_TLS:
		if (!phdr->p_memsz)
			break;
		object->tls_image = (const void *)(object->base + phdr->p_vaddr);
		object->tls_image_size = phdr->p_filesz;
		object->tls_size = phdr->p_memsz;
		object->tls_align = phdr->p_align ? phdr->p_align : 1;
		object->tls_first_byte = phdr->p_vaddr & (object->tls_align - 1);
		break;
	default: break;
	}
}

/* Does it lie in the pages of one segment? Some linkers let PT_GNU_RELRO end where the last page does. */
static bool has_pages(const struct loader *ld, const struct object *object, const Elf64_Phdr *phdr)
{
	for (uint16_t i = 0; i < object->phnum; i++) {
		const Elf64_Phdr *segment = &object->phdr[i];
		uint64_t end = page_up(ld, segment->p_vaddr + segment->p_memsz);
		if (segment->p_type == PT_LOAD && phdr->p_vaddr >= segment->p_vaddr && phdr->p_vaddr <= end &&
		    phdr->p_memsz <= end - phdr->p_vaddr)
			return true;
	}
	return !phdr->p_memsz;
}

/* More than an address space has; sums over all objects still fit into 64 bits. */
#define MOST_TLS (UINT64_C(1) << 48)

/* What program headers point to must lie in memory that PT_LOAD segments made. */
static bool check_phdrs(struct loader *ld, const struct object *object)
{
	for (uint16_t i = 0; i < object->phnum; i++) {
		const Elf64_Phdr *phdr = &object->phdr[i];
		switch (phdr->p_type) {
		case PT_TLS:
			if (phdr->p_filesz > phdr->p_memsz || (phdr->p_align & (phdr->p_align - 1)) ||
			    phdr->p_memsz > MOST_TLS || phdr->p_align > MOST_TLS ||
			    (phdr->p_filesz && !object_has(object, phdr->p_vaddr, phdr->p_filesz)))
				return fail(ld, object->name, 0, "PT_TLS is outside of the object's memory");
			break;
		case PT_INTERP:
			if (!object->interpreter)
				break;
			if (!phdr->p_memsz || !object_has(object, phdr->p_vaddr, phdr->p_memsz) ||
			    ((const char *)object->base)[phdr->p_vaddr + phdr->p_memsz - 1])
				return fail(ld, object->name, 0, "PT_INTERP is no text in the object's memory");
			break;
		case PT_GNU_RELRO:
			if (!has_pages(ld, object, phdr))
				return fail(ld, object->name, 0, "PT_GNU_RELRO is outside of the object's memory");
			break;
		case PT_DYNAMIC:
		case PT_NOTE:
			if (phdr->p_filesz && !object_has(object, phdr->p_vaddr, phdr->p_memsz))
				return fail(ld, object->name, 0,
					    "program header %u is outside of the object's memory", i);
			break;
		default: break;
		}
	}
	return true;
}

bool image_read(struct loader *ld, struct object *object)
{
	object->start = 0;
	object->stack_flags = PF_R | PF_W | PF_X;
	for (uint16_t i = 0; i < object->phnum; i++)
		read_phdr(ld, object, &object->phdr[i]);
	return (object->is_vdso || check_phdrs(ld, object)) && dynamic_read(ld, object);
}

/* Where $ORIGIN is: the directory of the path, made absolute. */
static const char *origin_of(const char *path)
{
	char whole[8192];
	size_t used = 0;
	if (path[0] != '/') {
		long got = sys_getcwd(whole, sizeof(whole) / 2);
		if (sys_failed(got))
			return NULL;
		used = (size_t)got - 1;
		if (used > 1)
			whole[used++] = '/';
	}
	size_t length = (size_t)(text_base_name(path) - path);
	if (length >= sizeof(whole) / 2)
		return NULL;
	memcpy(whole + used, path, length);
	used += length;
	while (used > 1 && whole[used - 1] == '/')
		used--;
	return heap_text_n(whole, used);
}

/* The program headers inside the image. A copy when no segment has them, or when another segment, in the same page, put
 * other bytes over those that were checked. Files that are only looked at may even change: always a copy. */
static void keep_phdrs(const struct loader *ld, struct object *object, const Elf64_Ehdr *header, const Elf64_Phdr *phdr)
{
	uint64_t size = header->e_phnum * sizeof(*phdr);
	object->phnum = header->e_phnum;
	for (unsigned i = 0; ld->options.mode != MODE_INSPECT && i < header->e_phnum; i++) {
		const Elf64_Phdr *segment = &phdr[i];
		if (segment->p_type != PT_LOAD || !(segment->p_flags & PF_R) || segment->p_offset > header->e_phoff ||
		    header->e_phoff - segment->p_offset + size > segment->p_filesz)
			continue;
		uint64_t vaddr = segment->p_vaddr + header->e_phoff - segment->p_offset;
		const Elf64_Phdr *inside = (const void *)(object->base + vaddr);
		if (memcmp(inside, phdr, size) != 0)
			break;
		object->phdr = inside;
		return;
	}
	Elf64_Phdr *copy = heap_alloc(size);
	memcpy(copy, phdr, size);
	object->phdr = copy;
	object->phdr_is_copy = true;
}

static const char *check_kind(const struct object *object, bool program)
{
	if (object->flags_1 & DF_1_PIE && !program)
		return "cannot dynamically load position-independent executable";
	if (object->flags_1 & DF_1_NOOPEN && object->kind == OBJECT_OPENED)
		return "shared object cannot be dlopen()ed";
	return NULL;
}

struct object *image_map(struct loader *ld, struct opened *opened, const char *path, const char *asked,
			 enum object_kind kind)
{
	const Elf64_Ehdr *header = (const void *)opened->start;
	bool program = kind == OBJECT_PROGRAM;
	struct object *object = heap_alloc(sizeof(*object));
	object->kind = kind;
	object->name = heap_text(path);

	const char *what = NULL;
	if (!program) /* as when the kernel maps it, the program itself has no identity */
		object->device = opened->device, object->inode = opened->inode;

	/* Headers beyond what image_open read. */
	size_t size = header->e_phnum * sizeof(Elf64_Phdr);
	const Elf64_Phdr *phdr = NULL;
	Elf64_Phdr *read_here = NULL;
	struct extent extent;
	if (header->e_phoff <= opened->size && size <= opened->size - header->e_phoff) {
		phdr = (const void *)(opened->start + header->e_phoff);
	} else {
		phdr = read_here = heap_alloc(size);
		if (sys_pread(opened->fd, read_here, size, header->e_phoff) != (long)size)
			what = "cannot read file data";
	}
	if (!what)
		what = measure(ld, phdr, header->e_phnum, opened->file_size, &extent);
	if (!what && header->e_type != ET_DYN && !program)
		what = "cannot dynamically load executable";
	bool dynamic = false;
	for (unsigned i = 0; !what && i < header->e_phnum; i++)
		dynamic |= phdr[i].p_type == PT_DYNAMIC && phdr[i].p_filesz;
	if (!what && !dynamic && header->e_type == ET_DYN)
		what = "object file has no dynamic section";
	if (!what)
		what = map_segments(ld, object, phdr, header->e_phnum, &extent,
				    header->e_type == ET_EXEC && ld->options.mode != MODE_INSPECT, opened->fd);
	sys_close(opened->fd);
	if (!what) {
		object->entry = object->base + header->e_entry;
		object->origin = origin_of(path);
		keep_phdrs(ld, object, header, phdr);
		if (image_read(ld, object))
			what = check_kind(object, program);
	}
	if (what)
		fail(ld, asked, 0, "%s", what);
	heap_free(read_here);
	if (!ld->failed)
		return object;
	if (object->start)
		image_unmap(object);
	object_free(object);
	return NULL;
}

void image_show(struct loader *ld, const struct object *object)
{
	debug_print(ld, "  dynamic: 0x%016lx  base: 0x%016lx   size: 0x%016lx\n"
		    "    entry: 0x%016lx  phdr: 0x%016lx  phnum:   %16u\n\n",
		    (uint64_t)object->dynamic, object->base, object->end - object->start, object->entry,
		    (uint64_t)object->phdr, object->phnum);
}

void image_unmap(struct object *object)
{
	if (!object->is_proxy)
		sys_munmap(object->start, object->end - object->start);
}

bool image_protect_relro(struct loader *ld, struct object *object)
{
	uint64_t start = page_down(ld, object->base + object->relro_vaddr);
	uint64_t end = page_down(ld, object->base + object->relro_vaddr + object->relro_size);
	if (!object->relro_size || start == end)
		return true;
	int code = -sys_mprotect(start, end - start, PROT_READ);
	return !code || fail(ld, object->name, code, "cannot apply additional memory protection after relocation");
}
