/* SPDX-License-Identifier: Apache-2.0 */
#include "words.h"

#include <krarup/pattern.h>

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define SHORT_BYTES 240
#define PIECE_BYTES 512

/* What a report prints of one term. */
static const kr_print_opts limits = { .depth_max = 24, .length_max = 400 };

const char *kri_words_text(const struct kri_words *w)
{
        return w->buf.data != NULL ? w->buf.data : "";
}

void kri_say_bytes(struct kri_words *w, const void *data, size_t len)
{
        if (kr_buf_append(&w->buf, data, len) != KR_OK)
                w->failed = true;
}

/* A longer piece is cut: only names and numbers of bounded length are said like this, and
 * text of the user's own goes through kri_say_bytes. */
void kri_say(struct kri_words *w, const char *format, ...)
{
        char piece[PIECE_BYTES];
        va_list args;
        int len;

        va_start(args, format);
        len = vsnprintf(piece, sizeof(piece), format, args);
        va_end(args);
        if (len > 0)
                kri_say_bytes(w, piece,
                              (size_t)len < sizeof(piece) ? (size_t)len
                                                          : sizeof(piece) - 1);
}

void kri_say_term(struct kri_words *w, kr_term t)
{
        if (kr_print_to(&w->buf, t, &limits) != KR_OK)
                w->failed = true;
}

void kri_say_short(struct kri_words *w, kr_term t)
{
        char text[SHORT_BYTES];
        size_t len = kr_format(text, sizeof(text), t);

        kri_say_bytes(w, text, strlen(text));
        if (len >= sizeof(text))
                kri_say(w, "...");
}

void kri_say_pid(struct kri_words *w, kr_pid pid)
{
        kr_term t = kr_build("~", pid);

        kri_say_short(w, t);
        kr_release(t);
}

static bool is_printable(const char *text, size_t len)
{
        for (size_t i = 0; i < len; i++)
                if ((unsigned char)text[i] < 0x20 && text[i] != '\n' && text[i] != '\t')
                        return false;
        return true;
}

void kri_say_string(struct kri_words *w, kr_term t)
{
        char text[PIECE_BYTES];
        kr_bytes bytes;
        size_t len;

        if (kr_get_bytes(t, &bytes) && is_printable(bytes.data, bytes.len))
                kri_say_bytes(w, bytes.data, bytes.len);
        else if (kr_is_cons(t) && kr_get_string(t, text, sizeof(text), &len) &&
                 is_printable(text, len))
                kri_say_bytes(w, text, len);
        else
                kri_say_term(w, t);
}

void kri_say_json(struct kri_words *w, const char *text, size_t len)
{
        kri_say_bytes(w, "\"", 1);
        for (size_t i = 0; i < len; i++) {
                unsigned char c = (unsigned char)text[i];

                if (c == '"' || c == '\\')
                        kri_say(w, "\\%c", c);
                else if (c == '\n')
                        kri_say(w, "\\n");
                else if (c < 0x20 || c == 0x7f)
                        kri_say(w, "\\u%04x", c);
                else
                        kri_say_bytes(w, &text[i], 1);
        }
        kri_say_bytes(w, "\"", 1);
}

void kri_words_clear(struct kri_words *w)
{
        kr_buf_free(&w->buf);
        w->failed = false;
}
