/* SPDX-License-Identifier: Apache-2.0 */
#include "number.h"

#include <math.h>
#include <string.h>

/* An integer term as sign and magnitude, without copying a big one. */
struct integer {
        bool negative;
        const uint64_t *limbs;
        uint64_t count; /* 0 for zero; the top limb is not zero */
        uint64_t small; /* where `limbs` points for an immediate */
};

static void integer_of(kri_word t, struct integer *n)
{
        if (kri_tag(t) == KRI_INT) {
                int64_t value = kri_int_value(t);

                n->negative = value < 0;
                n->small = value < 0 ? -(uint64_t)value : (uint64_t)value;
                n->limbs = &n->small;
                n->count = n->small != 0;
                return;
        }
        n->negative = kri_is_box(t, KRI_BIGNEG);
        n->limbs = kri_ptr(t) + 1;
        n->count = kri_box_words(*kri_ptr(t));
}

static int order(uint64_t a, uint64_t b)
{
        return (a > b) - (a < b);
}

static int compare_magnitudes(const struct integer *a, const struct integer *b)
{
        int sign = order(a->count, b->count);

        for (uint64_t i = a->count; sign == 0 && i > 0; i--)
                sign = order(a->limbs[i - 1], b->limbs[i - 1]);
        return sign;
}

static int compare_integers(const struct integer *a, const struct integer *b)
{
        if (a->negative != b->negative)
                return a->negative ? -1 : 1;
        return a->negative ? -compare_magnitudes(a, b) : compare_magnitudes(a, b);
}

/* The whole part of |d| as limbs (a double has at most 1024 bits); returns whether there is
 * a fraction as well. */
static bool split_double(double d, uint64_t limbs[17])
{
        uint64_t bits, mantissa;
        int shift;

        memcpy(&bits, &d, sizeof(bits));
        mantissa = (bits & (((uint64_t)1 << 52) - 1)) | (uint64_t)1 << 52;
        shift = (int)(bits >> 52 & 0x7ff) - 1075;
        memset(limbs, 0, 17 * sizeof(*limbs));
        if (shift < -52)
                return d != 0.0;
        if (shift < 0) {
                limbs[0] = mantissa >> -shift;
                return (mantissa & (((uint64_t)1 << -shift) - 1)) != 0;
        }
        limbs[shift / 64] = mantissa << (shift % 64);
        if (shift % 64 > 11)
                limbs[shift / 64 + 1] = mantissa >> (64 - shift % 64);
        return false;
}

static uint64_t significant(const uint64_t *limbs, uint64_t count)
{
        while (count > 0 && limbs[count - 1] == 0)
                count--;
        return count;
}

static int compare_integer_double(const struct integer *a, double d)
{
        uint64_t limbs[17];
        struct integer b = { .negative = d < 0, .limbs = limbs };
        bool has_fraction = split_double(d, limbs);
        int sign;

        b.count = significant(limbs, 17);
        if (b.count == 0)
                b.negative = a->negative && a->count > 0; /* zero has both signs */
        sign = compare_integers(a, &b);
        if (sign || !has_fraction)
                return sign;
        return d > 0 ? -1 : 1;
}

static int compare_doubles(double a, double b)
{
        return (a > b) - (a < b);
}

int kri_number_compare(kri_word a, kri_word b, bool exact)
{
        bool a_float = kri_is_box(a, KRI_FLOAT), b_float = kri_is_box(b, KRI_FLOAT);
        struct integer x, y;

        if (a_float && b_float)
                return compare_doubles(kri_float_value(a), kri_float_value(b));
        if (exact && a_float != b_float)
                return b_float ? -1 : 1;
        if (!a_float)
                integer_of(a, &x);
        if (!b_float)
                integer_of(b, &y);
        if (b_float)
                return compare_integer_double(&x, kri_float_value(b));
        if (a_float)
                return -compare_integer_double(&y, kri_float_value(a));
        return compare_integers(&x, &y);
}

bool kri_integer_int64(kri_word t, int64_t *ret)
{
        struct integer n;

        if (!kri_is_integer(t))
                return false;
        integer_of(t, &n);
        if (n.count > 1)
                return false;
        if (n.count == 1 && n.limbs[0] > (uint64_t)INT64_MAX + n.negative)
                return false;
        *ret = n.count == 0 ? 0 : (int64_t)(n.negative ? -n.limbs[0] : n.limbs[0]);
        return true;
}

bool kri_integer_uint64(kri_word t, uint64_t *ret)
{
        struct integer n;

        if (!kri_is_integer(t))
                return false;
        integer_of(t, &n);
        if (n.count > 1 || n.negative)
                return false;
        *ret = n.count ? n.limbs[0] : 0;
        return true;
}

double kri_integer_double(kri_word t)
{
        struct integer n;
        uint64_t top;
        unsigned shift;
        double d;

        integer_of(t, &n);
        if (n.count == 0)
                return 0.0;
        /* the top 64 bits; what is below only matters in that it is not zero */
        top = n.limbs[n.count - 1];
        shift = (unsigned)__builtin_clzll(top);
        if (n.count > 1 && shift > 0)
                top = top << shift | n.limbs[n.count - 2] >> (64 - shift);
        else
                top <<= shift;
        for (uint64_t i = 0; i + 1 < n.count; i++) {
                uint64_t below = i + 2 == n.count ? n.limbs[i] << shift : n.limbs[i];

                top |= below != 0;
        }
        d = n.count > 17 ? HUGE_VAL
                         : ldexp((double)top, (int)(64 * (n.count - 1)) - (int)shift);
        return n.negative ? -d : d;
}

static bool is_immediate(bool negative, uint64_t magnitude)
{
        return magnitude <= (uint64_t)KRI_INT_MAX + negative;
}

uint64_t kri_uint64_words(bool negative, uint64_t magnitude)
{
        return is_immediate(negative, magnitude) ? 0 : 2;
}

kri_word kri_uint64_term(kri_word **heap, bool negative, uint64_t magnitude)
{
        return kri_limbs_term(heap, negative, &magnitude, 1);
}

uint64_t kri_limbs_words(bool negative, const uint64_t *limbs, uint64_t count)
{
        count = significant(limbs, count);
        if (count == 0 || (count == 1 && is_immediate(negative, limbs[0])))
                return 0;
        return 1 + count;
}

kri_word kri_limbs_term(kri_word **heap, bool negative, const uint64_t *limbs,
                        uint64_t count)
{
        kri_word *box = *heap;

        count = significant(limbs, count);
        if (count == 0)
                return kri_int(0);
        if (count == 1 && is_immediate(negative, limbs[0]))
                return kri_int((int64_t)(negative ? -limbs[0] : limbs[0]));
        memmove(box + 1, limbs, count * sizeof(*limbs));
        box[0] = kri_header(negative ? KRI_BIGNEG : KRI_BIGPOS, 0, count);
        *heap = box + 1 + count;
        return kri_boxed(box);
}

__extension__ typedef unsigned __int128 uint128;

void kri_limbs_muladd(uint64_t *limbs, uint64_t *count, uint64_t factor, uint64_t summand)
{
        uint64_t carry = summand;

        for (uint64_t i = 0; i < *count; i++) {
                uint128 product = (uint128)limbs[i] * factor + carry;

                limbs[i] = (uint64_t)product;
                carry = (uint64_t)(product >> 64);
        }
        if (carry)
                limbs[(*count)++] = carry;
}

uint64_t kri_limbs_divide(uint64_t *limbs, uint64_t *count, uint64_t divisor)
{
        uint64_t rest = 0;

        for (uint64_t i = *count; i > 0; i--) {
                uint128 part = (uint128)rest << 64 | limbs[i - 1];

                limbs[i - 1] = (uint64_t)(part / divisor);
                rest = (uint64_t)(part % divisor);
        }
        *count = significant(limbs, *count);
        return rest;
}
