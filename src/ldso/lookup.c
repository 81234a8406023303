#include "ldso/lookup.h"

#include "ldso/bound.h"
#include "ldso/heap.h"
#include "ldso/text.h"
#include "ldso/versions.h"

/* A name with its hashes; the SysV hash is made when the first object without DT_GNU_HASH is met. */
struct wanted {
	const char *name;
	size_t length;
	const struct version *version; /* NULL: none */
	uint32_t gnu_hash, sysv_hash;
	bool has_sysv_hash;
	unsigned class;
};

/* --- names: hashed and compared eight bytes at a time, since those of C++ are long */

static inline uint64_t word_at(const char *at)
{
	uint64_t word;
	__builtin_memcpy(&word, at, sizeof(word));
	return word;
}

/* The sum of c * 33^(7-i) over the bytes c of a word, the first byte first: lanes of one byte become lanes of two,
 * four, and eight, none of which overflows. */
static inline uint32_t hash_of_word(uint64_t word)
{
	const uint64_t bytes = UINT64_C(0x00ff00ff00ff00ff), pairs = UINT64_C(0x0000ffff0000ffff);
	word = (word & bytes) * 33 + (word >> 8 & bytes);
	word = (word & pairs) * (33 * 33) + (word >> 16 & pairs);
	return (uint32_t)word * (33 * 33 * 33 * 33) + (uint32_t)(word >> 32);
}

/* Fills in the hash of DT_GNU_HASH tables (h = h * 33 + c, from 5381) and the length. `room`: how many bytes of the
 * name may be read, at least those up to its NUL. */
static void hash_name(struct wanted *wanted, uint64_t room)
{
	static const uint32_t powers[] = {1, 33, 1089, 35937, 1185921, 39135393, 1291467969, 3963737313}; /* of 33 */
	const uint64_t ones = UINT64_C(0x0101010101010101);
	const char *at = wanted->name;
	uint32_t hash = 5381;
	for (; room >= 8; at += 8, room -= 8) {
		uint64_t word = word_at(at), zeroes = (word - ones) & ~word & ones << 7;
		if (!zeroes) {
			hash = hash * (3963737313u * 33u) + hash_of_word(word);
			continue;
		}
		unsigned left = (unsigned)__builtin_ctzll(zeroes) / 8; /* bytes in front of the NUL */
		if (left) /* zeroes in front of them add nothing to the sum */
			hash = hash * powers[left] + hash_of_word(word << (64 - 8 * left));
		wanted->gnu_hash = hash;
		wanted->length = (size_t)(at - wanted->name) + left;
		return;
	}
	for (; *at; at++)
		hash = hash * 33 + (unsigned char)*at;
	wanted->gnu_hash = hash;
	wanted->length = (size_t)(at - wanted->name);
}

/* A name that comes from outside of any object. */
static struct wanted named(const char *name, const struct version *version, unsigned class)
{
	struct wanted wanted = {.name = name, .version = version, .class = class};
	hash_name(&wanted, strlen(name) + 1);
	return wanted;
}

static bool same_bytes(const char *a, const char *b, size_t size)
{
	for (; size >= 8; a += 8, b += 8, size -= 8)
		if (word_at(a) != word_at(b))
			return false;
	for (; size; a++, b++, size--)
		if (*a != *b)
			return false;
	return true;
}

/* Is it the string at this offset? */
static inline bool is_named(const struct symbol_table *table, uint32_t offset, const struct wanted *wanted)
{
	return offset + (uint64_t)wanted->length < table->strings_size &&
	       same_bytes(table->strings + offset, wanted->name, wanted->length + 1);
}

/* --- one symbol */

enum { INDEX_MASK = 0x7fff, HIDDEN = 0x8000, INDEX_GLOBAL = 1 };

/* What a search through one object has seen: a versioned symbol is taken by a reference without version when it is the
 * only one. */
struct versioned {
	const Elf64_Sym *symbol;
	unsigned n;
};

static bool version_fits(const struct symbol_table *table, uint32_t index, const struct wanted *wanted,
			 struct versioned *versioned)
{
	if (!table->versym)
		return true;
	uint16_t raw = table->versym[index];
	uint32_t number = raw & INDEX_MASK;
	const struct version *want = wanted->version;
	if (want) {
		if (number >= table->nversions)
			return !want->hidden && !(raw & HIDDEN);
		const struct version *have = &table->versions[number];
		if (have->hash == want->hash && have->name &&
		    (have->name == want->name || text_equal(have->name, want->name)))
			return true;
		return !want->hidden && !have->hash && !(raw & HIDDEN);
	}
	/* Programs without versions get the oldest definition (index 2 or below), dlsym the newest. */
	if (number < (wanted->class & LOOKUP_NEWEST ? INDEX_GLOBAL + 1 : INDEX_GLOBAL + 2))
		return true;
	if (!(raw & HIDDEN) && versioned->n++ == 0)
		versioned->symbol = &table->symbols[index];
	return false;
}

static bool symbol_fits(const struct symbol_table *table, uint32_t index, const struct wanted *wanted,
			struct versioned *versioned)
{
	enum {
		DEFINITIONS = 1 << STT_NOTYPE | 1 << STT_OBJECT | 1 << STT_FUNC | 1 << STT_COMMON | 1 << STT_TLS |
			      1 << STT_GNU_IFUNC
	};
	const Elf64_Sym *symbol = &table->symbols[index];
	unsigned type = ELF64_ST_TYPE(symbol->st_info);
	if (symbol->st_value == 0 && symbol->st_shndx != SHN_ABS && type != STT_TLS)
		return false;
	if (symbol->st_shndx == SHN_UNDEF && (wanted->class & LOOKUP_PLT || type == STT_TLS))
		return false;
	if (!(DEFINITIONS >> type & 1))
		return false;
	return is_named(table, symbol->st_name, wanted) &&
	       version_fits(table, index, wanted, versioned);
}

/* --- one object */

static inline bool bloom_has(const struct symbol_table *table, uint32_t hash)
{
	uint64_t word = table->bloom[(hash / 64) & table->bloom_mask];
	return word >> (hash & 63) & word >> (hash >> (table->bloom_shift & 31) & 63) & 1;
}

static const Elf64_Sym *search_gnu(const struct symbol_table *table, const struct wanted *wanted)
{
	uint32_t index = table->buckets[wanted->gnu_hash % table->nbuckets];
	if (!index)
		return NULL;
	struct versioned versioned = {.n = 0};
	for (;; index++) {
		uint32_t hash = table->chain[index]; /* the lowest bit ends the chain */
		if (((hash ^ wanted->gnu_hash) >> 1) == 0 && symbol_fits(table, index, wanted, &versioned))
			return &table->symbols[index];
		if (hash & 1)
			break;
	}
	return versioned.n == 1 ? versioned.symbol : NULL;
}

static const Elf64_Sym *search_sysv(const struct symbol_table *table, struct wanted *wanted)
{
	if (!wanted->has_sysv_hash) {
		wanted->sysv_hash = sysv_hash(wanted->name);
		wanted->has_sysv_hash = true;
	}
	struct versioned versioned = {.n = 0};
	for (uint32_t index = table->buckets[wanted->sysv_hash % table->nbuckets]; index; index = table->chain[index])
		if (symbol_fits(table, index, wanted, &versioned))
			return &table->symbols[index];
	return versioned.n == 1 ? versioned.symbol : NULL;
}

static inline const Elf64_Sym *search_object(const struct object *object, struct wanted *wanted)
{
	const struct symbol_table *table = &object->table;
	if (!table->nbuckets)
		return NULL;
	if (!table->bloom)
		return search_sysv(table, wanted);
	return bloom_has(table, wanted->gnu_hash) ? search_gnu(table, wanted) : NULL;
}

const Elf64_Sym *lookup_in(const struct object *object, const char *name, const struct version *version, unsigned class)
{
	struct wanted wanted = named(name, version, class);
	return search_object(object, &wanted);
}

/* --- unique symbols: one definition in the whole process, whatever the scopes say (STB_GNU_UNIQUE) */

struct unique {
	struct unique *next;
	const char *name;
	struct definition definition; /* one in each namespace */
};

enum { UNIQUE_BUCKETS = 256 };
static struct unique *uniques[UNIQUE_BUCKETS]; /* one process has one set */

static struct definition unique_definition(struct loader *ld, const struct wanted *wanted, struct definition found)
{
	struct unique **at = &uniques[wanted->gnu_hash % UNIQUE_BUCKETS];
	for (; *at; at = &(*at)->next)
		if ((*at)->definition.object->ns == found.object->ns && text_equal((*at)->name, wanted->name))
			/* A copy relocation wants the library's initial value. */
			return wanted->class & LOOKUP_COPY ? found : (*at)->definition;
	*at = heap_alloc(sizeof(**at));
	**at = (struct unique){.name = found.object->table.strings + found.symbol->st_name, .definition = found};
	if (found.object->kind == OBJECT_OPENED && !found.object->never_unload) {
		if (debugging(ld, DEBUG_BINDINGS))
			debug_print(ld, "marking %s [%u] as NODELETE due to unique symbol\n", found.object->name,
				    found.object->ns);
		bound_never_unload(found.object);
	}
	return found;
}

void unique_forget(const struct object *object)
{
	for (unsigned i = 0; i < UNIQUE_BUCKETS; i++)
		for (struct unique **at = &uniques[i]; *at;) {
			struct unique *gone = *at;
			if (gone->definition.object != object) {
				at = &gone->next;
				continue;
			}
			*at = gone->next;
			heap_free(gone);
		}
}

/* --- lists and scopes */

static struct definition search_list(struct loader *ld, const struct object_list *list, uint32_t from,
				     struct wanted *wanted, const struct object *skip)
{
	uint32_t n = __atomic_load_n(&list->n, __ATOMIC_ACQUIRE);
	struct object **at = __atomic_load_n(&list->at, __ATOMIC_ACQUIRE);
	struct definition weak = {.object = NULL};
	bool show = debugging(ld, DEBUG_SYMBOLS);
	for (uint32_t i = from; i < n; i++) {
		struct object *object = at[i];
		if (object->table.bloom && !bloom_has(&object->table, wanted->gnu_hash) && !show)
			continue; /* most end here */
		bool copying_to = wanted->class & LOOKUP_COPY && object->kind == OBJECT_PROGRAM;
		if (object == skip || object->removed || copying_to)
			continue;
		if (show)
			debug_print(ld, "symbol=%s;  lookup in file=%s [%u]\n", wanted->name,
				    object_display_name(object), object->ns);
		const Elf64_Sym *symbol = search_object(object, wanted);
		if (!symbol)
			continue;
		unsigned visibility = ELF64_ST_VISIBILITY(symbol->st_other);
		if (visibility == STV_HIDDEN || visibility == STV_INTERNAL)
			continue;
		struct definition found = {object, symbol};
		switch (ELF64_ST_BIND(symbol->st_info)) {
		case STB_WEAK:
			if (!ld->options.dynamic_weak)
				return found;
			if (!weak.object)
				weak = found;
			break;
		case STB_GLOBAL: return found;
		case STB_GNU_UNIQUE: return unique_definition(ld, wanted, found);
		default: break;
		}
	}
	return weak;
}

static struct definition search_scope(struct loader *ld, struct object *object, struct wanted *wanted)
{
	struct object_list **scope = __atomic_load_n(&object->scope, __ATOMIC_ACQUIRE);
	struct definition found = {.object = NULL};
	for (; *scope && !found.object; scope++)
		found = search_list(ld, *scope, 0, wanted, NULL);
	return found;
}

struct definition lookup_in_list(struct loader *ld, const struct object_list *list, uint32_t from, const char *name,
				 const struct version *version, unsigned class, const struct object *skip)
{
	struct wanted wanted = named(name, version, class);
	return search_list(ld, list, from, &wanted, skip);
}

struct definition lookup_in_scope(struct loader *ld, struct object *object, const char *name,
				  const struct version *version, unsigned class)
{
	struct wanted wanted = named(name, version, class);
	return search_scope(ld, object, &wanted);
}

/* --- references */

const struct version *reference_version(const struct object *object, uint32_t index)
{
	const struct symbol_table *table = &object->table;
	if (!table->versym)
		return NULL;
	uint32_t number = table->versym[index] & INDEX_MASK;
	return number < table->nversions && table->versions[number].hash ? &table->versions[number] : NULL;
}

/* A protected symbol binds to its own object, unless a copy relocation moved the data into the program. */
static struct definition protected_definition(struct loader *ld, struct object *object, const Elf64_Sym *symbol,
					      struct wanted *wanted, struct definition found)
{
	if (found.object && found.object != object && !(wanted->class & LOOKUP_PLT)) {
		struct wanted real = *wanted;
		real.class |= LOOKUP_PLT;
		struct definition other = search_scope(ld, object, &real);
		if (!other.object || other.object == object)
			return found;
	}
	return (struct definition){object, symbol};
}

static void show_binding(struct loader *ld, const struct object *from, const struct object *to,
			 const struct wanted *wanted, bool protected)
{
	const char *version = wanted->version ? wanted->version->name : "";
	debug_print(ld, "binding file %s [%u] to %s [%u]: %s symbol `%s'%s%s%s\n", object_display_name(from), from->ns,
		    object_display_name(to), to->ns, protected ? "protected" : "normal", wanted->name,
		    *version ? " [" : "", version, *version ? "]" : "");
}

bool lookup_reference(struct loader *ld, struct object *object, uint32_t index, unsigned class, struct definition *out)
{
	const Elf64_Sym *symbol = &object->table.symbols[index];
	unsigned bind = ELF64_ST_BIND(symbol->st_info), visibility = ELF64_ST_VISIBILITY(symbol->st_other);
	if (bind == STB_LOCAL || visibility == STV_HIDDEN || visibility == STV_INTERNAL) {
		*out = (struct definition){object, symbol};
		return true;
	}
	struct wanted wanted = {.name = object->table.strings + symbol->st_name,
				.version = reference_version(object, index),
				.class = class};
	uint64_t strings = object->table.strings_size;
	hash_name(&wanted, symbol->st_name < strings ? strings - symbol->st_name : 0);
	ld->nrelocations++;
	struct definition found = search_scope(ld, object, &wanted);
	bool protected = visibility == STV_PROTECTED && symbol->st_shndx != SHN_UNDEF;
	if (protected)
		found = protected_definition(ld, object, symbol, &wanted, found);
	*out = found;
	if (!found.object) {
		if (bind == STB_WEAK || ld->options.debug & DEBUG_UNUSED)
			return true;
		fail(ld, object_display_name(object), 0, "undefined symbol: %s%s%s", wanted.name,
		     wanted.version ? ", version " : "", wanted.version ? wanted.version->name : "");
		debug_failure(ld, ld->failure.object, "symbol lookup error", ld->failure.text);
		return false;
	}
	found.object->used = true;
	if (debugging(ld, DEBUG_BINDINGS))
		show_binding(ld, object, found.object, &wanted, protected);
	if (found.object->kind == OBJECT_OPENED && found.object != object)
		bound_add(ld, object, found.object);
	return true;
}
