#include "ldso/diagnostics.h"

#include <sys/utsname.h>

#include "ld/version.h"
#include "ldso/cpu.h"
#include "ldso/search.h"
#include "ldso/sys.h"
#include "ldso/text.h"

/* --- lines */

static void print_quoted(const char *text, size_t length)
{
	print(1, "\"");
	for (size_t i = 0; i < length; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < ' ' || c > '~')
			print(1, "\\%u%u%u", c >> 6, c >> 3 & 7, c & 7);
		else
			print(1, c == '\\' || c == '"' ? "\\%c" : "%c", c);
	}
	print(1, "\"\n");
}

static void print_text(const char *label, const char *text)
{
	print(1, "%s=", label);
	print_quoted(text, strlen(text));
}

static void print_number(const char *label, uint64_t value)
{
	print(1, "%s=0x%lx\n", label, value);
}

/* --- environment */

/* Variables whose values are shown, besides those that begin with LC_, LD_ or MALLOC_. */
static bool is_shown(const char *entry, size_t length)
{
	static const char *const names[] = {
		"DATEMSK", "GCONV_PATH", "GETCONF_DIR", "GLIBC_TUNABLES", "GMON_OUTPUT_PREFIX", "HESIOD_CONFIG",
		"HES_DOMAIN", "HOSTALIASES", "I18NPATH", "IFS", "LANG", "LOCALDOMAIN", "LOCPATH", "MSGVERB",
		"NIS_DEFAULTS", "NIS_GROUP", "NIS_PATH", "NLSPATH", "PATH", "POSIXLY_CORRECT", "RESOLV_HOST_CONF",
		"RES_OPTIONS", "SEV_LEVEL", "TMPDIR", "TZ", "TZDIR",
	};
	if (text_begins(entry, "LC_") || text_begins(entry, "LD_") || text_begins(entry, "MALLOC_"))
		return true;
	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strlen(names[i]) == length && text_begins(entry, names[i]))
			return true;
	return false;
}

static void print_environment(char *const *envp)
{
	for (unsigned i = 0; envp[i]; i++) {
		const char *end = index(envp[i], '=');
		size_t length = end ? (size_t)(end - envp[i]) : strlen(envp[i]);
		bool shown = !end || is_shown(envp[i], length);
		print(1, "env%s[0x%x]=", shown ? "" : "_filtered", i);
		print_quoted(envp[i], shown ? strlen(envp[i]) : length);
	}
}

/* --- processor and kernel */

static void print_auxv(const Elf64_auxv_t *auxv)
{
	for (unsigned i = 0; auxv[i].a_type != AT_NULL; i++) {
		uint64_t type = auxv[i].a_type, value = auxv[i].a_un.a_val;
		print(1, "auxv[0x%x].a_type=0x%lx\nauxv[0x%x].a_val=", i, type, i);
		if (type == AT_EXECFN || type == AT_PLATFORM || type == AT_BASE_PLATFORM)
			print_quoted((const char *)value, strlen((const char *)value));
		else
			print(1, "0x%lx\n", value);
	}
}

static void print_kernel(void)
{
	struct utsname names;
	if (sys_call3(__NR_uname, (long)&names, 0, 0))
		return;
	print_text("uname.sysname", names.sysname);
	print_text("uname.nodename", names.nodename);
	print_text("uname.release", names.release);
	print_text("uname.version", names.version);
	print_text("uname.machine", names.machine);
	print_text("uname.domainname", names.domainname);
}

#define CPU "x86.cpu_features."

static void print_leaves(void)
{
	for (unsigned leaf = 0; leaf < CPU_LEAVES; leaf++)
		for (unsigned i = 0; i < 8; i++) {
			const struct cpu_leaf_bits *bits = &the_cpu.leaves[leaf];
			print(1, CPU "features[0x%x].%s[0x%x]=0x%x\n", leaf, i < 4 ? "cpuid" : "active", i % 4,
			      i < 4 ? bits->cpuid[i] : bits->active[i - 4]);
		}
}

/* By the number of the bit. */
static const char *const preferences[] = {
	"Fast_Rep_String", "Fast_Copy_Backward", "Slow_BSF", "Fast_Unaligned_Load", "Prefer_PMINUB_for_stringop",
	"Fast_Unaligned_Copy", "I586", "I686", "Slow_SSE4_2", "AVX_Fast_Unaligned_Load", "Prefer_No_VZEROUPPER",
	"Prefer_ERMS", "Prefer_No_AVX512", "MathVec_Prefer_No_AVX512", "Prefer_FSRM", "Avoid_Short_Distance_REP_MOVSB",
};

static void print_cache(const char *level, const struct cpu_cache *cache, bool assoc)
{
	print(1, CPU "%s_size=0x%lx\n", level, cache->size);
	if (assoc)
		print(1, CPU "%s_assoc=0x%lx\n", level, cache->assoc);
	print(1, CPU "%s_linesize=0x%lx\n", level, cache->line);
}

static void print_cpu(void)
{
	print_number(CPU "basic.kind", the_cpu.maker);
	print_number(CPU "basic.max_cpuid", the_cpu.max_leaf);
	print_number(CPU "basic.family", the_cpu.family);
	print_number(CPU "basic.model", the_cpu.model);
	print_number(CPU "basic.stepping", the_cpu.stepping);
	print_leaves();
	for (unsigned i = 0; i < sizeof(preferences) / sizeof(preferences[0]); i++)
		print(1, CPU "preferred.%s=0x%x\n", preferences[i], the_cpu.preferred >> i & 1);
	print_number(CPU "isa_1", the_cpu.isa);
	print_number(CPU "xsave_state_size", the_cpu.xsave_size);
	print_number(CPU "xsave_state_full_size", the_cpu.xsave_full_size);
	print_number(CPU "data_cache_size", the_cpu.data_cache);
	print_number(CPU "shared_cache_size", the_cpu.shared_cache);
	print_number(CPU "non_temporal_threshold", the_cpu.non_temporal_threshold);
	print_number(CPU "rep_movsb_threshold", the_cpu.rep_movsb_threshold);
	print_number(CPU "rep_movsb_stop_threshold", the_cpu.rep_movsb_stop_threshold);
	print_number(CPU "rep_stosb_threshold", the_cpu.rep_stosb_threshold);
	print_cache("level1_icache", &the_cpu.level1_code, false);
	print_cache("level1_dcache", &the_cpu.level1_data, true);
	print_cache("level2_cache", &the_cpu.level2, true);
	print_cache("level3_cache", &the_cpu.level3, true);
	print_number(CPU "level4_cache_size", the_cpu.level4.size);
}

/* --- all */

enum {
	HWCAP_IMPORTANT = HWCAP_X86_64 | HWCAP_AVX512_1, /* those that were searched */
	SUBDIRECTORIES = 3,
};

/* The bit that glibc has for a platform; -1: none. */
static uint64_t platform_number(const char *platform)
{
	return text_equal(platform, "haswell") ? 50 : text_equal(platform, "xeon_phi") ? 51 : UINT64_MAX;
}

void diagnostics_print(const struct loader *ld)
{
	unsigned level = cpu_level(), all = (1u << SUBDIRECTORIES) - 1, unusable = SUBDIRECTORIES - (level - 1);
	print_text("dl_dst_lib", "lib/x86_64-linux-gnu");
	print_number("dl_hwcap", the_cpu.hwcap);
	print_number("dl_hwcap_important", HWCAP_IMPORTANT);
	print_number("dl_hwcap2", auxiliary(ld, AT_HWCAP2));
	print_text("dl_hwcaps_subdirs", "x86-64-v4:x86-64-v3:x86-64-v2");
	print_number("dl_hwcaps_subdirs_active", all ^ ((1u << unusable) - 1));
	print_number("dl_pagesize", ld->page_size);
	print_text("dl_platform", ld->platform);
	print_text("dl_profile_output", "/var/tmp");
	print_number("dl_string_platform", platform_number(ld->platform));
	print_text("dso.ld", LOADER_SONAME);
	print_text("dso.libc", "libc.so.6");
	print_environment(ld->envp);
	print_text("path.prefix", "/usr");
	print_text("path.rtld", ld->argv[0]);
	print_text("path.sysconfdir", "/etc");
	for (unsigned i = 0; system_directories[i]; i++) {
		print(1, "path.system_dirs[0x%x]=", i);
		print_quoted(system_directories[i], strlen(system_directories[i]));
	}
	print_text("version.release", "stable");
	print_text("version.version", "2.36"); /* of the C library whose loader this one replaces */
	print_text("version.gild", GILD_VERSION);
	print_auxv(ld->auxv);
	print_kernel();
	print_cpu();
}
