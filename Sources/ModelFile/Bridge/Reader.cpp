// Gates 1 and 2 of a model file, and access to what passed them. Needs no C++ library at link time.
#include <string.h>

#include "Envelope.h"
#include "generated/model_generated.h"
#include "include/CEspalierModelFile.h"

using namespace espalier::model;

namespace {

struct Refusal {
  esp_model_status status;
  uint64_t place;
};

constexpr Refusal accepted = {ESP_MODEL_OK, 0};

/// A feature bit for each packing of the schema, and the envelope's own.
uint64_t known_features() {
  uint64_t bits = envelope_compact;
  for (const WeightPacking packing : EnumValuesWeightPacking()) bits |= uint64_t(1) << unsigned(packing);
  return bits;
}

bool is_zero(const uint8_t *bytes, uint64_t count, uint64_t *at) {
  for (uint64_t i = 0; i < count; i++) {
    if (bytes[i] != 0) {
      *at = i;
      return false;
    }
  }
  return true;
}

/// The sum of the values segment, piece by piece, so that a caller need not hold it whole.
uint32_t sum_values(const uint8_t *values, uint64_t length, esp_model_summed *summed) {
  constexpr uint64_t piece = uint64_t(1) << 22;
  uint32_t sum = 0;
  for (uint64_t at = 0; at < length; at += piece) {
    const size_t count = size_t(length - at < piece ? length - at : piece);
    sum = esp_crc32c(sum, values + at, count);
    if (summed != nullptr) summed(values + at, count);
  }
  return sum;
}

/// Gate 1: magic, version, features, lengths, padding and checksums.
Refusal check_envelope(const uint8_t *bytes, uint64_t length, esp_model_summed *summed,
                       Envelope *envelope) {
  for (uint64_t i = 0; i < sizeof(envelope_magic) && i < length; i++) {
    if (bytes[i] != envelope_magic[i]) return {ESP_MODEL_BAD_MAGIC, i};
  }
  if (length < ESP_MODEL_PREFIX) return {ESP_MODEL_TOO_SHORT, length};
  memcpy(envelope, bytes, sizeof *envelope);
  // The version comes first: another major version may mean another envelope.
  if (envelope->major != ESP_MODEL_MAJOR) {
    return {ESP_MODEL_NEWER_VERSION, offsetof(Envelope, major)};
  }
  const size_t prefix = offsetof(Envelope, prefix_crc32c);
  if (esp_crc32c(0, bytes, prefix) != envelope->prefix_crc32c) {
    return {ESP_MODEL_BAD_CHECKSUM, prefix};
  }
  if ((envelope->features & ~known_features()) != 0) {
    return {ESP_MODEL_UNKNOWN_FEATURE, offsetof(Envelope, features)};
  }
  if (envelope->file_length != length) {
    return {ESP_MODEL_BAD_LENGTH, offsetof(Envelope, file_length)};
  }
  if (envelope->header_offset != ESP_MODEL_PREFIX) {
    return {ESP_MODEL_BAD_SEGMENT, offsetof(Envelope, header_offset)};
  }
  if (envelope->header_length == 0 || envelope->header_length > INT32_MAX) {
    return {ESP_MODEL_BAD_SEGMENT, offsetof(Envelope, header_length)};
  }
  const uint64_t values = envelope_values_offset(envelope->header_length, envelope->features);
  if (envelope->values_offset != values || values > length) {
    return {ESP_MODEL_BAD_SEGMENT, offsetof(Envelope, values_offset)};
  }
  if (envelope->values_length != length - values
      || envelope->values_length % ESP_MODEL_ALIGNMENT != 0) {
    return {ESP_MODEL_BAD_SEGMENT, offsetof(Envelope, values_length)};
  }
  const uint64_t header_end = ESP_MODEL_PREFIX + uint64_t(envelope->header_length);
  uint64_t at = 0;
  if (!is_zero(bytes + header_end, values - header_end, &at)) {
    return {ESP_MODEL_BAD_SEGMENT, header_end + at};
  }
  if (esp_crc32c(0, bytes + ESP_MODEL_PREFIX, envelope->header_length)
      != envelope->header_crc32c) {
    return {ESP_MODEL_BAD_CHECKSUM, ESP_MODEL_PREFIX};
  }
  if (sum_values(bytes + values, envelope->values_length, summed) != envelope->values_crc32c) {
    return {ESP_MODEL_BAD_CHECKSUM, values};
  }
  return accepted;
}

/// Adds up what a header's vectors and texts claim to hold. Vectors may overlap in a hand-made file,
/// so that a small file would take long to read; real ones stay below their header's length.
class Measure {
 public:
  Measure(const uint8_t *file, uint64_t header_length)
      : file_(file), left_(4 * header_length) {}

  template <typename T>
  void vector(const flatbuffers::Vector<T> *vector) {
    if (vector == nullptr || refusal_.status != ESP_MODEL_OK) return;
    // The library's verifier aligns a vector's length, but not elements of 8 bytes; an empty vector
    // has none, and its builder aligns none.
    if (vector->size() > 0 && reinterpret_cast<uintptr_t>(vector->Data()) % sizeof(T) != 0) {
      refuse(ESP_MODEL_MISALIGNED, vector);
    } else {
      spend(uint64_t(vector->size()) * sizeof(T), vector);
    }
  }

  void text(const flatbuffers::String *text) {
    if (text == nullptr || refusal_.status != ESP_MODEL_OK) return;
    if (text->size() > ESP_MODEL_MAX_TEXT) {
      refuse(ESP_MODEL_BAD_STRUCTURE, text);
    } else {
      spend(text->size(), text);
    }
  }

  void demand(bool condition, const void *at) {
    if (!condition && refusal_.status == ESP_MODEL_OK) refuse(ESP_MODEL_BAD_STRUCTURE, at);
  }

  Refusal refusal() const { return refusal_; }

 private:
  void spend(uint64_t bytes, const void *at) {
    if (bytes > left_) {
      refuse(ESP_MODEL_BAD_STRUCTURE, at);
    } else {
      left_ -= bytes;
    }
  }

  void refuse(esp_model_status status, const void *at) {
    refusal_ = {status, uint64_t(static_cast<const uint8_t *>(at) - file_)};
  }

  const uint8_t *file_;
  uint64_t left_;
  Refusal refusal_ = accepted;
};

/// Gate 2: the library's verifier, then what the C structs rely on.
Refusal check_structure(const uint8_t *file, uint64_t header_length) {
  flatbuffers::Verifier::Options options;
  options.max_depth = 16;
  options.max_tables = 262144;
  const uint8_t *header = file + ESP_MODEL_PREFIX;
  flatbuffers::Verifier verifier(header, size_t(header_length), options);
  if (!VerifyModelBuffer(verifier)) return {ESP_MODEL_BAD_STRUCTURE, ESP_MODEL_PREFIX};

  const Model *model = GetModel(header);
  Measure measure(file, header_length);
  measure.vector(model->inputs());
  measure.vector(model->outputs());
  measure.text(model->producer());
  measure.text(model->source());
  measure.text(model->device());
  for (const Tensor *tensor : *model->tensors()) {
    measure.vector(tensor->dims());
    measure.demand(tensor->dims()->size() <= ESP_MODEL_MAX_RANK, tensor->dims());
    measure.text(tensor->name());
  }
  for (const Step *step : *model->steps()) {
    measure.vector(step->inputs());
    measure.vector(step->outputs());
    measure.vector(step->integers());
    measure.vector(step->floats());
    measure.text(step->name());
    measure.text(step->operation());
  }
  for (const Weight *weight : *model->weights()) {
    measure.vector(weight->pattern());
    measure.demand(weight->pattern()->size() == 3, weight->pattern());
    measure.vector(weight->counts());
    measure.vector(weight->columns16());
    measure.vector(weight->columns32());
    measure.vector(weight->stream());
    measure.text(weight->reason());
  }
  return measure.refusal();
}

esp_text text_of(const flatbuffers::String *text) {
  if (text == nullptr) return {nullptr, 0};
  return {text->c_str(), text->size()};
}

/// The elements of a vector that may be absent, in place: the file is little-endian as the processor.
template <typename T>
const T *elements(const flatbuffers::Vector<T> *vector, uint32_t *count) {
  if (vector == nullptr || vector->size() == 0) {
    *count = 0;
    return nullptr;
  }
  *count = vector->size();
  return reinterpret_cast<const T *>(vector->Data());
}

const Model *root_of(const esp_model *model) { return static_cast<const Model *>(model->root); }

}  // namespace

esp_model_status esp_model_open(const void *bytes, size_t length, esp_model_summed *summed,
                                esp_model *model, uint64_t *place) {
  *place = 0;
  if (reinterpret_cast<uintptr_t>(bytes) % ESP_MODEL_ALIGNMENT != 0) return ESP_MODEL_MISALIGNED;
  const uint8_t *file = static_cast<const uint8_t *>(bytes);
  Envelope envelope;
  Refusal refusal = check_envelope(file, length, summed, &envelope);
  if (refusal.status == ESP_MODEL_OK) refusal = check_structure(file, envelope.header_length);
  if (refusal.status != ESP_MODEL_OK) {
    *place = refusal.place;
    return refusal.status;
  }
  const Model *root = GetModel(file + ESP_MODEL_PREFIX);
  model->root = root;
  esp_model_summary *summary = &model->summary;
  memset(summary, 0, sizeof *summary);
  summary->major = envelope.major;
  summary->minor = envelope.minor;
  summary->features = envelope.features;
  summary->tensor_count = root->tensors()->size();
  summary->step_count = root->steps()->size();
  summary->weight_count = root->weights()->size();
  summary->inputs = elements(root->inputs(), &summary->input_count);
  summary->outputs = elements(root->outputs(), &summary->output_count);
  summary->arena_bytes = root->arena_bytes();
  summary->producer = text_of(root->producer());
  summary->source = text_of(root->source());
  summary->device = text_of(root->device());
  summary->values = file + envelope.values_offset;
  summary->values_length = envelope.values_length;
  return ESP_MODEL_OK;
}

void esp_model_get_tensor(const esp_model *model, uint32_t index, esp_model_tensor *out) {
  const Tensor *tensor = root_of(model)->tensors()->Get(index);
  memset(out, 0, sizeof *out);
  out->type = tensor->type();
  out->rank = int32_t(tensor->dims()->size());
  for (int32_t axis = 0; axis < out->rank; axis++) {
    out->dims[axis] = tensor->dims()->Get(flatbuffers::uoffset_t(axis));
  }
  out->is_constant = tensor->is_constant() ? 1 : 0;
  out->offset = tensor->offset();
  out->view_of = tensor->view_of();
  out->name = text_of(tensor->name());
}

void esp_model_get_step(const esp_model *model, uint32_t index, esp_model_step *out) {
  const Step *step = root_of(model)->steps()->Get(index);
  out->kind = step->kind();
  out->inputs = elements(step->inputs(), &out->input_count);
  out->outputs = elements(step->outputs(), &out->output_count);
  out->integers = elements(step->integers(), &out->integer_count);
  out->floats = elements(step->floats(), &out->float_count);
  out->weight = step->weight();
  out->multiply_accumulates = step->multiply_accumulates();
  out->name = text_of(step->name());
  out->operation = text_of(step->operation());
}

void esp_model_get_weight(const esp_model *model, uint32_t index, esp_model_weight *out) {
  const Weight *weight = root_of(model)->weights()->Get(index);
  out->encoding = uint8_t(weight->encoding());
  out->packing = uint8_t(weight->packing());
  out->element = weight->element();
  out->rows = weight->rows();
  out->columns = weight->columns();
  out->groups = weight->groups();
  out->panel_height = weight->panel_height();
  out->panels_per_list = weight->panels_per_list();
  out->column_block = weight->column_block();
  for (uint32_t i = 0; i < 3; i++) out->pattern[i] = weight->pattern()->Get(i);
  out->nonzero_count = weight->nonzero_count();
  out->values = {weight->values()->offset(), weight->values()->length()};
  out->counts = elements(weight->counts(), &out->count_count);
  out->columns16 = elements(weight->columns16(), &out->columns16_count);
  out->columns32 = elements(weight->columns32(), &out->columns32_count);
  out->stream = elements(weight->stream(), &out->stream_count);
  out->reason = text_of(weight->reason());
  out->nanoseconds = weight->nanoseconds();
  out->dense_nanoseconds = weight->dense_nanoseconds();
}
