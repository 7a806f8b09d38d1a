/* SPDX-License-Identifier: Apache-2.0 */
#include "io_depth.h"

#include <krarup/text.h>

#include <stdio.h>
#include <string.h>

#include "io_chars.h"

#define LEVELS_MAX 200
#define CHARACTERS_PER_DEPTH 4 /* of a binary */
#define NO_DEPTH (-1)

/* Where it is written, and how. */
struct page {
        kr_buf *out;
        const struct kri_io_how *how;
        int levels;   /* of brackets that may follow */
        bool cut;     /* the last one wrote "..." for the rest */
        int64_t left; /* depth; NO_DEPTH: without end */
};

static kr_err say(const struct page *p, const char *text)
{
        return kr_buf_append(p->out, text, strlen(text));
}

static kr_err write_at(const struct page *p, kr_term t);

/* The next one within brackets, behind `sign`; each leaves less for those behind it. */
static kr_err write_next(struct page *p, const char *sign, kr_term t)
{
        kr_err err = say(p, sign);

        if (err != KR_OK)
                return err;
        if (p->left == 1) {
                p->cut = true;
                return say(p, "...");
        }
        if (p->left != NO_DEPTH)
                p->left--;
        return write_at(p, t);
}

/* -- brackets -- */

static kr_err write_list(struct page *p, kr_term t)
{
        kr_err err = write_next(p, "[", kr_hd(t));

        for (t = kr_tl(t); err == KR_OK && !p->cut && kr_is_cons(t); t = kr_tl(t))
                err = write_next(p, p->left == 1 ? "|" : ",", kr_hd(t));
        if (err == KR_OK && !p->cut && !kr_is_nil(t))
                err = write_next(p, "|", t);
        return err == KR_OK ? say(p, "]") : err;
}

static kr_err write_tuple(struct page *p, kr_term t)
{
        kr_err err = kr_tuple_size(t) == 0 ? say(p, "{") : KR_OK;

        for (size_t i = 1; err == KR_OK && !p->cut && i <= kr_tuple_size(t); i++)
                err = write_next(p, i == 1 ? "{" : ",", kr_element(i, t));
        return err == KR_OK ? say(p, "}") : err;
}

/* Keys and values of all pairs have the same depth. */
static kr_err write_map(struct page *p, kr_term t)
{
        struct page inside = *p;
        kr_err err = kr_map_size(t) == 0 ? say(p, "#{") : KR_OK;
        kr_term key, value;

        if (inside.left > 1)
                inside.left--;
        for (size_t i = 0; err == KR_OK && kr_map_at(t, i, &key, &value); i++) {
                err = say(p, i == 0 ? "#{" : ",");
                if (p->left == 1)
                        return err == KR_OK ? say(p, "...}") : err;
                if (p->left != NO_DEPTH)
                        p->left--;
                if (err == KR_OK)
                        err = write_at(&inside, key);
                if (err == KR_OK)
                        err = say(p, " => ");
                if (err == KR_OK)
                        err = write_at(&inside, value);
        }
        return err == KR_OK ? say(p, "}") : err;
}

/* -- binaries -- */

/* <<1,2,...>>; the bits that are left over as Size:Value is kr_print's. */
static kr_err write_bytes(const struct page *p, kr_bytes bytes)
{
        const unsigned char *at = bytes.data;
        int64_t left = p->left;
        kr_err err = say(p, "<<");
        char text[8];

        for (size_t i = 0; i < bytes.len && err == KR_OK; i++) {
                if (left == 1) {
                        err = say(p, i == 0 ? "..." : ",...");
                        break;
                }
                left -= left != NO_DEPTH;
                (void)snprintf(text, sizeof(text), i == 0 ? "%d" : ",%d", at[i]);
                err = say(p, text);
        }
        return err == KR_OK ? say(p, ">>") : err;
}

/* These bytes as ~p shows them, and whether that is text. */
static kr_err write_binary(const struct page *p, kr_buf *out, const void *data,
                           size_t len, bool *ret_is_text)
{
        const kr_print_opts opts = { .latin1 = !p->how->unicode };
        kr_term binary = kr_binary(data, len);
        size_t before = out->len;
        kr_err err;

        if (kr_is_none(binary))
                return KR_ENOMEM;
        err = kr_print_to(out, binary, &opts);
        kr_release(binary);
        *ret_is_text = err == KR_OK && out->len > before + 2 &&
                       out->data[before + 2] == '"';
        return err;
}

/* How many bytes at the beginning are text: of `characters` characters at most. */
static kr_err find_text(const struct page *p, kr_bytes bytes, int64_t characters,
                        size_t *ret_len, int64_t *ret_count)
{
        kr_buf one = KR_BUF_INIT;
        kr_err err = KR_OK;
        bool is_text = true;

        *ret_len = 0;
        *ret_count = 0;
        while (err == KR_OK && is_text && *ret_count < characters &&
               *ret_len < bytes.len) {
                const char *at = (const char *)bytes.data + *ret_len;
                size_t count, size = 1;

                if (p->how->unicode)
                        size = kri_io_characters(at, bytes.len - *ret_len, 1, &count);
                one.len = 0;
                err = write_binary(p, &one, at, size, &is_text);
                if (err == KR_OK && is_text) {
                        *ret_len += size;
                        ++*ret_count;
                }
        }
        kr_buf_free(&one);
        return err;
}

/* <<"the beginning"...>>, if enough of it is text; else the bytes. */
static kr_err write_beginning(const struct page *p, kr_bytes bytes)
{
        int64_t characters = CHARACTERS_PER_DEPTH * (p->left - 1), count;
        size_t len, before = p->out->len;
        bool is_text;
        kr_err err = find_text(p, bytes, characters, &len, &count);

        if (err != KR_OK)
                return err;
        if (count < p->left - 1 && len < bytes.len)
                return write_bytes(p, bytes);
        err = write_binary(p, p->out, bytes.data, len, &is_text);
        if (err != KR_OK || len == bytes.len)
                return err;
        if (!is_text) { /* each of it is, but not all of it */
                p->out->len = before;
                return write_bytes(p, bytes);
        }
        p->out->len -= strlen(">>");
        return say(p, "...>>");
}

static kr_err write_bits(const struct page *p, kr_term t)
{
        const kr_print_opts opts = { .latin1 = !p->how->unicode };
        kr_bytes bytes;

        if (!kr_get_bytes(t, &bytes))
                return p->left == 1 ? say(p, "<<...>>") : kr_print_to(p->out, t, &opts);
        if (!p->how->text || (bytes.len > 0 && p->left == 1))
                return write_bytes(p, bytes);
        return bytes.len == 0 || p->left == NO_DEPTH ? kr_print_to(p->out, t, &opts)
                                                     : write_beginning(p, bytes);
}

/* -- text -- */

static bool is_character(kr_term t, bool unicode)
{
        int64_t c;

        if (!kr_get_int64(t, &c))
                return false;
        return (c >= 8 && c <= 13) || c == 27 || (c >= 32 && c <= 126) ||
               (c >= 160 && c <= (unicode ? 0x10ffff : 255));
}

static bool is_string(kr_term t, bool unicode)
{
        while (kr_is_cons(t) && is_character(kr_hd(t), unicode))
                t = kr_tl(t);
        return kr_is_nil(t);
}

static kr_err write_cons(struct page *p, kr_term t)
{
        const kr_print_opts opts = { .latin1 = !p->how->unicode };

        if (p->how->text && p->left != 1 && is_string(t, p->how->unicode))
                return kr_print_to(p->out, t, &opts);
        return write_list(p, t);
}

static kr_err write_at(const struct page *outer, kr_term t)
{
        const kr_print_opts opts = { .latin1 = !outer->how->unicode };
        struct page p = *outer;

        p.cut = false;
        if (!kr_is_cons(t) && !kr_is_tuple(t) && !kr_is_map(t))
                return kr_is_bitstring(t) ? write_bits(&p, t)
                                          : kr_print_to(p.out, t, &opts);
        if (p.levels-- == 0)
                return KR_EBADARG;
        if (kr_is_cons(t))
                return write_cons(&p, t);
        return kr_is_tuple(t) ? write_tuple(&p, t) : write_map(&p, t);
}

kr_err kri_io_write_how(kr_buf *out, kr_term t, const struct kri_io_how *how)
{
        const struct page p = { .out = out,
                                .how = how,
                                .levels = LEVELS_MAX,
                                .left = how->depth < 0 ? NO_DEPTH : how->depth };

        return how->depth == 0 ? say(&p, "...") : write_at(&p, t);
}
