#define _GNU_SOURCE
#include "CEspalierBLAS.h"

#include <sched.h>
#include <stdlib.h>
#include <string.h>

// Declared here, so that no particular package's headers are needed.
enum {
  ROW_MAJOR = 101,
  NO_TRANSPOSE = 111,
  TRANSPOSE = 112,
  UPPER = 121,
  NO_UNIT_DIAGONAL = 131,
  LEFT = 141
};
void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
void cblas_dgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, double alpha,
                 const double *a, int lda, const double *b, int ldb, double beta, double *c,
                 int ldc);
void cblas_ssyrk(int order, int triangle, int transpose, int n, int k, float alpha, const float *a,
                 int lda, float beta, float *c, int ldc);
void cblas_dtrsm(int order, int side, int triangle, int transpose, int diagonal, int m, int n,
                 double alpha, const double *a, int lda, double *b, int ldb);
void dpotrf_(const char *triangle, const int *n, double *a, const int *lda, int *info);
void dpotrs_(const char *triangle, const int *n, const int *count, const double *a, const int *lda,
             double *b, const int *ldb, int *info);
void dpotri_(const char *triangle, const int *n, double *a, const int *lda, int *info);
void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
             double *values, double *work, const int *work_size, int *integers,
             const int *integers_size, int *info);
int openblas_get_num_threads(void);
void openblas_set_num_threads(int count);

// OpenBLAS keeps one count of threads for the process, cuts work by it and rounds accordingly: what
// one caller gets would depend on the others. So it is one, from before the first call, for good.
__attribute__((constructor)) static void stay_at_one_thread(void) { openblas_set_num_threads(1); }

void espalier_sgemm(bool transpose_a, bool transpose_b, int32_t rows, int32_t columns,
                    int32_t inner, float alpha, const float *a, int32_t lda, const float *b,
                    int32_t ldb, float beta, float *c, int32_t ldc) {
  cblas_sgemm(ROW_MAJOR, transpose_a ? TRANSPOSE : NO_TRANSPOSE,
              transpose_b ? TRANSPOSE : NO_TRANSPOSE, rows, columns, inner, alpha, a, lda, b, ldb,
              beta, c, ldc);
}

void espalier_dgemm(bool transpose_a, bool transpose_b, int32_t rows, int32_t columns,
                    int32_t inner, double alpha, const double *a, int32_t lda, const double *b,
                    int32_t ldb, double beta, double *c, int32_t ldc) {
  cblas_dgemm(ROW_MAJOR, transpose_a ? TRANSPOSE : NO_TRANSPOSE,
              transpose_b ? TRANSPOSE : NO_TRANSPOSE, rows, columns, inner, alpha, a, lda, b, ldb,
              beta, c, ldc);
}

void espalier_ssyrk(int32_t size, int32_t inner, const float *a, int32_t lda, float beta, float *c,
                    int32_t ldc) {
  cblas_ssyrk(ROW_MAJOR, UPPER, NO_TRANSPOSE, size, inner, 1, a, lda, beta, c, ldc);
}

void espalier_dtrsm(int32_t rows, int32_t columns, const double *factor, int32_t lda, double *b,
                    int32_t ldb) {
  cblas_dtrsm(ROW_MAJOR, LEFT, UPPER, TRANSPOSE, NO_UNIT_DIAGONAL, rows, columns, 1, factor, lda, b,
              ldb);
}

// LAPACK counts columns first: its lower triangle is the upper one of rows.
int32_t espalier_dpotrf(int32_t size, double *a, int32_t lda) {
  int info = 0;
  dpotrf_("L", &size, a, &lda, &info);
  return info;
}

void espalier_dpotrs(int32_t size, int32_t count, const double *factor, int32_t lda, double *rows,
                     int32_t ldb) {
  int info = 0;
  dpotrs_("L", &size, &count, factor, &lda, rows, &ldb, &info);
}

// The routines below sum in another order where a matrix does not begin at a vector's boundary, so
// they work on copies that do.
static void *aligned(size_t size, size_t count) {
  return aligned_alloc(64, (size * count + 63) / 64 * 64);
}
static void copy(int32_t size, const double *from, int32_t lda, double *to, int32_t ldb) {
  for (int32_t row = 0; row < size; row++) {
    memcpy(to + (size_t)row * (size_t)ldb, from + (size_t)row * (size_t)lda,
           sizeof(double) * (size_t)size);
  }
}

int32_t espalier_dpotri(int32_t size, double *factor, int32_t lda) {
  int info = size;
  double *own = aligned(sizeof(double), (size_t)size * (size_t)size);
  if (own) {
    copy(size, factor, lda, own, size);
    dpotri_("L", &size, own, &size, &info);
    copy(size, own, size, factor, lda);
  }
  free(own);
  return info;
}

int32_t espalier_dsyevd(int32_t size, double *a, int32_t lda, double *values) {
  int info = 0, query = -1, integer_size = 0;
  double best = 0;
  dsyevd_("V", "L", &size, a, &lda, values, &best, &query, &integer_size, &query, &info);
  int work_size = (int)best;
  double *own = aligned(sizeof(double), (size_t)size * (size_t)size);
  double *numbers = aligned(sizeof(double), (size_t)size);
  double *work = aligned(sizeof(double), (size_t)work_size);
  int *integers = aligned(sizeof(int), (size_t)integer_size);
  if (own && numbers && work && integers) {
    copy(size, a, lda, own, size);
    dsyevd_("V", "L", &size, own, &size, numbers, work, &work_size, integers, &integer_size, &info);
    copy(size, own, size, a, lda);
    memcpy(values, numbers, sizeof(double) * (size_t)size);
  } else {
    info = size;
  }
  free(own);
  free(numbers);
  free(work);
  free(integers);
  return info;
}

int32_t espalier_blas_threads(void) { return openblas_get_num_threads(); }

int32_t espalier_allowed_cores(void) {
  cpu_set_t cores;
  return sched_getaffinity(0, sizeof cores, &cores) == 0 ? CPU_COUNT(&cores) : 1;
}
