/* elf/object.h: what a good relocatable file reads as, and that every broken field is named.
 *
 * The file under test is a C structure: a test changes one member of it and says which field the error must name. */
#include "elf/addrsig.h"
#include "elf/object.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NONE, TEXT, BSS, SYMTAB, STRTAB, SHSTRTAB, RELA_TEXT, GROUP, SHNDX, EMPTY_STRTAB, NSECTIONS };
enum {
	SYM_NULL,
	SYM_LOCAL,
	SYM_GLOBAL,
	SYM_UNDEFINED,
	SYM_ABSOLUTE,
	SYM_COMMON,
	SYM_LARGE_COMMON,
	SYM_EXTENDED,
	NSYMS
};

static const char section_names[] = "\0.text\0.bss\0.symtab\0.strtab\0.shstrtab\0.rela.text\0.group\0.symtab_shndx";
static const char symbol_names[] = "\0local\0global";

struct object {
	struct elf_ehdr ehdr;
	struct elf_shdr shdrs[NSECTIONS];
	uint8_t text[5];
	struct elf_sym syms[NSYMS];
	uint32_t shndx[NSYMS];
	char strtab[sizeof(symbol_names)], shstrtab[sizeof(section_names)];
	struct elf_rela relas[2];
	uint32_t group[3];
} ELF_PACKED;

static uint32_t name_at(const char *table, size_t size, const char *name)
{
	return (uint32_t)((const char *)memmem(table, size, name, strlen(name) + 1) - table);
}

#define SECTION(NAME, TYPE, MEMBER, ...)                                                                               \
	(struct elf_shdr)                                                                                              \
	{                                                                                                              \
		.sh_name = name_at(section_names, sizeof(section_names), NAME), .sh_type = TYPE,                       \
		.sh_offset = offsetof(struct object, MEMBER), .sh_size = sizeof(((struct object *)NULL)->MEMBER),      \
		.sh_addralign = 1, __VA_ARGS__                                                                         \
	}

/* Ends exactly at the end of its allocation, so that the address sanitizer sees every byte read too many. */
static struct object *good_object(void)
{
	struct object *object = malloc(sizeof(*object));
	*object = (struct object){
		.ehdr = {
			.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			.e_type = ET_REL,
			.e_machine = EM_X86_64,
			.e_version = EV_CURRENT,
			.e_shoff = offsetof(struct object, shdrs),
			.e_ehsize = sizeof(struct elf_ehdr),
			.e_shentsize = sizeof(struct elf_shdr),
			.e_shnum = NSECTIONS,
			.e_shstrndx = SHSTRTAB,
		},
		.shdrs = {
			[TEXT] = SECTION(".text", SHT_PROGBITS, text, .sh_flags = SHF_ALLOC | SHF_EXECINSTR),
			[BSS] = {name_at(section_names, sizeof(section_names), ".bss"), SHT_NOBITS, SHF_ALLOC, 0,
				 1ULL << 40, 1ULL << 40, 0, 0, 1ULL << 31, 0},
			[SYMTAB] = SECTION(".symtab", SHT_SYMTAB, syms, .sh_link = STRTAB, .sh_info = SYM_GLOBAL,
					   .sh_entsize = sizeof(struct elf_sym)),
			[STRTAB] = SECTION(".strtab", SHT_STRTAB, strtab),
			[SHSTRTAB] = SECTION(".shstrtab", SHT_STRTAB, shstrtab),
			[RELA_TEXT] = SECTION(".rela.text", SHT_RELA, relas, .sh_link = SYMTAB, .sh_info = TEXT,
					      .sh_entsize = sizeof(struct elf_rela)),
			[GROUP] = SECTION(".group", SHT_GROUP, group, .sh_link = SYMTAB, .sh_info = SYM_GLOBAL,
					  .sh_entsize = 4),
			[SHNDX] = SECTION(".symtab_shndx", SHT_SYMTAB_SHNDX, shndx, .sh_link = SYMTAB, .sh_entsize = 4),
			[EMPTY_STRTAB] = {.sh_type = SHT_STRTAB},
		},
		.syms = {
			[SYM_LOCAL] = {1, ELF64_ST_INFO(STB_LOCAL, STT_FUNC), 0, TEXT, 0, 5},
			[SYM_GLOBAL] = {7, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), STV_HIDDEN, BSS, 0, 5},
			[SYM_UNDEFINED] = {.st_shndx = SHN_UNDEF},
			[SYM_ABSOLUTE] = {.st_shndx = SHN_ABS, .st_value = 3},
			[SYM_COMMON] = {.st_shndx = SHN_COMMON, .st_value = 8, .st_size = 24},
			[SYM_LARGE_COMMON] = {.st_shndx = SHN_X86_64_LCOMMON, .st_value = 0, .st_size = 1},
			[SYM_EXTENDED] = {.st_shndx = SHN_XINDEX},
		},
		.shndx = {[SYM_EXTENDED] = TEXT},
		.relas = {{1, R_X86_64_PLT32, SYM_UNDEFINED, -4}, {2, R_X86_64_NONE, NSYMS - 1, 0}},
		.group = {GRP_COMDAT, TEXT, RELA_TEXT},
	};
	memcpy(object->strtab, symbol_names, sizeof(symbol_names));
	memcpy(object->shstrtab, section_names, sizeof(section_names));
	return object;
}

static struct bytes bytes_of(const struct object *object)
{
	return (struct bytes){(const uint8_t *)object, sizeof(*object)};
}

/* Everything a linker reads of a file, in its order. */
static bool read_all(struct bytes bytes, struct elf_error *error)
{
	struct elf_file file;
	struct elf_symtab symtab;
	struct elf_relas relas;
	struct elf_group group;
	return elf_read_file(&file, bytes, error) && elf_read_symtab(&symtab, &file, SYMTAB, SHNDX, error) &&
	       elf_read_relas(&relas, &file, RELA_TEXT, symtab.n, error) &&
	       elf_read_group(&group, &file, GROUP, symtab.n, error);
}

/* One member of the good file, what it is changed to, and what the error says then. */
struct damage {
	const char *member;
	size_t offset, size;
	uint64_t value;
	const char *field;
	uint32_t index;
};

#define DAMAGE(MEMBER, VALUE, FIELD, INDEX)                                                                            \
	{                                                                                                              \
		#MEMBER, offsetof(struct object, MEMBER), sizeof(((struct object *)NULL)->MEMBER), VALUE, FIELD, INDEX \
	}
#define HEADER(MEMBER, VALUE) DAMAGE(ehdr.MEMBER, VALUE, #MEMBER, 0)
#define SHDR(INDEX, MEMBER, VALUE) DAMAGE(shdrs[INDEX].MEMBER, VALUE, #MEMBER, INDEX)
#define SYM(INDEX, MEMBER, VALUE) DAMAGE(syms[INDEX].MEMBER, VALUE, #MEMBER, INDEX)

static const struct damage damages[] = {
	DAMAGE(ehdr.e_ident[EI_MAG0], 'E', "EI_MAG0", 0),
	DAMAGE(ehdr.e_ident[EI_MAG3], 'G', "EI_MAG0", 0),
	DAMAGE(ehdr.e_ident[EI_CLASS], ELFCLASS32, "EI_CLASS", 0),
	DAMAGE(ehdr.e_ident[EI_DATA], ELFDATA2MSB, "EI_DATA", 0),
	DAMAGE(ehdr.e_ident[EI_VERSION], 0, "EI_VERSION", 0),
	HEADER(e_version, 2),
	HEADER(e_shentsize, sizeof(struct elf_shdr) - 1),
	HEADER(e_shoff, UINT64_MAX),
	HEADER(e_shoff, sizeof(struct object)),
	HEADER(e_shoff, sizeof(struct object) - sizeof(struct elf_shdr) + 1),
	DAMAGE(ehdr.e_shoff, sizeof(struct object) - sizeof(struct elf_shdr), "e_shnum", 0),
	HEADER(e_shnum, 0xffff),
	HEADER(e_shstrndx, NSECTIONS),
	HEADER(e_shstrndx, 0xff05),
	DAMAGE(ehdr.e_shstrndx, TEXT, "sh_type", TEXT),
	/* Without a table no name but the empty one exists. */
	DAMAGE(ehdr.e_shstrndx, SHN_UNDEF, "sh_name", TEXT),
	DAMAGE(ehdr.e_shstrndx, EMPTY_STRTAB, "sh_name", TEXT),

	SHDR(TEXT, sh_name, sizeof(section_names)),
	SHDR(TEXT, sh_name, UINT32_MAX),
	SHDR(NONE, sh_name, UINT32_MAX),
	SHDR(TEXT, sh_offset, sizeof(struct object) + 1),
	SHDR(TEXT, sh_offset, UINT64_MAX),
	DAMAGE(shdrs[TEXT].sh_offset, sizeof(struct object) - 4, "sh_size", TEXT),
	SHDR(TEXT, sh_size, sizeof(struct object)),
	SHDR(TEXT, sh_size, UINT64_MAX),
	/* offset + size wraps around to something small */
	SHDR(TEXT, sh_size, -offsetof(struct object, text) + 1),
	SHDR(BSS, sh_size, 1ULL << 48),
	SHDR(TEXT, sh_addralign, 3),
	SHDR(TEXT, sh_addralign, 1ULL << 32),
	SHDR(NONE, sh_type, SHT_PROGBITS),
	SHDR(SHSTRTAB, sh_size, sizeof(section_names) - 1),
	SHDR(SHSTRTAB, sh_size, UINT64_MAX),
	SHDR(SYMTAB, sh_link, NSECTIONS),
	SHDR(RELA_TEXT, sh_link, UINT32_MAX),
	SHDR(GROUP, sh_link, NSECTIONS),
	SHDR(SHNDX, sh_link, NSECTIONS),

	SHDR(SYMTAB, sh_type, SHT_PROGBITS),
	SHDR(SYMTAB, sh_entsize, 0),
	SHDR(SYMTAB, sh_entsize, 16),
	SHDR(SYMTAB, sh_size, sizeof(struct elf_sym) * NSYMS - 1),
	SHDR(SYMTAB, sh_info, NSYMS + 1),
	DAMAGE(shdrs[SYMTAB].sh_link, TEXT, "sh_type", TEXT),
	DAMAGE(shdrs[SYMTAB].sh_link, EMPTY_STRTAB, "st_name", SYM_LOCAL),
	DAMAGE(shdrs[SYMTAB].sh_link, NONE, "sh_type", NONE),
	SHDR(STRTAB, sh_size, sizeof(symbol_names) - 1),
	SHDR(SHNDX, sh_size, 4 * NSYMS - 1),
	SHDR(SHNDX, sh_type, SHT_NOBITS),
	SYM(SYM_NULL, st_name, sizeof(symbol_names)),
	SYM(NSYMS - 1, st_name, UINT32_MAX),
	SYM(SYM_LOCAL, st_shndx, NSECTIONS),
	SYM(SYM_LOCAL, st_shndx, SHN_LORESERVE),
	SYM(SYM_LOCAL, st_shndx, 0xfff3),
	SYM(SYM_COMMON, st_value, 24),
	SYM(SYM_COMMON, st_value, 1ULL << 32),
	SYM(SYM_LARGE_COMMON, st_value, 3),
	SYM(SYM_COMMON, st_size, UINT64_MAX),
	DAMAGE(shndx[SYM_EXTENDED], NSECTIONS, "SHT_SYMTAB_SHNDX entry", SYM_EXTENDED),
	DAMAGE(shndx[SYM_EXTENDED], SHN_UNDEF, "SHT_SYMTAB_SHNDX entry", SYM_EXTENDED),

	SHDR(RELA_TEXT, sh_type, SHT_REL),
	SHDR(RELA_TEXT, sh_link, TEXT),
	SHDR(RELA_TEXT, sh_entsize, 16),
	SHDR(RELA_TEXT, sh_size, 25),
	SHDR(RELA_TEXT, sh_info, 0),
	SHDR(RELA_TEXT, sh_info, NSECTIONS),
	DAMAGE(relas[0].r_sym, NSYMS, "r_sym", 0),
	DAMAGE(relas[1].r_sym, UINT32_MAX, "r_sym", 1),

	SHDR(GROUP, sh_type, SHT_PROGBITS),
	SHDR(GROUP, sh_link, TEXT),
	SHDR(GROUP, sh_size, 0),
	SHDR(GROUP, sh_size, 7),
	SHDR(GROUP, sh_info, NSYMS),
	DAMAGE(group[1], 0, "group member", GROUP),
	DAMAGE(group[2], NSECTIONS, "group member", GROUP),
};

static void every_broken_field_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(damages); i++) {
		const struct damage *damage = &damages[i];
		struct object *object = good_object();
		memcpy((uint8_t *)object + damage->offset, &damage->value, damage->size);
		struct elf_error error = {0};
		if (read_all(bytes_of(object), &error))
			fail_msg("%s = %#lx was accepted", damage->member, damage->value);
		if (strcmp(error.field, damage->field) != 0 || error.index != damage->index)
			fail_msg("%s = %#lx gives: %s of %u %s", damage->member, damage->value, error.field,
				 error.index, error.what);
		free(object);
	}
}

static void a_good_object_reads_as_written(void **state)
{
	(void)state;
	struct object *object = good_object();
	struct elf_error error;
	struct elf_file file;
	assert_true(elf_read_file(&file, bytes_of(object), &error));
	assert_int_equal(file.nshdr, NSECTIONS);
	assert_string_equal(elf_section_name(&file, TEXT), ".text");
	assert_int_equal(elf_section_bytes(&file, TEXT).size, 5);
	assert_ptr_equal(elf_section_bytes(&file, TEXT).data, object->text);
	assert_int_equal(elf_section_bytes(&file, BSS).size, 0);

	struct elf_symtab symtab;
	assert_true(elf_read_symtab(&symtab, &file, SYMTAB, SHNDX, &error));
	assert_int_equal(symtab.n, NSYMS);
	assert_int_equal(symtab.first_global, SYM_GLOBAL);
	assert_string_equal(symtab.strtab + symtab.syms[SYM_GLOBAL].st_name, "global");
	assert_int_equal(elf_sym_bind(&symtab.syms[SYM_GLOBAL]), STB_GLOBAL);
	assert_int_equal(elf_sym_type(&symtab.syms[SYM_GLOBAL]), STT_OBJECT);
	assert_int_equal(elf_sym_visibility(&symtab.syms[SYM_GLOBAL]), STV_HIDDEN);
	assert_int_equal(elf_sym_section(&symtab, SYM_GLOBAL), BSS);
	assert_int_equal(elf_sym_section(&symtab, SYM_EXTENDED), TEXT);
	assert_false(elf_sym_is_special(&symtab, SYM_EXTENDED));
	assert_false(elf_sym_is_special(&symtab, SYM_LOCAL));
	assert_true(elf_sym_is_special(&symtab, SYM_UNDEFINED));
	assert_true(elf_sym_is_special(&symtab, SYM_ABSOLUTE));
	assert_true(elf_sym_is_special(&symtab, SYM_LARGE_COMMON));

	struct elf_relas relas;
	assert_true(elf_read_relas(&relas, &file, RELA_TEXT, symtab.n, &error));
	assert_int_equal(relas.n, 2);
	assert_int_equal(relas.at[0].r_type, R_X86_64_PLT32);
	assert_int_equal(relas.at[0].r_addend, -4);

	struct elf_group group;
	assert_true(elf_read_group(&group, &file, GROUP, symtab.n, &error));
	assert_true(group.comdat);
	assert_int_equal(group.signature, SYM_GLOBAL);
	assert_int_equal(group.nmembers, 2);
	assert_int_equal(read32(group.members + 4), RELA_TEXT);
	free(object);
}

static void a_file_may_lie_at_an_odd_address(void **state)
{
	(void)state;
	struct object *object = good_object();
	uint8_t *odd = malloc(sizeof(*object) + 1);
	memcpy(odd + 1, object, sizeof(*object));
	struct elf_error error;
	assert_true(read_all((struct bytes){odd + 1, sizeof(*object)}, &error));
	free(odd);
	free(object);
}

static void a_file_cut_off_anywhere_is_an_error(void **state)
{
	(void)state;
	struct object *object = good_object();
	for (size_t size = 0; size < sizeof(*object); size++) {
		uint8_t *cut = malloc(size ? size : 1);
		memcpy(cut, object, size);
		struct elf_error error = {0};
		assert_false(read_all((struct bytes){cut, size}, &error));
		assert_non_null(error.field);
		free(cut);
	}
	free(object);
}

static void section_0_holds_the_numbers_that_do_not_fit_the_header(void **state)
{
	(void)state;
	struct object *object = good_object();
	struct elf_error error;
	struct elf_file file;
	object->ehdr.e_shnum = 0;
	object->ehdr.e_shstrndx = SHN_XINDEX;
	object->shdrs[0].sh_size = NSECTIONS;
	object->shdrs[0].sh_link = SHSTRTAB;
	assert_true(elf_read_file(&file, bytes_of(object), &error));
	assert_int_equal(file.nshdr, NSECTIONS);
	assert_string_equal(elf_section_name(&file, GROUP), ".group");
	/* ... and is still no range of the file. */
	assert_int_equal(elf_section_bytes(&file, 0).size, 0);

	static const uint64_t too_many[] = {UINT64_MAX, 1ULL << 32, (1ULL << 58) + 1, sizeof(struct object) / 64};
	for (size_t i = 0; i < COUNTOF(too_many); i++) {
		object->shdrs[0].sh_size = too_many[i];
		assert_false(elf_read_file(&file, bytes_of(object), &error));
		assert_string_equal(error.field, "sh_size");
	}
	object->shdrs[0].sh_size = NSECTIONS;
	object->shdrs[0].sh_link = NSECTIONS;
	assert_false(elf_read_file(&file, bytes_of(object), &error));
	assert_string_equal(error.field, "e_shstrndx");
	free(object);
}

/* With more than 0xff00 sections, section 0xfff1 exists, but st_shndx 0xfff1 is SHN_ABS and 0xff10 is nothing. */
static void reserved_numbers_stay_special_with_very_many_sections(void **state)
{
	(void)state;
	enum { MANY = 0x10010 };
	size_t shoff = sizeof(struct object), size = shoff + MANY * sizeof(struct elf_shdr);
	struct object *small = good_object();
	uint8_t *big = calloc(1, size);
	memcpy(big, small, sizeof(*small));
	memcpy(big + shoff, small->shdrs, sizeof(small->shdrs));
	struct object *object = (struct object *)big;
	struct elf_shdr *first = (struct elf_shdr *)(big + shoff);
	object->ehdr.e_shoff = shoff;
	object->ehdr.e_shnum = 0;
	first->sh_size = MANY;
	object->shndx[SYM_EXTENDED] = MANY - 1;

	struct elf_error error;
	struct elf_file file;
	struct elf_symtab symtab;
	assert_true(elf_read_file(&file, (struct bytes){big, size}, &error));
	assert_true(elf_read_symtab(&symtab, &file, SYMTAB, SHNDX, &error));
	assert_int_equal(elf_sym_section(&symtab, SYM_EXTENDED), MANY - 1);
	assert_false(elf_sym_is_special(&symtab, SYM_EXTENDED));
	assert_true(elf_sym_is_special(&symtab, SYM_ABSOLUTE));
	object->syms[SYM_LOCAL].st_shndx = 0xff10;
	assert_false(elf_read_symtab(&symtab, &file, SYMTAB, SHNDX, &error));
	assert_string_equal(error.field, "st_shndx");
	free(big);
	free(small);
}

static void xindex_needs_the_section_that_resolves_it(void **state)
{
	(void)state;
	struct object *object = good_object();
	struct elf_error error;
	struct elf_file file;
	struct elf_symtab symtab;
	assert_true(elf_read_file(&file, bytes_of(object), &error));
	assert_false(elf_read_symtab(&symtab, &file, SYMTAB, 0, &error));
	assert_string_equal(error.field, "st_shndx");
	assert_int_equal(error.index, SYM_EXTENDED);
	assert_false(elf_read_symtab(&symtab, &file, SYMTAB, TEXT, &error));
	assert_false(elf_read_symtab(&symtab, &file, SYMTAB, NSECTIONS, &error));
	assert_false(elf_read_symtab(&symtab, &file, NSECTIONS, SHNDX, &error));
	free(object);
}

static void dynamic_symbols_may_have_any_section_number(void **state)
{
	(void)state;
	struct object *object = good_object();
	struct elf_error error;
	struct elf_file file;
	struct elf_symtab symtab;
	object->shdrs[SYMTAB].sh_type = SHT_DYNSYM;
	object->syms[SYM_LOCAL].st_shndx = 0x1234;
	object->syms[SYM_GLOBAL].st_shndx = 0xff20;
	assert_true(elf_read_file(&file, bytes_of(object), &error));
	assert_true(elf_read_symtab(&symtab, &file, SYMTAB, 0, &error));
	object->syms[SYM_LOCAL].st_name = sizeof(symbol_names);
	assert_false(elf_read_symtab(&symtab, &file, SYMTAB, 0, &error));
	free(object);
}

static void a_file_without_sections_is_good(void **state)
{
	(void)state;
	struct object *object = good_object();
	object->ehdr.e_shoff = 0;
	struct elf_error error;
	struct elf_file file;
	assert_true(elf_read_file(&file, (struct bytes){(const uint8_t *)object, sizeof(object->ehdr)}, &error));
	assert_int_equal(file.nshdr, 0);
	free(object);
}

static void kinds_are_told_from_the_first_bytes(void **state)
{
	(void)state;
	uint8_t start[18] = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT};
	struct bytes bytes = {start, sizeof(start)};
	static const enum elf_kind kinds[] = {ELF_NOT, ELF_RELOCATABLE, ELF_EXECUTABLE, ELF_SHARED, ELF_CORE, ELF_NOT};
	for (uint8_t type = 0; type < COUNTOF(kinds); type++) {
		start[16] = type;
		assert_int_equal(elf_kind(bytes), kinds[type]);
	}
	start[EI_CLASS] = ELFCLASS32;
	start[16] = ET_REL;
	assert_int_equal(elf_kind(bytes), ELF_RELOCATABLE);
	start[EI_CLASS] = 3;
	assert_int_equal(elf_kind(bytes), ELF_OTHER_CLASS);
	start[EI_CLASS] = ELFCLASS64;
	start[EI_DATA] = ELFDATA2MSB;
	assert_int_equal(elf_kind(bytes), ELF_OTHER_CLASS);
	assert_int_equal(elf_kind((struct bytes){start, 17}), ELF_NOT);
	assert_int_equal(elf_kind((struct bytes){NULL, 0}), ELF_NOT);
	start[0] = '!';
	assert_int_equal(elf_kind(bytes), ELF_NOT);
}

static void this_program_reads_well(void **state)
{
	(void)state;
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	struct bytes bytes = {mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0), (uint64_t)st.st_size};
	assert_ptr_not_equal(bytes.data, MAP_FAILED);
	close(fd);

	struct elf_error error = {0};
	struct elf_file file;
	enum elf_kind kind = elf_kind(bytes);
	assert_true(kind == ELF_SHARED || kind == ELF_EXECUTABLE);
	if (!elf_read_file(&file, bytes, &error))
		fail_msg("%s of %u %s", error.field, error.index, error.what);
	bool found = false;
	for (uint32_t i = 0; i < file.nshdr; i++) {
		struct elf_symtab symtab;
		if (file.shdrs[i].sh_type != SHT_SYMTAB)
			continue;
		if (!elf_read_symtab(&symtab, &file, i, 0, &error))
			fail_msg("%s of %u %s", error.field, error.index, error.what);
		for (uint32_t j = symtab.first_global; j < symtab.n; j++)
			found |= strcmp(symtab.strtab + symtab.syms[j].st_name, "main") == 0;
	}
	assert_true(found);
	munmap((void *)(uintptr_t)bytes.data, bytes.size);
}

/* A file of one section, compressed in one way or the other, and the field the error must name; NULL: it is good. */
static void check_compressed(uint64_t flags, uint32_t type, const void *content, uint64_t size, const char *field)
{
	uint8_t *copy = malloc(size + 1); /* the bytes of the section end where the allocation does, but for one */
	memcpy(copy, content, size);
	struct elf_shdr shdrs[2] = {[1] = {.sh_type = type, .sh_flags = flags, .sh_size = size, .sh_addralign = 4}};
	struct elf_file file = {.bytes = {copy, size}, .dialect = &elf_dialect_64, .shdrs = shdrs, .nshdr = 2,
				.shstrtab = ".zdebug_info"};
	assert_true(elf_is_compressed(&shdrs[1], ".debug_info") == ((flags & SHF_COMPRESSED) != 0));
	struct elf_compressed compressed;
	struct elf_error error;
	bool good = elf_read_compressed(&compressed, &file, 1, &error);
	assert_true(good == !field);
	if (field) {
		assert_string_equal(error.field, field);
		assert_int_equal(error.index, 1);
	} else {
		assert_int_equal(compressed.size, 1000);
		assert_int_equal(compressed.align, flags & SHF_COMPRESSED ? 16 : 4);
		assert_int_equal(compressed.stream.size, 1);
		assert_ptr_equal(compressed.stream.data, copy + size - 1);
	}
	free(copy);
}

static void compressed_sections_are_told_and_checked(void **state)
{
	(void)state;
	struct elf_shdr plain = {.sh_flags = 0}, loaded = {.sh_flags = SHF_ALLOC};
	assert_true(elf_is_compressed(&plain, ".zdebug_info"));
	assert_false(elf_is_compressed(&loaded, ".zdebug_info"));
	assert_false(elf_is_compressed(&plain, ".zdebug"));
	assert_false(elf_is_compressed(&plain, ""));

	struct {
		struct elf_chdr chdr;
		uint8_t stream;
	} ELF_PACKED good = {{ELFCOMPRESS_ZLIB, 0, 1000, 16}, 0x78}, bad;
	const uint64_t flags = SHF_COMPRESSED;
	check_compressed(flags, SHT_PROGBITS, &good, sizeof(good), NULL);
	check_compressed(flags, SHT_PROGBITS, &good, sizeof(good.chdr) - 1, "sh_size");
	check_compressed(flags, SHT_PROGBITS, &good, 0, "sh_size");
	check_compressed(flags | SHF_ALLOC, SHT_PROGBITS, &good, sizeof(good), "sh_flags");
	check_compressed(flags, SHT_NOBITS, &good, sizeof(good), "sh_type");
#define CHDR(MEMBER, VALUE)                                                                  \
	(bad = good, bad.chdr.MEMBER = VALUE,                                                \
	 check_compressed(flags, SHT_PROGBITS, &bad, sizeof(bad), #MEMBER))
	CHDR(ch_type, 0);
	CHDR(ch_type, 3);
	CHDR(ch_addralign, 3);
	CHDR(ch_addralign, 1ull << 48);
	CHDR(ch_size, 1033);
	CHDR(ch_size, 1ull << 32);
	CHDR(ch_size, UINT64_MAX);
	good.chdr.ch_type = ELFCOMPRESS_ZSTD;
	check_compressed(flags, SHT_PROGBITS, &good, sizeof(good), NULL);
	CHDR(ch_size, (1 << 15) + 1);

	check_compressed(0, SHT_PROGBITS, "ZLIB\0\0\0\0\0\0\x03\xe8x", 13, NULL);
	check_compressed(0, SHT_PROGBITS, "ZLIB\0\0\0\0\0\0\x03", 11, "sh_name");
	check_compressed(0, SHT_PROGBITS, "ZSTD\0\0\0\0\0\0\x03\xe8x", 13, "sh_name");
	check_compressed(0, SHT_PROGBITS, "ZLIB\x80\0\0\0\0\0\x03\xe8x", 13, "size after \"ZLIB\"");
}

/* Names and contents that replace those of the file are what everybody reads. */
static void a_replaced_section_reads_as_its_replacement(void **state)
{
	(void)state;
	static const uint8_t content[] = "content";
	struct object *object = good_object();
	struct elf_file file;
	struct elf_error error;
	assert_true(elf_read_file(&file, bytes_of(object), &error));
	struct elf_shdr shdrs[NSECTIONS];
	memcpy(shdrs, file.shdrs, sizeof(shdrs));
	shdrs[TEXT].sh_size = sizeof(content);
	struct elf_replacement replaced[NSECTIONS] = {[TEXT] = {content, ".name"}};
	file.shdrs = shdrs;
	file.replaced = replaced;
	assert_ptr_equal(elf_section_bytes(&file, TEXT).data, content);
	assert_int_equal(elf_section_bytes(&file, TEXT).size, sizeof(content));
	assert_string_equal(elf_section_name(&file, TEXT), ".name");
	assert_ptr_equal(elf_section_bytes(&file, STRTAB).data, object->strtab);
	assert_string_equal(elf_section_name(&file, STRTAB), ".strtab");
	free(object);
}

static void address_significance_tables(void **state)
{
	(void)state;
	static const uint8_t good[] = {0x05, 0xe5, 0x8e, 0x26, 0x80, 0x00};
	struct bytes table = {good, sizeof(good)};
	struct elf_error error;
	uint64_t at = 0;
	uint32_t symbol;
	static const uint32_t symbols[] = {5, 624485, 0};
	for (unsigned i = 0; i < 3; i++) {
		assert_true(elf_addrsig_next(table, &at, 624486, &symbol, &error));
		assert_int_equal(symbol, symbols[i]);
	}
	assert_int_equal(at, sizeof(good));
	at = 1;
	assert_false(elf_addrsig_next(table, &at, 624485, &symbol, &error));
	assert_int_equal(error.value, 624485);
	at = 0;
	assert_false(elf_addrsig_next((struct bytes){good + 1, 2}, &at, 1000, &symbol, &error));
	static const uint8_t endless[] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x01};
	at = 0;
	assert_false(elf_addrsig_next((struct bytes){endless, sizeof(endless)}, &at, 1000, &symbol, &error));
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_good_object_reads_as_written),
		cmocka_unit_test(every_broken_field_is_named),
		cmocka_unit_test(a_file_may_lie_at_an_odd_address),
		cmocka_unit_test(a_file_cut_off_anywhere_is_an_error),
		cmocka_unit_test(section_0_holds_the_numbers_that_do_not_fit_the_header),
		cmocka_unit_test(reserved_numbers_stay_special_with_very_many_sections),
		cmocka_unit_test(xindex_needs_the_section_that_resolves_it),
		cmocka_unit_test(dynamic_symbols_may_have_any_section_number),
		cmocka_unit_test(a_file_without_sections_is_good),
		cmocka_unit_test(kinds_are_told_from_the_first_bytes),
		cmocka_unit_test(compressed_sections_are_told_and_checked),
		cmocka_unit_test(a_replaced_section_reads_as_its_replacement),
		cmocka_unit_test(this_program_reads_well),
		cmocka_unit_test(address_significance_tables),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
