// A model file taken apart, for mutations: every field of model.fbs, free to hold what it must not.
#ifndef ESPALIER_FUZZ_DOCUMENT_H
#define ESPALIER_FUZZ_DOCUMENT_H

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "CEspalierModelFile.h"

namespace fuzz {

struct Tensor {
  esp_model_tensor row;
  std::string name;

  /// Bytes of its elements; -1 where they are no sane number.
  int64_t byte_count() const;
};

struct Step {
  esp_model_step row;
  std::vector<int32_t> inputs, outputs;
  std::vector<int64_t> integers;
  std::vector<float> floats;
  std::string name;
};

struct Weight {
  esp_model_weight row;
  std::vector<uint32_t> counts, columns32;
  std::vector<uint16_t> columns16, stream;
};

struct Document {
  std::vector<Tensor> tensors;
  std::vector<Step> steps;
  std::vector<Weight> weights;
  std::vector<int32_t> inputs, outputs;
  uint64_t arena_bytes = 0;
  std::vector<uint8_t> values;

  /// Takes a file apart. False where its first two gates refuse it, or it is too large to be worth it.
  bool read(const uint8_t *bytes, size_t length);
  /// The file, with right lengths and sums; empty where it cannot be built.
  std::vector<uint8_t> write() const;

  /// Gives arena tensors new places side by side. Where `keeps_sharing`, those that began at one place
  /// still do.
  void place_tensors(bool keeps_sharing);
  /// Gives values to constants that reach beyond their segment.
  void place_constants();
  /// Leaves of the values what constants and weights name; each gets a place of its own.
  void drop_unused_values();
  /// Makes room for so many bytes of small numbers at the end of the values; returns where.
  uint64_t add_values(uint64_t count);
  /// Puts another document's tensors, steps and weights behind these.
  void append(const Document &other);
};

/// Makes lengths and sums of an envelope right for the bytes that follow it; returns how many bytes of
/// them are the file, 0 where they can be none.
size_t seal(uint8_t *bytes, size_t length, size_t capacity);

}  // namespace fuzz

#endif
