/* Where one build of glibc keeps what it shares with its loader: offsets in four private structures.
 *
 * libc.so.6 reads and writes fields of _rtld_global, _rtld_global_ro, struct link_map and struct pthread directly.
 * Their layout differs between versions and even between distributions' builds of one version. A table is found by
 * the build-id of libc.so.6, never guessed. scripts/ldso-abi.py makes tables by the lists below from what `gild
 * abi layout --offsets` says of glibc's debug information, and checks them. */
#ifndef GILD_LDSO_GLIBC_ABI_H
#define GILD_LDSO_GLIBC_ABI_H

#include "ldso/tunables.h"

/* FIELD(name here, structure, member): the offset in bytes, or -1 when this glibc has no such member. A member of "."
 * is the size of the structure. */
#define GLIBC_ABI_FIELDS(FIELD) \
	FIELD(g_size, rtld_global, .) \
	FIELD(g_ns, rtld_global, _dl_ns) \
	FIELD(g_nns, rtld_global, _dl_nns) \
	FIELD(g_load_lock, rtld_global, _dl_load_lock) \
	FIELD(g_load_write_lock, rtld_global, _dl_load_write_lock) \
	FIELD(g_load_tls_lock, rtld_global, _dl_load_tls_lock) \
	FIELD(g_load_adds, rtld_global, _dl_load_adds) \
	FIELD(g_all_dirs, rtld_global, _dl_all_dirs) \
	FIELD(g_stack_flags, rtld_global, _dl_stack_flags) \
	FIELD(g_tls_max_dtv_idx, rtld_global, _dl_tls_max_dtv_idx) \
	FIELD(g_tls_dtv_slotinfo_list, rtld_global, _dl_tls_dtv_slotinfo_list) \
	FIELD(g_tls_static_nelem, rtld_global, _dl_tls_static_nelem) \
	FIELD(g_initial_dtv, rtld_global, _dl_initial_dtv) \
	FIELD(g_tls_generation, rtld_global, _dl_tls_generation) \
	FIELD(g_stack_used, rtld_global, _dl_stack_used) \
	FIELD(g_stack_user, rtld_global, _dl_stack_user) \
	FIELD(g_stack_cache, rtld_global, _dl_stack_cache) \
	FIELD(g_stack_cache_lock, rtld_global, _dl_stack_cache_lock) \
	FIELD(ns_size, link_namespaces, .) \
	FIELD(ns_loaded, link_namespaces, _ns_loaded) \
	FIELD(ns_nloaded, link_namespaces, _ns_nloaded) \
	FIELD(ns_main_searchlist, link_namespaces, _ns_main_searchlist) \
	FIELD(ns_libc_map, link_namespaces, libc_map) \
	FIELD(r_size, rtld_global_ro, .) \
	FIELD(r_debug_mask, rtld_global_ro, _dl_debug_mask) \
	FIELD(r_platform, rtld_global_ro, _dl_platform) \
	FIELD(r_platformlen, rtld_global_ro, _dl_platformlen) \
	FIELD(r_pagesize, rtld_global_ro, _dl_pagesize) \
	FIELD(r_minsigstacksize, rtld_global_ro, _dl_minsigstacksize) \
	FIELD(r_clktck, rtld_global_ro, _dl_clktck) \
	FIELD(r_fpu_control, rtld_global_ro, _dl_fpu_control) \
	FIELD(r_hwcap, rtld_global_ro, _dl_hwcap) \
	FIELD(r_hwcap2, rtld_global_ro, _dl_hwcap2) \
	FIELD(r_auxv, rtld_global_ro, _dl_auxv) \
	FIELD(r_cpu_features, rtld_global_ro, _dl_x86_cpu_features) \
	FIELD(r_tls_static_size, rtld_global_ro, _dl_tls_static_size) \
	FIELD(r_tls_static_align, rtld_global_ro, _dl_tls_static_align) \
	FIELD(r_init_all_dirs, rtld_global_ro, _dl_init_all_dirs) \
	FIELD(r_sysinfo_dso, rtld_global_ro, _dl_sysinfo_dso) \
	FIELD(r_sysinfo_map, rtld_global_ro, _dl_sysinfo_map) \
	FIELD(r_vdso_clock_gettime, rtld_global_ro, _dl_vdso_clock_gettime64) \
	FIELD(r_vdso_gettimeofday, rtld_global_ro, _dl_vdso_gettimeofday) \
	FIELD(r_vdso_time, rtld_global_ro, _dl_vdso_time) \
	FIELD(r_vdso_getcpu, rtld_global_ro, _dl_vdso_getcpu) \
	FIELD(r_vdso_clock_getres, rtld_global_ro, _dl_vdso_clock_getres_time64) \
	FIELD(r_debug_printf, rtld_global_ro, _dl_debug_printf) \
	FIELD(r_mcount, rtld_global_ro, _dl_mcount) \
	FIELD(r_lookup_symbol_x, rtld_global_ro, _dl_lookup_symbol_x) \
	FIELD(r_tls_get_addr_soft, rtld_global_ro, _dl_tls_get_addr_soft) \
	FIELD(r_libc_freeres, rtld_global_ro, _dl_libc_freeres) \
	FIELD(r_find_object, rtld_global_ro, _dl_find_object) \
	FIELD(r_dlfcn_hook, rtld_global_ro, _dl_dlfcn_hook) \
	FIELD(cpu_size, cpu_features, .) \
	FIELD(cpu_kind, cpu_features, basic.kind) \
	FIELD(cpu_max_cpuid, cpu_features, basic.max_cpuid) \
	FIELD(cpu_family, cpu_features, basic.family) \
	FIELD(cpu_model, cpu_features, basic.model) \
	FIELD(cpu_stepping, cpu_features, basic.stepping) \
	FIELD(cpu_leaves, cpu_features, features) \
	FIELD(cpu_preferred, cpu_features, preferred) \
	FIELD(cpu_isa_1, cpu_features, isa_1) \
	FIELD(cpu_xsave_state_size, cpu_features, xsave_state_size) \
	FIELD(cpu_xsave_state_full_size, cpu_features, xsave_state_full_size) \
	FIELD(cpu_data_cache_size, cpu_features, data_cache_size) \
	FIELD(cpu_shared_cache_size, cpu_features, shared_cache_size) \
	FIELD(cpu_non_temporal_threshold, cpu_features, non_temporal_threshold) \
	FIELD(cpu_rep_movsb_threshold, cpu_features, rep_movsb_threshold) \
	FIELD(cpu_rep_movsb_stop_threshold, cpu_features, rep_movsb_stop_threshold) \
	FIELD(cpu_rep_stosb_threshold, cpu_features, rep_stosb_threshold) \
	FIELD(cpu_level1_icache_size, cpu_features, level1_icache_size) \
	FIELD(cpu_level1_icache_linesize, cpu_features, level1_icache_linesize) \
	FIELD(cpu_level1_dcache_size, cpu_features, level1_dcache_size) \
	FIELD(cpu_level1_dcache_assoc, cpu_features, level1_dcache_assoc) \
	FIELD(cpu_level1_dcache_linesize, cpu_features, level1_dcache_linesize) \
	FIELD(cpu_level2_cache_size, cpu_features, level2_cache_size) \
	FIELD(cpu_level2_cache_assoc, cpu_features, level2_cache_assoc) \
	FIELD(cpu_level2_cache_linesize, cpu_features, level2_cache_linesize) \
	FIELD(cpu_level3_cache_size, cpu_features, level3_cache_size) \
	FIELD(cpu_level3_cache_assoc, cpu_features, level3_cache_assoc) \
	FIELD(cpu_level3_cache_linesize, cpu_features, level3_cache_linesize) \
	FIELD(cpu_level4_cache_size, cpu_features, level4_cache_size) \
	FIELD(l_size, link_map, .) \
	FIELD(l_real, link_map, l_real) \
	FIELD(l_ns, link_map, l_ns) \
	FIELD(l_libname, link_map, l_libname) \
	FIELD(l_info, link_map, l_info) \
	FIELD(l_phdr, link_map, l_phdr) \
	FIELD(l_entry, link_map, l_entry) \
	FIELD(l_phnum, link_map, l_phnum) \
	FIELD(l_searchlist, link_map, l_searchlist) \
	FIELD(l_loader, link_map, l_loader) \
	FIELD(l_nbuckets, link_map, l_nbuckets) \
	FIELD(l_gnu_bitmask, link_map, l_gnu_bitmask) \
	FIELD(l_gnu_buckets, link_map, l_gnu_buckets) \
	FIELD(l_gnu_chain_zero, link_map, l_gnu_chain_zero) \
	FIELD(l_map_start, link_map, l_map_start) \
	FIELD(l_map_end, link_map, l_map_end) \
	FIELD(l_text_end, link_map, l_text_end) \
	FIELD(l_scope, link_map, l_scope) \
	FIELD(l_local_scope, link_map, l_local_scope) \
	FIELD(l_origin, link_map, l_origin) \
	FIELD(l_tls_initimage, link_map, l_tls_initimage) \
	FIELD(l_tls_initimage_size, link_map, l_tls_initimage_size) \
	FIELD(l_tls_blocksize, link_map, l_tls_blocksize) \
	FIELD(l_tls_align, link_map, l_tls_align) \
	FIELD(l_tls_offset, link_map, l_tls_offset) \
	FIELD(l_tls_modid, link_map, l_tls_modid) \
	FIELD(l_tls_dtor_count, link_map, l_tls_dtor_count) \
	FIELD(l_relro_addr, link_map, l_relro_addr) \
	FIELD(l_relro_size, link_map, l_relro_size) \
	FIELD(p_size, pthread, .) \
	FIELD(p_stack_guard, pthread, header.stack_guard) \
	FIELD(p_pointer_guard, pthread, header.pointer_guard) \
	FIELD(p_list, pthread, list) \
	FIELD(p_tid, pthread, tid) \
	FIELD(p_robust_prev, pthread, robust_prev) \
	FIELD(p_robust_head, pthread, robust_head) \
	FIELD(p_specific_1stblock, pthread, specific_1stblock) \
	FIELD(p_specific, pthread, specific) \
	FIELD(p_user_stack, pthread, user_stack) \
	FIELD(p_report_events, pthread, report_events) \
	FIELD(p_stackblock, pthread, stackblock) \
	FIELD(p_guardsize, pthread, guardsize) \
	FIELD(p_stackblock_size, pthread, stackblock_size) \
	FIELD(p_rseq_area, pthread, rseq_area)

/* BIT_FIELD(name here, member of struct link_map): the offset in bits. */
#define GLIBC_ABI_BITS(BIT_FIELD) \
	BIT_FIELD(b_l_type, l_type) \
	BIT_FIELD(b_l_relocated, l_relocated) \
	BIT_FIELD(b_l_init_called, l_init_called) \
	BIT_FIELD(b_l_global, l_global) \
	BIT_FIELD(b_l_main_map, l_main_map) \
	BIT_FIELD(b_l_contiguous, l_contiguous) \
	BIT_FIELD(b_l_ld_readonly, l_ld_readonly)

#define GLIBC_ABI_MEMBER(name, ...) int16_t name;
struct glibc_abi {
	const char *name;             /* "2.36 (Debian)" */
	const char *const *build_ids; /* of libc.so.6, in hexadecimal, ended by NULL */
	const struct tunable *tunables;
	unsigned ntunables;
	GLIBC_ABI_FIELDS(GLIBC_ABI_MEMBER)
	GLIBC_ABI_BITS(GLIBC_ABI_MEMBER)
};
#undef GLIBC_ABI_MEMBER

/* All tables, ended by NULL. The first is used for programs without libc. */
extern const struct glibc_abi *const glibc_abis[];

#endif
