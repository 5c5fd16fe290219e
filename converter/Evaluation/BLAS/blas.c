#include "CEspalierBLAS.h"

#include <stdlib.h>

// Declared here, so that no particular package's headers are needed.
enum { ROW_MAJOR = 101, NO_TRANSPOSE = 111, TRANSPOSE = 112, UPPER = 121 };
void cblas_sgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, float alpha,
                 const float *a, int lda, const float *b, int ldb, float beta, float *c, int ldc);
void cblas_dgemm(int order, int transpose_a, int transpose_b, int m, int n, int k, double alpha,
                 const double *a, int lda, const double *b, int ldb, double beta, double *c,
                 int ldc);
void cblas_ssyrk(int order, int triangle, int transpose, int n, int k, float alpha, const float *a,
                 int lda, float beta, float *c, int ldc);
void dpotrf_(const char *triangle, const int *n, double *a, const int *lda, int *info);
void dpotrs_(const char *triangle, const int *n, const int *count, const double *a, const int *lda,
             double *b, const int *ldb, int *info);
void dpotri_(const char *triangle, const int *n, double *a, const int *lda, int *info);
void dsyevd_(const char *job, const char *triangle, const int *n, double *a, const int *lda,
             double *values, double *work, const int *work_size, int *integers,
             const int *integers_size, int *info);
int openblas_get_num_threads(void);
void openblas_set_num_threads(int count);

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

int32_t espalier_dpotri(int32_t size, double *factor, int32_t lda) {
  int info = 0;
  dpotri_("L", &size, factor, &lda, &info);
  return info;
}

int32_t espalier_dsyevd(int32_t size, double *a, int32_t lda, double *values) {
  int info = 0, query = -1, integer_size = 0;
  double best = 0;
  dsyevd_("V", "L", &size, a, &lda, values, &best, &query, &integer_size, &query, &info);
  int work_size = (int)best;
  double *work = malloc(sizeof(double) * (size_t)work_size);
  int *integers = malloc(sizeof(int) * (size_t)integer_size);
  if (work && integers) {
    dsyevd_("V", "L", &size, a, &lda, values, work, &work_size, integers, &integer_size, &info);
  } else {
    info = size;
  }
  free(work);
  free(integers);
  return info;
}

int32_t espalier_blas_threads(void) { return openblas_get_num_threads(); }
void espalier_set_blas_threads(int32_t count) { openblas_set_num_threads(count); }
