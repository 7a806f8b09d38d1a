/* SPDX-License-Identifier: Apache-2.0 */
#include "io_chars.h"

#include <krarup/pattern.h>

#define DEPTH_MAX 200

static kr_err add_code_point(kr_buf *out, int64_t c)
{
        char bytes[4];
        size_t len = 0;

        if (c < 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
                return KR_EBADARG;
        if (c < 0x80) {
                bytes[len++] = (char)c;
        } else if (c < 0x800) {
                bytes[len++] = (char)(0xc0 | c >> 6);
        } else if (c < 0x10000) {
                bytes[len++] = (char)(0xe0 | c >> 12);
                bytes[len++] = (char)(0x80 | (c >> 6 & 0x3f));
        } else {
                bytes[len++] = (char)(0xf0 | c >> 18);
                bytes[len++] = (char)(0x80 | (c >> 12 & 0x3f));
                bytes[len++] = (char)(0x80 | (c >> 6 & 0x3f));
        }
        if (c >= 0x80)
                bytes[len++] = (char)(0x80 | (c & 0x3f));
        return kr_buf_append(out, bytes, len);
}

static kr_err add_latin1(kr_buf *out, kr_bytes bytes)
{
        const unsigned char *at = bytes.data;
        kr_err err = KR_OK;

        for (size_t i = 0; i < bytes.len && err == KR_OK; i++)
                err = add_code_point(out, at[i]);
        return err;
}

static bool is_utf8(const unsigned char *at, size_t len)
{
        size_t i = 0;

        while (i < len) {
                unsigned char c = at[i];
                size_t more = c < 0x80 ? 0 : c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : 1;

                if ((c >= 0x80 && c < 0xc2) || c > 0xf4 || more >= len - i)
                        return false;
                if ((c == 0xe0 && at[i + 1] < 0xa0) || (c == 0xed && at[i + 1] > 0x9f) ||
                    (c == 0xf0 && at[i + 1] < 0x90) || (c == 0xf4 && at[i + 1] > 0x8f))
                        return false;
                for (size_t k = 1; k <= more; k++)
                        if ((at[i + k] & 0xc0) != 0x80)
                                return false;
                i += more + 1;
        }
        return true;
}

/* An integer or binary. */
static kr_err add_one(kr_buf *out, kr_term t, bool latin1)
{
        kr_bytes bytes;
        int64_t c;

        if (kr_get_int64(t, &c))
                return latin1 && c > 255 ? KR_EBADARG : add_code_point(out, c);
        if (!kr_get_bytes(t, &bytes))
                return KR_EBADARG;
        if (latin1)
                return add_latin1(out, bytes);
        return is_utf8(bytes.data, bytes.len) ? kr_buf_append(out, bytes.data, bytes.len)
                                              : KR_EBADARG;
}

/* What is left of the lists that we are in, the innermost last. */
struct walk {
        kr_term rest[DEPTH_MAX];
        int depth;
};

/* The next element; false: there is none any more, or *err. A tail may be a binary. */
static bool next(struct walk *w, kr_term *ret, kr_err *err)
{
        while (w->depth > 0) {
                kr_term *rest = &w->rest[w->depth - 1];

                if (kr_is_cons(*rest)) {
                        *ret = kr_hd(*rest);
                        *rest = kr_tl(*rest);
                        return true;
                }
                *ret = *rest;
                w->depth--;
                if (kr_is_binary(*ret))
                        return true;
                if (!kr_is_nil(*ret)) {
                        *err = KR_EBADARG;
                        return false;
                }
        }
        return false;
}

kr_err kri_io_chars(kr_buf *out, kr_term chars, bool latin1)
{
        struct walk w = { .rest = { chars }, .depth = 1 };
        kr_err err = KR_OK;
        kr_term t;

        if (!kr_is_list(chars) && !kr_is_binary(chars))
                return KR_EBADARG;
        while (err == KR_OK && next(&w, &t, &err)) {
                if (!kr_is_list(t))
                        err = add_one(out, t, latin1);
                else if (w.depth == DEPTH_MAX)
                        err = KR_EBADARG;
                else
                        w.rest[w.depth++] = t;
        }
        return err;
}

size_t kri_io_characters(const char *text, size_t len, size_t count, size_t *ret_count)
{
        size_t at = 0, found = 0;

        while (at < len && found < count) {
                at++;
                while (at < len && (text[at] & 0xc0) == 0x80)
                        at++;
                found++;
        }
        *ret_count = found;
        return at;
}
