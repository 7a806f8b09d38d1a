/* SPDX-License-Identifier: Apache-2.0 */
#include "thread.h"

#include <stdio.h>
#include <stdlib.h>

#include "term/atom.h"

#include "extra.h"

/* What an attached thread adds to its process record. */
struct attached {
        struct kri_sched sched;
};

/* Whoever pushed while we were asleep is about to say so in `sleeping`, which goes with the
 * attachment: not before that. */
static void await_waker(struct kri_sched *s)
{
        /* acquire: pairs with wake_thread */
        while (atomic_load_explicit(&s->sleeping, memory_order_acquire) != 0)
                kri_futex_wait(&s->sleeping, 1, -1);
}

/* The thread's kri_switch_out: until something arrives, or the deadline. */
void kri_thread_wait(struct kri_proc *p)
{
        struct kri_sched *s = p->sched;
        struct kri_sig *empty = NULL;

        if (p->out == KRI_OUT_YIELD)
                return;
        for (;;) {
                int64_t left_ns = -1;

                if (kri_has(p, KRI_P_WAIT_TIMED)) {
                        left_ns = p->extra->deadline_ns - kri_node_now_ns(p->node);
                        if (left_ns <= 0) {
                                kri_flags_set(p, KRI_P_TIMED_OUT | KRI_P_NEWS, 0);
                                return;
                        }
                }
                atomic_store_explicit(&s->sleeping, 1, memory_order_relaxed);
                empty = NULL;
                /* release: pairs with the push that wakes us */
                if (!atomic_compare_exchange_strong_explicit(&p->outer, &empty,
                                                             KRI_SLEEPING,
                                                             memory_order_acq_rel,
                                                             memory_order_relaxed))
                        return;
                kri_state_set(p, KRI_STATE_WAITING);
                kri_futex_wait(&s->sleeping, 1, left_ns);
                kri_state_set(p, KRI_STATE_RUNNING);
                empty = KRI_SLEEPING;
                /* nobody came: awake again; else what came is there to be taken */
                if (!atomic_compare_exchange_strong_explicit(&p->outer, &empty, NULL,
                                                             memory_order_acq_rel,
                                                             memory_order_acquire)) {
                        await_waker(s);
                        return;
                }
        }
}

static void detach(struct kri_proc *p)
{
        struct kri_sched *s = p->sched;
        struct kr_node *node = p->node;

        if (s->outbox.to != NULL)
                kri_outbox_flush(s);
        kri_tls_set(NULL);
        kri_state_set(p, KRI_STATE_EXITING);
        kri_proc_finish(s, p);
        kri_sched_fini(s);
        kri_node_free(node, (struct attached *)s, sizeof(struct attached));
}

kr_err kr_thread_attach(kr_node *node, kr_pid *ret_pid)
{
        struct attached *a;
        struct kri_proc *p;

        if (kri_current() != NULL)
                return KR_EALREADY;
        if (node == NULL || ret_pid == NULL)
                return KR_EBADARG;
        a = kri_node_alloc(node, sizeof(*a));
        if (a == NULL)
                return KR_ENOMEM;
        kri_sched_init(&a->sched, node, UINT32_MAX);
        p = kri_proc_new_thread(&a->sched);
        if (p == NULL) {
                kri_sched_fini(&a->sched);
                kri_node_free(node, a, sizeof(*a));
                return KR_ESYSTEMLIMIT;
        }
        if (kri_extra(p) == NULL) { /* where its waits have their deadline */
                kri_doom_atom(p, KRI_A_normal);
                detach(p);
                return KR_ENOMEM;
        }
        kri_tls_set(p);
        *ret_pid = kri_proc_pid(p);
        return KR_OK;
}

void kr_thread_detach(void)
{
        struct kri_proc *p = kri_current();

        if (p == NULL || !kri_has(p, KRI_P_THREAD))
                return;
        kri_doom_atom(p, KRI_A_normal);
        detach(p);
}

void kri_thread_end(struct kri_proc *p, const char *function)
{
        if (function != NULL)
                fprintf(stderr,
                        "krarup: %s was called on a thread that is no process; "
                        "the thread ends\n",
                        function);
        if (p != NULL) {
                fputs("krarup: an attached thread has raised an exit; it ends\n", stderr);
                kri_doom_atom(p, KRI_A_badarg); /* unless it has a reason already */
                detach(p);
        }
        /* A program whose first thread is gone is a zombie that no signal reaches. */
        if (kri_thread_is_first())
                exit(EXIT_FAILURE);
        pthread_exit(NULL);
}
