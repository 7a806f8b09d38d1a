/* SPDX-License-Identifier: Apache-2.0 */
/* call.c: the heart of every behaviour's calls, replies and casts (krarup/gen.h).
 *
 * Cost     Aim: a cast costs little more than a send of the same term (35 million a second
 *          through a gen_server), a call with its reply less than 133 ns. To that end request, cast
 *          and reply are built once, inside their envelope ({'$gen_call', {Pid, [alias | Ref]}, _},
 *          {'$gen_cast', _}, {[alias | Ref], _}), straight into the receiver's message; and
 *          kr_gen_receive takes the envelope apart by its clauses.
 */
#include <krarup/gen.h>

#include "node.h"

enum { REPLY, DOWN };

bool kri_gen_is_thread(void)
{
        const struct kri_proc *p = kri_current();

        return p != NULL && kri_has(p, KRI_P_THREAD);
}

bool kri_gen_has_faulted(void)
{
        const struct kri_proc *p = kri_current();

        return p != NULL && kri_has(p, KRI_P_FAULTED);
}

kr_atom kri_gen_own_name(void)
{
        const struct kri_proc *p = kri_current();
        uint32_t name = 0;

        /* relaxed: others may be taking it away this moment */
        if (p != NULL)
                name = atomic_load_explicit(&p->name, memory_order_relaxed);
        return (kr_atom){ name != KRI_NAME_DEAD ? name : 0 };
}

/* The term of a call site, in memory of the process; it ends with system_limit if there is
 * none. None on a thread. */
static kr_term build(struct kri_site *site, const union kri_arg *args)
{
        kr_term term = kri_build(site, args);

        if (kr_is_none(term) && !kri_gen_is_thread() && !kr_pid_is_none(kr_self()))
                kr_error("system_limit");
        return term;
}

/* Nobody will hear of the request any more; a reply that has come nevertheless counts. */
static int give_up(kr_ref ref, kr_msg *slot)
{
        kr_term reply;

        kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
        if (kr_receive(slot, 0, kr_on(REPLY, "{[alias|=], ~}", ref, &reply)) != REPLY)
                return KRI_CALL_TIMEOUT;
        slot->term = reply;
        return KRI_CALL_REPLY;
}

int kri_gen_call(kr_pid to, kr_atom label, int64_t timeout_ms, kr_msg *slot,
                 struct kri_site *site, const union kri_arg *args)
{
        kr_term request = build(site, args), said;
        kr_ref ref = kr_monitor_alias(to, KR_ALIAS_REPLY_DEMONITOR, NULL);
        kr_err err =
                kr_send(to, "{~, {~, [alias|~]}, ~}", label, kr_self(), ref, request);
        int end;

        kr_release(request);
        if (err != KR_OK) {
                (void)give_up(ref, slot);
                kr_msg_clear(slot);
                slot->term = kr_atom_term(KR_ATOM("full"));
                return KRI_CALL_DOWN;
        }
        end = kr_receive(slot, timeout_ms, kr_on(REPLY, "{[alias|=], ~}", ref, &said),
                         kr_on(DOWN, "{'DOWN', =, _, _, ~}", ref, &said));
        if (end == KR_TIMEOUT)
                return give_up(ref, slot);
        slot->term = said;
        if (end != REPLY)
                return KRI_CALL_DOWN;
        /* a server may answer to the pid, as nodes without aliases do */
        kr_demonitor(ref, &(kr_demonitor_opts){ .flush = true });
        return KRI_CALL_REPLY;
}

/* gen:reply/2 */
static void send_reply(const kr_from *from, kr_term reply)
{
        kr_ref alias;

        if (kr_is_none(from->tag))
                (void)kr_send(from->pid, "{~, ~}", from->ref, reply);
        else if (kr_is_that_atom(from->tag, KR_ATOM("alias")))
                (void)kr_send(from->ref, "{[alias|~], ~}", from->ref, reply);
        else if (kr_match(from->tag, "[[alias|~]|_]", &alias))
                (void)kr_send(alias, "{~, ~}", from->tag, reply);
        else
                (void)kr_send(from->pid, "{~, ~}", from->tag, reply);
}

void kri_gen_reply(kr_from from, struct kri_site *site, const union kri_arg *args)
{
        kr_term reply;

        if (kr_pid_is_none(from.pid))
                return; /* From was not what calls send */
        reply = build(site, args);
        send_reply(&from, reply);
        kr_release(reply);
}

void kri_cast_pid(kr_pid to, struct kri_site *site, const union kri_arg *args)
{
        kr_term message;

        if (kr_pid_is_none(to))
                return;
        message = build(site, args);
        (void)kr_send(to, "{'$gen_cast', ~}", message); /* whatever becomes of it */
        kr_release(message);
}
