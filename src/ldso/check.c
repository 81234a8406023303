#include "ldso/check.h"

static uint64_t vaddr_of(const struct object *object, const void *at)
{
	return (uint64_t)at - object->base;
}

/* Is [vaddr, vaddr + size) part of what a segment has from the file? Memory that is merely zeroed may be of any
 * size. */
static bool in_file(const struct object *object, uint64_t vaddr, uint64_t size)
{
	for (uint16_t i = 0; i < object->phnum; i++) {
		const Elf64_Phdr *segment = &object->phdr[i];
		if (segment->p_type == PT_LOAD && vaddr - segment->p_vaddr <= segment->p_filesz &&
		    size <= segment->p_filesz - (vaddr - segment->p_vaddr))
			return true;
	}
	return false;
}

/* Symbols that fit into the file. */
static uint64_t most_symbols(const struct object *object)
{
	uint64_t size = 0;
	for (uint16_t i = 0; i < object->phnum; i++)
		if (object->phdr[i].p_type == PT_LOAD)
			size += object->phdr[i].p_filesz;
	return size / sizeof(Elf64_Sym);
}

static bool has_symbol(const struct object *object, uint32_t index)
{
	const struct symbol_table *table = &object->table;
	if (!in_file(object, vaddr_of(object, &table->symbols[index]), sizeof(Elf64_Sym)))
		return false;
	if (table->versym && !in_file(object, vaddr_of(object, &table->versym[index]), sizeof(uint16_t)))
		return false;
	return table->symbols[index].st_name < table->strings_size;
}

/* Each chain ends with a hash whose lowest bit is set. No two chains share a symbol, so there are not more symbols than
 * fit into the file. */
static bool check_gnu_hash(const struct object *object)
{
	const struct symbol_table *table = &object->table;
	uint64_t chain = vaddr_of(object, table->chain), most = most_symbols(object);
	if (!in_file(object, vaddr_of(object, table->buckets), table->nbuckets * sizeof(uint32_t)))
		return false;
	for (uint32_t bucket = 0; bucket < table->nbuckets; bucket++)
		for (uint64_t i = table->buckets[bucket]; i; i++) {
			if (i > UINT32_MAX || !most-- ||
			    !in_file(object, chain + i * sizeof(uint32_t), sizeof(uint32_t)) ||
			    !has_symbol(object, (uint32_t)i))
				return false;
			if (table->chain[i] & 1)
				break;
		}
	return true;
}

/* Each chain is a list of indices that ends with 0. Together they are not longer than the table. */
static bool check_sysv_hash(const struct object *object)
{
	const struct symbol_table *table = &object->table;
	uint32_t n = (table->buckets - 1)[0];
	if (!in_file(object, vaddr_of(object, table->buckets), ((uint64_t)table->nbuckets + n) * sizeof(uint32_t)))
		return false;
	uint32_t length = 0;
	for (uint32_t bucket = 0; bucket < table->nbuckets; bucket++)
		for (uint32_t i = table->buckets[bucket]; i; i = table->chain[i])
			if (i >= n || length++ > n || !has_symbol(object, i))
				return false;
	return true;
}

static bool check_relocations(const struct object *object, const Elf64_Rela *rela, uint64_t n)
{
	if (n && !in_file(object, vaddr_of(object, rela), n * sizeof(*rela)))
		return false;
	for (uint64_t i = 0; i < n; i++) {
		uint32_t index = ELF64_R_SYM(rela[i].r_info);
		if (index && (!object->table.symbols || !has_symbol(object, index)))
			return false;
	}
	return true;
}

bool check_symbols(struct loader *ld, const struct object *object)
{
	const struct symbol_table *table = &object->table;
	if (table->nbuckets && !table->symbols)
		return fail(ld, object->name, 0, "a hash table without DT_SYMTAB");
	if (table->nbuckets && !(table->bloom ? check_gnu_hash(object) : check_sysv_hash(object)))
		return fail(ld, object->name, 0, "the symbol hash table leads out of the object's memory");
	if (!check_relocations(object, object->rela, object->nrela) ||
	    !check_relocations(object, object->plt_rela, object->nplt_rela))
		return fail(ld, object->name, 0, "a relocation is outside of the file or refers to no symbol");
	if (object->nrelr && !in_file(object, vaddr_of(object, object->relr), object->nrelr * sizeof(uint64_t)))
		return fail(ld, object->name, 0, "DT_RELR is outside of the file");
	return true;
}
