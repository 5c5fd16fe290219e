#include "plain.h"

// Sums in a wider type, so that long f32 sums stay accurate; integers wrap.
#define ESP_SUM(T, W)                                                             \
  {                                                                               \
    W total = 0;                                                                  \
    for (int64_t i = 0; i < terms; i++) {                                         \
      W product = 1;                                                              \
      for (int32_t o = 0; o < contract->operands; o++) {                          \
        product *= (W)((const T *)contract->operand[o])[outer.offset[o] + inner.offset[o]]; \
      }                                                                           \
      total += product;                                                           \
      esp_walk_advance(&inner, 1);                                                \
    }                                                                             \
    ((T *)contract->y)[at] = (T)total;                                            \
    break;                                                                        \
  }

/// Two operands are the usual case; the innermost axis then runs without the walk.
static double dot(const float *a, int64_t a_stride, const float *b, int64_t b_stride,
                  int64_t count) {
  double total[4] = {0};
  int64_t i = 0;
  for (; i + 4 <= count; i += 4) {
    for (int64_t l = 0; l < 4; l++) {
      total[l] += (double)a[(i + l) * a_stride] * (double)b[(i + l) * b_stride];
    }
  }
  for (; i < count; i++) total[0] += (double)a[i * a_stride] * (double)b[i * b_stride];
  return (total[0] + total[1]) + (total[2] + total[3]);
}

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_contract *contract = arguments;
  int32_t split = contract->output_rank;
  int64_t terms = esp_product(contract->dims, split, contract->rank);
  esp_walk outer = {.rank = split, .operands = contract->operands, .dims = contract->dims};
  esp_walk inner = {.rank = contract->rank - split, .operands = contract->operands,
                    .dims = contract->dims + split};
  for (int32_t o = 0; o < contract->operands; o++) {
    outer.strides[o] = contract->strides[o];
    inner.strides[o] = contract->strides[o] + split;
  }
  esp_range range = esp_units(first, last, esp_product(contract->dims, 0, split), terms);
  if (range.first >= range.last) return;
  esp_walk_start(&outer, range.first);
  for (int64_t at = range.first; at < range.last; at++) {
    esp_walk_start(&inner, 0);
    if (contract->type == ESP_F32 && contract->operands == 2 && inner.rank > 0) {
      int64_t run_length = inner.dims[inner.rank - 1];
      double total = 0;
      for (int64_t i = 0; i < terms; i += run_length) {
        total += dot((const float *)contract->operand[0] + outer.offset[0] + inner.offset[0],
                     inner.strides[0][inner.rank - 1],
                     (const float *)contract->operand[1] + outer.offset[1] + inner.offset[1],
                     inner.strides[1][inner.rank - 1], run_length);
        esp_walk_advance(&inner, run_length);
      }
      ((float *)contract->y)[at] = (float)total;
    } else {
      switch (contract->type) {
        case ESP_I32: ESP_SUM(int32_t, uint32_t)
        case ESP_I64: ESP_SUM(int64_t, uint64_t)
        default: ESP_SUM(float, double)
      }
    }
    esp_walk_advance(&outer, 1);
  }
}

esp_task esp_contract_task(esp_contract *contract, esp_isa isa) {
  (void)isa;
  int64_t outputs = esp_product(contract->dims, 0, contract->output_rank);
  int64_t terms = esp_product(contract->dims, contract->output_rank, contract->rank);
  return esp_task_of_units(run, contract, outputs, terms);
}
