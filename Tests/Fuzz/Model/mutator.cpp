// libFuzzer's two hooks: how an input becomes another. What they make has right lengths and sums, but for
// a few, so that it passes the envelope and meets the gates behind it.
#include <algorithm>
#include <cstring>

#include "mutations.h"

extern "C" size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t capacity);

namespace {

size_t put(const std::vector<uint8_t> &file, uint8_t *data, size_t size, size_t capacity) {
  if (file.empty() || file.size() > capacity) return size;
  memcpy(data, file.data(), file.size());
  return file.size();
}

/// Bytes of the header, wherever the tables of the FlatBuffer lie.
size_t mutate_header(uint8_t *data, size_t size, size_t capacity, fuzz::Random &random) {
  if (size < 128) return LLVMFuzzerMutate(data, size, capacity);
  uint32_t header;
  memcpy(&header, data + 48, sizeof header);
  const size_t end = std::min<size_t>(size, 64 + size_t(std::min<uint32_t>(header, 1 << 20)));
  if (end <= 64) return fuzz::seal(data, size, capacity);
  for (size_t i = 0, count = 1 + random.below(3); i < count; i++) {
    const size_t at = 64 + random.below(end - 64);
    if (random.one_in(2)) {
      data[at] = uint8_t(random.one_in(2) ? data[at] ^ (1u << random.below(8)) : random.next());
    } else if (at / 4 * 4 + 4 <= end) {  // a table or a list that begins elsewhere, or has another length
      uint32_t word;
      memcpy(&word, data + at / 4 * 4, sizeof word);
      word += uint32_t(random.between(-32, 32)) * (random.one_in(2) ? 4 : 1);
      memcpy(data + at / 4 * 4, &word, sizeof word);
    }
  }
  return fuzz::seal(data, size, capacity);
}

}  // namespace

extern "C" size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t capacity,
                                          unsigned seed) {
  fuzz::Random random(seed);
  if (random.one_in(200)) return LLVMFuzzerMutate(data, size, capacity);
  if (random.one_in(20)) return mutate_header(data, size, capacity, random);
  fuzz::Document document;
  if (!document.read(data, size)) return mutate_header(data, size, capacity, random);
  const size_t count = random.one_in(3) ? 2 + random.below(4) : 1;
  for (size_t i = 0; i < count; i++) fuzz::mutate(document, random);
  if (!random.one_in(8)) document.place_tensors(random.one_in(2));
  if (!random.one_in(4)) document.place_constants();
  if (!random.one_in(4)) document.drop_unused_values();
  return put(document.write(), data, size, capacity);
}

extern "C" size_t LLVMFuzzerCustomCrossOver(const uint8_t *first, size_t first_size,
                                            const uint8_t *second, size_t second_size, uint8_t *out,
                                            size_t capacity, unsigned seed) {
  fuzz::Random random(seed);
  // One of six: else libFuzzer, which would cross every second time, asks for a mutation instead.
  if (!random.one_in(6)) return 0;
  fuzz::Document document, other;
  if (!document.read(first, first_size) || !other.read(second, second_size)) return 0;
  fuzz::cross(document, other, random);
  if (!random.one_in(4)) document.place_tensors(random.one_in(2));
  return put(document.write(), out, 0, capacity);
}
