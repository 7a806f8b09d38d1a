/* SPDX-License-Identifier: Apache-2.0 */
#include "reply.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#define ERROR_MAX 400
#define NUMBER_MAX 24 /* of a 64-bit number, its type and the end of its line */

void reply_free(struct reply *r)
{
        kr_free(r->data);
        *r = (struct reply){ .data = NULL };
}

/* Room for so many bytes; NULL: there is none. */
static char *room(struct reply *r, size_t len)
{
        size_t cap = r->cap > 0 ? r->cap : 1024;
        char *data;

        if (r->cap - r->len >= len && !r->failed)
                return r->data + r->len;
        while (cap - r->len < len)
                cap *= 2;
        data = r->failed ? NULL : kr_realloc(r->data, cap);
        if (data == NULL) {
                r->failed = true;
                return NULL;
        }
        r->data = data;
        r->cap = cap;
        return data + r->len;
}

/* A type, a number and the end of the line, without printf: every INCR is answered by it. */
static void add_line(struct reply *r, char type, int64_t n)
{
        char digits[NUMBER_MAX], *at = digits + sizeof(digits), *to;
        uint64_t left = n < 0 ? -(uint64_t)n : (uint64_t)n;
        size_t len;

        *--at = '\n';
        *--at = '\r';
        do
                *--at = (char)('0' + left % 10);
        while ((left /= 10) != 0);
        if (n < 0)
                *--at = '-';
        *--at = type;
        len = (size_t)(digits + sizeof(digits) - at);
        to = room(r, len);
        if (to == NULL)
                return;
        memcpy(to, at, len);
        r->len += len;
}

static void add(struct reply *r, const void *data, size_t len)
{
        char *to = room(r, len);

        if (to == NULL || len == 0)
                return;
        memcpy(to, data, len);
        r->len += len;
}

void reply_integer(struct reply *r, int64_t n)
{
        add_line(r, ':', n);
}

void reply_status(struct reply *r, const char *text)
{
        add(r, "+", 1);
        add(r, text, strlen(text));
        add(r, "\r\n", 2);
}

void reply_bulk(struct reply *r, const void *data, size_t len)
{
        add_line(r, '$', (int64_t)len);
        add(r, data, len);
        add(r, "\r\n", 2);
}

void reply_text(struct reply *r, const char *text)
{
        reply_bulk(r, text, strlen(text));
}

void reply_number(struct reply *r, int64_t n)
{
        char text[NUMBER_MAX];
        int len = snprintf(text, sizeof(text), "%lld", (long long)n);

        reply_bulk(r, text, (size_t)len);
}

void reply_nil(struct reply *r)
{
        add(r, "$-1\r\n", 5);
}

void reply_array(struct reply *r, size_t count)
{
        add_line(r, '*', (int64_t)count);
}

void reply_error(struct reply *r, const char *format, ...)
{
        char text[ERROR_MAX];
        va_list args;

        va_start(args, format);
        (void)vsnprintf(text, sizeof(text), format, args);
        va_end(args);
        for (char *at = text; *at != '\0'; at++)
                if (*at < ' ' || *at > '~')
                        *at = ' ';
        add(r, "-", 1);
        add(r, text, strlen(text));
        add(r, "\r\n", 2);
}
