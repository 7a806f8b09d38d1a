/* SPDX-License-Identifier: Apache-2.0 */
/* number.h: integers of any size, and floats beside them.
 *
 * Model    An integer outside the immediate's 61 bits is a box of 64-bit limbs, least
 *          first. Here they are compared, and moved from and to C's integers and decimal
 *          text; Krarup does no arithmetic on them.
 */
#ifndef KR_TERM_NUMBER_H
#define KR_TERM_NUMBER_H

#include "word.h"

/* The largest integer that is made or taken in: as in OTP 25 some 4 million bits. */
#define KRI_LIMBS_MAX 65535u

static inline double kri_float_value(kri_word t)
{
        double d;

        __builtin_memcpy(&d, kri_ptr(t) + 1, sizeof(d));
        return d;
}

static inline bool kri_is_big(kri_word t)
{
        return kri_is_box(t, KRI_BIGPOS) || kri_is_box(t, KRI_BIGNEG);
}

static inline bool kri_is_integer(kri_word t)
{
        return kri_tag(t) == KRI_INT || kri_is_big(t);
}

/* Any two numbers: <0, 0, >0, by their exact values; `exact`: integers before floats. */
int kri_number_compare(kri_word a, kri_word b, bool exact);

/* A value of an integer term; false if it does not fit. */
bool kri_integer_int64(kri_word t, int64_t *ret);
bool kri_integer_uint64(kri_word t, uint64_t *ret);

/* The nearest double (ties to even), infinite if it is out of range. */
double kri_integer_double(kri_word t);

/* Words that the integer `negative`, `magnitude` takes in memory (0: an immediate), and the
 * term itself, written at *heap (advanced) unless it is an immediate. */
uint64_t kri_uint64_words(bool negative, uint64_t magnitude);
kri_word kri_uint64_term(kri_word **heap, bool negative, uint64_t magnitude);

/* The same for `count` limbs, of which the upper ones may be zero. */
uint64_t kri_limbs_words(bool negative, const uint64_t *limbs, uint64_t count);
kri_word kri_limbs_term(kri_word **heap, bool negative, const uint64_t *limbs,
                        uint64_t count);

/* limbs = limbs * factor + summand; a carry grows *count. `limbs` has room for it. */
void kri_limbs_muladd(uint64_t *limbs, uint64_t *count, uint64_t factor,
                      uint64_t summand);

/* limbs = limbs / divisor; returns the remainder. Upper zero limbs leave *count. */
uint64_t kri_limbs_divide(uint64_t *limbs, uint64_t *count, uint64_t divisor);

#endif
