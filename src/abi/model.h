/* What a file promises to those who link with it: its exported symbols, their types, and the types these are made
 * of.
 *
 * Types have 32-bit ids; type 0 is void. A type is there once: equal types have equal ids, so that a large program,
 * which repeats the types of its headers in every unit, becomes small. What has a name (struct, union, enum,
 * typedef) is an *entity*: its id stands for the name, and what the name means is in its definitions. There is none
 * when the file only declares it, and there are several when parts of the file disagree. Since types refer to names,
 * nothing but names closes a cycle.
 *
 * Names are not NUL-terminated; the model's arena or the files it was read from own them. One thread at a time. */
#ifndef GILD_ABI_MODEL_H
#define GILD_ABI_MODEL_H

#include "base/arena.h"
#include "base/array.h"
#include "base/types.h"

typedef uint32_t abi_type_id;

enum { ABI_NO_DEFINITION = UINT32_MAX };

#define ABI_UNBOUNDED UINT64_MAX /* elements of an array that does not say how many it has */

enum abi_kind {
	ABI_VOID,
	ABI_BASE,
	ABI_POINTER,
	ABI_REFERENCE,
	ABI_RVALUE_REFERENCE,
	ABI_MEMBER_POINTER,
	ABI_CONST,
	ABI_VOLATILE,
	ABI_RESTRICT,
	ABI_ATOMIC,
	ABI_ARRAY,
	ABI_VECTOR,
	ABI_FUNCTION,
	ABI_TYPEDEF,
	ABI_STRUCT,
	ABI_UNION,
	ABI_ENUM,                     /* entities, unless they have no name */
	ABI_UNSPECIFIED,              /* nullptr_t */
	ABI_UNKNOWN,                  /* what the debug information has, but this program has no word for */
	ABI_N_KINDS,
};

enum {
	ABI_VARIADIC = 1,             /* functions: more arguments may follow */
	ABI_UNPROTOTYPED = 2,         /* functions: "int f()" of C, and K&R definitions */
};

struct abi_type {
	uint8_t kind;                 /* enum abi_kind */
	uint8_t flags;
	uint8_t encoding;             /* ABI_BASE: DW_ATE_* */
	struct str name;              /* with its scopes: "std::string"; empty: it has none */
	abi_type_id target; /* pointee, element, qualified type, what a function returns, type of the member */
	abi_type_id owner;            /* ABI_MEMBER_POINTER: the class */
	uint64_t size;                /* ABI_BASE: bytes; ABI_ARRAY, ABI_VECTOR: elements */
	uint32_t first, n;            /* ABI_FUNCTION: parameters, in model->members */
	uint32_t definition;          /* the first one; ABI_NO_DEFINITION */
};

enum abi_member_kind { ABI_FIELD, ABI_BASE_CLASS, ABI_VIRTUAL, ABI_ENUMERATOR, ABI_PARAMETER };

struct abi_member {
	uint8_t kind;                 /* enum abi_member_kind */
	bool is_artificial;           /* the compiler made it: vptr, this */
	bool is_virtual;              /* ABI_BASE_CLASS: where it lies, the object says when the program runs */
	bool is_bit_field;
	struct str name;              /* ABI_VIRTUAL: as mangled, if it says */
	abi_type_id type;             /* ABI_VIRTUAL: of the result; the parameters are part of the mangled name */
	uint64_t bit_offset;          /* from the beginning of the type; ABI_VIRTUAL: number of its slot */
	uint64_t bit_size;            /* of a bit-field */
	int64_t value;                /* of an enumerator */
	uint32_t align;               /* bytes, as the source demands it; 0: it does not */
};

/* What a name means. */
struct abi_definition {
	uint64_t size;                /* bytes */
	uint64_t shape;               /* two definitions with the same shape are the same */
	uint32_t first, n;            /* model->members */
	uint32_t next;                /* another one of the same name; ABI_NO_DEFINITION */
	abi_type_id target;           /* typedef: what it stands for; enum: what it is stored as */
	uint32_t align;               /* as the source demands it; 0: it does not */
	uint32_t known_align;         /* of abi_definition_align(); 0: not computed yet */
	uint32_t line;                /* of the source */
	struct str file;              /* the same; empty: not known */
	bool is_class, is_scoped;     /* "class" and "enum class" */
	bool is_virtual;              /* it has virtual functions or bases */
};

enum abi_symbol_kind { ABI_SYMBOL_FUNCTION, ABI_SYMBOL_OBJECT, ABI_SYMBOL_TLS, ABI_SYMBOL_IFUNC, ABI_SYMBOL_OTHER };

struct abi_symbol {
	struct str name, version;     /* the version is empty when there is none */
	bool is_default;              /* name@@version */
	bool is_weak;
	bool has_type;
	uint8_t kind;                 /* enum abi_symbol_kind */
	uint64_t size;                /* st_size */
	abi_type_id type;             /* of a function: ABI_FUNCTION */
	uint32_t line;
	struct str file;
};

/* Something all callers rely on, as "char" = "signed"; several values when parts of the file disagree. */
struct abi_promise {
	struct str name, value;
};

struct abi_model {
	struct arena arena;
	ARRAY(struct abi_type) types;
	ARRAY(struct abi_member) members;
	ARRAY(struct abi_definition) definitions;
	ARRAY(struct abi_symbol) symbols; /* sorted by name and version */
	ARRAY(struct abi_promise) promises; /* sorted by name */
	struct str soname;
	unsigned pointer_size;        /* bytes: 8, or 4 of 32-bit machines */
	bool has_types;               /* there was something to read types from */
	uint32_t *table;              /* of interned types: ids, 0 is empty */
	uint32_t n_slots;
};

void abi_model_init(struct abi_model *model);
void abi_model_free(struct abi_model *model);

/* The id of a type that equals *type. Its name and its parameters, the last type->n of model->members, become the
 * model's; if there was such a type already, the parameters are taken away again. Of a type with a name, kind and
 * name alone count. A type without name that has a definition is equal to one whose definition has the same members;
 * then the last definition and its members are taken away, too. A fifth qualifier is left out. */
abi_type_id abi_intern(struct abi_model *model, const struct abi_type *type);

/* The type with that kind and name; 0: there is none. */
abi_type_id abi_find(const struct abi_model *model, enum abi_kind kind, struct str name);

/* Adds definition number `definition` to what an entity means. */
void abi_define(struct abi_model *model, abi_type_id entity, uint32_t definition);

static inline const struct abi_type *abi_type(const struct abi_model *model, abi_type_id id)
{
	return &model->types.at[id];
}

/* NULL: the file does not say. */
static inline const struct abi_definition *abi_definition(const struct abi_model *model, abi_type_id id)
{
	uint32_t definition = model->types.at[id].definition;
	return definition == ABI_NO_DEFINITION ? NULL : &model->definitions.at[definition];
}

static inline bool abi_is_tag(enum abi_kind kind)
{
	return kind == ABI_STRUCT || kind == ABI_UNION || kind == ABI_ENUM;
}

/* The type behind typedefs and qualifiers. A typedef that leads to itself is void. */
abi_type_id abi_strip(const struct abi_model *model, abi_type_id id);
/* The type behind qualifiers. */
abi_type_id abi_strip_qualifiers(const struct abi_model *model, abi_type_id id);

/* Bytes; 0: it has none, or nobody says. */
uint64_t abi_size(const struct abi_model *model, abi_type_id id);
/* Bytes, at least 1: what the x86-64 psABI demands (figure 3.1), or the source. */
uint64_t abi_align(const struct abi_model *model, abi_type_id id);
/* Of a definition: less than its members ask for when it is packed. */
uint64_t abi_definition_align(const struct abi_model *model, uint32_t definition);

/* Is a pointer to member a pair of words? One to a function is. */
bool abi_is_function_pointer_pair(const struct abi_model *model, const struct abi_type *type);

static inline bool str_equal(struct str a, struct str b)
{
	return a.len == b.len && (a.len == 0 || __builtin_memcmp(a.at, b.at, a.len) == 0);
}

static inline struct str str_from(const char *text)
{
	return (struct str){text, (uint32_t)__builtin_strlen(text)};
}

/* As bytes; one that is the beginning of the other comes first. */
int str_compare(struct str a, struct str b);

#endif
