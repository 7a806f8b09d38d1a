/* SPDX-License-Identifier: Apache-2.0 */
/* tcp_active.c: sockets that read by themselves, and whose they are.
 *
 * The owner reads, as it takes notice that there is something: what becomes a message is read
 * where that will be received, and what an owner that is busy does not look at stays in the
 * kernel. */
#include <string.h>

#include "core/sched.h"
#include "core/receive.h"
#include "term/atom.h"
#include "term/blob.h"

#include "io.h"
#include "receive.h"

/* So much is read at a time; then others have their turn. */
#define AT_A_TIME (4 * KRI_LOOP_BLOCK)

/* -- messages: {What, Socket} and {What, Socket, Third} -- */

static kri_word *begin_tuple(struct kri_sig *sig, unsigned arity, kr_atom what,
                             const struct kri_socket *socket)
{
        kri_word *box = sig->heap, *port = box + 1 + arity;

        box[0] = kri_header(KRI_TUPLE, 0, arity);
        kri_store(&box[1], kri_atom(what.index));
        kri_store(&box[2], kri_port_box(port, &socket->port));
        kri_store(&sig->root, kri_boxed(box));
        return port + KRI_PORT_BOX_WORDS;
}

static void put(struct kri_proc *p, struct kri_sig *sig)
{
        sig->to_serial = kri_serial(p);
        kri_put(p, sig);
}

/* False: no memory; the owner ends, for it would never know. */
static bool put_pair(struct kri_proc *p, struct kri_sched *s, kr_atom what,
                     const struct kri_socket *socket)
{
        struct kri_sig *sig = kri_sig_new(&s->pool, 3 + KRI_PORT_BOX_WORDS);

        if (sig == NULL) {
                kri_doom_atom(p, KRI_A_system_limit);
                return false;
        }
        (void)begin_tuple(sig, 2, what, socket);
        put(p, sig);
        return true;
}

static bool put_error(struct kri_proc *p, struct kri_sched *s,
                      const struct kri_socket *socket, kr_atom reason)
{
        struct kri_sig *sig = kri_sig_new(&s->pool, 4 + KRI_PORT_BOX_WORDS);

        if (sig == NULL) {
                kri_doom_atom(p, KRI_A_system_limit);
                return false;
        }
        (void)begin_tuple(sig, 3, socket->port.io->atoms.tcp_error, socket);
        kri_store(&sig->heap[3], kri_atom(reason.index));
        put(p, sig);
        return true;
}

static bool put_data(struct kri_proc *p, struct kri_sched *s,
                     const struct kri_socket *socket, const uint8_t *data, uint32_t len)
{
        uint64_t bits = (uint64_t)len * 8;
        struct kri_sig *sig =
                kri_sig_new(&s->pool, 4 + KRI_PORT_BOX_WORDS + kri_bits_words(bits));
        kri_word *heap, term;
        uint8_t *bytes;

        if (sig == NULL) {
                kri_doom_atom(p, KRI_A_system_limit);
                return false;
        }
        heap = begin_tuple(sig, 3, socket->port.io->atoms.tcp, socket);
        if (kri_bits_begin(&heap, bits, (kri_word *)sig, &sig->blobs, &term, &bytes) !=
            KR_OK) {
                kri_sig_free(&s->pool, sig);
                kri_doom_atom(p, KRI_A_system_limit);
                return false;
        }
        memcpy(bytes, data, len);
        kri_store(&sig->heap[3], term);
        put(p, sig);
        return true;
}

/* -- reading; lock held, in turn -- */

/* One packet has gone out. */
static void count_down(struct kri_socket *socket, struct kri_proc *p, struct kri_sched *s)
{
        socket->stats.recv_packets++;
        if (socket->active == KR_ACTIVE_ONCE) {
                socket->active = 0;
        } else if (socket->active > 0 && --socket->active == 0) {
                (void)put_pair(p, s, socket->port.io->atoms.tcp_passive, socket);
        }
}

static bool hand_over(struct kri_socket *socket, struct kri_proc *p, struct kri_sched *s,
                      uint32_t skip, uint32_t len)
{
        struct kri_inbox *inbox = &socket->inbox;

        if (!put_data(p, s, socket, inbox->data + inbox->start + skip, len))
                return false;
        kri_inbox_take(inbox, socket->port.io, s, skip + len);
        count_down(socket, p, s);
        return true;
}

/* The packets that are there already. *ret_more: how many bytes it takes for another. */
static kr_err deliver_packets(struct kri_socket *socket, struct kri_proc *p,
                              struct kri_sched *s, uint32_t *ret_more)
{
        uint32_t skip, len;

        while (socket->active != 0) {
                switch (kri_inbox_find(&socket->inbox, socket->opts.packet,
                                       socket->opts.packet_max, &skip, &len)) {
                case KRI_FOUND:
                        if (!hand_over(socket, p, s, skip, len))
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

/* Give out and read, as long as that is wanted and there is something. KR_ETIMEDOUT: there
 * is nothing more now. KR_OK: it was enough for once, or it is not active any more. */
static kr_err read_on(struct kri_socket *socket, struct kri_proc *p, struct kri_sched *s)
{
        struct kri_inbox *inbox = &socket->inbox;
        size_t got, sum = 0;
        uint32_t more = 1;
        kr_err err;

        for (;;) {
                err = deliver_packets(socket, p, s, &more);
                if (err != KR_OK || socket->active == 0 || sum >= AT_A_TIME)
                        return err;
                if (!socket->in.ready)
                        return KR_ETIMEDOUT;
                if (!kri_inbox_room(inbox, socket->port.io, s, more)) {
                        kri_doom_atom(p, KRI_A_system_limit);
                        return KR_ENOMEM;
                }
                err = kri_socket_read(socket, inbox->data + inbox->end,
                                      inbox->cap - inbox->end, &got);
                if (err != KR_OK || !socket->port.open)
                        return err;
                inbox->end += (uint32_t)got;
                sum += got;
        }
}

/* The stream has ended: the last line, and that it is over. */
static void end(struct kri_socket *socket, struct kri_proc *p, struct kri_sched *s,
                kr_err err)
{
        uint32_t len = kri_inbox_len(&socket->inbox);

        if (err == KR_ECLOSED && socket->opts.packet == KR_PACKET_LINE && len > 0 &&
            !hand_over(socket, p, s, 0, len))
                return;
        if (err == KR_ECLOSED && socket->active == 0)
                return; /* it hears of the end when it asks for more */
        if (err != KR_ECLOSED) {
                kr_atom reason;

                if (kr_atom_from(kr_err_name(err), strlen(kr_err_name(err)), &reason) !=
                            KR_OK ||
                    !put_error(p, s, socket, reason))
                        return;
        }
        if (put_pair(p, s, socket->port.io->atoms.tcp_closed, socket))
                kri_port_close(&socket->port, p, s);
}

/* It wants to hear of what comes next; and now, if we stopped before the end. */
static void listen_on(struct kri_socket *socket, struct kri_proc *p, bool again)
{
        if (kri_socket_watch(socket, p) != KR_OK)
                kri_doom_atom(p, KRI_A_system_limit);
        else if (again)
                kri_loop_tell_again(socket->home, socket->fd, &socket->watched);
}

/* lock held; nobody is in turn. p may be waiting somewhere else, so it takes no turn here. */
static void look(struct kri_socket *socket, struct kri_proc *p, struct kri_sched *s)
{
        kr_err err = read_on(socket, p, s);

        kri_socket_drop_empty(socket, s);
        if (socket->port.open && err != KR_OK && err != KR_ETIMEDOUT && err != KR_ENOMEM)
                end(socket, p, s, err);
        if (socket->port.open && socket->active != 0 && err != KR_ENOMEM)
                listen_on(socket, p, err == KR_OK);
        kri_socket_looked(socket, s);
}

static bool may_look(const struct kri_socket *socket, const struct kri_proc *p)
{
        return socket->port.open && socket->port.owner == kri_proc_word(p) &&
               socket->active != 0 && kri_turn_is_empty(&socket->in) && !socket->in.busy;
}

void kri_socket_look(struct kri_port *port, struct kri_proc *p, struct kri_sched *s)
{
        struct kri_socket *socket = (struct kri_socket *)port;

        kri_latch_lock(&port->lock);
        if (may_look(socket, p))
                look(socket, p, s);
        kri_latch_unlock(&port->lock);
}

/* -- how much comes by itself -- */

static bool is_active(int active)
{
        return active >= KR_ACTIVE_ONCE && active <= KRI_ACTIVE_MOST;
}

/* A count is added to what is left of the last one. */
static void set_active(struct kri_socket *socket, int active)
{
        int before = socket->active > 0 ? socket->active : 0;

        socket->active = active > 0 ? before + active : active;
        if (socket->active > KRI_ACTIVE_MOST)
                socket->active = KRI_ACTIVE_MOST;
}

kr_err kr_tcp_active(kr_socket socket, int active)
{
        struct kri_proc *p = kri_enter();
        struct kri_socket *s;
        kr_err err;

        if (p != NULL && !is_active(active))
                kri_badarg(p, "kr_tcp_active", "active");
        if (p == NULL || !is_active(active))
                return KR_EBADARG;
        s = kri_socket_lock(p, socket, "kr_tcp_active", &socket, &err);
        if (s == NULL)
                return err;
        err = s->listens || !kri_turn_is_empty(&s->in) ? KR_ESTATE : KR_OK;
        if (err == KR_OK) {
                set_active(s, active);
                if (may_look(s, p))
                        look(s, p, p->sched);
                else if (s->active != 0)
                        kri_port_tell(&s->port, p->sched);
        }
        kri_socket_unlock(s);
        kri_spend(p, KRI_COST_IO);
        kri_leave(p);
        return err;
}

kr_err kr_tcp_get_active(kr_socket socket, int *ret_active)
{
        struct kri_proc *p = kri_enter();
        struct kri_socket *s;
        kr_err err;

        s = kri_socket_lock(p, socket, "kr_tcp_get_active", ret_active, &err);
        if (s == NULL)
                return err;
        *ret_active = s->active;
        kri_socket_unlock(s);
        kri_leave(p);
        return KR_OK;
}

/* -- whose it is -- */

/* {tcp | tcp_closed | tcp_error | tcp_passive, Socket} or with a third. */
static bool is_of(const struct kri_io *io, kri_word t, kr_port id)
{
        kri_word port;
        uint32_t what;

        if (!kri_is_box(t, KRI_TUPLE) || kri_tuple_arity(t) < 2 ||
            kri_tuple_arity(t) > 3 || kri_tag(kri_tuple_at(t, 0)) != KRI_ATOM)
                return false;
        port = kri_tuple_at(t, 1);
        what = kri_atom_index(kri_tuple_at(t, 0));
        return kri_is_box(port, KRI_PORT) && kri_ptr(port)[1] == id.num &&
               (uint32_t)kri_ptr(port)[2] == id.node &&
               (what == io->atoms.tcp.index || what == io->atoms.tcp_closed.index ||
                what == io->atoms.tcp_error.index || what == io->atoms.tcp_passive.index);
}

/* What has come already goes to the new owner, before the socket does. */
static void forward_messages(const struct kri_io *io, struct kri_proc *p, kr_port id,
                             kr_pid to)
{
        struct kri_proc *receiver = kri_proc_of(p->node, kri_pid_word(to));
        struct kri_sig *before = NULL, *sig = p->first;

        while (sig != NULL && receiver != NULL) {
                struct kri_sig *after = sig->next;

                if (is_of(io, kri_sig_root(sig), id)) {
                        kri_mailbox_unlink(p, before, sig);
                        kri_deliver(p->sched, receiver, kri_pid_serial(to.num), sig);
                } else {
                        before = sig;
                }
                sig = after;
        }
}

kr_err kr_tcp_controlling_process(kr_socket socket, kr_pid to)
{
        struct kri_proc *p = kri_enter();
        struct kri_socket *s;
        kr_err err;

        s = kri_socket_lock(p, socket, "kr_tcp_controlling_process", &socket, &err);
        if (s == NULL)
                return err;
        err = to.node != p->node->slot            ? KR_EBADARG
              : s->port.owner != kri_proc_word(p) ? KR_EPERM
                                                  : KR_OK;
        if (err == KR_OK && kri_pid_word(to) != kri_proc_word(p)) {
                err = kri_port_await_notice(&s->port, p) ? KR_OK : KR_ECLOSED;
                if (err == KR_OK) {
                        forward_messages(s->port.io, p, socket, to);
                        kri_port_give(&s->port, p, to);
                }
        }
        kri_socket_unlock(s);
        kri_spend(p, KRI_COST_IO);
        kri_leave(p);
        return err;
}
