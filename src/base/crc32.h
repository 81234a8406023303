/* CRC-32 as zlib, gzip and .gnu_debuglink have it (ISO 3309, reflected polynomial 0xedb88320). */
#ifndef GILD_BASE_CRC32_H
#define GILD_BASE_CRC32_H

#include "base/types.h"

/* The CRC of `size` bytes behind those whose CRC is `crc`; 0 to begin. Any thread. */
uint32_t crc32_bytes(uint32_t crc, const void *data, size_t size);

/* The CRC of two parts from that of each; `size` is that of the second. */
uint32_t crc32_join(uint32_t first, uint32_t second, uint64_t size);

#endif
