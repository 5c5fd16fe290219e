// Dense linear layers over many tokens: features in lanes, tokens broadcast (esp_feature.h).
//
// A work item is a slab of features (the panels of one call) times a run of tokens. The slab's
// weights stay in the second cache while the run's tiles pass, and the next slab is brought there
// meanwhile: weights come from memory once for each run, and nothing waits for them.
#include "esp_sequence.h"

#include <math.h>

#include "../pack/esp_pack.h"
#include "esp_feature.h"

enum {
  /// Fewer tokens take matrix times vector.
  LEAST_TOKENS = 2,
  /// Tokens that share one reading of the weights; twice as many make two runs.
  RUN_TOKENS = 192,
  /// With more runs, workers pack each run themselves, so that it stays near.
  SHARED_RUNS = 8,
  /// Floats of a slab that stay in the second cache beside the next slab and a tile: 224 KiB.
  SLAB_FLOATS = 57344,
};

typedef struct esp_prepared_sequence {
  esp_linear l;
  const esp_kernel_set *set;
  int32_t panels, slabs;
  /// Tiles of tokens: `share` each, the first `more` of them one more.
  int32_t tiles, share, more;
  /// Tiles of a run (the last may have fewer), and such runs.
  int32_t run, runs;
  /// Input features of a block, and such blocks.
  int32_t block, blocks;
  /// Floats from one packed tile to the next.
  size_t tile_stride;
  /// All tiles, packed by a task of their own; or null.
  float *packed;
  float low, high;
  int32_t activates;
} esp_prepared_sequence;

static int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

int esp_is_sequence(const esp_linear *l) {
  const esp_weight *w = &l->weight;
  return w->packing == ESP_PACKING_PANELS && !w->counts &&
         w->panel_height == ESP_FEATURE_HEIGHT && l->tokens >= LEAST_TOKENS;
}

static esp_prepared_sequence prepared_of(const esp_linear *l, const esp_kernel_set *set) {
  esp_prepared_sequence prepared = {.l = *l, .set = set};
  const esp_feature_kernels *kernels = prepared.set->feature;
  prepared.panels = divide_up(l->out_features, ESP_FEATURE_HEIGHT);
  prepared.slabs = divide_up(prepared.panels, kernels->panels);
  prepared.tiles = divide_up(l->tokens, kernels->tokens);
  prepared.share = l->tokens / prepared.tiles;
  prepared.more = l->tokens % prepared.tiles;
  prepared.runs = l->tokens < RUN_TOKENS ? 1 : l->tokens / RUN_TOKENS;
  prepared.run = divide_up(prepared.tiles, prepared.runs);
  prepared.runs = divide_up(prepared.tiles, prepared.run);
  const int32_t most = SLAB_FLOATS / (kernels->panels * ESP_FEATURE_HEIGHT);
  prepared.blocks = divide_up(l->in_features, most);
  prepared.block = divide_up(l->in_features, prepared.blocks);
  prepared.blocks = divide_up(l->in_features, prepared.block);
  // Packing writes whole vectors, also in a tile's last row.
  prepared.tile_stride = ((size_t)l->in_features * (size_t)kernels->tokens + 31) & ~(size_t)15;
  const esp_activation f = l->epilogue.activation;
  prepared.low = f == ESP_ACTIVATION_RELU   ? 0
                 : f == ESP_ACTIVATION_CLIP ? l->epilogue.a
                                            : -INFINITY;
  prepared.high = f == ESP_ACTIVATION_CLIP ? l->epilogue.b : INFINITY;
  prepared.activates = f > ESP_ACTIVATION_CLIP;
  return prepared;
}

static int32_t tile_begin(const esp_prepared_sequence *prepared, int32_t tile) {
  return tile * prepared->share + (tile < prepared->more ? tile : prepared->more);
}

static int32_t run_end(const esp_prepared_sequence *prepared, int32_t run) {
  const int32_t end = (run + 1) * prepared->run;
  return end < prepared->tiles ? end : prepared->tiles;
}

/// Packs tiles first ..< last, the first of them to `to`.
static void pack_tiles(const esp_prepared_sequence *prepared, int32_t first, int32_t last,
                       float *to) {
  const int32_t in = prepared->l.in_features;
  for (int32_t t = first; t < last; t++, to += prepared->tile_stride) {
    const int32_t token = tile_begin(prepared, t), tokens = tile_begin(prepared, t + 1) - token;
    prepared->set->pack->transposed(to, prepared->set->feature->tokens,
                                    prepared->l.x + (int64_t)token * in, in, in, tokens, 1.0f);
  }
}

static void run_packing(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_prepared_sequence *prepared = arguments;
  pack_tiles(prepared, (int32_t)first, (int32_t)last,
             prepared->packed + (size_t)first * prepared->tile_stride);
}

/// Where tile `t` of `tiles` begins to bring its part of what follows a slab's block of weights:
/// the next block, or the next slab's first.
static uintptr_t ahead_of(const esp_prepared_sequence *prepared, int32_t slab, int32_t block,
                          int32_t t, int32_t tiles) {
  const uintptr_t line = ESP_FEATURE_HEIGHT * sizeof(float),
                  panels = prepared->set->feature->panels;
  if (++block == prepared->blocks) block = 0, slab++;
  const uintptr_t piece = (uintptr_t)prepared->block * line;
  const uintptr_t at = piece * panels * (uintptr_t)t / (uintptr_t)tiles;
  const uintptr_t column = ((uintptr_t)slab * panels + at / piece) *
                               (uintptr_t)prepared->l.in_features +
                           (uintptr_t)block * (uintptr_t)prepared->block;
  return (uintptr_t)esp_weight_floats(&prepared->l.weight) + column * line + at % piece;
}

/// One slab of features times the tiles of one run, the first of them at `x`.
static void run_slab(const esp_prepared_sequence *prepared, int32_t slab, int32_t run,
                     const float *x) {
  const esp_linear *l = &prepared->l;
  const esp_feature_kernels *kernels = prepared->set->feature;
  const int32_t in = l->in_features, out = l->out_features;
  const int32_t panel = slab * kernels->panels, left = prepared->panels - panel;
  const int32_t panels = left < kernels->panels ? left : kernels->panels;
  const int32_t row = panel * ESP_FEATURE_HEIGHT, rows = panels * ESP_FEATURE_HEIGHT;
  const int32_t first = run * prepared->run, last = run_end(prepared, run), tiles = last - first;
  const ptrdiff_t panel_stride = (ptrdiff_t)in * ESP_FEATURE_HEIGHT;
  const int32_t share = divide_up(rows * 4 * (int32_t)sizeof(float), tiles);
  esp_feature_call call = {
      .pitch = ESP_FEATURE_HEIGHT,
      .features = out - row < rows ? out - row : rows,
      .bias = l->epilogue.bias ? l->epilogue.bias + row : 0,
      .y_stride = out,
      .ahead_stride = share < 128 ? (uintptr_t)share : 128,
  };
  for (int32_t b = 0; b < prepared->blocks; b++) {
    const int32_t column = b * prepared->block, is_last = b == prepared->blocks - 1;
    call.count = in - column < prepared->block ? in - column : prepared->block;
    call.first = b == 0;
    call.low = is_last ? prepared->low : -INFINITY;
    call.high = is_last ? prepared->high : INFINITY;
    for (int32_t p = 0; p < ESP_FEATURE_PANELS; p++) {
      call.panels[p] = esp_weight_floats(&l->weight) + (panel + (p < panels ? p : panels - 1)) * panel_stride +
                       (ptrdiff_t)column * ESP_FEATURE_HEIGHT;
    }
    for (int32_t t = first; t < last; t++) {
      const int32_t token = tile_begin(prepared, t), tokens = tile_begin(prepared, t + 1) - token;
      const int64_t at = (int64_t)token * out + row;
      call.x = x + (size_t)(t - first) * prepared->tile_stride +
               (size_t)column * (size_t)kernels->tokens;
      call.y = l->y + at;
      call.residual = l->epilogue.residual ? l->epilogue.residual + at : 0;
      call.ahead = ahead_of(prepared, slab, b, t - first, tiles);
      esp_feature_for(kernels, tokens, panels)(&call);
      if (is_last && prepared->activates) {
        prepared->set->pack->activate(call.y, out, tokens, call.features, &l->epilogue);
      }
    }
  }
}

/// Items are [run of tokens][slab of features].
static void run_slabs(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_prepared_sequence *prepared = arguments;
  int32_t packed = -1;
  for (int64_t item = first; item < last; item++) {
    const int32_t run = (int32_t)(item / prepared->slabs), slab = (int32_t)(item % prepared->slabs);
    const float *x = worker->scratch;
    if (prepared->packed) {
      x = prepared->packed + (size_t)run * (size_t)prepared->run * prepared->tile_stride;
    } else if (packed != run) {
      pack_tiles(prepared, run * prepared->run, run_end(prepared, run), worker->scratch);
      packed = run;
    }
    run_slab(prepared, slab, run, x);
  }
}

esp_requirements esp_sequence_requirements(const esp_linear *l, const esp_kernel_set *set) {
  const esp_prepared_sequence prepared = prepared_of(l, set);
  const size_t tile = prepared.tile_stride * sizeof(float);
  esp_requirements r = {.prepared_bytes = sizeof prepared};
  if (prepared.runs < SHARED_RUNS) {
    r.shared_bytes = (size_t)prepared.tiles * tile;
  } else {
    r.worker_bytes = (size_t)prepared.run * tile;
  }
  return r;
}

int esp_sequence_prepare(const esp_linear *l, const esp_kernel_set *set, void *memory,
                         void *shared, esp_task tasks[2], const char **kernel) {
  esp_prepared_sequence *prepared = memory;
  *prepared = prepared_of(l, set);
  *kernel = "linear.dense";
  const esp_task multiply = {
      .run = run_slabs, .arguments = prepared, .items = (int64_t)prepared->runs * prepared->slabs};
  if (prepared->runs >= SHARED_RUNS) {
    tasks[0] = multiply;
    return 1;
  }
  prepared->packed = shared;
  tasks[0] = (esp_task){.run = run_packing, .arguments = prepared, .items = prepared->tiles};
  tasks[1] = multiply;
  return 2;
}
