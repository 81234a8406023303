#include "ld/report/report.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text_output.h"
#include "ld/report/cref.h"
#include "ld/report/dependency_file.h"
#include "ld/report/folds.h"
#include "ld/report/map.h"

static bool is_directory(const char *path)
{
	struct stat status;
	return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* -o dir/prog  -Map=maps     maps/prog.map, when maps is a directory
 *              -Map=%        dir/prog.map
 *              -Map=m/%.txt  m/dir/prog.txt     (GNU ld manual, -Map) */
static const char *map_path(struct link *link)
{
	const char *path = link->options->map_file, *output = link->options->output;
	const char *percent = strchr(path, '%');
	if (percent)
		return arena_printf(&link->arena, "%.*s%s%s", (int)(percent - path), path, output,
				    percent[1] ? percent + 1 : ".map");
	if (!is_directory(path))
		return path;
	const char *slash = strrchr(output, '/');
	return arena_printf(&link->arena, "%s/%s.map", path, slash ? slash + 1 : output);
}

/* The map and the cross references, which go to the same place. */
static void write_map(struct link *link)
{
	const char *option = link->options->map_file;
	link->has_map = true;
	bool wants_map = *option != '\0', is_file = wants_map && strcmp(option, "-") != 0;
	if (!wants_map && !link->options->cref)
		return;
	if (strchr(option, '%') != strrchr(option, '%')) {
		diag_error(link->diag, UINT64_MAX, "option -Map=%s: more than one %%", option);
		return;
	}
	const char *path = is_file ? map_path(link) : "-";
	FILE *to = text_output_open(path);
	if (to && wants_map)
		map_print(link, to);
	if (to && link->options->cref)
		cref_print(link, to);
	if (!text_output_close(to))
		diag_error(link->diag, UINT64_MAX, "cannot write map to %s: %s", is_file ? path : "standard output",
			   strerror(errno));
}

void report_write(struct link *link)
{
	write_map(link);
	folds_write(link);
	dependency_file_write(link);
}

void report_write_failed(struct link *link)
{
	if (!link->has_map && link->layout) /* there is a layout as soon as all inputs are open */
		write_map(link);
	diag_flush(link->diag);
}
