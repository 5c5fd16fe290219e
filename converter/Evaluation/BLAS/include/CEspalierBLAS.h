// The few routines of BLAS and LAPACK that the converter uses, with matrices in row-major order.
//
// Leading dimensions count elements from one row to the next. No size may be 0. OpenBLAS provides
// both; only the host's tools link it. Each routine runs on the thread that calls it, so that its
// result is a function of its operands; `Threads` of EspalierEvaluation is what shares work.
#ifndef ESPALIER_BLAS_H
#define ESPALIER_BLAS_H

#include <stdbool.h>
#include <stdint.h>

// c = alpha * a' b' + beta * c, where ' transposes if asked to; a' is rows x inner and b' inner x
// columns.
void espalier_sgemm(bool transpose_a, bool transpose_b, int32_t rows, int32_t columns,
                    int32_t inner, float alpha, const float *a, int32_t lda, const float *b,
                    int32_t ldb, float beta, float *c, int32_t ldc);
void espalier_dgemm(bool transpose_a, bool transpose_b, int32_t rows, int32_t columns,
                    int32_t inner, double alpha, const double *a, int32_t lda, const double *b,
                    int32_t ldb, double beta, double *c, int32_t ldc);

// The upper triangle, diagonal included, of c = a a^T + beta * c; a is size x inner.
void espalier_ssyrk(int32_t size, int32_t inner, const float *a, int32_t lda, float beta, float *c,
                    int32_t ldc);

// Cholesky factor of a symmetric positive definite matrix, of which the upper triangle is read and
// replaced by u with a = u^T u. Returns 0, or the order of the first minor that is not positive.
int32_t espalier_dpotrf(int32_t size, double *a, int32_t lda);

// Solves u^T x = b in place for columns, by the upper triangle of u, rows x rows.
void espalier_dtrsm(int32_t rows, int32_t columns, const double *factor, int32_t lda, double *b,
                    int32_t ldb);

// Solves x a = b for count rows b, in place, by the factor of a.
void espalier_dpotrs(int32_t size, int32_t count, const double *factor, int32_t lda, double *rows,
                     int32_t ldb);

// Replaces a factor by the upper triangle of the inverse. Returns 0, or the order of a zero pivot.
int32_t espalier_dpotri(int32_t size, double *factor, int32_t lda);

// Eigenvalues of a symmetric matrix in ascending order, and eigenvectors, one a row, in its place;
// the upper triangle is read. Returns 0, or a positive number where it does not converge.
int32_t espalier_dsyevd(int32_t size, double *a, int32_t lda, double *values);

// How many threads OpenBLAS uses: 1 from the start of the process, whatever its environment says.
int32_t espalier_blas_threads(void);

// Cores that this process may run on; 1 where the system does not tell.
int32_t espalier_allowed_cores(void);

#endif
