/* SPDX-License-Identifier: Apache-2.0 */
/* utf8.h: code points to bytes and back.
 *
 * Law      Only the shortest form of U+0000..U+D7FF and U+E000..U+10FFFF is UTF-8.
 */
#ifndef KR_TERM_UTF8_H
#define KR_TERM_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool kri_is_code_point(uint64_t c)
{
        return c <= 0x10ffff && (c < 0xd800 || c > 0xdfff);
}

/* The code point at `p` and the number of bytes it takes; 0: `p` is not UTF-8. */
static inline size_t kri_utf8_get(const uint8_t *p, const uint8_t *end, uint32_t *ret)
{
        static const uint32_t least[5] = { 0, 0, 0x80, 0x800, 0x10000 };
        uint32_t c = p < end ? *p : 0xff;
        size_t len = c < 0x80             ? 1
                     : (c & 0xe0) == 0xc0 ? 2
                     : (c & 0xf0) == 0xe0 ? 3
                     : (c & 0xf8) == 0xf0 ? 4
                                          : 0;

        if (len == 0 || (size_t)(end - p) < len)
                return 0;
        if (len > 1)
                c &= 0x7fu >> len;
        for (size_t i = 1; i < len; i++) {
                if ((p[i] & 0xc0) != 0x80)
                        return 0;
                c = c << 6 | (p[i] & 0x3fu);
        }
        if (c < least[len] || !kri_is_code_point(c))
                return 0;
        *ret = c;
        return len;
}

/* Write `c`, a code point, at `p` (room for 4 bytes); the number of bytes written. */
static inline size_t kri_utf8_put(uint8_t *p, uint32_t c)
{
        if (c < 0x80) {
                p[0] = (uint8_t)c;
                return 1;
        }
        if (c < 0x800) {
                p[0] = (uint8_t)(0xc0 | c >> 6);
                p[1] = (uint8_t)(0x80 | (c & 0x3f));
                return 2;
        }
        if (c < 0x10000) {
                p[0] = (uint8_t)(0xe0 | c >> 12);
                p[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
                p[2] = (uint8_t)(0x80 | (c & 0x3f));
                return 3;
        }
        p[0] = (uint8_t)(0xf0 | c >> 18);
        p[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
        p[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
        p[3] = (uint8_t)(0x80 | (c & 0x3f));
        return 4;
}

/* The number of code points in `len` bytes; false if they are not UTF-8. */
static inline bool kri_utf8_count(const void *text, size_t len, size_t *ret_count)
{
        const uint8_t *p = text;
        const uint8_t *end = p + len;
        size_t count = 0;
        uint32_t c;

        while (p < end) {
                size_t n = kri_utf8_get(p, end, &c);

                if (n == 0)
                        return false;
                p += n;
                count++;
        }
        *ret_count = count;
        return true;
}

#endif
