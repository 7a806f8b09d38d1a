/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_children.c: the children of a supervisor: in the order of their start, by id,
 * and those that run by pid. */
#include "supervisor.h"

struct kri_child *kri_sup_find(const struct kri_sup *s, kr_term id)
{
        return kri_ids_get(&s->ids, id);
}

bool kri_sup_reserve(struct kri_sup *s)
{
        return kri_ids_reserve(&s->ids);
}

void kri_sup_add(struct kri_sup *s, struct kri_child *child)
{
        child->older = s->newest;
        child->newer = NULL;
        if (s->newest != NULL)
                s->newest->newer = child;
        else
                s->oldest = child;
        s->newest = child;
        kri_ids_put(&s->ids, child);
}

void kri_sup_remove(struct kri_sup *s, struct kri_child *child)
{
        if (child->older != NULL)
                child->older->newer = child->newer;
        else
                s->oldest = child->newer;
        if (child->newer != NULL)
                child->newer->older = child->older;
        else
                s->newest = child->older;
        kri_ids_remove(&s->ids, child);
        kri_child_free(child);
}

void kri_sup_remove_all(struct kri_sup *s)
{
        while (s->newest != NULL)
                kri_sup_remove(s, s->newest);
        kri_ids_clear(&s->ids);
        kri_pids_clear(&s->pids);
}

/* -- states -- */

static void forget_pid(struct kri_sup *s, struct kri_child *child)
{
        if (child->state == KRI_CHILD_RUNNING)
                kri_pids_remove(&s->pids, child->pid);
}

static void forget_timer(struct kri_child *child)
{
        if (child->budget == NULL || kr_ref_is_none(child->budget->timer))
                return;
        (void)kr_cancel_timer(
                child->budget->timer); /* -1: a message that finds it changed */
        child->budget->timer = kr_ref_none();
}

/* There is room for its pid: kri_sup_start has seen to that. */
void kri_child_is_running(struct kri_sup *s, struct kri_child *child, kr_pid pid)
{
        forget_pid(s, child);
        forget_timer(child);
        child->pid = pid;
        if (kr_pid_is_none(pid)) {
                child->state = KRI_CHILD_STOPPED;
                return;
        }
        child->state = KRI_CHILD_RUNNING;
        kri_pids_put(&s->pids, pid, (uintptr_t)child);
}

void kri_child_is_restarting(struct kri_sup *s, struct kri_child *child, kr_pid old)
{
        forget_pid(s, child);
        forget_timer(child);
        child->pid = old;
        child->state = KRI_CHILD_RESTARTING;
}

void kri_child_is_stopped(struct kri_sup *s, struct kri_child *child)
{
        forget_pid(s, child);
        forget_timer(child);
        child->pid = kr_pid_none();
        child->state = KRI_CHILD_STOPPED;
}

void kri_sup_drop(struct kri_sup *s, struct kri_child *child)
{
        kri_child_is_stopped(s, child);
        if (child->restart == KR_TEMPORARY)
                kri_sup_remove(s, child);
}
