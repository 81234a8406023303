#include "cache/library.h"

#include <elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ldso/cache_file.h"

#ifndef PT_GNU_PROPERTY
#define PT_GNU_PROPERTY 0x6474e553
#endif
#ifndef GNU_PROPERTY_X86_ISA_1_NEEDED
#define GNU_PROPERTY_X86_ISA_1_NEEDED 0xc0008002
#endif

enum { LONGEST_NAME = 4096, LARGEST_TABLE = 16 << 20 };

/* Where fields are in files of one class. */
struct layout {
	unsigned word;                                     /* bytes of an address */
	unsigned phoff, phentsize, phnum, ehsize;          /* in the ELF header */
	unsigned p_offset, p_vaddr, p_filesz, phdr_size;   /* in a program header; p_type comes first */
};

static const struct layout layout64 = {8, offsetof(Elf64_Ehdr, e_phoff), offsetof(Elf64_Ehdr, e_phentsize),
				       offsetof(Elf64_Ehdr, e_phnum), sizeof(Elf64_Ehdr),
				       offsetof(Elf64_Phdr, p_offset), offsetof(Elf64_Phdr, p_vaddr),
				       offsetof(Elf64_Phdr, p_filesz), sizeof(Elf64_Phdr)};
static const struct layout layout32 = {4, offsetof(Elf32_Ehdr, e_phoff), offsetof(Elf32_Ehdr, e_phentsize),
				       offsetof(Elf32_Ehdr, e_phnum), sizeof(Elf32_Ehdr),
				       offsetof(Elf32_Phdr, p_offset), offsetof(Elf32_Phdr, p_vaddr),
				       offsetof(Elf32_Phdr, p_filesz), sizeof(Elf32_Phdr)};

struct file {
	int fd;
	uint64_t size;
	const struct layout *layout;
	uint8_t *phdrs; /* malloc()ed */
	unsigned nphdrs;
};

static uint64_t number(const uint8_t *at, unsigned size)
{
	uint64_t value = 0;
	for (unsigned i = size; i-- > 0;)
		value = value << 8 | at[i];
	return value;
}

static bool read_at(const struct file *file, void *to, size_t size, uint64_t offset)
{
	return size <= file->size && offset <= file->size - size &&
	       pread(file->fd, to, size, (off_t)offset) == (ssize_t)size;
}

static const uint8_t *phdr_at(const struct file *file, unsigned i)
{
	return file->phdrs + (size_t)i * file->layout->phdr_size;
}

static uint64_t phdr_field(const struct file *file, unsigned i, unsigned field)
{
	return number(phdr_at(file, i) + field, file->layout->word);
}

static uint32_t phdr_type(const struct file *file, unsigned i)
{
	return (uint32_t)number(phdr_at(file, i), 4);
}

/* The bytes of a segment, malloc()ed; NULL: too large, or not in the file. */
static uint8_t *read_segment(const struct file *file, unsigned i, uint64_t *size)
{
	*size = phdr_field(file, i, file->layout->p_filesz);
	uint8_t *bytes = *size && *size <= LARGEST_TABLE ? malloc(*size) : NULL;
	if (!bytes || read_at(file, bytes, *size, phdr_field(file, i, file->layout->p_offset)))
		return bytes;
	free(bytes);
	return NULL;
}

/* File offset of an address, or UINT64_MAX. */
static uint64_t offset_of(const struct file *file, uint64_t vaddr)
{
	for (unsigned i = 0; i < file->nphdrs; i++) {
		uint64_t start = phdr_field(file, i, file->layout->p_vaddr);
		if (phdr_type(file, i) == PT_LOAD && vaddr >= start &&
		    vaddr - start < phdr_field(file, i, file->layout->p_filesz))
			return vaddr - start + phdr_field(file, i, file->layout->p_offset);
	}
	return UINT64_MAX;
}

/* The string at an offset of the file, in the arena; NULL: it has no end there. */
static const char *string_at(const struct file *file, struct arena *arena, uint64_t offset)
{
	char text[LONGEST_NAME];
	size_t size = offset < file->size ? min_u64(sizeof(text), file->size - offset) : 0;
	if (!size || !read_at(file, text, size, offset) || !memchr(text, 0, size))
		return NULL;
	return arena_strndup(arena, text, strlen(text));
}

/* --- the dynamic section */

static uint64_t dynamic_value(const struct file *file, const uint8_t *dynamic, uint64_t size, uint64_t tag)
{
	unsigned word = file->layout->word;
	for (uint64_t at = 0; at + 2 * word <= size; at += 2 * word) {
		uint64_t here = number(dynamic + at, word);
		if (here == tag)
			return number(dynamic + at + word, word);
		if (here == DT_NULL)
			break;
	}
	return UINT64_MAX;
}

/* i386: a library of glibc is known by what it needs. */
static bool needs_libc(const struct file *file, struct arena *arena, const uint8_t *dynamic, uint64_t size,
		       uint64_t strings)
{
	unsigned word = file->layout->word;
	for (uint64_t at = 0; at + 2 * word <= size; at += 2 * word) {
		uint64_t tag = number(dynamic + at, word), value = number(dynamic + at + word, word);
		if (tag == DT_NULL)
			break;
		const char *name = tag == DT_NEEDED ? string_at(file, arena, strings + value) : NULL;
		if (name && (strcmp(name, "libc.so.6") == 0 || strcmp(name, "libm.so.6") == 0))
			return true;
	}
	return false;
}

static bool read_dynamic(const struct file *file, struct arena *arena, struct library *library)
{
	unsigned i = 0;
	while (i < file->nphdrs && phdr_type(file, i) != PT_DYNAMIC)
		i++;
	uint64_t size;
	uint8_t *dynamic = i < file->nphdrs ? read_segment(file, i, &size) : NULL;
	if (!dynamic)
		return false;
	uint64_t strings = dynamic_value(file, dynamic, size, DT_STRTAB);
	uint64_t soname = dynamic_value(file, dynamic, size, DT_SONAME);
	strings = strings == UINT64_MAX ? UINT64_MAX : offset_of(file, strings);
	if (strings != UINT64_MAX && soname < file->size)
		library->soname = string_at(file, arena, strings + soname);
	if (strings != UINT64_MAX && library->flags == CACHE_FLAGS_ELF &&
	    needs_libc(file, arena, dynamic, size, strings))
		library->flags = CACHE_FLAGS_LIBC6;
	free(dynamic);
	return strings != UINT64_MAX;
}

/* --- program headers */

static void read_interpreter(const struct file *file, unsigned i, struct arena *arena, struct library *library)
{
	const char *name = string_at(file, arena, phdr_field(file, i, file->layout->p_offset));
	if (library->flags == CACHE_FLAGS_ELF && name && strcmp(name, "/lib/ld-linux.so.2") == 0)
		library->flags = CACHE_FLAGS_LIBC6;
}

/* The highest level in the property note "x86 ISA needed". */
static void read_properties(const struct file *file, unsigned i, struct library *library)
{
	uint64_t size;
	uint8_t *note = read_segment(file, i, &size);
	unsigned align = file->layout->word;
	if (!note)
		return;
	if (size >= 16 && number(note, 4) == 4 && number(note + 8, 4) == NT_GNU_PROPERTY_TYPE_0 &&
	    memcmp(note + 12, "GNU", 4) == 0) {
		uint64_t end = min_u64(size, 16 + number(note + 4, 4));
		for (uint64_t at = 16; at + 8 <= end;) {
			uint64_t type = number(note + at, 4), length = number(note + at + 4, 4);
			if (type == GNU_PROPERTY_X86_ISA_1_NEEDED && length == 4 && at + 12 <= end) {
				uint32_t bits = (uint32_t)number(note + at + 8, 4);
				library->isa_level = bits ? 31 - (uint32_t)__builtin_clz(bits) : 0;
			}
			at += 8 + align_up(length, align);
		}
	}
	free(note);
}

static bool read_phdrs(struct file *file, const uint8_t *header)
{
	const struct layout *layout = file->layout;
	file->nphdrs = (unsigned)number(header + layout->phnum, 2);
	if (number(header + layout->phentsize, 2) != layout->phdr_size || !file->nphdrs)
		return false;
	size_t size = (size_t)file->nphdrs * layout->phdr_size;
	file->phdrs = malloc(size);
	return file->phdrs && read_at(file, file->phdrs, size, number(header + layout->phoff, layout->word));
}

static const char *read_elf(struct file *file, const uint8_t *header, struct arena *arena, struct library *library)
{
	unsigned machine = (unsigned)number(header + offsetof(Elf64_Ehdr, e_machine), 2);
	bool is64 = header[EI_CLASS] == ELFCLASS64;
	if ((!is64 && header[EI_CLASS] != ELFCLASS32) || header[EI_DATA] != ELFDATA2LSB ||
	    (machine != EM_X86_64 && (machine != EM_386 || is64)))
		return "for another machine";
	if (number(header + offsetof(Elf64_Ehdr, e_type), 2) != ET_DYN)
		return "not a shared object";
	library->flags = machine == EM_386 ? CACHE_FLAGS_ELF : is64 ? CACHE_FLAGS_X86_64 : CACHE_FLAGS_X32;
	file->layout = is64 ? &layout64 : &layout32;
	if (!read_phdrs(file, header))
		return "its program headers are not in the file";
	for (unsigned i = 0; i < file->nphdrs; i++) {
		if (phdr_type(file, i) == PT_INTERP)
			read_interpreter(file, i, arena, library);
		else if (phdr_type(file, i) == PT_GNU_PROPERTY)
			read_properties(file, i, library);
	}
	return read_dynamic(file, arena, library) ? NULL : "it has no dynamic section with strings";
}

const char *library_read(struct library *library, struct arena *arena, int fd)
{
	*library = (struct library){.soname = NULL};
	struct stat stat_of;
	if (fstat(fd, &stat_of) || !S_ISREG(stat_of.st_mode))
		return "";
	struct file file = {.fd = fd, .size = (uint64_t)stat_of.st_size};
	uint8_t header[sizeof(Elf64_Ehdr)] = {0};
	if (!file.size)
		return "empty";
	if (!read_at(&file, header, min_u64(sizeof(header), file.size), 0))
		return "cannot be read";
	if (memcmp(header, ELFMAG, SELFMAG) != 0)
		return "";
	if (file.size < sizeof(Elf32_Ehdr))
		return "ends in its ELF header";
	const char *what = read_elf(&file, header, arena, library);
	free(file.phdrs);
	return what;
}
