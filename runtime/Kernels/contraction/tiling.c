#include "esp_tiling.h"

esp_tiling esp_tiling_of(int32_t columns, int32_t width, int32_t vectors, int one_more) {
  esp_tiling t = {.columns = columns, .width = width};
  const int32_t total = (columns + width - 1) / width, most = vectors * width + 1;
  if (one_more) {
    // One column more costs an eighth of a vector's work.
    const int32_t tiles = (columns + most - 1) / most;
    if (columns > (most - 1) * tiles && 8 * total > tiles * (8 * vectors + 1)) {
      t.tiles = tiles;
      t.by_column = 1;
      t.share = columns / tiles;
      t.more = columns % tiles;
      t.step = (vectors + 1) * width;
      return t;
    }
  }
  t.tiles = (total + vectors - 1) / vectors;
  t.share = total / t.tiles;
  t.more = total % t.tiles;
  t.step = (t.share + (t.more ? 1 : 0)) * width;
  return t;
}
