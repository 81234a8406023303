/* Files of class 32: what readers make of them is what the file says, in the structures of class 64; damaged ones name
 * the field. And what the writers of each dialect write is what its readers read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "elf/object.h"
#include "elf/shared.h"

enum { TEXT = 1, REL, SYMTAB, STRTAB, DYNAMIC, N_SECTIONS };

struct object {
	struct elf32_ehdr ehdr;
	uint8_t text[8];
	struct elf32_rel rel[2];
	struct elf32_sym syms[3];
	struct elf32_dyn dynamic[2];
	char strings[16];
	struct elf32_phdr phdr;
	struct elf32_shdr shdrs[N_SECTIONS];
} ELF_PACKED;

#define AT(MEMBER) .sh_offset = offsetof(struct object, MEMBER), .sh_size = sizeof(((struct object *)0)->MEMBER)

static struct object make(void)
{
	return (struct object){
		.ehdr = {
			.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
			.e_type = ET_REL,
			.e_machine = EM_386,
			.e_version = EV_CURRENT,
			.e_entry = 0x80480ff,
			.e_phoff = offsetof(struct object, phdr),
			.e_shoff = offsetof(struct object, shdrs),
			.e_ehsize = sizeof(struct elf32_ehdr),
			.e_phentsize = sizeof(struct elf32_phdr),
			.e_phnum = 1,
			.e_shentsize = sizeof(struct elf32_shdr),
			.e_shnum = N_SECTIONS,
			.e_shstrndx = STRTAB,
		},
		.rel = {{4, 2 << 8 | R_386_PC32}, {0, 1 << 8 | R_386_32}},
		.syms = {[1] = {1, 0x1000, 4, STB_LOCAL << 4 | STT_OBJECT, STV_DEFAULT, TEXT},
			 [2] = {3, 0xfffffff0, 0x80000000, STB_GLOBAL << 4 | STT_FUNC, STV_HIDDEN, SHN_ABS}},
		.dynamic = {{DT_DEBUG, 0xf0000000}, {DT_NULL, 0}},
		.strings = "\0a\0global",
		.phdr = {PT_GNU_RELRO, 1, 0xc0000000, 3, 4, 5, PF_R, 0x1000},
		.shdrs = {
			[TEXT] = {.sh_type = SHT_PROGBITS, .sh_flags = SHF_ALLOC, .sh_addralign = 16, AT(text)},
			[REL] = {.sh_type = SHT_REL, .sh_link = SYMTAB, .sh_info = TEXT,
				 .sh_entsize = sizeof(struct elf32_rel), AT(rel)},
			[SYMTAB] = {.sh_type = SHT_SYMTAB, .sh_link = STRTAB, .sh_info = 2,
				    .sh_entsize = sizeof(struct elf32_sym), AT(syms)},
			[STRTAB] = {.sh_type = SHT_STRTAB, AT(strings)},
			[DYNAMIC] = {.sh_type = SHT_DYNAMIC, .sh_link = STRTAB,
				     .sh_entsize = sizeof(struct elf32_dyn), AT(dynamic)},
		},
	};
}

/* Blocks that live until the test ends. */
static void *blocks[64];
static unsigned n_blocks;

static void *allocate(void *context, uint64_t size)
{
	(void)context;
	assert_true(n_blocks < 64);
	return blocks[n_blocks++] = malloc(size ? size : 1);
}

static const struct elf_room room = {allocate, NULL};

static void release(void)
{
	while (n_blocks)
		free(blocks[--n_blocks]);
}

static struct bytes bytes_of(const struct object *object)
{
	return (struct bytes){(const uint8_t *)object, sizeof(*object)};
}

static void tables_become_those_of_class_64(void **state)
{
	(void)state;
	struct object object = make();
	struct elf_file file;
	struct elf_symtab symtab;
	struct elf_error error;
	assert_int_equal(elf_kind(bytes_of(&object)), ELF_RELOCATABLE);
	assert_true(elf_read_file_in(&file, bytes_of(&object), &room, &error));
	assert_int_equal(file.dialect->class_id, ELFCLASS32);
	assert_int_equal(file.ehdr->e_entry, 0x80480ff);
	assert_int_equal(file.ehdr->e_machine, EM_386);
	assert_int_equal(file.nphdr, 1);
	assert_int_equal(file.phdrs[0].p_type, PT_GNU_RELRO);
	assert_int_equal(file.phdrs[0].p_vaddr, 0xc0000000);
	assert_int_equal(file.phdrs[0].p_flags, PF_R);
	assert_int_equal(file.nshdr, N_SECTIONS);
	assert_int_equal(file.shdrs[TEXT].sh_addralign, 16);
	assert_ptr_equal(elf_section_bytes(&file, TEXT).data, (const uint8_t *)&object + offsetof(struct object, text));

	assert_true(elf_read_symtab(&symtab, &file, SYMTAB, 0, &error));
	assert_int_equal(symtab.n, 3);
	assert_int_equal(symtab.first_global, 2);
	assert_int_equal(symtab.syms[2].st_value, 0xfffffff0);
	assert_int_equal(symtab.syms[2].st_size, 0x80000000);
	assert_int_equal(elf_sym_visibility(&symtab.syms[2]), STV_HIDDEN);
	assert_string_equal(symtab.strtab + symtab.syms[2].st_name, "global");

	struct bytes rel = elf_section_bytes(&file, REL);
	const struct elf_rela *relas = (const struct elf_rela *)rel.data;
	assert_int_equal(file.shdrs[REL].sh_type, SHT_REL);
	assert_int_equal(rel.size, 2 * sizeof(*relas));
	assert_int_equal(relas[0].r_offset, 4);
	assert_int_equal(relas[0].r_sym, 2);
	assert_int_equal(relas[0].r_type, R_386_PC32);
	assert_int_equal(relas[0].r_addend, 0);

	const struct elf_dyn *dynamic = (const struct elf_dyn *)elf_section_bytes(&file, DYNAMIC).data;
	assert_int_equal(dynamic[0].d_tag, DT_DEBUG);
	assert_int_equal(dynamic[0].d_val, 0xf0000000);
	release();
}

static void without_memory_class_32_is_an_error(void **state)
{
	(void)state;
	struct object object = make();
	struct elf_file file;
	struct elf_error error;
	assert_false(elf_read_file_in(&file, bytes_of(&object), NULL, &error));
	assert_string_equal(error.field, "EI_CLASS");
}

static void damage_is_named(void **state)
{
	(void)state;
	struct elf_error error;
	struct elf_file file;
#define DAMAGE(MEMBER, VALUE, FIELD)                                                  \
	do {                                                                          \
		struct object bad = make();                                           \
		bad.MEMBER = VALUE;                                                   \
		assert_false(elf_read_file_in(&file, bytes_of(&bad), &room, &error));    \
		assert_string_equal(error.field, FIELD);                              \
		release();                                                            \
	} while (0)
	DAMAGE(ehdr.e_shentsize, 64, "e_shentsize");
	DAMAGE(ehdr.e_shoff, sizeof(struct object), "e_shoff");
	DAMAGE(ehdr.e_shoff, UINT32_MAX, "e_shoff");
	DAMAGE(ehdr.e_shnum, N_SECTIONS + 1, "e_shnum");
	DAMAGE(ehdr.e_shstrndx, N_SECTIONS, "e_shstrndx");
	DAMAGE(ehdr.e_version, 2, "e_version");
	DAMAGE(shdrs[REL].sh_entsize, 12, "sh_entsize");
	DAMAGE(shdrs[REL].sh_size, 9, "sh_size");
	DAMAGE(shdrs[SYMTAB].sh_entsize, 24, "sh_entsize");
	DAMAGE(shdrs[SYMTAB].sh_offset, UINT32_MAX, "sh_offset");
	DAMAGE(shdrs[TEXT].sh_addralign, 3, "sh_addralign");
	for (uint64_t size = 0; size < sizeof(struct elf32_ehdr); size++) {
		struct object object = make();
		assert_false(elf_read_file_in(&file, (struct bytes){(const uint8_t *)&object, size}, &room, &error));
		release();
	}
}

/* Program headers that are not there are none: nobody needs them where there are section headers. */
static void program_headers_outside_are_none(void **state)
{
	(void)state;
	struct object object = make();
	struct elf_file file;
	struct elf_error error;
	object.ehdr.e_phoff = UINT32_MAX;
	assert_true(elf_read_file_in(&file, bytes_of(&object), &room, &error));
	assert_int_equal(file.nphdr, 0);
	release();
}

/* Each table once more would be as much memory as someone likes. */
static void tables_that_overlap_are_refused(void **state)
{
	(void)state;
	struct object object = make();
	struct elf_file file;
	struct elf_error error;
	for (unsigned i = 1; i < N_SECTIONS; i++) {
		object.shdrs[i] = object.shdrs[SYMTAB];
		object.shdrs[i].sh_offset = 0;
		object.shdrs[i].sh_size = sizeof(object) / 16 * 16;
	}
	object.ehdr.e_shstrndx = SHN_UNDEF;
	assert_false(elf_read_file_in(&file, bytes_of(&object), &room, &error));
	assert_string_equal(error.field, "sh_size");
	release();
}

/* A shared object without section headers, through its dynamic section. */
static void a_shared_object_reads_by_segments(void **state)
{
	(void)state;
	static struct {
		struct elf32_ehdr ehdr;
		struct elf32_phdr phdrs[2];
		struct elf32_dyn dynamic[7];
		struct elf32_sym syms[2];
		uint32_t hash[5];
		char strings[16];
	} ELF_PACKED library;
#define PLACE(MEMBER) ((uint32_t)((uint8_t *)&library.MEMBER - (uint8_t *)&library))
	library.ehdr = make().ehdr;
	library.ehdr.e_type = ET_DYN;
	library.ehdr.e_shoff = 0;
	library.ehdr.e_shnum = 0;
	library.ehdr.e_phnum = 2;
	library.ehdr.e_phoff = PLACE(phdrs);
	library.phdrs[0] = (struct elf32_phdr){.p_type = PT_LOAD, .p_filesz = sizeof(library)};
	library.phdrs[1] = (struct elf32_phdr){
		.p_type = PT_DYNAMIC, .p_offset = PLACE(dynamic), .p_filesz = sizeof(library.dynamic)};
	const struct elf32_dyn dynamic[7] = {
		{DT_SONAME, 1}, {DT_STRTAB, PLACE(strings)}, {DT_STRSZ, sizeof(library.strings)},
		{DT_SYMTAB, PLACE(syms)}, {DT_SYMENT, sizeof(struct elf32_sym)}, {DT_HASH, PLACE(hash)}, {DT_NULL, 0},
	};
	memcpy(library.dynamic, dynamic, sizeof(dynamic));
	library.syms[1] = (struct elf32_sym){5, 0x10, 4, STB_GLOBAL << 4 | STT_FUNC, 0, 1};
	library.hash[0] = 1;
	library.hash[1] = 2;
	memcpy(library.strings, "\0lib\0f\0", 8);
	struct bytes bytes = {(const uint8_t *)&library, sizeof(library)};
	struct elf_shared shared;
	struct elf_error error;
	assert_true(elf_read_shared_in(&shared, bytes, &room, &error));
	assert_string_equal(shared.soname, "lib");
	assert_int_equal(shared.dynsym.n, 2);
	assert_int_equal(shared.dynsym.syms[1].st_value, 0x10);
	assert_string_equal(shared.dynsym.strtab + shared.dynsym.syms[1].st_name, "f");
	library.dynamic[4].d_val = 24;
	assert_false(elf_read_shared_in(&shared, bytes, &room, &error));
	assert_string_equal(error.field, "DT_SYMENT");
	release();
}

static void writers_write_what_readers_read(void **state)
{
	(void)state;
	const struct elf_sym sym = {1, STB_GLOBAL << 4 | STT_OBJECT, STV_PROTECTED, 7, 0x12345678, 9};
	const struct elf_rela rela = {0x1234, R_386_32, 0x654321, -8};
	uint8_t at[64];
	elf_put_sym(&elf_dialect_64, at, &sym);
	assert_memory_equal(at, &sym, sizeof(sym));
	elf_put_sym(&elf_dialect_32_rel, at, &sym);
	const struct elf32_sym *narrow = (const struct elf32_sym *)at;
	assert_int_equal(narrow->st_value, 0x12345678);
	assert_int_equal(narrow->st_size, 9);
	assert_int_equal(narrow->st_other, STV_PROTECTED);
	assert_int_equal(narrow->st_shndx, 7);

	memset(at, 0xee, sizeof(at));
	elf_put_rela(&elf_dialect_32_rel, at, &rela);
	assert_int_equal(read32(at), 0x1234);
	assert_int_equal(read32(at + 4), 0x65432101);
	assert_int_equal(at[8], 0xee);
	elf_put_rela(&elf_dialect_32_rela, at, &rela);
	assert_int_equal((int32_t)read32(at + 8), -8);
	elf_put_rela(&elf_dialect_64, at, &rela);
	assert_memory_equal(at, &rela, sizeof(rela));

	elf_put_word(&elf_dialect_32_rel, at, 0x1122334455667788);
	assert_int_equal(elf_get_word(&elf_dialect_32_rel, at), 0x55667788);
	elf_put_word(&elf_dialect_64, at, 0x1122334455667788);
	assert_true(elf_get_word(&elf_dialect_64, at) == 0x1122334455667788);

	const struct elf_chdr chdr = {ELFCOMPRESS_ZLIB, 0, 1000, 4};
	struct elf_chdr read;
	for (unsigned i = 0; i < 2; i++) {
		const struct elf_dialect *dialect = i ? &elf_dialect_64 : &elf_dialect_32_rel;
		elf_put_chdr(dialect, at, &chdr);
		elf_get_chdr(dialect, at, &read);
		assert_memory_equal(&read, &chdr, sizeof(chdr));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tables_become_those_of_class_64),
		cmocka_unit_test(without_memory_class_32_is_an_error),
		cmocka_unit_test(damage_is_named),
		cmocka_unit_test(program_headers_outside_are_none),
		cmocka_unit_test(tables_that_overlap_are_refused),
		cmocka_unit_test(a_shared_object_reads_by_segments),
		cmocka_unit_test(writers_write_what_readers_read),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
