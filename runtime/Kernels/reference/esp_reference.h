// Contractions written for reading: loops over unpacked weights, in double. Tests compare with
// them.
#ifndef ESP_REFERENCE_H
#define ESP_REFERENCE_H

#include "esp_contraction.h"

/// The convolution with `dense` as weight, [out][in / groups][kernel_h][kernel_w]; c->weight says
/// only how many groups there are.
void esp_reference_convolution(const esp_convolution *c, const float *dense);

/// The linear layer with `dense` as weight, [out][in].
void esp_reference_linear(const esp_linear *l, const float *dense);

void esp_reference_matrix_product(const esp_matrix_product *m);

/// `scores` has room for a->keys numbers.
void esp_reference_attention(const esp_attention *a, double *scores);

/// activation(x) of the epilogue.
double esp_reference_activation(const esp_epilogue *, double x);

#endif
