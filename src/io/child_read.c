/* SPDX-License-Identifier: Apache-2.0 */
/* child_read.c: what a program writes, and its end, as messages to its owner. The owner reads, as
 * it takes notice. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "core/receive.h"
#include "core/sched.h"
#include "term/atom.h"
#include "term/blob.h"

#include "child.h"
#include "io.h"

/* So much is read at a time; then others have their turn. */
#define AT_A_TIME (4 * KRI_LOOP_BLOCK)

/* -- messages -- */

#define PAIR_WORDS 3
#define NEST_WORDS (2 * PAIR_WORDS + KRI_PORT_BOX_WORDS)

static kri_word *pair_at(kri_word **heap)
{
        kri_word *box = *heap;

        box[0] = kri_header(KRI_TUPLE, 0, 2);
        *heap += PAIR_WORDS;
        return box;
}

static void put(struct kri_proc *p, struct kri_sig *sig)
{
        sig->to_serial = kri_serial(p);
        kri_put(p, sig);
}

/* {Port, {Tag, _}} with room for so many words more; *ret_place: where _ goes. NULL: no memory,
 * and the owner ends, for it would never know. */
static struct kri_sig *nest(struct kri_child *child, struct kri_proc *p,
                            struct kri_sched *s, kr_atom tag, uint64_t words,
                            kri_word **ret_place, kri_word **ret_heap)
{
        struct kri_sig *sig = kri_sig_new(&s->pool, NEST_WORDS + words);
        kri_word *heap, *outer, *inner;

        if (sig == NULL) {
                kri_doom_atom(p, KRI_A_system_limit);
                return NULL;
        }
        heap = sig->heap;
        outer = pair_at(&heap);
        inner = pair_at(&heap);
        kri_store(&outer[1], kri_port_box(heap, &child->port));
        heap += KRI_PORT_BOX_WORDS;
        kri_store(&outer[2], kri_boxed(inner));
        kri_store(&inner[1], kri_atom(tag.index));
        kri_store(&sig->root, kri_boxed(outer));
        *ret_place = &inner[2];
        *ret_heap = heap;
        return sig;
}

static bool put_data(struct kri_child *child, struct kri_proc *p, struct kri_sched *s,
                     kr_atom tag, const uint8_t *data, uint32_t len)
{
        uint64_t bits = (uint64_t)len * 8;
        kri_word *place, *heap, term;
        struct kri_sig *sig = nest(child, p, s, tag, kri_bits_words(bits), &place, &heap);
        uint8_t *bytes;

        if (sig == NULL)
                return false;
        if (kri_bits_begin(&heap, bits, (kri_word *)sig, &sig->blobs, &term, &bytes) !=
            KR_OK) {
                kri_sig_free(&s->pool, sig);
                kri_doom_atom(p, KRI_A_system_limit);
                return false;
        }
        memcpy(bytes, data, len);
        kri_store(place, term);
        put(p, sig);
        return true;
}

static bool put_status(struct kri_child *child, struct kri_proc *p, struct kri_sched *s)
{
        kri_word *place, *heap;
        struct kri_sig *sig = nest(child, p, s, KR_ATOM("exit_status"), 0, &place, &heap);

        if (sig == NULL)
                return false;
        *place = kri_int(child->status);
        put(p, sig);
        return true;
}

/* {Port, passive} */
static bool put_passive(struct kri_child *child, struct kri_proc *p, struct kri_sched *s)
{
        struct kri_sig *sig = kri_sig_new(&s->pool, PAIR_WORDS + KRI_PORT_BOX_WORDS);
        kri_word *heap, *outer;

        if (sig == NULL) {
                kri_doom_atom(p, KRI_A_system_limit);
                return false;
        }
        heap = sig->heap;
        outer = pair_at(&heap);
        kri_store(&outer[1], kri_port_box(heap, &child->port));
        kri_store(&outer[2], kri_atom(KR_ATOM("passive").index));
        kri_store(&sig->root, kri_boxed(outer));
        put(p, sig);
        return true;
}

/* -- the exit signal of the port -- */

/* `normal`, or {exit_status, N} in the words at `heap`. */
static kri_word reason_at(const struct kri_child *child, kri_word *heap)
{
        kri_word *pair;

        if (child->status == 0)
                return KRI_A(normal);
        pair = pair_at(&heap);
        kri_store(&pair[1], kri_atom(KR_ATOM("exit_status").index));
        pair[2] = kri_int(child->status);
        return kri_boxed(pair);
}

/* {'EXIT', Port, Reason}, or the end of the owner. */
static void exit_signal(struct kri_child *child, struct kri_proc *p, struct kri_sched *s)
{
        bool traps = kri_has(p, KRI_P_TRAP_EXIT);
        struct kri_sig *sig;
        kri_word *tuple;

        if (!traps && child->status == 0)
                return;
        sig = kri_sig_new(&s->pool, 4 + KRI_PORT_BOX_WORDS + PAIR_WORDS);
        if (sig == NULL) {
                kri_doom_atom(p, KRI_A_system_limit);
                return;
        }
        tuple = sig->heap;
        tuple[0] = kri_header(KRI_TUPLE, 0, 3);
        kri_store(&tuple[1], kri_atom(KR_ATOM("EXIT").index));
        kri_store(&tuple[2], kri_port_box(tuple + 4, &child->port));
        kri_store(&tuple[3], reason_at(child, tuple + 4 + KRI_PORT_BOX_WORDS));
        kri_store(&sig->root, traps ? kri_boxed(tuple) : kri_load(&tuple[3]));
        if (traps)
                put(p, sig);
        else
                kri_doom(p, sig);
}

/* -- reading; lock held -- */

static bool count_down(struct kri_child *child, struct kri_proc *p, struct kri_sched *s)
{
        if (child->active == KR_ACTIVE_ONCE)
                child->active = 0;
        else if (child->active > 0 && --child->active == 0)
                return put_passive(child, p, s);
        return true;
}

static bool is_out(const struct kri_child *child, const struct kri_child_stream *stream)
{
        return stream == &child->streams[KRI_CHILD_OUT];
}

static bool hand_over(struct kri_child *child, struct kri_child_stream *stream,
                      struct kri_proc *p, struct kri_sched *s, uint32_t skip,
                      uint32_t len)
{
        struct kri_inbox *inbox = &stream->inbox;
        kr_atom tag = is_out(child, stream) ? KR_ATOM("data") : KR_ATOM("err");

        if (!put_data(child, p, s, tag, inbox->data + inbox->start + skip, len))
                return false;
        kri_inbox_take(inbox, child->port.io, s, skip + len);
        return count_down(child, p, s);
}

/* What is there already. *ret_more: how many bytes it takes for another packet. */
static kr_err deliver(struct kri_child *child, struct kri_child_stream *stream,
                      struct kri_proc *p, struct kri_sched *s, uint32_t *ret_more)
{
        kr_packet packet = is_out(child, stream) ? child->packet : KR_PACKET_RAW;
        uint32_t skip, len;

        while (child->active != 0) {
                switch (kri_inbox_find(&stream->inbox, packet, child->packet_max, &skip,
                                       &len)) {
                case KRI_FOUND:
                        if (!hand_over(child, stream, p, s, skip, len))
                                return KR_ENOMEM;
                        break;
                case KRI_FOUND_PART:
                        *ret_more = len;
                        return KR_OK;
                case KRI_FOUND_TOO_BIG:
                        return KR_EMSGSIZE;
                }
        }
        return KR_OK;
}

/* KR_OK: some bytes have come. KR_ETIMEDOUT: none are there. KR_ECLOSED: none will be. */
static kr_err read_some(struct kri_child *child, struct kri_child_stream *stream,
                        struct kri_proc *p, struct kri_sched *s, uint32_t more)
{
        struct kri_inbox *inbox = &stream->inbox;
        ssize_t n;

        if (stream->fd < 0)
                return KR_ECLOSED;
        if (!stream->ready)
                return KR_ETIMEDOUT;
        if (!kri_inbox_room(inbox, child->port.io, s, more)) {
                kri_doom_atom(p, KRI_A_system_limit);
                return KR_ENOMEM;
        }
        n = read(stream->fd, inbox->data + inbox->end, inbox->cap - inbox->end);
        if (n > 0) {
                inbox->end += (uint32_t)n;
                child->info.out_bytes += (uint64_t)n;
                return KR_OK;
        }
        if (n < 0 && errno == EINTR)
                return KR_OK;
        if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
                stream->ready = false;
                return KR_ETIMEDOUT;
        }
        return KR_ECLOSED;
}

/* A last line without its end, and bytes of a packet that will not come. */
static kr_err end_stream(struct kri_child *child, struct kri_child_stream *stream,
                         struct kri_proc *p, struct kri_sched *s)
{
        uint32_t len = kri_inbox_len(&stream->inbox);

        if (child->active == 0 && len > 0)
                return KR_OK;
        if (len > 0 && child->packet == KR_PACKET_LINE &&
            !hand_over(child, stream, p, s, 0, len))
                return KR_ENOMEM;
        kri_child_close_stream(child, stream, s);
        return KR_ETIMEDOUT;
}

/* KR_OK: there may be more of it, or nobody wants it now. KR_ETIMEDOUT: that was all. */
static kr_err read_on(struct kri_child *child, struct kri_child_stream *stream,
                      struct kri_proc *p, struct kri_sched *s)
{
        uint64_t until = child->info.out_bytes + AT_A_TIME;
        uint32_t more = 1;
        kr_err err;

        if (stream->fd < 0 && kri_inbox_len(&stream->inbox) == 0)
                return KR_ETIMEDOUT;
        for (;;) {
                err = deliver(child, stream, p, s, &more);
                if (err != KR_OK || child->active == 0 || child->info.out_bytes >= until)
                        return err;
                err = read_some(child, stream, p, s, more);
                if (err == KR_ECLOSED)
                        return end_stream(child, stream, p, s);
                if (err != KR_OK)
                        break;
        }
        if (stream->inbox.data != NULL && kri_inbox_len(&stream->inbox) == 0)
                kri_inbox_clear(&stream->inbox, child->port.io, s);
        return err;
}

/* It has ended, and nothing is left in its pipes; others that have them may be writing still,
 * but nobody waits for those. */
static void tell_end(struct kri_child *child, struct kri_proc *p, struct kri_sched *s)
{
        for (unsigned i = 0; i < KRI_CHILD_STREAMS; i++)
                if (kri_inbox_len(&child->streams[i].inbox) > 0)
                        (void)end_stream(child, &child->streams[i], p, s);
        if (!put_status(child, p, s))
                return;
        if (child->linked_exit)
                exit_signal(child, p, s);
        kri_port_close(&child->port, p, s); /* then its handle may be another one's */
}

/* A packet beyond its limit: nothing sensible can follow. */
static void give_up(struct kri_child *child)
{
        (void)kri_child_signal(child, 9); /* SIGKILL; else: it has ended */
        child->packet = KR_PACKET_RAW;
}

static void look(struct kri_child *child, struct kri_proc *p, struct kri_sched *s)
{
        bool all = true, again = false;

        for (unsigned i = 0; i < KRI_CHILD_STREAMS; i++) {
                struct kri_child_stream *stream = &child->streams[i];
                kr_err err = read_on(child, stream, p, s);

                if (err == KR_EMSGSIZE)
                        give_up(child);
                all &= err == KR_ETIMEDOUT || err == KR_ECLOSED;
                again |= err == KR_OK || err == KR_EMSGSIZE;
        }
        if (child->has_ended && all && child->active != 0)
                tell_end(child, p, s);
        else if (again && child->active != 0)
                kri_port_tell(&child->port, s);
}

void kri_child_look(struct kri_port *port, struct kri_proc *p, struct kri_sched *s)
{
        struct kri_child *child = (struct kri_child *)port;

        kri_latch_lock(&port->lock);
        if (port->open && port->owner == kri_proc_word(p) && child->active != 0)
                look(child, p, s);
        kri_latch_unlock(&port->lock);
}
