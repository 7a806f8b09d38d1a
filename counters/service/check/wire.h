/* SPDX-License-Identifier: Apache-2.0 */
/* wire.h: a connection to the service, without blocking: what was asked is sent as the kernel takes
 * it, and whole replies come back, which are integers, bulk strings, states or errors.
 *
 * It owes nothing to Krarup: whoever checks does not rely on what is checked.
 */
#ifndef CHECK_WIRE_H
#define CHECK_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define WIRE_BYTES 65536

struct wire {
        int fd; /* -1: closed */
        bool connected;
        size_t out_len, in_len;
        char out[WIRE_BYTES]; /* not yet sent */
        char in[WIRE_BYTES];  /* not yet read */
};

enum wire_got {
        WIRE_NOTHING,
        WIRE_INTEGER, /* also a bulk string that is one */
        WIRE_OTHER,   /* any other reply that is no error */
        WIRE_ERROR,   /* an error reply */
        WIRE_BROKEN,  /* what came is no reply */
};

void wire_init(struct wire *w);

/* Begin to connect to 127.0.0.1; false: it cannot be. Then it is to be polled. */
bool wire_open(struct wire *w, uint16_t port);
void wire_close(struct wire *w);

/* Put a request into `out`, in the manner of printf, as an inline command. False: no room. */
bool wire_ask(struct wire *w, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

/* What to poll for. */
short wire_events(const struct wire *w);

/* Do what poll has found possible; false: the connection is broken, and is closed now. */
bool wire_turn(struct wire *w, short revents);

/* The next reply that has come whole. */
enum wire_got wire_take(struct wire *w, int64_t *ret);

#endif
