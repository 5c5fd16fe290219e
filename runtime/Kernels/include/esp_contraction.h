// Convolutions, linear layers, matrix products and attention: the work that sparsity makes smaller.
//
// Each is prepared once, at load, into memory the caller gives, then run as one or two tasks:
//   1. esp_X_requirements: how much memory preparing and running needs.
//   2. esp_X_prepare: fills `prepared` (at least prepared_bytes, 64-byte aligned), writes tasks.
// `shared_bytes` is scratch all workers share during this step only (for example the zero-padded
// copy of the input); `worker_bytes` is each worker's own scratch.
#ifndef ESP_CONTRACTION_H
#define ESP_CONTRACTION_H

#include "esp_task.h"
#include "esp_weight.h"

/// Functions applied to a result before it is stored. a and b are parameters.
typedef enum esp_activation {
  ESP_ACTIVATION_NONE = 0,
  ESP_ACTIVATION_RELU = 1,
  ESP_ACTIVATION_CLIP = 2,          // min(max(x, a), b)
  ESP_ACTIVATION_LEAKY_RELU = 3,    // x < 0 ? a x : x
  ESP_ACTIVATION_SIGMOID = 4,
  ESP_ACTIVATION_SILU = 5,          // x * sigmoid(a x); a = 1 is SiLU
  ESP_ACTIVATION_HARD_SWISH = 6,    // x * clip(x/6 + 1/2, 0, 1)
  ESP_ACTIVATION_HARD_SIGMOID = 7,  // clip(a x + b, 0, 1)
  ESP_ACTIVATION_TANH = 8,
  ESP_ACTIVATION_GELU = 9,          // exact, with erf
  ESP_ACTIVATION_GELU_TANH = 10,
} esp_activation;

/// What happens to a sum before it is stored: y = activation(sum + bias[row] + residual).
typedef struct esp_epilogue {
  /// One per row (output channel), or null.
  const float *bias;
  /// Same shape as the output, or null; may be the output itself only if null-free in-place use is
  /// elementwise: residual == output is allowed.
  const float *residual;
  esp_activation activation;
  float a, b;
} esp_epilogue;

typedef struct esp_requirements {
  size_t prepared_bytes, shared_bytes, worker_bytes;
} esp_requirements;

/// y[n][o][oh][ow] = epilogue(sum over ic, ky, kx of w[o][ic][ky][kx] *
///   x[n][g*C/G + ic][oh*stride_h + ky*dilation_h - pad_top][ow*stride_w + kx*dilation_w -
///   pad_left]).
/// Positions outside the input count as zero. One-dimensional convolutions have in_h = kernel_h
/// = 1.
typedef struct esp_convolution {
  int32_t batch, in_channels, in_h, in_w;
  int32_t out_channels, out_h, out_w;
  int32_t kernel_h, kernel_w, stride_h, stride_w, dilation_h, dilation_w, pad_top, pad_left;
  esp_weight weight;  // panels, pattern groups, depthwise or Winograd
  esp_epilogue epilogue;
  const float *x;
  float *y;
} esp_convolution;

/// y[t][o] = epilogue(sum over k of w[o][k] * x[t][k]); residual is [tokens][out]. groups == 1.
typedef struct esp_linear {
  int32_t tokens, in_features, out_features;
  esp_weight weight;  // of a packing that serves linear layers
  esp_epilogue epilogue;
  const float *x;
  float *y;
} esp_linear;

/// c[b][m][n] = epilogue(scale * sum over k of A * B), both operands computed at run time.
/// A is [M][K], or [K][M] when transpose_a; B is [K][N], or [N][K] when transpose_b. Batch b of
/// each operand starts at a_offsets[b], b_offsets[b] (elements); c is dense. The epilogue's bias is
/// unused.
typedef struct esp_matrix_product {
  int32_t batch, m, n, k;
  int32_t transpose_a, transpose_b;
  const int64_t *a_offsets, *b_offsets;
  float scale;
  esp_epilogue epilogue;
  const float *a, *b;
  float *c;
} esp_matrix_product;

/// One operand of attention: where the row of a batch's, head's and token's features begins, in
/// elements from `base`. The row's floats follow each other.
typedef struct esp_heads {
  const float *base;
  int64_t batch_stride, head_stride, token_stride;
} esp_heads;

/// For each batch and head
///   y[query] = sum over keys of softmax over keys(scale * q[query] . k[key] + addends) * v[key].
/// Rows of q and k have `size` floats, those of v and y `value_size`; those of the addends, one for
/// each query, `keys`. Steps may be 0 but in y, whose rows do not overlap.
typedef struct esp_attention {
  int32_t batch, heads, queries, keys, size, value_size;
  float scale;
  esp_heads q, k, v;
  /// Added to the scores; `base` is null where there is none.
  esp_heads addends[2];
  /// Steps of y; its base is unused.
  esp_heads out;
  float *y;
} esp_attention;

esp_requirements esp_convolution_requirements(const esp_convolution *, esp_isa);
/// Writes at most 2 tasks and returns how many. `kernel` receives a static name for profiles.
int esp_convolution_prepare(const esp_convolution *, esp_isa, void *prepared, void *shared,
                            esp_task tasks[2], const char **kernel);
/// Makes G w G^T of a weight whose packing is one of Winograd's, which is what convolutions with it run on:
/// of M + 2 by M + 2 positions and rows rounded up to a multiple of 8, as many floats for each of its
/// columns / 9 channels; 64-byte aligned. The same numbers on every instruction set.
void esp_transform_weight(const esp_weight *, esp_isa, float *transformed);
esp_requirements esp_linear_requirements(const esp_linear *, esp_isa);
int esp_linear_prepare(const esp_linear *, esp_isa, void *prepared, void *shared, esp_task tasks[2],
                       const char **kernel);
esp_requirements esp_matrix_product_requirements(const esp_matrix_product *, esp_isa);
int esp_matrix_product_prepare(const esp_matrix_product *, esp_isa, void *prepared, void *shared,
                               esp_task tasks[2], const char **kernel);
esp_requirements esp_attention_requirements(const esp_attention *, esp_isa);
int esp_attention_prepare(const esp_attention *, esp_isa, void *prepared, void *shared,
                          esp_task tasks[2], const char **kernel);

#endif
