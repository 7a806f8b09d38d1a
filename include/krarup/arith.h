/* SPDX-License-Identifier: Apache-2.0 */
/* arith.h: arithmetic whose failure is an exit reason: badarith, as in Erlang.
 *
 * Follows Erlang's operators on integers. Its integers have any size, these have 64 bits: a
 * result that does not fit is badarith too, and never a wrong number.
 *
 * A failure ends the calling process with {badarith, Trace} (kr_catch catches it as an
 * error). A thread that is no process ends, as from kr_error.
 */
#ifndef KRARUP_ARITH_H
#define KRARUP_ARITH_H

#include <krarup/term.h>

KR_BEGIN_DECLS

/* The number in a term. to_int64: an integer that fits; to_double: any number in the range
 * of a double, rounded. Anything else, kr_none() included, is badarith. */
KR_API int64_t kr_to_int64(kr_term t);
KR_API double kr_to_double(kr_term t);

KR_API KR_NORETURN void kri_badarith(void);

static inline int64_t kr_add(int64_t a, int64_t b)
{
        int64_t sum;

        if (__builtin_expect(__builtin_add_overflow(a, b, &sum), 0))
                kri_badarith();
        return sum;
}

static inline int64_t kr_sub(int64_t a, int64_t b)
{
        int64_t difference;

        if (__builtin_expect(__builtin_sub_overflow(a, b, &difference), 0))
                kri_badarith();
        return difference;
}

static inline int64_t kr_mul(int64_t a, int64_t b)
{
        int64_t product;

        if (__builtin_expect(__builtin_mul_overflow(a, b, &product), 0))
                kri_badarith();
        return product;
}

/* div and rem: towards zero, with the sign of a. By zero is badarith. */
static inline int64_t kr_div(int64_t a, int64_t b)
{
        if (__builtin_expect(b == 0 || (a == INT64_MIN && b == -1), 0))
                kri_badarith();
        return a / b;
}

static inline int64_t kr_rem(int64_t a, int64_t b)
{
        if (__builtin_expect(b == 0, 0))
                kri_badarith();
        return b == -1 ? 0 : a % b; /* the processor faults on INT64_MIN % -1 */
}

KR_END_DECLS
#endif
