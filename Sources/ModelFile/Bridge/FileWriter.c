// Files that appear whole or not at all.
#define _GNU_SOURCE  // strndup, O_CLOEXEC, madvise under -std=c17

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "include/CEspalierModelFile.h"

enum { MOST_ATTEMPTS = 100, SUFFIX_BYTES = 48 };

struct esp_file_writer {
  int file;
  char *path, *temporary;
};

static void release(esp_file_writer *writer) {
  free(writer->path);
  free(writer->temporary);
  free(writer);
}

/// Opens a new file beside `writer->path`; returns 0 or errno.
static int open_temporary(esp_file_writer *writer) {
  const size_t length = strlen(writer->path) + SUFFIX_BYTES;
  writer->temporary = malloc(length);
  if (writer->temporary == NULL) return ENOMEM;
  for (int attempt = 0; attempt < MOST_ATTEMPTS; attempt++) {
    snprintf(writer->temporary, length, "%s.%ld-%d.part", writer->path, (long)getpid(), attempt);
    writer->file = open(writer->temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (writer->file >= 0) return 0;
    if (errno != EEXIST) return errno;
  }
  return EEXIST;
}

esp_file_writer *esp_file_begin(const char *path, int *error) {
  struct stat present;
  // A rename would replace a device or a pipe by a file.
  if (stat(path, &present) == 0 && !S_ISREG(present.st_mode)) {
    *error = S_ISDIR(present.st_mode) ? EISDIR : EEXIST;
    return NULL;
  }
  esp_file_writer *writer = malloc(sizeof *writer);
  if (writer == NULL) {
    *error = ENOMEM;
    return NULL;
  }
  writer->temporary = NULL;
  writer->path = strdup(path);
  *error = writer->path == NULL ? ENOMEM : open_temporary(writer);
  if (*error != 0) {
    release(writer);
    return NULL;
  }
  return writer;
}

int esp_file_resize(esp_file_writer *writer, uint64_t length) {
  return ftruncate(writer->file, (off_t)length) == 0 ? 0 : errno;
}

int esp_file_write(esp_file_writer *writer, const void *bytes, size_t length, uint64_t offset) {
  const uint8_t *next = bytes;
  while (length > 0) {
    const ssize_t written = pwrite(writer->file, next, length, (off_t)offset);
    if (written < 0 && errno != EINTR) return errno;
    if (written < 0) continue;
    next += written;
    offset += (uint64_t)written;
    length -= (size_t)written;
  }
  return 0;
}

int esp_file_map(esp_file_writer *writer, const void **bytes, size_t *length) {
  struct stat written;
  if (fstat(writer->file, &written) != 0) return errno;
  *length = (size_t)written.st_size;
  void *mapped = mmap(NULL, *length, PROT_READ, MAP_SHARED, writer->file, 0);
  if (mapped == MAP_FAILED) return errno;
  *bytes = mapped;
  return 0;
}

void esp_file_unmap(const void *bytes, size_t length) { munmap((void *)(uintptr_t)bytes, length); }

void esp_file_let_go(const void *bytes, size_t length) {
  const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
  const uintptr_t first = ((uintptr_t)bytes + page - 1) / page * page;
  const uintptr_t end = ((uintptr_t)bytes + length) / page * page;
  // The mapping is of a file and shared, so that nothing but time is lost, here or where this fails.
  if (first < end) madvise((void *)first, end - first, MADV_DONTNEED);
}

/// Makes the new name survive a power cut; file systems that cannot are none of our business.
static void synchronise_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  char *folder = slash == NULL ? strdup(".") : strndup(path, (size_t)(slash - path) + 1);
  if (folder == NULL) return;
  const int file = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (file >= 0) {
    fsync(file);
    close(file);
  }
  free(folder);
}

int esp_file_commit(esp_file_writer *writer) {
  int error = fsync(writer->file) == 0 ? 0 : errno;
  if (close(writer->file) != 0 && error == 0) error = errno;
  if (error == 0 && rename(writer->temporary, writer->path) != 0) error = errno;
  if (error == 0) {
    synchronise_folder(writer->path);
  } else {
    unlink(writer->temporary);
  }
  release(writer);
  return error;
}

void esp_file_abandon(esp_file_writer *writer) {
  close(writer->file);
  unlink(writer->temporary);
  release(writer);
}
