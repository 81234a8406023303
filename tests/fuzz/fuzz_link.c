/* Links, all of it: one to four objects, archives and shared objects that are made from the input (generate.h), most of
 * them with one field or a few that are wrong (bend.h) or cut off, with options that the input chooses as well. An
 * input that is itself an object or archive is one of the files.
 *
 * A link succeeds, or there is an error. What is made of whole inputs, --verify-output must agree with. Nothing is
 * written: the output is /dev/null or memory. With GILD_FUZZ_KEEP=FOLDER in the environment, the files of the last link
 * are left there, and its command. */
#include "fuzz/fuzz.h"

#include <stdio.h>
#include <unistd.h>

#include "elf/archive.h"
#include "elf/object.h"
#include "fuzz/bend.h"
#include "fuzz/generate.h"
#include "fuzz/linking.h"

enum { MAX_FILES = 4, MAX_WORDS = 48, FEW = 2 };

static struct memory_file files[MAX_FILES + 1], members[FEW], shared[4], versions;

static char versions_word[64];

/* What links may be asked for; each word alone. */
static const char *const some_options[] = {
	"--gc-sections",
	"--icf=all",
	"--icf=safe",
	"--emit-relocs",
	"--gdb-index",
	"--build-id",
	"--hash-style=both",
	"-s",
	"-S",
	"--eh-frame-hdr",
	"-zpack-relative-relocs",
	"-znow",
	"-znotext",
	"-zibtplt",
	"-zdefs",
	"-Bsymbolic",
	"-E",
	"--cref",
	"--warn-common",
	"--no-relax",
	"-znocopyreloc",
	"-zseparate-loadable-segments",
	"-znognustack",
	"-zkeep-text-section-prefix",
	"--compress-debug-sections=zlib",
	"--emit-abi",
	"--warn-backrefs",
	"-zmuldefs",
	"--discard-all",
	"--discard-none",
	"-N",
	"--wrap=function_1",
	"--defsym=more=function_2",
	"--undefined=inline_one",
	"--export-dynamic-symbol=object*",
	"-O2",
	"--oformat=binary",
	"-znosectionheader",
	"--sort-section=alignment",
	"--section-start=.data=0x900000",
	"--unique",
	"--no-allow-shlib-undefined",
	"--trace-symbol=object_1",
	"--why-live=function_2",
	"--print-icf-sections=/dev/null",
	"-Map=/dev/null",
	"--dependency-file=/dev/null",
	"-zshstk",
	"--no-dynamic-linker",
	"--orphan-handling=discard",
	"--no-define-common",
	"-d",
	"--ld-generated-unwind-info",
	"--default-symver",
	"--dynamic-list-data",
	"--as-needed",
	"--whole-archive",
	"-zstart-stop-gc",
	"--retain-symbols-file=/dev/null",
	"--error-limit=0",
	"--print-map-discarded",
	"--warn-abi",
	"--trace",
	"--sort-common",
	"--spare-dynamic-tags=3",
	"--time-trace=/dev/null",
	"--package-metadata={}",
	"-znodlopen",
	"-zrodynamic",
	"--warn-execstack",
};

/* Links one generated object to a shared one. false: it cannot be, since it needs hidden symbols, for one. */
static bool make_one_shared(struct memory_file *file, uint8_t seed, bool is_narrow)
{
	struct choices choices = choices_of((struct bytes){&seed, 1});
	struct image object = {0};
	generate_object(&object, &choices, (struct object_kind){0, 2, .is_narrow = is_narrow, .is_pic = true});
	memory_set(&files[0], object.bytes.at, object.bytes.n);
	image_free(&object);
	if (ftruncate(file->fd, 0) != 0 || lseek(file->fd, 0, SEEK_SET) != 0)
		abort();
	/* to standard output: gild replaces regular files, which this one cannot be */
	int before = dup(STDOUT_FILENO);
	dup2(file->fd, STDOUT_FILENO);
	const char *words[MAX_WORDS] = {"ld",
					"--threads=1",
					"-shared",
					"-znotext",
					"--hash-style=both",
					"-soname=shared.so",
					"--default-symver",
					files[0].path,
					"-o",
					"-"};
	bool good = linking_run(words, 10);
	dup2(before, STDOUT_FILENO);
	close(before);
	return good;
}

/* The shared objects that links are given: made once. */
static void make_shared(void)
{
	uint8_t seed = 0;
	for (unsigned i = 0; i < COUNTOF(shared); i++) {
		memory_open(&shared[i]);
		while (!make_one_shared(&shared[i], seed++, i % 2))
			hold(seed < 200);
	}
}

static void begin(void)
{
	static bool done;
	if (done)
		return;
	done = true;
	for (unsigned i = 0; i < COUNTOF(files); i++)
		memory_open(&files[i]);
	for (unsigned i = 0; i < COUNTOF(members); i++)
		memory_open(&members[i]);
	static const char nodes[] = "V1 { global: function_0; object_*; extern \"C++\" { none; }; };\n"
				    "V2 { global: *_1; inline_two; local: function_3; } V1;\n";
	memory_open(&versions);
	memory_set(&versions, nodes, sizeof(nodes) - 1);
	snprintf(versions_word, sizeof(versions_word), "--version-script=%s", versions.path);
	linking_begin();
	make_shared();
}

/* An archive of two objects, with an index of what they may define. */
static void make_archive(struct image *out, struct choices *choices, struct object_kind kind, struct memory_file *self)
{
	static const char *const names[] = {"function_1", "object_1", "local_1", "function_3"};
	struct image objects[2] = {0};
	char index[96], member[40];
	bool is_thin = one_in(choices, 3);
	archive_begin(out, is_thin);
	uint64_t at = 4, n = COUNTOF(names), first = 0;
	kind.n_files += 2;
	for (kind.number = 1; kind.number <= 2; kind.number++)
		generate_object(&objects[kind.number - 1], choices, kind);
	uint64_t index_size = 4 + 4 * n;
	for (unsigned i = 0; i < n; i++)
		index_size += strlen(names[i]) + 1;
	for (unsigned i = 0; i < n; i++) {
		first = 8 + 60 + align_up(index_size, 2);
		if (is_thin)
			first += 60 + 64;
		uint64_t second = first + 60 + (is_thin ? 0 : align_up(objects[0].bytes.n, 2));
		uint32_t offset = __builtin_bswap32((uint32_t)(i % 2 ? second : first));
		memcpy(index + at, &offset, 4);
		at += 4;
	}
	uint32_t count = __builtin_bswap32((uint32_t)n);
	memcpy(index, &count, 4);
	for (unsigned i = 0; i < n; i++, at += strlen(index + at) + 1)
		strcpy(index + at, names[i]);
	archive_add(out, "/", index, at, true);
	if (is_thin) {
		char longs[65];
		/* now and then an archive that has itself as a member */
		const char *second = one_in(choices, 8) ? self->path : members[1].path;
		/* A name ends at '/' and newline; more than one '/' in front is as good as one. */
		snprintf(longs, sizeof(longs), "%30.29s/\n%30.29s/\n", members[0].path, second);
		for (unsigned i = 0; i < 64; i++)
			longs[i] = longs[i] == ' ' ? '/' : longs[i];
		archive_add(out, "//", longs, 64, true);
	}
	for (unsigned i = 0; i < 2; i++) {
		if (is_thin)
			memory_set(&members[i], objects[i].bytes.at, objects[i].bytes.n);
		snprintf(member, sizeof(member), is_thin ? "/%u" : "member%u.o/", i * (is_thin ? 32 : 1));
		archive_add(out, member, objects[i].bytes.at, objects[i].bytes.n, !is_thin);
		image_free(&objects[i]);
	}
}

static void read_shared(struct image *out, struct memory_file *file)
{
	uint8_t bytes[1 << 15];
	ssize_t n = pread(file->fd, bytes, sizeof(bytes), 0);
	hold(n > 0 && (size_t)n < sizeof(bytes));
	image_add(out, bytes, (uint64_t)n);
}

/* Writes one of the files of a link. */
static void make_file(struct choices *choices, struct object_kind kind, bool is_damaged)
{
	struct image image = {0};
	struct memory_file *file = &files[kind.number];
	uint64_t what = kind.number ? choose(choices, 8) : 0;
	if (what < 5)
		generate_object(&image, choices, kind);
	else if (what < 7)
		make_archive(&image, choices, kind, file);
	else
		read_shared(&image, &shared[2 * choose(choices, 2) + kind.is_narrow]);
	if (is_damaged) {
		for (uint64_t times = 1 + choose(choices, 3); times > 0; times--)
			bend(image.bytes.at, image.bytes.n, choices);
		if (one_in(choices, 16))
			image.bytes.n = (uint32_t)(16 * choose(choices, image.bytes.n / 16 + 1));
	}
	memory_set(file, image.bytes.at, image.bytes.n);
	image_free(&image);
}

/* `is_whole`: none of the inputs is damaged. */
static int choose_words(struct choices *choices, const char **words, struct object_kind kind, bool is_whole)
{
	static const char *const kinds[] = {"-pie", "-no-pie", "-static", "-r", "-shared"};
	int n = 0;
	words[n++] = "ld";
	words[n++] = "--threads=1";
	words[n++] = kind.is_narrow ? "-melf_i386" : "-melf_x86_64";
	words[n++] = kind.is_pic ? "-shared" : kinds[choose(choices, COUNTOF(kinds))];
	if (!one_in(choices, 8))
		words[n++] = "--unresolved-symbols=ignore-all";
	bool verify = !kind.is_narrow && (one_in(choices, 8) || is_whole);
	if (kind.has_versions && !one_in(choices, 8))
		words[n++] = versions_word;
	for (uint64_t i = choose(choices, 6); i > 0; i--)
		words[n++] = some_options[choose(choices, COUNTOF(some_options))];
	words[n++] = "-o";
	words[n++] = verify ? "-" : "/dev/null";
	if (verify)
		words[n++] = "--verify-output";
	return n;
}

static void keep(const char **words, int n)
{
	const char *folder = linking_keep(words, n);
	for (unsigned i = 0; folder && i < COUNTOF(files) + COUNTOF(members); i++)
		memory_keep(i < COUNTOF(files) ? &files[i] : &members[i - COUNTOF(files)], folder);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct choices choices = choices_of((struct bytes){data, size});
	const char *words[MAX_WORDS];
	begin();
	bool is_file = elf_kind((struct bytes){data, size}) != ELF_NOT ||
		       archive_kind((struct bytes){data, size}) != ARCHIVE_NOT;
	struct object_kind kind = {.is_narrow = one_in(&choices, 4)};
	if (is_file) { /* its bytes are no choices */
		choices.at = size;
		kind.is_narrow = size > EI_CLASS && data[EI_CLASS] == ELFCLASS32;
	}
	kind.is_pic = one_in(&choices, 2);
	kind.n_files = 1 + (unsigned)choose(&choices, MAX_FILES);
	unsigned damaged = (unsigned)choose(&choices, kind.n_files + 1); /* n_files: none */
	kind.has_versions = one_in(&choices, 3);
	for (kind.number = 0; kind.number < kind.n_files; kind.number++)
		make_file(&choices, kind, kind.number == damaged);
	bool is_whole = damaged == kind.n_files && !is_file;
	if (is_file)
		memory_set(&files[kind.n_files++], data, size);
	int n = choose_words(&choices, words, kind, is_whole);
	for (unsigned i = 0; i < kind.n_files; i++)
		words[n++] = files[i].path;
	if (one_in(&choices, 16)) { /* for its symbols only */
		static char word[64];
		snprintf(word, sizeof(word), "--just-symbols=%s", files[choose(&choices, kind.n_files)].path);
		words[n++] = word;
		is_whole = false;
	}
	keep(words, n);
	/* Where all inputs are whole, no error is about the output that is verified: the standard one. */
	if (!linking_run(words, n) && is_whole && strstr(linking_said(), "gild: error: -: ")) {
		linking_report("a link that succeeds makes an output that --verify-output refuses:\n%s", linking_said());
		abort();
	}
	return 0;
}
