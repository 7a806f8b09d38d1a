/* SPDX-License-Identifier: Apache-2.0 */
#include "inbox.h"

#include <string.h>

#include "core/node.h"

#include "io.h"

static enum kri_found find_line(struct kri_inbox *inbox, uint32_t max, uint32_t *ret_len)
{
        uint32_t len = kri_inbox_len(inbox);
        const uint8_t *from = inbox->data + inbox->start;
        const uint8_t *end = len > inbox->looked ? memchr(from + inbox->looked, '\n',
                                                          len - inbox->looked)
                                                 : NULL;

        if (end != NULL && (uint32_t)(end - from) + 1 <= max) {
                *ret_len = (uint32_t)(end - from) + 1;
                return KRI_FOUND;
        }
        if (end != NULL || len >= max)
                return KRI_FOUND_TOO_BIG;
        inbox->looked = len;
        *ret_len = len + 1;
        return KRI_FOUND_PART;
}

static enum kri_found find_counted(struct kri_inbox *inbox, uint32_t header, uint32_t max,
                                   uint32_t *ret_len)
{
        const uint8_t *from = inbox->data + inbox->start;
        uint32_t len = kri_inbox_len(inbox), body = 0;

        *ret_len = header;
        if (len < header)
                return KRI_FOUND_PART;
        for (uint32_t i = 0; i < header; i++)
                body = body << 8 | from[i];
        if (body > max)
                return KRI_FOUND_TOO_BIG;
        *ret_len = len - header >= body ? body : header + body;
        return len - header >= body ? KRI_FOUND : KRI_FOUND_PART;
}

enum kri_found kri_inbox_find(struct kri_inbox *inbox, kr_packet packet, uint32_t max,
                              uint32_t *ret_skip, uint32_t *ret_len)
{
        *ret_skip = 0;
        switch (packet) {
        case KR_PACKET_LINE:
                return find_line(inbox, max, ret_len);
        case KR_PACKET_1:
        case KR_PACKET_2:
        case KR_PACKET_4:
                *ret_skip = (uint32_t)packet;
                return find_counted(inbox, (uint32_t)packet, max, ret_len);
        case KR_PACKET_RAW:
                break;
        }
        *ret_len = kri_inbox_len(inbox) > 0 ? kri_inbox_len(inbox) : 1;
        return kri_inbox_len(inbox) > 0 ? KRI_FOUND : KRI_FOUND_PART;
}

static void free_data(struct kri_inbox *inbox, struct kri_io *io, struct kri_sched *s)
{
        if (inbox->data != NULL && inbox->cap == KRI_LOOP_BLOCK && s != NULL)
                kri_loop_block_free(io, s, inbox->data);
        else
                kri_node_free(io->node, inbox->data, inbox->cap);
}

void kri_inbox_clear(struct kri_inbox *inbox, struct kri_io *io, struct kri_sched *s)
{
        free_data(inbox, io, s);
        *inbox = (struct kri_inbox){ 0 };
}

void kri_inbox_take(struct kri_inbox *inbox, struct kri_io *io, struct kri_sched *s,
                    uint32_t len)
{
        inbox->start += len;
        inbox->looked = 0;
        if (inbox->start == inbox->end)
                kri_inbox_clear(inbox, io, s);
}

static bool grow(struct kri_inbox *inbox, struct kri_io *io, struct kri_sched *s,
                 uint32_t cap)
{
        uint32_t len = kri_inbox_len(inbox);
        uint8_t *data = cap <= KRI_LOOP_BLOCK ? kri_loop_block(io, s)
                                              : kri_node_alloc(io->node, cap);

        if (data == NULL)
                return false;
        if (len > 0)
                memcpy(data, inbox->data + inbox->start, len);
        free_data(inbox, io, s);
        inbox->data = data;
        inbox->cap = cap <= KRI_LOOP_BLOCK ? KRI_LOOP_BLOCK : cap;
        inbox->start = 0;
        inbox->end = len;
        return true;
}

bool kri_inbox_room(struct kri_inbox *inbox, struct kri_io *io, struct kri_sched *s,
                    uint32_t len)
{
        uint32_t have = kri_inbox_len(inbox), want = len > have ? len : have + 1;

        if (want <= inbox->cap - inbox->start)
                return true;
        if (want <= inbox->cap) {
                memmove(inbox->data, inbox->data + inbox->start, have);
                inbox->start = 0;
                inbox->end = have;
                return true;
        }
        if (want < KRI_LOOP_BLOCK)
                want = KRI_LOOP_BLOCK;
        else if (want == have + 1) /* a line: its length is not known */
                want = 2 * have;
        return grow(inbox, io, s, want);
}
