// Contraction, plain convolution, recurrent networks.
#include "plain_support.h"

static int esp_check_plain_contract(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  static const esp_type types[] = {ESP_F32, ESP_F32, ESP_I32, ESP_I64};
  while (check_next(&c, 200)) {
    esp_type type = types[check_random(&c) % 4];
    esp_contract arguments = {.type = type, .rank = (int32_t)check_integer(&c, 0, 6),
                              .operands = (int32_t)check_integer(&c, 1, 3)};
    int rank = arguments.rank, operands = arguments.operands;
    int split = arguments.output_rank = (int32_t)check_integer(&c, 0, rank);
    int64_t total = 1, counts[3];
    const void *data[3];
    for (int axis = 0; axis < rank; axis++) {
      arguments.dims[axis] = check_integer(&c, 1, total > 3000 ? 2 : 13);
      total *= arguments.dims[axis];
    }
    for (int o = 0; o < operands; o++) {
      counts[o] = 1;
      for (int axis = rank - 1; axis >= 0; axis--) {
        if (check_random(&c) % 3 == 0) continue;  // this operand does not have the axis
        arguments.strides[o][axis] = counts[o];
        counts[o] *= arguments.dims[axis];
      }
      arguments.operand[o] = data[o] = check_elements(&c, type, counts[o]);
    }
    int64_t outputs = check_product(split, arguments.dims), terms = total / outputs;
    void *y = arguments.y = check_output(&c, (size_t)outputs * check_size(type));
    check_run(&c, esp_contract_task(&arguments, isa), 0);
    for (int64_t i = 0; i < outputs && !c.failed; i++) {
      double want = 0, sizes = 0;
      for (int64_t t = 0; t < terms; t++) {
        int64_t at[ESP_MAX_CONTRACT_RANK];
        check_coordinates(rank, arguments.dims, i * terms + t, at);
        double product = 1;
        for (int o = 0; o < operands; o++) {
          product *= check_real(type, data[o], check_offset(rank, arguments.strides[o], at));
        }
        want += product, sizes += fabs(product);
      }
      check_close(&c, "contract", i, check_real(type, y, i), want, 1e-6, 1e-6 + 1e-7 * sizes);
    }
  }
  return check_end(&c);
}

static int esp_check_plain_convolution(esp_isa isa, uint64_t seed, char *message,
                                       size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  while (check_next(&c, 120)) {
    esp_convolution_plain p = {.batch = check_integer(&c, 1, 2), .groups = check_integer(&c, 1, 3)};
    int64_t group_in = check_integer(&c, 1, 4), group_out = check_integer(&c, 1, 4);
    p.in_channels = p.groups * group_in, p.out_channels = p.groups * group_out;
    for (int axis = 0; axis < 3; axis++) {
      p.in[axis] = axis == 0 ? check_integer(&c, 1, 4) : check_integer(&c, 1, 12);
      if (axis == 2 && check_random(&c) % 6 == 0) p.in[axis] = check_integer(&c, 100, 400);
      p.kernel[axis] = check_integer(&c, 1, 4);
      p.stride[axis] = check_integer(&c, 1, 3);
      p.dilation[axis] = check_integer(&c, 1, 2);
      p.pad[axis] = check_integer(&c, 0, 3);
      p.out[axis] = check_integer(&c, 1, (p.in[axis] + 2 * p.pad[axis]) / p.stride[axis] + 1);
    }
    int64_t in = check_product(3, p.in), out = check_product(3, p.out);
    int64_t cells = check_product(3, p.kernel);
    const float *x = p.x = check_floats(&c, p.batch * p.in_channels * in, -1, 1);
    const float *w = p.w = check_floats(&c, p.out_channels * group_in * cells, -1, 1);
    p.bias = check_random(&c) % 2 ? check_floats(&c, p.out_channels, -1, 1) : NULL;
    p.y = check_output(&c, (size_t)(p.batch * p.out_channels * out) * sizeof(float));
    check_run(&c, esp_convolution_plain_task(&p, isa), 0);
    for (int64_t i = 0; i < p.batch * p.out_channels * out && !c.failed; i++) {
      int64_t at[3], o = i / out % p.out_channels, n = i / out / p.out_channels;
      check_coordinates(3, p.out, i % out, at);
      double want = p.bias ? (double)p.bias[o] : 0, sizes = 0;
      for (int64_t term = 0; term < group_in * cells; term++) {
        int64_t k[3], from = 0, ic = o / group_out * group_in + term / cells;
        bool inside = true;
        check_coordinates(3, p.kernel, term % cells, k);
        for (int axis = 0; axis < 3; axis++) {
          int64_t position = at[axis] * p.stride[axis] + k[axis] * p.dilation[axis] - p.pad[axis];
          inside &= position >= 0 && position < p.in[axis];
          from = from * p.in[axis] + position;
        }
        if (!inside) continue;
        double product = (double)x[(n * p.in_channels + ic) * in + from] *
                         (double)w[o * group_in * cells + term];
        want += product, sizes += fabs(product);
      }
      check_close(&c, "convolution", i, (double)p.y[i], want, 2e-6, 1e-6 + 3e-7 * sizes);
    }
  }
  return check_end(&c);
}

enum { MOST_HIDDEN = 20 };

/// What a cell computes, and by how much floats may miss it at most: the errors of the operands as the
/// operation passes them on, and its own roundings. Cells feed their outputs back, with a growth of
/// their own, so that no fixed tolerance tells rounding from a mistake.
typedef struct rounded { double value, error; } rounded;

/// The greatest relative error of one rounding to float.
static const double unit = 0x1p-24;

static rounded plus(rounded a, rounded b) {
  double value = a.value + b.value;
  return (rounded){value, a.error + b.error + unit * fabs(value)};
}

static rounded times(rounded a, rounded b) {
  double value = a.value * b.value;
  return (rounded){value, fabs(a.value) * b.error + fabs(b.value) * a.error + a.error * b.error +
                              unit * fabs(value)};
}

static rounded rest_of_one(rounded a) {
  return (rounded){1 - a.value, a.error + unit * fabs(1 - a.value)};
}

/// Parameter `at` of a direction; nothing where there are none.
static rounded parameter(const float *values, int64_t at) {
  return (rounded){values ? (double)values[at] : 0, 0};
}

static rounded activate(const esp_recurrent *net, int64_t d, int at, rounded x, bool clips) {
  double clip = (double)net->clip, v = x.value, error = x.error;
  if (clips && clip > 0) v = fmin(fmax(v, -clip), clip);
  // Three units in the last place are six roundings; both curves bend by less than 1.
  switch (net->activation[d * 3 + at]) {
    case ESP_UNARY_SIGMOID:
      v = 1 / (1 + exp(-v));
      return (rounded){v, v * (1 - v) * error + error * error + 6 * unit * v};
    case ESP_UNARY_TANH:
      v = tanh(v);
      return (rounded){v, (1 - v * v) * error + error * error + 6 * unit * fabs(v)};
    case ESP_UNARY_RELU: return (rounded){fmax(v, 0), error};
    default:
      return plus(times(parameter(net->alpha, d * 3 + at), (rounded){v, error}),
                  parameter(net->beta, d * 3 + at));
  }
}

/// One row of one gate: w x + r h + biases, the two halves apart. In whatever order kernels add them up,
/// no term is rounded more often than there are terms in both halves.
static void gate(const esp_recurrent *net, int64_t d, int64_t row, const float *x, const rounded *h,
                 rounded *from_x, rounded *from_h) {
  int64_t gates = net->kind == ESP_LSTM ? 4 : net->kind == ESP_GRU ? 3 : 1;
  int64_t rows = gates * net->hidden;
  double roundings = unit * (double)(net->input + net->hidden + 2), sizes;
  *from_x = parameter(net->bias, d * 2 * rows + row);
  *from_h = parameter(net->bias, d * 2 * rows + rows + row);
  sizes = fabs(from_x->value);
  for (int64_t i = 0; i < net->input; i++) {
    double product = (double)net->w[(d * rows + row) * net->input + i] * (double)x[i];
    from_x->value += product, sizes += fabs(product);
  }
  from_x->error = roundings * sizes;
  sizes = fabs(from_h->value);
  for (int64_t i = 0; i < net->hidden; i++) {
    double weight = (double)net->r[(d * rows + row) * net->hidden + i];
    from_h->value += weight * h[i].value, sizes += fabs(weight * h[i].value);
    from_h->error += fabs(weight) * h[i].error;
  }
  from_h->error += roundings * sizes;
}

static void step(const esp_recurrent *net, int64_t d, const float *x, rounded *h, rounded *cell) {
  int64_t hidden = net->hidden;
  rounded next[MOST_HIDDEN], a, b, reset[MOST_HIDDEN], r[MOST_HIDDEN], z[MOST_HIDDEN];
  const float *p = net->peephole ? net->peephole + d * 3 * hidden : NULL;
  for (int64_t i = 0; i < hidden; i++) {
    if (net->kind == ESP_RNN) {
      gate(net, d, i, x, h, &a, &b);
      next[i] = activate(net, d, 0, plus(a, b), true);
    } else if (net->kind == ESP_GRU) {
      gate(net, d, i, x, h, &a, &b);
      z[i] = activate(net, d, 0, plus(a, b), true);
      gate(net, d, hidden + i, x, h, &a, &b);
      r[i] = activate(net, d, 0, plus(a, b), true);
      reset[i] = times(r[i], h[i]);
    } else {
      rounded c = cell[i], in, out, forget;
      gate(net, d, i, x, h, &a, &b);
      in = activate(net, d, 0, plus(plus(a, b), times(parameter(p, i), c)), true);
      gate(net, d, 2 * hidden + i, x, h, &a, &b);
      forget = net->input_forget
                   ? rest_of_one(in)
                   : activate(net, d, 0, plus(plus(a, b), times(parameter(p, 2 * hidden + i), c)),
                              true);
      gate(net, d, 3 * hidden + i, x, h, &a, &b);
      c = plus(times(forget, c), times(in, activate(net, d, 1, plus(a, b), true)));
      gate(net, d, hidden + i, x, h, &a, &b);
      out = activate(net, d, 0, plus(plus(a, b), times(parameter(p, hidden + i), c)), true);
      cell[i] = c;
      next[i] = times(out, activate(net, d, 2, c, false));
    }
  }
  for (int64_t i = 0; net->kind == ESP_GRU && i < hidden; i++) {
    gate(net, d, 2 * hidden + i, x, net->linear_before_reset ? h : reset, &a, &b);
    rounded from_h = net->linear_before_reset ? times(r[i], b) : b;
    rounded value = activate(net, d, 1, plus(a, from_h), true);
    next[i] = plus(times(rest_of_one(z[i]), value), times(z[i], h[i]));
  }
  memcpy(h, next, (size_t)hidden * sizeof(rounded));
}

static int esp_check_plain_recurrent(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  check c = check_begin(isa, seed, message, capacity);
  static const int32_t functions[] = {ESP_UNARY_SIGMOID, ESP_UNARY_TANH, ESP_UNARY_RELU,
                                      ESP_UNARY_AFFINE};
  while (check_next(&c, 120)) {
    esp_recurrent net = {.kind = (esp_recurrent_kind)check_integer(&c, 1, 3),
                         .direction = (int32_t)check_integer(&c, 0, 2),
                         .linear_before_reset = check_random(&c) % 2,
                         .input_forget = check_random(&c) % 3 == 0,
                         .steps = check_integer(&c, 1, 7),
                         .batch = check_integer(&c, 1, 4),
                         .input = check_integer(&c, 1, 20),
                         .hidden = check_integer(&c, 1, MOST_HIDDEN),
                         .clip = check_random(&c) % 3 ? 0 : check_float(&c, 0.2f, 2)};
    for (int i = 0; i < 6; i++) {
      net.activation[i] = functions[check_random(&c) % (i % 3 == 0 ? 2 : 4)];
      net.alpha[i] = check_float(&c, 0.2f, 1), net.beta[i] = check_float(&c, -0.2f, 0.2f);
    }
    int64_t directions = net.direction == 2 ? 2 : 1, hidden = net.hidden;
    int64_t rows = (net.kind == ESP_LSTM ? 4 : net.kind == ESP_GRU ? 3 : 1) * hidden;
    int64_t states = directions * net.batch * hidden;
    net.x = check_floats(&c, net.steps * net.batch * net.input, -1, 1);
    net.w = check_floats(&c, directions * rows * net.input, -0.5f, 0.5f);
    // Rows of sums below 1: errors that grow from step to step would hide mistakes.
    float most = 1 / (float)hidden;
    net.r = check_floats(&c, directions * rows * hidden, -most, most);
    if (check_random(&c) % 3) net.bias = check_floats(&c, directions * 2 * rows, -0.5f, 0.5f);
    if (net.kind == ESP_LSTM && check_random(&c) % 2) {
      net.peephole = check_floats(&c, directions * 3 * hidden, -0.5f, 0.5f);
    }
    if (check_random(&c) % 2) net.initial_h = check_floats(&c, states, -1, 1);
    if (net.kind == ESP_LSTM && check_random(&c) % 2) {
      net.initial_c = check_floats(&c, states, -1, 1);
    }
    if (check_random(&c) % 2) {
      int32_t *lengths = check_input(&c, (size_t)net.batch * sizeof(int32_t));
      for (int64_t b = 0; b < net.batch; b++) {
        lengths[b] = (int32_t)check_integer(&c, 0, net.steps);
      }
      net.lengths = lengths;
    }
    size_t bytes = (size_t)states * sizeof(float);
    if (check_random(&c) % 4) net.y = check_output(&c, bytes * (size_t)net.steps);
    if (check_random(&c) % 4) net.last_h = check_output(&c, bytes);
    if (net.kind == ESP_LSTM && check_random(&c) % 4) net.last_c = check_output(&c, bytes);
    check_run(&c, esp_recurrent_task(&net, isa), esp_recurrent_scratch(&net));
    for (int64_t s = 0; s < directions * net.batch && !c.failed; s++) {
      int64_t d = s / net.batch, b = s % net.batch;
      rounded h[MOST_HIDDEN], cell[MOST_HIDDEN];
      for (int64_t i = 0; i < hidden; i++) {
        h[i] = parameter(net.initial_h, s * hidden + i);
        cell[i] = parameter(net.initial_c, s * hidden + i);
      }
      int64_t length = net.lengths ? net.lengths[b] : net.steps;
      bool reverse = net.direction == 1 || d == 1;
      for (int64_t t = 0; t < net.steps; t++) {
        int64_t at = t < length && reverse ? length - 1 - t : t;
        if (t < length) step(&net, d, net.x + (at * net.batch + b) * net.input, h, cell);
        for (int64_t i = 0; net.y && i < hidden; i++) {
          int64_t y_at = ((at * directions + d) * net.batch + b) * hidden + i;
          rounded want = t < length ? h[i] : (rounded){0, 0};
          check_close(&c, "y", y_at, (double)net.y[y_at], want.value, 0, want.error);
        }
      }
      for (int64_t i = 0; i < hidden; i++) {
        int64_t at = s * hidden + i;
        if (net.last_h) {
          check_close(&c, "last h", at, (double)net.last_h[at], h[i].value, 0, h[i].error);
        }
        if (net.last_c) {
          check_close(&c, "last c", at, (double)net.last_c[at], cell[i].value, 0, cell[i].error);
        }
      }
    }
  }
  return check_end(&c);
}

const esp_plain_check_entry esp_checks_products[] = {
    {"contract", esp_check_plain_contract},
    {"convolution", esp_check_plain_convolution},
    {"recurrent", esp_check_plain_recurrent},
    {0},
};
