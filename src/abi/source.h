/* Files that an ABI is read from: objects, members of archives, shared objects, programs, and the separate debug
 * files that belong to them.
 *
 * A source is one ELF file with its symbols and its debug sections. Compressed sections are decompressed, and an
 * object's debug sections are copied and relocated: in them, each section of the object has an address of its own,
 * so that addresses tell one section from another. */
#ifndef GILD_ABI_SOURCE_H
#define GILD_ABI_SOURCE_H

#include "base/codec.h"
#include "base/diag.h"
#include "base/io.h"
#include "dwarf/package.h"
#include "elf/object.h"

struct abi_source {
	const char *path;             /* of the file that was asked for */
	struct str member;            /* of an archive; else empty */
	struct elf_file elf;
	struct elf_file debug;        /* where the debug sections come from: the same file, or another */
	const char *debug_path;
	struct dwarf_input dwarf;     /* empty when there is no debug information */
	struct bytes line;            /* .debug_line */
	struct bytes description;     /* .gild.abi, decompressed; empty: it has none */
	uint64_t tls_begin, tls_size; /* of a linked file: addresses of its thread-local sections; or 0 bytes */
	const uint64_t *section_addresses; /* of an object: those of its sections; else NULL */
	struct dwarf_abbrev_cache abbrevs;
	int alt;                      /* index of the file that dwz moved common parts to; -1: none */
	bool is_alt;                  /* it is such a file: it has no symbols of its own */
	/* Of what -gsplit-dwarf leaves out of a link, which has no symbols either (dwarf.is_split): */
	uint32_t home;                /* the source that has the skeletons of its units; else the source itself */
	const struct dwarf_skeleton *skeletons; /* those of `home`, by id */
	uint32_t n_skeletons;
	struct dwarf_package package; /* of a .dwp file */
};

struct abi_files {
	struct io io;
	struct arena arena;
	struct codecs codecs;
	struct diag *diag;
	ARRAY(const char *) debug_folders; /* instead of /usr/lib/debug, if there are any */
	ARRAY(struct abi_source) sources;
	struct bytes text;            /* the file was no ELF file but a description; else empty */
};

void abi_files_init(struct abi_files *files, struct diag *diag);
void abi_files_free(struct abi_files *files);

/* Opens a file and what belongs to it; an archive becomes a source for each member that is an ELF file. False:
 * reported. */
bool abi_files_open(struct abi_files *files, const char *path);

/* Adds an ELF file that has been read. `path` and `elf` stay valid. False: reported. */
bool abi_files_add(struct abi_files *files, const char *path, struct str member, const struct elf_file *elf);

/* Reads the debug sections of source->debug: if source->dwarf.is_split, those with ".dwo" at the end of their names.
 * False: reported. */
bool abi_source_read_debug(struct abi_files *files, struct abi_source *source);

/* The parts of a unit of the source, for dwarf_unit_open(). */
static inline const struct dwarf_parts *abi_source_parts(const struct abi_source *source, const struct dwarf_unit *unit)
{
	return source->package.at.n ? dwarf_package_find(&source->package, unit->section, unit->offset) : NULL;
}

/* Memory for what elf_read_file_in() translates. */
struct elf_room abi_room(struct abi_files *files);

/* ".debug_info.dwo" */
const char *abi_section_name(struct abi_files *files, const struct abi_source *source, enum dwarf_section section);

/* Reports that a source is damaged. Always false. */
bool abi_report_dwarf(struct abi_files *files, const struct abi_source *source, const struct dwarf_error *error);

#endif
