/* dlsym, dlvsym, dladdr. */
#include "ldso/symbols.h"

#include <dlfcn.h>

#include "ldso/audit.h"
#include "ldso/bound.h"
#include "ldso/lookup.h"
#include "ldso/needed.h"
#include "ldso/scope.h"
#include "ldso/versions.h"

/* What a definition is for the program: a variable's or function's address. */
static void *address_of(const struct definition *definition)
{
	const Elf64_Sym *symbol = definition->symbol;
	if (ELF64_ST_TYPE(symbol->st_info) == STT_TLS) {
		struct tls_index index = {definition->object->tls_module, symbol->st_value};
		return tls_address(&index);
	}
	uint64_t value = definition_value(definition);
	return is_ifunc(symbol) ? ((void *(*)(void))value)() : (void *)value;
}

/* RTLD_NEXT: what comes behind the caller's object in its own search order. */
static struct definition next_definition(struct loader *ld, const struct object *from, const char *name,
					 const struct version *version, unsigned class)
{
	for (struct object_list **scope = from->scope; *scope; scope++)
		for (uint32_t i = 0; i < (*scope)->n; i++)
			if ((*scope)->at[i] == from)
				return lookup_in_list(ld, *scope, i + 1, name, version, class, NULL);
	return (struct definition){.object = NULL};
}

bool symbol_address(struct loader *ld, void *handle, const char *name, const char *version_name, uint64_t caller,
		    void **address)
{
	struct version version = {.name = version_name, .hidden = true};
	if (version_name)
		version.hash = sysv_hash(version_name);
	const struct version *wanted = version_name ? &version : NULL;
	unsigned class = version_name ? LOOKUP_DATA : LOOKUP_NEWEST;
	struct object *from = object_at(ld, caller), *object = NULL;
	if (!from)
		from = ld->program;
	struct definition found;
	if (handle == RTLD_DEFAULT) {
		found = lookup_in_scope(ld, from, name, wanted, class);
	} else if (handle == RTLD_NEXT) {
		found = next_definition(ld, from, name, wanted, class);
	} else {
		object = object_of_handle(ld, handle);
		if (!object)
			return fail(ld, "", 0, "invalid handle");
		if (object->kind == OBJECT_PROGRAM) {
			const struct object_list *global = &ld->namespaces[BASE_NAMESPACE].global;
			found = lookup_in_list(ld, global, 0, name, wanted, class, NULL);
		} else {
			if (!object->search.n && !load_needed(ld, object, NULL, 0, 0))
				return false;
			found = lookup_in_list(ld, &object->search, 0, name, wanted, class, NULL);
		}
	}
	if (!found.object) {
		fail(ld, object_display_name(object ? object : from), 0, "undefined symbol: %s%s%s", name,
		     version_name ? ", version " : "", version_name ? version_name : "");
		debug_failure(ld, ld->failure.object, "symbol lookup error", ld->failure.text);
		return false;
	}
	bool implicit = handle == RTLD_DEFAULT || handle == RTLD_NEXT;
	if (implicit && found.object->kind == OBJECT_OPENED && found.object != from)
		bound_add(ld, from, found.object);
	if (debugging(ld, DEBUG_BINDINGS))
		debug_print(ld, "binding file %s [%u] to %s [%u]: normal symbol `%s'%s%s%s\n",
			    object_display_name(object ? object : from), (object ? object : from)->ns,
			    object_display_name(found.object), found.object->ns, name,
			    version_name ? " [" : "", version_name ? version_name : "", version_name ? "]" : "");
	*address = address_of(&found);
	if (audits(ld, from->ns) && ELF64_ST_TYPE(found.symbol->st_info) != STT_TLS)
		*address = (void *)audit_bound_by_dlsym(ld, from, &found, (uint64_t)*address);
	return true;
}

/* --- dladdr */

/* The number of symbols: of DT_HASH its chain, of DT_GNU_HASH the end of the last chain. */
static uint32_t symbol_count(const struct symbol_table *table)
{
	if (!table->nbuckets)
		return 0;
	if (!table->bloom)
		return (table->buckets - 1)[0];
	uint32_t last = 0;
	for (uint32_t i = 0; i < table->nbuckets; i++)
		if (table->buckets[i] > last)
			last = table->buckets[i];
	if (!last)
		return 0;
	while (!(table->chain[last] & 1))
		last++;
	return last + 1;
}

/* Does this symbol name the address better than the best one so far? */
static bool better(const Elf64_Sym *symbol, uint64_t value, const Elf64_Sym *best)
{
	if ((symbol->st_shndx == SHN_UNDEF && symbol->st_value == 0) || symbol->st_shndx == SHN_ABS ||
	    ELF64_ST_TYPE(symbol->st_info) == STT_TLS)
		return false;
	if (value < symbol->st_value)
		return false;
	bool inside = symbol->st_size == 0 ? symbol->st_shndx != SHN_UNDEF && value == symbol->st_value :
					     value < symbol->st_value + symbol->st_size;
	return inside && (!best || best->st_value < symbol->st_value);
}

/* glibc searches DT_GNU_HASH tables chain by chain: of symbols at one address the first in that order wins. */
static const Elf64_Sym *nearest(const struct object *object, uint64_t address)
{
	const struct symbol_table *table = &object->table;
	const Elf64_Sym *best = NULL;
	uint64_t value = address - object->base;
	if (table->bloom) {
		for (uint32_t bucket = 0; bucket < table->nbuckets; bucket++) {
			uint32_t i = table->buckets[bucket];
			for (bool more = i != 0; more; more = !(table->chain[i++] & 1))
				if (better(&table->symbols[i], value, best))
					best = &table->symbols[i];
		}
		return best;
	}
	uint32_t n = symbol_count(table);
	for (uint32_t i = 0; i < n; i++) {
		const Elf64_Sym *symbol = &table->symbols[i];
		unsigned bind = ELF64_ST_BIND(symbol->st_info);
		if ((bind == STB_GLOBAL || bind == STB_WEAK) && better(symbol, value, best))
			best = symbol;
	}
	return best;
}

bool symbol_at(struct loader *ld, uint64_t address, Dl_info *info, const Elf64_Sym **symbol, struct object **object)
{
	*object = object_at(ld, address);
	if (!*object)
		return false;
	const Elf64_Sym *best = nearest(*object, address);
	info->dli_fname = object_display_name(*object);
	info->dli_fbase = (void *)(*object)->start;
	info->dli_sname = best ? (*object)->table.strings + best->st_name : NULL;
	info->dli_saddr = NULL;
	if (best)
		info->dli_saddr =
			(void *)(best->st_shndx == SHN_ABS ? best->st_value : (*object)->base + best->st_value);
	*symbol = best;
	return true;
}
