#include "plain.h"

// One item is one (direction, batch entry): sequences are independent of each other. Scratch holds,
// in floats: gate sums [gates*hidden], the recurrent part of them [gates*hidden], h [hidden],
// c [hidden], reset h [hidden].

static int64_t gate_count(const esp_recurrent *net) {
  return net->kind == ESP_LSTM ? 4 : net->kind == ESP_GRU ? 3 : 1;
}

static int64_t directions(const esp_recurrent *net) { return net->direction == 2 ? 2 : 1; }

size_t esp_recurrent_scratch(const esp_recurrent *net) {
  return (size_t)((2 * gate_count(net) + 3) * net->hidden) * sizeof(float);
}

/// y[r] += row r of matrix [rows][columns] times x, eight lanes at a time.
static void accumulate(float *y, const float *matrix, const float *x, int64_t rows,
                       int64_t columns) {
  for (int64_t r = 0; r < rows; r++) {
    const float *row = matrix + r * columns;
    float lanes[8] = {0};
    int64_t i = 0;
    for (; i + 8 <= columns; i += 8) {
      for (int64_t l = 0; l < 8; l++) lanes[l] += row[i + l] * x[i + l];
    }
    float total = 0;
    for (; i < columns; i++) total += row[i] * x[i];
    for (int64_t l = 0; l < 8; l++) total += lanes[l];
    y[r] += total;
  }
}

typedef struct sequence {
  const esp_recurrent *net;
  int64_t direction;
  const float *w, *r, *bias, *peephole;  // this direction's; bias and peephole may be null
  float *sums, *recurrent, *h, *c, *reset;
} sequence;

/// Activation function `at` of this direction.
static float activate(const sequence *s, int64_t at, float x) {
  const esp_recurrent *net = s->net;
  int64_t index = s->direction * 3 + at;
  return esp_unary_value((esp_unary_kind)net->activation[index], net->alpha[index],
                         net->beta[index], x);
}

/// The same on a gate's input, which the clip bounds; an LSTM's memory goes out as it is.
static float gate(const sequence *s, int64_t at, float x) {
  float clip = s->net->clip;
  if (clip > 0) x = x < -clip ? -clip : x > clip ? clip : x;
  return activate(s, at, x);
}

static void step_rnn(const sequence *s) {
  int64_t hidden = s->net->hidden;
  accumulate(s->sums, s->r, s->h, hidden, hidden);
  for (int64_t i = 0; i < hidden; i++) s->h[i] = gate(s, 0, s->sums[i]);
}

static void step_gru(const sequence *s) {
  int64_t hidden = s->net->hidden;
  const float *recurrent_bias = s->bias ? s->bias + 3 * hidden : NULL;
  // Gates z and r.
  accumulate(s->sums, s->r, s->h, 2 * hidden, hidden);
  for (int64_t i = 0; i < 2 * hidden; i++) s->sums[i] = gate(s, 0, s->sums[i]);
  const float *z = s->sums, *r = s->sums + hidden;
  float *candidate = s->sums + 2 * hidden;
  // The candidate's recurrent part, its bias with it: reset after the product, or before.
  for (int64_t i = 0; i < hidden; i++) {
    s->recurrent[i] = recurrent_bias ? recurrent_bias[2 * hidden + i] : 0.0f;
    s->reset[i] = s->net->linear_before_reset ? s->h[i] : r[i] * s->h[i];
  }
  accumulate(s->recurrent, s->r + 2 * hidden * hidden, s->reset, hidden, hidden);
  for (int64_t i = 0; i < hidden; i++) {
    float part = s->net->linear_before_reset ? r[i] * s->recurrent[i] : s->recurrent[i];
    float value = gate(s, 1, candidate[i] + part);
    s->h[i] = (1.0f - z[i]) * value + z[i] * s->h[i];
  }
}

static void step_lstm(const sequence *s) {
  int64_t hidden = s->net->hidden;
  accumulate(s->sums, s->r, s->h, 4 * hidden, hidden);
  const float *p = s->peephole;
  for (int64_t i = 0; i < hidden; i++) {
    float *in = s->sums + i, *out = in + hidden, *forget = out + hidden, *cell = forget + hidden;
    float c = s->c[i];
    *in = gate(s, 0, *in + (p ? p[i] * c : 0.0f));
    *forget = s->net->input_forget ? 1.0f - *in
                                   : gate(s, 0, *forget + (p ? p[2 * hidden + i] * c : 0.0f));
    c = *forget * c + *in * gate(s, 1, *cell);
    s->c[i] = c;
    *out = gate(s, 0, *out + (p ? p[hidden + i] * c : 0.0f));
    s->h[i] = *out * activate(s, 2, c);
  }
}

/// Puts the biases and w x into `sums`. The GRU candidate's recurrent bias is left to its step.
static void start_sums(const sequence *s, const float *x) {
  const esp_recurrent *net = s->net;
  int64_t rows = gate_count(net) * net->hidden;
  int64_t both = net->kind == ESP_GRU ? 2 * net->hidden : rows;
  for (int64_t i = 0; i < rows; i++) {
    s->sums[i] = s->bias ? s->bias[i] + (i < both ? s->bias[rows + i] : 0.0f) : 0.0f;
  }
  accumulate(s->sums, s->w, x, rows, net->input);
}

static void run_sequence(const esp_recurrent *net, int64_t direction, int64_t entry,
                         float *scratch) {
  int64_t hidden = net->hidden, rows = gate_count(net) * hidden;
  sequence s = {
      .net = net,
      .direction = direction,
      .w = net->w + direction * rows * net->input,
      .r = net->r + direction * rows * hidden,
      .bias = net->bias ? net->bias + direction * 2 * rows : NULL,
      .peephole = net->peephole ? net->peephole + direction * 3 * hidden : NULL,
      .sums = scratch,
      .recurrent = scratch + rows,
      .h = scratch + 2 * rows,
      .c = scratch + 2 * rows + hidden,
      .reset = scratch + 2 * rows + 2 * hidden,
  };
  int64_t state = (direction * net->batch + entry) * hidden;
  size_t bytes = (size_t)hidden * sizeof(float);
  memset(s.h, 0, 2 * bytes);
  if (net->initial_h) memcpy(s.h, net->initial_h + state, bytes);
  if (net->initial_c) memcpy(s.c, net->initial_c + state, bytes);
  int64_t length = net->lengths ? net->lengths[entry] : net->steps;
  length = esp_maximum(0, esp_minimum(length, net->steps));
  bool reverse = net->direction == 1 || direction == 1;
  for (int64_t t = 0; t < net->steps; t++) {
    int64_t step = t < length && reverse ? length - 1 - t : t;
    float *y = net->y ? net->y + ((step * directions(net) + direction) * net->batch + entry) * hidden
                      : NULL;
    if (t >= length) {
      if (y) memset(y, 0, bytes);
      continue;
    }
    start_sums(&s, net->x + (step * net->batch + entry) * net->input);
    switch (net->kind) {
      case ESP_RNN: step_rnn(&s); break;
      case ESP_GRU: step_gru(&s); break;
      case ESP_LSTM: step_lstm(&s); break;
    }
    if (y) memcpy(y, s.h, bytes);
  }
  if (net->last_h) memcpy(net->last_h + state, s.h, bytes);
  if (net->last_c && net->kind == ESP_LSTM) memcpy(net->last_c + state, s.c, bytes);
}

static void run(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_recurrent *net = arguments;
  for (int64_t at = first; at < last; at++) {
    run_sequence(net, at / net->batch, at % net->batch, worker->scratch);
  }
}

esp_task esp_recurrent_task(esp_recurrent *net, esp_isa isa) {
  (void)isa;
  return (esp_task){run, net, directions(net) * net->batch, 0};
}
