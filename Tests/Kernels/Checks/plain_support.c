#define _GNU_SOURCE
#include "plain_support.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RUBBISH = 0xA5 };

check check_begin(esp_isa isa, uint64_t seed, char *message, size_t capacity) {
  if (capacity > 0) message[0] = 0;
  return (check){.isa = isa, .seed = seed, .state = seed * 2 + 1, .message = message,
                 .capacity = capacity};
}

static void release(check *c) {
  for (int i = 0; i < c->buffer_count; i++) {
    check_buffer *buffer = &c->buffers[i];
    // Guard pages catch one side; rubbish that has changed shows a write on the other.
    size_t page = (size_t)getpagesize();
    uint8_t *inside = buffer->pages + page, *end = inside + buffer->page_bytes - 2 * page;
    for (uint8_t *p = inside; p < end; p++) {
      if (p == buffer->data) p += buffer->bytes;
      if (p < end && *p != RUBBISH) {
        check_fail(c, "buffer %d of %zu bytes: a write %td bytes from its start", i,
                   buffer->bytes, p - buffer->data);
        break;
      }
    }
    munmap(buffer->pages, buffer->page_bytes);
  }
  c->buffer_count = 0;
}

bool check_next(check *c, int cases) {
  release(c);
  return !c->failed && c->cases++ < cases;
}

int check_end(check *c) {
  release(c);
  return c->failed;
}

uint64_t check_random(check *c) {
  uint64_t z = c->state += 0x9E3779B97F4A7C15u;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
  return z ^ (z >> 31);
}

int64_t check_integer(check *c, int64_t low, int64_t high) {
  return low + (int64_t)(check_random(c) % (uint64_t)(high - low + 1));
}

float check_float(check *c, float low, float high) {
  return low + (high - low) * (float)(check_random(c) >> 40) / 16777215.0f;
}

int64_t check_extent(check *c) {
  switch (check_integer(c, 0, 9)) {
    case 0: case 1: return 1;
    case 2: return check_integer(c, 15, 67);
    case 3: return check_integer(c, 30, 130);
    default: return check_integer(c, 2, 12);
  }
}

static uint8_t *allocate(check *c, size_t bytes, bool is_input) {
  if (c->buffer_count == CHECK_BUFFERS) abort();
  size_t page = (size_t)getpagesize();
  size_t inside = (bytes + page - 1) / page * page;
  if (inside == 0) inside = page;
  check_buffer *buffer = &c->buffers[c->buffer_count++];
  buffer->page_bytes = inside + 2 * page;
  buffer->pages = mmap(NULL, buffer->page_bytes, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (buffer->pages == MAP_FAILED) abort();
  memset(buffer->pages, RUBBISH, buffer->page_bytes);
  mprotect(buffer->pages, page, PROT_NONE);
  mprotect(buffer->pages + page + inside, page, PROT_NONE);
  bool at_end = check_random(c) % 4 != 0;
  buffer->data = buffer->pages + page + (at_end ? inside - bytes : 0);
  buffer->bytes = bytes;
  buffer->is_input = is_input;
  return buffer->data;
}

void *check_input(check *c, size_t bytes) { return allocate(c, bytes, true); }
void *check_output(check *c, size_t bytes) { return allocate(c, bytes, false); }

float *check_floats(check *c, int64_t count, float low, float high) {
  float *values = check_input(c, (size_t)count * sizeof(float));
  for (int64_t i = 0; i < count; i++) values[i] = check_float(c, low, high);
  return values;
}

void *check_elements(check *c, esp_type type, int64_t count) {
  void *values = check_input(c, (size_t)count * check_size(type));
  for (int64_t i = 0; i < count; i++) {
    switch (type) {
      case ESP_F32: ((float *)values)[i] = check_float(c, -4, 4); break;
      case ESP_I32: ((int32_t *)values)[i] = (int32_t)check_integer(c, -9, 9); break;
      case ESP_I64: ((int64_t *)values)[i] = check_integer(c, -9, 9); break;
      case ESP_I8: ((int8_t *)values)[i] = (int8_t)check_integer(c, -9, 9); break;
      case ESP_U8: ((uint8_t *)values)[i] = (uint8_t)check_integer(c, 0, 18); break;
      case ESP_BOOL: ((uint8_t *)values)[i] = (uint8_t)check_integer(c, 0, 1); break;
    }
  }
  return values;
}

void *check_copy_of(check *c, const void *from, size_t bytes) {
  void *to = check_output(c, bytes);
  memcpy(to, from, bytes);
  return to;
}

int32_t check_run(check *c, esp_task task, size_t scratch_bytes) {
  esp_worker worker = {0};
  if (scratch_bytes > 0) worker.scratch = check_output(c, (scratch_bytes + 63) / 64 * 64);
  size_t page = (size_t)getpagesize();
  for (int i = 0; i < c->buffer_count; i++) {
    const check_buffer *buffer = &c->buffers[i];
    if (buffer->is_input) mprotect(buffer->pages + page, buffer->page_bytes - 2 * page, PROT_READ);
  }
  // Pieces of random length; a permutation by a stride that shares no factor with their number.
  int64_t length = task.items > 1 ? check_integer(c, 1, (task.items + 1) / 2) : 1;
  int64_t pieces = (task.items + length - 1) / length, step = 1;
  while (pieces > 2) {
    step = check_integer(c, 1, pieces - 1);
    int64_t a = step, b = pieces;
    while (b != 0) {
      int64_t rest = a % b;
      a = b;
      b = rest;
    }
    if (a == 1) break;
  }
  for (int64_t i = 0, piece = 0; i < pieces; i++, piece = (piece + step) % pieces) {
    int64_t first = piece * length, last = first + length;
    task.run(task.arguments, first, last < task.items ? last : task.items, &worker);
  }
  return worker.fault;
}

void check_fail(check *c, const char *format, ...) {
  if (c->failed) return;
  c->failed = 1;
  int used = snprintf(c->message, c->capacity, "%s, seed %llu, case %d, kind %d: ",
                      esp_isa_name(c->isa), (unsigned long long)c->seed, c->cases, c->kind);
  if (used < 0 || (size_t)used >= c->capacity) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(c->message + used, c->capacity - (size_t)used, format, arguments);
  va_end(arguments);
}

void check_close(check *c, const char *what, int64_t at, double got, double want, double relative,
                 double absolute) {
  double slack = absolute + relative * fabs(want);
  if (isnan(want) ? isnan(got) : isinf(want) ? got == want : fabs(got - want) <= slack) return;
  check_fail(c, "%s at %lld: %.9g, should be %.9g", what, (long long)at, got, want);
}

void check_equal(check *c, const char *what, int64_t at, int64_t got, int64_t want) {
  if (got == want) return;
  check_fail(c, "%s at %lld: %lld, should be %lld", what, (long long)at, (long long)got,
             (long long)want);
}

double check_real(esp_type type, const void *values, int64_t at) {
  return type == ESP_F32 ? (double)((const float *)values)[at]
                         : (double)check_whole(type, values, at);
}

int64_t check_whole(esp_type type, const void *values, int64_t at) {
  switch (type) {
    case ESP_I32: return ((const int32_t *)values)[at];
    case ESP_I64: return ((const int64_t *)values)[at];
    case ESP_I8: return ((const int8_t *)values)[at];
    case ESP_U8: case ESP_BOOL: return ((const uint8_t *)values)[at];
    case ESP_F32: break;
  }
  return (int64_t)((const float *)values)[at];
}
