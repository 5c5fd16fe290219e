#include "document.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <map>

#include "../../../Sources/ModelFile/Bridge/Envelope.h"
#include "../../../Sources/ModelFile/Bridge/generated/model_generated.h"

namespace fuzz {
namespace {

enum : uint32_t { most_tensors = 48, most_steps = 16, most_weights = 6 };
constexpr int64_t most_tensor_bytes = 1 << 20;
/// A bit for each packing of the schema, and the envelope's own.
uint64_t every_feature() {
  uint64_t bits = envelope_compact;
  for (const auto packing : espalier::model::EnumValuesWeightPacking()) {
    bits |= uint64_t(1) << unsigned(packing);
  }
  return bits;
}

template <typename T>
std::vector<T> list(const T *elements, uint32_t count) {
  return count == 0 ? std::vector<T>() : std::vector<T>(elements, elements + count);
}

std::string text(esp_text text) {
  return text.length == 0 ? std::string() : std::string(text.bytes, text.length);
}

esp_text lent(const std::string &text) { return {text.data(), uint32_t(text.size())}; }

uint64_t rounded_up(uint64_t count) { return (count + 63) / 64 * 64; }

int32_t moved(int32_t number, size_t by) { return number < 0 ? number : number + int32_t(by); }

}  // namespace

int64_t Tensor::byte_count() const {
  int64_t bytes = row.type == 7 ? 8 : row.type == 1 || row.type == 6 ? 4 : 1;
  for (int32_t axis = 0; axis < row.rank; axis++) {
    if (__builtin_mul_overflow(bytes, row.dims[axis], &bytes)) return -1;
    if (bytes < 0 || bytes > most_tensor_bytes) return -1;
  }
  return bytes;
}

bool Document::read(const uint8_t *bytes, size_t length) {
  void *memory = nullptr;
  if (length == 0 || posix_memalign(&memory, ESP_MODEL_ALIGNMENT, length) != 0) return false;
  memcpy(memory, bytes, length);
  esp_model model;
  uint64_t place;
  const bool is_open =
      esp_model_open(memory, length, nullptr, &model, &place) == ESP_MODEL_OK
      && model.summary.tensor_count <= most_tensors && model.summary.step_count <= most_steps
      && model.summary.weight_count <= most_weights;
  if (is_open) {
    const esp_model_summary &summary = model.summary;
    tensors.resize(summary.tensor_count);
    for (uint32_t i = 0; i < summary.tensor_count; i++) {
      esp_model_get_tensor(&model, i, &tensors[i].row);
      tensors[i].name = text(tensors[i].row.name);
    }
    steps.resize(summary.step_count);
    for (uint32_t i = 0; i < summary.step_count; i++) {
      Step &step = steps[i];
      esp_model_get_step(&model, i, &step.row);
      step.inputs = list(step.row.inputs, step.row.input_count);
      step.outputs = list(step.row.outputs, step.row.output_count);
      step.integers = list(step.row.integers, step.row.integer_count);
      step.floats = list(step.row.floats, step.row.float_count);
      step.name = text(step.row.name);
    }
    weights.resize(summary.weight_count);
    for (uint32_t i = 0; i < summary.weight_count; i++) {
      Weight &weight = weights[i];
      esp_model_get_weight(&model, i, &weight.row);
      weight.counts = list(weight.row.counts, weight.row.count_count);
      weight.columns16 = list(weight.row.columns16, weight.row.columns16_count);
      weight.columns32 = list(weight.row.columns32, weight.row.columns32_count);
      weight.stream = list(weight.row.stream, weight.row.stream_count);
    }
    inputs = list(summary.inputs, summary.input_count);
    outputs = list(summary.outputs, summary.output_count);
    arena_bytes = summary.arena_bytes;
    values.assign(summary.values, summary.values + summary.values_length);
  }
  free(memory);
  return is_open;
}

std::vector<uint8_t> Document::write() const {
  std::vector<esp_model_tensor> tensor_rows;
  for (const Tensor &tensor : tensors) {
    tensor_rows.push_back(tensor.row);
    tensor_rows.back().name = lent(tensor.name);
  }
  std::vector<esp_model_step> step_rows;
  for (const Step &step : steps) {
    esp_model_step row = step.row;
    row.inputs = step.inputs.data();
    row.input_count = uint32_t(step.inputs.size());
    row.outputs = step.outputs.data();
    row.output_count = uint32_t(step.outputs.size());
    row.integers = step.integers.data();
    row.integer_count = uint32_t(step.integers.size());
    row.floats = step.floats.data();
    row.float_count = uint32_t(step.floats.size());
    row.name = lent(step.name);
    row.operation = {nullptr, 0};
    step_rows.push_back(row);
  }
  std::vector<esp_model_weight> weight_rows;
  for (const Weight &weight : weights) {
    esp_model_weight row = weight.row;
    row.counts = weight.counts.data();
    row.count_count = uint32_t(weight.counts.size());
    row.columns16 = weight.columns16.data();
    row.columns16_count = uint32_t(weight.columns16.size());
    row.columns32 = weight.columns32.data();
    row.columns32_count = uint32_t(weight.columns32.size());
    row.stream = weight.stream.data();
    row.stream_count = uint32_t(weight.stream.size());
    row.reason = {nullptr, 0};
    weight_rows.push_back(row);
  }
  esp_model_contents contents = {};
  contents.tensors = tensor_rows.data();
  contents.steps = step_rows.data();
  contents.weights = weight_rows.data();
  contents.tensor_count = uint32_t(tensor_rows.size());
  contents.step_count = uint32_t(step_rows.size());
  contents.weight_count = uint32_t(weight_rows.size());
  contents.inputs = inputs.data();
  contents.outputs = outputs.data();
  contents.input_count = uint32_t(inputs.size());
  contents.output_count = uint32_t(outputs.size());
  contents.features = every_feature();
  contents.arena_bytes = arena_bytes;
  const uint64_t values_length = rounded_up(values.size());
  contents.values_length = values_length;

  size_t length = 0;
  uint8_t *prefix = esp_model_build_prefix(&contents, &length);
  if (prefix == nullptr) return {};
  std::vector<uint8_t> file(length + values_length);
  if (!values.empty()) memcpy(file.data() + length, values.data(), values.size());
  esp_model_seal(prefix, esp_crc32c(0, file.data() + length, values_length));
  memcpy(file.data(), prefix, length);
  esp_model_free(prefix);
  return file;
}

void Document::place_tensors(bool keeps_sharing) {
  // Places by where tensors began, each as large as its largest tensor.
  std::map<uint64_t, uint64_t> places;
  uint64_t own = 0;
  for (Tensor &tensor : tensors) {
    if (tensor.row.is_constant || tensor.row.view_of >= 0) continue;
    if (!keeps_sharing) tensor.row.offset = own++;
    uint64_t &size = places[tensor.row.offset];
    size = std::max(size, rounded_up(uint64_t(std::max<int64_t>(tensor.byte_count(), 0))));
  }
  uint64_t end = 0;
  for (auto &place : places) {
    const uint64_t size = place.second;
    place.second = end;
    end += size;
  }
  for (Tensor &tensor : tensors) {
    if (!tensor.row.is_constant && tensor.row.view_of < 0) {
      tensor.row.offset = places[tensor.row.offset];
    }
  }
  for (Tensor &tensor : tensors) {
    const size_t storage = size_t(tensor.row.view_of);
    if (!tensor.row.is_constant && tensor.row.view_of >= 0 && storage < tensors.size()) {
      tensor.row.offset = tensors[storage].row.offset;
    }
  }
  arena_bytes = end;
}

void Document::place_constants() {
  for (Tensor &tensor : tensors) {
    const int64_t bytes = tensor.byte_count();
    if (!tensor.row.is_constant || bytes < 0) continue;
    if (tensor.row.offset > values.size() || uint64_t(bytes) > values.size() - tensor.row.offset) {
      tensor.row.offset = add_values(uint64_t(bytes));
    }
  }
}

void Document::drop_unused_values() {
  std::vector<uint8_t> kept;
  auto keep = [&](uint64_t &offset, uint64_t length) {
    if (offset > values.size() || length > values.size() - offset) return;
    const uint64_t start = kept.size();
    kept.insert(kept.end(), values.begin() + int64_t(offset), values.begin() + int64_t(offset + length));
    kept.resize(rounded_up(kept.size()));
    offset = start;
  };
  for (Tensor &tensor : tensors) {
    const int64_t bytes = tensor.byte_count();
    if (tensor.row.is_constant && bytes >= 0) keep(tensor.row.offset, uint64_t(bytes));
  }
  for (Weight &weight : weights) keep(weight.row.values.offset, weight.row.values.length);
  values = kept;
}

uint64_t Document::add_values(uint64_t count) {
  const uint64_t start = rounded_up(values.size());
  if (count > most_tensor_bytes) return start;
  values.resize(rounded_up(start + count));
  for (uint64_t at = start; at < values.size(); at += 4) {
    const float small = 0.25f * (float(at / 4 % 9) - 4);
    memcpy(&values[at], &small, sizeof small);
  }
  return start;
}

void Document::append(const Document &other) {
  const size_t tensor_count = tensors.size(), weight_count = weights.size();
  if (tensor_count + other.tensors.size() > most_tensors
      || steps.size() + other.steps.size() > most_steps
      || weight_count + other.weights.size() > most_weights) {
    return;
  }
  const uint64_t shift = rounded_up(values.size());
  values.resize(shift);
  values.insert(values.end(), other.values.begin(), other.values.end());
  for (Tensor tensor : other.tensors) {
    tensor.row.offset += tensor.row.is_constant ? shift : arena_bytes;
    tensor.row.view_of = moved(tensor.row.view_of, tensor_count);
    tensors.push_back(tensor);
  }
  for (Step step : other.steps) {
    for (int32_t &number : step.inputs) number = moved(number, tensor_count);
    for (int32_t &number : step.outputs) number = moved(number, tensor_count);
    step.row.weight = moved(step.row.weight, weight_count);
    steps.push_back(step);
  }
  for (Weight weight : other.weights) {
    weight.row.values.offset += shift;
    weights.push_back(weight);
  }
  for (int32_t number : other.inputs) inputs.push_back(moved(number, tensor_count));
  for (int32_t number : other.outputs) outputs.push_back(moved(number, tensor_count));
  arena_bytes += other.arena_bytes;
}

size_t seal(uint8_t *bytes, size_t length, size_t capacity) {
  Envelope envelope;
  if (length < sizeof envelope + 8) return 0;
  memcpy(&envelope, bytes, sizeof envelope);
  memcpy(envelope.magic, envelope_magic, sizeof envelope_magic);
  envelope.major = ESP_MODEL_MAJOR;
  envelope.header_offset = ESP_MODEL_PREFIX;
  envelope.features &= every_feature();
  if (envelope.header_length == 0 || envelope.header_length > length - sizeof envelope) {
    envelope.header_length = uint32_t(length - sizeof envelope);
  }
  const uint64_t values = envelope_values_offset(envelope.header_length, envelope.features);
  if (values > capacity) return 0;
  const size_t header_end = sizeof envelope + envelope.header_length;
  memset(bytes + header_end, 0, values - header_end);
  envelope.values_offset = values;
  envelope.values_length = length > values ? (length - values) / 64 * 64 : 0;
  envelope.file_length = values + envelope.values_length;
  envelope.header_crc32c = esp_crc32c(0, bytes + sizeof envelope, envelope.header_length);
  envelope.values_crc32c = esp_crc32c(0, bytes + values, envelope.values_length);
  envelope.prefix_crc32c = esp_crc32c(0, &envelope, offsetof(Envelope, prefix_crc32c));
  memcpy(bytes, &envelope, sizeof envelope);
  return envelope.file_length;
}

}  // namespace fuzz
