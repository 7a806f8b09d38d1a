/* SPDX-License-Identifier: Apache-2.0 */
#include <krarup/text.h>

#include "atom.h"
#include "buf.h"
#include "char.h"
#include "etf_read.h"
#include "ident.h"
#include "number.h"
#include "print.h"
#include "text.h"
#include "token.h"
#include "utf8.h"
#include "walk.h"

#include <inttypes.h>

/* -- where text goes: a buffer that grows, one that does not, or a stream -- */

struct out {
        kr_buf *buf;
        FILE *stream;
        char *fixed;
        size_t size; /* of fixed */
        size_t kept; /* bytes in fixed */
        size_t len;  /* of all text so far */
        kr_err err;  /* the first; nothing is written after it */
        bool starts; /* KR_ETOOBIG when fixed is full */
        kr_print_opts opts;
        struct kri_walk *walk; /* of print_term */
};

/* `text` is whole characters. */
static void put(struct out *out, const char *text, size_t len)
{
        if (out->err != KR_OK)
                return;
        if (out->buf)
                out->err = kr_buf_append(out->buf, text, len);
        else if (out->stream)
                out->err = fwrite(text, 1, len, out->stream) == len ? KR_OK : KR_EOS;
        else if (out->kept == out->len && out->size - out->kept > len) {
                memcpy(out->fixed + out->kept, text, len);
                out->kept += len;
        } else if (out->starts)
                out->err = KR_ETOOBIG;
        out->len += len;
}

/* Plain ASCII, which may be cut anywhere. */
static void put_text(struct out *out, const char *text)
{
        size_t room = out->size - out->kept;

        if (!out->buf && !out->stream && out->kept == out->len && room > 1 &&
            strlen(text) >= room) {
                memcpy(out->fixed + out->kept, text, room - 1);
                out->kept += room - 1;
                out->len += strlen(text);
                if (out->starts)
                        out->err = KR_ETOOBIG;
                return;
        }
        put(out, text, strlen(text));
}

static void put_char(struct out *out, uint32_t c)
{
        uint8_t bytes[4];

        put(out, (const char *)bytes, kri_utf8_put(bytes, c));
}

static void put_uint(struct out *out, uint64_t n)
{
        char text[24];
        char *at = text + sizeof(text) - 1;

        *at = '\0';
        do
                *--at = (char)('0' + n % 10);
        while ((n /= 10) > 0);
        put_text(out, at);
}

/* -- characters in quotes -- */

static void put_escaped(struct out *out, uint32_t c, char quote)
{
        static const char names[] = "btnvfr"; /* 8 to 13 */
        char text[16];

        if (c == (uint32_t)quote || c == '\\')
                snprintf(text, sizeof(text), "\\%c", (int)c);
        else if (c >= 8 && c <= 13)
                snprintf(text, sizeof(text), "\\%c", names[c - 8]);
        else if (c == 27 || c == 127)
                snprintf(text, sizeof(text), "\\%c", c == 27 ? 'e' : 'd');
        else if (c < ' ' || (c > 126 && c < 160))
                snprintf(text, sizeof(text), "\\%03" PRIo32, c);
        else if (c > 255 && out->opts.latin1)
                snprintf(text, sizeof(text), "\\x{%" PRIX32 "}", c);
        else {
                put_char(out, c);
                return;
        }
        put_text(out, text);
}

/* -- leaves -- */

static bool is_bare(const char *text, size_t len)
{
        const uint8_t *p = (const uint8_t *)text, *end = p + len;
        uint32_t c;
        size_t n = kri_utf8_get(p, end, &c);

        if (n == 0 || !kri_char_is_lower(c) || kri_is_reserved(text, len))
                return false;
        for (; p < end; p += n) {
                n = kri_utf8_get(p, end, &c);
                if (n == 0 || !kri_char_is_name(c))
                        return false;
        }
        return true;
}

static void print_atom(struct out *out, uint32_t index)
{
        size_t len, n;
        const char *text = kri_atom_text(index, &len);
        const uint8_t *p = (const uint8_t *)text, *end = p + len;
        uint32_t c;

        if (is_bare(text, len)) {
                put(out, text, len);
                return;
        }
        put_char(out, '\'');
        for (; p < end && (n = kri_utf8_get(p, end, &c)) > 0; p += n)
                put_escaped(out, c, '\'');
        put_char(out, '\'');
}

#define LIMBS_ON_STACK 16
#define DECIMAL_LIMBS_MAX 2048 /* some 39,000 digits: tens of milliseconds */
#define LIMB_DIGITS 20         /* decimal digits of a limb, at most */

/* `count` limbs, destroyed, as digits before `end`. Returns the first. */
static char *digits_of(uint64_t *limbs, uint64_t count, char *end)
{
        const uint64_t ten_to_19 = 10000000000000000000u;

        while (count > 0) {
                uint64_t chunk = kri_limbs_divide(limbs, &count, ten_to_19);

                for (int i = 0; i < 19 && (count > 0 || chunk > 0); i++, chunk /= 10)
                        *--end = (char)('0' + chunk % 10);
        }
        return end;
}

/* Decimal digits take time in proportion to the square of their number; these do not. */
static void print_hex(struct out *out, const uint64_t *limbs, uint64_t count)
{
        char text[24];

        snprintf(text, sizeof(text), "16#%" PRIX64, limbs[count - 1]);
        put_text(out, text);
        for (uint64_t i = count - 1; i > 0; i--) {
                snprintf(text, sizeof(text), "%016" PRIX64, limbs[i - 1]);
                put_text(out, text);
        }
}

static void print_decimal(struct out *out, const uint64_t *magnitude, uint64_t count)
{
        uint64_t few[LIMBS_ON_STACK + LIMBS_ON_STACK * LIMB_DIGITS / 8];
        uint64_t *limbs = few;
        char *digits, *end;

        if (count > LIMBS_ON_STACK) {
                limbs = kri_term_host.alloc(count * (sizeof(*limbs) + LIMB_DIGITS));
                if (!limbs) {
                        if (out->buf)
                                out->err = KR_ENOMEM;
                        put_text(out, "...");
                        return;
                }
        }
        memcpy(limbs, magnitude, count * sizeof(*limbs));
        end = (char *)(limbs + count) + count * LIMB_DIGITS;
        digits = digits_of(limbs, count, end);
        put(out, digits, (size_t)(end - digits));
        if (limbs != few)
                kri_term_host.free(limbs);
}

static void print_big(struct out *out, const kri_word *box)
{
        uint64_t count = kri_box_words(*box);

        if (kri_box_type(*box) == KRI_BIGNEG)
                put_char(out, '-');
        if (count > DECIMAL_LIMBS_MAX)
                print_hex(out, box + 1, count);
        else
                print_decimal(out, box + 1, count);
}

static void print_float(struct out *out, kri_word t)
{
        char text[KRI_TEXT_DOUBLE_MAX];

        kri_double_text(kri_float_value(t), text);
        put_text(out, text);
}

static void print_pid(struct out *out, uint32_t node, uint64_t num)
{
        char text[48];

        snprintf(text, sizeof(text), "<%" PRIu32 ".%" PRIu32 ".%" PRIu32 ">",
                 kri_node_printed(node), (uint32_t)num, (uint32_t)(num >> 32));
        put_text(out, text);
}

static void print_port(struct out *out, const kri_word *box)
{
        char text[48];

        snprintf(text, sizeof(text), "#Port<%" PRIu32 ".%" PRIu64 ">",
                 kri_node_printed((uint32_t)box[2]), box[1]);
        put_text(out, text);
}

/* The words highest first, as OTP prints them. */
static void print_ref(struct out *out, kr_ref ref)
{
        uint32_t words[5] = { (uint32_t)ref.id[0], (uint32_t)(ref.id[0] >> 32),
                              (uint32_t)ref.id[1], (uint32_t)(ref.id[1] >> 32), ref.id2 };

        put_text(out, "#Ref<");
        put_uint(out, kri_node_printed(kri_ref_node(ref)));
        for (uint32_t i = kri_ref_words(ref); i > 0; i--) {
                put_char(out, '.');
                put_uint(out, words[i - 1]);
        }
        put_char(out, '>');
}

static void print_export(struct out *out, const kri_word *box)
{
        put_text(out, "fun ");
        print_atom(out, kri_atom_index(box[1]));
        put_char(out, ':');
        print_atom(out, kri_atom_index(box[2]));
        put_char(out, '/');
        put_uint(out, (uint64_t)kri_int_value(box[3]));
}

static bool read_small(struct kri_etf_reader *r, uint32_t *ret)
{
        if (!kri_etf_has(r, 5))
                return false;
        if (*r->at == KRI_ETF_SMALL_INTEGER) {
                r->at++;
                *ret = kri_etf_get8(r);
                return true;
        }
        if (*r->at++ != KRI_ETF_INTEGER)
                return false;
        *ret = kri_etf_get32(r);
        return true;
}

/* #Fun<Module.Index.Uniq>: the old index and uniq stand behind 30 bytes and the module. */
static void print_fun(struct out *out, const kri_word *box)
{
        struct kri_etf_source source = { .bytes = (const uint8_t *)(box + 2),
                                         .len = box[1] };
        struct kri_etf_reader r = kri_etf_reader(&source);
        struct kri_etf_atom module;
        uint32_t index, uniq;

        put_text(out, "#Fun<");
        if (kri_etf_has(&r, 30)) {
                r.at += 30;
                if (kri_etf_read_atom(&r, &module) == KR_OK && !module.is_latin1 &&
                    read_small(&r, &index) && read_small(&r, &uniq)) {
                        put(out, (const char *)module.text, module.len);
                        put_char(out, '.');
                        put_uint(out, index);
                        put_char(out, '.');
                        put_uint(out, uniq);
                }
        }
        put_char(out, '>');
}

/* -- bitstrings -- */

enum script { NOT_TEXT, LATIN1, UTF8 };

/* Is it shown in quotes? As UTF-8 if it is that; `ret_wide`: with characters that take more
 * than a byte. */
static enum script script_of(struct out *out, const uint8_t *bytes, uint64_t len,
                             bool *ret_wide)
{
        const uint8_t *p = bytes, *end = bytes + len;
        bool printable = true;
        size_t chars;
        uint32_t c = 0;

        *ret_wide = false;
        if (len == 0)
                return NOT_TEXT;
        if (out->opts.latin1 || !kri_utf8_count(bytes, len, &chars)) {
                for (; p < end && printable; p++)
                        printable = kri_char_is_printable(*p, true);
                return printable ? LATIN1 : NOT_TEXT;
        }
        *ret_wide = chars != len;
        while (p < end && printable) {
                p += kri_utf8_get(p, end, &c);
                printable = kri_char_is_printable(c, false);
        }
        return printable ? UTF8 : NOT_TEXT;
}

static bool is_cut(struct out *out, uint64_t printed)
{
        return out->opts.length_max && printed >= out->opts.length_max;
}

static void print_quoted_bytes(struct out *out, const uint8_t *p, uint64_t len,
                               enum script script, bool wide)
{
        const uint8_t *end = p + len;
        uint64_t printed = 0;

        put_text(out, "<<\"");
        for (; p < end && !is_cut(out, printed); printed++) {
                uint32_t c = *p;

                p += script == UTF8 ? kri_utf8_get(p, end, &c) : 1;
                put_escaped(out, c, '"');
        }
        put_text(out, p < end ? "\"..." : "\"");
        put_text(out, wide ? "/utf8>>" : ">>");
}

static void print_bits(struct out *out, kri_word t)
{
        uint64_t bits, i;
        const uint8_t *bytes = kri_bits(t, &bits);
        bool wide;
        enum script script = bits % 8 ? NOT_TEXT : script_of(out, bytes, bits / 8, &wide);

        if (script != NOT_TEXT) {
                print_quoted_bytes(out, bytes, bits / 8, script, wide);
                return;
        }
        put_text(out, "<<");
        for (i = 0; i < (bits + 7) / 8; i++) {
                unsigned used = bits - i * 8 < 8 ? (unsigned)(bits % 8) : 8;

                if (i > 0)
                        put_char(out, ',');
                if (is_cut(out, i)) {
                        put_text(out, "...");
                        break;
                }
                put_uint(out, (uint64_t)bytes[i] >> (8 - used));
                if (used < 8) {
                        put_char(out, ':');
                        put_uint(out, used);
                }
        }
        put_text(out, ">>");
}

/* -- lists of characters -- */

static bool is_string(struct out *out, kri_word list)
{
        for (; kri_tag(list) == KRI_CONS; list = kri_tail(list)) {
                kri_word c = *kri_ptr(list);

                if (kri_tag(c) != KRI_INT || kri_int_value(c) < 0 ||
                    !kri_char_is_printable((uint64_t)kri_int_value(c), out->opts.latin1))
                        return false;
        }
        return list == KRI_NIL;
}

static void print_string(struct out *out, kri_word list)
{
        uint64_t printed = 0;

        put_char(out, '"');
        for (; list != KRI_NIL && !is_cut(out, printed); list = kri_tail(list), printed++)
                put_escaped(out, (uint32_t)kri_int_value(kri_head(list)), '"');
        put_text(out, list == KRI_NIL ? "\"" : "\"...");
}

/* -- what has children: the head is printed and a range returned --
 *
 * exact: what it is, and in the bits above, how many of it are printed. */
enum shape { TUPLE, MAP, LIST, TAIL, SHAPES_BITS = 2 };

static enum shape shape_of(const struct kri_range *range)
{
        return (enum shape)(range->exact & ((1 << SHAPES_BITS) - 1));
}

static uint64_t printed_of(const struct kri_range *range)
{
        return range->exact >> SHAPES_BITS;
}

static void print_box(struct out *out, kri_word t, struct kri_range *ret)
{
        const kri_word *box = kri_ptr(t);
        uint64_t words = kri_box_words(*box);

        switch (kri_box_type(*box)) {
        case KRI_TUPLE:
                put_text(out, words ? "{" : "{}");
                *ret = (struct kri_range){ .a = box + 1, .count = words, .exact = TUPLE };
                break;
        case KRI_MAP:
                put_text(out, words ? "#{" : "#{}");
                *ret = (struct kri_range){ box + 1, box + 1 + words / 2, words, MAP };
                break;
        case KRI_FLOAT:
                print_float(out, t);
                break;
        case KRI_BIGPOS:
        case KRI_BIGNEG:
                print_big(out, box);
                break;
        case KRI_BIN:
        case KRI_BLOB:
                print_bits(out, t);
                break;
        case KRI_XPID:
                print_pid(out, (uint32_t)box[2], box[1]);
                break;
        case KRI_PORT:
                print_port(out, box);
                break;
        case KRI_REF:
                print_ref(out, kri_word_ref(t));
                break;
        case KRI_EXPORT:
                print_export(out, box);
                break;
        case KRI_FUN:
                print_fun(out, box);
                break;
        case KRI_BOX_TYPES:
                break;
        }
}

static void print_int(struct out *out, int64_t n)
{
        if (n < 0)
                put_char(out, '-');
        put_uint(out, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

static void print_one(struct out *out, kri_word t, struct kri_range *ret)
{
        kr_pid pid;

        ret->count = 0;
        switch (kri_tag(t)) {
        case KRI_INT:
                print_int(out, kri_int_value(t));
                break;
        case KRI_ATOM:
                print_atom(out, kri_atom_index(t));
                break;
        case KRI_PID:
                pid = kri_word_pid(t);
                print_pid(out, pid.node, kri_pid_num(pid));
                break;
        case KRI_CONS:
                if (is_string(out, t)) {
                        print_string(out, t);
                        break;
                }
                put_char(out, '[');
                *ret = (struct kri_range){ .a = kri_ptr(t), .count = 1, .exact = LIST };
                break;
        case KRI_BOX:
                print_box(out, t, ret);
                break;
        case KRI_SPEC:
                put_text(out, t == KRI_NIL ? "[]" : "#None");
                break;
        }
}

/* The next child, the separator before it printed; the range moves on. */
static kri_word next_child(struct out *out, struct kri_range *range)
{
        enum shape shape = shape_of(range);
        bool is_value = shape == MAP && range->count % 2 == 1;
        kri_word t, tail;

        if (is_value)
                put_text(out, " => ");
        else if (printed_of(range) > 0)
                put_char(out, shape == TAIL ? '|' : ',');
        if (!is_value)
                range->exact += 1 << SHAPES_BITS;
        if (shape != LIST) {
                range->count--;
                return kri_load(is_value ? range->b++ : range->a++);
        }
        t = kri_load(range->a);
        tail = kri_load(range->a + 1);
        if (kri_tag(tail) == KRI_CONS)
                range->a = kri_ptr(tail);
        else if (tail == KRI_NIL)
                range->count = 0;
        else
                range->a++, range->exact += TAIL - LIST;
        return t;
}

static void close_range(struct out *out, const struct kri_range *range)
{
        bool is_list = shape_of(range) >= LIST;

        if (range->count > 0) /* cut */
                put_text(out, is_list ? "|..." : ",...");
        put_char(out, is_list ? ']' : '}');
}

static bool is_done(struct out *out, const struct kri_range *range)
{
        if (range->count == 0 || out->err != KR_OK)
                return true;
        return is_cut(out, printed_of(range)) &&
               !(shape_of(range) == MAP && range->count % 2 == 1);
}

static bool is_too_deep(struct out *out, kri_word t)
{
        uint64_t count = 0;

        if (!out->opts.depth_max || out->walk->len + 1 < out->opts.depth_max ||
            !kri_is_place(t))
                return false;
        (void)kri_children(t, &count);
        return count > 0;
}

static void print_term(struct out *out, kri_word t)
{
        struct kri_range at, inner;
        struct kri_walk walk;

        kri_walk_init(&walk);
        out->walk = &walk;
        print_one(out, t, &at);
        if (at.count == 0)
                return;
        do {
                while (!is_done(out, &at)) {
                        kri_word child = next_child(out, &at);

                        if (is_too_deep(out, child)) {
                                put_text(out, "...");
                                continue;
                        }
                        print_one(out, child, &inner);
                        if (inner.count == 0)
                                continue;
                        if (kri_walk_push(&walk, at)) {
                                at = inner;
                                continue;
                        }
                        if (out->buf)
                                out->err = KR_ENOMEM;
                        put_text(out, shape_of(&inner) >= LIST ? "...]" : "...}");
                }
                close_range(out, &at);
        } while (kri_walk_pop(&walk, &at));
        kri_walk_fini(&walk);
}

/* -- the public face -- */

KR_API kr_err kr_print_to(kr_buf *buf, kr_term t, const kr_print_opts *opts)
{
        struct out out = { .buf = buf };
        size_t len = buf->len;

        if (opts)
                out.opts = *opts;
        print_term(&out, t.w);
        if (out.err != KR_OK && buf->data) {
                buf->len = len;
                buf->data[len] = '\0';
        }
        return out.err;
}

KR_API size_t kr_format(char *buf, size_t size, kr_term t)
{
        struct out out = { .fixed = buf, .size = size };

        print_term(&out, t.w);
        if (size > 0)
                buf[out.kept] = '\0';
        return out.len;
}

bool kri_format_start(char *buf, size_t size, kr_term t)
{
        struct out out = { .fixed = buf,
                           .size = size,
                           .starts = true,
                           .opts = { .length_max = (uint32_t)size } };

        print_term(&out, t.w);
        buf[out.kept] = '\0';
        return out.err == KR_OK;
}

KR_API kr_err kr_print(FILE *to, kr_term t, const kr_print_opts *opts)
{
        struct out out = { .stream = to };

        if (opts)
                out.opts = *opts;
        print_term(&out, t.w);
        return out.err;
}
