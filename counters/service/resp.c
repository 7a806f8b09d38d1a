/* SPDX-License-Identifier: Apache-2.0 */
#include "resp.h"

#include <stdio.h>
#include <string.h>

void resp_init(struct resp *r)
{
        r->at = 0;
        r->seen = 0;
        r->wanted = -1;
        r->bulk = -1;
        r->count = 0;
}

/* -- numbers -- */

bool resp_int64(const char *text, size_t len, int64_t *ret)
{
        bool negative = len > 0 && text[0] == '-';
        uint64_t n = 0;
        size_t i = negative;

        if (len - i == 1 && text[i] == '0' && !negative) {
                *ret = 0;
                return true;
        }
        if (len <= i || text[i] < '1' || text[i] > '9')
                return false;
        for (; i < len; i++) {
                if (text[i] < '0' || text[i] > '9' || __builtin_mul_overflow(n, 10, &n) ||
                    __builtin_add_overflow(n, (uint64_t)(text[i] - '0'), &n))
                        return false;
        }
        if (n > (uint64_t)INT64_MAX + negative)
                return false;
        *ret = (int64_t)(negative ? -n : n);
        return true;
}

/* -- what is wrong -- */

static enum resp_found refuse(struct resp *r, const char *why)
{
        (void)snprintf(r->error, sizeof(r->error), "%s", why);
        return RESP_ERROR;
}

/* A character that cannot be printed is not sent back. */
static enum resp_found refuse_type(struct resp *r, char got)
{
        (void)snprintf(r->error, sizeof(r->error), "expected '$', got '%c'",
                       got >= ' ' && got <= '~' ? got : '?');
        return RESP_ERROR;
}

/* -- lines: from r->at to the next `end` -- */

/* The distance to it; false: it is not there yet. Nothing is looked at twice. */
static bool find_end(struct resp *r, const char *data, size_t len, char end,
                     uint32_t *ret_distance)
{
        const char *from = data + r->at + r->seen;
        const char *found = memchr(from, end, len - r->at - r->seen);

        if (found == NULL) {
                r->seen = (uint32_t)(len - r->at);
                return false;
        }
        *ret_distance = (uint32_t)(found - (data + r->at));
        return true;
}

/* The usual line, a few digits and its end, all there: its length, or 0. */
static uint32_t take_digits(const char *line, size_t len, int64_t *ret)
{
        int64_t n = 0;

        for (uint32_t i = 1; i < 7 && i + 1 < len; i++) {
                unsigned digit = (unsigned char)line[i] - (unsigned)'0';

                if (line[i] == '\r' && i > 1) {
                        *ret = n;
                        return i + 2;
                }
                if (digit > 9 || (i == 2 && n == 0))
                        return 0;
                n = n * 10 + digit;
        }
        return 0;
}

/* The number in a line such as `*3`, whose first character has been looked at; MORE and ERROR
 * as resp_next. REQUEST: *ret, and r->at is behind the line. */
static enum resp_found take_length(struct resp *r, const char *data, size_t len,
                                   const char *too_long, const char *no_length,
                                   int64_t *ret)
{
        size_t limit = r->at + RESP_LENGTH_LINE_MAX;
        uint32_t distance = take_digits(data + r->at, len - r->at, ret);

        if (distance > 0) {
                r->at += distance;
                r->seen = 0;
                return RESP_REQUEST;
        }
        if (!find_end(r, data, len < limit ? len : limit, '\r', &distance))
                return len < limit ? RESP_MORE : refuse(r, too_long);
        if (len - r->at < distance + 2) {
                r->seen = distance;
                return RESP_MORE;
        }
        if (!resp_int64(data + r->at + 1, distance - 1, ret))
                return refuse(r, no_length);
        r->at += distance + 2;
        r->seen = 0;
        return RESP_REQUEST;
}

/* -- arrays of bulk strings -- */

static enum resp_found take_array_length(struct resp *r, const char *data, size_t len)
{
        int64_t wanted;
        enum resp_found found = take_length(r, data, len, "too big mbulk count string",
                                            "invalid multibulk length", &wanted);

        if (found != RESP_REQUEST)
                return found;
        if (wanted > RESP_ARGS_MAX)
                return refuse(r, "invalid multibulk length");
        r->wanted = wanted > 0 ? (int32_t)wanted : 0;
        return RESP_REQUEST;
}

static enum resp_found take_bulk_length(struct resp *r, const char *data, size_t len)
{
        enum resp_found found;
        int64_t bulk;

        if (len == r->at)
                return RESP_MORE;
        if (data[r->at] != '$')
                return refuse_type(r, data[r->at]);
        found = take_length(r, data, len, "too big bulk count string",
                            "invalid bulk length", &bulk);
        if (found != RESP_REQUEST)
                return found;
        if (bulk < 0 || bulk + 2 > RESP_REQUEST_MAX - (int64_t)r->at)
                return refuse(r, "invalid bulk length");
        r->bulk = (int32_t)bulk;
        return RESP_REQUEST;
}

static enum resp_found take_array(struct resp *r, const char *data, size_t len)
{
        enum resp_found found;

        if (r->wanted < 0) {
                found = take_array_length(r, data, len);
                if (found != RESP_REQUEST)
                        return found;
        }
        while (r->count < (uint32_t)r->wanted) {
                if (r->bulk < 0) {
                        found = take_bulk_length(r, data, len);
                        if (found != RESP_REQUEST)
                                return found;
                }
                if (len - r->at < (size_t)r->bulk + 2)
                        return RESP_MORE;
                r->args[r->count++] = (struct resp_span){ r->at, (uint32_t)r->bulk };
                r->at += (uint32_t)r->bulk + 2;
                r->bulk = -1;
        }
        return RESP_REQUEST;
}

/* -- inline commands: words, and "words in quotes" -- */

static bool is_space(char c)
{
        return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

static int hex_digit(char c)
{
        if (c >= '0' && c <= '9')
                return c - '0';
        c |= 0x20;
        return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* What stands behind a backslash between double quotes, at `from`; returns how long it is. */
static size_t unescape(const char *from, const char *end, char *ret)
{
        static const char names[] = "nrtba", values[] = "\n\r\t\b\a";
        const char *name = memchr(names, *from, sizeof(names) - 1);

        if (*from == 'x' && end - from >= 3 && hex_digit(from[1]) >= 0 &&
            hex_digit(from[2]) >= 0) {
                *ret = (char)(hex_digit(from[1]) << 4 | hex_digit(from[2]));
                return 3;
        }
        *ret = name != NULL ? values[name - names] : *from;
        return 1;
}

/* From behind an opening quote to behind the closing one, which must end its word; the bytes go
 * to *to. NULL: it is not so. */
static const char *take_quoted(const char *from, const char *end, char **to)
{
        char quote = from[-1];

        while (from < end && *from != quote) {
                if (*from == '\\' && end - from >= 2 && quote == '"') {
                        from++;
                        from += unescape(from, end, (*to)++);
                } else if (*from == '\\' && end - from >= 2 && from[1] == '\'') {
                        *(*to)++ = '\'';
                        from += 2;
                } else {
                        *(*to)++ = *from++;
                }
        }
        if (from == end || (from + 1 < end && !is_space(from[1])))
                return NULL;
        return from + 1;
}

/* One word; NULL: its quotes are not closed. */
static const char *take_word(const char *from, const char *end, char **to)
{
        while (from != NULL && from < end && !is_space(*from)) {
                if (*from == '"' || *from == '\'')
                        from = take_quoted(from + 1, end, to);
                else
                        *(*to)++ = *from++;
        }
        return from;
}

/* Words never grow, so each is written where it stood. */
static enum resp_found split_line(struct resp *r, char *line, size_t len)
{
        const char *from = line, *end = line + len;

        for (;;) {
                char *begin, *to;

                while (from < end && is_space(*from))
                        from++;
                if (from == end)
                        return RESP_REQUEST;
                if (r->count == RESP_ARGS_MAX)
                        return refuse(r, "too many words in request");
                to = begin = line + (from - line);
                from = take_word(from, end, &to);
                if (from == NULL)
                        return refuse(r, "unbalanced quotes in request");
                r->args[r->count++] = (struct resp_span){ (uint32_t)(begin - line),
                                                          (uint32_t)(to - begin) };
        }
}

static enum resp_found take_line(struct resp *r, char *data, size_t len)
{
        uint32_t distance;

        if (!find_end(r, data, len < RESP_REQUEST_MAX ? len : RESP_REQUEST_MAX, '\n',
                      &distance))
                return len < RESP_REQUEST_MAX ? RESP_MORE
                                              : refuse(r, "too big inline request");
        r->at = distance + 1;
        return split_line(r, data, distance);
}

/* -- either -- */

enum resp_found resp_next(struct resp *r, char *data, size_t len, size_t *ret_used)
{
        enum resp_found found;

        if (r->at == 0 && r->seen == 0)
                r->count = 0;
        if (len == 0)
                return RESP_MORE;
        found = data[0] == '*' ? take_array(r, data, len) : take_line(r, data, len);
        if (found == RESP_REQUEST) {
                *ret_used = r->at;
                r->at = 0;
                r->seen = 0;
                r->wanted = -1;
                r->bulk = -1;
        }
        return found;
}
