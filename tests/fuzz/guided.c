/* What the fuzz programs need where libFuzzer is their main() (clang, SAN=fuzzer,...): inputs that reach code that no
 * input before reached are kept, and changed further. Half of the changes are those of bend.h, where it knows the
 * format. See the end of https://llvm.org/docs/LibFuzzer.html, and structure-aware fuzzing there. */
#include "fuzz/bend.h"
#include "fuzz/fuzz.h"

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned int seed)
{
	struct choices choices = {.state = (uint64_t)seed + 1};
	if (one_in(&choices, 2)) {
		bool bent = false;
		for (uint64_t n = 1 + choose(&choices, 3); n > 0; n--)
			bent |= bend(data, size, &choices);
		if (bent)
			return size;
	}
	return LLVMFuzzerMutate(data, size, max_size);
}

const char *__ubsan_default_options(void);
const char *__ubsan_default_options(void)
{
	return "halt_on_error=1:abort_on_error=1:print_stacktrace=1";
}

/* The linker puts this in the place of _exit(), which gild calls when there is no memory left. libFuzzer sees exit(). */
_Noreturn void __wrap__exit(int status);
void __wrap__exit(int status)
{
	(void)status;
	abort();
}
