/* SPDX-License-Identifier: Apache-2.0 */
/* resp.h: requests of the Redis protocol (RESP2), taken out of bytes as they come.
 *
 * Model    What a client has sent lies in a buffer of the caller's that begins where the last
 *          request ended. resp_next looks at what is new in it, and remembers how far it got.
 *          A request is an array of bulk strings, or a line of words (an inline command).
 * Limits   below; whoever sends more is told so in Redis's words, and what follows cannot be
 *          read: the connection is to be closed.
 * Threads  one at a time for each struct resp.
 * Knows    C alone, so that it can be fuzzed by itself.
 */
#ifndef SERVICE_RESP_H
#define SERVICE_RESP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RESP_ARGS_MAX 1024       /* of one request */
#define RESP_REQUEST_MAX 65536   /* bytes, with all that surrounds its strings */
#define RESP_LENGTH_LINE_MAX 64u /* of `*3` and `$5`; longer ones are no lengths */

enum resp_found {
        RESP_MORE,    /* what is there is the beginning of a request */
        RESP_REQUEST, /* one; of no arguments at all, too: it asks for nothing */
        RESP_ERROR,   /* `error` says what is wrong with it; no more can be read */
};

/* One argument: bytes of the caller's buffer, from its beginning. */
struct resp_span {
        uint32_t at;
        uint32_t len;
};

struct resp {
        uint32_t at;    /* so many bytes of the present request are done with */
        uint32_t seen;  /* so many of the line that begins there hold no end of it */
        int32_t wanted; /* arguments of the array; -1: its length has not been read */
        int32_t bulk;   /* length of the string that comes; -1: it has not been read */
        uint32_t count; /* arguments found */
        char error[40]; /* RESP_ERROR: "invalid bulk length" */
        struct resp_span args[RESP_ARGS_MAX];
};

void resp_init(struct resp *r);

/* Look for a request in the `len` bytes of `data`: those of the last call, if that said MORE,
 * and what came after them. REQUEST: *ret_used bytes were it, `r` has its arguments until the
 * next call, and the next request begins after them. Words in quotes of an inline command are
 * rewritten in place. */
enum resp_found resp_next(struct resp *r, char *data, size_t len, size_t *ret_used);

/* An integer as Redis writes them: no sign but a minus, no zero before it, nothing else. */
bool resp_int64(const char *text, size_t len, int64_t *ret);

#endif
