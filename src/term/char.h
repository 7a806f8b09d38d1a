/* SPDX-License-Identifier: Apache-2.0 */
/* char.h: classes of characters (Erlang reference manual, "Character Set"): outside quotes
 * names are Latin-1. */
#ifndef KR_TERM_CHAR_H
#define KR_TERM_CHAR_H

#include <stdbool.h>
#include <stdint.h>

static inline bool kri_char_is_digit(uint32_t c)
{
        return c >= '0' && c <= '9';
}

static inline bool kri_char_is_lower(uint32_t c)
{
        return (c >= 'a' && c <= 'z') || (c >= 0xdf && c <= 0xff && c != 0xf7);
}

static inline bool kri_char_is_upper(uint32_t c)
{
        return (c >= 'A' && c <= 'Z') || c == '_' ||
               (c >= 0xc0 && c <= 0xde && c != 0xd7);
}

static inline bool kri_char_is_name(uint32_t c)
{
        return kri_char_is_lower(c) || kri_char_is_upper(c) || kri_char_is_digit(c) ||
               c == '@';
}

/* Shown as it is in a string (io_lib:printable_unicode_list/1, printable_latin1_list/1). */
static inline bool kri_char_is_printable(uint64_t c, bool latin1)
{
        if (c < 0x20)
                return (c >= 8 && c <= 13) || c == 27;
        if (c < 0x7f)
                return true;
        if (latin1 || c < 0x100)
                return c >= 0xa0 && c <= 0xff;
        return c < 0xd800 || (c > 0xdfff && c < 0xfffe) || (c > 0xffff && c <= 0x10ffff);
}

#endif
