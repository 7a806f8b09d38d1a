/* SPDX-License-Identifier: Apache-2.0 */
/* upgrade_trial.c: what may go wrong goes wrong in processes that are thrown away: the change is
 * tried on a copy of a state, and the health check is asked.
 */
#include <string.h>

#include "core/module.h"
#include "otp/layout.h"

#include "upgrade.h"

/* So many processes are looked at to find one of each behaviour. */
#define LOOKED_AT_MAX 64u

/* -- what is there to be tried? -- */

static const kr_behaviour *behaviour_in(const kr_module *m, const char *name)
{
        for (size_t i = 0; i < m->behaviour_count; i++)
                if (strcmp(m->behaviours[i]->name, name) == 0)
                        return m->behaviours[i];
        return NULL;
}

static const kr_handler_module *handler_in(const kr_module *m, const char *name)
{
        for (size_t i = 0; i < m->handler_count; i++)
                if (strcmp(m->handlers[i]->name, name) == 0)
                        return m->handlers[i];
        return NULL;
}

static bool behaviour_changes(const kr_behaviour *from, const kr_module *to)
{
        const kr_behaviour *now = behaviour_in(to, from->name);

        return !kri_is_within_reach(from, now) || from->kind->moves == NULL ||
               from->kind->moves->always;
}

static bool handler_changes(const kr_handler_module *from, const kr_module *to)
{
        const kr_handler_module *now = handler_in(to, from->name);
        struct kri_layout a = kri_layout_of_handler(from), b;

        if (now == NULL)
                return true;
        b = kri_layout_of_handler(now);
        return !kri_layout_is_same(&a, &b);
}

static bool can_copy(const kr_behaviour *b)
{
        struct kri_layout layout = kri_layout_of(b);

        return kri_layout_can_copy(&layout);
}

/* Is there any state that changes; and can all of those be copied? */
static bool something_changes(const struct kri_upgrade *u, bool *ret_possible)
{
        const kr_module *from = u->before->module, *to = u->next->module;
        bool changes = false;

        *ret_possible = true;
        for (size_t i = 0; i < from->behaviour_count; i++)
                if (behaviour_changes(from->behaviours[i], to)) {
                        changes = true;
                        *ret_possible &= can_copy(from->behaviours[i]);
                }
        for (size_t i = 0; i < from->handler_count; i++)
                if (handler_changes(from->handlers[i], to)) {
                        struct kri_layout layout =
                                kri_layout_of_handler(from->handlers[i]);

                        changes = true;
                        *ret_possible &= kri_layout_can_copy(&layout);
                }
        return changes;
}

/* -- one trial -- */

enum { ANSWER, DOWN, READY };

static int64_t limit_of(const struct kri_upgrade *u)
{
        return u->order.opts.change_timeout_ms;
}

/* The record of a process that stands still from now on; NULL: it did not answer. */
static kr_gen *borrow(struct kri_upgrade *u, kr_pid pid)
{
        kr_ref monitor = kr_monitor(pid);
        kr_msg msg = KR_MSG_INIT;
        uint64_t address = 0;

        kr_send(pid, "{system, {~, ~}, {'$kr_move', ~, 0, false, []}}", kr_self(), u->ref,
                (int)KRI_MOVE_LEND);
        (void)kr_receive(&msg, limit_of(u),
                         kr_on(ANSWER, "{=, {_, _, _, ~}}", u->ref, &address),
                         kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor));
        (void)kr_demonitor(monitor, &(kr_demonitor_opts){ .flush = true });
        kr_msg_clear(&msg);
        return (kr_gen *)(uintptr_t)address;
}

static void give_back(struct kri_upgrade *u, kr_pid pid)
{
        kr_send(pid, "{'$kr_lent', ~}", u->ref);
}

static void throw_away(kr_pid replica, kr_ref monitor)
{
        kr_exit_signal(replica, "kill");
        (void)kr_demonitor(monitor, &(kr_demonitor_opts){ .flush = true });
}

/* none: it went well; else why not: a new term. */
static kr_term change_replica(struct kri_upgrade *u, kr_pid replica, kr_ref monitor)
{
        int moved = KRI_MOVED_NOTHING;
        kr_msg msg = KR_MSG_INIT;
        kr_term reason = kr_none(), why;

        kr_send(replica, "{system, {~, ~}, {'$kr_move', ~, 0, ~, ~}}", kr_self(), u->ref,
                (int)KRI_MOVE_OVER, u->order.opts.may_lose, u->extra);
        switch (kr_receive(&msg, limit_of(u),
                           kr_on(ANSWER, "{=, {_, ~, _, ~}}", u->ref, &moved, &reason),
                           kr_on(DOWN, "{'DOWN', =, _, _, ~}", monitor, &reason))) {
        case ANSWER:
                why = moved == KRI_MOVED_REFUSED ? kr_keep(reason) : kr_none();
                break;
        case DOWN:
                why = kr_build("{'EXIT', ~}", reason);
                break;
        default:
                why = kr_atom_term(KR_ATOM("timeout"));
                break;
        }
        kr_msg_clear(&msg);
        return why;
}

/* False: no copy could be made, for a reason that is none of the new version's. */
static bool copied(struct kri_upgrade *u, kr_ref monitor)
{
        kr_msg msg = KR_MSG_INIT;
        int what = kr_receive(&msg, limit_of(u), kr_on(READY, "{ready, =}", u->ref),
                              kr_on(DOWN, "{'DOWN', =, _, _, _}", monitor));

        kr_msg_clear(&msg);
        return what == READY;
}

static void try_on(struct kri_upgrade *u, kr_pid pid, const kr_gen *g)
{
        kr_term why = kr_none();
        kr_ref monitor;
        kr_pid replica = kri_gen_replica(g, u->next->module, u->ref, &monitor);
        bool made = copied(u, monitor);

        give_back(u, pid);
        if (made)
                why = change_replica(u, replica, monitor);
        throw_away(replica, monitor);
        if (!made) {
                u->report.trial = KR_TRIAL_NOT_POSSIBLE;
        } else if (!kr_is_none(why)) {
                u->report.trial = KR_TRIAL_FAILED;
                kri_upgrade_fail(u, kr_build("{trial, ~}", why));
                kr_release(why);
        }
}

/* -- one of each behaviour -- */

struct tried {
        const void *what[LOOKED_AT_MAX];
        uint32_t count;
};

static bool is_new(struct tried *tried, const void *what)
{
        for (uint32_t i = 0; i < tried->count; i++)
                if (tried->what[i] == what)
                        return false;
        tried->what[tried->count++] = what;
        return true;
}

static bool is_worth_it(const struct kri_upgrade *u, const kr_behaviour *behaviour)
{
        /* a manager of handlers is of no module */
        return behaviour == &kr_event_manager ||
               (behaviour_changes(behaviour, u->next->module) && can_copy(behaviour));
}

static void try_one(struct kri_upgrade *u, struct tried *tried, kr_pid pid)
{
        kr_gen *g = borrow(u, pid);
        const kr_behaviour *behaviour;

        if (g == NULL)
                return;
        behaviour = kr_gen_module(g);
        if (is_new(tried, behaviour) && is_worth_it(u, behaviour))
                try_on(u, pid, g);
        else
                give_back(u, pid);
}

void kri_upgrade_try(struct kri_upgrade *u)
{
        struct tried tried = { .count = 0 };
        bool possible;
        uint32_t at = 0;

        if (!something_changes(u, &possible)) {
                u->report.trial = KR_TRIAL_NOT_NEEDED;
                return;
        }
        if (u->order.opts.no_trial) {
                u->report.trial = KR_TRIAL_NOT_WANTED;
                return;
        }
        u->report.trial = possible ? KR_TRIAL_PASSED : KR_TRIAL_NOT_POSSIBLE;
        (void)kri_upgrade_find(u, false, &at);
        for (uint32_t i = 0; i < u->count && i < LOOKED_AT_MAX && !u->failed; i++)
                try_one(u, &tried, u->targets[i].pid);
}

/* -- the health check -- */

struct check {
        bool (*check)(void *context);
        void *context;
        char module[256], function[256]; /* "": none */
};

static bool is_yes(kr_term answer)
{
        bool yes = kr_match(answer, "ok") || kr_match(answer, "true");

        kr_release(answer);
        return yes;
}

static void run_check(const struct check *c)
{
        if (c->check != NULL && !c->check(c->context))
                kr_exit("{check, false}");
        if (c->module[0] != '\0' &&
            !is_yes(kr_apply((const char *)c->module, (const char *)c->function, "{}")))
                kr_exit("{check, false}");
        kr_exit("{check, true}");
}

/* "module:function" */
static void split(const char *text, struct check *c)
{
        const char *colon = strchr(text, ':');
        size_t len = colon != NULL ? (size_t)(colon - text) : 0;

        if (len == 0 || len >= sizeof(c->module) ||
            strlen(colon + 1) >= sizeof(c->function))
                return;
        memcpy(c->module, text, len);
        memcpy(c->function, colon + 1, strlen(colon + 1) + 1);
}

bool kri_upgrade_check(struct kri_upgrade *u)
{
        const kr_upgrade_opts *opts = &u->order.opts;
        struct check c = { .check = opts->check, .context = opts->check_context };
        kr_spawn_opts spawn = { .monitor = true };
        kr_msg msg = KR_MSG_INIT;
        kr_term why = kr_atom_term(KR_ATOM("timeout"));
        kr_ref monitor;
        kr_pid pid;
        bool yes;

        split(u->order.check_export, &c);
        if (c.check == NULL && c.module[0] == '\0')
                return true;
        spawn.ret_monitor = &monitor;
        pid = kr_spawn_opt(&spawn, run_check, &c);
        (void)kr_receive(&msg, opts->check_timeout_ms,
                         kr_on(DOWN, "{'DOWN', =, _, _, ~}", monitor, &why));
        yes = kr_match(why, "{check, true}");
        if (!yes)
                kri_upgrade_fail(u, kr_build("{health_check, ~}", why));
        throw_away(pid, monitor);
        kr_msg_clear(&msg);
        return yes;
}
