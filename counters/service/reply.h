/* SPDX-License-Identifier: Apache-2.0 */
/* reply.h: answers of the Redis protocol (RESP2), put one behind the other.
 *
 * The bytes belong to the calling process (kr_alloc). Where there is no memory for an answer
 * `failed` is set and stays: what is there is not whole, and the connection is to be closed.
 */
#ifndef SERVICE_REPLY_H
#define SERVICE_REPLY_H

#include <krarup.h>

struct reply {
        char *data;
        size_t len, cap;
        bool failed;
};

/* All begin empty: struct reply r = { 0 }. */
void reply_free(struct reply *r);

void reply_integer(struct reply *r, int64_t n);       /* :3 */
void reply_status(struct reply *r, const char *text); /* +OK */
void reply_bulk(struct reply *r, const void *data, size_t len);
void reply_text(struct reply *r, const char *text); /* the same */
void reply_number(struct reply *r, int64_t n);      /* an integer as a bulk string */
void reply_nil(struct reply *r);                    /* nothing there */
void reply_array(struct reply *r, size_t count);    /* that many answers follow */

/* An error, in the manner of printf: "ERR syntax error". What would end its line, or cannot be
 * printed, is a space; it is cut after some 400 bytes. */
void reply_error(struct reply *r, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

#endif
