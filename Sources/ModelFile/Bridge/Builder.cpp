// Builds the part of a model file in front of its values. Apart from the reader, because the
// library's builder needs the C++ library, which boards do without.
#include <stdlib.h>
#include <string.h>

#include <map>
#include <string>

#include "Envelope.h"
#include "generated/model_generated.h"
#include "include/CEspalierModelFile.h"

using namespace espalier::model;
using flatbuffers::FlatBufferBuilder;
using flatbuffers::Offset;
using flatbuffers::String;
using flatbuffers::Vector;

namespace {

/// FlatBuffers end at 2 GiB, and its builder doubles its memory as it grows.
constexpr uint64_t largest_header = uint64_t(1) << 30;

uint64_t size_of(const esp_model_contents *contents) {
  uint64_t bytes = 4096 + 4 * uint64_t(contents->input_count + contents->output_count);
  for (uint32_t i = 0; i < contents->tensor_count; i++) {
    bytes += 256 + contents->tensors[i].name.length;
  }
  for (uint32_t i = 0; i < contents->step_count; i++) {
    const esp_model_step *step = &contents->steps[i];
    bytes += 256 + 4 * uint64_t(step->input_count) + 4 * uint64_t(step->output_count)
           + 8 * uint64_t(step->integer_count) + 4 * uint64_t(step->float_count)
           + step->name.length + step->operation.length;
  }
  for (uint32_t i = 0; i < contents->weight_count; i++) {
    const esp_model_weight *weight = &contents->weights[i];
    bytes += 256 + 4 * uint64_t(weight->count_count) + 2 * uint64_t(weight->columns16_count)
           + 4 * uint64_t(weight->columns32_count) + 2 * uint64_t(weight->stream_count)
           + weight->reason.length;
  }
  return bytes;
}

/// Writes short vectors and texts that repeat once: shapes, windows, names of operators. Long ones stay
/// apart, since a reader bounds what all of them claim to hold by the header's length.
class Header {
 public:
  explicit Header(size_t estimate) : builder(estimate) {}

  template <typename T>
  Offset<Vector<T>> vector(const T *elements, size_t count) {
    return Offset<Vector<T>>(shared(char('0' + sizeof(T)), elements, count * sizeof(T), [&] {
      return builder.CreateVector(elements, count).o;
    }));
  }

  /// An empty vector is left out where the reader allows.
  template <typename T>
  Offset<Vector<T>> optional(const T *elements, size_t count) {
    return count == 0 ? Offset<Vector<T>>() : vector(elements, count);
  }

  Offset<String> text(esp_text text) {
    if (text.length == 0) return Offset<String>();
    return Offset<String>(shared('t', text.bytes, text.length, [&] {
      return builder.CreateString(text.bytes, text.length).o;
    }));
  }

  FlatBufferBuilder builder;

 private:
  /// Bytes that one table may share, about what it takes itself.
  static constexpr size_t longest = 80;

  template <typename Make>
  flatbuffers::uoffset_t shared(char kind, const void *bytes, size_t count, Make make) {
    if (count > longest) return make();
    std::string key(1, kind);
    if (count > 0) key.append(static_cast<const char *>(bytes), count);
    const auto known = written_.find(key);
    return known != written_.end() ? known->second : (written_[key] = make());
  }

  std::map<std::string, flatbuffers::uoffset_t> written_;
};

Offset<Tensor> tensor(Header &header, const esp_model_tensor &tensor) {
  const auto dims = header.vector(tensor.dims, size_t(tensor.rank));
  const auto name = header.text(tensor.name);
  return CreateTensor(header.builder, tensor.type, dims, tensor.is_constant != 0, tensor.offset, name,
                      tensor.view_of);
}

Offset<Step> step(Header &header, const esp_model_step &step) {
  const auto inputs = header.vector(step.inputs, step.input_count);
  const auto outputs = header.vector(step.outputs, step.output_count);
  const auto integers = header.optional(step.integers, step.integer_count);
  const auto floats = header.optional(step.floats, step.float_count);
  const auto name = header.text(step.name);
  const auto operation = header.text(step.operation);
  return CreateStep(header.builder, step.kind, inputs, outputs, integers, floats, step.weight,
                    step.multiply_accumulates, name, operation);
}

Offset<Weight> weight(Header &header, const esp_model_weight &weight) {
  const auto pattern = header.vector(weight.pattern, 3);
  const auto counts = header.optional(weight.counts, weight.count_count);
  const auto columns16 = header.optional(weight.columns16, weight.columns16_count);
  const auto columns32 = header.optional(weight.columns32, weight.columns32_count);
  const auto stream = header.optional(weight.stream, weight.stream_count);
  const auto reason = header.text(weight.reason);
  const Range values(weight.values.offset, weight.values.length);
  return CreateWeight(header.builder, WeightEncoding(weight.encoding), WeightPacking(weight.packing),
                      weight.rows, weight.columns, weight.groups, weight.panel_height,
                      weight.panels_per_list, weight.column_block, pattern,
                      weight.nonzero_count, &values, counts, columns16, columns32, stream, reason,
                      weight.nanoseconds, weight.dense_nanoseconds, weight.element);
}

/// A vector of tables, each made by `make` from one element.
template <typename Table, typename Element, typename Make>
Offset<Vector<Offset<Table>>> tables(Header &header, const Element *elements,
                                     uint32_t count, Make make) {
  auto *offsets = static_cast<Offset<Table> *>(malloc((count + size_t(1)) * sizeof(Offset<Table>)));
  if (offsets == nullptr) return Offset<Vector<Offset<Table>>>();
  for (uint32_t i = 0; i < count; i++) offsets[i] = make(header, elements[i]);
  const auto vector = header.builder.CreateVector(offsets, count);
  free(offsets);
  return vector;
}

}  // namespace

uint8_t *esp_model_build_prefix(const esp_model_contents *contents, size_t *length) {
  *length = 0;
  const uint64_t estimate = size_of(contents);
  if (estimate >= largest_header) return nullptr;

  Header header(static_cast<size_t>(estimate));
  FlatBufferBuilder &builder = header.builder;
  const auto tensors =
      tables<Tensor>(header, contents->tensors, contents->tensor_count, tensor);
  const auto steps = tables<Step>(header, contents->steps, contents->step_count, step);
  const auto weights =
      tables<Weight>(header, contents->weights, contents->weight_count, weight);
  if (tensors.IsNull() || steps.IsNull() || weights.IsNull()) return nullptr;
  const auto inputs = builder.CreateVector(contents->inputs, contents->input_count);
  const auto outputs = builder.CreateVector(contents->outputs, contents->output_count);
  const auto producer = header.text(contents->producer);
  const auto source = header.text(contents->source);
  const auto device = header.text(contents->device);
  FinishModelBuffer(builder, CreateModel(builder, tensors, steps, weights, inputs, outputs,
                                         contents->arena_bytes, producer, source, device));

  const uint64_t header_length = builder.GetSize();
  const uint64_t features = contents->features | envelope_compact;
  const uint64_t values_offset = envelope_values_offset(header_length, features);
  auto *bytes = static_cast<uint8_t *>(calloc(size_t(values_offset), 1));
  if (bytes == nullptr) return nullptr;
  memcpy(bytes + ESP_MODEL_PREFIX, builder.GetBufferPointer(), size_t(header_length));

  Envelope envelope = {};
  memcpy(envelope.magic, envelope_magic, sizeof envelope_magic);
  envelope.major = ESP_MODEL_MAJOR;
  envelope.minor = ESP_MODEL_MINOR;
  envelope.header_offset = ESP_MODEL_PREFIX;
  envelope.features = features;
  envelope.file_length = values_offset + contents->values_length;
  envelope.values_offset = values_offset;
  envelope.values_length = contents->values_length;
  envelope.header_length = uint32_t(header_length);
  envelope.header_crc32c = esp_crc32c(0, bytes + ESP_MODEL_PREFIX, size_t(header_length));
  memcpy(bytes, &envelope, sizeof envelope);
  *length = size_t(values_offset);
  return bytes;
}

void esp_model_seal(uint8_t *prefix, uint32_t values_crc32c) {
  Envelope envelope;
  memcpy(&envelope, prefix, sizeof envelope);
  envelope.values_crc32c = values_crc32c;
  envelope.prefix_crc32c = esp_crc32c(0, &envelope, offsetof(Envelope, prefix_crc32c));
  memcpy(prefix, &envelope, sizeof envelope);
}

void esp_model_free(uint8_t *bytes) { free(bytes); }
