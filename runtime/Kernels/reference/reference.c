#include "esp_reference.h"

#include <math.h>

static double clip(double x, double low, double high) { return fmin(fmax(x, low), high); }

double esp_reference_activation(const esp_epilogue *e, double x) {
  switch (e->activation) {
    case ESP_ACTIVATION_NONE: return x;
    case ESP_ACTIVATION_RELU: return x > 0 ? x : 0;
    case ESP_ACTIVATION_CLIP: return clip(x, e->a, e->b);
    case ESP_ACTIVATION_LEAKY_RELU: return x < 0 ? e->a * x : x;
    case ESP_ACTIVATION_SIGMOID: return 1 / (1 + exp(-x));
    case ESP_ACTIVATION_SILU: return x / (1 + exp(-e->a * x));
    case ESP_ACTIVATION_HARD_SWISH: return x * clip(x / 6 + 0.5, 0, 1);
    case ESP_ACTIVATION_HARD_SIGMOID: return clip(e->a * x + e->b, 0, 1);
    case ESP_ACTIVATION_TANH: return tanh(x);
    case ESP_ACTIVATION_GELU: return 0.5 * x * (1 + erf(x / sqrt(2)));
    case ESP_ACTIVATION_GELU_TANH:
      return 0.5 * x * (1 + tanh(sqrt(2 / acos(-1)) * (x + 0.044715 * x * x * x)));
  }
  return x;
}

static float finish(const esp_epilogue *e, double sum, int64_t row, int64_t at) {
  if (e->bias) sum += e->bias[row];
  if (e->residual) sum += e->residual[at];
  return (float)esp_reference_activation(e, sum);
}

void esp_reference_convolution(const esp_convolution *c, const float *dense) {
  const int64_t in = c->in_channels / c->weight.groups, out = c->out_channels / c->weight.groups;
  int64_t at = 0;
  for (int64_t n = 0; n < c->batch; n++) {
    for (int64_t o = 0; o < c->out_channels; o++) {
      for (int64_t oh = 0; oh < c->out_h; oh++) {
        for (int64_t ow = 0; ow < c->out_w; ow++, at++) {
          double sum = 0;
          const float *w = dense + o * in * c->kernel_h * c->kernel_w;
          for (int64_t ic = 0; ic < in; ic++) {
            const int64_t channel = n * c->in_channels + o / out * in + ic;
            for (int64_t ky = 0; ky < c->kernel_h; ky++) {
              for (int64_t kx = 0; kx < c->kernel_w; kx++, w++) {
                const int64_t y = oh * c->stride_h + ky * c->dilation_h - c->pad_top;
                const int64_t x = ow * c->stride_w + kx * c->dilation_w - c->pad_left;
                if (y < 0 || y >= c->in_h || x < 0 || x >= c->in_w) continue;
                sum += (double)*w * c->x[(channel * c->in_h + y) * c->in_w + x];
              }
            }
          }
          c->y[at] = finish(&c->epilogue, sum, o, at);
        }
      }
    }
  }
}

void esp_reference_linear(const esp_linear *l, const float *dense) {
  for (int64_t t = 0; t < l->tokens; t++) {
    for (int64_t o = 0; o < l->out_features; o++) {
      double sum = 0;
      for (int64_t k = 0; k < l->in_features; k++) {
        sum += (double)dense[o * l->in_features + k] * l->x[t * l->in_features + k];
      }
      const int64_t at = t * l->out_features + o;
      l->y[at] = finish(&l->epilogue, sum, o, at);
    }
  }
}

void esp_reference_matrix_product(const esp_matrix_product *m) {
  esp_epilogue e = m->epilogue;
  e.bias = 0;
  int64_t at = 0;
  for (int64_t b = 0; b < m->batch; b++) {
    const float *a = m->a + m->a_offsets[b], *other = m->b + m->b_offsets[b];
    for (int64_t i = 0; i < m->m; i++) {
      for (int64_t j = 0; j < m->n; j++, at++) {
        double sum = 0;
        for (int64_t k = 0; k < m->k; k++) {
          const double x = a[m->transpose_a ? k * m->m + i : i * m->k + k];
          sum += x * other[m->transpose_b ? j * m->k + k : k * m->n + j];
        }
        m->c[at] = finish(&e, sum * m->scale, 0, at);
      }
    }
  }
}

static const float *row_of(const esp_heads *heads, int64_t batch, int64_t head, int64_t token) {
  return heads->base + batch * heads->batch_stride + head * heads->head_stride +
         token * heads->token_stride;
}

void esp_reference_attention(const esp_attention *a, double *scores) {
  for (int64_t b = 0; b < a->batch; b++) {
    for (int64_t h = 0; h < a->heads; h++) {
      for (int64_t i = 0; i < a->queries; i++) {
        const float *q = row_of(&a->q, b, h, i);
        double most = -INFINITY, sum = 0;
        for (int64_t j = 0; j < a->keys; j++) {
          const float *k = row_of(&a->k, b, h, j);
          double score = 0;
          for (int64_t n = 0; n < a->size; n++) score += (double)q[n] * k[n];
          score *= a->scale;
          for (int n = 0; n < 2; n++) {
            if (a->addends[n].base) score += row_of(&a->addends[n], b, h, i)[j];
          }
          scores[j] = score;
          most = fmax(most, score);
        }
        for (int64_t j = 0; j < a->keys; j++) sum += scores[j] = exp(scores[j] - most);
        float *y =
            a->y + b * a->out.batch_stride + h * a->out.head_stride + i * a->out.token_stride;
        for (int64_t n = 0; n < a->value_size; n++) {
          double value = 0;
          for (int64_t j = 0; j < a->keys; j++) value += scores[j] * row_of(&a->v, b, h, j)[n];
          y[n] = (float)(value / sum);
        }
      }
    }
  }
}
