// Unary, binary, select, cast, fill, quantize.
#include "plain_support.h"

static double sigmoid(double x) { return 1 / (1 + exp(-x)); }
static double clip(double x, double low, double high) { return fmin(fmax(x, low), high); }
static double softplus(double x) { return x > 0 ? x + log1p(exp(-x)) : log1p(exp(x)); }

static double unary(esp_unary_kind kind, double a, double b, double x) {
  switch (kind) {
    case ESP_UNARY_RELU: return fmax(x, 0);
    case ESP_UNARY_CLIP: return clip(x, a, b);
    case ESP_UNARY_LEAKY_RELU: return x < 0 ? a * x : x;
    case ESP_UNARY_SIGMOID: return sigmoid(x);
    case ESP_UNARY_SILU: return x * sigmoid(a * x);
    case ESP_UNARY_HARD_SWISH: return x * clip(x / 6 + 0.5, 0, 1);
    case ESP_UNARY_HARD_SIGMOID: return clip(a * x + b, 0, 1);
    case ESP_UNARY_TANH: return tanh(x);
    case ESP_UNARY_GELU: return x / 2 * (1 + erf(x / sqrt(2)));
    case ESP_UNARY_GELU_TANH:
      return x / 2 * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
    case ESP_UNARY_ELU: return x < 0 ? a * expm1(x) : x;
    case ESP_UNARY_SELU: return b * (x > 0 ? x : a * expm1(x));
    case ESP_UNARY_CELU: return fmax(0, x) + fmin(0, a * expm1(x / a));
    case ESP_UNARY_ERF: return erf(x);
    case ESP_UNARY_SOFTPLUS: return softplus(x);
    case ESP_UNARY_SOFTSIGN: return x / (1 + fabs(x));
    case ESP_UNARY_MISH: return x * tanh(softplus(x));
    case ESP_UNARY_THRESHOLDED_RELU: return x > a ? x : 0;
    case ESP_UNARY_SQRT: return sqrt(x);
    case ESP_UNARY_EXP: return exp(x);
    case ESP_UNARY_LOG: return log(x);
    case ESP_UNARY_ABS: return fabs(x);
    case ESP_UNARY_NEG: return -x;
    case ESP_UNARY_SIGN: return (x > 0) - (x < 0);
    case ESP_UNARY_RECIPROCAL: return 1 / x;
    case ESP_UNARY_FLOOR: return floor(x);
    case ESP_UNARY_CEIL: return ceil(x);
    case ESP_UNARY_ROUND: return nearbyint(x);
    case ESP_UNARY_SIN: return sin(x);
    case ESP_UNARY_COS: return cos(x);
    case ESP_UNARY_NOT: return x == 0;
    case ESP_UNARY_TAN: return tan(x);
    case ESP_UNARY_ASIN: return asin(x);
    case ESP_UNARY_ACOS: return acos(x);
    case ESP_UNARY_ATAN: return atan(x);
    case ESP_UNARY_SINH: return sinh(x);
    case ESP_UNARY_COSH: return cosh(x);
    case ESP_UNARY_ASINH: return asinh(x);
    case ESP_UNARY_ACOSH: return acosh(x);
    case ESP_UNARY_ATANH: return atanh(x);
    case ESP_UNARY_IS_NAN: return isnan(x);
    case ESP_UNARY_IS_INF: return isinf(x) && (x > 0 ? a != 0 : b != 0);
    case ESP_UNARY_AFFINE: return a * x + b;
  }
  return NAN;
}

static void domain(esp_unary_kind kind, float *low, float *high) {
  *low = -9, *high = 9;
  switch (kind) {
    case ESP_UNARY_SQRT: case ESP_UNARY_LOG: *low = 0.01f, *high = 50; break;
    case ESP_UNARY_ASIN: case ESP_UNARY_ACOS: *low = -1, *high = 1; break;
    case ESP_UNARY_ATANH: *low = -0.99f, *high = 0.99f; break;
    case ESP_UNARY_ACOSH: *low = 1, *high = 50; break;
    case ESP_UNARY_RECIPROCAL: *low = 0.1f, *high = 20; break;
    case ESP_UNARY_TAN: *low = -1.5f, *high = 1.5f; break;
    default: break;
  }
}

static int esp_check_plain_unary(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 300)) {
    esp_unary_kind kind = (esp_unary_kind)(c.cases <= 43 ? c.cases : check_integer(&c, 1, 43));
    c.kind = (int)kind;
    bool whole = kind == ESP_UNARY_RELU || kind == ESP_UNARY_CLIP || kind == ESP_UNARY_ABS ||
                 kind == ESP_UNARY_NEG || kind == ESP_UNARY_SIGN;
    esp_type type = kind == ESP_UNARY_NOT ? ESP_BOOL : ESP_F32;
    if (whole && c.cases > 43 && check_random(&c) % 2) {
      type = check_random(&c) % 2 ? ESP_I32 : ESP_I64;
    }
    int64_t count = check_random(&c) % 4 ? check_extent(&c) : check_integer(&c, 4000, 13000);
    float low, high, a = check_float(&c, 0.1f, 2), b = check_float(&c, 0.1f, 2);
    domain(kind, &low, &high);
    if (kind == ESP_UNARY_CLIP) a = -check_float(&c, 0, 6), b = check_float(&c, 0, 6);
    void *x = type == ESP_F32 ? check_floats(&c, count, low, high)
                              : check_elements(&c, type, count);
    bool to_bool = kind == ESP_UNARY_IS_NAN || kind == ESP_UNARY_IS_INF;
    if (to_bool) {
      a = (float)check_integer(&c, 0, 1), b = (float)check_integer(&c, 0, 1);
      for (int64_t i = 0; i < count; i += 3) ((float *)x)[i] = i % 2 ? NAN : INFINITY;
      for (int64_t i = 1; i < count; i += 5) ((float *)x)[i] = -INFINITY;
    }
    esp_type y_type = to_bool ? ESP_BOOL : type;
    bool in_place = !to_bool && check_random(&c) % 2;
    size_t bytes = (size_t)count * check_size(y_type);
    void *y = in_place ? check_copy_of(&c, x, bytes) : check_output(&c, bytes);
    esp_unary arguments = {kind, type, a, b, count, in_place ? y : x, y};
    check_run(&c, esp_unary_task(&arguments, isa), 0);
    for (int64_t i = 0; i < count && !c.failed; i++) {
      double want = unary(kind, (double)a, (double)b, check_real(type, x, i));
      if (type == ESP_I32 || type == ESP_I64) want = kind == ESP_UNARY_CLIP ? trunc(want) : want;
      check_close(&c, "unary", i, check_real(y_type, y, i), want, 2e-6, 1e-6);
    }
  }
  return check_end(&c);
}

static double binary_real(esp_binary_kind kind, double a, double b) {
  switch (kind) {
    case ESP_BINARY_ADD: return a + b;
    case ESP_BINARY_SUB: return a - b;
    case ESP_BINARY_MUL: return a * b;
    case ESP_BINARY_DIV: return a / b;
    case ESP_BINARY_POW: return pow(a, b);
    case ESP_BINARY_MIN: return fmin(a, b);
    case ESP_BINARY_MAX: return fmax(a, b);
    case ESP_BINARY_MOD: return a - floor(a / b) * b;
    case ESP_BINARY_FMOD: return fmod(a, b);
    case ESP_BINARY_EQUAL: return a == b;
    case ESP_BINARY_GREATER: return a > b;
    case ESP_BINARY_LESS: return a < b;
    case ESP_BINARY_GREATER_EQUAL: return a >= b;
    case ESP_BINARY_LESS_EQUAL: return a <= b;
    case ESP_BINARY_AND: return a != 0 && b != 0;
    case ESP_BINARY_OR: return a != 0 || b != 0;
    case ESP_BINARY_XOR: return (a != 0) != (b != 0);
    case ESP_BINARY_PRELU: return a < 0 ? a * b : a;
    default: return NAN;
  }
}

/// Bits of integers of so many bits.
static double binary_bits(esp_binary_kind kind, int width, int64_t a, int64_t b) {
  bool stays = b >= 0 && b < width;
  switch (kind) {
    case ESP_BINARY_BIT_AND: return (double)(a & b);
    case ESP_BINARY_BIT_OR: return (double)(a | b);
    case ESP_BINARY_BIT_XOR: return (double)(a ^ b);
    case ESP_BINARY_SHIFT_LEFT: {
      uint64_t moved = stays ? (uint64_t)a << b : 0;
      return width == 32 ? (double)(int32_t)moved : (double)(int64_t)moved;
    }
    case ESP_BINARY_SHIFT_RIGHT:
      for (int64_t place = 0; place < (stays ? b : width); place++) {
        a = (a - (a % 2 != 0 && a < 0)) / 2;
      }
      return (double)a;
    default: return NAN;
  }
}

static int esp_check_plain_binary(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  static const esp_type types[] = {ESP_F32, ESP_F32, ESP_I32, ESP_I64};
  while (check_next(&c, 500)) {
    esp_binary_kind kind = (esp_binary_kind)check_integer(&c, 1, 23);
    c.kind = (int)kind;
    esp_type type = types[check_random(&c) % 4];
    bool logic = kind >= ESP_BINARY_AND && kind <= ESP_BINARY_XOR;
    bool of_bits = kind >= ESP_BINARY_BIT_AND;
    if (of_bits) type = check_random(&c) % 2 ? ESP_I32 : ESP_I64;
    if (logic || (kind == ESP_BINARY_EQUAL && check_random(&c) % 3 == 0)) type = ESP_BOOL;
    int32_t rank = (int32_t)check_integer(&c, 0, 4);
    esp_binary arguments = {.kind = kind, .type = type, .rank = rank};
    int64_t dims[4], a_dims[4], b_dims[4], sa[4], sb[4], total = 1;
    for (int axis = 0; axis < rank; axis++) {
      dims[axis] = total > 20000 ? check_integer(&c, 1, 3) : check_extent(&c);
      total *= dims[axis];
      a_dims[axis] = check_random(&c) % 5 ? dims[axis] : 1;
      b_dims[axis] = check_random(&c) % 3 ? dims[axis] : 1;
    }
    check_dense(rank, a_dims, sa);
    check_dense(rank, b_dims, sb);
    for (int axis = 0; axis < rank; axis++) {
      if (a_dims[axis] != dims[axis]) sa[axis] = 0;
      if (b_dims[axis] != dims[axis]) sb[axis] = 0;
      arguments.dims[axis] = dims[axis];
      arguments.a_strides[axis] = sa[axis];
      arguments.b_strides[axis] = sb[axis];
    }
    int64_t a_count = check_product(rank, a_dims), b_count = check_product(rank, b_dims);
    void *a = check_elements(&c, type, a_count), *b = check_elements(&c, type, b_count);
    bool divides = kind == ESP_BINARY_DIV || kind == ESP_BINARY_MOD || kind == ESP_BINARY_FMOD;
    for (int64_t i = 0; i < b_count; i++) {
      if (divides && type == ESP_I32 && ((int32_t *)b)[i] == 0) ((int32_t *)b)[i] = -1;
      if (divides && type == ESP_I64 && ((int64_t *)b)[i] == 0) ((int64_t *)b)[i] = 7;
      if (divides && type == ESP_F32) ((float *)b)[i] += ((float *)b)[i] < 0 ? -0.5f : 0.5f;
      if (kind == ESP_BINARY_POW && type == ESP_F32 && i % 2) ((float *)b)[i] = 2;
      if (kind == ESP_BINARY_POW && type == ESP_F32 && b_count == 1) ((float *)b)[i] = 3;
    }
    for (int64_t i = 0; i < a_count; i++) {
      if (kind == ESP_BINARY_POW && type == ESP_F32) ((float *)a)[i] += 4.5f;
    }
    bool to_bool = kind >= ESP_BINARY_EQUAL && kind <= ESP_BINARY_XOR;
    esp_type y_type = to_bool ? ESP_BOOL : type;
    size_t bytes = (size_t)total * check_size(y_type);
    arguments.a = a, arguments.b = b;
    bool over_a = !to_bool && a_count == total && check_random(&c) % 3 == 0;
    bool over_b = !over_a && !to_bool && b_count == total && check_random(&c) % 3 == 0;
    void *y = over_a   ? check_copy_of(&c, a, bytes)
              : over_b ? check_copy_of(&c, b, bytes)
                       : check_output(&c, bytes);
    if (over_a) arguments.a = y;
    if (over_b) arguments.b = y;
    arguments.y = y;
    int32_t fault = check_run(&c, esp_binary_task(&arguments, isa), 0);
    check_equal(&c, "fault", 0, fault, 0);
    for (int64_t i = 0; i < total && !c.failed; i++) {
      int64_t at[4];
      check_coordinates(rank, dims, i, at);
      double p = check_real(type, a, check_offset(rank, sa, at));
      double q = check_real(type, b, check_offset(rank, sb, at));
      double want = of_bits ? binary_bits(kind, type == ESP_I32 ? 32 : 64, (int64_t)p, (int64_t)q)
                            : binary_real(kind, p, q);
      double relative = 2e-6, absolute = kind == ESP_BINARY_MOD ? 2e-6 : 1e-6;
      if (type != ESP_F32) want = trunc(want), relative = 0, absolute = 0;
      if (isinf(want) && type != ESP_F32) want = 0;  // 0 to a negative power
      double got = check_real(y_type, y, i);
      // A quotient within rounding of a whole number may floor to either side.
      if (kind == ESP_BINARY_MOD && type == ESP_F32 && fabs(fabs(got - want) - fabs(q)) < 1e-5) {
        continue;
      }
      check_close(&c, "binary", i, got, want, relative, absolute);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_select(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  static const esp_type types[] = {ESP_F32, ESP_I64, ESP_BOOL};
  while (check_next(&c, 150)) {
    esp_type type = types[check_random(&c) % 3];
    int32_t rank = (int32_t)check_integer(&c, 0, 3);
    esp_select arguments = {.element_size = (int32_t)check_size(type), .rank = rank};
    int64_t dims[3], own[3][3], strides[3][3];
    for (int axis = 0; axis < rank; axis++) {
      arguments.dims[axis] = dims[axis] = check_extent(&c);
      for (int o = 0; o < 3; o++) own[o][axis] = check_random(&c) % 4 ? dims[axis] : 1;
    }
    for (int o = 0; o < 3; o++) check_dense(rank, own[o], strides[o]);
    for (int axis = 0; axis < rank; axis++) {
      for (int o = 0; o < 3; o++) {
        if (own[o][axis] != dims[axis]) strides[o][axis] = 0;
      }
      arguments.condition_strides[axis] = strides[0][axis];
      arguments.a_strides[axis] = strides[1][axis];
      arguments.b_strides[axis] = strides[2][axis];
    }
    int64_t total = check_product(rank, dims);
    uint8_t *condition = check_elements(&c, ESP_BOOL, check_product(rank, own[0]));
    void *a = check_elements(&c, type, check_product(rank, own[1]));
    void *b = check_elements(&c, type, check_product(rank, own[2]));
    void *y = check_output(&c, (size_t)total * check_size(type));
    arguments.condition = condition, arguments.a = a, arguments.b = b, arguments.y = y;
    check_run(&c, esp_select_task(&arguments, isa), 0);
    for (int64_t i = 0; i < total && !c.failed; i++) {
      int64_t at[3];
      check_coordinates(rank, dims, i, at);
      int pick = condition[check_offset(rank, strides[0], at)] ? 1 : 2;
      double want =
          check_real(type, pick == 1 ? a : b, check_offset(rank, strides[pick], at));
      check_close(&c, "select", i, check_real(type, y, i), want, 0, 0);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_cast(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  static const esp_type types[] = {ESP_F32, ESP_U8, ESP_I8, ESP_I32, ESP_I64, ESP_BOOL};
  static const double least[] = {0, 0, -128, -0x1p31, -0x1p63, 0};
  static const double most[] = {0, 255, 127, 0x1p31 - 1, 0x1p63, 1};
  while (check_next(&c, 144)) {
    int from = (c.cases - 1) % 6, to = (c.cases - 1) / 6 % 6;
    int64_t count = check_integer(&c, 1, 9000);
    void *x = check_elements(&c, types[from], count);
    if (from == 0) {
      static const float extremes[] = {3e9f, -3e9f, 1e20f, -1e20f, 300, -300, INFINITY, -INFINITY,
                                       2147483648.0f, 0.5f, -0.5f, 254.7f, NAN};
      for (int64_t i = 0; i < count; i += 7) ((float *)x)[i] = extremes[i / 7 % 13];
    }
    if (from == 4) {
      for (int64_t i = 0; i < count; i += 5) ((int64_t *)x)[i] = (int64_t)check_random(&c);
    }
    void *y = check_output(&c, (size_t)count * check_size(types[to]));
    esp_cast arguments = {types[from], types[to], count, x, y};
    check_run(&c, esp_cast_task(&arguments, isa), 0);
    for (int64_t i = 0; i < count && !c.failed; i++) {
      double value = check_real(types[from], x, i);
      if (to == 0) {
        check_close(&c, "cast", i, check_real(ESP_F32, y, i), value, 1e-7, 0);
      } else if (to == 5) {
        check_equal(&c, "cast to bool", i, ((uint8_t *)y)[i], value != 0);
      } else if (from == 0) {
        double bounded = isnan(value) ? 0 : fmin(fmax(trunc(value), least[to]), most[to]);
        double got = check_real(types[to], y, i);
        check_close(&c, "cast to integer", i, got, bounded, 0, 0);
      } else {
        int64_t whole = check_whole(types[from], x, i);
        int64_t want = to == 1   ? (int64_t)(whole & 255)
                       : to == 2 ? (int64_t)((whole & 255) ^ 128) - 128
                       : to == 3 ? (int64_t)((whole & 0xFFFFFFFF) ^ 0x80000000) - 0x80000000
                                 : whole;
        check_equal(&c, "cast of integers", i, check_whole(types[to], y, i), want);
      }
    }
  }
  return check_end(&c);
}

static int esp_check_plain_fill(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  static const int32_t sizes[] = {1, 4, 8};
  while (check_next(&c, 60)) {
    int32_t size = sizes[check_random(&c) % 3];
    int64_t count = check_random(&c) % 2 ? check_extent(&c) : check_integer(&c, 4000, 9000);
    uint8_t *y = check_output(&c, (size_t)(count * size));
    esp_fill arguments = {size, check_random(&c), count, y};
    check_run(&c, esp_fill_task(&arguments, isa), 0);
    for (int64_t i = 0; i < count * size && !c.failed; i++) {
      check_equal(&c, "byte", i, y[i], (int64_t)(arguments.bits >> (i % size * 8) & 255));
    }
  }
  return check_end(&c);
}

static int esp_check_plain_quantize(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 150)) {
    bool back = check_random(&c) % 2;
    esp_type type = check_random(&c) % 2 ? ESP_U8 : ESP_I8;
    if (back && check_random(&c) % 3 == 0) type = ESP_I32;
    int64_t outer = check_integer(&c, 1, 3), channels = check_extent(&c), inner = check_extent(&c);
    int64_t count = outer * channels * inner;
    float *scale = check_floats(&c, channels, 0.02f, 0.2f);
    // Powers of two make ties, where rounding to even shows.
    for (int64_t i = 0; i < channels; i += 2) scale[i] = 0.5f;
    void *zero = check_random(&c) % 3 ? check_elements(&c, type, channels) : NULL;
    void *x = back ? check_elements(&c, type, count) : check_floats(&c, count, -30, 30);
    for (int64_t i = 0; !back && i < count; i += 2) {
      ((float *)x)[i] = (float)check_integer(&c, -200, 200) / 4;
    }
    void *y = check_output(&c, (size_t)count * (back ? 4 : 1));
    esp_quantize arguments = {type, back, count, channels, inner, scale, zero, x, y};
    check_run(&c, esp_quantize_task(&arguments, isa), 0);
    for (int64_t i = 0; i < count && !c.failed; i++) {
      int64_t channel = i / inner % channels;
      double offset = zero ? check_real(type, zero, channel) : 0;
      double factor = (double)scale[channel];
      if (back) {
        check_close(&c, "dequantized", i, (double)((float *)y)[i],
                    (check_real(type, x, i) - offset) * factor, 1e-6, 0);
      } else {
        double quotient = (double)(float)((double)((float *)x)[i] / factor);
        double want = nearbyint(quotient) + offset;
        want = type == ESP_U8 ? clip(want, 0, 255) : clip(want, -128, 127);
        check_equal(&c, "quantized", i, check_whole(type, y, i), (int64_t)want);
      }
    }
  }
  return check_end(&c);
}

const esp_plain_check_entry esp_checks_elementwise[] = {
    {"unary", esp_check_plain_unary},
    {"binary", esp_check_plain_binary},
    {"select", esp_check_plain_select},
    {"cast", esp_check_plain_cast},
    {"fill", esp_check_plain_fill},
    {"quantize", esp_check_plain_quantize},
    {0},
};
