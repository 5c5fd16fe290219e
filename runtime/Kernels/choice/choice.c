// The entry points of esp_contraction.h: which family computes a layer, and with which instruction
// set's kernels. Nothing below knows of another family than those it is made of.
#include "../contraction/esp_tiles.h"
#include "../depthwise/esp_prepared_depthwise.h"
#include "../feature/esp_sequence.h"
#include "../matvec/esp_vector.h"
#include "../product/esp_product.h"
#include "../winograd/esp_prepared_winograd.h"
#include "esp_contraction.h"
#include "esp_kernel_sets.h"

esp_requirements esp_convolution_requirements(const esp_convolution *c, esp_isa isa) {
  const esp_kernel_set *set = esp_kernel_set_for(isa);
  if (c->weight.packing == ESP_PACKING_DEPTHWISE) return esp_depthwise_requirements(c, set);
  if (esp_is_winograd(c->weight.packing)) return esp_winograd_requirements(c, set);
  return esp_tiled_convolution_requirements(c, set);
}

int esp_convolution_prepare(const esp_convolution *c, esp_isa isa, void *prepared, void *shared,
                            esp_task tasks[2], const char **kernel) {
  const esp_kernel_set *set = esp_kernel_set_for(isa);
  if (c->weight.packing == ESP_PACKING_DEPTHWISE) {
    return esp_depthwise_prepare(c, set, prepared, tasks, kernel);
  }
  if (esp_is_winograd(c->weight.packing)) {
    return esp_winograd_prepare(c, set, prepared, shared, tasks, kernel);
  }
  return esp_tiled_convolution_prepare(c, set, prepared, shared, tasks, kernel);
}

void esp_transform_weight(const esp_weight *weight, esp_isa isa, float *transformed) {
  esp_winograd_transform(weight, esp_kernel_set_for(isa), transformed);
}

esp_requirements esp_linear_requirements(const esp_linear *l, esp_isa isa) {
  const esp_kernel_set *set = esp_kernel_set_for(isa);
  if (esp_is_sequence(l)) return esp_sequence_requirements(l, set);
  if (esp_is_vector(l)) return esp_vector_requirements(l, set);
  return esp_tiled_linear_requirements(l, set);
}

int esp_linear_prepare(const esp_linear *l, esp_isa isa, void *prepared, void *shared,
                       esp_task tasks[2], const char **kernel) {
  const esp_kernel_set *set = esp_kernel_set_for(isa);
  if (esp_is_sequence(l)) return esp_sequence_prepare(l, set, prepared, shared, tasks, kernel);
  if (esp_is_vector(l)) return esp_vector_prepare(l, set, prepared, tasks, kernel);
  return esp_tiled_linear_prepare(l, set, prepared, tasks, kernel);
}

esp_requirements esp_matrix_product_requirements(const esp_matrix_product *m, esp_isa isa) {
  return esp_product_requirements(m, esp_kernel_set_for(isa));
}

int esp_matrix_product_prepare(const esp_matrix_product *m, esp_isa isa, void *prepared,
                               void *shared, esp_task tasks[2], const char **kernel) {
  (void)shared;
  return esp_product_prepare(m, esp_kernel_set_for(isa), prepared, tasks, kernel);
}

esp_requirements esp_attention_requirements(const esp_attention *a, esp_isa isa) {
  return esp_one_pass_attention_requirements(a, esp_kernel_set_for(isa));
}

int esp_attention_prepare(const esp_attention *a, esp_isa isa, void *prepared, void *shared,
                          esp_task tasks[2], const char **kernel) {
  (void)shared;
  return esp_one_pass_attention_prepare(a, esp_kernel_set_for(isa), prepared, tasks, kernel);
}
