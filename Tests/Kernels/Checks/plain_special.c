// Values and shapes that formulas forget: NaN, infinities, wrapping integers, division by zero,
// empty tensors. And the table of all checks.
#include "plain_support.h"

static void unary_values(check *c) {
  static const struct {
    esp_unary_kind kind;
    float x, a, b, want;
  } cases[] = {
      {ESP_UNARY_CLIP, NAN, 0, 1, NAN},
      {ESP_UNARY_CLIP, INFINITY, 0, 6, 6},
      {ESP_UNARY_SIGMOID, -INFINITY, 0, 0, 0},
      {ESP_UNARY_SIGMOID, INFINITY, 0, 0, 1},
      {ESP_UNARY_SIGMOID, NAN, 0, 0, NAN},
      {ESP_UNARY_TANH, INFINITY, 0, 0, 1},
      {ESP_UNARY_TANH, -1000, 0, 0, -1},
      {ESP_UNARY_TANH, NAN, 0, 0, NAN},
      {ESP_UNARY_GELU, -30, 0, 0, 0},
      {ESP_UNARY_GELU, 100, 0, 0, 100},
      {ESP_UNARY_GELU, NAN, 0, 0, NAN},
      {ESP_UNARY_ERF, -10, 0, 0, -1},
      {ESP_UNARY_EXP, 100, 0, 0, INFINITY},
      {ESP_UNARY_EXP, -INFINITY, 0, 0, 0},
      {ESP_UNARY_EXP, NAN, 0, 0, NAN},
      {ESP_UNARY_LOG, 0, 0, 0, -INFINITY},
      {ESP_UNARY_LOG, -1, 0, 0, NAN},
      {ESP_UNARY_LOG, INFINITY, 0, 0, INFINITY},
      {ESP_UNARY_SOFTPLUS, 200, 0, 0, 200},
      {ESP_UNARY_SOFTPLUS, -200, 0, 0, 0},
      {ESP_UNARY_MISH, -1000, 0, 0, 0},
      {ESP_UNARY_SIGN, NAN, 0, 0, NAN},
      {ESP_UNARY_ROUND, 2.5f, 0, 0, 2},
      {ESP_UNARY_ROUND, -3.5f, 0, 0, -4},
      {ESP_UNARY_ROUND, 8388609.0f, 0, 0, 8388609.0f},
      {ESP_UNARY_FLOOR, -2.5f, 0, 0, -3},
      {ESP_UNARY_CEIL, 1e30f, 0, 0, 1e30f},
      {ESP_UNARY_RECIPROCAL, 0, 0, 0, INFINITY},
      {ESP_UNARY_THRESHOLDED_RELU, 1, 1, 0, 0},
      {ESP_UNARY_SQRT, -1, 0, 0, NAN},
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    // Both in full vectors and in the rest behind them.
    float x[37], y[37];
    for (int l = 0; l < 37; l++) x[l] = cases[i].x;
    esp_unary unary = {cases[i].kind, ESP_F32, cases[i].a, cases[i].b, 37, x, y};
    check_run(c, esp_unary_task(&unary, c->isa), 0);
    for (int l = 0; l < 37; l++) {
      check_close(c, "unary special, case", (int64_t)i, (double)y[l], (double)cases[i].want, 1e-6,
                  1e-12);
    }
  }
}

static esp_binary pair(esp_binary_kind kind, esp_type type, const void *a, const void *b, void *y) {
  return (esp_binary){.kind = kind, .type = type, .rank = 1, .dims = {37}, .a_strides = {1},
                      .b_strides = {1}, .a = a, .b = b, .y = y};
}

static void binary_values(check *c) {
  float a[37], b[37], y[37];
  for (int kind = ESP_BINARY_MIN; kind <= ESP_BINARY_MAX; kind++) {
    for (int side = 0; side < 2; side++) {
      for (int i = 0; i < 37; i++) a[i] = side ? NAN : 1, b[i] = side ? 1 : NAN;
      esp_binary binary = pair((esp_binary_kind)kind, ESP_F32, a, b, y);
      check_run(c, esp_binary_task(&binary, c->isa), 0);
      for (int i = 0; i < 37; i++) check_close(c, "NaN", i, (double)y[i], NAN, 0, 0);
    }
  }
  int32_t p[37], q[37], r[37];
  for (int i = 0; i < 37; i++) p[i] = INT32_MIN, q[i] = -1;
  esp_binary division = pair(ESP_BINARY_DIV, ESP_I32, p, q, r);
  check_equal(c, "fault", 0, check_run(c, esp_binary_task(&division, c->isa), 0), 0);
  for (int i = 0; i < 37; i++) check_equal(c, "least / -1", i, r[i], INT32_MIN);
  q[36] = 0;
  check_equal(c, "fault", 1, check_run(c, esp_binary_task(&division, c->isa), 0),
              ESP_FAULT_DIVISION_BY_ZERO);
  esp_binary product = pair(ESP_BINARY_MUL, ESP_I32, p, p, r);
  check_run(c, esp_binary_task(&product, c->isa), 0);
  check_equal(c, "wrapped product", 0, r[0], 0);
}

static void reduce_values(check *c) {
  float x[40], y = 0;
  for (int kind = ESP_REDUCE_MAX; kind <= ESP_REDUCE_MIN; kind++) {
    for (int at = 0; at < 40; at++) {
      for (int i = 0; i < 40; i++) x[i] = (float)(i * 7 % 11);
      x[at] = NAN;
      esp_reduce reduce = {.kind = (esp_reduce_kind)kind, .type = ESP_F32, .rank = 1, .dims = {40},
                           .reduced = {1}, .x = x, .y = &y};
      check_run(c, esp_reduce_task(&reduce, c->isa), 0);
      check_close(c, "reduction with NaN", at, (double)y, NAN, 0, 0);
    }
  }
  for (int i = 0; i < 40; i++) x[i] = 100 + (float)i;
  esp_reduce large = {.kind = ESP_REDUCE_LOG_SUM_EXP, .type = ESP_F32, .rank = 1, .dims = {40},
                      .reduced = {1}, .x = x, .y = &y};
  check_run(c, esp_reduce_task(&large, c->isa), 0);
  check_close(c, "log of a large sum", 0, (double)y, 139.45867514538708, 1e-6, 0);
  for (int i = 0; i < 40; i++) x[i] = -INFINITY;
  check_run(c, esp_reduce_task(&large, c->isa), 0);
  check_close(c, "log of nothing", 0, (double)y, -INFINITY, 0, 0);
}

/// A NaN wins in every window that sees it, whatever path the window takes; onnxruntime's answer depends on
/// where in the window it stands, and a difference that is only there sometimes helps nobody.
static void pool_values(check *c) {
  enum { SIDE = 40 };
  float x[SIDE * SIDE], y[SIDE * SIDE];
  for (int kernel = 2; kernel <= 3; kernel++) {
    for (int stride = 1; stride <= 2; stride++) {
      for (int at = 0; at < SIDE * SIDE; at += 97) {
        for (int i = 0; i < SIDE * SIDE; i++) x[i] = (float)(i * 7 % 11);
        x[at] = NAN;
        const int out = (SIDE - kernel) / stride + 1;
        esp_pool pool = {.kind = ESP_POOL_MAX, .planes = 1, .in = {1, SIDE, SIDE},
                         .out = {1, out, out}, .kernel = {1, kernel, kernel},
                         .stride = {1, stride, stride}, .dilation = {1, 1, 1}, .x = x, .y = y};
        check_run(c, esp_pool_task(&pool, c->isa), 0);
        for (int i = 0; i < out * out; i++) {
          const int down = at / SIDE - i / out * stride, right = at % SIDE - i % out * stride;
          const int sees = down >= 0 && down < kernel && right >= 0 && right < kernel;
          check_equal(c, "NaN in a window", i, isnan(y[i]) != 0, sees);
        }
      }
    }
  }
}

/// Nothing is greater than a NaN that comes first, and another is passed over: as onnxruntime does.
static void argument_values(check *c) {
  for (int last = 0; last < 2; last++) {
    for (int at = 0; at < 40; at++) {
      // One line, or three side by side.
      const int columns = last ? 3 : 1;
      float x[120];
      int64_t y[3] = {-1, -1, -1};
      for (int i = 0; i < 40 * columns; i++) x[i] = (float)(i / columns * 7 % 40);
      for (int column = 0; column < columns; column++) x[at * columns + column] = NAN;
      int64_t want = 0;
      for (int i = 1; i < 40; i++) {
        if (x[i * columns] > x[want * columns]) want = i;
      }
      esp_reduce reduce = {.kind = ESP_REDUCE_ARG_MAX, .type = ESP_F32, .rank = 1 + last,
                           .dims = {40, columns}, .reduced = {1}, .x = x, .y = y};
      check_run(c, esp_reduce_task(&reduce, c->isa), 0);
      for (int column = 0; column < columns; column++) {
        check_equal(c, "position beside NaN", at, y[column], want);
      }
    }
  }
}

static int esp_check_plain_special_values(esp_isa isa, uint64_t seed, char *message,
                                          size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 1)) {
    unary_values(&c);
    binary_values(&c);
    reduce_values(&c);
    pool_values(&c);
    argument_values(&c);
  }
  return check_end(&c);
}

/// Empty reductions have a value each.
static void empty_reductions(check *c) {
  static const double want[] = {0, 0, NAN, -INFINITY, INFINITY, 1, 0, 0, 0, -INFINITY, -INFINITY};
  for (int kind = ESP_REDUCE_SUM; kind <= ESP_REDUCE_LOG_SUM_EXP; kind++) {
    for (int last = 0; last < 2; last++) {
      float *x = check_floats(c, 0, 0, 1);
      float *y = check_output(c, 3 * sizeof(float));
      esp_reduce reduce = {
          .kind = (esp_reduce_kind)kind, .type = ESP_F32, .rank = 2, .x = x, .y = y};
      reduce.dims[last] = 0, reduce.dims[!last] = 3, reduce.reduced[last] = 1;
      check_run(c, esp_reduce_task(&reduce, c->isa), 0);
      for (int i = 0; i < 3; i++) {
        check_close(c, "empty reduction, kind", kind, (double)y[i], want[kind], 0, 0);
      }
    }
    check_next(c, 1 << 20);
  }
  int32_t greatest[2] = {0, 0};
  esp_reduce none = {.kind = ESP_REDUCE_MAX, .type = ESP_I32, .rank = 2, .dims = {0, 2},
                     .reduced = {1, 0}, .x = greatest, .y = greatest};
  check_run(c, esp_reduce_task(&none, c->isa), 0);
  check_equal(c, "greatest of no integers", 0, greatest[1], INT32_MIN);
}

/// Every other kernel, with an empty tensor: no items, and nothing touched.
static void empty_tasks(check *c) {
  esp_isa isa = c->isa;
  esp_unary unary = {.kind = ESP_UNARY_RELU, .type = ESP_F32};
  esp_binary binary = {.kind = ESP_BINARY_ADD, .type = ESP_F32, .rank = 2, .dims = {3, 0}};
  esp_select select = {.element_size = 4, .rank = 2, .dims = {0, 3}};
  esp_reduce reduce = {.kind = ESP_REDUCE_SUM, .type = ESP_F32, .rank = 2, .dims = {0, 3},
                       .reduced = {0, 1}};
  esp_softmax softmax = {.kind = ESP_SOFTMAX, .outer = 3, .inner = 1};
  esp_softmax columns = {.kind = ESP_SOFTMAX, .outer = 3, .extent = 2};
  esp_normalize normalize = {.kind = ESP_NORMALIZE_L2, .groups = 3, .affine_inner = 1,
                             .affine_count = 1};
  esp_pool pool = {.kind = ESP_POOL_MAX, .in = {1, 2, 2}, .out = {1, 1, 1}, .kernel = {1, 2, 2},
                   .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  esp_copy copy = {.element_size = 4, .rank = 3, .dims = {4, 0, 5}, .x_strides = {1, 7, 9},
                   .y_strides = {5, 5, 1}};
  esp_fill fill = {.element_size = 8};
  esp_gather gather = {.element_size = 4, .index_type = ESP_I64, .outer = 2, .inner = 3};
  esp_gather_elements elements = {.element_size = 4, .index_type = ESP_I64, .rank = 1,
                                  .x_dims = {3}};
  esp_gather_nd gather_nd = {.element_size = 4, .tuple_length = 1, .batches = 2, .inner = 3,
                             .dims = {3}};
  esp_scatter_nd scatter_nd = {.type = ESP_F32, .tuple_length = 1, .inner = 3};
  esp_scatter_elements scatter = {.type = ESP_F32, .index_type = ESP_I64, .rank = 1};
  esp_resample resample = {.outer = 2, .extent = 2, .inner = 1, .taps = 1};
  esp_cast cast = {.from = ESP_F32, .to = ESP_I64};
  esp_top_k top_k = {.type = ESP_F32, .outer = 2, .extent = 3, .inner = 1};
  esp_cumulative_sum sum = {.type = ESP_F32, .outer = 2, .inner = 1};
  esp_one_hot one_hot = {.index_type = ESP_I64, .element_size = 4, .outer = 2, .inner = 3};
  esp_triangle triangle = {.element_size = 4, .matrices = 2, .rows = 2};
  esp_contract contract = {.type = ESP_F32, .rank = 2, .output_rank = 1, .operands = 1,
                           .dims = {0, 3}};
  esp_recurrent recurrent = {.kind = ESP_GRU, .steps = 3, .input = 2, .hidden = 2};
  esp_local_response response = {.batch = 1, .channels = 2, .size = 3};
  esp_quantize quantize = {.integer_type = ESP_U8, .channels = 1, .inner = 1};
  esp_convolution_plain convolution = {.batch = 1, .in_channels = 1, .groups = 1,
                                       .out_channels = 1, .kernel = {1, 1, 1},
                                       .stride = {1, 1, 1}, .dilation = {1, 1, 1}};
  esp_task tasks[] = {
      esp_unary_task(&unary, isa), esp_binary_task(&binary, isa), esp_select_task(&select, isa),
      esp_reduce_task(&reduce, isa), esp_softmax_task(&softmax, isa),
      esp_softmax_task(&columns, isa), esp_normalize_task(&normalize, isa),
      esp_pool_task(&pool, isa), esp_copy_task(&copy, isa), esp_fill_task(&fill, isa),
      esp_gather_task(&gather, isa), esp_gather_elements_task(&elements, isa),
      esp_gather_nd_task(&gather_nd, isa), esp_scatter_nd_task(&scatter_nd, isa),
      esp_scatter_elements_task(&scatter, isa), esp_resample_task(&resample, isa),
      esp_cast_task(&cast, isa), esp_top_k_task(&top_k, isa),
      esp_cumulative_sum_task(&sum, isa), esp_one_hot_task(&one_hot, isa),
      esp_triangle_task(&triangle, isa), esp_contract_task(&contract, isa),
      esp_recurrent_task(&recurrent, isa), esp_local_response_task(&response, isa),
      esp_quantize_task(&quantize, isa), esp_convolution_plain_task(&convolution, isa),
  };
  for (size_t i = 0; i < sizeof tasks / sizeof tasks[0]; i++) {
    check_equal(c, "items of empty task", (int64_t)i, tasks[i].items, 0);
  }
}

static int esp_check_plain_empty(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  empty_reductions(&c);
  empty_tasks(&c);
  return check_end(&c);
}

const esp_plain_check_entry esp_checks_special[] = {
    {"special values", esp_check_plain_special_values},
    {"empty tensors", esp_check_plain_empty},
    {"threads", esp_check_threads},
    {0},
};

static const esp_plain_check_entry *const files[] = {
    esp_checks_elementwise, esp_checks_movement, esp_checks_reductions, esp_checks_products,
    esp_checks_special,
};

const esp_plain_check_entry *esp_plain_check_at(size_t index) {
  for (size_t file = 0; file < sizeof files / sizeof files[0]; file++) {
    for (const esp_plain_check_entry *entry = files[file]; entry->check; entry++) {
      if (index-- == 0) return entry;
    }
  }
  return 0;
}
