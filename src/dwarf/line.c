#include "dwarf/line.h"

#include <string.h>

#include "dwarf/cursor.h"

/* Opcodes of the line number program (DWARF 5, table 7.25 and 7.26). */
enum {
	DW_LNS_extended_op = 0,
	DW_LNS_copy = 1,
	DW_LNS_advance_pc = 2,
	DW_LNS_advance_line = 3,
	DW_LNS_set_file = 4,
	DW_LNS_set_column = 5,
	DW_LNS_negate_stmt = 6,
	DW_LNS_set_basic_block = 7,
	DW_LNS_const_add_pc = 8,
	DW_LNS_fixed_advance_pc = 9,
	DW_LNS_set_prologue_end = 10,
	DW_LNS_set_epilogue_begin = 11,

	DW_LNE_end_sequence = 1,
	DW_LNE_set_address = 2,
};

/* What a column of the directory and file name tables holds (table 7.27). */
enum {
	DW_LNCT_path = 1,
	DW_LNCT_directory_index = 2,
};

/* Longer names are not believed (PATH_MAX). */
enum { LONGEST_NAME = 4096 };

#define NO_ENTRY UINT64_MAX

/* ---- reading ---------------------------------------------------------------------------------------------- */

/* The string at `offset`; empty when it does not lie in `bytes` with its NUL, or is too long. */
static struct str string_at(struct bytes bytes, uint64_t offset)
{
	if (offset >= bytes.size)
		return (struct str){"", 0};
	const uint8_t *at = bytes.data + offset;
	const uint8_t *nul = memchr(at, 0, min_u64(bytes.size - offset, LONGEST_NAME + 1));
	return nul ? (struct str){(const char *)at, (uint32_t)(nul - at)} : (struct str){"", 0};
}

/* A string between the numbers. One that is too long is passed over, and empty. */
static struct str next_string(struct cursor *cursor)
{
	struct str string = string_at((struct bytes){cursor->data, cursor->end}, cursor->at);
	if (string.len)
		take(cursor, (uint64_t)string.len + 1);
	else
		while (next_byte(cursor))
			;
	return string;
}

/* ---- relocations ------------------------------------------------------------------------------------------ */

/* An address or an offset has no other relocation than the machine's absolute one. Type 0 is R_*_NONE on all
 * machines. */
static const struct elf_rela *relocation_at(const struct dwarf_line_input *input, uint64_t place)
{
	uint64_t index = elf_rela_at(input->relas, place, 0);
	const struct elf_rela *rela = index != input->relas.n ? &input->relas.at[index] : NULL;
	return rela && rela->r_type != 0 && rela->r_sym < input->symtab->n ? rela : NULL;
}

/* A place in the code: an offset in a section of the file; section 0 is none. */
struct address {
	uint32_t section;
	uint64_t offset;
};

static struct address next_address(const struct dwarf_line_input *input, struct cursor *cursor, uint64_t size)
{
	uint64_t place = cursor->at;
	const struct elf_rela *rela = take(cursor, size) ? relocation_at(input, place) : NULL;
	const struct elf_symtab *symtab = input->symtab;
	if (!rela || elf_sym_is_special(symtab, rela->r_sym))
		return (struct address){0, 0};
	return (struct address){
		.section = elf_sym_section(symtab, rela->r_sym),
		.offset = symtab->syms[rela->r_sym].st_value + (uint64_t)rela->r_addend,
	};
}

/* The offset of a string in a section of strings. */
static uint64_t next_offset(const struct dwarf_line_input *input, struct cursor *cursor)
{
	const struct elf_rela *rela = relocation_at(input, cursor->at);
	uint64_t value = next_number(cursor, offset_size(cursor));
	return rela ? input->symtab->syms[rela->r_sym].st_value + (uint64_t)rela->r_addend : value;
}

/* ---- the header of a unit --------------------------------------------------------------------------------- */

struct unit {
	const struct dwarf_line_input *input;
	uint16_t version;
	uint8_t min_instruction_length;
	int8_t line_base;
	uint8_t line_range, opcode_base;
	const uint8_t *operands;         /* standard_opcode_lengths: opcode i has operands[i - 1] */
	struct cursor tables;            /* directories and file names */
	struct cursor program;
};

/* False: a unit of another version, or one that is damaged. */
static bool read_header(const struct dwarf_line_input *input, struct cursor cursor, struct unit *out)
{
	*out = (struct unit){.input = input, .version = (uint16_t)next_number(&cursor, 2)};
	if (out->version < DWARF_OLDEST || out->version > DWARF_NEWEST)
		return false;
	if (out->version >= 5)
		take(&cursor, 2); /* address_size, segment_selector_size */
	uint64_t length = next_number(&cursor, offset_size(&cursor));
	if (cursor.cut || length > cursor.end - cursor.at)
		return false;
	out->program = cursor;
	out->program.at = cursor.at + length;
	cursor.end = out->program.at;

	out->min_instruction_length = next_byte(&cursor);
	if (out->version >= 4)
		take(&cursor, 1); /* maximum_operations_per_instruction: only VLIW machines have more than 1 */
	take(&cursor, 1);         /* default_is_stmt */
	out->line_base = (int8_t)next_byte(&cursor);
	out->line_range = next_byte(&cursor);
	out->opcode_base = next_byte(&cursor);
	out->operands = cursor.data + cursor.at;
	if (out->opcode_base)
		take(&cursor, out->opcode_base - 1u);
	out->tables = cursor;
	return !cursor.cut && out->opcode_base != 0 && out->line_range != 0;
}

/* ---- the line number program ------------------------------------------------------------------------------ */

/* The state machine's registers that say something about lines (section 6.2.2). */
struct row {
	struct address address;
	uint64_t file;
	uint32_t line, column;
};

static const struct row first_row = {.file = 1, .line = 1};

struct machine {
	const struct unit *unit;
	struct row now;
	struct row last;                 /* the row before, of the same sequence; its section is 0 when there is none */
	struct address wanted;
	bool found;                      /* `last` is the row of `wanted` */
};

/* A row ends where the next one of its sequence begins. */
static void add_row(struct machine *machine)
{
	const struct address *begin = &machine->last.address, *end = &machine->now.address, *wanted = &machine->wanted;
	machine->found = begin->section == wanted->section && end->section == wanted->section &&
			 begin->offset <= wanted->offset && wanted->offset < end->offset;
	if (!machine->found)
		machine->last = machine->now;
}

static void end_sequence(struct machine *machine)
{
	add_row(machine);
	machine->now = first_row;
	if (!machine->found)
		machine->last = first_row;
}

static void advance_pc(struct machine *machine, uint64_t operations)
{
	machine->now.address.offset += operations * machine->unit->min_instruction_length;
}

static void run_special(struct machine *machine, uint8_t opcode)
{
	unsigned adjusted = (unsigned)opcode - machine->unit->opcode_base;
	advance_pc(machine, adjusted / machine->unit->line_range);
	machine->now.line += (uint32_t)machine->unit->line_base + adjusted % machine->unit->line_range;
	add_row(machine);
}

static void run_extended(struct machine *machine, struct cursor *program)
{
	uint64_t length = next_uleb128(program);
	uint64_t begin = program->at;
	if (!take(program, length) || length == 0)
		return;
	struct cursor operand = *program;
	operand.at = begin;
	switch (next_byte(&operand)) {
	case DW_LNE_end_sequence:
		end_sequence(machine);
		break;
	case DW_LNE_set_address:
		machine->now.address = next_address(machine->unit->input, &operand, length - 1);
		break;
	default: /* discriminators, and what is to come */
		break;
	}
}

static void run_standard(struct machine *machine, struct cursor *program, uint8_t opcode)
{
	const struct unit *unit = machine->unit;
	switch (opcode) {
	case DW_LNS_extended_op:
		run_extended(machine, program);
		break;
	case DW_LNS_copy:
		add_row(machine);
		break;
	case DW_LNS_advance_pc:
		advance_pc(machine, next_uleb128(program));
		break;
	case DW_LNS_advance_line:
		machine->now.line += (uint32_t)next_sleb128(program);
		break;
	case DW_LNS_set_file:
		machine->now.file = next_uleb128(program);
		break;
	case DW_LNS_set_column:
		machine->now.column = (uint32_t)next_uleb128(program);
		break;
	case DW_LNS_negate_stmt:
	case DW_LNS_set_basic_block:
	case DW_LNS_set_prologue_end:
	case DW_LNS_set_epilogue_begin:
		break;
	case DW_LNS_const_add_pc: /* as special opcode 255, without a row */
		advance_pc(machine, (255u - unit->opcode_base) / unit->line_range);
		break;
	case DW_LNS_fixed_advance_pc:
		machine->now.address.offset += next_number(program, 2);
		break;
	default: /* DW_LNS_set_isa, and what is to come */
		for (uint8_t i = 0; i < unit->operands[opcode - 1]; i++)
			next_uleb128(program);
		break;
	}
}

static bool run_program(const struct unit *unit, struct address wanted, struct row *row)
{
	struct machine machine = {.unit = unit, .now = first_row, .last = first_row, .wanted = wanted};
	struct cursor program = unit->program;
	while (program.at < program.end && !machine.found) {
		uint8_t opcode = next_byte(&program);
		if (opcode >= unit->opcode_base)
			run_special(&machine, opcode);
		else
			run_standard(&machine, &program, opcode);
	}
	*row = machine.last;
	return machine.found;
}

/* ---- names, versions 2 to 4 ------------------------------------------------------------------------------- */

/* Directory `index`, counted from 1 (0: the compilation directory, which the table does not name). The cursor goes
 * behind the list. */
static struct str find_directory_v2(struct cursor *tables, uint64_t index)
{
	struct str found = {"", 0};
	for (uint64_t i = 1; tables->at < tables->end; i++) {
		uint64_t begin = tables->at;
		struct str name = next_string(tables);
		if (tables->at - begin <= 1)
			break;
		if (i == index)
			found = name;
	}
	return found;
}

/* "sub", "", then "a.c" 1 0 0 (directory, time, size), "" is sub/a.c. */
static void find_name_v2(const struct unit *unit, uint64_t file, struct dwarf_line *out)
{
	struct cursor tables = unit->tables;
	find_directory_v2(&tables, NO_ENTRY);
	for (uint64_t i = 1; i <= file && tables.at < tables.end; i++) {
		uint64_t begin = tables.at;
		struct str name = next_string(&tables);
		if (tables.at - begin <= 1)
			return;
		uint64_t directory = next_uleb128(&tables);
		next_uleb128(&tables);
		next_uleb128(&tables);
		if (i != file || tables.cut)
			continue;
		tables = unit->tables;
		*out = (struct dwarf_line){.dir = find_directory_v2(&tables, directory), .file = name};
		return;
	}
}

/* ---- names, version 5 ------------------------------------------------------------------------------------- */

struct entry {
	struct str path;
	uint64_t directory;
};

/* One column of an entry. False: a form that no compiler uses here. */
static bool next_column(const struct dwarf_line_input *input, struct cursor *tables, uint64_t form,
			struct str *string, uint64_t *number)
{
	switch (form) {
	case DW_FORM_string:
		*string = next_string(tables);
		return true;
	case DW_FORM_line_strp:
		*string = string_at(input->line_str, next_offset(input, tables));
		return true;
	case DW_FORM_strp:
		*string = string_at(input->str, next_offset(input, tables));
		return true;
	case DW_FORM_udata:
		*number = next_uleb128(tables);
		return true;
	case DW_FORM_data1:
		*number = next_number(tables, 1);
		return true;
	case DW_FORM_data2:
		*number = next_number(tables, 2);
		return true;
	case DW_FORM_data4:
		*number = next_number(tables, 4);
		return true;
	case DW_FORM_data8:
		*number = next_number(tables, 8);
		return true;
	case DW_FORM_data16: /* an MD5 sum */
		take(tables, 16);
		return true;
	case DW_FORM_block:
		take(tables, next_uleb128(tables));
		return true;
	default:
		return false;
	}
}

/* What the columns of a table are; read once, since a hostile one can be long. */
struct format {
	uint8_t n;
	struct {
		uint64_t content, form;
	} columns[UINT8_MAX];
};

static void read_format(struct cursor *tables, struct format *format)
{
	format->n = next_byte(tables);
	for (uint8_t i = 0; i < format->n; i++) {
		format->columns[i].content = next_uleb128(tables);
		format->columns[i].form = next_uleb128(tables);
	}
}

static bool next_entry(const struct dwarf_line_input *input, struct cursor *tables, const struct format *format,
		       struct entry *entry)
{
	*entry = (struct entry){{"", 0}, 0};
	for (uint8_t i = 0; i < format->n; i++) {
		struct str string = {"", 0};
		uint64_t number = 0;
		if (!next_column(input, tables, format->columns[i].form, &string, &number))
			return false;
		if (format->columns[i].content == DW_LNCT_path)
			entry->path = string;
		else if (format->columns[i].content == DW_LNCT_directory_index)
			entry->directory = number;
	}
	return !tables->cut;
}

/* Reads the table at the cursor to its end. `found` is entry `index`, counted from 0; without path when there is none.
 * False: the table is damaged. */
static bool read_entries(const struct dwarf_line_input *input, struct cursor *tables, uint64_t index,
			 struct entry *found)
{
	*found = (struct entry){{"", 0}, 0};
	struct format format;
	read_format(tables, &format);
	uint64_t n = next_uleb128(tables);
	if (format.n == 0) /* entries without columns take no bytes: there could be any number of them */
		return n == 0 && !tables->cut;
	for (uint64_t i = 0; i < n; i++) {
		struct entry entry;
		if (!next_entry(input, tables, &format, &entry))
			return false;
		if (i == index)
			*found = entry;
	}
	return !tables->cut;
}

static void find_name_v5(const struct unit *unit, uint64_t file, struct dwarf_line *out)
{
	struct cursor tables = unit->tables;
	struct entry entry, directory;
	if (!read_entries(unit->input, &tables, NO_ENTRY, &directory) ||
	    !read_entries(unit->input, &tables, file, &entry))
		return;
	tables = unit->tables;
	if (entry.directory != 0) /* 0 is the compilation directory */
		read_entries(unit->input, &tables, entry.directory, &directory);
	*out = (struct dwarf_line){.dir = directory.path, .file = entry.path};
}

/* ----------------------------------------------------------------------------------------------------------- */

static bool name_file(const struct unit *unit, uint64_t file, struct dwarf_line *out)
{
	*out = (struct dwarf_line){.dir = {"", 0}, .file = {"", 0}};
	if (unit->version >= 5)
		find_name_v5(unit, file, out);
	else
		find_name_v2(unit, file, out);
	if (out->file.len == 0)
		return false;
	if (out->file.at[0] == '/')
		out->dir.len = 0;
	return true;
}

static bool name_row(const struct unit *unit, const struct row *row, struct dwarf_line *out)
{
	if (!name_file(unit, row->file, out))
		return false;
	out->line = row->line;
	out->column = row->column;
	return true;
}

bool dwarf_line_find(const struct dwarf_line_input *input, uint32_t section, uint64_t offset, struct dwarf_line *out)
{
	struct cursor cursor = {.data = input->line.data, .end = input->line.size}, at;
	struct address wanted = {section, offset};
	while (section != 0 && next_length(&cursor, &at)) {
		struct unit unit;
		struct row row;
		if (read_header(input, at, &unit) && run_program(&unit, wanted, &row))
			return name_row(&unit, &row, out);
	}
	return false;
}

bool dwarf_line_file(const struct dwarf_line_input *input, uint64_t offset, uint64_t index, struct dwarf_line *out)
{
	struct cursor cursor = {.data = input->line.data, .at = offset, .end = input->line.size}, at;
	struct unit unit;
	return offset < input->line.size && next_length(&cursor, &at) && read_header(input, at, &unit) &&
	       name_file(&unit, index, out);
}
