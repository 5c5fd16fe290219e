// Reductions, softmax, normalisation, pooling, running sums, top-k, local response.
#include "plain_support.h"

typedef struct group {
  double sum, sum_size, sum_square, product, greatest, least, sum_exp;
  int64_t terms, first_max, last_max, first_min, last_min;
} group;

static void add_to(group *g, double x) {
  if (g->terms == 0 || x > g->greatest) g->first_max = g->terms;
  if (g->terms == 0 || x >= g->greatest) g->last_max = g->terms;
  if (g->terms == 0 || x < g->least) g->first_min = g->terms;
  if (g->terms == 0 || x <= g->least) g->last_min = g->terms;
  g->greatest = fmax(g->greatest, x), g->least = fmin(g->least, x);
  g->sum += x, g->sum_size += fabs(x), g->sum_square += x * x;
  g->product *= x, g->sum_exp += exp(x);
  g->terms++;
}

static double result(const group *g, esp_reduce_kind kind, bool last) {
  switch (kind) {
    case ESP_REDUCE_SUM: return g->sum;
    case ESP_REDUCE_MEAN: return g->sum / (double)g->terms;
    case ESP_REDUCE_MAX: return g->greatest;
    case ESP_REDUCE_MIN: return g->least;
    case ESP_REDUCE_PROD: return g->product;
    case ESP_REDUCE_L1: return g->sum_size;
    case ESP_REDUCE_L2: return sqrt(g->sum_square);
    case ESP_REDUCE_SUM_SQUARE: return g->sum_square;
    case ESP_REDUCE_LOG_SUM: return log(g->sum);
    case ESP_REDUCE_LOG_SUM_EXP: return log(g->sum_exp);
    case ESP_REDUCE_ARG_MAX: return (double)(last ? g->last_max : g->first_max);
    case ESP_REDUCE_ARG_MIN: return (double)(last ? g->last_min : g->first_min);
  }
  return NAN;
}

enum { MOST_GROUPS = 70000 };

static int esp_check_plain_reduce(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  static const esp_type types[] = {ESP_F32, ESP_F32, ESP_F32, ESP_I32, ESP_I64};
  while (check_next(&c, 500)) {
    esp_reduce_kind kind = (esp_reduce_kind)check_integer(&c, 1, 12);
    c.kind = (int)kind;
    esp_type type = types[check_random(&c) % 5];
    esp_reduce arguments = {.kind = kind, .type = type, .select_last = check_random(&c) % 2};
    bool argument = kind == ESP_REDUCE_ARG_MAX || kind == ESP_REDUCE_ARG_MIN;
    int rank = arguments.rank = (int32_t)check_integer(&c, argument, 5);
    int64_t dims[5], stride[5] = {0}, kept = 1, total = 1;
    int64_t only = check_integer(&c, 0, rank > 0 ? rank - 1 : 0);
    for (int axis = 0; axis < rank; axis++) {
      dims[axis] = total > 2000 ? check_integer(&c, 1, 3) : check_extent(&c);
      if (rank <= 2 && axis == rank - 1) dims[axis] = check_integer(&c, 1, 3000);
      total *= dims[axis];
      arguments.dims[axis] = dims[axis];
      arguments.reduced[axis] = argument ? axis == only : check_random(&c) % 2;
    }
    for (int axis = rank - 1; axis >= 0; axis--) {
      if (arguments.reduced[axis]) continue;
      stride[axis] = kept;
      kept *= dims[axis];
    }
    if (kept > MOST_GROUPS) continue;
    void *x = check_elements(&c, type, total);
    for (int64_t i = 0; type == ESP_F32 && i < total; i++) {
      float *value = (float *)x + i;
      if (kind == ESP_REDUCE_PROD) *value = 1 + *value / 4 / (float)total;
      if (kind == ESP_REDUCE_LOG_SUM) *value += 5;
      if (argument) *value = rintf(*value);  // ties
    }
    for (int64_t i = 0; type != ESP_F32 && kind == ESP_REDUCE_LOG_SUM && i < total; i++) {
      if (type == ESP_I32) ((int32_t *)x)[i] += 10;
      if (type == ESP_I64) ((int64_t *)x)[i] += 10;
    }
    esp_type y_type = argument ? ESP_I64 : type;
    void *y = check_output(&c, (size_t)kept * check_size(y_type));
    group *groups = check_output(&c, (size_t)kept * sizeof(group));
    for (int64_t i = 0; i < kept; i++) {
      groups[i] = (group){.product = 1, .greatest = -INFINITY, .least = INFINITY};
    }
    for (int64_t i = 0; i < total; i++) {
      int64_t at[5];
      check_coordinates(rank, dims, i, at);
      add_to(&groups[check_offset(rank, stride, at)], check_real(type, x, i));
    }
    bool last = arguments.select_last;
    arguments.x = x, arguments.y = y;
    check_run(&c, esp_reduce_task(&arguments, isa), 0);
    for (int64_t i = 0; i < kept && !c.failed; i++) {
      double want = result(&groups[i], kind, last);
      double relative = 2e-6, absolute = 1e-6 + 1e-7 * groups[i].sum_size;
      if (type != ESP_F32) {
        // Products soon exceed what a double tells exactly.
        if (kind == ESP_REDUCE_PROD && fabs(want) > 2e9) continue;
        double exact = nearbyint(want);
        if (fabs(want - exact) > 0 && fabs(want - exact) < 1e-9) continue;
        want = trunc(want), relative = 0, absolute = 0;
      }
      check_close(&c, "reduce", i, check_real(y_type, y, i), want, relative, absolute);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_softmax(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 200)) {
    int64_t outer = check_extent(&c), inner = check_random(&c) % 2 ? check_extent(&c) : 1;
    int64_t extent = inner == 1 && check_random(&c) % 4 == 0 ? check_integer(&c, 1, 3000)
                                                             : check_extent(&c);
    esp_softmax_kind kind = (esp_softmax_kind)check_integer(&c, 1, 3);
    c.kind = (int)kind;
    int64_t count = outer * extent * inner;
    float shift = check_float(&c, -300, 300);
    float *x = check_floats(&c, count, shift - 8, shift + 8);
    bool in_place = check_random(&c) % 2;
    size_t bytes = (size_t)count * sizeof(float);
    float *y = in_place ? check_copy_of(&c, x, bytes) : check_output(&c, bytes);
    esp_softmax arguments = {kind, outer, extent, inner, in_place ? y : x, y};
    check_run(&c, esp_softmax_task(&arguments, isa), 0);
    for (int64_t column = 0; column < outer * inner && !c.failed; column++) {
      int64_t start = column / inner * extent * inner + column % inner, best = 0;
      double total = 0;
      for (int64_t j = 1; j < extent; j++) {
        if (x[start + j * inner] > x[start + best * inner]) best = j;
      }
      double greatest = (double)x[start + best * inner];
      for (int64_t j = 0; j < extent; j++) {
        total += exp((double)x[start + j * inner] - greatest);
      }
      for (int64_t j = 0; j < extent && !c.failed; j++) {
        double off = (double)x[start + j * inner] - greatest;
        double want = kind == ESP_SOFTMAX       ? exp(off) / total
                      : kind == ESP_LOG_SOFTMAX ? off - log(total)
                                                : j == best;
        check_close(&c, "softmax", start + j * inner, (double)y[start + j * inner], want, 3e-6,
                    kind == ESP_SOFTMAX ? 1e-9 : 1e-6);
      }
    }
  }
  return check_end(&c);
}

static int esp_check_plain_normalize(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 200)) {
    esp_normalize_kind kind = (esp_normalize_kind)check_integer(&c, 1, 4);
    c.kind = (int)kind;
    int64_t groups = check_extent(&c);
    int64_t extent = check_random(&c) % 3 ? check_extent(&c) : check_integer(&c, 64, 4096);
    int64_t count = groups * extent, affine_inner = 1, affine_count = extent;
    switch (check_integer(&c, 0, 3)) {
      case 0: break;  // layer normalisation
      case 1: affine_inner = extent, affine_count = groups; break;  // one channel per group
      default:  // several channels per group, or anything at all
        affine_inner = check_integer(&c, 1, extent);
        affine_count = check_integer(&c, 1, 9);
    }
    float shift = check_float(&c, -20, 20), epsilon = 1e-5f;
    float *x = check_floats(&c, count, shift - 2, shift + 2);
    if (kind >= ESP_NORMALIZE_L1 && groups > 2) memset(x, 0, (size_t)extent * sizeof(float));
    float *scale = check_random(&c) % 4 ? check_floats(&c, affine_count, -2, 2) : NULL;
    float *bias = check_random(&c) % 4 ? check_floats(&c, affine_count, -2, 2) : NULL;
    size_t bytes = (size_t)count * sizeof(float), group_bytes = (size_t)groups * sizeof(float);
    bool in_place = check_random(&c) % 2;
    float *y = in_place ? check_copy_of(&c, x, bytes) : check_output(&c, bytes);
    float *mean = check_random(&c) % 2 ? check_output(&c, group_bytes) : NULL;
    float *inverse = check_random(&c) % 2 ? check_output(&c, group_bytes) : NULL;
    esp_normalize arguments = {kind, groups, extent, affine_inner, affine_count, epsilon,
                               in_place ? y : x, scale, bias, y, mean, inverse};
    check_run(&c, esp_normalize_task(&arguments, isa), 0);
    for (int64_t g = 0; g < groups && !c.failed; g++) {
      double sum = 0, sizes = 0, squares = 0, spread = 0, n = (double)extent;
      for (int64_t i = g * extent; i < (g + 1) * extent; i++) {
        double value = (double)x[i];
        sum += value, sizes += fabs(value), squares += value * value;
      }
      double centre = kind == ESP_NORMALIZE_MEAN_VARIANCE ? sum / n : 0;
      for (int64_t i = g * extent; i < (g + 1) * extent; i++) {
        spread += ((double)x[i] - centre) * ((double)x[i] - centre);
      }
      double factor = kind == ESP_NORMALIZE_L1   ? (sizes > 0 ? 1 / sizes : 0)
                      : kind == ESP_NORMALIZE_L2 ? (squares > 0 ? 1 / sqrt(squares) : 0)
                                                 : 1 / sqrt(spread / n + (double)epsilon);
      if (mean) check_close(&c, "mean", g, (double)mean[g], centre, 1e-6, 1e-6);
      if (inverse) check_close(&c, "inverse", g, (double)inverse[g], factor, 2e-6, 0);
      for (int64_t i = g * extent; i < (g + 1) * extent && !c.failed; i++) {
        int64_t channel = i / affine_inner % affine_count;
        double s = scale ? (double)scale[channel] : 1, b = bias ? (double)bias[channel] : 0;
        double plain = ((double)x[i] - centre) * factor * s;
        check_close(&c, "normalised", i, (double)y[i], plain + b, 3e-6, 1e-6 + 5e-7 * fabs(plain));
      }
    }
  }
  return check_end(&c);
}

static int esp_check_plain_pool(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 400)) {
    esp_pool p = {.kind = (esp_pool_kind)check_integer(&c, 1, 3),
                  .p = (int32_t)check_integer(&c, 1, 3)};
    int spatial = (int)check_integer(&c, 1, 3);
    bool global = check_random(&c) % 6 == 0, stem = check_random(&c) % 6 == 0;
    for (int axis = 0; axis < 3; axis++) {
      bool real = axis >= 3 - spatial;
      p.in[axis] = !real ? 1 : axis == 0 ? check_integer(&c, 1, 5) : check_integer(&c, 1, 24);
      if (axis == 2 && check_random(&c) % 6 == 0) p.in[axis] = check_integer(&c, 1, 3000);
      p.kernel[axis] = global ? p.in[axis] : real ? check_integer(&c, 1, 4) : 1;
      p.stride[axis] = real ? check_integer(&c, 1, 3) : 1;
      p.dilation[axis] = real && !global && check_random(&c) % 4 == 0 ? 2 : 1;
      if (stem && real) p.kernel[axis] = 3, p.stride[axis] = 2, p.dilation[axis] = 1;
      int64_t window = (p.kernel[axis] - 1) * p.dilation[axis] + 1;
      if (p.in[axis] < window) p.in[axis] = window;
      if (real && !global) {
        p.pad_begin[axis] = check_integer(&c, 0, p.kernel[axis] - 1);
        p.pad_end[axis] = check_integer(&c, 0, p.kernel[axis] - 1);
      }
      int64_t room = p.in[axis] + p.pad_begin[axis] + p.pad_end[axis] - window;
      p.out[axis] = room / p.stride[axis] + 1;
      // Ceil mode: one more window, if it starts within the plane or the padding before it.
      if (room % p.stride[axis] && p.out[axis] * p.stride[axis] < p.in[axis] + p.pad_begin[axis] &&
          check_random(&c) % 2) {
        p.out[axis]++;
      }
    }
    p.planes = check_extent(&c);
    int64_t in = check_product(3, p.in), out = check_product(3, p.out);
    if (p.planes * in > 60000) p.planes = 1;
    p.count_include_pad = check_random(&c) % 2;
    p.column_major = check_random(&c) % 2;
    float *x = check_floats(&c, p.planes * in, -2, 2);
    for (int64_t i = 0; i < p.planes * in; i += 2) x[i] = rintf(x[i]);  // ties
    p.x = x;
    p.y = check_output(&c, (size_t)(p.planes * out) * sizeof(float));
    if (p.kind == ESP_POOL_MAX && check_random(&c) % 3 == 0) {
      p.indices = check_output(&c, (size_t)(p.planes * out) * sizeof(int64_t));
    }
    check_run(&c, esp_pool_task(&p, isa), 0);
    for (int64_t i = 0; i < p.planes * out && !c.failed; i++) {
      int64_t o[3], plane = i / out, index = -1;
      check_coordinates(3, p.out, i % out, o);
      double sum = 0, powers = 0, greatest = -INFINITY;
      int64_t inside = 0, padded = 0;
      for (int64_t k = 0; k < check_product(3, p.kernel); k++) {
        int64_t t[3], at[3];
        check_coordinates(3, p.kernel, k, t);
        bool is_inside = true, is_padded = true;
        for (int axis = 0; axis < 3; axis++) {
          at[axis] = o[axis] * p.stride[axis] + t[axis] * p.dilation[axis] - p.pad_begin[axis];
          if (at[axis] < 0 || at[axis] >= p.in[axis]) is_inside = false;
          if (at[axis] >= p.in[axis] + p.pad_end[axis]) is_padded = false;
        }
        padded += is_padded;
        if (!is_inside) continue;
        inside++;
        double value = (double)x[plane * in + (at[0] * p.in[1] + at[1]) * p.in[2] + at[2]];
        sum += value;
        powers += pow(fabs(value), p.p);
        if (value > greatest) {
          greatest = value;
          index = plane * in + (p.column_major ? at[0] + p.in[0] * (at[1] + p.in[1] * at[2])
                                               : (at[0] * p.in[1] + at[1]) * p.in[2] + at[2]);
        }
      }
      int64_t divisor = p.count_include_pad ? padded : inside;
      double want = p.kind == ESP_POOL_MAX       ? greatest
                    : p.kind == ESP_POOL_AVERAGE ? (divisor ? sum / (double)divisor : 0)
                                                 : pow(powers, 1.0 / p.p);
      check_close(&c, "pool", i, (double)p.y[i], want, 2e-6, 1e-6);
      if (p.indices && inside) check_equal(&c, "index", i, p.indices[i], index);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_cumulative_sum(esp_isa isa, uint64_t seed, char *message,
                                          size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  static const esp_type types[] = {ESP_F32, ESP_I32, ESP_I64};
  while (check_next(&c, 100)) {
    esp_type type = types[check_random(&c) % 3];
    int64_t outer = check_integer(&c, 1, 9), extent = check_extent(&c), inner = check_extent(&c);
    int32_t exclusive = check_random(&c) % 2, reverse = check_random(&c) % 2;
    // Products of integers leave the range in which a double is exact.
    int32_t product = type == ESP_F32 && check_random(&c) % 2;
    void *x = check_elements(&c, type, outer * extent * inner);
    for (int64_t i = 0; product && i < outer * extent * inner; i++) ((float *)x)[i] /= 4;
    void *y = check_output(&c, (size_t)(outer * extent * inner) * check_size(type));
    esp_cumulative_sum arguments = {type, outer, extent, inner, exclusive, reverse, product, x, y};
    check_run(&c, esp_cumulative_sum_task(&arguments, isa), 0);
    for (int64_t i = 0; i < outer * extent * inner && !c.failed; i++) {
      int64_t j = i / inner % extent, start = i - j * inner;
      double want = product ? 1 : 0;
      for (int64_t t = 0; t < extent; t++) {
        bool counts = (reverse ? t > j : t < j) || (t == j && !exclusive);
        double element = check_real(type, x, start + t * inner);
        if (counts) want = product ? want * element : want + element;
      }
      check_close(&c, "cumulative sum", i, check_real(type, y, i), want, 1e-6, 1e-6);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_top_k(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  static const esp_type types[] = {ESP_F32, ESP_I32, ESP_I64};
  while (check_next(&c, 200)) {
    esp_type type = types[check_random(&c) % 3];
    int64_t outer = check_integer(&c, 1, 5), extent = check_extent(&c);
    int64_t inner = check_integer(&c, 1, 5), k = check_integer(&c, 0, extent);
    int32_t largest = check_random(&c) % 2;
    void *x = check_elements(&c, type, outer * extent * inner);
    for (int64_t i = 0; type == ESP_F32 && i < outer * extent * inner; i++) {
      ((float *)x)[i] = rintf(((float *)x)[i]);  // ties
    }
    int64_t count = outer * k * inner;
    void *values = check_output(&c, (size_t)count * check_size(type));
    int64_t *indices = check_output(&c, (size_t)count * sizeof(int64_t));
    esp_top_k arguments = {type, outer, extent, inner, k, largest, x, values, indices};
    check_run(&c, esp_top_k_task(&arguments, isa), 0);
    for (int64_t i = 0; i < outer * extent * inner && !c.failed; i++) {
      // Element i's rank is how many of its column come before it.
      int64_t j = i / inner % extent, start = i - j * inner, before = 0;
      double value = check_real(type, x, i);
      for (int64_t t = 0; t < extent; t++) {
        double other = check_real(type, x, start + t * inner);
        before += (largest ? other > value : other < value) || (other == value && t < j);
      }
      if (before >= k) continue;
      int64_t at = (i / inner / extent * k + before) * inner + i % inner;
      check_equal(&c, "top-k index", at, indices[at], j);
      check_close(&c, "top-k value", at, check_real(type, values, at), value, 0, 0);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_local_response(esp_isa isa, uint64_t seed, char *message,
                                          size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 100)) {
    int64_t batch = check_integer(&c, 1, 3), channels = check_extent(&c);
    int64_t inner = check_integer(&c, 1, 300), size = check_integer(&c, 1, 6);
    if (channels * inner > 20000) channels = 5;
    float alpha = check_float(&c, 0.01f, 1), beta = 0.75f, bias = 1.5f;
    if (check_random(&c) % 2) beta = check_float(&c, 0.3f, 1.2f);
    float *x = check_floats(&c, batch * channels * inner, -2, 2);
    float *y = check_output(&c, (size_t)(batch * channels * inner) * sizeof(float));
    esp_local_response arguments = {batch, channels, inner, size, alpha, beta, bias, x, y};
    check_run(&c, esp_local_response_task(&arguments, isa), 0);
    for (int64_t i = 0; i < batch * channels * inner && !c.failed; i++) {
      int64_t channel = i / inner % channels;
      double sum = 0;
      // floor((size - 1) / 2) channels before, ceil((size - 1) / 2) after.
      for (int64_t t = channel - (size - 1) / 2; t <= channel + size / 2; t++) {
        if (t < 0 || t >= channels) continue;
        double value = (double)x[i + (t - channel) * inner];
        sum += value * value;
      }
      double base = (double)bias + (double)alpha / (double)size * sum;
      check_close(&c, "local response", i, (double)y[i],
                  (double)x[i] * pow(base, -(double)beta), 3e-6, 1e-7);
    }
  }
  return check_end(&c);
}

const esp_plain_check_entry esp_checks_reductions[] = {
    {"reduce", esp_check_plain_reduce},
    {"softmax", esp_check_plain_softmax},
    {"normalize", esp_check_plain_normalize},
    {"pool", esp_check_plain_pool},
    {"cumulative sum", esp_check_plain_cumulative_sum},
    {"top k", esp_check_plain_top_k},
    {"local response", esp_check_plain_local_response},
    {0},
};
