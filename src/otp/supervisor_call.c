/* SPDX-License-Identifier: Apache-2.0 */
/* supervisor_call.c: the requests to a supervisor. Follows handle_call/3 of OTP's, one that it
 * does not know included: that ends it with function_clause. */
#include "supervisor.h"

#define ATOM(text) kr_atom_term(KR_ATOM(text))
#define ERROR(text) kr_build("{error, " text "}")

/* -- each gives the reply -- */

static kr_term failure(kr_term reason)
{
        kr_term reply = kr_build("{error, ~}", reason);

        kr_release(reason);
        return reply;
}

static kr_term success(const struct kri_begun *begun)
{
        if (begun->has_info)
                return kr_build("{ok, ~, ~}", begun->pid, begun->more);
        return kr_pid_is_none(begun->pid) ? kr_build("{ok, undefined}")
                                          : kr_build("{ok, ~}", begun->pid);
}

static kr_term is_there_already(const struct kri_child *child)
{
        if (child->state == KRI_CHILD_RUNNING)
                return kr_build("{error, {already_started, ~}}", child->pid);
        return ERROR("already_present");
}

/* {error, {Reason, Child}} */
static kr_term start_failure(const struct kri_child *child, kr_term reason)
{
        kr_term record = kri_child_record(child);
        kr_term reply = kr_is_none(record) ? kr_build("{error, ~}", reason)
                                           : kr_build("{error, {~, ~}}", reason, record);

        kr_release(record);
        return reply;
}

/* A temporary one needs its arguments no more. */
static void forget_args(struct kri_child *child)
{
        if (child->restart != KR_TEMPORARY)
                return;
        kr_release(child->args);
        child->args = kr_nil();
        child->is_forgetful = true;
}

/* Takes the child. */
static kr_term start_new(struct kri_sup *s, struct kri_child *child)
{
        struct kri_begun begun;
        kr_term reply;

        if (!kri_sup_reserve(s)) {
                kri_child_free(child);
                return ERROR("enomem");
        }
        begun = kri_sup_start(s, child);
        if (begun.failed) {
                reply = start_failure(child, begun.more);
                kri_child_free(child);
        } else {
                reply = success(&begun);
                if (child->state == KRI_CHILD_STOPPED && child->restart == KR_TEMPORARY) {
                        kri_child_free(child);
                } else {
                        forget_args(child);
                        kri_sup_add(s, child);
                }
        }
        kr_release(begun.more);
        return reply;
}

static kr_term start_child(struct kri_sup *s, kr_term spec)
{
        struct kri_child *child, *old;
        kr_term error, reply;

        if (kri_sup_is_simple(s))
                return kri_dyn_start(s, spec);
        error = kri_spec_check(spec, s->flags.auto_shutdown, &child);
        if (!kr_is_none(error))
                return failure(error);
        old = kri_sup_find(s, child->id);
        if (old == NULL)
                return start_new(s, child);
        reply = is_there_already(old);
        kri_child_free(child);
        return reply;
}

static kr_term terminate_child(struct kri_sup *s, kr_term id)
{
        struct kri_child *child;

        if (kri_sup_is_simple(s))
                return kri_dyn_terminate(s, id);
        child = kri_sup_find(s, id);
        if (child == NULL)
                return ERROR("not_found");
        kri_sup_stop(s, child);
        kri_sup_drop(s, child);
        return ATOM("ok");
}

/* The error of a child that is not stopped; none: it is. */
static kr_term not_stopped(const struct kri_sup *s, const struct kri_child *child)
{
        if (kri_sup_is_simple(s))
                return ERROR("simple_one_for_one");
        if (child == NULL)
                return ERROR("not_found");
        switch (child->state) {
        case KRI_CHILD_RUNNING:
                return ERROR("running");
        case KRI_CHILD_RESTARTING:
                return ERROR("restarting");
        default:
                return kr_none();
        }
}

static kr_term restart_child(struct kri_sup *s, kr_term id)
{
        struct kri_child *child = kri_sup_find(s, id);
        kr_term reply = not_stopped(s, child);
        struct kri_begun begun;

        if (!kr_is_none(reply))
                return reply;
        begun = kri_sup_start(s, child);
        reply = begun.failed ? kr_build("{error, ~}", begun.more) : success(&begun);
        kr_release(begun.more);
        return reply;
}

static kr_term delete_child(struct kri_sup *s, kr_term id)
{
        struct kri_child *child = kri_sup_find(s, id);
        kr_term reply = not_stopped(s, child);

        if (!kr_is_none(reply))
                return reply;
        kri_sup_remove(s, child);
        return ATOM("ok");
}

static kr_term get_childspec(struct kri_sup *s, kr_term id)
{
        const struct kri_child *child = kri_sup_find(s, id);
        kr_term spec, reply;
        kr_pid pid;

        if (kri_sup_is_simple(s) && kr_get_pid(id, &pid) &&
            (kri_pids_get(&s->pids, pid) != NULL || !kri_pid_is_alive(pid)))
                child = s->newest;
        if (child == NULL)
                return ERROR("not_found");
        spec = kri_child_spec(child);
        reply = kr_is_none(spec) ? spec : kr_build("{ok, ~}", spec);
        kr_release(spec);
        return reply;
}

static kr_term which_children(struct kri_sup *s)
{
        kr_builder b = KR_BUILDER_INIT;

        if (kri_sup_is_simple(s))
                return kri_dyn_which(s);
        for (const struct kri_child *c = s->newest; c != NULL; c = c->older) {
                kr_term pid = c->state == KRI_CHILD_RESTARTING ? ATOM("restarting")
                                                               : kri_child_pid_term(c);
                kr_term child = kr_build("{~, ~, ~, ~}", c->id, pid,
                                         kri_child_type_atom(c), c->modules);

                kr_add_term(&b, child);
                kr_release(child);
                kr_release(pid);
        }
        return kr_build_list(&b);
}

static kr_term count_children(struct kri_sup *s)
{
        uint64_t active = 0, supervisors = 0;

        if (kri_sup_is_simple(s))
                return kri_dyn_count(s);
        for (const struct kri_child *c = s->newest; c != NULL; c = c->older) {
                active += c->state == KRI_CHILD_RUNNING && kri_pid_is_alive(c->pid);
                supervisors += c->type == KR_CHILD_SUPERVISOR;
        }
        return kr_build("[{specs, ~}, {active, ~}, {supervisors, ~}, {workers, ~}]",
                        (uint64_t)s->ids.count, active, supervisors,
                        (uint64_t)s->ids.count - supervisors);
}

/* A pid stands for {ok, Pid}, which is built where it is sent. */
static kr_term reply_to(struct kri_sup *s, kr_term request)
{
        kr_term arg;

        if (kr_match(request, "{start_child, ~}", &arg))
                return start_child(s, arg);
        if (kr_match(request, "{terminate_child, ~}", &arg))
                return terminate_child(s, arg);
        if (kr_match(request, "{restart_child, ~}", &arg))
                return restart_child(s, arg);
        if (kr_match(request, "{delete_child, ~}", &arg))
                return delete_child(s, arg);
        if (kr_match(request, "{get_childspec, ~}", &arg))
                return get_childspec(s, arg);
        if (kr_match(request, "which_children"))
                return which_children(s);
        if (kr_match(request, "count_children"))
                return count_children(s);
        kr_error("function_clause");
}

void kri_sup_answer(struct kri_sup *s, kr_gen_in *in)
{
        kr_term reply = reply_to(s, in->term);

        kr_pid pid;

        if (kr_get_pid(reply, &pid)) {
                kr_reply_to(in->from, "{ok, ~}", pid);
                kr_gen_debug(s->gen, "{out, {ok, ~}, ~, []}", pid, in->from.pid);
                return;
        }
        if (kr_is_none(reply)) /* no memory for it */
                reply = kr_build("{error, enomem}");
        kr_reply_to(in->from, "~", reply);
        kr_gen_debug(s->gen, "{out, ~, ~, []}", reply, in->from.pid);
        kr_release(reply);
}

/* -- for sys -- */

static kr_term children_term(const struct kri_sup *s)
{
        kr_builder ids = KR_BUILDER_INIT, db = KR_BUILDER_INIT;
        kr_term list, map, both;

        for (const struct kri_child *c = s->newest; c != NULL; c = c->older) {
                kr_term record = kri_child_record(c);

                kr_add_term(&ids, c->id);
                kr_add_term(&db, c->id);
                kr_add_term(&db, record);
                kr_release(record);
        }
        list = kr_build_list(&ids);
        map = kr_build_map(&db);
        both = kr_is_none(list) || kr_is_none(map) ? kr_none()
                                                   : kr_build("{~, ~}", list, map);
        kr_release(list);
        kr_release(map);
        return both;
}

static kr_term restarts_term(const struct kri_restarts *r)
{
        kr_builder b = KR_BUILDER_INIT;

        for (uint32_t i = r->len; i-- > 0;)
                for (uint64_t n = 0; n < r->entries[i].count; n++)
                        kr_add_int64(&b, r->entries[i].second);
        return kr_build_list(&b);
}

/* OTP's {maps | mapsets, #{Pid => Args}}; here without the arguments. */
static kr_term dynamics_term(const struct kri_sup *s)
{
        struct kri_pid_slot *slot = NULL;
        kr_builder b = KR_BUILDER_INIT;
        kr_term map, both;

        if (!kri_sup_is_simple(s))
                return ATOM("undefined");
        while ((slot = kri_pids_next(&s->pids, slot)) != NULL) {
                kr_add_pid(&b, kri_pid_slot_pid(slot));
                kr_add_term(&b, (kr_term){ slot->value });
        }
        map = kr_build_map(&b);
        both = kr_is_none(map) ? map : kr_build("{maps, ~}", map);
        kr_release(map);
        return both;
}

kr_term kri_sup_state_term(struct kri_sup *s)
{
        kr_term children = children_term(s), dynamics = dynamics_term(s);
        kr_term restarts = restarts_term(&s->restarts), state = kr_none();

        if (!kr_is_none(children) && !kr_is_none(dynamics) && !kr_is_none(restarts))
                state = kr_build("{state, ~, ~, ~, ~, ~, ~, ~, ~, ~, ~, ~}", s->name,
                                 kri_strategy_atom(s->flags.strategy), children, dynamics,
                                 s->flags.intensity, s->flags.period_s, restarts,
                                 s->restarting,
                                 kri_auto_shutdown_atom(s->flags.auto_shutdown),
                                 kri_atom_of(kr_gen_module(s->gen)->name), s->args);
        kr_release(restarts);
        kr_release(dynamics);
        kr_release(children);
        return state;
}
