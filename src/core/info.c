/* SPDX-License-Identifier: Apache-2.0 */
#include "info.h"

#include "term/atom.h"

#include "describe.h"
#include "list.h"
#include "node.h"
#include "receive.h"
#include "ref.h"

/* -- answering -- */

#define REPLY_WORDS (3 + KRI_REF_BOX_WORDS)

/* {Ref, Info}, or {Ref} for KRI_NONE, in front of what the signal holds already. */
static void make_reply(struct kri_sig *sig, kr_ref ref, kri_word info)
{
        kri_word *at = sig->heap;

        sig->kind = KRI_SIG_MESSAGE;
        at[0] = kri_header(KRI_TUPLE, 0, info == KRI_NONE ? 1 : 2);
        kri_ref_box(&at[3], ref);
        kri_store(&at[1], kri_boxed(&at[3]));
        kri_store(&at[2], info);
        kri_store(&sig->root, kri_boxed(at));
}

void kri_info_answer(struct kri_sched *s, struct kri_proc *p, struct kri_sig *request)
{
        struct kri_sig_ctl ctl = *kri_sig_ctl(request);
        kr_ref ref = kri_ref_load(ctl.ref);
        struct kri_sig *reply = NULL;
        kri_word info = KRI_NONE;

        if (p->doom == NULL) {
                reply = kri_describe(s, p, kri_sig_root(request), REPLY_WORDS, &info);
                if (reply == NULL)
                        info = KRI_A(system_limit);
        }
        if (reply != NULL)
                kri_sig_free(&s->pool, request);
        else
                reply = request; /* has the room, and whoever asks shall not wait for ever */
        make_reply(reply, ref, info);
        (void)kri_signal(s->node, s, ctl.from, reply); /* who has ended needs no answer */
}

/* -- asking -- */

/* NULL: no memory. */
static struct kri_sig *new_request(struct kri_proc *p, kr_ref ref, const kr_atom *atoms,
                                   size_t count, bool single)
{
        struct kri_sig *sig;
        kri_word *at;

        if (count > UINT32_MAX)
                return NULL;
        sig = kri_sig_new(&p->sched->pool, REPLY_WORDS + KRI_CTL_WORDS + count);
        if (sig == NULL)
                return NULL;
        sig->kind = KRI_SIG_INFO;
        *kri_sig_ctl(sig) = (struct kri_sig_ctl){ .from = kri_proc_word(p) };
        kri_ref_store(ref, kri_sig_ctl(sig)->ref);
        at = sig->heap + KRI_CTL_WORDS;
        at[0] = kri_header(KRI_TUPLE, 0, count);
        for (size_t i = 0; i < count; i++)
                at[1 + i] = kri_atom(atoms[i].index);
        if (single)
                sig->root = kri_atom(atoms[0].index);
        else
                kri_store(&sig->root, count == 0 ? KRI_NIL : kri_boxed(at));
        return sig;
}

/* What has arrived counts, and what we have sent ourselves. */
static void take_in(struct kri_proc *p)
{
        if (p->sched->outbox.to == p)
                kri_outbox_flush(p->sched);
        kri_take(p->sched, p);
        kri_doom_check(p);
}

/* Of ourselves. False: no memory. */
static bool look_inside(struct kri_proc *p, struct kri_sig *request, kr_msg *slot)
{
        struct kri_sig *sig;
        kri_word info;

        take_in(p);
        sig = kri_describe(p->sched, p, kri_sig_root(request), 0, &info);
        kri_sig_free(&p->sched->pool, request);
        if (sig == NULL)
                return false;
        kri_store(&sig->root, info);
        kri_slot_fill(p, slot, sig);
        return true;
}

/* True: the slot is filled. Sets *ret_failed when there was no memory. */
static bool ask(struct kri_proc *p, kr_pid pid, const kr_atom *atoms, size_t count,
                bool single, kr_msg *slot, bool *ret_failed)
{
        kr_ref ref = kri_ref_new(p->sched, p);
        struct kri_sig *request = new_request(p, ref, atoms, count, single);
        bool there;

        *ret_failed = request == NULL;
        if (request == NULL)
                return false;
        if (kri_pid_word(pid) == kri_proc_word(p)) {
                *ret_failed = !look_inside(p, request, slot);
                return !*ret_failed;
        }
        kri_mark_set(p, ref.id[0]);
        there = kri_signal(p->node, p->sched, kri_pid_word(pid), request) &&
                kri_await_reply(p, ref, slot);
        *ret_failed = there && slot->term.w == KRI_A(system_limit);
        return there && !*ret_failed;
}

static bool are_items(const kr_atom *atoms, size_t count)
{
        for (size_t i = 0; i < count; i++)
                if (!kri_describe_knows(atoms[i].index))
                        return false;
        return true;
}

static bool process_info(const char *function, kr_pid pid, const kr_atom *atoms,
                         size_t count, bool single, kr_msg *slot)
{
        bool failed = false, there;
        struct kri_proc *p;

        kr_msg_clear(slot);
        p = kri_enter();
        if (p == NULL)
                return false;
        if (pid.node != p->node->slot) {
                kri_badarg(p, function, "pid");
                return false;
        }
        if (slot == NULL || !are_items(atoms, count)) {
                kri_badarg(p, function,
                           slot == NULL ? "slot"
                           : single     ? "item"
                                        : "items");
                return false;
        }
        there = ask(p, pid, atoms, count, single, slot, &failed);
        if (failed) {
                kri_no_memory(p);
                return false;
        }
        kri_spend(p, 1);
        kri_leave(p);
        return there;
}

/* Keeps the public functions from being left before their work is done (a tail call): a
 * trace shall show that they were called. */
static inline void stay(void)
{
        atomic_signal_fence(memory_order_seq_cst);
}

bool kr_process_info(kr_pid pid, kr_atom item, kr_msg *slot)
{
        bool there = process_info("kr_process_info", pid, &item, 1, true, slot);

        stay();
        return there;
}

bool kr_process_info_list(kr_pid pid, const kr_atom *items, size_t count, kr_msg *slot)
{
        bool there = process_info("kr_process_info_list", pid, items, count, false, slot);

        stay();
        return there;
}

/* -- processes -- */

struct slot_walk {
        const struct kr_node *node;
        uint32_t at, end;
};

/* The pid of the tenant; 0: there is none, or it is ending. */
static kri_word tenant(const struct kr_node *node, uint32_t index)
{
        struct kri_proc *p = kri_proc_at(node, index);
        /* acquire: pairs with close_queue; the next tenant's serial has come after the last
         * one's name was dead */
        uint32_t serial = atomic_load_explicit(&p->serial, memory_order_acquire);

        /* acquire: pairs with the release at birth; before that the serial promises nothing */
        if (atomic_load_explicit(&p->outer, memory_order_acquire) == KRI_DEAD ||
            atomic_load_explicit(&p->name, memory_order_relaxed) == KRI_NAME_DEAD ||
            atomic_load_explicit(&p->state, memory_order_relaxed) == KRI_STATE_EXITING ||
            kri_serial(p) != serial)
                return 0;
        return kri_near_pid(node->slot, index, serial);
}

static bool next_process(void *walk, kri_word *ret_pid)
{
        struct slot_walk *w = walk;

        while (w->at < w->end) {
                kri_word pid = tenant(w->node, w->at++);

                if (pid != 0) {
                        *ret_pid = pid;
                        return true;
                }
        }
        return false;
}

void kr_processes(kr_msg *slot)
{
        struct kri_proc *p = kri_enter();
        struct slot_walk count, fill;

        if (p == NULL)
                return;
        if (slot == NULL) {
                kri_badarg(p, "kr_processes", "slot");
                return;
        }
        kri_lock(&p->node->slots_lock);
        count = (struct slot_walk){ p->node, 1, p->node->slots_used }; /* 0: nobody */
        kri_unlock(&p->node->slots_lock);
        fill = count;
        if (!kri_list_fill(p, slot, next_process, &count, &fill)) {
                kri_no_memory(p);
                return;
        }
        kri_spend(p, 1);
        kri_leave(p);
}
