/* Decompresses: the compressed sections of the input when it is an ELF file; any other input as a stream of zlib, of
 * zstd, and as several of them, with a size that it tells. */
#include "fuzz/fuzz.h"
#include "fuzz/room.h"

#include "base/codec.h"
#include "elf/object.h"

enum { MOST = 1 << 22 }; /* bytes: what small files say they hold may be a thousand times as much */

static void decompress(enum codec_format format, struct bytes stream, uint64_t size)
{
	static struct codecs codecs;
	static bool ready;
	const char *why = NULL;
	if (!ready)
		codecs_init(&codecs);
	ready = true;
	const struct codec *codec = codec_get(&codecs, format, &why);
	if (!codec) {
		touch_name(why);
		return;
	}
	uint8_t *out = malloc(size ? size : 1);
	if (!out)
		abort();
	if (codec_decompress(codec, stream, out, size, &why))
		touch_bytes((struct bytes){out, size});
	else
		touch_name(why);
	free(out);
}

static void read_sections(const struct elf_file *file)
{
	struct elf_compressed compressed;
	struct elf_error error;
	for (uint32_t i = 1; i < file->nshdr; i++) {
		if (!elf_is_compressed(&file->shdrs[i], elf_section_name(file, i)) ||
		    !elf_read_compressed(&compressed, file, i, &error) || compressed.size > MOST)
			continue;
		decompress(compressed.type == ELFCOMPRESS_ZSTD ? CODEC_ZSTD : CODEC_ZLIB, compressed.stream,
			   compressed.size);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes bytes = {data, size};
	struct elf_file file;
	struct elf_error error;
	struct blocks blocks;
	if (elf_kind(bytes) == ELF_NOT) {
		uint64_t told = size > 2 ? read16(data) : 0;
		struct bytes stream = {data + (size > 2 ? 2 : 0), size > 2 ? size - 2 : size};
		decompress(CODEC_ZLIB, stream, told);
		decompress(CODEC_ZSTD, stream, told);
		return 0;
	}
	struct elf_room room = room_open(&blocks);
	if (elf_read_file_in(&file, bytes, &room, &error))
		read_sections(&file);
	room_close(&blocks);
	return 0;
}
