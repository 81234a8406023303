#include "ldso/open.h"

#include <asm/errno.h>
#include <link.h>
#include <sys/mman.h>

#include "ldso/audit.h"
#include "ldso/debugger.h"
#include "ldso/find_object.h"
#include "ldso/glibc/publish.h"
#include "ldso/init.h"
#include "ldso/needed.h"
#include "ldso/relocate.h"
#include "ldso/scope.h"
#include "ldso/search.h"
#include "ldso/start.h"
#include "ldso/sys.h"
#include "ldso/text.h"
#include "ldso/versions.h"

static void report_version(struct loader *ld, const char *object, const char *text, enum version_problem problem)
{
	if (problem != VERSION_WARNING)
		fail(ld, object, 0, "%s", text);
}

/* What needs an executable stack gets one, in all threads, as glibc before 2.41 has it. */
static bool check_stack(struct loader *ld, const struct object *object)
{
	if (!(object->stack_flags & PF_X) || ld->stack_flags & PF_X)
		return true;
	int code = stack_make_executable(ld);
	if (!code && ld->running)
		code = glibc_make_stacks_executable(ld);
	if (code)
		return fail(ld, object->name, code, "cannot enable executable stack as shared object requires");
	ld->stack_flags |= PF_X;
	return true;
}

/* All that must hold before anything is relocated. */
static bool check_new(struct loader *ld, struct object *root)
{
	for (uint32_t i = 0; i < root->search.n; i++) {
		struct object *object = root->search.at[i];
		if (object->relocated)
			continue;
		object_read_versions(ld, object);
		if (!versions_check(ld, object, false, report_version) || !check_stack(ld, object))
			return false;
	}
	const struct object *libc = ld->namespaces[root->ns].libc;
	return !libc || libc->relocated || glibc_is_known(ld, libc) ||
	       fail(ld, libc->name, 0, "the layout of this C library is not that of the program's");
}

static bool relocate_new(struct loader *ld, struct object *root, int mode)
{
	unsigned flags = ld->options.lazy && mode & RTLD_LAZY ? RELOCATE_LAZY : 0;
	for (uint32_t i = root->search.n; i-- > 0;)
		if (!relocate_object(ld, root->order[i], flags))
			return false;
	return true;
}

/* Nothing can fail from here on. */
static void activate(struct loader *ld, struct object *root, int mode)
{
	bool any_tls = false;
	for (struct object *object = ld->first; object; object = object->next) {
		if (object->never_unload_pending && !object->never_unload && debugging(ld, DEBUG_FILES))
			debug_print(ld, "activating NODELETE for %s [%u]\n", object->name, object->ns);
		object->never_unload |= object->never_unload_pending;
		object->never_unload_pending = false;
	}
	if (mode & RTLD_NODELETE)
		root->never_unload = true;
	find_object_update(ld);
	for (uint32_t i = 0; i < root->search.n; i++)
		any_tls |= !root->search.at[i]->init_called && root->search.at[i]->tls_module;
	if (any_tls)
		tls_new_generation(ld);
	for (uint32_t i = 0; any_tls && i < root->search.n; i++)
		if (root->search.at[i]->tls_needs_init)
			tls_initialize_in_all_threads(ld, root->search.at[i]);
}

/* All scopes of new objects; what is new of those that were loaded before. */
static void show_scopes(struct loader *ld, const struct object *root)
{
	for (uint32_t i = 0; i < root->search.n; i++) {
		const struct object *object = root->search.at[i];
		unsigned from = 0;
		while (object->init_called && object->kind == OBJECT_OPENED && object->scope[from] &&
		       object->scope[from] != &root->search)
			from++;
		scope_show(ld, object, from);
	}
}

/* Loads a new root. */
static bool open_new(struct loader *ld, struct object *root, int mode)
{
	struct namespace *namespace = &ld->namespaces[root->ns];
	bool had_libc = namespace->libc != NULL;
	debugger_tell(DEBUGGER_ADD);
	if (!load_needed(ld, root, NULL, 0, LOAD_OPENED) || !check_new(ld, root))
		return false;
	glibc_lock(ld, LOCK_LIST);
	glibc_publish_objects(ld);
	glibc_unlock(ld, LOCK_LIST);
	tls_publish(ld);
	scope_add_root(ld, root, mode & RTLD_DEEPBIND);
	if (!namespace->global.n) /* what the first root needs is what all see */
		scope_start_global(ld, root);
	audit_activity(ld, root->ns, LA_ACT_CONSISTENT);
	debugger_tell(DEBUGGER_CONSISTENT);
	if (debugging(ld, DEBUG_SCOPES))
		scope_show(ld, root, 0);
	if (!relocate_new(ld, root, mode))
		return false;
	if (debugging(ld, DEBUG_SCOPES))
		show_scopes(ld, root);
	activate(ld, root, mode);
	if (!had_libc && namespace->libc)
		glibc_early_init(namespace->libc, root->ns == BASE_NAMESPACE);
	return true;
}

/* A namespace nobody uses; NAMESPACES when there is none. */
static uint32_t new_namespace(struct loader *ld)
{
	uint32_t ns = BASE_NAMESPACE + 1;
	while (ns < NAMESPACES && ld->namespaces[ns].used)
		ns++;
	if (ns == NAMESPACES)
		return ns;
	if (ns >= ld->nnamespaces)
		ld->nnamespaces = ns + 1;
	ld->namespaces[ns].is_auditor = false;
	return ns;
}

/* The namespace that LM_ID_ stands for; false after fail(). */
static bool choose_namespace(struct loader *ld, const char *name, Lmid_t id, const struct object *caller, uint32_t *ns)
{
	*ns = caller ? caller->ns : BASE_NAMESPACE;
	if (id == NAMESPACE_OF_CALLER)
		return true;
	if (id == LM_ID_NEWLM) {
		*ns = new_namespace(ld);
		return *ns < NAMESPACES || fail(ld, name, EINVAL, "no more namespaces available for dlmopen()");
	}
	*ns = (uint32_t)id;
	bool used = id >= 0 && id < ld->nnamespaces && ld->namespaces[id].used && !ld->namespaces[id].is_auditor;
	return used || fail(ld, name, EINVAL, "invalid target namespace in dlmopen()");
}

struct object *open_object(struct loader *ld, const char *name, int mode, Lmid_t id, uint64_t caller)
{
	if (!(mode & RTLD_BINDING_MASK)) {
		fail(ld, name, EINVAL, "invalid mode for dlopen()");
		return NULL;
	}
	if (!name || !*name) {
		ld->program->open_count++;
		return ld->program;
	}
	uint64_t serial = ld->nadded;
	struct object *requester = object_at(ld, caller);
	unsigned flags = LOAD_OPENED | LOAD_BY_CALL | (mode & RTLD_NOLOAD ? LOAD_ONLY_IF_LOADED : 0);
	uint32_t ns;
	if (!choose_namespace(ld, name, id, requester, &ns))
		return NULL;
	if (mode & OPEN_AUDITOR) {
		flags |= LOAD_SECURE;
		ld->namespaces[ns].is_auditor = true;
	}
	/* A path into a chosen namespace is nobody's need. */
	bool needs_caller = id == NAMESPACE_OF_CALLER || !index(name, '/') || index(name, '$');
	struct object *asks = !needs_caller ? NULL : requester ? requester : ld->program;
	struct object *root = load_object(ld, name, asks, ns, flags);
	cache_close();
	if (!root)
		return NULL; /* nothing was loaded */
	root->open_count++;
	ld->namespaces[ns].used = true;
	bool is_new = !root->search.n && root->kind == OBJECT_OPENED;
	if (is_new && !open_new(ld, root, mode)) {
		cache_close();
		close_failed(ld, root, serial);
		return NULL;
	}
	cache_close();
	if (!is_new && mode & RTLD_NODELETE)
		root->never_unload = true;
	if (is_new)
		init_run(ld, root);
	if (mode & RTLD_GLOBAL)
		scope_add_global(ld, root);
	if (debugging(ld, DEBUG_FILES))
		debug_print(ld, "opening file=%s [%u]; direct_opencount=%u\n\n", root->name, root->ns,
			    root->open_count);
	return root;
}
