/* SPDX-License-Identifier: Apache-2.0 */
/* report_send.c: reports as messages to a process (kr_node_report_to). */
#include "report.h"

#include <krarup/loop.h>

#include <string.h>

#include "term/atom.h"

#include "loop.h"
#include "node.h"

#define NAME_MAX 255
#define WAITING_MAX 1000u /* messages of a logger that more are sent to */

/* The counters have nothing behind them: relaxed. */

/* NULL: there is none, or it has ended or is about to. */
static struct kri_proc *logger_of(struct kr_node *node, kri_word *ret_pid)
{
        kri_word pid = atomic_load_explicit(&node->report.logger, memory_order_relaxed);
        struct kri_proc *to = pid != 0 ? kri_proc_of(node, pid) : NULL;

        *ret_pid = pid;
        if (to == NULL || kri_serial(to) != kri_pid_serial(pid) ||
            atomic_load_explicit(&to->state, memory_order_relaxed) == KRI_STATE_EXITING)
                return NULL;
        return to;
}

/* A glance at what belongs to its owner; of no consequence if it is old. */
__attribute__((noinline, no_sanitize("thread"))) static uint32_t mailbox_len(
        const struct kri_proc *p)
{
        return *(const volatile uint32_t *)&p->len;
}

static bool has_room(struct kr_node *node, const struct kri_proc *to)
{
        _Atomic uint32_t *sent = &node->report.sent;
        struct kri_sig *outer = atomic_load_explicit(&to->outer, memory_order_relaxed);

        if (outer == NULL || outer == KRI_SLEEPING)
                atomic_store_explicit(sent, 0, memory_order_relaxed);
        return mailbox_len(to) + atomic_load_explicit(sent, memory_order_relaxed) <
               WAITING_MAX;
}

/* False: it has ended. */
static bool send(struct kri_sched *s, kri_word to, struct kri_sig *sig)
{
        atomic_fetch_add_explicit(&s->node->report.sent, 1, memory_order_relaxed);
        return kri_signal(s->node, s, to, sig);
}

static kri_word *tuple(kri_word **heap, unsigned arity)
{
        kri_word *at = *heap;

        at[0] = kri_header(KRI_TUPLE, 0, arity);
        *heap += 1 + arity;
        return at;
}

/* {reports_lost, Count}, if any were. */
static void send_lost(struct kri_sched *s, kri_word to)
{
        _Atomic uint64_t *lost = &s->node->report.lost;
        uint64_t count = atomic_exchange_explicit(lost, 0, memory_order_relaxed);
        struct kri_sig *sig = count != 0 ? kri_sig_new(&s->pool, 3) : NULL;
        kri_word *heap, *at;

        if (count == 0)
                return;
        if (sig != NULL) {
                heap = sig->heap;
                at = tuple(&heap, 2);
                at[1] = KRI_A(reports_lost);
                at[2] = kri_int((int64_t)count);
                kri_store(&sig->root, kri_boxed(at));
                if (send(s, to, sig))
                        return;
        }
        atomic_fetch_add_explicit(lost, count, memory_order_relaxed);
}

static kri_word put_name(kri_word **heap, const char *name, size_t len)
{
        uint64_t words = kri_bin_words(len);
        kri_word *box = *heap;

        memset(box, 0, (1 + words) * sizeof(*box));
        box[0] = kri_header(KRI_BIN, 0, words);
        box[1] = (uint64_t)len * 8;
        memcpy(&box[2], name, len);
        *heap += 1 + words;
        return kri_boxed(box);
}

/* {report, Pid, Name, Reason}; NULL: no memory. */
static struct kri_sig *report_of(struct kri_sched *s, const struct kri_proc *p,
                                 kri_word reason)
{
        const char *function = kri_proc_name(p);
        size_t len = strnlen(function, NAME_MAX);
        uint32_t name = kri_report_name(p);
        struct kri_sig *sig = kri_sig_new(&s->pool, 5 + 1 + kri_bin_words(len) +
                                                            kri_term_words(reason));
        kri_word *heap, *at;

        if (sig == NULL)
                return NULL;
        heap = sig->heap;
        at = tuple(&heap, 4);
        at[1] = KRI_A(report);
        at[2] = kri_proc_word(p);
        kri_store(&at[3], name != 0 ? kri_atom(name) : put_name(&heap, function, len));
        kri_store(&at[4], kri_term_copy(&heap, reason, (kri_word *)sig, &sig->blobs));
        kri_store(&sig->root, kri_boxed(at));
        return sig;
}

bool kri_report_send(struct kri_sched *s, const struct kri_proc *p, kri_word reason)
{
        struct kr_node *node = p->node;
        kri_word pid;
        struct kri_proc *to = logger_of(node, &pid);
        struct kri_sig *sig = NULL;

        if (to == NULL || to == p)
                return false;
        if (has_room(node, to)) {
                send_lost(s, pid);
                sig = report_of(s, p, reason);
        }
        if (sig != NULL)
                return send(s, pid, sig);
        atomic_fetch_add_explicit(&node->report.lost, 1, memory_order_relaxed);
        return true;
}

void kri_report_look(struct kr_node *node)
{
        struct kri_report *report = &node->report;
        struct kri_sched *s;
        struct kri_proc *to;
        kri_word pid;

        if (atomic_load_explicit(&report->lost, memory_order_relaxed) == 0)
                return;
        to = logger_of(node, &pid);
        if (to == NULL) { /* then it is said, with the lines */
                atomic_fetch_add_explicit(&report->left_out,
                                          atomic_exchange_explicit(&report->lost, 0,
                                                                   memory_order_relaxed),
                                          memory_order_relaxed);
        } else if (has_room(node, to)) {
                s = kri_sched_borrow(node, NULL);
                send_lost(s, pid);
                kri_sched_return(node, s);
        }
}

void kr_node_report_to(kr_node *node, kr_pid logger)
{
        if (node == NULL)
                return;
        atomic_store_explicit(&node->report.logger,
                              logger.node == node->slot ? kri_pid_word(logger) : 0,
                              memory_order_relaxed);
}
