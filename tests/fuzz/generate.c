#include "fuzz/generate.h"

#include <ar.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "elf/addrsig.h"
#include "elf/dialect.h"

enum { MAX_SECTIONS = 40, MAX_RELAS = 24, MAX_SYMBOLS = 96, N_FUNCTIONS = 6, N_OBJECTS = 4, N_THREAD_LOCALS = 3 };

struct made_rela {
	uint64_t offset;
	uint32_t type, symbol;
	int64_t addend;
};

struct made_section {
	const char *name;
	uint32_t type, link, info;
	uint64_t flags, align, entsize;
	uint64_t size; /* SHT_NOBITS; of others, that of `content` */
	struct image content;
	struct made_rela relas[MAX_RELAS];
	unsigned n_relas;
	uint32_t group; /* the section that is its group; 0: none */
};

struct making {
	struct choices *choices;
	const struct elf_dialect *dialect;
	struct object_kind kind;
	struct made_section sections[MAX_SECTIONS];
	uint32_t n_sections, text, data, bss, tdata, tbss, merged;
	struct elf_sym symbols[MAX_SYMBOLS];
	uint32_t n_symbols, n_locals;
	uint32_t functions[N_FUNCTIONS], objects[N_OBJECTS], thread_locals[N_THREAD_LOCALS], get_address;
	uint32_t got_symbol; /* _GLOBAL_OFFSET_TABLE_ */
	struct image strtab;
};

void image_add(struct image *image, const void *data, uint64_t size)
{
	image->bytes.at = array_reserve(image->bytes.at, image->bytes.n, &image->bytes.cap, 1, (uint32_t)size);
	if (size)
		memcpy(image->bytes.at + image->bytes.n, data, size);
	image->bytes.n += (uint32_t)size;
}

void image_free(struct image *image)
{
	array_free(&image->bytes);
}

static void pad(struct image *image, uint64_t align)
{
	static const uint8_t zeros[64];
	image_add(image, zeros, align_up(image->bytes.n, align) - image->bytes.n);
}

static void add32(struct image *image, uint32_t value)
{
	image_add(image, &value, sizeof(value));
}

static uint32_t add_section(struct making *m, const char *name, uint32_t type, uint64_t flags, uint64_t align)
{
	struct made_section *section = &m->sections[m->n_sections];
	*section = (struct made_section){.name = name, .type = type, .flags = flags, .align = align};
	return m->n_sections++;
}

static uint32_t add_symbol(struct making *m, const char *name, uint8_t info, uint8_t other, uint16_t section,
			   uint64_t value, uint64_t size)
{
	uint32_t at = *name ? m->strtab.bytes.n : 0;
	if (*name)
		image_add(&m->strtab, name, strlen(name) + 1);
	m->symbols[m->n_symbols] = (struct elf_sym){at, info, other, section, value, size};
	return m->n_symbols++;
}

/* ---- content: code with its relocations --------------------------------------------------------------------- */

enum wanted {
	WANTS_FUNCTION,
	WANTS_OBJECT,
	WANTS_THREAD_LOCAL,
	WANTS_ANY,
	WANTS_GOT,
	WANTS_GET_ADDRESS,
	WANTS_NOTHING
};

/* Instructions, and up to two relocations at offsets of them. */
struct snippet {
	uint8_t size, code[17];
	struct {
		uint8_t at, type, wanted;
		int8_t addend;
	} relas[2];
};

static const struct snippet wide_code[] = {
	{5, {0xe8}, {{1, R_X86_64_PLT32, WANTS_FUNCTION, -4}}},             /* call */
	{5, {0xe9}, {{1, R_X86_64_PC32, WANTS_FUNCTION, -4}}},              /* jmp */
	{7, {0x48, 0x8b, 5}, {{3, R_X86_64_REX_GOTPCRELX, WANTS_ANY, -4}}}, /* mov s@GOTPCREL(%rip), %rax */
	{6, {0xff, 0x15}, {{2, R_X86_64_GOTPCRELX, WANTS_FUNCTION, -4}}},   /* call *s@GOTPCREL(%rip) */
	{7, {0x48, 0x03, 5}, {{3, R_X86_64_GOTPCREL, WANTS_OBJECT, -4}}},   /* add */
	{7, {0x48, 0x8d, 5}, {{3, R_X86_64_PC32, WANTS_ANY, -4}}},          /* lea s(%rip), %rax */
	{5, {0xb8}, {{1, R_X86_64_32, WANTS_OBJECT, 0}}},                   /* mov $s, %eax */
	{7, {0x48, 0xc7, 0xc0}, {{3, R_X86_64_32S, WANTS_FUNCTION, 0}}},
	{7, {0x48, 0x8b, 5}, {{3, R_X86_64_GOTTPOFF, WANTS_THREAD_LOCAL, -4}}},  /* initial exec */
	{7, {0x48, 0x8d, 0x80}, {{3, R_X86_64_TPOFF32, WANTS_THREAD_LOCAL, 0}}}, /* local exec */
	{16,
	 {0x66, 0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0x66, 0x66, 0x48, 0xe8}, /* general dynamic */
	 {{4, R_X86_64_TLSGD, WANTS_THREAD_LOCAL, -4}, {12, R_X86_64_PLT32, WANTS_GET_ADDRESS, -4}}},
	{12,
	 {0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0xe8}, /* local dynamic */
	 {{3, R_X86_64_TLSLD, WANTS_THREAD_LOCAL, -4}, {8, R_X86_64_PLT32, WANTS_GET_ADDRESS, -4}}},
	{9,
	 {0x48, 0x8d, 5, 0, 0, 0, 0, 0xff, 0x10}, /* descriptors */
	 {{3, R_X86_64_GOTPC32_TLSDESC, WANTS_THREAD_LOCAL, -4}, {7, R_X86_64_TLSDESC_CALL, WANTS_THREAD_LOCAL, 0}}},
	{10, {0x48, 0xb8}, {{2, R_X86_64_64, WANTS_ANY, 0}}}, /* movabs */
	{10, {0x48, 0xb8}, {{2, R_X86_64_GOTOFF64, WANTS_OBJECT, 0}}},
	{7, {0x48, 0x8d, 0x1d}, {{3, R_X86_64_GOTPC32, WANTS_GOT, -4}}},
	{1, {0xc3}, {{0, 0, WANTS_NOTHING, 0}}},
};

static const struct snippet narrow_code[] = {
	{5, {0xe8}, {{1, R_386_PLT32, WANTS_FUNCTION, -4}}},
	{5, {0xe8}, {{1, R_386_PC32, WANTS_FUNCTION, -4}}},
	{6, {0x8b, 0x83}, {{2, R_386_GOT32X, WANTS_ANY, 0}}},
	{6, {0x03, 0x83}, {{2, R_386_GOT32, WANTS_OBJECT, 0}}},
	{6, {0x8d, 0x83}, {{2, R_386_GOTOFF, WANTS_OBJECT, 0}}},
	{6, {0x81, 0xc3}, {{2, R_386_GOTPC, WANTS_GOT, 2}}},
	{5, {0xb8}, {{1, R_386_32, WANTS_ANY, 0}}},
	{6, {0x8b, 0x83}, {{2, R_386_TLS_GOTIE, WANTS_THREAD_LOCAL, 0}}},
	{5, {0xa1}, {{1, R_386_TLS_IE, WANTS_THREAD_LOCAL, 0}}},
	{6, {0x8d, 0x80}, {{2, R_386_TLS_LE, WANTS_THREAD_LOCAL, 0}}},
	{12,
	 {0x8d, 0x04, 0x1d, 0, 0, 0, 0, 0xe8},
	 {{3, R_386_TLS_GD, WANTS_THREAD_LOCAL, 0}, {8, R_386_PLT32, WANTS_GET_ADDRESS, -4}}},
	{11,
	 {0x8d, 0x83, 0, 0, 0, 0, 0xe8},
	 {{2, R_386_TLS_LDM, WANTS_THREAD_LOCAL, 0}, {7, R_386_PLT32, WANTS_GET_ADDRESS, -4}}},
	{8,
	 {0x8d, 0x83, 0, 0, 0, 0, 0xff, 0x10},
	 {{2, R_386_TLS_GOTDESC, WANTS_THREAD_LOCAL, 0}, {6, R_386_TLS_DESC_CALL, WANTS_THREAD_LOCAL, 0}}},
	{1, {0xc3}, {{0, 0, WANTS_NOTHING, 0}}},
};

static uint32_t symbol_for(struct making *m, unsigned wanted)
{
	struct choices *choices = m->choices;
	switch (wanted) {
	case WANTS_FUNCTION:
		return m->functions[choose(choices, N_FUNCTIONS)];
	case WANTS_OBJECT:
		return m->objects[choose(choices, N_OBJECTS)];
	case WANTS_THREAD_LOCAL:
		return m->thread_locals[choose(choices, N_THREAD_LOCALS)];
	case WANTS_GOT:
		return m->got_symbol;
	case WANTS_GET_ADDRESS:
		return m->get_address;
	default: /* a function, an object, or the symbol of the section of either */
		return one_in(choices, 4) ? (uint32_t)(1 + choose(choices, 2))
					  : symbol_for(m, (unsigned)choose(choices, 2));
	}
}

static void add_rela(struct making *m, uint32_t section, uint64_t at, uint32_t type, uint32_t symbol, int64_t addend)
{
	struct made_section *to = &m->sections[section];
	if (to->n_relas == MAX_RELAS)
		return;
	to->relas[to->n_relas++] = (struct made_rela){at, type, symbol, addend};
	if (!m->dialect->is_rela && at + 4 <= to->content.bytes.n)
		memcpy(to->content.bytes.at + at, &addend, 4);
}

/* Does it need an address, or a distance from one, that is known when the link is? */
static bool is_fixed(const struct making *m, const struct snippet *snippet)
{
	switch (snippet->relas[0].type) {
	case R_X86_64_PC32: /* R_386_PC32 is the same number, as the next two are of other types */
	case R_386_TLS_LE:
		return true;
	case R_X86_64_32:
	case R_X86_64_32S:
		return !m->kind.is_narrow;
	case R_X86_64_GOTOFF64:
	case R_X86_64_TPOFF32:
		return !m->kind.is_narrow;
	case R_386_GOTOFF:
		return m->kind.is_narrow;
	}
	return false;
}

static const struct snippet *choose_snippet(struct making *m)
{
	for (;;) {
		const struct snippet *snippet = m->kind.is_narrow
							? &narrow_code[choose(m->choices, COUNTOF(narrow_code))]
							: &wide_code[choose(m->choices, COUNTOF(wide_code))];
		if (!m->kind.is_pic || !is_fixed(m, snippet))
			return snippet;
	}
}

static void fill_code(struct making *m, uint32_t section)
{
	for (uint64_t n = 1 + choose(m->choices, 6); n > 0; n--) {
		const struct snippet *snippet = choose_snippet(m);
		struct made_section *to = &m->sections[section];
		uint64_t at = to->content.bytes.n;
		image_add(&to->content, snippet->code, snippet->size);
		for (unsigned i = 0; i < 2 && snippet->relas[i].type; i++)
			add_rela(m, section, at + snippet->relas[i].at, snippet->relas[i].type,
				 symbol_for(m, snippet->relas[i].wanted), snippet->relas[i].addend);
	}
}

static void fill_words(struct making *m, uint32_t section, unsigned wanted)
{
	static const uint8_t zeros[8];
	unsigned word = m->dialect->word;
	for (uint64_t n = 1 + choose(m->choices, 4); n > 0; n--) {
		struct image *content = &m->sections[section].content;
		uint64_t at = content->bytes.n;
		image_add(content, zeros, word);
		add_rela(m, section, at, m->kind.is_narrow ? R_386_32 : R_X86_64_64, symbol_for(m, wanted), 0);
	}
}

/* Strings of a few words, so that there are equal ones and ones that end like others. */
static void fill_strings(struct making *m, uint32_t section)
{
	static const char *const texts[] = {"one", "two", "twentyone", "", "a longer text to be merged", "text"};
	m->sections[section].entsize = 1;
	for (uint64_t n = 1 + choose(m->choices, 5); n > 0; n--) {
		const char *text = texts[choose(m->choices, COUNTOF(texts))];
		image_add(&m->sections[section].content, text, strlen(text) + 1);
	}
}

/* ---- sections ----------------------------------------------------------------------------------------------- */

/* A CIE and an FDE for .text (LSB, "Exception Frames"). */
static void make_eh_frame(struct making *m)
{
	static const uint8_t cie[] = {20, 0,    0,  0, 0,    0,  0, 0, 1,    'z', 'R', 0,
				      1,  0x78, 16, 1, 0x1b, 12, 7, 8, 0x90, 1,   0,   0};
	static const uint8_t fde[] = {20, 0, 0, 0, 28, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0x41, 0x0e, 16, 0, 0, 0, 0};
	uint32_t section = add_section(m, ".eh_frame",
				       !m->kind.is_narrow && one_in(m->choices, 2) ? SHT_X86_64_UNWIND : SHT_PROGBITS,
				       SHF_ALLOC, m->dialect->word);
	image_add(&m->sections[section].content, cie, sizeof(cie));
	for (uint32_t n = 0; n <= choose(m->choices, 2); n++) {
		uint32_t at = m->sections[section].content.bytes.n;
		image_add(&m->sections[section].content, fde, sizeof(fde));
		uint32_t pointer = at + 4;
		memcpy(m->sections[section].content.bytes.at + at + 4, &pointer, sizeof(pointer));
		add_rela(m, section, at + 8, m->kind.is_narrow ? R_386_PC32 : R_X86_64_PC32, 1, n);
	}
}

static void make_property(struct making *m)
{
	unsigned align = m->dialect->property_align;
	uint32_t section = add_section(m, ".note.gnu.property", SHT_NOTE, SHF_ALLOC, align);
	struct image *content = &m->sections[section].content;
	add32(content, 4);
	add32(content, (uint32_t)align_up(12, align));
	add32(content, NT_GNU_PROPERTY_TYPE_0);
	image_add(content, "GNU", 4);
	add32(content, GNU_PROPERTY_X86_FEATURE_1_AND);
	add32(content, 4);
	add32(content, (uint32_t)choose(m->choices, 4));
	pad(content, align);
}

/* Zlib's stream of one stored block (RFC 1950, RFC 1951). */
static void make_compressed(struct making *m)
{
	uint32_t section = add_section(m, one_in(m->choices, 2) ? ".debug_str" : ".debug_info", SHT_PROGBITS,
				       SHF_COMPRESSED, m->dialect->word);
	struct image *content = &m->sections[section].content;
	uint8_t header[24], text[40];
	uint32_t a = 1, b = 0, size = (uint32_t)(1 + choose(m->choices, sizeof(text)));
	struct elf_chdr chdr = {.ch_type = ELFCOMPRESS_ZLIB, .ch_size = size, .ch_addralign = 1};
	elf_put_chdr(m->dialect, header, &chdr);
	image_add(content, header, m->dialect->chdr);
	const uint8_t begin[] = {0x78, 1, 1, (uint8_t)size, 0, (uint8_t)~size, 0xff};
	image_add(content, begin, sizeof(begin));
	for (uint32_t i = 0; i < size; i++) {
		text[i] = (uint8_t)(i + 1 < size ? 'a' + choose(m->choices, 3) : 0);
		a = (a + text[i]) % 65521;
		b = (b + a) % 65521;
	}
	image_add(content, text, size);
	uint32_t check = __builtin_bswap32(b << 16 | a);
	image_add(content, &check, sizeof(check));
}

/* A COMDAT group of a function and what it needs. The signature is symbol 3, 4, ... of the files' common names. */
static void make_group(struct making *m)
{
	static const char *const names[] = {"inline_one", "inline_two", "inline_three"};
	uint32_t group = add_section(m, ".group", SHT_GROUP, 0, 4);
	uint32_t code = add_section(m, ".text.inline", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR | SHF_GROUP, 16);
	m->sections[code].group = group;
	fill_code(m, code);
	uint32_t symbol = add_symbol(m, names[choose(m->choices, COUNTOF(names))], ELF64_ST_INFO(STB_WEAK, STT_FUNC),
				     one_in(m->choices, 3) ? STV_HIDDEN : STV_DEFAULT, (uint16_t)code, 0, 1);
	m->sections[group].info = symbol;
	m->sections[group].entsize = 4;
	add32(&m->sections[group].content, GRP_COMDAT);
	add32(&m->sections[group].content, code);
}

/* What is there in one of several files. */
static void make_more(struct making *m)
{
	struct choices *choices = m->choices;
	uint32_t section;
	switch (choose(choices, 15)) {
	case 0:
		section = add_section(m, ".init_array", SHT_INIT_ARRAY, SHF_ALLOC | SHF_WRITE, m->dialect->word);
		fill_words(m, section, WANTS_FUNCTION);
		break;
	case 1:
		section = add_section(m, ".rodata.cst8", SHT_PROGBITS, SHF_ALLOC | SHF_MERGE, 8);
		m->sections[section].entsize = 8;
		for (unsigned i = 0; i < 4; i++)
			add32(&m->sections[section].content, (uint32_t)choose(choices, 2));
		break;
	case 2:
		section = add_section(m, "identifier", SHT_PROGBITS,
				      SHF_ALLOC | (one_in(choices, 3) ? SHF_GNU_RETAIN : 0), 8);
		fill_words(m, section, WANTS_ANY);
		break;
	case 3:
		section = add_section(m, ".text.ordered", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16);
		fill_code(m, section);
		break;
	case 4:
		section = add_section(m, ".metadata", SHT_PROGBITS, SHF_ALLOC | SHF_LINK_ORDER, 8);
		m->sections[section].link = m->text;
		fill_words(m, section, WANTS_FUNCTION);
		break;
	case 5:
		make_compressed(m);
		break;
	case 6:
		make_property(m);
		break;
	case 7:
		section = add_section(m, ".gnu.linkonce.t.once", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 1);
		fill_code(m, section);
		break;
	case 8:
		section = add_section(m, ".comment", SHT_PROGBITS, SHF_MERGE | SHF_STRINGS, 1);
		fill_strings(m, section);
		break;
	case 9:
		section = add_section(m, ".debug_info", SHT_PROGBITS, 0, 1);
		fill_words(m, section, WANTS_ANY);
		break;
	case 10:
		section = add_section(m, ".ctors.65530", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, m->dialect->word);
		fill_words(m, section, WANTS_FUNCTION);
		break;
	case 11:
		section = add_section(m, ".llvm_addrsig", SHT_LLVM_ADDRSIG, SHF_EXCLUDE, 1);
		for (uint8_t i = 3; i < 8; i++)
			image_add(&m->sections[section].content, &i, 1);
		break;
	case 12:
		section = add_section(m, ".data.rel.ro", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 32);
		fill_words(m, section, WANTS_ANY);
		break;
	case 13:
		if (!m->kind.is_narrow) {
			section = add_section(m, ".ldata", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE | SHF_X86_64_LARGE, 32);
			fill_words(m, section, WANTS_OBJECT);
		}
		break;
	default:
		section = add_section(m, ".gnu.warning.function_2", SHT_PROGBITS, 0, 1);
		image_add(&m->sections[section].content, "do not call it", 15);
	}
}

/* ---- symbols ------------------------------------------------------------------------------------------------ */

/* Global number `i` of its kind: this file's, in `section`, or somebody else's. */
static uint32_t make_global(struct making *m, const char *kind, unsigned i, uint8_t type, uint32_t section)
{
	struct choices *choices = m->choices;
	char name[40];
	uint8_t bind = one_in(choices, 5) ? STB_WEAK : STB_GLOBAL;
	uint8_t visibility = one_in(choices, 6) ? (uint8_t)choose(choices, 4) : STV_DEFAULT;
	bool is_mine = i % m->kind.n_files == m->kind.number;
	snprintf(name, sizeof(name), "%s_%u%s", kind, i,
		 m->kind.has_versions && is_mine && one_in(choices, 10) ? "@@V1" : "");
	if (!is_mine)
		return add_symbol(m, name, ELF64_ST_INFO(bind, STT_NOTYPE),
				  one_in(choices, 8) ? STV_HIDDEN : STV_DEFAULT, SHN_UNDEF, 0, 0);
	if (type == STT_OBJECT && one_in(choices, 5))
		return add_symbol(m, name, ELF64_ST_INFO(STB_GLOBAL, STT_OBJECT), STV_DEFAULT, SHN_COMMON, 8,
				  1 + choose(choices, 64));
	if (type == STT_FUNC && one_in(choices, 12))
		type = STT_GNU_IFUNC;
	if (type == STT_OBJECT && one_in(choices, 12))
		return add_symbol(m, name, ELF64_ST_INFO(bind, type), visibility, SHN_ABS, choose(choices, 1000), 0);
	return add_symbol(m, name, ELF64_ST_INFO(bind, type), visibility, (uint16_t)section,
			  type == STT_FUNC ? 0 : 4 * (i % 2), 4);
}

static void make_symbols(struct making *m)
{
	image_add(&m->strtab, "", 1);
	m->n_symbols = 0;
	add_symbol(m, "", 0, 0, SHN_UNDEF, 0, 0);
	add_symbol(m, "", ELF64_ST_INFO(STB_LOCAL, STT_SECTION), 0, (uint16_t)m->text, 0, 0);
	add_symbol(m, "", ELF64_ST_INFO(STB_LOCAL, STT_SECTION), 0, (uint16_t)m->merged, 0, 0);
	add_symbol(m, "file.c", ELF64_ST_INFO(STB_LOCAL, STT_FILE), 0, SHN_ABS, 0, 0);
	add_symbol(m, ".Llocal", ELF64_ST_INFO(STB_LOCAL, STT_NOTYPE), 0, (uint16_t)m->data, 0, 0);
	m->n_locals = m->n_symbols;
	for (unsigned i = 0; i < N_FUNCTIONS; i++)
		m->functions[i] = make_global(m, "function", i, STT_FUNC, m->text);
	for (unsigned i = 0; i < N_OBJECTS; i++)
		m->objects[i] = make_global(m, "object", i, STT_OBJECT, i % 2 ? m->bss : m->data);
	for (unsigned i = 0; i < N_THREAD_LOCALS; i++)
		m->thread_locals[i] = make_global(m, "local", i, STT_TLS, i % 2 ? m->tbss : m->tdata);
	m->get_address = add_symbol(m, m->kind.is_narrow ? "___tls_get_addr" : "__tls_get_addr",
				    ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, SHN_UNDEF, 0, 0);
	m->got_symbol =
		add_symbol(m, "_GLOBAL_OFFSET_TABLE_", ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, SHN_UNDEF, 0, 0);
	if (m->kind.number == 0)
		add_symbol(m, "_start", ELF64_ST_INFO(STB_GLOBAL, STT_FUNC), 0, (uint16_t)m->text, 0, 1);
	if (one_in(m->choices, 4))
		add_symbol(m, "__start_identifier", ELF64_ST_INFO(STB_GLOBAL, STT_NOTYPE), 0, SHN_UNDEF, 0, 0);
}

/* ---- the file ----------------------------------------------------------------------------------------------- */

static void add_table(struct making *m, const char *name, uint32_t type, uint32_t link, uint32_t info, uint64_t entsize)
{
	uint32_t section = add_section(m, name, type, 0, type == SHT_STRTAB ? 1 : m->dialect->word);
	m->sections[section].link = link;
	m->sections[section].info = info;
	m->sections[section].entsize = entsize;
}

/* The tables that stand for symbols and relocations, and the names of all sections. */
static uint32_t add_tables(struct making *m)
{
	uint32_t n = m->n_sections, symtab = n, strtab = n + 1, names = n + 2;
	uint8_t entry[32];
	add_table(m, ".symtab", SHT_SYMTAB, strtab, m->n_locals, m->dialect->sym);
	for (uint32_t i = 0; i < m->n_symbols; i++) {
		elf_put_sym(m->dialect, entry, &m->symbols[i]);
		image_add(&m->sections[symtab].content, entry, m->dialect->sym);
	}
	add_table(m, ".strtab", SHT_STRTAB, 0, 0, 0);
	m->sections[strtab].content = m->strtab;
	m->strtab = (struct image){0};
	add_table(m, ".shstrtab", SHT_STRTAB, 0, 0, 0);
	for (uint32_t i = 1; i < n && m->n_sections < MAX_SECTIONS; i++) {
		struct made_section *of = &m->sections[i];
		if (of->type == SHT_GROUP)
			of->link = symtab;
		if (of->type == SHT_LLVM_ADDRSIG)
			of->link = symtab;
		if (!of->n_relas)
			continue;
		uint32_t table = m->n_sections;
		add_table(m, m->dialect->is_rela ? ".rela" : ".rel", m->dialect->is_rela ? SHT_RELA : SHT_REL, symtab,
			  i, m->dialect->rela);
		m->sections[table].flags = SHF_INFO_LINK;
		for (unsigned r = 0; r < of->n_relas; r++) {
			struct elf_rela rela = {of->relas[r].offset, of->relas[r].type, of->relas[r].symbol,
						of->relas[r].addend};
			elf_put_rela(m->dialect, entry, &rela);
			image_add(&m->sections[table].content, entry, m->dialect->rela);
		}
		if (of->group) {
			add32(&m->sections[of->group].content, table);
			m->sections[table].flags |= SHF_GROUP;
		}
	}
	return names;
}

static void put_file(struct making *m, struct image *out, uint32_t names)
{
	uint32_t begin = out->bytes.n, name_at[MAX_SECTIONS];
	uint64_t offsets[MAX_SECTIONS];
	uint8_t header[sizeof(struct elf_ehdr)] = {0}, shdr[sizeof(struct elf_shdr)];
	image_add(&m->sections[names].content, "", 1);
	for (uint32_t i = 1; i < m->n_sections; i++) {
		name_at[i] = m->sections[names].content.bytes.n;
		image_add(&m->sections[names].content, m->sections[i].name, strlen(m->sections[i].name) + 1);
	}
	image_add(out, header, m->dialect->ehdr);
	for (uint32_t i = 1; i < m->n_sections; i++) {
		struct made_section *section = &m->sections[i];
		while ((out->bytes.n - begin) % section->align)
			image_add(out, "", 1);
		offsets[i] = out->bytes.n - begin;
		if (section->type != SHT_NOBITS)
			section->size = section->content.bytes.n;
		image_add(out, section->content.bytes.at, section->content.bytes.n);
	}
	while ((out->bytes.n - begin) % m->dialect->word)
		image_add(out, "", 1);
	struct elf_ehdr ehdr = {
		.e_ident = {0x7f, 'E', 'L', 'F', m->dialect->class_id, ELFDATA2LSB, EV_CURRENT},
		.e_type = ET_REL,
		.e_machine = m->kind.is_narrow ? EM_386 : EM_X86_64,
		.e_version = EV_CURRENT,
		.e_shoff = out->bytes.n - begin,
		.e_ehsize = m->dialect->ehdr,
		.e_shentsize = m->dialect->shdr,
		.e_shnum = (uint16_t)m->n_sections,
		.e_shstrndx = (uint16_t)names,
	};
	elf_put_ehdr(m->dialect, out->bytes.at + begin, &ehdr);
	memset(shdr, 0, sizeof(shdr));
	image_add(out, shdr, m->dialect->shdr);
	for (uint32_t i = 1; i < m->n_sections; i++) {
		const struct made_section *section = &m->sections[i];
		struct elf_shdr made = {name_at[i],     section->type,   section->flags, 0,
					offsets[i],     section->size,   section->link,  section->info,
					section->align, section->entsize};
		elf_put_shdr(m->dialect, shdr, &made);
		image_add(out, shdr, m->dialect->shdr);
	}
}

void generate_object(struct image *out, struct choices *choices, struct object_kind kind)
{
	static struct making making; /* large; a fuzz program has one thread */
	struct making *m = &making;
	m->choices = choices;
	m->kind = kind;
	m->dialect = kind.is_narrow ? &elf_dialect_32_rel : &elf_dialect_64;
	m->n_sections = 0;
	add_section(m, "", SHT_NULL, 0, 1);
	m->text = add_section(m, ".text", SHT_PROGBITS, SHF_ALLOC | SHF_EXECINSTR, 16);
	m->merged = add_section(m, ".rodata.str1.1", SHT_PROGBITS, SHF_ALLOC | SHF_MERGE | SHF_STRINGS, 1);
	m->data = add_section(m, ".data", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE, 8);
	m->bss = add_section(m, ".bss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE, 32);
	m->tdata = add_section(m, ".tdata", SHT_PROGBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS, 4);
	m->tbss = add_section(m, ".tbss", SHT_NOBITS, SHF_ALLOC | SHF_WRITE | SHF_TLS, 8);
	m->sections[m->bss].size = 64;
	m->sections[m->tbss].size = 16;
	make_symbols(m);
	image_add(&m->sections[m->text].content, "\x90\x90\x90\x90", 4);
	fill_code(m, m->text);
	fill_strings(m, m->merged);
	fill_words(m, m->data, WANTS_ANY);
	add32(&m->sections[m->tdata].content, 1);
	add32(&m->sections[m->tdata].content, 2);
	make_eh_frame(m);
	if (!one_in(choices, 4))
		add_section(m, ".note.GNU-stack", SHT_PROGBITS, 0, 1);
	for (uint64_t n = choose(choices, 5); n > 0; n--)
		make_more(m);
	for (uint64_t n = choose(choices, 3); n > 0; n--)
		make_group(m);
	put_file(m, out, add_tables(m));
	for (uint32_t i = 0; i < m->n_sections; i++)
		image_free(&m->sections[i].content);
}

/* ---- archives ----------------------------------------------------------------------------------------------- */

void archive_begin(struct image *out, bool is_thin)
{
	image_add(out, is_thin ? "!<thin>\n" : ARMAG, SARMAG);
}

void archive_add(struct image *out, const char *name, const void *data, uint64_t size, bool has_bytes)
{
	char header[sizeof(struct ar_hdr) + 1];
	snprintf(header, sizeof(header), "%-16s%-12d%-6d%-6d%-8o%-10lu%s", name, 0, 0, 0, 0644, (unsigned long)size,
		 ARFMAG);
	image_add(out, header, sizeof(struct ar_hdr));
	if (!has_bytes)
		return;
	image_add(out, data, size);
	if (size % 2)
		image_add(out, "\n", 1);
}
