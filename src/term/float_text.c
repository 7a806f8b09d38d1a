/* SPDX-License-Identifier: Apache-2.0 */
/* float_text.c: floats to text and back. */
#include "text.h"

#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The locale that a program has set must not change what a number means. */
static double parse(const char *text, char **ret_end)
{
        locale_t c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
        double d;

        if (c_locale == (locale_t)0) /* glibc and musl have it ready: cannot fail there */
                return strtod(text, ret_end);
        d = strtod_l(text, ret_end, c_locale);
        freelocale(c_locale);
        return d;
}

bool kri_text_double(const char *text, double *ret)
{
        size_t len = strlen(text);
        char *end;
        double d;

        if (len == 0 || strspn(text, "0123456789+-.eE ") != len)
                return false;
        d = parse(text, &end);
        if (*end != '\0' || !isfinite(d))
                return false;
        *ret = d;
        return true;
}

/* 0.D1 D2 D3 ... * 10^place */
struct decimal {
        char digits[20]; /* without trailing zeros */
        int count;
        int place;
};

static bool reads_back(const struct decimal *decimal, double d)
{
        char text[KRI_TEXT_DOUBLE_MAX];
        double back;

        snprintf(text, sizeof(text), "%.*se%d", decimal->count, decimal->digits,
                 decimal->place - decimal->count);
        return kri_text_double(text, &back) && back == d;
}

static void strip_zeros(struct decimal *decimal)
{
        while (decimal->count > 1 && decimal->digits[decimal->count - 1] == '0')
                decimal->count--;
}

/* The `count` digits that are nearest to `d`, positive. */
static void round_to(double d, int count, struct decimal *ret)
{
        char text[KRI_TEXT_DOUBLE_MAX];
        const char *exponent;

        snprintf(text, sizeof(text), "%.*e", count - 1, d);
        exponent = strchr(text, 'e');
        ret->count = 0;
        for (const char *p = text; p < exponent; p++) {
                if (*p >= '0' && *p <= '9') /* the point is the locale's */
                        ret->digits[ret->count++] = *p;
        }
        ret->place = atoi(exponent + 1) + 1;
}

/* Below a power of two doubles lie closer than above it, so that the nearest digits may
 * miss it while the next larger ones do not. */
static bool next_reads_back(struct decimal *decimal, double d)
{
        struct decimal next = *decimal;
        int i = next.count - 1;

        while (i > 0 && next.digits[i] == '9')
                next.digits[i--] = '0';
        if (next.digits[i] == '9')
                return false;
        next.digits[i]++;
        if (!reads_back(&next, d))
                return false;
        *decimal = next;
        return true;
}

static bool is_power_of_two(double d)
{
        int exponent;

        return frexp(d, &exponent) == 0.5;
}

/* Fifteen digits survive a double that is not subnormal: if they read back, no fewer ones
 * than these without their zeros do. */
static void shortest(double d, struct decimal *ret)
{
        for (int count = fpclassify(d) == FP_NORMAL ? 15 : 1; count < 17; count++) {
                round_to(d, count, ret);
                if (reads_back(ret, d) || (is_power_of_two(d) && next_reads_back(ret, d)))
                        return;
        }
        round_to(d, 17, ret);
}

static size_t put_exponent(char *buf, const struct decimal *decimal)
{
        const char *rest = decimal->count > 1 ? decimal->digits + 1 : "0";
        int rest_count = decimal->count > 1 ? decimal->count - 1 : 1;

        return (size_t)sprintf(buf, "%c.%.*se%d", decimal->digits[0], rest_count, rest,
                               decimal->place - 1);
}

static size_t put_plain(char *buf, const struct decimal *decimal)
{
        const char *digits = decimal->digits;
        int count = decimal->count, place = decimal->place;

        if (place <= 0)
                return (size_t)sprintf(buf, "0.%.*s%.*s", -place, "0000000", count,
                                       digits);
        if (place >= count)
                return (size_t)sprintf(buf, "%.*s%.*s.0", count, digits, place - count,
                                       "0000000");
        return (size_t)sprintf(buf, "%.*s.%.*s", place, digits, count - place,
                               digits + place);
}

/* OTP 25 writes zeros where that is not longer than an exponent, and integers from 2^53 on,
 * which are not exact, with an exponent always. */
static bool wants_exponent(double d, const struct decimal *decimal)
{
        char exponent[16];
        int place = decimal->place, count = decimal->count;
        int cost = sprintf(exponent, "%d", place - 1) + 1 + (count == 1 ? 2 : 1);

        if (d >= 9007199254740992.0)
                return true;
        if (place < 0)
                return 2 - place > cost;
        return place >= count && place - count + 2 > cost;
}

size_t kri_double_text(double d, char buf[KRI_TEXT_DOUBLE_MAX])
{
        struct decimal decimal;
        size_t sign = signbit(d) ? 1 : 0;

        if (sign)
                *buf++ = '-';
        d = fabs(d);
        if (d == 0.0)
                return sign + (size_t)sprintf(buf, "0.0");
        shortest(d, &decimal);
        strip_zeros(&decimal);
        return sign + (wants_exponent(d, &decimal) ? put_exponent(buf, &decimal)
                                                   : put_plain(buf, &decimal));
}
