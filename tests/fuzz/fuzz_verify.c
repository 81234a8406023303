/* Hands the input to what checks outputs: gild --verify-output=FILE. */
#include "fuzz/fuzz.h"
#include "fuzz/linking.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct memory_file file;
	if (!file.fd) {
		linking_begin();
		memory_open(&file);
	}
	memory_set(&file, data, size);
	linking_verify(file.path);
	return 0;
}
