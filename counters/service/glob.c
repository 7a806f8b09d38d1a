/* SPDX-License-Identifier: Apache-2.0 */
#include "glob.h"

/* The byte that a set or a pattern names at *at, with its backslash. */
static unsigned char take_byte(const char **at, const char *end)
{
        if (**at == '\\' && end - *at >= 2)
                (*at)++;
        return (unsigned char)*(*at)++;
}

/* `at` is behind the [; the set ends at its ], or where the pattern ends. */
static bool set_has(const char **at, const char *end, unsigned char c)
{
        bool negated = *at < end && **at == '^', has = false;

        *at += negated;
        while (*at < end && **at != ']') {
                unsigned char low = take_byte(at, end), high = low, swap;

                if (end - *at >= 2 && **at == '-' && (*at)[1] != ']') {
                        (*at)++;
                        high = take_byte(at, end);
                }
                if (low > high) {
                        swap = low;
                        low = high;
                        high = swap;
                }
                has = has || (c >= low && c <= high);
        }
        *at += *at < end;
        return has != negated;
}

/* Does one byte fit what stands at *at, which is no `*`? */
static bool one_fits(const char **at, const char *end, char c)
{
        switch (**at) {
        case '?':
                (*at)++;
                return true;
        case '[':
                (*at)++;
                return set_has(at, end, (unsigned char)c);
        default:
                return take_byte(at, end) == (unsigned char)c;
        }
}

/* Where it does not go on, the last `*` takes one byte more: earlier ones need not. */
bool glob_fits(const char *pattern, size_t pattern_len, const char *name, size_t name_len)
{
        const char *p = pattern, *p_end = pattern + pattern_len;
        const char *n = name, *n_end = name + name_len;
        const char *star = NULL, *taken = NULL;

        while (n < n_end || p < p_end) {
                if (p < p_end && *p == '*') {
                        star = ++p;
                        taken = n;
                        continue;
                }
                if (p < p_end && n < n_end && one_fits(&p, p_end, *n)) {
                        n++;
                        continue;
                }
                if (star == NULL || taken == n_end)
                        return false;
                p = star;
                n = ++taken;
        }
        return true;
}
