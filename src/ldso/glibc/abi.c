#include "ldso/glibc/abi.h"

#include <stddef.h>

extern const struct glibc_abi glibc_abi_2_36_debian;

const struct glibc_abi *const glibc_abis[] = {&glibc_abi_2_36_debian, NULL};
