// What a step may touch while it runs.
#ifndef ESPALIER_FUZZ_GUARD_H
#define ESPALIER_FUZZ_GUARD_H

#include <stddef.h>

void fuzz_forbid(const void *bytes, size_t count);
void fuzz_allow(const void *bytes, size_t count);

#endif
