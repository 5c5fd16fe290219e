// Products of two operands that are both computed at run time, and attention.
#ifndef ESP_PRODUCT_H
#define ESP_PRODUCT_H

#include "../isa/esp_kernel_set.h"
#include "esp_contraction.h"

esp_requirements esp_product_requirements(const esp_matrix_product *, const esp_kernel_set *);
int esp_product_prepare(const esp_matrix_product *, const esp_kernel_set *, void *memory,
                        esp_task tasks[2], const char **kernel);

esp_requirements esp_one_pass_attention_requirements(const esp_attention *,
                                                     const esp_kernel_set *);
int esp_one_pass_attention_prepare(const esp_attention *, const esp_kernel_set *, void *memory,
                                   esp_task tasks[2], const char **kernel);

#endif
