/* What other objects may see of the loader: everything else is hidden. Versions are in exports.map. */
#ifndef GILD_LDSO_EXPORT_H
#define GILD_LDSO_EXPORT_H

#define EXPORT __attribute__((visibility("default")))

#endif
