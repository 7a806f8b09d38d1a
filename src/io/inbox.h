/* SPDX-License-Identifier: Apache-2.0 */
/* inbox.h: bytes that were read and not yet taken, and the packets they make.
 *
 * Owns     Nothing while it is empty: the first block is the scheduler's (kri_loop_block), so
 *          that ten thousand idle connections hold no buffers. A packet that needs more has a
 *          block of its own.
 */
#ifndef KR_IO_INBOX_H
#define KR_IO_INBOX_H

#include <krarup/tcp.h>

#include "loop.h"

struct kri_inbox {
        uint8_t *data;
        uint32_t start, end, cap; /* data[start..end) */
        uint32_t looked;          /* line: so many from start on are no newline */
};

static inline uint32_t kri_inbox_len(const struct kri_inbox *inbox)
{
        return inbox->end - inbox->start;
}

enum kri_found {
        KRI_FOUND,      /* a packet */
        KRI_FOUND_PART, /* more is needed */
        KRI_FOUND_TOO_BIG,
};

/* The first packet in it: *ret_skip bytes, then *ret_len that it consists of. PART: *ret_len is
 * how many bytes there must be at least. */
enum kri_found kri_inbox_find(struct kri_inbox *inbox, kr_packet packet, uint32_t max,
                              uint32_t *ret_skip, uint32_t *ret_len);

/* Take so many bytes away; the memory goes with the last. */
void kri_inbox_take(struct kri_inbox *inbox, struct kri_io *io, struct kri_sched *s,
                    uint32_t len);

/* Room for at least `len` bytes in all, and at least one more than there are: to be read to
 * data + end. False: no memory. */
bool kri_inbox_room(struct kri_inbox *inbox, struct kri_io *io, struct kri_sched *s,
                    uint32_t len);

/* Nothing is left in it. s NULL: the node stops. */
void kri_inbox_clear(struct kri_inbox *inbox, struct kri_io *io, struct kri_sched *s);

#endif
