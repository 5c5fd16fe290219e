#include "mutations.h"

#include <algorithm>
#include <climits>
#include <cstring>
#include <type_traits>
#include <utility>

#include "packer.h"

namespace fuzz {
namespace {

/// ONNX's codes of the types that the runtime has; the first are the common ones.
constexpr int32_t types[] = {1, 1, 7, 6, 9, 2, 3};
constexpr size_t longest_list = 2048;

constexpr int64_t edges[] = {
    0, 1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 1023,
    1024, 4095, 4096, 65535, 65536, 1 << 20, 1 << 28, 1 << 30, -1, -2, -3, -8, -64, INT32_MAX,
    INT32_MAX - 1, int64_t(INT32_MAX) + 1, INT32_MIN, UINT32_MAX, int64_t(1) << 32,
    int64_t(1) << 40, int64_t(1) << 61, int64_t(1) << 62, -(int64_t(1) << 62), INT64_MAX,
    INT64_MAX - 1, INT64_MIN};

Tensor *tensor(Document &document, Random &random) { return random.pick(document.tensors); }

/// A number that something else in the file has, an edge, or one near the old.
int64_t number(Document &document, Random &random, int64_t old) {
  const uint64_t bits = uint64_t(old);
  switch (random.below(9)) {
    case 0: return int64_t(bits + 1);
    case 1: return int64_t(bits - 1);
    case 2: return int64_t(bits + uint64_t(random.between(-8, 8)));
    case 3: return random.one_in(2) ? int64_t(bits * 2) : old / 2;
    case 4: return int64_t(0 - bits);
    case 5: return random.between(0, 40);
    case 6: {
      const Tensor *other = tensor(document, random);
      if (other == nullptr || other->row.rank == 0) return 1;
      return other->row.dims[random.below(size_t(other->row.rank))];
    }
    case 7: return int64_t(random.below(4));
    default: return random.pick(edges);
  }
}

/// What is no whole number is none to start from.
template <typename T>
int64_t whole(T number) {
  if constexpr (std::is_integral_v<T>) return int64_t(number);
  return 0;
}

/// Changes a list by one element. Where `bound` is not 0, new elements are mostly -1 ..< bound.
template <typename T>
void change(std::vector<T> &list, Document &document, Random &random, int64_t bound = 0) {
  auto fresh = [&](T old) {
    if (bound > 0 && !random.one_in(6)) return T(random.between(-1, bound - 1));
    return T(number(document, random, whole(old)));
  };
  switch (list.empty() ? 0 : random.below(7)) {
    case 0:
      if (list.size() < longest_list) {
        list.insert(list.begin() + int64_t(random.below(list.size() + 1)), fresh(T(0)));
      }
      break;
    case 1: list.erase(list.begin() + int64_t(random.below(list.size()))); break;
    case 2: std::swap(list[random.below(list.size())], list[random.below(list.size())]); break;
    case 3:
      if (list.size() < longest_list) list.push_back(list[random.below(list.size())]);
      break;
    default: {
      T &element = list[random.below(list.size())];
      element = fresh(element);
    }
  }
}

// MARK: Tensors

void one_extent(Document &document, Random &random) {
  Tensor *chosen = tensor(document, random);
  if (chosen == nullptr || chosen->row.rank == 0) return;
  int64_t &extent = chosen->row.dims[random.below(size_t(chosen->row.rank))];
  extent = number(document, random, extent);
}

/// One extent becomes another wherever it stands: in shapes, in steps' numbers and in weights.
void extent_everywhere(Document &document, Random &random) {
  const Tensor *chosen = tensor(document, random);
  if (chosen == nullptr || chosen->row.rank == 0) return;
  const int64_t old = chosen->row.dims[random.below(size_t(chosen->row.rank))];
  const int64_t fresh =
      random.one_in(4) ? number(document, random, old) & 0xFFF : random.between(0, 36);
  const size_t skips = random.one_in(3) ? 6 : 1000;
  for (Tensor &each : document.tensors) {
    for (int32_t axis = 0; axis < each.row.rank; axis++) {
      int64_t &extent = each.row.dims[axis];
      if (extent == old && !random.one_in(skips)) extent = fresh;
    }
  }
  if (random.one_in(2)) {
    for (Step &step : document.steps) {
      for (int64_t &integer : step.integers) {
        if (integer == old && !random.one_in(4)) integer = fresh;
      }
    }
  }
  for (Weight &weight : document.weights) {
    bool is_changed = false;
    auto replace = [&](int32_t &field) {
      if (field == old) {
        field = int32_t(fresh);
        is_changed = true;
      }
    };
    replace(weight.row.rows);
    if (weight.row.columns != old && old > 0 && weight.row.columns % old == 0) {
      weight.row.columns = int32_t(weight.row.columns / old * fresh);
      is_changed = true;
    }
    replace(weight.row.columns);
    if (weight.row.groups != 1) replace(weight.row.groups);
    if (is_changed && !random.one_in(8)) repack(document, weight, random);
  }
}

void rank(Document &document, Random &random) {
  Tensor *chosen = tensor(document, random);
  if (chosen == nullptr) return;
  const esp_model_tensor before = chosen->row;
  esp_model_tensor after = before;
  int64_t *dims = after.dims;
  const size_t place = random.below(size_t(after.rank) + 1);
  switch (random.below(4)) {
    case 0:
      if (after.rank == ESP_MODEL_MAX_RANK) return;
      std::copy_backward(dims + place, dims + after.rank, dims + after.rank + 1);
      dims[place] = random.one_in(2) ? 1 : random.between(0, 4);
      after.rank++;
      break;
    case 1:
      if (after.rank == 0 || place == size_t(after.rank)) return;
      std::copy(dims + place + 1, dims + after.rank, dims + place);
      after.rank--;
      break;
    case 2:
      if (after.rank < 2) return;
      std::swap(dims[random.below(size_t(after.rank))], dims[random.below(size_t(after.rank))]);
      break;
    default:  // the same elements in other axes
      if (after.rank < 2 || place + 1 >= size_t(after.rank)) return;
      if (__builtin_mul_overflow(dims[place], dims[place + 1], &dims[place])) return;
      std::copy(dims + place + 2, dims + after.rank, dims + place + 1);
      after.rank--;
  }
  if (random.one_in(2)) {
    chosen->row = after;
    return;
  }
  for (Tensor &each : document.tensors) {
    if (each.row.rank != before.rank) continue;
    if (!std::equal(before.dims, before.dims + before.rank, each.row.dims)) continue;
    each.row.rank = after.rank;
    std::copy(dims, dims + after.rank, each.row.dims);
  }
}

void type(Document &document, Random &random) {
  Tensor *chosen = tensor(document, random);
  if (chosen == nullptr) return;
  const int32_t old = chosen->row.type;
  const int32_t fresh = random.one_in(20) ? int32_t(random.between(-1, 17)) : random.pick(types);
  chosen->row.type = fresh;
  if (random.one_in(2)) return;
  for (Tensor &each : document.tensors) {
    if (each.row.type == old) each.row.type = fresh;
  }
}

void placement(Document &document, Random &random) {
  Tensor *chosen = tensor(document, random);
  if (chosen == nullptr) return;
  esp_model_tensor &row = chosen->row;
  const Tensor *other = tensor(document, random);
  switch (random.below(7)) {
    case 0: row.offset = uint64_t(number(document, random, int64_t(row.offset))); break;
    case 1: row.offset += uint64_t(64 * random.between(-4, 4)); break;
    case 2: row.is_constant = !row.is_constant; break;
    case 3: row.view_of = int32_t(random.between(-1, int64_t(document.tensors.size()))); break;
    case 4:  // a reshape, or a part, of another
      row.view_of = int32_t(other - document.tensors.data());
      row.offset = other->row.offset;
      row.is_constant = 0;
      break;
    case 5: document.arena_bytes += uint64_t(64 * random.between(-4, 4)); break;
    default: row.offset = other->row.offset;
  }
}

/// An input of the model becomes a constant of the file.
void hold_input(Document &document, Random &random) {
  if (document.inputs.empty()) return;
  const size_t place = random.below(document.inputs.size());
  const size_t number = size_t(document.inputs[place]);
  if (number >= document.tensors.size()) return;
  document.inputs.erase(document.inputs.begin() + int64_t(place));
  Tensor &held = document.tensors[number];
  const int64_t bytes = held.byte_count();
  held.row.is_constant = 1;
  held.row.view_of = -1;
  if (bytes >= 0) held.row.offset = document.add_values(uint64_t(bytes));
}

/// Some elements of a constant become edges of its type, or small indices.
void constant(Document &document, Random &random) {
  Tensor *chosen = tensor(document, random);
  for (size_t i = 0; i < 8 && chosen != nullptr && !chosen->row.is_constant; i++) {
    chosen = tensor(document, random);
  }
  if (chosen == nullptr || !chosen->row.is_constant) return;
  const int64_t bytes = chosen->byte_count();
  if (bytes <= 0 || chosen->row.offset > document.values.size()
      || uint64_t(bytes) > document.values.size() - chosen->row.offset) {
    return;
  }
  const size_t size = chosen->row.type == 7 ? 8 : chosen->row.type == 1 || chosen->row.type == 6 ? 4 : 1;
  const size_t share = random.one_in(2) ? 1 : 8;
  for (size_t at = 0; at < size_t(bytes); at += size) {
    if (!random.one_in(share)) continue;
    const int64_t fresh = random.one_in(3) ? number(document, random, 0) : random.between(-3, 7);
    memcpy(&document.values[chosen->row.offset + at], &fresh, size);
  }
}

/// Words of the values segment, wherever they belong to.
void values(Document &document, Random &random) {
  constexpr uint32_t words[] = {0, 1, 2, 5, 100, 0xFFFFFFFF, 0x7FC00000, 0x7F800000, 0xFF800000,
                                0x80000000, 0x7FFFFFFF, 0x3F800000, 0x4F000000, 0xCF000001, 0x00000001};
  if (document.values.size() < 4) return;
  for (size_t i = 0, count = 1 + random.below(4); i < count; i++) {
    const uint32_t word = random.one_in(3) ? uint32_t(random.next()) : random.pick(words);
    memcpy(&document.values[random.below(document.values.size() / 4) * 4], &word, sizeof word);
  }
}

// MARK: Steps

void endpoints(Document &document, Random &random) {
  change(random.one_in(2) ? document.inputs : document.outputs, document, random,
         int64_t(document.tensors.size()));
}

void references(Document &document, Random &random) {
  Step *step = random.pick(document.steps);
  if (step == nullptr) return;
  change(random.one_in(4) ? step->outputs : step->inputs, document, random,
         int64_t(document.tensors.size()));
}

/// A step reads or writes another tensor of as many bytes.
void rewire(Document &document, Random &random) {
  Step *step = random.pick(document.steps);
  if (step == nullptr) return;
  int32_t *slot = random.pick(random.one_in(4) ? step->outputs : step->inputs);
  if (slot == nullptr || *slot < 0 || size_t(*slot) >= document.tensors.size()) return;
  const int64_t bytes = document.tensors[size_t(*slot)].byte_count();
  for (size_t i = 0; i < 12; i++) {
    const size_t other = random.below(document.tensors.size());
    if (int32_t(other) == *slot || document.tensors[other].byte_count() != bytes) continue;
    *slot = int32_t(other);
    return;
  }
}

void integer(Document &document, Random &random) {
  Step *step = random.pick(document.steps);
  if (step == nullptr) return;
  int64_t *chosen = random.pick(step->integers);
  if (chosen == nullptr || random.one_in(10)) {
    change(step->integers, document, random);
  } else {
    *chosen = number(document, random, *chosen);
  }
}

void floating(Document &document, Random &random) {
  constexpr uint32_t words[] = {0, 0x3F800000, 0xBF800000, 0x7149F2CA, 0x7F800000, 0xFF800000,
                                0x7FC00000, 0x00000001, 0x3F000000, 0x80000000};
  Step *step = random.pick(document.steps);
  if (step == nullptr) return;
  float *chosen = random.pick(step->floats);
  if (chosen == nullptr || random.one_in(8)) {
    change(step->floats, document, random);
  } else {
    const uint32_t word = random.pick(words);
    memcpy(chosen, &word, sizeof word);
  }
}

void kind(Document &document, Random &random) {
  Step *step = random.pick(document.steps);
  if (step == nullptr) return;
  if (random.one_in(3)) {
    step->row.weight = int32_t(random.between(-1, int64_t(document.weights.size())));
  } else {
    step->row.kind = uint16_t(random.between(0, 31));
  }
}

void order(Document &document, Random &random) {
  if (document.steps.empty()) return;
  const size_t place = random.below(document.steps.size());
  switch (random.below(3)) {
    case 0:
      if (document.steps.size() < 32) document.steps.push_back(Step(document.steps[place]));
      break;
    case 1:
      if (document.steps.size() > 1) document.steps.erase(document.steps.begin() + int64_t(place));
      break;
    default: std::swap(document.steps[place], document.steps[random.below(document.steps.size())]);
  }
}

/// Output 0 goes where an input lies.
void in_place(Document &document, Random &random) {
  Step *step = random.pick(document.steps);
  if (step == nullptr || step->outputs.empty()) return;
  const int32_t *input = random.pick(step->inputs);
  const size_t count = document.tensors.size();
  if (input == nullptr || size_t(*input) >= count || size_t(step->outputs[0]) >= count) return;
  document.tensors[size_t(step->outputs[0])].row.offset = document.tensors[size_t(*input)].row.offset;
}

void names(Document &document, Random &random) {
  constexpr const char *texts[] = {"", "x", "\xFF\xFE", "\x1B[31m", "\xED\xA0\x80", "\xF4\x90\x80\x80"};
  Step *step = random.pick(document.steps);
  if (step != nullptr) step->name = random.pick(texts);
  Tensor *chosen = tensor(document, random);
  if (chosen != nullptr) chosen->name = random.one_in(8) ? std::string(1025, 'a') : random.pick(texts);
}

// MARK: Weights

void weight_field(Document &document, Random &random) {
  Weight *weight = random.pick(document.weights);
  if (weight == nullptr) return;
  esp_model_weight &row = weight->row;
  int32_t *const fields[] = {&row.rows,       &row.columns,    &row.groups,
                             &row.panel_height, &row.panels_per_list, &row.column_block,
                             &row.pattern[0], &row.pattern[1], &row.pattern[2]};
  int32_t *field = fields[random.below(9)];
  *field = int32_t(number(document, random, *field));
  if (random.one_in(2)) repack(document, *weight, random);
}

void weight_lists(Document &document, Random &random) {
  Weight *weight = random.pick(document.weights);
  if (weight == nullptr) return;
  esp_range &range = weight->row.values;
  const int64_t columns = weight->row.columns > 0 ? weight->row.columns : 0;
  switch (random.below(7)) {
    case 0: change(weight->counts, document, random); break;
    case 1: change(weight->columns16, document, random, columns); break;
    case 2: change(weight->columns32, document, random, columns); break;
    case 3:
    case 4: change(weight->stream, document, random, random.one_in(2) ? columns : 0); break;
    case 5:
      range.offset = random.one_in(3) ? uint64_t(number(document, random, int64_t(range.offset)))
                                      : range.offset + uint64_t(64 * random.between(-2, 2));
      break;
    default:
      range.length = random.one_in(3) ? uint64_t(number(document, random, int64_t(range.length)))
                                      : range.length + uint64_t(4 * random.between(-32, 32));
  }
}

void packing(Document &document, Random &random) {
  Weight *weight = random.pick(document.weights);
  if (weight == nullptr) return;
  if (random.one_in(10)) {
    weight->row.encoding = uint8_t(random.below(7));
  } else if (!random.one_in(3)) {
    weight->row.packing = uint8_t(random.one_in(20) ? random.below(256) : random.below(10));
  }
  repack(document, *weight, random);
}

struct Way {
  void (*change)(Document &, Random &);
  /// How often it is taken, among all.
  size_t share;
};

constexpr Way ways[] = {
    {one_extent, 6},  {extent_everywhere, 10}, {rank, 5},        {type, 5},         {placement, 5},
    {hold_input, 2},  {constant, 6},           {values, 4},      {endpoints, 2},    {references, 4},
    {rewire, 3},      {integer, 16},           {floating, 4},    {kind, 3},         {order, 3},
    {in_place, 2},    {names, 1},              {weight_field, 6}, {weight_lists, 10}, {packing, 8}};

/// Gives a weight the lists and values that were packed.
struct Taking {
  Document &document;
  Weight &weight;
};

void take(void *context, const uint32_t *counts, size_t count_count, const uint32_t *columns,
          size_t column_count, const uint16_t *stream, size_t stream_count, const uint8_t *values,
          size_t values_length) {
  auto &[document, weight] = *static_cast<Taking *>(context);
  weight.counts.assign(counts, counts + count_count);
  weight.columns16.clear();
  weight.columns32.clear();
  if (weight.row.columns <= 65536) {
    weight.columns16.assign(columns, columns + column_count);
  } else {
    weight.columns32.assign(columns, columns + column_count);
  }
  weight.stream.assign(stream, stream + stream_count);
  const uint64_t offset = document.add_values(values_length);
  weight.row.values = {offset, values_length};
  if (values_length > 0 && offset + values_length <= document.values.size()) {
    memcpy(&document.values[offset], values, values_length);
  }
}

}  // namespace

void mutate(Document &document, Random &random) {
  constexpr size_t total = [] {
    size_t sum = 0;
    for (const Way &way : ways) sum += way.share;
    return sum;
  }();
  size_t chosen = random.below(total);
  for (const Way &way : ways) {
    if (chosen < way.share) return way.change(document, random);
    chosen -= way.share;
  }
}

void cross(Document &document, const Document &other, Random &random) {
  const size_t own_steps = document.steps.size(), own_tensors = document.tensors.size();
  document.append(other);
  if (document.steps.size() == own_steps || own_tensors == 0) return;
  for (size_t i = own_steps; i < document.steps.size(); i++) {
    for (int32_t &slot : document.steps[i].inputs) {
      if (slot < 0 || !random.one_in(3)) continue;
      const int64_t bytes = document.tensors[size_t(slot) % document.tensors.size()].byte_count();
      for (size_t attempt = 0; attempt < 8; attempt++) {
        const size_t own = random.below(own_tensors);
        if (document.tensors[own].byte_count() == bytes) slot = int32_t(own);
      }
    }
  }
}

void repack(Document &document, Weight &weight, Random &random) {
  esp_model_weight &row = weight.row;
  constexpr int32_t pattern[3] = {0, 0, 0};
  fuzz_packing wanted = {row.packing, row.encoding, row.rows, row.columns, row.groups,
                         row.panel_height, row.panels_per_list, row.column_block,
                         {pattern[0], pattern[1], pattern[2]}, row.nonzero_count,
                         uint32_t(random.between(0, 100)), random.next()};
  weight.row.nonzero_count = 0;
  // Only what is packed is read back from the cut.
  Taking taking = {document, weight};
  if (fuzz_pack(&wanted, take, &taking) == 0) return;
  row.encoding = wanted.encoding;
  row.rows = wanted.rows;
  row.columns = wanted.columns;
  row.groups = wanted.groups;
  row.panel_height = wanted.panel_height;
  row.panels_per_list = wanted.panels_per_list;
  row.column_block = wanted.column_block;
  std::copy(wanted.pattern, wanted.pattern + 3, row.pattern);
  row.nonzero_count = wanted.nonzero_count;
  row.nanoseconds = row.dense_nanoseconds = 0;
}

}  // namespace fuzz
