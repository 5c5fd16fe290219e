// The first 64 bytes of a model file; the specification is in ../model.fbs, section 1.
#ifndef ESP_MODEL_ENVELOPE_H
#define ESP_MODEL_ENVELOPE_H

#include <stdint.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ != __ORDER_LITTLE_ENDIAN__
#error "model files are little-endian and used in place: this processor cannot read them"
#endif

/// As the bytes lie in the file: every field is naturally aligned, so there is no padding.
struct Envelope {
  uint8_t magic[8];
  uint16_t major, minor;
  uint32_t header_offset;
  uint64_t features;
  uint64_t file_length;
  uint64_t values_offset, values_length;
  uint32_t header_length, header_crc32c;
  uint32_t values_crc32c;
  uint32_t prefix_crc32c;  // of all bytes before it
};

static_assert(sizeof(Envelope) == 64, "the envelope is 64 bytes");

constexpr uint8_t envelope_magic[8] = {0x89, 'E', 'S', 'P', '\r', '\n', 0x1A, '\n'};

/// Of `features`: values start at the next multiple of 64 behind the header, not of 4096.
constexpr uint64_t envelope_compact = uint64_t(1) << 63;

/// Where the values start behind a header of that length.
constexpr uint64_t envelope_values_offset(uint64_t header_length, uint64_t features) {
  const uint64_t step = (features & envelope_compact) != 0 ? 64 : 4096;
  return (64 + header_length + step - 1) / step * step;
}

#endif
