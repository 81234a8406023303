#include "ldso/check.h"

static uint64_t vaddr_of(const struct object *object, const void *at)
{
	return (uint64_t)at - object->base;
}

static bool has_symbol(const struct object *object, uint32_t index)
{
	const struct symbol_table *table = &object->table;
	if (!object_has(object, vaddr_of(object, &table->symbols[index]), sizeof(Elf64_Sym)))
		return false;
	if (table->versym && !object_has(object, vaddr_of(object, &table->versym[index]), sizeof(uint16_t)))
		return false;
	return table->symbols[index].st_name < table->strings_size;
}

/* Each chain ends with a hash whose lowest bit is set. */
static bool check_gnu_hash(const struct object *object)
{
	const struct symbol_table *table = &object->table;
	uint64_t chain = vaddr_of(object, table->chain);
	for (uint32_t bucket = 0; bucket < table->nbuckets; bucket++)
		for (uint64_t i = table->buckets[bucket]; i; i++) {
			if (i > UINT32_MAX || !object_has(object, chain + i * sizeof(uint32_t), sizeof(uint32_t)) ||
			    !has_symbol(object, (uint32_t)i))
				return false;
			if (table->chain[i] & 1)
				break;
		}
	return true;
}

/* Each chain is a list of indices that ends with 0, and is not longer than the table. */
static bool check_sysv_hash(const struct object *object)
{
	const struct symbol_table *table = &object->table;
	uint32_t n = (table->buckets - 1)[0];
	for (uint32_t bucket = 0; bucket < table->nbuckets; bucket++) {
		uint32_t length = 0;
		for (uint32_t i = table->buckets[bucket]; i; i = table->chain[i])
			if (i >= n || length++ > n || !has_symbol(object, i))
				return false;
	}
	return true;
}

static bool check_relocations(const struct object *object, const Elf64_Rela *rela, uint64_t n)
{
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
		return fail(ld, object->name, 0, "a relocation refers to no symbol");
	return true;
}
