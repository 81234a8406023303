#include "abi/debug_file.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/crc32.h"
#include "elf/note.h"

static const char *const usual_folder = "/usr/lib/debug";

static uint32_t n_folders(const struct abi_files *files)
{
	return files->debug_folders.n ? files->debug_folders.n : 1;
}

static const char *folder(const struct abi_files *files, uint32_t i)
{
	return files->debug_folders.n ? files->debug_folders.at[i] : usual_folder;
}

/* Files that are not there are not opened: a list of what was read should not name them. What is no plain file is not
 * opened either: names come from files that nobody has to trust, and reading a pipe may never end. */
bool debug_file_open(struct abi_files *files, const char *path, struct elf_file *out)
{
	struct stat status;
	if (access(path, R_OK) != 0 || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
		return false;
	const struct io_file *file = io_read(&files->io, path);
	struct elf_error error;
	struct elf_room room = abi_room(files);
	return !file->error && elf_kind(file->bytes) != ELF_NOT && elf_kind(file->bytes) != ELF_OTHER_CLASS &&
	       elf_read_file_in(out, file->bytes, &room, &error);
}

static struct bytes build_id(const struct elf_file *elf)
{
	for (uint32_t i = 1; i < elf->nshdr; i++) {
		if (elf->shdrs[i].sh_type != SHT_NOTE)
			continue;
		struct bytes section = elf_section_bytes(elf, i);
		struct elf_error error;
		struct elf_note note;
		uint64_t align = elf->shdrs[i].sh_addralign == 8 ? 8 : 4;
		for (uint64_t at = 0; at < section.size && elf_note_at(section, align, at, &note, &error);
		     at = note.next)
			if (note.type == NT_GNU_BUILD_ID && note.name.size >= 3 &&
			    memcmp(note.name.data, "GNU", 3) == 0)
				return note.desc;
	}
	return (struct bytes){0};
}

static bool same_id(const struct elf_file *elf, struct bytes id)
{
	struct bytes other = build_id(elf);
	return other.size == id.size && other.data && id.data && memcmp(other.data, id.data, id.size) == 0;
}

static const char *find_by_id(struct abi_files *files, struct bytes id, struct elf_file *out)
{
	char hex[2 * 64 + 1];
	if (id.size < 2 || id.size > 64)
		return NULL;
	for (uint64_t i = 0; i < id.size; i++) {
		hex[2 * i] = "0123456789abcdef"[id.data[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[id.data[i] & 15];
	}
	hex[2 * id.size] = 0;
	for (uint32_t i = 0; i < n_folders(files); i++) {
		char *path = arena_printf(&files->arena, "%s/.build-id/%.2s/%s.debug", folder(files, i), hex, hex + 2);
		if (debug_file_open(files, path, out) && same_id(out, id))
			return path;
	}
	return NULL;
}

/* The section with that name; empty: there is none. */
static struct bytes section_named(const struct elf_file *elf, const char *name)
{
	for (uint32_t i = 1; i < elf->nshdr; i++)
		if (strcmp(elf_section_name(elf, i), name) == 0)
			return elf_section_bytes(elf, i);
	return (struct bytes){0};
}

struct str debug_file_folder(const char *path)
{
	const char *slash = strrchr(path, '/');
	return (struct str){path, slash ? (uint32_t)(slash + 1 - path) : 0};
}

/* .gnu_debuglink: a name, filled up with zeros to a multiple of 4, and the CRC-32 of the file (gdb manual, "Separate
 * Debug Files"). */
static const char *find_by_link(struct abi_files *files, const struct elf_file *elf, const char *path,
				struct elf_file *out)
{
	struct bytes link = section_named(elf, ".gnu_debuglink");
	if (link.size < 6 || !memchr(link.data, 0, link.size - 4))
		return NULL;
	const char *name = (const char *)link.data;
	uint32_t crc = read32(link.data + link.size - 4);
	struct str here = debug_file_folder(path);
	for (uint32_t i = 0; i < n_folders(files) + 2; i++) {
		char *other = i == 0   ? arena_printf(&files->arena, "%.*s%s", (int)here.len, here.at, name)
			      : i == 1 ? arena_printf(&files->arena, "%.*s.debug/%s", (int)here.len, here.at, name)
				       : arena_printf(&files->arena, "%s/%.*s%s", folder(files, i - 2), (int)here.len,
						      here.at, name);
		if (debug_file_open(files, other, out) && crc32_bytes(0, out->bytes.data, out->bytes.size) == crc)
			return other;
	}
	return NULL;
}

const char *debug_file_find(struct abi_files *files, const struct elf_file *elf, const char *path, struct elf_file *out)
{
	const char *found = find_by_id(files, build_id(elf), out);
	return found ? found : find_by_link(files, elf, path, out);
}

const char *debug_file_alt(struct abi_files *files, const struct elf_file *elf, const char *path, struct elf_file *out)
{
	struct bytes link = section_named(elf, ".gnu_debugaltlink");
	const uint8_t *nul = link.size ? memchr(link.data, 0, link.size) : NULL;
	if (!nul)
		return NULL;
	const char *name = (const char *)link.data;
	struct bytes id = {nul + 1, (uint64_t)(link.data + link.size - (nul + 1))};
	struct str here = debug_file_folder(path);
	char *beside = arena_printf(&files->arena, "%.*s%s", name[0] == '/' ? 0 : (int)here.len, here.at, name);
	if (debug_file_open(files, beside, out) && same_id(out, id))
		return beside;
	return find_by_id(files, id, out);
}

bool debug_file_has_alt(const struct elf_file *elf)
{
	return section_named(elf, ".gnu_debugaltlink").size != 0;
}
