/* SPDX-License-Identifier: Apache-2.0 */
#include "io_format.h"

#include <krarup/message.h>
#include <krarup/text.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "io_chars.h"
#include "io_depth.h"

#define WIDTH_MAX 10000
#define NONE INT32_MIN

static kr_err say(kr_buf *out, const char *text)
{
        return kr_buf_append(out, text, strlen(text));
}

kr_err kri_io_write(kr_buf *out, kr_term t)
{
        return kri_io_write_how(out, t, &(struct kri_io_how){ .depth = -1 });
}

/* -- one directive -- */

struct directive {
        int32_t width, precision; /* NONE: not given; width below 0: to the left */
        char pad[5];              /* a character */
        bool unicode;             /* t */
        char what;
};

/* The next argument; false: there is none. */
static bool take(kr_term *args, kr_term *ret)
{
        if (!kr_is_cons(*args))
                return false;
        *ret = kr_hd(*args);
        *args = kr_tl(*args);
        return true;
}

/* A number, or * for an argument. */
static bool read_number(const char **at, kr_term *args, int32_t *ret)
{
        kr_term arg;
        int64_t n;
        char *end;

        if (**at == '*') {
                ++*at;
                if (!take(args, &arg) || !kr_get_int64(arg, &n))
                        return false;
        } else if (**at == '-' || (**at >= '0' && **at <= '9')) {
                n = strtol(*at, &end, 10);
                *at = end;
        } else {
                return true;
        }
        if (n < -WIDTH_MAX || n > WIDTH_MAX)
                return false;
        *ret = (int32_t)n;
        return true;
}

static size_t character_len(const char *at)
{
        size_t len = 1;

        while ((at[len] & 0xc0) == 0x80)
                len++;
        return len;
}

/* Behind the ~; false: it is none. */
static bool read_directive(const char **at, kr_term *args, struct directive *d)
{
        size_t len;

        *d = (struct directive){ NONE, NONE, " ", false, 0 };
        if (!read_number(at, args, &d->width))
                return false;
        if (**at == '.' && (++*at, !read_number(at, args, &d->precision)))
                return false;
        if (**at == '.' && (*at)[1] != 0) {
                len = character_len(*at + 1);
                if (len >= sizeof(d->pad))
                        return false;
                memcpy(d->pad, *at + 1, len);
                d->pad[len] = 0;
                *at += 1 + len;
        }
        while (**at == 't' || **at == 'l' || **at == 'k' || **at == 'K') {
                d->unicode |= **at == 't';
                ++*at;
        }
        d->what = **at;
        if (d->what != 0)
                ++*at;
        return d->what != 0;
}

/* -- what it says -- */

/* OTP's exponents have no zeros in front: 1.0e+4. */
static void strip_exponent(char *text)
{
        char *e = strchr(text, 'e'), *digits;

        if (e == NULL)
                return;
        digits = e + 2;
        while (*digits == '0' && digits[1] != 0)
                digits++;
        memmove(e + 2, digits, strlen(digits) + 1);
}

static kr_err say_float(kr_buf *out, const struct directive *d, kr_term arg)
{
        int precision = d->precision == NONE ? 6 : d->precision;
        char text[400];
        int64_t n;
        double value;

        if (kr_get_int64(arg, &n))
                value = (double)n;
        else if (!kr_get_double(arg, &value))
                return KR_EBADARG;
        if (precision < 0 || precision > 60)
                return KR_EBADARG;
        if (d->what == 'e') /* OTP counts the digits, all of them */
                precision = precision > 0 ? precision - 1 : 0;
        if (d->what == 'f')
                (void)snprintf(text, sizeof(text), "%.*f", precision, value);
        else if (d->what == 'e')
                (void)snprintf(text, sizeof(text), "%.*e", precision, value);
        else
                (void)snprintf(text, sizeof(text), "%#.*g", precision, value);
        strip_exponent(text);
        return say(out, text);
}

static kr_err say_integer(kr_buf *out, const struct directive *d, kr_term arg,
                          const char *prefix, bool upper, bool marked)
{
        int base = d->precision == NONE ? 10 : d->precision;
        const char *digits = upper ? "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                   : "0123456789abcdefghijklmnopqrstuvwxyz";
        char text[80], *at = text + sizeof(text) - 1;
        uint64_t rest;
        int64_t n;

        if (base < 2 || base > 36 || !kr_is_integer(arg))
                return KR_EBADARG;
        if (!kr_get_int64(arg, &n)) /* a large one: in decimal, or not at all */
                return base == 10 && !marked ? kr_print_to(out, arg, NULL) : KR_EBADARG;
        rest = n < 0 ? 0 - (uint64_t)n : (uint64_t)n;
        *at = 0;
        do {
                *--at = digits[rest % (unsigned)base];
                rest /= (unsigned)base;
        } while (rest > 0);
        if (marked) {
                char mark[8];
                int len = snprintf(mark, sizeof(mark), "%d#", base);

                at -= len;
                memcpy(at, mark, (size_t)len);
        }
        if (kr_buf_append(out, n < 0 ? "-" : "", n < 0) != KR_OK ||
            say(out, prefix) != KR_OK)
                return KR_ENOMEM;
        return say(out, at);
}

/* With a prefix from the arguments. */
static kr_err say_prefixed(kr_buf *out, const struct directive *d, kr_term arg,
                           kr_term *args)
{
        kr_buf prefix = KR_BUF_INIT;
        kr_term chars;
        kr_err err = KR_EBADARG;

        if (take(args, &chars))
                err = kri_io_chars(&prefix, chars, false);
        if (err == KR_OK)
                err = kr_buf_append(&prefix, "", 1);
        if (err == KR_OK)
                err = say_integer(out, d, arg, prefix.data, d->what == 'X', false);
        kr_buf_free(&prefix);
        return err;
}

static kr_err say_text(kr_buf *out, const struct directive *d, kr_term arg)
{
        kr_atom atom;

        if (kr_get_atom(arg, &atom) && !kr_is_nil(arg))
                return say(out, kr_atom_text(atom, NULL));
        return kri_io_chars(out, arg, !d->unicode);
}

static kr_err say_characters(kr_buf *out, const struct directive *d, kr_term arg)
{
        int32_t times = d->precision != NONE ? d->precision
                        : d->width != NONE   ? d->width
                                             : 1;
        kr_term list = kr_build("[~]", arg);
        kr_err err = kr_is_none(list) ? KR_ENOMEM : KR_OK;

        if (!kr_is_integer(arg))
                err = KR_EBADARG;
        for (int32_t i = 0; i < abs(times) && err == KR_OK; i++)
                err = kri_io_chars(out, list, false);
        kr_release(list);
        return err;
}

static kr_err say_limited(kr_buf *out, const struct directive *d, kr_term arg,
                          kr_term *args)
{
        struct kri_io_how how = { .text = d->what == 'P', .unicode = d->unicode };
        kr_term depth;

        if (!take(args, &depth) || !kr_get_int64(depth, &how.depth))
                return KR_EBADARG;
        return kri_io_write_how(out, arg, &how);
}

static kr_err say_term(kr_buf *out, const struct directive *d, kr_term arg)
{
        const struct kri_io_how how = { .unicode = d->unicode, .depth = -1 };

        return kri_io_write_how(out, arg, &how);
}

/* Without its padding. */
static kr_err say_it(kr_buf *out, const struct directive *d, kr_term arg, kr_term *args)
{
        switch (d->what) {
        case 'f':
        case 'e':
        case 'g':
                return say_float(out, d, arg);
        case 's':
                return say_text(out, d, arg);
        case 'c':
                return say_characters(out, d, arg);
        case 'w':
                return say_term(out, d, arg);
        case 'p':
                return kr_print_to(out, arg, &(kr_print_opts){ .latin1 = !d->unicode });
        case 'W':
        case 'P':
                return say_limited(out, d, arg, args);
        case 'B':
        case 'b':
                return say_integer(out, d, arg, "", d->what == 'B', false);
        case '#':
        case '+':
                return say_integer(out, d, arg, "", d->what == '#', true);
        case 'X':
        case 'x':
                return say_prefixed(out, d, arg, args);
        default:
                return KR_EBADARG;
        }
}

/* -- the width -- */

static kr_err pad(kr_buf *out, const struct directive *d, size_t count)
{
        kr_err err = KR_OK;

        for (size_t i = 0; i < count && err == KR_OK; i++)
                err = say(out, d->pad);
        return err;
}

/* Of a text the precision is a width to be cut to, of a term one that it fills or is stars; what
 * is too wide otherwise becomes stars. */
static kr_err lay(kr_buf *out, const struct directive *d, const kr_buf *text)
{
        size_t count, want, fit, cut = text->len;
        int32_t width = d->width;
        bool is_term = d->what == 'w' || d->what == 'W';
        kr_err err = KR_OK;

        if (d->what == 's' && d->precision != NONE && d->precision >= 0) {
                cut = kri_io_characters(text->data, cut, (size_t)d->precision, &count);
                if (width == NONE)
                        width = d->precision;
        }
        (void)kri_io_characters(text->data, cut, SIZE_MAX, &count);
        if (width == NONE && is_term && d->precision != NONE)
                width = d->precision;
        if (width == NONE || d->what == 'c' || d->what == 'p' || d->what == 'P')
                return kr_buf_append(out, text->data, cut);
        want = fit = (size_t)abs(width);
        if (is_term && d->precision != NONE && (size_t)abs(d->precision) < want)
                fit = (size_t)abs(d->precision);
        if (count > want && d->what == 's')
                cut = kri_io_characters(text->data, cut, want, &count);
        if (width > 0)
                err = pad(out, d, want - (count > fit ? fit : count));
        for (size_t i = 0; i < fit && count > fit && err == KR_OK; i++)
                err = say(out, "*");
        if (count > fit)
                count = fit;
        else if (err == KR_OK)
                err = kr_buf_append(out, text->data, cut);
        return err == KR_OK && width < 0 ? pad(out, d, want - count) : err;
}

static kr_err one(kr_buf *out, const struct directive *d, kr_term *args)
{
        kr_buf text = KR_BUF_INIT;
        kr_term arg;
        kr_err err;

        if (d->what == '~' || d->what == 'n')
                return say(out, d->what == 'n' ? "\n" : "~");
        if (!take(args, &arg))
                return KR_EBADARG;
        if (d->what == 'i')
                return KR_OK;
        err = say_it(&text, d, arg, args);
        if (err == KR_OK)
                err = kr_buf_append(&text, "", 0); /* an empty one has text too */
        if (err == KR_OK)
                err = lay(out, d, &text);
        kr_buf_free(&text);
        return err;
}

static kr_err format_text(kr_buf *out, const char *at, kr_term args)
{
        struct directive d;
        kr_err err = KR_OK;

        while (*at != 0 && err == KR_OK) {
                size_t len = strcspn(at, "~");

                err = kr_buf_append(out, at, len);
                at += len;
                if (err != KR_OK || *at == 0)
                        break;
                at++;
                err = read_directive(&at, &args, &d) ? one(out, &d, &args) : KR_EBADARG;
        }
        return err == KR_OK && !kr_is_nil(args) ? KR_EBADARG : err;
}

kr_err kri_io_format(kr_buf *out, kr_term format, kr_term args)
{
        kr_buf text = KR_BUF_INIT;
        kr_atom atom;
        kr_err err;

        if (kr_get_atom(format, &atom) && !kr_is_nil(format))
                err = say(&text, kr_atom_text(atom, NULL));
        else
                err = kri_io_chars(&text, format, false);
        if (err == KR_OK)
                err = kr_buf_append(&text, "", 1);
        if (err == KR_OK)
                err = format_text(out, text.data, args);
        kr_buf_free(&text);
        return err;
}
