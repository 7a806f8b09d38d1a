/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_stop.c: stopping children: told by an exit signal, waited for by a monitor, killed
 * when their time is up. A monitor, because a child may have unlinked itself. */
#include "supervisor.h"

enum { EXIT };

bool kri_is_brutal(const struct kri_child *child)
{
        return kr_is_that_atom(child->shutdown, KR_ATOM("brutal_kill"));
}

int64_t kri_shutdown_ms(const struct kri_child *child)
{
        int64_t ms;

        /* infinity, or longer than a receive can wait (49 days) */
        if (!kr_get_int64(child->shutdown, &ms) || ms > UINT32_MAX)
                return KR_INFINITY;
        return ms;
}

/* OTP: shutdown/1's cases: a permanent one may only end as it is told. */
bool kri_is_good_end(const struct kri_child *child, kr_term reason)
{
        if (kri_is_brutal(child) ? kr_match(reason, "killed")
                                 : kr_match(reason, "shutdown"))
                return true;
        if (child->restart == KR_PERMANENT)
                return false;
        return kr_match(reason, "normal") || kr_match(reason, "{shutdown, _}") ||
               kr_match(reason, "shutdown");
}

static bool await_down(kr_ref monitor, int64_t timeout_ms, struct kri_end *end)
{
        bool replied; /* which nobody has been asked for */

        if (!kri_gen_hear_end(monitor, timeout_ms, &end->down, &replied))
                return false;
        end->reason = end->down.term;
        return true;
}

/* The reason in its 'EXIT' if that has come: the one in DOWN may be noproc. Unlinking makes
 * sure that none comes later. */
static void take_exit(kr_pid pid, struct kri_end *end)
{
        kr_unlink(pid);
        (void)kr_receive(&end->exit, 0, kr_on(EXIT, "{'EXIT', =, ~}", pid, &end->reason));
}

void kri_pid_stop(const struct kri_child *child, kr_pid pid, struct kri_end *end)
{
        kr_ref monitor = kr_monitor(pid);

        if (kri_is_brutal(child)) {
                kr_exit_signal(pid, "kill");
                (void)await_down(monitor, KR_INFINITY, end);
        } else {
                kr_exit_signal(pid, "shutdown");
                if (!await_down(monitor, kri_shutdown_ms(child), end)) {
                        kr_exit_signal(pid, "kill");
                        (void)await_down(monitor, KR_INFINITY, end);
                }
        }
        take_exit(pid, end);
}

void kri_end_clear(struct kri_end *end)
{
        kr_msg_clear(&end->exit);
        kr_msg_clear(&end->down);
}

void kri_sup_stop(struct kri_sup *s, struct kri_child *child)
{
        struct kri_end end = KRI_END_INIT;

        if (child->state == KRI_CHILD_RUNNING) {
                kri_pid_stop(child, child->pid, &end);
                if (!kri_is_good_end(child, end.reason))
                        kri_sup_report(s, "shutdown_error", end.reason, child);
                kri_end_clear(&end);
        }
        kri_child_is_stopped(s, child);
}

struct kri_child *kri_sup_stop_back_to(struct kri_sup *s, struct kri_child *first)
{
        struct kri_child *older, *left = NULL;
        bool is_last = first == NULL;

        for (struct kri_child *child = s->newest; child != NULL && !is_last;
             child = older) {
                older = child->older;
                is_last = child == first;
                kri_sup_stop(s, child);
                if (child->restart == KR_TEMPORARY)
                        kri_sup_remove(s, child);
                else
                        left = child;
        }
        return left;
}

void kri_sup_stop_all(struct kri_sup *s)
{
        (void)kri_sup_stop_back_to(s, s->oldest);
}
