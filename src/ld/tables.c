#include "ld/tables.h"

#include <stdlib.h>
#include <unistd.h>

#include "arch/arch.h"
#include "base/jobserver.h"
#include "ld/layout/layout.h"
#include "ld/resolve/symbols.h"
#include "ld/script/parse.h"

/* As many threads as the user says, or else as this process may use; then a job server has a say in it, too. */
static struct pool *new_pool(unsigned wanted)
{
	unsigned threads = wanted ? wanted : pool_default_threads();
	struct pool *pool = pool_new(threads);
	if (!wanted && threads > 1 && jobserver_join(getenv("MAKEFLAGS")))
		pool_ask_before_start(pool, jobserver_take);
	return pool;
}

void link_begin(struct link *link, const struct options *options, struct diag *diag, struct io *io)
{
	*link = (struct link){.options = options, .diag = diag, .io = io, .replaced_output = -1,
			      .abi = {.lock = PTHREAD_MUTEX_INITIALIZER}};
	link->arch = options->emulation ? arch_by_emulation(options->emulation) : NULL;
	if (!link->arch)
		link->arch = archs[0]; /* unless an input says otherwise */
	link->pool = new_pool(options->threads);
	link->worker_arenas = calloc(pool_threads(link->pool), sizeof(*link->worker_arenas));
	if (!link->worker_arenas)
		out_of_memory();
	codecs_init(&link->codecs);
	link->is_pic = options->kind == OUTPUT_PIE || options->kind == OUTPUT_SHARED;
	link->packs_relative = options->z.pack_relative_relocs && link->is_pic;
}

/* Item 0 is the old output, the others are inputs: freeing its pages and letting go of theirs is work of the kernel's
 * that threads can share. */
static void let_go(void *context, size_t begin, size_t end, unsigned worker)
{
	struct link *link = context;
	(void)worker;
	for (size_t i = begin; i < end; i++)
		if (i > 0)
			io_drop(link->io, (uint32_t)i - 1);
		else if (link->replaced_output >= 0)
			close(link->replaced_output);
}

void link_end(struct link *link)
{
	enum { WORTH_SHARING = 64 << 20 }; /* bytes of inputs */
	uint64_t size = 0;
	for (uint32_t i = 0; i < link->io->files.n; i++)
		size += link->io->files.at[i].bytes.size;
	size_t n = 1 + (size_t)link->io->files.n;
	parallel_for(link->pool, n, size < WORTH_SHARING ? n : 1, let_go, link);
	layout_free(link);
	symbols_free(link);
	for (uint32_t i = 0; i < link->pool_shards.n; i++)
		free(link->pool_shards.at[i].offsets);
	intern_set_free(&link->pieces);
	array_free(&link->files);
	array_free(&link->loaded);
	array_free(&link->input_steps);
	array_free(&link->sections);
	array_free(&link->aux);
	array_free(&link->internal_syms);
	array_free(&link->internal_globals);
	array_free(&link->internal_shndx);
	array_free(&link->merge_sections);
	array_free(&link->merge_pools);
	array_free(&link->folded);
	array_free(&link->pool_shards);
	array_free(&link->undefined_references);
	array_free(&link->missing_libraries);
	array_free(&link->abi.sizes);
	array_free(&link->abi.mixed);
	array_free(&link->abi.interposers);
	for (uint32_t i = 0; i < SYN_COUNT; i++)
		free((void *)(uintptr_t)link->made[i].data);
	array_free(&link->got);
	array_free(&link->plt);
	array_free(&link->plt_got);
	array_free(&link->dynsyms);
	array_free(&link->copies);
	array_free(&link->dynstr);
	array_free(&link->externs);
	array_free(&link->common_areas);
	array_free(&link->needed_versions);
	array_free(&link->section_symbols);
	for (uint32_t i = 0; i < link->option_scripts.n; i++)
		script_free(&link->option_scripts.at[i]);
	array_free(&link->option_scripts);
	version_script_free(&link->version_script);
	version_script_free(&link->dynamic_list);
	version_script_free(&link->export_list);
	for (unsigned i = 0; i < pool_threads(link->pool); i++)
		arena_free(&link->worker_arenas[i]);
	free(link->worker_arenas);
	arena_free(&link->arena);
	codecs_free(&link->codecs);
	pool_free(link->pool);
	jobserver_leave();
}
