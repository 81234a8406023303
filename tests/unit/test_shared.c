/* elf/shared.h: a shared object built as a C structure, read by its section headers and by its program headers, whole
 * and with one member broken; and the libc.so.6 this program runs with. */
#include "elf/shared.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

enum { NONE, DYNSYM, DYNSTR, DYNAMIC, VERSYM, VERDEF, VERNEED, OTHER_STRTAB, NSECTIONS };
enum { SYM_NULL, SYM_IMPORT, SYM_EXPORT, SYM_EXPORT2, NSYMS };
enum { DYN_NEEDED, DYN_SONAME, DYN_STRTAB, DYN_STRSZ, DYN_SYMTAB, DYN_SYMENT, DYN_HASH, DYN_GNU_HASH, DYN_VERSYM,
       DYN_VERDEF, DYN_VERDEFNUM, DYN_VERNEED, DYN_VERNEEDNUM, NDYNAMIC };

static const char strings[] = "\0libx.so.1\0libc.so.6\0import\0export\0export2\0V_1\0V_2\0GLIBC_2.34";
enum { SONAME = 1, LIBC = 11, IMPORT = 21, EXPORT = 28, EXPORT2 = 35, V_1 = 43, V_2 = 47, GLIBC = 51 };

/* Where the file is mapped: addresses are not file offsets. */
enum { BASE = 0x10000 };

struct verdef {
	struct elf_verdef def;
	struct elf_verdaux aux;
} ELF_PACKED;

struct verneed {
	struct elf_verneed need;
	struct elf_vernaux aux[2];
} ELF_PACKED;

struct library {
	struct elf_ehdr ehdr;
	struct elf_phdr load, dynamic_segment;
	struct elf_dyn dynamic[NDYNAMIC + 1]; /* and DT_NULL */
	struct elf_sym syms[NSYMS];
	uint16_t versym[NSYMS];
	struct verdef verdefs[3];
	struct verneed verneed;
	uint32_t hash[2 + 1 + NSYMS];
	struct {
		uint32_t nbuckets, symoffset, nbloom, shift;
		uint64_t bloom;
		uint32_t buckets[2], chains[2];
	} ELF_PACKED gnu_hash;
	char strings[sizeof(strings)];
	struct elf_shdr shdrs[NSECTIONS];
} ELF_PACKED;

#define SIZE_OF(MEMBER) sizeof(((struct library *)NULL)->MEMBER)
#define ADDRESS(MEMBER) (BASE + offsetof(struct library, MEMBER))
#define SECTION(TYPE, MEMBER, LINK, ...)                                                                               \
	(struct elf_shdr)                                                                                              \
	{                                                                                                              \
		.sh_type = TYPE, .sh_offset = offsetof(struct library, MEMBER), .sh_size = SIZE_OF(MEMBER),            \
		.sh_link = LINK, __VA_ARGS__                                                                           \
	}

/* `sections`: with section headers; otherwise the file ends in front of them. Freed by the caller. */
static struct library *good_library(bool sections)
{
	struct library *library = malloc(sizeof(*library));
	const uint32_t aux = sizeof(struct elf_verdef), next = sizeof(struct verdef);
	*library = (struct library){
		.ehdr = {
			.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS64, ELFDATA2LSB, EV_CURRENT},
			.e_type = ET_DYN,
			.e_version = EV_CURRENT,
			.e_phoff = offsetof(struct library, load),
			.e_phentsize = sizeof(struct elf_phdr),
			.e_phnum = 2,
			.e_shoff = sections ? offsetof(struct library, shdrs) : 0,
			.e_shentsize = sizeof(struct elf_shdr),
			.e_shnum = NSECTIONS,
		},
		.load = {.p_type = PT_LOAD, .p_vaddr = BASE, .p_filesz = offsetof(struct library, shdrs)},
		.dynamic_segment = {.p_type = PT_DYNAMIC, .p_offset = offsetof(struct library, dynamic),
				    .p_vaddr = ADDRESS(dynamic), .p_filesz = SIZE_OF(dynamic)},
		.dynamic = {
			[DYN_NEEDED] = {DT_NEEDED, LIBC},
			[DYN_SONAME] = {DT_SONAME, SONAME},
			[DYN_STRTAB] = {DT_STRTAB, ADDRESS(strings)},
			[DYN_STRSZ] = {DT_STRSZ, sizeof(strings)},
			[DYN_SYMTAB] = {DT_SYMTAB, ADDRESS(syms)},
			[DYN_SYMENT] = {DT_SYMENT, sizeof(struct elf_sym)},
			[DYN_HASH] = {DT_HASH, ADDRESS(hash)},
			[DYN_GNU_HASH] = {DT_GNU_HASH, ADDRESS(gnu_hash)},
			[DYN_VERSYM] = {DT_VERSYM, ADDRESS(versym)},
			[DYN_VERDEF] = {DT_VERDEF, ADDRESS(verdefs)},
			[DYN_VERDEFNUM] = {DT_VERDEFNUM, 3},
			[DYN_VERNEED] = {DT_VERNEED, ADDRESS(verneed)},
			[DYN_VERNEEDNUM] = {DT_VERNEEDNUM, 1},
		},
		.syms = {
			[SYM_IMPORT] = {IMPORT, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, SHN_UNDEF, 0, 0},
			[SYM_EXPORT] = {EXPORT, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, 0x77, 0, 0},
			[SYM_EXPORT2] = {EXPORT2, ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, SHN_ABS, 0, 0},
		},
		.versym = {0, 4, 2, 3 | 0x8000},
		.verdefs = {
			{{VER_DEF_CURRENT, VER_FLG_BASE, 1, 1, 0, aux, next}, {SONAME, 0}},
			{{VER_DEF_CURRENT, 0, 2, 1, 0, aux, next}, {V_1, 0}},
			{{VER_DEF_CURRENT, 0, 3, 2, 0, aux, 0}, {V_2, 0}},
		},
		.verneed = {{VER_NEED_CURRENT, 2, LIBC, sizeof(struct elf_verneed), 0},
			    {{0, 0, 4, GLIBC, sizeof(struct elf_vernaux)}, {0, VER_FLG_WEAK, 5, V_2, 0}}},
		.hash = {1, NSYMS},
		.gnu_hash = {2, SYM_EXPORT, 1, 0, 0, {SYM_EXPORT, 0}, {2, 5}},
		.shdrs = {
			[DYNSYM] = SECTION(SHT_DYNSYM, syms, DYNSTR, .sh_info = 1,
					   .sh_entsize = sizeof(struct elf_sym)),
			[DYNSTR] = SECTION(SHT_STRTAB, strings, 0),
			[DYNAMIC] = SECTION(SHT_DYNAMIC, dynamic, DYNSTR),
			[VERSYM] = SECTION(SHT_GNU_versym, versym, DYNSYM),
			[VERDEF] = SECTION(SHT_GNU_verdef, verdefs, DYNSTR, .sh_info = 3),
			[VERNEED] = SECTION(SHT_GNU_verneed, verneed, DYNSTR, .sh_info = 1),
			[OTHER_STRTAB] = {.sh_type = SHT_STRTAB},
		},
	};
	memcpy(library->strings, strings, sizeof(strings));
	return library;
}

static struct bytes bytes_of(const struct library *library)
{
	return (struct bytes){(const uint8_t *)library,
			      library->ehdr.e_shoff ? sizeof(*library) : offsetof(struct library, shdrs)};
}

/* What the walkers have said, as text: "1:1:libx.so.1 2:0:V_1 ". */
struct transcript {
	char text[256];
};

static void note_verdef(void *context, uint16_t index, uint16_t flags, const char *name)
{
	struct transcript *seen = context;
	size_t len = strlen(seen->text);
	snprintf(seen->text + len, sizeof(seen->text) - len, "%u:%u:%s ", index, flags, name);
}

static void note_verneed(void *context, const char *file, uint16_t index, const char *name)
{
	struct transcript *seen = context;
	size_t len = strlen(seen->text);
	snprintf(seen->text + len, sizeof(seen->text) - len, "%s:%u:%s ", file, index, name);
}

static bool read_all(struct bytes bytes, struct elf_error *error)
{
	struct elf_shared shared;
	struct transcript ignored = {""};
	return elf_read_shared(&shared, bytes, error) && elf_each_verdef(&shared, note_verdef, &ignored, error) &&
	       elf_each_verneed(&shared, note_verneed, &ignored, error);
}

static void expect_good(struct bytes bytes)
{
	struct elf_error error = {0};
	struct elf_shared shared;
	if (!elf_read_shared(&shared, bytes, &error))
		fail_msg("%s of %u %s", error.field, error.index, error.what);
	assert_string_equal(shared.soname, "libx.so.1");
	assert_int_equal(shared.ndynamic, NDYNAMIC);
	assert_string_equal(elf_dynamic_string(&shared, DYN_NEEDED), "libc.so.6");
	assert_null(elf_dynamic_string(&shared, DYN_STRTAB));
	assert_int_equal(shared.dynsym.n, NSYMS);
	assert_int_equal(shared.dynsym.first_global, 1);
	assert_string_equal(shared.dynsym.strtab + shared.dynsym.syms[SYM_EXPORT2].st_name, "export2");
	assert_int_equal(read16(shared.versym + 2 * SYM_EXPORT2), 0x8003);

	struct transcript seen = {""};
	assert_true(elf_each_verdef(&shared, note_verdef, &seen, &error));
	assert_string_equal(seen.text, "1:1:libx.so.1 2:0:V_1 3:0:V_2 ");
	seen = (struct transcript){""};
	assert_true(elf_each_verneed(&shared, note_verneed, &seen, &error));
	assert_string_equal(seen.text, "libc.so.6:4:GLIBC_2.34 libc.so.6:5:V_2 ");
}

static void a_library_is_read_by_its_sections(void **state)
{
	(void)state;
	struct library *library = good_library(true);
	library->ehdr.e_phoff = UINT64_MAX; /* not looked at */
	expect_good(bytes_of(library));
	free(library);
}

static void a_library_without_sections_is_read_by_its_segments(void **state)
{
	(void)state;
	struct library *library = good_library(false);
	expect_good(bytes_of(library));
	/* Without DT_HASH the symbols are counted by the last chain of DT_GNU_HASH. */
	library->dynamic[DYN_HASH].d_tag = DT_DEBUG;
	expect_good(bytes_of(library));
	free(library);
}

static void a_library_may_have_nothing(void **state)
{
	(void)state;
	struct elf_error error;
	struct elf_shared shared;
	struct library *library = good_library(false);
	library->dynamic[0].d_tag = DT_NULL;
	for (int round = 0; round < 3; round++) {
		assert_true(elf_read_shared(&shared, bytes_of(library), &error));
		assert_int_equal(shared.dynsym.n, 0);
		assert_int_equal(shared.ndynamic, 0);
		assert_null(shared.soname);
		assert_null(shared.versym);
		assert_true(elf_each_verdef(&shared, note_verdef, NULL, &error));
		assert_true(elf_each_verneed(&shared, note_verneed, NULL, &error));
		library->dynamic_segment.p_type = PT_NULL;
		if (round == 1)
			library->ehdr.e_phnum = 0;
	}
	free(library);
}

static void the_walk_ends_where_the_list_ends(void **state)
{
	(void)state;
	struct library *library = good_library(true);
	struct elf_error error;
	library->shdrs[VERDEF].sh_info = UINT32_MAX;
	library->shdrs[VERNEED].sh_info = UINT32_MAX;
	library->verneed.need.vn_cnt = UINT16_MAX;
	expect_good(bytes_of(library));
	/* ... or where the count ends. */
	library->shdrs[VERDEF].sh_info = 1;
	struct elf_shared shared;
	struct transcript seen = {""};
	assert_true(elf_read_shared(&shared, bytes_of(library), &error));
	assert_true(elf_each_verdef(&shared, note_verdef, &seen, &error));
	assert_string_equal(seen.text, "1:1:libx.so.1 ");
	free(library);
}

struct damage {
	bool sections;
	const char *member;
	size_t offset, size;
	uint64_t value;
	const char *field;
	uint32_t index;
};

#define DAMAGE(SECTIONS, MEMBER, VALUE, FIELD, INDEX)                                                                  \
	{                                                                                                              \
		SECTIONS, #MEMBER, offsetof(struct library, MEMBER), SIZE_OF(MEMBER), VALUE, FIELD, INDEX              \
	}
#define SHDR(INDEX, MEMBER, VALUE) DAMAGE(true, shdrs[INDEX].MEMBER, VALUE, #MEMBER, INDEX)
#define DYN(INDEX, VALUE, FIELD) DAMAGE(false, dynamic[INDEX].d_val, VALUE, FIELD, 0)

static const struct damage damages[] = {
	SHDR(DYNSYM, sh_entsize, 0),
	SHDR(DYNSYM, sh_info, NSYMS + 1),
	SHDR(DYNSYM, sh_size, UINT64_MAX),
	DAMAGE(true, shdrs[DYNSYM].sh_link, DYNAMIC, "sh_type", DYNAMIC),
	DAMAGE(true, syms[3].st_name, sizeof(strings), "st_name", 3),
	SHDR(DYNSTR, sh_size, sizeof(strings) - 1),
	SHDR(DYNAMIC, sh_link, OTHER_STRTAB),
	SHDR(VERDEF, sh_link, OTHER_STRTAB),
	SHDR(VERNEED, sh_link, DYNSYM),
	SHDR(VERNEED, sh_link, NSECTIONS),
	SHDR(VERSYM, sh_size, 2 * NSYMS - 1),

	DAMAGE(true, dynamic[DYN_SONAME].d_val, sizeof(strings), "DT_SONAME", 0),
	DAMAGE(true, verdefs[0].def.vd_version, 2, "vd_version", 0),
	DAMAGE(true, verdefs[1].def.vd_cnt, 0, "vd_cnt", 1),
	DAMAGE(true, verdefs[1].def.vd_aux, 3 * sizeof(struct verdef), "vd_aux", 1),
	DAMAGE(true, verdefs[1].def.vd_aux, UINT32_MAX, "vd_aux", 1),
	DAMAGE(true, verdefs[1].def.vd_next, UINT32_MAX, "vd_next", 2),
	DAMAGE(true, verdefs[1].def.vd_next, 2 * sizeof(struct verdef), "vd_next", 2),
	DAMAGE(true, verdefs[1].def.vd_next, 4, "vd_next", 1),
	DAMAGE(true, verdefs[2].aux.vda_name, sizeof(strings), "vda_name", 2),
	DAMAGE(true, verneed.need.vn_version, 0, "vn_version", 0),
	DAMAGE(true, verneed.need.vn_file, UINT32_MAX, "vn_file", 0),
	DAMAGE(true, verneed.need.vn_aux, sizeof(struct verneed), "vn_aux", 0),
	DAMAGE(true, verneed.need.vn_aux, UINT32_MAX, "vn_aux", 0),
	DAMAGE(true, verneed.aux[0].vna_next, UINT32_MAX, "vna_next", 0),
	DAMAGE(true, verneed.aux[1].vna_name, sizeof(strings), "vna_name", 0),

	DAMAGE(false, ehdr.e_phentsize, 0, "e_phentsize", 0),
	DAMAGE(false, ehdr.e_phnum, PN_XNUM, "e_phnum", 0),
	DAMAGE(false, ehdr.e_phnum, 0xfffe, "e_phoff", 0),
	DAMAGE(false, ehdr.e_phoff, UINT64_MAX, "e_phoff", 0),
	DAMAGE(false, ehdr.e_phoff, sizeof(struct library), "e_phoff", 0),
	DAMAGE(false, load.p_filesz, UINT64_MAX, "p_filesz", 0),
	DAMAGE(false, load.p_offset, UINT64_MAX, "p_filesz", 0),
	DAMAGE(false, load.p_vaddr, ADDRESS(strings), "DT_HASH", 0),
	DAMAGE(false, load.p_type, PT_NOTE, "DT_STRTAB", 0),
	DAMAGE(false, dynamic_segment.p_filesz, sizeof(struct library), "p_filesz", 1),
	DYN(DYN_SONAME, UINT64_MAX, "DT_SONAME"),
	DYN(DYN_STRTAB, BASE - 1, "DT_STRTAB"),
	DYN(DYN_STRTAB, UINT64_MAX, "DT_STRTAB"),
	DYN(DYN_STRTAB, ADDRESS(shdrs), "DT_STRTAB"),
	DYN(DYN_STRSZ, UINT64_MAX, "DT_STRSZ"),
	DYN(DYN_STRSZ, sizeof(strings) + 1, "DT_STRSZ"),
	DYN(DYN_STRSZ, sizeof(strings) - 1, "DT_STRSZ"),
	DAMAGE(false, dynamic[DYN_STRSZ].d_val, 0, "st_name", 1),
	DYN(DYN_SYMTAB, ADDRESS(shdrs), "DT_SYMTAB"),
	DYN(DYN_SYMENT, 16, "DT_SYMENT"),
	DYN(DYN_HASH, 1, "DT_HASH"),
	DYN(DYN_HASH, ADDRESS(shdrs) - 7, "DT_HASH"),
	DAMAGE(false, hash[1], UINT32_MAX, "DT_SYMTAB", 0),
	DYN(DYN_VERSYM, ADDRESS(shdrs), "DT_VERSYM"),
	DYN(DYN_VERSYM, ADDRESS(shdrs) - 2, "DT_VERSYM"),
	DYN(DYN_VERDEF, 3, "DT_VERDEF"),
	DYN(DYN_VERNEED, 3, "DT_VERNEED"),
	DAMAGE(false, syms[SYM_IMPORT].st_name, sizeof(strings), "st_name", SYM_IMPORT),
};

static void expect_error(const struct library *library, const char *member, uint64_t value, const char *field,
			 uint32_t index)
{
	struct elf_error error = {0};
	if (read_all(bytes_of(library), &error))
		fail_msg("%s = %#lx was accepted", member, value);
	if (strcmp(error.field, field) != 0 || error.index != index)
		fail_msg("%s = %#lx gives: %s of %u %s", member, value, error.field, error.index, error.what);
}

static void every_broken_field_is_named(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNTOF(damages); i++) {
		const struct damage *damage = &damages[i];
		struct library *library = good_library(damage->sections);
		memcpy((uint8_t *)library + damage->offset, &damage->value, damage->size);
		expect_error(library, damage->member, damage->value, damage->field, damage->index);
		free(library);
	}
}

static void a_broken_gnu_hash_table_is_an_error(void **state)
{
	(void)state;
	static const struct damage broken[] = {
		DYN(DYN_GNU_HASH, ADDRESS(shdrs), "DT_GNU_HASH"),
		DYN(DYN_GNU_HASH, ADDRESS(shdrs) - 15, "DT_GNU_HASH"),
		DAMAGE(false, gnu_hash.nbuckets, UINT32_MAX, "DT_GNU_HASH", 0),
		DAMAGE(false, gnu_hash.nbloom, UINT32_MAX, "DT_GNU_HASH", 0),
		DAMAGE(false, gnu_hash.symoffset, SYM_EXPORT + 1, "DT_GNU_HASH", 0),
		DAMAGE(false, gnu_hash.buckets[1], UINT32_MAX, "DT_GNU_HASH", 0),
		DAMAGE(false, gnu_hash.buckets[1], 0x10000, "DT_GNU_HASH", 0),
	};
	for (size_t i = 0; i < COUNTOF(broken); i++) {
		struct library *library = good_library(false);
		library->dynamic[DYN_HASH].d_tag = DT_DEBUG;
		memcpy((uint8_t *)library + broken[i].offset, &broken[i].value, broken[i].size);
		expect_error(library, broken[i].member, broken[i].value, broken[i].field, broken[i].index);
		free(library);
	}
	/* No end of the chain before the segment's end. */
	struct library *library = good_library(false);
	library->dynamic[DYN_HASH].d_tag = DT_DEBUG;
	library->dynamic[DYN_STRTAB].d_val = ADDRESS(verdefs);
	library->dynamic[DYN_STRSZ].d_val = 60;
	for (size_t i = offsetof(struct library, gnu_hash.chains); i < offsetof(struct library, shdrs); i++)
		((uint8_t *)library)[i] = 0;
	expect_error(library, "gnu_hash.chains", 0, "DT_GNU_HASH", 0);
	free(library);
}

/* A hundred bytes could ask for millions of calls: each of many files with the same many versions. */
static void needed_versions_may_not_share_their_bytes(void **state)
{
	(void)state;
	enum { FILES = 14 };
	struct {
		struct elf_verneed needs[FILES];
		struct elf_vernaux aux[2];
	} ELF_PACKED section = {.aux = {{.vna_next = sizeof(struct elf_vernaux)}}};
	for (uint32_t i = 0; i < FILES; i++)
		section.needs[i] = (struct elf_verneed){
			.vn_version = VER_NEED_CURRENT,
			.vn_cnt = 2,
			.vn_aux = (FILES - i) * (uint32_t)sizeof(struct elf_verneed),
			.vn_next = i + 1 < FILES ? sizeof(struct elf_verneed) : 0,
		};
	struct elf_shared shared = {
		.dynsym = {.strtab = "", .strtab_size = 1},
		.verneed = {(const uint8_t *)&section, sizeof(section)},
		.nverneed = FILES,
	};
	struct elf_error error;
	struct transcript seen = {""};
	assert_false(elf_each_verneed(&shared, note_verneed, &seen, &error));
	assert_string_equal(error.field, "vn_cnt");
}

static void a_library_cut_off_anywhere_is_harmless(void **state)
{
	(void)state;
	for (int sections = 0; sections < 2; sections++) {
		struct library *library = good_library(sections);
		uint64_t whole = bytes_of(library).size;
		for (uint64_t size = 0; size < whole; size++) {
			uint8_t *cut = malloc(size ? size : 1);
			memcpy(cut, library, size);
			struct elf_error error = {0};
			assert_false(read_all((struct bytes){cut, size}, &error));
			assert_non_null(error.field);
			free(cut);
		}
		free(library);
	}
}

struct looked_for {
	const char *name;
	uint16_t index;
};

static void find_version(void *context, uint16_t index, uint16_t flags, const char *name)
{
	struct looked_for *looked_for = context;
	(void)flags;
	if (strcmp(name, looked_for->name) == 0)
		looked_for->index = index;
}

static void count_needed(void *context, const char *file, uint16_t index, const char *name)
{
	uint32_t *n = context;
	(void)index;
	*n += file[0] != '\0' && name[0] != '\0';
}

/* A private, writable copy of the libc.so.6 mapped into this process. */
static struct bytes map_libc(void)
{
	char line[4096], *path = NULL;
	FILE *maps = fopen("/proc/self/maps", "r");
	while (maps && fgets(line, sizeof(line), maps)) {
		line[strcspn(line, "\n")] = '\0';
		path = strchr(line, '/');
		if (path && strstr(path, "/libc.so.6"))
			break;
		path = NULL;
	}
	if (maps)
		fclose(maps);
	int fd = path ? open(path, O_RDONLY | O_CLOEXEC) : -1;
	if (fd < 0) {
		print_message("skipped: no libc.so.6 in /proc/self/maps\n");
		skip();
	}
	struct stat st;
	assert_int_equal(fstat(fd, &st), 0);
	void *at = mmap(NULL, (size_t)st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	assert_ptr_not_equal(at, MAP_FAILED);
	close(fd);
	return (struct bytes){at, (uint64_t)st.st_size};
}

static void libc_reads_the_same_with_and_without_sections(void **state)
{
	(void)state;
	struct bytes bytes = map_libc();
	struct elf_error error = {0};
	struct elf_shared by_sections, by_segments;
	if (!elf_read_shared(&by_sections, bytes, &error))
		fail_msg("%s of %u %s", error.field, error.index, error.what);
	assert_string_equal(by_sections.soname, "libc.so.6");
	assert_true(by_sections.dynsym.n > 1000);
	assert_non_null(by_sections.versym);
	struct looked_for glibc_2_34 = {"GLIBC_2.34", 0};
	assert_true(elf_each_verdef(&by_sections, find_version, &glibc_2_34, &error));
	assert_true(glibc_2_34.index > 1);
	uint32_t nneeded = 0;
	assert_true(elf_each_verneed(&by_sections, count_needed, &nneeded, &error));
	assert_true(nneeded > 0);

	((struct elf_ehdr *)(uintptr_t)bytes.data)->e_shoff = 0;
	if (!elf_read_shared(&by_segments, bytes, &error))
		fail_msg("%s of %u %s", error.field, error.index, error.what);
	assert_string_equal(by_segments.soname, "libc.so.6");
	assert_int_equal(by_segments.dynsym.n, by_sections.dynsym.n);
	assert_int_equal(by_segments.dynsym.first_global, by_sections.dynsym.first_global);
	assert_ptr_equal(by_segments.dynsym.syms, by_sections.dynsym.syms);
	assert_ptr_equal(by_segments.dynsym.strtab, by_sections.dynsym.strtab);
	assert_ptr_equal(by_segments.versym, by_sections.versym);
	assert_ptr_equal(by_segments.verdef.data, by_sections.verdef.data);
	assert_ptr_equal(by_segments.verneed.data, by_sections.verneed.data);
	assert_int_equal(by_segments.nverdef, by_sections.nverdef);
	assert_int_equal(by_segments.nverneed, by_sections.nverneed);
	assert_int_equal(by_segments.ndynamic, by_sections.ndynamic);
	munmap((void *)(uintptr_t)bytes.data, bytes.size);
}

/* libc looks `stdout` up, so that it finds a program's copy, but calls its own puts(). */
static void dynamic_relocations_name_what_is_looked_up(void **state)
{
	(void)state;
	struct bytes bytes = map_libc();
	struct elf_error error = {0};
	struct elf_shared shared;
	unsigned found = 0;
	assert_true(elf_read_shared(&shared, bytes, &error));
	bool *marks = calloc(shared.dynsym.n, sizeof(*marks));
	assert_non_null(marks);
	elf_shared_relocated(&shared, marks);
	for (uint32_t i = 0; i < shared.dynsym.n; i++) {
		const char *name = shared.dynsym.strtab + shared.dynsym.syms[i].st_name;
		bool looked_up = strcmp(name, "stdout") == 0;
		if (!looked_up && strcmp(name, "puts") != 0)
			continue;
		found++;
		assert_int_equal(marks[i], looked_up);
	}
	assert_int_equal(found, 2);
	free(marks);
	munmap((void *)(uintptr_t)bytes.data, bytes.size);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_library_is_read_by_its_sections),
		cmocka_unit_test(a_library_without_sections_is_read_by_its_segments),
		cmocka_unit_test(a_library_may_have_nothing),
		cmocka_unit_test(the_walk_ends_where_the_list_ends),
		cmocka_unit_test(every_broken_field_is_named),
		cmocka_unit_test(a_broken_gnu_hash_table_is_an_error),
		cmocka_unit_test(needed_versions_may_not_share_their_bytes),
		cmocka_unit_test(a_library_cut_off_anywhere_is_harmless),
		cmocka_unit_test(libc_reads_the_same_with_and_without_sections),
		cmocka_unit_test(dynamic_relocations_name_what_is_looked_up),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
