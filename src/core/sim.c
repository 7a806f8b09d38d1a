/* SPDX-License-Identifier: Apache-2.0 */
#include "sim.h"

#include "base/rand.h"

#include "node.h"
#include "timer.h"

/* Fold what happened into the run's fingerprint. */
static void note(struct kr_node *node, uint64_t what)
{
        node->sim_hash = kri_mix64(node->sim_hash ^ what) + 1;
}

static struct kri_proc *remove_at(struct kri_queue *queue, uint32_t at)
{
        struct kri_proc *before = NULL, *p = queue->first;

        for (; at > 0; at--) {
                before = p;
                p = p->run_next;
        }
        if (before != NULL)
                before->run_next = p->run_next;
        else
                queue->first = p->run_next;
        if (queue->last == p)
                queue->last = before;
        queue->len--;
        return p;
}

struct kri_proc *kri_sim_pick(struct kri_sched *s)
{
        struct kri_queue *queue = &s->queues[KRI_QUEUE_NORMAL];
        struct kri_queue *low = &s->queues[KRI_QUEUE_LOW];
        struct kri_proc *p;

        if (low->len != 0 && (queue->len == 0 || kri_rand_below(&s->chance, 8) == 0))
                queue = low;
        if (queue->len == 0)
                return NULL;
        p = remove_at(queue, kri_rand_below(&s->chance, queue->len));
        note(s->node, kri_proc_index(p));
        return p;
}

/* Mostly very short turns: races hide where a turn ends just after a send or a receive. */
int32_t kri_sim_reductions(struct kri_sched *s, int32_t most)
{
        int32_t turn;

        turn = 1 + (int32_t)kri_rand_below(&s->chance, 8);
        if (kri_rand_below(&s->chance, 16) == 0)
                turn = 1 + (int32_t)kri_rand_below(&s->chance, (uint32_t)most);
        note(s->node, (uint64_t)turn);
        return turn;
}

bool kri_sim_step(struct kr_node *node)
{
        struct kri_sched *s = &node->scheds[0];
        int64_t next_ns;

        if (kri_sched_turn(s))
                return true;
        next_ns = atomic_load_explicit(&node->timers_next_ns, memory_order_relaxed);
        if (next_ns == INT64_MAX)
                return false;
        if (next_ns > node->virtual_ns)
                node->virtual_ns = next_ns;
        note(node, (uint64_t)node->virtual_ns);
        kri_timers_run(s, node->virtual_ns);
        return true;
}
