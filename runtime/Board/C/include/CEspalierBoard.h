// What the runtime asks of Linux: mapped files, clocks, cores, sysfs text and output.
//
// Swift's Glibc module does not exist in Embedded mode, so libc is reached through these functions.
// Failures return a negative errno value.
#ifndef CESPALIER_BOARD_H
#define CESPALIER_BOARD_H

#include <stddef.h>
#include <stdint.h>

/// Why a file could not be used, where errno has no word for it.
enum { ESP_BOARD_NOT_REGULAR = -100001, ESP_BOARD_TOO_LARGE = -100002 };

/// Maps a regular file read-only and brings its pages in. An empty file gives null and length 0.
int esp_board_map(const char *path, uint64_t limit, const void **bytes, size_t *length);
/// Null is nothing to unmap.
void esp_board_unmap(const void *bytes, size_t length);
/// Puts memory of the process's own in place of a mapping's first bytes, rounded up to pages, so that who
/// changes the file does not change them. Returns 0 or a negative errno value.
int esp_board_copy_prefix(const void *bytes, size_t length, size_t prefix);

/// Reads at most `capacity` bytes of a small text file such as sysfs holds; returns the count.
int esp_board_read_text(const char *path, char *text, size_t capacity);

/// Writes header and body to a file beside `path`, flushes it, and renames it to `path`.
int esp_board_write(const char *path, const void *header, size_t header_length, const void *body,
                    size_t body_length);
/// Makes the folder where it does not exist yet.
int esp_board_make_folder(const char *path);

/// Writes to standard output (1) or standard error (2).
int esp_board_print(int descriptor, const void *text, size_t length);

/// CLOCK_MONOTONIC, in nanoseconds.
uint64_t esp_board_now(void);

/// How many cores this process may run on; with `cores`, the first `capacity` of their numbers.
int esp_board_cores(int32_t *cores, int32_t capacity);

/// Text for a (negative) status; points to static or thread-owned storage.
const char *esp_board_explain(int status);

#endif
