// Plain kernels: everything that is not a convolution or a matrix product.
//
// Each kernel has an arguments struct and a function `esp_X_task(arguments, isa)`, called once at
// load, that may simplify the arguments in place (merge axes, say) and returns the task to run.
// Arguments stay at their address while the task lives. Strides and offsets are in elements.
#ifndef ESP_PLAIN_H
#define ESP_PLAIN_H

#include "esp_task.h"
#include "esp_type.h"

enum { ESP_MAX_RANK = 8, ESP_MAX_CONTRACT_RANK = 16, ESP_MAX_OPERANDS = 4 };

typedef enum esp_unary_kind {
  ESP_UNARY_RELU = 1, ESP_UNARY_CLIP = 2, ESP_UNARY_LEAKY_RELU = 3, ESP_UNARY_SIGMOID = 4,
  ESP_UNARY_SILU = 5, ESP_UNARY_HARD_SWISH = 6, ESP_UNARY_HARD_SIGMOID = 7, ESP_UNARY_TANH = 8,
  ESP_UNARY_GELU = 9, ESP_UNARY_GELU_TANH = 10,  // 1...10 as esp_activation
  ESP_UNARY_ELU = 11,             // x < 0 ? a (exp x - 1) : x
  ESP_UNARY_SELU = 12,            // b (x > 0 ? x : a (exp x - 1))
  ESP_UNARY_CELU = 13,            // max(0, x) + min(0, a (exp(x / a) - 1))
  ESP_UNARY_ERF = 14, ESP_UNARY_SOFTPLUS = 15, ESP_UNARY_SOFTSIGN = 16, ESP_UNARY_MISH = 17,
  ESP_UNARY_THRESHOLDED_RELU = 18,  // x > a ? x : 0
  ESP_UNARY_SQRT = 19, ESP_UNARY_EXP = 20, ESP_UNARY_LOG = 21, ESP_UNARY_ABS = 22,
  ESP_UNARY_NEG = 23, ESP_UNARY_SIGN = 24, ESP_UNARY_RECIPROCAL = 25, ESP_UNARY_FLOOR = 26,
  ESP_UNARY_CEIL = 27, ESP_UNARY_ROUND = 28 /* half to even */, ESP_UNARY_SIN = 29,
  ESP_UNARY_COS = 30, ESP_UNARY_NOT = 31 /* bool */, ESP_UNARY_TAN = 32, ESP_UNARY_ASIN = 33,
  ESP_UNARY_ACOS = 34, ESP_UNARY_ATAN = 35, ESP_UNARY_SINH = 36, ESP_UNARY_COSH = 37,
  ESP_UNARY_ASINH = 38, ESP_UNARY_ACOSH = 39, ESP_UNARY_ATANH = 40, ESP_UNARY_IS_NAN = 41,
  ESP_UNARY_IS_INF = 42 /* a: positive counts, b: negative counts */,
  ESP_UNARY_AFFINE = 43 /* a x + b */,
} esp_unary_kind;

/// y[i] = f(x[i]); y may be x where the output type is the input type. RELU, CLIP, ABS, NEG, SIGN also
/// on i32, i64; NOT on bool; IS_NAN, IS_INF give bool from f32.
typedef struct esp_unary {
  esp_unary_kind kind;
  esp_type type;
  float a, b;
  int64_t count;
  const void *x;
  void *y;
} esp_unary;
esp_task esp_unary_task(esp_unary *, esp_isa);

typedef enum esp_binary_kind {
  ESP_BINARY_ADD = 1, ESP_BINARY_SUB = 2, ESP_BINARY_MUL = 3, ESP_BINARY_DIV = 4,
  ESP_BINARY_POW = 5, ESP_BINARY_MIN = 6, ESP_BINARY_MAX = 7,
  ESP_BINARY_MOD = 8 /* sign of divisor */, ESP_BINARY_FMOD = 9 /* sign of dividend */,
  ESP_BINARY_EQUAL = 10, ESP_BINARY_GREATER = 11, ESP_BINARY_LESS = 12,
  ESP_BINARY_GREATER_EQUAL = 13, ESP_BINARY_LESS_EQUAL = 14,
  ESP_BINARY_AND = 15, ESP_BINARY_OR = 16, ESP_BINARY_XOR = 17,  // bool
  ESP_BINARY_PRELU = 18,  // a < 0 ? a b : a
  // Integers. By fewer places than 0 or as many as there are bits, copies of the sign are left.
  ESP_BINARY_BIT_AND = 19, ESP_BINARY_BIT_OR = 20, ESP_BINARY_BIT_XOR = 21,
  ESP_BINARY_SHIFT_LEFT = 22, ESP_BINARY_SHIFT_RIGHT = 23,
} esp_binary_kind;

/// y = f(a, b) with broadcasting: strides are 0 along stretched axes; y is dense over dims.
/// f32, i32, i64; EQUAL also bool; comparisons and logic give bool. Integer division by zero is a fault;
/// integers wrap. Division rounds towards zero. y may be a (or b) where that one is not stretched.
typedef struct esp_binary {
  esp_binary_kind kind;
  esp_type type;
  int32_t rank;
  int64_t dims[ESP_MAX_RANK], a_strides[ESP_MAX_RANK], b_strides[ESP_MAX_RANK];
  const void *a, *b;
  void *y;
} esp_binary;
esp_task esp_binary_task(esp_binary *, esp_isa);

/// y = condition ? a : b with broadcasting, for elements of 1, 4 or 8 bytes.
typedef struct esp_select {
  int32_t element_size, rank;
  int64_t dims[ESP_MAX_RANK];
  int64_t condition_strides[ESP_MAX_RANK], a_strides[ESP_MAX_RANK], b_strides[ESP_MAX_RANK];
  const uint8_t *condition;
  const void *a, *b;
  void *y;
} esp_select;
esp_task esp_select_task(esp_select *, esp_isa);

typedef enum esp_reduce_kind {
  ESP_REDUCE_SUM = 1, ESP_REDUCE_MEAN = 2, ESP_REDUCE_MAX = 3, ESP_REDUCE_MIN = 4,
  ESP_REDUCE_PROD = 5, ESP_REDUCE_L1 = 6, ESP_REDUCE_L2 = 7, ESP_REDUCE_SUM_SQUARE = 8,
  ESP_REDUCE_LOG_SUM = 9, ESP_REDUCE_LOG_SUM_EXP = 10, ESP_REDUCE_ARG_MAX = 11,
  ESP_REDUCE_ARG_MIN = 12,
} esp_reduce_kind;

/// y = reduction of x over the axes where reduced[axis] is 1; y is dense over the kept axes in order.
/// f32, i32, i64; ARG kinds write i64, over one axis, first index on ties unless select_last.
/// Reduced extents may be 0: SUM gives 0, PROD 1, MAX the least value, and so on.
typedef struct esp_reduce {
  esp_reduce_kind kind;
  esp_type type;
  int32_t rank, select_last;
  int64_t dims[ESP_MAX_RANK];
  uint8_t reduced[ESP_MAX_RANK];
  const void *x;
  void *y;
} esp_reduce;
esp_task esp_reduce_task(esp_reduce *, esp_isa);

typedef enum esp_softmax_kind {
  ESP_SOFTMAX = 1, ESP_LOG_SOFTMAX = 2, ESP_HARDMAX = 3,
} esp_softmax_kind;

/// Along the middle axis of x[outer][extent][inner]; y may be x.
typedef struct esp_softmax {
  esp_softmax_kind kind;
  int64_t outer, extent, inner;
  const float *x;
  float *y;
} esp_softmax;
esp_task esp_softmax_task(esp_softmax *, esp_isa);

typedef enum esp_normalize_kind {
  ESP_NORMALIZE_MEAN_VARIANCE = 1,  // (x - mean) / sqrt(variance + epsilon)
  ESP_NORMALIZE_ROOT_MEAN_SQUARE = 2,  // x / sqrt(mean(x^2) + epsilon)
  ESP_NORMALIZE_L1 = 3, ESP_NORMALIZE_L2 = 4,  // x / norm, 0 where the norm is 0
} esp_normalize_kind;

/// Each of `groups` runs of `extent` consecutive elements is normalised, then multiplied by
/// scale[c] and added bias[c] (each may be null), c = (flat index / affine_inner) % affine_count.
/// mean and inverse_deviation, where not null, receive one value per group. y may be x.
typedef struct esp_normalize {
  esp_normalize_kind kind;
  int64_t groups, extent, affine_inner, affine_count;
  float epsilon;
  const float *x, *scale, *bias;
  float *y, *mean, *inverse_deviation;
} esp_normalize;
esp_task esp_normalize_task(esp_normalize *, esp_isa);

typedef enum esp_pool_kind { ESP_POOL_MAX = 1, ESP_POOL_AVERAGE = 2, ESP_POOL_LP = 3 } esp_pool_kind;

/// Pools each of `planes` planes of three spatial axes (leading ones 1 where fewer), f32. Windows reach
/// outside the plane by pads; average divides by the window's cells inside the plane or, with
/// count_include_pad, inside plane + padding (pad_end bounds it). indices (may be null) receives flat
/// i64 positions within all planes (row-major, or column-major within the plane), first on ties.
typedef struct esp_pool {
  esp_pool_kind kind;
  int64_t planes;
  int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad_begin[3], pad_end[3];
  int32_t count_include_pad, column_major, p;
  const float *x;
  float *y;
  int64_t *indices;
} esp_pool;
esp_task esp_pool_task(esp_pool *, esp_isa);

/// y[y_offset + sum i*y_strides] = x[x_offset + sum i*x_strides] for all i within dims. Strides may be
/// negative or (x) zero. Elements of 1, 4 or 8 bytes. x and y do not overlap.
typedef struct esp_copy {
  int32_t element_size, rank;
  int64_t dims[ESP_MAX_RANK];
  int64_t x_offset, x_strides[ESP_MAX_RANK], y_offset, y_strides[ESP_MAX_RANK];
  const void *x;
  void *y;
} esp_copy;
esp_task esp_copy_task(esp_copy *, esp_isa);

/// y[i] = the low element_size bytes of `bits`.
typedef struct esp_fill {
  int32_t element_size;
  uint64_t bits;
  int64_t count;
  void *y;
} esp_fill;
esp_task esp_fill_task(esp_fill *, esp_isa);

/// y[o][j][i] = x[o][index[j]][i]; x is [outer][extent][inner], index i32 or i64, negative counts from
/// the end; out of range is a fault.
typedef struct esp_gather {
  int32_t element_size;
  esp_type index_type;
  int64_t outer, extent, inner, index_count;
  const void *x, *index;
  void *y;
} esp_gather;
esp_task esp_gather_task(esp_gather *, esp_isa);

/// y[i] = x[i with the axis coordinate replaced by index[i]]; y and index have index_dims.
typedef struct esp_gather_elements {
  int32_t element_size, rank, axis;
  esp_type index_type;
  int64_t x_dims[ESP_MAX_RANK], index_dims[ESP_MAX_RANK];
  const void *x, *index;
  void *y;
} esp_gather_elements;
esp_task esp_gather_elements_task(esp_gather_elements *, esp_isa);

/// For each batch b and tuple t: y[b][t][0..<inner] = x[b][tuple...][0..<inner], tuples i64 of
/// tuple_length coordinates within dims.
typedef struct esp_gather_nd {
  int32_t element_size, tuple_length;
  int64_t batches, tuples, inner, dims[ESP_MAX_RANK];
  const void *x;
  const int64_t *index;
  void *y;
} esp_gather_nd;
esp_task esp_gather_nd_task(esp_gather_nd *, esp_isa);

typedef enum esp_scatter_reduction {
  ESP_SCATTER_SET = 0, ESP_SCATTER_ADD = 1, ESP_SCATTER_MUL = 2, ESP_SCATTER_MIN = 3,
  ESP_SCATTER_MAX = 4,
} esp_scatter_reduction;

/// y = x, then for each tuple t: y[tuple...][0..<inner] (op)= updates[t][0..<inner]. x may be y.
typedef struct esp_scatter_nd {
  esp_type type;
  esp_scatter_reduction reduction;
  int32_t tuple_length;
  int64_t count, tuples, inner, dims[ESP_MAX_RANK];
  const void *x, *updates;
  const int64_t *index;
  void *y;
} esp_scatter_nd;
esp_task esp_scatter_nd_task(esp_scatter_nd *, esp_isa);

/// y = x, then y[i with the axis coordinate replaced by index[i]] (op)= updates[i]. x may be y.
typedef struct esp_scatter_elements {
  esp_type type, index_type;
  esp_scatter_reduction reduction;
  int32_t rank, axis;
  int64_t x_dims[ESP_MAX_RANK], index_dims[ESP_MAX_RANK];
  const void *x, *index, *updates;
  void *y;
} esp_scatter_elements;
esp_task esp_scatter_elements_task(esp_scatter_elements *, esp_isa);

/// y[o][j][i] = sum over t < taps of weight[j][t] * x[o][index[j][t]][i]: one axis of a resize.
typedef struct esp_resample {
  int64_t outer, extent, inner, samples, taps;
  const int32_t *index;   // [samples][taps], each within 0 ..< extent
  const float *weight;    // [samples][taps]
  const float *x;
  float *y;
} esp_resample;
esp_task esp_resample_task(esp_resample *, esp_isa);

typedef enum esp_sample_outside {
  ESP_OUTSIDE_ZERO = 0, ESP_OUTSIDE_EDGE = 1, ESP_OUTSIDE_MIRRORED = 2,
} esp_sample_outside;

/// y[n][c][p] = x[n][c] sampled at grid[n][p], whose last number is for the first of `axes` axes: -1 is one
/// end of an axis, 1 the other, the outermost elements' centres where corners are aligned, else their
/// outer edges. Each axis takes 1 element (the nearest, halves to even), 2 (linear) or 4 (cubic, a =
/// -0.75). Coordinates that are not finite give NaN but for 1 element: that is outside, or at an edge.
typedef struct esp_grid_sample {
  int32_t taps;
  esp_sample_outside outside;
  int32_t align_corners, axes;
  int64_t batch, channels, points, extents[3];  // those behind `axes` are 1
  const float *x, *grid;
  float *y;
} esp_grid_sample;
esp_task esp_grid_sample_task(esp_grid_sample *, esp_isa);

/// y[i] = x[i] converted; to integers rounds towards zero and saturates, narrower integers wrap, to bool
/// is "not zero".
typedef struct esp_cast {
  esp_type from, to;
  int64_t count;
  const void *x;
  void *y;
} esp_cast;
esp_task esp_cast_task(esp_cast *, esp_isa);

/// The k largest or smallest along the middle axis of x[outer][extent][inner], in order, ties by index.
typedef struct esp_top_k {
  esp_type type;
  int64_t outer, extent, inner, k;
  int32_t largest;
  const void *x;
  void *values;
  int64_t *indices;
} esp_top_k;
esp_task esp_top_k_task(esp_top_k *, esp_isa);

/// Running sums or, where `product` is set, products along the middle axis of x[outer][extent][inner].
typedef struct esp_cumulative_sum {
  esp_type type;
  int64_t outer, extent, inner;
  int32_t exclusive, reverse, product;
  const void *x;
  void *y;
} esp_cumulative_sum;
esp_task esp_cumulative_sum_task(esp_cumulative_sum *, esp_isa);

/// y[o][d][i] = values[1] where index[o][i] == d (or d - depth), else values[0].
typedef struct esp_one_hot {
  esp_type index_type;  // f32, i32, i64
  int32_t element_size;
  int64_t outer, depth, inner;
  const void *index, *values;
  void *y;
} esp_one_hot;
esp_task esp_one_hot_task(esp_one_hot *, esp_isa);

/// Keeps the upper (column - row >= k) or lower (column - row <= k) triangle, zero elsewhere.
typedef struct esp_triangle {
  int32_t element_size, upper;
  int64_t matrices, rows, columns, k;
  const void *x;
  void *y;
} esp_triangle;
esp_task esp_triangle_task(esp_triangle *, esp_isa);

/// y over the first output_rank dims = sum over the rest of the product of the operands' elements, each
/// found through its strides. f32, and i32 or i64.
typedef struct esp_contract {
  esp_type type;
  int32_t rank, output_rank, operands;
  int64_t dims[ESP_MAX_CONTRACT_RANK];
  int64_t strides[ESP_MAX_OPERANDS][ESP_MAX_CONTRACT_RANK];
  const void *operand[ESP_MAX_OPERANDS];
  void *y;
} esp_contract;
esp_task esp_contract_task(esp_contract *, esp_isa);

typedef enum esp_recurrent_kind { ESP_RNN = 1, ESP_GRU = 2, ESP_LSTM = 3 } esp_recurrent_kind;

/// ONNX's RNN, GRU and LSTM with layout 0: x [steps][batch][input], w [directions][gates*hidden][input],
/// r [directions][gates*hidden][hidden], bias [directions][2*gates*hidden] or null, peephole
/// [directions][3*hidden] or null, lengths i32 [batch] or null, initial_h/c [directions][batch][hidden]
/// or null; y [steps][directions][batch][hidden], last_h/c [directions][batch][hidden], each may be null.
/// direction: 0 forward, 1 reverse, 2 both. Gate order as ONNX (LSTM iofc, GRU zrh). activation[d*3+g] is
/// an esp_unary_kind with parameters alpha, beta. clip <= 0 means none. worker scratch:
/// esp_recurrent_scratch bytes.
typedef struct esp_recurrent {
  esp_recurrent_kind kind;
  int32_t direction, linear_before_reset, input_forget;
  int64_t steps, batch, input, hidden;
  int32_t activation[6];
  float alpha[6], beta[6], clip;
  const float *x, *w, *r, *bias, *peephole, *initial_h, *initial_c;
  const int32_t *lengths;
  float *y, *last_h, *last_c;
} esp_recurrent;
size_t esp_recurrent_scratch(const esp_recurrent *);
esp_task esp_recurrent_task(esp_recurrent *, esp_isa);

/// y = x / (bias + alpha/size * sum of squares over `size` neighbouring channels)^beta,
/// x [batch][channels][inner].
typedef struct esp_local_response {
  int64_t batch, channels, inner, size;
  float alpha, beta, bias;
  const float *x;
  float *y;
} esp_local_response;
esp_task esp_local_response_task(esp_local_response *, esp_isa);

/// quantize: y = saturate(round_half_even(x / scale) + zero); dequantize: y = (x - zero) * scale. Channel
/// c = (flat / inner) % channels. integer_type u8, i8 (or i32, dequantize only); zero may be null.
typedef struct esp_quantize {
  esp_type integer_type;
  int32_t dequantize;
  int64_t count, channels, inner;
  const float *scale;
  const void *zero, *x;
  void *y;
} esp_quantize;
esp_task esp_quantize_task(esp_quantize *, esp_isa);

/// Convolution over up to three spatial axes, plainly: for what esp_convolution does not take.
typedef struct esp_convolution_plain {
  int64_t batch, in_channels, out_channels, groups;
  int64_t in[3], out[3], kernel[3], stride[3], dilation[3], pad[3];
  const float *x, *w, *bias;
  float *y;
} esp_convolution_plain;
esp_task esp_convolution_plain_task(esp_convolution_plain *, esp_isa);

#endif
