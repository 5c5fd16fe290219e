// Checks of the contraction kernels that run wherever C runs: natively through Swift Testing, and
// for NEON under an emulator.
#ifndef CESPALIER_KERNEL_CHECKS_H
#define CESPALIER_KERNEL_CHECKS_H

#include <stddef.h>
#include <stdint.h>

#include "esp_checks_plain.h"
#include "esp_weight.h"

/// Each check compares every kernel variant of an instruction set with the reference, on buffers
/// between forbidden pages. Returns 0, or 1 with the failing case in `message`. The instruction set
/// is an esp_isa; one this processor lacks is a failure.
int esp_check_math(int isa, uint32_t seed, char *message, size_t size);
int esp_check_convolution(int isa, uint32_t seed, char *message, size_t size);
int esp_check_depthwise(int isa, uint32_t seed, char *message, size_t size);
int esp_check_winograd(int isa, uint32_t seed, char *message, size_t size);
int esp_check_transform(int isa, uint32_t seed, char *message, size_t size);
int esp_check_linear(int isa, uint32_t seed, char *message, size_t size);
int esp_check_matrix_product(int isa, uint32_t seed, char *message, size_t size);
int esp_check_attention(int isa, uint32_t seed, char *message, size_t size);

/// How many ways of storing a weight the checks have.
int esp_check_store_kinds(void);

/// Hands a random weight to `take`, and how the checks pack it: on the host they are held to the
/// packings' specification. `shape` gives extents and cuts; about `keep` percent are not zero.
void esp_check_pack(int kind, const esp_weight *shape, int32_t keep, uint32_t seed,
                    void (*take)(void *context, const float *dense, const esp_weight *packed),
                    void *context);

/// Whether the guards stop a read one float beyond a buffer, on either side: what the checks rest
/// on. `after` chooses the side. Returns 1 where it was stopped.
int esp_check_guard(int after);

#endif
