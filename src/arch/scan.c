#include "arch/scan.h"

#include <string.h>

#include "arch/arch.h"

void scan_need(const struct scanned *scanned, uint32_t i, struct ref ref, enum action action)
{
	struct scanner *scanner = scanned->scanner;
	section_id section = scanned->section;
	const struct elf_rela *rela = &scanner->relas.at[i];
	bool shared = scanner->link->options->kind == OUTPUT_SHARED;
	switch (action) {
	case DIRECT:
		if (ref.flags & SYMBOL_UNDEFINED && ref.flags & SYMBOL_PREEMPTIBLE)
			scanner_need(scanner, rela->r_sym, NEED_ZERO);
		break;
	case COPY:
		if (scanner->link->options->z.nocopyreloc)
			scanner_error(scanner, section, rela,
				      "needs a copy relocation, which -z nocopyreloc forbids; recompile with -fPIC");
		scanner_check_protected(scanner, section, rela, ref);
		scanner_need(scanner, rela->r_sym, NEED_COPY);
		break;
	case CANONICAL_PLT:
		scanner_check_protected(scanner, section, rela, ref);
		scanner_need(scanner, rela->r_sym, NEED_CPLT);
		break;
	case RELATIVE:
		scanner_site(scanner, section, i, SITE_RELATIVE);
		break;
	case SYMBOLIC:
		scanner_need(scanner, rela->r_sym, NEED_DYNSYM);
		scanner_site(scanner, section, i, SITE_SYMBOLIC);
		break;
	case IRELATIVE:
		scanner_need(scanner, rela->r_sym, NEED_PLT);
		scanner_site(scanner, section, i, SITE_IRELATIVE);
		break;
	case TPOFF:
		scanner_site(scanner, section, i, SITE_TPOFF);
		break;
	case IMPOSSIBLE:
		scanner_error(scanner, section, rela, "can not be used when making a %s; recompile with %s",
			      shared ? "shared object" : "PIE object", shared ? "-fPIC" : "-fPIE");
		break;
	}
}

void scan_tp_offset(const struct scanned *scanned, uint32_t i, struct ref ref, enum action action)
{
	struct scanner *scanner = scanned->scanner;
	bool shared = scanner->link->options->kind == OUTPUT_SHARED;
	if (action == IMPOSSIBLE && !shared) {
		scanner_error(scanner, scanned->section, &scanner->relas.at[i],
			      "addresses a thread-local variable of a shared object; recompile with -fPIC");
		return;
	}
	if (action != DIRECT)
		scan_need(scanned, i, ref, action);
	if (shared && action != IMPOSSIBLE)
		scanner->module_bits |= NEED_STATIC_TLS;
}

void scan_misplaced(const struct scanned *scanned, const struct elf_rela *rela, unsigned width)
{
	if (width == 0)
		scanner_error(scanned->scanner, scanned->section, rela,
			      "is not a relocation that object files use (type %u)", rela->r_type);
	else
		scanner_error(scanned->scanner, scanned->section, rela, "lies outside its section (r_offset 0x%llx)",
			      (unsigned long long)rela->r_offset);
}

bool scan_can_reverse(const struct scanned *scanned, unsigned (*width_of)(uint32_t type))
{
	const struct scanner *scanner = scanned->scanner;
	const unsigned word = scanner->link->arch->dialect->word;
	bool can = true;
	for (uint32_t i = 0; i < scanner->relas.n; i++) {
		const struct elf_rela *rela = &scanner->relas.at[i];
		if (rela->r_type == 0 || (width_of(rela->r_type) <= word && rela->r_offset % word == 0))
			continue;
		scanner_error(scanned->scanner, scanned->section, rela,
			      "is for no word of a table that is written last word to first (r_offset 0x%llx)",
			      (unsigned long long)rela->r_offset);
		can = false;
	}
	return can;
}

void scan_discarded(const struct scanned *scanned, const struct elf_rela *rela)
{
	struct scanner *scanner = scanned->scanner;
	const struct section *section = section_of(scanner->link, scanned->section);
	const char *name = elf_section_name(&scanner->file->elf, section_number(scanner->link, scanned->section));
	if (section->kind != SECTION_EH_FRAME && strncmp(name, ".gcc_except_table", 17) != 0)
		scanner_error(scanner, scanned->section, rela, "refers to a discarded section");
}

void scan_tls_as_plain(const struct scanned *scanned, const struct elf_rela *rela)
{
	scanner_error(scanned->scanner, scanned->section, rela,
		      "addresses a thread-local variable as if it were not");
}
