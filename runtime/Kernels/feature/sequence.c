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

typedef struct esp_sequence_plan {
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
  size_t tile_step;
  /// All tiles, packed by a task of their own; or null.
  float *packed;
  float low, high;
  int32_t activates;
} esp_sequence_plan;

static int32_t divide_up(int32_t a, int32_t b) { return (a + b - 1) / b; }

int esp_is_sequence(const esp_linear *l) {
  const esp_weight *w = &l->weight;
  return w->packing == ESP_PACKING_PANELS && !w->counts &&
         w->panel_height == ESP_FEATURE_HEIGHT && l->tokens >= LEAST_TOKENS;
}

static esp_sequence_plan plan_of(const esp_linear *l, const esp_kernel_set *set) {
  esp_sequence_plan plan = {.l = *l, .set = set};
  const esp_feature_kernels *kernels = plan.set->feature;
  plan.panels = divide_up(l->out_features, ESP_FEATURE_HEIGHT);
  plan.slabs = divide_up(plan.panels, kernels->panels);
  plan.tiles = divide_up(l->tokens, kernels->tokens);
  plan.share = l->tokens / plan.tiles;
  plan.more = l->tokens % plan.tiles;
  plan.runs = l->tokens < RUN_TOKENS ? 1 : l->tokens / RUN_TOKENS;
  plan.run = divide_up(plan.tiles, plan.runs);
  plan.runs = divide_up(plan.tiles, plan.run);
  const int32_t most = SLAB_FLOATS / (kernels->panels * ESP_FEATURE_HEIGHT);
  plan.blocks = divide_up(l->in_features, most);
  plan.block = divide_up(l->in_features, plan.blocks);
  plan.blocks = divide_up(l->in_features, plan.block);
  // Packing writes whole vectors, also in a tile's last row.
  plan.tile_step = ((size_t)l->in_features * (size_t)kernels->tokens + 31) & ~(size_t)15;
  const esp_activation f = l->epilogue.activation;
  plan.low = f == ESP_ACTIVATION_RELU ? 0 : f == ESP_ACTIVATION_CLIP ? l->epilogue.a : -INFINITY;
  plan.high = f == ESP_ACTIVATION_CLIP ? l->epilogue.b : INFINITY;
  plan.activates = f > ESP_ACTIVATION_CLIP;
  return plan;
}

static int32_t tile_begin(const esp_sequence_plan *plan, int32_t tile) {
  return tile * plan->share + (tile < plan->more ? tile : plan->more);
}

static int32_t run_end(const esp_sequence_plan *plan, int32_t run) {
  const int32_t end = (run + 1) * plan->run;
  return end < plan->tiles ? end : plan->tiles;
}

/// Packs tiles first ..< last, the first of them to `to`.
static void pack_tiles(const esp_sequence_plan *plan, int32_t first, int32_t last, float *to) {
  const int32_t in = plan->l.in_features;
  for (int32_t t = first; t < last; t++, to += plan->tile_step) {
    const int32_t token = tile_begin(plan, t), tokens = tile_begin(plan, t + 1) - token;
    plan->set->pack->transposed(to, plan->set->feature->tokens, plan->l.x + (int64_t)token * in,
                                in, in, tokens, 1.0f);
  }
}

static void run_packing(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  (void)worker;
  const esp_sequence_plan *plan = arguments;
  pack_tiles(plan, (int32_t)first, (int32_t)last,
             plan->packed + (size_t)first * plan->tile_step);
}

/// Where tile `t` of `tiles` begins to bring its part of what follows a slab's block of weights:
/// the next block, or the next slab's first.
static uintptr_t ahead_of(const esp_sequence_plan *plan, int32_t slab, int32_t block, int32_t t,
                          int32_t tiles) {
  const uintptr_t line = ESP_FEATURE_HEIGHT * sizeof(float), panels = plan->set->feature->panels;
  if (++block == plan->blocks) block = 0, slab++;
  const uintptr_t piece = (uintptr_t)plan->block * line;
  const uintptr_t at = piece * panels * (uintptr_t)t / (uintptr_t)tiles;
  const uintptr_t column = ((uintptr_t)slab * panels + at / piece) *
                               (uintptr_t)plan->l.in_features +
                           (uintptr_t)block * (uintptr_t)plan->block;
  return (uintptr_t)plan->l.weight.values + column * line + at % piece;
}

/// One slab of features times the tiles of one run, the first of them at `x`.
static void run_slab(const esp_sequence_plan *plan, int32_t slab, int32_t run, const float *x) {
  const esp_linear *l = &plan->l;
  const esp_feature_kernels *kernels = plan->set->feature;
  const int32_t in = l->in_features, out = l->out_features;
  const int32_t panel = slab * kernels->panels, left = plan->panels - panel;
  const int32_t panels = left < kernels->panels ? left : kernels->panels;
  const int32_t row = panel * ESP_FEATURE_HEIGHT, rows = panels * ESP_FEATURE_HEIGHT;
  const int32_t first = run * plan->run, last = run_end(plan, run), tiles = last - first;
  const ptrdiff_t panel_step = (ptrdiff_t)in * ESP_FEATURE_HEIGHT;
  const int32_t share = divide_up(rows * 4 * (int32_t)sizeof(float), tiles);
  esp_feature_call call = {
      .step = ESP_FEATURE_HEIGHT,
      .features = out - row < rows ? out - row : rows,
      .bias = l->epilogue.bias ? l->epilogue.bias + row : 0,
      .y_stride = out,
      .ahead_step = share < 128 ? (uintptr_t)share : 128,
  };
  for (int32_t b = 0; b < plan->blocks; b++) {
    const int32_t column = b * plan->block, is_last = b == plan->blocks - 1;
    call.count = in - column < plan->block ? in - column : plan->block;
    call.first = b == 0;
    call.low = is_last ? plan->low : -INFINITY;
    call.high = is_last ? plan->high : INFINITY;
    for (int32_t p = 0; p < ESP_FEATURE_PANELS; p++) {
      call.panels[p] = l->weight.values + (panel + (p < panels ? p : panels - 1)) * panel_step +
                       (ptrdiff_t)column * ESP_FEATURE_HEIGHT;
    }
    for (int32_t t = first; t < last; t++) {
      const int32_t token = tile_begin(plan, t), tokens = tile_begin(plan, t + 1) - token;
      const int64_t at = (int64_t)token * out + row;
      call.x = x + (size_t)(t - first) * plan->tile_step + (size_t)column * (size_t)kernels->tokens;
      call.y = l->y + at;
      call.residual = l->epilogue.residual ? l->epilogue.residual + at : 0;
      call.ahead = ahead_of(plan, slab, b, t - first, tiles);
      esp_feature_for(kernels, tokens, panels)(&call);
      if (is_last && plan->activates) {
        plan->set->pack->activate(call.y, out, tokens, call.features, &l->epilogue);
      }
    }
  }
}

/// Items are [run of tokens][slab of features].
static void run_slabs(const void *arguments, int64_t first, int64_t last, esp_worker *worker) {
  const esp_sequence_plan *plan = arguments;
  int32_t packed = -1;
  for (int64_t item = first; item < last; item++) {
    const int32_t run = (int32_t)(item / plan->slabs), slab = (int32_t)(item % plan->slabs);
    const float *x = worker->scratch;
    if (plan->packed) {
      x = plan->packed + (size_t)run * (size_t)plan->run * plan->tile_step;
    } else if (packed != run) {
      pack_tiles(plan, run * plan->run, run_end(plan, run), worker->scratch);
      packed = run;
    }
    run_slab(plan, slab, run, x);
  }
}

esp_requirements esp_sequence_requirements(const esp_linear *l, const esp_kernel_set *set) {
  const esp_sequence_plan plan = plan_of(l, set);
  const size_t tile = plan.tile_step * sizeof(float);
  esp_requirements r = {.plan_bytes = sizeof plan};
  if (plan.runs < SHARED_RUNS) {
    r.shared_bytes = (size_t)plan.tiles * tile;
  } else {
    r.worker_bytes = (size_t)plan.run * tile;
  }
  return r;
}

int esp_sequence_prepare(const esp_linear *l, const esp_kernel_set *set, void *memory,
                         void *shared, esp_task tasks[2], const char **kernel) {
  esp_sequence_plan *plan = memory;
  *plan = plan_of(l, set);
  *kernel = "linear.dense";
  const esp_task multiply = {
      .run = run_slabs, .arguments = plan, .items = (int64_t)plan->runs * plan->slabs};
  if (plan->runs >= SHARED_RUNS) {
    tasks[0] = multiply;
    return 1;
  }
  plan->packed = shared;
  tasks[0] = (esp_task){.run = run_packing, .arguments = plan, .items = plan->tiles};
  tasks[1] = multiply;
  return 2;
}
