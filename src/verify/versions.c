/* Symbol versions (LSB Core, "Symbol Versioning"). */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "elf/hash.h"
#include "elf/mem.h"
#include "verify/subject.h"

struct versions {
	struct subject *subject;
	enum { VERSION_NONE, VERSION_DEFINED, VERSION_NEEDED } *kinds; /* by index */
};

static struct str str(const char *text)
{
	return (struct str){text, (uint32_t)strlen(text)};
}

static void give(struct versions *versions, uint16_t index, int kind, const char *name)
{
	struct subject *subject = versions->subject;
	index &= (uint16_t)~VERSYM_HIDDEN;
	claim(subject, index >= (kind == VERSION_DEFINED ? 1 : 2), "version %s: index %u", name, index);
	claim(subject, versions->kinds[index] == VERSION_NONE, "version %s: index %u is another one's", name, index);
	versions->kinds[index] = kind;
}

static void verify_verdef(struct versions *versions)
{
	struct subject *subject = versions->subject;
	struct bytes table = subject->dynamic.verdef;
	const char *strings = subject->dynamic.dynsym.strtab;
	uint64_t at = 0, count = 0, number = 0, size = subject->dynamic.dynsym.strtab_size;
	for (bool more = table.size > 0; more; count++) {
		const struct elf_verdef *def = (const struct elf_verdef *)(table.data + at);
		if (!claim(subject, mem_inside(at, sizeof(*def), table.size) &&
				  mem_inside(at + def->vd_aux, sizeof(struct elf_verdaux), table.size),
			   ".gnu.version_d: definition %llu is outside", (unsigned long long)count))
			return;
		const struct elf_verdaux *aux = (const struct elf_verdaux *)(table.data + at + def->vd_aux);
		if (!claim(subject, aux->vda_name < size, ".gnu.version_d: a name is outside of .dynstr"))
			return;
		const char *name = strings + aux->vda_name;
		claim(subject, def->vd_hash == elf_sysv_hash(str(name)), ".gnu.version_d: %s: vd_hash", name);
		claim(subject, def->vd_version == 1 && def->vd_cnt >= 1, ".gnu.version_d: %s: vd_version or vd_cnt",
		      name);
		claim(subject, !!(def->vd_flags & VER_FLG_BASE) == (def->vd_ndx == 1),
		      ".gnu.version_d: %s: VER_FLG_BASE",
		      name);
		give(versions, def->vd_ndx, VERSION_DEFINED, name);
		more = def->vd_next;
		at += def->vd_next;
	}
	claim(subject, !subject_dynamic(subject, DT_VERDEFNUM, &number) || number == count,
	      "DT_VERDEFNUM: %llu instead of %llu",
	      (unsigned long long)number, (unsigned long long)count);
}

static bool is_needed(const struct subject *subject, const char *file)
{
	for (uint64_t i = 0; i < subject->dynamic.ndynamic; i++) {
		const struct elf_dyn *dyn = (const struct elf_dyn *)(subject->dynamic.dynamic + i * sizeof(*dyn));
		const char *name = dyn->d_tag == DT_NEEDED ? elf_dynamic_string(&subject->dynamic, i) : NULL;
		if (name && strcmp(name, file) == 0)
			return true;
	}
	return false;
}

static void verify_verneed(struct versions *versions)
{
	struct subject *subject = versions->subject;
	struct bytes table = subject->dynamic.verneed;
	const char *strings = subject->dynamic.dynsym.strtab;
	uint64_t at = 0, count = 0, number = 0, size = subject->dynamic.dynsym.strtab_size;
	for (bool more = table.size > 0; more; count++) {
		const struct elf_verneed *need = (const struct elf_verneed *)(table.data + at);
		if (!claim(subject, mem_inside(at, sizeof(*need), table.size) && need->vn_file < size,
			   ".gnu.version_r: record %llu is outside", (unsigned long long)count))
			return;
		const char *file = strings + need->vn_file;
		claim(subject, need->vn_version == 1 && need->vn_cnt >= 1, ".gnu.version_r: %s: vn_version or vn_cnt",
		      file);
		claim(subject, is_needed(subject, file), ".gnu.version_r: %s is not DT_NEEDED", file);
		uint64_t aux_at = at + need->vn_aux;
		for (unsigned i = 0; i < need->vn_cnt; i++) {
			const struct elf_vernaux *aux = (const struct elf_vernaux *)(table.data + aux_at);
			if (!claim(subject, mem_inside(aux_at, sizeof(*aux), table.size) && aux->vna_name < size,
				   ".gnu.version_r: %s: version %u is outside", file, i))
				return;
			const char *name = strings + aux->vna_name;
			claim(subject, aux->vna_hash == elf_sysv_hash(str(name)), ".gnu.version_r: %s: %s: vna_hash",
			      file,
			      name);
			claim(subject, (aux->vna_flags & ~VER_FLG_WEAK) == 0, ".gnu.version_r: %s: %s: vna_flags 0x%x",
			      file, name,
			      aux->vna_flags);
			claim(subject, !aux->vna_next == (i + 1 == need->vn_cnt), ".gnu.version_r: %s: %s: vna_next",
			      file, name);
			give(versions, aux->vna_other, VERSION_NEEDED, name);
			aux_at += aux->vna_next;
		}
		more = need->vn_next;
		at += need->vn_next;
	}
	claim(subject, !subject_dynamic(subject, DT_VERNEEDNUM, &number) || number == count,
	      "DT_VERNEEDNUM: %llu instead of %llu",
	      (unsigned long long)number, (unsigned long long)count);
}

void verify_versions(struct subject *subject)
{
	const struct elf_symtab *symtab = &subject->dynamic.dynsym;
	struct versions versions = {.subject = subject, .kinds = calloc(1 << 15, sizeof(*versions.kinds))};
	if (!versions.kinds)
		out_of_memory();
	verify_verdef(&versions);
	verify_verneed(&versions);
	uint32_t section = subject_section_of_type(subject, SHT_GNU_versym);
	const uint8_t *versym = subject->dynamic.versym;
	if (section)
		claim(subject, subject_shdr(subject, section)->sh_size == 2ull * symtab->n,
		      ".gnu.version: not one for each symbol");
	for (uint32_t i = 1; i < symtab->n && versym; i++) {
		uint16_t index = read16(versym + 2ull * i) & (uint16_t)~VERSYM_HIDDEN;
		const char *name = symtab->strtab + symtab->syms[i].st_name;
		if (index < 2 && versions.kinds[index] != VERSION_NEEDED)
			continue;
		/* A copied object is defined here and has the version of where it comes from. */
		if (symtab->syms[i].st_shndx == SHN_UNDEF)
			claim(subject, !(read16(versym + 2ull * i) & VERSYM_HIDDEN),
			      ".gnu.version: import %s is hidden",
			      name);
		if (symtab->syms[i].st_shndx == SHN_UNDEF)
			claim(subject, versions.kinds[index] == VERSION_NEEDED,
			      ".gnu.version: symbol %s: %u is no version of a library",
			      name, index);
		else
			claim(subject, versions.kinds[index] != VERSION_NONE,
			      ".gnu.version: symbol %s: there is no version %u",
			      name, index);
	}
	free(versions.kinds);
}
