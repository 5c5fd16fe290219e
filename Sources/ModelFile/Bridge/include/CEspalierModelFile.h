// The model file as C structs: what the builder takes and what the verified reader gives.
//
// FlatBuffers stays behind this header. The specification of the file is in ../../model.fbs.
#ifndef CESPALIER_MODEL_FILE_H
#define CESPALIER_MODEL_FILE_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { ESP_MODEL_MAX_RANK = 8, ESP_MODEL_MAX_TEXT = 1024 };

/// The version this code writes.
enum { ESP_MODEL_MAJOR = 1, ESP_MODEL_MINOR = 2 };

/// Sizes of the envelope, in bytes.
enum { ESP_MODEL_PREFIX = 64, ESP_MODEL_ALIGNMENT = 64 };

/// Bytes of text in the file; not terminated.
typedef struct esp_text {
  const char *bytes;
  uint32_t length;
} esp_text;

/// A range of the values segment, in bytes from its start.
typedef struct esp_range {
  uint64_t offset, length;
} esp_range;

typedef struct esp_model_tensor {
  int32_t type;  // esp_type: ONNX's code
  int32_t rank;
  int64_t dims[ESP_MODEL_MAX_RANK];
  /// Constants lie in the values segment, the rest in the arena; offset is 64-byte aligned in either.
  int32_t is_constant;
  uint64_t offset;
  /// The tensor of the arena within whose bytes this one lies, under dims of its own; -1 for none.
  int32_t view_of;
  esp_text name;
} esp_model_tensor;

typedef struct esp_model_step {
  uint16_t kind;
  const int32_t *inputs;  // tensor numbers; -1 for an input left out
  uint32_t input_count;
  const int32_t *outputs;
  uint32_t output_count;
  const int64_t *integers;
  uint32_t integer_count;
  const float *floats;
  uint32_t float_count;
  int32_t weight;  // -1 for none
  uint64_t multiply_accumulates;  // of the dense layer
  esp_text name, operation;  // source node and its ONNX operator
} esp_model_step;

typedef struct esp_model_weight {
  uint8_t encoding;  // the schema's WeightEncoding
  uint8_t packing;   // esp_packing
  int32_t element;   // ONNX's code of the values' type
  int32_t rows, columns, groups, panel_height, panels_per_list, column_block;
  /// block: O and I; N:M: N and M, with V in pattern[2]. 0 where unused.
  int32_t pattern[3];
  uint64_t nonzero_count;
  esp_range values;
  const uint32_t *counts;
  uint32_t count_count;
  /// Column lists: 16-bit where columns <= 65536, else 32-bit; one of the two is empty.
  const uint16_t *columns16;
  uint32_t columns16_count;
  const uint32_t *columns32;
  uint32_t columns32_count;
  const uint16_t *stream;
  uint32_t stream_count;
  /// Why this encoding, in a sentence.
  esp_text reason;
  /// Of the choice and of the dense weight, as measured; both 0 where nothing was.
  uint64_t nanoseconds, dense_nanoseconds;
} esp_model_weight;

typedef struct esp_model_summary {
  uint16_t major, minor;
  uint64_t features;
  uint32_t tensor_count, step_count, weight_count, input_count, output_count;
  const int32_t *inputs, *outputs;  // tensor numbers
  uint64_t arena_bytes;
  esp_text producer, source, device;
  /// The values segment within the file.
  const uint8_t *values;
  uint64_t values_length;
} esp_model_summary;

/// Why a file is refused by the first two gates.
typedef enum esp_model_status {
  ESP_MODEL_OK = 0,
  ESP_MODEL_TOO_SHORT = 1,
  ESP_MODEL_BAD_MAGIC = 2,
  ESP_MODEL_BAD_LENGTH = 3,
  ESP_MODEL_NEWER_VERSION = 4,
  ESP_MODEL_UNKNOWN_FEATURE = 5,
  ESP_MODEL_BAD_CHECKSUM = 6,
  ESP_MODEL_BAD_SEGMENT = 7,
  ESP_MODEL_BAD_STRUCTURE = 8,  // the FlatBuffers verifier refused, or a required field is absent
  ESP_MODEL_MISALIGNED = 9,
} esp_model_status;

/// A verified file; points into the bytes it was opened on.
typedef struct esp_model {
  const void *root;
  esp_model_summary summary;
} esp_model;

/// Gates 1 (envelope) and 2 (structure). `bytes` must be 64-byte aligned and stay unchanged and mapped.
/// On refusal `*place` is a byte offset within the file. Where `summed` is not null it is called with
/// each piece of the values segment once that is summed.
typedef void esp_model_summed(const void *bytes, size_t length);
esp_model_status esp_model_open(const void *bytes, size_t length, esp_model_summed *summed,
                                esp_model *model, uint64_t *place);

/// Each fills `*out`; the index must be below its count in the summary.
void esp_model_get_tensor(const esp_model *, uint32_t index, esp_model_tensor *out);
void esp_model_get_step(const esp_model *, uint32_t index, esp_model_step *out);
void esp_model_get_weight(const esp_model *, uint32_t index, esp_model_weight *out);

/// CRC-32C (Castagnoli) of the bytes, continuing from `crc` (0 to start).
uint32_t esp_crc32c(uint32_t crc, const void *bytes, size_t length);
/// The sum of two pieces of which the second has so many bytes, from the sums of each.
uint32_t esp_crc32c_join(uint32_t first, uint32_t second, uint64_t second_length);
/// The same as esp_crc32c without the processor's instruction.
uint32_t esp_crc32c_portable(uint32_t crc, const void *bytes, size_t length);

/// Everything the builder needs; offsets and ranges as in the structs above.
typedef struct esp_model_contents {
  const esp_model_tensor *tensors;
  const esp_model_step *steps;
  const esp_model_weight *weights;
  uint32_t tensor_count, step_count, weight_count;
  const int32_t *inputs, *outputs;
  uint32_t input_count, output_count;
  uint64_t features, arena_bytes;
  esp_text producer, source, device;
  uint64_t values_length;
} esp_model_contents;

/// Envelope, still without the sum of the values, and header: the file up to the values segment, padded
/// so that the values follow. Returns malloc'd bytes (free with esp_model_free), or null where the header
/// would be 1 GiB or more or there is no memory. `values_length` must be a multiple of 64, ranks at
/// most ESP_MODEL_MAX_RANK, texts at most ESP_MODEL_MAX_TEXT.
uint8_t *esp_model_build_prefix(const esp_model_contents *, size_t *length);
void esp_model_free(uint8_t *);
/// Puts the sum of the values segment into a prefix that was built without it.
void esp_model_seal(uint8_t *prefix, uint32_t values_crc32c);

/// A file that appears under its name whole or not at all: written beside it under another name, then
/// synchronised and renamed.
typedef struct esp_file_writer esp_file_writer;

/// Starts the file that will be `path`. Returns null and sets `*error` to an errno value on failure,
/// also where `path` is there already and no regular file.
esp_file_writer *esp_file_begin(const char *path, int *error);
/// Gives the file its length; bytes that are never written are zero. Returns 0 or errno.
int esp_file_resize(esp_file_writer *, uint64_t length);
/// Writes a range, from any thread; returns 0 or errno.
int esp_file_write(esp_file_writer *, const void *bytes, size_t length, uint64_t offset);
/// Maps what has been written, to be read before the file gets its name; at a page's start. Returns 0
/// or errno. esp_file_unmap ends it.
int esp_file_map(esp_file_writer *, const void **bytes, size_t *length);
void esp_file_unmap(const void *bytes, size_t length);
/// Lets go of the memory of whole pages within a piece of such a mapping; they are read again when
/// needed. An `esp_model_summed`.
void esp_file_let_go(const void *bytes, size_t length);
/// Gives the file its name and frees the writer; on failure nothing is left. Returns 0 or errno.
int esp_file_commit(esp_file_writer *);
/// Leaves nothing behind and frees the writer.
void esp_file_abandon(esp_file_writer *);

#ifdef __cplusplus
}
#endif
#endif
