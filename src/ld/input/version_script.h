/* Version scripts and dynamic lists (GNU ld manual, "VERSION Command", "--dynamic-list").
 *
 *   VERS_1.1 { global: foo; bar*; extern "C++" { "ns::f(int)"; ns::*; }; local: *; } VERS_1.0;
 *
 * Parsing gives a flat list of patterns, each knowing its node. Matching with GNU's precedence is in
 * resolve/versions.c. */
#ifndef GILD_LD_INPUT_VERSION_SCRIPT_H
#define GILD_LD_INPUT_VERSION_SCRIPT_H

#include "base/arena.h"
#include "base/array.h"
#include "base/diag.h"
#include "base/types.h"
#include "ld/script/place.h"

struct version_node {
	const char *name;          /* "" for the anonymous node */
	ARRAY(uint32_t) parents;   /* indexes of nodes it depends on ("} VERS_1.0;") */
};

struct version_pattern {
	struct str text;           /* glob, or literal when `literal` */
	uint32_t node;
	bool local;                /* under local: */
	bool literal;              /* quoted, or no glob characters */
	bool cxx;                  /* inside extern "C++": compared with the demangled name */
};

struct version_script {
	ARRAY(struct version_node) nodes;
	ARRAY(struct version_pattern) patterns;  /* in the order of the file */
};

/* Adds the content of one version script. false after an error (reported as FILE:LINE:COLUMN: ...): duplicate node,
 * unknown parent, anonymous node together with named ones, syntax. */
bool version_script_parse(struct version_script *out, struct script_place place, struct arena *arena,
			  struct diag *diag);

/* A dynamic list: `{ foo; bar*; extern "C++" { ... }; };` The patterns are added as globals of node 0, which is created
 * anonymous. */
bool dynamic_list_parse(struct version_script *out, struct script_place place, struct arena *arena, struct diag *diag);

void version_script_free(struct version_script *script);

#endif
